"""A small platform behind the simulated edge, for its tests and for those of the client that looks at it."""

import ssl
from pathlib import Path

from playground.world.certificates import Authority, Kind
from playground.world.edge.state import EdgeState, Pair

API, CONSOLE = "api.volaticloud.com", "console.volaticloud.com"


def pair(authority: Authority, kind: Kind, *names: str) -> Pair:
    """A certificate of that kind for these names."""
    return Pair(*authority.issued(kind, *names))


def edge_state(authority: Authority, kind: Kind = "good") -> EdgeState:
    """Two names that lead to loopback, each with a certificate, the console's of that kind."""
    return EdgeState(
        records={API: ("127.0.0.1",), CONSOLE: ("127.0.0.1", "::1")},
        certificates={API: pair(authority, "good", API), CONSOLE: pair(authority, kind, CONSOLE)},
        statuses={API: 200, CONSOLE: 200},
    )


def trusting(authority: Authority) -> ssl.SSLContext:
    """A client's context that trusts this authority alone."""
    return ssl.create_default_context(cafile=str(authority.ca_file))


def new_authority(folder: Path) -> Authority:
    """An authority of a test's own."""
    return Authority.new(folder)

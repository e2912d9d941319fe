"""The words and commands that the checks of the HTTP surface share, filled in for this platform. Pure."""

from collections.abc import Sequence
from shlex import quote

from diagnostics.check import Sign
from diagnostics.commands import curl
from diagnostics.context import Context
from diagnostics.evidence.http import Answer, Exchange
from diagnostics.evidence.surface.views import Spot
from diagnostics.model import Fact
from diagnostics.words import one_line

_TIMES = (
    r"%{http_code} dns %{time_namelookup}s connect %{time_connect}s "
    r"first byte %{time_starttransfer}s total %{time_total}s\n"
)
_TYPENAME = '{"query":"{ __typename }"}'


def get_command(url: str, context: Context) -> str:
    """The command that asks for a URL and shows the answer with its times, as the runbook measures them."""
    return f"{curl(context.surface.ca_file)} -m 10 -w '\\n{_TIMES}' {quote(url)}"


def graphql_command(url: str, context: Context, *, login: bool = False, query: str = _TYPENAME) -> str:
    """The command that asks GraphQL; with a login, a token of the reader's own is sent."""
    token = ' -H "Authorization: Bearer $JWT_TOKEN"' if login else ""
    head = f"{curl(context.surface.ca_file)} -m 10 -i -X POST -H 'Content-Type: application/json'{token}"
    return f"{head} -d {quote(query)} {quote(url)}"


def spot_command(spot: Spot, context: Context) -> str:
    """The command that asks an endpoint what the bot asked it."""
    return (graphql_command if spot.name.startswith("GraphQL") else get_command)(spot.url, context)


def spots_sign(spots: Sequence[Spot], summary: str, context: Context, *facts: Fact) -> Sign:
    """A sign about an endpoint; where both ail from the same, one about what they share. `summary` follows their names.

    There is at least one of them, and the last is asked for in the command: it is the one that people use.
    """
    last = spots[-1]
    subject = last.subject if len(spots) == 1 else last.host
    told = tuple(Fact(spot.name, said(spot.exchange)) for spot in spots)
    command = spot_command(last, context)
    return Sign(subject, f"{names(spots)}: {summary}", (*told, *facts), command, None, last.rests_on)


def names(spots: Sequence[Spot]) -> str:
    """The endpoints in words, as a sentence begins with them."""
    if len(spots) == 1:
        return f"The {spots[0].name}"
    return f"The {' and the '.join(spot.name.removesuffix(' endpoint') for spot in spots)} endpoint"


def said(exchange: Exchange) -> str:
    """What came of a request, in words."""
    if not isinstance(exchange, Answer):
        return f"no answer at {exchange.stage}: {exchange.detail} (after {exchange.took_ms} ms)"
    words = exchange.description or exchange.excerpt
    more = f", {one_line(words)}" if words else ""
    return f"HTTP {exchange.status}{f' {exchange.error}' if exchange.error else ''} in {exchange.took_ms} ms{more}"

"""The simulated edge as one frozen value: records, certificates, and what is answered. A fault is a change of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

#: How the nameserver behaves: it answers, says nothing, or says that it cannot (SERVFAIL), or will not (REFUSED).
Resolver = Literal["answering", "silent", "failing", "refusing"]
#: How the front behaves: it answers, accepts connections and says nothing, or says nothing after the handshake.
Front = Literal["answering", "silent", "mute"]
OK = 200


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its chain, and its key, both in PEM form."""

    certificate: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EdgeState:
    """The edge.

    `records` are the addresses of each name, without a final dot; a name without addresses exists and has none.
    `certificates` are those of the cluster's secrets, by host. `statuses` are what the gateway answers for each host
    it knows; for another it answers 404, as its default backend does.
    """

    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    certificates: Mapping[str, Pair] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)
    resolver: Resolver = "answering"
    listening: bool = True
    front: Front = "answering"

    def with_record(self, name: str, *addresses: str) -> "EdgeState":
        """The same with a name that leads elsewhere."""
        return replace(self, records={**self.records, name: addresses})

    def without_record(self, name: str) -> "EdgeState":
        """The same without a name."""
        return replace(self, records={one: found for one, found in self.records.items() if one != name})

    def with_status(self, host: str, status: int) -> "EdgeState":
        """The same with another answer for a host."""
        return replace(self, statuses={**self.statuses, host: status})

    def with_certificate(self, host: str, pair: Pair | None) -> "EdgeState":
        """The same with another certificate for a host; None leaves it without one."""
        others = {one: found for one, found in self.certificates.items() if one != host}
        return replace(self, certificates=others if pair is None else {**others, host: pair})

"""The platform's database as one frozen value: how it is told of, its way in, its server, and who is at work in it.

A fault is a function from one such value to another. Faults therefore combine, and switching one off is leaving it
out the next time.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from playground.world.certificates import Kind as Certificate
from playground.world.postgres.volaticloud import HBA, HBA_OTHERS

if TYPE_CHECKING:
    from playground.world.postgres.clients import Clients

#: What becomes of a connection at the platform's address: served, refused, accepted and never answered, or not even
#: accepted, as where a firewall drops what is sent.
Front = Literal["serving", "refusing", "silent", "dropping"]
#: How far the server is: it serves, it reads its log after a start, it does so after a crash, or it waits for its
#: last clients to leave.
Phase = Literal["up", "starting-up", "in-recovery", "shutting-down", "stopped"]
#: Somebody at work in the database; returns when what they do can be seen, and what they do goes on until the end.
Work = Callable[["Clients"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the platform's own secret says of the database. None where the truth is said, "" where a key is empty."""

    host: str | None = None
    database: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    after_password: str = ""  # what stands behind the password by mistake, such as a line's end
    lacks: frozenset[str] = frozenset()  # keys that are not there


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the server is started with and on. A change of it means a fresh copy of the database."""

    options: Mapping[str, str] = field(default_factory=dict)
    hba: tuple[str, ...] = (*HBA, *HBA_OTHERS)
    changes: tuple[str, ...] = ()  # statements that the superuser runs in the database
    outside: tuple[str, ...] = ()  # statements that it runs outside of the database, after those
    next_transaction: int = 0  # the number of the next transaction; 0 leaves it as it is
    replica: bool = False  # whether another server replays what this one writes
    phase: Phase = "up"
    work: tuple[Work, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Everything about it. `certificate` None means that it speaks no TLS."""

    told: Told = field(default_factory=Told)
    front: Front = "serving"
    certificate: Certificate | None = "good"
    cluster: Cluster = field(default_factory=Cluster)
    ripens_s: float = 0.0  # seconds that it must have lasted before anybody would call it a fault

    def ripe_after(self, seconds: float) -> "State":
        """The same as something that is a fault only when it lasts this long."""
        return replace(self, ripens_s=max(self.ripens_s, seconds))

    def with_cluster(self, **parts: object) -> "State":
        """The same with these parts of its cluster changed."""
        return replace(self, cluster=replace(self.cluster, **parts))  # type: ignore[arg-type]  # names are checked by a test

    def with_options(self, **options: str) -> "State":
        """The same with these options of the server."""
        return self.with_cluster(options={**self.cluster.options, **options})

    def with_changes(self, *statements: str) -> "State":
        """The same with more statements run in it."""
        return self.with_cluster(changes=(*self.cluster.changes, *statements))

    def with_outside(self, *statements: str) -> "State":
        """The same with more statements run outside of the database."""
        return self.with_cluster(outside=(*self.cluster.outside, *statements))

    def with_work(self, *work: Work) -> "State":
        """The same with more at work in it."""
        return self.with_cluster(work=(*self.cluster.work, *work))

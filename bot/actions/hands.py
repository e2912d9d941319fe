"""What acts need of the platform: to read one thing, to ask whether one may, and to write with a precondition."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.actions.configured import UNCONFIGURED, Configured
from bot.errors import CannotAct
from diagnostics.context import ClusterExpected
from diagnostics.evidence.cluster.client import LogAsked, LogText
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.database.kinds import DatabaseAccess
from diagnostics.examine import WallClock
from diagnostics.model import CouldNotLookError, Value

Thing = Mapping[str, Any]
"""An object of the cluster as the API server gives it, in JSON."""


class Kind(StrEnum):
    """The kinds of things acts read and write: API group with version, and resource."""

    POD = "v1/pods"
    DEPLOYMENT = "apps/v1/deployments"
    STATEFUL_SET = "apps/v1/statefulsets"
    DAEMON_SET = "apps/v1/daemonsets"
    REPLICA_SET = "apps/v1/replicasets"
    JOB = "batch/v1/jobs"
    SERVICE = "v1/services"
    INGRESS = "networking.k8s.io/v1/ingresses"
    AUTOSCALER = "autoscaling/v2/horizontalpodautoscalers"
    BUDGET = "policy/v1/poddisruptionbudgets"

    @property
    def group(self) -> str:
        """The API group with its version, such as apps/v1."""
        return self.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """As a right names it: `pods`, `deployments.apps`."""
        group, _, resource = self.rpartition("/")
        api, slash, _ = group.partition("/")
        return f"{resource}.{api}" if slash else resource

    def right(self, verb: str, namespace: str, part: str = "") -> Right:
        """The right to do something with things of this kind, or with a part of them such as `scale`."""
        resource, dot, group = self.resource.partition(".")
        return Right(verb, f"{resource}{f'/{part}' if part else ''}{dot}{group}", namespace)


class Ref(Value, frozen=True):
    """One thing of the cluster; `part` is a subresource, such as `scale`."""

    kind: Kind
    name: Name
    part: str = ""


class ClusterHands(Protocol):
    """Reads and writes of one cluster.

    A read raises CouldNotLookError. A write raises WriteRefused (nothing was changed), Conflict (the version or uid it
    carries is not the newest: read again), or WriteUncertain (no answer: it may have happened); and CouldNotLookError
    where it never got there, or the server was too busy to take it: nothing was changed, and it may be tried again.
    With `dry` the server checks everything and stores nothing.
    """

    async def read(self, ref: Ref) -> Thing | None:
        """The thing; None when there is none."""
        ...

    async def listed(self, kind: Kind, namespace: str) -> tuple[Thing, ...]:
        """All things of a kind in a namespace."""
        ...

    async def missing(self, rights: tuple[Right, ...]) -> tuple[Right, ...]:
        """Which of these rights the bot does not have, asked one by one (SelfSubjectAccessReview)."""
        ...

    async def patch(self, ref: Ref, change: Thing, *, dry: bool = False) -> Thing:
        """The thing after a strategic merge patch; `metadata.resourceVersion` in the change is its precondition."""
        ...

    async def replace(self, ref: Ref, thing: Thing, *, dry: bool = False) -> Thing:
        """The thing after it was replaced as a whole; its `metadata.resourceVersion` is the precondition."""
        ...

    async def create(self, kind: Kind, thing: Thing, *, dry: bool = False) -> Thing:
        """The thing that was made. Raises WriteRefused with status 409 where it is there already."""
        ...

    async def delete(self, ref: Ref, uid: str, *, dry: bool = False) -> bool:
        """Delete the very thing of this uid, and what it owns; False when it is gone, or another has its name."""
        ...

    async def log(self, asked: LogAsked) -> LogText:
        """The end of a container's log."""
        ...


class SessionNow(Value, frozen=True):
    """A session of PostgreSQL as it is just now; pid and `started_at` together name it for ever.

    Fields:
        started_at: None where the bot's user may not see what others do; then the fields after `application` are empty.
        kind: what it is, as `client backend` or `walsender`.
        user, database, application, client: whose it is, and the address it comes from.
        state: as `active` or `idle in transaction`, since `changed_at`.
        transaction_at, statement_at: when its transaction began (None for none), and its last statement.
        at: the server's own time.
        shape: the statement it runs or ran last, without literals.
        locks: tables on which it holds locks; `advisory` says whether it holds one by a number of its own.
        waiting: the sessions that wait for it, or for one of those that do, each in words.
        of_superuser: its role is a superuser's. `own`: it is one of Volati's.
        user_here: the role that the bot has logged in as. `may`: whether that may cancel and end it.
    """

    pid: int
    started_at: datetime | None
    at: datetime
    user: str = ""
    database: str = ""
    application: str = ""
    client: str = ""
    kind: str = ""
    leader: int | None = None
    state: str = ""
    changed_at: datetime | None = None
    transaction_at: datetime | None = None
    statement_at: datetime | None = None
    shape: str = ""
    locks: tuple[str, ...] = ()
    advisory: bool = False
    waiting: tuple[str, ...] = ()
    of_superuser: bool = False
    own: bool = False
    user_here: str = ""
    may: bool = False


class Aim(Value, frozen=True):
    """The very session that is meant; `since` is when the statement or the transaction began that is to be ended."""

    pid: int
    started_at: datetime
    since: datetime | None = None


class DatabaseHands(Protocol):
    """Sessions of one PostgreSQL: each is read, and told to stop, over a connection that can change nothing else.

    All raise CouldNotLookError where there is no session with PostgreSQL. Connections count among those that the
    settings allow.
    """

    async def access(self) -> DatabaseAccess:
        """Where it is, and as whom the bot logs in."""
        ...

    async def session(self, pid: int) -> SessionNow | None:
        """The session of this process; None when there is none."""
        ...

    async def cancel(self, aim: Aim) -> bool:
        """Cancel the statement that began then; False when the session or the statement is another by now.

        Raises:
            WriteRefused: the bot may not; nothing was changed.
            WriteUncertain: no answer: it may be cancelled.
        """
        ...

    async def end(self, aim: Aim) -> bool:
        """End the session, if its transaction is still the one that began then (None: still none). As `cancel`."""
        ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What acts may touch in one environment: its cluster, its database, or both.

    `of_cluster` is why its configuration cannot be used, where it cannot.
    """

    environment: str
    of_expected: ClusterExpected | None
    clock: WallClock
    of_cluster: ClusterHands | CouldNotLookError | None
    configured: Configured = UNCONFIGURED
    of_database: DatabaseHands | None = None

    @property
    def cluster(self) -> ClusterHands:
        """The cluster. Raises CannotAct: none is configured; CouldNotLookError: its configuration cannot be used."""
        if self.of_cluster is None:
            raise self._nothing("cluster", "kubernetes")
        if isinstance(self.of_cluster, CouldNotLookError):
            raise self.of_cluster
        return self.of_cluster

    @property
    def expected(self) -> ClusterExpected:
        """What the settings say of the cluster. Raises CannotAct: none is configured."""
        if self.of_expected is None:
            raise self._nothing("cluster", "kubernetes")
        return self.of_expected

    @property
    def database(self) -> DatabaseHands:
        """The database. Raises CannotAct: none is configured."""
        if self.of_database is None:
            raise self._nothing("database", "postgres")
        return self.of_database

    def _nothing(self, what: str, setting: str) -> CannotAct:
        where = f"environments.{self.environment}.{setting}"
        return CannotAct(f"No {what} is configured for {self.environment}, so nothing can be done there: add {where}.")

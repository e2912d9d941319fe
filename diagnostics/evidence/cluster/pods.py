"""What a pod and its containers are, as far as a diagnosis asks: states, reasons and ends, never their settings."""

from datetime import datetime
from enum import StrEnum

from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Value


class Role(StrEnum):
    """What a container is in its pod. A sidecar is an init container that keeps running."""

    MAIN = "container"
    INIT = "init container"
    SIDECAR = "sidecar"
    EPHEMERAL = "ephemeral container"


class Stage(StrEnum):
    """Where a container is in its life, in the kubelet's words."""

    WAITING = "waiting"
    RUNNING = "running"
    TERMINATED = "terminated"
    UNKNOWN = "unknown"


class End(Value, frozen=True):
    """How a run of a container ended. `code` is its exit code; `reason` such as OOMKilled, Error or Completed."""

    code: int
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Container(Value, frozen=True):
    """A container of a pod as the kubelet reports it.

    `reason` and `message` are those of waiting, such as CrashLoopBackOff. `end` is that of a container that is
    terminated now, `last_end` that of the run before.
    """

    name: str
    image: str
    role: Role = Role.MAIN
    stage: Stage = Stage.UNKNOWN
    ready: bool = False
    started: bool = False
    restarts: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    end: End | None = None
    last_end: End | None = None

    @property
    def latest_end(self) -> End | None:
        """How it ended last, now or before; None when it never did."""
        return self.end or self.last_end


class Condition(Value, frozen=True):
    """A condition of a thing. `status` is True, False or Unknown, as Kubernetes writes it."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None


class Owner(Value, frozen=True):
    """Another thing in the same namespace that this one belongs to: its kind, such as ReplicaSet, and its name."""

    kind: str
    name: str


class Pod(Value, frozen=True):
    """A pod. `owner` is the controller that made it, such as its replica set; None where nobody did.

    `deleting_since` is when its deletion was asked for, and `grace_s` how many seconds it was given.
    """

    name: Name
    uid: str
    phase: str
    labels: dict[str, str]
    created_at: datetime
    owner: Owner | None = None
    node: str = ""
    address: str = ""
    reason: str = ""
    message: str = ""
    deleting_since: datetime | None = None
    grace_s: int = 0
    finalizers: tuple[str, ...] = ()
    started_at: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    containers: tuple[Container, ...] = ()
    host_network: bool = False

    def condition(self, kind: str) -> Condition | None:
        """The condition of this type, such as Ready or PodScheduled."""
        return next((one for one in self.conditions if one.type == kind), None)

    @property
    def ready(self) -> bool:
        """Whether it takes part in the work: the kubelet says so, and nobody has asked for its end."""
        condition = self.condition("Ready")
        return self.deleting_since is None and condition is not None and condition.status == "True"

    @property
    def finished(self) -> bool:
        """Whether it has come to its end and will not run again."""
        return self.phase in {"Succeeded", "Failed"}

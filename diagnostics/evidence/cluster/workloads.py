"""What a workload asks for and how far it has come: deployments, stateful sets, daemon sets, jobs.

A container's settings are kept by where they come from, never by what they are.
"""

from datetime import datetime
from enum import StrEnum

from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.cluster.pods import Condition, Owner, Role
from diagnostics.model import Subject, Value


class Origin(StrEnum):
    """Where the value of a variable, or the content of a volume, comes from."""

    VALUE = "value"
    SECRET = "secret"  # noqa: S105 a kind of thing, not one of them
    CONFIG = "config map"
    CLAIM = "persistent volume claim"
    OTHER = "other"


class Variable(Value, frozen=True):
    """A variable of a container's environment. Its value itself is not kept; `empty` says whether it is one.

    `source` and `key` name the secret or config map it is taken from. An optional reference may lead nowhere.
    """

    name: str
    origin: Origin
    source: str = ""
    key: str = ""
    optional: bool = False
    empty: bool = False


class Whole(Value, frozen=True):
    """All keys of a secret or config map as variables (envFrom)."""

    origin: Origin
    source: str
    prefix: str = ""
    optional: bool = False


class Volume(Value, frozen=True):
    """A volume that comes from elsewhere. `keys` are those that must be there; none means whatever there is."""

    name: str
    origin: Origin
    source: str
    keys: tuple[str, ...] = ()
    optional: bool = False


class Port(Value, frozen=True):
    """A port that a container says it listens at."""

    number: int
    name: str = ""
    protocol: str = "TCP"


class Probe(Value, frozen=True):
    """A probe: what kind of it (readiness, liveness, startup), and what it asks, such as `GET /health at http`.

    `allows_s` is how long a container may run without having passed it: for a startup probe until it is ended, for
    another until it is asked for the first time.
    """

    kind: str
    asks: str
    allows_s: int = 0


class Amounts(Value, frozen=True):
    """Processor in thousandths of a core, memory in bytes; None where nothing is said."""

    cpu_m: int | None = None
    memory: int | None = None


class ContainerSpec(Value, frozen=True):
    """A container as a workload's template asks for it."""

    name: str
    image: str
    role: Role = Role.MAIN
    ports: tuple[Port, ...] = ()
    variables: tuple[Variable, ...] = ()
    wholes: tuple[Whole, ...] = ()
    probes: tuple[Probe, ...] = ()
    requests: Amounts = Amounts()
    limits: Amounts = Amounts()

    def variable(self, name: str) -> Variable | None:
        """The variable of this name, the last one where it is set twice, as the kubelet takes it."""
        return next((one for one in reversed(self.variables) if one.name == name), None)

    def probe(self, kind: str) -> Probe | None:
        """The probe of this kind."""
        return next((one for one in self.probes if one.kind == kind), None)


class Template(Value, frozen=True):
    """What a workload's pods are to be."""

    labels: dict[str, str]
    containers: tuple[ContainerSpec, ...] = ()
    volumes: tuple[Volume, ...] = ()

    def sources(self, origin: Origin) -> tuple[str, ...]:
        """The secrets, or the config maps, that its pods are given as variables or as volumes: each name once."""
        held: list[Variable | Whole | Volume] = []
        for container in self.containers:
            held += (*container.variables, *container.wholes)
        held += self.volumes
        return tuple(dict.fromkeys(one.source for one in held if one.origin is origin and one.source))

    def container(self, name: str) -> ContainerSpec | None:
        """The container of this name."""
        return next((one for one in self.containers if one.name == name), None)


class Workload(Value, frozen=True):
    """A deployment, stateful set, daemon set or job. Counts are of pods; `wanted` is what its spec asks for.

    `observed` says whether its controller has seen the newest spec: before that, counts are of the one before.
    `asked_at` is when that was written, where the server tells. A stateful set makes its next pod once the one before
    has been ready for `min_ready_s`.
    """

    kind: str
    name: Name
    uid: str
    wanted: int
    created_at: datetime
    selector: Selector
    template: Template
    current: int = 0
    ready: int = 0
    available: int = 0
    observed: bool = True
    paused: bool = False
    deleting_since: datetime | None = None
    revision: str = ""
    deadline_s: int | None = None
    asked_at: datetime | None = None
    min_ready_s: int = 0
    conditions: tuple[Condition, ...] = ()
    owner: Owner | None = None
    annotations: dict[str, str] = {}  # noqa: RUF012 msgspec copies it; only the few keys that are asked about

    @property
    def subject(self) -> Subject:
        """It, as a finding names it."""
        return self.name.subject(self.kind)

    def condition(self, kind: str) -> Condition | None:
        """The condition of this type, such as Progressing or ReplicaFailure."""
        return next((one for one in self.conditions if one.type == kind), None)

    def holds(self, kind: str) -> bool:
        """Whether it has a condition of this type, and that is true: Complete, Failed or Suspended for a job."""
        condition = self.condition(kind)
        return condition is not None and condition.status == "True"


class Revision(Value, frozen=True):
    """One revision of a deployment: its replica set, and when it came. `workload` is the deployment."""

    workload: Name
    name: str
    number: int
    created_at: datetime
    replicas: int = 0
    template_hash: str = ""


class Schedule(Value, frozen=True):
    """A schedule by which jobs are made (CronJob), and when one of them last did its work.

    That is known also where jobs that did are not kept.
    """

    name: Name
    succeeded_at: datetime | None = None

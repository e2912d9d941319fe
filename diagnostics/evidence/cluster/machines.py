"""What the cluster can give and what is used of it: nodes, usage, quotas, autoscalers, disruption budgets, events."""

from datetime import datetime

from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.cluster.pods import Condition, Owner
from diagnostics.evidence.cluster.workloads import Amounts
from diagnostics.model import Value


class Taint(Value, frozen=True):
    """A taint of a node."""

    key: str
    effect: str
    value: str = ""


class Node(Value, frozen=True):
    """A node. `allocatable` is what pods may use of it."""

    name: str
    created_at: datetime
    conditions: tuple[Condition, ...] = ()
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    architecture: str = ""
    allocatable: Amounts = Amounts()

    def condition(self, kind: str) -> Condition | None:
        """The condition of this type, such as Ready or MemoryPressure."""
        return next((one for one in self.conditions if one.type == kind), None)

    @property
    def ready(self) -> bool:
        """Whether the kubelet reports in and is well."""
        condition = self.condition("Ready")
        return condition is not None and condition.status == "True"


class Usage(Value, frozen=True):
    """What a pod's container, or a node, uses now. A node has no namespace and no container."""

    name: str
    amounts: Amounts
    namespace: str = ""
    container: str = ""


class Quota(Value, frozen=True):
    """A namespace's quota: what may be used and what is, in Kubernetes' own words, by resource."""

    name: Name
    hard: dict[str, str] = {}  # noqa: RUF012 msgspec copies it
    used: dict[str, str] = {}  # noqa: RUF012


class Autoscaler(Value, frozen=True):
    """A horizontal pod autoscaler. `metrics` are its measures in words, such as `cpu 43% of 70%`."""

    name: Name
    target: Owner
    most: int
    current: int = 0
    conditions: tuple[Condition, ...] = ()
    metrics: tuple[str, ...] = ()

    def condition(self, kind: str) -> Condition | None:
        """The condition of this type: AbleToScale, ScalingActive or ScalingLimited."""
        return next((one for one in self.conditions if one.type == kind), None)


class Budget(Value, frozen=True):
    """A pod disruption budget. `allowed` is how many of its pods may be evicted now."""

    name: Name
    selector: Selector
    allowed: int = 0
    healthy: int = 0
    wanted: int = 0
    expected: int = 0


class Event(Value, frozen=True):
    """Something the cluster reported, `count` times between its first and last time."""

    namespace: str
    about: Owner
    type: str
    reason: str
    message: str
    last_at: datetime
    first_at: datetime | None = None
    count: int = 1
    component: str = ""

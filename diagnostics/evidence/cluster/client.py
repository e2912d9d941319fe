"""What looking at a cluster needs of a client: lists of plain values, one namespace at a time."""

from datetime import datetime
from typing import Protocol

from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.machines import Autoscaler, Budget, Event, Node, Quota, Usage
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Pod
from diagnostics.evidence.cluster.services import Ingress, IngressClass, Namespace, Policy, Sealed, Service, Slice
from diagnostics.evidence.cluster.workloads import Revision, Schedule, Workload
from diagnostics.model import CouldNotLookError, Value


class LogAsked(Value, frozen=True):
    """Which log of which container: at most so many of the newest lines, and so many bytes."""

    pod: Name
    container: str
    previous: bool = False
    lines: int = 200
    bytes: int = 256_000
    since: datetime | None = None


class LogText(Value, frozen=True):
    """The newest lines of a log as they were written, oldest first. `cut` says that there were older ones."""

    lines: tuple[str, ...] = ()
    cut: bool = False


class GoneError(CouldNotLookError):
    """What was to be looked at was listed a moment ago, and is not there any more: life goes on while one looks."""


class Cluster(Protocol):
    """A Kubernetes API server.

    Every call gives all there is, or raises CouldNotLookError with the missing right, the deadline that was passed,
    or what the server said.
    """

    async def version(self) -> str:
        """The server's version, such as v1.33.2."""
        ...

    async def missing(self, wanted: tuple[Right, ...]) -> tuple[Right, ...]:
        """Which of these rights the bot does not have, by the server's own rules review."""
        ...

    async def pods(self, namespace: str) -> tuple[Pod, ...]:
        """Every pod of a namespace."""
        ...

    async def deployments(self, namespace: str) -> tuple[Workload, ...]:
        """Every deployment of a namespace."""
        ...

    async def stateful_sets(self, namespace: str) -> tuple[Workload, ...]:
        """Every stateful set of a namespace."""
        ...

    async def daemon_sets(self, namespace: str) -> tuple[Workload, ...]:
        """Every daemon set of a namespace."""
        ...

    async def jobs(self, namespace: str) -> tuple[Workload, ...]:
        """Every job of a namespace."""
        ...

    async def schedules(self, namespace: str) -> tuple[Schedule, ...]:
        """Every schedule of jobs of a namespace."""
        ...

    async def revisions(self, namespace: str) -> tuple[Revision, ...]:
        """Every revision of the deployments of a namespace."""
        ...

    async def services(self, namespace: str) -> tuple[Service, ...]:
        """Every service of a namespace."""
        ...

    async def slices(self, namespace: str) -> tuple[Slice, ...]:
        """The endpoints behind the services of a namespace."""
        ...

    async def ingresses(self, namespace: str) -> tuple[Ingress, ...]:
        """Every ingress of a namespace."""
        ...

    async def ingress_classes(self) -> tuple[IngressClass, ...]:
        """Every class of ingresses."""
        ...

    async def policies(self, namespace: str) -> tuple[Policy, ...]:
        """Every network policy of a namespace."""
        ...

    async def namespaces(self) -> tuple[Namespace, ...]:
        """Every namespace, with its labels."""
        ...

    async def secret(self, name: Name) -> Sealed:
        """A secret as facts; one that does not exist is such a fact too."""
        ...

    async def config(self, name: Name) -> Sealed:
        """A config map as facts; one that does not exist is such a fact too."""
        ...

    async def nodes(self) -> tuple[Node, ...]:
        """Every node."""
        ...

    async def autoscalers(self, namespace: str) -> tuple[Autoscaler, ...]:
        """Every horizontal pod autoscaler of a namespace."""
        ...

    async def budgets(self, namespace: str) -> tuple[Budget, ...]:
        """Every disruption budget of a namespace."""
        ...

    async def quotas(self, namespace: str) -> tuple[Quota, ...]:
        """Every quota of a namespace."""
        ...

    async def events(self, namespace: str) -> tuple[Event, ...]:
        """The events of a namespace, newest first."""
        ...

    async def pod_usage(self, namespace: str) -> tuple[Usage, ...]:
        """What the containers of a namespace use now, by the metrics server."""
        ...

    async def node_usage(self) -> tuple[Usage, ...]:
        """What the nodes use now, by the metrics server."""
        ...

    async def log(self, asked: LogAsked) -> LogText:
        """The end of a container's log."""
        ...

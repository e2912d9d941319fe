"""What the API server asks of the nodes' kubelets: the logs of containers, and what they use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from playground.world.kubernetes.kinds import Thing


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: when, and its text without the line's end."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used: cores in thousandths, memory in bytes."""

    cpu_m: float
    memory: int


class UnreachableError(Exception):
    """A node's kubelet does not answer; the message ends the error: `dial tcp …: connect: connection refused`."""


class NoSuchRunError(Exception):
    """The container has not run, or has no run before this one."""


class Kubelets(Protocol):
    """All of them. Each answers at once."""

    def log(self, pod: Thing, container: str, *, previous: bool) -> Sequence[Line]:
        """What a container has logged in this run, or in the one before, oldest first.

        Raises:
            UnreachableError: its node's kubelet does not answer.
            NoSuchRunError: there is no such run.
        """

    def usage(self, pod: Thing) -> Mapping[str, Usage]:
        """What each running container of a pod uses; empty while nothing has been measured."""

    def node_usage(self, node: Thing) -> Usage | None:
        """What a node uses, or None while nothing has been measured."""


class NoKubelets:
    """Nodes that are registered and have no kubelet, as where the recordings were made."""

    def log(self, pod: Thing, container: str, *, previous: bool) -> Sequence[Line]:
        """Nothing: the connection is refused."""
        del container, previous
        raise UnreachableError(f"dial tcp {pod['status'].get('hostIP', '')}:10250: connect: connection refused")

    def usage(self, pod: Thing) -> Mapping[str, Usage]:
        """Nothing."""
        del pod
        return {}

    def node_usage(self, node: Thing) -> Usage | None:
        """Nothing."""
        del node
        return None

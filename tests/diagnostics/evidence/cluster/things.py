"""Things of a cluster for tests: well unless a test says otherwise, and a client that has what it is given."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from diagnostics.evidence.cluster.client import LogAsked, LogText
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.cluster.pods import Condition, Container, End, Owner, Pod, Stage
from diagnostics.evidence.cluster.services import Sealed
from diagnostics.evidence.cluster.workloads import Revision, Template, Workload
from diagnostics.model import CouldNotLookError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SPACE = "volaticloud"
BACKEND = Name(SPACE, "volaticloud-backend")
LABELS = {"app": "volaticloud-backend"}


def ago(**parts: float) -> datetime:
    """A moment before now."""
    return NOW - timedelta(**parts)


def container(**parts: Any) -> Container:
    """A container that runs and is ready."""
    well = {"name": "volaticloud", "image": "backend:1", "stage": Stage.RUNNING, "ready": True, "started": True}
    return Container(**{**well, "started_at": ago(days=1), **parts})


def ended(code: int = 1, reason: str = "Error", **parts: float) -> End:
    """The end of a container, a minute ago unless said otherwise."""
    when = ago(**(parts or {"minutes": 1}))
    return End(code, reason, "", when - timedelta(seconds=3), when)


def pod(name: str = "volaticloud-backend-1-a", *containers: Container, **parts: Any) -> Pod:
    """A pod of the backend that is ready."""
    ready = Condition("Ready", "True")
    well: dict[str, Any] = {
        "uid": f"uid-{name}",
        "phase": "Running",
        "labels": {**LABELS, "pod-template-hash": "1"},
        "created_at": ago(days=1),
        "owner": Owner("ReplicaSet", "volaticloud-backend-1"),
        "node": "node-1",
        "conditions": (ready,),
        "containers": containers or (container(),),
    }
    return Pod(name=Name(SPACE, name), **{**well, **parts})


def workload(**parts: Any) -> Workload:
    """The backend's deployment, of which all pods are there."""
    well: dict[str, Any] = {
        "kind": "Deployment",
        "name": BACKEND,
        "uid": "uid-backend",
        "wanted": 2,
        "created_at": ago(days=30),
        "selector": Selector.of_labels(LABELS),
        "template": Template(LABELS),
        "current": 2,
        "ready": 2,
        "available": 2,
        "revision": "1",
    }
    return Workload(**{**well, **parts})


def revision(number: int = 1, **parts: Any) -> Revision:
    """A revision of the backend."""
    name = f"volaticloud-backend-{number}"
    well = Revision(BACKEND, name, number, ago(days=1), 2, str(number))
    return msgspec.structs.replace(well, **parts)


@dataclass
class FakeCluster:
    """Answers each question with what it was given for it, and remembers what it was asked.

    `things` is what a question such as `pods` is answered with, for every namespace; an exception there is raised.
    `only` is the same for one namespace, under `pods/volaticloud`.
    """

    things: dict[str, Any] = field(default_factory=dict)
    logs: dict[tuple[Name, str, bool], tuple[str, ...] | CouldNotLookError] = field(default_factory=dict)
    sealed: dict[Name, Sealed | CouldNotLookError] = field(default_factory=dict)
    lacks: tuple[Right, ...] = ()
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, question: str) -> Any:
        async def answer(namespace: str = "") -> Any:
            self.asked.append(f"{question}/{namespace}" if namespace else question)
            found = self.things.get(f"{question}/{namespace}", self.things.get(question, ()))
            if isinstance(found, Exception):
                raise found
            return found

        return answer

    async def version(self) -> str:
        """As Cluster."""
        return "v1.36.0"

    async def missing(self, wanted: tuple[Right, ...]) -> tuple[Right, ...]:
        """Those of the rights that it lacks."""
        return tuple(right for right in wanted if right in self.lacks)

    async def secret(self, name: Name) -> Sealed:
        """As Cluster."""
        return self._sealed(name)

    async def config(self, name: Name) -> Sealed:
        """As Cluster."""
        return self._sealed(name)

    def _sealed(self, name: Name) -> Sealed:
        found = self.sealed.get(name, Sealed(name, exists=False))
        if isinstance(found, CouldNotLookError):
            raise found
        return found

    async def log(self, asked: LogAsked) -> LogText:
        """As Cluster."""
        self.asked.append(f"log/{asked.pod}/{asked.container}{'/previous' if asked.previous else ''}")
        found = self.logs.get((asked.pod, asked.container, asked.previous), ())
        if isinstance(found, CouldNotLookError):
            raise found
        return LogText(found)

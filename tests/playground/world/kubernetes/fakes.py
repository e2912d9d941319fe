"""Kubelets that tell what a test gives them, and pods to ask about."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from playground.world.kubernetes.defaults import filled
from playground.world.kubernetes.kinds import Kind, Thing, kind_named
from playground.world.kubernetes.kubelets import Line, NoSuchRunError, UnreachableError, Usage
from playground.world.kubernetes.store import Store
from tests.playground.world.kubernetes.clients import NOW

POD, DEPLOYMENT, NODE = (kind_named(name) for name in ("Pod", "Deployment", "Node"))


class FakeKubelets:
    """Logs by container and run, usage by container."""

    def __init__(self) -> None:
        self.logs: dict[tuple[str, bool], Sequence[Line]] = {}
        self.used: dict[str, Usage] = {}
        self.nodes: dict[str, Usage] = {}
        self.gone = ""  # how an unreachable one fails
        self.asked: list[tuple[str, bool]] = []

    def say(self, *texts: str, container: str = "app", previous: bool = False) -> None:
        """Let a container log some lines, one a second, the last one now."""
        first = NOW - timedelta(seconds=len(texts) - 1)
        self.logs[container, previous] = [Line(first + timedelta(seconds=at), text) for at, text in enumerate(texts)]

    def log(self, pod: Thing, container: str, *, previous: bool) -> Sequence[Line]:
        """What it was given to say, or the failure it was given."""
        self.asked.append((container, previous))
        if self.gone:
            raise UnreachableError(self.gone)
        if (container, previous) not in self.logs:
            raise NoSuchRunError(container)
        return self.logs[container, previous]

    def usage(self, pod: Thing) -> Mapping[str, Usage]:
        """The same of every pod."""
        return self.used

    def node_usage(self, node: Thing) -> Usage | None:
        """By the node's name."""
        return self.nodes.get(node["metadata"]["name"])


def pod(name: str = "one", labels: Mapping[str, str] | None = None, **spec: Any) -> Thing:
    """A pod on a node, with one running container."""
    told = {"containers": [{"name": "app", "image": "x:1"}], "nodeName": "node-1", **spec}
    running = {
        "name": "app",
        "ready": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": "2026-11-23T16:20:00Z"}},
    }
    status = {"phase": "Running", "hostIP": "10.0.0.11", "containerStatuses": [running]}
    return {
        "metadata": {"name": name, "namespace": "volaticloud", "labels": dict(labels or {})},
        "spec": told,
        "status": status,
    }


def deployment(name: str = "backend", replicas: int = 2) -> Thing:
    """A deployment of one container."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "x:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": name, "namespace": "volaticloud"}, "spec": spec}


def stored(store: Store, kind: Kind, *things: Thing) -> None:
    """Put objects into a store, with their defaults."""
    for thing in things:
        store.create(kind, filled(kind, thing))

"""A small client for the simulated API server, for tests: one method a call, what came back as plain values."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.kubelets import Kubelets
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.store import Store

NOW = datetime(2026, 11, 23, 16, 25, 21, tzinfo=UTC)
PODS = "/api/v1/namespaces/volaticloud/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/volaticloud/deployments"


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    content_type: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Any:
        """As JSON."""
        return msgspec.json.decode(self.text)

    @property
    def names(self) -> list[str]:
        """Of a list's objects."""
        return [one["metadata"]["name"] for one in self.body["items"]]

    @property
    def message(self) -> str:
        """Of a Status."""
        return str(self.body["message"])


class Client:
    """Somebody who asks the server."""

    def __init__(self, cluster: SimulatedKubernetes, http: httpx.AsyncClient) -> None:
        self.cluster = cluster
        self.http = http

    async def ask(
        self, method: str, path: str, body: Any = None, role: str = "admin", headers: Mapping[str, str] | None = None
    ) -> Answered:
        """One call. A body is JSON, unless it is text already; without a role no token is sent."""
        given = {"Authorization": f"Bearer {self.cluster.token(role)}"} if role else {}
        content = body if isinstance(body, str | None) else msgspec.json.encode(body)
        sent = {"Content-Type": "application/json"} if content else {}
        answer = await self.http.request(method, path, content=content, headers={**given, **sent, **(headers or {})})
        return Answered(answer.status_code, answer.headers["content-type"], answer.text, answer.headers)

    async def get(self, path: str, role: str = "admin", **headers: str) -> Answered:
        """One GET."""
        return await self.ask("GET", path, role=role, headers={"Accept": headers["accept"]} if headers else None)

    async def patch(self, path: str, body: Any, form: str = "strategic-merge-patch") -> Answered:
        """One PATCH."""
        return await self.ask("PATCH", path, body, headers={"Content-Type": f"application/{form}+json"})


@asynccontextmanager
async def client(store: Store, kubelets: Kubelets | None = None) -> AsyncIterator[Client]:
    """A running server over a store, and somebody who asks it."""
    async with SimulatedKubernetes(store, kubelets) as cluster:
        context = ssl.create_default_context(cafile=cluster.ca_file)
        async with httpx.AsyncClient(base_url=cluster.url, verify=context, timeout=10, trust_env=False) as http:
            yield Client(cluster, http)


def stocked(*spaces: str) -> Store:
    """A store with some namespaces and nothing in them."""
    store = Store(lambda: NOW)
    for name in spaces or ("volaticloud",):
        made = {"metadata": {"name": name}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        store.create(kind_named("Namespace"), made)
    return store

"""One cluster, satisfying `diagnostics.evidence.cluster.client.Cluster`: which path is asked, who reads the answer."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from bot.clients.kubernetes import machines, paths, pods, services, wire, workloads
from bot.clients.kubernetes.connection import Address, Connection, Question, RefusedError, opened
from bot.clients.kubernetes.logs import log_of
from bot.clients.kubernetes.paging import listed
from bot.clients.kubernetes.rights import granted
from bot.clients.kubernetes.sealed import Sealing, absent
from diagnostics.evidence.cluster.client import LogAsked, LogText
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.machines import Autoscaler, Budget, Event, Node, Quota, Usage
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Pod
from diagnostics.evidence.cluster.services import Ingress, IngressClass, Namespace, Policy, Sealed, Service, Slice
from diagnostics.evidence.cluster.workloads import Revision, Schedule, Workload
from diagnostics.model import CouldNotLookError, Reason

_NOT_FOUND = 404
#: What metrics answer where no metrics server is installed, or where it is and does not run.
_NO_METRICS = {404, 503}
W = TypeVar("W")
V = TypeVar("V")


class KubernetesClient:
    """Asks one cluster. Nothing here changes anything: a rules review is a POST that stores nothing."""

    def __init__(self, connection: Connection, sealing: Sealing) -> None:
        self._connection = connection
        self._sealing = sealing

    @classmethod
    @asynccontextmanager
    async def opened(cls, address: Address, sealing: Sealing) -> AsyncIterator["KubernetesClient"]:
        """A client of a cluster, closed at the end of the block.

        Raises:
            CouldNotLookError: the configuration cannot be used.
        """
        async with opened(address) as connection:
            yield cls(connection, sealing)

    async def version(self) -> str:
        """As `Cluster.version`."""
        body = await self._connection.ask(Question("/version", Right("get", "the version")))
        return _decoded(body, wire.Version).git_version

    async def missing(self, wanted: tuple[Right, ...]) -> tuple[Right, ...]:
        """As `Cluster.missing`. Where the server cannot list all rights, none is said to be missing."""
        lacks: list[Right] = []
        for namespace in dict.fromkeys(right.namespace for right in wanted):
            rules = await self._rules(namespace or "default")
            asked = [right for right in wanted if right.namespace == namespace]
            lacks += [] if rules.incomplete else [right for right in asked if not granted(right, rules)]
        return tuple(lacks)

    async def _rules(self, namespace: str) -> wire.RulesStatus:
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        body = {
            "kind": "SelfSubjectRulesReview",
            "apiVersion": "authorization.k8s.io/v1",
            "spec": {"namespace": namespace},
        }
        right = Right("create", "selfsubjectrulesreviews.authorization.k8s.io")
        return _decoded(await self._connection.ask(Question(path, right, body=body)), wire.RulesReview).status

    async def pods(self, namespace: str) -> tuple[Pod, ...]:
        """As `Cluster.pods`."""
        return await self._in(namespace, "v1", "pods", wire.Pod, pods.pod)

    async def deployments(self, namespace: str) -> tuple[Workload, ...]:
        """As `Cluster.deployments`."""
        return await self._in(namespace, "apps/v1", "deployments", wire.Workload, workloads.deployment)

    async def stateful_sets(self, namespace: str) -> tuple[Workload, ...]:
        """As `Cluster.stateful_sets`."""
        return await self._in(namespace, "apps/v1", "statefulsets", wire.Workload, workloads.stateful_set)

    async def daemon_sets(self, namespace: str) -> tuple[Workload, ...]:
        """As `Cluster.daemon_sets`."""
        return await self._in(namespace, "apps/v1", "daemonsets", wire.Workload, workloads.daemon_set)

    async def jobs(self, namespace: str) -> tuple[Workload, ...]:
        """As `Cluster.jobs`."""
        return await self._in(namespace, "batch/v1", "jobs", wire.Workload, workloads.job)

    async def schedules(self, namespace: str) -> tuple[Schedule, ...]:
        """As `Cluster.schedules`."""
        return await self._in(namespace, "batch/v1", "cronjobs", wire.CronJob, workloads.schedule)

    async def revisions(self, namespace: str) -> tuple[Revision, ...]:
        """As `Cluster.revisions`."""
        return await self._in(namespace, "apps/v1", "replicasets", wire.Workload, workloads.revision)

    async def services(self, namespace: str) -> tuple[Service, ...]:
        """As `Cluster.services`."""
        return await self._in(namespace, "v1", "services", wire.Service, services.service)

    async def slices(self, namespace: str) -> tuple[Slice, ...]:
        """As `Cluster.slices`."""
        group = "discovery.k8s.io/v1"
        return await self._in(namespace, group, "endpointslices", wire.Slice, services.endpoint_slice)

    async def ingresses(self, namespace: str) -> tuple[Ingress, ...]:
        """As `Cluster.ingresses`."""
        return await self._in(namespace, "networking.k8s.io/v1", "ingresses", wire.Ingress, services.ingress)

    async def ingress_classes(self) -> tuple[IngressClass, ...]:
        """As `Cluster.ingress_classes`."""
        group = "networking.k8s.io/v1"
        return await self._in("", group, "ingressclasses", wire.IngressClass, services.ingress_class)

    async def policies(self, namespace: str) -> tuple[Policy, ...]:
        """As `Cluster.policies`."""
        return await self._in(namespace, "networking.k8s.io/v1", "networkpolicies", wire.Policy, services.policy)

    async def namespaces(self) -> tuple[Namespace, ...]:
        """As `Cluster.namespaces`."""
        return await self._in("", "v1", "namespaces", wire.Namespace, services.namespace)

    async def secret(self, name: Name) -> Sealed:
        """As `Cluster.secret`."""
        return await self._sealed("secrets", name, self._sealing.secret, wire.Secret)

    async def values(self, name: Name) -> dict[str, str] | None:
        """What is in a secret, for logging in as the platform does; None where there is no such secret.

        Raises:
            CouldNotLookError: it could not be read, and why.
        """
        path = paths.single("v1", "secrets", name.namespace, name.name)
        try:
            body = await self._connection.ask(Question(path, Right("get", f"secrets/{name.name}", name.namespace)))
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return self._sealing.texts(_decoded(body, wire.Secret))

    async def config(self, name: Name) -> Sealed:
        """As `Cluster.config`."""
        return await self._sealed("configmaps", name, self._sealing.config, wire.Config)

    async def nodes(self) -> tuple[Node, ...]:
        """As `Cluster.nodes`."""
        return await self._in("", "v1", "nodes", wire.Node, machines.node)

    async def autoscalers(self, namespace: str) -> tuple[Autoscaler, ...]:
        """As `Cluster.autoscalers`."""
        group = "autoscaling/v2"
        return await self._in(namespace, group, "horizontalpodautoscalers", wire.Autoscaler, machines.autoscaler)

    async def budgets(self, namespace: str) -> tuple[Budget, ...]:
        """As `Cluster.budgets`."""
        return await self._in(namespace, "policy/v1", "poddisruptionbudgets", wire.Budget, machines.budget)

    async def quotas(self, namespace: str) -> tuple[Quota, ...]:
        """As `Cluster.quotas`."""
        return await self._in(namespace, "v1", "resourcequotas", wire.Quota, machines.quota)

    async def events(self, namespace: str) -> tuple[Event, ...]:
        """As `Cluster.events`."""
        found = await self._in(namespace, "v1", "events", wire.Event, machines.event)
        return tuple(sorted(found, key=lambda event: event.last_at, reverse=True))

    async def pod_usage(self, namespace: str) -> tuple[Usage, ...]:
        """As `Cluster.pod_usage`."""
        found = await self._measured(namespace, "pods", machines.pod_usage)
        return tuple(usage for pod in found for usage in pod)

    async def node_usage(self) -> tuple[Usage, ...]:
        """As `Cluster.node_usage`."""
        return await self._measured("", "nodes", machines.node_usage)

    async def log(self, asked: LogAsked) -> LogText:
        """As `Cluster.log`."""
        return await log_of(self._connection, asked)

    async def _in(
        self, namespace: str, group: str, resource: str, kind: type[W], read: Callable[[W], V | None]
    ) -> tuple[V, ...]:
        path = paths.collection(group, resource, namespace)
        right = Right("list", paths.named(group, resource), namespace)
        return await listed(self._connection, path, right, kind, read)

    async def _measured(self, namespace: str, resource: str, read: Callable[[wire.Metrics], V]) -> tuple[V, ...]:
        try:
            return await self._in(namespace, "metrics.k8s.io/v1beta1", resource, wire.Metrics, read)
        except RefusedError as error:
            if error.status not in _NO_METRICS:
                raise
            detail = "The cluster has no metrics server that answers. Install metrics-server to have usage looked at."
            raise CouldNotLookError(Reason.NOT_CONFIGURED, detail) from error

    async def _sealed(self, resource: str, name: Name, read: Callable[[W], Sealed], kind: type[W]) -> Sealed:
        path = paths.single("v1", resource, name.namespace, name.name)
        right = Right("get", f"{resource}/{name.name}", name.namespace)
        try:
            return read(_decoded(await self._connection.ask(Question(path, right)), kind))
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return absent(name)
            raise


def _decoded(body: bytes, kind: type[W]) -> W:
    """An answer of one thing. What was in it is not told: it may be a secret."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        detail = "What the API server sent cannot be read. Is it an API server that answers there?"
        raise CouldNotLookError(Reason.FAILED, detail) from error

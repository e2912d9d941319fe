"""One environment's cluster as it is configured, opened for one run: the looks at it, and what is expected of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from shlex import quote

from bot.actions.hands import ClusterHands
from bot.clients.edge import EdgeClient
from bot.clients.kubernetes import Address, Fingerprint, KubernetesClient, KubernetesHands, Sealing
from bot.clients.names import NameClient
from bot.platform.trust import trusted
from bot.settings import KubernetesSettings
from diagnostics.context import ClusterExpected, SealedExpected
from diagnostics.evidence.cluster import KINDS
from diagnostics.evidence.cluster.client import Cluster
from diagnostics.evidence.cluster.edge import edge_source
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.reading import Marks
from diagnostics.evidence.cluster.sources import ClusterLook, cluster_sources, database_source
from diagnostics.evidence.network import Network
from diagnostics.model import CouldNotLookError, Evidence
from diagnostics.observe import Seen, Source


@dataclass(frozen=True, slots=True)
class Looking:
    """What a look at a cluster needs of its surroundings."""

    marks: Marks
    network: Network
    fingerprint: Fingerprint
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Opened:
    """A cluster opened for one run: every look at it, and its client; None where it could not be opened."""

    looks: tuple[Source[Evidence], ...]
    client: Cluster | None = None


class ClusterPlatform:
    """The cluster of an environment. Its configuration is read anew for every run.

    Raises:
        SettingsError: a file that a setting names cannot be used.
    """

    def __init__(self, settings: KubernetesSettings) -> None:
        self._settings = settings
        self._trust = trusted(settings.ca_file)
        self._names = NameClient(settings.nameserver)
        self.expected = _expected(settings)

    @property
    def address(self) -> Address:
        """Which cluster, and as whom."""
        return Address(self._settings.kubeconfig, self._settings.context)

    @asynccontextmanager
    async def client(self, looking: Looking) -> AsyncIterator[KubernetesClient]:
        """A client of the cluster, closed at the end of the block.

        Raises:
            CouldNotLookError: its configuration cannot be used.
        """
        sealing = Sealing(looking.fingerprint, looking.marks.redactor.learn)
        async with KubernetesClient.opened(self.address, sealing) as client:
            yield client

    @asynccontextmanager
    async def sources(self, looking: Looking) -> AsyncIterator[tuple[Source[Evidence], ...]]:
        """Every look at the cluster, for one run. Where it cannot be opened, each look says why."""
        async with self.opened(looking) as opened:
            yield opened.looks

    @asynccontextmanager
    async def opened(self, looking: Looking) -> AsyncIterator[Opened]:
        """The same, with the client, for what is asked of it beside the looks."""
        async with AsyncExitStack() as stack:
            try:
                client = await stack.enter_async_context(self.client(looking))
            except CouldNotLookError as error:
                opened = Opened(_blind(error))
            else:
                opened = Opened(self._looks(client, looking), client)
            yield opened

    @asynccontextmanager
    async def hands(self, looking: Looking) -> AsyncIterator[ClusterHands]:
        """Hands on the cluster, for guarded acts. What they read of logs is without the secrets known so far.

        Raises:
            CouldNotLookError: its configuration cannot be used.
        """
        async with KubernetesHands.opened(self.address, looking.marks.redacted) as hands:
            yield hands

    def _looks(self, client: Cluster, looking: Looking) -> tuple[Source[Evidence], ...]:
        look = ClusterLook(client, self.expected, looking.marks, looking.now)
        edge = EdgeClient(self._names, self._trust, self._settings.https_port)
        return (*cluster_sources(look), database_source(looking.network), edge_source(edge, self.expected))


def _blind(error: CouldNotLookError) -> tuple[Source[Evidence], ...]:
    """Sources that all say why the cluster could not be opened."""

    async def says_why(_: Seen) -> Evidence:
        raise CouldNotLookError(error.reason, error.detail)

    return tuple(Source(kind, says_why) for kind in KINDS)


def _expected(settings: KubernetesSettings) -> ClusterExpected:
    context = f" --context {quote(settings.context)}" if settings.context else ""
    return ClusterExpected(
        namespaces=settings.namespaces,
        backend=_name(settings.backend),
        container=settings.container,
        variables=settings.variables,
        secrets=tuple(SealedExpected(_name(one.name), one.keys) for one in settings.secrets),
        controller=_name(settings.ingress_controller),
        controller_class=settings.ingress_controller_class,
        keycloak=_name(settings.keycloak_service),
        kubectl=f"kubectl{context}",
        ca_file=str(settings.ca_file or ""),
    )


def _name(qualified: str) -> Name:
    namespace, _, name = qualified.partition("/")
    return Name(namespace, name)

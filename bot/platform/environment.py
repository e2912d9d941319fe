"""One environment of the platform, opened for one run: the clients, the sources they make, what is expected."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from bot.actions.hands import ClusterHands, DatabaseHands, Hands
from bot.clients.docker import DockerClient
from bot.clients.http import REQUEST_SECONDS, HttpClient
from bot.clients.network import NetworkClient
from bot.clients.tokens import TokenReader
from bot.clock import SystemClock
from bot.footprint import at_hand
from bot.platform.cluster import ClusterPlatform, Looking
from bot.platform.configured import configured
from bot.platform.database import DatabasePlatform
from bot.platform.surface import SurfacePlatform
from bot.platform.trust import trusted
from bot.settings import ClientSecret, EnvironmentSettings, KeycloakSettings
from diagnostics.context import Expected, KeycloakExpected
from diagnostics.evidence.cluster.reading import Marks
from diagnostics.evidence.containers import command
from diagnostics.evidence.keycloak import (
    AdminSession,
    Credentials,
    KeycloakSession,
    Question,
    Target,
    Tools,
    admin_sources,
    client_sources,
    container_source,
    question_sources,
    realm_sources,
    resource_source,
    token_sources,
)
from diagnostics.evidence.keycloak.kinds import OF_THIS_PROCESS
from diagnostics.model import CouldNotLookError, Evidence
from diagnostics.observe import Source
from diagnostics.redaction import KnownSecret

#: Hex digits of a fingerprint: 48 bits tell a handful of secrets apart and give nothing away.
_FINGERPRINT_DIGITS = 12

Fingerprint = Callable[[str], str]
Sources = tuple[Source[Evidence], ...]


def fingerprints(key: bytes, *, lasting: bool = True) -> Fingerprint:
    """A keyed fingerprint: the same secret gives the same text, and without the key nobody can try guesses.

    One that is not `lasting` says so: it cannot be compared with what another process says.
    """
    mark = "" if lasting else OF_THIS_PROCESS
    return lambda secret: f"{hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()[:_FINGERPRINT_DIGITS]}{mark}"


class Platform:
    """One environment as it is configured. Built once, secrets read once; every run opens its own sources.

    Args:
        name: what the environment is called.
        settings: its settings.
        fingerprint: how a secret is made recognisable without being told.
        patience: seconds that one request may take, and the way to a host.

    Raises:
        SettingsError: a file that a setting names cannot be read or used.
    """

    def __init__(
        self,
        name: str,
        settings: EnvironmentSettings,
        fingerprint: Fingerprint,
        patience: float = REQUEST_SECONDS,
    ) -> None:
        self.name = name
        self._patience = patience
        self._keycloak = settings.keycloak
        self._target = _target(settings.keycloak, fingerprint) if settings.keycloak else None
        self._admin = _admin(settings.keycloak)
        self._trust = trusted(settings.keycloak.ca_file if settings.keycloak else None)
        self._fingerprint = fingerprint
        self.cluster = ClusterPlatform(settings.kubernetes) if settings.kubernetes else None
        self.surface = SurfacePlatform(settings.backend, patience) if settings.backend else None
        self._configured = configured(settings)
        self.database = DatabasePlatform(settings.postgres, self.cluster) if settings.postgres else None

    def expected(self) -> Expected:
        """What the configuration says the platform should look like."""
        return Expected(
            keycloak=_expected(self._keycloak) if self._keycloak else None,
            cluster=self.cluster.expected if self.cluster else None,
            surface=self.surface.expected if self.surface else None,
            database=self.database.expected if self.database else None,
        )

    def known_secrets(self) -> tuple[KnownSecret, ...]:
        """Every secret of this environment, for the redactor."""
        holders = (self._target.client if self._target else None, self._admin)
        of_clients = (KnownSecret(f"secret of {one.client_id}", one.secret) for one in holders if one and one.secret)
        return (*of_clients, *(self.database.known_secrets() if self.database else ()))

    def ordinary_names(self) -> tuple[str, ...]:
        """Names that are no secret even when a password happens to be the same word."""
        of_keycloak = (self._keycloak.realm, self._keycloak.client_id) if self._keycloak else ()
        return (*of_keycloak, *(self.database.ordinary_names() if self.database else ()))

    @asynccontextmanager
    async def opened(
        self, run_id: str, marks: Marks, *, cluster: bool = True, database: bool = True
    ) -> AsyncIterator["View"]:
        """The platform opened for one run, its cluster and database only if wanted. All is closed at the end of it."""
        await at_hand("jwt", "cryptography.x509")
        looking = self._cluster_looks(marks) if cluster else nullcontext(())
        asking = self._database_looks(marks) if database else nullcontext(())
        async with (
            self._keycloak_view(run_id) as view,
            looking as looks,
            asking as questions,
            self._surface_looks(view, marks) as surface,
        ):
            yield replace(view, cluster=looks, database=questions, surface=surface)

    @asynccontextmanager
    async def _surface_looks(self, view: "View", marks: Marks) -> AsyncIterator[Sources]:
        if self.surface is None:
            yield ()
            return
        token = view.session.bearer if view.session else lambda: ""
        async with self.surface.sources(token, marks) as looks:
            yield looks

    @asynccontextmanager
    async def _keycloak_view(self, run_id: str) -> AsyncIterator["View"]:
        if self._keycloak is None or self._target is None:
            yield View(None, None)
            return
        async with HttpClient(self._trust, self._patience) as http, _container(self._keycloak) as container:
            tools = Tools(http, NetworkClient(self._trust, self._patience), TokenReader())
            admin = AdminSession(self._admin, self._target, http) if self._admin else None
            session = KeycloakSession(run_id, self._target, tools)
            yield View(session, admin, login=bool(self._target.client.origin), container=container)

    @asynccontextmanager
    async def _cluster_looks(self, marks: Marks) -> AsyncIterator[Sources]:
        if self.cluster is None:
            yield ()
            return
        async with self.cluster.sources(self.looking(marks)) as looks:
            yield looks

    @asynccontextmanager
    async def hands(self, marks: Marks) -> AsyncIterator[Hands]:
        """What guarded acts may touch in this environment. What cannot be had says so when it is touched."""
        await at_hand("cryptography.x509")
        looking = self.looking(marks)
        async with self._cluster_hands(looking) as cluster, self._database_hands(looking) as database:
            expected = self.cluster.expected if self.cluster else None
            yield Hands(self.name, expected, SystemClock(), cluster, self._configured, database)

    @asynccontextmanager
    async def _cluster_hands(self, looking: Looking) -> AsyncIterator[ClusterHands | CouldNotLookError | None]:
        async with AsyncExitStack() as stack:
            try:
                opened = await stack.enter_async_context(self.cluster.hands(looking)) if self.cluster else None
            except CouldNotLookError as error:
                yield error
            else:
                yield opened

    def _database_hands(self, looking: Looking) -> AbstractAsyncContextManager[DatabaseHands | None]:
        return self.database.hands(looking) if self.database else nullcontext()

    @asynccontextmanager
    async def _database_looks(self, marks: Marks) -> AsyncIterator[Sources]:
        if self.database is None:
            yield ()
            return
        async with self.database.sources(self.looking(marks)) as looks:
            yield looks

    def looking(self, marks: Marks) -> Looking:
        """What a look at this environment's cluster needs of its surroundings."""
        return Looking(marks, NetworkClient(self._trust, self._patience), self._fingerprint, SystemClock().now)


@dataclass(frozen=True, slots=True)
class View:
    """What one run can look at: the sources for each kind of examination."""

    session: KeycloakSession | None
    admin: AdminSession | None
    login: bool = False
    container: Sources = ()
    cluster: Sources = ()
    surface: Sources = ()
    database: Sources = ()

    def diagnosis(self) -> Sources:
        """Everything that is configured."""
        return (*self.keycloak(), *self.cluster, *self.database, *self.surface)

    def keycloak(self) -> Sources:
        """Everything about Keycloak."""
        if self.session is None:
            return ()
        client = client_sources(self.session) if self.login else ()
        admin = admin_sources(self.admin) if self.admin else ()
        return (*realm_sources(self.session), *client, *admin, *self.container)

    def question(self, question: Question) -> Sources:
        """What a permission question needs."""
        if self.session is None:
            return ()
        admin = question_sources(self.admin, question) if self.admin else ()
        return (*self.keycloak(), resource_source(self.session, question), *admin)

    def token(self, token: str, now: Callable[[], datetime]) -> Sources:
        """What explaining a token needs."""
        if self.session is None:
            return ()
        presented, activity = token_sources(self.session, token, now)
        return (*realm_sources(self.session), presented, *((activity,) if self.login else ()))


@asynccontextmanager
async def _container(settings: KeycloakSettings) -> AsyncIterator[Sources]:
    """The look at Keycloak's own container; none where no container is configured."""
    if settings.container is None:
        yield ()
        return
    async with DockerClient(settings.container.docker_host, settings.container.cert_path) as docker:
        yield (container_source(docker, settings.container.name, SystemClock().now),)


def _target(settings: KeycloakSettings, fingerprint: Fingerprint) -> Target:
    return Target(settings.root, settings.realm, _credentials(settings), settings.path, fingerprint)


def _admin(settings: KeycloakSettings | None) -> Credentials | None:
    """The admin client, where one is configured with its secret."""
    admin = settings.admin if settings else None
    return _credentials(admin) if admin and admin.origin() else None


def _credentials(client: ClientSecret) -> Credentials:
    return Credentials(client.client_id, client.secret(), client.origin())


def _expected(settings: KeycloakSettings) -> KeycloakExpected:
    restart, logs = _commands(settings)
    return KeycloakExpected(
        url=settings.root,
        realm=settings.realm,
        client_id=settings.client_id,
        issuer=settings.issuer,
        base_path=settings.path,
        algorithm=settings.algorithm,
        algorithm_assumed="algorithm" not in settings.model_fields_set,
        secret_origin=settings.origin(),
        restart_command=settings.restart_command or restart,
        logs_command=settings.logs_command or logs,
        ca_file=str(settings.ca_file or ""),
    )


def _commands(settings: KeycloakSettings) -> tuple[str, str]:
    """How a person restarts Keycloak and reads its log, where no command is configured: the runbook's."""
    container = settings.container
    if container is None:
        return (
            "kubectl rollout restart statefulset/volaticloud-keycloak -n keycloak",
            "kubectl logs -n keycloak -l app=keycloak --tail=100",
        )
    host = container.docker_host
    return command(host, f"restart {container.name}"), command(host, f"logs --tail 100 {container.name}")

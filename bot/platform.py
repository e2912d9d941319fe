"""One environment of the platform, opened for one run: the clients, the sources they make, what is expected."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from bot.clients.docker import DockerClient
from bot.clients.http import REQUEST_SECONDS, HttpClient
from bot.clients.network import NetworkClient
from bot.clients.tokens import TokenReader
from bot.clock import SystemClock
from bot.cluster import ClusterPlatform, Looking
from bot.settings import ClientSecret, EnvironmentSettings, KeycloakSettings
from bot.trust import trusted
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
from diagnostics.model import Evidence
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

    def expected(self) -> Expected:
        """What the configuration says the platform should look like."""
        return Expected(
            keycloak=_expected(self._keycloak) if self._keycloak else None,
            cluster=self.cluster.expected if self.cluster else None,
        )

    def known_secrets(self) -> tuple[KnownSecret, ...]:
        """Every secret of this environment, for the redactor."""
        holders = (self._target.client if self._target else None, self._admin)
        return tuple(KnownSecret(f"secret of {one.client_id}", one.secret) for one in holders if one and one.secret)

    def ordinary_names(self) -> tuple[str, ...]:
        """Names that are no secret even when a password happens to be the same word."""
        if self._keycloak is None:
            return ()
        return (self._keycloak.realm, self._keycloak.client_id)

    @asynccontextmanager
    async def opened(self, run_id: str, marks: Marks, *, cluster: bool = True) -> AsyncIterator["View"]:
        """The platform opened for one run, its cluster only if wanted. Its connections are closed at the end of it."""
        looking = self._cluster_looks(marks) if cluster else nullcontext(())
        async with self._keycloak_view(run_id) as view, looking as looks:
            yield replace(view, cluster=looks)

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

    def diagnosis(self) -> Sources:
        """Everything that is configured."""
        return (*self.keycloak(), *self.cluster)

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

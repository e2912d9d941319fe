"""Tests of one environment opened for a run: which sources there are, what is expected, which secrets are known."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.actions.hands import Kind
from bot.errors import CannotAct
from bot.platform.environment import Platform, fingerprints
from bot.settings import EnvironmentSettings, SettingsError
from diagnostics.areas import AREAS
from diagnostics.evidence.cluster.client import LogAsked
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.http import Stage
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import KeycloakReach, KeycloakRealm
from diagnostics.evidence.network import Reached
from diagnostics.model import CouldNotLookError
from diagnostics.observe import Seen, Source
from diagnostics.redaction import KnownSecret
from playground.world.kubernetes.simulated import SimulatedCluster
from tests.bot.clients.servers import answering, silent, talking
from tests.diagnostics.toys import marks

URL = "https://keycloak.example.com"
SECRET = "s3cr3t-canary-9f2"


def platform(**keycloak: Any) -> Platform:
    settings = EnvironmentSettings.model_validate({"keycloak": {"url": URL, **keycloak}})
    return Platform("production", settings, fingerprints(b"key"))


async def kinds(one: Platform) -> set[str]:
    async with one.opened("r1", marks()) as view:
        return names(view.diagnosis())


def names(sources: tuple[Source[Any], ...]) -> set[str]:
    return {source.kind.KIND for source in sources}


ANYONE = {"keycloak.reach", "keycloak.realm", "keycloak.discovery", "keycloak.keys"}
CLIENT = {
    "keycloak.client-secret",
    "keycloak.login",
    "keycloak.token",
    "keycloak.protection",
    "keycloak.resources",
    "keycloak.evaluation",
    "keycloak.registration",
}
ADMIN = {"keycloak.admin", "keycloak.owners", "keycloak.resource-server"}


@pytest.mark.parametrize(
    ("keycloak", "expected"),
    [
        ({}, ANYONE),
        ({"client_secret": SECRET}, ANYONE | CLIENT),
        ({"client_secret": ""}, ANYONE | CLIENT),
        ({"admin": {}}, ANYONE),
        ({"admin": {"client_secret": SECRET}}, ANYONE | ADMIN),
        ({"client_secret": SECRET, "admin": {"client_secret": SECRET}}, ANYONE | CLIENT | ADMIN),
    ],
)
async def test_sources(keycloak: dict[str, Any], expected: set[str]) -> None:
    """Has a source for all that is configured, and for nothing else."""
    assert await kinds(platform(**keycloak)) == expected


async def test_nothing_configured() -> None:
    """Has no source at all without a configuration, and expects nothing."""
    empty = Platform("production", EnvironmentSettings(), fingerprints(b"key"))
    async with empty.opened("r1", marks()) as view:
        assert view.diagnosis() == view.question(Question("a", "b", "c")) == view.token("t", now) == ()
    assert empty.expected().keycloak is None
    assert empty.known_secrets() == ()
    assert empty.ordinary_names() == ()


def now() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)


async def test_sources_of_explanations() -> None:
    """Adds to a diagnosis what a question or a token needs."""
    async with platform(client_secret=SECRET, admin={"client_secret": SECRET}).opened("r1", marks()) as view:
        assert {"why.user", "why.resource", "why.decision"} <= names(view.question(Question("a", "b", "c")))
        assert names(view.token("t", now)) == ANYONE | {"token.presented", "token.activity"}


async def test_every_need_has_a_source() -> None:
    """Has a source for whatever a source needs, and that is part of the same area."""
    async with platform(client_secret=SECRET, admin={"client_secret": SECRET}).opened("r1", marks()) as view:
        sources = view.diagnosis()
        by_kind = {source.kind: source for source in sources}
        for area in AREAS:
            for source in sources:
                if source.kind in area.kinds:
                    assert set(source.needs) <= set(area.kinds) & set(by_kind)


def test_what_is_expected() -> None:
    """Expects what the configuration says, and nothing secret is in it."""
    keycloak = platform(client_secret=SECRET, realm="other", issuer="https://i", base_path="/auth").expected().keycloak
    assert keycloak is not None
    assert (keycloak.url, keycloak.realm, keycloak.issuer, keycloak.base_path) == (URL, "other", "https://i", "/auth")
    assert (keycloak.algorithm, keycloak.algorithm_assumed) == ("RS256", True)
    assert keycloak.secret_origin == "the setting client_secret"
    assert SECRET not in repr(keycloak)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_configured_algorithm(algorithm: str) -> None:
    """Tells an algorithm that somebody configured from the one that is assumed, also where both are the same."""
    keycloak = platform(algorithm=algorithm).expected().keycloak
    assert keycloak is not None
    assert (keycloak.algorithm, keycloak.algorithm_assumed) == (algorithm, False)


def test_known_secrets(tmp_path: Path) -> None:
    """Knows each secret, bare, by the client it belongs to, and which names are no secret."""
    (tmp_path / "admin").write_text("other-s3cr3t\n")
    one = platform(client_secret=SECRET, admin={"client_secret_file": str(tmp_path / "admin")})
    known = {secret.name: secret.value.strip() for secret in one.known_secrets()}
    assert known == {"secret of volaticloud-api": SECRET, "secret of volati-admin": "other-s3cr3t"}
    assert one.ordinary_names() == ("volaticloud", "volaticloud-api")
    assert platform(client_secret="").known_secrets() == ()


async def test_nothing_secret_in_its_repr() -> None:
    """Shows no secret in the repr of what it opens."""
    one = platform(client_secret=SECRET)
    async with one.opened("r1", marks()) as view:
        assert SECRET not in repr(one) + repr(view) + repr(vars(view.session)) + repr(view.diagnosis())


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_ca_file_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    """Names the file, why it cannot be used, and what it should hold."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=r"ca_file .*ca\.pem cannot be used: .*PEM certificates"):
        platform(ca_file=str(path))


def test_fingerprints() -> None:
    """Gives the same text for the same secret and key, another for another, and nothing of the secret."""
    one, other = fingerprints(b"key"), fingerprints(b"other key")
    assert one(SECRET) == one(SECRET)
    assert len({one(SECRET), one(SECRET + "\n"), one(""), other(SECRET)}) == 4
    assert len(one(SECRET)) == 12
    assert one(SECRET) not in SECRET


async def reached(one: Platform) -> Reached:
    """What one run of this environment sees of the connection."""
    async with one.opened("r1", marks()) as view:
        (source,) = (source for source in view.diagnosis() if source.kind is KeycloakReach)
        seen = await source.observe(Seen({}))
    assert isinstance(seen, KeycloakReach)
    return seen.reached


@pytest.mark.parametrize("path", ["", "/auth"])
def test_an_address_with_its_path(path: str) -> None:
    """Expects an address that ends in /auth at its root, with that base path."""
    keycloak = platform(url=f"{URL}{path}").expected().keycloak
    assert keycloak is not None
    assert (keycloak.url, keycloak.base_path) == (URL, path or None)


async def test_requests_with_its_path() -> None:
    """Asks for a realm of an address that ends in /auth below that path, once."""
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"realm": "volaticloud"})

    async with answering(handler) as url, platform(url=f"{url}/auth").opened("r1", marks()) as view:
        (source,) = (source for source in view.diagnosis() if source.kind is KeycloakRealm)
        await source.observe(Seen({}))
    assert sorted(asked) == ["/auth/realms/volaticloud", "/realms/volaticloud"]


async def test_a_subject_is_no_name(tmp_path: Path) -> None:
    """Refuses a certificate that names the host in its subject alone, as the platform's own client does."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown = signed.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "ca.pem").write_bytes(shown)
    (tmp_path / "server.pem").write_bytes(shown + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")

    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    async with answering(handler, context) as url:
        trusting = platform(url=url.replace("127.0.0.1", "localhost"), ca_file=str(tmp_path / "ca.pem"))
        found = await reached(trusting)
    assert found.failure is not None
    assert found.failure.name_refused


async def test_patience() -> None:
    """Gives its patience to every look: a handshake that never comes ends with it."""
    async with talking(silent, "https") as url:
        settings = EnvironmentSettings.model_validate({"keycloak": {"url": url}})
        found = await reached(Platform("production", settings, fingerprints(b"key"), patience=0.2))
    assert found.failure is not None
    assert (found.failure.stage, found.failure.timed_out) == (Stage.TLS, True)


@pytest.mark.parametrize(
    ("context", "begins"),
    [("", "kubectl"), ("live", "kubectl --context live"), ("a; b", "kubectl --context 'a; b'")],
)
def test_commands_name_the_context(context: str, begins: str) -> None:
    """Begins every command for the cluster with its context, quoted, where one is configured."""
    settings = EnvironmentSettings.model_validate({"kubernetes": {"context": context}})
    cluster = Platform("production", settings, fingerprints(b"key")).expected().cluster
    assert cluster is not None
    assert cluster.kubectl == begins


def test_commands_name_the_authority() -> None:
    """Hands the cluster's private authority on to the commands that findings show."""
    settings = EnvironmentSettings.model_validate({"kubernetes": {"ca_file": certifi.where()}})
    cluster = Platform("production", settings, fingerprints(b"key")).expected().cluster
    assert cluster is not None
    assert cluster.ca_file == certifi.where()


async def test_hands() -> None:
    """Opens hands on the cluster of an environment; what they read of logs is without the secrets that are known."""
    looking = marks()
    async with SimulatedCluster() as cluster:
        settings = EnvironmentSettings.model_validate({"kubernetes": {"kubeconfig": str(cluster.kubeconfig())}})
        async with Platform("production", settings, fingerprints(b"key")).hands(looking) as hands:
            assert (hands.environment, hands.expected.backend.name) == ("production", "volaticloud-backend")
            pods = await hands.cluster.listed(Kind.POD, "volaticloud")
            name = next(one["metadata"]["name"] for one in pods if "backend" in one["metadata"]["name"])
            asked = LogAsked(Name("volaticloud", name), "volaticloud")
            word = max(" ".join((await hands.cluster.log(asked)).lines).split(), key=len)
            looking.redactor.learn(KnownSecret("a word", word))
            masked = await hands.cluster.log(asked)
    assert masked.lines
    assert word not in " ".join(masked.lines)


async def test_no_hands() -> None:
    """Says which setting is missing where there is nothing to act on, of each for itself."""
    async with Platform("production", EnvironmentSettings(), fingerprints(b"key")).hands(marks()) as hands:
        for what, setting in {"cluster": "kubernetes", "expected": "kubernetes", "database": "postgres"}.items():
            with pytest.raises(CannotAct, match=rf"is configured for production.*environments\.production\.{setting}"):
                getattr(hands, what)


async def test_hands_on_a_database_alone(tmp_path: Path) -> None:
    """Leaves the database to be acted on where the cluster's configuration cannot be used; the cluster says why."""
    document = {"kubernetes": {"kubeconfig": str(tmp_path / "none")}, "postgres": {"host": "db.example.com"}}
    settings = EnvironmentSettings.model_validate(document)
    async with Platform("production", settings, fingerprints(b"key")).hands(marks()) as hands:
        assert hands.database is hands.of_database
        with pytest.raises(CouldNotLookError, match="none"):
            hands.cluster  # noqa: B018 asking is what raises

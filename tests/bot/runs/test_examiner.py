"""Tests of carrying out examinations: against the simulated Keycloak, with and without a memory."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.clock import SystemClock
from bot.errors import StoreUnreachable
from bot.platform.environment import Platform, fingerprints
from bot.runs.examiner import Examiner, Frame, Order, OrderError
from bot.settings import EnvironmentSettings
from diagnostics.areas.keycloak import AREA
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import KeycloakRegistration, PresentedToken
from diagnostics.evidence.tokens import Signature
from diagnostics.model import Reason, Verdict
from diagnostics.observe import Deadlines, Glimpse
from diagnostics.redaction import Redactor
from diagnostics.runs import Run
from playground.world.backend.login import Identity
from playground.world.backend.server import SimulatedBackend
from playground.world.faults.keycloak import first_registered
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.keycloak.volaticloud import API
from tests.bot.clients.servers import nobody


class FakeStore:
    """Keeps runs in a dictionary; `broken` makes it fail."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, str, str, bytes]] = []
        self.kept: list[bytes] = []
        self.broken = False

    async def save_run(self, environment: str, area: str, run_id: str, document: bytes) -> None:
        """Keep a run."""
        self._check()
        self.runs.append((environment, area, run_id, document))

    async def last_run(self, environment: str, area: str) -> bytes | None:
        """The last run of an area."""
        self._check()
        return next((run[3] for run in reversed(self.runs) if run[:2] == (environment, area)), None)

    async def keep_figures(self, environment: str, area: str, document: bytes) -> None:
        """Keep a run's figures."""
        self._check()
        self.kept.append(document)

    async def figures(self, environment: str, area: str) -> tuple[bytes, ...]:
        """Those of earlier runs."""
        self._check()
        return tuple(self.kept)

    def _check(self) -> None:
        if self.broken:
            raise StoreUnreachable("Redis does not answer.")


@pytest.fixture
async def keycloak() -> AsyncIterator[SimulatedKeycloak]:
    """A sound Keycloak."""
    async with SimulatedKeycloak() as running:
        yield running


def settings(keycloak: SimulatedKeycloak, **more: Any) -> dict[str, Any]:
    admin = {"client_id": keycloak.admin_client_id, "client_secret": keycloak.admin_client_secret}
    return {
        "url": keycloak.url,
        "client_secret": keycloak.client_secret,
        "ca_file": str(keycloak.ca_file),
        "admin": admin,
        **more,
    }


def examiner(keycloak: dict[str, Any], store: FakeStore | None = None, deadlines: Deadlines | None = None) -> Examiner:
    platform = Platform("here", EnvironmentSettings.model_validate({"keycloak": keycloak}), fingerprints(b"key"))
    redactor = Redactor(platform.known_secrets(), platform.ordinary_names())
    frame = Frame(SystemClock(), redactor, deadlines or Deadlines(), "from the test")
    return Examiner({"here": platform}, frame, store)  # type: ignore[arg-type]  # a fake with the two calls it needs


HERE = Order("keycloak", "here")


async def test_the_run_is_kept(keycloak: SimulatedKeycloak) -> None:
    """Saves the run as it was judged, under its environment, area and id."""
    store = FakeStore()
    run = await examiner(settings(keycloak), store).examine(HERE)
    ((environment, area, run_id, document),) = store.runs
    assert (environment, area, run_id) == ("here", "keycloak", run.id)
    assert Run.decode(document).diagnosis == run.diagnosis
    assert Run.decode(document).replayed() == run.diagnosis


async def test_what_changed(keycloak: SimulatedKeycloak) -> None:
    """Names what is not as it was at the run before."""
    own = examiner(settings(keycloak), FakeStore())
    assert (await own.examine(HERE)).diagnosis.changes == ()
    assert (await own.examine(HERE)).diagnosis.changes == ()
    await keycloak.rotate_keys()
    changes = (await own.examine(HERE)).diagnosis.changes
    assert [change.what for change in changes] == ["signing keys"]


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    """A backend without Keycloak and database: it answers all the same."""
    away = "no such thing here"

    async def database() -> str:
        return away

    identity = Identity(lambda: "https://127.0.0.1:9", Path("/dev/null"), lambda: 0.0)
    async with SimulatedBackend(lambda _: identity, database) as running:
        yield running


def outside(backend: SimulatedBackend, store: FakeStore) -> Examiner:
    environment = EnvironmentSettings.model_validate({"backend": backend.environment()})
    frame = Frame(SystemClock(), Redactor(), Deadlines(), "from the test")
    return Examiner({"here": Platform("here", environment, fingerprints(b"key"))}, frame, store)  # type: ignore[arg-type]  # as above


async def test_figures(backend: SimulatedBackend) -> None:
    """Keeps the figures of each run, and judges the next one beside those before, oldest first."""
    store = FakeStore()
    own = outside(backend, store)
    runs = [await own.examine(Order("performance", "here")) for _ in range(3)]
    assert [len(run.context.history) for run in runs] == [0, 1, 2]
    assert runs[2].context.history == tuple(run.past() for run in runs[:2])
    assert Run.decode(store.runs[-1][3]).replayed() == runs[2].diagnosis


@pytest.mark.parametrize("kept", [b"", b"{}", b"nonsense"])
async def test_figures_that_cannot_be_read(backend: SimulatedBackend, kept: bytes) -> None:
    """Goes on without a comparison when earlier figures cannot be read."""
    store = FakeStore()
    store.kept.append(kept)
    assert (await outside(backend, store).examine(Order("performance", "here"))).context.history == ()


@pytest.mark.parametrize("document", [b"", b"{}", b"nonsense"])
async def test_a_run_before_that_cannot_be_read(keycloak: SimulatedKeycloak, document: bytes) -> None:
    """Goes on without a comparison when the run before cannot be read."""
    store = FakeStore()
    store.runs.append(("here", "keycloak", "r0", document))
    run = await examiner(settings(keycloak), store).examine(HERE)
    assert run.diagnosis.changes == ()
    assert len(store.runs) == 2


async def test_without_a_memory(keycloak: SimulatedKeycloak) -> None:
    """Diagnoses all the same when nothing can be remembered."""
    store = FakeStore()
    store.broken = True
    for memory in (None, store):
        assert (await examiner(settings(keycloak), memory).examine(HERE)).diagnosis.verdict is Verdict.HEALTHY


async def test_glimpses(keycloak: SimulatedKeycloak) -> None:
    """Tells of every source it announced, first that it looks, then what it saw."""
    told: list[Glimpse] = []
    own = examiner(settings(keycloak))
    await own.examine(HERE, told.append)
    seen = {glimpse.kind for glimpse in told if glimpse.found}
    assert seen <= set(own.kinds(HERE))
    assert {glimpse.kind for glimpse in told if glimpse.found is None} == seen


def test_announced_kinds() -> None:
    """Announces what it will look at; what writes only in a deep run."""
    own = examiner({"url": nobody()})
    assert own.kinds(HERE) == (*AREA.requires, *AREA.optional)
    assert own.kinds(Order("keycloak", "here", deep=True)) == AREA.kinds


@pytest.mark.parametrize(
    ("order", "says"),
    [
        (
            Order("moon", "here"),
            "There is no area 'moon'; there are: server, graphql, database, performance, keycloak, network",
        ),
        (Order("why", "here"), "There is no area 'why'"),
        (Order("x" * 5000, "here"), "There is no area 'xxxx"),
        (Order("keycloak", "there"), "There is no environment 'there'; the settings name: here."),
    ],
)
async def test_an_order_for_what_is_not_there(order: Order, says: str) -> None:
    """Says what there is when something else was asked for."""
    with pytest.raises(OrderError) as caught:
        await examiner({"url": nobody()}).examine(order)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 300


async def test_deep(keycloak: SimulatedKeycloak) -> None:
    """Registers a probe in a deep run, and leaves nothing behind."""
    before = resources(keycloak)
    run = await examiner(settings(keycloak)).examine(Order("keycloak", "here", deep=True))
    assert run.diagnosis.verdict is Verdict.HEALTHY
    registration = run.seen()[KeycloakRegistration]
    assert registration.deleted is not None
    assert resources(keycloak) == before


def resources(keycloak: SimulatedKeycloak) -> list[str]:
    realm = keycloak.state.realm
    client = realm.client(API) if realm else None
    assert client is not None
    assert client.authorization is not None
    return sorted(client.authorization.resources)


def alices_bot(keycloak: SimulatedKeycloak) -> str:
    realm = keycloak.state.realm
    client = realm.client(API) if realm else None
    assert client is not None
    assert client.authorization is not None
    thing = first_registered(client.authorization)
    assert thing is not None
    return thing.id


@pytest.mark.parametrize(
    ("user", "action", "resource", "cause", "verdict"),
    [
        ("alice", "view", "", "why.granted", Verdict.HEALTHY),
        ("bob", "view", "", "why.denied", Verdict.DOWN),
        ("mallory", "view", "", "why.user-disabled", Verdict.DOWN),
        ("nobody", "view", "", "why.user-missing", Verdict.DOWN),
        ("alice", "fly", "", "why.action-unknown", Verdict.DOWN),
        ("alice", "view", "nothing", "why.resource-missing", Verdict.DOWN),
        ("../../clients", "view", "../../resource_set?deep=true", "why.user-missing", Verdict.DOWN),
    ],
)
async def test_why(  # noqa: PLR0913, PLR0917 one parameter for each part of a question and its answer
    keycloak: SimulatedKeycloak, user: str, action: str, resource: str, cause: str, verdict: Verdict
) -> None:
    """Walks through a permission question to its reason."""
    question = Question(user, action, resource or alices_bot(keycloak))
    run = await examiner(settings(keycloak)).explain_permission(question, "here")
    assert run.diagnosis.verdict is verdict
    assert cause in [one.id for one in run.diagnosis.causes]


async def test_why_without_an_admin(keycloak: SimulatedKeycloak) -> None:
    """Says what it could not see without an admin client, instead of guessing."""
    question = Question("alice", "view", alices_bot(keycloak))
    run = await examiner(settings(keycloak, admin=None)).explain_permission(question, "here")
    assert run.diagnosis.verdict is Verdict.UNKNOWN
    lacks = {lack.what: lack.reason for lack in run.diagnosis.unobserved}
    assert lacks["the admin client's login"] is Reason.NOT_CONFIGURED


async def token_of(keycloak: SimulatedKeycloak, user: str) -> str:
    form = {
        "grant_type": "password",
        "client_id": keycloak.client_id,
        "client_secret": keycloak.client_secret,
        "username": user,
        "password": keycloak.passwords[user],
    }
    url = f"{keycloak.url}/realms/{keycloak.realm}/protocol/openid-connect/token"
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=keycloak.ca_file)) as client:
        return str((await client.post(url, data=form)).json()["access_token"])


async def test_a_valid_token(keycloak: SimulatedKeycloak) -> None:
    """Finds nothing wrong with a fresh token, and keeps neither the token nor the run."""
    store = FakeStore()
    token = await token_of(keycloak, "alice")
    run = await examiner(settings(keycloak), store).explain_token(token, "here")
    assert run.diagnosis.verdict is Verdict.HEALTHY
    assert run.seen()[PresentedToken].token.username == "alice"
    assert run.seen()[PresentedToken].signature is Signature.VALID
    assert store.runs == []
    assert token.rpartition(".")[0] not in run.encode().decode()


async def test_a_changed_token(keycloak: SimulatedKeycloak) -> None:
    """Says of a token that was changed that its signature is wrong."""
    header, claims, signature = (await token_of(keycloak, "alice")).split(".")
    forged = f"{header}.{claims}.{signature[:10]}{'A' * 20}{signature[30:]}"
    run = await examiner(settings(keycloak)).explain_token(forged, "here")
    assert [cause.id for cause in run.diagnosis.causes] == ["token.signature-wrong"]


async def test_what_is_no_token(keycloak: SimulatedKeycloak) -> None:
    """Refuses what is no token, asks nobody about it, and repeats none of it."""
    with pytest.raises(OrderError, match=r"^This is not a token: .*\.$") as caught:
        await examiner(settings(keycloak)).explain_token("s3cr3t-words", "here")
    assert "s3cr3t" not in str(caught.value)
    assert list(keycloak.asked) == []


async def test_cancelled(keycloak: SimulatedKeycloak) -> None:
    """Stops looking when it is cancelled, and saves nothing."""
    await keycloak.switch_on("hanging")
    store = FakeStore()
    asked = asyncio.Event()

    def tell(_: Glimpse) -> None:
        asked.set()

    task = asyncio.create_task(examiner(settings(keycloak), store).examine(HERE, tell))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.runs == []


async def test_a_short_run(keycloak: SimulatedKeycloak) -> None:
    """Says within the run's deadline what it could not see."""
    await keycloak.switch_on("hanging")
    run = await examiner(settings(keycloak), deadlines=Deadlines(source=9, run=0.3)).examine(HERE)
    assert run.diagnosis.verdict is Verdict.UNKNOWN
    assert {lack.reason for lack in run.diagnosis.unobserved if lack.required} == {Reason.TIMEOUT}

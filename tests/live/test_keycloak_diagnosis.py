"""The bot's own diagnosis against a real Keycloak, and the same against the simulated one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from bot.bootstrap import Services, open_services
from bot.runs.examiner import Order
from bot.settings import parse
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import KeycloakRegistration
from diagnostics.model import Verdict
from diagnostics.runs import Run
from playground.world.keycloak.server import SimulatedKeycloak
from tests.live.keycloak_process import running
from tests.live.keycloak_realm import RealKeycloak

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

Keycloak = RealKeycloak | SimulatedKeycloak

FAULTS = (
    ("healthy", None),
    ("realm-gone", "keycloak.realm-missing"),
    ("realm-disabled", "keycloak.realm-disabled"),
    ("https-required", "keycloak.https-required"),
    ("wrong-client-secret", "keycloak.client-secret-wrong"),
    ("client-disabled", "keycloak.client-disabled"),
    ("client-missing", "keycloak.client-missing"),
    ("service-account-off", "keycloak.service-account-off"),
    ("authorization-services-off", "keycloak.authorization-services-off"),
    ("no-uma-protection", "keycloak.uma-protection-missing"),
    ("lightweight-tokens", "keycloak.token-lightweight"),
    ("remote-management-off", "keycloak.remote-management-off"),
    ("enforcement-disabled", "keycloak.enforcement-disabled"),
    ("enforcement-permissive", "keycloak.enforcement-permissive"),
    ("resource-without-owner", "keycloak.resource-without-owner"),
    ("owner-differs", "keycloak.owner-differs"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["real", "simulated"])
async def keycloak(request: pytest.FixtureRequest) -> AsyncIterator[Keycloak]:
    """A healthy Keycloak, real or simulated."""
    if request.param == "real":
        real: RealKeycloak = request.getfixturevalue("real_keycloak")
        await real.heal()
        yield real
        await real.heal()
        return
    async with SimulatedKeycloak(tls=False) as simulated:
        yield simulated


def settings(url: str, keycloak: Keycloak, folder: Path, **changed: Any) -> dict[str, Any]:
    """Settings of a bot that looks at this Keycloak."""
    admin = {"client_id": keycloak.admin_client_id, "client_secret": keycloak.admin_client_secret}
    block = {
        "url": url,
        "base_path": "",
        "client_id": keycloak.client_id,
        "client_secret": keycloak.client_secret,
        "admin": admin,
        **changed,
    }
    return {"environments": {"live": {"keycloak": block}}, "data_dir": str(folder)}


@asynccontextmanager
async def bot(keycloak: Keycloak, folder: Path, **changed: Any) -> AsyncIterator[Services]:
    """The bot's services, looking at this Keycloak."""
    document = settings(keycloak.url, keycloak, folder, **changed)
    async with open_services(parse(document, "the test"), memory_required=True) as services:
        yield services


def first_cause(run: Run) -> str | None:
    """The id of the cause that is named first."""
    return run.diagnosis.causes[0].id if run.diagnosis.causes else None


@pytest.mark.parametrize(("fault", "expected"), FAULTS, ids=str)
async def test_names_the_fault(keycloak: Keycloak, tmp_path: Path, fault: str, expected: str | None) -> None:
    """It names what is broken first, and nothing when nothing is."""
    await keycloak.heal()
    if expected is not None:
        await keycloak.switch_on(fault)
    async with bot(keycloak, tmp_path) as services:
        run = await services.examiner.examine(Order("keycloak", "live"))
    await keycloak.heal()
    assert first_cause(run) == expected
    assert run.replayed() == run.diagnosis
    if expected is None:
        assert run.diagnosis.verdict is Verdict.HEALTHY
        assert not run.diagnosis.findings


async def test_wrong_base_path(keycloak: Keycloak, tmp_path: Path) -> None:
    """It says so when the platform is configured for a path that is not served."""
    async with bot(keycloak, tmp_path, base_path="/auth") as services:
        run = await services.examiner.examine(Order("keycloak", "live"))
    assert first_cause(run) == "keycloak.wrong-base-path"


async def test_unknown_realm(keycloak: Keycloak, tmp_path: Path) -> None:
    """It says so when the realm of the settings does not exist."""
    async with bot(keycloak, tmp_path, realm="nowhere") as services:
        run = await services.examiner.examine(Order("keycloak", "live"))
    assert first_cause(run) == "keycloak.realm-missing"


async def test_deep_run_leaves_nothing_behind(keycloak: Keycloak, tmp_path: Path) -> None:
    """It registers, reads and removes its probe, and the same resources are there as before."""
    async with bot(keycloak, tmp_path) as services:
        before = await services.examiner.examine(Order("keycloak", "live"))
        deep = await services.examiner.examine(Order("keycloak", "live", deep=True))
        after = await services.examiner.examine(Order("keycloak", "live"))
    probe = deep.seen()[KeycloakRegistration]
    assert [getattr(step, "status", None) for step in (probe.created, probe.read, probe.deleted)] == [201, 200, 204]
    assert deep.diagnosis.verdict is Verdict.HEALTHY
    assert before.evidence["keycloak.resources"] == after.evidence["keycloak.resources"]


@pytest.mark.parametrize(
    ("user", "action", "resource", "verdict", "cause"),
    [
        ("alice", "view", "Alice's grid bot", Verdict.HEALTHY, "why.granted"),
        ("bob", "view", "Alice's grid bot", Verdict.DOWN, "why.denied"),
        ("nobody", "view", "Alice's grid bot", Verdict.DOWN, "why.user-missing"),
        ("mallory", "view", "Alice's grid bot", Verdict.DOWN, "why.user-disabled"),
        ("alice", "fly", "Alice's grid bot", Verdict.DOWN, "why.action-unknown"),
        ("alice", "view", "No such bot", Verdict.DOWN, "why.resource-missing"),
    ],
)
async def test_why(  # noqa: PLR0913, PLR0917 one parameter for each column of the table
    keycloak: Keycloak, tmp_path: Path, user: str, action: str, resource: str, verdict: Verdict, cause: str
) -> None:
    """It walks a permission question to its answer."""
    name = await _name(keycloak, tmp_path, resource)
    async with bot(keycloak, tmp_path) as services:
        run = await services.examiner.explain_permission(Question(user, action, name), "live")
    assert (run.diagnosis.verdict, first_cause(run)) == (verdict, cause)


async def test_why_by_the_name_people_see(keycloak: Keycloak, tmp_path: Path) -> None:
    """It finds a resource by its display name, which Keycloak itself cannot search for."""
    async with bot(keycloak, tmp_path) as services:
        granted = await services.examiner.explain_permission(Question("alice", "view", "Alice's grid bot"), "live")
        denied = await services.examiner.explain_permission(Question("bob", "view", "alice's GRID bot"), "live")
    assert (first_cause(granted), first_cause(denied)) == ("why.granted", "why.denied")


async def test_stopped_server(real_keycloak: RealKeycloak, tmp_path: Path) -> None:
    """It says that nothing listens, after a server that answered has been stopped."""
    async with _second_server() as url:
        document = settings(url, real_keycloak, tmp_path, realm="master")
        async with open_services(parse(document, "the test"), memory_required=True) as services:
            answering = await services.examiner.examine(Order("keycloak", "live"))
    async with open_services(parse(document, "the test"), memory_required=True) as services:
        stopped = await services.examiner.examine(Order("keycloak", "live"))
    assert (first_cause(answering), first_cause(stopped)) == ("keycloak.client-missing", "keycloak.refused")


@asynccontextmanager
async def _second_server() -> AsyncIterator[str]:
    """The address of a real Keycloak of this test's own, stopped at the end of the block."""
    server = running()
    started = await asyncio.to_thread(server.__enter__)
    try:
        yield started.url
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)


async def _name(keycloak: Keycloak, folder: Path, shown: str) -> str:
    """The id under which the resource with this display name is registered; the name itself when there is none."""
    async with bot(keycloak, folder) as services:
        run = await services.examiner.examine(Order("keycloak", "live"))
    resources = msgspec.json.decode(run.evidence["keycloak.resources"].evidence)["resources"]
    return next((one["id"] for one in resources if one["name"] == shown), shown)

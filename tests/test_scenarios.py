"""Tests of every scenario of the playground: each fault gives its own cause, live and replayed."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.examiner import Examiner, Frame, Order
from bot.platform import Platform, fingerprints
from bot.settings import EnvironmentSettings
from diagnostics.model import Diagnosis, Reason, Verdict
from diagnostics.observe import Deadlines
from diagnostics.redaction import Redactor
from diagnostics.runs import Run
from playground.world.docker.server import SimulatedDocker
from playground.world.faults.model import Fault
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.platform import FAULTS, SimulatedPlatform

#: These take their time, so each gets a world of its own, beside the one in which the others follow one another.
PATIENT = ("slow", "hanging", "login-hanging", "protection-hanging")
#: The part of its own slowness that a slow world keeps: 2 s become 1.1 s, still above the limit of 1 s.
HASTE = 0.55
#: Where Keycloak itself serves as it should.
HARMLESS = ("healthy", "keycloak-log-errors")
#: What a fault hides beside what depends on it.
HIDDEN: dict[str, set[tuple[str, Reason]]] = {
    "realm-disabled": {("the admin client's login", Reason.REFUSED)},
    "https-required": {("the admin client's login", Reason.REFUSED)},
    "login-hanging": {("the admin client's login", Reason.TIMEOUT)},
}


@dataclass(frozen=True)
class Seen:
    """What became of one scenario: the run as it was saved, and the diagnosis judged again from it."""

    run: Run
    replayed: Diagnosis

    @property
    def live(self) -> Diagnosis:
        """The diagnosis as it was given."""
        return self.run.diagnosis


async def hurried(seconds: float) -> None:
    """Wait a part of the time."""
    await asyncio.sleep(seconds * HASTE)


@asynccontextmanager
async def world() -> AsyncIterator[SimulatedPlatform]:
    """A simulated platform that hurries."""
    async with SimulatedKeycloak(sleep=hurried) as keycloak, SimulatedDocker() as docker:
        yield SimulatedPlatform(keycloak, docker)


async def examined(simulated: SimulatedPlatform) -> Seen:
    settings = EnvironmentSettings.model_validate(simulated.environment())
    platform = Platform("playground", settings, fingerprints(b"key"))
    redactor = Redactor(platform.known_secrets(), platform.ordinary_names())
    frame = Frame(SystemClock(), redactor, Deadlines(), "from the test")
    run = await Examiner({"playground": platform}, frame, None).examine(Order("keycloak", "playground"))
    saved = Run.decode(redactor.value(run).encode())
    return Seen(run, saved.replayed())


async def one_after_another(names: Iterable[str]) -> dict[str, Seen]:
    async with world() as simulated:
        found = {}
        for name in names:
            await simulated.heal()
            await simulated.switch_on(name)
            found[name] = await examined(simulated)
        return found


async def all_scenarios() -> dict[str, Seen]:
    quick = [fault.name for fault in FAULTS if fault.name not in PATIENT]
    groups = [quick, *([name] for name in PATIENT)]
    found = await asyncio.gather(*(one_after_another(group) for group in groups))
    return {name: seen for part in found for name, seen in part.items()}


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Seen]:
    """Every scenario, examined once."""
    return asyncio.run(all_scenarios())


every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@every_fault
def test_its_own_cause(scenarios: dict[str, Seen], fault: Fault[Any]) -> None:
    """Names the fault's own cause first, and nothing at all in the healthy world."""
    causes = [cause.id for cause in scenarios[fault.name].live.causes]
    assert causes[:1] == ([fault.expect] if fault.expect else [])


@every_fault
def test_one_fault_one_cause(scenarios: dict[str, Seen], fault: Fault[Any]) -> None:
    """Explains every other finding by that cause: one fault was switched on."""
    assert len(scenarios[fault.name].live.causes) == (1 if fault.expect else 0)


@every_fault
def test_its_verdict(scenarios: dict[str, Seen], fault: Fault[Any]) -> None:
    """Ends with 1 for a fault, and with 0 where nothing is wrong with the platform."""
    assert scenarios[fault.name].live.verdict.exit_code == (0 if fault.name in HARMLESS else 1)


@every_fault
def test_replayed(scenarios: dict[str, Seen], fault: Fault[Any]) -> None:
    """Judges the saved run again as it was judged live."""
    seen = scenarios[fault.name]
    assert seen.replayed == seen.live


@every_fault
def test_nothing_else_unseen(scenarios: dict[str, Seen], fault: Fault[Any]) -> None:
    """Sees all there is to see, but for what the fault hides."""
    live = scenarios[fault.name].live
    unseen = {(lack.what, lack.reason) for lack in live.unobserved if lack.reason is not Reason.NOT_ASKED_FOR}
    hidden = {(what, reason) for what, reason in unseen if reason is not Reason.DEPENDS}
    assert hidden <= HIDDEN.get(fault.name, set())
    assert live.verdict is Verdict.DOWN or unseen == set()


@every_fault
def test_advice(scenarios: dict[str, Seen], fault: Fault[Any]) -> None:
    """Says what to do about the fault."""
    live = scenarios[fault.name].live
    assert (not fault.expect) or any(one.cause == fault.expect for one in live.suggestions)


def test_names_are_unique() -> None:
    """Has a name of its own for each scenario, and each but the healthy one owes a finding."""
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert [fault.name for fault in FAULTS if fault.expect is None] == ["healthy"]
    assert len(names) > 12

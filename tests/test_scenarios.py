"""Tests of every scenario of the playground: each fault gives its own cause, live and replayed."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from bot.catalogue import load_catalogue
from bot.clock import SystemClock
from bot.platform.environment import Platform, fingerprints
from bot.runs.examiner import Examiner, Frame, Order
from bot.settings import EnvironmentSettings
from diagnostics.areas import area_named
from diagnostics.judge import Span, judge
from diagnostics.model import Diagnosis, Reason, Verdict
from diagnostics.observe import Deadlines
from diagnostics.redaction import Redactor
from diagnostics.runs import Run
from diagnostics.signatures import Catalogue
from playground.world.docker.server import SimulatedDocker
from playground.world.faults.model import Fault
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.platform import FAULTS, IN_CLUSTER_FAULTS, SimulatedPlatform, running

#: These take their time, so each gets a world of its own, beside the one in which the others follow one another.
PATIENT = ("slow", "hanging", "login-hanging", "protection-hanging")
#: The part of its own slowness that a slow world keeps: 2 s become 1.1 s, still above the limit of 1 s.
HASTE = 0.55
#: Where what is looked at serves as it should.
HARMLESS = (
    "healthy",
    "keycloak-log-errors",
    "graphql-moved",
    "graphql-introspection-off",
    "graphql-config-invalid",
)
IN_CLUSTER_AREAS = ("server", "network", "database", "graphql", "performance")
#: Long enough for a machine on which much else runs; what hangs for good is in the scenarios of Keycloak.
PATIENCE = Deadlines(source=15.0, run=40.0)
STATEMENT_S = 8.0
#: What a fault hides beside what depends on it.
HIDDEN: dict[str, set[tuple[str, Reason]]] = {
    "realm-disabled": {("the admin client's login", Reason.REFUSED)},
    "https-required": {("the admin client's login", Reason.REFUSED)},
    "graphql-keycloak-down": {("what is behind the login of the GraphQL endpoint", Reason.REFUSED)},
    "graphql-keycloak-unavailable": {("what is behind the login of the GraphQL endpoint", Reason.REFUSED)},
    "autoscaler-without-metrics": {("what pods and nodes use (the metrics server)", Reason.NOT_CONFIGURED)},
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


@cache
def known_errors() -> Catalogue:
    """The packaged catalogue, read once."""
    return load_catalogue()


async def hurried(seconds: float) -> None:
    """Wait a part of the time."""
    await asyncio.sleep(seconds * HASTE)


@asynccontextmanager
async def world() -> AsyncIterator[SimulatedPlatform]:
    """A simulated platform that hurries."""
    async with SimulatedKeycloak(sleep=hurried) as keycloak, SimulatedDocker() as docker:
        yield SimulatedPlatform(keycloak, docker)


def patient(environment: dict[str, Any]) -> dict[str, Any]:
    """The same, where a question to PostgreSQL may take longer: the machine may be busy with much else."""
    postgres = environment.get("postgres")
    return {**environment, "postgres": {**postgres, "statement_timeout": STATEMENT_S}} if postgres else environment


async def examined(simulated: SimulatedPlatform, area: str) -> Seen:
    settings = EnvironmentSettings.model_validate(patient(simulated.environment()))
    platform = Platform("playground", settings, fingerprints(b"key"))
    redactor = Redactor(platform.known_secrets(), platform.ordinary_names())
    deadlines = Deadlines() if area == "keycloak" else PATIENCE
    frame = Frame(SystemClock(), redactor, deadlines, "from the test", known_errors)
    run = await Examiner({"playground": platform}, frame, None).examine(Order(area, "playground"))
    saved = Run.decode(redactor.value(run).encode())
    return Seen(run, saved.replayed())


async def one_after_another(faults: Iterable[Fault[Any]], simulated: SimulatedPlatform) -> dict[str, Seen]:
    found = {}
    for fault in faults:
        await simulated.heal()
        await simulated.switch_on(fault.name)
        await simulated.ripe()
        found[fault.name] = await examined(simulated, fault.area)
    return found


async def of_keycloak(faults: Iterable[Fault[Any]]) -> dict[str, Seen]:
    async with world() as simulated:
        return await one_after_another(faults, simulated)


async def of_the_cluster() -> dict[str, Seen]:
    async with running(cluster=True) as simulated:
        return {
            **await one_after_another(IN_CLUSTER_FAULTS, simulated),
            **{f"sound {area}": await sound(simulated, area) for area in IN_CLUSTER_AREAS},
        }


async def sound(simulated: SimulatedPlatform, area: str) -> Seen:
    await simulated.heal()
    await simulated.ripe()
    return await examined(simulated, area)


async def all_scenarios() -> dict[str, Seen]:
    others = [fault for fault in FAULTS if fault not in IN_CLUSTER_FAULTS]
    quick = [fault for fault in others if fault.name not in PATIENT]
    groups = [quick, *([fault] for fault in others if fault.name in PATIENT)]
    found = await asyncio.gather(*(of_keycloak(group) for group in groups))
    # Not at the same time: the cluster computes on this loop when a fault is switched on, and Keycloak would seem slow.
    found.append(await of_the_cluster())
    return {name: seen for part in found for name, seen in part.items()}


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Seen]:
    """Every scenario, examined once."""
    return asyncio.run(all_scenarios())


#: All scenarios are examined by the first test, for as long as that takes on a machine on which much else runs.
pytestmark = pytest.mark.timeout(600)
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
    assert live.verdict is Verdict.DOWN or unseen == hidden


@every_fault
def test_advice(scenarios: dict[str, Seen], fault: Fault[Any]) -> None:
    """Says what to do about the fault."""
    live = scenarios[fault.name].live
    assert (not fault.expect) or any(one.cause == fault.expect for one in live.suggestions)


@pytest.mark.parametrize("area", IN_CLUSTER_AREAS)
def test_a_sound_cluster(scenarios: dict[str, Seen], area: str) -> None:
    """Finds nothing at all in a sound cluster, and sees all that can be seen."""
    live = scenarios[f"sound {area}"].live
    unseen = [lack for lack in live.unobserved if lack.reason is not Reason.NOT_ASKED_FOR]
    assert (live.verdict, live.findings, unseen) == (Verdict.HEALTHY, (), [])


@every_fault
def test_without_its_check(scenarios: dict[str, Seen], fault: Fault[Any]) -> None:
    """Does not answer right any more without the check that owes the answer."""
    run = scenarios[fault.name].run
    area = area_named(run.diagnosis.area)
    assert area is not None
    lame = replace(area, checks=tuple(check for check in area.checks if check.id != fault.expect))
    found = judge(lame, "playground", run.seen(), run.context, Span(run.diagnosis.started_at, 1))
    assert (found.causes[:1] == run.diagnosis.causes[:1]) is (fault.expect is None)


def test_names_are_unique() -> None:
    """Has a name of its own for each scenario, and each but the healthy one owes a finding."""
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert [fault.name for fault in FAULTS if fault.expect is None] == ["healthy"]
    assert len(names) > 12

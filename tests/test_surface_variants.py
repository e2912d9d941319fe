"""Tests of healthy platforms seen from outside: other paths, schemas, speeds and clusters, and life going on there."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.platform.environment import Platform, fingerprints
from bot.runs.examiner import Examiner, Frame, Order
from bot.settings import EnvironmentSettings
from diagnostics.model import Diagnosis, Verdict
from diagnostics.observe import Deadlines
from diagnostics.redaction import Redactor
from playground.world.backend.state import BackendState
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.kubernetes.variants import variant
from playground.world.platform import backend_of
from playground.world.surroundings import ClusterAndSurroundings
from tests.test_variants import known_errors

SEEDS = range(24)
AREAS = ("graphql", "performance")
#: Long enough for a machine on which much else runs.
PATIENCE = Deadlines(source=15.0, run=40.0)


def sound(dice: random.Random) -> BackendState:
    """A backend that is well: quick or not so quick, at one path or the other."""
    return BackendState(prefix=dice.choice(("", "/gateway/v1")), delay_s=dice.choice((0.0, 0.005, 0.08)))


def settings(backend: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """How it may be configured: with an expected schema or without, with few samples or many."""
    without = {} if dice.random() < 0.7 else {"schema_file": None}
    return {**backend, **without, "samples": dice.randint(1, 6)}


async def examined(seed: int) -> dict[str, Diagnosis]:
    dice = random.Random(seed)  # noqa: S311 a play
    async with (
        SimulatedKeycloak() as keycloak,
        ClusterAndSurroundings(
            keycloak.client_secret, lambda values, authority: variant(seed, values, authority)
        ) as around,
        backend_of(keycloak, around, sound(dice)) as backend,
    ):
        environment = {
            "keycloak": {
                "url": keycloak.url,
                "client_secret": keycloak.client_secret,
                "ca_file": str(keycloak.ca_file),
            },
            "kubernetes": around.environment(),
            "backend": settings(backend.environment(), dice),
        }
        await around.database.ready()  # it starts when it is first asked for, which a busy machine takes seconds for
        platform = Platform("playground", EnvironmentSettings.model_validate(environment), fingerprints(b"key"))
        frame = Frame(SystemClock(), Redactor(), PATIENCE, "from the test", known_errors)
        examiner = Examiner({"playground": platform}, frame, None)
        runs = [await examiner.examine(Order(area, "playground")) for area in AREAS]
    return {run.diagnosis.area: run.diagnosis for run in runs}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_healthy_variant(seed: int) -> None:
    """Finds nothing wrong in a platform that is well, however it looks, and sees all of it that is configured."""
    for area, found in asyncio.run(examined(seed)).items():
        assert [(one.id, one.summary) for one in found.findings] == []
        unseen = [one for one in found.unobserved if one.reason.counts]
        assert (area, found.verdict, unseen) == (area, Verdict.HEALTHY, [])


def test_variants_differ(tmp_path: Path) -> None:
    """Looks at variants that differ in every way they can."""
    made = [random.Random(seed) for seed in SEEDS]  # noqa: S311 a play
    states = [sound(dice) for dice in made]
    configured = [settings({"schema_file": str(tmp_path)}, dice) for dice in made]
    assert len({(state.prefix, state.delay_s) for state in states}) == 6
    assert {one["schema_file"] is None for one in configured} == {True, False}
    assert {one["samples"] for one in configured} == set(range(1, 7))

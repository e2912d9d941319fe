"""Tests of healthy platforms in fifty variants: other names, counts, ages, rolling updates, drains, finished jobs."""

import asyncio
from functools import cache

import pytest

from bot.catalogue import load_catalogue
from bot.clock import SystemClock
from bot.platform.environment import Platform, fingerprints
from bot.runs.examiner import Examiner, Frame, Order
from bot.settings import EnvironmentSettings
from diagnostics.model import Diagnosis, Verdict
from diagnostics.observe import Deadlines
from diagnostics.redaction import Redactor
from diagnostics.signatures import Catalogue
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.plane import name_of
from playground.world.kubernetes.variants import variant
from playground.world.surroundings import ClusterAndSurroundings

SEEDS = range(50)
#: Long enough for a machine on which much else runs.
PATIENCE = Deadlines(source=15.0, run=40.0)


@cache
def known_errors() -> Catalogue:
    return load_catalogue()


async def examined(seed: int) -> dict[str, Diagnosis]:
    """Both areas of the cluster, over every namespace there is."""
    around = ClusterAndSurroundings("s3cr3t", lambda values, authority: variant(seed, values, authority))
    async with around:
        spaces = [name_of(one) for one in around.cluster.world.store.listed(kind_named("Namespace"))]
        kubernetes = {**around.environment(), "namespaces": spaces}
        settings = EnvironmentSettings.model_validate({"kubernetes": kubernetes})
        platform = Platform("playground", settings, fingerprints(b"key"))
        frame = Frame(SystemClock(), Redactor(), PATIENCE, "from the test", known_errors)
        examiner = Examiner({"playground": platform}, frame, None)
        runs = [await examiner.examine(Order(area, "playground")) for area in ("server", "network")]
    return {run.diagnosis.area: run.diagnosis for run in runs}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_healthy_variant(seed: int) -> None:
    """Finds nothing wrong in a platform that is well, however it looks, and sees all of it."""
    for area, found in asyncio.run(examined(seed)).items():
        assert (area, found.verdict, found.unobserved) == (area, Verdict.HEALTHY, ())
        assert [(one.id, one.summary) for one in found.findings] == []

"""Tests of a cluster that is seen in part: missing rights, a server that hangs, refuses, fails, dies between pages."""

import asyncio
from functools import cache
from typing import Any

import pytest

from bot.catalogue import load_catalogue
from bot.clock import SystemClock
from bot.platform.environment import Platform, fingerprints
from bot.runs.examiner import Examiner, Frame, Order
from bot.settings import EnvironmentSettings
from diagnostics.model import Diagnosis, Reason, Verdict
from diagnostics.observe import Deadlines
from diagnostics.redaction import Redactor
from diagnostics.signatures import Catalogue
from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.faults.model import named
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.trouble import Trouble
from playground.world.surroundings import ClusterAndSurroundings


@cache
def known_errors() -> Catalogue:
    return load_catalogue()


async def diagnosed(around: ClusterAndSurroundings, area: str) -> Diagnosis:
    settings = EnvironmentSettings.model_validate({"kubernetes": around.environment()})
    platform = Platform("playground", settings, fingerprints(b"key"))
    frame = Frame(SystemClock(), Redactor(), Deadlines(15.0, 40.0), "from the test", known_errors)
    return (await Examiner({"playground": platform}, frame, None).examine(Order(area, "playground"))).diagnosis


async def in_trouble(trouble: Trouble, area: str = "server", fault: str = "") -> Diagnosis:
    """What is said of a cluster whose server is in trouble, with a fault of the platform's where one is named."""
    async with ClusterAndSurroundings("s3cr3t") as around:
        if fault:
            around.cluster.switch_on(named(KUBERNETES_FAULTS, fault))
            await around.follow()
        around.cluster.server.misbehave(trouble)
        return await diagnosed(around, area)


def lacks(found: Diagnosis) -> dict[str, tuple[Reason, str]]:
    return {one.what: (one.reason, one.detail) for one in found.unobserved}


def test_a_forbidden_namespace() -> None:
    """Judges what it sees, names the right that is missing in the other namespace, and does not call it all healthy."""
    found = asyncio.run(in_trouble(Trouble(forbidden=(Forbidden(("list",), ("pods",), "keycloak"),))))
    reason, detail = lacks(found)["pods in namespace keycloak"]
    assert (found.verdict, reason) == (Verdict.UNKNOWN, Reason.FORBIDDEN)
    assert "The right to list pods in namespace keycloak is missing" in detail
    assert found.findings == ()


WORKLOADS = ("deployments", "replicasets", "statefulsets", "daemonsets", "jobs")


@pytest.mark.parametrize("area", ["server", "network"])
@pytest.mark.parametrize("kinds", [WORKLOADS[:1], WORKLOADS[1:2], WORKLOADS[2:3], WORKLOADS])
def test_workloads_that_may_not_be_listed(kinds: tuple[str, ...], area: str) -> None:
    """Says which right is missing, and neither calls anything missing across the gap nor calls it all healthy."""
    found = asyncio.run(in_trouble(Trouble(forbidden=(Forbidden(("list",), kinds),)), area))
    assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())
    assert any(f"list {kind}." in detail for kind in kinds for _, detail in lacks(found).values())


@pytest.mark.parametrize("kinds", [WORKLOADS[:1], WORKLOADS[1:2], WORKLOADS[2:3], WORKLOADS])
@pytest.mark.parametrize("fault", ["image-tag-missing", "database-refused", "out-of-memory", "unschedulable"])
def test_pods_are_judged_without_their_workloads(fault: str, kinds: tuple[str, ...]) -> None:
    """Names the cause that the pods show, whichever of their makers may not be listed."""
    found = asyncio.run(in_trouble(Trouble(forbidden=(Forbidden(("list",), kinds),)), "server", fault))
    cause = found.causes[0]
    expected = named(KUBERNETES_FAULTS, fault).expect
    assert (cause.id, str(cause.subject)) == (expected, "deployment volaticloud/volaticloud-backend")
    assert {reason for reason, _ in lacks(found).values()} >= {Reason.FORBIDDEN}


@pytest.mark.parametrize(
    ("trouble", "what", "says"),
    [
        (Trouble(forbidden=(Forbidden(("list",), ("events",)),)), "the cluster's events", "list events in namespace"),
        (Trouble(forbidden=(Forbidden(("list",), ("cronjobs",)),)), "the schedules of jobs", "list cronjobs.batch in"),
        (Trouble(broken=True, paths=("/events",)), "the cluster's events", "failed to list events"),
        (Trouble(throttled_s=60, paths=("/nodes",)), "the nodes", "too busy to list nodes"),
        (Trouble(broken=True, paths=("/secrets/",)), "secret volaticloud-db-secret", "failed to get secrets/"),
    ],
)
def test_the_rest_of_the_verdict_stands(trouble: Trouble, what: str, says: str) -> None:
    """Names the fault that it can see all the same, and what it could not look at, with the reason."""
    found = asyncio.run(in_trouble(trouble, fault="image-tag-missing"))
    told = {name: detail for name, (_, detail) in lacks(found).items()}
    assert found.causes[0].id == "server.image-not-found"
    assert any(name.startswith(what) and says in detail for name, detail in told.items()), told


def test_a_log_that_may_not_be_read() -> None:
    """Tells a crash loop without its log as such, and that the log is what is missing."""
    forbidden = Trouble(forbidden=(Forbidden(("get",), ("pods/log",)),))
    found = asyncio.run(in_trouble(forbidden, fault="database-refused"))
    assert found.verdict is Verdict.DOWN
    assert found.causes[0].id in {"server.crash-loop", "server.database-refused"}
    said = next(detail for what, (_, detail) in lacks(found).items() if what.startswith("the log of container"))
    assert "The right to get pods/log in namespace volaticloud is missing" in said


@pytest.mark.parametrize(
    ("trouble", "reason"), [(Trouble(broken=True), Reason.FAILED), (Trouble(throttled_s=60), Reason.REFUSED)]
)
def test_a_server_that_cannot_be_asked(trouble: Trouble, reason: Reason) -> None:
    """Says of both areas that they could not be judged, and why; it never calls them healthy, and never at fault."""
    for area in ("server", "network"):
        found = asyncio.run(in_trouble(trouble, area))
        assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())
        assert reason in {why for why, _ in lacks(found).values()}


def test_a_server_that_is_down() -> None:
    """Says which server cannot be reached, for both areas alike."""

    async def looked() -> list[Diagnosis]:
        async with ClusterAndSurroundings("s3cr3t") as around:
            await around.cluster.server.hush()
            return [await diagnosed(around, area) for area in ("server", "network")]

    for found in asyncio.run(looked()):
        assert found.verdict is Verdict.UNKNOWN
        assert Reason.UNREACHABLE in {why for why, _ in lacks(found).values()}


def test_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives up in time, and says what was asked for in vain."""
    for module in ("connection", "paging"):
        monkeypatch.setattr(f"bot.clients.kubernetes.{module}.CALL_SECONDS", 0.3)
    found = asyncio.run(in_trouble(Trouble(silent=True)))
    assert found.verdict is Verdict.UNKNOWN
    assert {why for why, _ in lacks(found).values()} <= {Reason.TIMEOUT, Reason.DEPENDS, Reason.NOT_CONFIGURED}


def test_a_server_that_dies_between_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tells nothing of a list of which it saw a part, and judges the rest."""
    monkeypatch.setattr("bot.clients.kubernetes.paging.PAGE", 2)
    found = asyncio.run(in_trouble(Trouble(pages=1, paths=("/pods",))))
    told: Any = lacks(found)
    assert found.verdict is Verdict.UNKNOWN
    assert any(what.startswith(("pods in", "the pods")) for what in told), told
    assert found.findings == ()

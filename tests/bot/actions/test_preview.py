"""Tests of what a plan tells before anybody says yes: whom it hits, the gap in service, what stands against it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.actions.hands import Kind
from bot.actions.preview import BOT_ID, BOT_NAME, PODS_NAMED, downtime, gap, kept_by, live_bot, warnings
from bot.actions.restart import Restart
from bot.actions.surroundings import Surroundings
from bot.actions.targets import Found
from playground.world.kubernetes.kinds import kind_named
from tests.bot.actions.stage import SPACE, Stage

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def workload(kind: Kind, labels: dict[str, str] | None = None, **spec: Any) -> Found:
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "x", "readinessProbe": {"periodSeconds": 10}}]},
    }
    about = {"name": "x", "namespace": SPACE, "uid": "u", "labels": labels or {}}
    status = {"desiredNumberScheduled": 3}
    return Found(kind, {"metadata": about, "spec": {"replicas": 2, "template": template, **spec}, "status": status})


def ready(count: int) -> Surroundings:
    status = {"conditions": [{"type": "Ready", "status": "True"}]}
    about = {"namespace": SPACE, "labels": {}, "creationTimestamp": "2026-01-02T03:04:05Z"}
    return Surroundings(pods=tuple({"metadata": {**about, "name": f"x-{n}"}, "status": status} for n in range(count)))


def rolling(**more: Any) -> dict[str, Any]:
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": more}}


@pytest.mark.parametrize(
    ("found", "serving", "says"),
    [
        (workload(Kind.DEPLOYMENT), 2, "never fewer than 2 pods"),
        (workload(Kind.DEPLOYMENT, replicas=0), 0, "It has no pods just now"),
        (workload(Kind.DEPLOYMENT, replicas=1), 1, "never fewer than 1 pod "),
        (workload(Kind.DEPLOYMENT, replicas=10), 10, "never fewer than 8 pods"),
        (workload(Kind.DEPLOYMENT, **rolling(maxUnavailable=1, maxSurge=0)), 2, "never fewer than 1 pod "),
        (workload(Kind.DEPLOYMENT, **rolling(maxUnavailable=0, maxSurge="0%")), 2, "never fewer than 1 pod "),
        (workload(Kind.DEPLOYMENT, **rolling(maxUnavailable="100%")), 2, "its strategy lets all pods end at once"),
        (workload(Kind.DEPLOYMENT, strategy={"type": "Recreate"}), 2, "its strategy is Recreate"),
        (workload(Kind.DEPLOYMENT), 1, "Only 1 of 2 pods serve now, so that fewer than 2 may be left"),
        (workload(Kind.STATEFUL_SET), 2, "never fewer than 1 pod "),
        (workload(Kind.STATEFUL_SET, replicas=1), 1, "its only pod ends before the new one is ready"),
        (workload(Kind.DAEMON_SET), 3, "never fewer than 2 pods"),
    ],
)
def test_the_gap(found: Found, serving: int, says: str) -> None:
    """Says what those served will notice, from the strategy, the number of pods, and how many serve now."""
    around = ready(serving)
    assert says in downtime(found, around)
    assert bool(gap(found, around)) == ("never fewer" not in says and "no pods" not in says)


def test_a_budget() -> None:
    """Names a budget only where the rollout may go below what it wants."""
    budget = {"metadata": {"name": "guard", "namespace": SPACE}, "status": {"desiredHealthy": 2}, "spec": {}}
    around = Surroundings(budgets=(budget,))
    assert "Disruption budget guard wants at least 2 healthy pods" in warnings(workload(Kind.STATEFUL_SET), around)[0]
    assert warnings(workload(Kind.DEPLOYMENT), around) == ()


def test_partitions_and_probes() -> None:
    """Says that only some pods are replaced, and that nothing tells whether a new one serves."""
    part: dict[str, Any] = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}
    assert "only pods from number 1 on" in warnings(workload(Kind.STATEFUL_SET, **part), Surroundings())[0]
    bare: dict[str, Any] = {"template": {"metadata": {}, "spec": {"containers": [{"name": "x"}]}}}
    assert "no readiness probe" in warnings(workload(Kind.DEPLOYMENT, **bare), Surroundings())[0]


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({}, []),
        ({"app.kubernetes.io/managed-by": "Helm"}, ["Helm (release its release): the next helm upgrade sets it back"]),
        (
            {"app.kubernetes.io/managed-by": "keycloak-operator"},
            ["managed by keycloak-operator, which may set it back"],
        ),
        ({"argocd.argoproj.io/instance": "x"}, ["Argo CD keeps it as its repository says"]),
    ],
)
def test_who_keeps_it(labels: dict[str, str], says: list[str]) -> None:
    """Says who may undo a change by hand, and when."""
    told = list(kept_by(workload(Kind.DEPLOYMENT, labels), "it", ""))
    assert len(told) == len(says)
    assert all(one in line for one, line in zip(says, told, strict=True))


def test_a_bot() -> None:
    """Knows a trading bot by its labels, and says that it does not trade meanwhile."""
    bot = workload(Kind.DEPLOYMENT, {BOT_ID: "7", BOT_NAME: "momentum"})
    assert live_bot(bot) == "momentum"
    assert live_bot(workload(Kind.DEPLOYMENT)) == ""
    assert "It is the trading bot momentum: it does not trade" in warnings(bot, Surroundings())[0]


async def test_bots_beside(here: Stage) -> None:
    """Counts the bots that cannot be steered while the backend restarts, and those of no other workload."""
    spec = {"containers": [{"name": "bot", "image": "freqtradeorg/freqtrade:stable"}]}
    for name in ("one", "two"):
        labels = {BOT_ID: name, "app": "bot"}
        about = {"name": f"volaticloud-bot-{name}", "namespace": SPACE, "labels": labels}
        here.world.store.create(kind_named("Pod"), {"metadata": about, "spec": spec})
    hits = (await here.planned(Restart())).draft.hits
    assert hits[-1] == "2 live bots beside it (one, two): they go on, and cannot be steered meanwhile"
    assert not any("bot" in hit for hit in (await here.planned(Restart(), "dashboard")).draft.hits)


async def test_many_pods(here: Stage) -> None:
    """Names the first pods and counts the rest."""
    here.change("Deployment", "volaticloud-dashboard", lambda thing: thing["spec"].update(replicas=PODS_NAMED + 3))
    here.pass_by(30)
    hits = (await here.planned(Restart(), "dashboard")).draft.hits
    assert len(hits) == PODS_NAMED + 1
    assert hits[-1] == "3 more pods"

"""Cases of the performance area: what is used, autoscalers, response times."""

from dataclasses import replace as replaced
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from diagnostics.areas.performance.database import SHARED, shared_id
from diagnostics.context import Context
from diagnostics.evidence.cluster.machines import Autoscaler, Event, Node
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Condition, Owner
from diagnostics.evidence.cluster.use import ContainerUse, NodeUse, ResourceUse, Scalers, WorkloadUse
from diagnostics.evidence.cluster.workloads import Amounts
from diagnostics.evidence.surface.times import Endpoint, ResponseTimes, Sample, label
from diagnostics.model import Evidence, Figure, Past, Subject
from tests.diagnostics.areas.cases import database
from tests.diagnostics.areas.cases.case import NOW, SILENT, Case
from tests.diagnostics.areas.cases.cluster import BACKEND, NAMESPACE, node
from tests.diagnostics.areas.cases.surface import CONTEXT, GRAPHQL, HEALTH, log

_NAME = Name(NAMESPACE, BACKEND)
_MI = 1 << 20


def use(cpu_m: int = 100, memory: int = 200 * _MI, **facts: Any) -> ResourceUse:
    """The backend with one container that uses so much of 1000m and 512Mi."""
    given: dict[str, Any] = {"requests": Amounts(250, 256 * _MI), "limits": Amounts(1000, 512 * _MI), **facts}
    one = ContainerUse(Name(NAMESPACE, f"{BACKEND}-7d-a"), "volaticloud", Amounts(cpu_m, memory), **given)
    return ResourceUse((WorkloadUse(_NAME, _NAME.subject("Deployment"), (one,), (Subject("node", "node-1"),)),))


def nodes(one: Node, cpu_m: int = 500, memory: int = 1 << 30) -> NodeUse:
    return NodeUse(((one, Amounts(cpu_m, memory)),))


def scaler(*conditions: Condition, current: int = 2, events: tuple[Event, ...] = ()) -> Scalers:
    one = Autoscaler(_NAME, Owner("Deployment", BACKEND), 10, current, conditions, ("cpu 156% of 70%",))
    return Scalers(((one, events),))


def rescaled(up: int, down: int, *, ago: timedelta = timedelta(minutes=10)) -> tuple[Event, ...]:
    about = Owner("HorizontalPodAutoscaler", BACKEND)
    return tuple(
        Event(NAMESPACE, about, "Normal", "SuccessfulRescale", message, NOW, NOW - ago, count)
        for message, count in (
            ("New size: 4; reason: cpu resource utilization above target", up),
            ("New size: 2; reason: All metrics below target", down),
        )
        if count
    )


LIMITED = Condition("ScalingLimited", "True", "TooManyReplicas", "the desired count is more than the maximum")
BLIND = Condition("ScalingActive", "False", "FailedGetResourceMetric", "unable to get metrics for resource cpu")
ASLEEP = Condition("ScalingActive", "False", "ScalingDisabled", "the replica count of the target is zero")
ASTRAY = Condition("AbleToScale", "False", "FailedGetScale", 'deployments.apps "x" not found')


def times(*totals: int, failures: int = 0, status: int = 200, name: str = "health") -> ResponseTimes:
    """An endpoint whose samples took so long, nearly all of it the server's own."""
    samples = tuple(Sample(1, 2, 7, total - 10, 0, status) for total in totals)
    url = HEALTH if name == "health" else GRAPHQL
    return ResponseTimes((Endpoint(name, url, samples, (SILENT,) * failures),))


def two(health: ResponseTimes, graphql: ResponseTimes) -> ResponseTimes:
    return ResponseTimes((*health.endpoints, *graphql.endpoints))


def before(*medians: float) -> Context:
    """A history of runs with these medians of the health endpoint."""
    past = tuple(Past(NOW, (Figure(label("health", "p50"), one),)) for one in medians)
    return replace(CONTEXT, history=past)


def _case(
    id: str, fires: tuple[Evidence, ...], silent: tuple[Evidence, ...], says: str, context: Context = CONTEXT
) -> Case:
    return Case(f"performance.{id}", fires, silent, says, context)


CASES: tuple[Case, ...] = (
    _case("cpu-at-limit", (use(900), use(1000)), (use(899), use(900, limits=Amounts()), ResourceUse()), "throttled"),
    _case(
        "memory-near-limit",
        (use(memory=461 * _MI),),
        (use(memory=460 * _MI), use(memory=999 * _MI, limits=Amounts())),
        "461Mi of the 512Mi memory they may (90 %)",
    ),
    _case(
        "node-pressure",
        (nodes(node(pressure="MemoryPressure")), nodes(node(pressure="DiskPressure"))),
        (nodes(node()), NodeUse()),
        "evicts pods",
    ),
    _case("node-busy", (nodes(node(), 3600), nodes(node(), 1, 8 << 30)), (nodes(node(), 3599), nodes(node(), 1)), "%"),
    _case("autoscaler-no-target", (scaler(ASTRAY),), (scaler(), scaler(LIMITED)), "not found"),
    _case("autoscaler-without-metrics", (scaler(BLIND),), (scaler(ASLEEP), scaler()), "reads no metrics"),
    _case("autoscaler-at-max", (scaler(LIMITED, current=10),), (scaler(LIMITED, current=9), scaler()), "maximum of 10"),
    _case(
        "autoscaler-flapping",
        (scaler(events=rescaled(3, 3)),),
        (
            scaler(events=rescaled(9, 2)),
            scaler(events=rescaled(2, 9)),
            scaler(events=rescaled(3, 3, ago=timedelta(minutes=31))),
        ),
        "up 3 times and down 3 times",
    ),
    _case(
        "endpoint-not-answering",
        (times(failures=5), times(30, 30, status=502)),
        (times(30, failures=4), times(30), ResponseTimes(())),
        "answered",
    ),
    _case("endpoint-unsteady", (times(30, 30, failures=1),), (times(30, 30), times(failures=3)), "1 of 3 requests"),
    _case(
        "endpoint-slow",
        (times(1000, 1000, 30), times(30, 30, 30, 1000, 1000), two(times(30), times(2000, name="GraphQL"))),
        (times(30, 30, 1000), times(999, 999), times(failures=2), times(2000, 2000, status=503)),
        "the wait for the first byte",
    ),
    _case(
        "slower-than-usual",
        (times(150, 150, 150),),
        (times(149, 149), times(1000, 1000), times(failures=3)),
        "3.0 times its usual 50 ms",
        before(50, 50, 50, 50, 50),
    ),
    _case("queries-too-complex", (log("graphql.too-complex"),), (log(), log("graphql.unknown-field")), "too complex"),
    # The database's share: the very cases of its own area.
    *(replaced(case, id=shared_id(case.id)) for case in database.CASES if case.id in {one.id for one in SHARED}),
)

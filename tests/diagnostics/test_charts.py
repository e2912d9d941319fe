"""Tests of which charts a run has: only where its findings are figures, and each told in words too."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from diagnostics.areas import area_named
from diagnostics.charts import BARS, LEAST_RUNS, RUNS, Chart, charts_of
from diagnostics.context import Context
from diagnostics.evidence.cluster.kinds import ClusterPods, ClusterScaling, ClusterUsage, ClusterWorkloads
from diagnostics.evidence.cluster.machines import Usage
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.workloads import Amounts, Revision
from diagnostics.evidence.surface.times import PARTS, ResponseTimes
from diagnostics.judge import Span, judge
from diagnostics.model import Past
from diagnostics.observe import Seen
from diagnostics.runs import Run
from tests.diagnostics.areas.cases.case import NOW
from tests.diagnostics.areas.cases.cluster import BACKEND, NAMESPACE, ago, pod, workload
from tests.diagnostics.areas.cases.performance import times, two
from tests.diagnostics.areas.cases.surface import CONTEXT

REVISION = Revision(Name(NAMESPACE, BACKEND), f"{BACKEND}-7d", 7, ago(600), template_hash="7d")


def run(measured: ResponseTimes, *, pods: int = 2, cpu_m: int = 100, history: int = 0) -> Run:
    """A run of performance with so many pods that use so much each, after so many others."""
    names = [f"{BACKEND}-7d-{number:02d}" for number in range(pods)]
    seen = Seen(
        {
            ClusterPods: ClusterPods(pods=tuple(pod(name=name) for name in names)),
            ClusterWorkloads: ClusterWorkloads(workloads=(workload(),), revisions=(REVISION,)),
            ClusterUsage: ClusterUsage(
                pods=tuple(Usage(name, Amounts(cpu_m, 1 << 20), NAMESPACE, "volaticloud") for name in names)
            ),
            ClusterScaling: ClusterScaling(),
            ResponseTimes: measured,
        }
    )
    before = tuple(
        Past(NOW - timedelta(minutes=15 * number), times(40 + number, 40 + number).figures())
        for number in range(history, 0, -1)
    )
    context: Context = replace(CONTEXT, history=before)
    area = area_named("performance")
    assert area is not None
    diagnosis = judge(area, "production", seen, context, Span(NOW, 5))
    return Run.decode(Run.of("r1", False, context, seen, diagnosis).encode())  # noqa: FBT003 not deep


def test_nothing_to_show() -> None:
    """Has no chart where nothing was found, however much was measured."""
    assert charts_of(run(times(40, 40), history=20)) == ()


def test_use_of_limits() -> None:
    """Shows what each container uses in percent of its limits, with the limit as a line."""
    (chart,) = charts_of(run(times(40, 40), cpu_m=950))
    assert [one.name for one in chart.series] == ["processor", "memory"]
    assert chart.series[0].values == (95.0, 95.0)
    assert chart.line == 100
    assert "processor 95 % of the limit" in chart.alt


def test_bounded() -> None:
    """Shows no more bars than a phone can, and says how many there are."""
    (chart,) = charts_of(run(times(40, 40), pods=30, cpu_m=950))
    assert len(chart.rows) == BARS
    assert "fullest of 30" in chart.alt


def test_response_times() -> None:
    """Shows what the time went into in each of the last runs, this one last."""
    (chart,) = charts_of(run(times(2000, 2000), history=RUNS + 9))
    assert chart.stacked
    assert len(chart.rows) == RUNS
    assert [one.name for one in chart.series] == list(PARTS)
    assert sum(one.values[-1] for one in chart.series) == 2000
    assert "2000 ms in the last run, of which 1990 ms are first byte" in chart.alt


@pytest.mark.parametrize("before", range(LEAST_RUNS - 1))
def test_no_course_yet(before: int) -> None:
    """Shows no course of fewer runs than make one."""
    assert charts_of(run(times(2000, 2000), history=before)) == ()


def test_an_endpoint_without_history() -> None:
    """Leaves out an endpoint that was not measured before, and shows the other."""
    slow = two(times(2000, 2000), times(2000, 2000, name="GraphQL"))
    assert [chart.name for chart in charts_of(run(slow, history=5))] == ["response-times-health"]


def test_alike() -> None:
    """Gives every row a value of every series, and survives the way to the process that draws it."""
    for one in (run(times(2000, 2000), history=9), run(times(40), cpu_m=950)):
        for chart in charts_of(one):
            assert all(len(series.values) == len(chart.rows) for series in chart.series)
            assert msgspec.json.decode(msgspec.json.encode(chart), type=Chart) == chart
            assert 0 < len(chart.alt) <= 1000

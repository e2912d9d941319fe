"""Which charts say more than words about a run, as values with their text. Pure; nothing is drawn here."""

from collections.abc import Iterator, Sequence

from diagnostics.context import Context
from diagnostics.evidence.cluster.use import ContainerUse, ResourceUse
from diagnostics.evidence.surface.times import PARTS, Endpoint, ResponseTimes, label
from diagnostics.model import Diagnosis, Past, Unobserved, Value
from diagnostics.observe import Seen
from diagnostics.runs import Run

#: Findings that a chart of what is used shows, and those that one of response times shows.
_OF_USE = ("performance.cpu-at-limit", "performance.memory-near-limit", "performance.autoscaler-at-max")
_OF_TIMES = ("performance.endpoint-slow", "performance.slower-than-usual")
#: Bars of one chart: more cannot be read on a phone.
BARS = 12
#: Runs of which response times are shown, the last ones. Fewer than three are no course.
RUNS, LEAST_RUNS = 20, 3
#: Percent at which a container is held or killed.
_LIMIT = 100.0


class Series(Value, frozen=True):
    """The values of one thing, one for each row of the chart."""

    name: str
    values: tuple[float, ...]


class Chart(Value, frozen=True):
    """A chart of bars, one group or stack for each row. `alt` says the same in words, for who cannot see it.

    `line` is a value to compare with, and `line_name` what it is.
    """

    name: str
    title: str
    alt: str
    unit: str
    rows: tuple[str, ...]
    series: tuple[Series, ...]
    stacked: bool = False
    line: float | None = None
    line_name: str = ""


def charts_of(run: Run) -> tuple[Chart, ...]:
    """The charts that show what a run has found; none where its findings are no matter of figures.

    Raises:
        RunUnreadableError: the run is of another version.
    """
    found = {finding.id for finding in run.diagnosis.findings}
    if not found & {*_OF_USE, *_OF_TIMES}:
        return ()
    return tuple(_charts(run.diagnosis, found, run.seen(), run.context))


def _charts(diagnosis: Diagnosis, found: set[str], seen: Seen, context: Context) -> Iterator[Chart]:
    use = seen.get(ResourceUse)
    if found & set(_OF_USE) and not isinstance(use, Unobserved):
        subjects = {str(one.subject) for one in diagnosis.findings if one.id in _OF_USE}
        mine = [one for one in use.workloads if str(one.subject) in subjects]
        yield from (_use_chart(one.name.name, one.uses) for one in mine[:1] if one.uses)
    times = seen.get(ResponseTimes)
    if found & set(_OF_TIMES) and not isinstance(times, Unobserved):
        past = (*context.history[-(RUNS - 1) :], Past(context.at, times.figures()))
        for endpoint in times.endpoints:
            yield from _times_chart(endpoint, past, context)


def _use_chart(name: str, uses: Sequence[ContainerUse]) -> Chart:
    """What the containers of a workload use of what they may, the fullest first."""
    fullest = sorted(uses, key=lambda one: (-max(one.cpu_percent or 0, one.memory_percent or 0), one.pod))[:BARS]
    cpu = tuple(float(one.cpu_percent or 0) for one in fullest)
    memory = tuple(float(one.memory_percent or 0) for one in fullest)
    more = f" The {len(fullest)} fullest of {len(uses)} are shown." if len(uses) > len(fullest) else ""
    alt = (
        f"Bars for {len(fullest)} containers of {name}: processor {_range(cpu)} of the limit, "
        f"memory {_range(memory)} of the limit.{more}"
    )
    return Chart(
        name="use-of-limits",
        title=f"{name}: use in percent of the limits",
        alt=alt,
        unit="% of the limit",
        rows=tuple(f"{one.pod.name[-_TAIL:]}" for one in fullest),
        series=(Series("processor", cpu), Series("memory", memory)),
        line=_LIMIT,
        line_name="limit",
    )


#: Characters of a pod's name that tell it from its like: the end.
_TAIL = 16


def _range(values: Sequence[float]) -> str:
    least, most = round(min(values)), round(max(values))
    return f"{most} %" if least == most else f"{least} to {most} %"


def _times_chart(endpoint: Endpoint, past: Sequence[Past], context: Context) -> Iterator[Chart]:
    """What an endpoint's time went into, run by run; nothing where there were too few runs."""
    known = [one for one in past if one.value(label(endpoint.name, "p50")) is not None]
    if len(known) < LEAST_RUNS:
        return
    series = tuple(Series(part, tuple(one.value(label(endpoint.name, part)) or 0.0 for one in known)) for part in PARTS)
    totals = [sum(one.values[place] for one in series) for place in range(len(known))]
    largest = max(series, key=lambda one: one.values[-1])
    alt = (
        f"Stacked bars of {len(known)} runs: the {endpoint.name} endpoint took {min(totals):.0f} to {max(totals):.0f} "
        f"ms, {totals[-1]:.0f} ms in the last run, of which {largest.values[-1]:.0f} ms are {largest.name}."
    )
    yield Chart(
        name=f"response-times-{endpoint.name.lower()}",
        title=f"{endpoint.name} endpoint: what its time went into",
        alt=alt,
        unit="ms (median of a run's samples)",
        rows=tuple(f"{one.at:%m-%d %H:%M}" for one in known),
        series=series,
        stacked=True,
        line=float(context.limits.response_slow_ms),
        line_name="slow from here",
    )

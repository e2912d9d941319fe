"""Checks of probes: a pod that runs and is not let into the work, or is restarted because it does not answer."""

from collections.abc import Iterator

from msgspec.structs import replace

from diagnostics.areas.server import loglines
from diagnostics.areas.server.ailments import Ailment
from diagnostics.areas.server.platform import seconds_since
from diagnostics.areas.server.telling import Told, only_main, told
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.cluster.states import WorkloadStates
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, one_line, span


@check(WorkloadStates, "server.probe-failing", "A container fails its probe", Severity.CRITICAL, Section.SERVER)
def probe_failing(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A pod that fails its readiness probe gets no requests; one that fails its liveness probe is restarted.

    Of one that was restarted once or twice and is well since, it is a note.
    """
    for one in told(seen, context, Ailment.PROBE):
        asks = _asks(one)
        what = f"{one.first.form} probe{f' ({asks})' if asks else ''}"
        if _over(one):
            words = f"{only_main(one)} failed its {what} in {one.share}, was restarted {_ago(one)} ago and runs since"
        else:
            words = f"{only_main(one)} fails its {what} in {one.share}, {_since(one)}"
        seldom = all(ill.container.restarts < context.limits.restarts for ill in one.some if ill.container)
        sign = one.sign(f"{words}{one.quoted}", *_facts(one, asks))
        yield replace(sign, severity=Severity.NOTE) if _over(one) and seldom else sign


CHECKS = (probe_failing,)


def _over(one: Told) -> bool:
    """Whether what it failed had it restarted, and it is well since."""
    return one.first.form != "readiness" and all(ill.container.ready for ill in one.some if ill.container)


def _ago(one: Told) -> str:
    ends = [ill.container.latest_end for ill in one.some if ill.container]
    return span(min(seconds_since(end.ended_at, one.context) for end in ends if end))


def _asks(one: Told) -> str:
    container = one.first.container
    spec = one.state.workload.template.container(container.name) if container else None
    probe = spec.probe(one.first.form) if spec else None
    return probe.asks if probe else ""


def _since(one: Told) -> str:
    if one.first.form != "readiness":
        return one.restarts
    ready = one.first.pod.condition("Ready")
    return f"for {span(seconds_since(ready.since if ready else None, one.context))}"


def _facts(one: Told, asks: str) -> Iterator[Fact]:
    if asks:
        yield Fact("probe", asks)
    container = one.first.container
    line = loglines.last_words(one.state.log_of(one.first.pod, container) if container else None)
    if line:
        yield Fact("log line", one_line(line, WHOLE))

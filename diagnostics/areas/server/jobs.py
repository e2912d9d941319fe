"""Checks of jobs: one that has been given up is told, one that was tried again and finished is not."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote

from diagnostics.areas.server import loglines
from diagnostics.areas.server.platform import minor, seconds_since
from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.pods import Condition
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, one_line, span

_HOUR = 3600
_OF_A_USER = ("volaticloud.backtest.id", "volaticloud.task.type", "volaticloud.bot.id")
Series = tuple[str, str, str]


@check(WorkloadStates, "server.job-failed", "A job has failed and is given up", Severity.WARNING, Section.SERVER)
def job_failed(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A job that failed as often as it may, or took too long, has not done its work.

    Of the jobs of one schedule the newest counts, and what it did since. A user's backtest is a note: its reason may be
    the user's.
    """
    for runs in _series(seen).values():
        newest = max(runs, key=lambda one: one.workload.created_at)
        failed = [one for one in runs if _failed(one, context)]
        finished = newest.workload.holds("Complete")
        last = max(failed, key=lambda one: one.workload.created_at, default=None)
        if last and not finished and not _done_since(last):
            yield _sign(last, len(failed), context)


CHECKS = (job_failed,)


def _series(seen: WorkloadStates) -> Mapping[Series, Sequence[WorkloadState]]:
    """Jobs by what makes them: a schedule, the backtests of users, or nothing but themselves."""
    found: dict[Series, list[WorkloadState]] = defaultdict(list)
    for state in seen.states:
        if state.workload.kind == "Job":
            found[_maker(state)].append(state)
    return found


def _maker(state: WorkloadState) -> Series:
    workload = state.workload
    if workload.owner:
        return workload.name.namespace, workload.owner.kind, workload.owner.name
    return workload.name.namespace, "Job", workload.name.name


def _failed(state: WorkloadState, context: Context) -> Condition | None:
    failed = state.workload.condition("Failed")
    if failed is None or failed.status != "True" or state.workload.deleting_since:
        return None
    age_s = seconds_since(failed.since or state.workload.created_at, context)
    return failed if age_s <= context.limits.job_hours * _HOUR else None


def _done_since(state: WorkloadState) -> bool:
    """Whether another job of its schedule has done its work since it failed; it may not have been kept."""
    failed, schedule = state.workload.condition("Failed"), state.schedule
    ended = (failed.since if failed else None) or state.workload.created_at
    return schedule is not None and schedule.succeeded_at is not None and schedule.succeeded_at > ended


def _sign(state: WorkloadState, number: int, context: Context) -> Sign:
    name, failed = state.workload.name, state.workload.condition("Failed") or Condition("Failed", "True")
    words = next((line for log in state.logs if (line := loglines.last_words(log))), "")
    many = f" ({number} of its kind)" if number > 1 else ""
    ago = span(seconds_since(failed.since, context))
    summary = f"Job {name.name} was given up {ago} ago{many}: {failed.message or failed.reason}"
    users = any(label in state.workload.template.labels for label in _OF_A_USER)
    return Sign(
        state.subject,
        one_line(f"{summary}{f'; its log: {one_line(words)}' if words else ''}", WHOLE),
        (Fact("failed", f"{failed.reason}: {failed.message}"), *(Fact("log line", line) for line in (words,) if line)),
        kubectl(context, f"logs job/{quote(name.name)}", name.namespace, "--all-containers --tail=50"),
        Severity.NOTE if users and minor(state) else None,
        state.rests_on,
    )

"""Checks of workloads as a whole: missing, scaled to nothing, a rollout that is stuck, pods missing or never ending."""

from collections.abc import Iterator, Sequence
from shlex import quote

from diagnostics.areas.server.platform import (
    EVICTED,
    allowed_s,
    coming_up,
    live,
    lost_since,
    minor,
    nodes_of,
    seconds_since,
)
from diagnostics.areas.server.references import backend
from diagnostics.areas.server.telling import FORM
from diagnostics.check import Sign, check
from diagnostics.commands import describe, kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.pods import Pod, Role
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates, named
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, counted, one_line, span

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
_DEADLINE = "ProgressDeadlineExceeded"


@check(WorkloadStates, "server.workload-missing", "The backend does not exist", _CRITICAL, Section.SERVER)
def workload_missing(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """Without its workload there is nothing that could start; nothing is concluded where the namespace was not seen."""
    wanted = context.cluster.backend
    looked = wanted.namespace in context.cluster.namespaces and seen.whole(wanted.namespace)
    if looked and backend(seen, context) is None:
        others = [one.workload.name.name for one in seen.states if one.workload.name.namespace == wanted.namespace]
        there = ", ".join(others[:5]) or "none"
        words = f"There is no workload {wanted.name} in namespace {wanted.namespace}; there are: {there}"
        command = kubectl(context, "get deployments,statefulsets,daemonsets", wanted.namespace)
        yield Sign(wanted.subject("Deployment"), words, (Fact("workloads there", there),), command)


@check(WorkloadStates, "server.scaled-to-zero", "The backend is scaled to nothing", _CRITICAL, Section.SERVER)
def scaled_to_zero(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """Somebody scaled the backend to no pods, as recovery begins, and nobody is served until it is scaled up again.

    Other workloads may well rest on purpose, so that of them it is no fault.
    """
    state = backend(seen, context)
    if state and state.workload.wanted == 0 and not state.workload.deleting_since:
        words = f"{state.workload.name.name} is scaled to 0 pods, so nobody is served"
        facts = (Fact("wanted", "0"), Fact("autoscaler", state.autoscaler.name.name if state.autoscaler else "none"))
        yield Sign(state.subject, words, facts, _get(state, context))


@check(WorkloadStates, "server.rollout-stuck", "A rollout does not come through", _CRITICAL, Section.SERVER)
def rollout_stuck(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A rollout past its deadline goes no further: its new pods do not become ready, and the old ones go on."""
    for state in _standing(seen):
        progress = state.workload.condition("Progressing")
        if progress and progress.status == "False" and progress.reason == _DEADLINE:
            yield _stuck(state, context)


@check(WorkloadStates, "server.rollout-paused", "A rollout is paused", _NOTE, Section.SERVER)
def rollout_paused(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """While a deployment is paused, changes to it are taken down and not rolled out."""
    for state in _standing(seen):
        if state.workload.paused:
            name, older = state.workload.name, len(live(state.older))
            left = f"; {counted(older, 'pod')} of an older revision" if older else ""
            words = f"The rollout of {name.name} is paused{left}"
            facts = (Fact("pods", f"{len(live(state.newest))} of the newest revision, {older} older"),)
            yield Sign(state.subject, words, facts, kubectl(context, f"rollout status {_place(state)}"))


@check(WorkloadStates, "server.not-acted-on", "Nobody brings about what is asked for", _CRITICAL, Section.SERVER)
def not_acted_on(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The controller manager answers a change within seconds; while it stands still, nothing is made or replaced."""
    for state in seen.states:
        workload = state.workload
        if workload.kind == "Job" or workload.deleting_since or state.leaving:
            continue
        if not workload.observed and not _settling(state, context):
            for_s = f" for {span(seconds_since(workload.asked_at, context))}" if workload.asked_at else ""
            yield _idle(state, f"The newest change of {workload.name.name} has not been taken up{for_s}", context)
        elif seen.whole(workload.name.namespace) and _outdated(state, context):
            words = f"{workload.name.name} counts {counted(workload.current, 'pod')} and has none"
            yield _idle(state, f"{words}: nobody counts them anew, or makes others", context)


@check(
    WorkloadStates, "server.replicas-missing", "A workload has fewer pods ready than wanted", _CRITICAL, Section.SERVER
)
def replicas_missing(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """What is left bears the whole load, or nothing is left; what has only just been asked for may still come."""
    for state in _standing(seen):
        ready = sum(pod.ready for pod in state.pods)
        gone = seen.whole(state.workload.name.namespace) and _gone(state, context)
        if ready < state.workload.wanted and not _settling(state, context) and (gone or _late(state, context)):
            yield _short(state, ready, context)


@check(WorkloadStates, "server.stuck-terminating", "A pod does not come to its end", _WARNING, Section.SERVER)
def stuck_terminating(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A pod long past the time it was given to end is held by a finalizer, or its node is gone."""
    for state in (*seen.states, *(one for one in seen.others if one.workload.kind != "Pod")):
        stuck = tuple(pod for pod in state.pods if _stuck_ending(pod, context))
        if stuck:
            nodes = nodes_of(state, stuck, context)
            yield _ending(state.subject, state.workload.name.name, stuck, nodes, context)
    for pod in seen.loose:
        if _stuck_ending(pod, context):
            nodes = tuple(Subject("node", name) for name in (pod.node,) if name)
            yield _ending(pod.name.subject("Pod"), f"pod {pod.name.name}", (pod,), nodes, context)


#: Whether there is anything that could run: what is judged before all else.
EXISTENCE = (workload_missing, scaled_to_zero)
CHECKS = (
    stuck_terminating,
    not_acted_on,
    rollout_stuck,
    replicas_missing,
    rollout_paused,
)


def _standing(seen: WorkloadStates) -> Iterator[WorkloadState]:
    """The workloads that are meant to have pods all the time."""
    for state in seen.states:
        workload = state.workload
        stands = workload.kind != "Job" and workload.wanted > 0
        if stands and workload.deleting_since is None and not state.leaving:
            yield state


def _place(state: WorkloadState) -> str:
    name = state.workload.name
    return f"{state.subject.kind}/{quote(name.name)} -n {quote(name.namespace)}"


def _get(state: WorkloadState, context: Context) -> str:
    name = state.workload.name
    return kubectl(context, f"get {state.subject.kind}", name)


def _rests_on(state: WorkloadState, context: Context) -> tuple[Subject, ...]:
    """Its secrets, and the nodes of the pods that are missed: what was made since a node was lost follows from that."""
    unready = [pod for pod in state.pods if not pod.finished and not pod.ready]
    lost_at = min((since for node in state.nodes if (since := lost_since(node))), default=None)
    first = [pod for pod in unready if lost_at is None or pod.created_at <= lost_at]
    evicted = [pod for pod in state.pods if pod.reason == EVICTED]
    nodes = (*nodes_of(state, first or unready, context), *nodes_of(state, evicted, context))
    return (*nodes, *state.secrets)


def _stuck(state: WorkloadState, context: Context) -> Sign:
    workload = state.workload
    progress = workload.condition("Progressing")
    new, old = sum(pod.ready for pod in state.newest), sum(pod.ready for pod in state.older)
    within = f" within its {workload.deadline_s} s" if workload.deadline_s else ""
    serve = f"{counted(old, 'older pod')} still serve{'s' if old == 1 else ''}" if old else "no older pod serves"
    words = (
        f"The rollout of {workload.name.name} did not come through{within}: "
        f"{new} of {workload.wanted} new pods ready, {serve}"
    )
    images = ", ".join(dict.fromkeys(container.image for container in workload.template.containers))
    facts = (
        Fact("says", one_line(progress.message if progress else "", WHOLE)),
        Fact("revision", workload.revision or "unknown"),
        Fact("images", images),
        Fact("new pods", named(live(state.newest)) or "none"),
    )
    severity = _WARNING if minor(state) else None
    command = kubectl(context, f"rollout history {_place(state)}")
    return Sign(state.subject, words, facts, command, severity, _rests_on(state, context))


def _settling(state: WorkloadState, context: Context) -> bool:
    """Whether its controller has not seen what is asked for, and need not have yet."""
    asked_s = seconds_since(state.asked_at, context)
    return not state.workload.observed and asked_s <= context.limits.starting_seconds


def _outdated(state: WorkloadState, context: Context) -> bool:
    """Whether its status counts pods and it has none, and that has not been written since they went."""
    counted_too_many = min(state.workload.wanted, state.workload.current) > 0 and not state.pods
    return counted_too_many and not _moving(state, context)


def _gone(state: WorkloadState, context: Context) -> bool:
    """Whether pods are missing that nobody makes: not those whose end has just been asked for, and is waited for."""
    there = [pod for pod in state.pods if not pod.finished and not _stuck_ending(pod, context)]
    return len(there) < state.workload.wanted and not _moving(state, context)


def _moving(state: WorkloadState, context: Context) -> bool:
    """Whether something about it changed so shortly ago that its next pod may still come, or waits for one to start."""
    patience_s = context.limits.starting_seconds + state.workload.min_ready_s
    starts = any(_coming_up(pod, state, context) for pod in live(state.pods))
    return starts or seconds_since(state.moved_at, context) <= patience_s


def _idle(state: WorkloadState, words: str, context: Context) -> Sign:
    workload = state.workload
    facts = (
        Fact("pods", f"{len(live(state.pods))} of {workload.wanted}, and {workload.current} by its status"),
        Fact("newest change seen", "yes" if workload.observed else "no"),
        *((Fact("asked for", f"at {workload.asked_at:%Y-%m-%d %H:%M:%S} UTC"),) if workload.asked_at else ()),
    )
    severity = _WARNING if minor(state) else None
    return Sign(state.subject, words, facts, describe(context, state.subject.kind, workload.name), severity)


def _late(state: WorkloadState, context: Context) -> bool:
    """Whether pods have not been ready for longer than it takes to start one."""
    patience_s = context.limits.starting_seconds
    unready = [pod for pod in live(state.pods) if not pod.ready]
    slow = [pod for pod in unready if _coming_up(pod, state, context)]
    if any(_unready_s(pod, context) > patience_s for pod in unready if pod not in slow):
        return True
    given_s = max((allowed_s(state, one, context) for pod in slow for one in pod.containers), default=0)
    # Before it was started, a pod that is given longer was placed, and its image pulled.
    most_s = patience_s + (given_s if given_s > patience_s else 0)
    available = state.workload.condition("Available")
    return available is not None and available.status == "False" and seconds_since(available.since, context) > most_s


def _coming_up(pod: Pod, state: WorkloadState, context: Context) -> bool:
    """Whether all that it lacks are containers that were started once, and are given the time to become ready."""
    lacks = [one for one in pod.containers if not one.ready and one.role is not Role.INIT]
    return bool(lacks) and all(not one.restarts and coming_up(state, one, context) for one in lacks)


def _unready_s(pod: Pod, context: Context) -> float:
    ready = pod.condition("Ready")
    return seconds_since(ready.since if ready and ready.since else pod.created_at, context)


def _short(state: WorkloadState, ready: int, context: Context) -> Sign:
    workload = state.workload
    unready = tuple(pod for pod in live(state.pods) if not pod.ready)
    missing = workload.wanted - ready - len(unready)
    made = f", {counted(missing, 'pod')} not even made" if missing > 0 else ""
    which = f" (not ready: {named(unready)}{made})" if unready else made.replace(", ", ": ", 1)
    words = f"{workload.name.name} has {ready} of {counted(workload.wanted, 'pod')} ready{which}"
    available = workload.condition("Available")
    facts = (
        Fact("pods", f"{ready} ready, {len(unready)} not, of {workload.wanted}"),
        Fact("available", f"{available.status}: {available.message}" if available else "not told"),
    )
    severity = _WARNING if minor(state) else None
    command = describe(context, state.subject.kind, workload.name)
    return Sign(state.subject, words, facts, command, severity, _rests_on(state, context))


def _stuck_ending(pod: Pod, context: Context) -> bool:
    patience_s = pod.grace_s + context.limits.terminating_seconds
    return pod.deleting_since is not None and seconds_since(pod.deleting_since, context) > patience_s


def _ending(subject: Subject, whose: str, stuck: Sequence[Pod], nodes: tuple[Subject, ...], context: Context) -> Sign:
    first = stuck[0]
    for_s = span(max(seconds_since(pod.deleting_since, context) for pod in stuck))
    held = tuple(dict.fromkeys(one for pod in stuck for one in pod.finalizers))
    by = f", held by finalizer {', '.join(held)}" if held else ""
    words = f"{counted(len(stuck), 'pod')} of {whose} should have ended and {'is' if len(stuck) == 1 else 'are'} there"
    facts = (
        Fact("pods", named(stuck)),
        Fact("pod", first.name.name),
        Fact("finalizers", ", ".join(held) or "none"),
        *((Fact("node", first.node),) if first.node else ()),
        *((Fact(FORM, "finalizer"),) if held else ()),
    )
    return Sign(
        subject,
        f"{words} {for_s} after that was asked for{by}: {named(stuck)}",
        facts,
        kubectl(context, "get pod", first.name, "-o wide"),
        rests_on=nodes,
    )

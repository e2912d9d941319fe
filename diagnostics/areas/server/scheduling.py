"""Checks of what a pod needs before it can run: being admitted, a node, its volumes; and of the nodes themselves."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from shlex import quote

from diagnostics.areas.server.ailments import Ailment, claims
from diagnostics.areas.server.containers import amount
from diagnostics.areas.server.platform import EVICTED, fell_after, minor, seconds_since
from diagnostics.areas.server.references import missing_volumes
from diagnostics.areas.server.refusals import refusals, weightiest
from diagnostics.areas.server.telling import FORM, Told, told
from diagnostics.check import Sign, check
from diagnostics.commands import describe, kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.machines import Node
from diagnostics.evidence.cluster.pods import Pod, Role
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates, named
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, counted, one_line, span

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
_MINUTE = 60
_QUOTA = "exceeded quota"
#: Pods that a command names; a node under pressure for long evicts hundreds.
_NAMED_AT_MOST = 20
_OVER = ("Complete", "Failed", "Suspended")
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
#: How the scheduler speaks of nodes with marks, such as that of a lost one, and Kubernetes of a volume held elsewhere.
_TAINTED, _HELD = "taint", "multi-attach"


@check(WorkloadStates, "server.unschedulable", "No node takes a pod", _CRITICAL, Section.SERVER)
def unschedulable(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A pod waits until a node has room for what it asks, and tolerates what marks the node."""
    for one in told(seen, context, Ailment.UNSCHEDULABLE):
        large = _too_large(one, seen.nodes)
        reasons = refusals(one.first.words)
        heaviest = weightiest(reasons, seen.nodes)
        form = "too large" if large else heaviest.form if heaviest else ""
        words = f"No node takes {one.share} of {one.name}{f', {large}' if large else ''}{one.quoted}"
        told_so = (Fact("nodes refuse", str(reason)) for reason in reasons)
        facts = (Fact("asks for", _asked(one.state)), *told_so, *((Fact(FORM, form),) if form else ()))
        nodes = () if large else _missed(one, seen.nodes)
        yield one.sign(words, *facts, rests_on=(*nodes, *one.state.secrets))


@check(WorkloadStates, "server.quota-exceeded", "A namespace's quota is used up", _CRITICAL, Section.SERVER)
def quota_exceeded(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """Over its quota a namespace gets no more pods; those that are missing are not even tried."""
    for state, why, whose in _refusals(seen, context):
        if _QUOTA in why:
            words = f"{whose} gets no more pods, the quota of its namespace is used up: "
            command = kubectl(context, "describe resourcequota", state.workload.name.namespace)
            yield _refused(state, f"{words}{one_line(why[why.find(_QUOTA) :])}", why, command)


@check(WorkloadStates, "server.pods-not-admitted", "The cluster refuses to make pods", _CRITICAL, Section.SERVER)
def pods_not_admitted(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """An admission rule, a webhook or a missing service account stands before the pod; none is made."""
    for state, why, whose in _refusals(seen, context):
        if _QUOTA not in why:
            words = f"{whose} gets no pods, the cluster refuses them: {one_line(why)}"
            yield _refused(state, words, why, describe(context, state.subject.kind, state.workload.name))


@check(WorkloadStates, "server.volume-not-mounting", "A volume cannot be mounted", _CRITICAL, Section.SERVER)
def volume_not_mounting(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A pod starts no container before all its volumes are there: a secret, a config map, a claim that is bound."""
    for one in told(seen, context, Ailment.VOLUME):
        lacks = tuple(str(lack) for lack in missing_volumes(one.state, seen.sealed))
        lack = f" (missing: {', '.join(lacks)})" if lacks else ""
        form = "" if one.first.form else "reference" if lacks or "not found" in one.first.words else "volume"
        facts = (*(Fact("missing", one) for one in lacks), *((Fact(FORM, form),) if form else ()))
        claimed = Fact("claims", ", ".join(claims(one.state)) or "none")
        words = f"{one.name} waits for a volume in {one.share}{lack}{one.quoted}"
        yield one.sign(words, claimed, *facts, rests_on=(*one.rests_on, *_holding(one)))


@check(WorkloadStates, "server.pod-starting-slowly", "A pod does not come up", _WARNING, Section.SERVER)
def pod_starting_slowly(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A pod has its node and should have started long ago: a slow pull, an init container that waits, its network."""
    for one in told(seen, context, Ailment.SLOW):
        for_s = max(seconds_since(ill.pod.created_at, context) for ill in one.some)
        yield one.sign(f"{one.name} has been starting for {span(for_s)} in {one.share}{one.quoted}")


@check(WorkloadStates, "server.evicted", "Pods were evicted", _WARNING, Section.SERVER)
def evicted(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A node that runs short of memory or disk ends pods, first those that use more than they asked for."""
    gone: dict[str, list[Pod]] = defaultdict(list)
    for pod in (pod for state in seen.states for pod in state.pods if _evicted_lately(pod, context)):
        gone[pod.node].append(pod)
    for name, pods in gone.items():
        node = next((node for node in seen.nodes if node.name == name), None)
        yield _evicted_sign(name, pods, node, context)


@check(WorkloadStates, "server.node-not-ready", "A node does not report in", _CRITICAL, Section.SERVER)
def node_not_ready(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The pods of a node whose kubelet is silent answer nobody, and are made anew elsewhere only after minutes.

    A warning as long as each workload there still serves from other nodes. A node in maintenance with no pods of
    ours on it, and one that has only just joined, are no faults.
    """
    for node in seen.nodes:
        there = tuple(state for state in seen.states if any(pod.node == node.name for pod in _unfinished(state)))
        joining = seconds_since(node.created_at, context) <= context.limits.starting_seconds
        if not node.ready and not joining and not (node.unschedulable and not there):
            yield _lost(node, there, context)


@check(WorkloadStates, "server.node-pressure", "A node is short of memory, disk or processes", _WARNING, Section.SERVER)
def node_pressure(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A node under pressure takes no new pods and evicts some; where it has evicted ours, that is told instead."""
    emptied = {pod.node for state in seen.states for pod in state.pods if _evicted_lately(pod, context)}
    for node in seen.nodes:
        pressures = _pressures(node)
        if pressures and node.name not in emptied:
            since = node.condition(pressures[0])
            for_s = span(seconds_since(since.since if since else None, context))
            words = f"Node {node.name} has {', '.join(pressures)} for {for_s}"
            facts = (Fact("node", node.name), Fact("conditions", ", ".join(pressures)))
            yield Sign(Subject("node", node.name), words, facts, kubectl(context, f"describe node {quote(node.name)}"))


#: The nodes first: what is wrong with one is the reason for what its pods suffer.
CHECKS = (
    node_not_ready,
    evicted,
    node_pressure,
    quota_exceeded,
    pods_not_admitted,
    unschedulable,
    volume_not_mounting,
    pod_starting_slowly,
)


def _asked(state: WorkloadState) -> str:
    cpu_m, memory = _requests(state)
    return f"{cpu_m}m processor, {amount(memory)} memory" if cpu_m or memory else "nothing"


def _requests(state: WorkloadState) -> tuple[int, int]:
    """What one of its pods asks for: thousandths of a core, and bytes. Init containers end before the others begin."""
    main = [one.requests for one in state.workload.template.containers if one.role is not Role.INIT]
    return sum(one.cpu_m or 0 for one in main), sum(one.memory or 0 for one in main)


def _too_large(one: Told, nodes: Sequence[Node]) -> str:
    """Which of its requests is larger than the largest node; empty where one could take it."""
    cpu_m, memory = _requests(one.state)
    most_cpu = max((node.allocatable.cpu_m or 0 for node in nodes), default=0)
    most_memory = max((node.allocatable.memory or 0 for node in nodes), default=0)
    if most_memory and memory > most_memory:
        return f"it asks for {amount(memory)} memory and the largest node has {amount(most_memory)}"
    if most_cpu and cpu_m > most_cpu:
        return f"it asks for {cpu_m}m processor and the largest node has {most_cpu}m"
    return ""


def _missed(one: Told, nodes: Sequence[Node]) -> tuple[Subject, ...]:
    """The lost nodes that might have taken it: lost no later than it was left waiting, and marked so."""
    if _TAINTED not in one.first.words.lower():
        return ()
    placed = one.first.pod.condition("PodScheduled")
    waits_since = placed.since if placed and placed.since else one.first.pod.created_at
    lost = (node for node in nodes if not node.ready and fell_after(node, waits_since, one.context))
    return tuple(Subject("node", node.name) for node in lost)


def _holding(one: Told) -> tuple[Subject, ...]:
    """The lost nodes on which its other pods hold the volume that it waits for."""
    held = _HELD in one.first.words.lower()
    return tuple(Subject("node", node.name) for node in one.state.nodes if held and not node.ready)


def _refusals(seen: WorkloadStates, context: Context) -> Iterator[tuple[WorkloadState, str, str]]:
    """Each workload that may have no more pods, with why, and what it is called; the jobs of a namespace as one."""
    refused = [(state, why) for state in seen.states if (why := _not_admitted(state, context))]
    jobs: dict[tuple[str, bool], list[WorkloadState]] = defaultdict(list)
    for state, why in refused:
        if state.workload.kind == "Job":
            jobs[state.workload.name.namespace, _QUOTA in why].append(state)
    for state, why in refused:
        alike = jobs.get((state.workload.name.namespace, _QUOTA in why), [])
        name = state.workload.name.name
        if state.workload.kind != "Job":
            yield state, why, name
        elif state is alike[0]:
            others = f" (and {counted(len(alike) - 1, 'other job')})" if len(alike) > 1 else ""
            yield state, why, f"Job {name}{others}"


def _not_admitted(state: WorkloadState, context: Context) -> str:
    """Why its controller may not make a pod. Only while pods are missing: what has been made since is no fault."""
    workload = state.workload
    if workload.deleting_since or state.leaving or (_supplied(state) and not workload.holds("ReplicaFailure")):
        return ""
    return state.refusal(context.at - timedelta(minutes=context.limits.refusal_minutes))


def _supplied(state: WorkloadState) -> bool:
    """Whether it has the pods that it wants. A job that has any works; one that is over or suspended wants none."""
    there, workload = len(_unfinished(state)), state.workload
    if workload.kind == "Job":
        return there > 0 or workload.current > 0 or any(workload.holds(one) for one in _OVER)
    return there >= workload.wanted


def _unfinished(state: WorkloadState) -> tuple[Pod, ...]:
    return tuple(pod for pod in state.pods if not pod.finished)


def _refused(state: WorkloadState, words: str, why: str, command: str) -> Sign:
    there = len(_unfinished(state))
    facts = (
        Fact("pods", f"{there} of {counted(state.workload.wanted, 'pod')}"),
        Fact("says", one_line(why, WHOLE)),
        *(Fact(f"quota {quota.name.name}", _used(quota.used, quota.hard)) for quota in state.quotas),
    )
    rests_on = (*state.rests_on, *state.secrets)
    severity = _WARNING if minor(state) else None
    return Sign(state.subject, one_line(words, WHOLE), facts, command, severity, rests_on)


def _used(used: dict[str, str], hard: dict[str, str]) -> str:
    return ", ".join(f"{what} {used.get(what, '0')} of {most}" for what, most in sorted(hard.items())) or "empty"


def _evicted_lately(pod: Pod, context: Context) -> bool:
    if pod.phase != "Failed" or pod.reason != EVICTED:
        return False
    return seconds_since(_ended_at(pod), context) <= context.limits.restart_minutes * _MINUTE


def _ended_at(pod: Pod) -> datetime:
    """When an evicted pod ended, as well as its status tells."""
    ends = [one.latest_end.ended_at for one in pod.containers if one.latest_end and one.latest_end.ended_at]
    ready = pod.condition("Ready")
    return max([*ends, *([ready.since] if ready and ready.since else [])], default=pod.created_at)


def _evicted_sign(name: str, gone: Sequence[Pod], node: Node | None, context: Context) -> Sign:
    pressures = _pressures(node) if node else ()
    still = f"; it still has {', '.join(pressures)}" if pressures else ""
    window = span(context.limits.restart_minutes * _MINUTE)
    words = f"Node {name or 'unknown'} evicted {counted(len(gone), 'pod')} within {window} ({named(gone)})"
    first = gone[0]
    facts = (
        Fact("pods", named(gone)),
        Fact("pod", first.name.name),
        Fact("says", one_line(first.message, WHOLE)),
        *((Fact("node", name),) if name else ()),
        *_left_behind(gone),
    )
    command = kubectl(context, "get pods", first.name.namespace, "--field-selector=status.phase=Failed")
    summary = one_line(f"{words}: {one_line(first.message)}{still}", WHOLE)
    return Sign(Subject("node", name or "unknown"), summary, facts, command)


def _left_behind(gone: Sequence[Pod]) -> tuple[Fact, Fact]:
    """What is to be removed, as words of a command: those of the first one's namespace."""
    namespace = gone[0].name.namespace
    names = [pod.name.name for pod in gone if pod.name.namespace == namespace]
    return Fact("evicted in", namespace), Fact("evicted pods", " ".join(names[:_NAMED_AT_MOST]))


def _pressures(node: Node) -> tuple[str, ...]:
    return tuple(one.type for one in node.conditions if one.type in _PRESSURES and one.status == "True")


def _lost(node: Node, there: Sequence[WorkloadState], context: Context) -> Sign:
    ready = node.condition("Ready")
    for_s = span(seconds_since(ready.since if ready else None, context))
    why = (ready.message or ready.reason) if ready else "it has no such condition"
    hit = ", ".join(state.workload.name.name for state in there[:3]) or "none of ours"
    more = f" and {len(there) - 3} more" if len(there) > 3 else ""  # noqa: PLR2004 a few by name
    words = f"Node {node.name} has not been ready for {for_s}; pods on it are of {hit}{more}: {one_line(why)}"
    facts = (Fact("node", node.name), Fact("ready", f"{ready.status}: {why}" if ready else why))
    severity = None if any(not minor(state) for state in there) else _WARNING
    return Sign(
        Subject("node", node.name), words, facts, kubectl(context, f"describe node {quote(node.name)}"), severity
    )

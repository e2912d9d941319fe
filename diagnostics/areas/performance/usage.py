"""Checks of what workloads and nodes use: processor time and memory against limits, nodes that are full."""

from collections.abc import Callable, Iterator
from shlex import quote

from diagnostics.areas.server.containers import amount
from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.machines import Node
from diagnostics.evidence.cluster.use import ContainerUse, NodeUse, ResourceUse, WorkloadUse, percent
from diagnostics.evidence.cluster.workloads import Amounts
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import counted

_WARNING = Severity.WARNING
_SECTION = Section.PERFORMANCE_USAGE
_PRESSURES = {
    "MemoryPressure": "memory",
    "DiskPressure": "disk space",
    "PIDPressure": "process ids",
}
#: Containers told among the facts, the fullest first.
_TOLD = 6
Share = Callable[[ContainerUse], int | None]


@check(ResourceUse, "performance.cpu-at-limit", "Containers are held at their processor limit", _WARNING, _SECTION)
def cpu_at_limit(seen: ResourceUse, context: Context) -> Iterator[Sign]:
    """At its limit a container is stopped for the rest of each tenth of a second: every answer takes longer."""
    for one in seen.workloads:
        full = _full(one, lambda use: use.cpu_percent, context.limits.cpu_limit_percent)
        if full:
            worst = full[0]
            summary = (
                f"{_share(one, full)} of {one.name.name} use {worst.used.cpu_m}m of the {worst.limits.cpu_m}m "
                f"processor time they may ({worst.cpu_percent} %): they are throttled"
            )
            yield _sign(one, full, summary, context)


@check(ResourceUse, "performance.memory-near-limit", "Containers are close to their memory limit", _WARNING, _SECTION)
def memory_near_limit(seen: ResourceUse, context: Context) -> Iterator[Sign]:
    """At its limit a container is killed and starts anew, with everything it had in hand lost."""
    for one in seen.workloads:
        full = _full(one, lambda use: use.memory_percent, context.limits.memory_limit_percent)
        if full:
            worst = full[0]
            summary = (
                f"{_share(one, full)} of {one.name.name} use {_size(worst.used)} of the {_size(worst.limits)} memory "
                f"they may ({worst.memory_percent} %): the next peak gets them killed"
            )
            yield _sign(one, full, summary, context)


@check(NodeUse, "performance.node-pressure", "A node is under pressure", _WARNING, _SECTION)
def node_pressure(seen: NodeUse, context: Context) -> Iterator[Sign]:
    """The kubelet runs out of something and begins to evict pods; those that stay are slow until it has enough."""
    for node, used in seen.nodes:
        lacks = [words for kind, words in _PRESSURES.items() if _pressed(node, kind)]
        if lacks:
            summary = f"Node {node.name} runs out of {' and '.join(lacks)} and evicts pods"
            yield _node_sign(node, used, summary, context)


@check(NodeUse, "performance.node-busy", "A node is full", _WARNING, _SECTION)
def node_busy(seen: NodeUse, context: Context) -> Iterator[Sign]:
    """Pods on a full node wait for each other, and no other node's pods can be moved there."""
    limit = context.limits.node_percent
    for node, used in seen.nodes:
        cpu = percent(used.cpu_m, node.allocatable.cpu_m) or 0
        memory = percent(used.memory, node.allocatable.memory) or 0
        if max(cpu, memory) >= limit:
            summary = f"Node {node.name} uses {cpu} % of its processors and {memory} % of its memory"
            yield _node_sign(node, used, summary, context)


CHECKS = (node_pressure, node_busy, memory_near_limit, cpu_at_limit)


def _full(one: WorkloadUse, share: Share, limit: int) -> list[ContainerUse]:
    """The containers from the limit on, the fullest first."""
    full = [use for use in one.uses if (share(use) or 0) >= limit]
    return sorted(full, key=lambda use: (-(share(use) or 0), use.pod))


def _share(one: WorkloadUse, full: list[ContainerUse]) -> str:
    return f"{len({use.pod for use in full})} of {counted(len({use.pod for use in one.uses}), 'pod')}"


def _sign(one: WorkloadUse, full: list[ContainerUse], summary: str, context: Context) -> Sign:
    facts = tuple(Fact(f"{use.pod.name}, container {use.container}", _used(use)) for use in full[:_TOLD])
    command = kubectl(context, "top pods --containers", one.name.namespace)
    facts = (*facts, _container_fact(full[0]), *_one_more(one, context))
    return Sign(one.subject, summary, facts, command, None, one.rests_on)


def _one_more(one: WorkloadUse, context: Context) -> tuple[Fact, ...]:
    """How many pods the backend has with one more, where no autoscaler sets the number; a trading bot has just one."""
    mine = one.name == context.cluster.backend and one.scaled_by == ""
    return (Fact("one pod more", str(one.replicas + 1)),) if mine else ()


def _container_fact(use: ContainerUse) -> Fact:
    return Fact("container", use.container)


def _used(use: ContainerUse) -> str:
    cpu = f"{use.used.cpu_m}m of {_or_none(use.limits.cpu_m, 'm')} processor"
    return f"{cpu}, {_size(use.used)} of {_size(use.limits)} memory"


def _or_none(number: int | None, unit: str) -> str:
    return f"{number}{unit}" if number is not None else "unlimited"


def _size(amounts: Amounts) -> str:
    return amount(amounts.memory) if amounts.memory is not None else "unlimited"


def _pressed(node: Node, kind: str) -> bool:
    condition = node.condition(kind)
    return condition is not None and condition.status == "True"


def _node_sign(node: Node, used: Amounts, summary: str, context: Context) -> Sign:
    told = [(kind, node.condition(kind)) for kind in _PRESSURES]
    facts = tuple(Fact(kind, one.message or one.reason) for kind, one in told if one and one.status == "True")
    free = f"{_or_none(used.cpu_m, 'm')} of {_or_none(node.allocatable.cpu_m, 'm')} processor, "
    free += f"{_size(used)} of {_size(node.allocatable)} memory"
    command = kubectl(context, f"describe node {quote(node.name)}")
    return Sign(Subject("node", node.name), summary, (*facts, Fact("in use", free), Fact("node", node.name)), command)

"""Checks of containers that do not stay up: crash loops, ends, memory, commands, processors, init containers."""

from collections.abc import Iterator

from diagnostics.areas.server.ailments import Ailment
from diagnostics.areas.server.telling import Told, only_main, told
from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.states import WorkloadStates
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import span

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
_KI, _MI = 1024, 1024 * 1024


@check(WorkloadStates, "server.out-of-memory", "A container runs out of memory", _CRITICAL, Section.SERVER)
def out_of_memory(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The kernel ends a container that uses more memory than its limit; it starts again and meets the limit again."""
    for one in told(seen, context, Ailment.OUT_OF_MEMORY):
        limit = _memory_limit(one)
        most = f" at its limit of {limit}" if limit else ""
        words = f"{only_main(one)} was killed for its memory{most} (OOMKilled) in {one.share}, {one.restarts}"
        yield one.sign(words, Fact("memory limit", limit or "none"), command=_usage(one))


@check(WorkloadStates, "server.command-not-found", "A container's command is not there", _CRITICAL, Section.SERVER)
def command_not_found(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A command or entrypoint that the image does not have, or that cannot be executed, never starts."""
    for one in told(seen, context, Ailment.COMMAND):
        yield one.sign(f"{only_main(one)} has no such command in its image ({one.share}){_why(one)}")


@check(
    WorkloadStates,
    "server.wrong-architecture",
    "An image is built for another processor",
    _CRITICAL,
    Section.DOCKER_IMAGE,
)
def wrong_architecture(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """An image built on an ARM machine does not run on a node with an Intel processor, or the other way round."""
    for one in told(seen, context, Ailment.ARCHITECTURE):
        kinds = {node.architecture for node in one.state.nodes if node.architecture}
        on = f" ({', '.join(sorted(kinds))})" if kinds else ""
        words = f"The image of {only_main(one)} is built for another processor than its node's{on}, {one.share}"
        yield one.sign(f"{words}{one.quoted}", command=one.log_command())


@check(
    WorkloadStates,
    "server.container-cannot-start",
    "A container cannot be created or started",
    _CRITICAL,
    Section.SERVER,
)
def container_cannot_start(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The kubelet refuses to make the container, or the runtime fails at it; the program itself never ran."""
    for one in told(seen, context, Ailment.NOT_CREATED):
        yield one.sign(f"{only_main(one)} cannot be started in {one.share}{one.quoted}")


@check(
    WorkloadStates,
    "server.init-container-failing",
    "An init container fails",
    _CRITICAL,
    Section.SERVER,
)
def init_container_failing(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """Until its init containers have succeeded, a pod starts none of its other containers."""
    for one in told(seen, context, Ailment.INIT):
        words = f"{only_main(one)} fails in {one.share} ({one.restarts}, {_ended(one)}){one.quoted}"
        yield one.sign(words, command=one.log_command())


@check(WorkloadStates, "server.crash-loop", "A container does not stay up", _CRITICAL, Section.SERVER)
def crash_loop(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A container that ends soon after each start serves nobody; the log of the run before says why it ended."""
    for one in told(seen, context, Ailment.LOOP):
        words = f"{only_main(one)} ends soon after each start in {one.share} ({one.restarts}, {_ended(one)})"
        yield one.sign(f"{words}{one.quoted}", command=one.log_command())


@check(WorkloadStates, "server.container-exited", "A container has ended with an error", _CRITICAL, Section.SERVER)
def container_exited(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A container of a pod that should run has ended; it is started again, or stays down by the pod's own rule."""
    for one in told(seen, context, Ailment.EXITED):
        words = f"{only_main(one)} has ended in {one.share} ({_ended(one)})"
        yield one.sign(f"{words}{one.quoted}", command=one.log_command())


@check(WorkloadStates, "server.restarting-often", "A container was restarted often", _WARNING, Section.SERVER)
def restarting_often(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """A container that is up now and was restarted again and again within the hour will go down again."""
    for one in told(seen, context, Ailment.OFTEN):
        window = span(context.limits.restart_minutes * 60)
        words = f"{only_main(one)} runs in {one.share} after {one.restarts}, the last within {window} ({_ended(one)})"
        yield one.sign(f"{words}{one.quoted}", command=one.log_command())


CHECKS = (
    out_of_memory,
    command_not_found,
    wrong_architecture,
    container_cannot_start,
    init_container_failing,
    crash_loop,
    container_exited,
    restarting_often,
)


def _ended(one: Told) -> str:
    return one.end or "how it ended is not known"


def _why(one: Told) -> str:
    """The end of the runtime's message, which is where it names the command."""
    words = one.first.words
    return f": {words[words.rfind('exec') :]}" if "exec" in words else one.quoted


def _memory_limit(one: Told) -> str:
    container = one.first.container
    spec = one.state.workload.template.container(container.name) if container else None
    return amount(spec.limits.memory) if spec and spec.limits.memory else ""


def _usage(one: Told) -> str:
    return kubectl(one.context, "top pods", one.state.workload.name.namespace, "--containers")


def amount(size: int) -> str:
    """Bytes as Kubernetes writes them: 512Mi."""
    return f"{size // _MI}Mi" if size >= _MI else f"{size // _KI}Ki"

"""How a workload's ailment is told: one sign for all its pods, with how many of them, its facts and its command."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from diagnostics.areas.server.ailments import Ailment, Ill, ills
from diagnostics.areas.server.platform import live, logs, minor, nodes_of
from diagnostics.check import Sign
from diagnostics.commands import describe
from diagnostics.context import Context
from diagnostics.evidence.cluster.pods import Container, Role, Stage
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates, named
from diagnostics.exit_codes import ended_in_words
from diagnostics.model import Fact, Severity, Subject
from diagnostics.words import WHOLE, counted, one_line

#: The fact that says which form a fault comes in; advice is chosen by it.
FORM = "kind of fault"


@dataclass(frozen=True, slots=True)
class Told:
    """The pods and containers of one workload that one thing ails. There is at least one."""

    state: WorkloadState
    some: Sequence[Ill]
    context: Context

    @property
    def first(self) -> Ill:
        """The one that stands for all of them: of the newest revision, and the one with most to say."""
        return next((ill for ill in self.some if ill.words), self.some[0])

    @property
    def name(self) -> str:
        """The workload's own name, for sentences."""
        return self.state.workload.name.name

    @property
    def container(self) -> str:
        """The container in words: "container volaticloud", "init container wait"."""
        container = self.first.container
        return f"{container.role} {container.name}" if container else "pod"

    @property
    def share(self) -> str:
        """How many of its pods: "2 of 3 pods"."""
        pods = {ill.pod.name for ill in self.some}
        whole = len(live(self.state.pods))
        return f"{len(pods)} of {counted(whole, 'pod')}"

    @property
    def restarts(self) -> str:
        """The restarts of all its containers that ail from this."""
        return counted(sum(ill.container.restarts for ill in self.some if ill.container), "restart")

    @property
    def end(self) -> str:
        """How the container ended last, in words; empty where it did not."""
        end = self.first.container.latest_end if self.first.container else None
        return ended_in_words(end.code, self.first.words) if end else ""

    @property
    def quoted(self) -> str:
        """What says so, as the end of a sentence; empty where nothing does."""
        return f": {one_line(self.first.words)}" if self.first.words else ""

    def log_command(self) -> str:
        """The command that shows the log of the run that failed."""
        if self.first.container is None:
            return self.describe_command()
        log = self.state.log_of(self.first.pod, self.first.container)
        fallen = self.first.container.stage is not Stage.TERMINATED and self.first.container.last_end is not None
        previous = log.previous if log else fallen
        return logs(self.context, self.first.pod, self.first.container, previous=previous)

    def describe_command(self) -> str:
        """The command that shows the pod with its events."""
        return describe(self.context, "pod", self.first.pod.name)

    def sign(self, summary: str, *facts: Fact, command: str = "", rests_on: tuple[Subject, ...] | None = None) -> Sign:
        """The one sign of this workload."""
        return Sign(
            subject=self.state.subject,
            summary=one_line(_begun(summary), WHOLE),
            evidence=(*self._facts(), *facts),
            command=command or self.describe_command(),
            severity=Severity.WARNING if minor(self.state) else None,
            rests_on=self.rests_on if rests_on is None else rests_on,
        )

    @property
    def rests_on(self) -> tuple[Subject, ...]:
        """What it needs to be well: its nodes and its secrets."""
        return (*self.nodes, *self.state.secrets)

    @property
    def nodes(self) -> tuple[Subject, ...]:
        """The nodes of the pods that ail, where these may be the reason."""
        return nodes_of(self.state, tuple(ill.pod for ill in self.some), self.context)

    def _facts(self) -> Iterator[Fact]:
        pods = tuple({ill.pod.name: ill.pod for ill in self.some}.values())
        yield Fact("pods", f"{self.share}: {named(pods)}")
        yield Fact("pod", self.first.pod.name.name)
        if self.first.container:
            yield from self._container_facts(self.first.container)
        if self.first.words:
            yield Fact("says", one_line(self.first.words, WHOLE))
        if self.first.form:
            yield Fact(FORM, self.first.form)

    def _container_facts(self, container: Container) -> Iterator[Fact]:
        yield Fact("container", container.name)
        others = {ill.container.name for ill in self.some if ill.container} - {container.name}
        if others:
            yield Fact("also", ", ".join(sorted(others)))
        yield Fact("image", container.image)
        yield Fact("state", " ".join(part for part in (container.stage, container.reason, self.restarts) if part))
        end = container.latest_end
        if end:
            at = f", at {end.ended_at:%Y-%m-%d %H:%M:%S} UTC" if end.ended_at else ""
            yield Fact("last end", f"{end.reason or 'ended'}, {self.end}{at}")
        log = self.state.log_of(self.first.pod, container)
        if log and log.gap:
            yield Fact("log", f"not read: {log.gap}")


Telling = Callable[[Told], Sign]


def told(seen: WorkloadStates, context: Context, ailment: Ailment) -> Iterator[Told]:
    """Every workload some of whose pods ail from this, and every other maker of pods."""
    for state in (*seen.states, *seen.others):
        some = tuple(ill for ill in ills(state, context) if ill.ailment is ailment)
        if some:
            yield Told(state, some, context)


def only_main(one: Told) -> str:
    """The workload's name, and its container where it is no ordinary one or one of several."""
    container = one.first.container
    alone = sum(other.role is Role.MAIN for other in one.first.pod.containers) <= 1
    if container is None or (alone and container.role is Role.MAIN):
        return one.name
    return f"{one.container} of {one.name}"


def _begun(summary: str) -> str:
    """A sentence that begins with a capital, unless it begins with a name."""
    plain = any(summary.startswith(f"{role} ") for role in Role)
    return summary[:1].upper() + summary[1:] if plain else summary

"""What ails each container and pod: exactly one ailment each, so that every fault is told once, by its own check.

Pods that are finished or on their way out ail from nothing, and neither does a workload that nobody wants any more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.areas.server import loglines
from diagnostics.areas.server.platform import coming_up, live, seconds_since
from diagnostics.context import Context
from diagnostics.evidence.cluster.logs import ContainerLog
from diagnostics.evidence.cluster.machines import Event
from diagnostics.evidence.cluster.pods import Container, End, Pod, Role, Stage
from diagnostics.evidence.cluster.states import WorkloadState
from diagnostics.evidence.cluster.workloads import Origin

_MINUTE = 60
_IMAGE = {
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
}
_NOT_CREATED = {
    "CreateContainerConfigError",
    "CreateContainerError",
    "PreCreateHookError",
    "PreStartHookError",
    "PostStartHookError",
    "RunContainerError",
}
_NOT_REFERENCES = ("not found", "couldn't find key")
_LOOP = "CrashLoopBackOff"
_OUT_OF_MEMORY = "OOMKilled"
_NEVER_STARTED = {"StartError", "ContainerCannotRun"}
#: 126: the command cannot be executed; 127: it was not found.
_NO_COMMAND = {126, 127}
_NO_COMMAND_WORDS = ("executable file not found", "no such file or directory", "permission denied")
_WRONG_FORMAT = "exec format error"
_CLAIM = "persistentvolumeclaim"
_MOUNT_REASONS = {"FailedMount", "FailedAttachVolume"}


class Ailment(StrEnum):
    """What can ail a container, or a pod that has no container yet."""

    IMAGE = "its image cannot be pulled"
    REFERENCE = "a secret or config map it refers to is missing"
    NOT_CREATED = "it cannot be created"
    OUT_OF_MEMORY = "it ran out of memory"
    COMMAND = "its command is not there"
    ARCHITECTURE = "it is built for another processor"
    DATABASE = "it cannot connect to its database"
    KEYCLOAK_SETTINGS = "it lacks settings for Keycloak"
    KEYCLOAK = "it cannot talk to Keycloak"
    MIGRATION = "its migration failed"
    PROBE = "its probe fails"
    INIT = "it must succeed before the others begin, and fails"
    LOOP = "it does not stay up"
    EXITED = "it has ended"
    OFTEN = "it was restarted often"
    UNSCHEDULABLE = "no node takes it"
    VOLUME = "a volume cannot be mounted"
    SLOW = "it does not come up"


#: What only a log tells, and what is said of a container without one.
_TOLD = {Ailment.DATABASE, Ailment.KEYCLOAK_SETTINGS, Ailment.KEYCLOAK, Ailment.MIGRATION, Ailment.ARCHITECTURE}
_UNTOLD = {Ailment.LOOP, Ailment.EXITED, Ailment.INIT}


@dataclass(frozen=True, slots=True)
class Ill:
    """A pod, or one of its containers, with what ails it. `words` is what says so; `form` the kind of it."""

    pod: Pod
    ailment: Ailment
    container: Container | None = None
    words: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Ward:
    """A container, with all that is known around it."""

    state: WorkloadState
    pod: Pod
    container: Container
    context: Context

    @property
    def log(self) -> ContainerLog | None:
        """Its log, where it was read."""
        return self.state.log_of(self.pod, self.container)

    @property
    def window_s(self) -> float:
        """How long a restart counts as recent."""
        return self.context.limits.restart_minutes * _MINUTE

    @property
    def recent_end(self) -> End | None:
        """How it ended last, if that was within the window; an end whose time is not known counts."""
        end = self.container.latest_end
        return end if end and seconds_since(end.ended_at, self.context) <= self.window_s else None

    @property
    def looping(self) -> bool:
        """Whether it is caught in restarts: it waits for the next one, or comes and goes within the window.

        The run before must have begun within the window too: then at least two of the restarts lie in it.
        """
        if self.container.reason == _LOOP:
            return True
        end = self.recent_end
        if end is None or self.container.restarts < self.context.limits.restarts:
            return False
        return seconds_since(end.started_at, self.context) <= self.window_s or not _ran(end)

    @property
    def failing(self) -> bool:
        """Whether it is down because it ended, or is just having another try like those before."""
        if self.container.stage is Stage.TERMINATED:
            return self.container.end is not None and self.container.end.code != 0
        down = self.container.stage is Stage.WAITING or not self.container.ready
        return down and self.looping

    def ill(self, ailment: Ailment, words: str = "", form: str = "") -> Ill:
        """That this ails it."""
        return Ill(self.pod, ailment, self.container, words, form)


def ills(state: WorkloadState, context: Context) -> tuple[Ill, ...]:
    """What ails the pods of a workload, one for each container that ails, else one for the pod.

    Not every log is read: a container whose log was not ails from what the same container of another pod tells.
    """
    found = tuple(_ills(state, context))
    said = {ill.container.name: ill for ill in reversed(found) if ill.container and ill.ailment in _TOLD}
    return tuple(_like(ill, said, state) for ill in found)


def _like(ill: Ill, said: Mapping[str, Ill], state: WorkloadState) -> Ill:
    container = ill.container
    if container is None or ill.ailment not in _UNTOLD or container.name not in said:
        return ill
    log, other = state.log_of(ill.pod, container), said[container.name]
    return ill if log and not log.gap else Ill(ill.pod, other.ailment, container, other.words, other.form)


def _ills(state: WorkloadState, context: Context) -> Iterator[Ill]:
    workload = state.workload
    if workload.deleting_since or (workload.kind != "Job" and workload.wanted == 0):
        return
    for pod in live(state.pods):
        found = [ill for container in pod.containers if (ill := _container(Ward(state, pod, container, context)))]
        if found:
            yield from found
        elif not pod.ready and (pod_ill := _pod(state, pod, context)):
            yield pod_ill


def _container(ward: Ward) -> Ill | None:
    container = ward.container
    unused = container.role is Role.EPHEMERAL
    well = container.ready and container.restarts == 0 and container.stage is Stage.RUNNING
    if unused or well:
        return None
    steps = _JOB_STEPS if ward.state.workload.kind == "Job" else _STEPS
    return next((ill for step in steps if (ill := step(ward))), None)


def _image(ward: Ward) -> Ill | None:
    if ward.container.stage is not Stage.WAITING or ward.container.reason not in _IMAGE:
        return None
    return ward.ill(Ailment.IMAGE, _pull_error(ward))


def _pull_error(ward: Ward) -> str:
    """What the runtime said of the pull. Older kubelets say it in an event only, and a back-off in the state."""
    message = ward.container.message
    if message and (not message.startswith("Back-off pulling image") or ": " in message):
        return message
    told = f'pull image "{ward.container.image}"'
    return next((one.message for one in ward.state.events_about(ward.pod) if told in one.message), message)


def _not_created(ward: Ward) -> Ill | None:
    container = ward.container
    if container.stage is not Stage.WAITING or container.reason not in _NOT_CREATED:
        return None
    words = container.message or container.reason
    if container.reason == "CreateContainerConfigError" and any(one in words for one in _NOT_REFERENCES):
        return ward.ill(Ailment.REFERENCE, words)
    return _not_started(ward, words)


def _not_started(ward: Ward, words: str) -> Ill:
    if _WRONG_FORMAT in words:
        return ward.ill(Ailment.ARCHITECTURE, words)
    no_command = "exec" in words and any(one in words for one in _NO_COMMAND_WORDS)
    return ward.ill(Ailment.COMMAND if no_command else Ailment.NOT_CREATED, words)


def _memory(ward: Ward) -> Ill | None:
    end = ward.recent_end
    return ward.ill(Ailment.OUT_OF_MEMORY) if end and end.reason == _OUT_OF_MEMORY else None


def _command(ward: Ward) -> Ill | None:
    end = ward.container.latest_end
    if not ward.failing or end is None:
        return None
    if end.reason in _NEVER_STARTED:
        return _not_started(ward, end.message or end.reason)
    return ward.ill(Ailment.COMMAND, end.message or loglines.last_words(ward.log)) if end.code in _NO_COMMAND else None


def _architecture(ward: Ward) -> Ill | None:
    if not ward.failing:
        return None
    end, log = ward.container.latest_end, ward.log
    told = (end.message if end else "", *(log.lines if log else ()))
    line = next((one for one in told if _WRONG_FORMAT in one), "")
    return ward.ill(Ailment.ARCHITECTURE, line) if line else None


_SAID: tuple[tuple[Ailment, Callable[[ContainerLog], loglines.Said | None]], ...] = (
    (Ailment.DATABASE, loglines.database),
    (Ailment.KEYCLOAK_SETTINGS, loglines.keycloak_settings),
    (Ailment.KEYCLOAK, loglines.keycloak),
    (Ailment.MIGRATION, loglines.migration),
)


def _said(ward: Ward) -> Ill | None:
    """What its log says. A generic word on the database yields to one on what was done with it."""
    log = ward.log
    if not ward.failing or log is None:
        return None
    found = [(ailment, said) for ailment, read in _SAID if (said := read(log))]
    found.sort(key=lambda one: one[1].line.id == "server.database-connection")
    return ward.ill(found[0][0], found[0][1].line.line, found[0][1].form) if found else None


def _killed(ward: Ward) -> Ill | None:
    """Whether its liveness or startup probe had it restarted, within the window."""
    if ward.recent_end is None:
        return None
    for event in ward.state.events_about(ward.pod):
        kind = _killing(event, ward.container)
        if kind and seconds_since(event.last_at, ward.context) <= ward.window_s:
            return ward.ill(Ailment.PROBE, _failure(ward, kind), kind)
    return None


def _killing(event: Event, container: Container) -> str:
    told = event.message.lower()
    kinds = [kind for kind in ("liveness", "startup") if f"failed {kind} probe" in told]
    return kinds[0] if kinds and f"container {container.name.lower()} " in told else ""


def _failure(ward: Ward, kind: str) -> str:
    """What the kubelet said of the probe, the newest event."""
    told = (one.message for one in ward.state.events_about(ward.pod) if one.reason == "Unhealthy")
    return next((one for one in told if one.lower().startswith(kind)), "")


def _ended(ward: Ward) -> Ill | None:
    if not ward.failing:
        return None
    words = loglines.last_words(ward.log)
    if ward.container.role is Role.INIT:
        return ward.ill(Ailment.INIT, words)
    return ward.ill(Ailment.LOOP if ward.looping else Ailment.EXITED, words)


def _unready(ward: Ward) -> Ill | None:
    """Whether it runs, has had the time to start, and its probe does not let it take part."""
    container = ward.container
    if container.role is Role.INIT or container.stage is not Stage.RUNNING or container.ready:
        return None
    if coming_up(ward.state, container, ward.context):
        return None
    kind = "readiness" if container.started else "startup"
    return ward.ill(Ailment.PROBE, _failure(ward, kind), kind)


def _often(ward: Ward) -> Ill | None:
    running = ward.container.stage is Stage.RUNNING and ward.container.ready
    return ward.ill(Ailment.OFTEN, loglines.last_words(ward.log)) if running and ward.looping else None


#: A job's failures are its own to count; what keeps its pods from ever running is told all the same.
_JOB_STEPS = (_image, _not_created)
_STEPS = (*_JOB_STEPS, _memory, _command, _architecture, _said, _killed, _ended, _unready, _often)


def _pod(state: WorkloadState, pod: Pod, context: Context) -> Ill | None:
    """What keeps a pod from having its containers, once it has had the time to start."""
    placed = pod.condition("PodScheduled")
    waits_s = seconds_since(placed.since if placed and placed.since else pod.created_at, context)
    if waits_s <= context.limits.starting_seconds:
        return None
    if placed and placed.status == "False":
        return _unplaced(pod, placed.reason, placed.message)
    if not _starting(pod) or _preparing(state, pod):
        return None
    trouble = _mount_trouble(state, pod)
    return Ill(pod, Ailment.VOLUME, words=trouble) if trouble else Ill(pod, Ailment.SLOW, words=_waits(state, pod))


def _unplaced(pod: Pod, reason: str, message: str) -> Ill | None:
    if reason != "Unschedulable":
        return None  # held back on purpose by a scheduling gate
    if _CLAIM in message.lower():
        return Ill(pod, Ailment.VOLUME, words=message, form="claim")
    return Ill(pod, Ailment.UNSCHEDULABLE, words=message)


def _starting(pod: Pod) -> bool:
    """Whether a container of it has yet to begin, or an init container goes on and on."""
    waiting = any(one.stage in {Stage.WAITING, Stage.UNKNOWN} for one in pod.containers)
    return bool(pod.node) and (waiting or not pod.containers)


def _preparing(state: WorkloadState, pod: Pod) -> bool:
    """Whether an init container works for a job: that may take as long as the job itself."""
    works = (one for one in pod.containers if one.role is Role.INIT and one.stage is Stage.RUNNING)
    return state.workload.kind == "Job" and any(works)


def _mount_trouble(state: WorkloadState, pod: Pod) -> str:
    if any(one.started_at or one.latest_end for one in pod.containers):
        return ""  # its volumes are there: something in it has run
    events = (one.message for one in state.events_about(pod) if one.reason in _MOUNT_REASONS)
    return next(events, "")


def _waits(state: WorkloadState, pod: Pod) -> str:
    running = next((one for one in pod.containers if one.role is Role.INIT and one.stage is Stage.RUNNING), None)
    if running:
        return f"init container {running.name} has not come to its end"
    warning = next((one.message for one in state.events_about(pod) if one.type == "Warning"), "")
    return warning or next((one.message or one.reason for one in pod.containers if one.reason), "")


def claims(state: WorkloadState) -> tuple[str, ...]:
    """The persistent volume claims its pods mount."""
    return tuple(one.source for one in state.workload.template.volumes if one.origin is Origin.CLAIM)


def _ran(end: End) -> bool:
    """Whether the time at which its run began is known; the kubelet writes 1970 for one that never did."""
    return end.started_at is not None and end.started_at.year > 1970  # noqa: PLR2004 the epoch

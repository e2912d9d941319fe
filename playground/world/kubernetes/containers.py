"""One container of a pod, as the kubelet drives it: image, configuration, start, probes, end, and again with back-off.

`Container.step` does what is due and sets `due_s`. What it needs of its pod it gets as a `Setting`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal

from playground.world.kubernetes.environment import ConfigError
from playground.world.kubernetes.events import hash_of
from playground.world.kubernetes.images import Pull, size_of
from playground.world.kubernetes.probes import Probe
from playground.world.kubernetes.programs import Line, Run, StartError, said

FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S = 10.0, 300.0
_FORGIVEN_AFTER_S = 600.0  # twice the longest back-off: a container that ran so long begins anew
_AGAIN_S = 12.0  # how often the kubelet looks again at what does not go on
_AT_ONCE_S = 1.0  # between an end and what the kubelet does about it
_START_ERROR, _KILLED = 128, 137

Phase = Literal[
    "new", "pulling", "refused", "pull-back-off", "configuring", "running", "ended", "back-off", "over", "stopped"
]


@dataclass
class Attempt:
    """One run of a container, or the try to start one. `began_s` None says that it never ran."""

    id: str
    make: Callable[[float], Run]  # the run that begins at a moment
    began_s: float | None
    ended_s: float | None = None
    code: int = 0
    reason: str = ""
    message: str = ""
    run: Run = field(init=False)

    def __post_init__(self) -> None:
        """Make the run."""
        self.run = self.make(self.began_s or 0.0)

    def age(self, by_s: float) -> None:
        """Have run so many seconds earlier; what it logged says so too."""
        if self.began_s is not None:
            self.began_s -= by_s
        if self.ended_s is not None:
            self.ended_s -= by_s
        self.run = self.make(self.began_s or 0.0)

    def lines(self, now_s: float) -> list[Line]:
        """What it has logged."""
        return self.run.tells(now_s if self.ended_s is None else min(now_s, self.ended_s))


@dataclass(frozen=True)
class Setting:
    """What a container needs of the pod and the node it is in."""

    now_s: float
    pod: Mapping[str, Any]
    address: str
    restarts: str  # the pod's restartPolicy
    on_node: set[str]  # images that are there already
    pull: Callable[[str], Pull]
    start: Callable[[Mapping[str, Any]], Callable[[float], Run]]  # raises ConfigError, StartError
    report: Callable[[str, str, str, str], None]  # type, reason, message, the container's name

    def named(self) -> str:
        """The pod as the kubelet names it in messages."""
        about = self.pod["metadata"]
        return f"{about['name']}_{about['namespace']}({about['uid']})"


@dataclass
class Container:
    """A container's life so far."""

    spec: Mapping[str, Any]
    first: bool = False  # an init container: it runs to its end before the others begin
    phase: Phase = "new"
    due_s: float = 0.0
    reason: str = ""  # why it waits
    message: str = ""
    now: Attempt | None = None
    last: Attempt | None = None
    restarts: int = 0
    back_off_s: float = 0.0
    pull_back_off_s: float = 0.0
    retry_s: float = 0.0  # when a back-off is over
    pull: Pull | None = None
    ends_s: float = inf  # when the run ends, whichever way
    killed: str = ""  # why it is being stopped: nothing, "probe", "pod" or "crash"
    ready: bool = False
    started: bool = False
    probes: list[Probe] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find its probes."""
        found = (Probe.of(self.spec, word) for word in ("Startup", "Readiness", "Liveness"))
        self.probes = [probe for probe in found if probe]

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    @property
    def running(self) -> bool:
        """Whether its process is up."""
        return self.phase == "running"

    @property
    def done(self) -> bool:
        """Whether it has ended well and will not run again."""
        return self.phase == "over" and self.now is not None and self.now.code == 0

    def step(self, here: Setting) -> None:
        """Do what is due at this moment."""
        if here.now_s >= self.due_s:
            _STEPS[self.phase](self, here)

    def stop(self, here: Setting, by_s: float) -> None:
        """Ask the process to end, by a moment at the latest."""
        if self.running and not self.killed:
            here.report("Normal", "Killing", f"Stopping container {self.name}", self.name)
            self._end_by("pod", here.now_s, by_s)

    def crash(self, now_s: float) -> None:
        """Have the process end at this moment, badly."""
        if self.running:
            self.killed, self.ends_s, self.due_s = "crash", now_s, now_s

    def age(self, by_s: float) -> None:
        """Have lived so many seconds earlier."""
        self.due_s, self.retry_s, self.ends_s = self.due_s - by_s, self.retry_s - by_s, self.ends_s - by_s
        for probe in self.probes:
            probe.due_s -= by_s
        for attempt in (self.now, self.last):
            if attempt:
                attempt.age(by_s)

    # The image

    def _new(self, here: Setting) -> None:
        image = self.spec["image"]
        if self.spec.get("imagePullPolicy", "IfNotPresent") != "Always" and image in here.on_node:
            there = f'Container image "{image}" already present on machine and can be accessed by the pod'
            here.report("Normal", "Pulled", there, self.name)
            self._configure(here)
            return
        here.report("Normal", "Pulling", f'Pulling image "{image}"', self.name)
        self.pull = here.pull(image)
        self._go("pulling", here.now_s + self.pull.takes_s)

    def _pulling(self, here: Setting) -> None:
        pull, image = self.pull or Pull(0), self.spec["image"]
        if not pull.error:
            here.on_node.add(image)
            here.report("Normal", "Pulled", _pulled(image, pull.takes_s), self.name)
            self._configure(here)
            return
        here.report("Warning", "Failed", f'Failed to pull image "{image}": {pull.error}', self.name)
        here.report("Warning", "Failed", "Error: ErrImagePull", self.name)
        self._wait("ErrImagePull", pull.error)
        self.pull_back_off_s = _longer(self.pull_back_off_s)
        self.retry_s = here.now_s + self.pull_back_off_s
        self._go("refused", here.now_s + _AGAIN_S)

    def _refused(self, here: Setting) -> None:
        if here.now_s >= self.retry_s:
            self._new(here)
            return
        image = self.spec["image"]
        here.report("Normal", "BackOff", f'Back-off pulling image "{image}"', self.name)
        here.report("Warning", "Failed", "Error: ImagePullBackOff", self.name)
        error = self.pull.error if self.pull else ""
        self._wait("ImagePullBackOff", f'Back-off pulling image "{image}": ErrImagePull: {error}')
        self._go("pull-back-off", min(here.now_s + _AGAIN_S, max(self.retry_s, here.now_s + 1)))

    # Its start

    def _configure(self, here: Setting) -> None:
        try:
            make = here.start(self.spec)
        except ConfigError as missing:
            here.report("Warning", "Failed", f"Error: {missing}", self.name)
            self._wait("CreateContainerConfigError", str(missing))
            self._go("configuring", here.now_s + _AGAIN_S)
        except StartError as error:
            self._never_ran(here, str(error))
        else:
            self._begin(here, make)

    def _again_configure(self, here: Setting) -> None:
        self._new(here)

    def _never_ran(self, here: Setting, error: str) -> None:
        here.report("Normal", "Created", "Container created", self.name)
        here.report("Warning", "Failed", f"Error: {error}", self.name)
        self._count()
        attempt = Attempt(self._id(here), lambda _: Run(said()), None, here.now_s, _START_ERROR, "StartError", error)
        self.now = attempt
        self._ended(here)

    def _begin(self, here: Setting, make: Callable[[float], Run]) -> None:
        here.report("Normal", "Created", "Container created", self.name)
        here.report("Normal", "Started", "Container started", self.name)
        self._count()
        self.now = Attempt(self._id(here), make, here.now_s)
        end = self.now.run.end
        self.ends_s = here.now_s + end.after_s if end else inf
        self.killed, self.reason, self.message = "", "", ""
        for probe in self.probes:
            probe.begin(here.now_s)
        self.started = not self._probe("Startup")
        self.ready = self.started and not self._probe("Readiness") and not self.first
        self._go("running", self._next_s())

    def _count(self) -> None:
        """A second attempt is a restart."""
        if self.now is not None:
            self.restarts += 1
            self.last = self.now

    # Its run

    def _running(self, here: Setting) -> None:
        if here.now_s >= self.ends_s:
            self._finish(here)
            return
        for probe in self.probes:
            if here.now_s >= probe.due_s and not self.killed and (self.started or probe.word == "Startup"):
                self._make(probe, here)
        self.due_s = self._next_s()

    def _make(self, probe: Probe, here: Setting) -> None:
        attempt = self.now
        if attempt is None or attempt.began_s is None:
            return
        failed = probe.make(here.now_s, attempt.began_s, attempt.run, f"{here.address}:{self._port(probe)}")
        if failed:
            here.report("Warning", "Unhealthy", failed, self.name)
        _OUTCOMES[probe.word](self, probe, here)

    def _startup_made(self, probe: Probe, here: Setting) -> None:
        self.started = probe.passed
        if probe.passed:
            self.ready = not self._probe("Readiness")
            for other in self.probes:
                other.due_s = here.now_s + 1 if other is not probe else inf
        self._restart_if_spent(probe, here)

    def _readiness_made(self, probe: Probe, here: Setting) -> None:
        del here
        self.ready = probe.passed or (self.ready and not probe.spent)

    def _restart_if_spent(self, probe: Probe, here: Setting) -> None:
        if probe.spent and self.now:
            told = f"Container {self.name} failed {probe.word.lower()} probe, will be restarted"
            here.report("Normal", "Killing", told, self.name)
            self._end_by("probe", here.now_s, here.now_s + here.pod["spec"].get("terminationGracePeriodSeconds", 30))

    def _end_by(self, why: str, now_s: float, by_s: float) -> None:
        takes_s = self.now.run.stops_after_s if self.now else 0.0
        self.killed = why
        self.ends_s = min(self.ends_s, now_s + takes_s, max(by_s, now_s))
        self.due_s = self.ends_s

    def _finish(self, here: Setting) -> None:
        attempt = self.now
        if attempt is None:
            return
        attempt.ended_s = here.now_s
        if self.killed or attempt.run.end is None:
            attempt.code = _KILLED if self.killed == "crash" else attempt.run.stop_code
            attempt.reason = "Error" if attempt.code else "Completed"
        else:
            end = attempt.run.end
            attempt.code, attempt.reason, attempt.message = end.code, end.reason, end.message
        self._ended(here)

    # Its end, and again

    def _ended(self, here: Setting) -> None:
        self.ready = self.started = False
        if self.killed == "pod":
            self._go("stopped", inf)
        elif self._rests(here):
            self._go("over", inf)
        else:
            self._back_off(here)
            self._go("ended", here.now_s + _AT_ONCE_S)

    def _rests(self, here: Setting) -> bool:
        failed = self.now is not None and self.now.code != 0
        if here.restarts == "Never" or (self.first and not failed):
            return True
        return here.restarts == "OnFailure" and not failed

    def _back_off(self, here: Setting) -> None:
        """Reckon when it may start again: at once after its first end, then later and later."""
        ran_s = here.now_s - (self.now.began_s or here.now_s) if self.now else 0.0
        if ran_s > _FORGIVEN_AFTER_S:
            self.back_off_s = 0.0
        self.retry_s = here.now_s + self.back_off_s

    def _after_end(self, here: Setting) -> None:
        if here.now_s >= self.retry_s:
            self.back_off_s = _longer(self.back_off_s)
            self._new(here)
            return
        told = f"Back-off restarting failed container {self.name} in pod {here.named()}"
        here.report("Warning", "BackOff", told, self.name)
        wait = _duration(self.back_off_s)
        self._wait("CrashLoopBackOff", f"back-off {wait} restarting failed container={self.name} pod={here.named()}")
        self._go("back-off", max(here.now_s + 1, min(here.now_s + _AGAIN_S, self.retry_s)))

    def _nothing(self, here: Setting) -> None:
        del here
        self.due_s = inf

    # Within

    def _go(self, phase: Phase, due_s: float) -> None:
        self.phase, self.due_s = phase, due_s

    def _wait(self, reason: str, message: str) -> None:
        self.reason, self.message = reason, message

    def _probe(self, word: str) -> Probe | None:
        return next((probe for probe in self.probes if probe.word == word), None)

    def _port(self, probe: Probe) -> int:
        wanted = probe.spec.get("httpGet", {}).get("port", 0)
        ports = {port.get("name"): port["containerPort"] for port in self.spec.get("ports") or ()}
        return int(ports.get(wanted, wanted if isinstance(wanted, int) else 0))

    def _next_s(self) -> float:
        awake = [probe.due_s for probe in self.probes if self.started or probe.word == "Startup"]
        return min([self.ends_s, *([] if self.killed else awake)])

    def _id(self, here: Setting) -> str:
        words = (here.pod["metadata"]["uid"], self.name, self.restarts, here.now_s)
        return "containerd://" + "".join(hash_of(*words, number) for number in range(4))


_STEPS: dict[Phase, Callable[[Container, Setting], None]] = {
    "new": Container._new,  # noqa: SLF001 its own steps
    "pulling": Container._pulling,  # noqa: SLF001
    "refused": Container._refused,  # noqa: SLF001
    "pull-back-off": Container._refused,  # noqa: SLF001
    "configuring": Container._again_configure,  # noqa: SLF001
    "running": Container._running,  # noqa: SLF001
    "ended": Container._after_end,  # noqa: SLF001
    "back-off": Container._after_end,  # noqa: SLF001
    "over": Container._nothing,  # noqa: SLF001
    "stopped": Container._nothing,  # noqa: SLF001
}
_OUTCOMES: dict[str, Callable[[Container, Probe, Setting], None]] = {
    "Startup": Container._startup_made,  # noqa: SLF001 its own
    "Readiness": Container._readiness_made,  # noqa: SLF001
    "Liveness": Container._restart_if_spent,  # noqa: SLF001
}


def _longer(back_off_s: float) -> float:
    return min(back_off_s * 2, LONGEST_BACK_OFF_S) if back_off_s else FIRST_BACK_OFF_S


def _duration(seconds: float) -> str:
    """As Go prints a duration: 40s, 1m20s, 5m0s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _pulled(image: str, took_s: float) -> str:
    took = f"{took_s:.3f}s"
    size = f"Image size: {size_of(image)} bytes."
    return f'Successfully pulled image "{image}" in {took} ({took} including waiting). {size}'

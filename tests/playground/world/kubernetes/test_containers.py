"""One container's life: the kubelet's back-off, its probes and its words."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from playground.world.kubernetes.containers import Container, Setting
from playground.world.kubernetes.environment import ConfigError
from playground.world.kubernetes.images import Pull, full_name, pulled
from playground.world.kubernetes.machine import Machine, RegistryState
from playground.world.kubernetes.programs import End, Run, said
from playground.world.kubernetes.templates import container, probe

POD: dict[str, Any] = {"metadata": {"name": "backend-1", "namespace": "volaticloud", "uid": "u-1"}, "spec": {}}


class Kubelet:
    """Drives one container through time and remembers what was reported."""

    def __init__(self, run: Callable[[float], Run], *, restarts: str = "Always", **spec: Any) -> None:
        self.make: Callable[[float], Run] = run
        self.container = Container(container("main", "busybox:1.37", ports={"http": 8080}, **spec))
        self.restarts = restarts
        self.told: list[tuple[float, str, str]] = []
        self.now_s = 1000.0
        self.pull = Pull(2.0)

    def live(self, for_s: float) -> None:
        """Let so many seconds pass."""
        end_s = self.now_s + for_s
        while (due_s := max(self.container.due_s, self.now_s)) <= end_s:
            self.now_s = due_s
            self.container.step(self.setting())
        self.now_s = end_s

    def setting(self) -> Setting:
        """What the container is told of its surroundings."""
        return Setting(
            self.now_s, POD, "10.244.1.5", self.restarts, set(), lambda _: self.pull, lambda _: self.make, self.report
        )

    def report(self, type_: str, reason: str, message: str, name: str) -> None:
        """Remember an event."""
        self.told.append((self.now_s - 1000, reason, message))

    def is_up(self) -> tuple[bool, bool, bool]:
        """Whether it runs, has started, and is ready."""
        return self.container.running, self.container.started, self.container.ready

    def when(self, reason: str) -> list[float]:
        """When events of this reason were reported, in seconds from the start."""
        return [at for at, told, _ in self.told if told == reason]


def ends(after_s: float, code: int) -> Callable[[float], Run]:
    return lambda _: Run(said(), End(after_s, code))


def serves(answers: Callable[[str, float], int]) -> Callable[[float], Run]:
    return lambda _: Run(said(), answers=answers)


def test_back_off() -> None:
    """Starts again at once after the first end, and then after 10, 20, 40, 80 and 160 seconds, at most five minutes."""
    kubelet = Kubelet(ends(0.0, 1))
    kubelet.pull = Pull(0.0)
    kubelet.live(1500)
    starts = kubelet.when("Started")
    pauses = [round(later - earlier) for earlier, later in pairwise(starts)]
    assert pauses == [1, 10, 20, 40, 80, 160, 300, 300, 300]
    assert kubelet.container.message == "back-off 5m0s restarting failed container=main pod=backend-1_volaticloud(u-1)"


def test_a_long_run_is_forgiven() -> None:
    """Begins its back-off anew after a run of more than ten minutes."""
    kubelet = Kubelet(ends(0.0, 1))
    kubelet.live(100)
    kubelet.make = ends(700.0, 1)
    kubelet.live(200 + 700)
    assert kubelet.container.back_off_s == 10


@pytest.mark.parametrize(
    ("restarts", "code", "phase", "again"),
    [
        ("Never", 1, "over", 0),
        ("Never", 0, "over", 0),
        ("OnFailure", 0, "over", 0),
        ("OnFailure", 1, "back-off", 3),
        ("Always", 0, "back-off", 3),
    ],
)
def test_restart_policies(restarts: str, code: int, phase: str, again: int) -> None:
    """Starts again as the pod's policy says."""
    kubelet = Kubelet(ends(1.0, code), restarts=restarts)
    kubelet.live(60)
    assert (kubelet.container.phase, kubelet.container.restarts) == (phase, again)


def test_missing_settings() -> None:
    """Waits for what its environment refers to, and starts when it is there."""
    kubelet = Kubelet(ends(1.0, 0))

    def refuse(_: Mapping[str, Any]) -> Callable[[float], Run]:
        raise ConfigError('secret "x" not found')

    there = kubelet.setting

    def setting() -> Setting:
        one = there()
        return one if kubelet.now_s > 1060 else replace(one, start=refuse)

    kubelet.setting = setting  # type: ignore[method-assign]  # the secret comes after a minute
    kubelet.live(30)
    assert (kubelet.container.reason, kubelet.container.message) == (
        "CreateContainerConfigError",
        'secret "x" not found',
    )
    kubelet.live(60)
    assert kubelet.when("Started") != []


def test_readiness() -> None:
    """Is ready at the first probe that passes, and unready after three that fail in a row; it is not restarted."""
    kubelet = Kubelet(serves(lambda _, after: 200 if 20 <= after < 100 else 503), readinessProbe=probe("/", "http"))
    kubelet.live(20)
    assert kubelet.is_up() == (True, True, False)
    kubelet.live(20)
    assert kubelet.is_up() == (True, True, True)
    assert {message for _, reason, message in kubelet.told if reason == "Unhealthy"} == {
        "Readiness probe failed: HTTP probe failed with statuscode: 503"
    }
    assert kubelet.container.restarts == 0


def test_startup_probe_comes_first() -> None:
    """Makes no other probe before the startup probe has passed."""
    slow = serves(lambda path, after: 200 if path == "/live" or after > 25 else 503)
    kubelet = Kubelet(slow, startupProbe=probe("/start", "http", failures=6), readinessProbe=probe("/ready", "http"))
    kubelet.live(25)
    assert kubelet.is_up() == (True, False, False)
    assert {message for _, reason, message in kubelet.told if reason == "Unhealthy"} == {
        "Startup probe failed: HTTP probe failed with statuscode: 503"
    }
    kubelet.live(25)
    assert kubelet.is_up() == (True, True, True)


def test_a_probe_before_it_listens() -> None:
    """Is refused while the program does not listen yet."""
    late = Kubelet(lambda _: Run(said(), listens_after_s=30), readinessProbe=probe("/", "http"))
    late.live(10)
    told = (
        'Readiness probe failed: Get "http://10.244.1.5:8080/": dial tcp 10.244.1.5:8080: connect: connection refused'
    )
    assert [message for _, reason, message in late.told if reason == "Unhealthy"] == [told]


def test_stopping() -> None:
    """Ends when it is asked to, by the moment it is given at the latest."""
    deaf = Kubelet(lambda _: Run(said(), stops_after_s=60, stop_code=137))
    deaf.live(10)
    deaf.container.stop(deaf.setting(), deaf.now_s + 30)
    deaf.live(29)
    assert deaf.is_up()[0]
    deaf.live(1)
    assert deaf.container.phase == "stopped"
    assert deaf.told[-1][1:] == ("Killing", "Stopping container main")


def test_names_of_images() -> None:
    """Names an image with its registry as containerd does."""
    assert full_name("busybox:1.37") == "docker.io/library/busybox:1.37"
    assert full_name("fluent/fluent-bit:4") == "docker.io/fluent/fluent-bit:4"
    assert full_name("ghcr.io/volaticloud/volaticloud:2") == "ghcr.io/volaticloud/volaticloud:2"
    assert full_name("localhost:5000/a:1") == "localhost:5000/a:1"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            "rate-limited",
            "429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated",
        ),
        (
            "denied",
            "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://",
        ),
        ("unknown-host", "dial tcp: lookup registry-1.docker.io on 10.0.0.2:53: no such host"),
        ("timeout", ":443: i/o timeout"),
    ],
)
def test_registries_refuse(state: RegistryState, words: str) -> None:
    """Says why an image cannot be had as containerd says it."""
    error = pulled("redis:7", Machine(registries={"docker.io": state})).error
    assert error.startswith('failed to pull and unpack image "docker.io/library/redis:7": ')
    assert words in error

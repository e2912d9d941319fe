"""Brings a real daemon's containers into the states of the contract, by doing to them what brings them there."""

import json
import time
from collections.abc import Callable
from typing import Any

from tests.live.docker_daemon import BUSYBOX, Daemon
from tests.playground.world.docker.contract import CONTAINERS

PATIENCE_S = 30.0  # the slowest state, five restarts with doubled waits in between, takes 3 s
FEW_BYTES = 8 * 1024 * 1024  # of memory: enough for a shell
RESTARTS = 5
_FOREVER = "while :; do busybox sleep 0.1; done"  # in short steps, between which the shell takes a signal


def fill(daemon: Daemon) -> None:
    """Make all of them."""
    for name in CONTAINERS:
        command, more = _MADE.get(name, (_shell("exec busybox sleep 3600"), {}))
        daemon.create(name, command, **more)
        if name != "created":
            _start(daemon, name)
        _DONE.get(name, _nothing)(daemon, name)
    until(lambda: daemon.inspect("looping")["RestartCount"] >= RESTARTS)


def settle(daemon: Daemon) -> None:
    """Wait until the one that restarts waits for its next start: in between it runs for some milliseconds."""
    until(lambda: _is(daemon, "looping", "restarting"))


def until(there: Callable[[], bool]) -> None:
    """Wait for something that nobody tells of: another process brings it about."""
    end = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < end, "it did not come about"


def _shell(script: str) -> list[str]:
    return [BUSYBOX, "sh", "-c", script.replace("busybox", BUSYBOX)]


_MADE: dict[str, tuple[list[str], dict[str, Any]]] = {
    "running": (_shell("echo up; exec busybox sleep 3600"), {"Env": ["KC_LOG=console"]}),
    "failed": (_shell("echo one; echo two; echo three; busybox sleep 0.2; echo no database >&2; exit 3"), {}),
    "stopped": (_shell(f"trap 'exit 143' TERM; {_FOREVER}"), {}),
    # The shell outlives what the kernel killed: Docker may miss the kill of a container that ends at once with it.
    "out-of-memory": (
        _shell(f"exec 2>/dev/null; busybox tail /dev/zero; end=$?; trap 'exit $end' TERM; {_FOREVER}"),
        {"HostConfig": {"Memory": FEW_BYTES}},
    ),
    "looping": (
        _shell("echo ERROR: Failed to start server >&2; exit 1"),
        {"HostConfig": {"RestartPolicy": {"Name": "always"}}},
    ),
    "terminal": (_shell("echo first; echo second; exec busybox sleep 3600"), {"Tty": True}),
    "unstartable": (["/nope"], {}),
    "unlogged": (
        _shell("echo unheard; exec busybox sleep 3600"),
        {"HostConfig": {"LogConfig": {"Type": "none"}}},
    ),
    "long-line": (_shell("busybox head -c 20000 /dev/zero | busybox tr '\\0' x; echo"), {}),
}


def _start(daemon: Daemon, name: str) -> None:
    if name == "unstartable":
        try:
            daemon.ask("POST", f"/containers/{name}/start")
        except AssertionError:
            return
    daemon.ask("POST", f"/containers/{name}/start")


def _nothing(_: Daemon, __: str) -> None:
    pass


def _is(daemon: Daemon, name: str, status: str) -> bool:
    return bool(daemon.inspect(name)["State"]["Status"] == status)


def _ends(daemon: Daemon, name: str) -> None:
    until(lambda: _is(daemon, name, "exited"))


def _speaks(daemon: Daemon, name: str) -> None:
    """Wait for its whole log: a line comes a moment after the start."""
    path = f"/containers/{name}/logs"
    last = {"running": b"up\n", "terminal": b"second\r\n"}[name]
    until(lambda: daemon.ask("GET", path, params={"stdout": 1}).content.endswith(last))


def _told(what: str) -> Callable[[Daemon, str], None]:
    def tell(daemon: Daemon, name: str) -> None:
        daemon.ask("POST", f"/containers/{name}/{what}")
        if what != "pause":
            _ends(daemon, name)

    return tell


def _again(daemon: Daemon, name: str) -> None:
    _told("kill")(daemon, name)
    _start(daemon, name)


def _runs_out(daemon: Daemon, name: str) -> None:
    """Wait until the daemon tells of the kernel's kill, then let the container end."""
    path, of_this = "/events", json.dumps({"container": [name], "event": ["oom"]})
    until(lambda: bool(daemon.ask("GET", path, params={"filters": of_this, "since": 0, "until": time.time()}).content))
    _told("stop")(daemon, name)


_DONE: dict[str, Callable[[Daemon, str], None]] = {
    "running": _speaks,
    "terminal": _speaks,
    "failed": _ends,
    "stopped": _told("stop"),
    "killed": _told("kill"),
    "out-of-memory": _runs_out,
    "paused": _told("pause"),
    "again": _again,
    "long-line": _ends,
}

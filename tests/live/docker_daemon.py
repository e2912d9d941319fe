"""Starts and stops a real Docker daemon of the tests' own, with a tiny image in it. It sets up no containers.

It shares nothing with a daemon the machine may have: its own socket, folders and containerd, no network, no iptables.
"""

import io
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

IMAGE = "volati-live:1"
BUSYBOX = "/bin/busybox"
START_S = 30.0  # a start takes about 1 s; a busy machine needs patience
STOP_S = 20.0
CALL_S = 20.0  # a container is made and started in well below 1 s
_PLACES = os.pathsep.join((os.defpath, "/usr/local/sbin:/usr/sbin:/sbin"))  # where daemons are, root or not
_DYNAMIC = b"/ld-"  # a program that names its loader needs libraries, and an image of it alone would not run


class NoDaemon(Exception):  # noqa: N818  # it is a reason to skip, not a failure
    """No daemon can be had here; the message says why."""


@dataclass(frozen=True)
class Daemon:
    """A daemon that answers."""

    socket: Path
    pid: int

    @property
    def host(self) -> str:
        """Where it listens, as DOCKER_HOST names it."""
        return f"unix://{self.socket}"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, which must succeed."""
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), timeout=CALL_S) as http:
            answer = http.request(method, f"http://docker/v1.41{path}", **more)
            assert answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED, answer.text
            return answer

    def create(self, name: str, command: list[str], **more: Any) -> None:
        """Make a container that has no network and is not started."""
        body = {"Image": IMAGE, "Cmd": command, **more}
        body["HostConfig"] = {"NetworkMode": "none", **more.get("HostConfig", {})}
        self.ask("POST", "/containers/create", params={"name": name}, json=body)

    def inspect(self, name: str) -> dict[str, Any]:
        """What it says of a container."""
        return dict(self.ask("GET", f"/containers/{name}/json").json())

    def remove_all(self) -> None:
        """End and remove every container."""
        for one in self.ask("GET", "/containers/json", params={"all": 1}).json():
            self.ask("DELETE", f"/containers/{one['Id']}", params={"force": 1, "v": 1})


@contextmanager
def running(driver: str = "vfs") -> Iterator[Daemon]:
    """A real daemon with the image, gone afterwards with its containers, its processes and its files.

    `driver` keeps the layers: vfs works everywhere and copies each of them; overlay2 needs the kernel's help.

    Raises:
        NoDaemon: a tool or a right is missing, or it does not start here.
    """
    dockerd, busybox = _needed()
    with tempfile.TemporaryDirectory(prefix="volati-docker-", ignore_cleanup_errors=True) as name:
        folder = Path(name)  # short enough for a socket, which takes 107 bytes
        with (folder / "log").open("wb") as log:
            process = _start([dockerd, f"--storage-driver={driver}"], folder, log.fileno())
            try:
                daemon = Daemon(folder / "docker.sock", process.pid)
                if not _comes_up(daemon, process):
                    raise NoDaemon(f"dockerd does not start here; its log ends: {_end(folder / 'log')}")
                _import(daemon, busybox)
                yield daemon
                daemon.remove_all()
            finally:
                _stop(process)


def _needed() -> tuple[str, Path]:
    if os.geteuid() != 0:
        raise NoDaemon("dockerd needs root; the live tests of Docker run as root only")
    dockerd, busybox = shutil.which("dockerd", path=_PLACES), shutil.which("busybox", path=_PLACES)
    if dockerd is None:
        raise NoDaemon("dockerd is not installed; the live tests of Docker need docker.io")
    if busybox is None or _DYNAMIC in Path(busybox).read_bytes():
        raise NoDaemon("there is no static busybox; the live tests of Docker need busybox-static")
    return dockerd, Path(busybox)


def _start(dockerd: list[str], folder: Path, log: int) -> "subprocess.Popen[bytes]":
    places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    options = [f"--host=unix://{folder}/docker.sock", *(f"--{name}={folder}/{at}" for name, at in places.items())]
    options += ["--iptables=false", "--ip6tables=false", "--bridge=none"]
    return subprocess.Popen(  # noqa: S603  # the command is ours alone
        [*dockerd, f"--config-file={_no_settings(folder)}", *options],
        env={"PATH": _PLACES},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group of its own, so that all of it can be stopped
    )


def _no_settings(folder: Path) -> Path:
    """A file in place of the machine's own /etc/docker/daemon.json."""
    file = folder / "daemon.json"
    file.write_text("{}")
    return file


def _end(log: Path) -> str:
    return log.read_text(errors="replace")[-1000:]  # characters: the last lines


def _comes_up(daemon: Daemon, process: "subprocess.Popen[bytes]") -> bool:
    """Return True when it answers, False when it died or took too long."""
    until = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < until:
        if _listens(daemon.socket):
            return daemon.ask("GET", "/_ping").is_success
        _wait(process, 0.1)  # s between two looks; the deadline above is what counts
    return False


def _listens(path: Path) -> bool:
    """Whether it takes a connection; where it does not, the HTTP library would leave its own attempt open."""
    with socket.socket(socket.AF_UNIX) as attempt:
        try:
            attempt.connect(str(path))
        except OSError:
            return False
    return True


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether it ended within so many seconds."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _import(daemon: Daemon, busybox: Path) -> None:
    """An image that holds one program."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(busybox.resolve(), arcname=BUSYBOX.lstrip("/"))
    name, _, tag = IMAGE.partition(":")
    headers = {"Content-Type": "application/x-tar"}
    where = {"fromSrc": "-", "repo": name, "tag": tag}
    daemon.ask("POST", "/images/create", params=where, content=packed.getvalue(), headers=headers)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End it politely, with its containerd; else by force."""
    process.terminate()
    if not _wait(process, STOP_S):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

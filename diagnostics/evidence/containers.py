"""What looking at a container needs of a client: its state and the end of its log, as plain values."""

from datetime import datetime
from typing import Protocol

from diagnostics.model import Value

#: Where Docker listens when nothing else is said; a command need not name it.
LOCAL_HOST = "unix:///var/run/docker.sock"


class ContainerState(Value, frozen=True):
    """A container as Docker describes it.

    `status` is Docker's own word: created, running, paused, restarting, removing, exited or dead. `error` is
    what Docker says when it could not start it. `tty` decides how its log is encoded. Times are aware, in UTC;
    `ended_at` is the end of its last run, which may lie before `started_at`.
    """

    name: str
    status: str
    exit_code: int = 0
    out_of_memory: bool = False
    restarts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str = ""
    tty: bool = False


class LogWanted(Value, frozen=True):
    """Which part of a log: the newest lines since a moment (aware), at most so many lines and so many bytes."""

    since: datetime
    lines: int
    bytes: int


class LogTail(Value, frozen=True):
    """The newest lines of a log, oldest first, each of them whole. `cut` says that older ones did not fit."""

    lines: tuple[str, ...] = ()
    cut: bool = False


class Containers(Protocol):
    """What looking at a container needs of a client."""

    @property
    def host(self) -> str:
        """The daemon that is asked, such as `tcp://docker.example.com:2376`."""
        ...

    async def state(self, name: str) -> ContainerState | None:
        """The container of this name, or None when the daemon has none.

        Raises:
            CouldNotLookError: the daemon could not be asked, and why.
        """
        ...

    async def log(self, container: ContainerState, wanted: LogWanted) -> LogTail:
        """The end of the container's log, both of its streams.

        Raises:
            CouldNotLookError: it could not be read, and why.
        """
        ...


def command(host: str, words: str) -> str:
    """The command by which a person asks the same daemon, such as `docker logs --tail 100 volaticloud-keycloak`."""
    return f"docker {words}" if host == LOCAL_HOST else f"docker -H {host} {words}"

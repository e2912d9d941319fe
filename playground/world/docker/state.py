"""The simulated daemon as one frozen value: its containers and what they have logged.

A fault is a function from one such value to another.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

Status = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]
Stream = Literal[1, 2]
OUT: Stream = 1
ERR: Stream = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a log: when (seconds since 1970), on which stream, and its text without the line's end."""

    at_s: float
    text: str
    stream: Stream = OUT


@dataclass(frozen=True, slots=True)
class Container:
    """One container. `tells` is what it has logged until a moment, in seconds since 1970, oldest first."""

    name: str
    image: str
    tells: Callable[[float], tuple[Entry, ...]]
    status: Status = "running"
    exit_code: int = 0
    out_of_memory: bool = False
    restarts: int = 0
    created_at_s: float = 0.0
    started_at_s: float | None = None
    ended_at_s: float | None = None
    error: str = ""
    tty: bool = False
    log_driver: str = "json-file"

    @property
    def id(self) -> str:
        """64 hex digits, made from the name so that they stay."""
        return sha256(self.name.encode()).hexdigest()

    @property
    def runs(self) -> bool:
        """Whether a process of it is up and gets to compute."""
        return self.status == "running"


@dataclass(frozen=True, slots=True)
class State:
    """The daemon. `began_at_s` is when its story begins: the moment of the last fault, in seconds since 1970."""

    containers: tuple[Container, ...]
    began_at_s: float

    def named(self, name: str) -> Container | None:
        """The container of this name, of this id, or of an id that begins so; as the Engine looks them up."""
        exact = next((one for one in self.containers if name in {one.name, one.id}), None)
        begun = [one for one in self.containers if name and one.id.startswith(name)]
        return exact or (begun[0] if len(begun) == 1 else None)

    def with_container(self, name: str, change: Callable[[Container], Container]) -> "State":
        """The same with one container changed; one that is gone stays gone."""
        return replace(self, containers=tuple(change(one) if one.name == name else one for one in self.containers))

    def without_container(self, name: str) -> "State":
        """The same without one container."""
        return replace(self, containers=tuple(one for one in self.containers if one.name != name))

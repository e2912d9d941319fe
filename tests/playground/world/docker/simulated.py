"""A simulated Docker with the containers of the contract, each in its state."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from playground.world.docker.server import SimulatedDocker
from playground.world.docker.state import ERR, Container, Entry, State
from tests.playground.world.docker.contract import CONTAINERS

_NOW_S = time.time()
_BEGAN_S = _NOW_S - 60
_ENDED = {"ended_at_s": _NOW_S - 30, "status": "exited"}
_SAYS = {
    "running": (Entry(_BEGAN_S, "up"),),
    "failed": (*(Entry(_BEGAN_S, word) for word in ("one", "two", "three")), Entry(_BEGAN_S, "no database", ERR)),
    "looping": tuple(Entry(_BEGAN_S, "ERROR: Failed to start server", ERR) for _ in range(5)),
    "terminal": (Entry(_BEGAN_S, "first"), Entry(_BEGAN_S, "second")),
    "long-line": (Entry(_BEGAN_S, "x" * 20_000),),
}
_DIFFERS = {
    "created": {"status": "created", "started_at_s": None},
    "failed": {**_ENDED, "exit_code": 3},
    "stopped": {**_ENDED, "exit_code": 143},
    "killed": {**_ENDED, "exit_code": 137},
    "out-of-memory": {**_ENDED, "exit_code": 137, "out_of_memory": True},
    "looping": {"status": "restarting", "exit_code": 1, "restarts": 5, "ended_at_s": _BEGAN_S + 1},
    "paused": {"status": "paused"},
    "again": {"ended_at_s": _BEGAN_S - 1},
    "terminal": {"tty": True},
    "unstartable": {"status": "created", "started_at_s": None, "exit_code": 127, "error": "no such file or directory"},
    "unlogged": {"log_driver": "none"},
    "long-line": {**_ENDED},
}


def containers() -> tuple[Container, ...]:
    """All of them, the one made last at the end."""
    return tuple(_container(name, place) for place, name in enumerate(CONTAINERS))


def _container(name: str, place: int) -> Container:
    told = _SAYS.get(name, ())
    sound = Container(name, "volati-live:1", lambda _: told, created_at_s=_BEGAN_S - 60 + place, started_at_s=_BEGAN_S)
    return replace(sound, **_DIFFERS.get(name, {}))  # type: ignore[arg-type] # each value is of its field's type


@asynccontextmanager
async def simulated() -> AsyncIterator[SimulatedDocker]:
    """One that runs."""
    async with SimulatedDocker() as docker:
        docker.amend(lambda _: State(containers(), _NOW_S))
        yield docker

"""Opens what a command works with: settings and services, saved runs, files and pipes."""

import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.bootstrap import Services, open_services
from bot.cli.output import tell
from bot.cli.running import ended_when_told
from bot.errors import StoreError, VolatiError
from bot.settings import Settings, load, parse
from bot.store import Store

DEFAULT_CONFIG = Path("volati.yaml")

COULD_NOT_LOOK = 3
"""The exit code where what was wanted could not be seen, as that of a diagnosis."""

_INPUT_AT_MOST = 16_000_000
"""Bytes read from a pipe: more than any token or saved run has."""


@asynccontextmanager
async def services_of(
    config: Path, *, in_playground: bool = False, scenario: str | None = None, areas: Sequence[str] = ()
) -> AsyncIterator[Services]:
    """The services that settings ask for: those of a file, or of a simulated platform with a fault switched on.

    `areas` are what will be looked at there: the rest of it is not started. A signal to end cancels the command.

    Raises:
        VolatiError: the settings are wrong, each error of theirs is named; or there is no such fault.
    """
    with ended_when_told():
        async with AsyncExitStack() as stack:
            simulated = (scenario or "healthy") if in_playground or scenario else None
            settings = await _settings(stack, config, simulated, areas)
            yield await stack.enter_async_context(open_services(settings, memory_required=False))


async def with_the_store(
    config: Path, work: Callable[[Services, Store], Awaitable[int]], *, without: str, broken: str
) -> int:
    """What is done with the store, by its exit code; COULD_NOT_LOOK where it cannot be had or does not answer.

    `without` and `broken` say what that means to the person.
    """
    async with services_of(config) as services:
        if services.store is None:
            tell(without)
            return COULD_NOT_LOOK
        try:
            return await work(services, services.store)
        except StoreError as error:
            tell(f"{broken} {error}")
            return COULD_NOT_LOOK


async def _settings(stack: AsyncExitStack, config: Path, scenario: str | None, areas: Sequence[str]) -> Settings:
    if scenario is None:
        return load(config)
    from playground.world.platform import simulated_platform

    document = await stack.enter_async_context(simulated_platform(scenario, areas))
    return parse(document, "the playground")


def given_run(run: str) -> bytes | None:
    """A run that is handed over, in a pipe or a file; None for an id. Read with no loop about: Ctrl-C ends the wait."""
    return read(run) if run == "-" or is_file(run) else None


async def saved_run(run: str, config: Path) -> bytes:
    """A saved run by its id, as JSON.

    Raises:
        VolatiError: there is none, or none any more.
    """
    async with services_of(config) as services:
        document = await services.store.run(run) if services.store else None
    if document is None:
        raise VolatiError(f"There is no saved run {run[:40]!r}. Runs are kept for a while only; a file works too.")
    return document


def is_file(name: str) -> bool:
    """Whether this names a file; what cannot be looked at does not."""
    with contextlib.suppress(OSError):  # a name too long for a file, a folder we may not look into
        return Path(name).is_file()
    return False


def read(source: str) -> bytes:
    """What is in a file, or for `-` comes through a pipe, as far as it is read.

    Raises:
        VolatiError: it cannot be read.
    """
    try:
        if source == "-":
            return sys.stdin.buffer.read(_INPUT_AT_MOST)
        with Path(source).open("rb") as file:
            return file.read(_INPUT_AT_MOST)
    except OSError as error:
        raise VolatiError(f"{source} cannot be read: {error.strerror}. Name a file, or - for a pipe.") from error

"""Runs a command to its exit code: what ends it on the way, and how it says so. It knows no command."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, NoReturn

import typer

from bot.cli.output import tell
from bot.errors import VolatiError
from diagnostics.runs import RunUnreadableError

USAGE_ERROR = 2

_TERMINATED, _INTERRUPTED = 143, 130
"""128 and the number of the signal, SIGTERM or SIGINT, as a shell names it. 0 would say "healthy"."""


@contextlib.contextmanager
def ended_when_told() -> Iterator[None]:
    """Cancel the command when it is told to end, so that what it started ends and what it made is taken away again.

    Once: a second one must not interrupt the cleaning up, which bounds itself.
    """
    loop, command, told = asyncio.get_running_loop(), asyncio.current_task(), orders_to_end()

    def end() -> None:
        for number in told:
            loop.add_signal_handler(number, lambda: None)
        if command is not None:
            command.cancel()

    for number in told:
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in told:
            loop.remove_signal_handler(number)


def orders_to_end() -> tuple[signal.Signals, ...]:
    """What tells a command to end: SIGTERM, and a terminal that is closed, unless it runs under nohup."""
    closed = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    return signal.SIGTERM, *closed


async def until_stopped(work: Callable[[asyncio.Event], Awaitable[int | None]]) -> int:
    """Work until it ends or a signal sets the event it is given; gives its exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, *orders_to_end()):
        loop.add_signal_handler(number, stop.set)
    return int(await work(stop) or 0)


def carry_out(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command to its exit code. While it works, Ctrl-C lets it close what it opened."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with explained():
            raise typer.Exit(asyncio.run(work))
    except asyncio.CancelledError:
        raise typer.Exit(_TERMINATED) from None
    except KeyboardInterrupt:
        tell("Stopped before the end.")
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Say what the bot can explain in a sentence, without a traceback, and end.

    Raises:
        typer.Exit: with 2.
    """
    try:
        yield
    except (VolatiError, RunUnreadableError) as error:
        tell(str(error))
        raise typer.Exit(USAGE_ERROR) from None

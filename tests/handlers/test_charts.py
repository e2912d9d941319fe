"""Tests of charts in a thread: after the verdict, described in words, and never in the verdict's way."""

import errno
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.clients.drawing import NotDrawnError
from bot.slack.message import Message
from bot.slack.poster import Place
from diagnostics.charts import Chart
from handlers.charts import attach_charts
from tests.diagnostics.areas.cases.performance import times
from tests.diagnostics.test_charts import run
from tests.handlers.world import CHANNEL, World, world

PICTURE = b"\x89PNG\r\n\x1a\nnot much of one"


async def _draw(_: Chart) -> bytes:
    return PICTURE


async def _fail(chart: Chart) -> bytes:
    raise NotDrawnError(f"The chart {chart.name} was not drawn: no ink.")


async def _no_room(_: Chart) -> bytes:
    raise OSError(errno.ENOSPC, "No space left on device")


async def attached(here: World, *, draw: Callable[[Chart], Awaitable[bytes]] = _draw, cpu_m: int = 950) -> Place:
    """A thread, and what was attached to it."""
    desk = replace(here.desk, draw=draw)
    root = await desk.poster.post(CHANNEL, Message("Performance in production is degraded."))
    await attach_charts(desk, root, run(times(40, 40), cpu_m=cpu_m))
    return root


async def test_in_the_thread() -> None:
    """It attaches a picture to the thread, with its words both beside it and for who cannot see it."""
    async with world() as here:
        root = await attached(here)
        await here.slack.until(lambda: here.slack.core.files.files, seconds=10)
        (stored,) = here.slack.core.files.files.values()
        assert (stored.data, stored.name) == (PICTURE, "volati-r1-use-of-limits.png")
        (_, shared) = here.slack.thread(CHANNEL, root.ts)
        assert "processor 95 % of the limit" in shared.content.text
        assert here.slack.ledger.rejected == []


async def test_nothing_to_show() -> None:
    """It attaches nothing to a run whose findings are no figures."""
    async with world() as here:
        await attached(here, cpu_m=10)
        assert here.slack.core.files.files == {}


@pytest.mark.parametrize("draw", [_fail, _no_room])
async def test_no_ink(draw: Callable[[Chart], Awaitable[bytes]]) -> None:
    """It goes on without a chart that cannot be drawn."""
    async with world() as here:
        await attached(here, draw=draw)
        assert here.slack.core.files.files == {}


async def test_no_files() -> None:
    """It says in words what a chart shows where no files may be uploaded."""
    async with world() as here:
        here.slack.core.switches.file_uploads_disabled = True
        root = await attached(here)
        await here.slack.until(lambda: len(here.slack.thread(CHANNEL, root.ts)) > 1, seconds=10)
        told = here.slack.thread(CHANNEL, root.ts)[-1].words()
        assert "processor 95 % of the limit" in told

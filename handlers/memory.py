"""What handlers remember across deliveries and restarts. Where the memory is away, they go on without it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.errors import StoreError
from bot.slack.errors import SlackError
from bot.slack.poster import Place
from bot.slack.views.answers import stopped
from bot.store import UnderWay
from handlers.desk import Asked, Desk

OTHERS_SECONDS = 360.0
"""Age at which another replica's run under way is taken for dead: the longest run that can be set, and a minute."""

_log = structlog.get_logger()


async def first_time(desk: Desk, asked: Asked, what: str) -> bool:
    """Whether these words were not acted on before, as far as the memory knows."""
    if desk.memory is None or not asked.id:
        return True
    try:
        return await desk.memory.first_time("asked", f"{asked.id} {what}")
    except StoreError as error:
        _log.warning("a repeat of this could not be recognised", reason=str(error))
        return True


@asynccontextmanager
async def under_way(desk: Desk, environment: str, root: Place) -> AsyncIterator[None]:
    """Remember, while it goes on, that the thread of `root` waits for an answer."""
    run = UnderWay(secrets.token_hex(6), environment, root.channel, root.ts, desk.clock.now().timestamp())
    await _noted(desk, run, begun=True)
    try:
        yield
    finally:
        await asyncio.shield(_noted(desk, run, begun=False))


async def tell_of_the_interrupted(desk: Desk, *, alone: bool) -> None:
    """Say in each thread that a stop or a crash left waiting that it waits in vain.

    `alone`: no other replica shares the memory, so whatever is under way at the start is dead.
    """
    if desk.memory is None:
        return
    now = desk.clock.now().timestamp()
    try:
        for run in await desk.memory.unfinished_runs():
            if alone or now - run.since > OTHERS_SECONDS:
                await _tell(desk, run)
    except StoreError as error:
        _log.warning("interrupted runs could not be looked up", reason=str(error))


async def _tell(desk: Desk, run: UnderWay) -> None:
    try:
        about = f"a diagnosis in {run.environment}"
        await desk.poster.update(Place(run.channel, run.ts), stopped(about))
    except SlackError as error:
        _log.warning("an interrupted run's thread could not be told", reason=str(error))
    await _noted(desk, run, begun=False)


async def _noted(desk: Desk, run: UnderWay, *, begun: bool) -> None:
    if desk.memory is None:
        return
    try:
        await (desk.memory.begin_run(run) if begun else desk.memory.end_run(run.run_id))
    except StoreError as error:
        _log.warning("a run under way could not be noted", reason=str(error))

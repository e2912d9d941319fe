"""What handlers remember across deliveries and restarts. Where the memory is away, they go on without it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from bot.errors import StoreError
from bot.runs.examiner import Order
from bot.slack.errors import SlackError
from bot.slack.message import Message
from bot.slack.poster import Place
from bot.slack.views.again import Again, interrupted
from bot.slack.views.answers import stopped
from bot.slack.words import title
from bot.store import UnderWay
from handlers.desk import Asked, Desk

SWEEP_SECONDS = 20.0
"""Time between looks for threads that wait in vain: a killed replica's claims end within 15 s, and a person who waits
for a thread looks again after about that long."""

_log = structlog.get_logger()


async def first_time(desk: Desk, asked: Asked, what: str) -> bool:
    """Whether this request was not acted on before, as far as the memory knows."""
    if desk.memory is None or not asked.id:
        return True
    try:
        return await desk.memory.first_time("asked", f"{asked.id} {what}")
    except StoreError as error:
        _log.warning("a repeat of this could not be recognised", reason=str(error))
        return True


@asynccontextmanager
async def under_way(desk: Desk, run: UnderWay) -> AsyncIterator[None]:
    """Remember, while it goes on, that the run's thread waits for an answer."""
    await _noted(desk, run, begun=True)
    try:
        yield
    finally:
        await asyncio.shield(_noted(desk, run, begun=False))


async def note(desk: Desk, run: UnderWay) -> None:
    """Remember more of a run that is under way."""
    await _noted(desk, run, begun=True)


async def tell_of_the_interrupted(desk: Desk, *, alone: bool) -> None:
    """Say in each thread that a stop or a crash left waiting that it waits in vain.

    `alone`: no other replica shares the memory, so whatever is under way and not by us is dead.
    """
    if desk.memory is None:
        return
    try:
        runs = await desk.memory.unfinished_runs()
    except StoreError as error:
        _log.warning("interrupted runs could not be looked up", reason=str(error))
        return
    for run in runs:
        ours = desk.joining.here(Order(run.area, run.environment, run.deep))
        if not ours and (alone or await desk.joining.over(run)):
            await _tell(desk, run)


async def keep_telling_of_the_interrupted(
    desk: Desk, *, alone: bool, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """The same at once, and again and again: a replica may be killed at any time, and never come back."""
    while True:
        try:
            await tell_of_the_interrupted(desk, alone=alone)
        except Exception:  # noqa: BLE001 an edge: without this task threads would wait for ever, and nobody would know
            _log.exception("looking for interrupted runs failed")
        await sleep(SWEEP_SECONDS)


async def _tell(desk: Desk, run: UnderWay) -> None:
    """Tell the message that shows how it ends, and the one with the progress, so that neither seems to go on."""
    again = Again(run.area, run.environment, run.deep, own=bool(run.detail))
    about = f"{title(run.area)} in {run.environment}" if run.area else f"a diagnosis in {run.environment}"
    _log.info("a run was interrupted", run=run.run_id, area=run.area, environment=run.environment)
    await _edit(desk, Place(run.channel, run.ts), interrupted(again, run.person))
    if run.detail:
        await _edit(desk, Place(run.channel, run.detail, run.ts), stopped(about))
    await _noted(desk, run, begun=False)
    await desk.joining.forget(run)


async def _edit(desk: Desk, place: Place, message: Message) -> None:
    try:
        await desk.poster.update(place, message)
    except SlackError as error:
        _log.warning("an interrupted run's thread could not be told", reason=str(error))


async def _noted(desk: Desk, run: UnderWay, *, begun: bool) -> None:
    if desk.memory is None:
        return
    try:
        await (desk.memory.begin_run(run) if begun else desk.memory.end_run(run.run_id))
    except StoreError as error:
        _log.warning("a run under way could not be noted", reason=str(error))

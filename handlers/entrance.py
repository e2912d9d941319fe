"""The one way from a request to its work: is it allowed, is it new, is there room, and what if it fails.

Every command, mention, button, modal, shortcut and Home tab comes through `enter`.
"""

import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from bot.correlation import current_id
from bot.errors import VolatiError
from bot.people.access import Denied, Read
from bot.slack.message import Message
from bot.slack.views.answers import failed, told
from bot.slack.views.whoami import denied
from bot.tasks import TooBusyError
from handlers.desk import Asked, Desk
from handlers.memory import first_time
from handlers.privately import privately

_log = structlog.get_logger()


async def _nothing() -> None:
    """No work."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a request leads to.

    `what` is the right it needs, `name` tells it from others of the same request; `say` is told to the person first, at
    once where they are known and did it by hand; `long` is for examinations. With `secret` a failure is logged without
    its text, which might repeat what the person gave. `refuses`: it only says what was wrong with the words.
    `on_refusal` is told when the person may not.
    """

    what: str
    job: Callable[[], Awaitable[None]] = _nothing
    say: Message | None = None
    long: bool = False
    secret: bool = False
    name: str = ""
    refuses: bool = False
    on_refusal: Callable[[Denied], Awaitable[None]] | None = None

    @property
    def title(self) -> str:
        """What it is called among the others of a request, and in the log."""
        return self.name or self.what

    @property
    def outcome(self) -> str:
        """What becomes of it when it is let in, as it is counted."""
        if self.refuses:
            return "refused"
        return "answered" if self.job is _nothing else "begun"


def enter(desk: Desk, asked: Asked, errand: Errand) -> Message | None:
    """Begin an errand; gives what to tell the person at once, if anything. It never waits.

    An event, which has no trigger, may have come to another replica too: who answers it is settled in the job.
    """
    refusal = desk.gate.at_once(asked.asker, errand.what)
    if refusal is not None:
        desk.recorder.command(errand.what, "denied")
        _tell_of_refusal(desk, errand, refusal)
        return None if refusal.silent else denied(refusal)
    at_once = bool(asked.trigger_id) and desk.gate.rights(asked.asker).who.seen is Read.FRESH
    if errand.say is not None and errand.job is _nothing and at_once:
        desk.recorder.command(errand.what, errand.outcome)
        return errand.say
    try:
        tasks = desk.tasks if errand.long else desk.errands
        tasks.start(errand.title, partial(_run, desk, asked, errand, said=at_once))
    except TooBusyError as error:
        desk.recorder.command(errand.what, "busy")
        return told(str(error))
    return errand.say if at_once else None


def _tell_of_refusal(desk: Desk, errand: Errand, refusal: Denied) -> None:
    if errand.on_refusal is not None:
        with suppress(TooBusyError):  # the log has it, too
            desk.errands.start(f"refused: {errand.title}", partial(errand.on_refusal, refusal))


async def _run(desk: Desk, asked: Asked, errand: Errand, *, said: bool) -> None:
    """The errand after the acknowledgement. Its failure gives the person an id, and the log the reason under it."""
    try:
        sorry = await _carried_out(desk, asked, errand, said=said)
    except VolatiError as error:
        reason = type(error).__name__ if errand.secret else str(error)
        _log.warning("an errand could not be done", what=errand.title, reason=reason)
        sorry = told(str(error))
    except Exception as error:  # noqa: BLE001 the edge of every handler: the person gets an id, the log the reason
        desk.recorder.command(errand.what, "failed")
        desk.recorder.error("errand")
        sorry = failed(_logged(error, errand), "Nothing came of it.")
    await _say(desk, asked, sorry)  # out here, so that no later failure carries the first one along


async def _carried_out(desk: Desk, asked: Asked, errand: Errand, *, said: bool) -> Message | None:
    """Do the errand; gives what is left to be said, such as why it was not done."""
    refusal = await desk.gate.for_the_job(asked.asker, errand.what)
    if refusal is not None:
        desk.recorder.command(errand.what, "denied")
        if errand.on_refusal is not None:
            await errand.on_refusal(refusal)
        return None if refusal.silent else denied(refusal)
    if await first_time(desk, asked, errand.title):
        desk.recorder.command(errand.what, errand.outcome)
        await _say(desk, asked, None if said else errand.say)
        await errand.job()
    return None


async def _say(desk: Desk, asked: Asked, message: Message | None) -> None:
    if message is not None:
        await privately(desk, asked, message)


def _logged(error: Exception, errand: Errand) -> str:
    """Log a failure; gives its id."""
    error_id = current_id()
    if errand.secret:
        places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        _log.error("an errand failed", id=error_id, what=errand.title, error=type(error).__name__, at=places[-5:])
    else:
        _log.error("an errand failed", id=error_id, what=errand.title, exc_info=error)
    return error_id

"""`diagnose`: a thread in the channel, progress in it while it runs, then the verdict in it and in its first line."""

import asyncio
import secrets
from functools import partial

import structlog

from bot.commands import Diagnose
from bot.errors import VolatiError
from bot.examiner import Order
from bot.slack.errors import SlackError
from bot.slack.live import ProgressMessage
from bot.slack.message import Message
from bot.slack.poster import Place
from bot.slack.views.answers import failed, on_it, stopped, told
from bot.slack.views.headline import broken_off, closing, opening
from bot.slack.views.progress import Progress, looked_at, progress
from bot.slack.views.verdict import Frame, plainly, verdict
from bot.slack.words import title
from bot.tasks import TooBusyError
from diagnostics.observe import Glimpse
from diagnostics.runs import Run
from handlers.desk import Asked, Desk
from handlers.memory import first_time, under_way
from handlers.privately import privately

_log = structlog.get_logger()


def begin(desk: Desk, asked: Asked, command: Diagnose) -> Message:
    """Begin one diagnosis for each area, and give the private line that says so."""
    try:
        for area in command.areas:
            order = Order(area, command.environment, command.deep)
            desk.tasks.start(f"diagnose {area}", partial(_diagnose, desk, asked, order))
    except TooBusyError as error:
        return told(str(error))
    return on_it(command.areas, command.environment, desk.channel)


async def _diagnose(desk: Desk, asked: Asked, order: Order) -> None:
    if not await first_time(desk, asked, order.area):
        return
    try:
        thread = await _Thread.opened(desk, asked, order)
    except SlackError as error:
        _log.warning("no thread could be opened", reason=str(error))
        await privately(desk, asked, told(str(error)))
        return
    async with under_way(desk, order.environment, thread.root):
        await thread.examine()


class _Thread:
    """One diagnosis in Slack: the message in the channel, and the one message in its thread."""

    def __init__(self, desk: Desk, asked: Asked, order: Order, places: tuple[Place, Place]) -> None:
        self._desk = desk
        self._asked = asked
        self._order = order
        self.root, self._detail = places
        self._state = Progress(order.area, order.environment, desk.examiner.kinds(order), {})

    @classmethod
    async def opened(cls, desk: Desk, asked: Asked, order: Order) -> "_Thread":
        """A new thread in the channel. Raises SlackError."""
        state = Progress(order.area, order.environment, desk.examiner.kinds(order), {})
        root = await desk.poster.post(desk.channel, opening(order.area, order.environment, asked.person))
        detail = await desk.poster.post(root.channel, progress(state), root.ts)
        return cls(desk, asked, order, (root, detail))

    async def examine(self) -> None:
        """Look, show it as it goes, and end with the verdict, or with why there is none."""
        try:
            async with ProgressMessage(self._desk.poster, self._detail, self.root.ts) as live:
                run = await self._desk.examiner.examine(self._order, partial(self._tell, live))
                await self._conclude(live, run)
        except asyncio.CancelledError:  # the bot is stopping: last words, then go
            await self._break_off(stopped(self._about))
            raise
        except VolatiError as error:
            _log.warning("a diagnosis could not be carried out", area=self._order.area, reason=str(error))
            await self._break_off(told(str(error)))
        except Exception:  # noqa: BLE001 the edge of a handler: the person gets an id, the log the reason
            error_id = secrets.token_hex(3)
            _log.exception("a diagnosis failed", id=error_id, area=self._order.area)
            await self._break_off(failed(error_id, f"Nothing is known about {self._about} now."))

    @property
    def _about(self) -> str:
        return f"{title(self._order.area)} in {self._order.environment}"

    def _tell(self, live: ProgressMessage, glimpse: Glimpse) -> None:
        self._state = self._state.after(glimpse)
        live.show(progress(self._state))

    async def _conclude(self, live: ProgressMessage, run: Run) -> None:
        frame = Frame(self._desk.runbook_url, looked_at(self._state))
        try:
            await live.finish(verdict(run, frame), plainly(run))
        except SlackError as error:
            _log.error("a verdict could not be posted", run=run.id, reason=str(error))
            await privately(self._desk, self._asked, plainly(run))
        await self._edit(self.root, closing(run.diagnosis, self._asked.person))

    async def _break_off(self, message: Message) -> None:
        order = self._order
        await self._edit(self._detail, message)
        await self._edit(self.root, broken_off(order.area, order.environment, self._asked.person))

    async def _edit(self, place: Place, message: Message) -> None:
        try:
            await self._desk.poster.update(place, message)
        except SlackError as error:
            _log.warning("a message could not be edited", reason=str(error))

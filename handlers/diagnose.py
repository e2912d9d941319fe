"""`diagnose`: a thread in the channel, progress in it while it runs, then the verdict in it and in its first line.

Asked for inside a thread, it answers in that one. What runs already is joined.
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import msgspec
import structlog

from bot.correlation import current_id
from bot.errors import VolatiError
from bot.runs.examiner import Order
from bot.runs.joining import Turn
from bot.slack.errors import SlackError
from bot.slack.live import ProgressMessage
from bot.slack.message import Message
from bot.slack.poster import Place
from bot.slack.surfaces import address_of
from bot.slack.text import link
from bot.slack.views.again import Again, again_button, interrupted
from bot.slack.views.answers import failed, joined, on_it, stopped, told
from bot.slack.views.headline import broken_off, closing, opening
from bot.slack.views.offers import opens
from bot.slack.views.progress import Progress, looked_at, progress
from bot.slack.views.verdict import Frame, plainly, verdict, whole
from bot.slack.words import ago, title
from bot.store import UnderWay
from bot.words.commands import Diagnose
from diagnostics.observe import Glimpse
from diagnostics.runs import Run
from handlers.acts import offered
from handlers.charts import attach_charts
from handlers.desk import Asked, Desk
from handlers.entrance import Errand, enter
from handlers.home import refresh_homes
from handlers.incident_automatic import opened_by_itself
from handlers.memory import note, under_way
from handlers.privately import privately

_LINK = 600  # characters of a link to a message; Slack's addresses have about 80

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the answer goes: a new thread in the channel, one in which it was asked, or an earlier one of our own.

    `pressed` is the message whose button began it; it loses the button.
    """

    channel: str
    thread_ts: str | None = None
    own: bool = True
    pressed: Place | None = None
    pressed_says: Message | None = None


def begin(desk: Desk, asked: Asked, command: Diagnose) -> Message | None:
    """Begin one diagnosis for each area, and give the private line that says so."""
    inside = not asked.response_url and asked.thread_ts is not None
    spot = Spot(asked.channel, asked.thread_ts, own=False) if inside else Spot(desk.channel)
    orders = [Order(area, command.environment, command.deep) for area in command.areas]
    fresh = [order.area for order in orders if not desk.joining.here(order)]  # who joins is told so in a moment
    say = on_it(fresh, command.environment, None if inside else desk.channel) if fresh else None
    said = [begin_one(desk, asked, order, spot, None if place else say) for place, order in enumerate(orders)]
    return next((message for message in said if message is not None), None)


def begin_one(desk: Desk, asked: Asked, order: Order, spot: Spot, say: Message | None) -> Message | None:
    """Begin one diagnosis, if the person may; gives what to tell them at once."""
    what = "diagnose deep" if order.deep else "diagnose"
    job = partial(_diagnose, desk, asked, order, spot)
    return enter(desk, asked, Errand(what, job, say, long=True, name=f"diagnose {order.area}"))


async def _diagnose(desk: Desk, asked: Asked, order: Order, spot: Spot) -> None:
    thread = _Thread(desk, asked, order, spot)
    async with desk.joining.turn(order, thread.run.run_id) as turn:
        if not turn.mine:
            await _join(desk, asked, order, turn.run)
            return
        async with under_way(desk, thread.run):
            await thread.examine(order, turn)
    refresh_homes(desk)


async def _join(desk: Desk, asked: Asked, order: Order, run: UnderWay | None) -> None:
    """Tell the person where the answer they asked for comes, since somebody else asked for it first."""
    since = ago(datetime.fromtimestamp(run.since, UTC), desk.clock.now()) if run else ""
    address = await address_of(desk.surfaces, Place(run.channel, run.ts) if run else None)
    where = link(address, "its thread", _LINK) if address else f"a thread in <#{run.channel if run else desk.channel}>"
    await privately(desk, asked, joined(order.area, order.environment, since, where))


class _Thread:
    """One diagnosis in Slack: the message that says how it ends, and the one with the progress in the thread.

    In somebody else's thread the two are one.
    """

    def __init__(self, desk: Desk, asked: Asked, order: Order, spot: Spot) -> None:
        self._desk = desk
        self._asked = asked
        self._spot = spot
        self._state = Progress(order.area, order.environment, desk.examiner.kinds(order), {})
        self._opened = False
        self.run = self._planned(order)

    def _planned(self, order: Order) -> UnderWay:
        """The run with the places of its messages, to be noted before there are any."""
        spot, poster, since = self._spot, self._desk.poster, self._desk.clock.now().timestamp()
        first = spot.thread_ts if spot.own and spot.thread_ts else poster.planned(spot.channel).ts
        run = UnderWay(secrets.token_hex(6), order.environment, spot.channel, first, since, order.area, order.deep)
        detail = poster.planned(spot.channel).ts if spot.own else ""
        return msgspec.structs.replace(run, person=self._asked.person, detail=detail)

    async def examine(self, order: Order, turn: Turn) -> None:
        """Look, show it as it goes, and end with the verdict, or with why there is none."""
        try:
            turn.run = await self._open()
            async with ProgressMessage(self._desk.poster, self._detail, self._thread_ts) as live:
                found = await self._desk.examiner.examine(order, partial(self._tell, live))
                await self._conclude(live, found)
        except asyncio.CancelledError:  # the bot is stopping: last words, then go
            await self._break_off(stopped(self._about), interrupted(self._again, self._asked.person))
            raise
        except VolatiError as error:
            _log.warning("a diagnosis could not be carried out", area=order.area, reason=str(error))
            await self._give_up(error)
        except Exception:  # noqa: BLE001 the edge of a handler: the person gets an id, the log the reason
            error_id = current_id()
            _log.exception("a diagnosis failed", id=error_id, area=order.area)
            await self._break_off(failed(error_id, f"Nothing is known about {self._about} now."))

    async def _open(self) -> UnderWay:
        """Its messages, new or earlier ones used again; gives the run with where they are. Raises SlackError."""
        if self._spot.pressed and self._spot.pressed_says:
            await self._edit(self._spot.pressed, self._spot.pressed_says)
        first = await self._first()
        self._opened = True
        self.run = msgspec.structs.replace(self.run, channel=first.channel, ts=first.ts)
        await note(self._desk, self.run)
        if self._spot.own:
            detail = await self._desk.poster.post_at(self._detail, progress(self._state))
            self.run = msgspec.structs.replace(self.run, detail=detail.ts)
        return self.run

    async def _first(self) -> Place:
        """The message that will say how it ends."""
        place = Place(self.run.channel, self.run.ts)
        if not self._spot.own:
            in_thread = Place(place.channel, place.ts, self._thread_ts)
            return await self._desk.poster.post_at(in_thread, progress(self._state))
        says = opening(self.run.area, self.run.environment, self._asked.person)
        if self._spot.thread_ts is None:
            return await self._desk.poster.post_at(place, says)
        await self._edit(place, says)
        return place

    async def _give_up(self, error: VolatiError) -> None:
        """Say why there is no verdict: in the thread, and to the person where the reason lies in Slack."""
        if self._opened:
            await self._break_off(told(str(error)))
        if isinstance(error, SlackError):
            await privately(self._desk, self._asked, told(str(error)))

    @property
    def _about(self) -> str:
        return f"{title(self.run.area)} in {self.run.environment}"

    @property
    def _again(self) -> Again:
        return Again(self.run.area, self.run.environment, self.run.deep, self._spot.own)

    @property
    def _detail(self) -> Place:
        if self.run.detail:
            return Place(self.run.channel, self.run.detail, self.run.ts)
        return Place(self.run.channel, self.run.ts, "" if self._spot.own else self._thread_ts)

    @property
    def _thread_ts(self) -> str:
        """The thread that a reply belongs to."""
        return self._spot.thread_ts or self.run.ts

    def _tell(self, live: ProgressMessage, glimpse: Glimpse) -> None:
        self._state = self._state.after(glimpse)
        live.show(progress(self._state))

    async def _conclude(self, live: ProgressMessage, found: Run) -> None:
        acts = await offered(self._desk.acting, found) if self._desk.acting else ()
        opening = opens(found.diagnosis, found.id) if self._desk.tending else ()
        buttons = (*acts, *opening, again_button(self._again, "Run again"))
        frame = Frame(self._desk.runbook_url, looked_at(self._state), buttons)
        try:
            await live.finish(verdict(found, frame), plainly(found), whole(found, frame))
        except SlackError as error:
            _log.error("a verdict could not be posted", run=found.id, reason=str(error))
            await privately(self._desk, self._asked, plainly(found))
        if self._spot.own:
            await self._edit(Place(self.run.channel, self.run.ts), closing(found.diagnosis, self._asked.person))
        await opened_by_itself(self._desk, found, Place(self.run.channel, self._thread_ts))
        await attach_charts(self._desk, Place(self.run.channel, self._thread_ts), found)

    async def _break_off(self, message: Message, first: Message | None = None) -> None:
        """Say why there is no verdict, and in the first message that there is none."""
        if self.run.detail:
            await self._edit(self._detail, message)
        elif first is None:
            first = message
        says = first or broken_off(self.run.area, self.run.environment, self._asked.person)
        await self._edit(Place(self.run.channel, self.run.ts), says)

    async def _edit(self, place: Place, message: Message) -> None:
        try:
            await self._desk.poster.update(place, message)
        except SlackError as error:
            _log.warning("a message could not be edited", reason=str(error))

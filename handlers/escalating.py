"""What handlers need of incidents: the incidents for people, the inbox for PagerDuty, and the tasks that run them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from bot.audit.head_keeper import HeadKeeper
from bot.audit.ledger import Ledger
from bot.bootstrap import Services
from bot.errors import StoreError
from bot.incident_store import IncidentStore
from bot.incidents.auditor import Auditor
from bot.incidents.desk import Around, Incidents
from bot.incidents.inbox import Inbox
from bot.incidents.poller import Poller
from bot.incidents.roster import Roster
from bot.incidents.runner import Runner
from bot.incidents.shop import Shop
from bot.paging.line import open_line
from bot.paging.pager import Line, Pager
from bot.plans import Plans
from bot.settings import Settings
from bot.slack.emails import SlackEmails
from bot.slack.incident_cards import IncidentCards, Sheets
from bot.slack.message import Message
from bot.slack.poster import Poster
from bot.slack.threads import Threads
from bot.slack.transport import Transport
from bot.store import Store
from bot.tasks import kept_going
from handlers.tending import Archive, Tending

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Escalating:
    """Incidents at work: what people do with them, and where what PagerDuty tells is kept."""

    tending: Tending
    inbox: Inbox


@dataclass(frozen=True, slots=True)
class Outside:
    """What incidents need around them: Slack, who posts and where, and who keeps the audit's head."""

    transport: Transport
    poster: Poster
    channel: str
    keeper: HeadKeeper

    async def say(self, words: str) -> None:
        """Put a line into the channel. Raises SlackError."""
        await self.poster.post(self.channel, Message(words))


@asynccontextmanager
async def escalating(services: Services, store: Store, outside: Outside) -> AsyncIterator[Escalating]:
    """Incidents, and all that keeps them going, for as long as this lasts."""
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(open_line(services.settings.pagerduty))
        keeps = IncidentStore(store, services.redactor, outside.keeper.saw)
        path = services.settings.incident_path
        pager = Pager(line, path, SlackEmails(outside.transport))
        woken = _Woken()
        incidents = Incidents(keeps, Around(path, pager, services.redactor, woken))
        sheets = Sheets(Archive(keeps, Ledger(store)))
        shows = IncidentCards(outside.poster, sheets, path, services.clock)
        owner, counts = secrets.token_hex(8), outside.transport.recorder
        woken.runner = Runner(Shop(incidents, keeps, shows, pager, counts, owner, outside.say))
        inbox = Inbox(store, services.redactor, incidents)
        if store.server is not None:
            with suppress(StoreError):  # then what a killed bot had in hand goes on when its lease is over
                await keeps.free()
        auditor = Auditor(keeps, outside.say, counts.incidents)
        roster = Roster(incidents.oncall, services.clock.now)
        works = {
            "escalation": woken.runner.run,
            "what PagerDuty tells": inbox.run,
            "the auditor": auditor.run,
            "who is on call": roster.run,
            **_polling(line, incidents),
        }
        await stack.enter_async_context(_at_work(works))
        tell = Plans(store, services.redactor, outside.keeper.saw).tell
        yield Escalating(
            Tending(
                incidents, shows, sheets, tell, roster, Threads(), frozenset(services.settings.escalation.automatic)
            ),
            inbox,
        )


class _Woken:
    """Wakes the runner, which is made after those who wake it."""

    runner: Runner | None = None

    def __call__(self) -> None:
        if self.runner is not None:
            self.runner.wake()


def hears(settings: Settings) -> bool:
    """Whether PagerDuty can call in: a secret that it signs with, and a port."""
    pager = settings.pagerduty
    return pager is not None and bool(pager.hook_secrets()) and settings.listens is not None


def _polling(line: Line, incidents: Incidents) -> dict[str, Work]:
    """Asking, where PagerDuty may be asked: also where it calls in, since what it tells may not get in."""
    return {} if line.api is None else {"asking PagerDuty": Poller(incidents, line.api).run}


@asynccontextmanager
async def _at_work(works: Mapping[str, Work]) -> AsyncIterator[None]:
    """Have these done while this lasts; one that fails begins again, and holds up no other."""
    tasks = [asyncio.create_task(kept_going(name, work), name=name) for name, work in works.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

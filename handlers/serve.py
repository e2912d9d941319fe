"""The bot as a whole: opens everything, listens until it is told to stop, and ends in order."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import structlog
from slack_bolt.async_app import AsyncApp

from bot.bootstrap import Services, open_services
from bot.errors import StoreError
from bot.health import Health, State
from bot.metrics import Metrics
from bot.settings import Settings, SettingsError, SlackSettings
from bot.slack.errors import SlackBusy, SlackError, SlackUnreachable
from bot.slack.poster import Poster
from bot.slack.transport import Identity, Transport, open_transport
from bot.sole import sole
from handlers.afoot import Afoot, Ground, afoot
from handlers.app import build_app
from handlers.desk import Desk
from handlers.escalating import hears
from handlers.http import PATH, SlackRequests
from handlers.intake import Intake
from handlers.measured import Measured
from handlers.opening import open_desk
from handlers.pagerduty import PATH as WEBHOOK
from handlers.pagerduty import Hooks
from handlers.sockets import GIVE_UP_SECONDS, Around, Sockets
from handlers.vitals import SLACK, STORE, check_web_api, watched, web_api_watched
from handlers.web import Site, serving

DRAIN_SECONDS = 13.0
"""How long after a stop jobs under way may finish. With 3 s for the last words of those that did not, and 3 s for the
last letters, it is below 20 s, and well within Kubernetes' grace of 30 s."""

ERRANDS_SECONDS = 5.0
"""The same for errands: one question to Slack, and one answer."""

SLACK_AWAY_SECONDS = 5.0
"""Time between tries while Slack cannot be reached at the start."""

STOPPED, GAVE_UP = 0, 75
"""Exit codes: told to stop; and Slack could not be reached for so long that a fresh start is all that is left to try
(EX_TEMPFAIL of sysexits(3)). 2, which the command line gives for settings, will not mend by itself."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_log = structlog.get_logger()
T = TypeVar("T")


class _GaveUpError(Exception):
    """Slack cannot be reached, and this process can do no more about it."""


async def serve(settings: Settings, stop: asyncio.Event, ready: Callable[[], None] = lambda: None) -> int:
    """Run the bot until `stop` is set, or until it cannot recover; gives the exit code. `ready`: it listens now.

    Raises:
        SettingsError: Slack is not configured, or a setting cannot be used.
        SlackRefused: Slack does not take a token.
        AlreadyServingError: another bot serves from the data folder.
        PortTakenError: something else listens at the server's port.
    """
    if settings.slack is None:
        raise SettingsError("Slack is not configured: set slack.bot_token, slack.app_token and slack.channel.")
    try:
        async with AsyncExitStack() as stack:
            if settings.store.url is None:
                await stack.enter_async_context(sole(settings.data_dir))
            services = await stack.enter_async_context(open_services(settings, memory_required=False))
            hurry = stack.enter_context(_signals(stop))
            await _Bot(services, settings.slack, stop, hurry).run(ready)
    except _GaveUpError:
        minutes, remedy = f"{GIVE_UP_SECONDS / 60:.0f}", "Look at status.slack.com, the way out of here and the tokens."
        _log.error("ended", why=f"Slack was out of reach for {minutes} minutes", remedy=remedy, exit_code=GAVE_UP)
        return GAVE_UP
    _log.info("ended", why="it was told to stop", exit_code=STOPPED)
    return STOPPED


@dataclass(slots=True)
class _Bot:
    services: Services
    slack: SlackSettings
    stop: asyncio.Event
    hurry: asyncio.Event
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(init=False)
    site: Site = field(init=False)

    def __post_init__(self) -> None:
        self.health = Health(self.services.clock, (SLACK, STORE))
        self.site = Site(self.health, self.metrics, self.services.redactor)

    async def run(self, ready: Callable[[], None]) -> None:
        """Listen until the end. Raises _GaveUpError, and as `serve`."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(watched(self.services, self.health))
            if where := self.services.settings.listens:
                port = await stack.enter_async_context(serving(self.site, where, self.metrics))
                _log.info("serving HTTP", host=where.host, port=port, slack_posts_here=self.slack.mode == "http")
            transport = await stack.enter_async_context(
                open_transport(self.slack.bot_token.get_secret_value(), self.slack.api_url, self.metrics)
            )
            # Once beforehand: where Slack does not take the token, nothing may begin that it would hear of.
            me = await self._unless_stopped(partial(self._introduced, transport))
            poster = await stack.enter_async_context(_delivering(transport, self.services))
            ground = Ground(self.services, self.slack, transport, poster)
            going = await stack.enter_async_context(afoot(ground))
            self._hear_pagerduty(going)
            me = me or await self._unless_stopped(partial(self._patiently, transport.identity))
            if me is not None:
                await stack.enter_async_context(web_api_watched(transport.identity, self.health))
                await self._work(ground, going, me, ready)

    async def _work(self, ground: Ground, going: Afoot | None, me: Identity, ready: Callable[[], None]) -> None:
        """Take things in until told to stop, and see to the end of what they began."""
        async with open_desk(ground, going, me) as opened:
            desk = replace(opened, examiner=Measured(opened.examiner, self.metrics), recorder=self.metrics)
            app = build_app(desk, ground.transport, me)
            over = self._over_http(app) if self.slack.mode == "http" else self._over_sockets(app, ground.transport)
            told = 0.0
            try:
                async with over as lost:
                    if not self.stop.is_set():
                        _log.info("listening", mode=self.slack.mode, channel=desk.channel)
                        ready()
                    await self._unless_stopped(asyncio.Event().wait, lost)
                    told = time.monotonic()
            finally:
                self.health.stop()
                await _drained(desk, self.hurry, time.monotonic() - told)

    def _hear_pagerduty(self, going: Afoot | None) -> None:
        """Take PagerDuty's events from now on, where it can call in."""
        settings = self.services.settings
        if settings.pagerduty and going and hears(settings):
            hooks = Hooks(settings.pagerduty.hook_secrets(), going.escalating.inbox, self.metrics, time.monotonic)
            self.site.hear_pagerduty(hooks.handle)
            _log.info("PagerDuty can call in", path=WEBHOOK)

    @asynccontextmanager
    async def _over_sockets(self, app: AsyncApp, transport: Transport) -> AsyncIterator[asyncio.Event]:
        """Connections to Slack; gives the event that says that they are lost for good."""
        checked = partial(check_web_api, transport.identity, self.health)
        alone = self.services.settings.store.url is None
        around = Around(self.health, self.metrics, checked, alone)
        token = self.slack.app_token.get_secret_value() if self.slack.app_token else ""
        sockets = Sockets(app, token, transport.socket_address, self.slack.sockets, around)
        try:
            await self._unless_stopped(partial(self._patiently, sockets.open), sockets.lost)
            yield sockets.lost
        finally:
            self.health.stop()
            await sockets.close()

    @asynccontextmanager
    async def _over_http(self, app: AsyncApp) -> AsyncIterator[asyncio.Event]:
        """Requests from Slack. After the end people still get an answer, which says that the bot is stopping."""
        secret = self.slack.signing_secret.get_secret_value() if self.slack.signing_secret else ""
        intake = Intake(app, self.metrics)
        self.site.hear_slack(SlackRequests(intake, secret, self.metrics, time.time).handle)
        self.health.report(SLACK, State.WELL, f"what Slack posts to {PATH} is taken")
        try:
            yield asyncio.Event()
        finally:
            intake.stop()

    async def _introduced(self, transport: Transport) -> Identity | None:
        """Who the bot is, asked once; None where Slack cannot be reached. Raises SlackRefused."""
        try:
            return await transport.identity()
        except (SlackUnreachable, SlackBusy) as error:
            self._waiting(error)
            return None

    def _waiting(self, error: SlackError) -> None:
        self.health.report(SLACK, State.ILL, str(error))
        _log.warning("waiting for Slack", reason=str(error))

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What Slack answers, asked until it can be reached, or until that took too long."""
        began = time.monotonic()
        while True:
            try:
                return await ask()
            except (SlackUnreachable, SlackBusy) as error:
                self._waiting(error)
                pause = error.seconds if isinstance(error, SlackBusy) else SLACK_AWAY_SECONDS
            if time.monotonic() - began > GIVE_UP_SECONDS:
                raise _GaveUpError
            await asyncio.sleep(pause)

    async def _unless_stopped(self, work: Callable[[], Awaitable[T]], lost: asyncio.Event | None = None) -> T | None:
        """What the work gives; None when told to stop first. Raises _GaveUpError when `lost` is set first."""
        task = asyncio.ensure_future(work())
        ends = [asyncio.create_task(event.wait()) for event in (self.stop, lost) if event is not None]
        try:
            await asyncio.wait({task, *ends}, return_when=asyncio.FIRST_COMPLETED)
            if lost is not None and lost.is_set() and not self.stop.is_set():
                raise _GaveUpError
            return task.result() if task.done() else None
        finally:
            for one in (task, *ends):
                one.cancel()
            await asyncio.wait({task, *ends})


@asynccontextmanager
async def _delivering(transport: Transport, services: Services) -> AsyncIterator[Poster]:
    """A poster that sends what an earlier process left, too."""
    if services.store and services.settings.store.url is None:
        with suppress(StoreError):  # then what waits goes out when the lease of the killed sender ends
            await services.store.free_lanes()
    poster = Poster(transport, services.redactor, store=services.store)
    if services.store and services.settings.store.url is not None:
        poster.share_limits(services.store)
    task = asyncio.create_task(poster.deliver(), name="deliver letters")
    try:
        yield poster
    finally:
        task.cancel()
        await asyncio.wait({task})
        await poster.close()


async def _drained(desk: Desk, hurry: asyncio.Event, spent: float) -> None:
    """Let jobs under way finish for a while, or until `hurry`; the others say in their threads that they stopped.

    `spent` are the seconds since the bot was told to stop: its connections may have taken some of them to close.
    """
    jobs = asyncio.create_task(desk.tasks.drain(max(0.0, DRAIN_SECONDS - spent)))
    errands = asyncio.create_task(desk.errands.drain(ERRANDS_SECONDS))
    hurried = asyncio.create_task(hurry.wait())
    await asyncio.wait({jobs, hurried}, return_when=asyncio.FIRST_COMPLETED)
    cut_short = 0
    if not jobs.done():
        cut_short = await desk.tasks.drain(0.0)
        await desk.errands.drain(0.0)
    hurried.cancel()
    await asyncio.wait({jobs, errands, hurried})
    _log.info("stopped working", handed_back=max(cut_short, jobs.result()))


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[asyncio.Event]:
    """The first signal tells the bot to stop; gives the event that the second one sets."""
    loop, hurry = asyncio.get_running_loop(), asyncio.Event()

    def told() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, told)
    try:
        yield hurry
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

"""The whole bot at work: the simulated platform, a simulated Slack with the app installed, and every real part between.

Nothing is faked: settings, wiring, embedded memory, Bolt app, and the way deliveries come, over sockets or HTTP.
"""

import asyncio
import io
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
import yaml
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.bootstrap import Services, open_services
from bot.clients.valkey import EmbeddedValkey
from bot.incidents.inbox import Inbox
from bot.metrics import Unrecorded
from bot.settings import parse
from bot.slack.poster import Poster
from bot.slack.transport import Transport, open_transport
from handlers.afoot import Ground, afoot
from handlers.app import build_app
from handlers.desk import Desk
from handlers.http import PATH, SlackRequests
from handlers.intake import Intake
from handlers.opening import open_desk
from handlers.sockets import Sockets
from playground.slack.messages import Message
from playground.slack.server import SimulatedSlack
from playground.world.platform import SimulatedPlatform, running

ROOT = Path(__file__).parents[2]
CHANNEL = "C0ENGINE0"
ACCESS = {"roles": {"operator": {"groups": ["S0OPERAT0"]}}}


@dataclass(frozen=True)
class _Bot:
    """One bot of the story: its desk, and where it keeps what PagerDuty tells."""

    desk: Desk
    inbox: Inbox


@dataclass
class Story:
    """Everything running."""

    slack: SimulatedSlack
    platform: SimulatedPlatform
    services: Services
    desk: Desk
    inbox: Inbox
    log: io.StringIO
    replicas: list[Desk] = field(default_factory=list)

    async def done(self) -> None:
        """Wait until nothing is under way."""
        desks = [self.desk, *self.replicas]
        while under_way := {task for desk in desks for task in (*desk.tasks._tasks, *desk.errands._tasks)}:
            await asyncio.wait(under_way)
            await asyncio.sleep(0)

    async def typed(self, person: str, line: str, channel: str = "engineering") -> list[Message]:
        """Type a command, wait for all that comes of it, and give what this person alone was shown for it."""
        before = len(self.slack.ephemerals(person))
        outcome = await self.slack.person(person).command(channel, line)
        assert outcome.acknowledged
        await self.done()
        return self.slack.ephemerals(person)[before:]

    def roots(self) -> list[Message]:
        """The messages in the channel that the bot wrote, outside of threads."""
        return [one for one in self.slack.messages(CHANNEL) if one.author == self.slack.core.app.bot_user_id]

    def modal(self, person: str) -> str:
        """The words of the modal somebody looks at."""
        view = self.slack.person(person).modal.view
        return words(view.body["blocks"]) if view else ""

    def home(self, person: str) -> str:
        """The words of somebody's Home tab."""
        view = self.slack.person(person).home
        return words(view.body["blocks"]) if view else ""

    def sent(self) -> str:
        """All that the bot ever sent to Slack."""
        return repr(self.slack.ledger.entries)


def words(blocks: object) -> str:
    """Every text a reader sees in blocks."""
    if isinstance(blocks, dict):
        own = [blocks["text"]] if isinstance(blocks.get("text"), str) else []
        return "\n".join([*own, *(words(value) for key, value in blocks.items() if not isinstance(value, str))]).strip()
    return "\n".join(filter(None, map(words, blocks))) if isinstance(blocks, list | tuple) else ""


@asynccontextmanager
async def story(  # noqa: PLR0913 what a story may want otherwise than usual
    way: str,
    folder: Path,
    access: dict[str, Any] | None = None,
    *,
    two: bool = False,
    shared: str | None = None,
    cluster: bool = False,
    more: Mapping[str, Any] | None = None,
) -> AsyncIterator[Story]:
    """The bot in its world, which has a cluster if wanted; `more` are further settings.

    With `two`, two replicas that share one Slack app and one memory, at `shared` if given.
    """
    async with AsyncExitStack() as stack:
        stack.callback(structlog.reset_defaults)  # the bot sets up its log; the other tests get theirs back
        platform = await stack.enter_async_context(running(cluster=cluster))
        slack = await stack.enter_async_context(SimulatedSlack())
        slack.install(yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8")))
        document = {**_settings(slack, platform, folder, access or ACCESS), **(more or {})}
        if two:  # an embedded memory would be each one's own
            shared = shared or (await stack.enter_async_context(EmbeddedValkey(folder / "shared"))).url
            document["store"] = {"url": shared}
        settings = parse(document, "the story")
        services = await stack.enter_async_context(open_services(settings, memory_required=True))
        log = stack.enter_context(_logged())
        first, *others = [await stack.enter_async_context(_bot(way, slack, services)) for _ in range(2 if two else 1)]
        yield Story(slack, platform, services, first.desk, first.inbox, log, [one.desk for one in others])


@contextmanager
def _logged() -> Iterator[io.StringIO]:
    """The log as the bot writes it, its libraries' included, where a test can read it."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(log))
    logging.getLogger().addHandler(handler)
    try:
        yield log
    finally:
        logging.getLogger().removeHandler(handler)


@asynccontextmanager
async def _bot(way: str, slack: SimulatedSlack, services: Services) -> AsyncIterator[_Bot]:
    wanted = services.settings.slack
    assert wanted is not None
    async with open_transport(slack.bot_token, slack.api_url) as transport:
        me = await transport.identity()
        poster = Poster(transport, services.redactor)
        ground = Ground(services, wanted, transport, poster)
        async with afoot(ground) as going, open_desk(ground, going, me) as desk:
            assert going is not None
            async with _listening(way, slack, build_app(desk, transport, me), transport):
                yield _Bot(desk, going.escalating.inbox)
            await desk.tasks.drain(5)


@asynccontextmanager
async def _listening(way: str, slack: SimulatedSlack, app: AsyncApp, transport: Transport) -> AsyncIterator[None]:
    if way == "sockets":
        sockets = Sockets(app, slack.app_token, transport.socket_address)
        try:
            await sockets.open()
            yield
        finally:
            await sockets.close()
        return
    requests = SlackRequests(Intake(app, Unrecorded()), slack.signing_secret, Unrecorded(), time.time)
    server = web.Application()
    server.add_routes([web.post(PATH, requests.handle)])
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.deliver_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}")
        yield
    finally:
        await runner.cleanup()


def _settings(
    slack: SimulatedSlack, platform: SimulatedPlatform, folder: Path, access: dict[str, Any]
) -> dict[str, Any]:
    return {
        "slack": {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "channel": CHANNEL,
            "api_url": slack.api_url,
        },
        "access": access,
        "environments": {"playground": platform.environment()},
        "data_dir": str(folder),
    }

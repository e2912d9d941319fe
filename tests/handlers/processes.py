"""The real bot as a process, looking at a Keycloak that never answers: its runs last some seconds."""

import asyncio
import json
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from playground.bot_process import running_bot
from playground.port import kept, number
from playground.slack.server import SimulatedSlack
from tests.bot.clients.servers import silent, talking

OK = 200
CHANNEL = "C0ENGINE0"
COMMAND = "/volati diagnose keycloak"


_HELD: list[socket.socket] = []


def unused_port() -> int:
    """A port where nobody listens but who is told of it; it is held until this process ends."""
    _HELD.append(kept())
    return number(_HELD[-1])


def document(slack: SimulatedSlack, folder: Path, keycloak: str, /, **changes: Any) -> dict[str, Any]:
    """Settings of a bot for this Slack; its memory is where nobody answers, unless a change says otherwise."""
    own = {
        "bot_token": slack.bot_token,
        "app_token": slack.app_token,
        "channel": CHANNEL,
        "api_url": slack.api_url.rstrip("/"),
    }
    return {
        "slack": own | changes.pop("slack", {}),
        "environments": {"production": {"keycloak": {"url": keycloak, "client_secret": "a-secret-of-the-tests"}}},
        "limits": {"source_seconds": 7, "run_seconds": 50},  # a silent Keycloak is given up after 5.6 s
        "data_dir": str(folder / "data"),
        "log": {"format": "json"},
        **changes,
    }


@dataclass
class Bot:
    """A bot's process, and what it says of itself."""

    process: asyncio.subprocess.Process
    folder: Path
    port: int

    async def ask(self, path: str) -> tuple[int, dict[str, Any]]:
        """The status and the JSON of one of its pages."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, await response.json()

    async def ready(self) -> bool:
        """Whether it says that it is."""
        try:
            return (await self.ask("/readyz"))[0] == OK
        except aiohttp.ClientConnectionError:
            return False

    def log(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        text = (self.folder / "bot.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@dataclass
class Stage:
    """A Slack, a Keycloak that never answers, and a folder for bots."""

    slack: SimulatedSlack
    folder: Path
    keycloak: str

    @asynccontextmanager
    async def bot(self, name: str = "bot", **changes: Any) -> AsyncIterator[Bot]:
        """A bot as a process, once it is connected. Bots of one name share their data folder."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        already = len(self.slack.sockets.links)
        port = unused_port()
        settings = document(self.slack, folder, self.keycloak, **({"server": {"port": port}} | changes))
        async with running_bot(settings, folder) as process:
            await self.slack.until(lambda: len(self.slack.sockets.links) >= already + 2, seconds=30)
            yield Bot(process, folder, port)

    @asynccontextmanager
    async def posted_to(self, name: str, port: int, **changes: Any) -> AsyncIterator[Bot]:
        """A bot as a process that Slack posts to, once it listens."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        settings = document(self.slack, folder, self.keycloak, server={"port": port}, **changes)
        async with running_bot(settings, folder) as process:
            bot = Bot(process, folder, port)
            async with asyncio.timeout(30):
                while not await bot.ready():  # noqa: ASYNC110 -- another process, which tells nobody when it is up
                    await asyncio.sleep(0.02)
            yield bot

    async def begin_a_run(self) -> None:
        """Ask for a diagnosis, and wait until it shows that it is looking."""
        outcome = await self.slack.person("oncall").command("engineering", COMMAND)
        assert outcome.acknowledged
        await self.slack.until(lambda: self.slack.ledger.calls["chat.postMessage"] >= 2, seconds=20)
        await asyncio.sleep(0.5)  # the bot has the answer to its post; campaigns/kills.py is about when it has not

    def texts(self) -> list[str]:
        """Every message of the channel, threads included."""
        roots = self.slack.messages(CHANNEL)
        return [one.text for root in roots for one in self.slack.thread(CHANNEL, root.ts)]

    async def until_said(self, words: str, seconds: float = 30.0) -> None:
        """Wait until some message has these words."""
        await self.slack.until(lambda: any(words in text for text in self.texts()), seconds)


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """The stage, empty."""
    with tempfile.TemporaryDirectory(prefix="volati-serve-") as name:
        async with SimulatedSlack() as slack, talking(silent) as keycloak:
            slack.switches.strict_tiers = False
            yield Stage(slack, Path(name), keycloak)

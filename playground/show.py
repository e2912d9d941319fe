"""`volati playground`: the simulated platform, a local Slack and the real bot, and the thread as it evolves."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playground.bot_process import running_bot
from playground.screen import Screen
from playground.slack.server import SimulatedSlack
from playground.world.platform import FAULTS, SimulatedPlatform, UnknownScenarioError, fault_named, running

#: Seconds the bot has to connect, far above the 1.5 s it promises: a cold disk must not look like a fault.
_START_SECONDS = 30.0
#: Seconds from a command to its verdict: a run's own bound of 20 s, and the posts around it.
_VERDICT_SECONDS = 40.0
CHANNEL = "#engineering"
PERSON = "oncall"
HELP = f"""Type what you would type in Slack, or break the platform:
  /volati diagnose keycloak     ask the bot (also: /volati help, or any words you like)
  break NAME                    switch a fault on: {", ".join(fault.name for fault in FAULTS[:6])}, …
  heal                          switch every fault off
  faults                        list the faults
  Ctrl-C                        stop everything"""


class Playground:
    """Everything running, and what a person at the terminal can do with it."""

    def __init__(self, platform: SimulatedPlatform, slack: SimulatedSlack, screen: Screen) -> None:
        self._platform = platform
        self._slack = slack
        self._screen = screen

    async def obey(self, line: str) -> None:
        """Carry out one line typed at the terminal."""
        word, _, rest = line.strip().partition(" ")
        match word:
            case "":
                return
            case "break":
                await self._break(rest.strip())
            case "heal":
                await self._platform.heal()
                self._screen.say("Everything is mended.")
            case "faults":
                self._screen.say("\n".join(f"{fault.name:28}{fault.breaks}" for fault in FAULTS))
            case _ if word.startswith("/"):
                await self.command(line.strip())
            case _:
                self._screen.say(HELP)

    async def command(self, line: str) -> None:
        """Type a slash command in the channel, as a person does."""
        self._screen.typed(PERSON, CHANNEL, line)
        outcome = await self._slack.person(PERSON).command(CHANNEL, line)
        if not outcome.acknowledged:
            self._screen.say(f"The bot did not acknowledge ({outcome.failure}).")

    async def verdict(self) -> None:
        """Wait until a verdict stands in the channel.

        Raises:
            TimeoutError: none came.
        """
        await self._slack.until(lambda: any(_concluded(one.words()) for one in self._everything()), _VERDICT_SECONDS)

    def _everything(self) -> list[Any]:
        roots = self._slack.messages(CHANNEL)
        return [one for root in roots for one in self._slack.thread(CHANNEL, root.ts)]

    async def _break(self, name: str) -> None:
        try:
            await self._platform.switch_on(name)
            self._screen.say(f"Broken: {fault_named(name).breaks}")
        except UnknownScenarioError as error:
            self._screen.say(str(error))


async def show(scenario: str, *, once: bool, stop: asyncio.Event) -> int:
    """Run the playground until stopped, or until the first verdict; gives the exit code.

    Raises:
        UnknownScenarioError: there is no such scenario.
    """
    fault_named(scenario)
    screen = Screen()
    screen.say("Starting the simulated platform, a local Slack and the bot, all on loopback …")
    async with _everything_running(screen) as playground:
        await playground.obey(f"break {scenario}")
        await playground.command("/volati diagnose keycloak")
        try:
            await playground.verdict()
        except TimeoutError:
            screen.say(f"No verdict came within {_VERDICT_SECONDS:g} s; the bot's log says why.")
            return 1
        if not once:
            screen.say(HELP)
            await _obey_until(stop, playground)
    return 0


@asynccontextmanager
async def _everything_running(screen: Screen) -> AsyncIterator[Playground]:
    with tempfile.TemporaryDirectory(prefix="volati-playground-") as name:
        folder = Path(name)
        async with running() as platform, SimulatedSlack() as slack:
            screen.names = _names(slack)
            watcher = asyncio.create_task(screen.watch(slack.events()), name="screen")
            try:
                async with running_bot(bot_settings(platform, slack, folder), folder) as bot:
                    await connected(slack, bot, folder)
                    screen.say(f"The bot is connected (pid {bot.pid}, log {folder / 'bot.log'}).")
                    yield Playground(platform, slack, screen)
            finally:
                watcher.cancel()
                await asyncio.wait({watcher})


def bot_settings(platform: SimulatedPlatform, slack: SimulatedSlack, folder: Path) -> dict[str, Any]:
    """The settings of a bot that looks at this platform and talks to this Slack; it keeps its data in the folder."""
    channel = slack.workspace.channel(CHANNEL)
    return {
        "slack": {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "channel": channel.id if channel else "",
            "api_url": slack.api_url,
        },
        "environments": {"playground": platform.environment()},
        "data_dir": str(folder / "data"),
        "seen_from": "from this machine",
    }


def _names(slack: SimulatedSlack) -> dict[str, str]:
    space = slack.workspace
    return {one.id: one.name for table in (space.people, space.channels) for one in table.values()}


async def connected(slack: SimulatedSlack, bot: asyncio.subprocess.Process, folder: Path) -> None:
    """Wait for the bot's socket; what it says when it ends instead is passed on."""
    ended = asyncio.create_task(bot.wait())
    connected = asyncio.create_task(slack.until(lambda: slack.sockets.links, _START_SECONDS))
    await asyncio.wait({ended, connected}, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if not connected.done() or connected.exception():
        connected.cancel()
        log = await asyncio.to_thread((folder / "bot.log").read_text, "utf-8", "replace")
        raise RuntimeError(f"The bot did not connect. Its log ends:\n{log[-2000:]}")


async def _obey_until(stop: asyncio.Event, playground: Playground) -> None:
    """Obey the terminal until told to stop; without a terminal, or at its end, just wait."""
    typist = asyncio.create_task(_obey_terminal(playground), name="terminal")
    try:
        await stop.wait()
    finally:
        typist.cancel()
        await asyncio.wait({typist})


async def _obey_terminal(playground: Playground) -> None:
    reader = asyncio.StreamReader()
    try:
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    except (ValueError, OSError):  # standard input is a plain file or closed: nobody is there to type
        return
    while line := await reader.readline():
        await playground.obey(line.decode("utf-8", "replace"))


def _concluded(words: str) -> bool:
    """Whether a message is a verdict: only those name the way to judge the run again."""
    return "volati replay" in words

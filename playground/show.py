"""`volati playground`: the simulated platform, a local Slack and the real bot, and the thread as it evolves."""

import asyncio
import contextlib
import logging
import os
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.errors import VolatiError
from playground.bot_keeper import BotKeeper
from playground.bot_process import running_bot
from playground.page.faults import FaultBoard
from playground.page.server import serving
from playground.page.stage import Stage
from playground.screen import Screen
from playground.slack.server import SimulatedSlack
from playground.world.platform import FAULTS, UnknownScenarioError, fault_named, running

#: Seconds the bot has to connect, far above the 1.5 s it promises: a cold disk must not look like a fault.
_START_SECONDS = 30.0
#: Seconds from a command to its verdict: a run's own bound of 20 s, and the posts around it.
_VERDICT_SECONDS = 40.0
#: What the app asks Slack for; it stands beside the packages in a checkout, and is no part of an installation.
_MANIFEST = Path(__file__).parent.parent / "manifest.yml"
#: The command as this installation has it: after `make playground` it is in no one's PATH.
_PROGRAM = Path(sys.executable).parent / "volati"
Ripe = Callable[[], Awaitable[object]]
CHANNEL = "#engineering"
PERSON = "oncall"
FIRST_AREA = "keycloak"
_SOME = [fault.name for fault in FAULTS if fault.name != "healthy"][:6]  # of some 150
HELP = f"""Type what you would type in Slack, or break the platform:
  /volati diagnose keycloak     ask the bot (also: /volati help, or any words you like)
  break NAME                    switch a fault on: {", ".join(_SOME)}, …
  heal                          switch every fault off
  faults                        list the faults
  Ctrl-C                        stop everything"""


class Playground:
    """Everything running, and what a person can do with it. `ways_in` is said with what can be typed.

    `ripe` has ready what would else begin when it is first asked for, and waits until what is broken can be seen.
    """

    def __init__(
        self, faults: FaultBoard, slack: SimulatedSlack, screen: Screen, ripe: Ripe, ways_in: str = ""
    ) -> None:
        self._faults = faults
        self._ripe = ripe
        self._ways_in = ways_in
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
                await self._faults.heal()
                self._screen.say("Everything is mended.")
            case "faults":
                self._screen.say("\n".join(f"{fault.name:28}{fault.breaks}" for fault in FAULTS))
            case _ if word.startswith("/"):
                await self.command(line.strip())
            case _:
                self.explain()

    def explain(self) -> None:
        """Say what can be typed, and how else to get in."""
        self._screen.say(f"{HELP}\n\n{self._ways_in}" if self._ways_in else HELP)

    @asynccontextmanager
    async def warming(self) -> AsyncIterator[None]:
        """Have the database ready beside what goes on: after the first verdict, which has the machine for itself."""
        task = asyncio.create_task(self._warmed(), name="warm the database")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _warmed(self) -> None:
        try:
            await self._ripe()
        except VolatiError as error:
            self._screen.say(f"The database is not there: {error}")

    async def command(self, line: str) -> None:
        """Type a slash command in the channel, as a person does."""
        self._screen.typed(PERSON, CHANNEL, line)
        outcome = await self._slack.person(PERSON).command(CHANNEL, line)
        if not outcome.acknowledged:
            self._screen.say(f"The bot did not acknowledge ({outcome.failure}).")

    async def ask(self, area: str) -> None:
        """Type the command that looks at an area, once what was broken there can be seen: some faults need to last."""
        if area != FIRST_AREA:  # which needs no database, and so no wait for its start
            self._screen.say("Waiting until it shows; some faults have to last for up to half a minute …")
            await self._ripe()
        await self.command(f"/volati diagnose {area}")

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
            fault = await self._faults.switch_on(name)
            self._screen.say(f"Broken: {fault.breaks}")
        except UnknownScenarioError as error:
            self._screen.say(str(error))


async def show(scenario: str, *, once: bool, stop: asyncio.Event) -> int:
    """Run the playground until stopped, or until the first verdict; gives the exit code.

    Stopped before the verdict that was all it was to give, it is 1.

    Raises:
        UnknownScenarioError: there is no such scenario.
    """
    fault_named(scenario)
    story = asyncio.create_task(_story(scenario, once=once), name="playground")
    told = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({story, told}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        story.cancel()  # no harm to one that has ended; else it takes down what it has started, at whatever point
        await asyncio.wait({story})
    return int(once) if story.cancelled() else story.result()


async def _story(scenario: str, *, once: bool) -> int:
    """Everything that happens, until the first verdict or without end."""
    screen = Screen()
    screen.say("Starting the simulated platform, a local Slack and the bot, all on loopback …")
    async with _everything_running(screen, with_page=not once) as playground:
        await playground.obey(f"break {scenario}")
        await playground.ask(fault_named(scenario).area)
        try:
            await playground.verdict()
        except TimeoutError:
            screen.say(f"No verdict came within {_VERDICT_SECONDS:g} s; the bot's log says why.")
            if once:
                return 1
        if not once:
            playground.explain()
            async with playground.warming():
                await _obey_terminal(playground)
                await asyncio.Event().wait()  # without a terminal, or at its end, it just stays
    return 0


@asynccontextmanager
async def _everything_running(screen: Screen, *, with_page: bool) -> AsyncIterator[Playground]:
    # A statement of the simulated backend may be under way when all is stopped: no reader of the thread need hear that.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="volati-playground-") as name:
        folder = Path(name)
        async with running(cluster=True) as platform, SimulatedSlack() as slack:
            await _install(slack)
            screen.names = _names(slack)
            watcher = asyncio.create_task(screen.watch(slack.events()), name="screen")
            watcher.add_done_callback(screen.ended)
            try:
                async with _bot_running(bot_settings(platform.environment(), slack, folder), slack, folder) as bot:
                    screen.say(f"The bot is connected (pid {bot.pid}, log {folder / 'bot.log'}).")
                    stage = Stage(slack, FaultBoard(platform), bot)
                    async with serving(stage) if with_page else contextlib.nullcontext("") as address:
                        if address:
                            screen.say(f"See it in a browser: {address}")
                        ways_in = _ways_in(address, folder)
                        yield Playground(stage.faults, slack, screen, platform.ripe, ways_in)
            finally:
                watcher.cancel()
                await asyncio.wait({watcher})


def _ways_in(address: str, folder: Path) -> str:
    """Where the browser and the command line find this playground. A saved run is in its bot's memory alone."""
    elsewhere = f"In another terminal: {_PROGRAM} replay RUN --config {folder / 'volati.yaml'}"
    return "\n".join([*([f"In a browser: {address}"] if address else []), elsewhere])


@asynccontextmanager
async def _bot_running(document: dict[str, Any], slack: SimulatedSlack, folder: Path) -> AsyncIterator[BotKeeper]:
    """The bot, connected, and started again whenever its process ends."""
    keeper = BotKeeper(lambda: running_bot(document, folder))
    async with keeper.keeping() as first:
        await connected(slack, first, folder)
        yield keeper


async def _install(slack: SimulatedSlack) -> None:
    """Install the app as its manifest says; where there is none, the simulated Slack grants the usual."""
    if await asyncio.to_thread(_MANIFEST.is_file):
        slack.install(yaml.safe_load(await asyncio.to_thread(_MANIFEST.read_text, encoding="utf-8")))


ROLES = {"operator": "S0OPERAT0", "approver": "S0APPROV0", "admin": "S0ADMINS0"}
"""Which of the workspace's user groups holds which role. The on-call engineer is an operator."""


def bot_settings(environment: dict[str, Any], slack: SimulatedSlack, folder: Path) -> dict[str, Any]:
    """The settings of a bot that looks at this platform and talks to this Slack; it keeps its data in the folder."""
    channel = slack.workspace.channel(CHANNEL)
    return {
        "slack": {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "channel": channel.id if channel else "",
            "api_url": slack.api_url,
        },
        "access": {"roles": {role: {"groups": [group]} for role, group in ROLES.items()}},
        "environments": {"playground": environment},
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


async def _obey_terminal(playground: Playground) -> None:
    if not _somebody_may_type():
        return
    reader = asyncio.StreamReader()
    try:
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    except (ValueError, OSError):  # standard input was closed meanwhile
        return
    while line := await reader.readline():
        await playground.obey(line.decode("utf-8", "replace"))


def _somebody_may_type() -> bool:
    """Whether standard input is a terminal or a pipe: a plain file and the null device cannot be awaited."""
    try:
        kind = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, ValueError, OSError):  # there is no standard input, or it is closed
        return False
    return sys.stdin.isatty() or stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)


def _concluded(words: str) -> bool:
    """Whether a message is a verdict: only those name the way to judge the run again."""
    return "volati replay" in words

"""A connection to Slack that remembers every call, and fails as it is told to."""

import asyncio
from collections.abc import Callable
from typing import Any

from bot.slack.errors import SlackError
from bot.slack.transport import Identity


class Wire:
    """Stands for the transport. `failures` are raised by the next calls, one each; None lets a call pass."""

    def __init__(self, *failures: SlackError | None) -> None:
        self.failures = list(failures)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.uploads: list[tuple[str, bytes]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.on_call: Callable[[], None] = lambda: None

    async def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Remember a call, and answer it or fail."""
        self.calls.append((method, arguments))
        self.on_call()
        await self.gate.wait()
        self._fail()
        if method == "files.getUploadURLExternal":
            return {"upload_url": "https://files.example.com/1", "file_id": "F1"}
        return {"channel": arguments.get("channel"), "ts": f"100.{len(self.calls):03}"}

    async def answer(self, url: str, body: dict[str, Any]) -> None:
        """Remember an answer."""
        self.answers.append((url, body))
        self._fail()

    async def upload(self, url: str, content: bytes) -> None:
        """Remember a file's bytes."""
        self.uploads.append((url, content))
        self._fail()

    async def identity(self) -> Identity:
        """Say who the bot is."""
        return Identity("T0VOLATI0", "U0VOLATI0", "B0VOLATI0")

    def _fail(self) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure

    def texts(self, method: str) -> list[str]:
        """The texts a method was called with, in order."""
        return [str(arguments["text"]) for name, arguments in self.calls if name == method]


class Sleeper:
    """Sleeps only when told to wake; remembers for how long it was to sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._asleep: list[asyncio.Future[None]] = []

    async def __call__(self, seconds: float) -> None:
        """Sleep until woken."""
        self.slept.append(seconds)
        asleep: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asleep.append(asleep)
        await asleep

    async def wake(self) -> None:
        """Let every sleeper go on, and what follows happen."""
        asleep, self._asleep = self._asleep, []
        for one in asleep:
            if not one.done():
                one.set_result(None)
        await settled()


async def settled() -> None:
    """Let everything that is ready to run, run."""
    for _ in range(20):
        await asyncio.sleep(0)

"""A clock and a Slack that a test moves by hand, and the rounds of a task in the background."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> datetime:
        """The time of day."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self.seconds


class Answers:
    """A Slack that answers each method as told: with a value, an error, or never; remembers what it was asked."""

    def __init__(self, answer: Mapping[str, Any] | Exception | None = None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.gate = asyncio.Event()

    async def call(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer as told."""
        self.asked.append((method, arguments))
        if self.answer is None:
            await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or {}


class Rounds:
    """Stands for sleeping in the background task: a test lets one round after the other go by."""

    def __init__(self) -> None:
        """Rest until the next round."""
        self.pauses: list[float] = []
        self._rests = asyncio.Event()
        self._goes_on = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        """Rest until the next round."""
        self.pauses.append(seconds)
        self._rests.set()
        await self._goes_on.wait()
        self._goes_on.clear()

    async def over(self) -> None:
        """Wait until the round under way is over."""
        await self._rests.wait()
        self._rests.clear()

    async def next(self) -> None:
        """Begin another round, and wait until it is over."""
        self._goes_on.set()
        await self.over()

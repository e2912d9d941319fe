"""Knows what is well and what is ill, from what others report, and logs each change. It never looks itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import structlog

RESPONSIVE_SECONDS = 5.0
"""Longest the event loop may be late before the bot counts as stuck: it owes Slack an answer within 3 s."""

_log = structlog.get_logger()


class State(StrEnum):
    """How a part of the bot is."""

    WELL = "well"
    AWAY = "away"
    """It is missing, and the bot works without it by rule."""
    ILL = "ill"
    """It is missing, and the bot is not ready without it."""


class WallClock(Protocol):
    """What health needs of a clock."""

    def now(self) -> datetime:
        """The time of day."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One part: how it is, since when it has been so, what is to be said about it, and what a person can do."""

    state: State
    since: datetime
    said: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same as /readyz shows it."""
        shown = {"state": str(self.state), "since": self.since.isoformat(timespec="seconds"), "said": self.said}
        return shown | ({"remedy": self.remedy} if self.remedy else {})


class Health:
    """All parts, and whether the bot lives, is ready, or is stopping."""

    def __init__(
        self, clock: WallClock, expected: tuple[str, ...] = (), monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._began = clock.now()
        self._parts = {name: Part(State.ILL, self._began, "not known yet") for name in expected}
        self._beat = monotonic()
        self._lag = 0.0
        self._stopping = False

    def report(self, name: str, state: State, said: str, remedy: str = "") -> None:
        """How a part is now. A change of its state is logged; the same state again only renews the words."""
        before = self._parts.get(name)
        changed = before is None or before.state is not state
        since = self._clock.now() if changed or before is None else before.since
        self._parts[name] = Part(state, since, said, remedy)
        if changed:
            tell = _log.info if state is State.WELL else _log.warning
            tell("health", part=name, state=str(state), said=said, **({"remedy": remedy} if remedy else {}))

    def stop(self) -> None:
        """The bot takes no more work from now on."""
        self._stopping = True

    def beat(self, every: float) -> None:
        """The event loop came round; it was to do so `every` so many seconds."""
        now = self._monotonic()
        self._lag = max(0.0, now - self._beat - every)
        self._beat = now

    @property
    def ready(self) -> bool:
        """Whether work may be sent here."""
        return not self._stopping and all(part.state is not State.ILL for part in self._parts.values())

    @property
    def alive(self) -> bool:
        """Whether the event loop comes round in time."""
        return max(self._lag, self._monotonic() - self._beat) < RESPONSIVE_SECONDS

    def of(self, name: str) -> Part | None:
        """One part; None when nobody has reported or expects it."""
        return self._parts.get(name)

    def readiness(self) -> dict[str, Any]:
        """What /readyz answers."""
        parts = {name: part.as_json() for name, part in sorted(self._parts.items())}
        return {"ready": self.ready, "stopping": self._stopping, "parts": parts}

    def liveness(self) -> dict[str, Any]:
        """What /healthz answers; the lag in milliseconds."""
        began = self._began.isoformat(timespec="seconds")
        return {"alive": self.alive, "since": began, "loop_lag_ms": round(self._lag * 1000, 1)}

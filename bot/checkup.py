"""One part of the bot as `volati doctor` found it."""

from dataclasses import dataclass

from bot.health import State


@dataclass(frozen=True, slots=True)
class Checkup:
    """One part: how it is, what is to be said, what a person can do, and how many ms asking took."""

    part: str
    state: State
    said: str
    remedy: str = ""
    took_ms: int | None = None

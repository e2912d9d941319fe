"""A letter in a queue, as the store and the outbox hand it to one another. Pure; it knows neither Redis nor Slack."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Queued:
    """A letter waiting to be sent: what it says in its newest revision, and how far it has come.

    `begun`: an earlier attempt to send it may have succeeded. `ts`: the message it already is, in an older revision.
    """

    letter: str
    document: bytes
    revision: int = 1
    begun: bool = False
    ts: str = ""

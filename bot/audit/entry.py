"""The audit: who did what, when and why, as entries that each hold the hash of the one before. It keeps none itself.

Whoever changes, moves, takes out or puts in an entry changes every hash after it. The newest hash, the head, is also
kept elsewhere, so that entries lost at the end are missed too.
"""

import hashlib
from datetime import datetime
from enum import StrEnum

import msgspec

from diagnostics.model import Value

BEGINNING = "0" * 64
"""What stands in place of a hash before the first entry: SHA-256 in hex has 64 digits."""


class Deed(StrEnum):
    """What an entry is about."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    BROKE_GLASS = "confirmed alone, breaking the glass"
    DECLINED = "called off"
    HURRIED = "hurried"
    EXPIRED = "expired"
    STALE = "stale"
    BEGUN = "step begun"
    DONE = "step done"
    TRIPPED = "step failed"
    ENDED = "ended"
    FAILED = "failed"
    OPENED = "incident opened"
    ACKNOWLEDGED = "incident acknowledged"
    GIVEN_BACK = "incident given back"
    SNOOZED = "incident snoozed"
    SNOOZE_OVER = "incident's snooze over"
    HANDED_OVER = "incident handed over"
    ESCALATED = "incident escalated"
    TIME_UP = "incident's time up"
    RESOLVED = "incident resolved"
    REOPENED = "incident reopened"
    REGRADED = "incident regraded"
    PAGE_FAILED = "page not accepted"


class Entry(Value, frozen=True):
    """One deed. `who` is a person's id, or `volati`; `detail` is the reason or the result, redacted by the caller."""

    at: datetime
    who: str
    deed: Deed
    action: str
    environment: str
    target: str = ""
    plan: str = ""
    channel: str = ""
    detail: str = ""


class Linked(Value, frozen=True):
    """An entry in its place: its number from 1, the hash before it, and its own."""

    number: int
    before: str
    entry: Entry
    hash: str


class Head(Value, frozen=True):
    """The end of the chain: how many entries there are, and the hash of the last."""

    number: int = 0
    hash: str = BEGINNING

    def __str__(self) -> str:
        """As it is written into the log and the channel, and given to `volati audit verify --head`."""
        return f"{self.number}:{self.hash}"


def linked(entry: Entry, head: Head) -> Linked:
    """The entry as the next one after a head."""
    number = head.number + 1
    return Linked(number, head.hash, entry, digest(number, head.hash, entry))


def digest(number: int, before: str, entry: Entry) -> str:
    """The hash of an entry in its place: SHA-256 over its number, the hash before it and its JSON, in hex."""
    return digest_of(number, before, msgspec.json.encode(entry))


def digest_of(number: int, before: str, content: bytes) -> str:
    """The same for an entry's JSON as it is stored, whichever version wrote it."""
    return hashlib.sha256(b"\n".join((str(number).encode(), before.encode(), content))).hexdigest()


def head_of(one: Linked) -> Head:
    """The head of a chain that ends with this."""
    return Head(one.number, one.hash)

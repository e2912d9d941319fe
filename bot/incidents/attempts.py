"""Reads from the audit what was tried against a fault: each plan, by whom, and how it ended. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.audit.entry import Deed, Entry
from diagnostics.model import Value


class Attempt(Value, frozen=True):
    """A plan: when it was proposed, what it would do, who confirmed it (Slack's id; empty: nobody), where it stands.

    `open`: it waits for somebody, or is under way. `outcome` is how it ended, in words.
    """

    plan: str
    at: datetime
    what: str
    person: str = ""
    stands: str = ""
    outcome: str = ""
    open: bool = True


_STANDS: Mapping[Deed, str] = {
    Deed.PROPOSED: "waits for a yes",
    Deed.CONFIRMED: "is under way",
    Deed.BROKE_GLASS: "is under way",
    Deed.BEGUN: "is under way",
    Deed.DONE: "is under way",
    Deed.TRIPPED: "is under way",
    Deed.HURRIED: "is under way",
    Deed.DECLINED: "was called off",
    Deed.EXPIRED: "expired",
    Deed.STALE: "was not done: the platform had changed",
    Deed.ENDED: "is done",
    Deed.FAILED: "did not work",
}
"""What each deed says of its plan. A refusal says nothing of it."""

_OVER = frozenset({Deed.DECLINED, Deed.EXPIRED, Deed.STALE, Deed.ENDED, Deed.FAILED})
_YES = frozenset({Deed.CONFIRMED, Deed.BROKE_GLASS})


def attempts(entries: Iterable[Entry]) -> tuple[Attempt, ...]:
    """The plans that these entries tell of, the oldest first.

    Args:
        entries: in their order. A plan whose proposal is not among them is told from where they begin.
    """
    found: dict[str, Attempt] = {}
    for entry in entries:
        if entry.plan and entry.deed in _STANDS:
            before = found.get(entry.plan) or Attempt(entry.plan, entry.at, _what(entry))
            found[entry.plan] = _after(before, entry)
    return tuple(found.values())


def _what(entry: Entry) -> str:
    target = f" of {entry.target}" if entry.target else ""
    return f"{entry.action}{target}"


def _after(before: Attempt, entry: Entry) -> Attempt:
    over = entry.deed in _OVER
    return Attempt(
        plan=before.plan,
        at=before.at,
        what=before.what,
        person=entry.who if entry.deed in _YES else before.person,
        stands=_STANDS[entry.deed],
        outcome=entry.detail if over else "",
        open=not over,
    )

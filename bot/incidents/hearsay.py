"""What was told, as it may be kept and shown: names, notes and reasons redacted and of a length. It keeps ids and keys.

Everything that happens to an incident comes through here, whether PagerDuty called, was asked, or a person wrote it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from bot.incidents.events import Person
from bot.incidents.kept import OnDuty
from bot.incidents.webhooks import line
from diagnostics.model import Value
from diagnostics.observe import Cleaner

NAME_AT_MOST = 100
TEXT_AT_MOST = 3_000
"""Characters of a name, and of a note: what a line in a thread holds. A longer note is cut, and says so."""

WORDS = frozenset({"text", "reason", "why", "reference"})
"""The fields of an event, and of what PagerDuty sends, that hold somebody's words. Nothing is found by them."""

_COUNT = 40  # characters kept for the sentence that counts what is missing

T = TypeVar("T", bound=Value)


def kept(told: T, cleaner: Cleaner) -> T:
    """An event, or what PagerDuty sent, as it may be kept. What went through here once comes out of it the same."""
    fields = {name: _kept(name, getattr(told, name), cleaner) for name in told.__struct_fields__}
    return msgspec.structs.replace(told, **fields)


def named(person: Person, cleaner: Cleaner) -> Person:
    """The person, their name on one line and redacted before it is cut: half a secret is not known as one."""
    name = line(cleaner.value(line(person.name)))[:NAME_AT_MOST].rstrip()
    return msgspec.structs.replace(person, name=name or person.pager)


def on_duty(duty: Iterable[OnDuty], cleaner: Cleaner) -> tuple[OnDuty, ...]:
    """Who is on call, as it may be shown."""
    return tuple(
        replace(one, people=tuple(named(who, cleaner) for who in one.people), why_not=cleaner.value(one.why_not))
        for one in duty
    )


def _kept(name: str, value: Any, cleaner: Cleaner) -> Any:  # noqa: ANN401 a field may hold anything
    if isinstance(value, Person):
        return named(value, cleaner)
    if isinstance(value, tuple):
        return tuple(_kept("", one, cleaner) for one in value)
    return _bounded(cleaner.value(value)) if name in WORDS and isinstance(value, str) else value


def _bounded(text: str) -> str:
    if len(text) <= TEXT_AT_MOST:
        return text
    shown = TEXT_AT_MOST - _COUNT
    return f"{text[:shown]}… ({len(text) - shown} more characters)"

"""Tells what happened to an incident in sentences, the same for its card and for what is written afterwards. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.incidents import events as e
from bot.incidents.path import Path


@dataclass(frozen=True, slots=True)
class Form:
    """How parts of a sentence are written: a person, words of a person's own, a time."""

    person: Callable[[e.Person], str]
    words: Callable[[str], str]
    time: Callable[[datetime], str]


PLAIN = Form(lambda one: one.name, lambda text: text, lambda at: f"{at.astimezone(UTC):%H:%M} UTC")
"""As a file has it."""


def sentence(event: e.Event, path: Path, form: Form = PLAIN) -> str:
    """What happened, as a sentence without its end."""
    return _SENTENCES[type(event)](event, path, form)


def _who(by: e.Person | None, form: Form, else_: str) -> str:
    return form.person(by) if by is not None else else_


def _level(number: int, path: Path) -> str:
    return f"level {number} ({path.level(number).title})" if 1 <= number <= len(path.levels) else f"level {number}"


def _to(people: tuple[e.Person, ...], form: Form) -> str:
    return ", ".join(form.person(one) for one in people) or "nobody"


def _there(key: str) -> str:
    """Where it was done, for what came by a page."""
    return " in PagerDuty" if key else ""


Teller = Callable[[Any, Path, Form], str]

_SENTENCES: Mapping[type[e.Event], Teller] = {
    e.Opened: lambda one, _, form: f"{_who(one.by, form, 'Volati')} opened it as {one.severity}",
    e.Acknowledged: lambda one, _, form: f"{form.person(one.by)} acknowledged it{_there(one.key)}",
    e.Unacknowledged: lambda one, _, form: f"{_who(one.by, form, 'PagerDuty')} gave it back{_there(one.key)}",
    e.Snoozed: lambda one, _, form: f"{form.person(one.by)} snoozed it until {form.time(one.until)}",
    e.SnoozeOver: lambda *_: "the snooze was over",
    e.HandedOver: lambda one, _, form: f"{form.person(one.by)} asked {form.person(one.to)} to take it",
    e.EscalatedNow: lambda one, path, form: (
        f"{form.person(one.by)} escalated it{f' to {_level(one.level, path)}' if one.level else ''}: "
        f"{form.words(one.reason)}"
    ),
    e.TimeUp: lambda one, path, _: f"the time of {_level(one.level, path)} was up",
    e.Resolved: lambda one, _, form: f"{_who(one.by, form, 'Volati')} resolved it{_there(one.key)}",
    e.Recurred: lambda *_: "the same fault was seen again",
    e.Reopened: lambda one, _, form: f"{_who(one.by, form, 'PagerDuty')} opened it again{_there(one.key)}",
    e.Reassigned: lambda one, _, form: f"{_who(one.by, form, 'PagerDuty')} gave it to {_to(one.to, form)} in PagerDuty",
    e.PagedOn: lambda one, _, form: f"PagerDuty went on to {_to(one.to, form)}",
    e.Annotated: lambda one, _, form: f"{_who(one.by, form, 'a note')}: {form.words(one.text)}",
    e.Regraded: lambda one, _, form: f"{form.person(one.by)} changed the severity to {one.severity}",
    e.PageTaken: lambda one, _, form: f"PagerDuty took the page {form.words(one.reference)}".rstrip(),
    e.PageFailed: lambda one, path, form: (
        f"the page of {_level(one.level, path)} was not accepted: {form.words(one.why)}"
    ),
}
"""Every event."""

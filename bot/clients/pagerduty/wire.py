"""PagerDuty's REST answers in shape: only the fields that something reads. Everything else in them is passed over."""

from datetime import datetime
from typing import TypeVar

import msgspec

from bot.clients.pagerduty.calls import Ask, unreadable

S = TypeVar("S")


class Reference(msgspec.Struct, frozen=True):
    """Something of PagerDuty's by its id, and how people name it; its type says whether it is a person."""

    id: str
    summary: str | None = None
    type: str = ""


class User(msgspec.Struct, frozen=True):
    """A person, whole or as a reference."""

    id: str
    summary: str | None = None
    name: str | None = None
    email: str | None = None


class OnCallEntry(msgspec.Struct, frozen=True):
    """One person's turn; `end` is None where it never ends."""

    user: User
    escalation_policy: Reference
    escalation_level: int
    schedule: Reference | None = None
    start: datetime | None = None
    end: datetime | None = None


class Assignment(msgspec.Struct, frozen=True):
    """Who has an incident at PagerDuty."""

    assignee: Reference


class Acknowledgement(msgspec.Struct, frozen=True):
    """Who acknowledged it."""

    acknowledger: Reference


class IncidentDocument(msgspec.Struct, frozen=True):
    """An incident."""

    id: str
    status: str
    incident_key: str | None = None
    incident_number: int | None = None
    title: str | None = None
    html_url: str | None = None
    assignments: list[Assignment] = []
    acknowledgements: list[Acknowledgement] = []
    last_status_change_by: Reference | None = None
    last_status_change_at: str | None = None


class OnCalls(msgspec.Struct, frozen=True):
    """A page of turns."""

    oncalls: list[OnCallEntry]
    more: bool = False


class Incidents(msgspec.Struct, frozen=True):
    """A page of incidents."""

    incidents: list[IncidentDocument]
    more: bool = False


class Users(msgspec.Struct, frozen=True):
    """A page of people."""

    users: list[User]
    more: bool = False


def read(document: object, shape: type[S], ask: Ask) -> S:
    """The document in its shape.

    Raises:
        PagerUnreadable: it has another.
    """
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise unreadable(ask, str(error)) from None  # it names a field, never a value

"""What PagerDuty tells by its webhooks v3: whether it was PagerDuty who signed it, and what it says, as frozen values.

Pure. It never answers a request and never acts. The signature covers the body and no time, so that whoever takes these
in must refuse an event id it had before.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.incidents.events import Person
from diagnostics.evidence.json_values import part, word
from diagnostics.model import Value
from diagnostics.redaction import first_words

SIGNATURE = "X-PagerDuty-Signature"
BODY_AT_MOST = 262_144
"""Bytes of a body: PagerDuty drops what is larger than 256 KB, and promises only 55 KB (webhooks v3, behaviour)."""

SIGNATURES_AT_MOST = 20
"""Signatures that are looked at. PagerDuty sends one for each secret of a rotation, which are two."""

PEOPLE_AT_MOST = 20
"""People that are named of those an incident is assigned to."""

_ID_AT_MOST = 255
_NUMBER_BELOW = 10**9
_PERSON = "user_reference"
_VERSION = "v1="


class Kind(StrEnum):
    """What is understood."""

    TRIGGERED = "incident.triggered"
    ACKNOWLEDGED = "incident.acknowledged"
    UNACKNOWLEDGED = "incident.unacknowledged"
    RESOLVED = "incident.resolved"
    REOPENED = "incident.reopened"
    REASSIGNED = "incident.reassigned"
    DELEGATED = "incident.delegated"
    ESCALATED = "incident.escalated"
    ANNOTATED = "incident.annotated"
    PRIORITY_UPDATED = "incident.priority_updated"
    RESPONDER_ADDED = "incident.responder.added"
    RESPONDER_REPLIED = "incident.responder.replied"
    STATUS_UPDATE = "incident.status_update_published"


class MalformedHookError(Exception):
    """The body is none of PagerDuty's; the message says what of it, and holds nothing of it."""


class Hook(Value, frozen=True, kw_only=True):
    """One event of PagerDuty's.

    `id` is the event's own, the same in a repeat. `incident` is the incident's id there; `key` its dedup key, empty
    where PagerDuty does not say it (notes, replies). `by` is the person who did it, None for a machine or a timeout.
    `to` are those it is assigned to now. `text` is a note's, a status update's or a priority's. Names and texts are
    whole and not redacted: bot/incidents/hearsay.py does both, in that order.
    `reference` is how people name the incident there.
    """

    id: str
    kind: Kind
    at: datetime
    incident: str
    key: str = ""
    by: Person | None = None
    to: tuple[Person, ...] = ()
    text: str = ""
    reference: str = ""


class Ignored(Value, frozen=True, kw_only=True):
    """An event that is understood as one and means nothing here, such as a ping; `kind` as PagerDuty names it."""

    id: str
    kind: str


def signed(header: str, body: bytes, secrets: Iterable[str]) -> bool:
    """Whether one of a header's signatures is that of this body by one of the secrets; compared in constant time.

    Several secrets: while one is being replaced by another. None: nothing is signed by us.
    """
    given = [one.strip() for one in header.split(",", SIGNATURES_AT_MOST)[:SIGNATURES_AT_MOST]]
    digests = [one[len(_VERSION) :].encode(errors="surrogateescape") for one in given if one.startswith(_VERSION)]
    expected = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode() for secret in secrets if secret]
    return any([hmac.compare_digest(one, digest) for one in expected for digest in digests])  # noqa: C419 all of them


def parse(body: bytes) -> Hook | Ignored:
    """What a signed body says.

    Raises:
        MalformedHookError: it is not shaped as PagerDuty's.
    """
    try:
        event = part(part(json.loads(body)).get("event"))
    except (ValueError, RecursionError):
        raise MalformedHookError("it is not JSON") from None
    id, name = _id(event.get("id")), word(event.get("event_type"))
    if not id or not name:
        raise MalformedHookError("it has no event with an id and a type")
    if name not in set(Kind):
        return Ignored(id=id, kind=name)
    return _hook(id, Kind(name), event)


def line(text: str) -> str:
    """A text on one line, of letters that can be seen."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _hook(id: str, kind: Kind, event: Mapping[str, Any]) -> Hook:
    data = part(event.get("data"))
    incident = data if data.get("type") == "incident" else part(data.get("incident"))
    if not _id(incident.get("id")):
        raise MalformedHookError("it names no incident")
    return Hook(
        id=id,
        kind=kind,
        at=_time(event.get("occurred_at")),
        incident=_id(incident.get("id")),
        key=_id(incident.get("incident_key")),
        by=_person(event.get("agent")),
        to=_people(data.get("assignees")),
        text=_text(kind, data),
        reference=_reference(incident),
    )


def _text(kind: Kind, data: Mapping[str, Any]) -> str:
    """What was written. Of a priority, its name; of a responder, who."""
    if kind is Kind.PRIORITY_UPDATED:
        return _line(part(data.get("priority")).get("summary"))
    if kind in {Kind.RESPONDER_ADDED, Kind.RESPONDER_REPLIED}:
        return f"{_line(part(data.get('user')).get('summary'))} {_line(data.get('state'))}".strip()
    text = word(data.get("content")) or word(data.get("message"))
    return "".join(one for one in text if one.isprintable() or one == "\n").strip()


def _reference(incident: Mapping[str, Any]) -> str:
    """How people name it: its number and address, as far as they are told."""
    number = incident.get("number")
    address = first_words(_line(incident.get("html_url")), _ID_AT_MOST)
    named = f"#{number}" if type(number) is int and 0 < number < _NUMBER_BELOW else ""
    return " ".join(one for one in (named, address if address.startswith("https://") else "") if one)


def _people(found: object) -> tuple[Person, ...]:
    people = [_person(one) for one in (found if isinstance(found, list) else [])[:PEOPLE_AT_MOST]]
    return tuple(one for one in people if one is not None)


def _person(found: object) -> Person | None:
    """A person; None for what is a service, an integration or nobody."""
    told = part(found)
    id = _id(told.get("id"))
    if told.get("type") != _PERSON or not id:
        return None
    return Person(_line(told.get("summary")) or id, pager=id)


def _line(value: object) -> str:
    return line(word(value))


def _id(value: object) -> str:
    """An id; empty for what is none. Ours are in keys of the store, and its own are short and printable."""
    text = word(value)
    return text if 0 < len(text) <= _ID_AT_MOST and text.isprintable() and not set(text) & set(" \t") else ""


def _time(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(word(value))
    except ValueError:
        raise MalformedHookError("it does not say when it happened") from None
    if at.tzinfo is None:
        raise MalformedHookError("the time it names has no zone")
    return at

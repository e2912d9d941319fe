"""PagerDuty's Events API v2: page, acknowledge, resolve, by one dedup key each. It decides nothing and redacts nothing.

A trigger that is sent twice under one key is one page, so that all three may be repeated until they are taken.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

from bot.clients.pagerduty.calls import Ask, Calls
from bot.errors import PagerRefused
from diagnostics.evidence.json_values import word

SUMMARY_AT_MOST = 1024
"""Characters of a summary (developer-docs, events-API-v2/trigger-events)."""

KEY_AT_MOST = 255
"""Characters of a dedup key (the same page)."""

DETAILS_AT_MOST = 100_000
"""Bytes of the details as JSON. The whole event may have 512 kB; a telephone shows a screen or two of them."""

LINKS_AT_MOST = 10
"""Links of a page: more than that nobody looks through at night."""

CUT = "…"

EventSeverity = Literal["critical", "error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Link:
    """An address with a text."""

    href: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """What a page says, redacted by the caller. `details` are shown as a table of names and values."""

    dedup_key: str
    summary: str
    source: str
    severity: EventSeverity = "critical"
    component: str = ""
    at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


class PagerEvents:
    """The Events API of one region. A routing key is the integration key of one service."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def trigger(self, routing_key: str, alert: Alert) -> None:
        """Page, or update the page that is open under the same key.

        Raises:
            PagerError: it was not taken; PagerLater where a repeat may be.
        """
        await self._send(trigger_body(routing_key, alert))

    async def acknowledge(self, routing_key: str, dedup_key: str) -> None:
        """Say that somebody is on it. PagerDuty drops it silently where no page is open under the key.

        Raises:
            PagerError: as `trigger`.
        """
        await self._send(_body(routing_key, "acknowledge", dedup_key))

    async def resolve(self, routing_key: str, dedup_key: str) -> None:
        """Say that it is over; dropped as `acknowledge` is.

        Raises:
            PagerError: as `trigger`.
        """
        await self._send(_body(routing_key, "resolve", dedup_key))

    async def _send(self, body: Mapping[str, Any]) -> None:
        """Send it. PagerDuty takes it by saying 202, and by nothing else: a proxy's friendly page has paged nobody."""
        key = str(body["routing_key"])
        await self._calls.call(Ask("POST", "/enqueue", body=body, limit=key, enough=HTTPStatus.ACCEPTED))


def trigger_body(routing_key: str, alert: Alert) -> dict[str, Any]:
    """A trigger within PagerDuty's limits. What does not fit is cut, and says so.

    Raises:
        PagerRefused: the key is not one.
    """
    payload = {
        "summary": _summary(alert.summary),
        "source": alert.source or "volati",
        "severity": alert.severity,
        **({"timestamp": alert.at.isoformat()} if alert.at else {}),
        **({"component": alert.component} if alert.component else {}),
        "custom_details": fitted(alert.details),
    }
    links = [{"href": link.href, "text": link.text or link.href} for link in alert.links[:LINKS_AT_MOST]]
    more = {"links": links} if links else {}
    return {**_body(routing_key, "trigger", alert.dedup_key), "payload": payload, "client": "Volati", **more}


def fitted(details: Mapping[str, Any]) -> dict[str, Any]:
    """As many details, in their order, as fit; how many are missing stands at the end."""
    kept: dict[str, Any] = {}
    size = 0
    for name, value in details.items():
        text = json.dumps({name: value}, default=str).encode("utf-8", "replace")
        size += len(text)
        if size > DETAILS_AT_MOST:
            return {**kept, "left out": f"{len(details) - len(kept)} of {len(details)} details are too long for a page"}
        kept |= _sound(text)
    return kept


def _sound(text: bytes) -> dict[str, Any]:
    """What JSON in UTF-8 can carry of it: half a surrogate pair becomes a "?"."""
    found = json.loads(text)
    return {word(name): word(value) if isinstance(value, str) else value for name, value in found.items()}


def _body(routing_key: str, action: str, dedup_key: str) -> dict[str, Any]:
    if not 0 < len(dedup_key) <= KEY_AT_MOST:
        raise PagerRefused(f"A dedup key has 1 to {KEY_AT_MOST} characters; this one has {len(dedup_key)}.")
    return {"routing_key": routing_key, "event_action": action, "dedup_key": dedup_key}


def _summary(text: str) -> str:
    """One line of a length PagerDuty takes; an empty one is refused there, so it says at least what it is."""
    line = " ".join(word(text).split()) or "An incident without a summary"
    return line if len(line) <= SUMMARY_AT_MOST else f"{line[: SUMMARY_AT_MOST - 1]}{CUT}"

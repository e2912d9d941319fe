"""PagerDuty's REST API, the little the bot needs: who is on call, incidents by key, notes, status updates, people.

Everything that writes is done in somebody's name: their e-mail at PagerDuty, or the bot's own.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPMethod
from typing import Any

from bot.clients.pagerduty import wire
from bot.clients.pagerduty.calls import Ask, Calls
from bot.errors import PagerRefused
from diagnostics.evidence.json_values import word

ACCEPT = "application/vnd.pagerduty+json;version=2"
PAGE = 100
"""Entries of a page: PagerDuty's own most."""

PAGES_AT_MOST = 10
"""Pages that are read: a thousand turns are more than any team of ours has."""

NOTE_AT_MOST = 5_000
"""Characters of a note or a status update: what people read in one go; what is longer is cut, and says so."""

OPEN = ("triggered", "acknowledged")
_PEOPLE = frozenset({"user", "user_reference"})
_ID = re.compile("[A-Za-z0-9_-]{1,40}")
_EMAIL = re.compile("[!-~]{1,200}@[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class PagerPerson:
    """A person at PagerDuty; `email` is empty where it was not asked for."""

    id: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class OnCall:
    """Whose turn it is: at which level of which escalation policy, by which schedule (None: always), until when."""

    person: PagerPerson
    policy: str
    policy_id: str
    level: int
    schedule: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PagerIncident:
    """An incident at PagerDuty. `status` is triggered, acknowledged or resolved; `by` is the person who made it so.

    `changed` is when it became so, as PagerDuty writes it; empty where it does not say.
    """

    id: str
    key: str
    status: str
    number: int | None
    url: str
    assigned: tuple[PagerPerson, ...] = ()
    acknowledged_by: tuple[PagerPerson, ...] = ()
    by: PagerPerson | None = None
    changed: str = ""


class PagerApi:
    """The REST API of one account. `sender` is the e-mail of a person there, in whose name the bot itself writes.

    Every method raises PagerError: PagerLater where a repeat may help, PagerRefused where not.
    """

    def __init__(self, calls: Calls, key: str, sender: str) -> None:
        self._calls = calls
        # PagerDuty wants the content type of requests without content, too.
        self._headers = {"Accept": ACCEPT, "Content-Type": "application/json", "Authorization": f"Token token={key}"}
        self._sender = sender

    async def on_call(self, policies: Sequence[str] = (), schedules: Sequence[str] = ()) -> tuple[OnCall, ...]:
        """Who is on call now for these escalation policies and schedules, by their ids; the first level first."""
        query = (
            *(("escalation_policy_ids[]", one) for one in policies),
            *(("schedule_ids[]", one) for one in schedules),
            ("include[]", "users"),
        )
        turns = [
            _turn(entry)
            async for document, ask in self._pages("/oncalls", query)
            for entry in wire.read(document, wire.OnCalls, ask).oncalls
        ]
        return tuple(sorted(turns, key=lambda one: (one.policy_id, one.level, one.person.name)))

    async def incidents(self, key: str, statuses: Sequence[str] = OPEN) -> tuple[PagerIncident, ...]:
        """The incidents of a dedup key, the newest first; by default only open ones, of which there is one at most."""
        query = (
            ("incident_key", key),
            ("date_range", "all"),
            ("sort_by", "created_at:desc"),
            *(("statuses[]", one) for one in statuses),
        )
        found = [
            _incident(entry)
            async for document, ask in self._pages("/incidents", query)
            for entry in wire.read(document, wire.Incidents, ask).incidents
        ]
        return tuple(one for one in found if one.key == key)

    async def person(self, email: str) -> PagerPerson | None:
        """The person with this e-mail address; None where there is none. PagerDuty searches, so it is compared."""
        async for document, ask in self._pages("/users", (("query", email),)):
            for user in wire.read(document, wire.Users, ask).users:
                if (user.email or "").casefold() == email.casefold():
                    return _person(user)
        return None

    async def note(self, incident: str, text: str, sender: str = "") -> None:
        """Write a note on an incident, by its id. Repeated, it is written twice."""
        await self._write(HTTPMethod.POST, f"{_path(incident)}/notes", {"note": {"content": bounded(text)}}, sender)

    async def status_update(self, incident: str, message: str, sender: str = "") -> None:
        """Tell an incident's stakeholders. Repeated, they are told twice."""
        await self._write(HTTPMethod.POST, f"{_path(incident)}/status_updates", {"message": bounded(message)}, sender)

    async def acknowledge(self, incident: str, sender: str = "") -> None:
        """Acknowledge an incident in somebody's name."""
        await self._change(incident, {"status": "acknowledged"}, sender)

    async def resolve(self, incident: str, resolution: str = "", sender: str = "") -> None:
        """Resolve an incident in somebody's name, and say how."""
        more = {"resolution": bounded(resolution)} if resolution else {}
        await self._change(incident, {"status": "resolved", **more}, sender)

    async def _change(self, incident: str, fields: Mapping[str, str], sender: str) -> None:
        _path(incident)  # an id that is none is refused before it is sent
        body = {"incidents": [{"id": incident, "type": "incident_reference", **fields}]}
        await self._write(HTTPMethod.PUT, "/incidents", body, sender)

    async def _write(self, method: HTTPMethod, path: str, body: Mapping[str, Any], sender: str) -> None:
        name = sender or self._sender
        if not _EMAIL.fullmatch(name):
            raise PagerRefused(
                f"{name[:40]!r} is no e-mail address of a person at PagerDuty; see pagerduty.from_email."
            )
        headers = {**self._headers, "From": name}
        await self._calls.call(Ask(method.value, path, body=body, headers=headers))

    async def _pages(self, path: str, query: tuple[tuple[str, str], ...]) -> AsyncIterator[tuple[Any, Ask]]:
        """Every page of a list, one after another."""
        for number in range(PAGES_AT_MOST):
            place = (("limit", str(PAGE)), ("offset", str(number * PAGE)))
            ask = Ask("GET", path, query=(*query, *place), headers=self._headers)
            document = await self._calls.call(ask)
            yield document, ask
            if not isinstance(document, dict) or document.get("more") is not True:
                return


def bounded(text: str) -> str:
    """A text of a length that people read; a longer one says how much is missing."""
    text = word(text)
    if len(text) <= NOTE_AT_MOST:
        return text
    mark = f"\n… {len(text) - NOTE_AT_MOST + 60} more characters stand in the thread."
    return text[: NOTE_AT_MOST - 60] + mark


def _path(incident: str) -> str:
    if not _ID.fullmatch(incident):
        raise PagerRefused(f"{incident[:40]!r} is no id of an incident at PagerDuty, such as PT4KHLK.")
    return f"/incidents/{incident}"


def _person(user: wire.User | wire.Reference) -> PagerPerson:
    name = (user.name if isinstance(user, wire.User) else None) or user.summary or user.id
    return PagerPerson(user.id, name, (user.email or "") if isinstance(user, wire.User) else "")


def _turn(entry: wire.OnCallEntry) -> OnCall:
    policy = entry.escalation_policy
    schedule = (entry.schedule.summary or entry.schedule.id) if entry.schedule else None
    return OnCall(
        _person(entry.user), policy.summary or policy.id, policy.id, entry.escalation_level, schedule, entry.end
    )


def _incident(one: wire.IncidentDocument) -> PagerIncident:
    by = _people([one.last_status_change_by] if one.last_status_change_by else [])
    return PagerIncident(
        id=one.id,
        key=one.incident_key or "",
        status=one.status,
        number=one.incident_number,
        url=one.html_url or "",
        assigned=_people(each.assignee for each in one.assignments),
        acknowledged_by=_people(each.acknowledger for each in one.acknowledgements),
        by=by[0] if by else None,
        changed=one.last_status_change_at or "",
    )


def _people(references: Iterable[wire.Reference]) -> tuple[PagerPerson, ...]:
    """Those of them who are people: services and integrations acknowledge and resolve, too."""
    return tuple(_person(one) for one in references if one.type in _PEOPLE)

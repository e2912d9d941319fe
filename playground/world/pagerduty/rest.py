"""The simulated REST API v2, as far as the bot uses it: on-calls, incidents, notes, status updates, people.

developer.pagerduty.com/api-reference; its answers are held to the vendor's OpenAPI file by tests.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from playground.world.pagerduty.account import (
    DEFAULT_URGENCY,
    POLICIES,
    SCHEDULES,
    SERVICES,
    SITE,
    TURN,
    USERS,
    Account,
    PagedIncident,
    Policy,
    User,
    incident_reference,
    person,
    policy_of,
    reference,
    stamp,
    user_named,
)
from playground.world.pagerduty.calls import Call, Json, Said, invalid, refusal

KEY = "playground-pagerduty-key"
LIMIT_AT_MOST = 100
NOTES_AT_MOST = 2000
Page = Callable[[Account, Call, str, User | None], Said]


def answer(account: Account, call: Call, key: str = KEY) -> Said:
    """The answer to one call; `key` is the one that is taken."""
    if call.headers.get("authorization") != f"Token token={key}":
        return refusal(401, "Authentication failed", 2006)
    if "application/vnd.pagerduty+json" not in call.headers.get("accept", ""):
        return refusal(400, "Invalid Input Provided", 2001, "Accept must name version 2")
    for (method, pattern), page in PAGES.items():
        found = re.fullmatch(pattern, call.path)
        if found and method == call.method:
            return _as_somebody(account, call, page, found.groupdict().get("id", ""))
    return refusal(404, "Not Found", 2100)


def _as_somebody(account: Account, call: Call, page: Page, id: str) -> Said:
    """Whoever writes does so in a person's name."""
    if call.method == "GET":
        return page(account, call, id, None)
    sender = user_named(call.headers.get("from", "-"))
    if sender is None:
        return invalid("Requester User Not Found")
    return page(account, call, id, sender)


def _oncalls(account: Account, call: Call, _: str, __: User | None) -> Said:
    wanted = call.query.get("escalation_policy_ids[]", [])
    schedules = call.query.get("schedule_ids[]", [])
    policies = [one for one in POLICIES if not wanted or one.id in wanted]
    policies = [one for one in policies if not schedules or one.schedule in schedules]
    whole = "users" in call.query.get("include[]", [])
    turns = [_turn(account, one, level, whole=whole) for one in policies for level in range(1, len(one.users) + 1)]
    return _listed(call, "oncalls", turns)


def _turn(account: Account, policy: Policy, level: int, *, whole: bool) -> Json:
    user = user_named(policy.users[level - 1]) or USERS[0]
    scheduled = policy.schedule if level == 1 else ""
    now = account.at()
    return {
        "user": _whole(user) if whole else person(user),
        "schedule": reference(scheduled, "schedule", SCHEDULES[scheduled], "schedules") if scheduled else None,
        "escalation_policy": reference(policy.id, "escalation_policy", policy.name, "escalation_policies"),
        "escalation_level": level,
        "start": stamp(now - TURN / 2) if scheduled else None,
        "end": stamp(now + TURN / 2) if scheduled else None,
    }


def _incidents(account: Account, call: Call, _: str, __: User | None) -> Said:
    keys = call.query.get("incident_key")
    statuses = call.query.get("statuses[]")
    found = [
        _incident(one)
        for one in reversed(account.incidents.values())
        if (keys is None or one.key in keys) and (not statuses or one.status in statuses)
    ]
    return _listed(call, "incidents", found)


def _users(_: Account, call: Call, __: str, ___: User | None) -> Said:
    query = " ".join(call.query.get("query", [])).casefold()
    return _listed(call, "users", [_whole(one) for one in USERS if query in f"{one.name} {one.email}".casefold()])


def _change(account: Account, call: Call, _: str, sender: User | None) -> Said:
    wanted = _object(call).get("incidents")
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        return invalid("incidents must be an array")
    found = [(account.incidents.get(str(one.get("id"))), one) for one in wanted]
    if any(one is None for one, _ in found):
        return refusal(404, "Not Found", 2100)
    agent = person(sender or USERS[0])
    for incident, fields in found:
        if incident is None or not _set(account, incident, str(fields.get("status", "")), agent):
            return invalid("Incident Already Resolved")
    return Said(200, {"incidents": [_incident(one) for one, _ in found if one]})


def _set(account: Account, incident: PagedIncident, status: str, agent: Json) -> bool:
    """Change an incident's status; False where that cannot be."""
    if incident.status == "resolved" and status != "triggered":
        return False
    if status == "acknowledged":
        account.acknowledge(incident, agent)
    elif status == "resolved":
        account.resolve(incident, agent)
    elif status == "triggered" and incident.status == "resolved":
        account.reopen(incident, agent)
    return True


def _note(account: Account, call: Call, id: str, sender: User | None) -> Said:
    incident = account.incidents.get(id)
    if incident is None:
        return refusal(404, "Not Found", 2100)
    note = _object(call).get("note")
    content = note.get("content") if isinstance(note, dict) else None
    if not isinstance(content, str) or not content.strip():
        return invalid("Content cannot be empty")
    if len(incident.notes) >= NOTES_AT_MOST:
        return invalid(f"An incident has at most {NOTES_AT_MOST} notes")
    return Said(200, {"note": account.note(incident, content, person(sender or USERS[0]))})


def _update(account: Account, call: Call, id: str, sender: User | None) -> Said:
    incident = account.incidents.get(id)
    if incident is None:
        return refusal(404, "Not Found", 2100)
    message = _object(call).get("message")
    if not isinstance(message, str) or not message.strip():
        return invalid("Message cannot be empty")
    return Said(200, {"status_update": account.update_status(incident, message, person(sender or USERS[0]))})


PAGES: dict[tuple[str, str], Page] = {
    ("GET", "/oncalls"): _oncalls,
    ("GET", "/incidents"): _incidents,
    ("GET", "/users"): _users,
    ("PUT", "/incidents"): _change,
    ("POST", "/incidents/(?P<id>[^/]+)/notes"): _note,
    ("POST", "/incidents/(?P<id>[^/]+)/status_updates"): _update,
}
"""Every page, by method and path."""


def _listed(call: Call, name: str, entries: Sequence[Json]) -> Said:
    """One page of a list, as classic paging has it."""
    limit = min(_count(call, "limit", 25), LIMIT_AT_MOST)
    offset = _count(call, "offset", 0)
    page = list(islice(entries, offset, offset + limit))
    more = offset + limit < len(entries)
    return Said(200, {name: page, "limit": limit, "offset": offset, "more": more, "total": None})


def _count(call: Call, name: str, default: int) -> int:
    values: Iterable[str] = call.query.get(name, [])
    return next((int(one) for one in values if one.isdecimal()), default)


def _object(call: Call) -> Json:
    try:
        found = json.loads(call.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _whole(user: User) -> Json:
    return {
        **person(user),
        "type": "user",
        "name": user.name,
        "email": user.email,
        "time_zone": "Etc/UTC",
        "role": "user",
        "job_title": "Engineer",
        "teams": [],
    }


def _incident(one: PagedIncident) -> Json:
    service = next(each for each in SERVICES if each.id == one.service)
    policy = policy_of(service)
    return {
        **incident_reference(one),
        "type": "incident",
        "html_url": f"{SITE}/incidents/{one.id}",
        "incident_number": one.number,
        "title": one.title,
        "created_at": stamp(one.created),
        "status": one.status,
        "incident_key": one.key,
        "service": reference(service.id, "service", service.name, "services"),
        "assignments": [
            {"at": stamp(one.created), "assignee": person(user)} for id in one.assigned if (user := user_named(id))
        ],
        "acknowledgements": [
            {"at": stamp(one.created), "acknowledger": person(user)}
            for id in one.acknowledged_by
            if (user := user_named(id))
        ],
        "last_status_change_at": stamp(one.changed or one.created),
        "last_status_change_by": one.changed_by,
        "escalation_policy": reference(policy.id, "escalation_policy", policy.name, "escalation_policies"),
        "teams": [],
        "urgency": DEFAULT_URGENCY,
    }

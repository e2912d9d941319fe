"""The simulated PagerDuty's account: people, schedules, services and incidents, and what becomes of them. No HTTP.

Everything that happens to an incident is told to whoever listens, as an event of the webhooks v3.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
SITE = "https://volaticloud.pagerduty.example"
DEFAULT_URGENCY = "high"


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Policy:
    """An escalation policy: who is called, one after another."""

    id: str
    name: str
    users: tuple[str, ...]
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A service with its Events API v2 integration."""

    id: str
    name: str
    routing_key: str
    policy: str


@dataclass(slots=True)
class PagedIncident:
    """An incident, and all that was done to it; `opened` counts how often a trigger made one of its key."""

    id: str
    number: int
    key: str
    service: str
    title: str
    created: datetime
    status: str = "triggered"
    level: int = 1
    assigned: list[str] = field(default_factory=list)
    acknowledged_by: list[str] = field(default_factory=list)
    changed_by: Json | None = None
    changed: datetime | None = None
    alerts: list[Json] = field(default_factory=list)
    notes: list[Json] = field(default_factory=list)
    updates: list[Json] = field(default_factory=list)


STATUS_CHANGES = frozenset({"triggered", "acknowledged", "unacknowledged", "resolved", "reopened"})
"""Kinds of events that change an incident's status."""

USERS = (
    User("PALICE1", "Alice Adams", "alice@volaticloud.example"),
    User("PBOB222", "Bob Brown", "bob@volaticloud.example"),
    User("PCARL33", "Carla Cruz", "carla@volaticloud.example"),
    User("PVOLATI", "Volati", "volati@volaticloud.example"),
)
POLICIES = (
    Policy("PPONCAL", "Engineering on call", ("PALICE1", "PBOB222"), "PSWEEK1"),
    Policy("PPINFRA", "DevOps/Infrastructure", ("PCARL33",)),
)
SCHEDULES = {"PSWEEK1": "Weekly rotation"}
SERVICES = (
    Service("PSVCONC", "VolatiCloud", "0123456789abcdef0123456789abcdef", "PPONCAL"),
    Service("PSVCINF", "VolatiCloud infrastructure", "fedcba9876543210fedcba9876543210", "PPINFRA"),
)
TURN = timedelta(days=7)


class Account:
    """The account as it is now. `now` gives seconds since 1970; `tell` hears every event that a webhook would bring."""

    def __init__(self, now: Callable[[], float], tell: Callable[[Json], None] = lambda _: None) -> None:
        self._now = now
        self._tell = tell
        self._numbers = itertools.count(1)
        self._events = itertools.count(1)
        self.incidents: dict[str, PagedIncident] = {}
        self.opened: list[str] = []
        """The dedup key of every incident that a trigger made, in order: what must never be there twice."""

    def at(self) -> datetime:
        """Now."""
        return datetime.fromtimestamp(self._now(), UTC)

    def service_of(self, routing_key: str) -> Service | None:
        """The service with this integration key."""
        return next((one for one in SERVICES if one.routing_key == routing_key), None)

    def open_of(self, service: Service, key: str) -> PagedIncident | None:
        """The incident that is open on a service under a key."""
        every = self.incidents.values()
        return next(
            (one for one in every if (one.service, one.key) == (service.id, key) and one.status != "resolved"), None
        )

    def trigger(self, service: Service, key: str, payload: Json) -> PagedIncident:
        """A trigger: a new incident, or one more alert in the log of the open one."""
        found = self.open_of(service, key)
        if found is not None:
            found.alerts.append(payload)
            return found
        number = next(self._numbers)
        policy = policy_of(service)
        made = PagedIncident(
            f"PINC{number:04d}", number, key, service.id, payload["summary"], self.at(), assigned=[policy.users[0]]
        )
        made.alerts.append(payload)
        self.incidents[made.id] = made
        self.opened.append(key)
        self.emit("incident.triggered", made, integration(service))
        return made

    def acknowledge(self, incident: PagedIncident, agent: Json) -> None:
        """Acknowledged by a person or an integration."""
        if incident.status == "resolved":
            return
        incident.status = "acknowledged"
        incident.acknowledged_by = [agent["id"]]
        self.emit("incident.acknowledged", incident, agent)

    def unacknowledge(self, incident: PagedIncident, agent: Json | None = None) -> None:
        """The acknowledgement ran out, or was taken back."""
        incident.status, incident.acknowledged_by = "triggered", []
        self.emit("incident.unacknowledged", incident, agent)

    def resolve(self, incident: PagedIncident, agent: Json | None) -> None:
        """Over; by a person, an integration, or a timeout."""
        if incident.status == "resolved":
            return
        incident.status, incident.assigned = "resolved", []
        self.emit("incident.resolved", incident, agent)

    def reopen(self, incident: PagedIncident, agent: Json) -> None:
        """Opened again by a person."""
        service = next(one for one in SERVICES if one.id == incident.service)
        incident.status, incident.assigned = "triggered", [policy_of(service).users[0]]
        self.emit("incident.reopened", incident, agent)

    def reassign(self, incident: PagedIncident, to: User, agent: Json) -> None:
        """Given to somebody else."""
        incident.status, incident.assigned, incident.acknowledged_by = "triggered", [to.id], []
        self.emit("incident.reassigned", incident, agent)

    def escalate(self, incident: PagedIncident, agent: Json | None = None) -> None:
        """On to the next of the policy; the last one stays."""
        service = next(one for one in SERVICES if one.id == incident.service)
        users = policy_of(service).users
        incident.level = min(incident.level + 1, len(users))
        incident.assigned = [users[incident.level - 1]]
        self.emit("incident.escalated", incident, agent)

    def note(self, incident: PagedIncident, content: str, agent: Json) -> Json:
        """A note on an incident."""
        note = {
            "id": f"PNOTE{len(incident.notes):04d}",
            "user": agent,
            "channel": {"summary": "The PagerDuty website or APIs"},
            "content": content,
            "created_at": stamp(self.at()),
        }
        incident.notes.append(note)
        data = {"id": note["id"], "type": "incident_note", "content": content, "trimmed": False}
        self._event("incident.annotated", agent, {"incident": incident_reference(incident), **data})
        return note

    def update_status(self, incident: PagedIncident, message: str, agent: Json) -> Json:
        """A status update for stakeholders."""
        update = {
            "id": f"PSTAT{len(incident.updates):04d}",
            "message": message,
            "created_at": stamp(self.at()),
            "sender": agent,
        }
        incident.updates.append(update)
        data = {"id": update["id"], "type": "incident_status_update", "message": message, "trimmed": False}
        self._event("incident.status_update_published", agent, {"incident": incident_reference(incident), **data})
        return update

    def emit(self, kind: str, incident: PagedIncident, agent: Json | None) -> None:
        """Tell of a change of an incident."""
        incident.changed_by = agent
        if kind.rpartition(".")[2] in STATUS_CHANGES:
            incident.changed = self.at()
        self._event(kind, agent, _data(incident))

    def ping(self) -> None:
        """The event a subscription's test button sends."""
        self._event("pagey.ping", None, {"type": "ping", "message": "Hello from your friend Pagey!"})

    def _event(self, kind: str, agent: Json | None, data: Json) -> None:
        event = {
            "id": f"01PAGEREVENT{next(self._events):014d}",
            "event_type": kind,
            "resource_type": kind.partition(".")[0],
            "occurred_at": self.at().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "agent": agent,
            "client": None,
            "data": data,
        }
        self._tell({"event": event})


def user_named(word: str) -> User | None:
    """The person with this id or e-mail address."""
    return next((one for one in USERS if word.casefold() in {one.id.casefold(), one.email}), None)


def policy_of(service: Service) -> Policy:
    """The escalation policy of a service."""
    return next(one for one in POLICIES if one.id == service.policy)


def reference(id: str, kind: str, summary: str, place: str) -> Json:
    """A reference as PagerDuty writes them."""
    return {
        "id": id,
        "type": f"{kind}_reference",
        "summary": summary,
        "self": f"{SITE}/api/{place}/{id}",
        "html_url": f"{SITE}/{place}/{id}",
    }


def person(user: User) -> Json:
    """A reference to a person."""
    return reference(user.id, "user", user.name, "users")


def integration(service: Service) -> Json:
    """The agent of what came over a service's Events API."""
    return reference(f"I{service.id[1:]}", "events_api_v2_inbound_integration", "Volati", "integrations")


def incident_reference(incident: PagedIncident) -> Json:
    """A reference to an incident."""
    return reference(incident.id, "incident", f"[#{incident.number}] {incident.title}", "incidents")


def stamp(at: datetime) -> str:
    """A time as REST writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _data(incident: PagedIncident) -> Json:
    """An incident as webhooks tell it."""
    service = next(one for one in SERVICES if one.id == incident.service)
    policy = policy_of(service)
    return {
        **incident_reference(incident),
        "type": "incident",
        "summary": incident.title,
        "number": incident.number,
        "status": incident.status,
        "incident_key": incident.key,
        "created_at": stamp(incident.created),
        "title": incident.title,
        "service": reference(service.id, "service", service.name, "services"),
        "assignees": [person(user) for id in incident.assigned if (user := user_named(id))],
        "escalation_policy": reference(policy.id, "escalation_policy", policy.name, "escalation_policies"),
        "teams": [],
        "priority": None,
        "urgency": DEFAULT_URGENCY,
        "conference_bridge": None,
        "resolve_reason": None,
    }

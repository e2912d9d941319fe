"""Bodies of PagerDuty's webhooks for tests, as the simulated PagerDuty writes them."""

import json
from typing import Any

from playground.slack.clock import MANUAL_START_S
from playground.world.pagerduty.account import SERVICES, USERS, Account, PagedIncident, person

SECRETS = ("whsec-new-1f", "whsec-old-2e")
ALICE, BOB = USERS[0], USERS[1]


def told(key: str = "volati.i1.3") -> tuple[Account, PagedIncident, list[dict[str, Any]]]:
    """An account, an incident of it, and the list in which every further event lands."""
    events: list[dict[str, Any]] = []
    account = Account(lambda: MANUAL_START_S, events.append)
    incident = account.trigger(SERVICES[0], key, {"summary": "Keycloak is down"})
    return account, incident, events


def body_of(event: dict[str, Any]) -> bytes:
    """The body of an event."""
    return json.dumps(event).encode()


def acknowledged() -> dict[str, Any]:
    """An incident that Alice acknowledged."""
    account, incident, events = told()
    account.acknowledge(incident, person(ALICE))
    return events[-1]

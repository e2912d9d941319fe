"""The simulated Events API v2: checks an event as PagerDuty documents it, and lets it act on the account.

developer.pagerduty.com/docs/send-alert-event. It answers 202 before anything is looked at further, also for what it
then drops: an acknowledgement of nothing.
"""

import json
import secrets
from collections.abc import Iterator

from playground.world.pagerduty.account import Account, integration
from playground.world.pagerduty.calls import Json, Said

BODY_AT_MOST = 512_000
ROUTING_KEY_LENGTH = 32
KEY_AT_MOST = 255
SUMMARY_AT_MOST = 1024
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
INVALID_KEY = Said(400, {"status": "invalid key", "message": "Invalid routing key", "errors": ["Invalid routing key"]})


def enqueue(account: Account, body: bytes) -> Said:
    """The answer to one event, and what it does."""
    if len(body) > BODY_AT_MOST:
        return Said(413, {"status": "invalid event", "message": "Event is too large", "errors": []})
    try:
        event = json.loads(body)
    except ValueError:
        return _invalid("JSON could not be parsed")
    errors = list(_errors(event)) if isinstance(event, dict) else ["Event is not an object"]
    if errors:
        return _invalid(*errors)
    service = account.service_of(event["routing_key"])
    if service is None:
        return INVALID_KEY
    key = event.get("dedup_key") or secrets.token_hex(16)
    if event["event_action"] == "trigger":
        account.trigger(service, key, {**event["payload"], "links": event.get("links", [])})
    elif (found := account.open_of(service, key)) is not None:
        act = account.acknowledge if event["event_action"] == "acknowledge" else account.resolve
        act(found, integration(service))
    return Said(202, {"status": "success", "message": "Event processed", "dedup_key": key})


def _invalid(*errors: str) -> Said:
    return Said(400, {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)})


def _errors(event: Json) -> Iterator[str]:
    key = event.get("routing_key")
    if not isinstance(key, str) or len(key) != ROUTING_KEY_LENGTH:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    action = event.get("event_action")
    if action not in ACTIONS:
        yield "'event_action' is invalid (must be one of: trigger, acknowledge, resolve)"
    dedup_key = event.get("dedup_key")
    if dedup_key is not None and (not isinstance(dedup_key, str) or len(dedup_key) > KEY_AT_MOST):
        yield "'dedup_key' is invalid (must be a string of at most 255 characters)"
    if action in {"acknowledge", "resolve"} and not dedup_key:
        yield "'dedup_key' is missing or blank"
    if action == "trigger":
        payload = event.get("payload")
        yield from _payload_errors(payload) if isinstance(payload, dict) else ("'payload' is missing or blank",)
        yield from _link_errors(event.get("links", []))


def _payload_errors(payload: Json) -> Iterator[str]:
    for name in ("summary", "source"):
        if not isinstance(payload.get(name), str) or not payload[name].strip():
            yield f"'payload.{name}' is missing or blank"
    if len(str(payload.get("summary", ""))) > SUMMARY_AT_MOST:
        yield "'payload.summary' is too long (maximum is 1024 characters)"
    if payload.get("severity") not in SEVERITIES:
        yield "'payload.severity' is invalid (must be one of: critical, warning, error, info)"
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'payload.custom_details' is invalid (must be an object)"


def _link_errors(links: object) -> Iterator[str]:
    if not isinstance(links, list) or not all(isinstance(one, dict) and one.get("href") for one in links):
        yield "'links' is invalid (each must have an 'href')"

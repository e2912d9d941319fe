"""PagerDuty's webhooks: who signed them, what they say, and what that means for an incident."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents import events as e
from bot.incidents.hearsay import NAME_AT_MOST, TEXT_AT_MOST, kept
from bot.incidents.inbound import ITSELF, MEANINGS, meant
from bot.incidents.webhooks import (
    SIGNATURES_AT_MOST,
    Hook,
    Ignored,
    Kind,
    MalformedHookError,
    parse,
    signed,
)
from diagnostics.redaction import Redactor
from playground.world.pagerduty.account import SERVICES, integration, person
from playground.world.pagerduty.webhooks import signatures
from tests.bot.incidents.hooks import ALICE, BOB, SECRETS, acknowledged, body_of, told

HEARD = datetime(2026, 1, 5, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def hook(event: dict[str, Any]) -> Hook:
    found = parse(body_of(event))
    assert isinstance(found, Hook)
    return found


# Who signed it.


@pytest.mark.parametrize("ours", [SECRETS, SECRETS[:1], SECRETS[1:]])
@pytest.mark.parametrize("theirs", [SECRETS, SECRETS[:1], SECRETS[1:]])
def test_any_signature_of_any_secret(ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    """It takes one of several signatures by one of several secrets, so that a secret can be changed."""
    assert signed(signatures(b"body", theirs), b"body", ours) == bool(set(ours) & set(theirs))


def test_is_the_vendors_own_signature() -> None:
    """It expects v1 and the HMAC-SHA256 of the raw body in hex."""
    digest = hmac.new(b"s", b"{}", hashlib.sha256).hexdigest()
    assert signed(f" v1=0000 , v1={digest} ", b"{}", ["s"])
    assert not signed(f"v0={digest}", b"{}", ["s"])
    assert not signed(digest, b"{}", ["s"])
    assert not signed(f"v1={digest.upper()}", b"{}", ["s"])


def test_without_a_secret_nothing_is_signed() -> None:
    """It takes nothing where no secret is configured, not even what is signed with an empty one."""
    empty = "v1=" + hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    assert not signed(empty, b"{}", [])
    assert not signed(empty, b"{}", [""])


def test_only_so_many_signatures() -> None:
    """It looks at no more signatures than a rotation has: a header of thousands costs nothing."""
    good = signatures(b"x", SECRETS[:1])
    assert signed(",".join([*["v1=0"] * (SIGNATURES_AT_MOST - 1), good]), b"x", SECRETS)
    assert not signed(",".join([*["v1=0"] * SIGNATURES_AT_MOST, good]), b"x", SECRETS)


@given(st.text(max_size=300), st.binary(max_size=100))
def test_nothing_else_passes(header: str, body: bytes) -> None:
    """It takes no header that was not made with a secret, whatever is in it, and raises for none."""
    assert not signed(header, body, SECRETS)


@given(st.binary(max_size=200), st.integers(0), st.binary(min_size=1, max_size=1))
def test_one_byte_is_enough(body: bytes, where: int, other: bytes) -> None:
    """It refuses a body of which a single byte was changed or added."""
    at = where % (len(body) + 1)
    changed = body[:at] + other + body[at + 1 :]
    assert signed(signatures(body, SECRETS), changed, SECRETS) == (changed == body)


# What it says.


def test_acknowledged() -> None:
    """It says who acknowledged which incident, by which key, and when."""
    found = hook(acknowledged())
    assert (found.kind, found.incident, found.key) == (Kind.ACKNOWLEDGED, "PINC0001", "volati.i1.3")
    assert found.by == e.Person("Alice Adams", pager="PALICE1")
    assert found.at.tzinfo is not None
    assert msgspec.json.decode(msgspec.json.encode(found), type=Hook) == found


def test_every_kind_means_something() -> None:
    """It understands every kind it names, and has a meaning for each."""
    assert set(MEANINGS) == set(Kind)


def test_what_each_kind_means() -> None:
    """It makes of each of PagerDuty's events the machine's, with the person's name."""
    account, incident, events = told()
    alice, bob = person(ALICE), person(BOB)
    account.acknowledge(incident, alice)
    account.unacknowledge(incident)
    account.escalate(incident)
    account.reassign(incident, ALICE, bob)
    account.note(incident, "seen this before", bob)
    account.update_status(incident, "We are on it.", bob)
    account.resolve(incident, bob)
    account.reopen(incident, alice)
    one, other = e.Person("Alice Adams", pager="PALICE1"), e.Person("Bob Brown", pager="PBOB222")
    key = "volati.i1.3"
    number = "#1 https://volaticloud.pagerduty.example/incidents/PINC0001"
    assert [meant(hook(event), HEARD) for event in events] == [
        e.PageTaken(at=HEARD, key=key, reference=number),
        e.Acknowledged(at=HEARD, by=one, key=key),
        e.Unacknowledged(at=HEARD, key=key),
        e.PagedOn(at=HEARD, to=(other,)),
        e.Reassigned(at=HEARD, to=(one,), by=other),
        e.Annotated(at=HEARD, text="seen this before", by=other),
        e.Annotated(at=HEARD, text="status update: We are on it.", by=other),
        e.Resolved(at=HEARD, by=other, key=key),
        e.Reopened(at=HEARD, by=one, key=key),
    ]


def test_our_own_echo_stops_no_clock() -> None:
    """It makes nothing of an acknowledgement by no person; a resolve by no person is PagerDuty's own."""
    account, incident, events = told()
    account.acknowledge(incident, integration(SERVICES[0]))
    account.resolve(incident, None)
    assert meant(hook(events[1]), HEARD) is None
    assert meant(hook(events[2]), HEARD) == e.Resolved(at=HEARD, by=ITSELF, key="volati.i1.3")


def test_priority_and_responders() -> None:
    """It says which priority it is now, and who was asked for help."""
    account, incident, events = told()
    account.emit("incident.priority_updated", incident, person(ALICE))
    events[-1]["event"]["data"]["priority"] = {"id": "P53ZZH5", "type": "priority_reference", "summary": "P1"}
    asked = {"incident": {"id": "PINC0001", "type": "incident_reference"}, "user": person(BOB), "state": "pending"}
    events.append({"event": {**events[-1]["event"], "event_type": "incident.responder.added", "data": asked}})
    said = [meant(hook(event), HEARD) for event in events[1:]]
    assert [one.text for one in said if isinstance(one, e.Annotated)] == [
        "PagerDuty's priority is now P1",
        "asked for help: Bob Brown pending",
    ]


@pytest.mark.parametrize("kind", ["pagey.ping", "service.updated", "incident.role.assigned", "incident.acknowledged "])
def test_unknown_kinds_are_ignored(kind: str) -> None:
    """It ignores a kind it does not know, and says which."""
    event = acknowledged()
    event["event"]["event_type"] = kind
    assert parse(body_of(event)) == Ignored(id=event["event"]["id"], kind=kind)


def test_hostile_names_and_texts() -> None:
    """It keeps names to a line and notes to a length, says what it cut, and drops what cannot be shown."""
    account, incident, events = told()
    account.note(
        incident, "first\nsecond\x00\x1b[31m" + "x" * 10_000, {**person(ALICE), "summary": "A\n<!here>\u202e" * 99}
    )
    found = kept(hook(events[-1]), Redactor([]))
    assert found.text.startswith("first\nsecond[31m")
    assert len(found.text) <= TEXT_AT_MOST
    assert "more characters)" in found.text
    assert found.by is not None
    assert len(found.by.name) <= NAME_AT_MOST
    assert found.by.name.isprintable()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("id",), None),
        (("id",), ""),
        (("id",), "a b"),
        (("id",), "x" * 300),
        (("id",), 7),
        (("event_type",), None),
        (("event_type",), ["incident.acknowledged"]),
        (("occurred_at",), "yesterday"),
        (("occurred_at",), "2026-01-05T12:00:00"),
        (("occurred_at",), None),
        (("data",), None),
        (("data",), []),
        (("data", "id"), ""),
        (("data", "type"), "something"),
    ],
)
def test_malformed(path: tuple[str, ...], value: object) -> None:
    """It says what is wrong with a body that is not PagerDuty's, and shows none of it."""
    event = acknowledged()
    place = event["event"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(MalformedHookError):
        parse(body_of(event))


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"event": []}', b"9" * 5000]
)
def test_no_json_of_theirs(body: bytes) -> None:
    """It raises the one error for whatever else comes, however deep."""
    with pytest.raises(MalformedHookError):
        parse(body)


@given(JSON, st.sampled_from(["agent", "data", "occurred_at", "id", "event_type"]))
def test_anything_in_any_field(value: object, field: str) -> None:
    """It understands, ignores or refuses whatever stands in a field, and fails at none."""
    event = acknowledged()
    event["event"][field] = value
    try:
        found = parse(json.dumps(event).encode())
    except MalformedHookError:
        return
    assert isinstance(found, Hook | Ignored)
    if isinstance(found, Hook):
        meant(found, HEARD)


@given(JSON, st.sampled_from(["incident_key", "assignees", "number", "html_url", "priority", "content"]))
def test_anything_in_any_field_of_an_incident(value: object, field: str) -> None:
    """It does so inside an incident, too: what it cannot use is as if it were not there."""
    event = acknowledged()
    event["event"]["data"][field] = value
    assert hook(event).incident == "PINC0001"

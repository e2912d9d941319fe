"""The PagerDuty client against the simulated PagerDuty, each of its requests held to the vendor's own description."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.http import HttpClient
from bot.clients.pagerduty.calls import CALL_SECONDS, PATIENCE_SECONDS, WAIT_AT_MOST_SECONDS, Ask, Calls, Time
from bot.clients.pagerduty.events import (
    DETAILS_AT_MOST,
    KEY_AT_MOST,
    SUMMARY_AT_MOST,
    Alert,
    Link,
    PagerEvents,
    fitted,
    trigger_body,
)
from bot.clients.pagerduty.rest import NOTE_AT_MOST, PAGE, PagerApi, bounded
from bot.errors import (
    PagerBusy,
    PagerError,
    PagerKeyRefused,
    PagerLater,
    PagerNotFound,
    PagerRefused,
    PagerUnreachable,
    PagerUnreadable,
)
from diagnostics.evidence.http import Outgoing, Reply
from playground.slack.clock import ManualClock
from playground.world.pagerduty.account import SERVICES, USERS, person
from playground.world.pagerduty.server import EVENTS_PER_MINUTE, SENDER, SimulatedPagerDuty
from playground.world.pagerduty.trouble import TROUBLES, Trouble
from tests.bot.clients.pagerduty.contract import answer_faults, faults

KEY = "s3cr3t-pager-canary-7c1"
ROUTE = SERVICES[0].routing_key
ALERT = Alert(
    "volati.i1.3",
    "Keycloak in production is down: it refuses the client secret",
    "volaticloud/production",
    component="keycloak",
    at=datetime(2026, 1, 5, 12, tzinfo=UTC),
    details={"since": "12:00 UTC", "tried": "the runbook's first step", "minutes": 7},
    links=(Link("https://example.slack.com/archives/C1/p1", "the thread"),),
)


@dataclass
class Hours:
    """Time that passes when somebody sleeps, and remembers how long."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """Now."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Pager:
    """A PagerDuty and both clients of it."""

    world: SimulatedPagerDuty
    events: PagerEvents
    api: PagerApi
    hours: Hours

    async def incident(self) -> str:
        """The id of an incident there, which a trigger made."""
        await self.events.trigger(ROUTE, ALERT)
        return next(iter(self.world.account.incidents))


@asynccontextmanager
async def pager(seconds: float = 5.0) -> AsyncIterator[Pager]:
    async with SimulatedPagerDuty(ManualClock(), KEY) as world:
        async with HttpClient(ssl.create_default_context(), seconds) as http:
            hours = Hours()
            clock = Time(hours.monotonic, hours.sleep)
            events = PagerEvents(Calls(http, f"{world.url}/v2", (ROUTE,), clock))
            yield Pager(world, events, PagerApi(Calls(http, world.url, (KEY,), clock), KEY, SENDER), hours)
        wrong = {(one.method, one.path, fault) for one in world.asked for fault in faults(one)}
    assert wrong == set()


# The Events API.


async def test_a_page_from_beginning_to_end() -> None:
    """It triggers, acknowledges and resolves one incident by one key, however often it says each."""
    async with pager() as one:
        for _ in range(2):
            await one.events.trigger(ROUTE, ALERT)
        (incident,) = one.world.account.incidents.values()
        assert (incident.key, incident.title, incident.status) == (ALERT.dedup_key, ALERT.summary, "triggered")
        assert incident.alerts[0]["custom_details"]["minutes"] == 7
        await one.events.acknowledge(ROUTE, ALERT.dedup_key)
        assert incident.status == "acknowledged"
        for _ in range(2):
            await one.events.resolve(ROUTE, ALERT.dedup_key)
        assert incident.status == "resolved"
        assert one.world.account.opened == [ALERT.dedup_key]


async def test_what_is_not_open_is_dropped() -> None:
    """It hears no complaint about an acknowledgement of nothing: PagerDuty takes and drops it."""
    async with pager() as one:
        await one.events.acknowledge(ROUTE, "nothing")
        assert one.world.account.incidents == {}


@given(st.text(max_size=3000), st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=8))
def test_any_text_fits(summary: str, details: dict[str, str]) -> None:
    """It makes of any text an event within PagerDuty's limits, which can be sent."""
    body = trigger_body(ROUTE, Alert("k", summary, "s", details=details))
    assert 0 < len(body["payload"]["summary"]) <= SUMMARY_AT_MOST
    assert len(json.dumps(body, ensure_ascii=False).encode()) < 512_000


def test_a_long_summary_is_marked() -> None:
    """It cuts a summary that is too long, and shows that."""
    assert trigger_body(ROUTE, Alert("k", "x" * 2000, "s"))["payload"]["summary"] == "x" * 1023 + "…"


def test_details_that_do_not_fit_are_counted() -> None:
    """It leaves whole details out, in order, and says how many."""
    kept = fitted({"a": "1", "b": "x" * DETAILS_AT_MOST, "c": "3"})
    assert kept == {"a": "1", "left out": "2 of 3 details are too long for a page"}


@pytest.mark.parametrize("length", [0, KEY_AT_MOST + 1])
async def test_a_key_that_is_none(length: int) -> None:
    """It sends nothing under a key that PagerDuty would not take."""
    async with pager() as one:
        with pytest.raises(PagerRefused, match=f"has {length}"):
            await one.events.resolve(ROUTE, "k" * length)
        assert not one.world.asked


async def test_an_unknown_integration_key() -> None:
    """It says that the key is wrong in PagerDuty's words, and never repeats it."""
    async with pager() as one:
        with pytest.raises(PagerRefused, match="Invalid routing key") as caught:
            await one.events.trigger("0" * 32, ALERT)
        assert "0" * 32 not in str(caught.value)


async def test_the_limit_of_a_minute() -> None:
    """It hears when a storm is more than PagerDuty takes in a minute, and how long to wait; the key was not lost."""
    async with pager() as one:
        for number in range(EVENTS_PER_MINUTE):
            await one.events.trigger(ROUTE, Alert(f"k{number}", "x", "s"))
        with pytest.raises(PagerBusy) as caught:
            await one.events.trigger(ROUTE, ALERT)
        assert caught.value.wait_seconds == pytest.approx(60)
        assert len(one.world.account.opened) == EVENTS_PER_MINUTE
        with pytest.raises(PagerBusy, match="was not made"):
            await one.events.trigger(ROUTE, ALERT)
        assert len(one.world.asked) == EVENTS_PER_MINUTE + 1


# REST.


async def test_who_is_on_call() -> None:
    """It gives whose turn it is at each level, with names and addresses, until when."""
    async with pager() as one:
        found = await one.api.on_call(["PPONCAL"])
        assert [(turn.person.name, turn.person.email, turn.level, turn.schedule) for turn in found] == [
            ("Alice Adams", "alice@volaticloud.example", 1, "Weekly rotation"),
            ("Bob Brown", "bob@volaticloud.example", 2, None),
        ]
        assert found[0].until is not None
        assert found[1].until is None
        assert [turn.person.name for turn in await one.api.on_call(schedules=["PSWEEK1"])] == [
            "Alice Adams",
            "Bob Brown",
        ]
        assert len(await one.api.on_call()) == 3


async def test_an_incident_by_its_key() -> None:
    """It finds the incident of a page, who has it, and who changed it last."""
    async with pager() as one:
        assert await one.api.incidents(ALERT.dedup_key) == ()
        id = await one.incident()
        await one.api.acknowledge(id, "bob@volaticloud.example")
        (found,) = await one.api.incidents(ALERT.dedup_key)
        assert (found.id, found.status, found.number) == (id, "acknowledged", 1)
        assert [who.name for who in found.acknowledged_by] == ["Bob Brown"]
        assert found.by is not None
        assert found.by.name == "Bob Brown"
        await one.api.resolve(id, "the secret was put right")
        assert await one.api.incidents(ALERT.dedup_key) == ()
        (over,) = await one.api.incidents(ALERT.dedup_key, ["resolved"])
        assert over.status == "resolved"


async def test_what_no_person_did() -> None:
    """It names nobody where an integration acknowledged: that is our own echo."""
    async with pager() as one:
        await one.incident()
        await one.events.acknowledge(ROUTE, ALERT.dedup_key)
        (found,) = await one.api.incidents(ALERT.dedup_key)
        assert (found.status, found.acknowledged_by, found.by) == ("acknowledged", (), None)


async def test_many_pages_of_a_list() -> None:
    """It reads a list to its end."""
    async with pager() as one:
        account = one.world.account
        for _ in range(PAGE + 1):
            made = account.trigger(SERVICES[0], "again", {"summary": "x"})
            account.resolve(made, person(USERS[0]))
        assert len(await one.api.incidents("again", ["resolved"])) == PAGE + 1


async def test_notes_and_status_updates() -> None:
    """It writes both in somebody's name: a person's where it is given, else the bot's."""
    async with pager() as one:
        id = await one.incident()
        await one.api.note(id, "tried the runbook's first step", "alice@volaticloud.example")
        await one.api.status_update(id, "Logins fail; we are on it.")
        incident = one.world.account.incidents[id]
        assert [(note["content"], note["user"]["summary"]) for note in incident.notes] == [
            ("tried the runbook's first step", "Alice Adams")
        ]
        assert incident.updates[0]["sender"]["summary"] == "Volati"


def test_a_long_note_says_what_is_missing() -> None:
    """It cuts a note to what people read, and says how much more there is."""
    text = bounded("x" * (NOTE_AT_MOST + 1000))
    assert len(text) <= NOTE_AT_MOST
    assert text.endswith("1060 more characters stand in the thread.")


async def test_a_person_by_email() -> None:
    """It finds the person of exactly this address, in whatever case; another whose address contains it is none."""
    async with pager() as one:
        found = await one.api.person("Alice@VolatiCloud.example")
        assert found is not None
        assert (found.id, found.name) == ("PALICE1", "Alice Adams")
        assert await one.api.person("lice@volaticloud.example") is None


@pytest.mark.parametrize("id", ["", "../users", "P1/notes?x", "P" * 41, "P\n"])
async def test_an_id_that_is_none(id: str) -> None:
    """It builds no address from what is no id."""
    async with pager() as one:
        for deed in (
            one.api.note(id, "x"),
            one.api.status_update(id, "x"),
            one.api.acknowledge(id),
            one.api.resolve(id),
        ):
            with pytest.raises(PagerRefused, match="no id"):
                await deed
        assert not one.world.asked


@pytest.mark.parametrize("sender", ["nobody", "a b@example.com", "ü@example.com", "x@example.com\r\nX-Evil: 1"])
async def test_a_sender_that_is_none(sender: str) -> None:
    """It writes in nobody's name but an e-mail address's."""
    async with pager() as one:
        id = await one.incident()
        with pytest.raises(PagerRefused, match="from_email"):
            await one.api.note(id, "x", sender)


async def test_refusals_in_words() -> None:
    """It says what PagerDuty says, and tells what is not there from what is not taken."""
    async with pager() as one:
        id = await one.incident()
        with pytest.raises(PagerNotFound, match="POST /incidents/PNONE00/notes: HTTP 404, Not Found"):
            await one.api.note("PNONE00", "x")
        with pytest.raises(PagerRefused, match="Requester User Not Found"):
            await one.api.note(id, "x", "stranger@example.com")
        await one.api.resolve(id)
        with pytest.raises(PagerRefused, match="Incident Already Resolved"):
            await one.api.acknowledge(id)


# Trouble.


async def test_a_refused_key() -> None:
    """It says that the key is not taken, with the remedy, and never the key."""
    async with pager() as one:
        await one.world.suffer("pagerduty-refuses-key")
        with pytest.raises(PagerKeyRefused, match=r"pagerduty\.api_key") as caught:
            await one.api.on_call()
        assert KEY not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pagerduty-down", PagerUnreachable),
        ("pagerduty-failing", PagerUnreachable),
        ("pagerduty-throttled", PagerBusy),
        ("pagerduty-loses-answers", PagerUnreachable),
        ("pagerduty-behind-a-proxy", PagerUnreadable),
    ],
)
async def test_trouble(name: str, kind: type[PagerError]) -> None:
    """It tells each trouble apart, without a secret; and works again when that is over."""
    async with pager() as one:
        await one.world.suffer(name)
        for call in (one.events.trigger(ROUTE, ALERT), one.api.on_call()):
            with pytest.raises(kind) as caught:
                await call
            assert isinstance(caught.value, PagerLater) == (kind is not PagerUnreadable)
            assert not {KEY, ROUTE} & set(str(caught.value).split())
        await one.world.heal()
        one.hours.now += 60
        await one.events.trigger(ROUTE, ALERT)
        assert one.world.account.opened == [ALERT.dedup_key]  # once, also where the first answer was lost


async def test_silence_ends_at_the_deadline() -> None:
    """It waits no longer than its deadline for an answer that does not come."""
    async with pager(seconds=0.3) as one:
        await one.world.suffer("pagerduty-slow")
        async with asyncio.timeout(5):
            with pytest.raises(PagerUnreachable, match=r"nothing within 0\.3 s"):
                await one.events.trigger(ROUTE, ALERT)


async def test_waits_when_told_to() -> None:
    """It waits as long as PagerDuty says, and then goes on; nobody above notices."""
    async with pager() as one:
        await one.world.suffer(Trouble(throttled=True, retry_after=3))

        async def healed(seconds: float) -> None:
            one.hours.slept.append(seconds)
            one.hours.now += seconds
            await one.world.heal()

        calls = Calls(one.events._calls._http, f"{one.world.url}/v2", (), Time(one.hours.monotonic, healed))
        await PagerEvents(calls).trigger(ROUTE, ALERT)
        assert one.hours.slept == [3]
        assert one.world.account.opened == [ALERT.dedup_key]


async def test_waits_with_bounded_patience() -> None:
    """It gives up within its patience where PagerDuty does not say how long, each wait twice the one before."""
    async with pager() as one:
        await one.world.suffer(Trouble(throttled=True))
        began = one.hours.now
        with pytest.raises(PagerBusy):
            await one.api.on_call()
        assert one.hours.slept == [1, 2, 4]
        assert one.hours.now - began <= PATIENCE_SECONDS


def test_every_trouble_is_tried() -> None:
    """It meets every trouble that has a name, here or in the tests of webhooks."""
    here = {"down", "failing", "throttled", "slow", "refuses-key", "loses-answers", "behind-a-proxy"}
    assert {name.removeprefix("pagerduty-") for name in TROUBLES} == here | {"repeats-webhooks"}


class Odd:
    """A PagerDuty that answers what it is told to."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, headers or {}
        self.asked = 0

    async def send(self, request: Outgoing) -> Reply:
        """Answer."""
        self.asked += 1
        assert request.method
        return Reply(self.status, self.headers, self.body, 1, datetime.now(UTC))


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'"x"', b"{", b"<html>", b'{"oncalls": 1}', b'{"oncalls": [{"user": {}}]}']
)
async def test_odd_answers(body: bytes) -> None:
    """It says of an answer in another shape that it is not PagerDuty's."""
    api = PagerApi(Calls(Odd(200, body), "http://127.0.0.1:9"), KEY, SENDER)
    with pytest.raises(PagerUnreadable, match="GET /oncalls"):
        await api.on_call()


@pytest.mark.parametrize("status", [301, 304, 200])
async def test_answers_that_are_no_success(status: int) -> None:
    """It takes no redirect and no empty page for an answer."""
    api = PagerApi(Calls(Odd(status, b""), "http://127.0.0.1:9"), KEY, SENDER)
    with pytest.raises(PagerUnreadable):
        await api.on_call()


async def test_incidents_of_other_keys() -> None:
    """It gives no incident of another key, were PagerDuty to search as loosely as it searches people."""
    listed = [{"id": f"P{key}", "status": "triggered", "incident_key": key} for key in ("k", "k.2")]
    api = PagerApi(Calls(Odd(200, json.dumps({"incidents": listed}).encode()), "http://127.0.0.1:9"), KEY, SENDER)
    assert [one.id for one in await api.incidents("k")] == ["Pk"]


async def test_the_last_call_for_now() -> None:
    """It holds the next call when PagerDuty says that this was the last one it takes for some seconds."""
    hours = Hours()
    odd = Odd(200, b"{}", {"ratelimit-remaining": "0", "ratelimit-reset": "4"})
    calls = Calls(odd, "http://127.0.0.1:9", (), Time(hours.monotonic, hours.sleep))
    await calls.call(Ask("GET", "/a"))
    await calls.call(Ask("GET", "/a"))
    assert (hours.slept, odd.asked) == ([4], 2)


@pytest.mark.parametrize("value", ["", "-1", "1e9", "soon", "99999999", "٣", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_odd_waits(value: str) -> None:
    """It takes a wait that is no number of seconds for none."""
    hours = Hours()
    calls = Calls(Odd(429, b"{}", {"retry-after": value}), "http://127.0.0.1:9", (), Time(hours.monotonic, hours.sleep))
    with pytest.raises(PagerBusy):
        await calls.call(Ask("GET", "/a"))
    assert hours.slept == [1, 2, 4]


@pytest.mark.parametrize("body", [b"", b"{}", b"OK", b"[]", b"\xff\xfe", b"{", b"x" * 2_000_000])
async def test_202_is_enough(body: bytes) -> None:
    """It takes an event for taken that PagerDuty answers with 202, whatever else stands there."""
    await PagerEvents(Calls(Odd(202, body), "http://127.0.0.1:9")).trigger(ROUTE, ALERT)


@pytest.mark.parametrize("status", [200, 201, 204, 206, 302, 304])
@pytest.mark.parametrize("body", [b"", b"{}", b'{"status": "success"}', b'{"login": "required"}', b"<html>"])
async def test_nothing_else_takes_an_event(status: int, body: bytes) -> None:
    """It takes no other answer for PagerDuty's, so that nobody is believed to be paged by a proxy's page."""
    with pytest.raises(PagerUnreadable, match=f"HTTP {status} where 202 was to come"):
        await PagerEvents(Calls(Odd(status, body), "http://127.0.0.1:9")).trigger(ROUTE, ALERT)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
async def test_a_refused_event_names_its_settings(status: int) -> None:
    """It says of a refused event where to look: at the route's key, and not at the API's, which it does not use."""
    with pytest.raises(PagerRefused, match=r"routing_key in pagerduty\.routes") as caught:
        await PagerEvents(Calls(Odd(status, b"{}"), "http://127.0.0.1:9")).trigger(ROUTE, ALERT)
    assert "api_key" not in str(caught.value)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_a_failure_of_its_own(status: int) -> None:
    """It takes these for no answer: the same call may work later."""
    with pytest.raises(PagerUnreachable):
        await PagerEvents(Calls(Odd(status, b"<html>"), "http://127.0.0.1:9")).trigger(ROUTE, ALERT)


@pytest.mark.parametrize("headers", [{"retry-after": "86400"}, {"retry-after": "999999"}, {"ratelimit-reset": "3600"}])
async def test_a_wait_without_end(headers: dict[str, str]) -> None:
    """It waits for a minute at most, whatever it is told: PagerDuty counts by the minute."""
    hours = Hours()
    calls = Calls(Odd(429, b"{}", headers), "http://127.0.0.1:9", (), Time(hours.monotonic, hours.sleep))
    with pytest.raises(PagerBusy) as caught:
        await calls.call(Ask("GET", "/a"))
    assert caught.value.wait_seconds == WAIT_AT_MOST_SECONDS == 60


async def test_each_route_has_its_own_limit() -> None:
    """It calls by one route while PagerDuty takes no more by another, as it counts each by itself."""
    hours = Hours()
    odd = Odd(429, b"{}", {"retry-after": "60"})
    calls = Calls(odd, "http://127.0.0.1:9", (), Time(hours.monotonic, hours.sleep), patience=0.0)
    events = PagerEvents(calls)
    with pytest.raises(PagerBusy):
        await events.trigger("a" * 32, ALERT)
    odd.status, odd.body = 202, b"{}"
    await events.trigger("b" * 32, ALERT)
    with pytest.raises(PagerBusy):
        await events.trigger("a" * 32, ALERT)
    assert (odd.asked, hours.slept) == (2, [])


async def test_waits_get_longer_from_call_to_call() -> None:
    """It has whoever does not wait come back later each time, where PagerDuty does not say when."""
    hours = Hours()
    odd = Odd(429, b"{}")
    calls = Calls(odd, "http://127.0.0.1:9", (), Time(hours.monotonic, hours.sleep), patience=0.0)
    waits = []
    for status in (*[429] * 8, 200, 429):
        odd.status = status
        try:
            await calls.call(Ask("GET", "/a"))
        except PagerBusy as error:
            waits.append(error.wait_seconds)
            hours.now += error.wait_seconds
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 1]


async def test_a_secret_that_pagerduty_repeats() -> None:
    """It masks a key that PagerDuty shows in its refusal, and keeps that short and on one line."""
    body = json.dumps({"error": {"message": f"bad key {KEY}\n\u202e", "errors": ["x" * 1000]}}).encode()
    api = PagerApi(Calls(Odd(400, body), "http://127.0.0.1:9", (KEY,)), KEY, SENDER)
    with pytest.raises(PagerRefused) as caught:
        await api.on_call()
    assert "bad key ***" in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_no_secret_in_a_repr() -> None:
    """It shows no header and no body of a call."""
    ask = Ask("POST", "/enqueue", body={"routing_key": ROUTE}, headers={"Authorization": KEY})
    request = Outgoing("POST", "http://127.0.0.1", headers={"Authorization": KEY})
    assert not any(secret in f"{ask!r} {ask} {request!r}" for secret in (KEY, ROUTE))
    assert CALL_SECONDS <= 10


# The simulated PagerDuty.


async def test_the_world_answers_as_described() -> None:
    """It has a simulated REST API whose answers have the shape of the vendor's description."""
    async with SimulatedPagerDuty(ManualClock(), KEY) as world, HttpClient(ssl.create_default_context()) as http:
        account = world.account
        made = account.trigger(SERVICES[0], "k", {"summary": "x"})
        account.acknowledge(made, person(USERS[1]))
        headers = {"Accept": "application/vnd.pagerduty+json;version=2", "Authorization": f"Token token={KEY}"}
        headers["From"] = SENDER
        change = {"incidents": [{"id": made.id, "type": "incident_reference", "status": "resolved"}]}
        calls: list[tuple[str, str, Any]] = [
            ("GET", "/oncalls", None),
            ("GET", "/incidents", None),
            ("GET", "/users", None),
            ("POST", f"/incidents/{made.id}/notes", {"note": {"content": "x"}}),
            ("POST", f"/incidents/{made.id}/status_updates", {"message": "x"}),
            ("PUT", "/incidents", change),
        ]
        for method, path, body in calls:
            reply = await http.send(Outgoing(method, f"{world.url}{path}", body=body, headers=headers))
            assert isinstance(reply, Reply)
            assert answer_faults(path, method.lower(), reply.status, reply.document()) == []

"""The simulated PagerDuty: what it refuses, what it does, and how it is ill."""

import json
from typing import Any

import aiohttp
import pytest

from playground.slack.clock import ManualClock
from playground.world.pagerduty.account import SERVICES, USERS, person
from playground.world.pagerduty.enqueue import BODY_AT_MOST
from playground.world.pagerduty.rest import KEY
from playground.world.pagerduty.server import CALLS_PER_MINUTE, SENDER, SimulatedPagerDuty
from playground.world.platform import paged_by, running

ROUTE = SERVICES[0].routing_key
PAYLOAD = {"summary": "x", "source": "y", "severity": "critical"}
TRIGGER: dict[str, Any] = {"routing_key": ROUTE, "event_action": "trigger", "dedup_key": "k", "payload": PAYLOAD}
HEADERS = {
    "Accept": "application/vnd.pagerduty+json;version=2",
    "Authorization": f"Token token={KEY}",
    "Content-Type": "application/json",
    "From": SENDER,
}


async def asked(world: SimulatedPagerDuty, method: str, path: str, body: object = None, **more: Any) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{world.url}{path}", data=data, headers={**HEADERS, **more}) as response,
    ):
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({**TRIGGER, "routing_key": "short"}, "routing_key"),
        ({**TRIGGER, "routing_key": "0" * 32}, "Invalid routing key"),
        ({**TRIGGER, "event_action": "explode"}, "event_action"),
        ({**TRIGGER, "dedup_key": "k" * 256}, "dedup_key"),
        ({**TRIGGER, "payload": {**PAYLOAD, "summary": ""}}, "payload.summary"),
        ({**TRIGGER, "payload": {**PAYLOAD, "summary": "x" * 1025}}, "too long"),
        ({**TRIGGER, "payload": {**PAYLOAD, "severity": "dire"}}, "payload.severity"),
        ({**TRIGGER, "payload": {**PAYLOAD, "custom_details": "x"}}, "custom_details"),
        ({**TRIGGER, "payload": None}, "'payload' is missing"),
        ({**TRIGGER, "links": [{"text": "no address"}]}, "links"),
        ({"routing_key": ROUTE, "event_action": "resolve"}, "dedup_key"),
        ([], "not an object"),
        (b"{", "JSON"),
    ],
)
async def test_refuses_what_pagerduty_refuses(event: object, says: str) -> None:
    """It answers 400 with what is wrong, and opens nothing."""
    async with SimulatedPagerDuty(ManualClock()) as world:
        status, said = await asked(world, "POST", "/v2/enqueue", event)
        assert status == 400
        assert says in str(said["errors"])
        assert world.account.opened == []


async def test_an_event_that_is_too_large() -> None:
    """It answers 413 to more than 512 kB."""
    async with SimulatedPagerDuty(ManualClock()) as world:
        assert (await asked(world, "POST", "/v2/enqueue", b" " * (BODY_AT_MOST + 1)))[0] == 413


async def test_a_resolved_key_opens_anew() -> None:
    """It makes a new incident of a trigger after a resolve, and counts both: what a bot must not cause."""
    async with SimulatedPagerDuty(ManualClock()) as world:
        for event in (TRIGGER, TRIGGER, {**TRIGGER, "event_action": "resolve"}, TRIGGER):
            assert (await asked(world, "POST", "/v2/enqueue", event))[0] == 202
        assert world.account.opened == ["k", "k"]


async def test_the_same_key_on_two_services() -> None:
    """It keeps the keys of two services apart."""
    async with SimulatedPagerDuty(ManualClock()) as world:
        for service in SERVICES:
            await asked(world, "POST", "/v2/enqueue", {**TRIGGER, "routing_key": service.routing_key})
        assert [one.service for one in world.account.incidents.values()] == [one.id for one in SERVICES]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Token token=wrong"}, 401),
        ({"Authorization": f"Bearer {KEY}"}, 401),
        ({"Accept": "*/*"}, 400),
    ],
)
async def test_whoever_calls_shows_the_key(headers: dict[str, str], status: int) -> None:
    """It answers nobody without the key, or without the version."""
    async with SimulatedPagerDuty(ManualClock()) as world:
        assert (await asked(world, "GET", "/oncalls", None, **headers))[0] == status


async def test_rest_has_a_limit_too() -> None:
    """It takes so many calls in a minute, and says when it takes more."""
    clock = ManualClock()
    async with SimulatedPagerDuty(clock) as world, aiohttp.ClientSession(headers=HEADERS) as session:
        for _ in range(CALLS_PER_MINUTE):
            async with session.get(f"{world.url}/users") as response:
                assert response.status == 200
        async with session.get(f"{world.url}/users") as response:
            assert (response.status, response.headers["ratelimit-reset"]) == (429, "60")
        clock.advance(60)
        async with session.get(f"{world.url}/users") as response:
            assert response.status == 200


async def test_people_act_on_incidents() -> None:
    """It lets people there do what they do: acknowledge, give back, go on, reassign, resolve, reopen."""
    async with SimulatedPagerDuty(ManualClock()) as world:
        account = world.account
        incident = account.trigger(SERVICES[0], "k", PAYLOAD)
        account.acknowledge(incident, person(USERS[0]))
        account.unacknowledge(incident)
        account.escalate(incident)
        assert incident.assigned == [USERS[1].id]
        account.reassign(incident, USERS[2], person(USERS[1]))
        assert incident.assigned == [USERS[2].id]
        account.resolve(incident, person(USERS[2]))
        account.acknowledge(incident, person(USERS[0]))
        assert incident.status == "resolved"
        account.reopen(incident, person(USERS[0]))
        assert incident.status == "triggered"


async def test_beside_the_platform() -> None:
    """It stands beside the simulated platform, is mended with it, and leaves with its block."""
    async with running() as platform:
        async with paged_by(platform) as pagerduty:
            await pagerduty.suffer("pagerduty-down")
            await platform.heal()
            assert platform.pagerduty is pagerduty
            assert (await asked(pagerduty, "GET", "/users"))[0] == 200
        assert platform.pagerduty is None

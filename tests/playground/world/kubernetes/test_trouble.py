"""An API server that misbehaves: silent, slow, throttling, broken, dying between pages; and well again."""

import asyncio

import httpx
import pytest

from playground.world.kubernetes.trouble import Trouble
from tests.playground.world.kubernetes.clients import PODS, client, stocked
from tests.playground.world.kubernetes.fakes import POD, pod, stored


async def test_too_many_requests() -> None:
    """Answers 429 with the time to wait, and is well again when healed."""
    async with client(stocked()) as asker:
        asker.cluster.misbehave(Trouble(throttled_s=7))
        answer = await asker.get(PODS)
        asker.cluster.heal()
        assert (await asker.get(PODS)).status == 200
    assert (answer.status, answer.headers["Retry-After"], answer.body["reason"]) == (429, "7", "TooManyRequests")
    assert answer.body["details"] == {"retryAfterSeconds": 7}


async def test_only_so_often() -> None:
    """Fails only as often as it was told to."""
    async with client(stocked()) as asker:
        asker.cluster.misbehave(Trouble(broken=True, at_most=2))
        assert [(await asker.get(PODS)).status for _ in range(3)] == [500, 500, 200]


async def test_only_there() -> None:
    """Fails only at the addresses it was told to."""
    async with client(stocked()) as asker:
        asker.cluster.misbehave(Trouble(broken=True, paths=("/events",)))
        assert (await asker.get("/api/v1/events")).status == 500
        assert (await asker.get(PODS)).status == 200


async def test_only_so() -> None:
    """Fails only for the methods it was told to."""
    async with client(stocked()) as asker:
        asker.cluster.misbehave(Trouble(broken=True, methods=("POST",)))
        assert (await asker.ask("POST", PODS, pod())).status == 500
        assert (await asker.get(PODS)).status == 200


async def test_after_it_was_taken() -> None:
    """Does what was asked and fails only to say so, where it is told to; else it does nothing at all."""
    async with client(stocked()) as asker:
        for taken, name in ((False, "one"), (True, "two")):
            asker.cluster.misbehave(Trouble(broken=True, taken=taken, methods=("POST",)))
            assert (await asker.ask("POST", PODS, pod(name))).status == 500
        there = [one["metadata"]["name"] for one in (await asker.get(PODS)).body["items"]]
    assert ("one" in there, "two" in there) == (False, True)


async def test_a_connection_that_breaks() -> None:
    """Breaks the connection in place of an answer."""
    async with client(stocked()) as asker:
        asker.cluster.misbehave(Trouble(torn=True, at_most=1))
        with pytest.raises(httpx.RemoteProtocolError):
            await asker.get(PODS)
        assert (await asker.get(PODS)).status == 200


async def test_silence() -> None:
    """Takes a request and answers nothing."""
    async with client(stocked()) as asker:
        asker.cluster.misbehave(Trouble(silent=True))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asker.get(PODS), 0.2)
        asker.cluster.heal()
        assert (await asker.get(PODS)).status == 200


async def test_slowness() -> None:
    """Answers so much later."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async with client(stocked()) as asker:
        asker.cluster.sleep = sleep
        asker.cluster.misbehave(Trouble(delay_s=3.0))
        assert (await asker.get(PODS)).status == 200
    assert waited == [3.0]


async def test_a_server_that_is_down() -> None:
    """Refuses connections while it is down, and is back at the same address with the same tokens."""
    async with client(stocked()) as asker:
        await asker.cluster.hush()
        with pytest.raises(httpx.ConnectError):
            await asker.get(PODS)
        await asker.cluster.listen()
        await asker.cluster.listen()
        assert (await asker.get(PODS)).status == 200


async def test_death_between_pages() -> None:
    """Breaks the connection when another page is asked for than it gives."""
    store = stocked()
    stored(store, POD, *(pod(f"p{number}") for number in range(4)))
    async with client(store) as asker:
        asker.cluster.misbehave(Trouble(pages=1))
        first = await asker.get(f"{PODS}?limit=2")
        assert first.names == ["p0", "p1"]
        with pytest.raises(httpx.RemoteProtocolError):
            await asker.get(f"{PODS}?limit=2&continue={first.body['metadata']['continue']}")


async def test_tokens_of_pages_that_are_always_too_old() -> None:
    """Answers 410 to every second page."""
    store = stocked()
    stored(store, POD, pod("a"), pod("b"))
    async with client(store) as asker:
        asker.cluster.misbehave(Trouble(expired=True))
        first = await asker.get(f"{PODS}?limit=1")
        second = await asker.get(f"{PODS}?limit=1&continue={first.body['metadata']['continue']}")
    assert (first.status, second.status) == (200, 410)

"""Watches: what has changed since a version, in order, chosen and in the form that was asked for."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from playground.world.kubernetes.store import Deletion, Store, draft
from playground.world.kubernetes.watch import Pace
from tests.playground.world.kubernetes.clients import PODS, Client, client, stocked
from tests.playground.world.kubernetes.fakes import POD, pod, stored

QUICK = Pace(second_s=0.05)


async def seen(asker: Client, query: str, accept: str = "application/json") -> list[Any]:
    answer = await asker.get(f"{PODS}?watch=1&{query}", accept=accept)
    assert answer.status == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def told(events: list[Any]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def relabelled(store: Store, name: str, **labels: str) -> None:
    changed = draft(store.read(POD, "volaticloud", name) or {})
    changed["metadata"]["labels"] = labels
    store.replace(POD, changed)


async def test_what_happens_is_told_at_once() -> None:
    """Tells of a write while it watches, before its time is over."""
    store = stocked()
    async with client(store) as asker:
        headers = {"Authorization": f"Bearer {asker.cluster.token('admin')}"}
        async with asker.http.stream(
            "GET", f"{PODS}?watch=true&resourceVersion={store.version}", headers=headers
        ) as stream:
            lines = stream.aiter_lines()
            stored(store, POD, pod())
            event = json.loads(await asyncio.wait_for(anext(lines), 5))
            store.delete(POD, "volaticloud", "one", Deletion(grace_s=0))
            gone = json.loads(await asyncio.wait_for(anext(lines), 5))
    assert told([event, gone]) == [("ADDED", "one"), ("DELETED", "one")]
    assert int(gone["object"]["metadata"]["resourceVersion"]) > int(event["object"]["metadata"]["resourceVersion"])


async def test_what_comes_into_the_choice_and_leaves_it() -> None:
    """Tells of an object that begins to match as added, and of one that ceases to as deleted."""
    store = stocked("volaticloud", "other")
    stored(store, POD, pod("a", {"app": "x"}), pod("b"))
    start = store.version
    relabelled(store, "b", app="x")
    relabelled(store, "a", app="y")
    relabelled(store, "b", app="x", tier="1")
    stored(
        store, POD, {**pod("c", {"app": "x"}), "metadata": {"name": "c", "namespace": "other", "labels": {"app": "x"}}}
    )
    async with client(store) as asker:
        asker.cluster.pace = QUICK
        events = await seen(asker, f"resourceVersion={start}&labelSelector=app%3Dx&timeoutSeconds=1")
    assert told(events) == [("ADDED", "b"), ("DELETED", "a"), ("MODIFIED", "b")]


async def test_a_watch_without_a_version_begins_with_what_there_is() -> None:
    """Begins with what there is when no version is named."""
    store = stocked()
    stored(store, POD, pod("a"), pod("b"))
    async with client(store) as asker:
        asker.cluster.pace = QUICK
        assert told(await seen(asker, "timeoutSeconds=1")) == [("ADDED", "a"), ("ADDED", "b")]
        assert told(await seen(asker, "resourceVersion=0&fieldSelector=metadata.name%3Db&timeoutSeconds=1")) == [
            ("ADDED", "b")
        ]


async def test_a_forgotten_version() -> None:
    """Ends with one error, 410 Expired, when the changes since a version are forgotten."""
    store = stocked()
    start = store.version
    stored(store, POD, pod())
    store.forget()
    async with client(store) as asker:
        events = await seen(asker, f"resourceVersion={start}&timeoutSeconds=30")
    assert [(event["type"], event["object"]["code"], event["object"]["reason"]) for event in events] == [
        ("ERROR", 410, "Expired")
    ]


async def test_bookmarks() -> None:
    """Says how far a quiet watch has come, to those who want to know."""
    store = stocked()
    async with client(store) as asker:
        asker.cluster.pace = Pace(bookmark_s=0.01, second_s=0.2)
        events = await seen(asker, f"resourceVersion={store.version}&allowWatchBookmarks=true&timeoutSeconds=1")
        silent = await seen(asker, f"resourceVersion={store.version}&timeoutSeconds=1")
    assert {event["type"] for event in events} == {"BOOKMARK"}
    assert events[0]["object"]["metadata"]["resourceVersion"] == store.version
    assert silent == []


@pytest.mark.parametrize(("form", "kind"), [("Table", "Table"), ("PartialObjectMetadata", "PartialObjectMetadata")])
async def test_forms(form: str, kind: str) -> None:
    """Watches in tables, or in metadata only."""
    store = stocked()
    stored(store, POD, pod())
    async with client(store) as asker:
        asker.cluster.pace = QUICK
        events = await seen(asker, "timeoutSeconds=1", f"application/json;as={form};v=v1;g=meta.k8s.io")
    assert [event["object"]["kind"] for event in events] == [kind]


async def test_a_broken_connection() -> None:
    """Breaks the connection of every watch when told to."""
    store = stocked()
    stored(store, POD, pod())
    async with client(store) as asker:
        headers = {"Authorization": f"Bearer {asker.cluster.token('admin')}"}
        async with asker.http.stream("GET", f"{PODS}?watch=1", headers=headers) as stream:
            lines = stream.aiter_lines()
            assert json.loads(await anext(lines))["type"] == "ADDED"
            assert asker.cluster.cut_streams() == 1
            with pytest.raises(httpx.TransportError):
                await anext(lines)

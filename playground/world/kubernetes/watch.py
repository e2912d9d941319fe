"""Watches: what has changed since a version, one JSON object a line, until the time is over."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from playground.world.kubernetes import status, tables
from playground.world.kubernetes.calls import Call
from playground.world.kubernetes.frozen import Frozen
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.other_versions import shown
from playground.world.kubernetes.selectors import Selector, field_selector, label_selector
from playground.world.kubernetes.store import Change, ExpiredError

BOOKMARK_S = 60.0  # how often a quiet watch is told how far it has come; a real server does it about once a minute
LONGEST_S = 1800.0  # a watch that asks for no end gets one after half an hour at the earliest
#: What else an object without anything has, where a bookmark shows it.
_EMPTY: Mapping[str, Thing] = {"Pod": {"spec": {"containers": None}, "status": {}}}
_INITIAL_END = {"k8s.io/initial-events-end": "true"}


@dataclass(frozen=True, slots=True)
class Pace:
    """How time passes for watches: how often a quiet one is told where it is, and how long its second takes."""

    bookmark_s: float = BOOKMARK_S
    second_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch: what it chooses, in which form, and since when. `since` None begins with what there is."""

    call: Call
    since: int | None
    chosen: Selector
    form: str
    lasts_s: float

    def line(self, word: str, thing: Any) -> bytes:  # noqa: ANN401 any JSON
        """One event."""
        body = thing.encoded() if isinstance(thing, Frozen) else msgspec.json.encode(thing)
        return b'{"type":"' + word.encode() + b'","object":' + body + b"}\n"

    def event(self, word: str, thing: Frozen) -> bytes:
        """One event about an object, in the form that was asked for."""
        told = shown(self.call.at.kind, thing)
        if self.form == "Table":
            include = self.call.query.get("includeObject", "Metadata")
            about = {"resourceVersion": thing["metadata"]["resourceVersion"]}
            return self.line(word, tables.table(self.call.at.kind, [told], about, self.call.store.now, include))
        return self.line(word, tables.metadata_only(told) if self.form == "PartialObjectMetadata" else told)

    def bookmark(self, version: str, annotations: Thing | None = None) -> bytes:
        """How far the watch has come."""
        kind = self.call.at.kind
        about: Thing = {"resourceVersion": version, **({"annotations": annotations} if annotations else {})}
        head = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": about}
        return self.line("BOOKMARK", {**head, **_EMPTY.get(kind.kind, {})})

    def told(self, change: Change) -> Iterator[bytes]:
        """The event that a change is to this watch; none if it is about something else."""
        if change.kind.storage != self.call.at.kind.storage:
            return
        if self.call.at.namespace not in {"", change.thing["metadata"].get("namespace", "")}:
            return
        was = change.before is not None and self.chosen(change.before)
        is_now = change.type != "DELETED" and self.chosen(change.thing)
        if is_now:
            yield self.event("MODIFIED" if was else "ADDED", change.thing)
        elif was:
            yield self.event("DELETED", change.thing)


def begun(call: Call, form: str) -> Watch:
    """The watch that a call asks for.

    Raises:
        RefusalError: a selector or the version is wrong.
    """
    by_label = label_selector(call.query.get("labelSelector", ""))
    by_field = field_selector(call.at.kind, call.query.get("fieldSelector", ""))
    text = call.query.get("resourceVersion", "")
    if text and not text.isdecimal():
        raise status.bad_request(f"invalid resource version: {text}")
    since = int(text) if text not in {"", "0"} and not call.flag("sendInitialEvents") else None
    seconds = call.number("timeoutSeconds")
    lasts_s = LONGEST_S if seconds is None else float(seconds)
    return Watch(call, since, lambda thing: by_label(thing) and by_field(thing), form, lasts_s)


async def events(watch: Watch, pace: Pace) -> AsyncIterator[bytes]:
    """Every line of it, until its time is over."""
    store, loop = watch.call.store, asyncio.get_running_loop()
    ends = loop.time() + watch.lasts_s * pace.second_s
    at = int(store.version) if watch.since is None else watch.since
    for line in _initial(watch):
        yield line
    while loop.time() < ends:
        try:
            changes = store.changes(at)
        except ExpiredError as error:
            yield watch.line("ERROR", status.expired(str(error)).status)
            return
        for line in (line for change in changes for line in watch.told(change)):
            yield line
        at = changes[-1].version if changes else at
        quiet = await _quiet(watch, at, min(ends - loop.time(), pace.bookmark_s))
        if quiet and watch.call.flag("allowWatchBookmarks") and loop.time() < ends:
            yield watch.bookmark(str(at))


async def _quiet(watch: Watch, at: int, seconds: float) -> bool:
    """Wait for the next write; whether there was none for so long."""
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await watch.call.store.changed(at)
    except TimeoutError:
        return True
    return False


def _initial(watch: Watch) -> Iterator[bytes]:
    call = watch.call
    if watch.since is not None:
        return
    for thing in call.store.listed(call.at.kind, call.at.namespace):
        if watch.chosen(thing):
            yield watch.event("ADDED", thing)
    if call.flag("sendInitialEvents"):
        yield watch.bookmark(call.store.version, _INITIAL_END)

"""Keeps incidents in the store: each change whole, once, and audited in the same write. It decides nothing about them.

The revision is the guard: who changes an incident names the revision they saw, and one of many wins. What is to be
done is kept by itself, effect by effect, so that whoever does one need not hold up those who change the incident. Three
lanes say when somebody must look: for a climb, for a page, for what is told in Slack. Times are the server's.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

import msgspec

from bot.audit.end import WRITTEN, AuditEnd
from bot.audit.entry import Deed, Entry, Head
from bot.incidents import events as e
from bot.incidents.effects import AnyEffect
from bot.incidents.incident import Incident
from bot.incidents.keeping import NOTHING, Besides, Changed, Known, Looked, Outrun, Spent
from bot.incidents.kept import About, AnyEvent, Happened, Kept, Paged, Shown
from bot.incidents.tries import Tried
from bot.keys import (
    AUDIT,
    HOOKS,
    INCIDENT,
    INCIDENT_AT,
    INCIDENT_CLOCK,
    INCIDENT_EFFECTS,
    INCIDENT_LANE,
    INCIDENT_OF,
    INCIDENT_STORY,
    INCIDENTS_OPEN,
    STORY_AT_MOST,
)
from bot.store import Store
from diagnostics.model import Value
from diagnostics.observe import Cleaner


class Lane(StrEnum):
    """Why somebody must look at an incident."""

    CLIMB = "climb"
    PAGE = "page"
    TELL = "tell"


LEASE_SECONDS = 30.0
"""How long an incident is one replica's in a lane: a pass has 25 s. After a kill -9 another goes on so much later."""

TITLE_AT_MOST = 200
"""Characters of a title in the audit, which is kept for ever."""

CHUNK = 200
"""Incidents that are read in one go: some 400 kB."""

#: What a script begins with: the server's time, moved by what tests move it by.
_NOW = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000 + tonumber(ARGV[1])
"""
# Everything or nothing. A call repeated after a lost answer knows its own mark.
_RECORD = f"""{_NOW}
local told = cjson.decode(ARGV[2])
local id, keep = told.id, told.keep
local found = redis.call('HMGET', KEYS[1], 'revision', 'mark', 'climb', 'page', 'tell')
if found[2] == told.mark then return 'ok' end
if told.once ~= '' and redis.call('HEXISTS', KEYS[1], told.once) == 1 then return 'spent' end
if told.look ~= '' and (redis.call('HGET', KEYS[1], told.look) or '') ~= told.before then return 'spent' end
if tonumber(found[1] or '0') ~= told.revision then return 'outrun' end
for place, fingerprint in ipairs(told.fingerprints) do
  local holder = redis.call('GET', fingerprint)
  if place == 1 and holder and holder ~= id and holder ~= told.replaces then return 'outrun' end
end
if redis.call('LLEN', KEYS[8]) ~= tonumber(ARGV[3]) then return 'audit' end
if told.hook ~= '' and redis.call('LREM', KEYS[9], 1, told.hook) == 0 then return 'spent' end
for place, fingerprint in ipairs(told.fingerprints) do
  local holder = redis.call('GET', fingerprint)
  if place == 1 or not holder or holder == told.replaces then redis.call('SET', fingerprint, id, 'EX', keep) end
end
if told.document ~= '' then redis.call('HSET', KEYS[1], 'document', told.document) end
redis.call('HSET', KEYS[1], 'state', told.state, 'revision', told.revision + 1, 'mark', told.mark)
redis.call('EXPIRE', KEYS[1], keep)
for _, effect in ipairs(told.void) do redis.call('HDEL', KEYS[2], effect) end
for _, effect in ipairs(told.effects) do redis.call('HSET', KEYS[2], effect[1], effect[2]) end
redis.call('EXPIRE', KEYS[2], keep)
redis.call('RPUSH', KEYS[3], told.happened)
redis.call('LTRIM', KEYS[3], -told.story, -1)
redis.call('EXPIRE', KEYS[3], keep)
if told.open then redis.call('ZADD', KEYS[7], 'NX', now, id) else redis.call('ZREM', KEYS[7], id) end
redis.call('EXPIRE', KEYS[7], keep)
redis.call('HSET', KEYS[1], 'climb', '')
if told.once ~= '' then redis.call('HSET', KEYS[1], told.once, '1') end
if told.look ~= '' then redis.call('HSET', KEYS[1], told.look, told.said) end
redis.call('ZREM', KEYS[4], id)
if told.due ~= '' then redis.call('ZADD', KEYS[4], now + tonumber(told.due), id) end
if told.pages and (found[4] or '') == '' then redis.call('ZADD', KEYS[5], now, id) end
if (found[5] or '') == '' then redis.call('ZADD', KEYS[6], now, id) end
for place = 4, 6 do redis.call('EXPIRE', KEYS[place], keep) end
for place = 4, #ARGV do redis.call('RPUSH', KEYS[8], ARGV[place]) end
return 'ok'
"""
# Gives the time, by how much clocks were stepped, the seconds until the next is due, and those that are, each with
# whether another had it in hand and never let it go.
_CLAIM = f"""{_NOW}
local lane, owner, lease, most = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local stepped = redis.call('GET', KEYS[2]) or '0'
local steady = now - tonumber(stepped)
if steady < tonumber(ARGV[6]) or steady > tonumber(ARGV[7]) then
  return {{string.format('%.6f', now), stepped, '', {{}}, 1}}
end
local due = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
local given = {{}}
for _, id in ipairs(due) do
  local key = 'volati:_:incident:' .. id
  if redis.call('EXISTS', key) == 0 then
    redis.call('ZREM', KEYS[1], id)
  else
    local before = redis.call('HGET', key, lane)
    redis.call('ZADD', KEYS[1], now + lease, id)
    redis.call('HSET', key, lane, owner)
    given[#given + 1] = id
    given[#given + 1] = (before and before ~= '') and 1 or 0
    given[#given + 1] = tonumber(redis.call('HGET', key, 'revision') or 0)
  end
end
local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local left = next[2] and tostring(next[2] - now) or ''
return {{string.format('%.6f', now), stepped, left, given, 0}}
"""
# Let an incident go in a lane, at this revision; one that has changed since is looked at again at once.
_LEAVE = f"""{_NOW}
local lane, owner, id, revision, seconds = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local seen, ts, tried = ARGV[7], ARGV[8], ARGV[10]
if redis.call('EXISTS', KEYS[1]) == 0 then return redis.call('ZREM', KEYS[2], id) end
for place = 11, #ARGV do redis.call('HDEL', KEYS[3], ARGV[place]) end
if seen ~= '0' then redis.call('HSET', KEYS[1], 'seen', seen) end
if ts ~= '' then
  redis.call('HSET', KEYS[1], 'ts', ts)
  redis.call('SET', KEYS[4], id, 'EX', ARGV[9])
end
if redis.call('HGET', KEYS[1], lane) ~= owner then return 0 end
redis.call('HSET', KEYS[1], lane, '')
if tried ~= '' then redis.call('HSET', KEYS[1], 'tried', tried) end
if redis.call('HGET', KEYS[1], 'revision') ~= revision then
  redis.call('ZADD', KEYS[2], now, id)
elseif seconds == '' then
  redis.call('ZREM', KEYS[2], id)
else
  redis.call('ZADD', KEYS[2], now + tonumber(seconds), id)
end
return 1
"""
_SHIFT = """
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[4])
for place = 2, #KEYS do
  local members = redis.call('ZRANGE', KEYS[place], 0, -1, 'WITHSCORES')
  for at = 1, #members, 2 do redis.call('ZADD', KEYS[place], members[at + 1] + tonumber(ARGV[3]), members[at]) end
end
return 1
"""
# After the start of the only bot: what a killed one had in hand is due now, and known to have been in hand.
_FREE = f"""{_NOW}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local owner = redis.call('HGET', 'volati:_:incident:' .. id, ARGV[2])
  if owner and owner ~= '' then redis.call('ZADD', KEYS[1], now, id) end
end
return 1
"""
_RUSH = f"""{_NOW}
for place = 2, #ARGV do redis.call('ZADD', KEYS[1], 'LT', now, ARGV[place]) end
return 1
"""
_FIND = "return {redis.call('HMGET', KEYS[1], unpack(ARGV)), redis.call('HVALS', KEYS[2])}"
# A look at PagerDuty, unless somebody looked in between; of an incident that is there.
_LOOK = """
if redis.call('EXISTS', KEYS[1]) == 0 or (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""
# What PagerDuty told of a page; of an incident that is there.
_TOLD = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
"""
_GROUP = """
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'NX', 'EX', ARGV[2]) end
return 1
"""

DEEDS: dict[type[e.Event], Deed] = {
    e.Opened: Deed.OPENED,
    e.Acknowledged: Deed.ACKNOWLEDGED,
    e.Unacknowledged: Deed.GIVEN_BACK,
    e.Snoozed: Deed.SNOOZED,
    e.SnoozeOver: Deed.SNOOZE_OVER,
    e.HandedOver: Deed.HANDED_OVER,
    e.EscalatedNow: Deed.ESCALATED,
    e.TimeUp: Deed.TIME_UP,
    e.Resolved: Deed.RESOLVED,
    e.Reopened: Deed.REOPENED,
    e.Regraded: Deed.REGRADED,
    e.PageFailed: Deed.PAGE_FAILED,
}
"""What is audited of what happens: all that moves an incident. Lines that are only told stand in its story."""


class _Document(Value, frozen=True):
    """What of an incident never changes."""

    about: About
    shown: Shown


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a look into a lane gave.

    `at` is the server's time in seconds since 1970, `stepped` by how much its clock was stepped, as it is kept; `left`
    the seconds until the next is due, None for none. `mine` are incidents for us to look at. `off`: the clock is not in
    the window it was expected in, so that nothing was looked for.
    """

    at: float
    stepped: str
    left: float | None
    mine: tuple["Mine", ...]
    off: bool = False


@dataclass(frozen=True, slots=True)
class Mine:
    """An incident to look at; `again`: another had it in hand, and never let it go. The rest is as claimed."""

    id: str
    again: bool
    revision: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Hand:
    """An incident in somebody's hand, in a lane."""

    lane: Lane
    owner: str
    id: str


@dataclass(frozen=True, slots=True)
class Left:
    """How an incident is let go, at this revision: when to look again (seconds; None: never), and what was done.

    `seen` is the sequence that its card shows now, 0 for as before. `ts` is what its thread's beginning in the channel
    turned out to be; empty for as before. `tried` is what PagerDuty has not taken so far; None for as before.
    """

    revision: int
    seconds: float | None = None
    done: tuple[str, ...] = ()
    seen: int = 0
    channel: str = ""
    ts: str = ""
    tried: Mapping[str, Tried] | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """One open incident as the auditor sees it: in how many seconds each lane looks at it; None: never."""

    kept: Kept
    climb: float | None
    page: float | None
    tell: float | None


class IncidentStore:
    """The incidents in the store. Every method may raise StoreError.

    Args:
        store: where they are kept.
        cleaner: redacts what goes into the audit.
        saw: is told of every new head of the audit.
        skew: seconds that are added to the server's time: tests move it by hand.
    """

    def __init__(
        self,
        store: Store,
        cleaner: Cleaner,
        saw: Callable[[Head], None] = lambda _: None,
        skew: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._store = store
        self._audit = AuditEnd(store, cleaner, saw)
        self._skew = skew

    async def now(self) -> datetime:
        """The server's time."""
        seconds, micros = await self._store.ask("TIME")
        return datetime.fromtimestamp(int(seconds) + int(micros) / 1e6 + self._skew(), UTC)

    async def holder(self, about: About) -> str:
        """The incident that has one of the fingerprints, the first of them first; empty for none."""
        found = await self._store.ask("MGET", *(INCIDENT_OF.of(fingerprint=one) for one in about.fingerprints))
        return next((one.decode() for one in found if one), "")

    async def record(self, kept: Kept, changed: Changed, besides: Besides = NOTHING) -> Kept:
        """Write a change, and what goes with it, whole or not at all. Raises Outrun, Spent."""
        told = msgspec.json.encode(_told(kept, changed, besides))
        keys = _record_keys(kept.id)

        async def write(number: int, lines: tuple[bytes, ...]) -> str:
            return str((await self._store.script(_RECORD, keys, self._skew(), told, number, *lines)).decode())

        said = await self._audit.written(tuple(_entries(kept, changed)), write, needed=False)
        if said == "spent":
            raise Spent(f"what was to happen to incident {kept.id} has happened already")
        if said != WRITTEN:
            raise Outrun(f"incident {kept.id} was changed meanwhile")
        return replace(
            kept, incident=changed.incident, outstanding=tuple(changed.outstanding), revision=kept.revision + 1
        )

    async def grouped(self, kept: Kept, about: About) -> Kept:
        """Let an incident stand for the fingerprints of another sight of its fault, too."""
        keys = tuple(INCIDENT_OF.of(fingerprint=one) for one in about.fingerprints)
        await self._store.script(_GROUP, keys, kept.id, INCIDENT_OF.seconds)
        return kept

    async def find(self, incident_id: str) -> Kept | None:
        """An incident by its id."""
        if not is_id(incident_id):
            return None
        keys = (INCIDENT.of(incident=incident_id), INCIDENT_EFFECTS.of(incident=incident_id))
        found, effects = await self._store.script(_FIND, keys, *_FIELDS)
        return _kept(incident_id, found, effects)

    async def by_thread(self, channel: str, ts: str) -> Kept | None:
        """The newest incident in a thread."""
        found = await self._store.ask("GET", INCIDENT_AT.of(channel=channel, ts=ts))
        return await self.find(found.decode()) if found else None

    async def open_ones(self) -> tuple[Kept, ...]:
        """Those that go on, the newest first."""
        ids = await self._store.ask("ZRANGE", INCIDENTS_OPEN.of(), 0, -1, "REV")
        return await self._all(tuple(one.decode() for one in ids))

    async def known(self, incident_id: str, key: str) -> Known:
        """What is known of a page at PagerDuty, by asking and by being told."""
        if not is_id(incident_id):
            return Known()
        found = await self._store.ask("HMGET", INCIDENT.of(incident=incident_id), _look(key), _told_of(key))
        asked, told = (one.decode() if one else "" for one in found)
        return Known(asked, told)

    async def note_told(self, incident_id: str, key: str, told: str) -> None:
        """Keep what PagerDuty told of a page by itself, where there is such an incident."""
        if is_id(incident_id):
            await self._store.script(_TOLD, (INCIDENT.of(incident=incident_id),), _told_of(key), told)

    async def note_look(self, incident_id: str, looked: Looked) -> None:
        """Keep what PagerDuty says of a page now, unless somebody has looked in between."""
        where = (INCIDENT.of(incident=incident_id),)
        await self._store.script(_LOOK, where, _look(looked.key), looked.before, looked.now)

    async def story(self, incident_id: str) -> tuple[Happened, ...]:
        """What happened to one, the earliest first."""
        if not is_id(incident_id):
            return ()
        lines = await self._store.ask("LRANGE", INCIDENT_STORY.of(incident=incident_id), 0, -1)
        return tuple(msgspec.json.decode(line, type=Happened) for line in lines)

    # Lanes

    async def claim(self, hand: Hand, most: int, window: tuple[float, float]) -> Claimed:
        """Take up to so many incidents that are due in a lane, for LEASE_SECONDS; `hand` says in which, and for whom.

        Nothing is taken where the clock is not in the window, known steps left out.
        """
        keys = (INCIDENT_LANE.of(lane=hand.lane), INCIDENT_CLOCK.of())
        bounds = (min(one, _FOR_EVER) for one in window)
        found = await self._store.script(
            _CLAIM, keys, self._skew(), hand.lane, hand.owner, LEASE_SECONDS, most, *bounds
        )
        at, stepped, left, given, off = found
        each = zip(given[::3], given[1::3], given[2::3], strict=True)
        when = datetime.fromtimestamp(float(at), UTC)
        mine = tuple(Mine(id.decode(), bool(again), revision, when) for id, again, revision in each)
        return Claimed(float(at), stepped.decode(), float(left) if left else None, mine, bool(off))

    async def leave(self, hand: Hand, left: Left) -> None:
        """Let an incident go. Another's is left alone, what was done for it is not.

        Where it has changed meanwhile it is looked at again at once.
        """
        keys = (
            INCIDENT.of(incident=hand.id),
            INCIDENT_LANE.of(lane=hand.lane),
            INCIDENT_EFFECTS.of(incident=hand.id),
            INCIDENT_AT.of(channel=left.channel, ts=left.ts) if left.ts else INCIDENT.of(incident=hand.id),
        )
        again = "" if left.seconds is None else left.seconds
        tried = "" if left.tried is None else msgspec.json.encode(left.tried)
        rest = (again, left.seen, left.ts, INCIDENT_AT.seconds, tried, *left.done)
        await self._store.script(_LEAVE, keys, self._skew(), hand.lane, hand.owner, hand.id, left.revision, *rest)

    async def shift(self, stepped: str, seconds: float) -> bool:
        """Move every due time along with a clock that was stepped, once; False when another has done so."""
        keys = (INCIDENT_CLOCK.of(), *(INCIDENT_LANE.of(lane=lane) for lane in Lane))
        total = repr(float(stepped) + seconds)
        return bool(await self._store.script(_SHIFT, keys, stepped, total, seconds, INCIDENT_CLOCK.seconds) == 1)

    async def free(self) -> None:
        """Have what a killed bot had in hand due now: for a start as the only one."""
        for lane in Lane:
            await self._store.script(_FREE, (INCIDENT_LANE.of(lane=lane),), self._skew(), lane)

    async def rush(self, lane: Lane, *ids: str) -> None:
        """Have incidents looked at now."""
        await self._store.script(_RUSH, (INCIDENT_LANE.of(lane=lane),), self._skew(), *ids)

    async def sights(self) -> tuple[Sight, ...]:
        """Every open incident, and when each lane looks at it."""
        now = (await self.now()).timestamp()
        scores = {lane: await self._scores(lane, now) for lane in Lane}
        climb, page, tell = (scores[lane] for lane in Lane)
        return tuple(
            Sight(one, climb.get(one.id), page.get(one.id), tell.get(one.id)) for one in await self.open_ones()
        )

    async def _scores(self, lane: Lane, now: float) -> dict[str, float]:
        found = await self._store.ask("ZRANGE", INCIDENT_LANE.of(lane=lane), 0, -1, "WITHSCORES")
        return {id.decode(): float(at) - now for id, at in zip(found[::2], found[1::2], strict=True)}

    async def _all(self, ids: Sequence[str]) -> tuple[Kept, ...]:
        """These incidents, read some at a time."""
        kept: list[Kept | None] = []
        for begin in range(0, len(ids), CHUNK):
            kept += await asyncio.gather(*(self.find(id) for id in ids[begin : begin + CHUNK]))
        return tuple(one for one in kept if one is not None)


#: Seconds since 1970 that are never reached, for a window that is open.
_FOR_EVER = 1e15
_FIELDS = ("document", "state", "revision", "ts", "seen", "tried")


def is_id(text: str) -> bool:
    """Whether it may be an incident's id: eight hex digits, as they are made."""
    return text.isascii() and text.isalnum() and 0 < len(text) <= len("0123456789abcdef")


def _look(key: str) -> str:
    """The field that keeps the last look at a page."""
    return f"look {key}"


def _told_of(key: str) -> str:
    """The field that keeps what PagerDuty last told of a page by itself."""
    return f"told {key}"


def order(effect_id: str) -> tuple[int, ...]:
    """Where an effect stands among those of its incident: by its step, and its number in it."""
    return tuple(int(part) for part in effect_id.rsplit(".", 2)[1:])


def paged(kept: Kept) -> tuple[Paged, ...]:
    """What is still to be done at PagerDuty, in order."""
    return tuple(one for one in kept.outstanding if isinstance(one, Paged))


def _record_keys(id: str) -> tuple[str, ...]:
    lanes = (INCIDENT_LANE.of(lane=lane) for lane in Lane)
    mine = (INCIDENT.of(incident=id), INCIDENT_EFFECTS.of(incident=id), INCIDENT_STORY.of(incident=id))
    return (*mine, *lanes, INCIDENTS_OPEN.of(), AUDIT.of(), HOOKS.of())


def _told(kept: Kept, changed: Changed, besides: Besides) -> dict[str, Any]:
    """A change as the script reads it. What stands in the store of effects done meanwhile is not brought back."""
    incident, new = changed.incident, kept.revision == 0
    before, after = {one.id for one in kept.outstanding}, {one.id for one in changed.outstanding}
    document = msgspec.json.encode(_Document(kept.about, kept.shown)).decode() if new else ""
    return {
        "id": kept.id,
        "keep": INCIDENT.seconds,
        "story": STORY_AT_MOST,
        "mark": secrets.token_hex(8),
        "revision": kept.revision,
        "document": document,
        "state": msgspec.json.encode(incident).decode(),
        "happened": msgspec.json.encode(Happened(changed.who, cast(AnyEvent, changed.event))).decode(),
        "effects": [[one.id, msgspec.json.encode(one).decode()] for one in changed.outstanding if one.id not in before],
        "void": sorted(before - after),
        "fingerprints": [INCIDENT_OF.of(fingerprint=one) for one in kept.about.fingerprints] if new else [],
        "replaces": besides.replaces,
        "hook": besides.hook,
        "once": besides.once,
        "look": _look(besides.looked.key) if besides.looked else "",
        "before": besides.looked.before if besides.looked else "",
        "said": besides.looked.now if besides.looked else "",
        "open": incident.open,
        "due": (incident.due - changed.event.at).total_seconds() if incident.due else "",
        "pages": any(isinstance(one, Paged) for one in changed.outstanding),
    }


def _entries(kept: Kept, changed: Changed) -> Iterator[Entry]:
    """What is audited of a change."""
    event = changed.event
    if deed := DEEDS.get(type(event)):
        level = f"level {changed.incident.level}, {changed.incident.phase}"
        words = event.reason if isinstance(event, e.EscalatedNow) else getattr(event, "why", "")
        yield Entry(
            at=event.at,
            who=changed.who,
            deed=deed,
            action="incident",
            environment=kept.about.environment,
            target=kept.about.title[:TITLE_AT_MOST],
            plan=kept.id,
            channel=kept.shown.channel,
            detail=f"{level}: {words}" if words else level,
        )


def _kept(id: str, found: Sequence[bytes | None], effects: Sequence[bytes]) -> Kept | None:
    document, state, revision, ts, seen, tried = found
    if document is None or state is None or revision is None:
        return None
    about = msgspec.json.decode(document, type=_Document)
    outstanding = sorted((msgspec.json.decode(one, type=AnyEffect) for one in effects), key=lambda one: order(one.id))
    return Kept(
        id=id,
        about=about.about,
        shown=about.shown,
        incident=msgspec.json.decode(state, type=Incident),
        outstanding=tuple(outstanding),
        revision=int(revision),
        ts=ts.decode() if ts else "",
        seen=int(seen or 0),
        tried=msgspec.json.decode(tried, type=dict[str, Tried]) if tried else {},
    )

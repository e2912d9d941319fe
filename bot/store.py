"""Keeps what the bot must remember in Redis: runs, claims, what it has already seen, and letters for Slack.

It is the only module that speaks to Redis, and bot/keys.py lists all that it writes there. It never looks
into a document: documents are opaque bytes, redacted by the caller. One Redis, not a cluster.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import SplitResult, parse_qsl, urlsplit

import msgspec

from bot.clients.valkey import EmbeddedValkey
from bot.errors import (
    StoreAddressInvalid,
    StoreBusy,
    StoreError,
    StoreNameInvalid,
    StoreRefused,
    StoreUnreachable,
)
from bot.keys import (
    CLAIM,
    FIGURES,
    FIGURES_AT_MOST,
    HOUR,
    LANE,
    LAST_RUN,
    LETTER,
    LETTERS,
    OUTBOX,
    POSTED,
    RECENT,
    RECENT_RUNS,
    RUN,
    RUN_PLACE,
    SEEN,
    TURNS,
    UNDER_WAY,
    VISITORS,
    VISITORS_AT_MOST,
)
from bot.queued import Queued
from bot.runs.packing import packed, unpacked

if TYPE_CHECKING:  # on use: it would be most of the time this module takes to import
    from redis import RedisError

DEADLINE_SECONDS = 2.0
"""Longest time for one operation, reconnecting included. A healthy store needs a millisecond, a busy disk's
fsync up to some hundred; and Slack's three seconds for an acknowledgement must not run out in here."""

PAUSES_SECONDS = (0.02, 0.08, 0.2, 0.4, 0.5)
"""Waits between tries to reach a store that answered before: 1.2 s together, ample for the embedded server's
restart (0.2 s). A store that did not answer last time is tried once, so that its absence costs little."""

CONNECTIONS = 16
"""Most connections at once; more callers than that wait, within their deadline."""

_REMEDY = "Check that it runs and that the address in the settings is right; `volati doctor` tells more."


# A claim is ours when free or already ours: a repeat after a lost answer gets the same answer.
_CLAIM = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1"
_SAVE_RUN = """
local document, environment, area, run_id, seconds, bound = unpack(ARGV)
local clock = redis.call('TIME')
local now = clock[1] .. string.format('.%06d', clock[2])
redis.call('SET', KEYS[1], document, 'EX', seconds)
redis.call('SET', KEYS[2], environment, 'EX', seconds)
redis.call('SET', KEYS[3], run_id, 'EX', seconds)
redis.call('ZADD', KEYS[4], now, area .. ' ' .. run_id)
redis.call('EXPIRE', KEYS[4], seconds)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', clock[1] - seconds)
local surplus = redis.call('ZCARD', KEYS[4]) - bound
if surplus <= 0 then return 1 end
local oldest = redis.call('ZPOPMIN', KEYS[4], surplus)
for i = 1, #oldest, 2 do
  local its_area, id = string.match(oldest[i], '^(%S+) (%S+)$')
  if redis.call('GET', 'volati:' .. environment .. ':last-run:' .. its_area) ~= id then
    redis.call('DEL', 'volati:' .. environment .. ':run:' .. id, 'volati:_:run-place:' .. id)
  end
end
return 1
"""
_KEEP_FIGURES = """
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
_BEGIN_RUN = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
# A new letter goes to the end; one that is there already keeps its place and gets the newer document.
_QUEUE = """
local document, member, seconds, bound = unpack(ARGV)
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[2], 'document', document)
  redis.call('HINCRBY', KEYS[2], 'revision', 1)
  return 1
end
if redis.call('ZCARD', KEYS[1]) >= tonumber(bound) then return 0 end
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('ZADD', KEYS[1], (last[2] or 0) + 1, member)
redis.call('HSET', KEYS[2], 'document', document, 'revision', 1, 'begun', '', 'ts', '')
redis.call('EXPIRE', KEYS[1], seconds)
redis.call('EXPIRE', KEYS[2], seconds)
return 1
"""
_CHANGE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'document', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return 1
"""
_FIRST = """
local function first(outbox, lane)
  for _, member in ipairs(redis.call('ZRANGE', outbox, 0, -1)) do
    if string.sub(member, 1, #lane + 1) == lane .. ' ' then
      local id = string.sub(member, #lane + 2)
      local found = redis.call('HMGET', 'volati:_:letter:' .. id, 'document', 'revision', 'begun', 'ts')
      if found[1] then return {id, found[1], found[2], found[3], found[4]} end
      redis.call('ZREM', outbox, member)
    end
  end
  return false
end
"""
_PEEK = f"{_FIRST} return first(KEYS[1], ARGV[1])"
# `attempt` is of this one call: repeated after a lost answer, it does not take itself for an earlier attempt.
_TAKE = f"""{_FIRST}
local lane, letter, owner, attempt, seconds = unpack(ARGV)
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= owner then return false end
local found = first(KEYS[1], lane)
if not found or found[1] ~= letter then return false end
redis.call('SET', KEYS[2], owner, 'EX', seconds)
redis.call('HSET', 'volati:_:letter:' .. letter, 'begun', attempt)
if found[4] == attempt then found[4] = '' end
return found
"""
# Renews nothing for a letter that is settled meanwhile: a late answer must not close the lane again.
_RENEW_LANE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
local begun = redis.call('HGET', KEYS[2], 'begun')
if begun and begun ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
return 1
"""
_LEAVE_LANE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
_RETURN = f"""
if redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[2], 'begun', ARGV[2])
end
{_LEAVE_LANE}
return 1
"""
_SETTLE = f"""
local owner, ts, seconds, member, revision = unpack(ARGV)
redis.call('SET', KEYS[4], ts, 'EX', seconds)
{_LEAVE_LANE}
local now = redis.call('HGET', KEYS[3], 'revision')
if revision == '' or not now or now == revision then
  redis.call('ZREM', KEYS[2], member)
  redis.call('DEL', KEYS[3])
  return 1
end
redis.call('HSET', KEYS[3], 'begun', '', 'ts', ts)
return 0
"""
_VISIT = """
local clock = redis.call('TIME')
redis.call('ZADD', KEYS[1], clock[1] .. string.format('.%06d', clock[2]), ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
_VISITORS = "return redis.call('ZRANGE', KEYS[1], redis.call('TIME')[1] - ARGV[1], '+inf', 'BYSCORE')"
# Turns grow with the server's time, so that replicas with different clocks agree. Gives the ms to wait.
_TURNS = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local burst, rate = tonumber(ARGV[1]), tonumber(ARGV[2]) / 60
local found = redis.call('HMGET', KEYS[1], 'left', 'since', 'closed')
local since, closed = tonumber(found[2] or now), tonumber(found[3] or 0)
local left = math.min(burst, tonumber(found[1] or burst) + math.max(0, now - since) * rate)
since = math.max(since, now)
local function keep()
  redis.call('HSET', KEYS[1], 'left', left, 'since', string.format('%.6f', since),
             'closed', string.format('%.6f', closed))
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
"""
_TURN = f"""{_TURNS}
local wanted, take = tonumber(ARGV[4]), ARGV[5] == '1'
local wait = math.max(0, closed - now)
if wait == 0 and left < wanted - 0.000001 then wait = (wanted - left) / rate end
if wait == 0 and take then left = left - 1 keep() end
return math.ceil(wait * 1000)
"""
_CLOSE_TURNS = f"""{_TURNS}
closed = math.max(closed, now + tonumber(ARGV[4]))
left, since = 1, closed
keep()
return 1
"""


class Paced(Protocol):
    """How often something may be done: so many times a minute in the long run, so many at once."""

    @property
    def a_minute(self) -> float:
        """In the long run."""

    @property
    def burst(self) -> int:
        """At once."""


class Client(Protocol):
    """What the store needs of the Redis library; its own types leave these out."""

    def execute_command(self, *command: Any) -> Awaitable[Any]:  # noqa: ANN401 -- bytes, numbers, text
        """Send one command and give the answer."""

    def aclose(self) -> Awaitable[None]:
        """Close every connection."""


@dataclass(frozen=True, slots=True)
class RecentRun:
    """A saved run: its id, its area, and when it was saved (seconds since 1970, by the server's clock)."""

    run_id: str
    area: str
    saved_at: float


class UnderWay(msgspec.Struct, frozen=True):
    """A run under way, as asked for, and the Slack messages that show it; `since` in seconds since 1970.

    `ts` is the message that says how it ends; `detail` the one in its thread with the progress, where that is another.
    The fields with defaults are missing in what older versions wrote.
    """

    run_id: str
    environment: str
    channel: str
    ts: str
    since: float
    area: str = ""
    deep: bool = False
    person: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Durability:
    """What the server says about keeping data; None where it does not say (managed servers often do not)."""

    embedded: bool
    appendonly: bool | None
    appendfsync: str | None
    maxmemory_policy: str | None
    folder: str | None
    version: str | None


class Store:
    """The bot's memory. Any operation may raise StoreUnreachable, StoreBusy or StoreRefused, in good time."""

    def __init__(self, redis: Client, address: str, deadline: float, server: EmbeddedValkey | None) -> None:
        self._redis = redis
        self._deadline = deadline
        self._answered = True
        self.address = address
        """Where it is, without user and password."""
        self.server = server
        """The embedded server; None when the address was configured."""

    @classmethod
    def at(cls, url: str, *, deadline: float = DEADLINE_SECONDS, server: EmbeddedValkey | None = None) -> "Store":
        """The store at `redis://`, `rediss://` or `unix://`; it connects on first use.

        Deadline in seconds for one operation. Raises StoreAddressInvalid, which never repeats the address.
        """
        address = shown(url)
        return cls(_connected_to(url, deadline), address, deadline, server)

    def __repr__(self) -> str:
        return f"<Store at {self.address}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; the store connects again if it is used again."""
        await self._redis.aclose()

    async def save_run(self, environment: str, area: str, run_id: str, document: bytes) -> None:
        """Keep a run, make it the area's last and put it among the recent ones: all of it or nothing."""
        keys = (
            RUN.of(environment=environment, run_id=run_id),
            RUN_PLACE.of(run_id=run_id),
            LAST_RUN.of(environment=environment, area=area),
            RECENT.of(environment=environment),
        )
        kept = await asyncio.to_thread(packed, document)
        await self.script(_SAVE_RUN, keys, kept, environment, area, run_id, RUN.seconds, RECENT_RUNS)

    async def run(self, run_id: str) -> bytes | None:
        """The document of a run of any environment; None when there is none, or none any more."""
        place = await self.ask("GET", RUN_PLACE.of(run_id=run_id))
        if place is None:
            return None
        return await self._document(RUN.of(environment=place.decode(), run_id=run_id))

    async def last_run(self, environment: str, area: str) -> bytes | None:
        """The document of the area's last run; None when there is none within its lifetime."""
        run_id = await self.ask("GET", LAST_RUN.of(environment=environment, area=area))
        if run_id is None:
            return None
        return await self._document(RUN.of(environment=environment, run_id=run_id.decode()))

    async def _document(self, key: str) -> bytes | None:
        """A kept document. What cannot be unpacked is given as it is: whoever reads it says that it is no run."""
        kept: bytes | None = await self.ask("GET", key)
        if kept is None:
            return None
        try:
            return await asyncio.to_thread(unpacked, kept)
        except ValueError:
            return kept

    async def keep_figures(self, environment: str, area: str, document: bytes) -> None:
        """Put a run's figures first among those of the area's latest runs."""
        key = FIGURES.of(environment=environment, area=area)
        await self.script(_KEEP_FIGURES, (key,), document, FIGURES_AT_MOST, FIGURES.seconds)

    async def figures(self, environment: str, area: str) -> tuple[bytes, ...]:
        """The figures of the area's latest runs, oldest first."""
        found = await self.ask("LRANGE", FIGURES.of(environment=environment, area=area), 0, FIGURES_AT_MOST - 1)
        return tuple(reversed(found))

    async def recent_runs(self, environment: str, limit: int = 20) -> tuple[RecentRun, ...]:
        """The environment's latest runs of all areas, newest first, at most `limit`."""
        recent = RECENT.of(environment=environment)
        last = _within("limit", limit, RECENT_RUNS) - 1
        found = await self.ask("ZREVRANGE", recent, 0, last, "WITHSCORES")
        return tuple(_recent(member, at) for member, at in zip(found[::2], found[1::2], strict=True))

    async def claim(self, environment: str, name: str, owner: str, seconds: float) -> bool:
        """Whether `owner` alone may do the named thing for so many seconds; claiming again extends it.

        `owner` must be unlike any other claimant's, as a random id is.
        """
        key = CLAIM.of(environment=environment, name=name)
        milliseconds = _within("time of a claim (ms)", round(seconds * 1000), HOUR * 1000)
        return bool(await self.script(_CLAIM, (key,), owner, milliseconds) == 1)

    async def release(self, environment: str, name: str, owner: str) -> None:
        """Give a claim back; another's claim is left alone."""
        await self.script(_RELEASE, (CLAIM.of(environment=environment, name=name),), owner)

    async def first_time(self, kind: str, identity: str) -> bool:
        """Whether this id (of an envelope, an event) is seen for the first time within the hour.

        The id may be any text from outside. A call repeated inside, after a lost answer, knows its own mark:
        nothing is taken for a duplicate of itself.
        """
        digest = hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()
        key = SEEN.of(kind=kind, digest=digest)
        return bool(await self.script(_CLAIM, (key,), os.urandom(16), HOUR * 1000) == 1)

    async def begin_run(self, run: UnderWay) -> None:
        """Remember a run under way, so that after a crash its message can say that it was interrupted."""
        RUN.of(environment=run.environment, run_id=run.run_id)  # only to refuse bad names here too
        record = msgspec.json.encode(run)
        await self.script(_BEGIN_RUN, (UNDER_WAY.of(),), run.run_id, record, UNDER_WAY.seconds)

    async def end_run(self, run_id: str) -> None:
        """Forget a run under way; unknown ids are fine."""
        await self.ask("HDEL", UNDER_WAY.of(), run_id)

    async def unfinished_runs(self) -> tuple[UnderWay, ...]:
        """The runs begun and not ended, of every environment, oldest first; other replicas' runs included."""
        records = await self.ask("HVALS", UNDER_WAY.of())
        return tuple(sorted((msgspec.json.decode(r, type=UnderWay) for r in records), key=lambda r: r.since))

    async def queue_letter(self, lane: str, letter: str, document: bytes) -> bool:
        """Put a letter at the end of its lane, or a newer document into one that waits; False when all is full."""
        keys = (OUTBOX.of(), LETTER.of(letter=letter))
        LANE.of(lane=lane)  # only to refuse bad names here too
        return bool(await self.script(_QUEUE, keys, document, f"{lane} {letter}", OUTBOX.seconds, LETTERS) == 1)

    async def change_letter(self, letter: str, document: bytes) -> bool:
        """Put a newer document into a letter; False when it waits no longer."""
        return bool(await self.script(_CHANGE, (LETTER.of(letter=letter),), document) == 1)

    async def first_letter(self, lane: str) -> Queued | None:
        """The letter to be sent next in a lane."""
        return _queued(await self.script(_PEEK, (OUTBOX.of(),), lane))

    async def take_letter(self, lane: str, letter: str, owner: str) -> Queued | None:
        """The letter, for `owner` alone to send; None when it is not next, or another sends.

        The lane is held for LANE.seconds, and for as long as it is renewed.
        """
        keys, attempt = (OUTBOX.of(), LANE.of(lane=lane)), os.urandom(8).hex()
        return _queued(await self.script(_TAKE, keys, lane, letter, owner, attempt, LANE.seconds))

    async def renew_lane(self, lane: str, letter: str, owner: str) -> bool:
        """Hold the lane of a letter that is being sent for LANE.seconds more; False when another has it."""
        keys = (LANE.of(lane=lane), LETTER.of(letter=letter))
        return bool(await self.script(_RENEW_LANE, keys, owner, LANE.seconds) == 1)

    async def return_letter(self, lane: str, letter: str, owner: str, *, begun: bool) -> None:
        """Give a letter back that was not sent; `begun` when it may have been."""
        keys = (LANE.of(lane=lane), LETTER.of(letter=letter))
        await self.script(_RETURN, keys, owner, "maybe" if begun else "")

    async def settle_letter(self, lane: str, taken: Queued, owner: str, ts: str) -> bool:
        """Note that a letter was posted as `ts`; False when a newer revision of it is still to be sent."""
        keys = self._letter_keys(lane, taken.letter)
        member = f"{lane} {taken.letter}"
        return bool(await self.script(_SETTLE, keys, owner, ts, POSTED.seconds, member, taken.revision) == 1)

    async def drop_letter(self, lane: str, letter: str, owner: str) -> None:
        """Forget a letter that cannot be sent; what names it learns of it by `letter_ts`."""
        await self.script(_SETTLE, self._letter_keys(lane, letter), owner, "", POSTED.seconds, f"{lane} {letter}", "")

    async def letter(self, letter: str) -> bytes | None:
        """The document of a letter that waits, in its newest revision."""
        found: bytes | None = await self.ask("HGET", LETTER.of(letter=letter), "document")
        return found

    async def letter_ts(self, letter: str) -> str | None:
        """The ts a letter was posted under; empty when it was dropped, None when it waits or is not known."""
        found = await self.ask("GET", POSTED.of(letter=letter))
        return None if found is None else str(found.decode())

    async def lanes(self) -> tuple[str, ...]:
        """The lanes in which letters wait, the longest waiting first."""
        members = await self.ask("ZRANGE", OUTBOX.of(), 0, -1)
        return tuple(dict.fromkeys(member.decode().partition(" ")[0] for member in members))

    async def free_lanes(self) -> None:
        """Take every lane from whoever sends in it: for a start as the only sender, after one that was killed."""
        for lane in await self.lanes():
            await self.ask("DEL", LANE.of(lane=lane))

    async def turn(self, name: str, pace: Paced, wanted: int, *, take: bool) -> float:
        """Seconds until so many turns of the named thing are there; at 0, and with `take`, one of them is taken."""
        arguments = (pace.burst, pace.a_minute, TURNS.seconds, wanted, int(take))
        return float(await self.script(_TURN, (TURNS.of(name=name),), *arguments)) / 1000

    async def close_turns(self, name: str, pace: Paced, seconds: float) -> None:
        """No turns for so long (an hour at most), and then one."""
        arguments = (pace.burst, pace.a_minute, TURNS.seconds, min(seconds, HOUR - 60))
        await self.script(_CLOSE_TURNS, (TURNS.of(name=name),), *arguments)

    async def visit(self, visitor: bytes) -> None:
        """Note who opened the Home tab; noting them again begins their time anew."""
        await self.script(_VISIT, (VISITORS.of(),), visitor, VISITORS.seconds, VISITORS_AT_MOST)

    async def visitors(self) -> tuple[bytes, ...]:
        """Who opened the Home tab within VISITORS.seconds, the latest last."""
        return tuple(await self.script(_VISITORS, (VISITORS.of(),), VISITORS.seconds))

    def _letter_keys(self, lane: str, letter: str) -> tuple[str, ...]:
        return (LANE.of(lane=lane), OUTBOX.of(), LETTER.of(letter=letter), POSTED.of(letter=letter))

    async def ping(self) -> float:
        """Seconds the server took to answer."""
        began = time.perf_counter()
        await self.ask("PING")
        return time.perf_counter() - began

    async def durability(self) -> Durability:
        """How well the server keeps what it is given, for the doctor."""
        appendonly = await self._setting("appendonly")
        return Durability(
            embedded=self.server is not None,
            appendonly=None if appendonly is None else appendonly == "yes",
            appendfsync=await self._setting("appendfsync"),
            maxmemory_policy=await self._setting("maxmemory-policy"),
            folder=await self._setting("dir"),
            version=await self._version(),
        )

    async def _setting(self, name: str) -> str | None:
        try:
            found = await self.ask("CONFIG", "GET", name)
        except StoreRefused:  # managed servers and tight rights forbid CONFIG: then the answer is unknown
            return None
        return found[1].decode() if found else None

    async def _version(self) -> str | None:
        try:
            server = await self.ask("INFO", "server")
        except StoreRefused:
            return None
        version = server.get("valkey_version") or server.get("redis_version")
        return str(version) if version else None

    async def script(self, script: str, keys: tuple[str, ...], *arguments: Any) -> Any:  # noqa: ANN401 -- as ask
        """What a Lua script gives; it names every key it touches. It may run twice: see `ask`."""
        return await self.ask("EVAL", script, len(keys), *keys, *arguments)

    async def ask(self, *command: Any) -> Any:  # noqa: ANN401 -- Redis answers what the command says
        """The server's answer within the deadline, for the few modules that keep things by commands of their own.

        After a lost connection the command is sent again: it must give the same whether or not the first one arrived.
        """
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._persistently(*command)
        except TimeoutError as error:
            self._answered = False
            raise StoreUnreachable(
                f"Redis at {self.address} did not answer within {self._deadline:g} s. {self._remedy}"
            ) from error
        except StoreUnreachable:
            self._answered = False
            raise
        self._answered = True
        return answer

    async def _persistently(self, *command: Any) -> Any:  # noqa: ANN401 -- as ask
        """The server's answer, asked for again after a lost connection: every command bears repeating."""
        for pause in PAUSES_SECONDS if self._answered else ():
            with contextlib.suppress(StoreUnreachable, StoreBusy):  # busy: it loads its file after a restart
                return await self._once(*command)
            await asyncio.sleep(pause)
        return await self._once(*command)

    async def _once(self, *command: Any) -> Any:  # noqa: ANN401 -- as ask
        """The server's answer, or the library's error as one of ours."""
        from redis import RedisError  # noqa: PLC0415 -- on use: see TYPE_CHECKING above

        try:
            return await self._redis.execute_command(*command)
        except RedisError as error:
            told = _ARGUMENTS not in str(error)  # else it repeats the command, which may hold a password
            raise _ours(error, self.address, self._remedy) from (error if told else None)

    @property
    def _remedy(self) -> str:
        """What to do when nobody answers; an ill embedded server says so itself."""
        return _REMEDY if self.server is None or self.server.healthy else self.server.trouble


@asynccontextmanager
async def open_store(url: str | None, data_dir: Path) -> AsyncIterator[Store]:
    """The store at the address; without one, in an embedded server that lives in the data folder.

    Raises StoreAddressInvalid, or an EmbeddedStoreError when the embedded server cannot start.
    """
    if url is not None:
        async with Store.at(url) as store:
            yield store
        return
    async with EmbeddedValkey(data_dir) as server, Store.at(server.url, server=server) as store:
        yield store


def shown(url: str) -> str:
    """The address without user, password and options. Raises StoreAddressInvalid for one of no use."""
    parts = _parsed(url)
    if not {name for name, _ in parse_qsl(parts.query)} <= _OPTIONS:
        raise StoreAddressInvalid(f"{_FORMS} It has an option other than {', '.join(sorted(_OPTIONS))}.")
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or 6379}{parts.path}"


_ARGUMENTS = ", with args"  # how Redis begins to repeat a command it does not know
_OPTIONS = {"db", "ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_keyfile"}
_FORMS = (
    "The Redis address cannot be used (it is not repeated here, as it may hold a password). Use "
    "redis://[user:password@]host:6379/0, rediss://… for TLS, or unix:///path; write / # ? @ : in a password "
    "as %2F %23 %3F %40 %3A."
)


def _parsed(url: str) -> SplitResult:
    """The address, taken apart. A password with a bare `/` or `#` would show up as path: it is refused."""
    try:
        parts = urlsplit(url)
        network = parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0
    except ValueError:
        raise StoreAddressInvalid(_FORMS) from None  # its text repeats a part of the address
    path = r"/?[0-9]*" if network else r"/[^@]+"
    known = network or (parts.scheme == "unix" and not parts.hostname)
    if not known or parts.fragment or not re.fullmatch(path, parts.path):
        raise StoreAddressInvalid(_FORMS)
    return parts


def _connected_to(url: str, deadline: float) -> Client:
    """A client that connects on use. Trying again is ours, not the library's: see PAUSES_SECONDS."""
    from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 -- on use: see TYPE_CHECKING above
    from redis.asyncio.retry import Retry  # noqa: PLC0415 -- the same
    from redis.backoff import NoBackoff  # noqa: PLC0415 -- the same

    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=deadline,
            socket_connect_timeout=deadline,
            # The deadline is ours, in ask. The library's own would use asyncio.wait_for, which on Python 3.11
            # can swallow a cancellation (python/cpython#86296).
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # spares the greeting of protocol 3, of which nothing is used
        )
    except ValueError:
        raise StoreAddressInvalid(_FORMS) from None  # its text may repeat a part of the address
    return Redis.from_pool(pool)


def _ours(error: "RedisError", address: str, remedy: str) -> StoreError:
    """Our error for the library's; `remedy` is for when nobody answers."""
    from redis import exceptions as theirs  # noqa: PLC0415 -- on use: see TYPE_CHECKING above

    while isinstance(error.__cause__, theirs.RedisError):
        error = error.__cause__  # on a Unix socket even a refused login comes wrapped as a lost connection
    said = str(error).partition(_ARGUMENTS)[0].rstrip(".")
    where = f"Redis at {address}"
    if isinstance(error, theirs.AuthenticationError | theirs.AuthorizationError | theirs.NoPermissionError):
        return StoreRefused(f"{where} refused: {said}. Check user, password and rights in the settings.")
    if isinstance(error, theirs.BusyLoadingError) or said.startswith(_BUSY):
        return StoreBusy(f"{where} is busy: {said}. Try again in a moment.")
    if isinstance(error, theirs.ConnectionError | theirs.TimeoutError):
        return StoreUnreachable(f"{where} cannot be reached: {said}. {remedy}")
    return StoreRefused(f"{where} refused: {said}. Check its memory limit, its role and its version (7.0 up).")


_BUSY = ("BUSY", "LOADING", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN")


def _within(what: str, value: int, most: int) -> int:
    if not 1 <= value <= most:
        raise StoreNameInvalid(f"The {what} is {value}; it must be from 1 to {most}.")
    return value


def _queued(found: list[bytes] | None) -> Queued | None:
    if not found:
        return None
    letter, document, revision, begun, ts = found
    return Queued(letter.decode(), document, int(revision), bool(begun), ts.decode())


def _recent(member: bytes, at: bytes) -> RecentRun:
    area, run_id = member.decode().split(" ")
    return RecentRun(run_id=run_id, area=area, saved_at=float(at))

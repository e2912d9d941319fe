"""Keeps plans, their journals and the audit in the store: each change whole, once, and audited in the same write.

The journal's revision is the guard: who changes a plan names the revision they saw, and one of many wins.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.actions.journal import Journal
from bot.actions.kept import LEASE_SECONDS, Kept, Overtaken, TargetBusy, Turn
from bot.actions.plan import Plan, Target
from bot.audit.end import WRITTEN, AuditEnd
from bot.audit.entry import Entry, Head
from bot.keys import ACTED_ON, AUDIT, PLAN, PLANS_DUE
from bot.store import Store
from diagnostics.observe import Cleaner

# Everything or nothing. A call repeated after a lost answer knows its own mark. Times are the server's, so that
# replicas with different clocks agree.
_RECORD = """
local expected, mark, document, journal = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local plan, owner, lock, due = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local held, keep, hold, entries = ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local found = redis.call('HMGET', KEYS[1], 'revision', 'mark', 'owner')
if found[2] == mark then return 'ok' end
if (found[1] or '0') ~= expected then return 'overtaken' end
if held == '1' and found[3] ~= owner then return 'overtaken' end
if redis.call('LLEN', KEYS[4]) ~= tonumber(entries) then return 'audit' end
if lock == 'take' then
  local holder = redis.call('GET', KEYS[3])
  if holder and holder ~= plan then return 'busy ' .. holder end
end
if lock == 'take' or lock == 'keep' then redis.call('SET', KEYS[3], plan, 'EX', hold) end
if lock == 'free' and redis.call('GET', KEYS[3]) == plan then redis.call('DEL', KEYS[3]) end
if document ~= '' then redis.call('HSET', KEYS[1], 'document', document) end
redis.call('HSET', KEYS[1], 'journal', journal, 'revision', expected + 1, 'mark', mark)
redis.call('EXPIRE', KEYS[1], keep)
local clock = redis.call('TIME')
redis.call('ZADD', KEYS[2], clock[1] + clock[2] / 1000000 + tonumber(due), plan)
redis.call('EXPIRE', KEYS[2], keep)
redis.call('HSET', KEYS[1], 'owner', owner)
for place = 13, #ARGV do redis.call('RPUSH', KEYS[4], ARGV[place]) end
return 'ok'
"""
_APPEND = """
if redis.call('LLEN', KEYS[1]) ~= tonumber(ARGV[1]) then
  return redis.call('LINDEX', KEYS[1], ARGV[1]) == ARGV[2] and 'ok' or 'audit'
end
redis.call('RPUSH', KEYS[1], ARGV[2])
return 'ok'
"""
_CLAIM = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local due = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[3])
local claimed = {}
for _, plan in ipairs(due) do
  if redis.call('EXISTS', 'volati:_:plan:' .. plan) == 1 then
    redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), plan)
    redis.call('HSET', 'volati:_:plan:' .. plan, 'owner', ARGV[1])
    table.insert(claimed, plan)
  else
    redis.call('ZREM', KEYS[1], plan)
  end
end
return claimed
"""
_RENEW = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] or not redis.call('ZSCORE', KEYS[2], ARGV[3]) then return 0 end
local clock = redis.call('TIME')
redis.call('ZADD', KEYS[2], clock[1] + clock[2] / 1000000 + tonumber(ARGV[2]), ARGV[3])
return 1
"""


_RELEASE = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] or not redis.call('ZSCORE', KEYS[2], ARGV[2]) then return 0 end
local clock = redis.call('TIME')
redis.call('HSET', KEYS[1], 'owner', '')
redis.call('ZADD', KEYS[2], clock[1] + clock[2] / 1000000 + tonumber(ARGV[3]), ARGV[2])
return 1
"""
_SETTLE = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('ZREM', KEYS[2], ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class _Written:
    """One change of a plan. `lock` is what becomes of its target: take, keep, free, or nothing."""

    journal: Journal
    turn: Turn
    lock: str = ""
    document: bytes = b""
    mark: str = field(default_factory=lambda: secrets.token_hex(8))

    def arguments(self, plan: Plan) -> tuple[Any, ...]:
        """As the script takes them."""
        turn = self.turn
        return (
            self.mark,
            self.document,
            msgspec.json.encode(self.journal),
            plan.id,
            turn.owner,
            self.lock,
            turn.seconds,
            int(turn.held),
        )


class Plans:
    """The plans and the audit. Every method may raise StoreError.

    Args:
        store: where they are kept.
        cleaner: redacts what goes into the audit.
        saw: is told of every new head of the audit, which is kept elsewhere too.
    """

    def __init__(self, store: Store, cleaner: Cleaner, saw: Callable[[Head], None] = lambda _: None) -> None:
        self._store = store
        self._audit = AuditEnd(store, cleaner, saw)

    async def propose(self, plan: Plan, *entries: Entry) -> Kept:
        """Keep a new plan; it is due when it expires."""
        kept = Kept(plan, Journal(), 0)
        turn = Turn((plan.expires_at - plan.proposed_at).total_seconds())
        await self._record(kept, _Written(kept.journal, turn, document=msgspec.json.encode(plan)), entries)
        return Kept(plan, kept.journal, 1)

    async def find(self, plan_id: str) -> Kept | None:
        """A plan by its id; None when there is none, or none any more."""
        found = await self._store.ask("HMGET", PLAN.of(plan=plan_id), "document", "journal", "revision")
        document, journal, revision = found
        if document is None:
            return None
        return Kept(msgspec.json.decode(document, type=Plan), msgspec.json.decode(journal, type=Journal), int(revision))

    async def record(self, kept: Kept, journal: Journal, turn: Turn, *entries: Entry) -> Kept:
        """Keep a plan's new journal, and what is audited of it, in one.

        A plan that is taken holds its target until it is over; nothing else may be under way on that.

        Raises:
            Overtaken: the plan is not at this revision any more, or is another's now.
            TargetBusy: it cannot be taken, since another plan is under way on its target.
        """
        if journal.state.under_way:
            lock = "keep" if kept.journal.state.under_way else "take"
        else:
            lock = "free" if kept.journal.state.under_way else ""
        await self._record(kept, _Written(journal, turn, lock), entries)
        return Kept(kept.plan, journal, kept.revision + 1)

    async def tell(self, entry: Entry) -> None:
        """Audit something that changes no plan, such as a refusal."""

        async def write(number: int, lines: tuple[bytes, ...]) -> str:
            return str((await self._store.script(_APPEND, (AUDIT.of(),), number, *lines)).decode())

        await self._audit.written((entry,), write)

    async def on(self, environment: str, target: Target) -> str:
        """The id of the plan that is under way on a target; empty for none."""
        found = await self._store.ask("GET", _lock(environment, target))
        return found.decode() if found else ""

    async def claim(self, owner: str, most: int) -> tuple[str, ...]:
        """Take up to so many plans that are due and in nobody's hands, for LEASE_SECONDS; gives their ids."""
        found = await self._store.script(_CLAIM, (PLANS_DUE.of(),), owner, LEASE_SECONDS, most)
        return tuple(plan.decode() for plan in found)

    async def renew(self, plan_id: str, owner: str) -> bool:
        """Have a plan for LEASE_SECONDS more; False when it is another's, or over."""
        keys = (PLAN.of(plan=plan_id), PLANS_DUE.of())
        return bool(await self._store.script(_RENEW, keys, owner, LEASE_SECONDS, plan_id) == 1)

    async def release(self, plan_id: str, owner: str, seconds: float = 0.0) -> None:
        """Let a plan go, for anybody to go on with in so many seconds. Another's is left alone."""
        await self._store.script(_RELEASE, (PLAN.of(plan=plan_id), PLANS_DUE.of()), owner, plan_id, seconds)

    async def settle(self, plan_id: str, owner: str) -> None:
        """Nothing is left to be done for a plan; another's plan is left alone."""
        await self._store.script(_SETTLE, (PLAN.of(plan=plan_id), PLANS_DUE.of()), owner, plan_id)

    async def _record(self, kept: Kept, written: "_Written", entries: Sequence[Entry]) -> None:
        plan = kept.plan
        keys = (PLAN.of(plan=plan.id), PLANS_DUE.of(), _lock(plan.environment, plan.target), AUDIT.of())
        arguments = (kept.revision, *written.arguments(plan), PLAN.seconds, ACTED_ON.seconds)

        async def write(number: int, lines: tuple[bytes, ...]) -> str:
            return str((await self._store.script(_RECORD, keys, *arguments, number, *lines)).decode())

        said = await self._audit.written(entries, write)
        if said.startswith("busy "):
            raise TargetBusy(said.removeprefix("busy "))
        if said != WRITTEN:
            raise Overtaken(f"plan {plan.id} was changed meanwhile")


def _lock(environment: str, target: Target) -> str:
    """The key that says which plan is under way on a target; a digest, since names hold slashes."""
    digest: Any = hashlib.sha256(str(target).encode())
    return ACTED_ON.of(environment=environment, target=digest.hexdigest()[:32])

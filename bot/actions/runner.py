"""Carries taken plans out, step by step, from their journals: begun here, by another replica, or before a crash.

The journal is written before a step and after it. Whoever finds a step begun looks first whether its effect is there.
A plan is one process's for some seconds at a time; when that one is gone, another goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.actions.act import Did, Doing, Later
from bot.actions.afterwards import Difference
from bot.actions.fence import fenced
from bot.actions.hands import Hands
from bot.actions.journal import Journal, State
from bot.actions.kept import LEASE_SECONDS, Kept, Overtaken, Turn
from bot.actions.lifecycle import Workshop
from bot.actions.plan import Plan, differences
from bot.audit.entry import Deed
from bot.errors import ActError, Stale, StepFailed, StoreError, WriteUncertain
from diagnostics.model import CouldNotLookError

SWEEP_SECONDS = 1.0
"""Time between looks for plans that are due: one short question to the store."""

RENEW_SECONDS = 4.0
"""Time between renewals of a plan in hand: three may be lost before it becomes another's."""

AT_ONCE = 8
"""Plans in hand at the same time; what else is due waits for a place, or for another replica."""

HERE_SECONDS = 20.0
"""Waits up to this are sat out here; for longer ones the plan is let go, and found again when it is due."""

PAUSES_SECONDS = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Waits between tries when the platform gives no usable answer; what must be done is tried with the last one from then
on. Together 38 s: an API server that restarts is back by then."""

MUST_AT_MOST = timedelta(days=1)
"""How long what must be done is tried: by then people know, and the plan's lock on its target ends."""

STOP_SECONDS = 8.0
"""How long a step under way may take at the end: a look, with its deadline of 4.5 s, or a usual write, and the journal.
A write that an admission webhook holds up for longer is cut off, and looked at by whoever goes on with the plan."""

VOLATI = "volati"
"""Who does what no person does, in the audit."""

_log = structlog.get_logger()


class Watch(Protocol):
    """Shows people one plan. It tells its own failures to the log."""

    def show(self, kept: Kept) -> None:
        """Show it as it is now; what is overtaken by a newer state need not be shown."""
        ...

    async def begun(self, kept: Kept) -> None:
        """It is confirmed: also a second time, after a crash."""
        ...

    async def ended(self, kept: Kept) -> None:
        """Show how it ended, for good: also a second time, after a crash."""
        ...


class Shows(Protocol):
    """Shows people plans."""

    def watching(self, kept: Kept) -> AbstractAsyncContextManager[Watch]:
        """Show a plan as it goes on, for as long as this lasts."""
        ...


class Checks(Protocol):
    """Looks again at what led to a plan."""

    async def again(self, plan: Plan) -> Difference | None:
        """What changed since; None where nothing led to it. Raises VolatiError."""
        ...


class Runner:
    """The plans in this process's hands. `over` is called at the end of each."""

    def __init__(
        self,
        shop: Workshop,
        shows: Shows,
        checks: Checks,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        over: Callable[[], None] = lambda: None,
    ) -> None:
        self._over = over
        self._shop = shop
        self._shows = shows
        self._checks = checks
        self._sleep = sleep
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: dict[str, asyncio.Event] = {}
        self._stopping = False

    def begin(self, plan_id: str) -> None:
        """Go on with a plan now. Where there is no place, or it is stopping, the sweep of somebody finds it."""
        if woken := self._woken.get(plan_id):
            woken.set()
        elif not self._stopping and len(self._tasks) < AT_ONCE:
            self._woken[plan_id] = asyncio.Event()
            task = asyncio.create_task(self._carried(plan_id), name=f"plan {plan_id}")
            self._tasks[plan_id] = task
            task.add_done_callback(lambda _: self._let_go(plan_id))

    async def run(self) -> None:
        """Find what is due, again and again, until cancelled; then let what is under way come to a boundary."""
        try:
            while True:
                await self._sweep()
                await self._sleep(SWEEP_SECONDS)
        finally:
            self._stopping = True
            for woken in self._woken.values():
                woken.set()
            if self._tasks:
                _, late = await asyncio.wait(self._tasks.values(), timeout=STOP_SECONDS)
                for task in late:
                    task.cancel()
                if late:
                    await asyncio.wait(late)

    async def idle(self) -> None:
        """Return when nothing is in hand."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    def _let_go(self, plan_id: str) -> None:
        del self._tasks[plan_id], self._woken[plan_id]

    async def _sweep(self) -> None:
        places = AT_ONCE - len(self._tasks)
        if places <= 0:
            return
        try:
            for plan_id in await self._shop.plans.claim(self._shop.owner, places):
                self.begin(plan_id)
        except StoreError as error:
            _log.warning("plans that are due could not be looked up", reason=str(error))
        except Exception:  # noqa: BLE001 an edge: without this loop plans would stay half done, and nobody would know
            _log.exception("looking for plans that are due failed")

    async def _carried(self, plan_id: str) -> None:
        """The plan as far as it goes here. What could not be written is found in the journal by the next."""
        try:
            async with self._kept(plan_id):
                await self._carry(plan_id)
        except StoreError as error:
            _log.warning("a plan waits for the store", plan=plan_id, reason=str(error))
        except Overtaken:
            _log.info("a plan is in other hands", plan=plan_id)
        except Exception:  # noqa: BLE001 the last edge: the journal has what is needed to go on, and the log the reason
            _log.exception("a plan could not be gone on with", plan=plan_id)

    async def _carry(self, plan_id: str) -> None:
        kept = await self._shop.plans.find(plan_id)
        if kept is None:
            return
        async with self._shows.watching(kept) as watch:
            if kept.journal.state.under_way:
                await watch.begun(kept)
            while not self._stopping:
                if not kept.journal.state.under_way:
                    await self._end(kept, watch)
                    return
                try:
                    kept = await self._on(kept)
                except Overtaken:  # a person hurried it, or another has it: what is written now decides
                    if not await self._shop.plans.renew(plan_id, self._shop.owner):
                        return
                    kept = await self._shop.plans.find(plan_id) or kept
                    continue
                watch.show(kept)
                if not await self._waited(kept):
                    return
        await self._shop.plans.release(plan_id, self._shop.owner)

    async def _end(self, kept: Kept, watch: Watch) -> None:
        """Show how it ended, and forget it. A proposal that is due has expired."""
        if kept.journal.state is State.PROPOSED:
            left = self._until(kept.plan.expires_at)
            if left > 0:
                await self._shop.plans.release(kept.plan.id, self._shop.owner, left)
                return
            kept = await self._record(kept, kept.journal.expired(), Deed.EXPIRED)
        self._over()
        await watch.ended(kept)
        await self._shop.plans.settle(kept.plan.id, self._shop.owner)

    async def _waited(self, kept: Kept) -> bool:
        """Wait for the plan's time, here if it is short; False when the plan was let go."""
        due = kept.journal.due
        if due is None:
            return True
        seconds = self._until(due)
        if seconds > HERE_SECONDS:
            await self._shop.plans.release(kept.plan.id, self._shop.owner, seconds)
            return False
        woken = self._woken[kept.plan.id]
        sleeping, waking = asyncio.ensure_future(self._sleep(max(0.0, seconds))), asyncio.ensure_future(woken.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (sleeping, waking):
                one.cancel()
            await asyncio.wait({sleeping, waking})
        if not self._stopping:
            woken.clear()
        return True

    def _until(self, moment: datetime) -> float:
        """Seconds until then."""
        return (moment - self._shop.clock.now()).total_seconds()

    async def _on(self, kept: Kept) -> Kept:
        """One step further."""
        match kept.journal.state:
            case State.TAKEN:
                return await self._compared(kept)
            case State.CHECKING:
                return await self._checked(kept)
            case _ if kept.journal.begun:
                return await self._done(kept, again=True)
            case _:
                return await self._done(await self._begun(kept), again=False)

    async def _compared(self, kept: Kept) -> Kept:
        """Read the target again. As it was planned for, the first step is done; else nothing is."""
        plan = kept.plan
        try:
            async with self._shop.opens(plan.environment) as hands:
                found = await self._shop.act(plan.action).facts(plan, hands)
        except CouldNotLookError as error:
            return await self._hindered(kept, error.detail)
        except ActError as error:
            return await self._record(kept, kept.journal.failed(str(error)), Deed.FAILED, str(error))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 an edge: else the plan would be tried for ever, and nobody told
            nothing = f"Nothing was changed: {_own_fault(plan, error)}"
            return await self._record(kept, kept.journal.failed(nothing), Deed.FAILED, nothing)
        changed = differences(plan.draft.facts, found)
        if changed:
            return await self._record(kept, kept.journal.stale(changed), Deed.STALE, "; ".join(changed))
        return await self._done(await self._begun(kept), again=False)

    async def _begun(self, kept: Kept) -> Kept:
        step = kept.plan.draft.steps[kept.journal.done]
        return await self._record(kept, kept.journal.begins(self._shop.clock.now()), Deed.BEGUN, step.text)

    async def _done(self, kept: Kept, *, again: bool) -> Kept:
        """Do the step that is begun, or go on with it; and write down what came of it."""
        plan, journal, now = kept.plan, kept.journal, self._shop.clock.now()
        doing = Doing(plan, journal.done, now, journal.since or now, again=again, hurried=journal.hurried)
        try:
            async with self._fenced(plan) as hands:
                outcome = await self._shop.act(plan.action).do(doing, hands)
        except (Overtaken, StoreError):  # another has it by now, or nobody can say: nothing was written
            raise
        except Stale as error:
            return await self._gone_stale(kept, error)
        except (CouldNotLookError, WriteUncertain) as error:
            return await self._hindered(kept, str(error))
        except ActError as error:
            return await self._tripped(kept, error)
        except Exception as error:  # noqa: BLE001 an edge: an act's mistake must not keep the platform from its safe state
            return await self._tripped(kept, StepFailed(_own_fault(plan, error)))
        return await self._noted(kept, outcome)

    async def _noted(self, kept: Kept, outcome: Did | Later) -> Kept:
        now = self._shop.clock.now()
        if isinstance(outcome, Did):
            return await self._record(kept, kept.journal.did(kept.plan, now, outcome.text), Deed.DONE, outcome.text)
        waiting = kept.journal.waits(now + timedelta(seconds=outcome.seconds), outcome.text)
        return await self._record(kept, waiting)

    async def _gone_stale(self, kept: Kept, error: Stale) -> Kept:
        """Nothing was written yet: it ends. Else what must be done still is."""
        if kept.journal.done == 0:
            return await self._record(kept, kept.journal.stale(error.differences), Deed.STALE, str(error))
        return await self._tripped(kept, error)

    async def _hindered(self, kept: Kept, why: str) -> Kept:
        """Try again in a while; at last give up, except what must be done."""
        journal, now = kept.journal, self._shop.clock.now()
        if journal.tries < len(PAUSES_SECONDS) or self._must(kept):
            pause = PAUSES_SECONDS[min(journal.tries, len(PAUSES_SECONDS) - 1)]
            return await self._record(kept, journal.hindered(now + timedelta(seconds=pause), why))
        if journal.state is State.TAKEN:
            nothing = f"Nothing was changed: {why}"
            return await self._record(kept, journal.failed(nothing), Deed.FAILED, nothing)
        return await self._record(kept, journal.tripped(kept.plan, now, why), Deed.TRIPPED, why)

    async def _tripped(self, kept: Kept, error: ActError) -> Kept:
        if self._must(kept):
            return await self._hindered(kept, str(error))
        journal = kept.journal.tripped(kept.plan, self._shop.clock.now(), str(error))
        return await self._record(kept, journal, Deed.TRIPPED, str(error))

    def _must(self, kept: Kept) -> bool:
        """Whether the step under way is tried on: it must be done, and there is still time for it."""
        journal, steps = kept.journal, kept.plan.draft.steps
        if journal.since is None or journal.done >= len(steps) or not steps[journal.done].must:
            return False
        return self._shop.clock.now() - journal.since < MUST_AT_MOST

    async def _checked(self, kept: Kept) -> Kept:
        """Look again at what led to the plan, and end it."""
        journal = kept.journal
        try:
            found = await self._checks.again(kept.plan)
        except Exception as error:  # noqa: BLE001 an edge: the act is done, whatever the look afterwards does
            _log.exception("what led to a plan could not be looked at again", plan=kept.plan.id)
            outcome = f"Whether it helped could not be looked at ({type(error).__name__}); diagnose again"
        else:
            outcome = found.verdict if found else ""
            journal = journal.compared(found.fixed, found.remaining, found.new) if found else journal
        ended = journal.ends(outcome)
        return await self._record(kept, ended, Deed.FAILED if journal.trouble else Deed.ENDED, _told(ended))

    async def _record(self, kept: Kept, journal: Journal, deed: Deed | None = None, detail: str = "") -> Kept:
        """Write the journal down, and what is audited of it."""
        entries = (self._shop.entry(kept.plan, VOLATI, deed, detail),) if deed else ()
        return await self._shop.plans.record(kept, journal, Turn(LEASE_SECONDS, self._shop.owner, held=True), *entries)

    @asynccontextmanager
    async def _fenced(self, plan: Plan) -> AsyncIterator[Hands]:
        """The plan's environment, in which only the process that has the plan writes."""
        ours = partial(self._shop.plans.renew, plan.id, self._shop.owner)
        async with self._shop.opens(plan.environment) as hands:
            yield fenced(hands, ours)

    @asynccontextmanager
    async def _kept(self, plan_id: str) -> AsyncIterator[None]:
        """Keep the plan in hand; when it becomes another's, stop."""
        holder = asyncio.current_task()
        renewing = asyncio.create_task(self._renew(plan_id, holder), name=f"keep plan {plan_id}")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait({renewing})

    async def _renew(self, plan_id: str, holder: asyncio.Task[None] | None) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                ours = await self._shop.plans.renew(plan_id, self._shop.owner)
            except StoreError as error:
                _log.warning("a plan could not be kept in hand", plan=plan_id, reason=str(error))
                continue
            if not ours and holder is not None:
                holder.cancel()
                return


def _told(journal: Journal) -> str:
    """How it ended, for the audit."""
    compared = (("fixed", journal.fixed), ("not fixed", journal.remaining), ("new", journal.new))
    counts = ", ".join(f"{len(some)} {word}" for word, some in compared if some)
    return "; ".join(part for part in ((journal.outcome or "done").rstrip("."), counts) if part)


def _own_fault(plan: Plan, error: Exception) -> str:
    """That an act failed by a mistake of its own, for people; the rest is in the log. Called where it is caught."""
    _log.exception("an act failed by its own mistake", plan=plan.id, action=plan.action)
    return f"Volati itself failed here ({type(error).__name__}); see its log"

"""From a wish to a plan, and from a click to a plan that is taken: once, in time, by who may. It carries nothing out.

At the click, in this order: is it there, is it still open, may this person, as its risk wants it, and then taken once.
Every refusal is told to the person and written into the audit.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NoReturn

from msgspec.structs import replace

from bot.actions.act import Act
from bot.actions.consent import Click, objection, right_for
from bot.actions.hands import Hands
from bot.actions.journal import Consent, Journal, State, holding
from bot.actions.kept import LEASE_SECONDS, Kept, Overtaken, TargetBusy, Turn
from bot.actions.plan import Draft, Plan, Request, Requester, Shown, Target
from bot.audit.entry import Deed, Entry
from bot.errors import CannotAct, StoreUnreachable
from bot.plans import Plans
from diagnostics.examine import WallClock
from diagnostics.model import CouldNotLookError
from diagnostics.observe import Cleaner

_ID_BYTES = 8
"""Bytes of randomness in a plan's id: 64 bits, which nobody guesses in a quarter of an hour."""

HINDRANCE_SECONDS = 3.0
"""How long a verdict waits to learn whether an act it suggests could be done: reading and trying take some 0.1 s."""

_ID = re.compile(f"[0-9a-f]{{{2 * _ID_BYTES}}}")

_PERHAPS_TAKEN = (
    "Your yes may have been noted all the same, and is then carried out as soon as the memory is back. Look at the "
    "plan's message before you click again, or do anything by hand."
)

Opens = Callable[[str], AbstractAsyncContextManager[Hands]]
"""Opens an environment for acts. Raises CannotAct where there is none, CouldNotLookError where it cannot be reached."""

Allows = Callable[[str], Awaitable[str]]
"""Why a person lacks a right, as a sentence for them; empty where they have it."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What plans are made with and carried out with. `owner` is this process, unlike any other."""

    plans: Plans
    opens: Opens
    acts: Mapping[str, Act]
    clock: WallClock
    cleaner: Cleaner
    owner: str

    def act(self, name: str) -> Act:
        """The act of this name.

        Raises:
            CannotAct: this version has none.
        """
        act = self.acts.get(name)
        if act is None:
            raise CannotAct(f"There is no act {name[:40]!r} in this version of Volati; nothing was done.")
        return act

    def entry(self, plan: Plan, who: str, deed: Deed, detail: str = "", channel: str = "") -> Entry:
        """An audit's entry about a plan, now."""
        place = channel or plan.requester.channel
        at, target = self.clock.now(), str(plan.target)
        return Entry(at, who, deed, plan.action, plan.environment, target, plan.id, place, detail)

    def refusal(self, request: Request, requester: Requester, why: str) -> Entry:
        """An audit's entry about a wish that became no plan, now."""
        at, where = self.clock.now(), requester.channel
        wish = (request.action, request.environment, request.target)
        return Entry(at, requester.person, Deed.REFUSED, *wish, channel=where, detail=why)


class Lifecycle:
    """What people do with plans. `begin` is told of each that goes on. Every method may raise StoreError."""

    def __init__(self, workshop: Workshop, begin: Callable[[str], None]) -> None:
        self._shop = workshop
        self._begin = begin

    async def propose(self, request: Request, requester: Requester, shown: Shown) -> Kept:
        """Read the platform and make a plan. Nothing is changed on the platform.

        Raises:
            CannotAct: no plan can be made.
            CouldNotLookError: the platform could not be read.
        """
        try:
            return await self._proposed(request, requester, shown)
        except CannotAct as error:
            await self.turn_down(request, requester, str(error))
            raise

    async def turn_down(self, request: Request, requester: Requester, why: str) -> None:
        """Write into the audit that a wish became no plan."""
        await self._shop.plans.tell(self._shop.refusal(request, requester, why))

    async def _proposed(self, request: Request, requester: Requester, shown: Shown) -> Kept:
        act = self._shop.act(request.action)
        async with self._shop.opens(request.environment) as hands:
            draft = self._redacted(await act.propose(request, hands))
        plan = Plan(
            id=secrets.token_hex(_ID_BYTES),
            action=request.action,
            environment=request.environment,
            requester=requester,
            proposed_at=self._shop.clock.now(),
            draft=draft,
            shown=shown,
            words=request.words,
        )
        other = await self._shop.plans.on(plan.environment, plan.target)
        if other:
            raise CannotAct(await self._busy(plan, other))
        entry = self._shop.entry(plan, requester.person, Deed.PROPOSED, f"{draft.summary} (risk {draft.risk})")
        return await self._shop.plans.propose(plan, entry)

    async def hindrance(self, request: Request) -> str:
        """Why this could not be proposed just now, as a sentence; empty where it could, or where nobody can tell."""
        try:
            async with asyncio.timeout(HINDRANCE_SECONDS), self._shop.opens(request.environment) as hands:
                await self._shop.act(request.action).propose(request, hands)
        except CannotAct as error:
            return str(error)
        except (CouldNotLookError, TimeoutError):
            return ""
        return ""

    async def confirm(self, plan_id: str, click: Click, allows: Allows) -> Kept:
        """Take the plan for this person, once, and have it begun.

        Raises:
            CannotAct: it is not taken; the message says why and what to do.
        """
        kept = await self.open_plan(plan_id)
        refusal = await self._refusal(kept, click, allows)
        if refusal:
            await self._refuse(kept.plan, click.person, refusal, click.channel)
        return await self._take(kept, click)

    async def decline(self, plan_id: str, person: str) -> Kept:
        """Call a plan off before it begins. Raises CannotAct: it is over, or has begun."""
        kept = await self.open_plan(plan_id)
        if kept.journal.state is not State.PROPOSED:
            await self._refuse(kept.plan, person, _closed(kept))
        called_off = kept.journal.declined(person, self._shop.clock.now())
        entry = self._shop.entry(kept.plan, person, Deed.DECLINED)
        kept = await self._recorded(kept, called_off, Turn(LEASE_SECONDS, self._shop.owner), entry)
        self._begin(plan_id)
        return kept

    async def hurry(self, plan_id: str, person: str) -> Kept:
        """Have what a plan waits for happen now. Raises CannotAct: it waits for nothing."""
        kept = await self.open_plan(plan_id)
        if not holding(kept.plan, kept.journal):
            why = "It waits for nothing just now; its message in the channel shows how far it is."
            await self._refuse(kept.plan, person, why)
        entry = self._shop.entry(kept.plan, person, Deed.HURRIED)
        kept = await self._recorded(kept, kept.journal.hurry(), Turn(LEASE_SECONDS, self._shop.owner), entry)
        self._begin(plan_id)
        return kept

    async def end_early(self, action: str, environment: str, person: str) -> Kept:
        """Have the plan of this act that holds something now end at once. Raises CannotAct: there is none."""
        async with self._shop.opens(environment) as hands:
            target = Target("deployment", hands.expected.backend)
        plan_id = await self._shop.plans.on(environment, target)
        kept = await self._shop.plans.find(plan_id) if plan_id else None
        if kept is None or kept.plan.action != action:
            raise CannotAct(f"No plan of {action} is under way on {target} in {environment}: there is nothing to end.")
        return await self.hurry(plan_id, person)

    async def open_plan(self, plan_id: str) -> Kept:
        """A plan by its id. Raises CannotAct: there is none."""
        kept = await self._shop.plans.find(plan_id) if _ID.fullmatch(plan_id) else None
        if kept is None:
            raise CannotAct("This plan is not there any more. Ask for it anew.")
        return kept

    async def refuse(self, plan: Plan, person: str, why: str, channel: str = "") -> None:
        """Write a refusal into the audit."""
        await self._shop.plans.tell(self._shop.entry(plan, person, Deed.REFUSED, why, channel))

    def _redacted(self, draft: Draft) -> Draft:
        """The draft as people may see it. Facts and settings stay: they are compared and written back, never shown."""
        shown = (draft.summary, draft.steps, draft.hits, draft.warnings, draft.final)
        summary, steps, hits, warnings, final = (self._shop.cleaner.value(one) for one in shown)
        return replace(draft, summary=summary, steps=steps, hits=hits, warnings=warnings, final=final)

    async def _refusal(self, kept: Kept, click: Click, allows: Allows) -> str:
        """Why it is not taken, the first reason of several; empty for none."""
        if kept.journal.state is not State.PROPOSED:
            return _closed(kept)
        if kept.plan.expired(self._shop.clock.now()):
            return "The plan is too old to be confirmed: the platform may have changed. Ask for it anew."
        return await allows(right_for(kept.plan, click)) or objection(kept.plan, click)

    async def _take(self, kept: Kept, click: Click) -> Kept:
        consent = self._shop.cleaner.value(Consent(click.person, self._shop.clock.now(), click.reason))
        deed = Deed.BROKE_GLASS if consent.broke_glass else Deed.CONFIRMED
        entry = self._shop.entry(kept.plan, click.person, deed, click.reason, click.channel)
        turn = Turn(LEASE_SECONDS, self._shop.owner)
        try:
            taken = await self._shop.plans.record(kept, kept.journal.taken(consent), turn, entry)
        except Overtaken:
            refusal = _closed(await self.open_plan(kept.plan.id))
        except TargetBusy as busy:
            refusal = await self._busy(kept.plan, busy.plan)
        except StoreUnreachable as error:
            raise StoreUnreachable(f"{error} {_PERHAPS_TAKEN}") from error
        else:
            self._begin(kept.plan.id)
            return taken
        return await self._refuse(kept.plan, click.person, refusal, click.channel)

    async def _recorded(self, kept: Kept, journal: Journal, turn: Turn, entry: Entry) -> Kept:
        try:
            return await self._shop.plans.record(kept, journal, turn, entry)
        except Overtaken:
            why = _closed(await self.open_plan(kept.plan.id))
        return await self._refuse(kept.plan, entry.who, why)

    async def _refuse(self, plan: Plan, person: str, why: str, channel: str = "") -> NoReturn:
        await self.refuse(plan, person, why, channel)
        raise CannotAct(why)

    async def _busy(self, plan: Plan, other: str) -> str:
        """What stands in the way, as a sentence."""
        found = await self._shop.plans.find(other)
        what = f"{found.plan.action}, plan {other}" if found else f"plan {other}"
        return f"Another act is under way on {plan.target}: {what}. Wait until it is over, then ask anew."


def _closed(kept: Kept) -> str:
    """Why a plan takes no click any more."""
    journal = kept.journal
    if journal.state is State.EXPIRED:
        return "The plan has expired: nobody confirmed it in time. Ask for it anew."
    if journal.state is State.DECLINED:
        return "The plan was called off. Ask for it anew if it is still wanted."
    if journal.state is State.PROPOSED:
        return "The plan was changed while you clicked. Look at it, and click again."
    return f"The plan was confirmed already, and is {journal.state}. Its message shows by whom; nothing was done twice."

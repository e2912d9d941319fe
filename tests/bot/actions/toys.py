"""A lamp and the act that lights it for a while: a platform that remembers what was done to it, and can fail."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec

from bot.actions.act import Did, Doing, Later
from bot.actions.afterwards import Difference
from bot.actions.hands import ClusterHands, Hands
from bot.actions.kept import Kept
from bot.actions.lifecycle import Lifecycle, Workshop
from bot.actions.plan import Draft, Plan, Request, Requester, Risk, Shown, Step, Target
from bot.actions.runner import Runner
from bot.errors import CannotAct, StepFailed, WriteUncertain
from bot.keys import PLANS_DUE
from bot.plans import Plans
from bot.store import Store
from diagnostics.context import ClusterExpected
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import CouldNotLookError, Fact, Reason

AT = datetime(2026, 11, 20, 3, 12, tzinfo=UTC)
HOLD_S = 600.0


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = AT
        self.pace = 1

    def now(self) -> datetime:
        """The time."""
        return self.at

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return (self.at - AT).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Let so much time pass at once, times the pace, and let others have their turn."""
        self.at += timedelta(seconds=self.pace * seconds)
        await asyncio.sleep(0)


@dataclass
class Lamp:
    """The platform. `deeds` are the writes that had their effect; `fails` says what happens at a write, by number."""

    lit: bool = False
    socket: str = "one"
    reachable: bool = True
    deeds: list[str] = field(default_factory=list)
    looks: int = 0
    fails: dict[int, str] = field(default_factory=dict)
    attempts: int = 0

    def write(self, deed: str, *, lit: bool) -> None:
        """Switch it, unless that fails before or after it was accepted."""
        self.attempts += 1
        how = self.fails.get(self.attempts, "")
        if how == "refused":
            raise StepFailed("the lamp says no")
        if how == "lost before":
            raise WriteUncertain("no answer")
        self.lit = lit
        self.deeds.append(deed)
        if how == "lost after":
            raise WriteUncertain("no answer")


class LightAct:
    """Lights the lamp for a while: on, watch, hold, and off again, which must be."""

    name = "light"
    title = "Light"
    label = "Light"
    area = "server"
    risks: Mapping[Risk, str] = {Risk.LOW: "it is only a lamp"}

    def __init__(self, lamp: Lamp, risk: Risk = Risk.LOW) -> None:
        self.lamp = lamp
        self.risk = risk

    def rights(self, namespace: str) -> tuple[Right, ...]:
        """None."""
        return ()

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """The plan, unless the lamp is lit."""
        if self.lamp.lit:
            raise CannotAct("The lamp is lit already.")
        steps = (Step("Light it"), Step("See it burn"), Step("Leave it lit", holds=True), Step("Put it out", must=True))
        target = Target("lamp", Name("home", request.target or "lamp"))
        return Draft(target, "Light the lamp for 10 min.", self._facts(), steps, self.risk)

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """Its socket."""
        if not self.lamp.reachable:
            raise CouldNotLookError(Reason.UNREACHABLE, "The lamp cannot be seen.")
        return self._facts()

    def _facts(self) -> tuple[Fact, ...]:
        return (Fact("socket", self.lamp.socket),)

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """One step."""
        match doing.step:
            case 0 if not self.lamp.lit:
                self.lamp.write("on", lit=True)
                return Did("it is lit")
            case 0:
                return Did("it was lit already")
            case 1:
                self.lamp.looks += 1
                return Did("it burns") if self.lamp.looks % 3 == 0 else Later(2.0, "it flickers")
            case 2:
                left = HOLD_S - (doing.now - doing.since).total_seconds()
                return Did("its time is over") if left <= 0 or doing.hurried else Later(left, "lit for a while")
            case _ if self.lamp.lit:
                self.lamp.write("off", lit=False)
                return Did("it is out")
            case _:
                return Did("it was out already")


@dataclass
class Watched:
    """Remembers what people would have been shown."""

    states: list[str] = field(default_factory=list)
    ends: list[Kept] = field(default_factory=list)
    alarms: list[Kept] = field(default_factory=list)

    @asynccontextmanager
    async def watching(self, kept: Kept) -> AsyncIterator["Watched"]:
        """Itself."""
        yield self

    def show(self, kept: Kept) -> None:
        """Remember how it stands."""
        self.states.append(f"{kept.journal.state} {kept.journal.done}")

    async def begun(self, kept: Kept) -> None:
        """Remember broken glass."""
        if kept.journal.consent and kept.journal.consent.broke_glass:
            self.alarms.append(kept)

    async def ended(self, kept: Kept) -> None:
        """Remember how it ended."""
        self.ends.append(kept)


class Looks:
    """Finds what it is told to find afterwards."""

    def __init__(self, found: Difference | None = None, failure: Exception | None = None) -> None:
        self.found = found
        self.failure = failure

    async def again(self, plan: Plan) -> Difference | None:
        """As told."""
        if self.failure:
            raise self.failure
        return self.found


class Plain:
    """Redacts one word."""

    def value(self, value: Any) -> Any:
        """The value without the word."""
        if isinstance(value, msgspec.Struct):
            return msgspec.convert(
                json.loads(json.dumps(msgspec.to_builtins(value)).replace("s3cret", "***")), type(value)
            )
        return value


async def lapse(store: Store) -> None:
    """Every lease of a plan is over, and every wait."""
    await store.script(
        "for _, one in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], 0, one) end",
        (PLANS_DUE.of(),),
    )


@dataclass
class Bench:
    """A bot at work on the lamp, over a store that outlives it."""

    store: Store
    lamp: Lamp = field(default_factory=Lamp)
    clock: Clock = field(default_factory=Clock)
    watched: Watched = field(default_factory=Watched)
    looks: Looks = field(default_factory=Looks)
    risk: Risk = Risk.LOW
    owners: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self, wrap: Callable[[Plans], Plans] = lambda plans: plans) -> None:
        """A process, anew: nothing is left of the one before."""
        self.owners += 1
        self.plans = wrap(Plans(self.store, cast(Any, Plain())))
        acts = {"light": LightAct(self.lamp, self.risk)}
        self.shop = Workshop(self.plans, self._open, acts, self.clock, cast(Any, Plain()), f"bot{self.owners}")
        self.runner = Runner(self.shop, self.watched, self.looks, self.clock.sleep)
        self.lifecycle = Lifecycle(self.shop, self.runner.begin)

    @asynccontextmanager
    async def _open(self, environment: str) -> AsyncIterator[Hands]:
        yield Hands(environment, ClusterExpected(), self.clock, cast(ClusterHands, None))

    async def proposed(self, person: str = "U1", target: str = "lamp") -> Kept:
        """A plan."""
        request = Request("light", "home", target)
        return await self.lifecycle.propose(request, Requester(person, "C1"), Shown("C1", "a", "", "b"))

    async def settle(self) -> None:
        """Let everything that is due be done, time passing, until nothing is."""
        while True:
            await self.runner.idle()
            await lapse(self.store)
            due = await self.plans.claim(self.shop.owner, 10)
            if not due:
                return
            for plan_id in due:
                kept = await self.plans.find(plan_id)
                if kept and kept.journal.due:
                    self.clock.at = max(self.clock.at, kept.journal.due)
                elif kept and kept.journal.state == "proposed":
                    self.clock.at = max(self.clock.at, kept.plan.expires_at)
                self.runner.begin(plan_id)


async def yes(_: str) -> str:
    """They may."""
    return ""

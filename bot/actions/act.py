"""What an act is: how it is proposed, what its plan rests on, and how one of its steps is done. A protocol, no act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.actions.hands import Hands
from bot.actions.plan import Draft, Plan, Request, Risk
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.model import Fact


@dataclass(frozen=True, slots=True)
class Doing:
    """One step of a plan, about to be done or gone on with.

    `again`: it was begun before, so that its effect may be there: look first. `since` is when it was first begun.
    `hurried`: a person wants what waits for its time to happen now.
    """

    plan: Plan
    step: int
    now: datetime
    since: datetime
    again: bool = False
    hurried: bool = False


@dataclass(frozen=True, slots=True)
class Did:
    """The step is done: what was done, in words, with what the platform answered."""

    text: str


@dataclass(frozen=True, slots=True)
class Later:
    """The step goes on: look again in so many seconds; and how far it is, in words."""

    seconds: float
    text: str


class Act(Protocol):
    """One kind of guarded act. Every method may raise CouldNotLookError, or an ActError of bot/errors.py."""

    name: str
    """Its word in a command, and its key in RIGHTS."""
    title: str
    """What it is called, as in "Rolling restart"."""
    label: str
    """What is on its button: one verb."""
    area: str
    """The area that is looked at again afterwards, where no diagnosis led to it."""
    risks: Mapping[Risk, str]
    """Which risks its plans may have, and when each, in words that follow "where"."""

    def rights(self, namespace: str) -> tuple[Right, ...]:
        """What the bot itself must be allowed in the cluster to do it; a test holds `deploy/` to this.

        Empty for an act that touches no cluster.
        """
        ...

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """Read, and say what would be done. Nothing is changed.

        Raises:
            CannotAct: it cannot be done, or the bot may not; the message says why and what to do.
        """
        ...

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """The plan's facts as they are now."""
        ...

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """Do one step, or go on with it. Done twice it has its effect once.

        Before it writes it reads its target anew, compares the facts, and writes with the version it read.

        Raises:
            Stale: the target is not as planned.
            StepFailed: it cannot come to a good end.
            WriteUncertain: it may be done; it is looked at again with `again`.
        """
        ...

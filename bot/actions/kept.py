"""A plan as it is kept, whose turn it is to go on with it, and what stands in the way of a change. Values only."""

from dataclasses import dataclass

from bot.actions.journal import Journal
from bot.actions.plan import Plan
from bot.errors import VolatiError

LEASE_SECONDS = 15.0
"""How long a plan is one replica's without being renewed: after a kill -9 another goes on with it so much later."""


class Overtaken(VolatiError):  # noqa: N818 as in bot/errors.py
    """Somebody else changed the plan first, or goes on with it now: what was seen of it is old."""


class TargetBusy(VolatiError):  # noqa: N818 as in bot/errors.py
    """Another plan is under way on the same target.

    Args:
        plan: that plan's id.
    """

    def __init__(self, plan: str) -> None:
        super().__init__(f"plan {plan} is under way on it")
        self.plan = plan


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan as it is kept: with its journal and the journal's revision."""

    plan: Plan
    journal: Journal
    revision: int


@dataclass(frozen=True, slots=True)
class Turn:
    """When a plan must be looked at next, in seconds from now, and who has it until then: nobody when empty.

    `held`: only if the owner has it already. A person's word takes it from whoever has it; who carries it out may not.
    """

    seconds: float
    owner: str = ""
    held: bool = False

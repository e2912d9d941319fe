"""Says who must consent to a plan, and how, by its risk. Pure.

Roles are asked for elsewhere, by the right that is named here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.actions.plan import Plan, Risk

BREAK_GLASS = "break glass"
"""The right to do alone what takes two."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a plan of one risk is confirmed.

    `right` is the key of RIGHTS that the person needs; `typed`: they write the target's name; `second`: they may not be
    the one who asked for it.
    """

    right: str
    typed: bool
    second: bool
    words: str


RULES: Mapping[Risk, Rule] = {
    Risk.LOW: Rule("confirm low", typed=False, second=False, words="one click with a confirmation"),
    Risk.MEDIUM: Rule(
        "confirm medium", typed=False, second=False, words="one click with a confirmation, by an approver"
    ),
    Risk.HIGH: Rule(
        "confirm high",
        typed=True,
        second=True,
        words="the target's name written by an approver who did not ask for it; or broken glass, with a reason",
    ),
}


@dataclass(frozen=True, slots=True)
class Click:
    """A person's yes: who, what they wrote as the target's name, and their reason where they break the glass."""

    person: str
    typed: str = ""
    reason: str = ""
    channel: str = ""

    @property
    def breaks_glass(self) -> bool:
        """Whether they want to do alone what takes two."""
        return bool(self.reason)


def right_for(plan: Plan, click: Click) -> str:
    """The right that this click needs."""
    return BREAK_GLASS if click.breaks_glass else RULES[plan.draft.risk].right


def misnamed(plan: Plan, click: Click) -> str:
    """Why what a person wrote is not the target's name; empty where it is, or none is asked for."""
    if not RULES[plan.draft.risk].typed or click.typed.strip() == plan.target.short:
        return ""
    return f"What you wrote is not its name. To confirm, write {plan.target.short}, nothing else."


def objection(plan: Plan, click: Click) -> str:
    """Why a person who has the right may not confirm this plan so; empty for no reason."""
    rule = RULES[plan.draft.risk]
    if rule.second and click.person == plan.requester.person and not click.breaks_glass:
        return (
            "You asked for it, and it takes a second person: have an approver confirm it. "
            "If nobody can be reached, whoever may break the glass does so, with a reason."
        )
    if wrong := misnamed(plan, click):
        return wrong
    if click.breaks_glass and not rule.second:
        return "This takes one person only: confirm it without breaking the glass."
    return ""

"""The step that watches a rollout: it looks again until it is through, failed or too late. It never writes."""

from datetime import timedelta

from bot.actions.act import Did, Doing, Later
from bot.actions.guards import target
from bot.actions.hands import Hands, Thing
from bot.actions.plan import Plan, Step, Target
from bot.actions.rollout import Stage, deadline, judged, overdue
from bot.actions.things import fingerprint, template, uid, without_restart
from bot.errors import StepFailed

EVERY_S = 2.0
"""Seconds between two looks: a pod takes some ten to become ready, and one look reads one thing."""

SETTLES = timedelta(seconds=30)
"""How long the controller is given to take back what it said of the rollout before: it does with the first pod."""

UID, TEMPLATE = "uid", "template"
"""The settings of a plan by which the watch knows its target: its uid, and its template but for a restart's mark."""


def watch(target: Target, kubectl: str, place: str) -> Step:
    """The step as a plan tells it."""
    return Step(f"Watch the rollout of {target} until it is through", f"{kubectl} rollout status {place}")


def known(thing: Thing) -> dict[str, str]:
    """The settings by which the watch will know its target."""
    return {UID: uid(thing), TEMPLATE: fingerprint(without_restart(template(thing)))}


async def watched(doing: Doing, hands: Hands) -> Did | Later:
    """One look at the rollout.

    Raises:
        StepFailed: it failed, takes too long, or is no longer ours: its target was changed, or is gone.
    """
    ref, thing = await target(doing.plan, hands)
    if thing is None:
        raise StepFailed(f"{doing.plan.target} was deleted while its rollout was watched")
    _ours(doing.plan, thing)
    rollout = judged(ref.kind, thing)
    if rollout.stage is Stage.THROUGH:
        return Did(f"The rollout of {doing.plan.target} is through: {rollout.text}")
    if rollout.stage is Stage.FAILED and settled(doing):
        raise StepFailed(f"The rollout of {doing.plan.target} failed: {rollout.text}")
    return still(doing, deadline(ref.kind, thing), rollout.text)


def settled(doing: Doing) -> bool:
    """Whether a failure is of this rollout: until pods have changed, that of the one before may still be shown."""
    return doing.now - doing.since >= SETTLES


def still(doing: Doing, most: timedelta, text: str) -> Later:
    """That it goes on.

    Raises:
        StepFailed: it has gone on for longer than it may.
    """
    if why := overdue(most, doing.since, doing.now):
        raise StepFailed(f"{doing.plan.target}: {why}: {text}")
    return Later(EVERY_S, text)


def _ours(plan: Plan, thing: Thing) -> None:
    """Whether it is still what was written: a second restart by somebody else is none the worse for us."""
    if known(thing) != {key: plan.draft.settings.get(key, "") for key in (UID, TEMPLATE)}:
        raise StepFailed(f"{plan.target} was changed by somebody else while its rollout was watched: look at it anew")

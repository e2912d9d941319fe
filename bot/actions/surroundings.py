"""What stands around the target of an act: its pods, disruption budgets, autoscalers; each seen, or named as unseen.

What cannot be seen does not keep an act from being proposed: its plan says so.
"""

import asyncio
from dataclasses import dataclass

from bot.actions.hands import Hands, Kind, Thing
from bot.actions.targets import Found
from bot.actions.things import labels, name, over, pods_of, selector
from diagnostics.model import CouldNotLookError

READS = (Kind.POD, Kind.BUDGET, Kind.AUTOSCALER)
"""What is listed in the target's namespace."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The target's live pods, the budgets that cover them, the autoscaler of the target; `unseen` in sentences.

    `others` are all other pods of the namespace.
    """

    pods: tuple[Thing, ...] = ()
    others: tuple[Thing, ...] = ()
    budgets: tuple[Thing, ...] = ()
    autoscaler: Thing | None = None
    unseen: tuple[str, ...] = ()


async def surroundings(found: Found, hands: Hands) -> Surroundings:
    """What stands around a target, all looked at at once. Raises nothing for what cannot be seen."""
    namespace = found.target.name.namespace
    lists = await asyncio.gather(*(_seen(kind, namespace, hands) for kind in READS))
    every, budgets, autoscalers = (things for things, _ in lists)
    pods = tuple(pod for pod in pods_of(found.kind, found.thing, every) if not over(pod))
    kept = {str(name(pod)) for pod in pods}
    return Surroundings(
        pods=pods,
        others=tuple(pod for pod in every if str(name(pod)) not in kept),
        budgets=tuple(budget for budget in budgets if _covers(budget, found)),
        autoscaler=next((one for one in autoscalers if _scales(one, found)), None),
        unseen=tuple(words for _, words in lists if words),
    )


async def _seen(kind: Kind, namespace: str, hands: Hands) -> tuple[tuple[Thing, ...], str]:
    try:
        return await hands.cluster.listed(kind, namespace), ""
    except CouldNotLookError as error:
        return (), f"The {kind.resource.partition('.')[0]} could not be looked at: {error.detail}"


def _covers(budget: Thing, found: Found) -> bool:
    """Whether a budget is about the pods of a target, by the labels of its template. An empty selector covers all."""
    return selector(budget).matches(labels({"metadata": found.thing["spec"]["template"].get("metadata") or {}}))


def _scales(autoscaler: Thing, found: Found) -> bool:
    target = autoscaler["spec"]["scaleTargetRef"]
    return (target["kind"].lower(), target["name"]) == (found.target.kind, found.target.name.name)

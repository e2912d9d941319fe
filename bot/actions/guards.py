"""What every act on a workload does in the same way: ask for its rights, try it for show, write at the newest state.

It knows no act. What it refuses, it refuses with the reason and the remedy.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.actions.hands import Hands, Kind, Ref, Thing
from bot.actions.plan import Plan, differences
from bot.actions.targets import Found, allowed, reference
from bot.actions.things import fingerprint, template, uid
from bot.errors import CannotAct, Conflict, Stale, StepFailed, WriteRefused
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.model import Fact

TRIES = 5
"""How often a write is begun anew where others write between reading and writing: a rollout writes several a second."""

T = TypeVar("T")


async def permitted(rights: tuple[Right, ...], hands: Hands) -> None:
    """Ask whether the bot has these rights.

    Raises:
        CannotAct: one is missing; it is named, and how it is granted.
    """
    missing = await hands.cluster.missing(rights)
    if missing:
        named = "; ".join(str(right) for right in missing)
        first = missing[0]
        command = (
            f"{hands.expected.kubectl} create role volati-more -n {first.namespace} "
            f"--verb={first.verb} --resource={_as_kubectl_has_it(first.resource)}"
        )
        raise CannotAct(
            f"Volati itself lacks the right to {named}. Grant it to the account that it uses: the roles in deploy/ "
            f"have it, or make one of your own ({command}) and bind it."
        )


def _as_kubectl_has_it(resource: str) -> str:
    """`deployments/scale.apps` as kubectl reads it: `deployments.apps/scale`; else it grants something else."""
    kind, dot, group = resource.partition(".")
    plural, slash, part = kind.partition("/")
    return f"{plural}{dot}{group}{slash}{part}"


async def tried(trial: Awaitable[object]) -> None:
    """Wait for a server-side dry run.

    Raises:
        CannotAct: the server would refuse it, for this reason.
    """
    try:
        await trial
    except WriteRefused as error:
        raise CannotAct(f"The cluster would refuse it, as a dry run says: {error}") from error


async def again_on_conflict(write: Callable[[], Awaitable[T]]) -> T:
    """Do what reads, compares and writes; begin anew where somebody else wrote between.

    Raises:
        StepFailed: somebody did, each time.
    """
    tries = 0
    while True:
        try:
            return await write()
        except Conflict as error:
            tries += 1
            if tries == TRIES:
                words = f"Others changed it {TRIES} times while it was about to be written; nothing was done"
                raise StepFailed(f"{words}. {error}") from error


async def target(plan: Plan, hands: Hands, part: str = "") -> tuple[Ref, Thing | None]:
    """A plan's target as it is now; None for one that is gone.

    Raises:
        CannotAct: it is outside of the configured namespaces.
    """
    kind, name = reference(plan.target)
    allowed(name, hands)
    ref = Ref(kind, name)
    return (Ref(kind, name, part) if part else ref), await hands.cluster.read(ref)


def identity(thing: Thing) -> tuple[Fact, ...]:
    """The facts on which an act on a workload rests: which one it is, what its pods are to be, whether it is paused."""
    paused = "yes" if thing["spec"].get("paused") else "no"
    return (Fact("uid", uid(thing)), Fact("pod template", fingerprint(template(thing))), Fact("paused", paused))


def same(plan: Plan, thing: Thing | None) -> bool:
    """Whether it is the very thing that was planned for, and not another of its name."""
    return thing is not None and Fact("uid", uid(thing)) in plan.draft.facts


def as_planned(plan: Plan, thing: Thing | None, facts: Callable[[Thing], tuple[Fact, ...]]) -> Thing:
    """The target, where it is as planned.

    Raises:
        Stale: it is not.
    """
    if thing is None:
        raise Stale((f"{plan.target} was there, and is gone",))
    if different := differences(plan.draft.facts, facts(thing)):
        raise Stale(different)
    return thing


def not_paused(found: Found) -> None:
    """Refuse a deployment whose rollout is paused.

    Raises:
        CannotAct: it is paused; how to go on is said.
    """
    if found.kind is Kind.DEPLOYMENT and found.thing["spec"].get("paused"):
        name = found.target.name
        command = f"kubectl rollout resume deployment/{name.name} -n {name.namespace}"
        raise CannotAct(f"The rollout of {found.target} is paused, so nothing would happen. Resume it first: {command}")

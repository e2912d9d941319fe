"""Another number of pods for a deployment or a stateful set, by its scale subresource. It never touches an autoscaler.

The setting `replicas` is the number that is wanted.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from shlex import quote

from bot.actions.act import Did, Doing, Later
from bot.actions.guards import again_on_conflict, as_planned, permitted, same, target, tried
from bot.actions.hands import Hands, Kind, Ref, Thing
from bot.actions.plan import Draft, Plan, Request, Risk, Step
from bot.actions.preview import hits, kept_by, live_bot
from bot.actions.rollout import BASE, deadline, observed, timed_out, wanted
from bot.actions.surroundings import READS, Surroundings, surroundings
from bot.actions.targets import Found, found
from bot.actions.things import name, over, pods_of, uid
from bot.actions.things import version as version_of
from bot.actions.watching import settled, still
from bot.errors import CannotAct, StepFailed
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.model import CouldNotLookError, Fact, Reason
from diagnostics.words import counted

MOST = 50
"""Pods asked for at most: five times what the platform's own autoscaler may have; more is a slip of the finger."""

REPLICAS, BEFORE = "replicas", "before"
"""The settings of a plan: how many pods are wanted, and how many were wanted before."""

_KINDS = (Kind.DEPLOYMENT, Kind.STATEFUL_SET)
_PART = "scale"
_WRITE, _WATCH = 0, 1


class Scale:
    """Gives a workload another number of pods."""

    name = "scale"
    title = "Scaling"
    label = "Scale"
    area = "server"
    risks: Mapping[Risk, str] = {
        Risk.LOW: "pods are only added, to a deployment",
        Risk.MEDIUM: "pods are taken away, or the members of a stateful set become other ones",
        Risk.HIGH: "no pod is left, so that nobody is served",
    }

    def __init__(self, most: int = MOST) -> None:
        """`most` is the largest number of pods that may be asked for."""
        self._most = most

    def rights(self, namespace: str) -> tuple[Right, ...]:
        """As `Act.rights`."""
        own = (right for kind in _KINDS for right in _needed(kind, namespace))
        return (*own, *(kind.right("list", namespace) for kind in READS))

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """As `Act.propose`."""
        to = _number(request.settings.get(REPLICAS, ""), self._most)
        one = await found(request, hands, _KINDS)
        if wanted(one.kind, one.thing) == to:
            raise CannotAct(f"{one.target} is scaled to {counted(to, 'pod')} already, so there is nothing to do.")
        await permitted(_needed(one.kind, one.target.name.namespace), hands)
        await tried(hands.cluster.replace(Ref(one.kind, one.target.name, _PART), _scale(one.thing, to, ""), dry=True))
        return _draft(one, to, await surroundings(one, hands), hands)

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """As `Act.facts`."""
        ref, thing = await target(plan, hands)
        return _facts(ref.kind, thing) if thing else ()

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """As `Act.do`."""
        if doing.step == _WATCH:
            return await _watched(doing, hands)
        return await again_on_conflict(lambda: _scaled(doing, hands))


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most):
        raise CannotAct(f"Say how many pods there should be: a whole number from 0 to {most}.")
    return int(text)


def _facts(kind: Kind, thing: Thing) -> tuple[Fact, ...]:
    """The pod template does not matter: what runs is scaled, whatever it is."""
    return (Fact("uid", uid(thing)), Fact("number of pods", str(wanted(kind, thing))))


def _needed(kind: Kind, namespace: str) -> tuple[Right, ...]:
    whole = tuple(kind.right(verb, namespace) for verb in ("get", "list"))
    return (*whole, kind.right("update", namespace, _PART))


def _scale(thing: Thing, to: int, version: str) -> Thing:
    """A Scale as the API takes it; the version is that of the workload itself, and none for a mere trial."""
    about = {"name": name(thing).name, "namespace": name(thing).namespace, "resourceVersion": version}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": about, "spec": {"replicas": to}}


async def _scaled(doing: Doing, hands: Hands) -> Did:
    plan = doing.plan
    to, before = int(plan.draft.settings[REPLICAS]), plan.draft.settings[BEFORE]
    ref, thing = await target(plan, hands, _PART)
    done = f"Scaled {plan.target} from {before} to {counted(to, 'pod')}"
    if thing and doing.again and same(plan, thing) and wanted(ref.kind, thing) == to:
        return Did(done)
    fresh = as_planned(plan, thing, lambda one: _facts(ref.kind, one))
    await hands.cluster.replace(ref, _scale(fresh, to, version_of(fresh)))
    return Did(done)


async def _watched(doing: Doing, hands: Hands) -> Did | Later:
    """Whether there are as many pods as wanted: kubectl calls it done while those that are too many still run."""
    plan, to = doing.plan, int(doing.plan.draft.settings[REPLICAS])
    ref, thing = await target(plan, hands)
    if thing is None:
        raise StepFailed(f"{plan.target} was deleted while its pods were counted")
    if (now := wanted(ref.kind, thing)) != to:
        raise StepFailed(f"{plan.target} was scaled to {counted(to, 'pod')}, and somebody or something made it {now}")
    if (why := timed_out(thing)) and settled(doing) and _serving(thing) < to:
        raise StepFailed(f"{plan.target} did not come to {counted(to, 'pod')}: {why}")
    going = _too_few(thing, to) or await _too_many(ref, thing, to, hands)
    return still(doing, _most(ref.kind, thing), going) if going else Did(f"{plan.target} has {counted(to, 'pod')}")


def _too_few(thing: Thing, to: int) -> str:
    """How many pods serve so far, in words, of whatever revision; empty where there are enough."""
    if not observed(thing):
        return "the change has not been seen yet"
    serving = _serving(thing)
    return f"{serving} of {counted(to, 'pod')} available" if serving < to else ""


def _serving(thing: Thing) -> int:
    return int((thing.get("status") or {}).get("availableReplicas") or 0)


def _most(kind: Kind, thing: Thing) -> timedelta:
    """How long it may take: a deployment starts its pods all at once, a stateful set one after another."""
    return BASE if kind is Kind.DEPLOYMENT else deadline(kind, thing)


async def _too_many(ref: Ref, thing: Thing, to: int, hands: Hands) -> str:
    """How many pods are still to end, in words; by the workload's own count where pods may not be listed."""
    try:
        every = await hands.cluster.listed(Kind.POD, ref.name.namespace)
        there = sum(not over(pod) for pod in pods_of(ref.kind, thing, every))
    except CouldNotLookError as error:
        if error.reason is not Reason.FORBIDDEN:
            raise
        there = int((thing.get("status") or {}).get("replicas") or 0)
    return f"{counted(there - to, 'pod')} still to end" if there > to else ""


def _draft(one: Found, to: int, around: Surroundings, hands: Hands) -> Draft:
    target, before = one.target, wanted(one.kind, one.thing)
    kubectl, place = hands.expected.kubectl, f"{quote(target.name.name)} -n {quote(target.name.namespace)}"
    command = f"{kubectl} scale {target.kind}/{place}"
    return Draft(
        target=target,
        summary=f"Scale {target} from {before} to {counted(to, 'pod')}.{_means(to, before)}",
        facts=_facts(one.kind, one.thing),
        steps=(
            Step(f"Set the number of pods of {target} to {to}", f"{command} --replicas={to}"),
            Step("Wait until there are as many", f"{kubectl} rollout status {target.kind}/{place}"),
        ),
        risk=_risk(one.kind, to, before),
        hits=_hit(one, to, around, hands),
        warnings=(*_warnings(one, to, around), *kept_by(one, "the number of pods", ""), *around.unseen),
        final=f"It is undone by scaling back: {command} --replicas={before}",
        settings={REPLICAS: str(to), BEFORE: str(before)},
    )


def _means(to: int, before: int) -> str:
    if to == 0:
        return " Nobody is served until it is scaled up again."
    return " No downtime expected." if before else ""


def _risk(kind: Kind, to: int, before: int) -> Risk:
    if to == 0:
        return Risk.HIGH
    return Risk.LOW if to > before and kind is Kind.DEPLOYMENT else Risk.MEDIUM


def _hit(one: Found, to: int, around: Surroundings, hands: Hands) -> tuple[str, ...]:
    """Which pods end: all by name, or so many of them."""
    ending = len(around.pods) - to
    if to == 0:
        return hits(one, around, hands)
    if ending <= 0:
        return ()
    if one.kind is Kind.STATEFUL_SET:
        last = sorted((_ordinal(pod), name(pod).name) for pod in around.pods)[to:]
        return tuple(f"pod {pod}" for _, pod in last)
    return (f"{ending} of its {counted(len(around.pods), 'pod')}; the cluster chooses which",)


def _ordinal(pod: Thing) -> int:
    number = name(pod).name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _warnings(one: Found, to: int, around: Surroundings) -> Iterator[str]:
    if around.autoscaler:
        yield _about_autoscaler(around.autoscaler, to)
    if to == 0 and (bot := live_bot(one)):
        yield f"It is the trading bot {bot}: it does not trade until it is scaled up again."
    for budget in around.budgets:
        least = int((budget.get("status") or {}).get("desiredHealthy") or 0)
        if to < least:
            wants = f"Disruption budget {name(budget).name} wants at least {counted(least, 'healthy pod')}"
            yield f"{wants}; scaling does not ask it."
    if one.kind is Kind.STATEFUL_SET:
        yield "Members of a stateful set may vote: with fewer than half of them left, such a set stops."
    if one.kind is Kind.DEPLOYMENT and one.thing["spec"].get("paused"):
        yield "Its rollout is paused: the number of pods changes all the same."


def _about_autoscaler(autoscaler: Thing, to: int) -> str:
    spec = autoscaler["spec"]
    least, most = int(spec.get("minReplicas") or 1), int(spec["maxReplicas"])
    owner = f"Autoscaler {name(autoscaler).name} owns the number of pods ({least} to {most})"
    if to == 0:
        return f"{owner}: at 0 it stops, and does not scale up again by itself."
    if least <= to <= most:
        return f"{owner}: it sets another one within minutes, by what is used."
    return f"{owner}: it sets {least if to < least else most} at once."

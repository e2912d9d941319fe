"""Rolling restart, as `kubectl rollout restart` does it: one mark in the pod template. It deletes no pod itself."""

from collections.abc import Mapping
from datetime import datetime
from shlex import quote

from bot.actions.act import Did, Doing, Later
from bot.actions.guards import again_on_conflict, as_planned, identity, not_paused, permitted, same, target, tried
from bot.actions.hands import Hands, Kind, Ref, Thing
from bot.actions.plan import Draft, Plan, Request, Risk, Step
from bot.actions.preview import downtime, gap, hits, kept_by, warnings
from bot.actions.rollout import rolls_by_itself, wanted
from bot.actions.surroundings import READS, Surroundings, surroundings
from bot.actions.targets import Found, found
from bot.actions.things import RESTARTED_AT, WORDS, restarted_at, version
from bot.actions.watching import known, watch, watched
from bot.errors import CannotAct
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.model import Fact
from diagnostics.words import counted

_KINDS = tuple(WORDS)
_WRITE, _WATCH = 0, 1


class Restart:
    """Replaces every pod of a workload by a new one of the same kind, one after another."""

    name = "restart"
    title = "Rolling restart"
    label = "Restart"
    area = "server"
    risks: Mapping[Risk, str] = {
        Risk.LOW: "pods are replaced one after another, and enough of them serve all the while",
        Risk.MEDIUM: "nobody, or fewer than usual, are served for a while",
    }

    def rights(self, namespace: str) -> tuple[Right, ...]:
        """As `Act.rights`."""
        own = (right for kind in _KINDS for right in _needed(kind, namespace))
        return (*own, *(kind.right("list", namespace) for kind in READS))

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """As `Act.propose`."""
        one = await found(request, hands, _KINDS)
        not_paused(one)
        _rolls(one)
        await permitted(_needed(one.kind, one.target.name.namespace), hands)
        ref, mark = Ref(one.kind, one.target.name), _mark(hands.clock.now())
        await tried(hands.cluster.patch(ref, mark, dry=True))
        return _draft(one, await surroundings(one, hands), hands)

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """As `Act.facts`."""
        _, thing = await target(plan, hands)
        return identity(thing) if thing else ()

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """As `Act.do`."""
        if doing.step == _WATCH:
            return await watched(doing, hands)
        return await again_on_conflict(lambda: _restarted(doing, hands))


async def _restarted(doing: Doing, hands: Hands) -> Did:
    """The mark is the time at which the step was first begun: where it is there, or a later one, this was done."""
    ref, thing = await target(doing.plan, hands)
    if thing and doing.again and same(doing.plan, thing) and _restarted_since(thing, doing.since):
        return Did(f"{doing.plan.target} was marked for a restart at {restarted_at(thing)}")
    fresh = as_planned(doing.plan, thing, identity)
    await hands.cluster.patch(ref, {"metadata": {"resourceVersion": version(fresh)}, **_mark(doing.since)})
    return Did(f"Marked {doing.plan.target} for a restart at {_stamp(doing.since)}")


def _needed(kind: Kind, namespace: str) -> tuple[Right, ...]:
    return tuple(kind.right(verb, namespace) for verb in ("get", "list", "patch"))


def _mark(at: datetime) -> Thing:
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: _stamp(at)}}}}}


def _restarted_since(thing: Thing, at: datetime) -> bool:
    """Whether what is wanted runs, begun then or later: by us, or by somebody whose restart came after ours."""
    try:
        marked = datetime.fromisoformat(restarted_at(thing))
    except ValueError:
        return False
    return marked.tzinfo is not None and marked >= at.replace(microsecond=0)


def _stamp(at: datetime) -> str:
    """A time as kubectl writes it there."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _rolls(one: Found) -> None:
    if one.kind is not Kind.DEPLOYMENT and not rolls_by_itself(one.thing):
        name = one.target.name
        raise CannotAct(
            f"{one.target} has the update strategy OnDelete: marked for a restart, its pods would go on as they are. "
            f"Delete them one by one: kubectl delete pod -n {name.namespace} <POD>"
        )


def _draft(one: Found, around: Surroundings, hands: Hands) -> Draft:
    name, kubectl = one.target.name, hands.expected.kubectl
    place = f"{one.target.kind}/{quote(name.name)} -n {quote(name.namespace)}"
    pods = f"{counted(wanted(one.kind, one.thing), 'pod')} of {one.target}"
    return Draft(
        target=one.target,
        summary=f"Replace {pods}. {downtime(one, around)}",
        facts=identity(one.thing),
        steps=(
            Step(f"Mark the pod template of {one.target} as restarted", f"{kubectl} rollout restart {place}"),
            watch(one.target, kubectl, place),
        ),
        risk=Risk.MEDIUM if gap(one, around) else Risk.LOW,
        hits=hits(one, around, hands),
        warnings=(*warnings(one, around), *kept_by(one, "it", "it lets the mark of a restart be")),
        final="A pod that has ended does not come back, and its log is gone with it: read it first.",
        settings=known(one.thing),
    )

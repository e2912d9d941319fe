"""Back to the revision before, as `kubectl rollout undo` does it: the template of an older replica set is put back.

No template is kept in a plan, since variables in it may be secrets: the plan names the replica set, which is read anew.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any

from bot.actions.act import Did, Doing, Later
from bot.actions.changes import changes
from bot.actions.guards import again_on_conflict, as_planned, identity, not_paused, permitted, same, target, tried
from bot.actions.hands import Hands, Kind, Ref, Thing
from bot.actions.plan import Draft, Plan, Request, Risk, Step
from bot.actions.preview import downtime, hits, kept_by, warnings
from bot.actions.surroundings import READS, Surroundings, surroundings
from bot.actions.targets import Found, found
from bot.actions.things import (
    REVISION,
    annotations,
    controller,
    fingerprint,
    name,
    revision,
    template,
    uid,
    without_hash,
    without_restart,
)
from bot.actions.watching import known, watch, watched
from bot.errors import CannotAct, Stale
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Fact
from diagnostics.words import raw_line

FROM, WANTED = "replica set", "wanted template"
"""The settings of a plan: the replica set whose template is put back, and that template's fingerprint."""

_HELM_RELEASE = "meta.helm.sh/release-name"
#: Annotations that stay those of the deployment; all others come from the replica set, as kubectl has it.
_NOT_TAKEN = {
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
    "kubectl.kubernetes.io/last-applied-configuration",
}
_FINAL = (
    "Rolling back once more undoes it. What the newer version did to the database stays, and so do secrets and config "
    "maps as they are now."
)
_WRITE, _WATCH = 0, 1


@dataclass(frozen=True, slots=True)
class _Past:
    """An older revision of a deployment: its replica set, and the template that it keeps."""

    replica_set: Thing

    @property
    def template(self) -> dict[str, Any]:
        """The template as the deployment had it."""
        return without_hash(template(self.replica_set))

    @property
    def number(self) -> int:
        """The revision's number."""
        return revision(self.replica_set)


class Rollback:
    """Puts the pod template of the revision before back."""

    name = "rollback"
    title = "Rollback"
    label = "Roll back"
    area = "server"
    risks: Mapping[Risk, str] = {Risk.MEDIUM: "an older version runs on data that the newer one may have changed"}

    def rights(self, namespace: str) -> tuple[Right, ...]:
        """As `Act.rights`."""
        return (*_needed(namespace), *(kind.right("list", namespace) for kind in READS))

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """As `Act.propose`."""
        one = await found(request, hands, (Kind.DEPLOYMENT,))
        not_paused(one)
        await permitted(_needed(one.target.name.namespace), hands)
        past = _before(one, await hands.cluster.listed(Kind.REPLICA_SET, one.target.name.namespace))
        ref = Ref(one.kind, one.target.name)
        await tried(hands.cluster.replace(ref, _unversioned(_rolled_back(one.thing, past)), dry=True))
        return _draft(one, past, await surroundings(one, hands), hands)

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """As `Act.facts`."""
        _, thing = await target(plan, hands)
        past = await _planned(plan, hands)
        return _facts(thing, past) if thing else ()

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """As `Act.do`."""
        if doing.step == _WATCH:
            return await watched(doing, hands)
        return await again_on_conflict(lambda: _undone(doing, hands))


async def _undone(doing: Doing, hands: Hands) -> Did:
    plan = doing.plan
    ref, thing = await target(plan, hands)
    done = Did(f"Put the template of replica set {plan.draft.settings[FROM]} back into {plan.target}")
    if thing and doing.again and _is_done(plan, thing):
        return done
    past = await _planned(plan, hands)
    fresh = as_planned(plan, thing, lambda one: _facts(one, past))
    if past is None:  # as planned, it is there
        raise Stale((f"replica set {plan.draft.settings[FROM]} is gone",))
    await hands.cluster.replace(ref, _rolled_back(fresh, past))
    return done


def _is_done(plan: Plan, thing: Thing) -> bool:
    """Whether the deployment, and not another of its name, has the template that was to be put back."""
    return same(plan, thing) and fingerprint(template(thing)) == plan.draft.settings[WANTED]


async def _planned(plan: Plan, hands: Hands) -> _Past | None:
    """The revision that the plan goes back to, where its replica set is still there."""
    name = Name(plan.target.name.namespace, plan.draft.settings[FROM])
    found = await hands.cluster.read(Ref(Kind.REPLICA_SET, name))
    return _Past(found) if found else None


def _needed(namespace: str) -> tuple[Right, ...]:
    own = tuple(Kind.DEPLOYMENT.right(verb, namespace) for verb in ("get", "list", "update"))
    return (*own, *(Kind.REPLICA_SET.right(verb, namespace) for verb in ("get", "list")))


def _facts(thing: Thing, past: _Past | None) -> tuple[Fact, ...]:
    """A number of a revision that moves on means that it was rolled back to meanwhile."""
    older = f"revision {past.number}, template {fingerprint(past.template)}" if past else "a replica set that is gone"
    return (*identity(thing), Fact("what it goes back to", older))


def _before(one: Found, replica_sets: Iterable[Thing]) -> _Past:
    """The latest revision that is not what is wanted now.

    Raises:
        CannotAct: there is none.
    """
    now = fingerprint(template(one.thing))
    mine = (_Past(each) for each in replica_sets if controller(each)[0] == uid(one.thing))
    others = [past for past in mine if fingerprint(past.template) != now]
    if not others:
        kept = one.thing["spec"].get("revisionHistoryLimit", 10)
        raise CannotAct(
            f"{one.target} has no revision before this one to go back to (it keeps {kept} at most). "
            f"Release the older version anew."
        )
    return max(others, key=lambda past: past.number)


def _rolled_back(thing: Thing, past: _Past) -> dict[str, Any]:
    """The deployment with the template of a replica set, and its annotations, as kubectl writes it."""
    own = {key: value for key, value in annotations(thing).items() if key in _NOT_TAKEN}
    taken = {key: value for key, value in annotations(past.replica_set).items() if key not in _NOT_TAKEN}
    return {
        **thing,
        "apiVersion": Kind.DEPLOYMENT.group,
        "kind": "Deployment",
        "metadata": {**thing["metadata"], "annotations": {**own, **taken}},
        "spec": {**thing["spec"], "template": past.template},
    }


def _unversioned(thing: dict[str, Any]) -> dict[str, Any]:
    """For a mere trial, whatever has been written meanwhile."""
    about = {key: value for key, value in thing["metadata"].items() if key != "resourceVersion"}
    return {**thing, "metadata": about}


def _draft(one: Found, past: _Past, around: Surroundings, hands: Hands) -> Draft:
    wanted = {**one.thing, "spec": {**one.thing["spec"], "template": past.template}}
    return Draft(
        target=one.target,
        summary=f"{_means(one, past)} {downtime(one, around)}",
        facts=_facts(one.thing, past),
        steps=_steps(one, past, hands),
        risk=Risk.MEDIUM,
        hits=(*_changed(one, past), *hits(one, around, hands)),
        warnings=(*_about(one, past), *warnings(one, around)),
        final=_FINAL,
        settings={
            FROM: name(past.replica_set).name,
            WANTED: fingerprint(past.template),
            **known(wanted),
        },
    )


def _steps(one: Found, past: _Past, hands: Hands) -> tuple[Step, ...]:
    at, kubectl = one.target.name, hands.expected.kubectl
    place = f"{one.target.kind}/{quote(at.name)} -n {quote(at.namespace)}"
    undo = f"{kubectl} rollout undo {place} --to-revision={past.number}"
    return (Step(f"Put the pod template of revision {past.number} back", undo), watch(one.target, kubectl, place))


def _means(one: Found, past: _Past) -> str:
    now = revision(one.thing)
    return f"Take {one.target} back from revision {now or 'now'} to revision {past.number}."


def _changed(one: Found, past: _Past) -> tuple[str, ...]:
    return changes(without_restart(template(one.thing)), without_restart(past.template))


def _about(one: Found, past: _Past) -> Iterator[str]:
    if not _changed(one, past):
        yield (
            f"Revision {past.number} is the same but for the mark of a restart: "
            f"this would be a restart, and not an older version."
        )
    if cause := annotations(past.replica_set).get("kubernetes.io/change-cause"):
        yield f"Revision {past.number} says of itself: {raw_line(cause)}"
    yield from kept_by(one, "the newer template", "")
    if release := annotations(one.thing).get(_HELM_RELEASE):
        at = quote(one.target.name.namespace)
        yield f"To take back the whole release instead: helm rollback {quote(release)} -n {at}"

"""Deletes the pods of a namespace that have failed for good: those that the plan names, and no other.

The request's target is the namespace; without one it is the backend's. A failed pod never runs again, and what it was
for has long been given to another: it only takes up room in lists.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from shlex import quote

from bot.actions.act import Did, Doing, Later
from bot.actions.guards import permitted, tried
from bot.actions.hands import Hands, Kind, Ref, Thing
from bot.actions.plan import Draft, Plan, Request, Risk, Step, Target
from bot.actions.targets import allowed
from bot.actions.things import age, controller, leaving, name, uid
from bot.errors import CannotAct, Stale, StepFailed
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Fact
from diagnostics.words import counted, few, raw_line

MOST = 50
"""Pods of one plan at most: more cannot be read through before one says yes."""

PATIENCE = timedelta(minutes=2)
"""How long deleted pods may still be there: they run nothing any more, so that only a finalizer keeps them."""

EVERY_S = 2.0
"""Seconds between two looks whether they are gone."""

_DELETE, _GONE = 0, 1
_FAILED = "--field-selector=status.phase=Failed"
_THERE = (Fact("the failed pods", "there"),)


class DeleteFailedPods:
    """Deletes what has failed for good."""

    name = "delete-failed-pods"
    title = "Deletion of failed pods"
    label = "Delete them"
    area = "server"
    risks: Mapping[Risk, str] = {Risk.LOW: "only pods that have ended for good are deleted, with their logs"}

    def rights(self, namespace: str) -> tuple[Right, ...]:
        """As `Act.rights`."""
        return tuple(Kind.POD.right(verb, namespace) for verb in ("list", "delete"))

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """As `Act.propose`."""
        namespace = request.target or hands.expected.backend.namespace
        allowed(Name(namespace, ""), hands)
        await permitted(self.rights(namespace), hands)
        failed = _failed(await hands.cluster.listed(Kind.POD, namespace))
        if not failed:
            raise CannotAct(f"There is no failed pod in namespace {namespace}, so there is nothing to delete.")
        chosen, left = failed[:MOST], len(failed) - MOST
        for pod in chosen:
            await tried(hands.cluster.delete(Ref(Kind.POD, name(pod)), uid(pod), dry=True))
        return _draft(namespace, chosen, left, hands)

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """As `Act.facts`. A failed pod stays one, so that all that can happen to it is to be gone."""
        return _THERE if await _still(plan, hands) else ()

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """As `Act.do`."""
        return await (_deleted if doing.step == _DELETE else _gone)(doing, hands)


def _failed(pods: Iterable[Thing]) -> list[Thing]:
    """Those that have failed and are not leaving yet, the oldest first."""
    failed = (pod for pod in pods if (pod.get("status") or {}).get("phase") == "Failed" and not leaving(pod))
    return sorted(failed, key=lambda pod: (pod["metadata"]["creationTimestamp"], name(pod)))


async def _still(plan: Plan, hands: Hands) -> list[Thing]:
    """The plan's pods that are there."""
    allowed(Name(plan.target.short, ""), hands)
    every = await hands.cluster.listed(Kind.POD, plan.target.short)
    return [pod for pod in every if plan.draft.settings.get(name(pod).name) == uid(pod)]


async def _deleted(doing: Doing, hands: Hands) -> Did:
    """Every pod by its uid. Begun anew, those that are gone already are passed over."""
    plan = doing.plan
    there = await _still(plan, hands)
    if not doing.again and not there:
        raise Stale((f"the failed pods of namespace {plan.target.short} were there, and are gone",))
    gone = len(plan.draft.settings) - len(there)
    for pod in there:
        gone += not await hands.cluster.delete(Ref(Kind.POD, name(pod)), uid(pod))
    total = counted(len(plan.draft.settings), "failed pod")
    return Did(f"Deleted {total}{f'; {gone} of them were gone before' if gone else ''}")


async def _gone(doing: Doing, hands: Hands) -> Did | Later:
    there = await _still(doing.plan, hands)
    if not there:
        return Did("They are gone")
    if doing.now - doing.since <= PATIENCE:
        return Later(EVERY_S, f"{counted(len(there), 'pod')} still there")
    held = {one for pod in there for one in pod["metadata"].get("finalizers") or ()}
    by = f", held by finalizer {few(sorted(held))}" if held else ""
    raise StepFailed(f"{counted(len(there), 'deleted pod')} did not go{by}: {few(name(pod).name for pod in there)}")


def _draft(namespace: str, chosen: list[Thing], left: int, hands: Hands) -> Draft:
    now, kubectl = hands.clock.now(), hands.expected.kubectl
    names = " ".join(quote(name(pod).name) for pod in chosen)
    more = f" So many are left for another time: {left}." if left > 0 else ""
    return Draft(
        target=Target("namespace", Name("", namespace)),
        summary=f"Delete {counted(len(chosen), 'failed pod')} of namespace {namespace}.{more}",
        facts=_THERE,
        steps=(
            Step(f"Delete {counted(len(chosen), 'pod')}", f"{kubectl} delete pod -n {quote(namespace)} {names}"),
            Step("Wait until they are gone", f"{kubectl} get pods -n {quote(namespace)} {_FAILED}"),
        ),
        risk=Risk.LOW,
        hits=tuple(f"pod {name(pod).name}, {age(pod, now)} old: {_why(pod)}" for pod in chosen),
        warnings=tuple(_about_jobs(chosen)),
        final="A deleted pod does not come back, and its log is gone with it: read it first.",
        settings={name(pod).name: uid(pod) for pod in chosen},
    )


def _why(pod: Thing) -> str:
    """Why it failed, as its status says."""
    status = pod.get("status") or {}
    if status.get("reason"):
        return raw_line(f"{status['reason']}: {status.get('message', '')}".rstrip(": "))
    ends = [(one.get("state") or {}).get("terminated") or {} for one in status.get("containerStatuses") or ()]
    codes = [f"{end.get('reason') or 'Error'}, exit code {end['exitCode']}" for end in ends if end.get("exitCode")]
    return codes[0] if codes else "failed"


def _about_jobs(chosen: Iterable[Thing]) -> Iterable[str]:
    jobs = sum(controller(pod)[1] == "Job" for pod in chosen)
    if jobs:
        yield f"{counted(jobs, 'pod')} of these belong to jobs: a pod's log says why its job failed."

"""Debug logging for a limited time: the backend's variable is set, held, and put back as it was. It touches no other.

It rolls the pods twice. Whatever happens in between, the variable goes back, unless somebody else has changed it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from shlex import quote
from typing import Any

import msgspec

from bot.actions.act import Did, Doing, Later
from bot.actions.guards import again_on_conflict, as_planned, identity, permitted, tried
from bot.actions.hands import Hands, Kind, Ref, Thing
from bot.actions.plan import Draft, Plan, Request, Risk, Step
from bot.actions.preview import downtime, hits, kept_by, warnings
from bot.actions.rollout import Stage, deadline, judged
from bot.actions.surroundings import READS, Surroundings, surroundings
from bot.actions.targets import Found
from bot.actions.things import annotations, uid, version
from bot.actions.variable import Variable, kept, remembered, same, words
from bot.actions.watching import settled, still
from bot.errors import CannotAct, StepFailed
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Fact

USUAL = timedelta(minutes=30)
"""How long, where nobody says: the runbook's own reproductions take minutes."""

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=4)
"""A rollout takes about a minute, and nobody reads debug logs for longer than half a shift."""

MARK = "volati/debug-logs"
"""The annotation of the deployment with the plan's id, while its variable is ours."""

HELD_LOOK = 60.0
"""Seconds between two looks while it is held: whether others have undone it meanwhile."""

_DURATION = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,3})m(?:in)?)?(?:(\d{1,5})s)?")


@dataclass(frozen=True, slots=True)
class _Change:
    """What a plan changes: which variable of which deployment, to what, and how it was before."""

    ref: Ref
    variable: Variable
    value: str
    before: Thing | None
    lasting: timedelta

    @classmethod
    def of(cls, draft: Draft) -> "_Change":
        told = draft.settings
        variable = Variable(told["container"], told["variable"])
        ref = Ref(Kind.DEPLOYMENT, draft.target.name)
        lasting = timedelta(seconds=int(told["seconds"]))
        return cls(ref, variable, told["value"], remembered(told["before"]), lasting)

    def is_set(self, thing: Thing) -> bool:
        """Whether the variable has the value that the plan gives it."""
        try:
            return same(self.variable.entry(thing), {"value": self.value})
        except CannotAct:  # the container is another one by now
            return False

    def stands(self, thing: Thing) -> str:
        """How the variable is set, in words."""
        try:
            return words(self.variable.entry(thing))
        except CannotAct as error:
            return f"nowhere to be found: {error}"


class DebugLogs:
    """The act. A request names how long in its settings, as `for` (30m), and its target is the backend."""

    name = "debug-logs"
    title = "Debug logging"
    label = "Debug logs"
    area = "server"
    risks: Mapping[Risk, str] = {Risk.MEDIUM: "pods are replaced twice, and logs tell more than usual for a while"}

    def rights(self, namespace: str) -> tuple[Right, ...]:
        """Read and patch the deployment, and see what stands around it."""
        return (*_needed(namespace), *(kind.right("list", namespace) for kind in READS))

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """What switching it on would do.

        Raises:
            CannotAct: it is on already, is not the backend's, takes too long, or the bot may not.
        """
        place, asked = hands.expected.backend, request.target.removeprefix("deployment/")
        if asked not in {"", "backend", place.name, str(place)}:
            told = "Its variable is known of the backend alone (kubernetes.debug_variable)"
            raise CannotAct(f"Debug logging is for {place}, not for {asked[:60]!r}. {told}.")
        lasting = _lasting(request.settings.get("for", ""))
        thing = await _there(Ref(Kind.DEPLOYMENT, place), hands)
        await permitted(_needed(place.namespace), hands)
        found = Found(Kind.DEPLOYMENT, thing)
        draft = _draft(found, lasting, await surroundings(found, hands), hands)
        await _tried(draft, thing, hands)
        return draft

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """The deployment as it is now."""
        change = _Change.of(plan.draft)
        thing = await hands.cluster.read(change.ref)
        return () if thing is None else _facts(thing, change.variable.name, change.stands(thing))

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """Set it, watch, hold, put it back, watch."""
        change = _Change.of(doing.plan.draft)
        match doing.step:
            case 0:
                return await again_on_conflict(lambda: _set(doing, change, hands))
            case 2:
                return await _hold(doing, change, hands)
            case 3:
                return await again_on_conflict(lambda: _put_back(doing, change, hands))
            case _:
                return await _watch(doing, change, hands)


async def _set(doing: Doing, change: _Change, hands: Hands) -> Did:
    thing = await hands.cluster.read(change.ref)
    if thing is None or not (change.is_set(thing) and annotations(thing).get(MARK) == doing.plan.id):
        planned = as_planned(doing.plan, thing, lambda one: _facts(one, change.variable.name, change.stands(one)))
        await hands.cluster.patch(change.ref, _setting(change, planned, doing.plan.id))
    return Did(f"{change.variable.name} is {change.value!r} now, and was {words(change.before)}")


async def _watch(doing: Doing, change: _Change, hands: Hands) -> Did | Later:
    thing = await hands.cluster.read(change.ref)
    if thing is None:
        raise StepFailed(f"Deployment {change.ref.name} is gone: somebody deleted it.")
    if thing["spec"].get("paused"):
        raise StepFailed(f"Deployment {change.ref.name} was paused: its pods stay as they are until it is resumed.")
    found = judged(Kind.DEPLOYMENT, thing)
    if found.stage is Stage.THROUGH:
        return Did(f"rolled out: {found.text}")
    if found.stage is Stage.FAILED and settled(doing):
        raise StepFailed(f"The rollout of {change.ref.name} failed: {found.text}")
    return still(doing, deadline(Kind.DEPLOYMENT, thing), found.text)


async def _hold(doing: Doing, change: _Change, hands: Hands) -> Did | Later:
    ends = doing.since + change.lasting
    left = (ends - doing.now).total_seconds()
    if doing.hurried:
        return Did("ended before its time, as somebody wanted")
    if left <= 0:
        return Did(f"its {_time(change.lasting)} are over")
    thing = await hands.cluster.read(change.ref)
    if thing is None or not _ours(thing, change, doing.plan):
        return Did("somebody else has changed it meanwhile")
    return Later(min(left, HELD_LOOK), f"debug logs until {ends:%H:%M} UTC")


async def _put_back(doing: Doing, change: _Change, hands: Hands) -> Did:
    """Put the variable back as it was; what fails of it is tried again by whoever carries the plan out."""
    thing = await hands.cluster.read(change.ref)
    if thing is None:
        return Did(f"deployment {change.ref.name} is gone, and the variable with it")
    if uid(thing) != doing.plan.draft.settings["uid"]:
        return Did(f"another deployment is named {change.ref.name} by now; it was left as it is")
    ours = _ours(thing, change, doing.plan)
    if not ours and annotations(thing).get(MARK) != doing.plan.id:
        return Did(_not_ours(change, thing))
    spec = {"spec": change.variable.put_back(change.before)} if ours else {}
    about = {"resourceVersion": version(thing), "annotations": {MARK: None}}
    await hands.cluster.patch(change.ref, {"metadata": about, **spec})
    return Did(f"{change.variable.name} is {words(change.before)} again" if ours else _not_ours(change, thing))


def _ours(thing: Thing, change: _Change, plan: Plan) -> bool:
    """Whether the variable is as this plan set it. Without a mark it is ours too: others keep no marks of ours."""
    mark = annotations(thing).get(MARK)
    return uid(thing) == plan.draft.settings["uid"] and change.is_set(thing) and mark in {None, plan.id}


def _not_ours(change: _Change, thing: Thing) -> str:
    stands = change.stands(thing)
    if stands == words(change.before):
        return f"{change.variable.name} is {stands}, as it was before"
    return f"{change.variable.name} was changed by somebody else: it is {stands}, and was left so"


def _setting(change: _Change, thing: Thing, plan_id: str) -> dict[str, Any]:
    about = {"resourceVersion": version(thing), "annotations": {MARK: plan_id}}
    return {"metadata": about, "spec": change.variable.set_to(change.value, change.before)}


async def _there(ref: Ref, hands: Hands) -> Thing:
    thing = await hands.cluster.read(ref)
    if thing is None:
        raise CannotAct(f"There is no deployment {ref.name}: is kubernetes.backend right?")
    if thing["spec"].get("paused"):
        resume = f"{hands.expected.kubectl} rollout resume deployment/{ref.name.name} -n {ref.name.namespace}"
        raise CannotAct(f"Deployment {ref.name} is paused, so its pods would not follow. Resume it: {resume}")
    return thing


async def _tried(draft: Draft, thing: Thing, hands: Hands) -> None:
    """Have the server check the change without storing it."""
    change = _Change.of(draft)
    await tried(hands.cluster.patch(change.ref, _setting(change, thing, "dry-run"), dry=True))


def _needed(namespace: str) -> tuple[Right, ...]:
    return tuple(Kind.DEPLOYMENT.right(verb, namespace) for verb in ("get", "patch"))


def _draft(found: Found, lasting: timedelta, around: Surroundings, hands: Hands) -> Draft:
    debug, place, thing = hands.configured.debug, found.target.name, found.thing
    variable = Variable(hands.expected.container, debug.variable)
    before = variable.entry(thing)
    if same(before, {"value": debug.value}):
        raise CannotAct(f"Debug logging is on already: {debug.variable} is {debug.value!r} in {place}{_since(thing)}.")
    return Draft(
        target=found.target,
        summary=f"Have {place} log at {debug.value!r} for {_time(lasting)}, then as before. {downtime(found, around)}",
        facts=_facts(thing, variable.name, words(before)),
        steps=tuple(_steps(place, variable, before, _Words(debug.value, lasting, hands.expected.kubectl))),
        risk=Risk.MEDIUM,
        hits=hits(found, around, hands),
        warnings=(*_warnings(), *warnings(found, around), *kept_by(found, variable.name, "")),
        final=f"It goes back by itself: {variable.name} is {words(before)} again afterwards.",
        settings={
            "container": variable.container,
            "variable": variable.name,
            "value": debug.value,
            "before": kept(before),
            "seconds": f"{lasting.total_seconds():.0f}",
            "uid": uid(thing),
        },
    )


def _since(thing: Thing) -> str:
    plan = annotations(thing).get(MARK)
    return f", by plan {plan}, which puts it back" if plan else ""


def _facts(thing: Thing, variable: str, stands: str) -> tuple[Fact, ...]:
    return (*identity(thing), Fact(variable, stands))


@dataclass(frozen=True, slots=True)
class _Words:
    """What the steps are told with."""

    value: str
    lasting: timedelta
    kubectl: str


def _steps(place: Name, variable: Variable, before: Thing | None, told: _Words) -> Iterator[Step]:
    this = f"deployment/{place.name} -n {place.namespace}"
    env = f"{told.kubectl} set env {this} -c {variable.container}"
    status = f"{told.kubectl} rollout status {this}"
    yield Step(f"Set {variable.name} to {told.value!r}", f"{env} {quote(f'{variable.name}={told.value}')}")
    yield Step("Watch the pods being replaced", status)
    yield Step(f"Hold for {_time(told.lasting)}", holds=True)
    back = _back(env, variable, before, f"{told.kubectl} patch {this} -p")
    yield Step(f"Put {variable.name} back: {words(before)}", back, must=True)
    yield Step("Watch the pods being replaced again", status)


def _back(env: str, variable: Variable, before: Thing | None, patch: str) -> str:
    """The command that puts a variable back."""
    if before is None:
        return f"{env} {variable.name}-"
    if before.get("valueFrom"):
        change = msgspec.json.encode({"spec": variable.put_back(before)}).decode()
        return f"{patch} {quote(change)}"
    value = before.get("value") or ""
    return f"{env} {quote(f'{variable.name}={value}')}"


def _warnings() -> Iterator[str]:
    yield "It rolls the pods twice: now, and when it goes back."
    yield "Debug logs tell more than others, also of people and of what they send."


def _time(lasting: timedelta) -> str:
    """A duration to the second: 30 min, 1 h 30 min."""
    seconds = int(lasting.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _lasting(text: str) -> timedelta:
    """How long it is to last.

    Raises:
        CannotAct: it is no duration, or too short or too long a one.
    """
    if not text:
        return USUAL
    hit = _DURATION.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in hit.groups()) if hit else (0, 0, 0)
    lasting = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not SHORTEST <= lasting <= LONGEST:
        bounds = f"from {_time(SHORTEST)} to {_time(LONGEST)}"
        raise CannotAct(f"{text[:20]!r} is no time for debug logging; it may last {bounds}, as in 30m or 2h.")
    return lasting

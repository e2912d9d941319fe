"""The in-cluster probe: a job that looks from inside how far one gets, says so, and is gone. It changes nothing else.

Where it may go is decided by the doors of bot/actions/doors.py, and once more in the pod when names are resolved.
"""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
from shlex import join, quote

from bot.actions.act import Did, Doing, Later
from bot.actions.configured import Door, ProbeConfigured
from bot.actions.doors import meant, of_ingress, of_service
from bot.actions.guards import permitted, tried
from bot.actions.hands import Hands, Kind, Ref, Thing
from bot.actions.plan import Draft, Plan, Request, Risk, Step, Target, differences
from bot.actions.probe_job import CONTAINER, JOB_SECONDS, command, ending, job, name_of, ours, pod_of, waiting
from bot.errors import CannotAct, Stale, StepFailed, WriteRefused
from bot.probe.order import Order, Way, read
from bot.probe.result import found_in, plain
from diagnostics.evidence.cluster.client import LogAsked
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import CouldNotLookError, Fact, Reason

LOOK_AGAIN = 1.0
"""Seconds between two looks at a job: a probe takes a few seconds, and a person waits for it."""

_LOG_LINES, _LOG_BYTES = 50, 64_000  # its line has some 2 kB; what stands before it is not ours
_THERE_ALREADY = 409


class Probe:
    """The act. A request names how in its settings, as `way`, and where to as its target."""

    name = "probe"
    title = "In-cluster probe"
    label = "Probe"
    area = "server"
    risks: Mapping[Risk, str] = {
        Risk.LOW: "it only looks, from a pod of its own that may do nothing, and goes nowhere but to the platform"
    }

    def rights(self, namespace: str) -> tuple[Right, ...]:
        """What the bot must be allowed in the namespace that probes run in, and to list where they may go."""
        verbs = (Kind.JOB.right(verb, namespace) for verb in ("create", "get", "delete"))
        lists = (kind.right("list", namespace) for kind in (Kind.POD, Kind.SERVICE, Kind.INGRESS))
        return (*verbs, *lists, Kind.POD.right("get", namespace, "log"))

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """What a probe would do.

        Raises:
            CannotAct: no image is configured, the target is none of the platform's, or the bot may not.
        """
        how = _configured(hands)
        order, door = meant(_way(request), request.target, *await _doors(hands))
        if order.of_database and not how.database_secret:
            raise CannotAct("No secret tells where the database is: set kubernetes.probe.database_secret.")
        await permitted(self.rights(how.namespace), hands)
        await tried(hands.cluster.create(Kind.JOB, job("dry-run", order, how), dry=True))
        return _draft(order, door, how, hands)

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """The place as it is known now, and the image."""
        how = _configured(hands)
        wanted = _planned(plan)
        doors, gaps = await _doors(hands)
        try:
            _, door = meant(wanted.way, str(wanted), doors)
        except CannotAct:
            if gaps:  # it may be among what could not be listed
                raise CouldNotLookError(
                    Reason.UNREACHABLE, f"Not all places could be listed: {'; '.join(gaps)}"
                ) from None
            return (Fact("place", "none of the platform's own"), Fact("image", how.image))
        return _facts(door, how)

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """Create the job, wait for its end, read what it saw, delete it."""
        match doing.step:
            case 0:
                return await self._create(doing, hands)
            case 1:
                return await _wait(doing, hands)
            case 2:
                return await _read_log(doing, hands)
            case _:
                return await _delete(doing, hands)

    async def _create(self, doing: Doing, hands: Hands) -> Did | Later:
        there = await hands.cluster.read(_ref(doing.plan))
        if there is not None:
            return _adopted(there, doing.plan)
        if doing.again and doing.now - doing.since > timedelta(seconds=JOB_SECONDS):
            raise StepFailed("It was begun too long ago to tell whether it ran: ask for a new one.")
        changed = differences(doing.plan.draft.facts, await self.facts(doing.plan, hands))
        if changed:
            raise Stale(changed)
        try:
            await hands.cluster.create(Kind.JOB, job(doing.plan.id, _planned(doing.plan), _configured(hands)))
        except WriteRefused as error:
            if error.status != _THERE_ALREADY:
                raise
            return Later(LOOK_AGAIN, "it is there already")
        return Did(f"job {_ref(doing.plan).name} was created")


def _adopted(there: Thing, plan: Plan) -> Did:
    """The job is there: ours from before, or somebody else's."""
    if ours(there, plan.id):
        return Did(f"job {_ref(plan).name} was created")
    raise StepFailed(f"Another job is named {_ref(plan).name}; nothing was created. Look at it: kubectl get job.")


async def _wait(doing: Doing, hands: Hands) -> Did | Later:
    found = await _mine(doing.plan, hands)
    if found is None:
        raise StepFailed("The job is gone before it was read: somebody deleted it, or the cluster did, after its time.")
    end = ending(found)
    if end is not None and not end.reason:
        return Did("the probe has ended")
    if end is not None and end.reason == "DeadlineExceeded":
        raise StepFailed(f"The probe did not come to its end within {JOB_SECONDS} s, and the cluster ended it.")
    if end is not None:
        raise StepFailed(f"The probe's pod failed: {plain(end.text or end.reason)}")
    state = waiting(pod_of(found, await hands.cluster.listed(Kind.POD, _ref(doing.plan).name.namespace)))
    if state.in_vain:
        raise StepFailed(f"The probe's pod does not start: {plain(state.text)}")
    return Later(LOOK_AGAIN, plain(state.text))


async def _read_log(doing: Doing, hands: Hands) -> Did:
    found, place = await _mine(doing.plan, hands), _ref(doing.plan).name
    pod = pod_of(found, await hands.cluster.listed(Kind.POD, place.namespace)) if found else None
    if pod is None:
        raise StepFailed("The probe's pod is gone before it was read: ask for a new one.")
    about = Name(place.namespace, pod["metadata"]["name"])
    text = await hands.cluster.log(LogAsked(about, CONTAINER, lines=_LOG_LINES, bytes=_LOG_BYTES))
    result = found_in(text.lines)
    wanted = _planned(doing.plan)
    if result is None or (result.way, result.target) != (wanted.way, str(wanted)):
        raise StepFailed(
            "The probe's pod said nothing that can be read: is kubernetes.probe.image this version's image?"
        )
    return Did(f"Seen inside the cluster, from namespace {place.namespace}: {result.words}")


async def _delete(doing: Doing, hands: Hands) -> Did:
    ref = _ref(doing.plan)
    found = await _mine(doing.plan, hands)
    if found is None:
        return Did("the job is gone")
    deleted = await hands.cluster.delete(ref, found["metadata"]["uid"])
    return Did(f"job {ref.name} was deleted" if deleted else "the job is gone")


async def _mine(plan: Plan, hands: Hands) -> Thing | None:
    """The plan's own job; None when there is none, or another has its name."""
    found = await hands.cluster.read(_ref(plan))
    return found if found is not None and ours(found, plan.id) else None


def _ref(plan: Plan) -> Ref:
    """Where the plan's job is: in the namespace that it was planned for, whatever is configured by now."""
    return Ref(Kind.JOB, Name(plan.draft.settings["namespace"], name_of(plan.id)))


def _planned(plan: Plan) -> Order:
    """The probe that was planned."""
    return read(Way(plan.draft.settings["way"]), plan.draft.settings["target"])


def _configured(hands: Hands) -> ProbeConfigured:
    if not hands.configured.probe.image:
        raise CannotAct("Probes run this program's own image, and none is configured: set kubernetes.probe.image.")
    return hands.configured.probe


def _way(request: Request) -> Way:
    word = request.settings.get("way", "")
    if word not in list(Way):
        raise CannotAct(f"A probe goes by {', '.join(Way)}; not by {word[:20]!r}.")
    return Way(word)


async def _doors(hands: Hands) -> tuple[tuple[Door, ...], tuple[str, ...]]:
    """Every place that a probe may go to, as the cluster has them now; and what could not be listed, in words."""
    spaces = hands.expected.namespaces
    own = hands.expected.backend.namespace
    sorted_spaces = sorted(spaces, key=lambda one: one != own)  # a short name means the backend's neighbour first
    kinds = ((kind, space) for space in sorted_spaces for kind in (Kind.SERVICE, Kind.INGRESS))
    looks = await asyncio.gather(*(_listed(hands, kind, space) for kind, space in kinds))
    doors = (*hands.configured.probe.doors, *(door for found, _ in looks for door in found))
    return doors, tuple(gap for _, gap in looks if gap)


async def _listed(hands: Hands, kind: Kind, namespace: str) -> tuple[tuple[Door, ...], str]:
    """The doors of one kind in a namespace; or why they could not be listed."""
    try:
        things = await hands.cluster.listed(kind, namespace)
    except CouldNotLookError as error:
        return (), f"{kind.resource} of {namespace} ({error.detail})"
    doors = of_service if kind is Kind.SERVICE else of_ingress
    return tuple(door for thing in things for door in doors(thing)), ""


def _draft(order: Order, door: Door, how: ProbeConfigured, hands: Hands) -> Draft:
    return Draft(
        target=Target("probe", Name(how.namespace, str(order))),
        summary=f"Probe {order} by {order.way} from inside the cluster ({door.what})",
        facts=_facts(door, how),
        steps=tuple(_steps(order, how, hands.expected.kubectl)),
        risk=Risk.LOW,
        hits=(f"nothing of the platform: one pod of its own in namespace {how.namespace}",),
        warnings=(
            "Network policies see a pod with labels of its own: what they let the backend do, they may not let it do.",
        ),
        final=f"It leaves nothing: it is deleted, and if the bot is gone, the cluster ends it after {JOB_SECONDS} s.",
        settings={"way": str(order.way), "target": str(order), "namespace": how.namespace},
    )


def _facts(door: Door, how: ProbeConfigured) -> tuple[Fact, ...]:
    place = f"{door.host}:{door.port}" if door.port else door.host
    return (Fact("place", f"{place}, {door.what}"), Fact("image", how.image))


def _steps(order: Order, how: ProbeConfigured, kubectl: str) -> Iterator[Step]:
    job_, here = "job/volati-probe", f"-n {how.namespace}"
    run = f"{kubectl} create job volati-probe {here} --image={quote(how.image)} -- {join(command(order))}"
    # By hand nothing gives it the database's place.
    yield Step(f"Create a job in namespace {how.namespace}", "" if order.of_database else run)
    yield Step(
        f"Wait for its end, {JOB_SECONDS} s at most",
        f"{kubectl} wait {job_} {here} --for=condition=complete --timeout={JOB_SECONDS}s",
    )
    yield Step("Read what it saw", f"{kubectl} logs {job_} {here} --tail={_LOG_LINES}")
    yield Step("Delete it", f"{kubectl} delete {job_} {here}", must=True)

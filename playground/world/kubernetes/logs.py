"""The logs of containers: which container, which of its runs, which part of what it said."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playground.world.kubernetes import status
from playground.world.kubernetes.calls import Call
from playground.world.kubernetes.frozen import Frozen
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.kubelets import Kubelets, Line, NoSuchRunError, UnreachableError

FOLLOW_S = 0.2  # how often a followed log is looked at: soon enough for a person who watches
_PULLING = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of which log. `tail` and `at_most` (bytes) None mean all of it."""

    container: str
    previous: bool
    since: datetime | None
    tail: int | None
    at_most: int | None
    timestamps: bool

    def text(self, lines: Sequence[Line]) -> bytes:
        """The part that is wanted, as the body of the answer."""
        chosen = [line for line in lines if self.since is None or line.at >= self.since]
        if self.tail is not None:
            chosen = chosen[len(chosen) - min(self.tail, len(chosen)) :]
        body = "".join(self.line(one) for one in chosen).encode()
        return body if self.at_most is None else body[: self.at_most]

    def line(self, line: Line) -> str:
        """One line of it."""
        return (
            f"{line.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z {line.text}\n" if self.timestamps else f"{line.text}\n"
        )


def wanted(call: Call, pod: Thing) -> Wanted:
    """What a call asks for.

    Raises:
        RefusalError: it names no container of the pod, or a number is wrong.
    """
    faults = [
        status.FieldFault.invalid(name, number, "must be greater than or equal to 0")
        for name in ("tailLines",)
        if (number := call.number(name)) is not None and number < 0
    ]
    if faults:
        raise status.RefusalError(
            422, "Invalid", f'PodLogOptions.v1 "" is invalid: {faults[0].field}: {faults[0].message}'
        )
    return Wanted(
        _container(pod, call.query.get("container", "")),
        call.flag("previous"),
        _since(call),
        call.number("tailLines"),
        call.number("limitBytes"),
        call.flag("timestamps"),
    )


def read(kubelets: Kubelets, pod: Frozen, part: Wanted) -> Sequence[Line]:
    """All lines of the run that is wanted. A pod that no node has yet has none.

    Raises:
        RefusalError: the container waits to be started, has no such run, or its node does not answer.
    """
    if not pod["spec"].get("nodeName"):
        return ()
    try:
        if not part.previous:
            _waiting(pod, part.container)
        return kubelets.log(pod, part.container, previous=part.previous)
    except NoSuchRunError:
        raise _no_such_run(pod, part) from None
    except UnreachableError as error:
        raise status.RefusalError(500, "", _unreachable(pod, part, str(error))) from None


def _container(pod: Thing, named: str) -> str:
    spec = pod["spec"]
    names = [one["name"] for one in spec.get("containers") or ()]
    first = [one["name"] for one in spec.get("initContainers") or ()]
    others = [one["name"] for one in spec.get("ephemeralContainers") or ()]
    about = pod["metadata"]["name"]
    if named and named not in {*names, *first, *others}:
        raise status.bad_request(f"container {named} is not valid for pod {about}")
    if named or len(names) == 1:
        return named or names[0]
    choice = f"choose one of: [{' '.join(names)}]" + (
        f" or one of the init containers: [{' '.join(first)}]" if first else ""
    )
    raise status.bad_request(f"a container name must be specified for pod {about}, {choice}")


def _since(call: Call) -> datetime | None:
    seconds = call.number("sinceSeconds")
    if seconds is not None:
        return call.store.now - timedelta(seconds=seconds)
    text = call.query.get("sinceTime", "")
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise status.bad_request(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse') from None


def _statuses(pod: Thing) -> Iterable[Thing]:
    told = pod.get("status", {})
    for part in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        yield from told.get(part) or ()


def _waiting(pod: Thing, container: str) -> None:
    """Refuse where the container has never run: it has no log yet, and the kubelet says what it waits for."""
    seen = next((one for one in _statuses(pod) if one["name"] == container), {})
    waiting = seen.get("state", {}).get("waiting")
    if waiting is None or seen.get("lastState", {}).get("terminated"):
        return
    reason = waiting.get("reason", "ContainerCreating")
    words = "trying and failing to pull image" if reason in _PULLING else reason
    name = pod["metadata"]["name"]
    raise status.bad_request(f'container "{container}" in pod "{name}" is waiting to start: {words}')


def _no_such_run(pod: Thing, part: Wanted) -> status.RefusalError:
    name = pod["metadata"]["name"]
    if part.previous:
        return status.bad_request(f'previous terminated container "{part.container}" in pod "{name}" not found')
    return status.bad_request(f'container "{part.container}" in pod "{name}" is not available')


def _unreachable(pod: Thing, part: Wanted, end: str) -> str:
    about = pod["metadata"]
    where = f"https://{pod['status'].get('hostIP', '')}:10250/containerLogs/{about['namespace']}/{about['name']}"
    asked = {"previous": "true" if part.previous else "", "tailLines": "" if part.tail is None else str(part.tail)}
    query = "&".join(f"{key}={value}" for key, value in asked.items() if value)
    return f'Get "{where}/{part.container}{f"?{query}" if query else ""}": {end}'


async def followed(
    kubelets: Kubelets, call: Call, part: Wanted, sleep: Callable[[float], Awaitable[object]]
) -> AsyncIterator[bytes]:
    """What is wanted of a log, then every line that comes, until its container has ended or its pod is gone."""
    seen, first = 0, True
    while (pod := call.store.read(call.at.kind, call.at.namespace, call.at.name)) is not None:
        try:
            lines = read(kubelets, pod, part)
        except status.RefusalError:
            return  # its node went, or its run is over: a real stream just ends
        fresh = part.text(lines) if first else "".join(part.line(one) for one in lines[seen:]).encode()
        seen, first = len(lines), False
        if fresh:
            yield fresh
        if not _runs(pod, part.container):
            return
        await sleep(FOLLOW_S)


def _runs(pod: Thing, container: str) -> bool:
    return any(one["name"] == container and one.get("state", {}).get("running") for one in _statuses(pod))

"""The cluster's events as people read them: the same about the things of one workload told once, newest first. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from diagnostics.evidence.cluster.kinds import ClusterEvents, ClusterSecrets
from diagnostics.evidence.cluster.machines import Event
from diagnostics.evidence.cluster.pods import Owner
from diagnostics.glances.logs import bare
from diagnostics.glances.unseen import unseen
from diagnostics.model import Unobserved, Value
from diagnostics.observe import Seen

#: The letters of names that Kubernetes makes up (k8s.io/apimachinery/pkg/util/rand).
_MADE_UP = "[bcdfghjklmnpqrstvwxz2456789]"
#: What follows a workload's name in the names of what it makes, the longest first: a deployment's pods (template hash
#: and five letters), other pods, those of a stateful set (a number), replica sets, a cron job's jobs (a number).
_SUFFIXES = {
    "Pod": (rf"-{_MADE_UP}{{6,10}}-{_MADE_UP}{{5}}", r"-\d{8,}-" + _MADE_UP + "{5}", rf"-{_MADE_UP}{{5}}", r"-\d{1,4}"),
    "ReplicaSet": (rf"-{_MADE_UP}{{6,10}}",),
    "Job": (r"-\d{8,}",),
}
_OF_WORKLOAD = {
    kind: tuple(re.compile(f"^(.+?){suffix}$") for suffix in suffixes) for kind, suffixes in _SUFFIXES.items()
}
#: What differs in messages that say the same: ids, names made up, numbers with or without a unit.
_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32,64}\b")
_SUFFIX = re.compile(rf"(?<=-){_MADE_UP}{{5,10}}\b")
_NUMBER = re.compile(r"\d+(?:[.:]\d+)*(?:Ki|Mi|Gi|ms|us|µs|h|m|s)?")
_SAME = re.compile(r"[#\s]+")
_WARNING = "Warning"


class EventGroup(Value, frozen=True):
    """Events that say the same about the things of one workload.

    `name` is that of the thing, or, where it happened to several `things`, what their names begin with. `message` is
    the newest one's. `count` is how often it happened in all, between `first_at` and `last_at`.
    """

    namespace: str
    kind: str
    name: str
    things: int
    type: str
    reason: str
    message: str
    count: int
    first_at: datetime
    last_at: datetime

    @property
    def warns(self) -> bool:
        """Whether it is a warning."""
        return self.type == _WARNING


class EventsGlance(Value, frozen=True):
    """Recent events of an environment, grouped. `read` is how many events there are in the groups.

    `cut` says that there were more than are read. `lacks` are the parts that could not be seen.
    """

    environment: str
    at: datetime
    groups: tuple[EventGroup, ...] = ()
    read: int = 0
    cut: bool = False
    lacks: tuple[Unobserved, ...] = ()


def events_glance(seen: Seen, environment: str, at: datetime) -> EventsGlance:
    """What was seen of the events."""
    lacks = unseen(seen, (ClusterEvents, ClusterSecrets))
    found = seen.get(ClusterEvents)
    if isinstance(found, Unobserved):
        return EventsGlance(environment, at, lacks=lacks)
    return EventsGlance(environment, at, grouped(found.events), len(found.events), found.cut, lacks)


def grouped(events: Iterable[Event]) -> tuple[EventGroup, ...]:
    """Groups of events, newest first; of those that last happened in the same minute the warnings first."""
    groups: dict[tuple[str, ...], _Group] = {}
    for event in sorted(events, key=lambda one: one.last_at, reverse=True):
        groups.setdefault(_sameness(event), _Group(event)).add(event)
    return tuple(sorted((group.whole() for group in groups.values()), key=_rank, reverse=True))


def workload_of(about: Owner) -> str:
    """The name of the workload that a thing belongs to, as the thing's own name tells it."""
    for pattern in _OF_WORKLOAD.get(about.kind, ()):
        if hit := pattern.match(about.name):
            return hit[1]
    return about.name


def _sameness(event: Event) -> tuple[str, ...]:
    return (
        event.namespace,
        event.about.kind,
        workload_of(event.about),
        event.type,
        event.reason,
        _shape(event),
    )


def _shape(event: Event) -> str:
    """A message without what differs between those that say the same."""
    text = event.message.replace(event.about.name, "#") if event.about.name else event.message
    return _SAME.sub("#", _NUMBER.sub("#", _SUFFIX.sub("#", _ID.sub("#", text))))


def _rank(group: EventGroup) -> tuple[datetime, bool, datetime]:
    return group.last_at.replace(second=0, microsecond=0), group.warns, group.last_at


@dataclass(slots=True)
class _Group:
    """Events that say the same, while they are gathered. The first one is the newest."""

    newest: Event
    count: int = 0
    names: set[str] = field(default_factory=set)
    times: list[datetime] = field(default_factory=list)

    def add(self, event: Event) -> None:
        self.count += event.count
        self.names.add(event.about.name)
        self.times.append(event.first_at or event.last_at)

    def whole(self) -> EventGroup:
        event = self.newest
        return EventGroup(
            namespace=event.namespace,
            kind=event.about.kind,
            name=event.about.name if len(self.names) == 1 else workload_of(event.about),
            things=len(self.names),
            type=event.type,
            reason=event.reason,
            message=bare(" ".join(event.message.split())),
            count=self.count,
            first_at=min(self.times),
            last_at=event.last_at,
        )

"""Events as the cluster's components report them: the same one again is counted, and they are gone after an hour."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from playground.world.kubernetes.clock import Clock
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.store import Store, draft, moment

LIFETIME_S = 3600.0  # kube-apiserver --event-ttl
_EVENT = kind_named("Event")


@dataclass(frozen=True, slots=True)
class Source:
    """Who reports: a component, and the node it runs on. A `modern` one writes eventTime and no count."""

    component: str
    host: str = ""
    modern: bool = False

    def on(self, host: str) -> "Source":
        """The same component on a node."""
        return replace(self, host=host)


KUBELET = Source("kubelet")
SCHEDULER = Source("default-scheduler", modern=True)
NODES = Source("node-controller")
TAINTS = Source("taint-eviction-controller")


class Events:
    """Reports events, as the recorder of each component does: by object, reason and message."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def normal(self, about: Mapping[str, Any], source: Source, reason: str, message: str, part: str = "") -> None:
        """Report what went as it should. `part` is the field of the object that is meant: a container."""
        self._report(_Report(about, source, "Normal", reason, message, part))

    def warning(self, about: Mapping[str, Any], source: Source, reason: str, message: str, part: str = "") -> None:
        """Report what did not."""
        self._report(_Report(about, source, "Warning", reason, message, part))

    def expire(self) -> None:
        """Forget what was last reported an hour ago."""
        for event in self._store.listed(_EVENT):
            if self._clock.now_s - last_seen_s(event) > LIFETIME_S:
                about = event["metadata"]
                self._store.remove(_EVENT, about["namespace"], about["name"])

    def _report(self, report: "_Report") -> None:
        name = report.name()
        known = self._store.read(_EVENT, report.namespace, name)
        if known is None:
            self._store.create(_EVENT, report.event(name, self._clock.now()))
            return
        again = draft(known)
        if report.source.modern:
            _series(again, self._clock.now())
        else:
            again["count"] += 1
            again["lastTimestamp"] = moment(self._clock.now())
        self._store.replace(_EVENT, again)


@dataclass(frozen=True, slots=True)
class _Report:
    about: Mapping[str, Any]
    source: Source
    type: str
    reason: str
    message: str
    part: str

    @property
    def namespace(self) -> str:
        return str(self.about["metadata"].get("namespace", "default"))  # events of nodes stand in default

    def name(self) -> str:
        said = (self.about["metadata"]["uid"], self.source.component, self.type, self.reason, self.message, self.part)
        return f"{self.about['metadata']['name']}.{hash_of(*said)}"

    def event(self, name: str, now: datetime) -> Thing:
        meta = self.about["metadata"]
        seen = None if self.source.modern else moment(now)
        by = {} if self.source.modern else self._by()
        return {
            "metadata": {"name": name, "namespace": self.namespace},
            "involvedObject": self._involved(meta),
            "reason": self.reason,
            "message": self.message,
            "source": by,
            "firstTimestamp": seen,
            "lastTimestamp": seen,
            **({} if self.source.modern else {"count": 1}),
            "type": self.type,
            "eventTime": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if self.source.modern else None,
            **({"action": "Binding" if self.type == "Normal" else "Scheduling"} if self.source.modern else {}),
            "reportingComponent": self.source.component,
            "reportingInstance": f"{self.source.component}-control-plane" if self.source.modern else self.source.host,
        }

    def _by(self) -> Thing:
        return {"component": self.source.component, **({"host": self.source.host} if self.source.host else {})}

    def _involved(self, meta: Mapping[str, Any]) -> Thing:
        involved = {
            "kind": self.about["kind"],
            **({"namespace": meta["namespace"]} if "namespace" in meta else {}),
            "name": meta["name"],
            "uid": meta["uid"],
            "apiVersion": self.about["apiVersion"],
            "resourceVersion": meta["resourceVersion"],
            **({"fieldPath": self.part} if self.part else {}),
        }
        if self.about["kind"] == "Node":
            involved.pop("resourceVersion")
        return involved


def last_seen_s(event: Mapping[str, Any]) -> float:
    """When an event was last reported, in seconds since 1970."""
    last = (event.get("series") or {}).get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return datetime.fromisoformat(last).timestamp() if last else 0.0


def hash_of(*words: object) -> str:
    """Sixteen hex digits that stand for these words."""
    return f"{stable_hash(*words):016x}"


def stable_hash(*words: object) -> int:
    """A number of 64 bits that is the same in every process."""
    return int.from_bytes(sha256("\0".join(map(str, words)).encode()).digest()[:8])


def _series(event: Thing, now: datetime) -> None:
    series = event.get("series") or {"count": 1}
    event["series"] = {"count": series["count"] + 1, "lastObservedTime": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}

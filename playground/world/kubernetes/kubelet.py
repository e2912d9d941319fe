"""The kubelets of all nodes: they bring pods up, keep them up, report on them, evict them and take them down.

A node whose machine is gone has no kubelet: its pods stay as they were last seen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from playground.world.kubernetes.conditions import Condition, written
from playground.world.kubernetes.containers import Attempt, Container, Setting
from playground.world.kubernetes.controllers.nodes import has_machine
from playground.world.kubernetes.environment import environment, volume_trouble
from playground.world.kubernetes.events import KUBELET, Source
from playground.world.kubernetes.images import pulled
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.kubelets import Line, NoSuchRunError, UnreachableError, Usage
from playground.world.kubernetes.plane import NEVER, Plane, condition, is_over, leaving, seconds, stamp
from playground.world.kubernetes.pod_status import Seen, pod_status
from playground.world.kubernetes.policies import reaches_outside
from playground.world.kubernetes.programs import Program, Run, Start, program_of
from playground.world.kubernetes.quantities import amount
from playground.world.kubernetes.store import Frozen

_MOUNT_AGAIN_S, _MOUNT_LONGEST_S = 0.5, 122.0  # the kubelet's back-off for volumes: 500 ms to 2 min 2 s
_EVICT_AFTER_S = 10.0  # the eviction manager's period
_THRESHOLD = 8_053_063_680  # bytes: a tenth of the node's disk
_SYSTEM = (0.12, 1.1 * 2**30)  # cores and bytes that a node needs for itself
_POD = kind_named("Pod")


@dataclass
class Life:
    """What a kubelet knows of one pod."""

    pod: Frozen
    began_s: float
    address: str
    containers: list[Container]
    mounted: bool = False
    mount_wait_s: float = 0.0
    due_s: float = 0.0
    version: str = ""

    @property
    def ended(self) -> bool:
        """Whether no process is up and none will be."""
        return not any(one.running for one in self.containers)

    def age(self, by_s: float) -> None:
        """Have lived so many seconds earlier."""
        self.began_s -= by_s
        self.due_s -= by_s
        for container in self.containers:
            container.age(by_s)


@dataclass
class SimulatedKubelets:
    """All kubelets. `programs` are those that need more than what is in their image."""

    plane: Plane
    programs: Mapping[str, Program] = field(default_factory=dict)
    lives: dict[str, Life] = field(default_factory=dict)
    images: dict[str, set[str]] = field(default_factory=dict)  # by node
    handed_out: int = 0

    # What they do

    def reconcile(self, plane: Plane) -> float:
        """Do what is due for every pod on a node that is up."""
        pods = [pod for pod in plane.listed("Pod") if pod["spec"].get("nodeName")]
        here = {pod["metadata"]["uid"] for pod in pods}
        for uid in [uid for uid in self.lives if uid not in here]:
            del self.lives[uid]
        return min((self._look_after(pod) for pod in pods), default=NEVER)

    def age(self, by_s: float) -> None:
        """Have lived so many seconds earlier."""
        for life in self.lives.values():
            life.age(by_s)

    def crash(self, namespace: str, name: str) -> None:
        """Have the first container of a pod end at once, of its own accord and badly."""
        for life in self.lives.values():
            about = life.pod["metadata"]
            if (about["namespace"], about["name"]) == (namespace, name):
                main = next(one for one in life.containers if not one.first)
                main.crash(self.plane.now_s)
                life.due_s = self.plane.now_s

    def look_again(self) -> None:
        """Look at every pod at once: the world around them has changed."""
        for life in self.lives.values():
            life.version = ""

    def _look_after(self, pod: Frozen) -> float:
        if self._state(pod) == "gone":
            return NEVER
        life = self.lives.get(pod["metadata"]["uid"]) or self._admitted(pod)
        life.pod = pod
        if self.plane.now_s >= life.due_s or pod["metadata"]["resourceVersion"] != life.version:
            life.due_s = self._sync(life)
        return life.due_s

    def _admitted(self, pod: Frozen) -> Life:
        spec = pod["spec"]
        first = [Container(one, first=True) for one in spec.get("initContainers") or ()]
        life = Life(pod, self.plane.now_s, "", [*first, *(Container(one) for one in spec["containers"])])
        self.lives[pod["metadata"]["uid"]] = life
        return life

    def _sync(self, life: Life) -> float:
        if is_over(life.pod) and not leaving(life.pod):
            life.version = life.pod["metadata"]["resourceVersion"]
            return NEVER
        if self._state(life.pod) == "disk-full" and self._evictable(life):
            return self._evict(life)
        due_s = self._down(life) if leaving(life.pod) else self._up(life)
        self._report(life)
        return self._gone(life) if leaving(life.pod) and life.ended else due_s

    def _report(self, life: Life) -> None:
        began = stamp(life.began_s)
        host = self._host(life.pod)
        seen = Seen(life.pod, life.containers, life.address, host, began, self.plane.now)
        self._write(life, pod_status(seen))

    def _write(self, life: Life, status: Thing) -> None:
        self.plane.write_status(life.pod, status)
        about = life.pod["metadata"]
        life.pod = self.plane.read("Pod", about["namespace"], about["name"]) or life.pod
        life.version = life.pod["metadata"]["resourceVersion"]

    # Up

    def _up(self, life: Life) -> float:
        if not life.mounted and not self._mount(life):
            return self.plane.now_s + life.mount_wait_s
        if not life.address:
            life.address = self._address(life.pod)
        due_s = NEVER
        for container in self._turn(life):
            due_s = min(due_s, self._advance(life, container))
        return due_s if self._turn(life) == [] or due_s > self.plane.now_s else self._up(life)

    def _turn(self, life: Life) -> list[Container]:
        """The containers whose turn it is: the first init container that is not done, or all the others."""
        waiting = [one for one in life.containers if one.first and not one.done]
        return waiting[:1] or [one for one in life.containers if not one.first]

    def _advance(self, life: Life, container: Container) -> float:
        here = self._setting(life)
        while container.due_s <= here.now_s:
            container.step(here)
        return self.plane.now_s if container.first and container.done else container.due_s

    def _mount(self, life: Life) -> bool:
        trouble = volume_trouble(self.plane, life.pod)
        life.mounted = trouble is None
        if trouble:
            volume, why = trouble
            told = f'MountVolume.SetUp failed for volume "{volume}" : {why}'
            self.plane.events.warning(life.pod, self._source(life.pod), "FailedMount", told)
            life.mount_wait_s = min(max(life.mount_wait_s * 2, _MOUNT_AGAIN_S), _MOUNT_LONGEST_S)
        return life.mounted

    def _setting(self, life: Life) -> Setting:
        node = life.pod["spec"]["nodeName"]
        return Setting(
            now_s=self.plane.now_s,
            pod=life.pod,
            address=life.address,
            restarts=life.pod["spec"].get("restartPolicy", "Always"),
            on_node=self.images.setdefault(node, set()),
            pull=lambda image: pulled(image, self.plane.machine),
            start=partial(self._start, life.pod),
            report=partial(self._say, life.pod),
        )

    def _start(self, pod: Frozen, container: Mapping[str, Any]) -> Callable[[float], Run]:
        image = container["image"]
        start = Start(
            image=image,
            command=tuple(container.get("command") or ()),
            args=tuple(container.get("args") or ()),
            env=environment(self.plane, pod, container),
            machine=self.plane.machine,
            at_s=self.plane.now_s,
            reaches=cache(partial(reaches_outside, self.plane, pod)),
            memory_limit=amount((container.get("resources", {}).get("limits") or {}).get("memory", "0")),
            around=lambda: self.plane.machine,
            cpu_limit=amount((container.get("resources", {}).get("limits") or {}).get("cpu", "1000")),
            pod=pod,
        )
        program = self.programs.get(image.rpartition(":")[0]) or program_of(image)
        program(start)  # raises when it cannot be started at all
        return lambda at_s: program(replace(start, at_s=at_s))

    def _say(self, pod: Frozen, type_: str, reason: str, message: str, container: str) -> None:
        init = any(one["name"] == container for one in pod["spec"].get("initContainers") or ())
        part = f"spec.{'initContainers' if init else 'containers'}{{{container}}}"
        report = self.plane.events.warning if type_ == "Warning" else self.plane.events.normal
        report(pod, self._source(pod), reason, message, part)

    # Down

    def _down(self, life: Life) -> float:
        by_s = seconds(life.pod["metadata"]["deletionTimestamp"])
        here = self._setting(life)
        for container in life.containers:
            container.stop(here, by_s)
            if container.running:
                container.step(here)
        return min((one.due_s for one in life.containers if one.running), default=NEVER)

    def _gone(self, life: Life) -> float:
        about = life.pod["metadata"]
        self.plane.store.remove(_POD, about["namespace"], about["name"])
        life.version = ""
        kept = self.plane.read("Pod", about["namespace"], about["name"])
        if kept is not None:  # a finalizer holds it
            life.version = kept["metadata"]["resourceVersion"]
        return NEVER

    # Eviction

    def _evictable(self, life: Life) -> bool:
        """Whether it is among those that use more of the disk than they asked for. The system's own stay."""
        return life.pod["metadata"]["namespace"] == "volaticloud" and not leaving(life.pod)

    def _evict(self, life: Life) -> float:
        pressed_s = self._pressed_s(life.pod)
        if self.plane.now_s < pressed_s + _EVICT_AFTER_S:
            return pressed_s + _EVICT_AFTER_S
        main = [one for one in life.containers if not one.first]
        using = "".join(
            f"Container {one.name} was using {24 + 4 * number}Ki, request is 0, has larger consumption of "
            "ephemeral-storage. "
            for number, one in enumerate(main)
        )
        available = f"available: {_THRESHOLD // 1024 - 412_804}Ki. "
        told = f"The node was low on resource: ephemeral-storage. Threshold quantity: {_THRESHOLD}, {available}{using}"
        self._end_all(life, told)
        return NEVER

    def _end_all(self, life: Life, told: str) -> None:
        source = self._source(life.pod)
        self.plane.events.warning(life.pod, source, "Evicted", told)
        here = self._setting(life)
        for container in life.containers:
            container.stop(here, here.now_s)
            container.step(here)
        seen = Seen(life.pod, life.containers, life.address, self._host(life.pod), stamp(life.began_s), self.plane.now)
        status = pod_status(seen)
        before = (life.pod.get("status") or {}).get("conditions")
        disrupted = Condition("DisruptionTarget", "True", "TerminationByKubelet", told, {"lastProbeTime": None})
        conditions = [*written(before, self.plane.now, disrupted), *status["conditions"]]
        evicted = {"phase": "Failed", "reason": "Evicted", "message": told, "conditions": conditions}
        self._write(life, {**status, **evicted})

    def _pressed_s(self, pod: Frozen) -> float:
        pressure = condition(self._node(pod), "DiskPressure")
        return seconds(pressure["lastTransitionTime"]) if pressure.get("status") == "True" else self.plane.now_s

    # What they tell

    def log(self, pod: Thing, container: str, *, previous: bool) -> Sequence[Line]:
        """What a container has logged in this run, or in the one before.

        Raises:
            UnreachableError: its node is gone.
            NoSuchRunError: there is no such run.
        """
        if self._state(pod) == "gone":
            raise UnreachableError(f"dial tcp {self._host(pod)}:10250: i/o timeout")
        attempt = self._attempt(pod, container, previous=previous)
        if attempt is None:
            raise NoSuchRunError(container)
        return [Line(datetime.fromtimestamp(at_s, UTC), text) for at_s, text in attempt.lines(self.plane.now_s)]

    def answer(self, pod: Frozen, port: int, path: str) -> int | None:
        """What the program answers that listens at a port of a pod; None where none does."""
        life = self.lives.get(pod["metadata"]["uid"])
        for container in (one for one in life.containers if one.running) if life else ():
            attempt = container.now
            ports = {one["containerPort"] for one in container.spec.get("ports") or ()}
            if attempt is not None and attempt.began_s is not None and port in ports:
                after_s = self.plane.now_s - attempt.began_s
                return attempt.run.answers(path, after_s) if after_s >= attempt.run.listens_after_s else None
        return None

    def usage(self, pod: Thing) -> Mapping[str, Usage]:
        """What each running container of a pod uses."""
        life = self.lives.get(pod["metadata"]["uid"])
        if life is None or self._state(pod) == "gone" or not self.plane.machine.metrics:
            return {}
        return {one.name: self._used(one) for one in life.containers if one.running}

    def node_usage(self, node: Thing) -> Usage | None:
        """What a node uses: its pods and itself."""
        name = node["metadata"]["name"]
        if self.plane.machine.nodes.get(name, "up") == "gone" or not self.plane.machine.metrics:
            return None
        here = [life.pod for life in self.lives.values() if life.pod["spec"].get("nodeName") == name]
        used = [one for pod in here for one in self.usage(pod).values()]
        cpu_m = _SYSTEM[0] * 1000 + sum(one.cpu_m for one in used)
        return Usage(cpu_m, int(_SYSTEM[1]) + sum(one.memory for one in used))

    def _used(self, container: Container) -> Usage:
        attempt = container.now
        if attempt is None or attempt.began_s is None:
            return Usage(0.0, 0)
        cores, size = attempt.run.uses(self.plane.now_s - attempt.began_s)
        return Usage(round(cores * 1000, 3), int(size))

    def _attempt(self, pod: Thing, name: str, *, previous: bool) -> Attempt | None:
        life = self.lives.get(pod["metadata"]["uid"])
        found = next((one for one in life.containers if one.name == name), None) if life else None
        if found is None:
            return None
        waits = not found.running and found.phase not in {"ended", "over", "stopped"}
        return found.now if not previous or waits else found.last

    # Within

    def _state(self, pod: Mapping[str, Any]) -> str:
        if not has_machine(self._node(pod)):
            return "gone"
        return self.plane.machine.nodes.get(pod["spec"].get("nodeName", ""), "up")

    def _source(self, pod: Mapping[str, Any]) -> Source:
        return KUBELET.on(pod["spec"]["nodeName"])

    def _node(self, pod: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.plane.read("Node", "", pod["spec"].get("nodeName", "")) or {}

    def _host(self, pod: Mapping[str, Any]) -> str:
        addresses = self._node(pod).get("status", {}).get("addresses") or ()
        return next((str(one["address"]) for one in addresses if one["type"] == "InternalIP"), "")

    def _address(self, pod: Mapping[str, Any]) -> str:
        if pod["spec"].get("hostNetwork"):
            return self._host(pod)
        prefix = str(self._node(pod).get("spec", {}).get("podCIDR", "10.244.0.0/24")).rpartition(".")[0]
        self.handed_out += 1
        return f"{prefix}.{2 + self.handed_out % 250}"

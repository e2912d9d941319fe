"""The living cluster: the platform's objects, the controllers that keep them, and the faults that spoil them.

Its life can pass in an instant: `settle` moves the clock from one due moment to the next. After that the cluster's time
is the real one again, and everything that has happened lies in the past. `run` lets it live on.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil, inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from playground.world.certificates import Authority
from playground.world.certificates import Kind as Certificate
from playground.world.faults.model import Fault
from playground.world.kubernetes.ageing import AgeingStore
from playground.world.kubernetes.clock import Clock
from playground.world.kubernetes.controllers.autoscaling import Autoscalers
from playground.world.kubernetes.controllers.budgets import BUDGETS
from playground.world.kubernetes.controllers.daemonsets import DAEMON_SETS
from playground.world.kubernetes.controllers.deployments import DEPLOYMENTS
from playground.world.kubernetes.controllers.endpoints import ENDPOINTS
from playground.world.kubernetes.controllers.garbage import GARBAGE
from playground.world.kubernetes.controllers.jobs import Jobs
from playground.world.kubernetes.controllers.nodes import HEARTBEAT_S, NodeLife, heartbeat
from playground.world.kubernetes.controllers.pods import refusal
from playground.world.kubernetes.controllers.quotas import QUOTAS
from playground.world.kubernetes.controllers.replicasets import ReplicaSets
from playground.world.kubernetes.controllers.scheduler import SCHEDULING
from playground.world.kubernetes.controllers.services import SERVICES
from playground.world.kubernetes.controllers.statefulsets import StatefulSets
from playground.world.kubernetes.defaults import filled
from playground.world.kubernetes.desired import Desired, Key, key_of, merged
from playground.world.kubernetes.events import Events
from playground.world.kubernetes.ingress_nginx import IMAGE as INGRESS_IMAGE
from playground.world.kubernetes.ingress_nginx import IngressNginx
from playground.world.kubernetes.kinds import Kind, Thing, kind_named
from playground.world.kubernetes.kubelet import SimulatedKubelets
from playground.world.kubernetes.plane import Controller, Plane, is_over, labels_of, leaving, name_of
from playground.world.kubernetes.probing import IMAGE as PROBE_IMAGE
from playground.world.kubernetes.probing import Probing
from playground.world.kubernetes.store import ExpiredError
from playground.world.kubernetes.templates import secret
from playground.world.kubernetes.volaticloud import CERTIFICATES, SPACE, Secrets, volaticloud

INSTALLED_AGO_S = 5 * 86_400.0  # long enough for nobody to suspect the installation
FAULT_AGO_S = 15 * 60.0  # time enough for a rollout's deadline and for a crash loop to show
HEALED_AGO_S = 65 * 60.0  # longer than events are kept
_SETTLES_IN_S = 600.0  # in which an installation has come to rest
#: What the controller manager runs; what is not named here goes on without it.
_MANAGED = frozenset(
    {"quotas", "garbage", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "nodes", "endpoints"}
    | {"budgets", "services", "autoscalers"}
)
_TICK_S = 0.2  # how often a running cluster looks whether something is due
_ROUNDS_AT_MOST = 200  # in one moment; more would mean that two controllers undo each other's work


class _Ages(Protocol):
    def age(self, by_s: float) -> None: ...


@dataclass
class _Runner:
    """A controller, what it has seen, and when it wants to look again."""

    controller: Controller
    seen: int = -1
    due_s: float = 0.0


class World:
    """A cluster with its life. `store` and `kubelets` are what an API server serves."""

    def __init__(
        self,
        values: Secrets | None = None,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        authority: Authority | None = None,
    ) -> None:
        """Install the platform some days ago and let it come to rest. `seed` makes names come out alike."""
        self.clock = clock or Clock()
        self.authority = authority or _authority()
        self.clock.hold(self.clock.real_s - INSTALLED_AGO_S)
        self.store = AgeingStore(self.clock.now, seed)
        self._base = volaticloud(values or Secrets())
        self._desired = replace(self._base, manifests=())
        self.faults: list[Fault[Desired]] = []
        self._certificates: dict[tuple[str, str], Thing] = {}
        self.plane = Plane(self.store, self.clock, Events(self.store, self.clock), self._base.machine)
        self.ingress = IngressNginx(self.plane)
        programs = {INGRESS_IMAGE: self.ingress.program}
        self.kubelets = SimulatedKubelets(self.plane, programs)
        programs[PROBE_IMAGE] = Probing(self.plane, self.kubelets.answer).program
        self._autoscalers = Autoscalers(self.kubelets)
        self._ageing: list[_Ages] = [self.kubelets, self.ingress, self._autoscalers]
        self._runners = [_Runner(one) for one in self._controllers()]
        self._changed: dict[str, int] = {}
        self._read_up_to = 0
        self._beaten_s = 0.0
        self._bring(self._base)
        self._pass(self.clock.now_s + _SETTLES_IN_S)
        self._arrive(self.clock.real_s)

    # Faults

    @property
    def desired(self) -> Desired:
        """What is wanted, or spoilt, just now."""
        return self._desired

    def switch_on(self, fault: Fault[Desired]) -> None:
        """Have a fault come some minutes ago."""
        if fault not in self.faults:
            self.faults.append(fault)
            self._past(FAULT_AGO_S, self._follow)

    def switch_off(self, fault: Fault[Desired]) -> None:
        """Have a fault mended some minutes ago."""
        if fault in self.faults:
            self.faults.remove(fault)
            self._past(FAULT_AGO_S, self._follow)

    def heal(self) -> None:
        """Have everything mended, long enough ago for all traces of it to have gone."""
        self.faults.clear()
        self._past(HEALED_AGO_S, self._mend)

    def install(self, desired: Desired) -> None:
        """Want something else from now on, as if it had been there from the start; for variants of the platform."""
        self._base = desired
        self._past(INSTALLED_AGO_S, self._follow)

    def happen(self, ago_s: float, deed: Callable[[], None]) -> None:
        """Have something happen in the past, and live on from there."""
        self._past(ago_s, deed)

    def pass_by(self, for_s: float) -> None:
        """Let so much time pass within something that happens in the past."""
        self._pass(self.clock.now_s + for_s)

    def settle(self, for_s: float = FAULT_AGO_S) -> None:
        """Let time pass in an instant: what is now is then so long ago."""
        self._past(for_s, lambda: None)

    def refuses(self, kind: Kind, thing: Thing) -> str:
        """Why an object is not admitted, in the API server's words; nothing when it is."""
        return refusal(self.plane, thing["metadata"]["namespace"], thing["spec"]) if kind.kind == "Pod" else ""

    # Life

    async def run(self) -> None:
        """Live in real time, until cancelled: what is due is done, and what is written is answered at once."""
        while True:
            due_s = self.tick()
            pause_s = max(0.0, min(_TICK_S, due_s - self.clock.now_s))
            # Not by wait_for: up to Python 3.11 it may lose a cancellation that comes as the store changes.
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s or _TICK_S):
                    await self.store.changed(int(self.store.version))

    def tick(self) -> float:
        """Do what is due now. Gives the moment at which something is due again, in seconds since 1970."""
        if self.clock.now_s > self._beaten_s + HEARTBEAT_S / 5:
            self._beaten_s = self.clock.now_s
            heartbeat(self.plane)
            self.plane.events.expire()
        return self._converge()

    # Within

    def _controllers(self) -> Iterable[Controller]:
        sets, statefuls, jobs, nodes = ReplicaSets(), StatefulSets(), Jobs(), NodeLife()
        self._ageing += [sets, statefuls, jobs, nodes]
        yield from (QUOTAS, GARBAGE, DEPLOYMENTS)
        yield Controller("replicasets", frozenset({"ReplicaSet", "Pod", "ResourceQuota"}), sets.reconcile)
        yield Controller("statefulsets", frozenset({"StatefulSet", "Pod", "ResourceQuota"}), statefuls.reconcile)
        yield DAEMON_SETS
        yield Controller("jobs", frozenset({"Job", "Pod"}), jobs.reconcile)
        yield Controller("nodes", frozenset({"Node"}), nodes.reconcile)
        yield SCHEDULING
        watched = frozenset({"Pod", "Node", "Secret", "ConfigMap"})
        yield Controller("kubelets", watched, self.kubelets.reconcile)
        yield from (ENDPOINTS, BUDGETS, SERVICES)
        scaled = frozenset({"HorizontalPodAutoscaler"})
        yield Controller("autoscalers", scaled, self._autoscalers.reconcile)
        routed = frozenset({"Ingress", "IngressClass", "Service", "EndpointSlice", "Secret", "NetworkPolicy"})
        yield Controller("ingress-nginx", routed, self.ingress.reconcile)

    def _converge(self) -> float:
        """Run whatever controller something has changed for, until nothing changes any more at this moment."""
        for _ in range(_ROUNDS_AT_MOST):
            version = self.store.version
            for runner in self._runners:
                self._run(runner)
            if self.store.version == version:
                return min(runner.due_s for runner in self._runners)
        names = ", ".join(runner.controller.name for runner in self._runners if self._concerns(runner))
        raise RuntimeError(f"The simulated cluster does not come to rest: {names} go on writing. This is a bug in it.")

    def _run(self, runner: _Runner) -> None:
        self._read_up()
        if not self.plane.machine.controllers and runner.controller.name in _MANAGED:
            runner.due_s = inf
        elif self._concerns(runner) or runner.due_s <= self.clock.now_s:
            runner.seen = self._read_up_to
            runner.due_s = runner.controller.reconcile(self.plane)

    def _concerns(self, runner: _Runner) -> bool:
        return any(self._changed.get(kind, 0) > runner.seen for kind in runner.controller.watches)

    def _read_up(self) -> None:
        """Note which kinds have changed, and when last."""
        latest = int(self.store.version)
        if latest == self._read_up_to:
            return
        try:
            kinds = {change.kind.kind: change.version for change in self.store.changes(self._read_up_to)}
        except ExpiredError:
            kinds = {kind: latest for runner in self._runners for kind in runner.controller.watches}
        self._changed.update(kinds)
        self._read_up_to = latest

    def _past(self, ago_s: float, deed: Callable[[], None]) -> None:
        """Do something so many seconds ago, and let the time since then pass."""
        self.tick()
        now_s = self.clock.real_s
        self.store.age(ago_s)
        for one in self._ageing:
            one.age(ago_s)
        for runner in self._runners:
            runner.due_s -= ago_s
        self.clock.hold(now_s - ago_s)
        deed()
        self._pass(now_s)
        self._arrive(now_s)

    def _pass(self, until_s: float) -> None:
        while True:
            due_s = max(self._converge(), self.clock.now_s + 0.001)
            if due_s > until_s:
                break
            self.clock.hold(min(float(ceil(due_s)), until_s))
        self.clock.hold(until_s)
        self._converge()

    def _arrive(self, now_s: float) -> None:
        """Come to the present."""
        self.clock.hold(now_s)
        self.plane.events.expire()
        heartbeat(self.plane)
        self._beaten_s = now_s
        self._look_again()
        self._converge()
        self.clock.release()
        self._look_again()

    # What is wanted

    def _follow(self) -> None:
        wanted = self._base
        for fault in self.faults:
            wanted = fault.apply(wanted)
        self._bring(wanted)

    def _mend(self) -> None:
        """Bring everything back to what was installed, whoever changed it, and clear away what has failed."""
        self._bring(self._base)
        emptied = replace(
            self._desired, manifests=tuple({**one, "spec": {}, "data": {}} for one in self._desired.manifests)
        )
        self._desired = emptied
        self._bring(self._base)
        for pod in self.plane.listed("Pod"):
            if is_over(pod) and not _of_a_job(pod):
                self.store.delete(kind_named("Pod"), pod["metadata"]["namespace"], name_of(pod))

    def _bring(self, wanted: Desired) -> None:
        """Change the cluster from what was wanted to what is wanted now."""
        before, after = _by_key(self._complete(self._desired)), _by_key(self._complete(wanted))
        self.plane.machine = wanted.machine
        for key in [key for key in before if key not in after]:
            self._delete(key)
        for key, thing in after.items():
            if before.get(key) != thing:
                self._apply(key, before.get(key), thing)
        for namespace, name in sorted(wanted.fallen - self._desired.fallen):
            self._fall(namespace, name)
        for app in sorted({*wanted.held, *self._desired.held}):
            self._hold(app, wanted.held.get(app, ""))
        self._desired = wanted
        self._look_again()

    def _look_again(self) -> None:
        """Have everybody look at the world afresh: it is another one, or time goes on in another way."""
        self._autoscalers.look_again()
        self.kubelets.look_again()
        for runner in self._runners:
            runner.due_s = 0.0

    def _complete(self, desired: Desired) -> Iterable[Thing]:
        """The manifests, and the certificates of the kinds that are wanted."""
        yield from desired.manifests
        if desired.manifests:
            for name, host in CERTIFICATES.items():
                kind = desired.machine.certificates.get(name, "good")
                if kind is not None:
                    yield self._certificate(name, host, kind)

    def _certificate(self, name: str, host: str, kind: Certificate) -> Thing:
        if (name, kind) not in self._certificates:
            certificate, key = self.authority.issued(kind, host)
            values = {"tls.crt": certificate, "tls.key": key}
            self._certificates[name, kind] = secret(SPACE, name, values, type="kubernetes.io/tls")
        return self._certificates[name, kind]

    def _delete(self, key: Key) -> None:
        kind, namespace, name = key
        if self.plane.read(kind, namespace, name) is not None:
            self.store.delete(kind_named(kind), namespace, name)

    def _apply(self, key: Key, before: Thing | None, after: Thing) -> None:
        kind = kind_named(key[0])
        live = self.store.read(kind, key[1], key[2])
        if live is None:
            self.store.create(kind, after if key[0] == "Node" else filled(kind, after))
            return
        known = before or {}
        changed = {
            part: merged(live.get(part), known.get(part), value)
            for part, value in after.items()
            if part not in {"metadata", "status", "kind", "apiVersion"}
        }
        about = {
            word: merged(live["metadata"].get(word) or {}, known.get("metadata", {}).get(word), value)
            for word, value in after["metadata"].items()
            if word in {"labels", "annotations"}
        }
        self.store.replace(kind, {**live, **changed, "metadata": {**live["metadata"], **about}})

    def _fall(self, namespace: str, name: str) -> None:
        """All pods of a deployment are lost, and none of its older templates is wanted any more."""
        deployment = self.plane.read("Deployment", namespace, name)
        if deployment is None:
            return
        template = deployment["spec"]["template"]
        for one in self.plane.owned("ReplicaSet", deployment):
            same = {
                key: value for key, value in labels_of(one["spec"]["template"]).items() if key != "pod-template-hash"
            }
            current = {**one["spec"]["template"], "metadata": {**one["spec"]["template"]["metadata"], "labels": same}}
            if current != template:
                self.plane.write(one, lambda thing: thing["spec"].update(replicas=0))
            for pod in self.plane.owned("Pod", one):
                self.store.delete(kind_named("Pod"), namespace, name_of(pod))

    def _hold(self, app: str, finalizer: str) -> None:
        """Give an app's pods a finalizer and delete them; or take the finalizers away again."""
        kind = kind_named("Pod")
        for pod in [pod for pod in self.plane.listed("Pod") if labels_of(pod).get("app") == app]:
            held = [finalizer] if finalizer else []
            if finalizer or pod["metadata"].get("finalizers"):
                self.store.replace(kind, {**pod, "metadata": {**pod["metadata"], "finalizers": held}})
            if finalizer and not leaving(pod):
                self.store.delete(kind, pod["metadata"]["namespace"], name_of(pod))


def _authority() -> Authority:
    """One that nobody has the certificate of."""
    with TemporaryDirectory(prefix="volati-") as folder:
        return Authority.new(Path(folder))


def _by_key(manifests: Iterable[Thing]) -> dict[Key, Thing]:
    return {key_of(one): one for one in manifests}


def _of_a_job(pod: Mapping[str, Any]) -> bool:
    return any(one["kind"] == "Job" for one in pod["metadata"].get("ownerReferences") or ())

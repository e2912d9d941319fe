"""Horizontal autoscalers: from what the pods use, how many there should be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.world.kubernetes.conditions import Condition, written
from playground.world.kubernetes.events import Source
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.kubelets import Kubelets
from playground.world.kubernetes.plane import NEVER, Plane, is_ready, labels_of, leaving, name_of
from playground.world.kubernetes.quantities import requested
from playground.world.kubernetes.selectors import matches
from playground.world.kubernetes.store import Frozen

PERIOD_S = 15.0  # --horizontal-pod-autoscaler-sync-period
_CALM_S = 300.0  # how long fewer must have been enough before pods are taken away
_TOLERANCE = 0.1
_SCALED_KINDS = {"Deployment", "StatefulSet", "ReplicaSet"}
_LEAP_S = 3600.0  # how often it is enough to look while nothing goes on and time passes in leaps
_SOURCE = Source("horizontal-pod-autoscaler")
_NO_API = "the server could not find the requested resource (get pods.metrics.k8s.io)"
_ABLE = Condition("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")
_SCALED = Condition(
    "AbleToScale", "True", "SucceededRescale", "the HPA controller was able to update the target scale to {}"
)


@dataclass(frozen=True)
class _Measured:
    """One metric: its status, how many pods it asks for, and its name in words."""

    status: Thing
    wanted: int
    words: str


class _NoMetricError(Exception):
    """A metric could not be read; the message is the controller's."""


@dataclass
class Autoscalers:
    """The controller. It remembers since when fewer pods would have been enough."""

    kubelets: Kubelets
    due_s: float = 0.0
    unsettled: bool = False  # whether something was changed or missing at the last look
    calm_since_s: dict[str, float] = field(default_factory=dict)

    def reconcile(self, plane: Plane) -> float:
        """Look at every autoscaler, each quarter of a minute."""
        if plane.now_s < self.due_s:
            return self.due_s
        self.unsettled = False
        for scaler in plane.listed("HorizontalPodAutoscaler"):
            if not leaving(scaler):
                self._look(plane, scaler)
        restless = self.unsettled or self.calm_since_s or plane.machine.wave_s
        leaps = plane.clock.held and not restless
        self.due_s = plane.now_s + (_LEAP_S if leaps else PERIOD_S)
        return self.due_s if plane.listed("HorizontalPodAutoscaler") else NEVER

    def look_again(self) -> None:
        """Do not wait for the period to end."""
        self.due_s = 0.0

    def age(self, by_s: float) -> None:
        """Have looked so many seconds earlier."""
        self.due_s -= by_s
        self.calm_since_s = {uid: at_s - by_s for uid, at_s in self.calm_since_s.items()}

    def _look(self, plane: Plane, scaler: Frozen) -> None:
        about = scaler["spec"]["scaleTargetRef"]
        known = about["kind"] in _SCALED_KINDS
        target = plane.read(about["kind"], scaler["metadata"]["namespace"], about["name"]) if known else None
        if target is None:
            self._no_target(plane, scaler, about)
        elif target["spec"]["replicas"] == 0:
            told = "scaling is disabled since the replica count of the target is zero"
            self._report(plane, scaler, 0, 0, [_GOT, Condition("ScalingActive", "False", "ScalingDisabled", told)], [])
        else:
            self._reckon(plane, scaler, target)

    def _no_target(self, plane: Plane, scaler: Frozen, about: Mapping[str, Any]) -> None:
        plural = f"{about['kind'].lower()}s"
        missing = f'{plural}.apps "{about["name"]}" not found'
        told = f"the HPA controller was unable to get the target's current scale: {missing}"
        before = scaler.get("status", {}).get("currentReplicas", 0)
        self._report(plane, scaler, before, 0, [Condition("AbleToScale", "False", "FailedGetScale", told)], [])
        plane.events.warning(scaler, _SOURCE, "FailedGetScale", missing)

    def _reckon(self, plane: Plane, scaler: Frozen, target: Frozen) -> None:
        current = target["spec"]["replicas"]
        measured, failures = self._measured(plane, scaler, target)
        if not measured and not failures:
            return
        if not measured:
            self._blind(plane, scaler, current, failures)
            return
        most = max(measured, key=lambda one: one.wanted)
        wanted, limited = self._limited(plane, scaler, current, most.wanted)
        able = _ABLE
        self.unsettled = self.unsettled or wanted != current
        if wanted != current:
            plane.write(target, lambda thing: thing["spec"].update(replicas=wanted))
            way = f"{most.words} above target" if wanted > current else "All metrics below target"
            plane.events.normal(scaler, _SOURCE, "SuccessfulRescale", f"New size: {wanted}; reason: {way}")
            able = Condition(_SCALED.type, _SCALED.status, _SCALED.reason, _SCALED.message.format(wanted))
        told = f"the HPA was able to successfully calculate a replica count from {most.words}"
        active = Condition("ScalingActive", "True", "ValidMetricFound", told)
        self._report(plane, scaler, current, wanted, [able, active, limited], [one.status for one in measured])

    def _measured(self, plane: Plane, scaler: Frozen, target: Frozen) -> tuple[list[_Measured], list[str]]:
        pods = [
            pod
            for pod in plane.listed("Pod", scaler["metadata"]["namespace"])
            if matches(target["spec"]["selector"], labels_of(pod)) and is_ready(pod) and not leaving(pod)
        ]
        found, failures = [], []
        for metric in (one for one in scaler["spec"].get("metrics") or () if "resource" in one):
            try:
                found.append(self._measure(plane, metric["resource"], pods, target["spec"]["replicas"]))
            except _NoMetricError as error:
                failures.append(str(error))
        return found, failures

    def _measure(self, plane: Plane, resource: Mapping[str, Any], pods: list[Frozen], current: int) -> _Measured:
        name = resource["name"]
        begun = f"failed to get {name} utilization: unable to get metrics for resource {name}: "
        if not plane.machine.metrics:
            raise _NoMetricError(f"{begun}unable to fetch metrics from resource metrics API: {_NO_API}")
        used = [self.kubelets.usage(pod) for pod in pods]
        if not any(used):
            raise _NoMetricError(f"{begun}no metrics returned from resource metrics API")
        total = sum((one.cpu_m / 1000 if name == "cpu" else one.memory) for pod in used for one in pod.values())
        asked = sum(requested(pod["spec"], name) for pod in pods)
        share = round(100 * total / asked) if asked else 0
        ratio = share / resource["target"]["averageUtilization"]
        wanted = current if abs(ratio - 1) <= _TOLERANCE else math.ceil(ratio * len(pods))
        each = total / len(pods)
        value = f"{round(each * 1000)}m" if name == "cpu" else str(round(each))
        status = {"name": name, "current": {"averageValue": value, "averageUtilization": share}}
        return _Measured(
            {"type": "Resource", "resource": status}, wanted, f"{name} resource utilization (percentage of request)"
        )

    def _limited(self, plane: Plane, scaler: Frozen, current: int, wanted: int) -> tuple[int, Condition]:
        least, most = scaler["spec"].get("minReplicas", 1), scaler["spec"]["maxReplicas"]
        uid = scaler["metadata"]["uid"]
        if max(wanted, least) >= current:
            self.calm_since_s.pop(uid, None)
        elif plane.now_s - self.calm_since_s.setdefault(uid, plane.now_s) < _patience_s(scaler):
            wanted = current
        if wanted > most:
            return most, _limit(
                "True", "TooManyReplicas", "the desired replica count is more than the maximum replica count"
            )
        if wanted < least:
            return least, _limit(
                "True", "TooFewReplicas", "the desired replica count is less than the minimum replica count"
            )
        step = min(wanted, max(current * 2, current + 4))
        return step, _limit("False", "DesiredWithinRange", "the desired count is within the acceptable range")

    def _blind(self, plane: Plane, scaler: Frozen, current: int, failures: list[str]) -> None:
        self.unsettled = True
        told = f"the HPA was unable to compute the replica count: {failures[0]}" if failures else ""
        for one in failures:
            plane.events.warning(scaler, _SOURCE, "FailedGetResourceMetric", one)
        count = len(failures)
        first = f"first error is: failed to get cpu resource metric value: {failures[0]}" if failures else ""
        words = f"invalid metrics ({count} invalid out of {count}), {first}"
        plane.events.warning(scaler, _SOURCE, "FailedComputeMetricsReplicas", words)
        active = Condition("ScalingActive", "False", "FailedGetResourceMetric", told)
        self._report(plane, scaler, current, 0, [_GOT, active], [{"type": ""}])

    def _report(  # noqa: PLR0913, PLR0917 the parts of a status
        self, plane: Plane, scaler: Frozen, current: int, wanted: int, said: list[Condition], metrics: list[Thing]
    ) -> None:
        before = scaler.get("status", {})
        scaled = any(one.reason == "SucceededRescale" for one in said)
        last = plane.now if scaled else before.get("lastScaleTime")
        status: Thing = {
            **({"lastScaleTime": last} if last else {}),
            "currentReplicas": current,
            "desiredReplicas": wanted,
            "currentMetrics": metrics or None,
            "conditions": written(before.get("conditions"), plane.now, *said),
        }
        fresh = plane.read("HorizontalPodAutoscaler", scaler["metadata"]["namespace"], name_of(scaler)) or scaler
        plane.write_status(fresh, status)


_GOT = Condition(
    "AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale"
)


def _patience_s(scaler: Frozen) -> float:
    """How long fewer must have been enough for this one before it takes pods away."""
    down = (scaler["spec"].get("behavior") or {}).get("scaleDown") or {}
    return float(down.get("stabilizationWindowSeconds", _CALM_S))


def _limit(status: str, reason: str, message: str) -> Condition:
    return Condition("ScalingLimited", status, reason, message)

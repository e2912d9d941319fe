"""The job of a probe: what is created, and what its state and its pod's say. Pure.

The cluster ends and removes it by itself, whatever becomes of the bot. It has no right in the cluster, no right in
its node, and nothing it could write to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.actions.configured import ProbeConfigured
from bot.actions.hands import Thing
from bot.probe.order import Order

JOB_SECONDS = 120
"""Seconds after which the cluster ends it: a probe ends within 20, the rest is for a node to pull the image."""

KEPT_SECONDS = 300
"""Seconds that the cluster keeps it once it has ended: a bot that restarts is back well before, and reads its log."""

CONTAINER = "probe"
PLAN = "volati/plan"
"""The label with the plan's id: what has it is ours."""

MANAGED_BY = ("app.kubernetes.io/managed-by", "volati")
_NAME = ("app.kubernetes.io/name", "volati-probe")
#: The user of our image; a restricted namespace wants a number that is not root's.
_USER = 10_001
#: What it may take. The program needs some 100 MB to start, and hardly any processor.
_RESOURCES = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
#: What the pod is told of the database, and the key of its secret. The password is not among it: nothing logs in.
_OF_DATABASE = {"HOST": "host", "PORT": "port", "NAME": "database", "USER": "username"}
#: Why a container waits that will not begin by waiting.
_HOPELESS = {
    *("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"),
    *("CreateContainerConfigError", "CreateContainerError", "RunContainerError"),
}


def name_of(plan_id: str) -> str:
    """The job's name: the same for the same plan, whoever asks."""
    kept = "".join(one for one in plan_id.lower() if one.isascii() and one.isalnum())
    return f"volati-probe-{kept[:40]}"


def job(plan_id: str, order: Order, how: ProbeConfigured) -> Thing:
    """The job as it is created."""
    labels = dict((MANAGED_BY, _NAME, (PLAN, plan_id)))
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name_of(plan_id), "namespace": how.namespace, "labels": labels},
        "spec": {
            "activeDeadlineSeconds": JOB_SECONDS,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "backoffLimit": 0,
            "template": {"metadata": {"labels": labels}, "spec": _pod(order, how)},
        },
    }


def _pod(order: Order, how: ProbeConfigured) -> dict[str, Any]:
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 2,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "imagePullSecrets": [{"name": name} for name in how.pull_secrets],
        "containers": [
            {
                "name": CONTAINER,
                "image": how.image,
                "command": list(command(order)),
                "env": _environment(how) if order.of_database else [],
                "resources": _RESOURCES,
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }


def command(order: Order) -> tuple[str, ...]:
    """What the pod runs."""
    return ("volati", "probe-from-here", str(order.way), str(order))


def _environment(how: ProbeConfigured) -> list[Thing]:
    """Where the database is and as whom to knock, straight from its secret: the bot itself need not read it."""

    def reference(key: str) -> Thing:
        return {"secretKeyRef": {"name": how.database_secret, "key": key, "optional": True}}

    return [
        {"name": f"VOLATI_FROM_HERE_DATABASE_{word}", "valueFrom": reference(key)} for word, key in _OF_DATABASE.items()
    ]


def ours(thing: Thing, plan_id: str) -> bool:
    """Whether a thing of this name was made for this plan."""
    return (thing["metadata"].get("labels") or {}).get(PLAN) == plan_id


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended. `reason` is the cluster's word where it failed, and empty where it did its work."""

    reason: str = ""
    text: str = ""


def ending(found: Thing) -> Ending | None:
    """How it ended; None while it goes on."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    held = {one["type"]: one for one in conditions if one.get("status") == "True"}
    if "Complete" in held:
        return Ending()
    failed = held.get("Failed")
    return Ending(failed.get("reason") or "Failed", failed.get("message") or "") if failed else None


def pod_of(found: Thing, pods: Iterable[Thing]) -> Thing | None:
    """The pod that a job made."""
    uid = found["metadata"]["uid"]
    return next((pod for pod in pods if any(one.get("uid") == uid for one in _owners(pod))), None)


def _owners(pod: Thing) -> Iterable[Thing]:
    owners: Iterable[Thing] = pod["metadata"].get("ownerReferences") or ()
    return owners


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a pod waits for, in words, and whether waiting is in vain."""

    text: str
    in_vain: bool = False


def waiting(pod: Thing | None) -> Waiting:
    """What the probe waits for."""
    if pod is None:
        return Waiting("no pod yet")
    status = pod.get("status") or {}
    for container in status.get("containerStatuses") or ():
        state = container.get("state") or {}
        if "waiting" in state:
            reason = state["waiting"].get("reason") or "waiting"
            said = state["waiting"].get("message") or ""
            return Waiting(f"{reason}{f': {said}' if said else ''}", reason in _HOPELESS)
        if "running" in state:
            return Waiting("the probe is running")
    unplaced = next((one for one in status.get("conditions") or () if one["type"] == "PodScheduled"), None)
    if unplaced and unplaced.get("status") == "False":
        return Waiting(f"no node takes its pod: {unplaced.get('message') or unplaced.get('reason') or ''}")
    return Waiting("its pod is being started")

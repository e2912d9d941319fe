"""What the API server fills in when an object is created or changed: the defaults of each kind."""

import base64
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from playground.world.kubernetes.frozen import draft
from playground.world.kubernetes.kinds import Kind, Thing

_MODE = 0o644  # of files that come from secrets and config maps
_TOLERATED_S = 300  # how long a pod stays on a node that is not ready or unreachable
_NODE_PORTS = range(30_000, 32_768)


def filled(kind: Kind, thing: Thing) -> Thing:
    """A draft of the object with its defaults."""
    made = draft(thing)
    fill = _FILLERS.get(kind.kind)
    if fill is not None:
        fill(made)
    return made


def job_identity(job: Thing) -> None:
    """The labels and the selector by which a job knows its pods. It must have its name and its uid."""
    about = job["metadata"]
    told = {
        "batch.kubernetes.io/controller-uid": about["uid"],
        "batch.kubernetes.io/job-name": about["name"],
        "controller-uid": about["uid"],
        "job-name": about["name"],
    }
    about["labels"] = {**(about.get("labels") or {}), **told}
    template = job["spec"]["template"]
    inner = template.setdefault("metadata", {})
    inner["labels"] = {**(inner.get("labels") or {}), **told}
    job["spec"].setdefault("selector", {"matchLabels": {"batch.kubernetes.io/controller-uid": about["uid"]}})


def quality(spec: Thing) -> str:
    """The class of service of a pod, by what its containers ask for and may have."""
    parts = [one.get("resources") or {} for one in _containers(spec)]
    if not any(part.get("requests") or part.get("limits") for part in parts):
        return "BestEffort"
    exact = all(part.get("limits") and _bounded(part) for part in parts)
    return "Guaranteed" if exact else "Burstable"


def _bounded(part: Thing) -> bool:
    limits = part["limits"]
    requests = {**limits, **(part.get("requests") or {})}
    return {"cpu", "memory"} <= set(limits) and all(requests[word] == limits[word] for word in ("cpu", "memory"))


def _set(thing: Thing, **values: Any) -> None:  # noqa: ANN401 any JSON
    for key, value in values.items():
        if thing.get(key) is None:
            thing[key] = value


def _containers(spec: Thing) -> Iterator[Thing]:
    for part in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(part) or ()


def _pod_spec(spec: Thing) -> None:
    for container in _containers(spec):
        _container(container)
    for volume in spec.get("volumes") or ():
        for word in ("secret", "configMap", "projected", "downwardAPI"):
            if word in volume:
                _set(volume[word], defaultMode=_MODE)
    _set(spec, restartPolicy="Always", terminationGracePeriodSeconds=30, dnsPolicy="ClusterFirst")
    _set(spec, securityContext={}, schedulerName="default-scheduler")
    if spec.get("serviceAccountName"):
        _set(spec, serviceAccount=spec["serviceAccountName"])


def _container(one: Thing) -> None:
    _set(one, resources={}, terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File")
    if one.get("image"):
        _, _, tag = one["image"].rpartition("/")[2].partition(":")
        pinned = "@" in one["image"] or tag not in {"", "latest"}
        _set(one, imagePullPolicy="IfNotPresent" if pinned else "Always")
    for port in one.get("ports") or ():
        _set(port, protocol="TCP")
    for word in ("readinessProbe", "livenessProbe", "startupProbe"):
        if one.get(word):
            _probe(one[word])
    for entry in one.get("env") or ():
        if "fieldRef" in (entry.get("valueFrom") or {}):
            _set(entry["valueFrom"]["fieldRef"], apiVersion="v1")


def _probe(probe: Thing) -> None:
    _set(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    if probe.get("httpGet"):
        _set(probe["httpGet"], scheme="HTTP", path="/")


def _pod(pod: Thing) -> None:
    spec = pod.setdefault("spec", {})
    _pod_spec(spec)
    for container in _containers(spec):
        resources = container["resources"]
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}
    _set(spec, enableServiceLinks=True, priority=0, preemptionPolicy="PreemptLowerPriority")
    _set(spec, tolerations=[])
    for word in ("not-ready", "unreachable"):
        _tolerated(spec["tolerations"], f"node.kubernetes.io/{word}")
    told = pod.setdefault("status", {})
    _set(told, phase="Pending", qosClass=quality(spec))


def _tolerated(tolerations: list[Thing], key: str) -> None:
    if not any(one.get("key") in {key, None} and one.get("effect") in {"NoExecute", None} for one in tolerations):
        told = {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _TOLERATED_S}
        tolerations.append(told)


def _template(thing: Thing) -> Thing:
    spec: Thing = thing.setdefault("spec", {})
    _pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
    return spec


def _deployment(thing: Thing) -> None:
    spec = _template(thing)
    _set(spec, replicas=1, strategy={}, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    _set(spec["strategy"], type="RollingUpdate")
    if spec["strategy"]["type"] == "RollingUpdate":
        _set(spec["strategy"], rollingUpdate={})
        _set(spec["strategy"]["rollingUpdate"], maxUnavailable="25%", maxSurge="25%")
    _set(thing, status={})


def _replica_set(thing: Thing) -> None:
    _set(_template(thing), replicas=1)
    _set(thing, status={"replicas": 0})


def _stateful_set(thing: Thing) -> None:
    spec = _template(thing)
    _set(spec, replicas=1, podManagementPolicy="OrderedReady", updateStrategy={}, revisionHistoryLimit=10)
    _set(spec["updateStrategy"], type="RollingUpdate")
    if spec["updateStrategy"]["type"] == "RollingUpdate":
        _set(spec["updateStrategy"], rollingUpdate={"partition": 0})
    _set(spec, persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Retain"})
    _set(thing, status={"replicas": 0, "availableReplicas": 0})


def _daemon_set(thing: Thing) -> None:
    spec = _template(thing)
    rolling = {"maxUnavailable": 1, "maxSurge": 0}
    _set(spec, updateStrategy={"type": "RollingUpdate", "rollingUpdate": rolling}, revisionHistoryLimit=10)
    words = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
    _set(thing, status=dict.fromkeys(words, 0))


def _job(thing: Thing) -> None:
    spec = _template(thing)
    _set(spec, parallelism=1, completions=1, backoffLimit=6, manualSelector=False, completionMode="NonIndexed")
    _set(spec, suspend=False, podReplacementPolicy="TerminatingOrFailed")
    _set(thing, status={})


def _cron_job(thing: Thing) -> None:
    spec = thing.setdefault("spec", {})
    _set(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    _pod_spec(
        spec.setdefault("jobTemplate", {}).setdefault("spec", {}).setdefault("template", {}).setdefault("spec", {})
    )
    _set(thing, status={})


def _service(thing: Thing) -> None:
    spec = thing.setdefault("spec", {})
    _set(spec, type="ClusterIP", sessionAffinity="None")
    _set(thing, status={"loadBalancer": {}})
    if spec["type"] == "ExternalName":
        return
    for port in spec.get("ports") or ():
        _set(port, protocol="TCP", targetPort=port.get("port"))
    address = _cluster_address(thing["metadata"])
    _set(spec, clusterIP=address, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack", internalTrafficPolicy="Cluster")
    _set(spec, clusterIPs=[spec["clusterIP"]])
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        _node_ports(thing)


def _cluster_address(about: Thing) -> str:
    """An address of the service network, always the same for a name."""
    digest = sha256(f"{about.get('namespace', '')}/{about.get('name', '')}".encode()).digest()
    return f"10.96.{digest[0]}.{1 + digest[1] % 254}"


def _node_ports(thing: Thing) -> None:
    spec, about = thing["spec"], thing["metadata"]
    _set(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        _set(spec, allocateLoadBalancerNodePorts=True)
    for port in spec.get("ports") or ():
        digest = sha256(f"{about.get('namespace', '')}/{about.get('name', '')}/{port['port']}".encode()).digest()
        _set(port, nodePort=_NODE_PORTS[int.from_bytes(digest[:4]) % len(_NODE_PORTS)])


def _namespace(thing: Thing) -> None:
    about = thing["metadata"]
    about["labels"] = {**(about.get("labels") or {}), "kubernetes.io/metadata.name": about.get("name", "")}
    _set(thing, spec={}, status={})
    _set(thing["spec"], finalizers=["kubernetes"])
    _set(thing["status"], phase="Active")


def _node(thing: Thing) -> None:
    told = thing.setdefault("status", {})
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in told.get("conditions") or ())
    taints = [] if ready else [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]
    _set(thing, spec={})
    if taints and not thing["spec"].get("taints"):
        thing["spec"]["taints"] = taints
    words = ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion")
    more = ("kubeletVersion", "kubeProxyVersion", "operatingSystem", "architecture")
    _set(told, daemonEndpoints={"kubeletEndpoint": {"Port": 0}}, nodeInfo=dict.fromkeys((*words, *more), ""))


def _secret(thing: Thing) -> None:
    written = thing.pop("stringData", None) or {}
    if written:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in written.items()}
        thing["data"] = {**(thing.get("data") or {}), **encoded}
    _set(thing, type="Opaque")


def _network_policy(thing: Thing) -> None:
    spec = thing.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    _set(spec, policyTypes=["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _autoscaler(thing: Thing) -> None:
    target = {"type": "Utilization", "averageUtilization": 80}
    _set(thing["spec"], minReplicas=1, metrics=[{"type": "Resource", "resource": {"name": "cpu", "target": target}}])
    if thing.get("status") is None:
        thing["status"] = {"desiredReplicas": 0, "currentMetrics": None}


def _budget(thing: Thing) -> None:
    words = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    _set(thing, status=dict.fromkeys(words, 0))


def _binding(thing: Thing) -> None:
    for subject in thing.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            _set(subject, apiGroup="rbac.authorization.k8s.io")


_FILLERS: Mapping[str, Callable[[Thing], None]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "Namespace": _namespace,
    "Node": _node,
    "Secret": _secret,
    "Ingress": lambda thing: _set(thing, status={"loadBalancer": {}}),
    "NetworkPolicy": _network_policy,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _budget,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "PersistentVolumeClaim": lambda thing: _set(thing, status={"phase": "Pending"}),
}

"""The fields that objects may have, as far as they are checked: what is in no list is unknown, and dropped.

The table names the fields of the kinds that people and the bot write. A field with a type is checked within; a list of
that type element by element. Kinds and types that are not in it are taken as they come.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from playground.world.kubernetes.kinds import Thing

_TOP = "apiVersion kind metadata:ObjectMeta"
_SCHEMA: Mapping[str, str] = {
    "ObjectMeta": "annotations:words creationTimestamp deletionGracePeriodSeconds deletionTimestamp "
    "finalizers:texts generateName generation labels:words managedFields name:text namespace:text ownerReferences "
    "resourceVersion selfLink uid",
    "Pod": f"{_TOP} spec:PodSpec status",
    "Deployment": f"{_TOP} spec:DeploymentSpec status",
    "ReplicaSet": f"{_TOP} spec:ReplicaSetSpec status",
    "StatefulSet": f"{_TOP} spec:StatefulSetSpec status",
    "DaemonSet": f"{_TOP} spec:DaemonSetSpec status",
    "Job": f"{_TOP} spec:JobSpec status",
    "Service": f"{_TOP} spec:ServiceSpec status",
    "ConfigMap": f"{_TOP} data:words binaryData immutable:bool",
    "Secret": f"{_TOP} data:words stringData:words type immutable:bool",
    "Scale": f"{_TOP} spec:ScaleSpec status",
    "ScaleSpec": "replicas:int",
    "DeploymentSpec": "replicas:int selector template:PodTemplate strategy:Strategy minReadySeconds:int "
    "revisionHistoryLimit:int paused:bool progressDeadlineSeconds:int",
    "Strategy": "type rollingUpdate:RollingUpdate",
    "RollingUpdate": "maxSurge maxUnavailable",
    "ReplicaSetSpec": "replicas:int selector template:PodTemplate minReadySeconds:int",
    "StatefulSetSpec": "replicas:int selector template:PodTemplate volumeClaimTemplates serviceName "
    "podManagementPolicy updateStrategy revisionHistoryLimit:int minReadySeconds:int "
    "persistentVolumeClaimRetentionPolicy ordinals",
    "DaemonSetSpec": "selector template:PodTemplate updateStrategy minReadySeconds:int revisionHistoryLimit:int",
    "JobSpec": "parallelism:int completions:int activeDeadlineSeconds:int podFailurePolicy successPolicy "
    "backoffLimit:int backoffLimitPerIndex maxFailedIndexes selector manualSelector template:PodTemplate "
    "ttlSecondsAfterFinished:int completionMode suspend:bool podReplacementPolicy managedBy",
    "PodTemplate": "metadata:ObjectMeta spec:PodSpec",
    "PodSpec": "volumes initContainers:Container containers:Container ephemeralContainers:EphemeralContainer "
    "restartPolicy:text terminationGracePeriodSeconds:int activeDeadlineSeconds:int dnsPolicy nodeSelector:words "
    "serviceAccountName:text serviceAccount automountServiceAccountToken nodeName:text hostNetwork:bool hostPID "
    "hostIPC shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity schedulerName "
    "tolerations hostAliases priorityClassName priority dnsConfig readinessGates runtimeClassName "
    "enableServiceLinks preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os hostUsers "
    "schedulingGates resourceClaims resources",
    "Container": "name:text image:text command:texts args:texts workingDir:text ports:ContainerPort envFrom "
    "env:EnvVar resources:Resources resizePolicy restartPolicy:text volumeMounts volumeDevices livenessProbe:Probe "
    "readinessProbe:Probe startupProbe:Probe lifecycle terminationMessagePath terminationMessagePolicy "
    "imagePullPolicy:text securityContext stdin:bool stdinOnce:bool tty:bool",
    "EphemeralContainer": "name:text image:text command:texts args:texts workingDir:text ports envFrom env:EnvVar "
    "resources resizePolicy restartPolicy:text volumeMounts volumeDevices livenessProbe readinessProbe startupProbe "
    "lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy:text securityContext stdin:bool "
    "stdinOnce:bool tty:bool targetContainerName:text",
    "ContainerPort": "name:text hostPort:int containerPort:int protocol hostIP",
    "EnvVar": "name:text value:text valueFrom",
    "Resources": "limits requests claims",
    "Probe": "exec httpGet tcpSocket grpc initialDelaySeconds:int timeoutSeconds:int periodSeconds:int "
    "successThreshold:int failureThreshold:int terminationGracePeriodSeconds:int",
    "ServiceSpec": "ports:ServicePort selector clusterIP:text clusterIPs type externalIPs sessionAffinity "
    "loadBalancerIP loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort "
    "publishNotReadyAddresses:bool sessionAffinityConfig ipFamilies ipFamilyPolicy allocateLoadBalancerNodePorts "
    "loadBalancerClass internalTrafficPolicy trafficDistribution",
    "ServicePort": "name:text protocol appProtocol port:int targetPort nodePort:int",
}
_TYPES: Mapping[str, Mapping[str, str]] = {
    name: {field: kind for field, _, kind in (word.partition(":") for word in fields.split())}
    for name, fields in _SCHEMA.items()
}

_OTHERS: Mapping[str, str] = {"metadata": "ObjectMeta"}  # what is known of every kind


def unknown_fields(kind: str, thing: Thing) -> list[str]:
    """The paths of the fields that an object of a kind does not have. They are taken out of `thing`."""
    return list(_unknown(kind, thing, ""))


def _unknown(kind: str, thing: Thing, path: str) -> Iterator[str]:
    fields = _TYPES.get(kind)
    if fields is None:
        return
    for name in list(thing):
        if name not in fields:
            del thing[name]
            yield f"{path}{name}"
        elif fields[name]:
            yield from _within(fields[name], thing[name], f"{path}{name}")


def _within(kind: str, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 any JSON
    if isinstance(value, dict):
        yield from _unknown(kind, value, f"{path}.")
    for at, one in enumerate(value if isinstance(value, list) else ()):
        if isinstance(one, dict):
            yield from _unknown(kind, one, f"{path}[{at}].")


#: Simple types by name: how Go calls them, and whether a value is one.
_SIMPLE: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "int": ("int32", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "bool": ("bool", lambda value: isinstance(value, bool)),
    "text": ("string", lambda value: isinstance(value, str)),
    "texts": ("[]string", lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value)),
    "words": ("map[string]string", lambda value: isinstance(value, dict) and _words(value)),
}
_JSON_TYPES = {"str": "string", "int": "number", "float": "number", "bool": "bool", "list": "array", "dict": "object"}


def mismatch(kind: str, thing: Thing) -> str:
    """The first value that is of another type than its field, in the words of Go's decoder; "" when there is none."""
    return next(_mismatched(kind, thing, ""), "")


def _words(value: Thing) -> bool:
    return all(isinstance(one, str) for one in value.values())


def _mismatched(kind: str, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 any JSON
    if isinstance(value, list):
        for one in value:
            yield from _mismatched(kind, one, path)
    elif not isinstance(value, dict):
        yield _told(kind, value, path, kind)
    for field, wanted in _TYPES.get(kind, _OTHERS).items() if isinstance(value, dict) else ():
        inner = f"{path}.{field}".lstrip(".")
        if field not in value or not wanted:
            continue
        if wanted in _TYPES:
            yield from _mismatched(wanted, value[field], inner)
        elif not _SIMPLE[wanted][1](value[field]):
            yield _told(kind, value[field], inner, _SIMPLE[wanted][0])


def _told(kind: str, value: Any, path: str, wanted: str) -> str:  # noqa: ANN401 any JSON
    given = _JSON_TYPES[type(value).__name__]
    return f"json: cannot unmarshal {given} into Go struct field {kind}.{path} of type {wanted}"

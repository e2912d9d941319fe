"""The fields that objects may have, as far as they are checked: what is in no list is unknown, and dropped.

The table names the fields of the kinds that people and the bot write. A field with a type is checked within; a list of
that type element by element. Kinds and types that are not in it are taken as they come.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from playground.world.kubernetes.kinds import Thing

_TOP = "apiVersion kind metadata:ObjectMeta"
_SCHEMA: Mapping[str, str] = {
    "ObjectMeta": "annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName "
    "generation labels managedFields name namespace ownerReferences resourceVersion selfLink uid",
    "Pod": f"{_TOP} spec:PodSpec status",
    "Deployment": f"{_TOP} spec:DeploymentSpec status",
    "ReplicaSet": f"{_TOP} spec:ReplicaSetSpec status",
    "StatefulSet": f"{_TOP} spec:StatefulSetSpec status",
    "DaemonSet": f"{_TOP} spec:DaemonSetSpec status",
    "Job": f"{_TOP} spec:JobSpec status",
    "Service": f"{_TOP} spec:ServiceSpec status",
    "ConfigMap": f"{_TOP} data binaryData immutable",
    "Secret": f"{_TOP} data stringData type immutable",
    "Scale": f"{_TOP} spec:ScaleSpec status",
    "ScaleSpec": "replicas",
    "DeploymentSpec": "replicas selector template:PodTemplate strategy:Strategy minReadySeconds revisionHistoryLimit "
    "paused progressDeadlineSeconds",
    "Strategy": "type rollingUpdate:RollingUpdate",
    "RollingUpdate": "maxSurge maxUnavailable",
    "ReplicaSetSpec": "replicas selector template:PodTemplate minReadySeconds",
    "StatefulSetSpec": "replicas selector template:PodTemplate volumeClaimTemplates serviceName podManagementPolicy "
    "updateStrategy revisionHistoryLimit minReadySeconds persistentVolumeClaimRetentionPolicy ordinals",
    "DaemonSetSpec": "selector template:PodTemplate updateStrategy minReadySeconds revisionHistoryLimit",
    "JobSpec": "parallelism completions activeDeadlineSeconds podFailurePolicy successPolicy backoffLimit "
    "backoffLimitPerIndex maxFailedIndexes selector manualSelector template:PodTemplate ttlSecondsAfterFinished "
    "completionMode suspend podReplacementPolicy managedBy",
    "PodTemplate": "metadata:ObjectMeta spec:PodSpec",
    "PodSpec": "volumes initContainers:Container containers:Container ephemeralContainers:EphemeralContainer "
    "restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName "
    "serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC shareProcessNamespace "
    "securityContext imagePullSecrets hostname subdomain affinity schedulerName tolerations hostAliases "
    "priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead "
    "topologySpreadConstraints setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources",
    "Container": "name image command args workingDir ports:ContainerPort envFrom env:EnvVar resources:Resources "
    "resizePolicy restartPolicy volumeMounts volumeDevices livenessProbe:Probe readinessProbe:Probe startupProbe:Probe "
    "lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty",
    "EphemeralContainer": "name image command args workingDir ports envFrom env:EnvVar resources resizePolicy "
    "restartPolicy volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle "
    "terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty "
    "targetContainerName",
    "ContainerPort": "name hostPort containerPort protocol hostIP",
    "EnvVar": "name value valueFrom",
    "Resources": "limits requests claims",
    "Probe": "exec httpGet tcpSocket grpc initialDelaySeconds timeoutSeconds periodSeconds successThreshold "
    "failureThreshold terminationGracePeriodSeconds",
    "ServiceSpec": "ports:ServicePort selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP "
    "loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses "
    "sessionAffinityConfig ipFamilies ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass "
    "internalTrafficPolicy trafficDistribution",
    "ServicePort": "name protocol appProtocol port targetPort nodePort",
}
_TYPES: Mapping[str, Mapping[str, str]] = {
    name: {field: kind for field, _, kind in (word.partition(":") for word in fields.split())}
    for name, fields in _SCHEMA.items()
}


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

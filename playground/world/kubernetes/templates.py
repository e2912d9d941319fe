"""Objects in short: the parts of manifests, with what the API server would fill in already filled in."""

import base64
from collections.abc import Mapping
from typing import Any

from playground.world.kubernetes.kinds import Thing, kind_named

HELM = {"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "universal-chart-3.2.0"}


def thing(kind: str, namespace: str, name: str, **parts: Any) -> Thing:  # noqa: ANN401 any JSON
    """An object of a kind. `labels` and `annotations` go into its metadata; the rest stands beside it."""
    about: Thing = {"name": name, **({"namespace": namespace} if namespace else {})}
    for word in ("labels", "annotations"):
        if parts.get(word):
            about[word] = parts.pop(word)
    return {"kind": kind, "apiVersion": kind_named(kind).api_version, "metadata": about, **parts}


def helm(release: str, namespace: str, name: str = "") -> Thing:
    """The labels and annotations of what Helm installed, as parts for `thing`."""
    labels = {**HELM, "app.kubernetes.io/name": name or release, "app.kubernetes.io/instance": release}
    annotations = {"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}
    return {"labels": {**labels, "app": name or release}, "annotations": annotations}


def container(name: str, image: str, **parts: Any) -> Thing:  # noqa: ANN401 any JSON
    """A container; `ports` as a mapping of names to numbers, `asks` and `limits` as cores and memory."""
    ports = parts.pop("ports", {})
    asks, limits = parts.pop("asks", None), parts.pop("limits", None)
    resources = {
        word: {"cpu": pair[0], "memory": pair[1]} for word, pair in (("limits", limits), ("requests", asks)) if pair
    }
    listed = [{"name": word, "containerPort": number, "protocol": "TCP"} for word, number in ports.items()]
    return {
        "name": name,
        "image": image,
        **({"ports": listed} if listed else {}),
        "resources": resources,
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always" if image.endswith(":latest") else "IfNotPresent",
        **parts,
    }


def probe(path: str, port: str | int, *, after_s: int = 5, failures: int = 3) -> Thing:
    """An HTTP probe, every ten seconds."""
    return {
        "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
        "initialDelaySeconds": after_s,
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": failures,
    }


def pod_template(labels: Mapping[str, str], containers: list[Thing], **spec: Any) -> Thing:  # noqa: ANN401 any JSON
    """The template of a workload."""
    return {
        "metadata": {"labels": dict(labels)},
        "spec": {
            "containers": containers,
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
            **spec,
        },
    }


def deployment(namespace: str, name: str, template: Thing, *, replicas: int = 1, **parts: Any) -> Thing:  # noqa: ANN401
    """A deployment that selects its pods by `app`."""
    app = template["metadata"]["labels"]["app"]
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": app}},
        "template": template,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }
    return thing("Deployment", namespace, name, **{**parts, "spec": spec, "status": {}})


def stateful_set(namespace: str, name: str, template: Thing, service: str, *, replicas: int) -> Thing:
    """A stateful set that selects its pods by `app`."""
    app = template["metadata"]["labels"]["app"]
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": app}},
        "template": template,
        "serviceName": service,
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    }
    return thing("StatefulSet", namespace, name, labels={"app": app}, spec=spec, status={"replicas": 0})


def service(namespace: str, name: str, app: str, ports: Mapping[str, tuple[int, int | str]], **parts: Any) -> Thing:  # noqa: ANN401
    """A service of the pods of an app: ports by name, each with its number and that of the pods."""
    address = parts.pop("address")
    listed = [
        {"name": word, "protocol": "TCP", "port": number, "targetPort": target}
        for word, (number, target) in ports.items()
    ]
    spec = {
        "ports": listed,
        "selector": {"app": app},
        "clusterIP": address,
        "clusterIPs": [address],
        "type": parts.pop("type", "ClusterIP"),
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }
    return thing("Service", namespace, name, **{**parts, "spec": spec, "status": {"loadBalancer": {}}})


def secret(namespace: str, name: str, values: Mapping[str, str], **parts: Any) -> Thing:  # noqa: ANN401
    """A secret with these values."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return thing("Secret", namespace, name, **{"data": data, "type": "Opaque", **parts})


def ingress(namespace: str, name: str, host: str, backend: tuple[str, int], **parts: Any) -> Thing:  # noqa: ANN401
    """An ingress of one host, with a certificate, to one service's port."""
    target, port = backend
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": target, "port": {"number": port}}}}
    spec = {
        "ingressClassName": "nginx",
        "tls": [{"hosts": [host], "secretName": parts.pop("secret")}],
        "rules": [{"host": host, "http": {"paths": [path]}}],
    }
    return thing("Ingress", namespace, name, **{**parts, "spec": spec, "status": {"loadBalancer": {}}})


def policy(namespace: str, name: str, pods: Thing, **rules: Any) -> Thing:  # noqa: ANN401
    """A network policy for the pods of a selector: `ingress`, `egress` as the API has them."""
    types = [word.capitalize() for word in ("ingress", "egress") if word in rules]
    spec = {"podSelector": pods, **{word: rule for word, rule in rules.items() if rule}, "policyTypes": types}
    return thing("NetworkPolicy", namespace, name, spec=spec)

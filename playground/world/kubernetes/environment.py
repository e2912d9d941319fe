"""What a container is given: its environment, and the volumes its pod must have mounted before; or what is missing."""

import base64
from collections.abc import Mapping
from typing import Any

from playground.world.kubernetes.plane import Plane


class ConfigError(Exception):
    """A container cannot be created; the message is the kubelet's."""


def environment(plane: Plane, pod: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, str]:
    """The container's environment.

    Raises:
        ConfigError: something that it refers to is not there.
    """
    namespace = pod["metadata"]["namespace"]
    found: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        found.update(_whole(plane, namespace, source))
    for entry in container.get("env") or ():
        value = _value(plane, pod, entry)
        if value is not None:
            found[entry["name"]] = value
    return found


def volume_trouble(plane: Plane, pod: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first volume that cannot be mounted, and why; or None."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        for kind, field, word in (("Secret", "secret", "secretName"), ("ConfigMap", "configMap", "name")):
            wanted = volume.get(field)
            if wanted and not wanted.get("optional") and plane.read(kind, namespace, wanted[word]) is None:
                return volume["name"], f'{kind.lower()} "{wanted[word]}" not found'
    return None


def contents(plane: Plane, kind: str, namespace: str, name: str) -> dict[str, str] | None:
    """What a secret or config map holds, as text; None where there is none."""
    thing = plane.read(kind, namespace, name)
    if thing is None:
        return None
    data = thing.get("data") or {}
    if kind == "ConfigMap":
        return dict(data)
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}


def _whole(plane: Plane, namespace: str, source: Mapping[str, Any]) -> dict[str, str]:
    kind, reference = (
        ("Secret", source["secretRef"]) if "secretRef" in source else ("ConfigMap", source["configMapRef"])
    )
    held = contents(plane, kind, namespace, reference["name"])
    if held is None and not reference.get("optional"):
        raise ConfigError(f'{kind.lower()} "{reference["name"]}" not found')
    prefix = source.get("prefix", "")
    return {f"{prefix}{key}": value for key, value in (held or {}).items()}


def _value(plane: Plane, pod: Mapping[str, Any], entry: Mapping[str, Any]) -> str | None:
    source = entry.get("valueFrom")
    if not source:
        return str(entry.get("value", ""))
    if "fieldRef" in source:
        return _field(pod, source["fieldRef"]["fieldPath"])
    if not source.keys() & {"secretKeyRef", "configMapKeyRef"}:
        return ""
    kind, reference = _reference(source)
    held = contents(plane, kind, pod["metadata"]["namespace"], reference["name"])
    if held is not None and reference["key"] in held:
        return held[reference["key"]]
    if reference.get("optional"):
        return None
    if held is None:
        raise ConfigError(f'{kind.lower()} "{reference["name"]}" not found')
    where = f"{kind} {pod['metadata']['namespace']}/{reference['name']}"
    raise ConfigError(f"couldn't find key {reference['key']} in {where}")


def _reference(source: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if "secretKeyRef" in source:
        return "Secret", source["secretKeyRef"]
    return "ConfigMap", source["configMapKeyRef"]


def _field(pod: Mapping[str, Any], path: str) -> str:
    known = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "status.podIP": pod.get("status", {}).get("podIP", ""),
    }
    return str(known.get(path, ""))

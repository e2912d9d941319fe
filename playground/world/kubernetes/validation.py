"""What makes an object invalid: names, numbers, what is missing, and what may not be changed; worded as in life."""

import re
from collections.abc import Iterator
from typing import Any

from playground.world.kubernetes.frozen import Frozen
from playground.world.kubernetes.kinds import Kind, Thing
from playground.world.kubernetes.quantities import amount
from playground.world.kubernetes.selectors import matches
from playground.world.kubernetes.status import FieldFault

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_LABELLED = {"Service", "Namespace"}  # their names become parts of host names
_FREELY_NAMED = {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
_TEMPLATED = {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"}
_SELECTING = _TEMPLATED - {"Job"}
_NOT_NEGATIVE = "must be greater than or equal to 0"
_POD_CHANGES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def faults(kind: Kind, thing: Thing) -> list[FieldFault]:
    """What is wrong with an object as it is."""
    found = list(_name(kind, thing["metadata"]))
    spec = thing.get("spec") or {}
    if kind.kind in _TEMPLATED:
        found += [*_numbers(spec), *_selector(kind, spec), *_pod_spec(spec["template"]["spec"], "spec.template.spec")]
    elif kind.kind == "Pod":
        found += _pod_spec(spec, "spec")
    elif kind.kind == "HorizontalPodAutoscaler":
        found += _autoscaler(spec)
    return found


def change_faults(kind: Kind, before: Frozen, thing: Thing) -> list[FieldFault]:
    """What is wrong with changing an object in this way."""
    if kind.kind in _SELECTING and before["spec"].get("selector") != thing["spec"].get("selector"):
        return [FieldFault.invalid("spec.selector", thing["spec"].get("selector"), "field is immutable")]
    if kind.kind == "Job" and before["spec"].get("template") != thing["spec"].get("template"):
        return [FieldFault.invalid("spec.template", {}, "field is immutable")]
    if kind.kind == "Pod" and _fixed(before["spec"]) != _fixed(thing["spec"]):
        return [FieldFault.forbidden("spec", _POD_CHANGES)]
    if kind.kind == "Secret" and _type(before) != _type(thing):
        return [FieldFault.invalid("type", _type(thing), "field is immutable")]
    return []


def _type(secret: Frozen | Thing) -> str:
    return str(secret.get("type") or "Opaque")


def _name(kind: Kind, about: Thing) -> Iterator[FieldFault]:
    name = about.get("name") or ""
    if not name:
        yield FieldFault.required("metadata.name", "name or generateName is required")
    elif kind.kind in _LABELLED and not re.fullmatch(_LABEL, name):
        yield FieldFault.invalid("metadata.name", name, _LABEL_WORDS)
    elif kind.kind not in _LABELLED | _FREELY_NAMED and not re.fullmatch(_SUBDOMAIN, name):
        yield FieldFault.invalid("metadata.name", name, _SUBDOMAIN_WORDS)


def _numbers(spec: Thing) -> Iterator[FieldFault]:
    for word in ("replicas", "parallelism", "completions", "backoffLimit", "progressDeadlineSeconds"):
        number = spec.get(word)
        if isinstance(number, int) and number < 0:
            yield FieldFault.invalid(f"spec.{word}", number, _NOT_NEGATIVE)


def _selector(kind: Kind, spec: Thing) -> Iterator[FieldFault]:
    if kind.kind not in _SELECTING:
        return
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    if not spec.get("selector"):
        yield FieldFault.required("spec.selector")
    elif not matches(spec["selector"], labels):
        yield FieldFault.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _pod_spec(spec: Thing, path: str) -> Iterator[FieldFault]:
    if not spec.get("containers"):
        yield FieldFault.required(f"{path}.containers")
    names: set[str] = set()
    for part in ("initContainers", "containers"):
        for at, container in enumerate(spec.get(part) or ()):
            yield from _container(container, f"{path}.{part}[{at}]", names)


def _container(one: Thing, path: str, names: set[str]) -> Iterator[FieldFault]:
    name = one.get("name") or ""
    if not name:
        yield FieldFault.required(f"{path}.name")
    elif not re.fullmatch(_LABEL, name):
        yield FieldFault.invalid(f"{path}.name", name, _LABEL_WORDS)
    elif name in names:
        yield FieldFault(f"{path}.name", "FieldValueDuplicate", f'Duplicate value: "{name}"')
    names.add(name)
    if not one.get("image"):
        yield FieldFault.required(f"{path}.image")
    for at, entry in enumerate(one.get("env") or ()):
        if not entry.get("name"):
            yield FieldFault.required(f"{path}.env[{at}].name")
    yield from _resources(one.get("resources") or {}, path)


def _resources(told: Thing, path: str) -> Iterator[FieldFault]:
    limits = told.get("limits") or {}
    for word, asked in (told.get("requests") or {}).items():
        if word in limits and amount(asked) > amount(limits[word]):
            words = f"must be less than or equal to {word} limit of {limits[word]}"
            yield FieldFault.invalid(f"{path}.resources.requests", asked, words)


def _autoscaler(spec: Thing) -> Iterator[FieldFault]:
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if most < 1:
        yield FieldFault.invalid("spec.maxReplicas", most, "must be greater than 0")
    elif most < least:
        yield FieldFault.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")


def _fixed(spec: Thing) -> dict[str, Any]:
    """What of a pod may not be changed."""
    changing = {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "ephemeralContainers"}
    kept = {key: value for key, value in spec.items() if key not in changing}
    for part in ("containers", "initContainers"):
        kept[part] = [{key: value for key, value in one.items() if key != "image"} for one in spec.get(part) or ()]
    return kept

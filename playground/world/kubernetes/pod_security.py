"""Pod security admission: whether a namespace that enforces a level lets a pod in; worded as in life.

Source: the Pod Security Standards, and the words of k8s.io/pod-security-admission. Of the level `baseline` what a
platform's own pods could break; of `restricted` all that is about containers and their user.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from playground.world.kubernetes.plane import Plane, labels_of

_ENFORCE = "pod-security.kubernetes.io/enforce"
_VERSION = "pod-security.kubernetes.io/enforce-version"
_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
_PROFILES = {"RuntimeDefault", "Localhost"}
Spec = Mapping[str, Any]


def refusal(plane: Plane, namespace: str, pod_spec: Spec) -> str:
    """Why a pod is not let in, in the API server's words; nothing when it is."""
    space = plane.read("Namespace", "", namespace)
    level = labels_of(space).get(_ENFORCE, "") if space else ""
    if space is None or level not in {"baseline", "restricted"}:
        return ""
    faults = [*_baseline(pod_spec), *(_restricted(pod_spec) if level == "restricted" else ())]
    version = labels_of(space).get(_VERSION, "latest")
    return f'violates PodSecurity "{level}:{version}": {", ".join(faults)}' if faults else ""


def _baseline(spec: Spec) -> Iterator[str]:
    host = [f"{word}=true" for word in ("hostNetwork", "hostPID", "hostIPC") if spec.get(word)]
    if host:
        yield f"host namespaces ({', '.join(host)})"
    mounted = [one["name"] for one in spec.get("volumes") or () if "hostPath" in one]
    if mounted:
        yield f"hostPath volumes ({_named('volume', mounted)})"
    bold = [one["name"] for one in _containers(spec) if _context(one).get("privileged")]
    if bold:
        yield f"privileged ({_named('container', bold)} must not set securityContext.privileged=true)"


def _restricted(spec: Spec) -> Iterator[str]:
    climbing = [one["name"] for one in _containers(spec) if _context(one).get("allowPrivilegeEscalation") is not False]
    if climbing:
        yield (
            f"allowPrivilegeEscalation != false ({_named('container', climbing)} "
            "must set securityContext.allowPrivilegeEscalation=false)"
        )
    able = [one["name"] for one in _containers(spec) if "ALL" not in _dropped(one)]
    if able:
        yield (
            f"unrestricted capabilities ({_named('container', able)} "
            'must set securityContext.capabilities.drop=["ALL"])'
        )
    odd = [one["name"] for one in spec.get("volumes") or () if not _VOLUMES & set(one)]
    if odd:
        yield f"restricted volume types ({_named('volume', odd)} uses restricted volume type)"
    yield from _user(spec)


def _user(spec: Spec) -> Iterator[str]:
    """What both a pod and its containers can say; a container's own word counts more."""
    shared = spec.get("securityContext") or {}
    rooted = [
        one["name"] for one in _containers(spec) if not _context(one).get("runAsNonRoot", shared.get("runAsNonRoot"))
    ]
    if rooted:
        yield f"runAsNonRoot != true (pod or {_named('container', rooted)} must set securityContext.runAsNonRoot=true)"
    zero = [one["name"] for one in _containers(spec) if _context(one).get("runAsUser", shared.get("runAsUser")) == 0]
    if zero:
        yield f"runAsUser=0 ({_named('container', zero)} must not set runAsUser=0)"
    open_ = [one["name"] for one in _containers(spec) if _profile(_context(one), shared) not in _PROFILES]
    if open_:
        yield (
            f"seccompProfile (pod or {_named('container', open_)} "
            'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
        )


def _profile(own: Spec, shared: Spec) -> str:
    return str((own.get("seccompProfile") or shared.get("seccompProfile") or {}).get("type", ""))


def _containers(spec: Spec) -> Iterator[Spec]:
    for part in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(part) or ()


def _context(container: Spec) -> Spec:
    context: Spec = container.get("securityContext") or {}
    return context


def _dropped(container: Spec) -> Iterable[str]:
    return (_context(container).get("capabilities") or {}).get("drop") or ()


def _named(thing: str, names: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return f"{thing}{'s' if len(names) > 1 else ''} {listed}"

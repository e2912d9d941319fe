"""What the API says of itself: versions, groups, the kinds of each group, and that it is well."""

from collections.abc import Sequence
from typing import Any

from playground.world.kubernetes.kinds import KINDS, Kind, Subresource, Thing

#: The groups in the order in which a real server lists them, with the version it prefers first.
GROUPS = (
    ("apiregistration.k8s.io", "v1"),
    ("apps", "v1"),
    ("events.k8s.io", "v1"),
    ("authentication.k8s.io", "v1"),
    ("authorization.k8s.io", "v1"),
    ("autoscaling", "v2", "v1"),
    ("batch", "v1"),
    ("certificates.k8s.io", "v1"),
    ("networking.k8s.io", "v1"),
    ("policy", "v1"),
    ("rbac.authorization.k8s.io", "v1"),
    ("storage.k8s.io", "v1"),
    ("admissionregistration.k8s.io", "v1"),
    ("apiextensions.k8s.io", "v1"),
    ("scheduling.k8s.io", "v1"),
    ("coordination.k8s.io", "v1"),
    ("node.k8s.io", "v1"),
    ("discovery.k8s.io", "v1"),
    ("resource.k8s.io", "v1"),
    ("flowcontrol.apiserver.k8s.io", "v1"),
)
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
VERSION: Thing = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.0",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.27.3",
    "compiler": "gc",
    "platform": "linux/amd64",
}
_CHECKS = (
    "ping",
    "log",
    "informer-sync",
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/peer-endpoint-reconciler-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/storage-readiness",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-wait-for-first-sync",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
    "shutdown",
)


def health(page: str, *, verbose: bool) -> str:
    """The text of /readyz, /livez and /healthz when all is well."""
    if not verbose:
        return "ok"
    return "".join(f"[+]{check} ok\n" for check in _CHECKS) + f"{page} check passed\n"


def versions(address: str) -> Thing:
    """/api: the versions of the core group."""
    where = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": where}


def groups(extra: Sequence[Kind] = ()) -> Thing:
    """/apis: every other group."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group(*one) for one in _every(extra)]}


def group(name: str, *versions: str) -> Thing:
    """A group in that list."""
    told = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": told, "preferredVersion": told[0]}


def one_group(name: str, extra: Sequence[Kind] = ()) -> Thing | None:
    """/apis/name: one group."""
    found = next((one for one in _every(extra) if one[0] == name), None)
    return {"kind": "APIGroup", "apiVersion": "v1", **group(*found)} if found else None


def resources(name: str, version: str, extra: Sequence[Kind] = ()) -> Thing | None:
    """/api/v1 and /apis/group/version: the kinds of a group, with their parts."""
    kinds = sorted(_of(name, version, extra), key=lambda kind: kind.plural)
    if not kinds:
        return None
    listed = [entry for kind in kinds for entry in (_listed(kind), *(_part(kind, one) for one in kind.subresources))]
    head: Thing = {"kind": "APIResourceList", "groupVersion": f"{name}/{version}" if name else version}
    return {**head, "apiVersion": "v1", "resources": listed} if name else {**head, "resources": listed}


def aggregated(*, core: bool, extra: Sequence[Kind] = ()) -> Thing:
    """/api or /apis in one answer, as newer clients ask for it."""
    every = (("", "v1"),) if core else _every(extra)
    items = [_discovered(one[0], one[1:], extra) for one in every]
    head = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}}
    return {**head, "items": items}


def _every(extra: Sequence[Kind]) -> tuple[tuple[str, ...], ...]:
    return (*GROUPS, *dict.fromkeys((kind.group, kind.version) for kind in extra))


def _of(name: str, version: str, extra: Sequence[Kind]) -> list[Kind]:
    return [kind for kind in (*KINDS, *extra) if (kind.group, kind.version) == (name, version)]


def _names(kind: Kind) -> Thing:
    told = {"shortNames": list(kind.short), "categories": list(kind.categories)}
    return {key: value for key, value in told.items() if value}


def _listed(kind: Kind) -> Thing:
    head: Thing = {"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced}
    return {**head, "kind": kind.kind, "verbs": list(kind.verbs), **_names(kind)}


def _part(kind: Kind, part: Subresource) -> Thing:
    head: Thing = {"name": f"{kind.plural}/{part.name}", "singularName": "", "namespaced": kind.namespaced}
    other: dict[str, Any] = {"group": part.group, "version": part.version} if part.group else {}
    return {**head, **other, "kind": part.kind or kind.kind, "verbs": list(part.verbs)}


def _discovered(name: str, versions: Sequence[str], extra: Sequence[Kind]) -> Thing:
    told = [
        {
            "version": version,
            "resources": [_resource(kind) for kind in sorted(_of(name, version, extra), key=lambda kind: kind.plural)],
            "freshness": "Current",
        }
        for version in versions
    ]
    return {"metadata": {"name": name} if name else {}, "versions": told}


def _resource(kind: Kind) -> Thing:
    told: Thing = {
        "resource": kind.plural,
        "responseKind": {"group": "", "version": "", "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
        **_names(kind),
    }
    parts = [
        {
            "subresource": part.name,
            "responseKind": {"group": part.group, "version": part.version, "kind": part.kind or kind.kind},
            "verbs": list(part.verbs),
        }
        for part in kind.subresources
    ]
    return {**told, "subresources": parts} if parts else told

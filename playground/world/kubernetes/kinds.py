"""The kinds of object that the cluster knows: one row for each, with its names and what can be done with it."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

#: An object of the cluster, as JSON has it. What the store gives out is never changed; see `store.draft`.
Thing = dict[str, Any]

READING = ("get", "list", "watch")
ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
AMENDED = ("get", "patch", "update")
ALL = ("all",)


@dataclass(frozen=True)
class Subresource:
    """A part of an object with an address of its own. `kind` is of `group` and `version`, "" the object's own."""

    name: str
    verbs: tuple[str, ...] = AMENDED
    kind: str = ""
    group: str = ""
    version: str = ""


STATUS = Subresource("status")
SCALE = Subresource("scale", AMENDED, "Scale", "autoscaling", "v1")
PROXY = ("create", "delete", "get", "patch", "update")


@dataclass(frozen=True)
class Kind:
    """One kind. `counted` says that metadata.generation counts the changes of what is wanted of it."""

    group: str
    version: str
    plural: str
    kind: str
    short: tuple[str, ...] = ()
    namespaced: bool = True
    counted: bool = False
    subresources: tuple[Subresource, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    stored_in: str = ""  # the group whose objects these are, where two groups show the same ones

    @cached_property
    def singular(self) -> str:
        """The name of one, as `kubectl get pod` has it."""
        return self.kind.lower()

    @cached_property
    def api_version(self) -> str:
        """Group and version in one word, as objects carry it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @cached_property
    def qualified(self) -> str:
        """The plural with its group, as messages have it: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @cached_property
    def has_status(self) -> bool:
        """Whether the status has an address of its own, so that writing the object leaves it alone."""
        return STATUS in self.subresources

    @cached_property
    def storage(self) -> tuple[str, str]:
        """Where its objects are kept: kinds that show the same objects share it."""
        return (self.stored_in if self.stored_in != "core" else "", self.plural)

    def subresource(self, name: str) -> Subresource | None:
        """The subresource of this name."""
        return next((one for one in self.subresources if one.name == name), None)


def _pod_parts() -> tuple[Subresource, ...]:
    return (
        Subresource("attach", ("create", "get"), "PodAttachOptions"),
        Subresource("binding", ("create",), "Binding"),
        Subresource("ephemeralcontainers"),
        Subresource("eviction", ("create",), "Eviction", "policy", "v1"),
        Subresource("exec", ("create", "get"), "PodExecOptions"),
        Subresource("log", ("get",)),
        Subresource("portforward", ("create", "get"), "PodPortForwardOptions"),
        Subresource("proxy", PROXY, "PodProxyOptions"),
        Subresource("resize"),
        STATUS,
    )


_STATUS = (STATUS,)
_SCALED = (SCALE, STATUS)
_WIDE = False  # not in a namespace
_SPACED = not _WIDE
_COUNTED = True
_UNCOUNTED = not _COUNTED
_FINALIZED = (Subresource("finalize", ("update",)), STATUS)
_PROXIED = (Subresource("proxy", PROXY, "NodeProxyOptions"), STATUS)
_SERVED = (Subresource("proxy", PROXY, "ServiceProxyOptions"), STATUS)
_TOKENS = (Subresource("token", ("create",), "TokenRequest", "authentication.k8s.io", "v1"),)
_NAMESPACE_VERBS = ("create", "delete", "get", "list", "patch", "update", "watch")

_CORE = (
    Kind("", "v1", "bindings", "Binding", verbs=("create",)),
    Kind("", "v1", "componentstatuses", "ComponentStatus", ("cs",), _WIDE, verbs=("get", "list")),
    Kind("", "v1", "configmaps", "ConfigMap", ("cm",)),
    Kind("", "v1", "endpoints", "Endpoints", ("ep",)),
    Kind("", "v1", "events", "Event", ("ev",)),
    Kind("", "v1", "limitranges", "LimitRange", ("limits",)),
    Kind("", "v1", "namespaces", "Namespace", ("ns",), _WIDE, subresources=_FINALIZED, verbs=_NAMESPACE_VERBS),
    Kind("", "v1", "nodes", "Node", ("no",), _WIDE, subresources=_PROXIED),
    Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", ("pvc",), subresources=_STATUS),
    Kind("", "v1", "persistentvolumes", "PersistentVolume", ("pv",), _WIDE, subresources=_STATUS),
    Kind("", "v1", "pods", "Pod", ("po",), counted=_COUNTED, subresources=_pod_parts(), categories=ALL),
    Kind("", "v1", "podtemplates", "PodTemplate", counted=_COUNTED),
    Kind(
        "",
        "v1",
        "replicationcontrollers",
        "ReplicationController",
        ("rc",),
        counted=_COUNTED,
        subresources=_SCALED,
        categories=ALL,
    ),
    Kind("", "v1", "resourcequotas", "ResourceQuota", ("quota",), subresources=_STATUS),
    Kind("", "v1", "secrets", "Secret"),
    Kind("", "v1", "serviceaccounts", "ServiceAccount", ("sa",), subresources=_TOKENS),
    Kind("", "v1", "services", "Service", ("svc",), subresources=_SERVED, categories=ALL),
)
_APPS = (
    Kind("apps", "v1", "controllerrevisions", "ControllerRevision"),
    Kind("apps", "v1", "daemonsets", "DaemonSet", ("ds",), _SPACED, _COUNTED, _STATUS, ALL),
    Kind("apps", "v1", "deployments", "Deployment", ("deploy",), _SPACED, _COUNTED, _SCALED, ALL),
    Kind("apps", "v1", "replicasets", "ReplicaSet", ("rs",), _SPACED, _COUNTED, _SCALED, ALL),
    Kind("apps", "v1", "statefulsets", "StatefulSet", ("sts",), _SPACED, _COUNTED, _SCALED, ALL),
)
_HPA = Kind(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    ("hpa",),
    _SPACED,
    _UNCOUNTED,
    _STATUS,
    ALL,
)
_WORK = (
    _HPA,
    replace(_HPA, version="v1"),
    Kind("batch", "v1", "cronjobs", "CronJob", ("cj",), _SPACED, _COUNTED, _STATUS, ALL),
    Kind("batch", "v1", "jobs", "Job", (), _SPACED, _COUNTED, _STATUS, ALL),
    Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", ("pdb",), _SPACED, _COUNTED, _STATUS),
)
_NETWORK = (
    Kind("networking.k8s.io", "v1", "ingressclasses", "IngressClass", (), _WIDE, _COUNTED),
    Kind("networking.k8s.io", "v1", "ingresses", "Ingress", ("ing",), _SPACED, _COUNTED, _STATUS),
    Kind("networking.k8s.io", "v1", "ipaddresses", "IPAddress", ("ip",), _WIDE),
    Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", ("netpol",), _SPACED, _COUNTED),
    Kind("networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR", (), _WIDE, _UNCOUNTED, _STATUS),
    Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", (), _SPACED, _COUNTED),
)
_REVIEWED = ("create",)
_ACCESS = (
    Kind("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", (), _WIDE),
    Kind("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", (), _WIDE),
    Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    Kind("rbac.authorization.k8s.io", "v1", "roles", "Role"),
    Kind("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", (), _WIDE, verbs=_REVIEWED),
    Kind("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", (), _WIDE, verbs=_REVIEWED),
    Kind("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", verbs=_REVIEWED),
    Kind(
        "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", (), _WIDE, verbs=_REVIEWED
    ),
    Kind("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", (), _WIDE, verbs=_REVIEWED),
    Kind("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", (), _WIDE, verbs=_REVIEWED),
)
_REST = (
    Kind("events.k8s.io", "v1", "events", "Event", ("ev",), stored_in="core"),
    Kind("apiregistration.k8s.io", "v1", "apiservices", "APIService", (), _WIDE, _COUNTED, _STATUS),
    Kind("certificates.k8s.io", "v1", "certificatesigningrequests", "CertificateSigningRequest", ("csr",), _WIDE),
    Kind("storage.k8s.io", "v1", "storageclasses", "StorageClass", ("sc",), _WIDE),
    Kind("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", (), _WIDE, _UNCOUNTED, _STATUS),
    Kind(
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        (),
        _WIDE,
        _COUNTED,
    ),
    Kind(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        ("crd", "crds"),
        _WIDE,
        _COUNTED,
        _STATUS,
    ),
    Kind("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", ("pc",), _WIDE, _COUNTED),
    Kind("coordination.k8s.io", "v1", "leases", "Lease"),
    Kind("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", (), _WIDE),
    Kind("resource.k8s.io", "v1", "resourceclaims", "ResourceClaim", (), _SPACED, _UNCOUNTED, _STATUS),
    Kind("flowcontrol.apiserver.k8s.io", "v1", "flowschemas", "FlowSchema", (), _WIDE, _COUNTED, _STATUS),
)

KINDS: tuple[Kind, ...] = tuple(
    replace(kind, stored_in=kind.stored_in or kind.group)
    for kind in (*_CORE, *_APPS, *_WORK, *_NETWORK, *_ACCESS, *_REST)
)

_BY_NAME = {kind.kind: kind for kind in reversed(KINDS) if kind.group != "events.k8s.io"}
_BY_ADDRESS = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}


def kind_named(name: str) -> Kind:
    """The kind of this name, `Pod`; events are the core ones, autoscalers those of v2. Raises KeyError."""
    return _BY_NAME[name]


def kind_at(group: str, version: str, plural: str) -> Kind | None:
    """The kind at this address of the API, or None."""
    return _BY_ADDRESS.get((group, version, plural))

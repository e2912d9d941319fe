"""Who may do what: tokens and the users behind them, and the roles and bindings that stand in the store.

The token of `admin` may do everything. Every other name is a user of that name, or a service account where it is
written `namespace/name`; each may do what its bindings say, as the authorizer of a real cluster reads them.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from playground.world.kubernetes import status
from playground.world.kubernetes.address import Address
from playground.world.kubernetes.calls import User
from playground.world.kubernetes.kinds import Kind, Thing, kind_named
from playground.world.kubernetes.store import Store

ADMIN = "admin"
MASTERS = "system:masters"
_AUTHENTICATED = "system:authenticated"
_RBAC = "rbac.authorization.k8s.io"
_ROLE, _CLUSTER_ROLE, _ROLE_BINDING, _CLUSTER_ROLE_BINDING = (
    kind_named(name) for name in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
)

#: What everybody who is known may do: the roles system:basic-user, system:discovery, system:public-info-viewer.
BASIC_RULES: tuple[Thing, ...] = (
    {
        "verbs": ["create"],
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
)
_DISCOVERY = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*"]
_HEALTH = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
BASIC_PAGES: tuple[Thing, ...] = (
    {
        "verbs": ["get"],
        "nonResourceURLs": [*_DISCOVERY, "/readyz", "/version", "/version/"],
    },
    {"verbs": ["get"], "nonResourceURLs": _HEALTH},
    {"verbs": ["get"], "nonResourceURLs": ["/.well-known", "/.well-known/*"]},
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody wants to do: a verb on a resource (`pods`, `pods/log`), or on a path that is none."""

    verb: str
    resource: str = ""
    group: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @classmethod
    def at(cls, verb: str, at: Address) -> "Deed":
        """What a request wants to do. A namespace counts as being in itself, so that its own roles are about it."""
        space = at.name if at.kind.kind == "Namespace" else at.namespace
        return cls(verb, at.resource, at.kind.group, space, at.name)


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule that somebody has, and where it comes from."""

    rule: Thing
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Something that is refused although a role allows it. Empty words mean any."""

    verbs: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    namespace: str = ""

    def covers(self, deed: Deed) -> bool:
        """Whether it is about that."""
        return (
            (not self.verbs or deed.verb in self.verbs)
            and (not self.resources or deed.resource in self.resources)
            and self.namespace in {"", deed.namespace}
            and not deed.path
        )


class Tokens:
    """The bearer tokens that the server knows. Each is made anew when it is first asked for."""

    def __init__(self) -> None:
        self._by_role: dict[str, str] = {}

    def of(self, role: str) -> str:
        """The token of a role."""
        return self._by_role.setdefault(role, secrets.token_urlsafe(32))

    def revoke(self, role: str) -> None:
        """Let its token be unknown from now on; the next one asked for is another."""
        self._by_role.pop(role, None)

    def who(self, header: str) -> User:
        """Who stands behind an Authorization header.

        Raises:
            RefusalError: nobody.
        """
        scheme, _, token = header.partition(" ")
        for role, known in self._by_role.items():
            if scheme.lower() == "bearer" and secrets.compare_digest(known.encode(), token.encode()):
                return user(role)
        raise status.unauthorized()


def user(role: str) -> User:
    """The user that a role's token stands for."""
    if role == ADMIN:
        return User(ADMIN, (MASTERS, _AUTHENTICATED))
    namespace, _, name = role.rpartition("/")
    if not namespace:
        return User(role, (_AUTHENTICATED,))
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", _AUTHENTICATED)
    return User(f"system:serviceaccount:{namespace}:{name}", groups)


def grants(store: Store, who: User, namespace: str) -> Iterator[Grant]:
    """Every rule that somebody has in a namespace ("" for the whole cluster), what everybody has first."""
    if MASTERS in who.groups:
        yield Grant({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})
        yield Grant({"verbs": ["*"], "nonResourceURLs": ["*"]})
    yield from (Grant(rule) for rule in (*BASIC_RULES, *BASIC_PAGES))
    for binding in store.listed(_CLUSTER_ROLE_BINDING):
        yield from _bound(store, who, _CLUSTER_ROLE_BINDING, binding)
    for binding in store.listed(_ROLE_BINDING, namespace) if namespace else ():
        yield from _bound(store, who, _ROLE_BINDING, binding)


def decide(store: Store, who: User, deed: Deed, forbidden: tuple[Forbidden, ...] = ()) -> tuple[bool, str]:
    """Whether somebody may do something, and the reason that a review gives for it."""
    if any(one.covers(deed) for one in forbidden):
        return False, ""
    for grant in grants(store, who, deed.namespace):
        if _allows(grant.rule, deed):
            return True, grant.reason
    return False, ""


def refusal(who: User, deed: Deed) -> status.RefusalError:
    """The refusal of something that somebody may not do."""
    if deed.path:
        words = f'forbidden: User "{who.name}" cannot {deed.verb} path "{deed.path}"'
        return status.RefusalError(403, "Forbidden", words, {})
    where = f'in the namespace "{deed.namespace}"' if deed.namespace else "at the cluster scope"
    plural = deed.resource.partition("/")[0]
    qualified = f"{plural}.{deed.group}" if deed.group else plural
    subject = f'{qualified} "{deed.name}"' if deed.name else qualified
    what = f'cannot {deed.verb} resource "{deed.resource}" in API group "{deed.group}" {where}'
    details = {"name": deed.name, "group": deed.group, "kind": plural}
    told = {key: value for key, value in details.items() if value}
    return status.RefusalError(403, "Forbidden", f'{subject} is forbidden: User "{who.name}" {what}', told)


def grant(store: Store, role: str, rules: list[Thing], namespace: str = "") -> None:
    """Give a service account (`namespace/name`) rules, in one namespace or in the whole cluster, in addition."""
    home, _, name = role.partition("/")
    kind, binding = (_ROLE, _ROLE_BINDING) if namespace else (_CLUSTER_ROLE, _CLUSTER_ROLE_BINDING)
    about = {"generateName": f"{name}-", **({"namespace": namespace} if namespace else {})}
    made = store.create(kind, {"metadata": about, "rules": rules})["metadata"]["name"]
    reference = {"apiGroup": _RBAC, "kind": kind.kind, "name": made}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": home}
    store.create(binding, {"metadata": {**about, "name": made}, "roleRef": reference, "subjects": [subject]})


def _bound(store: Store, who: User, kind: Kind, binding: Thing) -> Iterator[Grant]:
    subject = next((told for one in binding.get("subjects") or () if (told := _subject(who, one, binding))), "")
    if not subject:
        return
    reference, about = binding["roleRef"], binding["metadata"]
    of_cluster = reference["kind"] == "ClusterRole"
    space = "" if of_cluster else about["namespace"]
    role = store.read(_CLUSTER_ROLE if of_cluster else _ROLE, space, reference["name"])
    name = f"{about['name']}/{about['namespace']}" if kind.namespaced else about["name"]
    reason = f'RBAC: allowed by {kind.kind} "{name}" of {reference["kind"]} "{reference["name"]}" to {subject}'
    for rule in (role.get("rules") or ()) if role else ():
        yield Grant(rule, reason)


def _subject(who: User, subject: Thing, binding: Thing) -> str:
    """How a reason names the subject, when it is the user or one of the user's groups."""
    name = subject["name"]
    if subject["kind"] == "User":
        return f'User "{name}"' if name == who.name else ""
    if subject["kind"] == "Group":
        return f'Group "{name}"' if name in who.groups else ""
    space = subject.get("namespace") or binding["metadata"].get("namespace", "")
    return f'ServiceAccount "{name}/{space}"' if who.name == f"system:serviceaccount:{space}:{name}" else ""


def _allows(rule: Thing, deed: Deed) -> bool:
    if not _among(deed.verb, rule.get("verbs")):
        return False
    if deed.path:
        return any(_path_matches(one, deed.path) for one in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames")
    return (
        _among(deed.group, rule.get("apiGroups"))
        and _resource_among(deed.resource, rule.get("resources") or ())
        and (not names or deed.name in names)
    )


def _among(word: str, listed: list[str] | None) -> bool:
    return word in (listed or ()) or "*" in (listed or ())


def _resource_among(resource: str, listed: list[str] | tuple[str, ...]) -> bool:
    _, _, part = resource.partition("/")
    return resource in listed or "*" in listed or bool(part and f"*/{part}" in listed)


def _path_matches(pattern: str, path: str) -> bool:
    return pattern in {"*", path} or (pattern.endswith("*") and path.startswith(pattern[:-1]))

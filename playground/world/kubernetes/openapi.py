"""As much of the OpenAPI documents as `kubectl apply` and `kubectl create -f` look at: what the server checks itself.

They hold the addresses and the options of a patch, and no schemas: `kubectl explain` has nothing to explain.
"""

from playground.world.kubernetes.kinds import KINDS, Kind, Thing

_OPTIONS = ("dryRun", "fieldManager", "fieldValidation")


def index() -> Thing:
    """/openapi/v3: a document for each group and version."""
    places = dict.fromkeys(_place(kind) for kind in KINDS)
    return {"paths": {place: {"serverRelativeURL": f"/openapi/v3/{place}?hash=0"} for place in places}}


def document(place: str) -> Thing | None:
    """/openapi/v3/api/v1 and the like: one of them, or None."""
    kinds = [kind for kind in KINDS if _place(kind) == place and "patch" in kind.verbs]
    if not kinds:
        return None
    head = {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.0"}}
    return {**head, "paths": {_path(kind): _patch(kind) for kind in kinds}, "components": {"schemas": {}}}


def _place(kind: Kind) -> str:
    return f"apis/{kind.group}/{kind.version}" if kind.group else f"api/{kind.version}"


def _path(kind: Kind) -> str:
    space = "namespaces/{namespace}/" if kind.namespaced else ""
    return f"/{_place(kind)}/{space}{kind.plural}/{{name}}"


def _patch(kind: Kind) -> Thing:
    options = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _OPTIONS]
    meant = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    told = {"parameters": options, "responses": {"200": {"description": "OK"}}}
    return {"patch": {**told, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": meant}}

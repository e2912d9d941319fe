"""Reading: one object or a list of them, whole, as a table, or their metadata only."""

from collections.abc import Mapping

import msgspec

from playground.world.kubernetes import status, tables
from playground.world.kubernetes.calls import JSON, Call, Reply, told
from playground.world.kubernetes.frozen import Frozen
from playground.world.kubernetes.kinds import Kind, Thing
from playground.world.kubernetes.other_versions import shown
from playground.world.kubernetes.paging import Page, page

_WHOLE = {"application/json", "application/*", "*/*", ""}
_FORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
_DEPRECATED: Mapping[str, str] = {
    "Endpoints": '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
}


def form(call: Call) -> str:
    """Which form of answer the asker likes best: "" is whole objects.

    Raises:
        RefusalError: none that there is.
    """
    for one in call.headers.get("Accept", "").split(","):
        media, *parameters = (word.strip() for word in one.split(";"))
        asked = dict(word.split("=", 1) for word in parameters if "=" in word)
        if media in _WHOLE and asked.get("as", "") in {"", *_FORMS}:
            return asked.get("as", "").removesuffix("List") if media == JSON else ""
    raise status.not_acceptable()


def found(call: Call) -> Frozen:
    """The object that a call is about.

    Raises:
        RefusalError: there is none.
    """
    thing = call.store.read(call.at.kind, call.at.namespace, call.at.name)
    if thing is None:
        raise status.not_found(call.at.kind, call.at.name)
    return shown(call.at.kind, thing)


def get(call: Call) -> Reply:
    """One object."""
    thing = found(call)
    return told(200, formed(call, thing), warnings(call.at.kind))


def formed(call: Call, thing: Frozen) -> Frozen | Thing:
    """An object in the form that is asked for."""
    wanted = form(call)
    if wanted == "Table":
        about = {"resourceVersion": thing["metadata"].get("resourceVersion", "")}
        return tables.table(call.at.kind, [thing], about, call.store.now, _include(call))
    return tables.metadata_only(thing) if wanted else thing


def listed(call: Call) -> Reply:
    """A list, or a page of one. Each object's encoding is made once and kept: lists are only put together."""
    wanted = form(call)
    kind, part = call.at.kind, page(call)
    things = [shown(kind, thing) for thing in part.things]
    if wanted == "Table":
        return told(200, tables.table(kind, things, dict(part.about), call.store.now, _include(call)))
    if wanted:
        head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": part.about}
        return told(200, {**head, "items": [tables.metadata_only(thing) for thing in things]})
    return Reply(200, _put_together(kind, part, things), headers=warnings(kind))


def scale(call: Call) -> Reply:
    """How many of something there are to be, as its scale tells it."""
    return told(200, scale_of(found(call)))


def scale_of(thing: Thing) -> Thing:
    """The scale of an object. A number of none is left out, as a real server leaves it out."""
    about = {
        key: thing["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    }
    replicas = thing["spec"].get("replicas", 1)
    selector = thing["spec"].get("selector") or {}
    words = ",".join(f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items()))
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": about,
        "spec": {"replicas": replicas} if replicas else {},
        "status": {"replicas": thing.get("status", {}).get("replicas", 0), "selector": words},
    }


def warnings(kind: Kind) -> Mapping[str, str]:
    """The header that warns of a kind that will go."""
    return {"Warning": _DEPRECATED[kind.kind]} if kind.kind in _DEPRECATED else {}


def _include(call: Call) -> str:
    return call.query.get("includeObject") or "Metadata"


def _put_together(kind: Kind, part: Page, things: list[Frozen]) -> bytes:
    head = {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": part.about}
    bodies = b",".join(thing.body() for thing in things)
    return b"".join((msgspec.json.encode(head)[:-1], b',"items":[', bodies, b"]}\n"))

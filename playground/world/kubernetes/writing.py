"""Writing: create, replace, patch and delete, whole objects and their parts; a dry run writes to a rehearsal."""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from playground.world.kubernetes import admission, status
from playground.world.kubernetes.calls import Call, Reply, told, without_nulls
from playground.world.kubernetes.defaults import job_identity
from playground.world.kubernetes.frozen import Frozen, draft, frozen
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.other_versions import shown, stored
from playground.world.kubernetes.paging import page
from playground.world.kubernetes.patching import patched
from playground.world.kubernetes.reading import formed, found, scale_of
from playground.world.kubernetes.store import (
    AlreadyExistsError,
    ConflictError,
    Deletion,
    MissingError,
    Propagation,
)
from playground.world.kubernetes.validation import change_faults

#: Kinds whose deletion is answered with the object although it is over; others are answered with a Status.
_SHOWN_LAST = {"Pod", "Service", "ServiceAccount", "PersistentVolumeClaim", "PersistentVolume", "ResourceQuota"}


def create(call: Call) -> Reply:
    """A new object."""
    kind, given = call.at.kind, call.thing()
    admission.checked_options(call)
    warnings = admission.checked_fields(call, given, kind.kind)
    admission.placed(call, given)
    thing = call.store.identified(_anonymous(stored(kind, given)))
    if kind.kind == "Job":
        job_identity(thing)
    made = admission.admitted(kind, thing)
    admission.admitted_to_namespace(call, made)
    try:
        return _told(call, 201, call.store.create(admission.home(kind), made), None, warnings)
    except AlreadyExistsError as error:
        raise status.already_exists(kind, made["metadata"]["name"], str(error)) from None


def replace(call: Call) -> Reply:
    """The whole object, as it is sent."""
    given = call.thing()
    admission.checked_options(call)
    warnings = admission.checked_fields(call, given, call.at.kind.kind)
    admission.placed(call, given)
    name = given["metadata"].setdefault("name", call.at.name)
    if name != call.at.name:
        words = f"the name of the object ({name}) does not match the name on the URL ({call.at.name})"
        raise status.bad_request(words)
    return _changed(call, stored(call.at.kind, given), warnings)


def patch(call: Call) -> Reply:
    """What a patch makes of the object."""
    before = found(call)
    admission.checked_options(call)
    thing = without_nulls(patched(draft(before), call.headers.get("Content-Type", ""), call.body))
    warnings = admission.checked_fields(call, thing, call.at.kind.kind)
    if thing.get("metadata", {}).get("name") != call.at.name:
        raise status.bad_request("the name of the object may not be changed by a patch")
    return _changed(call, stored(call.at.kind, thing), warnings)


def scale(call: Call) -> Reply:
    """Another number of replicas, replaced or patched."""
    before = found(call)
    admission.checked_options(call)
    now = scale_of(before)
    given = call.thing() if call.verb == "update" else patched(now, call.headers.get("Content-Type", ""), call.body)
    admission.checked_fields(call, given, "Scale")
    wanted = draft(before)
    wanted["spec"]["replicas"] = (given.get("spec") or {}).get("replicas", 0)
    wanted["metadata"]["resourceVersion"] = (given.get("metadata") or {}).get("resourceVersion", "")
    made = _written(call, wanted)
    return told(200, scale_of(_versioned(call, made, before)))


def ephemeral_containers(call: Call) -> Reply:
    """A pod with a debugging container more. Those that are there stay."""
    before = found(call)
    given = (
        call.thing()
        if call.verb == "update"
        else patched(draft(before), call.headers.get("Content-Type", ""), call.body)
    )
    wanted = draft(before)
    more = given["spec"].get("ephemeralContainers") or []
    wanted["spec"]["ephemeralContainers"] = more
    kept = {one["name"] for one in before["spec"].get("ephemeralContainers") or ()}
    if kept - {one.get("name") for one in more}:
        words = "existing ephemeral containers may not be removed"
        fault = status.FieldFault.forbidden("spec.ephemeralContainers", words)
        raise status.invalid(call.at.kind, call.at.name, [fault])
    wanted["metadata"]["resourceVersion"] = given["metadata"].get("resourceVersion", "")
    return _told(call, 200, _written(call, wanted), before)


def delete(call: Call) -> Reply:
    """One object, under the preconditions that were sent."""
    before = found(call)
    admission.checked_options(call)
    gone = _deleted(call, before["metadata"]["name"], before["metadata"].get("namespace", ""))
    still = call.store.read(call.at.kind, call.at.namespace, call.at.name)
    if still is None and call.at.kind.kind not in _SHOWN_LAST:
        return told(200, status.success(call.at.kind, call.at.name, before["metadata"]["uid"]))
    return _told(call, 200, gone, before)


def delete_collection(call: Call) -> Reply:
    """Every object that the selectors choose; the answer is the list of them as they were."""
    kind, part = call.at.kind, page(call)
    admission.checked_options(call)
    for thing in part.things:
        _deleted(call, thing["metadata"]["name"], thing["metadata"].get("namespace", ""))
    head = {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": part.about}
    bodies = b",".join(shown(kind, thing).body() for thing in part.things)
    return Reply(200, b"".join((msgspec.json.encode(head)[:-1], b',"items":[', bodies, b"]}\n")))


def _anonymous(thing: Thing) -> Thing:
    """The object without what only the server gives."""
    about = thing["metadata"]
    if about.get("resourceVersion"):
        raise status.bad_request("resourceVersion should not be set on objects to be created")
    given = {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "generation", "managedFields"}
    return {**thing, "metadata": {key: value for key, value in about.items() if key not in given}}


def _changed(call: Call, thing: Thing, warnings: Mapping[str, str]) -> Reply:
    before = found(call)
    kind = call.at.kind
    thing["metadata"].pop("managedFields", None)
    wanted = thing if call.at.subresource else admission.admitted(kind, thing)
    wrong = [] if call.at.subresource else change_faults(kind, before, wanted)
    if wrong:
        raise status.invalid(kind, call.at.name, wrong)
    return _told(call, 200, _written(call, wanted), before, warnings)


def _written(call: Call, thing: Thing) -> Frozen:
    """The object as it is stored now.

    Raises:
        RefusalError: it has been changed meanwhile, or is gone, or is invalid.
    """
    kind = admission.home(call.at.kind)
    part = call.at.subresource.name if call.at.subresource else ""
    if part in {"scale", "ephemeralcontainers"}:
        thing = admission.admitted(kind, thing)
    try:
        return call.store.replace_status(kind, thing) if part == "status" else call.store.replace(kind, thing)
    except ConflictError as error:
        raise status.conflict(kind, call.at.name, str(error)) from None
    except MissingError:
        raise status.not_found(kind, call.at.name) from None


def _deleted(call: Call, name: str, namespace: str) -> Frozen:
    kind = admission.home(call.at.kind)
    try:
        return call.store.delete(kind, namespace, name, _how(call))
    except ConflictError as error:
        raise status.conflict(kind, name, str(error), by_kind=True) from None


def _how(call: Call) -> Deletion:
    """How to delete, from the body, or else from the query."""
    options: dict[str, Any] = call.thing() if call.body.strip() else {}
    conditions = options.get("preconditions") or {}
    grace_s = options.get("gracePeriodSeconds", call.number("gracePeriodSeconds"))
    word = options.get("propagationPolicy") or call.query.get("propagationPolicy") or "Background"
    propagation = next((one for one in get_args(Propagation) if one == word), None)
    if propagation is None:
        raise status.bad_request(f'invalid propagationPolicy: "{word}"')
    return Deletion(grace_s, conditions.get("uid", ""), conditions.get("resourceVersion", ""), propagation)


def _told(
    call: Call, code: int, thing: Frozen, before: Frozen | None, warnings: Mapping[str, str] | None = None
) -> Reply:
    made = _versioned(call, shown(call.at.kind, thing), before)
    return told(code, formed(call, made), warnings)


def _versioned(call: Call, thing: Frozen, before: Frozen | None) -> Frozen:
    """The object; after a dry run with the version it had, or none, since nothing was written."""
    if not call.dry:
        return thing
    made = draft(thing)
    made["metadata"].pop("resourceVersion", None)
    if before is not None:
        made["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
    return frozen(made)

"""Between what a client sends and what is stored: the right kind, known fields, defaults, and the rules of the kind."""

from collections.abc import Mapping

import msgspec

from playground.world.kubernetes import status
from playground.world.kubernetes.calls import Call
from playground.world.kubernetes.defaults import filled
from playground.world.kubernetes.kinds import Kind, Thing, kind_named
from playground.world.kubernetes.schema import mismatch, unknown_fields
from playground.world.kubernetes.validation import faults

_NAMESPACE = kind_named("Namespace")
_CHECKS = {"Strict", "Warn", "Ignore", ""}


def home(kind: Kind) -> Kind:
    """The kind under which objects are kept that several kinds show."""
    return kind_named(kind.kind)


def admitted(kind: Kind, thing: Thing) -> Thing:
    """The object with its defaults, when nothing is wrong with it.

    Raises:
        RefusalError: something is; each fault is a cause.
    """
    made = filled(kind, thing)
    found = faults(kind, made)
    if found:
        raise status.invalid(kind, made["metadata"].get("name", ""), found)
    return made


def checked_fields(call: Call, thing: Thing, kind: str) -> Mapping[str, str]:
    """The header that warns of unknown fields; they are taken out of `thing`.

    Raises:
        RefusalError: the client wants unknown fields to be refused, or a value is of the wrong type.
    """
    how = call.query.get("fieldValidation", "")
    if how not in _CHECKS:
        words = f'Unsupported value: "{how}": supported values: "Ignore", "Strict", "Warn"'
        raise _unfit_options(call, "fieldValidation", words)
    wrong = mismatch(kind, thing)
    if wrong:
        raise status.bad_request(f'{kind} in version "{call.at.kind.version}" cannot be handled as a {kind}: {wrong}')
    unknown = [f'unknown field "{path}"' for path in unknown_fields(kind, thing)]
    if unknown and how == "Strict":
        words = f"strict decoding error: {', '.join(unknown)}"
        version = call.at.kind.version
        form = f'{kind} in version "{version}" cannot be handled as a {kind}: {words}'
        raise status.bad_request(f"error decoding patch: {words}" if call.verb == "patch" else form)
    told = ", ".join(f"299 - {msgspec.json.encode(one).decode()}" for one in unknown)
    return {"Warning": told} if told and how != "Ignore" else {}


def checked_options(call: Call) -> None:
    """Refuse a dry run of another kind than `All`.

    Raises:
        RefusalError: it is one.
    """
    how = call.query.get("dryRun", "")
    if how not in {"", "All"}:
        raise _unfit_options(call, "dryRun", f'Unsupported value: "{how}": supported values: "All"')


def placed(call: Call, thing: Thing) -> None:
    """Put the object where the address says, when it is of the kind of that address and says nothing else.

    Raises:
        RefusalError: it is something else, is meant for somewhere else, or cannot be made there.
    """
    kind, about = call.at.kind, thing.setdefault("metadata", {})
    if thing.get("kind", kind.kind) != kind.kind or thing.get("apiVersion", kind.api_version) != kind.api_version:
        given = f"{thing.get('apiVersion', '')}, Kind={thing.get('kind', '')}"
        wanted = f"{kind.api_version}, Kind={kind.kind}"
        words = f"the API version in the data ({given}) does not match the expected API version ({wanted})"
        raise status.bad_request(words)
    if about.get("namespace", call.at.namespace) not in {"", call.at.namespace}:
        words = "the namespace of the provided object does not match the namespace sent on the request"
        raise status.bad_request(words)
    if kind.namespaced:
        about["namespace"] = call.at.namespace


def admitted_to_namespace(call: Call, thing: Thing) -> None:
    """Refuse a new object whose namespace is not there, is going, or has no room for it.

    Raises:
        RefusalError: it is so.
    """
    if not call.at.kind.namespaced:
        return
    space = call.store.read(_NAMESPACE, "", call.at.namespace)
    if space is None:
        raise status.not_found(_NAMESPACE, call.at.namespace)
    kind, name = call.at.kind, thing["metadata"].get("name", "")
    if space["metadata"].get("deletionTimestamp"):
        going = f"namespace {call.at.namespace} is being terminated"
        cause = {"reason": "NamespaceTerminating", "message": going, "field": "metadata.namespace"}
        words = f"unable to create new content in namespace {call.at.namespace} because it is being terminated"
        raise _forbidden(kind, name, words, [cause])
    told = call.refuses(kind, thing)
    if told:
        raise _forbidden(kind, name, told)


def _forbidden(kind: Kind, name: str, words: str, causes: list[Thing] | None = None) -> status.RefusalError:
    details = status.named(kind, name)
    told = {**details, "causes": causes} if causes else details
    return status.RefusalError(403, "Forbidden", f'{kind.qualified} "{name}" is forbidden: {words}', told)


def _unfit_options(call: Call, field: str, words: str) -> status.RefusalError:
    """A word of the query that may not be."""
    verb = "delete" if call.verb == "deletecollection" else call.verb
    options = f"{verb.capitalize()}Options"
    causes = [{"reason": "FieldValueNotSupported", "message": words, "field": field}]
    details = {"group": "meta.k8s.io", "kind": options, "causes": causes}
    return status.RefusalError(422, "Invalid", f'{options}.meta.k8s.io "" is invalid: {field}: {words}', details)

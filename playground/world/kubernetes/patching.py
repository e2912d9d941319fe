"""Patches: JSON merge patch, JSON patch, and strategic merge patch, which merges lists by a key of their elements."""

from collections.abc import Mapping
from typing import Any

import msgspec

from playground.world.kubernetes import status
from playground.world.kubernetes.kinds import Thing

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

#: The key by which a list is merged, by the list's field (the patchMergeKey of the API's types). Others are replaced.
KEYS: Mapping[str, str] = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "resourceClaims": "name",
    "conditions": "type",
    "addresses": "type",
    "podIPs": "ip",
    "ownerReferences": "uid",
    "secrets": "name",
}
_SETS = {"finalizers"}  # lists of words that a patch only adds to
_DIRECTIVE = "$patch"
_DROPPED = "$deleteFromPrimitiveList/"
_RETAIN = "$retainKeys"


def patched(thing: Thing, content_type: str, body: bytes) -> Thing:
    """The object after a patch. `thing` is a draft, and may be used up.

    Raises:
        RefusalError: the form of the patch is unknown, or it does not apply.
    """
    form = content_type.partition(";")[0].strip()
    if form not in {MERGE, JSON_PATCH, STRATEGIC}:
        raise status.unsupported_media_type()
    try:
        patch = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise status.bad_request(f"error decoding patch: {error}") from None
    if form == JSON_PATCH:
        return _steps(thing, patch)
    if not isinstance(patch, dict):
        raise status.bad_request(
            "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}"
        )
    try:
        return merged(thing, patch) if form == MERGE else strategic(thing, patch)
    except (AttributeError, KeyError, TypeError) as error:  # a list's elements are no objects, or the like
        raise status.bad_request(f"error decoding patch: {error!r}") from error


def merged(thing: Thing, patch: Thing) -> Thing:
    """RFC 7396: null takes away, objects are merged, everything else is replaced, lists too."""
    result = dict(thing)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            before = result.get(key)
            result[key] = merged(before if isinstance(before, dict) else {}, value)
        else:
            result[key] = value
    return result


def strategic(thing: Thing, patch: Thing) -> Thing:
    """The same, and lists are merged by key; with the directives that kubectl sends."""
    if patch.get(_DIRECTIVE) == "replace":
        return {key: value for key, value in patch.items() if key != _DIRECTIVE}
    kept = patch.get(_RETAIN)
    result = {key: value for key, value in thing.items() if kept is None or key in kept}
    for key, value in patch.items():
        if key.startswith(_DROPPED):
            name = key.removeprefix(_DROPPED)
            result[name] = [one for one in result.get(name) or () if one not in value]
        elif not key.startswith("$"):
            _set(result, key, value)
    return result


def _set(result: Thing, key: str, value: Any) -> None:  # noqa: ANN401 any JSON
    before = result.get(key)
    if value is None or (isinstance(value, dict) and value.get(_DIRECTIVE) == "delete"):
        result.pop(key, None)
    elif isinstance(value, dict):
        result[key] = strategic(before if isinstance(before, dict) else {}, value)
    elif isinstance(value, list) and key in _SETS:
        result[key] = [*(before or ()), *(one for one in value if one not in (before or ()))]
    elif isinstance(value, list) and (by := _key(key, value, before)):
        result[key] = _lists(before or [], value, by)
    else:
        result[key] = value


def _key(field: str, patch: list[Any], before: Any) -> str:  # noqa: ANN401 any JSON
    """The key that a list is merged by. Ports are those of a container or of a service."""
    if field != "ports":
        return KEYS.get(field, "")
    first = next((one for one in (*patch, *(before or ())) if isinstance(one, dict) and _DIRECTIVE not in one), {})
    return "containerPort" if "containerPort" in first else "port"


def _lists(before: list[Thing], patch: list[Thing], by: str) -> list[Thing]:
    if any(one.get(_DIRECTIVE) == "replace" for one in patch):
        return [one for one in patch if _DIRECTIVE not in one]
    gone = {one.get(by) for one in patch if one.get(_DIRECTIVE) == "delete"}
    live = {one.get(by): one for one in before}
    fresh = {one[by]: strategic(live.get(one[by], {}), one) for one in patch if _known(one, by) and one[by] not in gone}
    left = list(fresh)
    right = [key for key in live if key not in fresh and key not in gone]
    place = {key: at for at, key in enumerate(live)}
    return [fresh[key] if key in fresh else live[key] for key in _woven(left, right, place)]


def _known(one: Thing, by: str) -> bool:
    if by not in one:
        raise status.bad_request(f"map: {msgspec.json.encode(one).decode()} does not contain declared merge key: {by}")
    return True


def _woven(left: list[Any], right: list[Any], place: Mapping[Any, int]) -> list[Any]:
    """The patch's elements and the others in one order: as they were among each other, new ones as early as can be."""
    woven: list[Any] = []
    left, right = list(left), list(right)
    while left and right:
        later = left[0] in place and place[left[0]] > place[right[0]]
        woven.append((right if later else left).pop(0))
    return [*woven, *left, *right]


def _steps(thing: Thing, steps: Any) -> Thing:  # noqa: ANN401 any JSON
    """RFC 6902: one step after the other, or none."""
    root: Any = thing
    try:
        for step in steps:
            root = _step(root, step)
    except (KeyError, IndexError, TypeError, ValueError):
        raise status.rejected() from None
    if not isinstance(root, dict):
        raise status.rejected()
    return root


def _step(root: Any, step: Thing) -> Any:  # noqa: ANN401 any JSON
    """What a step makes of the whole. Raises KeyError, IndexError, TypeError or ValueError where it does not apply."""
    word, path = step["op"], _words(step["path"])
    if word == "test":
        if _at(root, path) != step.get("value"):
            raise ValueError(step["path"])
        return root
    if word in {"move", "copy"}:
        source = _words(step["from"])
        value = _at(root, source)
        root = _without(root, source) if word == "move" else root
        return _with(root, path, value, "add")
    return _without(root, path) if word == "remove" else _with(root, path, step["value"], word)


def _words(path: str) -> list[str]:
    return [word.replace("~1", "/").replace("~0", "~") for word in path.split("/")[1:]]


def _at(root: Any, path: list[str]) -> Any:  # noqa: ANN401 any JSON
    for word in path:
        root = root[int(word)] if isinstance(root, list) else root[word]
    return root


def _with(root: Any, path: list[str], value: Any, word: str) -> Any:  # noqa: ANN401 any JSON
    if word not in {"add", "replace"}:
        raise ValueError(word)
    if not path:
        return value
    parent, last = _at(root, path[:-1]), path[-1]
    if isinstance(parent, list) and word == "add":
        parent.insert(len(parent) if last == "-" else int(last), value)
    elif isinstance(parent, list):
        parent[int(last)] = value
    elif word == "replace" and last not in parent:
        raise KeyError(last)
    else:
        parent[last] = value
    return root


def _without(root: Any, path: list[str]) -> Any:  # noqa: ANN401 any JSON
    parent, last = _at(root, path[:-1]), path[-1]
    if isinstance(parent, list):
        del parent[int(last)]
    else:
        del parent[last]
    return root

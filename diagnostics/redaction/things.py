"""Redacts every string inside a value and gives back a value of the same shape: what was frozen stays frozen.

It decides nothing about text; that is the redactor's. A name it knows only as a dictionary's key or a field's name.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, cast, get_args

import msgspec

from diagnostics.redaction.names import Name, Weight, name_of
from diagnostics.redaction.sheet import OPEN, mask
from diagnostics.redaction.values import is_credentials, is_name_or_number, is_ordinary, is_random, is_status, window

__all__ = ["Text", "redact_thing"]

Text = Callable[[str], str]
_DEEPEST = 60  # levels; evidence has about six, and Python itself gives up at a thousand
_TOO_DEEP = mask("nested too deep")
_PAIR = 2  # (name, value), as headers are kept


def redact_thing(thing: Any, text: Text, depth: int = 0) -> Any:  # noqa: ANN401 - any shape goes in and comes out
    """Give `thing` with every string in it redacted; below 60 levels a mask stands for all there is."""
    if thing is None or isinstance(thing, Enum | bool | int | float):
        return thing
    if isinstance(thing, str):
        return text(thing)
    if isinstance(thing, bytes):
        return text(thing.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return _inside(thing, text, depth) if depth <= _DEEPEST else _TOO_DEEP


def _inside(thing: Any, text: Text, depth: int) -> Any:  # noqa: ANN401 - as `redact_thing`
    if isinstance(thing, Mapping):
        return _mapping(thing, text, depth)
    if isinstance(thing, tuple | list | set | frozenset):
        return _sequence(thing, text, depth)
    return _record(thing, text, depth)


def _mapping(thing: Mapping[Any, Any], text: Text, depth: int) -> dict[Any, Any]:
    """A dictionary; two keys that become the same mask are numbered, so that nothing is lost."""
    paired = _paired_name(thing)
    out: dict[Any, Any] = {}
    same = isinstance(thing, dict)
    for key, value in thing.items():
        name = paired if paired and str(key).lower() == "value" else key
        new_key, new = redact_thing(key, text, depth + 1), _beside(name, value, text, depth + 1)
        same = same and new_key is key and new is value
        out[_free(new_key, out)] = new
    return cast("dict[Any, Any]", thing) if same else out


def _free(key: object, taken: Mapping[Any, Any]) -> object:
    number, free = 2, key
    while free in taken:
        free, number = f"{key} {number}", number + 1
    return free


def _paired_name(thing: Mapping[Any, Any]) -> str | None:
    """The name in `{"name": "DB_PASSWORD", "value": "x"}`."""
    names = (thing.get(word) for word in ("name", "Name", "key", "Key", "type"))
    return next((name for name in names if isinstance(name, str)), None)


def _sequence(thing: Iterable[Any], text: Text, depth: int) -> object:
    items = list(thing)
    if isinstance(thing, tuple) and len(items) == _PAIR and isinstance(items[0], str):
        new = [text(items[0]), _beside(items[0], items[1], text, depth + 1)]
    else:
        new = [redact_thing(item, text, depth + 1) for item in items]
    if isinstance(thing, tuple) and all(one is other for one, other in zip(new, items, strict=True)):
        return thing
    if hasattr(thing, "_fields"):  # a NamedTuple takes its fields one by one
        return cast("Any", type(thing))(*new)
    return cast("Any", type(thing))(new)


def _record(thing: Any, text: Text, depth: int) -> Any:  # noqa: ANN401 - as `redact_thing`
    """A Struct or a dataclass with what changed replaced; anything else is no text and stays."""
    if isinstance(thing, msgspec.Struct):
        changed = _changed_fields(thing, text, depth)
        return msgspec.structs.replace(thing, **changed) if changed else thing
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        names = [field.name for field in dataclasses.fields(thing) if field.init]
        changed = _changes(thing, names, text, depth)
        return dataclasses.replace(thing, **changed) if changed else thing
    return thing


def _changed_fields(thing: msgspec.Struct, text: Text, depth: int) -> dict[str, Any]:
    """The fields of a Struct that change. Most of a big value is numbers, times and nothing, which are passed over."""
    changed = {}
    for name, known in _textual(type(thing)):
        old = getattr(thing, name)
        if old:
            new = _below(known, old, text, depth + 1)
            if new is not old and new != old:
                changed[name] = new
    return changed


@lru_cache(maxsize=1_024)
def _textual(kind: type[msgspec.Struct]) -> tuple[tuple[str, Name | None], ...]:
    """The fields of a kind of Struct that may hold text, each with what its name says."""
    fields = msgspec.structs.fields(kind)
    return tuple((one.name, name_of(one.name.encode())) for one in fields if not _is_textless(one.type))


def _is_textless(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    """Whether a field of this type is a number, a time, an enum or nothing, whatever it holds."""
    parts = get_args(annotation) or (annotation,)
    return all(part in _TEXTLESS or (isinstance(part, type) and issubclass(part, Enum)) for part in parts)


_TEXTLESS = (int, bool, float, datetime, type(None))


def _changes(thing: object, names: Iterable[str], text: Text, depth: int) -> dict[str, Any]:
    old = {name: getattr(thing, name) for name in names}
    new = {name: _beside(name, value, text, depth + 1) for name, value in old.items()}
    return {name: value for name, value in new.items() if value is not old[name] and value != old[name]}


def _beside(name: object, value: Any, text: Text, depth: int) -> Any:  # noqa: ANN401 - as `redact_thing`
    """A value with the name it stands beside; lists and dictionaries below a sure name are masked as well."""
    named = isinstance(name, str) and OPEN not in name  # a masked key says "token", and is no name
    known = name_of(cast("str", name).encode("utf-8", "surrogatepass")) if named else None
    return _below(known, value, text, depth)


def _below(known: Name | None, value: Any, text: Text, depth: int) -> Any:  # noqa: ANN401 - as `redact_thing`
    new = redact_thing(value, text, depth)
    if known is None or known.weight is Weight.NOTHING:
        return new
    if isinstance(new, str) and not isinstance(new, Enum):
        return mask(known.label) if _is_secret(known.weight, new) else new
    if known.weight is Weight.SURE and isinstance(new, list | tuple | dict):
        return redact_thing(new, lambda inner: mask(known.label) if _is_secret(Weight.SURE, inner) else inner, depth)
    return new


def _is_secret(weight: Weight, value: str) -> bool:
    raw = value.encode("utf-8", "surrogatepass")
    if is_ordinary(raw) or is_status(raw) or raw.startswith(OPEN.encode()):
        return False
    if weight is Weight.HINT:
        letters = window(raw, 0)
        return " " not in value and (is_random(letters) or is_credentials(raw))
    return weight is Weight.SURE or not is_name_or_number(raw)

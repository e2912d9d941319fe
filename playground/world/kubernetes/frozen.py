"""Objects that cannot be changed: what the store gives out, and the copy one makes to change something."""

from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from playground.world.kubernetes.kinds import Thing


class Frozen(dict[str, Any]):
    """A JSON object that nobody changes; it keeps its own encoding, since it is sent again and again."""

    __slots__ = ("_body",)

    _body: bytes

    def body(self) -> bytes:
        """It as JSON without its kind and apiVersion, as lists have it. Made once."""
        try:
            return self._body
        except AttributeError:
            self._body = msgspec.json.encode({key: self[key] for key in self if key not in {"kind", "apiVersion"}})
            return self._body

    def encoded(self) -> bytes:
        """It as JSON with its kind and apiVersion."""
        head = msgspec.json.encode({"kind": self["kind"], "apiVersion": self["apiVersion"]})
        return head[:-1] + b"," + self.body()[1:]

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("what the store gives out is not to be changed: make a draft of it and write that back")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class FrozenList(list[Any]):
    """A JSON array that nobody changes."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("what the store gives out is not to be changed: make a draft of it and write that back")

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse


def frozen(thing: Mapping[str, Any]) -> Frozen:
    """The same, unchangeable. What is frozen already is taken as it is."""
    if isinstance(thing, Frozen):
        return thing
    return Frozen({key: value if type(value) in _PLAIN else _frozen(value) for key, value in thing.items()})


def draft(thing: Mapping[str, Any]) -> Thing:
    """A copy of one's own, to be changed and written back."""
    return {key: value if type(value) in _PLAIN else _thawed(value) for key, value in thing.items()}


#: What needs no copy: most values are such, and every write walks through all of an object.
_PLAIN = {str, int, float, bool, type(None)}


def _frozen(value: Any) -> Any:  # noqa: ANN401 any JSON
    if isinstance(value, dict):
        return frozen(value)
    if isinstance(value, list | tuple):
        return value if isinstance(value, FrozenList) else FrozenList([_frozen(one) for one in value])
    return value


def _thawed(value: Any) -> Any:  # noqa: ANN401 any JSON
    if isinstance(value, dict):
        return draft(value)
    return [_thawed(one) for one in value] if isinstance(value, list) else value

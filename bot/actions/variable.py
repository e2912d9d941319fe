"""One variable of one container in a workload's template: how it is set, and the changes that set it and put it back.

Pure. A change is a strategic merge patch of that one entry: whatever else the template holds stays as others have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.actions.hands import Thing
from bot.errors import CannotAct
from diagnostics.redaction import first_words

_SHOWN = 60  # characters of a value: a level of a log has some five


@dataclass(frozen=True, slots=True)
class Variable:
    """Which variable of which container."""

    container: str
    name: str

    def entry(self, thing: Thing) -> Thing | None:
        """How it stands in the template; None where it does not.

        Raises:
            CannotAct: there is no such container, or the variable stands there twice, so that no patch can tell which.
        """
        containers = thing["spec"]["template"]["spec"].get("containers") or ()
        mine = next((one for one in containers if one["name"] == self.container), None)
        if mine is None:
            names = ", ".join(one["name"] for one in containers)
            raise CannotAct(f"There is no container {self.container}; there is {names}. Set kubernetes.container.")
        found = [one for one in mine.get("env") or () if one["name"] == self.name]
        if len(found) > 1:
            raise CannotAct(f"{self.name} is set {len(found)} times in container {self.container}: leave one of them.")
        return found[0] if found else None

    def set_to(self, value: str, before: Thing | None) -> dict[str, Any]:
        """The part of a patch that gives it this value, whatever it was before."""
        other = {"valueFrom": None} if before and before.get("valueFrom") else {}
        return self._change({"name": self.name, "value": value, **other})

    def put_back(self, before: Thing | None) -> dict[str, Any]:
        """The part of a patch that has it as it was, after it was set to a value."""
        if before is None:
            return self._change({"name": self.name, "$patch": "delete"})
        if before.get("valueFrom"):
            return self._change({"name": self.name, "value": None, "valueFrom": before["valueFrom"]})
        return self._change({"name": self.name, "value": before.get("value", "")})

    def _change(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        return {"template": {"spec": {"containers": [{"name": self.container, "env": [dict(entry)]}]}}}


def same(one: Thing | None, other: Thing | None) -> bool:
    """Whether two entries set the same. A value that is left out is an empty one."""
    return _bare(one) == _bare(other)


def _bare(entry: Thing | None) -> Thing | None:
    if entry is None:
        return None
    return {"valueFrom": entry["valueFrom"]} if entry.get("valueFrom") else {"value": entry.get("value") or ""}


def words(entry: Thing | None) -> str:
    """How a variable is set, in words."""
    if entry is None:
        return "not set"
    if entry.get("valueFrom"):
        return f"taken from {_source(entry['valueFrom'])}"
    value = str(entry.get("value") or "")
    return repr(first_words(value, _SHOWN))


def _source(source: Thing) -> str:
    kind, where = next(iter(source.items()))
    named = {"secretKeyRef": "secret", "configMapKeyRef": "config map"}
    if kind in named:
        return f"{named[kind]} {where.get('name', '')}, key {where.get('key', '')}"
    return str(where.get("fieldPath") or where.get("resource") or kind)


def kept(entry: Thing | None) -> str:
    """An entry as a plan keeps it, in JSON."""
    return msgspec.json.encode(entry).decode()


def remembered(text: str) -> Thing | None:
    """An entry that a plan has kept."""
    return msgspec.json.decode(text, type=dict[str, Any] | None)

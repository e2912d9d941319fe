"""The conditions of an object's status: set one, and keep the time of its last change where nothing changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.world.kubernetes.kinds import Thing


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition as a component sets it. `extra` are fields that only some kinds of object have."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    updated: bool = False  # whether it carries lastUpdateTime, as those of deployments do
    bare_message: bool = False  # whether an empty message is written too

    def written(self, before: Mapping[str, Any] | None, now: str) -> Thing:
        """It as JSON, beside how it was before."""
        same = before is not None and before["status"] == self.status
        since = before["lastTransitionTime"] if before is not None and same else now
        update = {"lastUpdateTime": self._update(before, now)} if self.updated else {}
        reason = {"reason": self.reason} if self.reason else {}
        message = {"message": self.message} if self.message or self.bare_message else {}
        return {
            "type": self.type,
            "status": self.status,
            **self.extra,
            **update,
            "lastTransitionTime": since,
            **reason,
            **message,
        }

    def _update(self, before: Mapping[str, Any] | None, now: str) -> str:
        said = (self.status, self.reason, self.message)
        if before is not None and said == (before["status"], before.get("reason", ""), before.get("message", "")):
            return str(before["lastUpdateTime"])
        return now


def written(before: Iterable[Mapping[str, Any]] | None, now: str, *wanted: Condition) -> list[Thing]:
    """These conditions, and no others, with the times of those that were there before."""
    known = {one["type"]: one for one in before or ()}
    return [one.written(known.get(one.type), now) for one in wanted]

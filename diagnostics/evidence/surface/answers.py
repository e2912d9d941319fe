"""What the answers of the two endpoints say: the parts of a health report, the errors of GraphQL. Pure."""

from collections.abc import Iterator
from typing import Any

from diagnostics.evidence.http import Reply, words_of
from diagnostics.evidence.json_values import part
from diagnostics.evidence.surface.kinds import HealthPart
from diagnostics.words import raw_line

#: Parts and errors of one answer that are kept: a backend reports on a handful of things.
AT_MOST = 10
#: Under which name a health report lists its parts, as the usual libraries do.
_LISTS = ("checks", "components", "details", "dependencies", "services")
#: "warn" is a service that works, with something to be looked after (the draft RFC of health+json).
_WELL = {"ok", "up", "pass", "healthy", "ready", "serving", "true", "available"} | {
    *("okay", "warn", "passing", "success", "alive", "running", "connected", "reachable", "active", "online", "200"),
}
#: Under these a report tells other things too, such as its version: there only these words say that something is ill.
_FREE = {"details"}
_ILL = {"down", "fail", "failed", "failing", "error", "unhealthy", "unavailable", "critical", "false", "disconnected"}
_WORDS = ("error", "message", "output", "reason", "description")


def health_parts(reply: Reply) -> tuple[HealthPart, ...]:
    """What a health report says of each thing it reports on; nothing where it is no such report."""
    document = reply.document()
    if not isinstance(document, dict):
        return ()
    name = next((name for name in _LISTS if isinstance(document.get(name), dict)), "")
    parts = [one for each, said in part(document.get(name)).items() if (one := _told(each, said, free=name in _FREE))]
    if all(one.well for one in parts):
        whole = [one for each, said in _whole(document).items() if (one := _part(each, said))]
        parts += [one for one in whole if not (parts and one.well)]
    return tuple(sorted(parts, key=lambda one: one.well) if len(parts) > AT_MOST else parts)[:AT_MOST]


def _whole(document: dict[str, Any]) -> dict[str, Any]:
    """What a report says of the backend itself, beside its list or in place of one."""
    return {"backend": document} if "status" in document else {}


def _told(name: str, said: Any, *, free: bool) -> HealthPart | None:  # noqa: ANN401 any JSON
    """One entry of a list: a state, or several of the same thing, of which an ill one counts."""
    if isinstance(said, list):
        several = [one for each in said if (one := _part(name, each))]
        return next((one for one in several if not one.well), several[0] if several else None)
    if free and isinstance(said, str) and said.lower() not in _WELL | _ILL:
        return None
    return _part(name, said)


def _part(name: str, said: Any) -> HealthPart | None:  # noqa: ANN401 any JSON
    if isinstance(said, dict):
        state = str(said.get("status", ""))
        words = next((said[word] for word in _WORDS if isinstance(said.get(word), str)), state)
        return HealthPart(raw_line(name, 60), state.lower() in _WELL, raw_line(words)) if state else None
    if isinstance(said, bool | str):
        return HealthPart(raw_line(name, 60), str(said).lower() in _WELL, raw_line(str(said)))
    return None


def graphql_data(reply: Reply) -> dict[str, Any]:
    """The data of a GraphQL answer; empty where it has none."""
    return part(part(reply.document()).get("data"))


def graphql_errors(reply: Reply) -> tuple[str, ...]:
    """The messages of a GraphQL answer's errors."""
    return tuple(raw_line(words_of(error.get("message")) or "an error without words") for error in _errors(reply))


def graphql_codes(reply: Reply) -> tuple[str, ...]:
    """The codes of its errors, such as UNAUTHENTICATED."""
    codes = (part(error.get("extensions")).get("code") for error in _errors(reply))
    return tuple(raw_line(code, 60) for code in codes if isinstance(code, str))


def _errors(reply: Reply) -> Iterator[dict[str, Any]]:
    errors = part(reply.document()).get("errors")
    listed = errors if isinstance(errors, list) else []
    return (error for error in listed[:AT_MOST] if isinstance(error, dict))

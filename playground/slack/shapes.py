"""The names used for JSON here, and reading it without trusting it."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def mapping(value: object) -> Json:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listing(value: object) -> list[Any]:
    """The value when it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def with_defaults(value: object) -> Any:  # noqa: ANN401  JSON in, JSON out
    """A JSON value as Slack reports it: its text objects with the fields Slack fills in."""
    if isinstance(value, (list, tuple)):
        return [with_defaults(item) for item in value]
    if not isinstance(value, dict):
        return value
    filled = {key: with_defaults(inner) for key, inner in value.items()}
    return {**filled, **{key: held for key, held in _default(filled).items() if key not in filled}}


def _default(value: Json) -> Json:
    if not isinstance(value.get("text"), str):
        return {}
    defaults: dict[str, Json] = {"plain_text": {"emoji": True}, "mrkdwn": {"verbatim": False}}
    return defaults.get(str(value.get("type")), {})


def walk(value: object) -> Iterator[Json]:
    """Every object inside a JSON value, outermost first."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else listing(value)
    for item in inner:
        yield from walk(item)

"""What is taken out of JSON that anybody may have written: an object, a text, or nothing where it is neither."""

from typing import Any


def part(value: object) -> dict[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def word(value: object) -> str:
    """A text, or an empty one. JSON can spell half a surrogate pair, which no text may hold: it becomes a "?"."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""

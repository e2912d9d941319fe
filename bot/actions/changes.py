"""What is different between two pod templates, in words: images with their names, variables by name only. Pure.

The value of a variable is never told: it may be a secret.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.actions.things import RESTARTED_AT
from diagnostics.words import few

Json = Mapping[str, Any]
_LISTS = ("initContainers", "containers")
_OWN_WORDS = {"name", "image", "env"}


def changes(before: Json, after: Json) -> tuple[str, ...]:
    """What changes from one template to another, the images first; nothing where only a restart's mark does."""
    old, new = _containers(before), _containers(after)
    both = [name for name in new if name in old]
    return (
        *(
            f"container {name}: image {_image(old[name])} → {_image(new[name])}"
            for name in both
            if _imaged(old, new, name)
        ),
        *(f"container {name} goes" for name in old if name not in new),
        *(f"container {name} comes, with image {_image(new[name])}" for name in new if name not in old),
        *(line for name in both for line in _within(name, old[name], new[name])),
        *_rest(before, after),
    )


def _containers(template: Json) -> dict[str, Json]:
    spec = template.get("spec") or {}
    return {str(one["name"]): one for part in _LISTS for one in spec.get(part) or ()}


def _image(container: Json) -> str:
    return str(container.get("image") or "none")


def _imaged(old: Mapping[str, Json], new: Mapping[str, Json], name: str) -> bool:
    return _image(old[name]) != _image(new[name])


def _within(name: str, old: Json, new: Json) -> Iterator[str]:
    before, after = _variables(old), _variables(new)
    told = {
        "go": [one for one in before if one not in after],
        "come": [one for one in after if one not in before],
        "change": [one for one in after if one in before and after[one] != before[one]],
    }
    for verb, names in told.items():
        if names:
            does = verb if len(names) > 1 else {"go": "goes", "come": "comes", "change": "changes"}[verb]
            yield f"container {name}: {'variables' if len(names) > 1 else 'variable'} {few(names)} {does}"
    words = sorted(word for word in {*old, *new} - _OWN_WORDS if _filled(old.get(word)) != _filled(new.get(word)))
    if words:
        yield f"container {name}: {few(words)} {'change' if len(words) > 1 else 'changes'}"


def _variables(container: Json) -> dict[str, Any]:
    return {str(one["name"]): {key: one[key] for key in one if key != "name"} for one in container.get("env") or ()}


def _rest(before: Json, after: Json) -> Iterator[str]:
    """What changes of the pod itself."""
    old, new = before.get("spec") or {}, after.get("spec") or {}
    words = sorted(word for word in {*old, *new} - {*_LISTS} if _filled(old.get(word)) != _filled(new.get(word)))
    if words:
        yield f"of the pod: {few(words)} {'change' if len(words) > 1 else 'changes'}"
    for part in ("labels", "annotations"):
        was, now = _about(before, part), _about(after, part)
        keys = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
        if keys:
            yield f"{part} of the pod: {few(keys)} {'change' if len(keys) > 1 else 'changes'}"


def _about(template: Json, part: str) -> Json:
    return {
        key: value for key, value in ((template.get("metadata") or {}).get(part) or {}).items() if key != RESTARTED_AT
    }


def _filled(value: Any) -> Any:  # noqa: ANN401 any JSON
    """A value, where nothing at all and empty are the same."""
    return value or None

"""Tests of what is told of the difference between two templates: names, and never the value of a variable."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.changes import changes
from bot.actions.things import RESTARTED_AT, fingerprint, without_restart


def template(*containers: dict[str, Any], about: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": about or {}, "spec": {"containers": list(containers), **spec}}


def one(name: str = "app", image: str = "app:1", **more: Any) -> dict[str, Any]:
    return {"name": name, "image": image, **more}


def env(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (template(one()), template(one()), ()),
        (template(one()), template(one(image="app:2")), ("container app: image app:1 → app:2",)),
        (template(one()), template(one(), one("log", "log:1")), ("container log comes, with image log:1",)),
        (template(one(), one("log")), template(one()), ("container log goes",)),
        (template(one(env=env(A="1"))), template(one(env=env(A="2"))), ("container app: variable A changes",)),
        (
            template(one(env=env(A="1", B="1", C="1"))),
            template(one(env=env(D="1"))),
            ("container app: variables A, B, C go", "container app: variable D comes"),
        ),
        (template(one(args=["a"])), template(one(args=["b"], tty=True)), ("container app: args, tty change",)),
        (template(one()), template(one(), hostNetwork=True), ("of the pod: hostNetwork changes",)),
        (template(one(), volumes=[]), template(one()), ()),
        (
            template(one(), about={"annotations": {RESTARTED_AT: "then", "checksum/config": "1"}}),
            template(one(), about={"annotations": {"checksum/config": "2"}}),
            ("annotations of the pod: checksum/config changes",),
        ),
        (template(one(), about={"annotations": {RESTARTED_AT: "then"}}), template(one()), ()),
        (
            template(one(), initContainers=[one("first", "first:1")]),
            template(one(), initContainers=[one("first", "first:2")]),
            ("container first: image first:1 → first:2",),
        ),
    ],
)
def test_what_changes(before: dict[str, Any], after: dict[str, Any], told: tuple[str, ...]) -> None:
    """Names images, containers, variables, other settings, in this order; nothing for a restart's mark."""
    assert changes(before, after) == told


values = st.text("abcdefgh0123456789", min_size=12, max_size=20)


@given(st.dictionaries(st.sampled_from("ABC"), values), st.dictionaries(st.sampled_from("ABC"), values))
def test_values_are_never_told(before: dict[str, str], after: dict[str, str]) -> None:
    """Tells of no variable what it is, whatever it was before."""
    told = " ".join(changes(template(one(env=env(**before))), template(one(env=env(**after)))))
    assert not [value for value in (*before.values(), *after.values()) if value in told]
    assert bool(told) == (before != after)


def test_fingerprints() -> None:
    """Knows a template again in another order and with empty parts, and tells every other one apart."""
    first: dict[str, Any] = {
        "metadata": {"labels": {"a": "1", "b": "2"}, "creationTimestamp": None},
        "spec": {"volumes": [], "x": 1},
    }
    again: dict[str, Any] = {"spec": {"x": 1}, "metadata": {"labels": {"b": "2", "a": "1"}}}
    assert fingerprint(first) == fingerprint(again)
    assert fingerprint(first) != fingerprint({**again, "spec": {"x": 2}})
    marked = {**again, "metadata": {**again["metadata"], "annotations": {RESTARTED_AT: "now"}}}
    assert fingerprint(marked) != fingerprint(again) == fingerprint(without_restart(marked))
    assert len(fingerprint(first)) == 8

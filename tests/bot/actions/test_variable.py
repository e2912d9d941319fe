"""Tests of one variable in a template: how it is set, and the changes that set it and put it back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.variable import Variable, kept, remembered, same, words
from bot.errors import CannotAct
from playground.world.kubernetes.frozen import draft
from playground.world.kubernetes.patching import strategic

LEVEL = Variable("volaticloud", "LOG_LEVEL")
FROM_MAP: dict[str, Any] = {"name": "LOG_LEVEL", "valueFrom": {"configMapKeyRef": {"name": "config", "key": "level"}}}
OTHERS: list[dict[str, Any]] = [
    {"name": "A", "value": "1"},
    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
]


def workload(*env: dict[str, Any]) -> dict[str, Any]:
    containers: list[dict[str, Any]] = [
        {"name": "sidecar", "env": [{"name": "LOG_LEVEL", "value": "warn"}]},
        {"name": "volaticloud"},
    ]
    if env:
        containers[1]["env"] = list(env)
    return {"spec": {"template": {"spec": {"containers": containers}}}}


def patched(thing: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The thing after a change, as an API server makes it."""
    return strategic(draft(thing), {"spec": change})


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (None, "not set"),
        ({"name": "LOG_LEVEL", "value": "info"}, "'info'"),
        ({"name": "LOG_LEVEL"}, "''"),
        ({"name": "LOG_LEVEL", "value": "x " * 100}, f"'{'x ' * 29}…'"),
        (FROM_MAP, "taken from config map config, key level"),
        ({"name": "X", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, "taken from secret s, key k"),
        ({"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, "taken from metadata.name"),
    ],
)
def test_words(entry: dict[str, Any] | None, told: str) -> None:
    """Says how a variable is set."""
    assert words(entry) == told


@pytest.mark.parametrize("before", [None, {"name": "LOG_LEVEL", "value": "info"}, {"name": "LOG_LEVEL"}, FROM_MAP])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_there_and_back(before: dict[str, Any] | None, place: int) -> None:
    """Sets it, and puts it back as it was, in its place, whatever it was; all others stay as they are."""
    env = [*OTHERS[:place], *([before] if before else []), *OTHERS[place:]]
    thing = workload(*env)
    assert same(LEVEL.entry(thing), before)
    debug = patched(thing, LEVEL.set_to("debug", LEVEL.entry(thing)))
    assert LEVEL.entry(debug) == {"name": "LOG_LEVEL", "value": "debug"}
    back = patched(debug, LEVEL.put_back(remembered(kept(before))))
    assert same(LEVEL.entry(back), before)
    if before != {"name": "LOG_LEVEL"}:  # whose empty value is then written out
        assert back == thing


def test_without_any_environment() -> None:
    """Sets a variable where the container has none at all."""
    debug = patched(workload(), LEVEL.set_to("debug", None))
    assert LEVEL.entry(debug) == {"name": "LOG_LEVEL", "value": "debug"}
    assert LEVEL.entry(patched(debug, LEVEL.put_back(None))) is None


def test_what_cannot_be_told() -> None:
    """Refuses a container that is not there, naming those that are, and a variable that is set twice."""
    with pytest.raises(CannotAct, match="no container other; there is sidecar, volaticloud"):
        Variable("other", "LOG_LEVEL").entry(workload())
    with pytest.raises(CannotAct, match="is set 2 times"):
        LEVEL.entry(workload({"name": "LOG_LEVEL", "value": "a"}, {"name": "LOG_LEVEL", "value": "b"}))


values = st.text(max_size=20)
entries = st.none() | values.map(lambda value: {"name": "LOG_LEVEL", "value": value}) | st.just(FROM_MAP)


@given(entries, values)
def test_any_value(before: dict[str, Any] | None, value: str) -> None:
    """Comes back to what it was whatever it was and whatever it is set to; a plan keeps it unchanged."""
    assert remembered(kept(before)) == before
    thing = workload(*OTHERS, *([before] if before else []))
    debug = patched(thing, LEVEL.set_to(value, before))
    assert same(LEVEL.entry(debug), {"value": value})
    assert patched(debug, LEVEL.put_back(before)) == thing

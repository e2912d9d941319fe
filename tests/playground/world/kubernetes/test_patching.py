"""Patches of all three forms: what they replace, merge, drop, and when they do not apply."""

from typing import Any

import msgspec
import pytest

from playground.world.kubernetes.patching import JSON_PATCH, MERGE, STRATEGIC, patched
from playground.world.kubernetes.status import RefusalError

THING: dict[str, Any] = {
    "metadata": {"name": "x", "labels": {"a": "1", "b": "2"}, "finalizers": ["f"]},
    "spec": {
        "containers": [
            {"name": "app", "image": "x:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "side", "image": "y:1"},
        ],
        "tolerations": [{"key": "old"}],
    },
}


def applied(patch: Any, form: str) -> Any:
    thing = msgspec.json.decode(msgspec.json.encode(THING))
    return patched(thing, form, msgspec.json.encode(patch))


def test_merge_replaces_lists() -> None:
    """Merges objects, takes away what is null, and replaces lists as a whole."""
    made = applied({"metadata": {"labels": {"a": None, "c": "3"}}, "spec": {"containers": [{"name": "z"}]}}, MERGE)
    assert made["metadata"]["labels"] == {"b": "2", "c": "3"}
    assert made["spec"]["containers"] == [{"name": "z"}]


def test_strategic_merges_lists_by_key() -> None:
    """Merges containers and variables by name, new ones first, and replaces lists that have no key."""
    change = {"name": "app", "env": [{"name": "C", "value": "3"}, {"name": "A", "value": "9"}]}
    made = applied({"spec": {"containers": [change], "tolerations": [{"key": "new"}]}}, STRATEGIC)
    app, side = made["spec"]["containers"]
    assert (app["image"], side["name"]) == ("x:1", "side")
    assert [(one["name"], one["value"]) for one in app["env"]] == [("C", "3"), ("A", "9"), ("B", "2")]
    assert made["spec"]["tolerations"] == [{"key": "new"}]


def test_strategic_keeps_the_order_of_what_was_there() -> None:
    """Leaves an element at its place when it is the only one that is patched."""
    made = applied({"spec": {"containers": [{"name": "side", "image": "y:2"}]}}, STRATEGIC)
    assert [(one["name"], one["image"]) for one in made["spec"]["containers"]] == [("app", "x:1"), ("side", "y:2")]


def test_directives() -> None:
    """Deletes an element, replaces a whole, drops words of a list, and keeps only some keys."""
    gone = applied({"spec": {"containers": [{"$patch": "delete", "name": "side"}]}}, STRATEGIC)
    assert [one["name"] for one in gone["spec"]["containers"]] == ["app"]
    whole = applied({"metadata": {"labels": {"$patch": "replace", "z": "1"}}}, STRATEGIC)
    assert whole["metadata"]["labels"] == {"z": "1"}
    listed = applied({"spec": {"containers": [{"name": "n"}, {"$patch": "replace"}]}}, STRATEGIC)
    assert listed["spec"]["containers"] == [{"name": "n"}]
    assert (
        applied({"metadata": {"$deleteFromPrimitiveList/finalizers": ["f"]}}, STRATEGIC)["metadata"]["finalizers"] == []
    )
    assert applied({"metadata": {"finalizers": ["g"]}}, STRATEGIC)["metadata"]["finalizers"] == ["f", "g"]
    kept = applied({"metadata": {"labels": {"$retainKeys": ["a"], "a": "5"}}}, STRATEGIC)
    assert kept["metadata"]["labels"] == {"a": "5"}
    assert "labels" not in applied({"metadata": {"labels": {"$patch": "delete"}}}, STRATEGIC)["metadata"]


def test_ports_have_the_key_of_their_owner() -> None:
    """Merges the ports of a service by port and those of a container by containerPort."""
    service = patched(
        {"spec": {"ports": [{"port": 80, "name": "a"}]}}, STRATEGIC, b'{"spec":{"ports":[{"port":80,"targetPort":1}]}}'
    )
    assert service["spec"]["ports"] == [{"port": 80, "name": "a", "targetPort": 1}]
    made = patched({"ports": [{"containerPort": 80, "name": "a"}]}, STRATEGIC, b'{"ports":[{"containerPort":81}]}')
    assert made["ports"] == [{"containerPort": 81}, {"containerPort": 80, "name": "a"}]


@pytest.mark.parametrize(
    ("step", "path", "value"),
    [
        ({"op": "replace", "path": "/metadata/name", "value": "y"}, ("metadata", "name"), "y"),
        ({"op": "add", "path": "/metadata/labels/a~1b", "value": "1"}, ("metadata", "labels", "a/b"), "1"),
        ({"op": "add", "path": "/metadata/finalizers/-", "value": "g"}, ("metadata", "finalizers"), ["f", "g"]),
        ({"op": "add", "path": "/metadata/finalizers/0", "value": "e"}, ("metadata", "finalizers"), ["e", "f"]),
        ({"op": "replace", "path": "/metadata/finalizers/0", "value": "e"}, ("metadata", "finalizers"), ["e"]),
        ({"op": "remove", "path": "/metadata/labels/a"}, ("metadata", "labels"), {"b": "2"}),
        ({"op": "remove", "path": "/metadata/finalizers/0"}, ("metadata", "finalizers"), []),
        ({"op": "copy", "from": "/metadata/name", "path": "/kind"}, ("kind",), "x"),
        (
            {"op": "move", "from": "/metadata/labels/a", "path": "/metadata/labels/c"},
            ("metadata", "labels"),
            {"b": "2", "c": "1"},
        ),
        ({"op": "test", "path": "/metadata/name", "value": "x"}, ("metadata", "name"), "x"),
    ],
)
def test_steps(step: Any, path: tuple[str, ...], value: Any) -> None:
    """Does each step of a JSON patch."""
    made = applied([step], JSON_PATCH)
    for word in path:
        made = made[word]
    assert made == value


@pytest.mark.parametrize(
    "step",
    [
        {"op": "test", "path": "/metadata/name", "value": "other"},
        {"op": "replace", "path": "/metadata/nothing", "value": 1},
        {"op": "remove", "path": "/metadata/nothing"},
        {"op": "add", "path": "/nothing/here", "value": 1},
        {"op": "dance", "path": "/metadata"},
        {"op": "replace", "path": "", "value": 1},
        {"path": "/metadata"},
    ],
)
def test_steps_that_do_not_apply(step: Any) -> None:
    """Refuses a JSON patch that does not apply, as a whole."""
    with pytest.raises(RefusalError) as refused:
        applied([step], JSON_PATCH)
    assert refused.value.code == 422


@pytest.mark.parametrize(
    ("form", "body", "code"),
    [
        ("application/json", b"{}", 415),
        ("application/apply-patch+yaml", b"{}", 415),
        (MERGE, b"{", 400),
        (MERGE, b"[]", 400),
        (STRATEGIC, b'{"containers":[{"image":"x"}]}', 400),
    ],
)
def test_what_is_no_patch(form: str, body: bytes, code: int) -> None:
    """Refuses an unknown form, what is no JSON, and elements without their key."""
    with pytest.raises(RefusalError) as refused:
        patched({"containers": [{"name": "a"}]}, form, body)
    assert refused.value.code == code

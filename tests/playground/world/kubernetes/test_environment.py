"""What a container is given, and what the kubelet says is missing."""

from typing import Any

import pytest

from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.environment import ConfigError, environment, volume_trouble
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.templates import secret, thing

SPACE = "volaticloud"
POD: dict[str, Any] = {"metadata": {"name": "p", "namespace": SPACE}, "spec": {"nodeName": "vke-node-1"}}


@pytest.fixture(scope="module")
def world() -> World:
    made = World()
    made.store.create(kind_named("Secret"), secret(SPACE, "held", {"a": "1", "b": "2"}))
    made.store.create(kind_named("ConfigMap"), thing("ConfigMap", SPACE, "settings", data={"level": "info"}))
    return made


def by_key(kind: str, name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"name": "X", "valueFrom": {f"{kind}KeyRef": {"name": name, "key": key, **more}}}


def test_everything_there(world: World) -> None:
    """Gives values, keys of secrets and config maps, whole ones with a prefix, fields of the pod; later ones win."""
    container = {
        "envFrom": [{"secretRef": {"name": "held"}, "prefix": "S_"}, {"configMapRef": {"name": "settings"}}],
        "env": [
            {"name": "PLAIN", "value": "x"},
            {"name": "EMPTY"},
            {"name": "level", "value": "debug"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "held", "key": "b"}}},
            {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            by_key("secret", "absent", "a", optional=True),
        ],
    }
    assert environment(world.plane, POD, container) == {
        "S_a": "1",
        "S_b": "2",
        "level": "debug",
        "PLAIN": "x",
        "EMPTY": "",
        "KEY": "2",
        "NODE": "vke-node-1",
    }


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({"env": [by_key("secret", "absent", "a")]}, 'secret "absent" not found'),
        ({"env": [by_key("secret", "held", "c")]}, "couldn't find key c in Secret volaticloud/held"),
        ({"env": [by_key("configMap", "absent", "a")]}, 'configmap "absent" not found'),
        ({"env": [by_key("configMap", "settings", "c")]}, "couldn't find key c in ConfigMap volaticloud/settings"),
        ({"envFrom": [{"secretRef": {"name": "absent"}}]}, 'secret "absent" not found'),
        ({"envFrom": [{"configMapRef": {"name": "absent"}}]}, 'configmap "absent" not found'),
    ],
)
def test_something_missing(world: World, container: dict[str, Any], words: str) -> None:
    """Says in the kubelet's words what is missing."""
    with pytest.raises(ConfigError) as raised:
        environment(world.plane, POD, container)
    assert str(raised.value) == words


@pytest.mark.parametrize(
    ("volume", "trouble"),
    [
        ({"secret": {"secretName": "held"}}, None),
        ({"secret": {"secretName": "absent"}}, ("v", 'secret "absent" not found')),
        ({"secret": {"secretName": "absent", "optional": True}}, None),
        ({"configMap": {"name": "absent"}}, ("v", 'configmap "absent" not found')),
        ({"emptyDir": {}}, None),
    ],
)
def test_volumes(world: World, volume: dict[str, Any], trouble: tuple[str, str] | None) -> None:
    """Mounts what is there or may be missing."""
    pod = {**POD, "spec": {"volumes": [{"name": "v", **volume}]}}
    assert volume_trouble(world.plane, pod) == trouble

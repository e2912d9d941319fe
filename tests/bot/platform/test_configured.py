"""Tests of what acts are told by the settings."""

from typing import Any

import pytest

from bot.actions.configured import UNCONFIGURED, Door
from bot.platform.configured import configured
from bot.settings import EnvironmentSettings


def told(**settings: Any) -> Any:
    return configured(EnvironmentSettings.model_validate(settings))


def test_nothing() -> None:
    """Tells of no probes where there is no cluster, or no image."""
    assert told(keycloak={"url": "https://auth.example.com"}) == UNCONFIGURED
    assert told(kubernetes={}).probe.image == ""


def test_everything() -> None:
    """Tells what is set; probes run beside the backend unless another namespace is set."""
    probe = {"image": "registry.example.com/volati:1", "hosts": ["db.example.com:5432", "[2001:0db8:0::7]:443"]}
    found = told(
        kubernetes={"backend": "a/b", "namespaces": ["a"], "secrets": [], "probe": probe, "debug_variable": "GO_LOG"}
    )
    assert (found.probe.namespace, found.probe.database_secret) == ("a", "volaticloud-db-secret")
    assert [(door.host, door.port, door.tls) for door in found.probe.doors] == [
        ("db.example.com", 5432, False),
        ("2001:db8::7", 443, True),
    ]
    assert (found.debug.variable, found.debug.value) == ("GO_LOG", "debug")
    assert told(kubernetes={"probe": {"namespace": "probes", "database_secret": None}}).probe.namespace == "probes"


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("https://auth.example.com", 443, True),
        ("http://auth.example.com:8080/auth", 8080, False),
    ],
)
def test_keycloak(url: str, port: int, tls: bool) -> None:  # noqa: FBT001 a case
    """Lets probes go to Keycloak's configured address."""
    doors = told(keycloak={"url": url}, kubernetes={}).probe.doors
    assert told(keycloak={"url": "https://_odd.example.com"}, kubernetes={}).probe.doors == ()
    assert doors == (Door(("auth.example.com",), port, "Keycloak, by keycloak.url", tls),)

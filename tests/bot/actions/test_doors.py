"""Tests of where probes may go: the platform's own places and nothing else, however it is asked for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.configured import Door
from bot.actions.doors import meant, of_ingress, of_service
from bot.errors import CannotAct
from bot.probe.order import Order, Way


def service(name: str, *ports: int, namespace: str = "volaticloud", **spec: Any) -> dict[str, Any]:
    listed = [{"port": port, "protocol": "TCP"} for port in ports]
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"ports": listed, **spec}}


def ingress(*hosts: str) -> dict[str, Any]:
    rules = [{"host": host} for host in hosts]
    return {"metadata": {"name": "api", "namespace": "volaticloud"}, "spec": {"rules": [*rules, {}]}}


DATABASE = Door(("db.example.com",), 5432, "a host of the platform")
DOORS = (
    DATABASE,
    *of_service(service("backend", 8080, 9090)),
    *of_service(service("backend", 80, namespace="staging")),
    *of_ingress(ingress("api.volaticloud.com")),
)
FULL = "backend.volaticloud.svc"


@pytest.mark.parametrize(
    ("way", "text", "order"),
    [
        (Way.TCP, "backend", Order(Way.TCP, FULL, 8080)),
        (Way.TCP, "backend:9090", Order(Way.TCP, FULL, 9090)),
        (Way.TCP, "backend.staging", Order(Way.TCP, "backend.staging.svc", 80)),
        (Way.TCP, "backend.volaticloud.svc.cluster.local.:8080", Order(Way.TCP, FULL, 8080)),
        (Way.HTTP, "backend/health", Order(Way.HTTP, FULL, 8080, "http", "/health")),
        (Way.HTTP, "https://backend:9090", Order(Way.HTTP, FULL, 9090, "https", "/")),
        (Way.HTTP, "api.volaticloud.com", Order(Way.HTTP, "api.volaticloud.com", 443, "https", "/")),
        (Way.HTTP, "http://API.volaticloud.com/", Order(Way.HTTP, "api.volaticloud.com", 80, "http", "/")),
        (Way.DNS, "backend", Order(Way.DNS, FULL)),
        (Way.ROUTE, "db.example.com", Order(Way.ROUTE, "db.example.com", 5432)),
        (Way.POSTGRES, "db.example.com", Order(Way.POSTGRES, "db.example.com", 5432)),
        (Way.POSTGRES, "database", Order(Way.POSTGRES)),
    ],
)
def test_what_is_meant(way: Way, text: str, order: Order) -> None:
    """Finds the place that is meant, and fills in what was left open."""
    found, _ = meant(way, text, DOORS)
    assert found == order
    assert found.complete


@pytest.mark.parametrize(
    ("way", "text", "says"),
    [
        (Way.TCP, "example.com:443", "is none of the platform's own hosts, and probes go to no others"),
        (Way.HTTP, "http://169.254.169.254/latest/meta-data/", "link-local"),
        (Way.HTTP, "http://[fd00:ec2::254]/", "metadata"),
        (Way.HTTP, "http://metadata.google.internal/", "metadata"),
        (Way.TCP, "localhost:5432", "own pod"),
        (Way.TCP, "127.0.0.1:5432", "own pod"),
        (Way.TCP, "2130706433:80", "none of the platform's own"),
        (Way.TCP, "0x7f.1:80", "none of the platform's own"),
        (Way.TCP, "db.example.com:22", "has no port 22 that probes go to; it has 5432"),
        (Way.TCP, "backend.volaticloud.svc.cluster.local.evil.com:80", "none of the platform's own"),
        (Way.TCP, "api.volaticloud.com.evil.com:443", "none of the platform's own"),
        (Way.HTTP, "https://evil.com/api.volaticloud.com", "none of the platform's own"),
        (Way.HTTP, "https://api.volaticloud.com@evil.com/", "is no target"),
        (Way.HTTP, "https://api.volaticloud.com:8443/", "has no port 8443"),
        (Way.DNS, "evil.com", "none of the platform's own"),
        (Way.HTTP, "database", "none of the platform's own"),
        (Way.TCP, "volaticloud", "none of the platform's own"),
    ],
)
def test_what_is_refused(way: Way, text: str, says: str) -> None:
    """Refuses every other place, and a port that a place does not have."""
    with pytest.raises(CannotAct, match=says):
        meant(way, text, DOORS)


@given(
    st.sampled_from([way for way in Way if way is not Way.DNS]),
    st.from_regex(r"(https?://)?[a-z0-9.\[\]:@-]{1,40}(:[0-9]{1,5})?(/[a-z/.@]{0,10})?", fullmatch=True) | st.text(),
)
def test_default_is_deny(way: Way, text: str) -> None:
    """Goes, whatever it is asked for, to a host and port that is in the list, or nowhere."""
    try:
        order, _ = meant(way, text, DOORS)
    except CannotAct:
        return
    assert order.of_database or any((order.host, order.port) == (door.host, door.port) for door in DOORS)


@given(st.ip_addresses().map(str), st.integers(1, 65_535))
def test_no_address_is_a_place(address: str, port: int) -> None:
    """Goes to no address that was not listed as one."""
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    with pytest.raises(CannotAct):
        meant(Way.TCP, place, DOORS)


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1", "localhost", "fd00:ec2::254"])
def test_what_nobody_may_configure(host: str) -> None:
    """Refuses a place that no probe goes to, also where it was listed."""
    place = f"[{host}]:80" if ":" in host else f"{host}:80"
    with pytest.raises(CannotAct, match=r"own pod|link-local|metadata"):
        meant(Way.TCP, place, (Door((host,), 80, "a mistake"),))


def test_what_could_not_be_listed() -> None:
    """Says what could not be listed where a place was not found: it may have been there."""
    with pytest.raises(CannotAct, match="could not be listed: services of keycloak"):
        meant(Way.TCP, "auth:80", DOORS, ("services of keycloak (no right)",))


def test_the_refusal_names_places() -> None:
    """Names some of the places, and counts the rest."""
    many = tuple(Door((f"host-{number}",), 80, "x") for number in range(20))
    with pytest.raises(CannotAct, match=r"such as host-0:80, .*host-7:80 and 12 more, or have it added to"):
        meant(Way.TCP, "elsewhere:80", many)
    with pytest.raises(CannotAct, match=r"Name one of them, or have it added"):
        meant(Way.TCP, "elsewhere:80", ())


def test_services() -> None:
    """Takes of services the ports that they declare for TCP, and none that only points elsewhere."""
    odd = service("odd", 53)
    odd["spec"]["ports"][0]["protocol"] = "UDP"
    assert list(of_service(odd)) == []
    assert list(of_service(service("away", 80, type="ExternalName", externalName="169.254.169.254"))) == []
    assert [door.port for door in of_service(service("backend", 8080, 9090))] == [8080, 9090]


def test_ingresses() -> None:
    """Takes of ingresses their names, with TLS first, and none that stands for many."""
    assert [(door.host, door.port) for door in of_ingress(ingress("API.example.com", "*.example.com"))] == [
        ("api.example.com", 443),
        ("api.example.com", 80),
    ]

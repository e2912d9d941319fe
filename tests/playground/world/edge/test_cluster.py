"""Tests of the edge that follows from a cluster's objects."""

import base64
from typing import Any

from playground.world.edge.cluster import edge_of
from playground.world.edge.state import Pair
from tests.playground.world.edge.platforms import API, CONSOLE

GIVEN = {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}


def ingress(host: str, secret: str = "", **more: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"rules": [{"host": host}, {}]}
    if secret:
        spec["tls"] = [{"hosts": [host], "secretName": secret}]
    return {"metadata": {"namespace": "volaticloud"}, "spec": spec, "status": GIVEN, **more}


def no_secret(*_: str) -> None:
    return None


def test_names_lead_to_their_ingress() -> None:
    """Leads each name to the address of its ingress, and those elsewhere that are said to; one without is none."""
    both = (ingress(API), ingress(CONSOLE), ingress("new.example.com", status={}))
    assert edge_of(both, no_secret, (), {}).records == {API: ("127.0.0.1",), CONSOLE: ("127.0.0.1",)}
    moved = edge_of(both, no_secret, (), {API: "192.0.2.1", CONSOLE: ""})
    assert moved.records == {API: ("192.0.2.1",)}


def test_certificates_come_from_secrets() -> None:
    """Has the certificates of the ingresses' secrets; none where the secret is missing or holds none."""
    whole = {"tls.crt": "certificate", "tls.key": "key"}
    secrets = {
        "whole": {"data": {key: base64.b64encode(value.encode()).decode() for key, value in whole.items()}},
        "half": {"data": {"tls.crt": "Y2VydA=="}},
        "broken": {"data": {"tls.crt": "no base64", "tls.key": "Y2VydA=="}},
        "empty": {},
    }
    hosts = {name: f"{name}.example.com" for name in (*secrets, "gone")}
    made = edge_of((ingress(host, name) for name, host in hosts.items()), lambda space, name: secrets.get(name), (), {})
    assert made.certificates == {"whole.example.com": Pair("certificate", "key")}


def test_the_first_path_answers() -> None:
    """Answers for a host what its first path does."""
    answers = ((API, 503), (API, 200), (CONSOLE, 200))
    assert edge_of((), no_secret, answers, {}).statuses == {API: 503, CONSOLE: 200}

"""The manifests of `deploy/`: least privilege in the pod and on the network, and settings that the bot takes."""

import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.clients.valkey import START_SECONDS
from bot.settings import load
from handlers.http import PATH
from handlers.serve import DRAIN_SECONDS
from tests.deploy.manifests import DEPLOY, EXAMPLE, ROOT, Thing, built, of, the

EVERY = built(EXAMPLE)
POD: Thing = the(EVERY, "Deployment")["spec"]["template"]["spec"]
(BOT,) = POD["containers"]
NAMED = {"app.kubernetes.io/name": "volati"}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_every_file_is_used() -> None:
    """Has no manifest that no kustomization names, and none that names what is not there."""
    folders = [path.parent for path in DEPLOY.rglob("kustomization.yaml")]
    assert {DEPLOY / name for name in ("base", "read", "act", "probe", "example")} <= set(folders)
    told = "\n".join((folder / "kustomization.yaml").read_text(encoding="utf-8") for folder in folders)
    stray = [
        path.name for path in DEPLOY.rglob("*.yaml") if path.name not in told and path.name != "kustomization.yaml"
    ]
    assert stray == []
    assert [one for one in EVERY if not one["apiVersion"] or not one["kind"]] == []


def test_each_thing_stands_in_its_place_once() -> None:
    """Makes no two things of one kind, namespace and name; what has a namespace names it."""
    places = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in EVERY]
    assert len(set(places)) == len(places)
    wide = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
    assert [place for place in places if (place[1] is None) != (place[0] in wide)] == []


def test_the_pod_is_nobody() -> None:
    """Runs without root, without capabilities, on a root it cannot write to, under a seccomp profile."""
    assert POD["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert BOT["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(POD)
    assert {next(iter(set(volume) - {"name"})) for volume in POD["volumes"]} == {
        "persistentVolumeClaim",
        "emptyDir",
        "configMap",
        "secret",
    }
    (namespace,) = of(EVERY, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_it_writes_only_where_it_may() -> None:
    """Has a place to write for its data and for temporary files; all else is read only."""
    places = {mount["mountPath"]: mount.get("readOnly", False) for mount in BOT["volumeMounts"]}
    assert {place for place, read_only in places.items() if not read_only} == {"/var/lib/volati", "/tmp"}  # noqa: S108 a volume of its own
    assert variables()["VOLATI_DATA_DIR"].startswith("/var/lib/volati/")


def variables() -> dict[str, str]:
    """The variables that are given by value."""
    return {one["name"]: one["value"] for one in BOT["env"] if "value" in one}


def test_secrets_are_not_in_the_manifests() -> None:
    """Takes every secret from the two Secrets that people make: variables from one, files from the other."""
    assert of(EVERY, "Secret") == []
    references = [one["valueFrom"]["secretKeyRef"]["name"] for one in BOT["env"] if "valueFrom" in one]
    assert set(references) == {"volati-secrets"}
    (files,) = [volume["secret"] for volume in POD["volumes"] if "secret" in volume]
    assert files == {"secretName": "volati-files", "defaultMode": 0o440, "optional": True}


def test_the_bot_is_asked_how_it_is() -> None:
    """Asks the bot's own pages, gives the store time to start, and gives the bot time to end."""
    assert BOT["livenessProbe"]["httpGet"] == BOT["startupProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert BOT["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    start = BOT["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] > START_SECONDS
    assert POD["terminationGracePeriodSeconds"] > DRAIN_SECONDS + 6
    assert {"cpu", "memory"} == set(BOT["resources"]["requests"])
    assert "memory" in BOT["resources"]["limits"]


def test_one_bot_on_one_store() -> None:
    """Runs one replica on the embedded store, never two at once, and lets a node be emptied all the same."""
    spec = the(EVERY, "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    budget = the(EVERY, "PodDisruptionBudget")["spec"]
    assert budget == {"maxUnavailable": 1, "selector": {"matchLabels": NAMED}}


def test_selectors_select_the_bot() -> None:
    """Selects by every selector the bot's pod."""
    assert the(EVERY, "Deployment")["spec"]["template"]["metadata"]["labels"] == NAMED
    assert the(EVERY, "Deployment")["spec"]["selector"]["matchLabels"] == NAMED
    assert [one["spec"]["selector"] for one in of(EVERY, "Service")] == [NAMED, NAMED]
    assert [one["spec"]["podSelector"]["matchLabels"] for one in of(EVERY, "NetworkPolicy")] == [NAMED, NAMED]
    (port,) = BOT["ports"]
    assert [one["spec"]["ports"][0]["targetPort"] for one in of(EVERY, "Service")] == [port["name"]] * 2
    assert str(port["containerPort"]) == variables()["VOLATI_SERVER__PORT"]
    assert PATH in (DEPLOY / "base" / "service.yaml").read_text(encoding="utf-8")


def test_pagerduty_gets_through_while_slack_is_away() -> None:
    """Leads PagerDuty to a bot that is not ready; whoever works with a bot that is, is not led to one that stops."""
    services = {one["metadata"]["name"]: one["spec"] for one in of(EVERY, "Service")}
    assert services["volati-pagerduty"]["publishNotReadyAddresses"] is True
    assert "publishNotReadyAddresses" not in services["volati"]


def test_the_settings_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the example's settings with the pod's variables, and finds the files where they are mounted."""
    for name, value in variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VOLATI_SLACK__BOT_TOKEN", "xoxb-x")
    monkeypatch.setenv("VOLATI_SLACK__APP_TOKEN", "xapp-x")
    path = tmp_path / "volati.yaml"
    path.write_text(of(EVERY, "ConfigMap")[0]["data"]["volati.yaml"])
    settings = load(path, files=False)
    assert settings.listens is not None
    assert (settings.listens.host, settings.listens.port) == ("0.0.0.0", 8080)  # noqa: S104 in its own pod
    (here,) = settings.environments.values()
    assert here.kubernetes is not None
    assert set(here.kubernetes.namespaces) == {one["metadata"]["namespace"] for one in of(EVERY, "Role")}
    assert here.keycloak is not None
    assert str(here.keycloak.client_secret_file) == "/run/volati/keycloak-client-secret"
    assert {one["name"] for one in BOT["env"]} >= {"VOLATI_SLACK__BOT_TOKEN", "VOLATI_STORE__URL"}


def test_image_and_manifests_agree() -> None:
    """Runs the image of this version as the Dockerfile makes it: the user, the port, the data, the command."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert BOT["image"].rpartition(":")[2] == version
    assert the(built(DEPLOY / "base"), "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"] == (
        f"volati:{version}"
    )
    assert f"USER {POD['securityContext']['runAsUser']}\n" in DOCKERFILE
    assert f"EXPOSE {variables()['VOLATI_SERVER__PORT']}\n" in DOCKERFILE
    for name in ("VOLATI_DATA_DIR", "VOLATI_SERVER__HOST", "VOLATI_SERVER__PORT"):
        assert f"{name}={variables()[name]}" in DOCKERFILE
    assert str(BOT["args"]).replace("'", '"') in DOCKERFILE


# What the bot reaches.


def reaches(address: str, port: int, protocol: str = "TCP") -> bool:
    """Whether a policy lets the bot connect there."""
    rules = [rule for policy in of(EVERY, "NetworkPolicy") for rule in policy["spec"]["egress"]]
    return any(
        {"protocol": protocol, "port": port} in rule["ports"] and any(_covers(peer, address) for peer in rule["to"])
        for rule in rules
    )


def _covers(peer: Any, address: str) -> bool:
    if "ipBlock" not in peer:
        return False
    at, block = ipaddress.ip_address(address), peer["ipBlock"]
    outside = any(at in ipaddress.ip_network(one) for one in block.get("except", ()))
    return at in ipaddress.ip_network(block["cidr"]) and not outside


@pytest.mark.parametrize(
    ("address", "port", "may"),
    [
        ("203.0.113.5", 443, True),
        ("2001:db8::5", 443, True),
        ("203.0.113.5", 80, False),
        ("203.0.113.5", 6379, False),
        ("169.254.169.254", 443, False),
        ("169.254.169.254", 80, False),
        ("fe80::1", 443, False),
        ("fd00::1", 443, False),
        ("::1", 443, False),
        ("127.0.0.1", 443, False),
        ("10.1.2.3", 443, False),
        ("172.20.0.1", 443, False),
        ("192.168.1.1", 443, False),
        ("100.64.0.1", 443, False),
        ("192.0.2.10", 6443, True),
        ("192.0.2.11", 6443, False),
        ("192.0.2.20", 5432, True),
        ("192.0.2.20", 22, False),
    ],
)
def test_the_bot_reaches_what_is_configured(address: str, port: int, may: bool) -> None:  # noqa: FBT001 a table's column
    """Reaches public HTTPS, the API server and the database, no private network and no cloud metadata."""
    assert reaches(address, port) is may


def test_names_are_asked_of_the_clusters_own_server() -> None:
    """Asks the cluster's nameserver, and no other."""
    policies = of(EVERY, "NetworkPolicy")
    rules = [rule for policy in policies for rule in policy["spec"]["egress"] if "53" in repr(rule["ports"])]
    (rule,) = rules
    assert rule["to"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ]
    assert {one["protocol"] for one in rule["ports"]} == {"UDP", "TCP"}


def test_who_reaches_the_bot() -> None:
    """Lets nobody in but who collects the metrics, where the overlay says so."""
    base, added = of(EVERY, "NetworkPolicy")
    assert base["spec"]["policyTypes"] == added["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert base["spec"]["ingress"] == []
    (rule,) = added["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8080}]
    assert all("ipBlock" not in peer for peer in rule["from"])


def test_the_readme_names_what_is_there() -> None:
    """Names in the README of the manifests every folder and file that a person changes, and the keys of the Secret."""
    told = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for name in ("base", "read", "act", "probe", "example", "volati.yaml", "network.yaml", "secrets.yaml"):
        assert f"`{name}" in told or f"/{name}`" in told, name
    keys = {one["valueFrom"]["secretKeyRef"]["key"] for one in BOT["env"] if "valueFrom" in one}
    assert keys | {"volati-secrets", "volati-files"} <= set(re.findall(r"[a-z]+(?:-[a-z]+)+", told))

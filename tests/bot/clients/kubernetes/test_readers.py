"""Tests of reading what a real API server sent (recorded), and of what must end in the readers: values of secrets."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from bot.clients.kubernetes import machines, pods, sealed, services, wire, workloads
from bot.clients.kubernetes.quantities import amounts, moment, quantity
from diagnostics.evidence.cluster.names import Name, Operator, Requirement
from diagnostics.evidence.cluster.pods import Owner, Role, Stage
from diagnostics.evidence.cluster.services import Backend, DatabaseTarget, Key
from diagnostics.evidence.cluster.workloads import Amounts, Origin, Schedule, Variable
from diagnostics.redaction import KnownSecret
from playground.world.certificates import Authority

RECORDED = Path(__file__).parents[3] / "payloads" / "kubernetes"
BACKEND = Name("volaticloud", "volaticloud-backend")
PASSWORD = "not-a-real-password"
T = TypeVar("T")


def body(name: str) -> bytes:
    """The body of a recorded answer."""
    (file,) = RECORDED.glob(f"{name}.json")
    told = json.loads(file.read_text(encoding="utf-8"))["response"]["body"]
    return told.encode() if isinstance(told, str) else json.dumps(told).encode()


def one(name: str, kind: type[T]) -> T:
    return msgspec.json.decode(body(name), type=kind)


def items(name: str, kind: type[T]) -> list[T]:
    return msgspec.json.decode(body(name), type=wire.ListOf[kind]).items or []  # type: ignore[valid-type]


def given(kind: type[T], thing: Any) -> T:
    return msgspec.convert(thing, kind)


def test_pods() -> None:
    """Reads recorded pods: whose they are, where they run, in which state their containers are."""
    found = [pods.pod(sent) for sent in items("18-pods-list-running-and-crashing", wire.Pod)]
    assert {pod.name.namespace for pod in found} == {"volaticloud"}
    assert {pod.owner.kind for pod in found if pod.owner} == {"ReplicaSet"}
    crashing = [one for pod in found for one in pod.containers if one.reason == "CrashLoopBackOff"]
    assert [(one.stage, one.restarts > 0) for one in crashing] == [(Stage.WAITING, True)]
    assert crashing[0].last_end is not None
    assert crashing[0].last_end.code != 0
    running = [one for pod in found if pod.ready for one in pod.containers]
    assert {one.stage for one in running} == {Stage.RUNNING}
    assert all(one.started_at and one.started_at.tzinfo for one in running)


def test_a_pod_that_never_started() -> None:
    """Knows the containers of a pod that no kubelet has told of yet, and what each is."""
    sent = given(
        wire.Pod,
        {
            "metadata": {"name": "p", "namespace": "n", "creationTimestamp": "2026-01-02T03:04:05Z"},
            "spec": {
                "containers": [{"name": "main", "image": "a:1"}],
                "initContainers": [{"name": "first"}, {"name": "beside", "restartPolicy": "Always"}],
            },
        },
    )
    found = pods.pod(sent)
    roles = [(one.name, one.role, one.stage) for one in found.containers]
    assert roles == [
        ("first", Role.INIT, Stage.UNKNOWN),
        ("beside", Role.SIDECAR, Stage.UNKNOWN),
        ("main", Role.MAIN, Stage.UNKNOWN),
    ]
    assert (found.phase, found.owner, found.node) == ("Unknown", None, "")


def test_a_pod_that_is_to_end() -> None:
    """Tells when a deletion was asked for, not when its grace is over."""
    meta = {"deletionTimestamp": "2026-01-02T03:04:35Z", "deletionGracePeriodSeconds": 30, "name": "p"}
    found = pods.pod(given(wire.Pod, {"metadata": meta}))
    assert (found.deleting_since, found.grace_s) == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 30)


@pytest.mark.parametrize(
    ("given_s", "read_s"), [(315_360_000, 315_360_000), (315_360_001, 315_360_000), (2**63 - 1, 315_360_000), (-1, 0)]
)
def test_a_grace_beyond_all_measure(given_s: int, read_s: int) -> None:
    """Reads a grace that no calendar holds as a very long one."""
    until = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    meta = {"deletionTimestamp": "2026-01-02T03:04:05Z", "deletionGracePeriodSeconds": given_s, "name": "p"}
    found = pods.pod(given(wire.Pod, {"metadata": meta}))
    assert (found.grace_s, found.deleting_since) == (read_s, until - timedelta(seconds=read_s))


def test_a_deployment() -> None:
    """Reads a recorded deployment: what it wants, what it has, and its template."""
    found = workloads.deployment(one("16-deployment-get", wire.Workload))
    assert (found.kind, found.name, found.wanted, found.observed) == ("Deployment", BACKEND, 2, True)
    assert found.revision == "1"
    assert found.selector.matches({"app": "volaticloud-backend"})
    assert not found.selector.matches({"app": "another"})
    assert [container.name for container in found.template.containers]
    assert found.condition("Available") is not None


def test_revisions() -> None:
    """Reads recorded replica sets as revisions of their deployment, numbered."""
    found = [workloads.revision(sent) for sent in items("30-replicasets-list", wire.Workload)]
    assert {one.workload for one in found if one} == {BACKEND}
    assert all(one.number > 0 and one.template_hash for one in found if one)


def test_a_schedule() -> None:
    """Reads when a job of a schedule last did its work; of one that never did, that nothing is known."""
    meta = {"name": "backup", "namespace": "volaticloud"}
    done = {"metadata": meta, "status": {"lastSuccessfulTime": "2026-01-02T03:04:05Z"}}
    found = workloads.schedule(given(wire.CronJob, done))
    assert found == Schedule(Name("volaticloud", "backup"), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert workloads.schedule(given(wire.CronJob, {"metadata": meta})).succeeded_at is None


def test_a_replica_set_of_nobody() -> None:
    """Takes no replica set for a revision that belongs to no deployment."""
    assert workloads.revision(wire.Workload()) is None


def test_the_newest_generation_is_not_observed_yet() -> None:
    """Says when counts are of the spec before."""
    sent = given(wire.Workload, {"metadata": {"generation": 3}, "status": {"observedGeneration": 2}})
    assert not workloads.deployment(sent).observed


@pytest.mark.parametrize(
    ("kind", "probe", "allows_s"),
    [
        ("startupProbe", {"failureThreshold": 60, "periodSeconds": 10, "initialDelaySeconds": 5}, 605),
        ("startupProbe", {}, 30),
        ("readinessProbe", {"failureThreshold": 60, "periodSeconds": 5, "initialDelaySeconds": 180}, 185),
        ("readinessProbe", {}, 10),
    ],
)
def test_how_long_a_probe_allows(kind: str, probe: dict[str, int], allows_s: int) -> None:
    """Reads how long a container may start: until its startup probe gives up, or another is asked first."""
    sent = given(wire.Workload, {"spec": {"template": {"spec": {"containers": [{"name": "main", kind: probe}]}}}})
    (found,) = workloads.deployment(sent).template.containers[0].probes
    assert found.allows_s == allows_s


def test_when_a_workload_was_asked_for() -> None:
    """Takes the newest time at which anybody wrote what is wanted; not the controller's, who writes how it is."""
    wrote = [
        {"manager": "helm", "time": "2026-01-02T03:04:05Z"},
        {"manager": "kubectl", "subresource": "scale", "time": "2026-01-02T03:04:07Z"},
        {"manager": "another", "subresource": "scale"},
        {"manager": "kube-controller-manager", "subresource": "status", "time": "2026-01-02T03:04:09Z"},
    ]

    def read(fields: object) -> datetime | None:
        return workloads.deployment(given(wire.Workload, {"metadata": {"managedFields": fields}})).asked_at

    assert read(wrote) == datetime(2026, 1, 2, 3, 4, 7, tzinfo=UTC)
    assert read(wrote[2:]) is None
    assert read(None) is None
    assert workloads.deployment(one("16-deployment-get", wire.Workload)).asked_at is not None


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"name": "A", "value": "x"}, Variable("A", Origin.VALUE)),
        ({"name": "A", "value": " "}, Variable("A", Origin.VALUE, empty=True)),
        ({"name": "A"}, Variable("A", Origin.VALUE, empty=True)),
        (
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            Variable("A", Origin.SECRET, "s", "k"),
        ),
        (
            {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}},
            Variable("A", Origin.CONFIG, "c", "k", optional=True),
        ),
        ({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}, Variable("A", Origin.OTHER)),
    ],
)
def test_variables(sent: Any, read: Variable) -> None:
    """Keeps where a variable's value comes from, and never the value."""
    template = {"template": {"spec": {"containers": [{"name": "c", "env": [sent]}]}}}
    found = workloads.deployment(given(wire.Workload, {"spec": template}))
    assert found.template.containers[0].variables == (read,)


def test_no_value_of_a_variable_is_kept() -> None:
    """Has nothing of what variables, commands and annotations hold."""
    container = {
        "name": "c",
        "env": [{"name": "A", "value": PASSWORD}],
        "livenessProbe": {"exec": {"command": ["/bin/check", PASSWORD]}},
    }
    sent = {
        "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": PASSWORD}},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    found = workloads.deployment(given(wire.Workload, sent))
    assert PASSWORD.encode() not in msgspec.json.encode(found)
    assert found.template.containers[0].probes[0].asks == "the command /bin/check"


def test_services_and_endpoints() -> None:
    """Reads a recorded service and its endpoints."""
    service = services.service(one("42-service-create", wire.Service))
    assert (service.name, service.type) == (BACKEND, "ClusterIP")
    assert service.selector
    assert service.ports[0].number
    assert service.cluster_addresses == ("10.96.242.183",)
    assert service.created_at is not None
    slices = [services.endpoint_slice(sent) for sent in items("45-endpointslices-list", wire.Slice)]
    assert BACKEND in {one.service for one in slices if one}


@pytest.mark.parametrize(("conditions", "ready"), [({}, True), ({"ready": True}, True), ({"ready": False}, False)])
def test_an_endpoint_without_a_word_is_ready(conditions: Any, ready: bool) -> None:  # noqa: FBT001 a table's column
    """Takes an endpoint for ready unless it says otherwise, as discovery.k8s.io/v1 has it."""
    sent = {
        "metadata": {"labels": {"kubernetes.io/service-name": "s"}, "namespace": "n"},
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": conditions}],
    }
    found = services.endpoint_slice(given(wire.Slice, sent))
    assert found is not None
    assert found.endpoints[0].ready is ready


def test_an_ingress() -> None:
    """Reads a recorded ingress: its class, hosts, backends and secrets."""
    found = services.ingress(one("49-ingress-create", wire.Ingress))
    assert found.routes[0].host
    assert isinstance(found.routes[0].backend, Backend)
    assert found.tls[0].hosts


def test_open_text_in_annotations() -> None:
    """Keeps the settings of controllers, and nothing of their snippets."""
    prefix = "nginx.ingress.kubernetes.io"
    annotations = {f"{prefix}/configuration-snippet": PASSWORD, f"{prefix}/proxy-body-size": "8m", "mine/x": PASSWORD}
    found = services.ingress(given(wire.Ingress, {"metadata": {"annotations": annotations}}))
    assert found.annotations == {f"{prefix}/configuration-snippet": "…", f"{prefix}/proxy-body-size": "8m"}


@pytest.mark.parametrize(
    ("spec", "limits"),
    [
        ({}, (True, False)),
        ({"egress": []}, (True, True)),
        ({"policyTypes": ["Egress"]}, (False, True)),
        ({"policyTypes": ["Ingress"], "egress": []}, (True, False)),
        ({"policyTypes": []}, (False, False)),
    ],
)
def test_which_way_a_policy_limits(spec: Any, limits: tuple[bool, bool]) -> None:
    """Reads a policy's types, and what it limits where it names none."""
    found = services.policy(given(wire.Policy, {"spec": spec}))
    assert (found.limits_ingress, found.limits_egress) == limits


def test_a_recorded_policy() -> None:
    """Reads a recorded policy."""
    found = services.policy(one("50-networkpolicy-create", wire.Policy))
    assert found.name.namespace == "volaticloud"
    assert found.limits_ingress or found.limits_egress


def test_expressions_of_a_selector() -> None:
    """Reads a selector's expressions beside its exact labels."""
    expression = {"key": "tier", "operator": "NotIn", "values": ["test"]}
    found = workloads.selector(given(wire.LabelSelector, {"matchLabels": {"a": "b"}, "matchExpressions": [expression]}))
    assert found.requirements[1] == Requirement("tier", Operator.NOT_IN, ("test",))
    assert found.matches({"a": "b"})
    assert not found.matches({"a": "b", "tier": "test"})


def test_an_autoscaler_without_metrics() -> None:
    """Reads a recorded autoscaler that cannot measure, in words."""
    found = machines.autoscaler(one("52-hpa-without-metrics", wire.Autoscaler))
    assert found.target == Owner("Deployment", "volaticloud-backend")
    active = found.condition("ScalingActive")
    assert active is not None
    assert active.status == "False"
    assert found.metrics[0].startswith("cpu unknown of ")


def test_a_budget() -> None:
    """Reads a recorded disruption budget."""
    found = machines.budget(one("55-pdb-get", wire.Budget))
    assert found.selector.matches({"app": "volaticloud-backend"})
    assert found.expected >= found.wanted


def test_events() -> None:
    """Reads recorded events: about what, why, how often, when last."""
    found = [machines.event(sent) for sent in items("57-events-list", wire.Event)]
    assert all(event.reason and event.message and event.count >= 1 and event.last_at.year > 2000 for event in found)
    assert "default-scheduler" in {event.component for event in found}


def test_a_series_of_events() -> None:
    """Takes count and time of an event's series, where it has one."""
    series = {"count": 7, "lastObservedTime": "2026-01-02T03:04:05.000000Z"}
    found = machines.event(given(wire.Event, {"series": series, "count": 1}))
    assert (found.count, found.last_at) == (7, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


# Secrets.


def keyed(secret: str) -> str:
    """A fingerprint that tells nothing but the length, for the test."""
    return f"print-{len(secret)}"


def test_a_secret_becomes_facts() -> None:
    """Keeps of a recorded secret which keys it has, and where the database is; not what is in it."""
    found = sealed.secret(one("47-secret-get", wire.Secret), keyed)
    assert [key.name for key in found.keys] == ["database", "host", "password", "username"]
    assert found.database == DatabaseTarget("db.example.internal", 5432, "volaticloud", "volaticloud")
    assert PASSWORD.encode() not in msgspec.json.encode(found)


def data(**values: bytes) -> wire.Secret:
    return given(wire.Secret, {"data": {name: b64encode(value).decode() for name, value in values.items()}})


@pytest.mark.parametrize(
    ("value", "empty", "untidy"),
    [(b"x", False, False), (b"", True, False), (b" \n", True, True), (b"x\n", False, True), (b"a\nb\n", False, False)],
)
def test_what_a_value_looks_like(value: bytes, empty: bool, untidy: bool) -> None:  # noqa: FBT001 a table's columns
    """Tells an empty value, and blanks around one of a single line; a file may end with a line break."""
    (key,) = sealed.secret(data(k=value), keyed).keys
    assert key == Key("k", empty, untidy, f"print-{len(value)}")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("postgresql://u:p@db:6432/name?sslmode=require", DatabaseTarget("db", 6432, "name", "u", "require")),
        ("postgres://db/name", DatabaseTarget("db", 5432, "name")),
        ("redis://:p@cache:6379", None),
        ("postgresql://u:p@db:port/x", None),
    ],
)
def test_a_database_by_its_address(url: str, target: DatabaseTarget | None) -> None:
    """Reads where the database is from a single address, and nothing from another kind of address."""
    assert sealed.secret(data(anything=url.encode()), keyed).database == target


def test_who_keeps_a_secret() -> None:
    """Reads which certificate of cert-manager's writes a secret."""
    marked = {"metadata": {"annotations": {"cert-manager.io/certificate-name": "api"}}}
    assert sealed.secret(given(wire.Secret, marked), keyed).kept_by == "api"
    assert sealed.secret(wire.Secret(), keyed).kept_by == ""


def test_what_is_learned_of_a_secret() -> None:
    """Has every value masked from then on, the password of an address too, but no name, user or host."""
    url = "postgresql://app:pa%2Fss@db:5432/volaticloud"
    known = sealed.learned(data(username=b"volaticloud", host=b"db", password=b"hunter2", url=url.encode()))
    assert {one.value for one in known} == {"hunter2", url, "pa/ss"}


def test_a_secret_is_learned_before_it_is_told() -> None:
    """Learns a secret's values where it becomes facts."""
    learned: list[KnownSecret] = []
    sealing = sealed.Sealing(keyed, lambda *known: learned.extend(known))
    sealing.secret(data(password=b"hunter2"))
    assert [one.value for one in learned] == ["hunter2"]


def test_a_certificate_in_a_secret(tmp_path: Path) -> None:
    """Reads names and dates of a certificate, and whether its key belongs to it."""
    authority = Authority.new(tmp_path)
    certificate, key = (text.encode() for text in authority.issued("good", "api.example.com"))
    wrong = authority.issued("good", "api.example.com")[1].encode()
    fits = sealed.secret(data(**{"tls.crt": certificate, "tls.key": key}), keyed)
    assert fits.certificate is not None
    assert "api.example.com" in fits.certificate.names
    assert fits.key_fits is True
    assert sealed.secret(data(**{"tls.crt": certificate, "tls.key": wrong}), keyed).key_fits is False
    assert sealed.secret(data(**{"tls.crt": b"nonsense", "tls.key": key}), keyed).key_fits is False


def test_a_config_map() -> None:
    """Keeps the keys of a config map, also those with bytes, and no value."""
    sent = given(wire.Config, {"data": {"a": PASSWORD}, "binaryData": {"b": b64encode(b"x").decode()}})
    found = sealed.config(sent, keyed)
    assert [key.name for key in found.keys] == ["a", "b"]
    assert PASSWORD.encode() not in msgspec.json.encode(found)


# Numbers.


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("250m", "0.250"),
        ("1", "1"),
        (2, "2"),
        ("512Mi", "536870912"),
        ("1e3", "1E+3"),
        ("1500u", "0.0015"),
        ("3n", "3E-9"),
        ("1.5G", "1500000000"),
        ("", None),
        ("much", None),
        ("1Zi", None),
        ("NaN", None),
        ("Infinity", None),
        (None, None),
    ],
)
def test_quantities(text: str | int | None, number: str | None) -> None:
    """Reads Kubernetes' quantities, and takes none for what is none."""
    found = quantity(text)
    assert (found is None) == (number is None)
    assert number is None or found == type(found)(number)  # type: ignore[misc] # a Decimal, not None


def test_amounts() -> None:
    """Gives processor in thousandths and memory in bytes."""
    assert amounts({"cpu": "1500m", "memory": "1Gi", "nvidia.com/gpu": 1}) == Amounts(1500, 1 << 30)
    assert amounts(None) == Amounts()


def test_moments() -> None:
    """Reads the API's times as aware ones, those with fractions too."""
    assert moment("2026-01-02T03:04:05Z") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert moment("2026-01-02T03:04:05.123456Z") == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert moment(None) is None

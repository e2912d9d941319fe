"""Tests of the network area as a whole: one fault is one cause, a sound platform is silent, nothing crashes."""

import operator
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from diagnostics.areas import network
from diagnostics.areas.network import annotations, readiness
from diagnostics.check import Check
from diagnostics.context import KeycloakExpected
from diagnostics.evidence.cluster.kinds import (
    ClusterController,
    ClusterEdge,
    ClusterPods,
    ClusterPolicies,
    ClusterSecrets,
    ClusterWorkloads,
)
from diagnostics.evidence.cluster.logs import ContainerLog
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Condition, Container, End, Owner, Pod, Role, Stage
from diagnostics.evidence.cluster.routes import ServiceRoutes, covers
from diagnostics.evidence.cluster.services import Backend, IngressClass, Key, Route, ServicePort
from diagnostics.evidence.http import Stage as Step
from diagnostics.judge import Span, judge
from diagnostics.model import Cause, Diagnosis, Severity, Subject, Unobserved, Verdict
from diagnostics.observe import Seen
from diagnostics.remedies import suggest
from tests.diagnostics.areas.cases import cluster
from tests.diagnostics.areas.cases import network as cases
from tests.diagnostics.areas.cases.case import NOW, Case
from tests.diagnostics.areas.cases.routes import (
    API,
    BACKEND,
    BACKEND_PODS,
    CLUSTER,
    CONSOLE,
    CONTEXT,
    CONTROLLER,
    KEYCLOAK,
    KEYCLOAK_PODS,
    certificate,
    crashing,
    host,
    ingress,
    ingresses,
    kinds,
    pod,
    pods,
    policies,
    seen,
    service,
    services,
    tls_secret,
    unready,
    workload,
    workloads,
)

CHECKS: dict[str, Check[Any]] = {check.id: check for check in network.CHECKS}
FIRES = [pytest.param(case, one, id=f"{case.id}-{n}") for case in cases.CASES for n, one in enumerate(case.fires)]
PLACE = re.compile(r"(?<![$%])\{[a-z_]+\}")


def diagnosed(found: Seen) -> Diagnosis:
    return judge(network.AREA, "here", found, CONTEXT, Span(NOW, 1))


def diagnose(**given: Any) -> Diagnosis:
    return diagnosed(seen(**given))


def causes(**given: Any) -> dict[str, tuple[str, ...]]:
    return {cause.id: cause.explains for cause in diagnose(**given).causes}


def edge(**facts: Any) -> ClusterEdge:
    return ClusterEdge((host(**facts),))


def test_a_sound_platform() -> None:
    """Finds nothing wrong with a sound platform, and nothing missing."""
    found = diagnose()
    assert (found.verdict, found.findings) == (Verdict.HEALTHY, ())


@pytest.mark.parametrize(("case", "evidence"), FIRES)
def test_advice_is_filled(case: Case, evidence: Any) -> None:
    """Fills every place of the advice for the very subject that a finding is about."""
    (finding,) = CHECKS[case.id].findings(evidence, case.context)
    for one in suggest([Cause(finding.id, finding.subject, finding.summary)], CONTEXT):
        assert not PLACE.search(one.text + one.command), one
    assert finding.command.startswith(("kubectl ", "dig ", "curl ", "nc ", "openssl "))


def test_a_private_authority_is_named() -> None:
    """Names the CA in every curl it shows, which would refuse the certificate without it."""
    private = replace(CLUSTER, ca_file="/etc/our ca.pem")
    shown = []
    for case, evidence in ((one, fires) for one in cases.CASES for fires in one.fires):
        context = replace(case.context, expected=replace(case.context.expected, cluster=private))
        shown += [one.command for one in CHECKS[case.id].findings(evidence, context) if "curl " in one.command]
    assert shown
    assert all("curl -sS --cacert '/etc/our ca.pem' -m 10 " in one for one in shown)


# One fault, one cause.

NO_ROUTE = edge(status=503)
TIMED_OUT = edge(status=504)


def test_pods_that_are_not_ready() -> None:
    """Names the pods behind the service as the cause of the 503, and says why they are not ready."""
    found = diagnose(pods=pods(unready("backend-0", containers=(crashing(),))), edge=NO_ROUTE)
    assert {cause.id: cause.explains for cause in found.causes} == {
        "network.no-ready-endpoints": ("network.gateway-error",)
    }
    assert found.causes[0].title == (
        "The pod behind service volaticloud/volaticloud-backend is not ready: container main waits "
        "(CrashLoopBackOff): it ended with exit code 1: the program failed"
    )


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"services": services(service(selector={"app": "wrong"}))}, "network.selector-matches-nothing"),
        ({"pods": pods()}, "network.no-pods"),
        ({"pods": pods(), "workloads": workloads(workload(wanted=0))}, "network.scaled-to-zero"),
        ({"services": services(service(target="wrong"))}, "network.port-without-container"),
        ({"ingresses": ingresses(ingress(to="wrong"))}, "network.ingress-service-missing"),
        (
            {
                "ingresses": ingresses(
                    ingress(routes=(replace(ingress().routes[0], backend=Backend(BACKEND.name, 81)),))
                )
            },
            "network.ingress-port-missing",
        ),
        ({"policies": policies(cases.DENY)}, "network.policy-cuts-path"),
    ],
)
def test_what_the_gateway_cannot_reach(given: dict[str, Any], cause: str) -> None:
    """Explains the gateway's error by what is wrong behind it, and its log by that too."""
    log = cases.log(cases.UPSTREAM)
    assert causes(**given, edge=TIMED_OUT, controller=log) == {cause: ("network.gateway-error", "network.proxy-errors")}


def test_a_missing_service() -> None:
    """Says of the platform's service that is gone where it is missed: at the ingress, or else by itself."""
    assert causes(services=services(), edge=NO_ROUTE) == {"network.ingress-service-missing": ("network.gateway-error",)}
    assert causes(services=services(), ingresses=ingresses()) == {"network.service-missing": ()}


def test_a_controller_that_is_down() -> None:
    """Explains all that goes through the controller by the controller, and its own service by it too."""
    down = ClusterPods(pods=(*cases.ELSEWHERE, cases.DOWN))
    reached = replace(host().reached, failure=cases.no_answer(Step.CONNECT))  # type: ignore[type-var]  # it is there
    assert causes(pods=down, edge=edge(reached=reached, status=None)) == {
        "network.controller-down": ("network.no-ready-endpoints", "network.edge-refused")
    }
    gone = replace(workloads(), workloads=(workload(), workload(KEYCLOAK, 1)))
    assert causes(workloads=gone, pods=ClusterPods(pods=cases.ELSEWHERE), edge=NO_ROUTE) == {
        "network.ingress-controller-missing": ("network.selector-matches-nothing", "network.gateway-error")
    }


def test_a_certificate_that_is_not_there() -> None:
    """Explains the placeholder that is shown by the secret that is missing."""
    missing = ClusterSecrets(sealed=(tls_secret(exists=False, keys=(), certificate=None),))
    fake = certificate("ingress.local")
    shown = replace(host().reached, certificate=fake, failure=cases.no_answer(Step.TLS))  # type: ignore[type-var]  # it is there
    assert causes(sealed=missing, edge=edge(reached=shown)) == {
        "network.tls-secret-missing": ("network.certificate-wrong-name",)
    }


@pytest.mark.parametrize(
    ("issuer", "kept_by", "command"),
    [
        ({}, "", "cmctl renew <CERTIFICATE> -n <NAMESPACE>"),
        ({"cert-manager.io/issuer": "letsencrypt"}, "", "cmctl renew volaticloud-tls -n volaticloud"),
        ({}, "by-hand", "cmctl renew by-hand -n volaticloud"),
        ({"cert-manager.io/cluster-issuer": "letsencrypt"}, "by-hand", "cmctl renew by-hand -n volaticloud"),
    ],
)
def test_the_certificate_to_renew(issuer: dict[str, str], kept_by: str, command: str) -> None:
    """Has the one certificate renewed that keeps the secret of the ingress, as the secret or the ingress says."""
    ending = certificate(ends=timedelta(days=3))
    found = diagnose(
        ingresses=ingresses(ingress(annotations=issuer)),
        sealed=ClusterSecrets(sealed=(tls_secret(certificate=ending, kept_by=kept_by),)),
        edge=ClusterEdge(),
    )
    assert [one.id for one in found.causes] == ["network.certificate-expiring"]
    assert command in [one.command for one in found.suggestions]


def test_two_faults_are_two_causes() -> None:
    """Does not explain one service's error by another service's fault."""
    two = ingresses(ingress(), ingress("console", CONSOLE, "dashboard"))
    found = causes(
        ingresses=two,
        services=services(service(), service(Name("volaticloud", "dashboard"), selector={"app": "none"})),
        edge=ClusterEdge((host(status=502), host(CONSOLE, status=503))),
    )
    assert found == {"network.selector-matches-nothing": ("network.gateway-error",), "network.gateway-error": ()}


def test_a_resolver_that_fails() -> None:
    """Says once that names could not be looked up, however many there are."""
    two = ingresses(ingress(), ingress("console", CONSOLE))
    lost: dict[str, Any] = {"addresses": (), "lookup_failure": cases.MUTE, "lookup_ms": None}
    found = diagnose(ingresses=two, edge=ClusterEdge((host(**lost), host(CONSOLE, **lost))))
    assert [cause.title for cause in found.causes] == [
        f"{API}, {CONSOLE} could not be looked up: no answer within 1.2 s",
    ]


def test_slow_lookups() -> None:
    """Says once that lookups are slow, with the slowest."""
    two = ingresses(ingress(), ingress("console", CONSOLE))
    found = diagnose(ingresses=two, edge=ClusterEdge((host(lookup_ms=600), host(CONSOLE, lookup_ms=900))))
    assert [cause.title for cause in found.causes] == [
        f"Looking up {CONSOLE} took 900 ms (limit 500 ms); 1 other name took long too",
    ]


def test_a_load_balancer_that_refuses() -> None:
    """Says once that the load balancer refuses, however many names lead there."""
    two = ingresses(ingress(), ingress("console", CONSOLE))
    reached = replace(host().reached, failure=cases.no_answer(Step.CONNECT))  # type: ignore[type-var]  # it is there
    hosts = ClusterEdge(tuple(host(name, reached=reached, status=None) for name in (API, CONSOLE)))
    (finding,) = diagnose(ingresses=two, edge=hosts).findings
    assert finding.subject == Subject("load balancer", "203.0.113.7:443")
    assert f"{API}, {CONSOLE}" in finding.summary


def test_one_finding_for_all_paths_of_a_workload() -> None:
    """Says in one finding which ways out of the backend are cut, and how far."""
    found = diagnose(policies=policies(cases.DENY_OUT))
    (finding,) = found.findings
    assert finding.subject == Subject("statefulset", str(BACKEND))
    assert finding.summary == (
        "Network policy volaticloud/no-way-out cuts the backend off from Keycloak's service "
        "keycloak/volaticloud-keycloak-service; the database at db.example.com:5432; the cluster's DNS (UDP 53): "
        "nothing allows it"
    )
    assert finding.evidence[0].value.startswith("2 of 2 connections cut, such as pod volaticloud/backend-")


def test_a_path_that_is_cut_in_part() -> None:
    """Warns where only some of the connections are cut."""
    (evidence,) = cases.POLICIES[0].fires[-1:]
    (finding,) = CHECKS["network.policy-cuts-path"].findings(evidence, CONTEXT)
    assert finding.severity is Severity.WARNING
    assert "(1 of 2 connections)" in finding.summary


# Sound platforms in all kinds of states.

moments = st.integers(0, 600).map(lambda seconds: NOW - timedelta(seconds=seconds))


targets: st.SearchStrategy[int | str] = st.sampled_from(("http", 8080))


@st.composite
def lively(draw: st.DrawFn) -> dict[str, Any]:
    """A sound platform that lives: pods that start, that end, that have ended, restarts, counts, others' ingresses."""
    ready = [pod(f"backend-{n}") for n in range(draw(st.integers(1, 5)))]
    fresh = [
        unready(f"new-{n}", created_at=NOW - timedelta(seconds=draw(st.integers(0, 119))))
        for n in range(draw(st.integers(0, 2)))
    ]
    ending = [pod(f"old-{n}", deleting_since=draw(moments), grace_s=30) for n in range(draw(st.integers(0, 2)))]
    over = [
        unready(f"over-{n}", phase=draw(st.sampled_from(("Succeeded", "Failed"))))
        for n in range(draw(st.integers(0, 2)))
    ]
    restarted = replace(ready[0], containers=(replace(ready[0].containers[0], restarts=draw(st.integers(0, 9))),))
    wanted = draw(st.integers(1, 6))
    idle = Name("volaticloud", "batch")
    with_idle = draw(st.booleans())
    extra = (service(idle),) if with_idle else ()
    return {
        "pods": pods(restarted, *ready[1:], *fresh, *ending, *over),
        "workloads": workloads(workload(wanted=wanted), *((workload(idle, 0),) if with_idle else ())),
        "services": services(service(target=draw(targets)), *extra),
        "policies": draw(st.sampled_from((policies(), policies(cases.DENY, cases.allowing(*cases.ALL_OUT), ALLOWED)))),
    }


ALLOWED = replace(cases.DENY, name=Name("volaticloud", "allow"), ingress=(cases.FROM_CONTROLLER,))


@settings(max_examples=150, deadline=None)
@given(lively())
def test_a_lively_platform_is_sound(given: dict[str, Any]) -> None:
    """Finds nothing where pods start, end or have ended beside others that serve."""
    assert diagnose(**given).findings == ()


# Whatever is seen, a check answers.

containers = st.builds(
    Container,
    name=st.just("main"),
    image=st.just("image"),
    role=st.sampled_from(Role),
    stage=st.sampled_from(Stage),
    ready=st.booleans(),
    restarts=st.integers(0, 3),
    reason=st.sampled_from(("", "CrashLoopBackOff", "ContainerCreating", "ImagePullBackOff")),
    message=st.sampled_from(("", "x " * 300, "one\ntwo")),
    end=st.none() | st.builds(End, code=st.sampled_from((0, 1, 137)), reason=st.sampled_from(("", "OOMKilled"))),
)
conditions = st.builds(
    Condition, type=st.sampled_from(("Ready", "PodScheduled")), status=st.sampled_from(("True", "False", "Unknown"))
)
some_pods = st.builds(
    Pod,
    name=st.sampled_from([Name("volaticloud", f"p{n}") for n in range(3)]),
    uid=st.just("u"),
    phase=st.sampled_from(("Pending", "Running", "Succeeded", "Failed", "Unknown")),
    labels=st.sampled_from(({}, {"app": BACKEND.name})),
    created_at=moments,
    owner=st.none() | st.just(Owner("StatefulSet", BACKEND.name)),
    node=st.sampled_from(("", "node-1")),
    address=st.sampled_from(("", "10.2.0.5")),
    deleting_since=st.none() | moments,
    conditions=st.lists(conditions, max_size=2).map(tuple),
    containers=st.lists(containers, max_size=2).map(tuple),
    host_network=st.booleans(),
)
some_services = st.builds(
    service,
    st.sampled_from((BACKEND, Name("volaticloud", "other"))),
    target=st.sampled_from(("http", "x", 8080, 1)),
    selector=st.sampled_from(({}, {"app": BACKEND.name}, {"app": "x"})),
    type=st.sampled_from(("ClusterIP", "LoadBalancer", "ExternalName")),
    headless=st.booleans(),
    unready_too=st.booleans(),
    external_name=st.sampled_from(("", "x.example.com")),
)
some_ingresses = st.builds(
    ingress,
    st.sampled_from(("api", "b")),
    st.sampled_from((API, "", "*.example.com")),
    st.sampled_from((BACKEND.name, "gone")),
    class_name=st.sampled_from(("", "nginx", "other", "x")),
    annotations=st.dictionaries(
        st.sampled_from([annotations.PREFIX + name for name in ("canary", "canary-weight", "rewrite-target", "x")]),
        st.sampled_from(("", "true", "9", "/$9", "($")),
    ),
)
SCALED = workloads(workload(wanted=0))
JOB = workloads(workload(kind="Job"))
REFUSED = workloads(
    workload(conditions=(Condition("ReplicaFailure", "True", "FailedCreate", "exceeded\nquota " * 99),))
)
by_name = operator.attrgetter("name")
platforms = st.fixed_dictionaries(
    {},
    optional={
        "pods": st.lists(some_pods, max_size=3, unique_by=by_name).map(lambda some: ClusterPods(pods=tuple(some))),
        "workloads": st.sampled_from(
            (ClusterWorkloads(), workloads(workload(wanted=0)), workloads(workload(kind="Job")))
        ),
        "services": st.lists(some_services, max_size=2, unique_by=by_name).map(lambda some: services(*some)),
        "ingresses": st.lists(some_ingresses, max_size=2, unique_by=by_name).map(lambda some: ingresses(*some)),
        "policies": st.sampled_from((ClusterPolicies(), policies(cases.DENY, cases.DENY_OUT))),
        "edge": st.sampled_from((ClusterEdge(), edge(addresses=("x",)), edge(reached=None, status=None))),
        "sealed": st.sampled_from((ClusterSecrets(), ClusterSecrets(sealed=(tls_secret(keys=(Key("x"),)),)))),
    },
)


@settings(max_examples=250, deadline=None)
@given(platforms, st.sets(st.sampled_from([kind.KIND for kind in network.AREA.optional]), max_size=3))
def test_nothing_crashes_a_check(given: dict[str, Any], lost: set[str]) -> None:
    """Answers whatever was seen: no check breaks, and no subject is named twice by one check."""
    gone = Unobserved("it", "forbidden", "no right")  # type: ignore[arg-type]  # as it is saved
    found = diagnosed(Seen({kind: gone if kind.KIND in lost else one for kind, one in kinds(**given).items()}))
    assert [lack for lack in found.unobserved if lack.what.startswith("check ")] == []
    assert len({finding.symptom for finding in found.findings}) == len(found.findings)
    assert all(finding.summary.isprintable() for finding in found.findings)


# Words.


def why(one: Pod, **given: Any) -> str:
    state = ServiceRoutes.joined(seen(pods=pods(one), **given)).services[0]
    return readiness.why_not_ready(state.pods, state.states)


def waiting(reason: str, message: str = "") -> tuple[Container, ...]:
    return (Container("main", "image", stage=Stage.WAITING, reason=reason, message=message),)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (unready("a"), "container main runs and is not ready"),
        (
            unready("a", containers=(Container("main", "i", stage=Stage.RUNNING, restarts=1),)),
            "container main runs after 1 restart and is not ready",
        ),
        (
            unready("a", containers=waiting("ErrImagePull", "not\nfound")),
            "container main waits (ErrImagePull): not found",
        ),
        (unready("a", containers=waiting("")), "container main waits (for its start)"),
        (
            unready("a", containers=(crashing(last_end=End(137, "OOMKilled")),)),
            "container main waits (CrashLoopBackOff): it was killed for want of memory (OOMKilled)",
        ),
        (
            unready("a", containers=(Container("main", "i", stage=Stage.TERMINATED, end=End(0)),)),
            "container main has ended",
        ),
        (
            unready("a", conditions=(Condition("PodScheduled", "False", message="0/3 nodes are available"),)),
            "no node takes it (0/3 nodes are available)",
        ),
        (unready("a", containers=(), reason="NodeAffinity", phase="Pending"), "NodeAffinity"),
        (unready("a", containers=(), conditions=(), phase="Pending"), "it is in phase Pending"),
        (pod("a", deleting_since=NOW), "it is being deleted"),
    ],
)
def test_why_a_pod_is_not_ready(one: Pod, words: str) -> None:
    """Says why a pod is not ready as the kubelet has it, on one line."""
    assert why(one) == words


def test_a_panic_as_the_server_tells_it() -> None:
    """Tells a panic by the log's last words, as `diagnose server` does, and not as a wrong call."""
    fallen = cluster.pod(cluster.looping(2))
    panicked = cluster.state(fallen, logs=(cluster.log("panic: assignment to entry in nil map", of=fallen),))
    assert "it ended with exit code 2: the program panicked" in readiness.why(fallen, panicked)
    assert "it ended with exit code 2: the program was called wrongly" in readiness.why(fallen, cluster.state(fallen))


def test_a_panic_of_all_pods_where_the_log_of_one_was_read() -> None:
    """Tells the same of its pods: the log is read of one, and all of them run the same."""
    first, second = cluster.pod(cluster.looping(2)), cluster.pod(cluster.looping(2), name="another")
    known = cluster.log("panic: assignment to entry in nil map", known="server.panic", of=first)
    told = readiness.why_not_ready((second, first), (cluster.state(first, second, logs=(known,)),))
    assert told.startswith("container")
    assert told.endswith("the program panicked; its log: panic: assignment to entry in nil map")


def test_the_commonest_reason() -> None:
    """Says of several pods the commonest reason, and of how many it is true."""
    some = [unready(name, containers=(crashing(),)) for name in ("a", "b")]
    assert readiness.why_not_ready([*some, unready("c")], ()).startswith("2 of them: container main waits")
    assert readiness.why_not_ready([], ()) == ""


def test_few_are_named() -> None:
    """Names a few pods, and counts the rest."""
    facts = readiness.pod_facts([unready(str(n)) for n in range(5)], ())
    assert [fact.label for fact in facts] == ["pod 0", "pod 1", "pod 2", "more"]
    assert facts[-1].value == "2 pods"


def test_the_nearest_workload_is_offered() -> None:
    """Names the workload whose labels come nearest to a selector that matches nothing."""
    (finding,) = diagnose(services=services(service(selector={"app": "backend"}))).findings
    assert finding.summary == (
        "Service volaticloud/volaticloud-backend selects app=backend, and no pod has these labels; "
        "statefulset volaticloud/volaticloud-backend has app=volaticloud-backend"
    )


def test_a_left_over_service_only_warns() -> None:
    """Only warns of a service that nobody is known to need."""
    extra = service(Name("volaticloud", "old"), ports=(ServicePort(1, 1),), selector={"app": "gone"})
    (finding,) = diagnose(services=services(service(), extra)).findings
    assert finding.severity is Severity.WARNING


# The table of annotations.


@pytest.mark.parametrize(
    ("own", "severity"),
    [
        # The pods are served by the backend's own service, or by none.
        ({"app": BACKEND.name, "track": "canary"}, Severity.NOTE),
        ({"tier": "cache", "app": "redsi"}, Severity.WARNING),
        ({"app": "gone"}, Severity.WARNING),
    ],
)
def test_a_service_for_another_part(own: dict[str, str], severity: Severity) -> None:
    """Only notes a service nobody needs that asks for another part of what a service of its own reaches."""
    tracked = [pod(f"backend-{number}", labels={"app": BACKEND.name, "track": "stable"}) for number in range(2)]
    cache = pod("cache-0", labels={"tier": "cache", "app": "redis"}, owner=None)
    other = service(Name("volaticloud", "other"), selector=own)
    found = diagnose(services=services(service(), other), pods=pods(*tracked, cache))
    assert [(one.id, one.severity) for one in found.findings] == [("network.selector-matches-nothing", severity)]


def strange(*names: str) -> Iterator[tuple[str, str]]:
    marked = {annotations.PREFIX + name: "x" for name in names}
    return iter(annotations.unknown(ingress(annotations=marked)))


def test_known_annotations() -> None:
    """Knows every annotation of its table, and offers the nearest for one that is misspelt."""
    assert not set(annotations.KNOWN) & set(annotations.RETIRED)
    assert list(strange(*annotations.KNOWN)) == []
    assert list(strange("proxy-body-sise")) == [("proxy-body-sise", "perhaps proxy-body-size is meant")]
    assert list(strange("enable-influxdb")) == [("enable-influxdb", "taken by older controllers only")]
    assert list(strange("xyzzy")) == [("xyzzy", "no known one is like it")]


@given(st.sampled_from(sorted(annotations.KNOWN)), st.integers(0, 40), st.sampled_from("aexz"))
def test_misspelt_annotations(name: str, at: int, letter: str) -> None:
    """Offers a known name for every known name with one letter changed."""
    place = at % len(name)
    wrong = name[:place] + letter + name[place + 1 :]
    told = dict(strange(wrong))
    assert wrong in annotations.KNOWN or len(name) < 6 or "is meant" in told[wrong] or "older" in told[wrong]


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (("a.example.com",), "A.example.com", True),
        (("*.example.com",), "a.example.com", True),
        (("*.example.com",), "example.com", False),
        (("*.example.com",), "a.b.example.com", False),
        ((), "a.example.com", False),
    ],
)
def test_names_of_certificates(names: tuple[str, ...], host: str, covered: bool) -> None:  # noqa: FBT001
    """Lets a star stand for exactly one label."""
    assert covers(names, host) is covered


def test_another_controllers_ingress_is_left_alone() -> None:
    """Says of another controller's ingress that it is left alone, and nothing else, whatever is wrong with it."""
    other = ingress("b", "b.example.com", "gone", class_name="other", annotations={f"{annotations.PREFIX}x": "y"})
    classes = (IngressClass("nginx", "k8s.io/ingress-nginx"), IngressClass("other", "example.com/other"))
    found = diagnose(ingresses=ingresses(ingress(), other, classes=classes))
    assert [(one.id, one.severity) for one in found.findings] == [("network.ingress-elsewhere", Severity.NOTE)]


def test_a_class_by_the_old_annotation() -> None:
    """Looks at the names of an ingress that asks for nginx by the old annotation, for which no class has to exist."""
    old = cases.annotated_as("nginx")
    found = diagnose(ingresses=ingresses(old, classes=()), edge=edge(status=502))
    assert [one.id for one in found.findings] == ["network.gateway-error"]
    other = diagnose(ingresses=ingresses(cases.annotated_as("gce"), classes=()), edge=edge(status=502))
    assert [one.id for one in other.findings] == ["network.ingress-elsewhere"]


@pytest.mark.parametrize(("host_network", "severity"), [(False, Severity.CRITICAL), (True, Severity.WARNING)])
def test_a_balancer_that_is_not_the_only_way(host_network: bool, severity: Severity) -> None:  # noqa: FBT001
    """Only warns of a missing load balancer where the controller is in its nodes' network."""
    pending = service(CONTROLLER, type="LoadBalancer")
    controller = pod("ctrl-0", CONTROLLER.name, CONTROLLER.namespace, host_network=host_network)
    found = diagnose(
        services=replace(services(), services=(service(), service(KEYCLOAK), pending)),
        pods=ClusterPods(pods=(*BACKEND_PODS, *KEYCLOAK_PODS, controller)),
    )
    assert [(one.id, one.severity) for one in found.findings] == [("network.load-balancer-pending", severity)]


@pytest.mark.parametrize(
    ("class_name", "addresses", "severity"),
    [
        ("gone", ("203.0.113.7",), Severity.CRITICAL),
        ("", ("203.0.113.7",), Severity.WARNING),
        ("", (), Severity.CRITICAL),
    ],
)
def test_an_ingress_without_a_class(class_name: str, addresses: tuple[str, ...], severity: Severity) -> None:
    """Only warns where a controller gave an address to an ingress without a class: it may be told to serve such."""
    found = diagnose(ingresses=ingresses(ingress(class_name=class_name, addresses=addresses)), edge=ClusterEdge())
    assert [(one.id, one.severity) for one in found.findings] == [("network.ingress-class-unknown", severity)]


@pytest.mark.parametrize(("target", "severity"), [(9090, Severity.WARNING), ("grpc", Severity.CRITICAL)])
def test_one_wrong_port_of_several(target: int | str, severity: Severity) -> None:
    """Only warns of one number of several that no container declares: something may listen there without a word."""
    two = service(ports=(ServicePort(8080, "http", "http"), ServicePort(9090, target, "grpc")))
    routed = ingress(
        routes=tuple(Route(API, f"/{port}", "Prefix", Backend(BACKEND.name, port)) for port in (8080, 9090))
    )
    found = diagnose(services=services(two), ingresses=ingresses(routed))
    assert [(one.id, one.severity) for one in found.findings] == [("network.port-without-container", severity)]


@pytest.mark.parametrize(
    ("url", "cut"),
    [
        ("https://auth.example.com/auth", False),
        ("https://auth.example.com:8443", True),
        ("https://volaticloud-keycloak-service.keycloak.svc:443", True),
        ("http://auth.example.com", True),
    ],
)
def test_keycloak_by_its_public_name(url: str, cut: bool) -> None:  # noqa: FBT001
    """Cuts no way to Keycloak in the cluster off where its settings name a public one that the backend may go to."""
    expected = replace(CONTEXT.expected, keycloak=KeycloakExpected(url=url, realm="r", client_id="c"))
    rules = policies(cases.allowing(cases.DNS_ALLOWED, cases.DATABASE_ALLOWED, cases.WEB_ALLOWED))
    found = CHECKS["network.policy-cuts-path"].findings(
        cases.traffic(policies=rules), replace(CONTEXT, expected=expected)
    )
    assert bool(found) is cut


def test_a_controller_that_is_a_daemon_set() -> None:
    """Names the controller's own kind in every command about it, and scales none that has a pod on each node."""
    controller = workload(CONTROLLER, 1, kind="DaemonSet")
    kind = replace(workloads(), workloads=(workload(), workload(KEYCLOAK, 1), controller))
    made: dict[str, Any] = {"owner": Owner("DaemonSet", CONTROLLER.name), "app": CONTROLLER.name}
    rest = (*BACKEND_PODS, *KEYCLOAK_PODS)
    ill = ClusterPods(pods=(*rest, unready("ctrl-0", space=CONTROLLER.namespace, **made)))
    well = ClusterPods(pods=(*rest, pod("ctrl-0", space=CONTROLLER.namespace, **made)))
    stuck = ContainerLog(CONTROLLER, "controller", known=(cases.RELOAD,))
    every = (
        diagnose(workloads=kind, pods=ill),
        diagnose(workloads=kind, pods=well, controller=ClusterController((stuck,), "DaemonSet")),
        diagnose(workloads=kind, pods=well, edge=edge(status=504)),
    )
    ids = [one.id for found in every for one in found.causes]
    assert ids == ["network.controller-down", "network.controller-log-errors", "network.gateway-error"]
    shown = [one.command for found in every for one in found.findings]
    shown += [one.command for found in every for one in found.suggestions]
    assert len([one for one in shown if "daemonset/ingress-nginx-controller" in one]) >= len(every)
    assert not [one for one in shown if "deployment/ingress-nginx" in one or " scale " in one]


def test_limits_come_from_the_context() -> None:
    """Judges by the limits it is given."""
    later = replace(CONTEXT, limits=replace(CONTEXT.limits, name_lookup_slow_ms=4, certificate_days=91))
    (slow,) = CHECKS["network.lookup-slow"].findings(cases.looked(), later)
    assert slow.summary == f"Looking up {API} took 4 ms (limit 4 ms)"
    assert CHECKS["network.certificate-expiring"].findings(cases.looked(), later)


def test_the_controller_is_asked_for_by_its_setting() -> None:
    """Looks for the controller under the name that is configured."""
    elsewhere = replace(CONTEXT.expected.cluster, controller=Name("ingress-nginx", "edge"))  # type: ignore[type-var]  # it is there
    other = replace(CONTEXT, expected=replace(CONTEXT.expected, cluster=elsewhere))
    (finding,) = CHECKS["network.ingress-controller-missing"].findings(cases.states(), other)
    assert "workloads there: ingress-nginx-controller" in finding.summary
    assert finding.subject == Subject("deployment", "ingress-nginx/edge")
    assert CONTROLLER.name == "ingress-nginx-controller"
    assert len(BACKEND_PODS) == 2

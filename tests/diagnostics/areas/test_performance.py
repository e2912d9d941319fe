"""Tests of what the performance checks are joined of, and of how causes and symptoms fall into place."""

from msgspec.structs import replace

from diagnostics.areas import area_named
from diagnostics.areas.server.telling import FORM
from diagnostics.causes import explain
from diagnostics.check import Check
from diagnostics.evidence.cluster.kinds import (
    ClusterEvents,
    ClusterNodes,
    ClusterPods,
    ClusterScaling,
    ClusterUsage,
    ClusterWorkloads,
    Gap,
)
from diagnostics.evidence.cluster.machines import Autoscaler, Usage
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Owner, Pod
from diagnostics.evidence.cluster.use import NodeUse, ResourceUse, Scalers, percent
from diagnostics.evidence.cluster.workloads import Amounts, Revision
from diagnostics.model import Evidence, Finding, Reason
from diagnostics.observe import Seen
from diagnostics.remedies import suggest
from tests.diagnostics.areas.cases.cluster import BACKEND, NAMESPACE, OTHER, ago, node, pod, waiting, workload
from tests.diagnostics.areas.cases.performance import BLIND, LIMITED, rescaled, scaler, times, two, use
from tests.diagnostics.areas.cases.surface import CONTEXT

AREA = area_named("performance")
CHECKS: dict[str, Check[Evidence]] = {check.id: check for check in (AREA.checks if AREA else ())}
ORDER = tuple(CHECKS)
REVISION = Revision(Name(NAMESPACE, BACKEND), f"{BACKEND}-7d", 7, ago(600), template_hash="7d")


def found(id: str, seen: Evidence) -> tuple[Finding, ...]:
    return CHECKS[id].findings(seen, CONTEXT)


def seen(*usage: Usage, scaling: ClusterScaling | None = None) -> Seen:
    return Seen(
        {
            **({ClusterScaling: scaling} if scaling else {}),
            ClusterPods: ClusterPods(pods=(pod(), OTHER)),
            ClusterWorkloads: ClusterWorkloads(workloads=(workload(),), revisions=(REVISION,)),
            ClusterUsage: ClusterUsage(pods=usage),
        }
    )


def test_use_beside_limits() -> None:
    """Puts what each container uses beside what its template asks for and is held to."""
    used = ResourceUse.joined(seen(Usage(pod().name.name, Amounts(950, 100), NAMESPACE, "volaticloud")))
    (one,) = used.workloads
    assert [(two.cpu_percent, two.memory_percent) for two in one.uses] == [(95, 0)]
    assert one.rests_on
    (finding,) = found("performance.cpu-at-limit", used)
    assert finding.summary.startswith(f"1 of 1 pod of {BACKEND}")


def scaling_offered(*autoscalers: Autoscaler, gaps: tuple[Gap, ...] = (), name: str = BACKEND) -> list[str]:
    """The acts offered for a throttled workload of which these autoscalers are known."""
    scaling = ClusterScaling(gaps, autoscalers)
    used = seen(Usage(pod().name.name, Amounts(950, 100), NAMESPACE, "volaticloud"), scaling=scaling)
    backend = replace(CONTEXT.cluster, backend=Name(NAMESPACE, name))
    context = replace(CONTEXT, expected=replace(CONTEXT.expected, cluster=backend))
    findings = CHECKS["performance.cpu-at-limit"].findings(ResourceUse.joined(used), context)
    return [one.act for one in suggest(explain(findings, ORDER), context, findings) if one.act]


def test_one_pod_more_is_offered() -> None:
    """Offers one pod more of the backend where no autoscaler would set the number back."""
    other = Autoscaler(Name(NAMESPACE, "other"), Owner("Deployment", "other"), 10)
    wanted = workload().wanted + 1
    assert scaling_offered() == [f"scale {NAMESPACE}/{BACKEND} {wanted}"]
    assert scaling_offered(other) == [f"scale {NAMESPACE}/{BACKEND} {wanted}"]


def test_one_pod_more_is_not_offered() -> None:
    """Offers none beside an autoscaler, where it is not known whether there is one, and of a trading bot."""
    own = Autoscaler(Name(NAMESPACE, BACKEND), Owner("Deployment", BACKEND), 10)
    assert scaling_offered(own) == []
    assert scaling_offered(gaps=(Gap("autoscalers", Reason.FORBIDDEN, "no", NAMESPACE),)) == []
    assert scaling_offered(name="another") == []


def test_what_was_not_measured() -> None:
    """Says nothing of a workload without measurements, of a sidecar nobody asked for, or of another namespace's pod."""
    strangers = (
        Usage(pod().name.name, Amounts(950, 100), NAMESPACE, "istio-proxy"),
        Usage(pod().name.name, Amounts(950, 100), "elsewhere", "volaticloud"),
    )
    assert ResourceUse.joined(seen(*strangers)).workloads == ()
    assert percent(1, None) is None
    assert percent(None, 1) is None
    assert percent(1, 0) is None


def test_nodes_without_metrics() -> None:
    """Judges nodes by their conditions where nothing was measured."""
    joined = NodeUse.joined(Seen({ClusterNodes: ClusterNodes(nodes=(node(pressure="DiskPressure"),))}))
    assert found("performance.node-busy", joined) == ()
    assert len(found("performance.node-pressure", joined)) == 1


def test_events_of_the_autoscaler() -> None:
    """Takes the events about this very autoscaler."""
    one = Autoscaler(Name(NAMESPACE, BACKEND), Owner("Deployment", BACKEND), 10)
    other = replace(one, name=Name(NAMESPACE, "other"))
    events = ClusterEvents(events=rescaled(3, 3))
    joined = Scalers.joined(Seen({ClusterScaling: ClusterScaling(autoscalers=(one, other)), ClusterEvents: events}))
    assert [len(events) for _, events in joined.scalers] == [2, 0]


def test_what_makes_it_slow() -> None:
    """Explains a slow endpoint by the backend's pods that are throttled, and an autoscaler at its maximum, too."""
    findings = (
        *found("performance.cpu-at-limit", use(1000)),
        *found("performance.autoscaler-at-max", scaler(LIMITED, current=10)),
        *found("performance.endpoint-slow", times(2000, 2000)),
    )
    (cause,) = explain(findings, ORDER)
    assert cause.id == "performance.cpu-at-limit"
    assert set(cause.explains) == {"performance.autoscaler-at-max", "performance.endpoint-slow"}


def test_what_does_not_make_it_slow() -> None:
    """Does not blame another workload's pods for a slow endpoint."""
    (busy,) = found("performance.cpu-at-limit", use(1000))
    other = replace(busy, subject=Name("keycloak", "keycloak").subject("StatefulSet"))
    causes = explain((other, *found("performance.endpoint-slow", times(2000, 2000))), ORDER)
    assert len(causes) == 2


def test_advice_by_the_part() -> None:
    """Gives other advice for a slow name lookup than for a slow backend."""
    (slow,) = found("performance.endpoint-slow", times(2000, 2000))
    endpoint = times(2000, 2000).endpoints[0]
    lookups = tuple(replace(one, lookup_ms=one.waited_ms, waited_ms=10) for one in endpoint.samples)
    (lost,) = found("performance.endpoint-slow", replace(times(), endpoints=(replace(endpoint, samples=lookups),)))
    for finding, words in ((slow, "top pods"), (lost, "resolv.conf")):
        told = suggest(explain((finding,), ORDER), CONTEXT, (finding,))
        assert words in told[0].command


def test_requests_that_were_answered_with_failures() -> None:
    """It tells an answer from silence, and says of a failure neither what its time goes into nor a form of slowness."""
    id = "performance.endpoint-not-answering"
    (all_failed,) = found(id, two(times(*[30] * 5, status=503), times(*[30] * 5, status=503, name="GraphQL")))
    assert all_failed.summary == "The health and the GraphQL endpoint: all 10 requests were answered with HTTP 503"
    assert FORM not in {fact.label for fact in all_failed.evidence}
    assert all_failed.evidence[0].value.startswith("HTTP 503 in 30 ms, ")
    (silent,) = found(id, times(failures=2))
    assert "none of 2 requests was answered: " in silent.summary
    (both,) = found(id, times(30, failures=1, status=502))
    assert "1 of 2 requests were answered with HTTP 502, the others not at all" in both.summary
    (one,) = found(id, times(30, status=502))
    assert "its request was answered with HTTP 502" in one.summary
    assert times(30, 30, status=503).figures() == ()


def blind(*pods: Pod, usage: tuple[Usage, ...] = (), gaps: tuple[Gap, ...] = ()) -> Finding:
    """What is found of an autoscaler that reads no metrics of a backend with these pods."""
    own = scaler(BLIND).scalers[0][0]
    looked = Seen(
        {
            ClusterScaling: ClusterScaling(autoscalers=(own,)),
            ClusterPods: ClusterPods(gaps, pods),
            ClusterWorkloads: ClusterWorkloads(workloads=(workload(),), revisions=(REVISION,)),
            ClusterUsage: ClusterUsage(pods=usage),
        }
    )
    (finding,) = CHECKS["performance.autoscaler-without-metrics"].findings(Scalers.joined(looked), CONTEXT)
    return finding


def advised(*findings: Finding) -> str:
    return "\n".join(f"{one.text} {one.command}" for one in suggest(explain(findings, ORDER), CONTEXT, findings))


def test_an_autoscaler_of_pods_that_are_not_ready() -> None:
    """Rests on what keeps the pods from getting ready, and says nothing of the metrics server."""
    finding = blind(pod(waiting("CrashLoopBackOff")), pod(waiting("CrashLoopBackOff"), name=OTHER.name.name))
    assert "keeps volaticloud-backend at 2 replicas, of which none is ready" in finding.summary
    assert "metrics-server" not in advised(finding)
    assert "volati diagnose server" in advised(finding)
    (failing,) = found("performance.endpoint-not-answering", times(30, 30, status=503))
    (cause,) = explain((finding, failing), ORDER)
    assert (cause.id, cause.explains) == (failing.id, (finding.id,))


def test_an_autoscaler_beside_metrics_that_were_seen() -> None:
    """Has no metrics server restarted where it measures others, and has where it measures nobody."""
    measured = blind(pod(), usage=(Usage("other", Amounts(1, 1), NAMESPACE, "main"),))
    assert "metrics-server" not in advised(measured)
    assert "requests" in advised(measured)
    unmeasured = blind(pod())
    assert "metrics-server" in advised(unmeasured)
    (failing,) = found("performance.endpoint-not-answering", times(30, 30, status=503))
    assert len(explain((unmeasured, failing), ORDER)) == 2
    forbidden = blind(gaps=(Gap("pods", Reason.FORBIDDEN, "no", NAMESPACE),))
    assert "of which none is ready" not in forbidden.summary

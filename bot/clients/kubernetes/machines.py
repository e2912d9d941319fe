"""Nodes, usage, quotas, autoscalers, budgets and events as the API sends them made into plain values."""

from bot.clients.kubernetes import wire
from bot.clients.kubernetes.pods import conditions, created
from bot.clients.kubernetes.quantities import amounts, moment
from bot.clients.kubernetes.workloads import selector
from diagnostics.evidence.cluster.machines import Autoscaler, Budget, Event, Node, Quota, Taint, Usage
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Owner
from diagnostics.redaction import first_words

#: Characters of an event's message that are kept; the longest of the kubelet's that matter have some 600.
_MESSAGE_AT_MOST = 1_000


def node(sent: wire.Node) -> Node:
    """A node."""
    return Node(
        name=sent.metadata.name,
        created_at=created(sent.metadata),
        conditions=conditions(sent.status.conditions),
        taints=tuple(Taint(one.key, one.effect, one.value or "") for one in sent.spec.taints or ()),
        unschedulable=bool(sent.spec.unschedulable),
        architecture=sent.status.node_info.architecture or "",
        allocatable=amounts(sent.status.allocatable),
    )


def pod_usage(sent: wire.Metrics) -> tuple[Usage, ...]:
    """What each container of a pod uses."""
    meta = sent.metadata
    return tuple(Usage(meta.name, amounts(one.usage), meta.namespace, one.name) for one in sent.containers or ())


def node_usage(sent: wire.Metrics) -> Usage:
    """What a node uses."""
    return Usage(sent.metadata.name, amounts(sent.usage))


def quota(sent: wire.Quota) -> Quota:
    """A quota."""
    return Quota(Name(sent.metadata.namespace, sent.metadata.name), sent.status.hard or {}, sent.status.used or {})


def autoscaler(sent: wire.Autoscaler) -> Autoscaler:
    """An autoscaler."""
    spec, status = sent.spec, sent.status
    return Autoscaler(
        name=Name(sent.metadata.namespace, sent.metadata.name),
        target=Owner(spec.scale_target_ref.kind, spec.scale_target_ref.name),
        most=spec.max_replicas,
        current=status.current_replicas or 0,
        conditions=conditions(status.conditions),
        metrics=tuple(_metric(one.resource, sent) for one in spec.metrics or () if one.resource),
    )


def _metric(aimed: wire.ResourceMetric, sent: wire.Autoscaler) -> str:
    """A metric in words, such as `cpu 43% of 70%`, or `cpu unknown of 70%` while nothing was measured."""
    measured = next(
        (one.resource for one in sent.status.current_metrics or () if one.resource and one.resource.name == aimed.name),
        None,
    )
    now = _amount(measured.current) if measured else ""
    return f"{aimed.name} {now or 'unknown'} of {_amount(aimed.target) or 'unknown'}"


def _amount(one: wire.MetricTarget) -> str:
    if one.average_utilization is not None:
        return f"{one.average_utilization}%"
    return one.average_value or one.value or ""


def budget(sent: wire.Budget) -> Budget:
    """A disruption budget."""
    status = sent.status
    return Budget(
        name=Name(sent.metadata.namespace, sent.metadata.name),
        selector=selector(sent.spec.selector),
        allowed=status.disruptions_allowed,
        healthy=status.current_healthy,
        wanted=status.desired_healthy,
        expected=status.expected_pods,
    )


def event(sent: wire.Event) -> Event:
    """An event, in its older or its newer form."""
    series = sent.series or wire.EventSeries()
    seen = series.last_observed_time or sent.last_timestamp or sent.event_time or sent.first_timestamp
    return Event(
        namespace=sent.involved_object.namespace or sent.metadata.namespace,
        about=Owner(sent.involved_object.kind, sent.involved_object.name),
        type=sent.type or "Normal",
        reason=sent.reason or "",
        message=first_words(sent.message or "", _MESSAGE_AT_MOST),
        last_at=moment(seen) or created(sent.metadata),
        first_at=moment(sent.first_timestamp or sent.event_time),
        count=series.count or sent.count or 1,
        component=sent.source.component or sent.reporting_component or "",
    )

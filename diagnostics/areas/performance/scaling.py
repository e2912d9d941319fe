"""Checks of horizontal autoscalers: at their maximum, without metrics, without a target, swinging up and down."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from msgspec.structs import replace

from diagnostics.areas.server.telling import FORM
from diagnostics.check import Sign, check
from diagnostics.commands import describe
from diagnostics.context import Context
from diagnostics.evidence.cluster.machines import Autoscaler, Event
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Condition
from diagnostics.evidence.cluster.use import Scalers
from diagnostics.evidence.surface.views import host_of
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import one_line

_WARNING = Severity.WARNING
_SECTION = Section.PERFORMANCE_USAGE
#: What the controller calls a rescale, and how the message of one ends that takes pods away.
_RESCALED, _DOWN = "SuccessfulRescale", "below target"
#: The forms that choose the advice: its pods are not ready; the metrics server measures, and it gets nothing.
UNREADY, MEASURED = "pods not ready", "others are measured"
#: Where scaling is off on purpose: the target was scaled to zero.
_ON_PURPOSE = "ScalingDisabled"


@check(Scalers, "performance.autoscaler-no-target", "An autoscaler has nothing to scale", _WARNING, _SECTION)
def autoscaler_no_target(seen: Scalers, context: Context) -> Iterator[Sign]:
    """It names a workload that is not there or may not be scaled: load is answered by nobody."""
    for one, _ in seen.scalers:
        able = one.condition("AbleToScale")
        if able and able.status == "False":
            summary = f"The autoscaler {one.name.name} cannot scale {one.target.kind} {one.target.name}: {_said(able)}"
            yield _sign(one, summary, context)


@check(Scalers, "performance.autoscaler-without-metrics", "An autoscaler gets no metrics", _WARNING, _SECTION)
def autoscaler_without_metrics(seen: Scalers, context: Context) -> Iterator[Sign]:
    """Without measurements it leaves the count as it is: a rush of requests is met by the pods there happen to be."""
    for one, _ in seen.scalers:
        active = one.condition("ScalingActive")
        if active and active.status == "False" and active.reason != _ON_PURPOSE:
            yield _without_metrics(one, active, seen, context)


@check(Scalers, "performance.autoscaler-at-max", "An autoscaler is at its maximum", _WARNING, _SECTION)
def autoscaler_at_max(seen: Scalers, context: Context) -> Iterator[Sign]:
    """It wants more pods than it may make: from here on more load only makes answers slower."""
    for one, _ in seen.scalers:
        limited = one.condition("ScalingLimited")
        wants_more = limited is not None and limited.status == "True" and limited.reason == "TooManyReplicas"
        if wants_more and one.current >= one.most:
            measures = ", ".join(one.metrics) or "no metrics"
            summary = (
                f"The autoscaler {one.name.name} is at its maximum of {one.most} replicas and wants more: {measures}"
            )
            yield _sign(one, summary, context)


@check(Scalers, "performance.autoscaler-flapping", "An autoscaler swings up and down", _WARNING, _SECTION)
def autoscaler_flapping(seen: Scalers, context: Context) -> Iterator[Sign]:
    """Each swing starts cold pods and ends some that are at work: its target or its waiting time is too tight."""
    limits = context.limits
    for one, events in seen.scalers:
        up, down = _turns(events, context)
        if min(up, down) >= limits.autoscaler_turns:
            summary = (
                f"The autoscaler {one.name.name} went up {up} times and down {down} times within the last "
                f"{limits.autoscaler_minutes} min, and is at {one.current} replicas"
            )
            yield _sign(one, summary, context, *(Fact(f"{event.count} times", event.message) for event in events[:6]))


CHECKS = (autoscaler_no_target, autoscaler_without_metrics, autoscaler_flapping, autoscaler_at_max)


def _turns(events: tuple[Event, ...], context: Context) -> tuple[int, int]:
    """How often it went up, and down, lately. The same message is one event that counts."""
    since = context.at - timedelta(minutes=context.limits.autoscaler_minutes)
    lately = [one for one in events if one.reason == _RESCALED and (one.first_at or one.last_at) >= since]
    down = sum(one.count for one in lately if one.message.endswith(_DOWN))
    return sum(one.count for one in lately) - down, down


def _without_metrics(one: Autoscaler, active: Condition, seen: Scalers, context: Context) -> Sign:
    """What is not ready is not measured: then it rests on what keeps its pods from getting ready."""
    target = _target(one)
    summary = f"The autoscaler {one.name.name} reads no metrics and keeps {one.target.name} at {one.current} replicas"
    if target in seen.unready:
        why = f"{summary}, of which none is ready: what is not ready is not measured"
        sign = _sign(one, why, context, Fact(FORM, UNREADY))
        return replace(
            sign, rests_on=_fronts(context) if target == context.cluster.backend.subject("Deployment") else ()
        )
    form = (Fact(FORM, MEASURED),) if one.name.namespace in seen.measured else ()
    return _sign(one, f"{summary}: {_said(active)}", context, *form)


def _fronts(context: Context) -> tuple[Subject, ...]:
    """What answers in the backend's name, and cannot where none of its pods is ready: its endpoints and their hosts."""
    urls = (context.surface.health_url, context.surface.graphql_url)
    return tuple(one for url in urls for one in (Subject("endpoint", url), host_of(urlsplit(url).hostname or "")))


def _target(one: Autoscaler) -> Subject:
    return Name(one.name.namespace, one.target.name).subject(one.target.kind)


def _said(condition: Condition) -> str:
    return one_line(condition.message or condition.reason)


def _sign(one: Autoscaler, summary: str, context: Context, *facts: Fact) -> Sign:
    """A sign about what is scaled: what uses too much of it, and what is slow for that, are about the same."""
    told = tuple(Fact(condition.type, _said(condition)) for condition in one.conditions)
    sized = Fact("replicas", f"{one.current} of at most {one.most}")
    metrics = tuple(Fact("metric", metric) for metric in one.metrics)
    command = describe(context, "hpa", one.name)
    return Sign(_target(one), summary, (sized, *metrics, *told, *facts, Fact("autoscaler", one.name.name)), command)

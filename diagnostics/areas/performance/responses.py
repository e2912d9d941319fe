"""Checks of response times: slow endpoints, slower than they used to be, and what the time goes into."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from urllib.parse import urlsplit

from diagnostics.areas.graphql.platform import get_command, graphql_command
from diagnostics.areas.server.telling import FORM
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.surface.times import PARTS, Endpoint, ResponseTimes, Sample, label
from diagnostics.evidence.surface.views import host_of
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import counted

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
_SECTION = Section.PERFORMANCE
#: Samples over the limit that are no chance any more; one of them is a hiccup.
_HICCUPS = 2


@check(
    ResponseTimes,
    "performance.endpoint-not-answering",
    "An endpoint does not answer, or fails each time",
    _CRITICAL,
    _SECTION,
)
def endpoint_not_answering(seen: ResponseTimes, context: Context) -> Iterator[Sign]:
    """Where nothing is answered, or only that it failed, this is no matter of speed any more."""
    some = [one for one in seen.endpoints if one.tried and one.failed == one.tried]
    if some:
        yield _sign(some, _none_well(some), context)


@check(ResponseTimes, "performance.endpoint-unsteady", "An endpoint fails now and then", _WARNING, _SECTION)
def endpoint_unsteady(seen: ResponseTimes, context: Context) -> Iterator[Sign]:
    """Some requests are answered and others are not: one pod of several is ill, or the way there loses packets."""
    some = [one for one in seen.endpoints if 0 < one.failed < one.tried]
    if some:
        failed = sum(one.failed for one in some)
        yield _sign(some, f"{failed} of {counted(_tried(some), 'request')} failed: {_why(some[0])}", context)


@check(ResponseTimes, "performance.endpoint-slow", "An endpoint is slow", _WARNING, _SECTION)
def endpoint_slow(seen: ResponseTimes, context: Context) -> Iterator[Sign]:
    """From about a second on people feel that they wait; each part of the time has its own reasons."""
    limit = context.limits.response_slow_ms
    some = _slowest_first(one for one in seen.endpoints if _is_slow(one, limit))
    if some:
        one = some[0]
        usual = _usual(one, context)
        before = f"; usually {usual:.0f} ms" if usual is not None else ""
        samples = counted(len(one.samples), "sample")
        times = f"{one.at(50)} ms (p50) and {one.at(95)} ms (p95) over {samples}, limit {limit} ms{before}"
        yield _sign(some, f"{times}; {_where(one)}", context, _FORMS[one.slowest_part])


@check(ResponseTimes, "performance.slower-than-usual", "An endpoint is slower than usual", _WARNING, _SECTION)
def slower_than_usual(seen: ResponseTimes, context: Context) -> Iterator[Sign]:
    """Several times its own median is a change, long before it is slow by any limit; what was changed stands beside."""
    some = _slowest_first(one for one in seen.endpoints if _has_slowed(one, context))
    if some:
        one, usual = some[0], _usual(some[0], context) or 0
        times = f"{one.at(50)} ms (p50), {one.at(50) / max(usual, 1):.1f} times its usual {usual:.0f} ms"
        yield _sign(some, f"{times}; {_where(one)}", context, _FORMS[one.slowest_part])


CHECKS = (endpoint_not_answering, endpoint_unsteady, endpoint_slow, slower_than_usual)


def _none_well(some: Sequence[Endpoint]) -> str:
    """What became of the requests, none of which went well."""
    tried, silent = _tried(some), sum(len(one.failures) for one in some)
    if silent == tried:
        return f"none of {counted(tried, 'request')} was answered: {_why(some[0])}"
    statuses = dict.fromkeys(sample.status for one in some for sample in one.samples)
    words = " or ".join(f"HTTP {status}" for status in statuses)
    if silent:
        return f"{tried - silent} of {counted(tried, 'request')} were answered with {words}, the others not at all"
    return f"all {tried} requests were answered with {words}" if tried > 1 else f"its request was answered with {words}"


def _is_slow(one: Endpoint, limit: int) -> bool:
    """Whether half of the samples, or more than a hiccup of them, are over the limit, where any went well."""
    if one.failed == one.tried:
        return False
    over = sum(sample.total_ms >= limit for sample in one.samples)
    return bool(one.samples) and (one.at(50) >= limit or over >= _HICCUPS)


def _has_slowed(one: Endpoint, context: Context) -> bool:
    """Whether it takes several times its usual time, and is not slow by the limit anyway."""
    limits, usual = context.limits, _usual(one, context)
    if usual is None or one.failed == one.tried or _is_slow(one, limits.response_slow_ms):
        return False
    now = one.at(50)
    return now >= limits.response_times_usual * usual and now - usual >= limits.response_growth_ms


def _slowest_first(some: Iterable[Endpoint]) -> list[Endpoint]:
    return sorted(some, key=lambda one: -one.at(50))


def _tried(some: Iterable[Endpoint]) -> int:
    return sum(one.tried for one in some)


def _why(one: Endpoint) -> str:
    if one.failures:
        return f"{one.failures[0].stage}: {one.failures[0].detail}"
    return f"HTTP {next(sample.status for sample in one.samples if sample.failed)}"


def _usual(one: Endpoint, context: Context) -> float | None:
    """The median of its earlier p50, in ms; None where there are too few."""
    values = [past.value(label(one.name, "p50")) for past in context.history]
    known = [value for value in values if value is not None]
    return median(known) if len(known) >= context.limits.response_runs else None


def _where(one: Endpoint) -> str:
    """What the time goes into."""
    part = one.slowest_part
    return f"most of it ({one.share(part)} ms) is {_MEANS[part]}"


#: What each of PARTS means, and the form that chooses the advice.
_MEANS = (
    "the name lookup",
    "the connection",
    "the TLS handshake",
    "the wait for the first byte, which is the backend's own",
    "the transfer of the answer",
)
_FORMS = ("name", "connect", "tls", "backend", "transfer")


def _sign(some: Sequence[Endpoint], summary: str, context: Context, slow_in: str = "") -> Sign:
    """A sign about an endpoint; where both ail from the same, one about the host they share, by the first of them.

    `slow_in` is the form of what is slow; what fails has none.
    """
    one = some[0]
    host = host_of(urlsplit(one.url).hostname or "")
    subject = Subject("endpoint", one.url) if len(some) == 1 else host
    name = f"The {' and the '.join(each.name for each in some)} endpoint"
    form = (Fact(FORM, slow_in),) if slow_in else ()
    facts = tuple(fact for each in some for fact in _facts(each))
    command = (graphql_command if one.name == "GraphQL" else get_command)(one.url, context)
    rests_on = (context.cluster.backend.subject("Deployment"), host)
    return Sign(subject, f"{name}: {summary}", (*facts, *form), command, None, rests_on)


def _facts(one: Endpoint) -> tuple[Fact, ...]:
    samples = ", ".join(_sample(sample) for sample in one.samples) or "none answered"
    parts = ", ".join(f"{name} {one.share(place)} ms" for place, name in enumerate(PARTS))
    split = (Fact(f"{one.name}: what it goes into (median)", parts),) if one.failed < one.tried else ()
    return (Fact(f"{one.name}: samples", samples), *split)


def _sample(one: Sample) -> str:
    return f"HTTP {one.status} in {one.total_ms} ms" if one.failed else f"{one.total_ms} ms"

"""Checks of what the two endpoints answer: the gateway's errors, the backend's, a wrong path, another page."""

from collections.abc import Iterator

from diagnostics.areas.graphql.platform import graphql_command, said, spots_sign
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.http import REDIRECT, REFUSED, SERVER_FAILED, SUCCESS, Answer, NoAnswer
from diagnostics.evidence.surface.views import Endpoints, Spot
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import few

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
#: What a gateway means by each status: who, behind it, is missing.
_GATEWAY = {
    502: "a pod behind it hangs up, or nothing listens at the port it leads to",
    503: "no ready pod is behind it",
    504: "the pods behind it do not answer in time",
}
#: What is answered where there is nothing, or nothing for this method.
_NOTHING_THERE = {404, 405, 410}


@check(
    Endpoints, "graphql.gateway-error", "The gateway before the backend answers an error", _CRITICAL, Section.GRAPHQL
)
def gateway_error(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """The gateway runs and cannot hand requests on; the status says what is missing behind it."""
    spots = [spot for spot in seen.spots if _of_gateway(spot)]
    if spots:
        status = spots[-1].status
        yield spots_sign(spots, f"HTTP {status} by the gateway, {_GATEWAY[status]}", context)


@check(Endpoints, "graphql.server-error", "The backend answers a server error", _CRITICAL, Section.GRAPHQL)
def server_error(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """A 5xx is the backend saying that it failed; its log at the same moment says at what."""
    spots = [spot for spot in _astray(seen, SERVER_FAILED) if not _of_gateway(spot)]
    if spots:
        yield spots_sign(spots, said(spots[-1].exchange), context)


@check(Endpoints, "graphql.not-answering", "The backend does not answer", _CRITICAL, Section.GRAPHQL)
def not_answering(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """Who takes the connection and stays silent, or hangs up, is hung or dying: it waits for its database, or worse."""
    silent = [(spot, spot.exchange) for spot in seen.spots if isinstance(spot.exchange, NoAnswer)]
    if silent:
        one = silent[-1][1]
        how = f"no answer within {one.took_ms} ms" if one.timed_out else f"broken off after {one.took_ms} ms"
        yield spots_sign([spot for spot, _ in silent], f"{how} (at {one.stage}): {one.detail}", context)


@check(Endpoints, "graphql.endpoint-missing", "There is no endpoint at the known paths", _CRITICAL, Section.GRAPHQL)
def endpoint_missing(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """The host answers and knows neither the configured path nor the other ones: a rewritten ingress, a moved API."""
    spots = [spot for spot in _astray(seen, REFUSED) if spot.status in _NOTHING_THERE]
    if spots:
        places = few(spot.configured for spot in spots)
        summary = f"there is none at {places} (HTTP {spots[-1].status}), nor at the other known path"
        yield spots_sign(spots, summary, context)


@check(Endpoints, "graphql.redirected", "An endpoint redirects elsewhere", _CRITICAL, Section.GRAPHQL)
def redirected(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """API clients do not follow to a login page or another host: a proxy's login or a rule for pages takes the path."""
    spots = list(_astray(seen, REDIRECT))
    if spots:
        exchange = spots[-1].exchange
        where = (exchange.location if isinstance(exchange, Answer) else "") or "nowhere"
        yield spots_sign(spots, f"HTTP {spots[-1].status} leads to {where}", context, Fact("leads to", where))


@check(Endpoints, "graphql.not-graphql", "Something else answers in the backend's place", _CRITICAL, Section.GRAPHQL)
def not_graphql(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """A page with HTTP 200 looks well to a load balancer and is none of the API: a maintenance page, the dashboard."""
    spots = list(_astray(seen, SUCCESS))
    if spots:
        exchange = spots[-1].exchange
        kind = (exchange.content_type if isinstance(exchange, Answer) else "") or "no content type"
        yield spots_sign(spots, f"something else answers at {spots[-1].url}, HTTP {spots[-1].status}, {kind}", context)


@check(Endpoints, "graphql.request-rejected", "An endpoint rejects requests", _CRITICAL, Section.GRAPHQL)
def request_rejected(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """Something before the backend turns requests away: a firewall, a rate limit, a proxy's own login."""
    spots = [spot for spot in _astray(seen, REFUSED) if spot.status not in _NOTHING_THERE]
    if spots:
        yield spots_sign(spots, f"requests are rejected, {said(spots[-1].exchange)}", context)


@check(Endpoints, "graphql.query-fails", "The simplest query fails", _CRITICAL, Section.GRAPHQL)
def query_fails(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """A server that cannot say which type its queries have can answer none: a panic, or something before each query."""
    page = seen.graphql
    if page.errors and not page.root and not page.wants_login and not page.forbidden:
        summary = f"GraphQL answers {{ __typename }} with errors: {few(page.errors)}"
        facts = tuple(Fact("error", error) for error in page.errors)
        command = graphql_command(page.url, context)
        spot = seen.spots[-1]
        yield Sign(spot.subject, summary, (Fact(spot.name, said(page.exchange)), *facts), command, None, spot.rests_on)


@check(Endpoints, "graphql.path-differs", "An endpoint is at another path than configured", _NOTE, Section.GRAPHQL)
def path_differs(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """The runbook says /health and /query; the platform is deployed with /gateway/v1 before both."""
    spots = [spot for spot in seen.spots if spot.served and spot.url != spot.configured]
    if spots:
        told = few(spot.configured for spot in spots)
        runbook = ", as the runbook does" if spots[-1].configured.count("/") == _SHORT else ""
        summary = f"the settings say {told}{runbook}; the platform answers at {few(spot.url for spot in spots)}"
        yield spots_sign(spots, summary, context)


#: Slashes of an address whose path has one part, as the runbook's have.
_SHORT = 3

CHECKS = (
    gateway_error,
    not_answering,
    server_error,
    redirected,
    endpoint_missing,
    not_graphql,
    request_rejected,
    query_fails,
)
NOTES = (path_differs,)


def _astray(seen: Endpoints, status_class: int) -> Iterator[Spot]:
    """The endpoints in whose place something answered with a status of this class."""
    for spot in seen.spots:
        if not spot.served and isinstance(spot.exchange, Answer) and spot.exchange.status_class == status_class:
            yield spot


def _of_gateway(spot: Spot) -> bool:
    """Whether it is the gateway's own error and not the backend's: that one speaks JSON."""
    return spot.status in _GATEWAY and isinstance(spot.exchange, Answer) and not spot.exchange.is_json

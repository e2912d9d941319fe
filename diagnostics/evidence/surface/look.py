"""How the backend's HTTP surface is looked at: which requests are made of it, and which facts are taken from them.

One look serves one run. It changes nothing at the backend: it asks for its health, for `{ __typename }` and its schema.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from diagnostics.context import SurfaceExpected
from diagnostics.evidence.http import REFUSED, SUCCESS, Answer, Http, NoAnswer, Outgoing, Reply, answered
from diagnostics.evidence.keycloak.kinds import KeycloakLogin
from diagnostics.evidence.network import Network
from diagnostics.evidence.surface.answers import graphql_codes, graphql_data, graphql_errors, health_parts
from diagnostics.evidence.surface.client import Schemas, SchemaUnreadableError
from diagnostics.evidence.surface.kinds import (
    GraphqlAnswers,
    GraphqlPage,
    GraphqlSchema,
    HealthPage,
    HealthPages,
    Introspection,
    SurfaceReach,
)
from diagnostics.model import CouldNotLookError, Evidence, Reason, Unobserved
from diagnostics.observe import Seen, Source

#: Where the two endpoints are: as the runbook says, and as the platform is deployed.
HEALTH_PATHS = ("/health", "/gateway/v1/health")
GRAPHQL_PATHS = ("/query", "/gateway/v1/query")
#: The least that GraphQL can be asked.
TYPENAME = "{ __typename }"
_MISSING = 404
#: Bytes of a schema that are read: one by ENT, with a filter for each field of each entity, has one or two million.
SCHEMA_AT_MOST = 16_000_000

#: Ids of the known errors in some lines. It takes the processor for a while: it is called in a thread.
Known = Callable[[Sequence[str]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Instruments:
    """The clients a look goes through; `token` gives the client's token, empty while there is none."""

    http: Http
    network: Network
    schemas: Schemas
    known: Known
    token: Callable[[], str] = field(repr=False, default=lambda: "")


class SurfaceLook:
    """One run's look at the endpoints. Each method looks once and gives evidence."""

    def __init__(self, expected: SurfaceExpected, tools: Instruments) -> None:
        self._expected = expected
        self._tools = tools

    async def reach(self, _: Seen) -> SurfaceReach:
        """The connection to each of the hosts."""
        urls = {_origin(url): url for url in (self._expected.graphql_url, self._expected.health_url)}
        reached = await asyncio.gather(*(self._tools.network.reach(url) for url in urls.values()))
        for one in reached:
            _not_ours(one.failure)
        return SurfaceReach(tuple(reached))

    async def health(self, _: Seen) -> HealthPages:
        """The health endpoint; where the configured address has none, also the other known path."""
        pages = [await self._health_at(self._expected.health_url)]
        if _elsewhere(pages[0].exchange, served=pages[0].served):
            pages += [await self._health_at(url) for url in others(self._expected.health_url, HEALTH_PATHS)]
        return HealthPages(tuple(pages))

    async def _health_at(self, url: str) -> HealthPage:
        exchange = await self._sent(Outgoing("GET", url))
        parts = health_parts(exchange) if isinstance(exchange, Reply) else ()
        return HealthPage(
            url, answered(exchange), parts, await self._known(part.said for part in parts if not part.well)
        )

    async def graphql(self, seen: Seen) -> GraphqlAnswers:
        """The GraphQL endpoint: first as anybody asks, then with the client's token where it wants a login."""
        pages = [await self._graphql_at(self._expected.graphql_url)]
        if _elsewhere(pages[0].exchange, served=pages[0].served):
            pages += [await self._graphql_at(url) for url in others(self._expected.graphql_url, GRAPHQL_PATHS)]
        found = GraphqlAnswers(tuple(pages))
        if not found.page.wants_login:
            return found
        token = self._tools.token()
        if not token:
            return GraphqlAnswers(found.pages, None, _why_no_login(seen))
        return GraphqlAnswers(found.pages, await self._graphql_at(found.page.url, token))

    async def _graphql_at(self, url: str, token: str = "") -> GraphqlPage:
        exchange = await self._sent(asking(url, TYPENAME, token))
        if not isinstance(exchange, Reply):
            return GraphqlPage(url, exchange)
        errors = graphql_errors(exchange)
        root = graphql_data(exchange).get("__typename")
        named = root if isinstance(root, str) else ""
        return GraphqlPage(url, exchange.answer(), named, errors, graphql_codes(exchange), await self._known(errors))

    async def schema(self, seen: Seen) -> GraphqlSchema:
        """The schema by introspection, and how it differs from the expected one."""
        page = seen[GraphqlAnswers].last
        if not page.root:
            raise CouldNotLookError(
                Reason.DEPENDS, f"{page.url} does not answer {TYPENAME}, so it is not asked for more."
            )
        token = self._tools.token() if seen[GraphqlAnswers].again else ""
        asked = asking(page.url, await self._tools.schemas.question(), token)
        exchange = await self._sent(replace(asked, at_most=SCHEMA_AT_MOST))
        if isinstance(exchange, Reply) and len(exchange.body) >= SCHEMA_AT_MOST:
            detail = f"The live schema has more than {SCHEMA_AT_MOST} bytes, so it was not read to its end."
            return GraphqlSchema(Introspection.GIVEN, exchange=answered(exchange), uncompared=detail)
        outcome = _introspected(exchange)
        if outcome.introspection is not Introspection.GIVEN or not isinstance(exchange, Reply):
            return outcome
        try:
            found = await self._tools.schemas.compared(graphql_data(exchange))
        except SchemaUnreadableError as error:
            return GraphqlSchema(Introspection.GIVEN, exchange=answered(exchange), uncompared=str(error))
        return GraphqlSchema(
            Introspection.GIVEN,
            types=found.types,
            exchange=answered(exchange),
            differences=found.differences,
            fingerprint=found.fingerprint,
        )

    async def _sent(self, request: Outgoing) -> Reply | NoAnswer:
        """One request. Raises CouldNotLookError where our own machine could not connect."""
        outcome = await self._tools.http.send(request)
        _not_ours(outcome)
        return outcome

    async def _known(self, lines: Iterable[str]) -> tuple[str, ...]:
        listed = tuple(line for line in lines if line)
        return await asyncio.to_thread(self._tools.known, listed) if listed else ()


def surface_sources(look: SurfaceLook) -> tuple[Source[Evidence], ...]:
    """Every look at the surface as a source; what the client's login gives is waited for."""
    return (
        Source(SurfaceReach, look.reach),
        Source(HealthPages, look.health),
        Source(GraphqlAnswers, look.graphql, after=(KeycloakLogin,)),
        Source(GraphqlSchema, look.schema, needs=(GraphqlAnswers,)),
    )


def asking(url: str, query: str, token: str = "") -> Outgoing:
    """A GraphQL query as a request."""
    return Outgoing("POST", url, body={"query": query}, bearer=token)


def others(url: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The other known addresses on the same host."""
    origin = _origin(url)
    return tuple(one for one in (f"{origin}{path}" for path in paths) if one != url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _elsewhere(exchange: Answer | NoAnswer | Reply, *, served: bool) -> bool:
    """Whether the endpoint may be at another path: something answers here, and it is not the endpoint."""
    if served or not isinstance(exchange, Answer):
        return False
    return exchange.status == _MISSING or exchange.status_class == SUCCESS


def _introspected(exchange: Reply | NoAnswer) -> GraphqlSchema:
    """What became of introspection. It is off where a sound endpoint refuses this question in words of its own."""
    if not isinstance(exchange, Reply):
        return GraphqlSchema(Introspection.BROKEN, exchange.detail, exchange=exchange)
    answer, said = exchange.answer(), "; ".join(graphql_errors(exchange))
    if "__schema" in graphql_data(exchange):
        return GraphqlSchema(Introspection.GIVEN, exchange=answer)
    if "introspect" in said.lower() or "__schema" in said:
        return GraphqlSchema(Introspection.OFF, said, exchange=answer)
    if answer.status in {401, 403}:
        return GraphqlSchema(Introspection.REFUSED, said or answer.refusal, exchange=answer)
    refused = answer.status_class == REFUSED and not said
    return GraphqlSchema(
        Introspection.BROKEN, said or (answer.refusal if refused else f"HTTP {answer.status}"), exchange=answer
    )


def _why_no_login(seen: Seen) -> str:
    login = seen.get(KeycloakLogin)
    if isinstance(login, Unobserved):
        return login.detail
    exchange = login.exchange
    return exchange.refusal if isinstance(exchange, Answer) else f"Keycloak gave no answer: {exchange.detail}"


def _not_ours(outcome: Reply | NoAnswer | None) -> None:
    """Pass unless it was our own machine that could not connect.

    Raises:
        CouldNotLookError: it was.
    """
    if isinstance(outcome, NoAnswer) and outcome.ours:
        detail = f"This machine could open no connection: {outcome.detail}. Free its resources, or raise its limits."
        raise CouldNotLookError(Reason.FAILED, detail)

"""Checks of the live GraphQL schema: whether it can be asked for, and how it differs from the expected one."""

from collections.abc import Iterable, Iterator

from diagnostics.areas.graphql.platform import graphql_command
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.surface.kinds import Difference, GraphqlSchema, Introspection
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import counted, few

#: Differences named among the facts; the saved run has all of them.
_NAMED = 12
_TYPES = '{"query":"{ __schema { types { name } } }"}'


@check(
    GraphqlSchema,
    "graphql.schema-differs",
    "The live schema lacks what clients expect",
    Severity.WARNING,
    Section.GRAPHQL_SCHEMA,
)
def schema_differs(seen: GraphqlSchema, context: Context) -> Iterator[Sign]:
    """Clients made for the expected schema ask for what is not there, and get "Cannot query field" in return."""
    breaking = [one for one in seen.differences or () if one.breaking]
    if breaking:
        summary = (
            f"The live schema differs from {context.surface.schema or 'the expected one'} in "
            f"{counted(len(breaking), 'place')} that break clients: {few(one.said for one in breaking)}"
        )
        yield _sign(summary, _facts(breaking), context)


@check(
    GraphqlSchema,
    "graphql.introspection-broken",
    "Asking for the schema fails",
    Severity.WARNING,
    Section.GRAPHQL_SCHEMA,
)
def introspection_broken(seen: GraphqlSchema, context: Context) -> Iterator[Sign]:
    """The endpoint answers the simplest query and fails over its own schema: that is no setting, but a fault."""
    if seen.introspection is Introspection.BROKEN:
        summary = f"GraphQL answers {{ __typename }}, and fails when it is asked for its schema: {seen.said}"
        yield _sign(summary, (Fact("answer", seen.said),), context)


@check(
    GraphqlSchema,
    "graphql.introspection-off",
    "The schema cannot be asked for",
    Severity.NOTE,
    Section.GRAPHQL,
)
def introspection_off(seen: GraphqlSchema, context: Context) -> Iterator[Sign]:
    """Introspection is off or not for this client, which is a setting and no fault; nothing can be compared with it."""
    if seen.introspection in {Introspection.OFF, Introspection.REFUSED}:
        why = "is switched off" if seen.introspection is Introspection.OFF else "is not for the bot's client"
        summary = f"Introspection {why}: {seen.said}. Queries are answered; the schema was not compared"
        yield _sign(summary, (Fact("answer", seen.said),), context)


@check(
    GraphqlSchema,
    "graphql.schema-newer",
    "The live schema has more than is expected",
    Severity.NOTE,
    Section.GRAPHQL_SCHEMA,
)
def schema_newer(seen: GraphqlSchema, context: Context) -> Iterator[Sign]:
    """What is only in the live schema breaks nobody; the file to compare with is of an older release."""
    more = [one for one in seen.differences or () if not one.breaking]
    if more and len(more) == len(seen.differences or ()):
        summary = (
            f"The live schema has {counted(len(more), 'thing')} more than expected: {few(one.said for one in more)}"
        )
        yield _sign(summary, _facts(more), context)


CHECKS = (introspection_broken, schema_differs)
NOTES = (introspection_off, schema_newer)


def _facts(some: Iterable[Difference]) -> tuple[Fact, ...]:
    listed = list(some)
    more = (Fact("and more", str(len(listed) - _NAMED)),) if len(listed) > _NAMED else ()
    return (*(Fact(one.at, one.said) for one in listed[:_NAMED]), *more)


def _sign(summary: str, facts: tuple[Fact, ...], context: Context) -> Sign:
    url = context.surface.graphql_url
    return Sign(Subject("schema", url), summary, facts, graphql_command(url, context, login=True, query=_TYPES))

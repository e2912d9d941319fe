"""Checks of what the health endpoint reports: which of the things the backend stands on is not well."""

from collections.abc import Iterator

from diagnostics.areas.graphql.platform import get_command
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.surface.kinds import HealthPart
from diagnostics.evidence.surface.views import Endpoints
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import few

#: By which words of its name a part of the report is the database, and Keycloak.
DATABASE, KEYCLOAK = ("database", "postgres", "db", "sql"), ("keycloak", "auth", "oidc", "uma")
#: Known errors that only a database has.
_OF_DATABASE = ("postgres.", "server.database")


@check(
    Endpoints,
    "graphql.database-unavailable",
    "The backend reports that its database is not available",
    Severity.CRITICAL,
    Section.DATABASE,
)
def database_unavailable(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """Nearly every query needs the database: without it the API is up and answers errors."""
    ill = [part for part in seen.health.ill if is_about(part, DATABASE)]
    errors = seen.graphql.errors if any(id.startswith(_OF_DATABASE) for id in seen.graphql.known) else ()
    said = few([*(part.said for part in ill), *errors])
    if said:
        summary = f"The backend cannot use its database: {said}"
        yield _sign(seen, summary, context, *_from_here(seen))


@check(
    Endpoints,
    "graphql.health-failing",
    "The health endpoint reports trouble",
    Severity.CRITICAL,
    Section.GRAPHQL,
)
def health_failing(seen: Endpoints, context: Context) -> Iterator[Sign]:
    """The backend says of itself that it is not well: probes fail on it, and pods are taken out of service."""
    others = [part for part in seen.health.ill if not is_about(part, (*DATABASE, *KEYCLOAK))]
    if others:
        named = few(f"{part.name} ({part.said})" for part in others)
        yield _sign(seen, f"The health endpoint reports trouble: {named}", context)


CHECKS = (database_unavailable, health_failing)


def is_about(part: HealthPart, words: tuple[str, ...]) -> bool:
    """Whether a part of the report is about this, by its name."""
    return any(word in part.name.lower() for word in words)


def _sign(seen: Endpoints, summary: str, context: Context, *facts: Fact) -> Sign:
    spot = seen.spots[0]
    parts = tuple(Fact(f"health: {part.name}", part.said or "well") for part in seen.health.parts)
    return Sign(spot.subject, summary, (*parts, *facts), get_command(spot.url, context), None, spot.rests_on)


def _from_here(seen: Endpoints) -> tuple[Fact, ...]:
    """How far a connection to the database's address gets from where the bot runs."""
    if seen.database is None:
        return ()
    reached = seen.database.reached
    came = f"{reached.failure.stage}: {reached.failure.detail}" if reached.failure else "can be connected to"
    return (Fact(f"{reached.host}:{reached.port}, from here", came),)

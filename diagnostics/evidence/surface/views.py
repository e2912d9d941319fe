"""The HTTP surface as checks take it: both endpoints side by side, and the login beside what Keycloak shows. Pure."""

from typing import ClassVar, Self
from urllib.parse import urlsplit

from diagnostics.evidence.cluster.kinds import DatabaseReach
from diagnostics.evidence.http import Answer, Exchange
from diagnostics.evidence.keycloak.kinds import (
    KeycloakDiscovery,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakReach,
    KeycloakRealm,
    KeycloakToken,
)
from diagnostics.evidence.keycloak.way import KeycloakWay
from diagnostics.evidence.surface.kinds import GraphqlAnswers, GraphqlPage, HealthPage, HealthPages, is_page
from diagnostics.model import Evidence, Subject, Value
from diagnostics.observe import Seen, View


class Spot(Value, frozen=True):
    """One endpoint: what it is called, where it was configured to be, where it is, and what was answered there.

    `served` says that the endpoint itself answered there, well or not.
    """

    name: str
    configured: str
    url: str
    exchange: Exchange
    served: bool

    @property
    def subject(self) -> Subject:
        """The endpoint, as a finding names it."""
        return Subject("endpoint", self.url)

    @property
    def host(self) -> Subject:
        """The host it is on."""
        return host_of(urlsplit(self.url).hostname or "")

    @property
    def rests_on(self) -> tuple[Subject, ...]:
        """What it needs to be well: its host."""
        return (self.host,)

    @property
    def status(self) -> int:
        """The status of its answer; 0 where there was none."""
        return self.exchange.status if isinstance(self.exchange, Answer) else 0

    @property
    def page(self) -> bool:
        """Whether it answered with a page for people."""
        return isinstance(self.exchange, Answer) and is_page(self.exchange)


class Endpoints(View, frozen=True):
    """The health and the GraphQL endpoint, side by side."""

    KIND: ClassVar[str] = "surface.endpoints"
    WHAT: ClassVar[str] = "the backend's endpoints"
    SETTING: ClassVar[str] = GraphqlAnswers.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (HealthPages, GraphqlAnswers)
    USES: ClassVar[tuple[type[Evidence], ...]] = (DatabaseReach,)

    health: HealthPage
    graphql: GraphqlPage
    spots: tuple[Spot, ...]
    database: DatabaseReach | None = None

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen."""
        health, graphql = seen[HealthPages], seen[GraphqlAnswers]
        return cls(
            health.page,
            graphql.last,
            (
                _spot("health endpoint", health.pages[0].url, health.page),
                _spot("GraphQL endpoint", graphql.pages[0].url, graphql.page),
            ),
            seen.given(DatabaseReach),
        )


class GraphqlLogin(View, frozen=True):
    """What became of the login at the GraphQL endpoint, beside what Keycloak showed where that was looked at."""

    KIND: ClassVar[str] = "surface.login"
    WHAT: ClassVar[str] = "the login at the GraphQL endpoint"
    SETTING: ClassVar[str] = GraphqlAnswers.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (HealthPages, GraphqlAnswers)
    USES: ClassVar[tuple[type[Evidence], ...]] = (
        KeycloakReach,
        KeycloakRealm,
        KeycloakDiscovery,
        KeycloakKeys,
        KeycloakLogin,
        KeycloakToken,
    )

    answers: GraphqlAnswers
    health: HealthPage
    #: What was seen of Keycloak, each kind that its own checks take.
    keycloak: tuple[Evidence, ...] = ()
    login: KeycloakLogin | None = None

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen."""
        kinds: tuple[type[Evidence], ...] = (KeycloakWay, *cls.USES)
        keycloak = tuple(found for kind in kinds if (found := seen.given(kind)) is not None)
        return cls(seen[GraphqlAnswers], seen[HealthPages].page, keycloak, seen.given(KeycloakLogin))

    @property
    def spot(self) -> Spot:
        """The GraphQL endpoint."""
        return _spot("GraphQL endpoint", self.answers.pages[0].url, self.answers.page)


def host_of(name: str) -> Subject:
    """A host, as findings name it."""
    return Subject("host", name)


def _spot(name: str, configured: str, page: HealthPage | GraphqlPage) -> Spot:
    return Spot(name, configured, page.url, page.exchange, page.served)

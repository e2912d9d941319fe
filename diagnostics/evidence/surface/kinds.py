"""The kinds of evidence about the backend's HTTP surface: plain facts, nothing judged, no token in them."""

from enum import StrEnum
from typing import ClassVar

from diagnostics.evidence.http import SUCCESS, Answer, Exchange, silence
from diagnostics.evidence.network import Reached
from diagnostics.model import Evidence, Fact, Reason, Unobserved, Value

_SETTING = "environments.<name>.backend"
_UNAUTHORIZED, _FORBIDDEN = 401, 403


class SurfaceReach(Evidence, frozen=True):
    """Whether the hosts of the health and the GraphQL endpoint can be found, connected to and trusted; each once."""

    KIND: ClassVar[str] = "surface.reach"
    WHAT: ClassVar[str] = "the connection to the backend"
    SETTING: ClassVar[str] = f"{_SETTING}.graphql_url"

    hosts: tuple[Reached, ...]

    def marks(self) -> tuple[Fact, ...]:
        """The certificate of each host."""
        return tuple(
            Fact(f"certificate of {one.host}", one.certificate.fingerprint[:16])
            for one in self.hosts
            if one.certificate
        )

    def unanswered(self) -> str:
        """Where the connections ended, where none could be used."""
        return silence(*(one.failure for one in self.hosts))


class HealthPart(Value, frozen=True):
    """One thing that the health endpoint reports on, in its own words: what, whether it is well, and what it says."""

    name: str
    well: bool
    said: str = ""


class HealthPage(Value, frozen=True):
    """What one address answered that a health endpoint may be at. `known` are ids of the known errors in its words."""

    url: str
    exchange: Exchange
    parts: tuple[HealthPart, ...] = ()
    known: tuple[str, ...] = ()

    @property
    def served(self) -> bool:
        """Whether a health endpoint is there, well or not: it answers with success, or says as JSON that it is not."""
        one = self.exchange
        return isinstance(one, Answer) and (
            (one.status_class == SUCCESS and not is_page(one)) or (bool(self.parts) and one.is_json)
        )

    @property
    def ill(self) -> tuple[HealthPart, ...]:
        """The parts it calls unwell."""
        return tuple(part for part in self.parts if not part.well)


class HealthPages(Evidence, frozen=True):
    """The health endpoint under the configured address and, on the same host, under the other known path."""

    KIND: ClassVar[str] = "surface.health"
    WHAT: ClassVar[str] = "the health endpoint"
    SETTING: ClassVar[str] = f"{_SETTING}.health_url"

    pages: tuple[HealthPage, ...]

    @property
    def page(self) -> HealthPage:
        """The one that counts: the configured address where a health endpoint is there, else another where one is."""
        return next((page for page in self.pages if page.served), self.pages[0])

    def unanswered(self) -> str:
        """Why no path was answered."""
        return silence(*(page.exchange for page in self.pages))


class GraphqlPage(Value, frozen=True):
    """What one address answered to `{ __typename }`.

    `root` is the type it names (Query) where it is GraphQL and answers. `errors` are the messages of its errors,
    `codes` their codes where they have some, which only GraphQL has. `known` are ids of the known errors in them.
    """

    url: str
    exchange: Exchange
    root: str = ""
    errors: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    known: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """The status of its answer; 0 where there was none."""
        return self.exchange.status if isinstance(self.exchange, Answer) else 0

    @property
    def wants_login(self) -> bool:
        """Whether it does not know who asks: by its status, or by its error's code."""
        return self.status == _UNAUTHORIZED or "UNAUTHENTICATED" in self.codes

    @property
    def forbidden(self) -> bool:
        """Whether it knows who asks and refuses."""
        return self.status == _FORBIDDEN or "FORBIDDEN" in self.codes

    @property
    def served(self) -> bool:
        """Whether GraphQL is there: it answers, in errors at least, or it wants a login and is no page."""
        is_graphql = bool(self.root or self.errors)
        return is_graphql or (self.wants_login and isinstance(self.exchange, Answer) and not is_page(self.exchange))


class GraphqlAnswers(Evidence, frozen=True):
    """The GraphQL endpoint under the configured address and, on the same host, under the other known path.

    `pages` were asked without a login. `again` is the one that counts asked with the client's token, where it wanted a
    login and there was one; `no_login` says why there was none.
    """

    KIND: ClassVar[str] = "surface.graphql"
    WHAT: ClassVar[str] = "the GraphQL endpoint"
    SETTING: ClassVar[str] = f"{_SETTING}.graphql_url"

    pages: tuple[GraphqlPage, ...]
    again: GraphqlPage | None = None
    no_login: str = ""

    @property
    def page(self) -> GraphqlPage:
        """The one that counts: the configured address where GraphQL is there, else another where it is."""
        return next((page for page in self.pages if page.served), self.pages[0])

    @property
    def last(self) -> GraphqlPage:
        """What was answered in the end, with the token where one was sent."""
        return self.again or self.page

    def unanswered(self) -> str:
        """Why no path was answered."""
        return silence(*(page.exchange for page in self.pages))

    def lacks(self) -> tuple[Unobserved, ...]:
        """What is behind the login, where the bot has none."""
        if self.page.wants_login and self.again is None:
            detail = f"{self.page.url} wants a login, and there is none: {self.no_login}"
            return (Unobserved("what is behind the login of the GraphQL endpoint", Reason.REFUSED, detail),)
        return ()


class Introspection(StrEnum):
    """What became of asking for the schema."""

    GIVEN = "given"
    OFF = "off"
    REFUSED = "refused"
    BROKEN = "broken"


class Difference(Value, frozen=True):
    """One difference between the expected schema and the live one, at a type or field such as `Bot.leverage`.

    `breaking` says that a client made for the expected schema fails on the live one.
    """

    at: str
    said: str
    breaking: bool


class GraphqlSchema(Evidence, frozen=True):
    """What introspection gave. `said` are the server's words where it gave nothing; `types` counts what it gave.

    `differences` are those from the expected schema; None where it was not compared, and `uncompared` says why.
    """

    KIND: ClassVar[str] = "surface.schema"
    WHAT: ClassVar[str] = "the GraphQL schema"
    SETTING: ClassVar[str] = f"{_SETTING}.schema_file"

    introspection: Introspection
    said: str = ""
    types: int = 0
    exchange: Exchange | None = None
    differences: tuple[Difference, ...] | None = None
    uncompared: str = ""
    fingerprint: str = ""

    def marks(self) -> tuple[Fact, ...]:
        """A fingerprint of the live schema: a release that changed it shows."""
        return (Fact("GraphQL schema", self.fingerprint),) if self.fingerprint else ()

    def unanswered(self) -> str:
        """Why there was no answer."""
        return silence(self.exchange)

    def lacks(self) -> tuple[Unobserved, ...]:
        """The comparison with the expected schema, where one was wanted and could not be made."""
        what = "whether the schema is the expected one"
        return (Unobserved(what, Reason.FAILED, self.uncompared),) if self.uncompared else ()


def is_page(answer: Answer) -> bool:
    """Whether it is a page for people: neither endpoint answers so, what stands before them does."""
    return "html" in answer.content_type.lower()

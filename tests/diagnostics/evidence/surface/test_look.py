"""Tests of how the surface is looked at: which requests are made, in what order, and what is taken from the answers."""

from collections.abc import Callable
from typing import Any

import pytest

from diagnostics.context import SurfaceExpected
from diagnostics.evidence.http import NoAnswer, Outgoing, Reply, Stage
from diagnostics.evidence.keycloak.kinds import KeycloakLogin
from diagnostics.evidence.surface.client import Compared, SchemaUnreadableError
from diagnostics.evidence.surface.kinds import Difference, GraphqlAnswers, GraphqlSchema, Introspection
from diagnostics.evidence.surface.look import SCHEMA_AT_MOST, Instruments, SurfaceLook, others, surface_sources
from diagnostics.model import CouldNotLookError, Reason, Unobserved
from diagnostics.observe import Seen
from tests.diagnostics.evidence.fakes import GONE, URL, FakeHttp, FakeNetwork, Made, page, reply

EXPECTED = SurfaceExpected(f"{URL}/health", f"{URL}/query")
NOTHING = Seen({})
QUERY = reply({"data": {"__typename": "Query"}})
WANTS = reply({"errors": [{"message": "no token", "extensions": {"code": "UNAUTHENTICATED"}}]}, 401)
WELL = reply({"status": "ok", "checks": {"database": "ok"}})
DIFFERENCE = Difference("Bot.leverage", "Field Bot.leverage is missing", breaking=True)


class FakeSchemas:
    """Gives the differences it was made with."""

    def __init__(self, outcome: Compared | SchemaUnreadableError | None = None) -> None:
        self.outcome = outcome or Compared(3, "abc", (DIFFERENCE,))
        self.given: list[dict[str, Any]] = []

    async def question(self) -> str:
        """The query."""
        return "{ __schema { types { name } } }"

    async def compared(self, introspected: dict[str, Any]) -> Compared:
        """The outcome."""
        self.given.append(introspected)
        if isinstance(self.outcome, SchemaUnreadableError):
            raise self.outcome
        return self.outcome


def look(
    table: dict[str, Made], token: str = "", schemas: FakeSchemas | None = None, failure: NoAnswer | None = None
) -> tuple[SurfaceLook, FakeHttp]:
    http = FakeHttp(table)
    tools = Instruments(
        http,
        FakeNetwork(failure),
        schemas or FakeSchemas(),
        lambda lines: tuple(f"known {line}" for line in lines),
        lambda: token,
    )
    return SurfaceLook(EXPECTED, tools), http


def by_token(yes: Reply, no: Reply = WANTS) -> Callable[[Outgoing], Reply]:
    """Answers those who bring the token."""
    return lambda request: yes if request.bearer == "t0ken" else no


async def test_a_sound_surface_is_asked_once() -> None:
    """Asks each endpoint once where it is found, and no other path."""
    looking, http = look({"GET /health": WELL, "POST /query": QUERY})
    health, answers = await looking.health(NOTHING), await looking.graphql(NOTHING)
    assert (health.page.url, health.page.served, health.page.ill) == (f"{URL}/health", True, ())
    assert (answers.page.root, answers.again, answers.lacks()) == ("Query", None, ())
    assert http.paths() == ["GET /health", "POST /query"]
    assert http.sent[1].body == {"query": "{ __typename }"}


async def test_the_other_path() -> None:
    """Looks at the other known path where the configured one has nothing or a page, and takes what it finds there."""
    for nothing in (reply({"error": "x"}, 404), page("<html>")):
        looking, _ = look(
            {
                "GET /health": nothing,
                "GET /gateway/v1/health": WELL,
                "POST /query": nothing,
                "POST /gateway/v1/query": QUERY,
            }
        )
        assert (await looking.health(NOTHING)).page.url == f"{URL}/gateway/v1/health"
        assert (await looking.graphql(NOTHING)).page.url == f"{URL}/gateway/v1/query"


@pytest.mark.parametrize(
    "made", [GONE, page("Bad Gateway", 502), page("", 302)], ids=["silence", "gateway", "redirect"]
)
async def test_what_says_nothing_of_paths(made: Made) -> None:
    """Asks no other path after silence, a gateway's error or a redirect: these would come from there, too."""
    looking, http = look({"GET /health": made, "POST /query": made})
    await looking.health(NOTHING)
    assert not (await looking.graphql(NOTHING)).page.served
    assert http.paths() == ["GET /health", "POST /query"]


def test_other_addresses() -> None:
    """Leaves the configured address out of the others, and keeps host and port."""
    paths = ("/query", "/gateway/v1/query")
    assert others("https://a.b:8443/query", paths) == ("https://a.b:8443/gateway/v1/query",)
    assert others("https://a.b/api", paths) == ("https://a.b/query", "https://a.b/gateway/v1/query")


async def test_the_login() -> None:
    """Sends the client's token only where a login is wanted, and only to the address that wants it."""
    looking, http = look({"POST /query": by_token(QUERY)}, "t0ken")
    answers = await looking.graphql(NOTHING)
    assert answers.page.wants_login
    assert answers.last.root == "Query"
    assert [request.bearer for request in http.sent] == ["", "t0ken"]
    assert "t0ken" not in repr(answers)
    assert "t0ken" not in repr(http.sent)
    open_to_all, http = look({"POST /query": QUERY}, "t0ken")
    await open_to_all.graphql(NOTHING)
    assert [request.bearer for request in http.sent] == [""]


async def test_no_login() -> None:
    """Says what is behind the login that nobody has, and why there is none."""
    looking, _ = look({"POST /query": WANTS})
    lack = Unobserved("x", Reason.NOT_CONFIGURED, "Set it.")
    answers = await looking.graphql(Seen({KeycloakLogin: lack}))
    (told,) = answers.lacks()
    assert told.reason is Reason.REFUSED
    assert told.detail.endswith("Set it.")
    refused = KeycloakLogin(reply({"error": "invalid_client"}, 401).answer())
    assert "invalid_client" in (await looking.graphql(Seen({KeycloakLogin: refused}))).no_login
    assert "Connection refused" in (await looking.graphql(Seen({KeycloakLogin: KeycloakLogin(GONE)}))).no_login


async def test_known_errors() -> None:
    """Looks up what unwell parts and errors say among the known errors; what is well is not looked up."""
    ill = reply({"checks": {"database": {"status": "down", "error": "too many"}, "etcd": "ok"}}, 503)
    looking, _ = look({"GET /health": ill, "POST /query": reply({"errors": [{"message": "oops"}]})})
    assert (await looking.health(NOTHING)).page.known == ("known too many",)
    assert (await looking.graphql(NOTHING)).page.known == ("known oops",)


async def schema(made: Reply | NoAnswer, schemas: FakeSchemas | None = None) -> GraphqlSchema:
    """What becomes of introspection that is answered so, at an endpoint that answers `{ __typename }`."""
    looking, _ = look({"POST /query": lambda one: QUERY if "typename" in one.body["query"] else made}, schemas=schemas)
    answers = await looking.graphql(NOTHING)
    return await looking.schema(Seen({GraphqlAnswers: answers}))


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (reply({"data": {"__schema": {}}}), Introspection.GIVEN),
        (reply({"errors": [{"message": "introspection disabled"}], "data": None}), Introspection.OFF),
        (reply({"errors": [{"message": 'Cannot query field "__schema" on type "Query"'}]}), Introspection.OFF),
        (reply({"errors": [{"message": "not for you"}]}, 403), Introspection.REFUSED),
        (reply({"errors": [{"message": "internal system error"}]}), Introspection.BROKEN),
        (page("Bad Gateway", 502), Introspection.BROKEN),
        (NoAnswer(Stage.ANSWER, "nothing", timed_out=True, took_ms=4000), Introspection.BROKEN),
    ],
)
async def test_introspection(made: Reply | NoAnswer, outcome: Introspection) -> None:
    """Tells a schema that is given from one that is off, not for this client, or broken."""
    seen = await schema(made)
    assert seen.introspection is outcome
    assert (seen.differences is None) is (outcome is not Introspection.GIVEN)


async def test_a_schema_that_cannot_be_compared() -> None:
    """Says why nothing was compared, as a blind spot."""
    seen = await schema(reply({"data": {"__schema": {}}}), FakeSchemas(SchemaUnreadableError("The file is no schema.")))
    assert [lack.detail for lack in seen.lacks()] == ["The file is no schema."]


async def test_a_schema_without_end() -> None:
    """Takes a schema of more than a megabyte, and says of one that has no end that it was not read to it."""
    looking, http = look({"POST /query": QUERY})
    await looking.schema(Seen({GraphqlAnswers: await looking.graphql(NOTHING)}))
    assert http.sent[-1].at_most == SCHEMA_AT_MOST > 10 * 1_000_000
    seen = await schema(page("x" * SCHEMA_AT_MOST))
    assert seen.introspection is Introspection.GIVEN
    assert "more than" in seen.lacks()[0].detail


async def test_no_schema_without_an_answer() -> None:
    """Does not ask for a schema where not even the simplest query is answered."""
    looking, http = look({"POST /query": WANTS})
    answers = await looking.graphql(NOTHING)
    with pytest.raises(CouldNotLookError) as caught:
        await looking.schema(Seen({GraphqlAnswers: answers}))
    assert caught.value.reason is Reason.DEPENDS
    assert len(http.sent) == 1


async def test_our_own_machine() -> None:
    """Does not take its own lack of means for the platform's fault."""
    spent = NoAnswer(Stage.CONNECT, "Too many open files", timed_out=False, took_ms=0, code="EMFILE")
    looking, _ = look({"GET /health": spent}, failure=spent)
    for one in (looking.health, looking.reach):
        with pytest.raises(CouldNotLookError) as caught:
            await one(NOTHING)
        assert caught.value.reason is Reason.FAILED


async def test_one_host_is_reached_once() -> None:
    """Reaches a host that has both endpoints once."""
    looking, _ = look({})
    assert len((await looking.reach(NOTHING)).hosts) == 1
    assert len(surface_sources(looking)) == 4

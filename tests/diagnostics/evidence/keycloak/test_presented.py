"""Tests of looking at what a person presents: a token, a resource."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from diagnostics.evidence.http import Outgoing, Reply
from diagnostics.evidence.keycloak import Question, resource_source, token_sources
from diagnostics.evidence.keycloak.kinds import (
    AskedResource,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakProtection,
    KeycloakRealm,
    PresentedToken,
    RealmPage,
    TokenActivity,
)
from diagnostics.evidence.keycloak.presented import SEARCHED_AT_MOST
from diagnostics.evidence.keycloak.session import Credentials, KeycloakSession, Target, Tools
from diagnostics.evidence.tokens import Key, Signature
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.observe import Seen
from tests.diagnostics.areas.cases.case import DOWN, OK, refusal
from tests.diagnostics.areas.cases.token import facts
from tests.diagnostics.evidence.fakes import GONE, NOW, URL, FakeHttp, FakeNetwork, FakeTokens, reply

INTROSPECT = "POST /realms/volaticloud/protocol/openid-connect/token/introspect"
RESOURCES = "/realms/volaticloud/authz/protection/resource_set"
KEYS = KeycloakKeys(OK, (Key("k1", "RSA", "RS256", "sig"),))
SERVED = KeycloakRealm((RealmPage("", OK, "volaticloud"),))


def session(http: FakeHttp, tokens: FakeTokens | None = None) -> KeycloakSession:
    target = Target(URL, "volaticloud", Credentials("volaticloud-api", "hunter2", "the setting"))
    return KeycloakSession("run1", target, Tools(http, FakeNetwork(), tokens or FakeTokens()))


def seen(*found: Any) -> Seen:
    return Seen({KeycloakRealm: SERVED, **{type(one): one for one in found}})


def now() -> datetime:
    return NOW


async def presented(token: str, keys: KeycloakKeys = KEYS, tokens: FakeTokens | None = None) -> PresentedToken:
    source, _ = token_sources(session(FakeHttp({}), tokens), token, now)
    found = await source.observe(seen(keys))
    assert isinstance(found, PresentedToken)
    return found


async def test_a_token() -> None:
    """Reads a token's claims and checks its signature by the published keys' own algorithms."""
    tokens = FakeTokens(Signature.WRONG)
    found = await presented("good", tokens=tokens)
    assert (found.signature, found.published, found.received_at) == (Signature.WRONG, ("k1",), NOW)
    assert tokens.algorithms == ("RS256",)


async def test_no_token() -> None:
    """Says that a text is no token, and repeats none of it."""
    with pytest.raises(CouldNotLookError, match=r"^This is not a token: it is not one of ours\.$"):
        await presented("s3cr3t-words")


async def test_no_keys() -> None:
    """Needs published keys."""
    with pytest.raises(CouldNotLookError) as caught:
        await presented("good", KeycloakKeys(DOWN))
    assert caught.value.reason is Reason.DEPENDS


@pytest.mark.parametrize(
    ("document", "active"), [({"active": True}, True), ({"active": False}, False), ({}, False), ({"active": 1}, False)]
)
async def test_activity(document: dict[str, Any], active: bool) -> None:  # noqa: FBT001
    """Asks whether the token is still active, as the client, and sends it nowhere else."""
    http = FakeHttp({INTROSPECT: reply(document)})
    _, source = token_sources(session(http), "good", now)
    found = await source.observe(seen())
    assert isinstance(found, TokenActivity)
    assert found.active is active
    assert [dict(one.form) for one in http.sent] == [
        {"client_id": "volaticloud-api", "client_secret": "hunter2", "token": "good"}
    ]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply({"error": "invalid_request"}, 401), Reason.REFUSED),
        (reply([]), Reason.REFUSED),
        (GONE, Reason.UNREACHABLE),
    ],
)
async def test_activity_unknown(answer: Any, reason: Reason) -> None:
    """Does not take a refused introspection for an inactive token."""
    _, source = token_sources(session(FakeHttp({INTROSPECT: answer})), "good", now)
    with pytest.raises(CouldNotLookError) as caught:
        await source.observe(seen())
    assert caught.value.reason is reason


LOGIN = KeycloakLogin(OK, facts(), NOW)
LET_IN = KeycloakProtection(OK, ())


async def asked(name: str, table: dict[str, Any]) -> tuple[AskedResource, FakeHttp]:
    http = FakeHttp(table)
    found = await resource_source(session(http), Question("alice", "view", name)).observe(seen(LOGIN, LET_IN))
    assert isinstance(found, AskedResource)
    return found, http


async def test_a_resource_by_id() -> None:
    """Finds a resource by its id, with the client's token."""
    found, http = await asked("r1", {f"GET {RESOURCES}/r1": reply({"_id": "r1", "name": "x"})})
    assert found.resource is not None
    assert found.resource.id == "r1"
    assert len(http.sent) == 1


def listing(*items: dict[str, Any]) -> Callable[[Outgoing], Reply]:
    return lambda _: reply(list(items))


async def test_a_resource_by_name() -> None:
    """Finds a resource by its exact name when no id fits."""
    found, http = await asked("my bot", {f"GET {RESOURCES}": listing({"_id": "r2", "name": "my bot"})})
    assert found.resource is not None
    assert found.resource.id == "r2"
    assert "exactName=true" in http.paths()[-1]
    assert http.paths()[0] == f"GET {RESOURCES}/my%20bot"


def registered(*items: dict[str, Any]) -> Callable[[Outgoing], Reply]:
    """A protection API that has these resources and finds them by their exact names."""

    def answer(request: Outgoing) -> Reply:
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        found = [one for one in items if query.get("name") in {None, one["name"]}]
        return reply(found[int(query["first"]) :][: int(query["max"])])

    return answer


def shown_as(id: str, display: str, owner: str = "alice-id") -> dict[str, Any]:
    return {"_id": id, "name": f"name-{id}", "displayName": display, "attributes": {"ownerId": [owner]}}


async def test_no_such_resource() -> None:
    """Names no resource when none is called so by any of its names."""
    found, _ = await asked("x", {f"GET {RESOURCES}": registered(shown_as("1", "y"))})
    assert found == AskedResource("x", "view", None)


@pytest.mark.parametrize("called", ["Alice's grid bot", "ALICE'S GRID BOT"])
async def test_a_resource_by_its_display_name(called: str) -> None:
    """Finds a resource by the name that people see, which Keycloak itself cannot search for, also on a later page."""
    many = [shown_as(str(n), f"Bot {n}") for n in range(150)]
    found, _ = await asked(called, {f"GET {RESOURCES}": registered(*many, shown_as("r1", "Alice's grid bot"))})
    assert found.resource is not None
    assert found.resource.id == "r1"


async def test_a_display_name_letter_by_letter() -> None:
    """Prefers the display name that fits letter by letter to one that fits in another case."""
    found, _ = await asked("Bot", {f"GET {RESOURCES}": registered(shown_as("1", "bot"), shown_as("2", "Bot"))})
    assert found.resource is not None
    assert found.resource.id == "2"


async def not_found_out(name: str, table: dict[str, Any]) -> CouldNotLookError:
    with pytest.raises(CouldNotLookError) as caught:
        await asked(name, table)
    return caught.value


async def test_several_of_one_display_name() -> None:
    """Names those that are shown under the same name, and asks which one is meant."""
    several = registered(shown_as("1", "Bot"), shown_as("2", "Bot", "bob-id"), shown_as("3", "Other"))
    error = await not_found_out("Bot", {f"GET {RESOURCES}": several})
    assert error.reason is Reason.AMBIGUOUS
    assert error.detail == (
        "2 resources are called Bot: 1 (ownerId alice-id), 2 (ownerId bob-id). Which one? Ask again with its id."
    )


async def test_several_of_one_name() -> None:
    """Does the same for those of one name, which differ in their owner, and names a few of many."""
    many = [{"_id": str(n), "name": "x"} for n in range(7)]
    error = await not_found_out("x", {f"GET {RESOURCES}": registered(*many)})
    assert error.reason is Reason.AMBIGUOUS
    assert "7 resources are called x: 0 (ownerId missing)," in error.detail
    assert "and 2 more. Which one?" in error.detail


async def test_more_resources_than_are_searched() -> None:
    """Does not say that there is none when it has not looked through all."""
    many = [shown_as(str(n), f"Bot {n}") for n in range(SEARCHED_AT_MOST)]
    error = await not_found_out("x", {f"GET {RESOURCES}": registered(*many)})
    assert error.reason is Reason.FAILED
    assert error.detail == "None of the first 1000 resources is shown as x. Ask again with its id."


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(reply({"error": "x"}, 500), Reason.REFUSED), (reply(None, 403), Reason.REFUSED), (GONE, Reason.UNREACHABLE)],
)
async def test_a_resource_that_was_not_given(answer: Any, reason: Reason) -> None:
    """Does not take an API that fails, by id or in its listing, for a resource that is not registered."""
    assert (await not_found_out("r1", {f"GET {RESOURCES}/r1": answer})).reason is reason
    assert (await not_found_out("r1", {f"GET {RESOURCES}": answer})).reason is reason


async def test_a_resource_that_may_not_be_looked_up() -> None:
    """Says that the protection API refused, instead of that there is no such resource."""
    barred = KeycloakProtection(refusal(403, "invalid_scope", "Requires uma_protection scope."), ())
    source = resource_source(session(FakeHttp({})), Question("alice", "view", "r1"))
    with pytest.raises(CouldNotLookError, match="Requires uma_protection") as caught:
        await source.observe(seen(LOGIN, barred))
    assert caught.value.reason is Reason.DEPENDS

"""Tests of looking at what a person presents: a token, a resource."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

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


@pytest.mark.parametrize("items", [[], [{"_id": "1", "name": "x"}, {"_id": "2", "name": "x"}]])
async def test_no_such_resource(items: list[dict[str, Any]]) -> None:
    """Names no resource when none, or more than one, has that name."""
    found, _ = await asked("x", {f"GET {RESOURCES}": listing(*items)})
    assert found == AskedResource("x", "view", None)


async def test_a_resource_that_may_not_be_looked_up() -> None:
    """Says that the protection API refused, instead of that there is no such resource."""
    barred = KeycloakProtection(refusal(403, "invalid_scope", "Requires uma_protection scope."), ())
    source = resource_source(session(FakeHttp({})), Question("alice", "view", "r1"))
    with pytest.raises(CouldNotLookError, match="Requires uma_protection") as caught:
        await source.observe(seen(LOGIN, barred))
    assert caught.value.reason is Reason.DEPENDS

"""Tests of looking through the admin API: users, owners, decisions, and what a missing right looks like."""

import asyncio
from typing import Any

import pytest

from diagnostics.evidence.http import Outgoing, Reply
from diagnostics.evidence.keycloak import AdminSession, Question, admin_sources, question_sources
from diagnostics.evidence.keycloak.admin import OWNERS_AT_MOST
from diagnostics.evidence.keycloak.kinds import (
    AskedResource,
    AskedUser,
    KeycloakAdmin,
    KeycloakDecision,
    KeycloakOwners,
    KeycloakRealm,
    KeycloakResources,
    KeycloakResourceServer,
    RealmPage,
)
from diagnostics.evidence.keycloak.session import Credentials, Target
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.observe import Seen
from tests.diagnostics.areas.cases.authorization import resource
from tests.diagnostics.areas.cases.case import OK
from tests.diagnostics.evidence.fakes import GONE, URL, FakeHttp, page, reply

TOKEN = "POST /realms/volaticloud/protocol/openid-connect/token"
ADMIN = "/admin/realms/volaticloud"
EVALUATE = f"POST {ADMIN}/clients/c1/authz/resource-server/policy/evaluate"
SERVED = KeycloakRealm((RealmPage("", OK, "volaticloud"),))
ALICE = AskedUser("alice", found=True, id="alice-id", username="alice", enabled=True)
BOT = AskedResource("r1", "view", resource("r1"))


def session(http: FakeHttp) -> AdminSession:
    target = Target(URL, "volaticloud", Credentials("volaticloud-api", "x", "y"))
    return AdminSession(Credentials("volati-admin", "hunter2", "the setting"), target, http)


def seen(**more: Any) -> Seen:
    return Seen({KeycloakRealm: SERVED, **{type(value): value for value in more.values()}})


async def refused(looking: Any) -> CouldNotLookError:
    with pytest.raises(CouldNotLookError) as caught:
        await looking
    return caught.value


async def test_login() -> None:
    """Logs in with its own credentials and keeps the token to itself."""
    http = FakeHttp({TOKEN: reply({"access_token": "t0k3n"})})
    found = await session(http).login(seen())
    assert isinstance(found, KeycloakAdmin)
    assert "t0k3n" not in repr(found)
    assert http.sent[0].form["client_id"] == "volati-admin"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply({"error": "unauthorized_client"}, 401), Reason.REFUSED),
        (page("<html>"), Reason.REFUSED),
        (reply([]), Reason.REFUSED),
        (GONE, Reason.UNREACHABLE),
    ],
)
async def test_login_refused(answer: Any, reason: Reason) -> None:
    """Counts its own refused login as blindness, not as the platform's fault."""
    assert (await refused(session(FakeHttp({TOKEN: answer})).login(seen()))).reason is reason


async def test_a_realm_served_nowhere() -> None:
    """Depends on the realm's path."""
    nowhere = Seen({KeycloakRealm: KeycloakRealm(())})
    assert (await refused(session(FakeHttp({})).login(nowhere))).reason is Reason.DEPENDS


async def test_a_user_by_name() -> None:
    """Finds a user by the exact name, whatever is in it."""
    found = {"id": "i", "username": "a&b=c", "enabled": True}
    http = FakeHttp({f"GET {ADMIN}/users": reply([found])})
    assert await session(http).user(seen(), "a&b=c") == AskedUser("a&b=c", True, "i", "a&b=c", True)  # noqa: FBT003
    assert http.paths() == [f"GET {ADMIN}/users?username=a%26b%3Dc&exact=true"]


async def test_a_user_by_id() -> None:
    """Finds a user by id when no name fits."""
    table = {f"GET {ADMIN}/users": reply([]), f"GET {ADMIN}/users/i": reply({"id": "i", "username": "m"})}
    assert await session(FakeHttp(table)).user(seen(), "i") == AskedUser("i", True, "i", "m", False)  # noqa: FBT003


async def test_an_unknown_user() -> None:
    """Says of a user who is nowhere that there is none; a name is never part of the path unquoted."""
    http = FakeHttp({f"GET {ADMIN}/users": reply([])})
    assert await session(http).user(seen(), "../clients") == AskedUser("../clients", found=False)
    assert http.paths()[-1] == f"GET {ADMIN}/users/..%2Fclients"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(reply(None, 500), Reason.REFUSED), (reply(None, 403), Reason.FORBIDDEN), (GONE, Reason.UNREACHABLE)],
)
async def test_a_user_who_was_not_given(answer: Any, reason: Reason) -> None:
    """Does not take an admin API that fails for a user who does not exist."""
    table = {f"GET {ADMIN}/users": reply([]), f"GET {ADMIN}/users/i": answer}
    assert (await refused(session(FakeHttp(table)).user(seen(), "i"))).reason is reason


async def test_owners_that_are_no_names() -> None:
    """Counts dots for an owner as nobody, and does not ask: in an address they would lead elsewhere."""
    http = FakeHttp({f"GET {ADMIN}/users/..": reply([]), f"GET {ADMIN}/users/.": reply([])})
    listed = (resource("1", noted_owner=".."), resource("2", noted_owner="."))
    found = await session(http).owners(seen(resources=KeycloakResources(listed, more=False)))
    assert found == KeycloakOwners(2, (".", ".."))
    assert http.sent == []


@pytest.mark.parametrize("text", ["", " ", ".", "..", " .. "])
def test_what_is_no_name(text: str) -> None:
    """Says which part of a question is no name, and how to ask."""
    for place, what in enumerate(("user", "action", "resource")):
        parts = ["alice", "view", "r1"]
        parts[place] = text
        flaw = Question(*parts).flaw
        assert what in flaw
        assert "why alice view <id or name of a resource>" in flaw
    assert Question("alice", "view", "...").flaw == ""


@pytest.mark.parametrize("status", [401, 403])
async def test_a_missing_right(status: int) -> None:
    """Names the role that the admin client lacks."""
    http = FakeHttp({f"GET {ADMIN}/users": reply({"error": "HTTP 403 Forbidden"}, status)})
    error = await refused(session(http).user(seen(), "alice"))
    assert error.reason is Reason.FORBIDDEN
    assert error.detail == f"The admin client lacks the realm-management role view-users (HTTP {status})."


async def test_a_failing_admin_api() -> None:
    """Counts any other answer as a refusal, in its own words."""
    http = FakeHttp({f"GET {ADMIN}/users": reply({"error": "unknown_error"}, 500)})
    error = await refused(session(http).user(seen(), "alice"))
    assert (error.reason, error.detail) == (Reason.REFUSED, "The admin API answered HTTP 500 unknown_error.")


async def test_owners() -> None:
    """Asks for each noted owner once, and names those who are no users."""
    table = {f"GET {ADMIN}/users/alice-id": reply({"id": "alice-id"})}
    http = FakeHttp(table)
    listed = [resource("1"), resource("2"), resource("3", noted_owner="ghost"), resource("4", noted_owner="")]
    found = await session(http).owners(seen(resources=KeycloakResources(tuple(listed), more=False)))
    assert found == KeycloakOwners(2, ("ghost",))
    assert len(http.sent) == 2


async def test_owners_are_bounded() -> None:
    """Asks for so many owners at the most, and only a few at once."""
    under_way, most = 0, 0

    class Counting(FakeHttp):
        async def send(self, request: Outgoing) -> Any:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1
            return reply({"id": "x"})

    many = tuple(resource(str(n), noted_owner=f"user-{n}") for n in range(OWNERS_AT_MOST + 20))
    found = await session(Counting({})).owners(seen(resources=KeycloakResources(many, more=True)))
    assert found == KeycloakOwners(OWNERS_AT_MOST, ())
    assert most == 5


async def test_owners_without_the_right() -> None:
    """Does not take a missing right for a missing user."""
    http = FakeHttp({f"GET {ADMIN}/users/alice-id": reply({"error": "HTTP 403 Forbidden"}, 403)})
    looking = session(http).owners(seen(resources=KeycloakResources((resource(),), more=False)))
    assert (await refused(looking)).reason is Reason.FORBIDDEN


def evaluation(result: dict[str, Any]) -> FakeHttp:
    return FakeHttp({f"GET {ADMIN}/clients": reply([{"id": "c1", "secret": "s"}]), EVALUATE: reply(result)})


def permit(id: str = "r1", scopes: tuple[str, ...] = ("view",), status: str = "PERMIT") -> dict[str, Any]:
    policy = {
        "policy": {"name": "Permission r1", "type": "scope"},
        "status": status,
        "associatedPolicies": [
            {
                "policy": {"name": "Owner r1", "type": "user"},
                "status": status,
                "associatedPolicies": [{"policy": {"name": "deeper"}, "status": status}],
            }
        ],
    }
    allowed = [{"name": name} for name in scopes]
    return {"resource": {"_id": id}, "status": status, "allowedScopes": allowed, "policies": [policy]}


async def decided(result: dict[str, Any]) -> KeycloakDecision:
    question = Question("alice", "view", "r1")
    return await session(evaluation(result)).decision(seen(user=ALICE, bot=BOT), question)


async def test_granted() -> None:
    """Grants what Keycloak permits for this resource and action, with the votes it rests on."""
    found = await decided({"results": [permit()]})
    assert (found.granted, found.allowed) == (True, ("view",))
    assert [(vote.name, vote.granted, vote.under) for vote in found.votes] == [
        ("Permission r1", True, ""),
        ("Owner r1", True, "Permission r1"),
    ]


@pytest.mark.parametrize(
    "result",
    [
        {"results": [permit(status="DENY")]},
        {"results": [permit(id="another")]},
        {"results": [permit(scopes=())]},
        {"results": [permit(scopes=("edit",))]},
        {"results": []},
        {"status": "PERMIT"},
        {"results": [{"resource": {"_id": "r1"}, "status": "PERMIT", "allowedScopes": None, "policies": None}]},
    ],
    ids=["denied", "another resource", "no scope", "another scope", "nothing", "bare", "empty"],
)
async def test_not_granted(result: dict[str, Any]) -> None:
    """Does not take Keycloak's PERMIT for another resource, or without the action, for an answer."""
    assert not (await decided(result)).granted


@pytest.mark.parametrize(
    ("user", "bot"),
    [
        (AskedUser("nobody", found=False), BOT),
        (ALICE, AskedResource("r9", "view", None)),
        (ALICE, AskedResource("r1", "fly", resource("r1"))),
    ],
)
async def test_nothing_is_asked_about_what_is_not_there(user: AskedUser, bot: AskedResource) -> None:
    """Asks Keycloak nothing unless user, resource and action exist: it would judge something else."""
    http = evaluation({"results": [permit()]})
    question = Question(user.asked, bot.action, bot.asked)
    assert (await refused(session(http).decision(seen(user=user, bot=bot), question))).reason is Reason.DEPENDS
    assert http.sent == []


async def test_the_clients_own_secret_is_dropped() -> None:
    """Takes from a client only its id; the admin API shows the secret too."""
    found = await decided({"results": [permit()]})
    assert "secret" not in repr(found)


async def test_an_unknown_client() -> None:
    """Says that the admin API does not know the client."""
    http = FakeHttp({f"GET {ADMIN}/clients": reply([])})
    error = await refused(session(http).decision(seen(user=ALICE, bot=BOT), Question("alice", "view", "r1")))
    assert error.detail == "The admin API does not know client volaticloud-api."


SERVER = f"GET {ADMIN}/clients/c1/authz/resource-server"
SETTINGS = {"allowRemoteResourceManagement": True, "policyEnforcementMode": "ENFORCING"}


def resource_server(answer: Any) -> FakeHttp:
    return FakeHttp({f"GET {ADMIN}/clients": reply([{"id": "c1"}]), SERVER: answer})


@pytest.mark.parametrize(("mode", "remote"), [("ENFORCING", True), ("PERMISSIVE", False), ("DISABLED", True)])
async def test_a_resource_server(mode: str, remote: bool) -> None:  # noqa: FBT001
    """Reads how the client is set up as a resource server."""
    said = {**SETTINGS, "policyEnforcementMode": mode, "allowRemoteResourceManagement": remote}
    found = await session(resource_server(reply(said))).resource_server(seen())
    assert found == KeycloakResourceServer(mode, remote)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply({"error": "HTTP 404 Not Found"}, 404), Reason.DEPENDS),
        (reply({"error": "HTTP 403 Forbidden"}, 403), Reason.FORBIDDEN),
        (reply({"error": "x"}, 500), Reason.REFUSED),
        (reply({}), Reason.FAILED),
        (reply([]), Reason.FAILED),
        (reply({**SETTINGS, "allowRemoteResourceManagement": "no"}), Reason.FAILED),
        (GONE, Reason.UNREACHABLE),
    ],
)
async def test_no_resource_server(answer: Any, reason: Reason) -> None:
    """Does not take settings that were not given for settings that are off."""
    assert (await refused(session(resource_server(answer)).resource_server(seen()))).reason is reason


def test_what_needs_what() -> None:
    """Lists the admin's sources; a question adds user and decision."""
    looking = session(FakeHttp({}))
    assert [source.kind for source in admin_sources(looking)] == [
        KeycloakAdmin,
        KeycloakOwners,
        KeycloakResourceServer,
    ]
    asked = question_sources(looking, Question("a", "b", "c"))
    assert [source.kind for source in asked] == [KeycloakAdmin, AskedUser, KeycloakDecision]


def test_reply_is_what_the_fake_gives() -> None:
    """Gives replies (a fake that gave something else would prove nothing)."""
    assert isinstance(reply({}), Reply)

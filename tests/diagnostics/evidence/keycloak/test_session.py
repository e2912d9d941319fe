"""Tests of looking at Keycloak with the client's own credentials: which requests, and which facts."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from diagnostics.evidence.http import NoAnswer, Outgoing, Reply, Stage
from diagnostics.evidence.keycloak import client_sources, realm_sources
from diagnostics.evidence.keycloak.kinds import (
    KeycloakClientSecret,
    KeycloakDiscovery,
    KeycloakEvaluation,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakProtection,
    KeycloakReach,
    KeycloakRealm,
    KeycloakResources,
    KeycloakToken,
)
from diagnostics.evidence.keycloak.session import (
    RESOURCES_AT_MOST,
    Credentials,
    KeycloakSession,
    Target,
    Tools,
    resource_of,
)
from diagnostics.evidence.tokens import Signature, TokenFacts
from diagnostics.model import CouldNotLookError, Evidence, Reason, Unobserved
from diagnostics.observe import Observation, Seen, Source
from tests.diagnostics.areas.cases.token import facts
from tests.diagnostics.evidence.fakes import GONE, NOW, URL, FakeHttp, FakeNetwork, FakeTokens, page, reply
from tests.diagnostics.toys import lookout

REALM = "/realms/volaticloud"
OIDC = f"{REALM}/protocol/openid-connect"
RESOURCES = f"{REALM}/authz/protection/resource_set"
KEYS = {"keys": [{"kid": "k1"}, {"kid": "k2"}]}


def token_endpoint(request: Outgoing) -> Reply:
    """A login gives a token; a ticket request is denied."""
    if request.form["grant_type"] == "client_credentials":
        return reply({"access_token": "good"})
    return reply({"error": "access_denied"}, 403)


def sound() -> dict[str, Any]:
    return {
        f"GET {REALM}": reply({"realm": "volaticloud"}),
        f"GET {REALM}/.well-known/openid-configuration": reply({"issuer": "i", "token_endpoint": "t", "jwks_uri": "j"}),
        f"GET {OIDC}/certs": reply(KEYS),
        f"POST {OIDC}/token": token_endpoint,
        f"GET {RESOURCES}": reply([]),
    }


def session(http: FakeHttp, tokens: FakeTokens | None = None, **target: Any) -> KeycloakSession:
    client = Credentials("volaticloud-api", "hunter2", "the setting client_secret")
    where = {"url": URL, "realm": "volaticloud", "client": client, "base_path": "", **target}
    return KeycloakSession("run1", Target(**where), Tools(http, FakeNetwork(), tokens or FakeTokens()))


async def seen(looking: KeycloakSession) -> Seen:
    """What every source but the one that writes sees."""
    sources: list[Source[Evidence]] = [*realm_sources(looking), *client_sources(looking)[:-1]]
    return await Observation(sources, lookout()).look()


async def looked(table: dict[str, Any], **target: Any) -> Seen:
    return await seen(session(FakeHttp(table), **target))


def lack(found: Seen, kind: type[Evidence]) -> Unobserved:
    missing = found.get(kind)
    assert isinstance(missing, Unobserved)
    return missing


async def test_a_sound_realm() -> None:
    """Sees everything of a sound realm."""
    found = await looked(sound())
    assert found[KeycloakReach].reached.host == URL
    assert found[KeycloakRealm].served is not None
    assert found[KeycloakDiscovery].issuer == "i"
    assert [key.key_id for key in found[KeycloakKeys].keys] == ["k1", "k2"]
    assert found[KeycloakLogin].token is not None
    assert found[KeycloakLogin].received_at == NOW
    assert found[KeycloakToken].signature is Signature.VALID
    assert found[KeycloakToken].published == ("k1", "k2")
    assert found[KeycloakProtection].roles == ("volaticloud-api/uma_protection",)
    assert found[KeycloakResources] == KeycloakResources((), more=False)
    assert found[KeycloakEvaluation].exchange.error == "access_denied"  # type: ignore[union-attr]


async def test_nothing_secret_is_kept() -> None:
    """Keeps neither the secret nor the token in any evidence, or in its own repr."""
    looking = session(FakeHttp(sound()))
    found = await seen(looking)
    for words in (repr(list(found.items())), repr(looking), repr(looking._target)):
        assert "hunter2" not in words
        assert "good" not in words


async def test_the_login_as_the_backend_does_it() -> None:
    """Sends the credentials as a form, and the token only where it is needed."""
    http = FakeHttp(sound())
    await seen(session(http))
    logins = [one for one in http.sent if one.form.get("grant_type") == "client_credentials"]
    assert [dict(one.form) for one in logins] == [
        {"grant_type": "client_credentials", "client_id": "volaticloud-api", "client_secret": "hunter2"}
    ]
    bearers = {f"{one.method} {urlsplit(one.url).path}" for one in http.sent if one.bearer}
    assert bearers == {f"GET {RESOURCES}", f"POST {OIDC}/token"}


@pytest.mark.parametrize(
    ("base_path", "asked"),
    [(None, [f"/auth{REALM}", REALM]), ("", [REALM, f"/auth{REALM}"]), ("/auth", [f"/auth{REALM}", REALM])],
)
async def test_both_paths(base_path: str | None, asked: list[str]) -> None:
    """Asks for the realm's page under both paths, the configured one first, and remembers all that was said."""
    http = FakeHttp({})
    found = await session(http, base_path=base_path).realm(Seen({}))
    assert http.paths() == [f"GET {path}" for path in asked]
    assert [page.base_path for page in found.pages] == [path.removesuffix(REALM) for path in asked]
    assert found.served is None


async def test_the_other_path() -> None:
    """Goes on under the path where the realm is really served."""
    moved = {key.replace(" /", " /auth/", 1): value for key, value in sound().items()}
    found = await looked(moved)
    served = found[KeycloakRealm].served
    assert served is not None
    assert served.base_path == "/auth"
    assert found[KeycloakLogin].token is not None


async def test_a_realm_that_is_not_there() -> None:
    """Says of all the rest that it depends on the realm."""
    found = await looked({})
    for kind in (KeycloakDiscovery, KeycloakKeys, KeycloakLogin, KeycloakToken, KeycloakResources):
        assert lack(found, kind).reason is Reason.DEPENDS
    assert lack(found, KeycloakLogin).detail == "The realm is served under no known path."


async def test_a_realm_behind_a_broken_proxy() -> None:
    """Blames the answer, and not a path that nobody could see."""
    found = await looked({f"GET {path}/realms/volaticloud": page("Bad gateway", 502) for path in ("", "/auth")})
    assert lack(found, KeycloakLogin).detail == "The realm page was not given: HTTP 502."


async def test_a_realm_that_does_not_answer() -> None:
    """Says that nobody answered, and not that a path is wrong."""
    refused = NoAnswer(Stage.CONNECT, "Connection refused", timed_out=False, took_ms=1, code="ECONNREFUSED")
    found = await looked({f"GET {path}/realms/volaticloud": refused for path in ("", "/auth")})
    assert lack(found, KeycloakLogin).detail == "The realm page gave no answer: Connection refused."


async def test_a_strange_name_of_a_realm() -> None:
    """Writes a realm's name so that it stays one piece of the address."""
    http = FakeHttp({})
    await session(http, realm="a b/../c?d#é").realm(Seen({}))
    assert http.paths()[0] == "GET /realms/a%20b%2F..%2Fc%3Fd%23%C3%A9"


@pytest.mark.parametrize(
    ("secret", "empty", "space"),
    [("hunter2", False, False), ("", True, False), (" \n", True, True), ("hunter2\n", False, True)],
)
async def test_facts_of_a_secret(secret: str, empty: bool, space: bool) -> None:  # noqa: FBT001
    """Turns the secret into facts: empty, stray space, a keyed fingerprint, where it came from."""
    client = Credentials("volaticloud-api", secret, "/run/secrets/x")
    looking = session(FakeHttp({}), client=client, fingerprint=lambda text: f"print of {len(text)}")
    assert await looking.client_secret(Seen({})) == KeycloakClientSecret(
        "/run/secrets/x", empty, space, f"print of {len(secret)}"
    )


@pytest.mark.parametrize(
    "answer", [reply({"access_token": "good"}), reply({"error": "unauthorized_client"}, 401), GONE]
)
async def test_the_copy_that_was_sent(answer: Any) -> None:
    """Says with the login which copy of the secret it was made with: its origin and its fingerprint, never itself."""
    found = await looked({**sound(), f"POST {OIDC}/token": answer}, fingerprint=lambda _: "ab12")
    assert found[KeycloakLogin].secret == KeycloakClientSecret("the setting client_secret", False, False, "ab12")  # noqa: FBT003


async def test_a_secret_that_is_not_configured() -> None:
    """Says which setting is missing."""
    with pytest.raises(CouldNotLookError, match=r"Set environments\.<name>\.keycloak\.client_secret") as caught:
        await session(FakeHttp({}), client=Credentials("c", "", "")).client_secret(Seen({}))
    assert caught.value.reason is Reason.NOT_CONFIGURED


@pytest.mark.parametrize(
    ("words", "state"),
    [("Client not found.", "missing"), ("CLIENT DISABLED", "disabled"), ("Welcome", "")],
)
async def test_a_rejected_client(words: str, state: str) -> None:
    """Asks the login page which of missing and disabled it is, which the token endpoint does not say."""
    table = {
        **sound(),
        f"POST {OIDC}/token": reply({"error": "invalid_client"}, 401),
        f"GET {OIDC}/auth": page(f"<p>{words}</p>", 400),
    }
    http = FakeHttp(table)
    found = await seen(session(http))
    assert found[KeycloakLogin].client_page == state
    asked = next(one for one in http.sent if "/auth?" in one.url)
    assert parse_qs(urlsplit(asked.url).query)["client_id"] == ["volaticloud-api"]
    assert lack(found, KeycloakToken).reason is Reason.DEPENDS
    assert lack(found, KeycloakProtection).detail == (
        "It needs the client's token, and the login gave none: HTTP 401 invalid_client."
    )


async def test_a_wrong_secret() -> None:
    """Does not ask the login page when the answer is clear."""
    table = {**sound(), f"POST {OIDC}/token": reply({"error": "unauthorized_client"}, 401)}
    http = FakeHttp(table)
    await seen(session(http))
    assert not any("/auth?" in path for path in http.paths())


async def test_a_token_that_is_none() -> None:
    """Says that the token is not one, without a piece of it."""
    found = await looked({**sound(), f"POST {OIDC}/token": reply({"access_token": "s3cr3t-nonsense"})})
    assert lack(found, KeycloakLogin).reason is Reason.FAILED
    assert lack(found, KeycloakLogin).detail == "The access token is not a JWT: it is not one of ours"


class Reading(FakeTokens):
    """Finds the token's key k9 only where the key set lists it."""

    def signature(self, token: str, document: bytes, algorithms: tuple[str, ...]) -> Signature:
        """Valid when k9 is listed."""
        assert (token, algorithms) == ("good", ("RS256",))
        return Signature.VALID if b"k9" in document else Signature.KEY_UNKNOWN


@pytest.mark.parametrize(
    ("second", "signature", "published"),
    [
        (reply({"keys": [{"kid": "k9"}]}), Signature.VALID, ("k9",)),
        (reply(KEYS), Signature.KEY_UNKNOWN, ("k1", "k2")),
        (GONE, Signature.KEY_UNKNOWN, ("k1", "k2")),
        (page("<html> k9"), Signature.KEY_UNKNOWN, ("k1", "k2")),
    ],
    ids=["made meanwhile", "still unknown", "no answer", "no keys"],
)
async def test_a_key_made_at_the_first_token(second: Any, signature: Signature, published: tuple[str, ...]) -> None:
    """Reads the keys once more, and only once, when the token's key is not among those read before."""
    answers = [reply(KEYS), second]
    http = FakeHttp({**sound(), f"GET {OIDC}/certs": lambda _: answers.pop(0)})
    found = await seen(session(http, Reading()))
    assert (found[KeycloakToken].signature, found[KeycloakToken].published) == (signature, published)
    assert answers == []


async def test_keys_are_read_once() -> None:
    """Does not read the keys again when the token's key is among them."""
    http = FakeHttp({**sound(), f"GET {OIDC}/certs": reply({"keys": [{"kid": "k9"}]})})
    await seen(session(http, Reading()))
    assert sum("/certs" in path for path in http.paths()) == 1


@pytest.mark.parametrize("answer", [GONE, page("<html>"), reply({"error": "x"}, 500)])
async def test_keys_that_cannot_be_read(answer: Any) -> None:
    """Leaves the signature unjudged without keys, and shows what came instead of them."""
    found = await looked({**sound(), f"GET {OIDC}/certs": answer}) if answer is not None else None
    assert found is not None
    assert lack(found, KeycloakToken).detail == "There are no published keys to check the signature against."


async def test_no_answer_from_the_token_endpoint() -> None:
    """Keeps the silence of the token endpoint as evidence; what needs a token depends on it."""
    found = await looked({**sound(), f"POST {OIDC}/token": GONE})
    assert found[KeycloakLogin].exchange == GONE
    for kind in (KeycloakToken, KeycloakProtection, KeycloakEvaluation):
        assert lack(found, kind).reason is Reason.DEPENDS


async def test_no_answer_to_a_ticket_request() -> None:
    """Keeps the silence to a ticket request as evidence."""

    def only_logins(request: Outgoing) -> Any:
        return GONE if "uma-ticket" in request.form["grant_type"] else reply({"access_token": "good"})

    found = await looked({**sound(), f"POST {OIDC}/token": only_logins})
    assert found[KeycloakEvaluation].exchange == GONE


async def test_no_answer_from_the_protection_api() -> None:
    """Keeps the silence of the protection API as evidence, and does not wait for it again."""
    http = FakeHttp({**sound(), f"GET {RESOURCES}": GONE})
    found = await seen(session(http))
    assert found[KeycloakProtection].exchange == GONE
    assert lack(found, KeycloakResources).detail == "The protection API gave no answer: Connection refused."
    assert sum(RESOURCES in path for path in http.paths()) == 1


async def test_a_protection_api_that_refuses() -> None:
    """Keeps the refusal as evidence, and says of the resources that they depend on it."""
    refused = reply({"error": "invalid_scope", "error_description": "Requires uma_protection scope."}, 403)
    found = await looked({**sound(), f"GET {RESOURCES}": refused})
    assert found[KeycloakProtection].exchange.error == "invalid_scope"  # type: ignore[union-attr]
    assert "Requires uma_protection" in lack(found, KeycloakResources).detail


class Lightweight(FakeTokens):
    """Reads a lightweight token."""

    def read(self, token: str) -> TokenFacts:
        """The claims that such a token has."""
        return facts(username="", audience=())


@pytest.mark.parametrize(
    ("answer", "roles"),
    [
        (reply({"active": True, "resource_access": {"c": {"roles": ["a", "b"]}, "d": 5}}), ("c/a", "c/b")),
        (reply({"active": True}), ()),
        (reply({"active": False}), None),
        (reply({"error": "x"}, 401), None),
        (GONE, None),
    ],
)
async def test_a_lightweight_token(answer: Any, roles: tuple[str, ...] | None) -> None:
    """Asks introspection for the roles that a lightweight token leaves out."""
    refused = reply({"error": "invalid_scope", "error_description": "Requires uma_protection scope."}, 403)
    table = {**sound(), f"GET {RESOURCES}": refused, f"POST {OIDC}/token/introspect": answer}
    found = await seen(session(FakeHttp(table), Lightweight()))
    assert found[KeycloakProtection].lightweight
    assert (found[KeycloakProtection].roles, found[KeycloakProtection].introspected) == ((), roles)


async def test_a_token_with_roles() -> None:
    """Asks introspection nothing about a token that says its roles itself."""
    http = FakeHttp(sound())
    found = await seen(session(http))
    assert not found[KeycloakProtection].lightweight
    assert not any("introspect" in path for path in http.paths())


def pages_of(total: int) -> Any:
    """A protection API with so many resources, read page by page."""

    def answer(request: Outgoing) -> Reply:
        query = {
            name: int(values[0]) for name, values in parse_qs(urlsplit(request.url).query).items() if name != "deep"
        }
        ids = range(query["first"], min(total, query["first"] + query["max"]))
        return reply([{"_id": str(id), "name": f"bot {id}"} for id in ids])

    return answer


@pytest.mark.parametrize(
    ("total", "read", "more", "requests"),
    [(0, 0, False, 1), (99, 99, False, 1), (100, 100, False, 2), (199, 199, False, 2), (200, 200, True, 2)],
)
async def test_pages_of_resources(total: int, read: int, more: bool, requests: int) -> None:  # noqa: FBT001
    """Reads resources page by page up to the bound, and says whether there may be more."""
    http = FakeHttp({**sound(), f"GET {RESOURCES}": pages_of(total)})
    found = await seen(session(http))
    assert len(found[KeycloakResources].resources) == read <= RESOURCES_AT_MOST
    assert found[KeycloakResources].more is more
    assert sum("deep=true" in path for path in http.paths()) == requests


async def test_resources_that_are_no_list() -> None:
    """Says that the resources were not given."""

    def answer(request: Outgoing) -> Reply:
        return reply([]) if "max=1" in request.url and "max=100" not in request.url else reply({"error": "odd"}, 500)

    found = await looked({**sound(), f"GET {RESOURCES}": answer})
    assert lack(found, KeycloakResources).detail == "The resources were not given: HTTP 500 odd."


@pytest.mark.parametrize(
    ("item", "noted"),
    [
        ({"attributes": {"ownerId": ["a"]}}, "a"),
        ({"attributes": {"ownerId": [" a "]}}, "a"),
        ({"attributes": {"ownerId": []}}, ""),
        ({"attributes": {"ownerId": None}}, ""),
        ({"attributes": None}, ""),
        ({}, ""),
    ],
)
def test_the_noted_owner(item: dict[str, Any], noted: str) -> None:
    """Takes the noted owner from the attribute, bare, and nothing where there is none."""
    assert resource_of(item).noted_owner == noted


def test_a_whole_resource() -> None:
    """Takes the name people see, the owner, and the scopes."""
    item = {
        "_id": "r1",
        "name": "uuid",
        "displayName": "Alice's bot",
        "type": "urn:x",
        "owner": {"id": "o", "name": "alice"},
        "scopes": [{"id": "1", "name": "view"}],
    }
    found = resource_of(item)
    assert (found.id, found.name, found.kind, found.scopes) == ("r1", "Alice's bot", "urn:x", ("view",))
    assert (found.owner_id, found.owner_name) == ("o", "alice")


async def test_a_machine_without_means() -> None:
    """Says that it could not look, and blames nobody, when our own machine can open no connection."""
    spent = NoAnswer(Stage.CONNECT, "Too many open files", timed_out=False, took_ms=1, code="EMFILE")
    looking = session(FakeHttp({f"GET {REALM}": spent}))
    looking.tools = Tools(looking.tools.http, FakeNetwork(spent), FakeTokens())
    found = await seen(looking)
    for kind in (KeycloakReach, KeycloakRealm):
        missing = lack(found, kind)
        assert missing.reason is Reason.FAILED
        assert "This machine could open no connection: Too many open files" in missing.detail

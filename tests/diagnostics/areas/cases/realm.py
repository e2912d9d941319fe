"""Cases of what Keycloak publishes to anyone."""

from typing import Any

import msgspec

from diagnostics.evidence.http import Answer, Exchange, NoAnswer, Stage
from diagnostics.evidence.keycloak.kinds import KeycloakDiscovery, KeycloakKeys, KeycloakRealm, RealmPage
from diagnostics.evidence.tokens import Key
from tests.diagnostics.areas.cases.case import (
    DOWN,
    HTML,
    ISSUER,
    LOGIN_PAGE,
    OK,
    REFUSED,
    SILENT,
    URL,
    Case,
    context,
    refusal,
)

NO_PATH = refusal(404, "Unable to find matching target resource method")
NO_REALM = refusal(404, "Realm does not exist")
NO_PATH_HTML = Answer(404, 4, "text/html; charset=utf-8", excerpt="Resource not found")
BROKEN_OFF = NoAnswer(Stage.ANSWER, "Server disconnected", timed_out=False, took_ms=3)
OPEN = context(base_path=None)
PLAIN = context(url="http://keycloak.example.com")
DEMANDS_HTTPS = refusal(403, "invalid_request", "HTTPS required")


def to(location: str, status: int = 301) -> Answer:
    """A redirect to this address."""
    return Answer(status, 5, "text/html", location=location)


def pages(bare: Exchange, auth: Exchange = NO_PATH, served: str | None = None) -> KeycloakRealm:
    """The realm's page at /realms and at /auth/realms; `served` is the path at which it is the realm's own."""
    found = (("", bare), ("/auth", auth))
    return KeycloakRealm(tuple(RealmPage(path, page, "volaticloud" if path == served else "") for path, page in found))


def took(milliseconds: int) -> KeycloakRealm:
    """A realm page that took so long."""
    return pages(msgspec.structs.replace(OK, took_ms=milliseconds), served="")


SOUND = pages(OK, served="")
AT_AUTH = pages(NO_PATH_HTML, OK, served="/auth")
GONE = pages(NO_REALM)


def discovery(exchange: Exchange = OK, **facts: Any) -> KeycloakDiscovery:
    """A discovery document, sound unless told otherwise."""
    sound = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token", "jwks_uri": f"{ISSUER}/certs"}
    return KeycloakDiscovery(exchange, **{**sound, **facts})


def keys(*listed: Key, exchange: Exchange = OK) -> KeycloakKeys:
    """A key set."""
    return KeycloakKeys(exchange, listed)


SIGNING = Key("k1", "RSA", "RS256", "sig")
ENCRYPTING = Key("k2", "RSA", "RSA-OAEP", "enc")

CASES = (
    Case(
        "keycloak.not-answering",
        fires=(pages(SILENT, SILENT), pages(NO_PATH, SILENT)),
        silent=(
            *(SOUND, pages(REFUSED, REFUSED), pages(OK, SILENT, served=""), pages(DOWN, DOWN), GONE),
            *(pages(NO_REALM, SILENT), pages(BROKEN_OFF, BROKEN_OFF)),
        ),
        says="gave no answer within 4001 ms",
    ),
    Case(
        "keycloak.hangs-up",
        fires=(pages(BROKEN_OFF, BROKEN_OFF), pages(NO_PATH, BROKEN_OFF)),
        silent=(SOUND, pages(SILENT, SILENT), pages(REFUSED, REFUSED), pages(NO_REALM, BROKEN_OFF), pages(DOWN, DOWN)),
        says="took the request and broke off after 3 ms: Server disconnected",
    ),
    Case(
        "keycloak.server-error",
        fires=(pages(DOWN, DOWN), pages(refusal(500, "unknown_error"), NO_PATH), pages(refusal(599), NO_PATH)),
        silent=(
            SOUND,
            pages(OK, DOWN, served=""),
            pages(refusal(499), NO_PATH),
            pages(SILENT, SILENT),
            pages(NO_REALM, DOWN),
        ),
        says="answers HTTP 5",
    ),
    Case(
        "keycloak.redirected",
        fires=(pages(LOGIN_PAGE, LOGIN_PAGE), pages(refusal(301), NO_PATH), pages(refusal(399), refusal(399))),
        silent=(
            SOUND,
            pages(OK, LOGIN_PAGE, served=""),
            pages(HTML, HTML),
            pages(refusal(400), refusal(400)),
            pages(NO_REALM, LOGIN_PAGE),
        ),
        says="redirects to",
    ),
    Case(
        "keycloak.redirected",
        fires=(pages(LOGIN_PAGE), pages(to("https://sso.example.com/")), pages(to("http://[::1/"))),
        silent=(pages(to(f"{URL}/realms/volaticloud"), to(URL)),),
        says="redirects to",
        context=PLAIN,
    ),
    Case(
        "keycloak.redirected-to-https",
        fires=(
            pages(to(f"{URL}/realms/volaticloud"), to(f"{URL}/auth/realms/volaticloud")),
            pages(to("https://KEYCLOAK.example.com:8443/", 308)),
        ),
        silent=(
            *(
                pages(to(one))
                for one in ("https://sso.example.com/", "http://keycloak.example.com/", "/", "http://[::1")
            ),
            pages(OK, to(URL), served=""),
            pages(NO_REALM, to(URL)),
        ),
        says="http://keycloak.example.com is plain http, and every request is sent on to https://",
        context=PLAIN,
    ),
    Case(
        "keycloak.redirected-to-https",
        fires=(pages(to(URL)),),
        silent=(SOUND,),
        says=": configure the https address",
        context=PLAIN,
    ),
    Case(
        "keycloak.not-json",
        fires=(pages(HTML, HTML), pages(OK, NO_PATH), pages(refusal(299), NO_PATH)),
        silent=(SOUND, pages(OK, HTML, served=""), pages(LOGIN_PAGE, LOGIN_PAGE), GONE, pages(NO_REALM, HTML)),
        says="is not the realm's: HTTP 2",
    ),
    Case(
        "keycloak.request-rejected",
        fires=(
            pages(refusal(403), refusal(403)),
            pages(refusal(429), NO_PATH),
            pages(refusal(400), NO_PATH),
            pages(NO_PATH, NO_PATH_HTML),
        ),
        silent=(SOUND, GONE, pages(NO_PATH, NO_REALM), pages(DOWN, DOWN), pages(LOGIN_PAGE, LOGIN_PAGE)),
        says="The realm page answers HTTP 4",
    ),
    Case(
        "keycloak.realm-missing",
        fires=(GONE, pages(NO_PATH, NO_REALM)),
        silent=(
            SOUND,
            AT_AUTH,
            pages(NO_PATH, NO_PATH_HTML),
            pages(OK, NO_REALM, served=""),
            pages(DOWN, DOWN),
            pages(REFUSED, REFUSED),
        ),
        says="has no realm 'volaticloud' (HTTP 404",
    ),
    Case(
        "keycloak.wrong-base-path",
        fires=(AT_AUTH,),
        silent=(SOUND, GONE, pages(OK, OK, served="")),
        says="configured for /realms, and Keycloak serves the realm at /auth/realms",
    ),
    Case(
        "keycloak.wrong-base-path",
        fires=(SOUND,),
        silent=(AT_AUTH, GONE),
        says="configured for /auth/realms, and Keycloak serves the realm at /realms",
        context=context(base_path="/auth"),
    ),
    Case("keycloak.base-path-differs", fires=(SOUND,), silent=(AT_AUTH, GONE), says="answers at /realms", context=OPEN),
    Case(
        "keycloak.slow",
        fires=(took(1000), took(2500)),
        silent=(took(999), SOUND, pages(msgspec.structs.replace(DOWN, took_ms=9000), DOWN)),
        says="(limit 1000 ms)",
    ),
    Case(
        "keycloak.https-required",
        fires=(discovery(DEMANDS_HTTPS),),
        silent=(discovery(), discovery(refusal(403, "access_denied", "Forbidden")), discovery(HTML), discovery(SILENT)),
        says="although it is asked at https://keycloak.example.com",
    ),
    Case(
        "keycloak.https-required",
        fires=(discovery(DEMANDS_HTTPS),),
        silent=(discovery(),),
        says="and it is asked at http://keycloak.example.com, which is plain http",
        context=PLAIN,
    ),
    Case(
        "keycloak.discovery-broken",
        fires=(
            discovery(DOWN),
            discovery(HTML),
            discovery(SILENT),
            discovery(refusal(404, "HTTP 404 Not Found")),
            discovery(issuer=""),
            discovery(token_endpoint=""),
        ),
        silent=(discovery(), discovery(jwks_uri=""), discovery(DEMANDS_HTTPS)),
        says="The realm answers, its discovery document does not",
    ),
    Case(
        "keycloak.issuer-mismatch",
        fires=(discovery(issuer="https://old.example.org/realms/volaticloud"), discovery(issuer=ISSUER.upper())),
        silent=(discovery(), discovery(issuer=f"{ISSUER}/"), discovery(issuer="")),
        says=f"the platform expects {ISSUER}",
    ),
    Case(
        "keycloak.issuer-mismatch",
        fires=(discovery(issuer=f"{URL}/realms/other"),),
        silent=(discovery(), discovery(issuer=f"{URL}/auth/realms/volaticloud")),
        says="Keycloak issues tokens as https://keycloak.example.com/realms/other",
        context=OPEN,
    ),
    Case(
        "keycloak.issuer-mismatch",
        fires=(discovery(),),
        silent=(discovery(issuer="https://id.example.com/r"), discovery(issuer="https://id.example.com/r/")),
        says="the platform expects https://id.example.com/r",
        context=context(issuer="https://id.example.com/r/"),
    ),
    Case(
        "keycloak.keys-unreadable",
        fires=(keys(exchange=DOWN), keys(exchange=HTML), keys(exchange=SILENT)),
        silent=(keys(SIGNING), keys(), keys(exchange=DEMANDS_HTTPS)),
        says="its signing keys cannot be read",
    ),
    Case(
        "keycloak.no-signing-key",
        fires=(keys(), keys(ENCRYPTING), keys(Key("k", "EC", "ES256", "sig")), keys(Key("k", "RSA", "RS256", "enc"))),
        silent=(keys(SIGNING), keys(ENCRYPTING, SIGNING), keys(Key("k", "RSA", "", "")), keys(exchange=DOWN)),
        says="a signing key for RS256",
    ),
    Case(
        "keycloak.no-signing-key",
        fires=(keys(), keys(ENCRYPTING)),
        silent=(keys(SIGNING), keys(Key("k", "EC", "ES256", "sig"))),
        says="none of them a signing key",
        context=context(algorithm_assumed=True),
    ),
)

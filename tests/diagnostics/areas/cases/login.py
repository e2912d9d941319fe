"""Cases of the client's own login."""

from datetime import timedelta
from typing import Any

from diagnostics.evidence.http import Exchange
from diagnostics.evidence.keycloak.kinds import KeycloakClientSecret, KeycloakLogin
from tests.diagnostics.areas.cases.case import DOWN, HTML, LOGIN_PAGE, NOW, OK, REFUSED, SILENT, Case, refusal
from tests.diagnostics.areas.cases.token import facts

INVALID = "Invalid client or Invalid client credentials"
WRONG_SECRET = refusal(401, "unauthorized_client", INVALID)
UNKNOWN_CLIENT = refusal(401, "invalid_client", INVALID)
NO_ACCOUNT = refusal(401, "unauthorized_client", "Client not enabled to retrieve service account")
PUBLIC = refusal(401, "unauthorized_client", "Public client not allowed to retrieve service account")
BAD_SCOPE = refusal(400, "invalid_scope", "Invalid scopes: nope")
NO_REALM = refusal(403, "access_denied", "Realm not enabled")


def login(exchange: Exchange, page: str = "", copy: KeycloakClientSecret | None = None) -> KeycloakLogin:
    """A login that gave no token."""
    return KeycloakLogin(exchange, client_page=page, secret=copy)


def ahead(seconds: float) -> KeycloakLogin:
    """A login that gave a token, issued by a clock that is so far ahead of ours."""
    issued = NOW + timedelta(seconds=seconds)
    return KeycloakLogin(OK, facts(issued_at=issued), NOW)


def secret(**facts: Any) -> KeycloakClientSecret:
    """A configured secret, tidy unless told otherwise."""
    tidy = {"origin": "/run/secrets/client", "empty": False, "surrounding_space": False, "fingerprint": "ab12"}
    return KeycloakClientSecret(**{**tidy, **facts})


TIDY, EMPTY, SPACED = secret(), secret(empty=True), secret(surrounding_space=True)


def works(copy: KeycloakClientSecret | None) -> KeycloakLogin:
    """A login that gave a token for this copy of the secret."""
    return KeycloakLogin(OK, facts(), NOW, secret=copy)


SOUND = ahead(0)
MISSING, DISABLED = login(UNKNOWN_CLIENT, "missing"), login(UNKNOWN_CLIENT, "disabled")

CASES = (
    Case(
        "keycloak.client-secret-untidy",
        fires=(
            login(WRONG_SECRET, copy=EMPTY),
            login(WRONG_SECRET, copy=SPACED),
            login(UNKNOWN_CLIENT, copy=secret(empty=True, surrounding_space=True)),
        ),
        silent=(
            login(WRONG_SECRET, copy=TIDY),
            login(WRONG_SECRET),
            works(SPACED),
            works(EMPTY),
            login(UNKNOWN_CLIENT, "disabled", SPACED),
            login(NO_REALM, copy=SPACED),
            login(DOWN, copy=SPACED),
            login(SILENT, copy=SPACED),
        ),
        says="Volati's copy of the client secret, from /run/secrets/client, ",
    ),
    Case(
        "keycloak.client-secret-spaced",
        fires=(works(SPACED), works(EMPTY)),
        silent=(works(TIDY), works(None), login(WRONG_SECRET, copy=SPACED)),
        says="; it works now",
    ),
    Case(
        "keycloak.realm-disabled",
        fires=(login(NO_REALM), login(refusal(403, "access_denied", "REALM NOT ENABLED"))),
        silent=(SOUND, login(WRONG_SECRET), login(refusal(403, "access_denied", "not_authorized")), login(DOWN)),
        says="The realm volaticloud is disabled",
    ),
    Case(
        "keycloak.client-secret-wrong",
        fires=(login(WRONG_SECRET, copy=TIDY), login(WRONG_SECRET, copy=SPACED)),
        silent=(SOUND, MISSING, DISABLED, login(UNKNOWN_CLIENT), login(NO_ACCOUNT), login(PUBLIC), login(DOWN)),
        says="rejects Volati's copy of its secret, from /run/secrets/client (HTTP 401 unauthorized_client: Invalid",
    ),
    Case(
        "keycloak.client-secret-wrong",
        fires=(login(WRONG_SECRET),),
        silent=(SOUND,),
        says="rejects Volati's copy of its secret, from its settings (HTTP 401",
    ),
    Case(
        "keycloak.client-missing",
        fires=(MISSING,),
        silent=(SOUND, DISABLED, login(UNKNOWN_CLIENT), login(WRONG_SECRET, "missing")),
        says="has no client volaticloud-api",
    ),
    Case(
        "keycloak.client-disabled",
        fires=(DISABLED,),
        silent=(SOUND, MISSING, login(UNKNOWN_CLIENT), login(WRONG_SECRET, "disabled")),
        says="Client volaticloud-api is disabled",
    ),
    Case(
        "keycloak.service-account-off",
        fires=(login(NO_ACCOUNT), login(PUBLIC)),
        silent=(SOUND, login(WRONG_SECRET), MISSING),
        says="may not log in for itself",
    ),
    Case(
        "keycloak.scope-invalid",
        fires=(login(BAD_SCOPE),),
        silent=(SOUND, login(WRONG_SECRET), login(refusal(400, "invalid_request"))),
        says="refused for its scope (HTTP 400 invalid_scope: Invalid scopes: nope)",
    ),
    Case(
        "keycloak.login-refused",
        fires=(
            login(UNKNOWN_CLIENT),
            login(refusal(400, "unsupported_grant_type", "Unsupported grant_type")),
            login(refusal(401, "unauthorized_client", "Some new words")),
            login(refusal(401, "something_new", INVALID)),
            login(refusal(405, "HTTP 405 Method Not Allowed")),
        ),
        silent=(
            SOUND,
            MISSING,
            DISABLED,
            login(WRONG_SECRET),
            login(NO_ACCOUNT),
            login(BAD_SCOPE),
            login(NO_REALM),
            login(DOWN),
        ),
        says="is refused (HTTP 4",
    ),
    Case(
        "keycloak.login-not-answering",
        fires=(login(SILENT), login(REFUSED)),
        silent=(SOUND, login(DOWN), login(WRONG_SECRET), login(HTML)),
        says="The realm page is served, and the token endpoint gave no answer within",
    ),
    Case(
        "keycloak.login-broken",
        fires=(login(DOWN), login(refusal(500, "unknown_error")), login(HTML), login(LOGIN_PAGE), login(OK)),
        silent=(SOUND, login(WRONG_SECRET), login(refusal(499, "odd")), login(SILENT)),
        says="The token endpoint answers HTTP",
    ),
    Case(
        "keycloak.clock-skewed",
        fires=(ahead(31), ahead(-31), ahead(600)),
        silent=(SOUND, ahead(30), ahead(-30), KeycloakLogin(OK, facts(issued_at=None), NOW), login(WRONG_SECRET)),
        says="(limit 30 s)",
    ),
)

"""Checks of the client's own login: the configured secret, the token endpoint's answer, the clocks."""

from collections.abc import Iterator

from diagnostics.areas.keycloak.platform import (
    admin_page,
    answer_facts,
    client,
    expected,
    host,
    login_command,
    realm,
)
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.http import SERVER_FAILED, Answer, NoAnswer
from diagnostics.evidence.keycloak.kinds import KeycloakLogin
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE

# The words by which Keycloak 26 tells apart what it gives the same error code (read on a real one).
_NO_SERVICE_ACCOUNT = "retrieve service account"
_WRONG_SECRET = "Invalid client or Invalid client credentials"  # noqa: S105 an error message, no secret
_REALM_DISABLED = "Realm not enabled"


@check(
    KeycloakLogin,
    "keycloak.client-secret-untidy",
    "Volati's copy of the client secret is empty or has stray space, and is refused",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def client_secret_untidy(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """A secret saved with a trailing newline, or not at all, looks right in every listing and does not fit."""
    answer, flaw = _refused(seen), _flaw(seen)
    if answer and flaw and _about_the_secret(seen, answer):
        summary = f"Volati's copy of the client secret, from {_origin(seen)}, {flaw}, and is refused ({answer.refusal})"
        yield _secret_sign(seen, answer, summary, context)


@check(
    KeycloakLogin,
    "keycloak.client-secret-spaced",
    "Volati's copy of the client secret is empty or has stray space, and works",
    _NOTE,
    Section.KEYCLOAK_REGISTRATION,
)
def client_secret_spaced(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """It is the client's secret as Keycloak knows it, so it works now; copied by hand it mostly will not."""
    flaw = _flaw(seen)
    if seen.token and flaw and isinstance(seen.exchange, Answer):
        summary = f"Volati's copy of the client secret, from {_origin(seen)}, {flaw}; it works now"
        yield _secret_sign(seen, seen.exchange, summary, context)


@check(KeycloakLogin, "keycloak.realm-disabled", "The realm is disabled", _CRITICAL, Section.KEYCLOAK)
def realm_disabled(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """A disabled realm still publishes its pages and keys, and refuses every login."""
    answer = _refused(seen)
    if answer and _REALM_DISABLED.lower() in answer.description.lower():
        summary = f"The realm {expected(context).realm} is disabled: every login is answered {answer.refusal}"
        yield Sign(realm(context), summary, answer_facts("login", answer), login_command(context))


@check(
    KeycloakLogin,
    "keycloak.client-secret-wrong",
    "Keycloak rejects Volati's copy of the client secret",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def client_secret_wrong(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """The secret was changed, here or in Keycloak. If the backend holds the same old one, it cannot log in either."""
    answer = _refused(seen)
    if answer and _wrong_secret(answer):
        summary = (
            f"Keycloak knows client {expected(context).client_id} and rejects Volati's copy of its secret, "
            f"from {_origin(seen)} ({answer.refusal})"
        )
        yield _secret_sign(seen, answer, summary, context)


@check(
    KeycloakLogin,
    "keycloak.client-missing",
    "The client does not exist",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def client_missing(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """A client that is not there cannot log in: deleted, renamed, or a realm that was imported without it."""
    answer = _refused(seen)
    if answer and answer.error == "invalid_client" and seen.client_page == "missing":
        summary = f"The realm has no client {expected(context).client_id} ({answer.refusal}; login page: not found)"
        yield _login_sign(answer, summary, context, "Settings")


@check(
    KeycloakLogin,
    "keycloak.client-disabled",
    "The client is disabled",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def client_disabled(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """A disabled client gets the same refusal as a missing one; the login page tells the two apart."""
    answer = _refused(seen)
    if answer and answer.error == "invalid_client" and seen.client_page == "disabled":
        summary = f"Client {expected(context).client_id} is disabled ({answer.refusal}; login page: disabled)"
        yield _login_sign(answer, summary, context, "Settings")


@check(
    KeycloakLogin,
    "keycloak.service-account-off",
    "The client has no service account",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def service_account_off(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """Without its service account (or as a public client) the backend cannot act in its own name."""
    answer = _refused(seen)
    if answer and _NO_SERVICE_ACCOUNT in answer.description:
        summary = f"Client {expected(context).client_id} may not log in for itself ({answer.refusal})"
        yield _login_sign(answer, summary, context, "Settings > Service accounts roles")


@check(
    KeycloakLogin,
    "keycloak.scope-invalid",
    "Keycloak does not know a requested scope",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def scope_invalid(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """A scope that the client is not assigned makes the whole login fail. uma_protection is a role, not a scope."""
    answer = _refused(seen)
    if answer and answer.error == "invalid_scope":
        yield _login_sign(answer, f"The login is refused for its scope ({answer.refusal})", context, "Client scopes")


@check(
    KeycloakLogin,
    "keycloak.login-refused",
    "Keycloak refuses the client's login",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def login_refused(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """An OAuth error of another kind; Keycloak's own words say which."""
    answer = _refused(seen)
    if answer and answer.error and not _told_apart(seen, answer):
        summary = f"The login of client {expected(context).client_id} is refused ({answer.refusal})"
        yield _login_sign(answer, summary, context, "Settings")


@check(
    KeycloakLogin,
    "keycloak.login-not-answering",
    "The token endpoint does not answer",
    _CRITICAL,
    Section.KEYCLOAK,
)
def login_not_answering(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """Pages come from a cache; a login needs the database and waits with it. Nobody can log in meanwhile."""
    if isinstance(seen.exchange, NoAnswer):
        took, detail = seen.exchange.took_ms, seen.exchange.detail
        summary = f"The realm page is served, and the token endpoint gave no answer within {took} ms ({detail})"
        yield Sign(host(context), summary, answer_facts("token endpoint", seen.exchange), login_command(context))


@check(KeycloakLogin, "keycloak.login-broken", "The token endpoint is broken", _CRITICAL, Section.KEYCLOAK)
def login_broken(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """The realm answers and logins do not: the database behind Keycloak, or a proxy rule for this one path."""
    answer = seen.exchange
    if seen.token or not isinstance(answer, Answer):
        return
    if answer.status_class == SERVER_FAILED or not answer.error:
        facts = answer_facts("token endpoint", answer)
        yield Sign(host(context), f"The token endpoint answers {facts[0].value}", facts, login_command(context))


@check(
    KeycloakLogin,
    "keycloak.clock-skewed",
    "Keycloak's clock and ours differ",
    _WARNING,
    Section.KEYCLOAK_PERMISSION,
)
def clock_skewed(seen: KeycloakLogin, context: Context) -> Iterator[Sign]:
    """Tokens carry times; where clocks differ they are not valid yet, or already expired, on arrival."""
    ahead = _seconds_ahead(seen)
    limit = context.limits.clock_skew_seconds
    if ahead is None or abs(ahead) <= limit:
        return
    way = "ahead of" if ahead > 0 else "behind"
    summary = f"Keycloak's clock is {abs(ahead)} s {way} ours (limit {limit} s)"
    facts = (
        Fact("token issued at (Keycloak's clock)", _time(seen.token.issued_at if seen.token else None)),
        Fact("received at (our clock)", _time(seen.received_at)),
    )
    yield Sign(Subject("clock", expected(context).url), summary, facts, "timedatectl status")


CHECKS = (
    client_secret_untidy,
    realm_disabled,
    clock_skewed,
    client_missing,
    client_disabled,
    client_secret_wrong,
    service_account_off,
    scope_invalid,
    login_refused,
    login_not_answering,
    login_broken,
    client_secret_spaced,
)


def _refused(seen: KeycloakLogin) -> Answer | None:
    """The answer that refused the login as OAuth refuses: a 4xx with an error code."""
    answer = seen.exchange
    refused = seen.token is None and isinstance(answer, Answer) and answer.status_class != SERVER_FAILED
    return answer if refused and isinstance(answer, Answer) else None


def _told_apart(seen: KeycloakLogin, answer: Answer) -> bool:
    """Whether one of the checks above names this refusal."""
    if answer.error == "invalid_client":
        return bool(seen.client_page)
    if _wrong_secret(answer):
        return True
    disabled = _REALM_DISABLED.lower() in answer.description.lower()
    return disabled or answer.error == "invalid_scope" or _NO_SERVICE_ACCOUNT in answer.description


def _wrong_secret(answer: Answer) -> bool:
    return answer.error == "unauthorized_client" and _WRONG_SECRET in answer.description


def _about_the_secret(seen: KeycloakLogin, answer: Answer) -> bool:
    """Whether the refusal can be for the secret: it says so, or says nothing that is told apart."""
    return _wrong_secret(answer) or not _told_apart(seen, answer)


def _flaw(seen: KeycloakLogin) -> str:
    """What is untidy about the secret that was sent; empty when it is tidy, or unknown."""
    if seen.secret is None:
        return ""
    if seen.secret.empty:
        return "is empty"
    return "begins or ends with a space or newline" if seen.secret.surrounding_space else ""


def _origin(seen: KeycloakLogin) -> str:
    return seen.secret.origin if seen.secret else "its settings"


def _seconds_ahead(seen: KeycloakLogin) -> int | None:
    """Whole seconds that Keycloak's clock is ahead of ours, None when a time is missing."""
    if seen.token is None or seen.token.issued_at is None or seen.received_at is None:
        return None
    return round((seen.token.issued_at - seen.received_at).total_seconds())


def _time(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "unknown"


def _secret_sign(seen: KeycloakLogin, answer: Answer, summary: str, context: Context) -> Sign:
    copy = seen.secret
    facts = (
        *answer_facts("login", answer),
        *((Fact("Volati's copy, from", copy.origin), Fact("its keyed fingerprint", copy.fingerprint)) if copy else ()),
        Fact("set in", admin_page(context, "Credentials")),
    )
    return Sign(client(context), summary, facts, login_command(context))


def _login_sign(answer: Answer, summary: str, context: Context, tab: str) -> Sign:
    facts = (*answer_facts("login", answer), Fact("set in", admin_page(context, tab)))
    return Sign(client(context), summary, facts, login_command(context))

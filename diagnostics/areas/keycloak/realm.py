"""Checks of what Keycloak publishes to anyone: the realm page, the discovery document, the signing keys."""

from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from diagnostics.areas.keycloak.platform import (
    HTTPS_REQUIRED,
    REALM_UNKNOWN,
    answer_facts,
    expected,
    host,
    issuers,
    page_command,
    realm,
    realm_url,
)
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.http import REDIRECT, REFUSED, SERVER_FAILED, SUCCESS, Answer, Exchange, NoAnswer
from diagnostics.evidence.keycloak.kinds import KeycloakDiscovery, KeycloakKeys, KeycloakRealm, RealmPage
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
_NOT_FOUND = 404


@check(KeycloakRealm, "keycloak.not-answering", "Keycloak does not answer", _CRITICAL, Section.KEYCLOAK)
def not_answering(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """A server that takes the connection and stays silent is hung: out of threads, memory or database connections."""
    page = _unserved(seen)
    if page and isinstance(page.exchange, NoAnswer) and _unanswered(page.exchange) and page.exchange.timed_out:
        took = page.exchange.took_ms
        summary = f"Keycloak took the connection and gave no answer within {took} ms: {page.exchange.detail}"
        yield _page_sign(page, summary, context)


@check(KeycloakRealm, "keycloak.hangs-up", "Connections are closed without an answer", _CRITICAL, Section.KEYCLOAK)
def hangs_up(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """Who closes at once is dying, or is spoken to in the wrong way: plain http on a TLS port, or no HTTP at all."""
    page = _unserved(seen)
    if page and isinstance(page.exchange, NoAnswer) and _unanswered(page.exchange) and not page.exchange.timed_out:
        took, detail = page.exchange.took_ms, page.exchange.detail
        summary = f"What listens at {expected(context).url} took the request and broke off after {took} ms: {detail}"
        yield _page_sign(page, summary, context)


@check(
    KeycloakRealm,
    "keycloak.server-error",
    "Keycloak answers with a server error",
    _CRITICAL,
    Section.KEYCLOAK,
)
def server_error(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """A 5xx is Keycloak (or the proxy before it) saying that it cannot serve: starting, overloaded, no database."""
    page = _unserved(seen)
    if page and isinstance(page.exchange, Answer) and page.exchange.status_class == SERVER_FAILED:
        summary = f"The realm page answers HTTP {page.exchange.status} after {page.exchange.took_ms} ms"
        yield _page_sign(page, summary, context)


@check(
    KeycloakRealm,
    "keycloak.redirected-to-https",
    "Keycloak is to be asked over https",
    _CRITICAL,
    Section.KEYCLOAK,
)
def redirected_to_https(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """A proxy that sends plain http on to https serves nothing else there, and a login's POST is not sent on at all."""
    page = _unserved(seen)
    if page and isinstance(page.exchange, Answer) and _to_https(page.exchange, context):
        summary = (
            f"The configured address {expected(context).url} is plain http, and every request is sent on to "
            f"{_origin(page.exchange.location)} (HTTP {page.exchange.status}): configure the https address"
        )
        yield _page_sign(page, summary, context)


@check(
    KeycloakRealm,
    "keycloak.redirected",
    "Keycloak's address redirects elsewhere",
    _CRITICAL,
    Section.KEYCLOAK,
)
def redirected(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """An API that is redirected, often to a login page, is behind a proxy that wants people, not programs."""
    page = _unserved(seen)
    if not (page and isinstance(page.exchange, Answer)) or _to_https(page.exchange, context):
        return
    if page.exchange.status_class == REDIRECT:
        to = page.exchange.location or "an unnamed place"
        summary = f"The realm page redirects to {to} (HTTP {page.exchange.status}) instead of answering"
        yield _page_sign(page, summary, context)


@check(KeycloakRealm, "keycloak.not-json", "Something else answers for Keycloak", _CRITICAL, Section.KEYCLOAK)
def not_json(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """A page instead of JSON comes from a proxy, a maintenance page or another server at Keycloak's address."""
    page = _unserved(seen)
    if page and isinstance(page.exchange, Answer) and page.exchange.status_class == SUCCESS:
        kind = page.exchange.content_type or "no content type"
        summary = f"The realm page is not the realm's: HTTP {page.exchange.status} with {kind}"
        yield _page_sign(page, summary, context)


@check(KeycloakRealm, "keycloak.request-rejected", "Keycloak rejects requests", _CRITICAL, Section.KEYCLOAK)
def request_rejected(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """A realm page is public: a 4xx comes from a firewall, a rate limit, a proxy, or from a path nobody serves."""
    page = _unserved(seen)
    if not (page and isinstance(page.exchange, Answer)):
        return
    if page.exchange.status_class == REFUSED:
        yield _page_sign(page, f"The realm page answers {page.exchange.refusal}", context)


@check(KeycloakRealm, "keycloak.realm-missing", "The realm does not exist", _CRITICAL, Section.KEYCLOAK)
def realm_missing(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """Without its realm the platform has no users, clients or permissions: deleted, renamed, or a fresh database."""
    page = next((page for page in seen.pages if REALM_UNKNOWN in _error(page)), None)
    if seen.served or page is None:
        return
    summary = f"Keycloak answers, and has no realm {expected(context).realm!r} ({_said(page)})"
    yield _page_sign(page, summary, context)


@check(
    KeycloakRealm,
    "keycloak.wrong-base-path",
    "The platform is configured for a path Keycloak does not serve",
    _CRITICAL,
    Section.KEYCLOAK,
)
def wrong_base_path(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """Keycloak moved from /auth/realms to /realms with version 17; a client set up for the other one finds nothing."""
    configured, served = expected(context).base_path, seen.served
    if configured is None or served is None or served.base_path == configured:
        return
    summary = (
        f"The platform is configured for {configured}/realms, and Keycloak serves the realm at "
        f"{served.base_path}/realms"
    )
    yield Sign(host(context), summary, _paths(seen), page_command(realm_url(context, configured), context))


@check(KeycloakRealm, "keycloak.base-path-differs", "The runbook names another path", _NOTE, Section.KEYCLOAK)
def base_path_differs(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """The runbook's commands use /auth/realms; on this platform they need another path to work."""
    served = seen.served
    if expected(context).base_path is None and served is not None and served.base_path != "/auth":
        summary = f"The runbook says /auth/realms, the platform answers at {served.base_path}/realms"
        yield Sign(host(context), summary, _paths(seen), page_command(realm_url(context, served.base_path), context))


@check(KeycloakRealm, "keycloak.slow", "Keycloak answers slowly", _WARNING, Section.KEYCLOAK)
def slow(seen: KeycloakRealm, context: Context) -> Iterator[Sign]:
    """Every login and permission check waits for Keycloak; the realm page is the cheapest thing it serves."""
    served, limit = seen.served, context.limits.keycloak_slow_ms
    if served and isinstance(served.exchange, Answer) and served.exchange.took_ms >= limit:
        summary = f"The realm page took {served.exchange.took_ms} ms (limit {limit} ms)"
        yield _page_sign(served, summary, context)


@check(
    KeycloakDiscovery,
    "keycloak.https-required",
    "The realm demands https",
    _CRITICAL,
    Section.KEYCLOAK,
)
def https_required(seen: KeycloakDiscovery, context: Context) -> Iterator[Sign]:
    """Keycloak gives its page over http and nothing else: the realm's sslRequired, or a proxy that hides the https."""
    if not _https_required(seen.exchange):
        return
    where = expected(context).url
    what = (
        f"although it is asked at {where}: the proxy before it does not say so, or Keycloak does not believe it"
        if where.startswith("https:")
        else f"and it is asked at {where}, which is plain http"
    )
    facts = answer_facts("discovery document", seen.exchange)
    summary = f"The realm {expected(context).realm} demands https (its sslRequired), {what}"
    yield Sign(realm(context), summary, facts, page_command(_discovery_url(context), context))


@check(
    KeycloakDiscovery,
    "keycloak.discovery-broken",
    "The discovery document cannot be read",
    _CRITICAL,
    Section.KEYCLOAK,
)
def discovery_broken(seen: KeycloakDiscovery, context: Context) -> Iterator[Sign]:
    """Clients find every endpoint through this document; without it logins fail before they begin."""
    broken = not isinstance(seen.exchange, Answer) or not seen.exchange.ok
    if _https_required(seen.exchange):
        return
    if broken or not (seen.issuer and seen.token_endpoint):
        facts = answer_facts("discovery document", seen.exchange)
        lacks = "" if broken else ": it lacks issuer or token_endpoint"
        summary = f"The realm answers, its discovery document does not{lacks} ({facts[0].value})"
        yield Sign(realm(context), summary, facts, page_command(_discovery_url(context), context))


@check(
    KeycloakDiscovery,
    "keycloak.issuer-mismatch",
    "Tokens are issued under another name",
    _CRITICAL,
    Section.KEYCLOAK,
)
def issuer_mismatch(seen: KeycloakDiscovery, context: Context) -> Iterator[Sign]:
    """The backend refuses tokens whose issuer is not the one it is set up for; Keycloak's hostname setting makes it."""
    wanted = issuers(context)
    if seen.issuer and seen.issuer.rstrip("/") not in wanted:
        facts = (Fact("issuer in discovery", seen.issuer), Fact("issuer the platform expects", wanted[0]))
        summary = f"Keycloak issues tokens as {seen.issuer}, the platform expects {wanted[0]}"
        yield Sign(realm(context), summary, facts, page_command(_discovery_url(context), context))


@check(KeycloakKeys, "keycloak.keys-unreadable", "The signing keys cannot be read", _CRITICAL, Section.KEYCLOAK)
def keys_unreadable(seen: KeycloakKeys, context: Context) -> Iterator[Sign]:
    """Without the published keys no token can be verified, so every request is refused."""
    readable = isinstance(seen.exchange, Answer) and seen.exchange.ok
    if not readable and not _https_required(seen.exchange):
        facts = answer_facts("signing keys", seen.exchange)
        summary = f"The realm answers, its signing keys cannot be read ({facts[0].value})"
        yield Sign(realm(context), summary, facts, page_command(_keys_url(context), context))


@check(KeycloakKeys, "keycloak.no-signing-key", "No usable signing key is published", _CRITICAL, Section.KEYCLOAK)
def no_signing_key(seen: KeycloakKeys, context: Context) -> Iterator[Sign]:
    """Verifiers look for a key of the expected algorithm meant for signatures; without one every token is refused."""
    wanted, assumed = expected(context).algorithm, expected(context).algorithm_assumed
    readable = isinstance(seen.exchange, Answer) and seen.exchange.ok
    usable = [key for key in seen.keys if key.use in {"sig", ""} and (assumed or key.algorithm in {wanted, ""})]
    if readable and not usable:
        listed = ", ".join(f"{key.kind} {key.algorithm or '?'} for {key.use or '?'}" for key in seen.keys)
        facts = (Fact("published keys", listed or "none"), Fact("expected algorithm", wanted))
        summary = f"{len(seen.keys)} keys are published, none of them a signing key for {wanted}"
        yield Sign(realm(context), summary, facts, page_command(_keys_url(context), context))


CHECKS = (
    not_answering,
    hangs_up,
    server_error,
    redirected_to_https,
    redirected,
    not_json,
    request_rejected,
    wrong_base_path,
    realm_missing,
    https_required,
    discovery_broken,
    issuer_mismatch,
    keys_unreadable,
    no_signing_key,
    slow,
    base_path_differs,
)


def _unserved(seen: KeycloakRealm) -> RealmPage | None:
    """The page that tells most about why the realm is not served; None when it is, or Keycloak itself says why."""
    if seen.served or any(REALM_UNKNOWN in _error(page) for page in seen.pages):
        return None
    return min(seen.pages, key=lambda page: _status(page) == _NOT_FOUND, default=None)


def _to_https(answer: Answer, context: Context) -> bool:
    """Whether it sends plain http on to https of the same host."""
    configured, to = urlsplit(expected(context).url), _split(answer.location)
    upgraded = (configured.scheme, to.scheme) == ("http", "https") and to.hostname == configured.hostname
    return answer.status_class == REDIRECT and upgraded


def _origin(url: str) -> str:
    return f"{_split(url).scheme}://{_split(url).netloc}"


def _split(url: str) -> SplitResult:
    """The parts of an address that a server named; of one that cannot be read, none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _https_required(exchange: Exchange) -> bool:
    return isinstance(exchange, Answer) and HTTPS_REQUIRED in (exchange.description or exchange.error)


def _unanswered(exchange: NoAnswer) -> bool:
    """Whether it is the server behind an open connection that did not answer."""
    return not exchange.stage.before_request


def _status(page: RealmPage) -> int:
    return page.exchange.status if isinstance(page.exchange, Answer) else 0


def _error(page: RealmPage) -> str:
    return page.exchange.error if isinstance(page.exchange, Answer) else ""


def _said(page: RealmPage) -> str:
    return page.exchange.refusal if isinstance(page.exchange, Answer) else page.exchange.detail


def _paths(seen: KeycloakRealm) -> tuple[Fact, ...]:
    return tuple(fact for page in seen.pages for fact in answer_facts(f"{page.base_path}/realms", page.exchange))


def _page_sign(page: RealmPage, summary: str, context: Context) -> Sign:
    url = realm_url(context, page.base_path)
    facts = answer_facts(f"{page.base_path}/realms", page.exchange)
    return Sign(realm(context), summary, facts, page_command(url, context))


def _discovery_url(context: Context) -> str:
    return f"{realm_url(context)}/.well-known/openid-configuration"


def _keys_url(context: Context) -> str:
    return f"{realm_url(context)}/protocol/openid-connect/certs"

"""The words the Keycloak checks share: the expected platform, its subjects, and commands filled in for it."""

from urllib.parse import quote

from diagnostics import commands
from diagnostics.context import Context, KeycloakExpected
from diagnostics.evidence.http import Answer, Exchange
from diagnostics.model import Fact, Subject

#: Keycloak's own words, by which a wrong path and a missing realm are told apart (read on Keycloak 26).
REALM_UNKNOWN = "Realm does not exist"
#: And what it says to plain http where the realm's sslRequired forbids that.
HTTPS_REQUIRED = "HTTPS required"


def expected(context: Context) -> KeycloakExpected:
    """What the platform is set up to use.

    Raises:
        LookupError: Keycloak is not configured, so nothing of it can have been observed.
    """
    if context.expected.keycloak is None:
        raise LookupError("keycloak is judged without environments.<name>.keycloak being configured")
    return context.expected.keycloak


def host(context: Context) -> Subject:
    """Keycloak's address."""
    return Subject("host", expected(context).url)


def realm(context: Context) -> Subject:
    """The realm."""
    return Subject("realm", expected(context).realm)


def client(context: Context) -> Subject:
    """The platform's client."""
    return Subject("client", expected(context).client_id)


def realm_url(context: Context, base_path: str | None = None) -> str:
    """The realm's address, under the configured path unless another is named."""
    keycloak = expected(context)
    path = base_path if base_path is not None else (keycloak.base_path or "")
    return f"{keycloak.url}{path}/realms/{quote(keycloak.realm, safe='')}"


def curl(context: Context) -> str:
    """How commands begin that ask Keycloak."""
    return commands.curl(expected(context).ca_file)


def page_command(url: str, context: Context) -> str:
    """The command that asks for a URL and shows status, times and body."""
    times = r"%{http_code} dns %{time_namelookup}s connect %{time_connect}s total %{time_total}s\n"
    return f"{curl(context)} -m 10 -w '\\n{times}' '{url}'"


def issuers(context: Context) -> tuple[str, ...]:
    """The issuers the platform accepts: the configured one, else the realm's own address."""
    keycloak = expected(context)
    if keycloak.issuer:
        return (keycloak.issuer.rstrip("/"),)
    paths = ("", "/auth") if keycloak.base_path is None else (keycloak.base_path,)
    return tuple(f"{keycloak.url}{path}/realms/{quote(keycloak.realm, safe='')}" for path in paths)


def login_command(context: Context) -> str:
    """The runbook's login by client credentials. The secret is read from the terminal, never shown."""
    keycloak = expected(context)
    url = f"{realm_url(context)}/protocol/openid-connect/token"
    return (
        "read -rs SECRET && "
        f"{curl(context)} -X POST '{url}' -d 'client_id={keycloak.client_id}' "
        '--data-urlencode "client_secret=$SECRET" -d grant_type=client_credentials'
    )


def admin_page(context: Context, tab: str) -> str:
    """Where in Keycloak's admin console a setting of the client is found."""
    keycloak = expected(context)
    return f"admin console > realm {keycloak.realm} > Clients > {keycloak.client_id} > {tab}"


def answer_facts(what: str, exchange: Exchange) -> tuple[Fact, ...]:
    """An exchange as facts: status or failure, time, and whose page it was."""
    if not isinstance(exchange, Answer):
        return (Fact(what, f"no answer at {exchange.stage} after {exchange.took_ms} ms: {exchange.detail}"),)
    facts = [Fact(what, f"{exchange.refusal} in {exchange.took_ms} ms")]
    if exchange.content_type and not exchange.is_json:
        facts.append(Fact("content type", exchange.content_type))
    if exchange.location:
        facts.append(Fact("redirects to", exchange.location))
    if exchange.excerpt:
        facts.append(Fact("begins with", exchange.excerpt))
    return tuple(facts)

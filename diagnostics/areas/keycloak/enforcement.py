"""Checks of the resource server's own settings: are policies enforced, may the backend register anything."""

from collections.abc import Iterator

from diagnostics.areas.keycloak.platform import admin_page, client, expected
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.keycloak.kinds import KeycloakResourceServer
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING


@check(
    KeycloakResourceServer,
    "keycloak.remote-management-off",
    "The backend may not register resources",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def remote_management_off(seen: KeycloakResourceServer, context: Context) -> Iterator[Sign]:
    """With this switch off the protection API still lists and changes what there is, and refuses whatever is new."""
    if not seen.remote_management:
        who = expected(context).client_id
        yield _sign(seen, f"Remote resource management is off for client {who}: nothing new can be registered", context)


@check(
    KeycloakResourceServer,
    "keycloak.enforcement-disabled",
    "No policy is enforced",
    _CRITICAL,
    Section.KEYCLOAK_PERMISSION,
)
def enforcement_disabled(seen: KeycloakResourceServer, context: Context) -> Iterator[Sign]:
    """In this mode Keycloak asks no policy and grants everything to everybody who can log in."""
    if seen.enforcement == "DISABLED":
        who = expected(context).client_id
        yield _sign(seen, f"Policy enforcement of client {who} is DISABLED: every permission is granted", context)


@check(
    KeycloakResourceServer,
    "keycloak.enforcement-permissive",
    "What no permission guards is open to everybody",
    _WARNING,
    Section.KEYCLOAK_PERMISSION,
)
def enforcement_permissive(seen: KeycloakResourceServer, context: Context) -> Iterator[Sign]:
    """In this mode a resource that lost its permission, or never had one, is granted instead of denied."""
    if seen.enforcement == "PERMISSIVE":
        who = expected(context).client_id
        summary = f"Policy enforcement of client {who} is PERMISSIVE: resources without a permission are open to all"
        yield _sign(seen, summary, context)


CHECKS = (remote_management_off, enforcement_disabled, enforcement_permissive)


def _sign(seen: KeycloakResourceServer, summary: str, context: Context) -> Sign:
    facts = (
        Fact("policy enforcement mode", seen.enforcement),
        Fact("remote resource management", "on" if seen.remote_management else "off"),
        Fact("set in", admin_page(context, "Authorization > Settings")),
    )
    realm, who = expected(context).realm, expected(context).client_id
    of_client = f"$(kcadm.sh get clients -r {realm} -q clientId={who} --fields id --format csv --noquotes)"
    command = f'kcadm.sh get "clients/{of_client}/authz/resource-server" -r {realm}'
    return Sign(client(context), summary, facts, command)

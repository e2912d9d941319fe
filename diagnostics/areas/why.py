"""Why Keycloak grants or denies: a permission question walked through, step by step."""

import shlex
from collections.abc import Iterator

from diagnostics.areas.keycloak.platform import admin_page, expected
from diagnostics.check import Area, Sign, check
from diagnostics.context import Context
from diagnostics.evidence.keycloak.kinds import (
    AskedResource,
    AskedUser,
    KeycloakAdmin,
    KeycloakDecision,
    KeycloakLogin,
    KeycloakProtection,
    KeycloakRealm,
    Vote,
)
from diagnostics.model import Fact, Severity, Subject, Verdict
from diagnostics.runbook import Section

_CRITICAL, _SECTION = Severity.CRITICAL, Section.KEYCLOAK_PERMISSION


@check(AskedUser, "why.user-missing", "The user does not exist", _CRITICAL, _SECTION)
def user_missing(seen: AskedUser, context: Context) -> Iterator[Sign]:
    """Permissions are given to users of the realm; who is none gets none."""
    if not seen.found:
        realm = expected(context).realm
        summary = f"The realm {realm} has no user with the name or id {seen.asked}"
        yield Sign(Subject("user", seen.asked), summary, (Fact("asked for", seen.asked),), _user_command(seen, context))


@check(AskedUser, "why.user-disabled", "The user is disabled", _CRITICAL, _SECTION)
def user_disabled(seen: AskedUser, context: Context) -> Iterator[Sign]:
    """A disabled user gets no token, and what tokens are left count as inactive."""
    if seen.found and not seen.enabled:
        facts = (Fact("user", f"{seen.username}, id {seen.id}, disabled"),)
        summary = f"User {seen.username} is disabled"
        yield Sign(Subject("user", seen.username), summary, facts, _user_command(seen, context))


@check(AskedResource, "why.resource-missing", "The resource is not registered", _CRITICAL, _SECTION)
def resource_missing(seen: AskedResource, context: Context) -> Iterator[Sign]:
    """The backend registers each entity when it is made; what is not registered is denied to everyone."""
    if seen.resource is None:
        who = expected(context).client_id
        summary = f"No resource with the id or name {seen.asked} is registered for {who}, and none is shown as such"
        facts = (Fact("asked for", seen.asked),)
        yield Sign(Subject("resource", seen.asked), summary, facts, admin_page(context, "Authorization > Resources"))


@check(AskedResource, "why.action-unknown", "The resource does not know the action", _CRITICAL, _SECTION)
def action_unknown(seen: AskedResource, context: Context) -> Iterator[Sign]:
    """A scope that the resource was not registered with cannot be granted by any policy."""
    resource = seen.resource
    if resource and seen.action not in resource.scopes:
        summary = (
            f"The resource {resource.name} has no scope {seen.action}; it has {', '.join(resource.scopes) or 'none'}"
        )
        facts = (Fact("scopes", ", ".join(resource.scopes) or "none"),)
        yield Sign(Subject("resource", resource.name), summary, facts, admin_page(context, "Authorization > Scopes"))


@check(KeycloakDecision, "why.denied", "The policies deny it", _CRITICAL, _SECTION)
def denied(seen: KeycloakDecision, context: Context) -> Iterator[Sign]:
    """Keycloak grants only what a permission grants; being the owner alone is not enough."""
    if seen.granted:
        return
    against = [vote for vote in seen.votes if not vote.granted]
    names = ", ".join(f"{vote.kind} {vote.name}" for vote in against[:3])
    summary = f"Keycloak denies it: {names}" if names else "Keycloak denies it: no permission applies to this resource"
    facts = tuple(_vote(vote) for vote in seen.votes) or (Fact("permissions that apply", "none"),)
    subject = Subject("client", expected(context).client_id)
    yield Sign(subject, summary, facts, admin_page(context, "Authorization > Evaluate"))


@check(KeycloakDecision, "why.granted", "The policies grant it", Severity.NOTE, _SECTION)
def granted(seen: KeycloakDecision, context: Context) -> Iterator[Sign]:
    """When Keycloak grants and the person is refused all the same, look at the token or at the backend's own rules."""
    if seen.granted:
        names = ", ".join(f"{vote.kind} {vote.name}" for vote in seen.votes if vote.granted and not vote.under)
        summary = f"Keycloak grants it: {names or 'no permission says so, the resource server does not enforce any'}"
        subject = Subject("client", expected(context).client_id)
        facts = (Fact("granted actions", ", ".join(seen.allowed)), *(_vote(vote) for vote in seen.votes))
        yield Sign(subject, summary, facts, admin_page(context, "Authorization > Evaluate"))


CHECKS = (user_missing, user_disabled, resource_missing, action_unknown, denied, granted)

AREA = Area(
    name="why",
    title="Permission",
    section=_SECTION,
    checks=CHECKS,
    requires=(
        KeycloakRealm,
        KeycloakLogin,
        KeycloakProtection,
        KeycloakAdmin,
        AskedUser,
        AskedResource,
        KeycloakDecision,
    ),
    words={
        Verdict.HEALTHY: "GRANTED",
        Verdict.DEGRADED: "GRANTED",
        Verdict.DOWN: "DENIED",
        Verdict.UNKNOWN: "UNDECIDED",
    },
)


def _vote(vote: Vote) -> Fact:
    label = f"{vote.kind} {vote.name}" + (f" (under {vote.under})" if vote.under else "")
    return Fact(label, "grants" if vote.granted else "denies")


def _user_command(seen: AskedUser, context: Context) -> str:
    return f"kcadm.sh get users -r {expected(context).realm} -q exact=true -q username={shlex.quote(seen.asked)}"

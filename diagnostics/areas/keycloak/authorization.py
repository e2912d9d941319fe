"""Checks of UMA: may the client register resources, are they in order, does permission evaluation work."""

import shlex
from collections.abc import Iterator
from urllib.parse import quote

from diagnostics.areas.keycloak.platform import admin_page, answer_facts, client, curl, expected, realm_url
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.http import Answer, Exchange, NoAnswer
from diagnostics.evidence.keycloak.kinds import (
    KeycloakEvaluation,
    KeycloakOwners,
    KeycloakProtection,
    KeycloakRegistration,
    KeycloakResources,
    ProbeLeft,
    Resource,
)
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
#: Names listed in a finding; the rest is counted.
_NAMED = 3
_NOT_A_RESOURCE_SERVER = "not registered as a resource server"
_NEEDS_ROLE = "Requires uma_protection"


@check(
    KeycloakProtection,
    "keycloak.authorization-services-off",
    "Authorization services are off for the client",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def authorization_services_off(seen: KeycloakProtection, context: Context) -> Iterator[Sign]:
    """Without them there is nowhere to register resources. Switching them off has deleted every resource and policy."""
    answer = _refused(seen.exchange)
    if answer and _NOT_A_RESOURCE_SERVER in answer.description:
        summary = f"Authorization services are off for client {expected(context).client_id} ({answer.refusal})"
        yield _protection_sign(seen, summary, context, "Settings > Authorization")


@check(
    KeycloakProtection,
    "keycloak.uma-protection-missing",
    "The client lacks the uma_protection role",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def uma_protection_missing(seen: KeycloakProtection, context: Context) -> Iterator[Sign]:
    """The protection API asks for this role of the client's service account; the runbook calls it a scope."""
    answer = _refused(seen.exchange)
    if answer and _NEEDS_ROLE in answer.description and not _untold(seen, context):
        summary = f"The service account of {expected(context).client_id} lacks uma_protection ({answer.refusal})"
        yield _protection_sign(seen, summary, context, "Service accounts roles")


@check(
    KeycloakProtection,
    "keycloak.token-lightweight",
    "The client's tokens are lightweight and carry no roles",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def token_lightweight(seen: KeycloakProtection, context: Context) -> Iterator[Sign]:
    """The protection API looks for uma_protection in the token itself, and so does a backend that reads roles there."""
    answer = _refused(seen.exchange)
    if answer and _NEEDS_ROLE in answer.description and seen.lightweight:
        who = expected(context).client_id
        told = _elsewhere(seen, who)
        summary = f"Access tokens of {who} are lightweight: no role is in them, {told} ({answer.refusal})"
        yield _protection_sign(seen, summary, context, "Advanced > Always use lightweight access token")


@check(
    KeycloakProtection,
    "keycloak.protection-refused",
    "The protection API refuses the client",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def protection_refused(seen: KeycloakProtection, context: Context) -> Iterator[Sign]:
    """Resource registration fails for another reason; Keycloak's own words say which."""
    answer = seen.exchange
    if not isinstance(answer, Answer) or answer.ok:
        return
    if not any(words in answer.description for words in (_NOT_A_RESOURCE_SERVER, _NEEDS_ROLE)):
        yield _protection_sign(seen, f"The protection API answers {answer.refusal}", context, "Authorization")


@check(
    KeycloakProtection,
    "keycloak.protection-not-answering",
    "The protection API does not answer",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def protection_not_answering(seen: KeycloakProtection, context: Context) -> Iterator[Sign]:
    """Logins work, and asking for one resource waits in vain: nothing can be registered or looked up."""
    if isinstance(seen.exchange, NoAnswer):
        took, detail = seen.exchange.took_ms, seen.exchange.detail
        summary = f"The client logs in, and the protection API gave no answer within {took} ms ({detail})"
        yield _protection_sign(seen, summary, context, "Authorization")


@check(
    KeycloakResources,
    "keycloak.resource-without-owner",
    "Resources have no owner noted",
    _WARNING,
    Section.KEYCLOAK_PERMISSION,
)
def resource_without_owner(seen: KeycloakResources, context: Context) -> Iterator[Sign]:
    """The platform decides by the attribute ownerId; a resource without it belongs to nobody and is denied to all."""
    orphans = [resource for resource in _platform_resources(seen) if not resource.noted_owner]
    if orphans:
        summary = f"{_count(orphans, seen)} registered without an ownerId: {_names(orphans)}"
        yield _resources_sign(seen, orphans, summary, context)


@check(
    KeycloakResources,
    "keycloak.owner-differs",
    "Resources have two different owners",
    _WARNING,
    Section.KEYCLOAK_PERMISSION,
)
def owner_differs(seen: KeycloakResources, context: Context) -> Iterator[Sign]:
    """Where Keycloak's owner is a user, it must be the one in ownerId; else one of the two is denied what is theirs."""
    own = expected(context).client_id
    torn = [
        resource
        for resource in _platform_resources(seen)
        if resource.noted_owner and resource.owner_name != own and resource.owner_id != resource.noted_owner
    ]
    if torn:
        summary = f"{_count(torn, seen)} owned by another user than their ownerId names: {_names(torn)}"
        yield _resources_sign(seen, torn, summary, context)


@check(
    KeycloakOwners,
    "keycloak.owner-unknown",
    "Resources belong to users who do not exist",
    _WARNING,
    Section.KEYCLOAK_PERMISSION,
)
def owner_unknown(seen: KeycloakOwners, context: Context) -> Iterator[Sign]:
    """A resource of a deleted or re-created user is denied to the person who now has that name."""
    if seen.unknown:
        listed = ", ".join(seen.unknown[:_NAMED])
        more = f" and {len(seen.unknown) - _NAMED} more" if len(seen.unknown) > _NAMED else ""
        summary = f"{len(seen.unknown)} of {seen.asked} resource owners are no users of the realm: {listed}{more}"
        facts = (Fact("owners asked for", str(seen.asked)), Fact("unknown", ", ".join(seen.unknown)))
        command = f"kcadm.sh get {shlex.quote(f'users/{seen.unknown[0]}')} -r {expected(context).realm}"
        yield Sign(Subject("realm", expected(context).realm), summary, facts, command)


@check(
    KeycloakEvaluation,
    "keycloak.evaluation-broken",
    "Permission evaluation fails",
    _CRITICAL,
    Section.KEYCLOAK_PERMISSION,
)
def evaluation_broken(seen: KeycloakEvaluation, context: Context) -> Iterator[Sign]:
    """A permission check is a UMA ticket request; granted or denied is an answer, anything else denies everyone."""
    answer = seen.exchange
    if isinstance(answer, NoAnswer):
        summary = f"A UMA ticket request got no answer within {answer.took_ms} ms ({answer.detail})"
    elif answer.ok or answer.error == "access_denied":
        return
    else:
        summary = f"A UMA ticket request is answered {answer.refusal}, neither granted nor denied"
    facts = (*answer_facts("UMA ticket", answer), Fact("set in", admin_page(context, "Authorization")))
    yield Sign(client(context), summary, facts, _evaluation_command(context))


@check(
    KeycloakRegistration,
    "keycloak.registration-fails",
    "Registering a resource fails",
    _CRITICAL,
    Section.KEYCLOAK_REGISTRATION,
)
def registration_fails(seen: KeycloakRegistration, context: Context) -> Iterator[Sign]:
    """The backend registers every new bot so; when it fails the backend rolls the whole creation back."""
    steps = (("create", seen.created, 201), ("read", seen.read, 200), ("delete", seen.deleted, 204))
    failed = next(((name, made) for name, made, good in steps if made and _code(made) != good), None)
    if failed:
        name, made = failed
        facts = tuple(fact for step, done, _ in steps if done for fact in answer_facts(step, done))
        summary = f"A probe resource could not be registered: {name} gave {answer_facts(name, made)[0].value}"
        yield Sign(client(context), summary, facts, _resource_command(context))


@check(
    KeycloakRegistration,
    "keycloak.probe-may-remain",
    "A probe resource may still be there",
    _WARNING,
    Section.KEYCLOAK_REGISTRATION,
)
def probe_may_remain(seen: KeycloakRegistration, context: Context) -> Iterator[Sign]:
    """What a deep look made and could not take away for certain is left to a person; it gives nobody any right."""
    left = seen.may_remain
    if left:
        called = f"{left.name} (id {left.id})" if left.id else f"{left.name} (its id was never told)"
        facts = (Fact("probe", left.name), Fact("id", left.id or "unknown"), Fact("not certain, because", left.why))
        summary = f"The probe resource {called} may not have been removed: {left.why}"
        yield Sign(client(context), summary, facts, _removal_command(left, context))


@check(
    KeycloakRegistration,
    "keycloak.probe-left-behind",
    "A probe of an earlier run was left behind",
    _NOTE,
    Section.KEYCLOAK_REGISTRATION,
)
def probe_left_behind(seen: KeycloakRegistration, context: Context) -> Iterator[Sign]:
    """An interrupted deep run could not clean up; this one has removed what it left."""
    if seen.left_behind:
        summary = f"{seen.left_behind} probe resources of interrupted runs were found and removed"
        facts = (Fact("removed", str(seen.left_behind)),)
        yield Sign(client(context), summary, facts, _resource_command(context))


CHECKS = (
    authorization_services_off,
    uma_protection_missing,
    token_lightweight,
    protection_refused,
    protection_not_answering,
    evaluation_broken,
    registration_fails,
    probe_may_remain,
    resource_without_owner,
    owner_differs,
    owner_unknown,
    probe_left_behind,
)


def _refused(exchange: Exchange) -> Answer | None:
    return exchange if isinstance(exchange, Answer) and not exchange.ok else None


def _untold(seen: KeycloakProtection, context: Context) -> bool:
    """Whether the token is lightweight, and so says nothing of a role that introspection gives or does not tell of."""
    roles = seen.introspected
    return seen.lightweight and (roles is None or f"{expected(context).client_id}/uma_protection" in roles)


def _elsewhere(seen: KeycloakProtection, who: str) -> str:
    if seen.introspected is None:
        return "and introspection did not say which there are"
    held = f"{who}/uma_protection" in seen.introspected
    return "introspection gives uma_protection" if held else "introspection does not give uma_protection either"


def _code(exchange: Exchange) -> int:
    return exchange.status if isinstance(exchange, Answer) else 0


def _platform_resources(seen: KeycloakResources) -> list[Resource]:
    """The resources the platform registered: not Keycloak's own "Default Resource", not the bot's probes."""
    return [
        one for one in seen.resources if not one.kind.endswith(":resources:default") and "volati:probe" not in one.kind
    ]


def _count(some: list[Resource], seen: KeycloakResources) -> str:
    of = f"{len(_platform_resources(seen))}{' or more' if seen.more else ''}"
    return f"{len(some)} of {of} resources are" if len(some) > 1 else f"1 of {of} resources is"


def _names(some: list[Resource]) -> str:
    listed = ", ".join(resource.name or resource.id for resource in some[:_NAMED])
    return f"{listed} and {len(some) - _NAMED} more" if len(some) > _NAMED else listed


def _resources_sign(seen: KeycloakResources, some: list[Resource], summary: str, context: Context) -> Sign:
    facts = [
        Fact(
            f"resource {resource.name or resource.id}",
            f"ownerId {resource.noted_owner or 'missing'}, Keycloak's owner {resource.owner_name or resource.owner_id}",
        )
        for resource in some[:_NAMED]
    ]
    read = Fact("resources read", f"{len(seen.resources)}{', there are more' if seen.more else ''}")
    return Sign(client(context), summary, (*facts, read), _resource_command(context))


def _protection_sign(seen: KeycloakProtection, summary: str, context: Context, tab: str) -> Sign:
    facts = (
        *answer_facts("protection API", seen.exchange),
        Fact("client roles in the token", ", ".join(seen.roles) or "none"),
        *([] if seen.introspected is None else [Fact("by introspection", ", ".join(seen.introspected) or "none")]),
        Fact("set in", admin_page(context, tab)),
    )
    return Sign(client(context), summary, facts, _resource_command(context))


def _resource_command(context: Context) -> str:
    url = f"{realm_url(context)}/authz/protection/resource_set?deep=true&first=0&max=5"
    return f"{curl(context)} -H \"Authorization: Bearer $TOKEN\" '{url}'"


def _removal_command(left: ProbeLeft, context: Context) -> str:
    """Deletes the probe by its id; where that was never told, it is looked up by its name, which is unique."""
    url = f"{realm_url(context)}/authz/protection/resource_set"
    bearer = '-H "Authorization: Bearer $TOKEN"'
    if left.id:
        return f"{curl(context)} -X DELETE {bearer} '{url}/{quote(left.id, safe='')}'"
    return (
        f"{curl(context)} {bearer} '{url}?name={left.name}&exactName=true' | tr -d '[]\"\n' | "
        f"xargs -r -I ID {curl(context)} -X DELETE {bearer} '{url}/ID'"
    )


def _evaluation_command(context: Context) -> str:
    url = f"{realm_url(context)}/protocol/openid-connect/token"
    grant = "urn:ietf:params:oauth:grant-type:uma-ticket"
    return (
        f"{curl(context)} -X POST '{url}' -H \"Authorization: Bearer $TOKEN\" -d grant_type={grant} "
        f"-d audience={expected(context).client_id} -d response_mode=permissions"
    )

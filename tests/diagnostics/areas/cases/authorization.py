"""Cases of UMA: registration, resources, owners, evaluation."""

from typing import Any

from diagnostics.evidence.http import Exchange
from diagnostics.evidence.keycloak.kinds import (
    KeycloakEvaluation,
    KeycloakOwners,
    KeycloakProtection,
    KeycloakRegistration,
    KeycloakResources,
    KeycloakResourceServer,
    ProbeLeft,
    Resource,
)
from tests.diagnostics.areas.cases.case import DOWN, HTML, OK, REFUSED, SILENT, Case, refusal

OFF = refusal(403, "invalid_clientId", "Client application [volaticloud-api] is not registered as a resource server.")
NO_ROLE = refusal(403, "invalid_scope", "Requires uma_protection scope.")
NO_TOKEN = refusal(403, "invalid_bearer_token", "Could not obtain bearer access_token from request.")


def protection(exchange: Exchange = OK) -> KeycloakProtection:
    """What the protection API said."""
    return KeycloakProtection(exchange, ("volaticloud-api/uma_protection",))


def lightweight(*introspected: str, exchange: Exchange | None = None, told: bool = True) -> KeycloakProtection:
    """What it said to a lightweight token, and which roles introspection gave, if it told."""
    return KeycloakProtection(exchange or NO_ROLE, (), lightweight=True, introspected=introspected if told else None)


def resource(id: str = "r1", **facts: Any) -> Resource:
    """A resource as the backend registers it: owned by the client, its person in `ownerId`."""
    sound: dict[str, Any] = {
        "name": f"Bot {id}",
        "kind": "urn:volaticloud-api:resources:bot",
        "owner_id": "client-uuid",
        "owner_name": "volaticloud-api",
        "noted_owner": "alice-id",
        "scopes": ("view",),
    }
    return Resource(id=id, **{**sound, **facts})


def resources(*listed: Resource, more: bool = False) -> KeycloakResources:
    """The registered resources."""
    return KeycloakResources(listed, more)


DEFAULT = resource(kind="urn:volaticloud-api:resources:default", noted_owner="")
PROBE = resource(kind="urn:volati:probe", noted_owner="")
ORPHAN = resource("r2", noted_owner="")
TORN = resource("r3", owner_id="bob-id", owner_name="bob")
BOBS = resource("r4", owner_id="bob-id", owner_name="bob", noted_owner="bob-id")


def registration(
    created: Exchange | None,
    read: Exchange | None = None,
    deleted: Exchange | None = None,
    left: int = 0,
    remains: ProbeLeft | None = None,
) -> KeycloakRegistration:
    """A probe resource's way."""
    return KeycloakRegistration(created, read, deleted, left, remains)


ENFORCING = KeycloakResourceServer("ENFORCING", remote_management=True)
PERMISSIVE = KeycloakResourceServer("PERMISSIVE", remote_management=True)
CREATED, GONE = refusal(201), refusal(204)
SOUND = registration(CREATED, OK, GONE)

CASES = (
    Case(
        "keycloak.authorization-services-off",
        fires=(protection(OFF),),
        silent=(protection(), protection(NO_ROLE), protection(NO_TOKEN), protection(SILENT)),
        says="are off for client volaticloud-api (HTTP 403 invalid_clientId",
    ),
    Case(
        "keycloak.uma-protection-missing",
        fires=(protection(NO_ROLE), lightweight(), lightweight("account/view-profile", "other/uma_protection")),
        silent=(
            protection(),
            protection(OFF),
            protection(NO_TOKEN),
            protection(SILENT),
            lightweight("volaticloud-api/uma_protection"),
            lightweight(told=False),
        ),
        says="lacks uma_protection",
    ),
    Case(
        "keycloak.token-lightweight",
        fires=(lightweight("volaticloud-api/uma_protection"),),
        silent=(protection(NO_ROLE), lightweight(exchange=OK), lightweight(exchange=OFF), lightweight(exchange=SILENT)),
        says="no role is in them, introspection gives uma_protection (HTTP 403 invalid_scope",
    ),
    Case(
        "keycloak.token-lightweight",
        fires=(lightweight(), lightweight("other/uma_protection")),
        silent=(protection(),),
        says="no role is in them, introspection does not give uma_protection either",
    ),
    Case(
        "keycloak.token-lightweight",
        fires=(lightweight(told=False),),
        silent=(protection(),),
        says="no role is in them, and introspection did not say which there are",
    ),
    Case(
        "keycloak.remote-management-off",
        fires=(KeycloakResourceServer("ENFORCING", remote_management=False),),
        silent=(ENFORCING,),
        says="Remote resource management is off for client volaticloud-api",
    ),
    Case(
        "keycloak.enforcement-disabled",
        fires=(KeycloakResourceServer("DISABLED", remote_management=True),),
        silent=(ENFORCING, PERMISSIVE),
        says="is DISABLED: every permission is granted",
    ),
    Case(
        "keycloak.enforcement-permissive",
        fires=(PERMISSIVE,),
        silent=(ENFORCING, KeycloakResourceServer("DISABLED", remote_management=True)),
        says="is PERMISSIVE: resources without a permission are open to all",
    ),
    Case(
        "keycloak.protection-refused",
        fires=(protection(NO_TOKEN), protection(DOWN), protection(HTML), protection(refusal(404))),
        silent=(protection(), protection(OFF), protection(NO_ROLE), protection(SILENT)),
        says="The protection API answers HTTP",
    ),
    Case(
        "keycloak.protection-not-answering",
        fires=(protection(SILENT), protection(REFUSED)),
        silent=(protection(), protection(NO_TOKEN), protection(DOWN)),
        says="The client logs in, and the protection API gave no answer within",
    ),
    Case(
        "keycloak.resource-without-owner",
        fires=(resources(ORPHAN), resources(resource(), ORPHAN), resources(*[ORPHAN] * 5, more=True)),
        silent=(resources(), resources(resource(), BOBS), resources(DEFAULT, PROBE), resources(TORN)),
        says="registered without an ownerId: Bot r2",
    ),
    Case(
        "keycloak.owner-differs",
        fires=(resources(TORN), resources(resource(), BOBS, TORN)),
        silent=(resources(), resources(resource(), BOBS), resources(ORPHAN), resources(DEFAULT, PROBE)),
        says="1 of",
    ),
    Case(
        "keycloak.owner-unknown",
        fires=(KeycloakOwners(3, ("x",)), KeycloakOwners(9, ("x", "y", "z", "a", "b"))),
        silent=(KeycloakOwners(3, ()), KeycloakOwners(0, ())),
        says="resource owners are no users of the realm: x",
    ),
    Case(
        "keycloak.evaluation-broken",
        fires=(
            KeycloakEvaluation(refusal(400, "invalid_request", "Client does not support permissions")),
            KeycloakEvaluation(refusal(401, "invalid_grant", "Invalid bearer token")),
            KeycloakEvaluation(DOWN),
        ),
        silent=(KeycloakEvaluation(OK), KeycloakEvaluation(refusal(403, "access_denied", "not_authorized"))),
        says="neither granted nor denied",
    ),
    Case(
        "keycloak.evaluation-broken",
        fires=(KeycloakEvaluation(SILENT),),
        silent=(KeycloakEvaluation(OK),),
        says="A UMA ticket request got no answer within 4001 ms",
    ),
    Case(
        "keycloak.registration-fails",
        fires=(
            registration(refusal(403, "forbidden")),
            registration(SILENT),
            registration(CREATED, refusal(404), GONE),
            registration(CREATED, OK, refusal(500)),
        ),
        silent=(SOUND, registration(CREATED, OK, GONE, left=2)),
        says="A probe resource could not be registered",
    ),
    Case(
        "keycloak.probe-may-remain",
        fires=(
            registration(CREATED, OK, SILENT, remains=ProbeLeft("volati-probe-1-a", "r9", "its removal gave nothing")),
            registration(None, remains=ProbeLeft("volati-probe-1-a", "", "the search for it gave nothing")),
        ),
        silent=(SOUND, registration(CREATED, OK, refusal(500))),
        says="The probe resource volati-probe-1-a (",
    ),
    Case(
        "keycloak.probe-left-behind",
        fires=(registration(CREATED, OK, GONE, left=1),),
        silent=(SOUND,),
        says="1 probe resources of interrupted runs were found and removed",
    ),
)

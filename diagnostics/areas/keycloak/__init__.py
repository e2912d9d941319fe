"""The runbook's section Keycloak Integration Issues: what its evidence means."""

from diagnostics.areas.keycloak import authorization, connection, container, enforcement, login, realm, token
from diagnostics.check import Area
from diagnostics.evidence.keycloak.kinds import (
    KeycloakAdmin,
    KeycloakClientSecret,
    KeycloakContainer,
    KeycloakDiscovery,
    KeycloakEvaluation,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakOwners,
    KeycloakProtection,
    KeycloakReach,
    KeycloakRealm,
    KeycloakRegistration,
    KeycloakResources,
    KeycloakResourceServer,
    KeycloakToken,
)
from diagnostics.runbook import Section

#: Upstream first: among equal causes the one listed first is named first.
CHECKS = (
    *container.CHECKS,
    *connection.CHECKS,
    *realm.CHECKS,
    *login.CHECKS,
    *token.CHECKS,
    *authorization.CHECKS,
    *enforcement.CHECKS,
)

AREA = Area(
    name="keycloak",
    title="Keycloak",
    section=Section.KEYCLOAK,
    checks=CHECKS,
    requires=(
        KeycloakReach,
        KeycloakRealm,
        KeycloakDiscovery,
        KeycloakKeys,
        KeycloakLogin,
        KeycloakToken,
        KeycloakProtection,
    ),
    optional=(
        KeycloakClientSecret,
        KeycloakResources,
        KeycloakEvaluation,
        KeycloakAdmin,
        KeycloakOwners,
        KeycloakResourceServer,
        KeycloakContainer,
    ),
    deep=(KeycloakRegistration,),
)

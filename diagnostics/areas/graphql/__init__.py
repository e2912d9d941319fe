"""The runbook's section GraphQL Errors: what its evidence means."""

from diagnostics.areas.graphql import answers, authorization, connection, health, loglines, schema
from diagnostics.check import Area
from diagnostics.evidence.cluster.kinds import (
    BackendLog,
    ClusterPods,
    ClusterSecrets,
    ClusterWorkloads,
    DatabaseReach,
)
from diagnostics.evidence.keycloak.kinds import (
    KeycloakDiscovery,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakReach,
    KeycloakRealm,
    KeycloakToken,
)
from diagnostics.evidence.surface.kinds import GraphqlAnswers, GraphqlSchema, HealthPages, SurfaceReach
from diagnostics.runbook import Section

#: Upstream first: among equal causes the one listed first is named first.
CHECKS = (
    *connection.CHECKS,
    *health.CHECKS,
    *authorization.CHECKS,
    *answers.CHECKS,
    *schema.CHECKS,
    *loglines.CHECKS,
    *connection.LATER_CHECKS,
    *answers.NOTES,
    *schema.NOTES,
    *loglines.NOTES,
)

AREA = Area(
    name="graphql",
    title="GraphQL",
    section=Section.GRAPHQL,
    checks=CHECKS,
    requires=(SurfaceReach, HealthPages, GraphqlAnswers),
    optional=(
        GraphqlSchema,
        KeycloakReach,
        KeycloakRealm,
        KeycloakDiscovery,
        KeycloakKeys,
        KeycloakLogin,
        KeycloakToken,
        BackendLog,
        ClusterPods,
        ClusterWorkloads,
        ClusterSecrets,
        DatabaseReach,
    ),
)

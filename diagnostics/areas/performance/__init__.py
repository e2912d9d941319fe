"""The runbook's section Performance Issues: what its evidence means."""

from typing import Any

from diagnostics.areas.performance import database, queries, responses, scaling, usage
from diagnostics.check import Area, Check
from diagnostics.evidence.cluster.kinds import (
    BackendLog,
    ClusterEvents,
    ClusterNodes,
    ClusterPods,
    ClusterScaling,
    ClusterSecrets,
    ClusterUsage,
    ClusterWorkloads,
)
from diagnostics.evidence.database.kinds import (
    DatabaseAccess,
    DatabaseServer,
    DatabaseSessions,
    DatabaseStatements,
    DatabaseTables,
)
from diagnostics.evidence.keycloak.kinds import KeycloakLogin, KeycloakRealm
from diagnostics.evidence.surface.kinds import GraphqlAnswers, HealthPages
from diagnostics.evidence.surface.times import ResponseTimes
from diagnostics.runbook import Section

#: Upstream first: among equal causes the one listed first is named first.
CHECKS: tuple[Check[Any], ...] = (*usage.CHECKS, *scaling.CHECKS, *database.CHECKS, *responses.CHECKS, *queries.CHECKS)

AREA = Area(
    name="performance",
    title="Performance",
    section=Section.PERFORMANCE,
    checks=CHECKS,
    requires=(ClusterPods, ClusterWorkloads, ClusterUsage, ClusterScaling, ResponseTimes),
    optional=(
        ClusterNodes,
        ClusterEvents,
        HealthPages,
        GraphqlAnswers,
        KeycloakRealm,
        KeycloakLogin,
        BackendLog,
        ClusterSecrets,
        DatabaseAccess,
        DatabaseServer,
        DatabaseSessions,
        DatabaseStatements,
        DatabaseTables,
    ),
)

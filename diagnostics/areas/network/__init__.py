"""The runbook's section Network Issues: what its evidence means."""

from diagnostics.areas.network import controller, edge, ingresses, policies, services
from diagnostics.check import Area
from diagnostics.evidence.cluster.kinds import (
    ClusterController,
    ClusterEdge,
    ClusterEvents,
    ClusterIngresses,
    ClusterLogs,
    ClusterNodes,
    ClusterPods,
    ClusterPolicies,
    ClusterSecrets,
    ClusterServices,
    ClusterWorkloads,
    DatabaseReach,
)
from diagnostics.runbook import Section

#: Upstream first: among equal causes the one listed first is named first.
CHECKS = (
    *controller.CHECKS,
    *policies.CHECKS,
    *services.CHECKS,
    *ingresses.CHECKS,
    *edge.CHECKS,
    *controller.LOG_CHECKS,
)

AREA = Area(
    name="network",
    title="Network",
    section=Section.NETWORK,
    checks=CHECKS,
    requires=(ClusterPods, ClusterWorkloads, ClusterServices, ClusterIngresses, ClusterPolicies),
    optional=(
        ClusterEdge,
        ClusterSecrets,
        ClusterController,
        ClusterNodes,
        ClusterEvents,
        ClusterLogs,
        DatabaseReach,
    ),
)

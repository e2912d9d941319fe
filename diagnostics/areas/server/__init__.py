"""The runbook's section Server Won't Start: what its evidence means."""

from diagnostics.areas.server import (
    containers,
    database,
    images,
    jobs,
    probes,
    references,
    rollout,
    scheduling,
    startup,
)
from diagnostics.check import Area
from diagnostics.evidence.cluster.kinds import (
    ClusterConfigs,
    ClusterEvents,
    ClusterLogs,
    ClusterNodes,
    ClusterPods,
    ClusterRights,
    ClusterScaling,
    ClusterSchedules,
    ClusterSecrets,
    ClusterWorkloads,
    DatabaseReach,
)
from diagnostics.runbook import Section

#: Upstream first: among equal causes the one listed first is named first.
CHECKS = (
    *rollout.EXISTENCE,
    *scheduling.CHECKS,
    *references.CHECKS,
    *images.CHECKS,
    *startup.CHECKS,
    *containers.CHECKS,
    *probes.CHECKS,
    *database.CHECKS,
    *rollout.CHECKS,
    *jobs.CHECKS,
    *startup.LEADS,
)

AREA = Area(
    name="server",
    title="Server",
    section=Section.SERVER,
    checks=CHECKS,
    requires=(ClusterPods, ClusterWorkloads),
    optional=(
        ClusterEvents,
        ClusterLogs,
        ClusterNodes,
        ClusterScaling,
        ClusterSchedules,
        ClusterSecrets,
        ClusterConfigs,
        ClusterRights,
        DatabaseReach,
    ),
)

"""Examples of what is looked at in a cluster: views are joined of it, so that no case holds it itself."""

from diagnostics.evidence.cluster.kinds import (
    BackendLog,
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
    Right,
)
from diagnostics.evidence.cluster.machines import Autoscaler, Quota
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Owner
from diagnostics.evidence.cluster.workloads import Revision, Schedule
from diagnostics.evidence.surface.kinds import GraphqlAnswers, HealthPages, SurfaceReach
from diagnostics.evidence.surface.times import ResponseTimes
from diagnostics.model import Evidence
from tests.diagnostics.areas.cases import performance, surface
from tests.diagnostics.areas.cases import server_platform as platform
from tests.diagnostics.areas.cases.cluster import (
    BACKEND,
    GAP,
    NAMESPACE,
    NODES,
    OTHER,
    ago,
    event,
    log,
    looping,
    pod,
    sealed,
    workload,
)

_BACKEND = Name(NAMESPACE, BACKEND)
_REVISION = Revision(_BACKEND, f"{BACKEND}-7d", 7, ago(600), template_hash="7d")
#: For each kind of evidence, what it may be: sound, at fault, and with a part that could not be seen.
EXAMPLES: dict[type[Evidence], tuple[Evidence, ...]] = {
    ClusterRights: (ClusterRights(), ClusterRights((Right("get", "pods/log", NAMESPACE),), "v1.33.2")),
    ClusterPods: (ClusterPods(), ClusterPods(pods=(pod(), OTHER)), ClusterPods((GAP,), (pod(looping()),))),
    ClusterWorkloads: (
        ClusterWorkloads(),
        ClusterWorkloads(workloads=(workload(), workload(kind="Job", wanted=1)), revisions=(_REVISION,)),
        ClusterWorkloads((GAP,)),
    ),
    ClusterSchedules: (
        ClusterSchedules(),
        ClusterSchedules((GAP,), (Schedule(Name(NAMESPACE, "backup"), ago(60)), Schedule(_BACKEND))),
    ),
    ClusterSecrets: (
        ClusterSecrets(),
        *(ClusterSecrets(sealed=sealed(*some).secrets) for some in ((), (platform.NO_SECRET,), (platform.NO_KEY,))),
    ),
    ClusterConfigs: (ClusterConfigs(), ClusterConfigs((GAP,))),
    ClusterNodes: (ClusterNodes(nodes=NODES), ClusterNodes(nodes=(platform.LOST, platform.FULL))),
    ClusterScaling: (
        ClusterScaling(),
        ClusterScaling(
            autoscalers=(Autoscaler(_BACKEND, Owner("Deployment", BACKEND), 2, 10),),
            quotas=(Quota(Name(NAMESPACE, "compute"), {"cpu": "20"}, {"cpu": "20"}),),
        ),
    ),
    ClusterEvents: (ClusterEvents(), ClusterEvents(events=(event("x"),), cut=True)),
    ClusterLogs: (ClusterLogs(), ClusterLogs((log("panic: x", known="go.panic"), log(gap="no right")))),
    BackendLog: (BackendLog(), surface.log("graphql.unknown-field"), BackendLog((log(gap="no right"),))),
    SurfaceReach: (surface.SOUND, surface.shown(-surface.DAY, surface.DAY)),
    HealthPages: (surface.health(), surface.DATABASE_ILL, surface.KEYCLOAK_ILL),
    GraphqlAnswers: (
        GraphqlAnswers((surface.graphql(),)),
        GraphqlAnswers((surface.WANTS,), surface.TAKES_NOT),
        GraphqlAnswers((surface.WANTS,), None, "no client is configured"),
    ),
    ResponseTimes: (performance.times(40, 50), performance.times(2000, 2000, failures=1), ResponseTimes(())),
    DatabaseReach: (platform.CONNECT.reach, platform.REACHED.reach),
}

"""Cases of the area server: references, scheduling, rollouts, jobs, and the way to the database."""

from typing import Any

from msgspec.structs import replace

from diagnostics.evidence.cluster.database import DatabaseWay
from diagnostics.evidence.cluster.kinds import DatabaseReach
from diagnostics.evidence.cluster.machines import Quota
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Condition, Owner, Pod, Role
from diagnostics.evidence.cluster.services import Key, Sealed
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.evidence.cluster.workloads import Amounts, Origin, Schedule, Volume, Whole
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.network import Reached
from tests.diagnostics.areas.cases.case import Case as AnyCase
from tests.diagnostics.areas.cases.cluster import (
    BACKEND,
    DB_SECRET,
    GAP,
    KEYCLOAK_SECRET,
    NAMESPACE,
    OTHER,
    SOUND,
    VARIABLES,
    ago,
    ended,
    event,
    log,
    looping,
    node,
    of,
    pod,
    running,
    sealed,
    spec,
    starting,
    state,
    states,
    terminated,
    unplaced,
    waiting,
    workload,
)
from tests.diagnostics.areas.cases.server_containers import LIMIT_S, PATIENT, STARTING_S, Case, slow, unready

NO_SECRET = Sealed(KEYCLOAK_SECRET, exists=False)
NO_KEY = Sealed(KEYCLOAK_SECRET, keys=(Key("clientSecret"),))
CONFIG_ERROR = pod(waiting("CreateContainerConfigError", 'secret "keycloak-client-secret" not found'))
ELSEWHERE = workload(spec(variables=()))
UNTIDY = Key("password", untidy=True)
CERTIFICATE = Name(NAMESPACE, "volaticloud-tls")


def without(name: Name) -> WorkloadStates:
    """Where a configured secret is not there, and a backend that does not refer to it."""
    return states(state(of=ELSEWHERE), sealed=sealed(Sealed(name, exists=False)))


REFERENCES = (
    Case(
        "server.reference-missing",
        fires=(
            of(CONFIG_ERROR, OTHER),
            of(CONFIG_ERROR, OTHER, sealed=sealed(NO_SECRET)),
            of(pod(waiting("CreateContainerConfigError", "couldn't find key client-secret in Secret volaticloud/x"))),
            of(sealed=sealed(NO_KEY)),
            states(
                state(of=workload(spec(wholes=(Whole(Origin.CONFIG, "volaticloud-config"),)))),
                sealed=sealed(configs=(Sealed(Name(NAMESPACE, "volaticloud-config"), exists=False),)),
            ),
        ),
        silent=(
            SOUND,
            of(sealed=sealed()),
            states(state(of=workload(wanted=0)), sealed=sealed(NO_SECRET)),
            states(state(of=workload(kind="Job")), state(of=ELSEWHERE), sealed=sealed(NO_SECRET)),
            states(
                state(of=workload(spec(variables=(*VARIABLES[:3],), wholes=(Whole(Origin.SECRET, "x", "", True),)))),  # noqa: FBT003 optional
                sealed=sealed(NO_SECRET, Sealed(Name(NAMESPACE, "x"), exists=False)),
            ),
        ),
        says="volaticloud-backend ",
    ),
    Case(
        "server.secret-missing",
        fires=(without(DB_SECRET), states(state(pod(looping()), of=ELSEWHERE), sealed=without(DB_SECRET).sealed)),
        silent=(SOUND, of(sealed=sealed()), of(sealed=sealed(Sealed(DB_SECRET, exists=False))), without(CERTIFICATE)),
        says="Secret volaticloud/volaticloud-db-secret does not exist, and no workload refers to it",
    ),
    Case(
        "server.secret-key-missing",
        fires=(
            of(sealed=sealed(Sealed(DB_SECRET, keys=(Key("password"),)))),
            states(state(of=ELSEWHERE), sealed=sealed(Sealed(DB_SECRET, keys=(Key("host"),)))),
        ),
        silent=(SOUND, of(sealed=sealed()), of(sealed=sealed(Sealed(DB_SECRET, keys=(Key("host"),))))),
        says="Secret volaticloud/volaticloud-db-secret has no key ",
    ),
    Case(
        "server.secret-key-empty",
        fires=(
            of(sealed=sealed(Sealed(DB_SECRET, keys=(Key("host"), Key("password", empty=True))))),
            of(sealed=sealed(Sealed(KEYCLOAK_SECRET, keys=(Key("client-secret", empty=True),)))),
        ),
        silent=(
            SOUND,
            of(sealed=sealed()),
            of(sealed=sealed(Sealed(Name(NAMESPACE, "mail"), keys=(Key("password", empty=True),)))),
        ),
        says=" is empty",
    ),
    Case(
        "server.secret-untidy",
        fires=(of(sealed=sealed(Sealed(DB_SECRET, keys=(Key("host"), UNTIDY)))),),
        silent=(
            SOUND,
            of(sealed=sealed()),
            states(
                state(of=workload(volumes=(Volume("tls", Origin.SECRET, CERTIFICATE.name),))),
                sealed=sealed(Sealed(CERTIFICATE, keys=(Key("tls.crt", untidy=True),))),
            ),
        ),
        says="Key password of secret volaticloud/volaticloud-db-secret has blanks or a line break around it",
    ),
)

NO_ROOM = "0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available."
CLAIM = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims."
QUOTA = 'pods "x" is forbidden: exceeded quota: compute, requested: cpu=1, used: cpu=20, limited: cpu=20'
LEAVING = 'pods "x" is forbidden: unable to create new content in namespace volaticloud because it is being terminated'
REFUSED_S = 25 * 60  # refusal_minutes
POLICY = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"'


def refused(message: str, **facts: Any) -> WorkloadStates:
    """A backend of which a pod was not admitted, as its condition says."""
    conditions = (Condition("ReplicaFailure", "True", "FailedCreate", message, since=ago(60)),)
    return states(state(pod(), of=workload(conditions=conditions, **facts)))


def refused_lately(message: str, at_s: float, *pods: Pod) -> WorkloadStates:
    told = event(f"Error creating: {message}", reason="FailedCreate", at_s=at_s, on=Owner("ReplicaSet", "x"))
    return states(state(*(pods or (pod(),)), events=(told,)))


def refused_job(message: str, at_s: float, *pods: Pod, name: str = "backtest-1", **facts: Any) -> WorkloadState:
    """A job whose pod was refused so long ago."""
    made = workload(**{"kind": "Job", "name": Name(NAMESPACE, name), "wanted": 1, "conditions": (), **facts})
    told = event(f"Error creating: {message}", reason="FailedCreate", at_s=at_s, on=Owner("Job", name))
    return WorkloadState(made, pods, events=(told,))


def over(kind: str) -> tuple[Condition, ...]:
    return (Condition(kind, "True", since=ago(60)),)


def mount(message: str = 'MountVolume.SetUp failed for volume "tls" : secret "x" not found', **facts: Any) -> Any:
    return event(message, about=starting(), reason="FailedMount", **facts)


def evicted(at_s: float, **facts: Any) -> Pod:
    """A pod that a node evicted so long ago."""
    end = ended(137, ended_s=at_s)
    message = "The node was low on resource: ephemeral-storage. "
    given = {"phase": "Failed", "reason": "Evicted", "message": message, "ready_s": at_s, **facts}
    return pod(terminated(end), name=f"{BACKEND}-7d-gone", **given)


FULL = node(pressure="DiskPressure")
LOST = node(ready="Unknown")
JOINING_S = STARTING_S
TLS = Volume("tls", Origin.SECRET, CERTIFICATE.name)
INIT = running(name="wait", role=Role.INIT, ready=False, since_s=600)

SCHEDULING = (
    Case(
        "server.unschedulable",
        fires=(
            of(unplaced(NO_ROOM), OTHER),
            of(unplaced(NO_ROOM, for_s=STARTING_S + 1), OTHER),
            states(state(unplaced(NO_ROOM), of=workload(spec(requests=Amounts(250, 64 << 30))))),
            states(state(unplaced(NO_ROOM), of=workload(spec(requests=Amounts(64000, 1))))),
            of(unplaced("0/2 nodes are available: 2 node(s) had untolerated taint(s)."), OTHER, nodes=()),
        ),
        silent=(
            SOUND,
            of(unplaced(NO_ROOM, for_s=STARTING_S), OTHER),
            of(unplaced(CLAIM), OTHER),
            of(unplaced("", reason="SchedulingGated"), OTHER),
        ),
        says="No node takes 1 of ",
    ),
    Case(
        "server.quota-exceeded",
        fires=(
            refused(QUOTA),
            refused_lately(QUOTA, 60),
            refused_lately(QUOTA, REFUSED_S),
            states(
                state(
                    pod(),
                    events=refused_lately(QUOTA, 60).states[0].events,
                    quotas=(Quota(Name(NAMESPACE, "compute"), {"cpu": "20"}, {"cpu": "20"}),),
                )
            ),
            states(refused_job(QUOTA, REFUSED_S)),
            states(refused_job(QUOTA, 60, pod(terminated(ended(1)), phase="Failed"))),
            states(refused_job(QUOTA, 60), refused_job(QUOTA, 60, name="backtest-2")),
        ),
        silent=(
            SOUND,
            refused(POLICY),
            refused_lately(QUOTA, REFUSED_S + 1),
            refused_lately(QUOTA, 60, pod(), OTHER),
            refused(QUOTA, deleting_since=ago(3)),
            states(refused_job(QUOTA, REFUSED_S + 1)),
            states(refused_job(QUOTA, 60, pod())),
            states(refused_job(QUOTA, 60, current=1)),
            states(refused_job(QUOTA, 60, deleting_since=ago(3))),
            *(states(refused_job(QUOTA, 60, conditions=over(one))) for one in ("Complete", "Failed", "Suspended")),
        ),
        says="the quota of its namespace is used up: exceeded quota: compute",
    ),
    Case(
        "server.pods-not-admitted",
        fires=(
            refused(POLICY),
            refused_lately(POLICY, 60),
            refused_lately(POLICY, 60, pod(age_s=60)),
            states(refused_job(POLICY, 60)),
        ),
        silent=(
            SOUND,
            refused(QUOTA),
            refused_lately(POLICY, REFUSED_S + 1),
            refused_lately(POLICY, 60, pod(), OTHER),
            refused_lately(POLICY, 60, pod(age_s=59)),
            refused(LEAVING),
            refused_lately(LEAVING, 60),
        ),
        says="the cluster refuses them: ",
    ),
    Case(
        "server.volume-not-mounting",
        fires=(
            of(starting(), OTHER, events=(mount(),)),
            of(starting(for_s=STARTING_S + 1), OTHER, events=(mount(),)),
            of(unplaced(CLAIM), OTHER),
            of(starting(), OTHER, events=(mount("Multi-Attach error for volume", at_s=3),)),
            states(
                state(starting(), of=workload(volumes=(TLS,)), events=(mount(),)),
                sealed=sealed(Sealed(CERTIFICATE, exists=False)),
            ),
        ),
        silent=(
            SOUND,
            of(starting(for_s=STARTING_S), OTHER, events=(mount(),)),
            of(pod(), OTHER, events=(mount(),)),
            of(starting(), OTHER),
            of(unplaced(NO_ROOM), OTHER),
        ),
        says="volaticloud-backend waits for a volume in 1 of ",
    ),
    Case(
        "server.pod-starting-slowly",
        fires=(
            of(starting(), OTHER),
            of(starting(for_s=STARTING_S + 1), OTHER),
            of(starting(INIT, waiting("PodInitializing")), OTHER),
            states(state(starting(), of=workload(kind="Job"))),
        ),
        silent=(
            SOUND,
            of(starting(for_s=STARTING_S), OTHER),
            of(starting(), OTHER, events=(mount(),)),
            of(pod(waiting("ErrImagePull")), OTHER),
            of(pod(unready(600)), OTHER),
            # An init container of a job may work for long.
            states(state(starting(INIT, waiting("PodInitializing")), of=workload(kind="Job"))),
        ),
        says="volaticloud-backend has been starting for ",
    ),
    Case(
        "server.evicted",
        fires=(
            of(pod(), OTHER, evicted(60)),
            of(pod(), OTHER, evicted(LIMIT_S), nodes=(FULL,)),
            of(pod(), OTHER, evicted(60), pod(terminated(ended(1)), name="x", phase="Failed", reason="Evicted")),
        ),
        silent=(
            SOUND,
            of(pod(), OTHER, evicted(LIMIT_S + 1)),
            of(pod(), OTHER, evicted(60, reason="NodeShutdown")),
            of(pod(), OTHER, evicted(60, phase="Running")),
        ),
        says="Node node-1 evicted ",
    ),
    Case(
        "server.node-not-ready",
        fires=(
            of(nodes=(LOST, node("node-2"))),
            of(nodes=(node(ready="False", unschedulable=True),)),
            of(nodes=(node("node-9", ready="Unknown", created_at=ago(JOINING_S + 1)),)),
        ),
        silent=(
            SOUND,
            of(nodes=()),
            of(nodes=(node("node-9", ready="False", created_at=ago(JOINING_S)),)),
            of(nodes=(node("node-9", ready="False", unschedulable=True),)),
            of(nodes=(node(unschedulable=True), FULL)),
        ),
        says=" has not been ready for 10 min; pods on it are of ",
    ),
    Case(
        "server.node-pressure",
        fires=(of(nodes=(FULL,)), of(pod(), OTHER, evicted(LIMIT_S + 1), nodes=(FULL,))),
        silent=(SOUND, of(nodes=(LOST,)), of(pod(), OTHER, evicted(60), nodes=(FULL,))),
        says="Node node-1 has DiskPressure for 10 min",
    ),
)

AVAILABLE = Condition("Available", "True", since=ago(86400))


def progress(reason: str, status: str = "False", **facts: Any) -> WorkloadState:
    """A backend whose rollout is so far; one new pod is not ready, and the old ones serve."""
    conditions = (AVAILABLE, Condition("Progressing", status, reason, 'ReplicaSet "x" …', since=ago(60)))
    older = facts.pop("older", (pod(name="o1"), OTHER))
    return state(pod(unready(60), age_s=60), of=workload(conditions=conditions, **facts), older=older)


def unavailable(since_s: float) -> WorkloadStates:
    """A backend that lacks a pod which was not even made, for so long."""
    conditions = (Condition("Available", "False", "MinimumReplicasUnavailable", "x", since=ago(since_s)),)
    return states(state(pod(), of=workload(conditions=conditions)))


def fallen(since_s: float, **facts: Any) -> WorkloadStates:
    """A backend of which one pod is not ready, for so long."""
    return states(state(pod(unready(86400), ready_s=since_s), OTHER, of=workload(**facts)))


def ending(for_s: float, **facts: Any) -> Pod:
    """A pod whose end was asked for so long ago."""
    return pod(name="old", deleting_since=ago(for_s), grace_s=30, **facts)


def missing(moved_s: float, *pods: Pod, **facts: Any) -> WorkloadStates:
    """A backend without all its pods, and without a word on why; it was asked for so long ago."""
    around = {name: facts.pop(name) for name in ("events", "lost_at", "gaps") if name in facts}
    made = workload(**{"conditions": (), "asked_at": ago(moved_s), **facts})
    gaps = around.pop("gaps", ())
    return states(WorkloadState(made, pods, **around), gaps=gaps)


def unseen(asked_s: float, **facts: Any) -> WorkloadStates:
    """A sound backend whose newest change its controller has not seen."""
    return states(state(of=workload(observed=False, asked_at=ago(asked_s), **facts)))


def first_try(unavailable_s: float, since_s: float) -> WorkloadStates:
    """A backend that has not been available for so long, and whose pods have been starting for so long."""
    pods = slow(since_s).states[0].pods
    conditions = (Condition("Available", "False", since=ago(unavailable_s)),)
    return states(state(*pods, of=workload(PATIENT, conditions=conditions)))


MADE = event("Created pod: x", type="Normal", reason="SuccessfulCreate", on=Owner("ReplicaSet", "x"), at_s=STARTING_S)
GRACE_S = 30 + 600  # its own, and terminating_seconds
NOBODY = WorkloadStates()
AT_NOTHING = workload(wanted=0)

ROLLOUT = (
    Case(
        "server.workload-missing",
        fires=(NOBODY, WorkloadStates((state(of=workload(name=Name(NAMESPACE, "volaticloud-dashboard"))),))),
        silent=(
            SOUND,
            WorkloadStates(gaps=(GAP,)),
            states(state(of=AT_NOTHING)),
            states(state(of=workload(kind="StatefulSet"))),
        ),
        says="There is no workload volaticloud-backend in namespace volaticloud; there are: ",
    ),
    Case(
        "server.scaled-to-zero",
        fires=(states(WorkloadState(AT_NOTHING)),),
        silent=(
            SOUND,
            NOBODY,
            states(WorkloadState(workload(wanted=0, name=Name(NAMESPACE, "other")))),
            states(WorkloadState(workload(wanted=0, deleting_since=ago(3)))),
        ),
        says="volaticloud-backend is scaled to 0 pods",
    ),
    Case(
        "server.rollout-stuck",
        fires=(
            states(progress("ProgressDeadlineExceeded")),
            states(progress("ProgressDeadlineExceeded", older=(), deadline_s=None)),
        ),
        silent=(
            SOUND,
            states(progress("ReplicaSetUpdated", "True")),
            states(progress("NewReplicaSetAvailable", "True")),
            states(progress("ProgressDeadlineExceeded", wanted=0)),
        ),
        says="0 of 2 new pods ready, ",
    ),
    Case(
        "server.rollout-paused",
        fires=(states(state(of=workload(paused=True))), states(progress("DeploymentPaused", "Unknown", paused=True))),
        silent=(SOUND, states(state(of=workload(paused=True, wanted=0)))),
        says="The rollout of volaticloud-backend is paused",
    ),
    Case(
        "server.replicas-missing",
        fires=(
            fallen(STARTING_S + 1),
            unavailable(STARTING_S + 1),
            fallen(600, kind="StatefulSet", conditions=()),
            of(starting(for_s=STARTING_S + 1), OTHER),
            fallen(600, observed=False, asked_at=ago(STARTING_S + 1)),
            missing(STARTING_S + 1, pod()),
            missing(600, pod(), kind="StatefulSet"),
            missing(600, pod(), kind="DaemonSet"),
            missing(600, pod(), observed=False),
            missing(STARTING_S + 61, pod(), kind="StatefulSet", min_ready_s=60),
            missing(600, pod(), ending(GRACE_S + 1)),
            missing(600, pod(), lost_at=ago(STARTING_S + 1)),
            slow(601),
            slow(180, restarts=1),
            first_try(721, 180),
        ),
        silent=(
            SOUND,
            fallen(STARTING_S),
            unavailable(STARTING_S),
            fallen(600, kind="Job"),
            fallen(600, wanted=0),
            fallen(600, observed=False, asked_at=ago(STARTING_S)),
            missing(STARTING_S, pod()),
            missing(STARTING_S, pod(), observed=False),
            missing(600, pod(), deleting_since=ago(3)),
            slow(600),
            first_try(720, 180),
            # Its next pod comes when the one before has started.
            states(
                WorkloadState(
                    workload(PATIENT, wanted=2, kind="StatefulSet", conditions=()), slow(600).states[0].pods[:1]
                )
            ),
            missing(600, pod(), gaps=(GAP,)),
            missing(600, events=refused_lately(LEAVING, 60).states[0].events),
            missing(600, pod(), events=(MADE,)),
            missing(600, pod(), lost_at=ago(STARTING_S)),
            missing(600, pod(), ending(GRACE_S)),
            missing(600, pod(age_s=STARTING_S)),
            missing(600, pod(ready_s=STARTING_S), kind="StatefulSet"),
            missing(STARTING_S + 60, pod(), kind="StatefulSet", min_ready_s=60),
            fallen(600, deleting_since=ago(3)),
            of(starting(for_s=STARTING_S), OTHER),
            states(progress("ReplicaSetUpdated", "True")),
            of(pod(), OTHER, ending(9)),
            of(pod(), ending(20), starting(for_s=20)),
        ),
        says="volaticloud-backend has 1 of 2 pods ready",
    ),
    Case(
        "server.not-acted-on",
        fires=(
            unseen(STARTING_S + 1),
            unseen(STARTING_S + 1, wanted=0),
            states(state(of=workload(observed=False))),
            missing(600, current=2),
            missing(600, current=1, kind="DaemonSet"),
        ),
        silent=(
            SOUND,
            unseen(STARTING_S),
            unseen(600, kind="Job"),
            unseen(600, deleting_since=ago(3)),
            states(
                replace(
                    refused(LEAVING).states[0],
                    workload=workload(observed=False, conditions=refused(LEAVING).states[0].workload.conditions),
                )
            ),
            missing(600),
            missing(600, pod(), current=2),
            missing(600, ending(GRACE_S + 1), current=2),
            missing(600, current=2, wanted=0),
            missing(STARTING_S, current=2),
            missing(600, current=2, gaps=(GAP,)),
        ),
        says="volaticloud-backend ",
    ),
    Case(
        "server.stuck-terminating",
        fires=(
            of(pod(), OTHER, ending(GRACE_S + 1)),
            of(pod(), OTHER, ending(86400, finalizers=("example.com/hold",))),
            of(pod(), OTHER, loose=(ending(GRACE_S + 1),)),
            of(ending(9000), ending(9000), pod(), OTHER),
        ),
        silent=(SOUND, of(pod(), OTHER, ending(GRACE_S)), of(pod(), OTHER, loose=(ending(GRACE_S), pod(looping())))),
        says=" should have ended and ",
    ),
)

DAY_S = 86400  # job_hours


def job(
    *, failed_s: float | None = None, name: str = "backup-1", labels: dict[str, str] | None = None, **facts: Any
) -> WorkloadState:
    """A job, finished well unless it failed so long ago."""
    done = Condition("Complete", "True", since=ago(60))
    words = "pg_dump: error: no space"
    reason = "Job has reached the specified backoff limit"
    lost = Condition("Failed", "True", "BackoffLimitExceeded", reason, since=ago(failed_s or 0))
    made = workload(
        kind="Job",
        name=Name(NAMESPACE, name),
        wanted=1,
        conditions=(done if failed_s is None else lost,),
        labels=labels or {},
        **{"owner": Owner("CronJob", "backup"), **facts},
    )
    pods: tuple[Pod, ...] = (pod(terminated(ended(1)), name=f"{name}-x", phase="Failed", labels={}),)
    return WorkloadState(made, pods, logs=(log(words, errors=(words,), of=pods[0]),))


def scheduled(succeeded_s: float | None, *, failed_s: float | None = 600) -> WorkloadStates:
    """A job that failed so long ago, of a schedule whose last job that did its work did so at another time."""
    made = Schedule(Name(NAMESPACE, "backup"), None if succeeded_s is None else ago(succeeded_s))
    return states(replace(job(failed_s=failed_s), schedule=made))


LATER = job(name="backup-2", created_at=ago(30))
JOBS = (
    Case(
        "server.job-failed",
        fires=(
            states(job(failed_s=600)),
            states(job(failed_s=DAY_S)),
            states(job(failed_s=600, owner=None)),
            states(job(failed_s=600), job(failed_s=60, name="backup-1", created_at=ago(90))),
            scheduled(None),
            scheduled(600),
            scheduled(86400),
            states(job(failed_s=600, labels={"volaticloud.backtest.id": "7"})),
        ),
        silent=(
            SOUND,
            states(job()),
            states(job(failed_s=DAY_S + 1)),
            states(job(failed_s=600), LATER),
            scheduled(599),
            states(job(failed_s=600, deleting_since=ago(3))),
            states(WorkloadState(workload(kind="Job", conditions=()), (pod(looping()),))),
        ),
        says="Job backup-1 was given up ",
    ),
)


def way(stage: Stage | None, *, timed_out: bool = False, serves: bool = False) -> DatabaseWay:
    """The way to the database, as far as it goes, beside a backend."""
    failure = NoAnswer(stage, "because", timed_out=timed_out, took_ms=4001) if stage else None
    reached = Reached("db.example.com", 5432, tls=False, addresses=("10.0.0.5",), failure=failure)
    backend = state() if serves else state(pod(looping()))
    return DatabaseWay(DatabaseReach(DB_SECRET, reached), (backend,))


NAME, CONNECT = way(Stage.NAME), way(Stage.CONNECT)
SILENT = way(Stage.CONNECT, timed_out=True)
REACHED = way(None)
DATABASE = (
    Case(
        "server.database-name-unknown",
        fires=(NAME, way(Stage.NAME, timed_out=True), way(Stage.NAME, serves=True)),
        silent=(REACHED, CONNECT, SILENT),
        says="The database's host db.example.com leads to no address: because",
    ),
    Case(
        "server.database-refused",
        fires=(CONNECT, way(Stage.CONNECT, serves=True)),
        silent=(REACHED, NAME, SILENT),
        says="The database at db.example.com:5432 cannot be connected to: because",
    ),
    Case(
        "server.database-timeout",
        fires=(SILENT, way(Stage.CONNECT, timed_out=True, serves=True)),
        silent=(REACHED, NAME, CONNECT),
        says="Nothing comes back from the database at db.example.com:5432 within 4001 ms: because",
    ),
)

CASES: tuple[AnyCase, ...] = (*REFERENCES, *SCHEDULING, *ROLLOUT, *JOBS, *DATABASE)

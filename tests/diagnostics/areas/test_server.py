"""Tests of the area server beyond its cases: its words, whose log it reads, one cause for one fault, and no fault."""

import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from diagnostics.areas.server import AREA
from diagnostics.areas.server.telling import FORM
from diagnostics.check import Check
from diagnostics.evidence.cluster.database import DatabaseWay
from diagnostics.evidence.cluster.kinds import (
    ClusterEvents,
    ClusterLogs,
    ClusterNodes,
    ClusterPods,
    ClusterSecrets,
    ClusterWorkloads,
    DatabaseReach,
)
from diagnostics.evidence.cluster.logs import ContainerLog, KnownLine
from diagnostics.evidence.cluster.machines import Event, Taint
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Condition, Container, Owner, Pod, Role, Stage
from diagnostics.evidence.cluster.services import DatabaseTarget, Key, Sealed
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.evidence.cluster.workloads import Amounts, Revision, Variable, Workload
from diagnostics.exit_codes import in_words
from diagnostics.judge import Span, judge
from diagnostics.model import Diagnosis, Evidence, Finding, Reason, Severity, Subject, Unobserved, Verdict
from diagnostics.observe import Seen
from tests.diagnostics.areas.cases import server_containers as containers
from tests.diagnostics.areas.cases import server_platform as platform
from tests.diagnostics.areas.cases.cluster import (
    BACKEND,
    CLUSTER,
    CLUSTER_CONTEXT,
    CONTAINER,
    DB_SECRET,
    KEYCLOAK_SECRET,
    NAMESPACE,
    NODES,
    OTHER,
    SOUND,
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
    secret_variable,
    spec,
    starting,
    state,
    states,
    terminated,
    unplaced,
    waiting,
    workload,
)
from tests.diagnostics.areas.cases.server_containers import DATABASE, MIGRATION, SIDECAR, killed, said, unready

CHECKS: dict[str, Check[Any]] = {check.id: check for check in AREA.checks}
CASES = (*containers.CASES, *platform.CASES)


def found(id: str, seen: Evidence) -> tuple[Finding, ...]:
    return CHECKS[id].findings(seen, CLUSTER_CONTEXT)


def the(id: str, seen: Evidence) -> Finding:
    (finding,) = found(id, seen)
    return finding


def facts(finding: Finding) -> dict[str, str]:
    return {fact.label: fact.value for fact in finding.evidence}


def every(seen: Evidence) -> Iterator[Finding]:
    for check in AREA.checks:
        if isinstance(seen, check.evidence):
            yield from check.findings(seen, CLUSTER_CONTEXT)


# Its words.


@pytest.mark.parametrize(
    ("id", "seen", "summary"),
    [
        (
            "server.out-of-memory",
            of(pod(looping(last_end=containers.OOM)), pod(looping(last_end=containers.OOM), name="b")),
            (
                "volaticloud-backend was killed for its memory at its limit of 512Mi (OOMKilled) in 2 of 2 pods, "
                "14 restarts"
            ),
        ),
        (
            "server.crash-loop",
            of(pod(looping(2)), OTHER),
            f"volaticloud-backend ends soon after each start in 1 of 2 pods (7 restarts, {in_words(2)})",
        ),
        (
            "server.crash-loop",
            said("panic: nil map", "go.panic"),
            (
                f"volaticloud-backend ends soon after each start in 1 of 2 pods (7 restarts, {in_words(1)}): "
                "panic: nil map"
            ),
        ),
        (
            "server.crash-loop",
            of(pod(looping(2)), OTHER, logs=(log("panic: nil map", known="go.panic"),)),
            (
                "volaticloud-backend ends soon after each start in 1 of 2 pods (7 restarts, exit code 2: "
                "the program panicked): panic: nil map"
            ),
        ),
        (
            "server.command-not-found",
            of(pod(looping(last_end=containers.NEVER)), OTHER),
            (
                "volaticloud-backend has no such command in its image (1 of 2 pods): "
                'exec: "/nope": stat /nope: no such file or directory'
            ),
        ),
        (
            "server.image-registry-unreachable",
            containers.pull(containers.NO_HOST),
            (
                "ghcr.io cannot be reached from the node, so volaticloud-backend does not get "
                "ghcr.io/volaticloud/volaticloud:2.1.0 in 1 of 2 pods: "
                "dial tcp: lookup ghcr.io on 10.0.0.2:53: no such host"
            ),
        ),
        (
            "server.reference-missing",
            of(platform.CONFIG_ERROR, OTHER, sealed=sealed(platform.NO_SECRET)),
            (
                "volaticloud-backend does not start in 1 of 2 pods, for lack of key client-secret of secret "
                "keycloak-client-secret"
            ),
        ),
        (
            "server.unschedulable",
            states(state(unplaced("0/2 nodes"), of=workload(spec(requests=Amounts(250, 64 << 30))))),
            (
                "No node takes 1 of 1 pod of volaticloud-backend, it asks for 65536Mi memory and the largest node has "
                "8192Mi: 0/2 nodes"
            ),
        ),
        (
            "server.probe-failing",
            of(pod(unready(600), ready_s=590), OTHER, events=killed("readiness")[1:]),
            (
                "volaticloud-backend fails its readiness probe (GET /health at http) in 1 of 2 pods, for 10 min: "
                "Readiness probe failed: context deadline exceeded"
            ),
        ),
        (
            "server.rollout-stuck",
            states(platform.progress("ProgressDeadlineExceeded", older=(OTHER,))),
            (
                "The rollout of volaticloud-backend did not come through within its 600 s: 0 of 2 new pods ready, "
                "1 older pod still serves"
            ),
        ),
        (
            "server.replicas-missing",
            platform.unavailable(600),
            "volaticloud-backend has 1 of 2 pods ready: 1 pod not even made",
        ),
        (
            "server.replicas-missing",
            platform.fallen(600, wanted=3),
            f"volaticloud-backend has 1 of 3 pods ready (not ready: {BACKEND}-7d-a, 1 pod not even made)",
        ),
        (
            "server.not-acted-on",
            platform.unseen(600),
            "The newest change of volaticloud-backend has not been taken up for 10 min",
        ),
        (
            "server.not-acted-on",
            platform.missing(600, current=2),
            "volaticloud-backend counts 2 pods and has none: nobody counts them anew, or makes others",
        ),
        (
            "server.stuck-terminating",
            of(pod(), OTHER, platform.ending(7300, finalizers=("example.com/hold",))),
            (
                "1 pod of volaticloud-backend should have ended and is there 2 h after that was asked for, "
                "held by finalizer example.com/hold: old"
            ),
        ),
        (
            "server.job-failed",
            states(platform.job(failed_s=600)),
            (
                "Job backup-1 was given up 10 min ago: Job has reached the specified backoff limit; its log: "
                "pg_dump: error: no space"
            ),
        ),
        (
            "server.evicted",
            of(pod(), OTHER, platform.evicted(60), nodes=(platform.FULL,)),
            (
                f"Node node-1 evicted 1 pod within 60 min ({BACKEND}-7d-gone): The node was low on resource: "
                "ephemeral-storage.; it still has DiskPressure"
            ),
        ),
    ],
)
def test_in_its_own_words(id: str, seen: Evidence, summary: str) -> None:
    """Says what it found with its numbers."""
    assert the(id, seen).summary == summary


@pytest.mark.parametrize(("line", "known", "words", "form"), DATABASE)
def test_forms_of_a_database_failure(line: str, known: str, words: str, form: str) -> None:
    """Says how far the connection came, shows the line, and keeps the form by which advice is chosen."""
    finding = the("server.database-connection-failed", said(line, known))
    assert words in finding.summary
    assert line in finding.summary
    assert facts(finding).get("kind of fault", "") == form


@pytest.mark.parametrize(("line", "known", "words", "form"), MIGRATION)
def test_forms_of_a_migration_failure(line: str, known: str, words: str, form: str) -> None:
    """Says what the migration failed on."""
    finding = the("server.migration-failed", said(line, known))
    assert words in finding.summary
    assert facts(finding).get("kind of fault", "") == form


def test_what_a_secret_has_to_do_with_it() -> None:
    """Rests on its secrets where the login fails, and not where the address is silent."""
    secret = DB_SECRET.subject("Secret")
    resting = {form: the("server.database-connection-failed", said(line, known)) for line, known, _, form in DATABASE}
    assert {form for form, one in resting.items() if secret in one.rests_on} == {
        "",
        "name",
        "login",
        "no database",
        "tls",
    }
    assert all(Subject("node", "node-1") in one.rests_on for one in resting.values())


def test_where_the_database_is() -> None:
    """Names the database that the secret leads to, so that commands can be filled in."""
    known = Sealed(DB_SECRET, keys=(Key("password"),), database=DatabaseTarget("db.example.com", 16751, "vc", "app"))
    ill = pod(looping())
    line = DATABASE[0][0]
    seen = of(ill, OTHER, logs=(log(line, known="postgres.refused", of=ill),), sealed=sealed(known))
    told = facts(the("server.database-connection-failed", seen))
    assert (told["host"], told["port"], told["database"], told["user"]) == ("db.example.com", "16751", "vc", "app")


# Whose log it reads.


def test_the_log_of_the_container_that_failed() -> None:
    """Shows the log of the container that fails, not of the sound one beside it, and the run that failed."""
    ill = pod(running(), looping(**SIDECAR))
    mine = log("aborting: bad configuration", of=ill, container="fluent-bit")
    others = log("failed opening connection to postgres: EOF", of=ill, known="server.database-connection")
    seen = of(ill, OTHER, logs=(others, mine))
    finding = the("server.crash-loop", seen)
    assert finding.summary.startswith("Container fluent-bit of volaticloud-backend")
    assert finding.summary.endswith("aborting: bad configuration")
    assert finding.command == f"kubectl logs {BACKEND}-7d-a -n volaticloud -c fluent-bit --tail=50 --previous"
    assert found("server.database-connection-failed", seen) == ()


@pytest.mark.parametrize(
    ("container", "logs", "previous"),
    [
        (looping(), (), True),
        (terminated(ended(1)), (), False),
        (terminated(ended(1), last_end=ended(2)), (), False),
        (looping(), (log("x", previous=False),), False),
    ],
)
def test_the_run_that_failed(container: Container, logs: tuple[ContainerLog, ...], previous: bool) -> None:  # noqa: FBT001
    """Asks for the run before only where that is the one that failed, or the one whose log was read."""
    (finding,) = (
        f
        for f in every(of(pod(container), OTHER, logs=logs))
        if f.id in {"server.crash-loop", "server.container-exited"}
    )
    assert finding.command.endswith("--previous") is previous


TERMINATED = ("FATAL: terminating connection due to administrator command", "postgres.shutting-down")
LOGIN = ("pq: password authentication failed", "postgres.wrong-password")
UNOPENED = ("failed opening connection to postgres: EOF", "server.database-connection")
PANIC, NIL = ("panic: assignment to entry in nil map", "go.panic"), ("panic: nil pointer", "go.nil-pointer")
LOCKED = ("fatal error: all goroutines are asleep - deadlock!", "go.all-asleep")
Entry = tuple[str, str]


def logged(*lines: str | Entry, read: int = 0) -> WorkloadStates:
    """A backend in a crash loop with this log; known errors with their entries. `read` lines were read in all."""
    ill, words = pod(looping(2)), tuple(line if isinstance(line, str) else line[0] for line in lines)
    before = max(read, len(lines)) - len(lines)
    known = tuple(
        KnownLine(line[1], "it means", Severity.CRITICAL, 1, line[0], before + number)
        for number, line in enumerate(lines, 1)
        if not isinstance(line, str)
    )
    return of(ill, OTHER, logs=(log(*words, of=ill, known_lines=known, read=before + len(lines)),))


@pytest.mark.parametrize(
    ("lines", "id"),
    [
        ((TERMINATED, "reconnected to the database", PANIC), "server.crash-loop"),
        ((TERMINATED, PANIC), "server.crash-loop"),
        ((LOGIN, "retrying", "connected to database", NIL, "goroutine 1 [running]:"), "server.crash-loop"),
        ((UNOPENED, LOCKED), "server.crash-loop"),
        (((f"{containers.CREATING}pq: deadlock detected", "postgres.migration-deadlock"), PANIC), "server.crash-loop"),
        (((containers.INITIALIZING, "server.keycloak-initialization"), PANIC), "server.crash-loop"),
        ((UNOPENED, "reconnected", "serving at :8080", "goodbye"), "server.crash-loop"),
        # What the panic itself is about, what came after it, and what a server caught.
        ((LOGIN, ("panic: no session of the database", "go.panic")), "server.database-connection-failed"),
        (((f"panic: {UNOPENED[0]}", UNOPENED[1]), "goroutine 1 [running]:"), "server.database-connection-failed"),
        ((PANIC, UNOPENED), "server.database-connection-failed"),
        ((UNOPENED, ("http: panic serving 10.0.0.7: nil map", "go.panic")), "server.database-connection-failed"),
        ((UNOPENED, ("[Recovery] panic recovered", "go.panic")), "server.database-connection-failed"),
        (("reconnected", "serving at :8080", UNOPENED), "server.database-connection-failed"),
        (
            ((containers.INITIALIZING, "server.keycloak-initialization"), ("panic: keycloak: 401", "go.panic")),
            "server.keycloak-initialization-failed",
        ),
    ],
)
@pytest.mark.parametrize("read", [0, 300])
def test_what_ended_a_run(lines: tuple[str | Entry, ...], id: str, read: int) -> None:
    """Blames the panic that came last, unless it speaks of the database itself; not what the program lived through."""
    ids = {finding.id for finding in every(logged(*lines, read=read))}
    assert ids & {"server.crash-loop", *FROM_THE_LOG} == {id}


FROM_THE_LOG = {
    "server.database-connection-failed",
    "server.migration-failed",
    "server.keycloak-settings-missing",
    "server.keycloak-initialization-failed",
}


def test_the_words_of_a_panic() -> None:
    """Quotes the panic that a run ended with before what else its log knows."""
    assert the("server.crash-loop", logged(LOGIN, PANIC)).summary.endswith(f"the program panicked): {PANIC[0]}")
    finding = the("server.log-errors", logged(PANIC, LOGIN))
    assert finding.summary.endswith(f"the weightiest: {PANIC[0]}")


def test_one_sign_for_many_pods() -> None:
    """Tells a fault of many pods once, with their number, and names three."""
    pods = tuple(pod(looping(), name=f"p{number}") for number in range(9))
    finding = the("server.crash-loop", states(state(*pods)))
    assert facts(finding)["pods"] == "9 of 9 pods: p0, p1, p2 and 6 more"
    assert "63 restarts" in finding.summary


# How bad it is.


def test_pods_that_no_workload_made() -> None:
    """Names what ails a pod started by hand, or an operator's; a warning, for nobody knows that it is needed."""
    made = replace(workload(), kind="Cluster", name=Name(NAMESPACE, "db"))
    ill = pod(looping(), name="db-1")
    seen = replace(SOUND, others=(WorkloadState(made, (ill,)),))
    finding = the("server.crash-loop", seen)
    assert (finding.subject, finding.severity) == (Subject("cluster", f"{NAMESPACE}/db"), Severity.WARNING)
    assert facts(finding)["pod"] == "db-1"


def test_what_the_kubelet_misses() -> None:
    """Takes the secret and the key from the kubelet's words, so that the advice can be followed as it stands."""

    def missed(words: str) -> dict[str, str]:
        ill = pod(waiting("CreateContainerConfigError", words))
        told = facts(the("server.reference-missing", of(ill, OTHER)))
        return {label: told[label] for label in ("secret", "key", FORM) if label in told}

    assert missed("couldn't find key url in Secret volaticloud/held") == {"secret": "held", "key": "url", FORM: "key"}
    assert missed('secret "held" not found') == {"secret": "held"}
    assert missed('configmap "held" not found') == {FORM: "config map"}
    assert missed("couldn't find key url in ConfigMap volaticloud/held") == {FORM: "config map"}


def test_a_panic_is_called_one_throughout() -> None:
    """Says of a program that panicked that it did, in the facts as in the sentence."""
    ill = pod(looping(last_end=ended(2)))
    seen = of(ill, OTHER, logs=(log("panic: oh", known="go.panic", of=ill),))
    finding = the("server.crash-loop", seen)
    assert "the program panicked" in finding.summary
    assert "the program panicked" in facts(finding)["last end"]


def test_who_still_serves() -> None:
    """Warns while others of the workload serve, for jobs, and for one user's bot; else it is critical."""
    bot = workload(labels={"volaticloud.bot.id": "7"}, name=Name(NAMESPACE, "bot"))
    denied = pod(waiting("ErrImagePull", containers.DENIED))
    assert the("server.crash-loop", of(pod(looping()), OTHER)).severity is Severity.WARNING
    assert the("server.crash-loop", of(pod(looping()))).severity is Severity.CRITICAL
    assert the("server.crash-loop", states(state(pod(looping()), of=bot))).severity is Severity.WARNING
    assert the("server.image-denied", states(state(denied, of=workload(kind="Job")))).severity is Severity.WARNING


def test_a_lost_node() -> None:
    """Is critical where a workload serves from nowhere else, and a warning otherwise."""
    lost = (node(ready="Unknown"), node("node-2"))
    assert the("server.node-not-ready", of(nodes=lost)).severity is Severity.WARNING
    assert the("server.node-not-ready", of(pod(unready(9)), nodes=lost)).severity is Severity.CRITICAL


def test_notes_about_secrets() -> None:
    """Only notes what the backend serves without, and blanks around what nothing is known to depend on."""
    assert the("server.secret-missing", platform.without(DB_SECRET)).severity is Severity.NOTE
    unmet = states(state(pod(looping()), of=platform.ELSEWHERE), sealed=platform.without(DB_SECRET).sealed)
    assert the("server.secret-missing", unmet).severity is Severity.WARNING
    mail = Name(NAMESPACE, "mail")
    asked = workload(spec(variables=(platform_variable(mail),)))
    known = sealed(Sealed(mail, keys=(Key("password", untidy=True),)))
    assert the("server.secret-untidy", states(state(of=asked), sealed=known)).severity is Severity.NOTE
    assert the("server.secret-untidy", untidy()).severity is Severity.WARNING


def test_a_line_break_that_keeps_a_server_from_its_database() -> None:
    """Is critical where a login with it fails, and says whose."""
    line, known, _, _ = DATABASE[4]
    finding = the("server.secret-untidy", replace(said(line, known), sealed=untidy().sealed))
    assert finding.severity is Severity.CRITICAL
    assert finding.summary.endswith("and volaticloud-backend cannot log in with it")
    line, known, _, _ = DATABASE[0]
    assert the("server.secret-untidy", replace(said(line, known), sealed=untidy().sealed)).severity is Severity.WARNING


def platform_variable(name: Name) -> Variable:
    return secret_variable("MAIL_PASSWORD", name, "password")


def untidy() -> WorkloadStates:
    return of(sealed=sealed(Sealed(DB_SECRET, keys=(Key("host"), Key("password", untidy=True)))))


def test_the_way_to_the_database_beside_a_backend() -> None:
    """Warns of a database out of reach while the backend is down, and notes it while the backend serves."""
    assert the("server.database-refused", platform.CONNECT).severity is Severity.WARNING
    aside = the("server.database-refused", platform.DATABASE[1].fires[1])
    assert aside.severity is Severity.NOTE
    assert aside.summary.endswith("the backend serves all the same")


def test_a_change_that_nobody_takes_up() -> None:
    """Warns while the pods of before serve, and is critical where nobody does."""
    assert the("server.not-acted-on", platform.unseen(600)).severity is Severity.WARNING
    assert the("server.not-acted-on", platform.missing(600, current=2)).severity is Severity.CRITICAL


def test_jobs_that_get_no_pods() -> None:
    """Tells the jobs of a namespace that are refused for the same reason as one, and a workload for itself."""
    quota, policy = platform.QUOTA, platform.POLICY
    jobs = [platform.refused_job(quota, 60, name=f"backtest-{number}") for number in range(3)]
    seen = states(*jobs, platform.refused_job(policy, 60, name="other"), *platform.refused(quota).states)
    told = [finding.summary.partition(" gets")[0] for finding in found("server.quota-exceeded", seen)]
    assert told == ["Job backtest-0 (and 2 other jobs)", BACKEND]
    assert the("server.quota-exceeded", states(jobs[0])).severity is Severity.WARNING
    assert the("server.pods-not-admitted", seen).summary.startswith("Job other gets no pods")


def test_a_probe_that_is_answered_again() -> None:
    """Speaks of what was restarted by its probe and runs since as of the past: a note, unless it happens often."""

    def told(*pods: Pod) -> Finding:
        return the("server.probe-failing", of(*pods, OTHER, events=killed("liveness", at_s=3000)))

    once = told(pod(running(restarts=2, last_end=ended(137, ended_s=3000))))
    often = told(pod(running(restarts=3, last_end=ended(137, ended_s=3000, ran_s=9000))))
    down = told(pod(running(restarts=1, ready=False, since_s=9, last_end=ended(137, ended_s=3000))))
    assert "failed its liveness probe (GET /health at http) in 1 of 2 pods, was restarted 50 min ago" in once.summary
    assert "fails its liveness probe (GET /health at http) in 1 of 2 pods, 1 restart" in down.summary
    assert [one.severity for one in (once, often, down)] == [Severity.NOTE, Severity.WARNING, Severity.WARNING]


def test_a_users_backtest() -> None:
    """Notes a failed backtest, whose reason may be its user's, and warns of the platform's own job."""
    (*_, backtest) = platform.JOBS[0].fires
    assert the("server.job-failed", backtest).severity is Severity.NOTE
    assert the("server.job-failed", platform.JOBS[0].fires[0]).severity is Severity.WARNING


# One cause for one fault.

HASH = "7d"
REVISION = Revision(Name(NAMESPACE, BACKEND), f"{BACKEND}-{HASH}", 7, ago(600), template_hash=HASH)
STUCK = (
    Condition("Available", "False", "MinimumReplicasUnavailable", "x", since=ago(900)),
    Condition("Progressing", "False", "ProgressDeadlineExceeded", "x", since=ago(300)),
)


def secrets(*some: Sealed) -> ClusterSecrets:
    """The platform's secrets, some of them as given."""
    return ClusterSecrets(sealed=sealed(*some).secrets)


def whole(
    *pods: Pod,
    of: Workload | None = None,
    logs: Sequence[ContainerLog] = (),
    events: Sequence[Event] = (),
    also: Sequence[Evidence] = (),
) -> Seen:
    """All that was seen of a backend whose rollout is stuck."""
    made = of or workload(conditions=STUCK)
    looked: tuple[Evidence, ...] = (
        ClusterPods(pods=pods),
        ClusterWorkloads(workloads=(made,), revisions=(REVISION,)),
        ClusterLogs(logs=tuple(logs)),
        ClusterEvents(events=tuple(events)),
        ClusterNodes(nodes=NODES),
        secrets(),
        *also,
    )
    return Seen({type(one): one for one in looked})


def diagnosed(seen: Seen) -> Diagnosis:
    return judge(AREA, "test", seen, CLUSTER_CONTEXT, Span(ago(1), 10))


ILL = pod(looping())
REFUSED, REFUSED_ID, _, _ = DATABASE[0]
FAULTS: dict[str, tuple[str, Seen]] = {
    "database": (
        "server.database-connection-failed",
        whole(ILL, logs=(log(REFUSED, known=REFUSED_ID, of=ILL),), also=(platform.CONNECT.reach,)),
    ),
    "migration": ("server.migration-failed", whole(ILL, logs=(log(MIGRATION[0][0], known=MIGRATION[0][1], of=ILL),))),
    "settings": ("server.keycloak-settings-missing", whole(ILL, of=workload(spec(variables=()), conditions=STUCK))),
    "secret": ("server.reference-missing", whole(platform.CONFIG_ERROR, also=(secrets(platform.NO_SECRET),))),
    "image": ("server.image-not-found", whole(pod(waiting("ErrImagePull", containers.NOT_FOUND)))),
    "memory": ("server.out-of-memory", whole(pod(looping(last_end=containers.OOM)))),
    "panic": ("server.crash-loop", whole(ILL, logs=(log("panic: x", known="go.panic", of=ILL),))),
    "probe": ("server.probe-failing", whole(pod(unready(900)))),
    "node": ("server.unschedulable", whole(unplaced(platform.NO_ROOM))),
    "volume": ("server.volume-not-mounting", whole(starting(), events=(platform.mount(),))),
    "init": ("server.init-container-failing", whole(pod(looping(**containers.INIT), waiting("PodInitializing")))),
    "quota": (
        "server.quota-exceeded",
        whole(of=workload(conditions=(*STUCK, Condition("ReplicaFailure", "True", "FailedCreate", platform.QUOTA)))),
    ),
    "newline": (
        "server.secret-untidy",
        whole(
            ILL,
            logs=(log(DATABASE[4][0], known=DATABASE[4][1], of=ILL),),
            also=(secrets(Sealed(DB_SECRET, keys=(Key("host"), Key("password", untidy=True)))),),
        ),
    ),
    "lost node": (
        "server.node-not-ready",
        whole(
            pod(running(), ready_s=900, conditions=(Condition("Ready", "False", since=ago(900)),)),
            also=(ClusterNodes(nodes=(node(ready="Unknown", since_s=900), node("node-2"))),),
        ),
    ),
    "evicted": ("server.evicted", whole(platform.evicted(600), also=(ClusterNodes(nodes=(platform.FULL,)),))),
    "terminating": ("server.stuck-terminating", whole(platform.ending(9000))),
    "idle": ("server.not-acted-on", whole(of=workload(conditions=(), current=2))),
    "unseen": ("server.not-acted-on", whole(of=workload(conditions=(), observed=False))),
    "no pods": ("server.replicas-missing", whole(of=workload(conditions=(), kind="StatefulSet"))),
    "missing": ("server.workload-missing", whole(of=workload(name=Name(NAMESPACE, "other"), wanted=0))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_cause(fault: str) -> None:
    """Names one cause for one fault, with all else folded under it."""
    id, seen = FAULTS[fault]
    diagnosis = diagnosed(seen)
    assert [cause.id for cause in diagnosis.causes] == [id]
    assert diagnosis.verdict is Verdict.DOWN
    assert diagnosis.suggestions


def test_a_password_does_not_explain_a_closed_port() -> None:
    """Does not blame a line break in a password for an address where nothing listens."""
    known = secrets(Sealed(DB_SECRET, keys=(Key("host"), Key("password", untidy=True))))
    diagnosis = diagnosed(whole(ILL, logs=(log(REFUSED, known=REFUSED_ID, of=ILL),), also=(known,)))
    assert diagnosis.causes[0].id == "server.database-connection-failed"
    assert {cause.id for cause in diagnosis.causes} == {"server.database-connection-failed", "server.secret-untidy"}


ON_THE_LOST = Subject("node", "node-1")
LOST_S = 300


def beside_a_lost_node(*pods: Pod, **facts: Any) -> WorkloadStates:
    """Pods of the backend, where the first node has been lost for some minutes."""
    nodes = (node(ready="Unknown", since_s=LOST_S), node("node-2"))
    return states(state(*pods, nodes=nodes, **facts), nodes=nodes)


def failing(name: str, where: str, ready_s: float) -> Pod:
    return pod(unready(86400), name=name, node=where, ready_s=ready_s)


@pytest.mark.parametrize(
    ("pods", "rests"),
    [
        ((failing("a", "node-1", LOST_S), OTHER), True),
        ((failing("a", "node-1", LOST_S + 60), OTHER), True),
        ((failing("a", "node-1", LOST_S + 61), OTHER), False),
        ((failing("a", "node-1", LOST_S), failing("b", "node-2", LOST_S)), False),
        ((failing("a", "node-2", LOST_S), OTHER), False),
    ],
)
def test_what_a_lost_node_explains(pods: tuple[Pod, ...], rests: bool) -> None:  # noqa: FBT001
    """Lays pods that ail to a lost node where all of them run there, and none has ailed since before."""
    seen = beside_a_lost_node(*pods)
    for id in ("server.probe-failing", "server.replicas-missing"):
        assert (ON_THE_LOST in the(id, seen).rests_on) is rests


def test_what_follows_from_a_lost_node() -> None:
    """Does not ask where pods run that were made since a node was lost: that they are needed follows from it."""
    follower = pod(unready(130), name="c", node="node-2", age_s=LOST_S - 10)
    seen = beside_a_lost_node(failing("a", "node-1", LOST_S), OTHER, follower)
    assert ON_THE_LOST in the("server.replicas-missing", replace_workload(seen, wanted=3)).rests_on


def replace_workload(seen: WorkloadStates, **facts: Any) -> WorkloadStates:
    (one,) = seen.states
    return replace(seen, states=(replace(one, workload=workload(**facts)),))


MARK = "node-role.kubernetes.io/control-plane"
PREEMPTION = (
    " preemption: 0/5 nodes are available: 1 Preemption is not helpful for scheduling, 4 No preemption victims."
)


@pytest.mark.parametrize(
    ("reasons", "form"),
    [
        (f"1 node(s) had untolerated taint {{{MARK}: }}, 4 Insufficient cpu.{PREEMPTION}", "room"),
        (f"4 node(s) had untolerated taint {{{MARK}: }}, 1 Insufficient cpu.", "room"),
        (f"5 node(s) had untolerated taint {{{MARK}: }}.", "taint"),
        (
            "1 node(s) had taint {x: db}, that the pod didn't tolerate, 4 Insufficient cpu, 3 Insufficient memory.",
            "room",
        ),
        ("3 node(s) had taint {dedicated: db}, that the pod didn't tolerate, 2 Insufficient cpu.", "taint"),
        ("3 node(s) had untolerated taint(s), 2 Insufficient cpu.", "taint"),
        ("2 Insufficient cpu, 2 node(s) had untolerated taint(s).", "room"),
        ("1 Too many pods, 4 node(s) had volume node affinity conflict. no new claims to deallocate,", "volume"),
        ("5 node(s) didn't match Pod's node affinity/selector.", "affinity"),
        ("1 Insufficient cpu, 4 node(s) were unschedulable.", "cordoned"),
        ("5 node(s) didn't match pod anti-affinity rules.", ""),
        ("pod has unbound immediate claims.", ""),
    ],
)
def test_why_no_node_takes_a_pod(reasons: str, form: str) -> None:
    """Advises by the reason that keeps most nodes away; the control plane's own mark only where there is no other."""
    finding = the("server.unschedulable", of(unplaced(f"0/5 nodes are available: {reasons}"), OTHER))
    assert facts(finding).get(FORM, "") == form


def test_every_reason_of_the_scheduler() -> None:
    """Tells each reason with the number of nodes, whichever the advice is about."""
    sentence = f"0/5 nodes are available: 1 node(s) had untolerated taint {{{MARK}: }}, 4 Insufficient cpu.{PREEMPTION}"
    finding = the("server.unschedulable", of(unplaced(sentence), OTHER))
    told = [fact.value for fact in finding.evidence if fact.label == "nodes refuse"]
    assert told == [f"1 node(s) had untolerated taint {{{MARK}: }}", "4 Insufficient cpu"]


def test_marks_without_a_name() -> None:
    """Takes the nodes of the control plane off those with marks where the server does not name the mark."""
    words = "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) had untolerated taint(s)."
    for number, form in ((0, "taint"), (1, "room"), (3, "room")):
        control = tuple(node(f"c{n}", taints=(Taint(MARK, "NoSchedule"),)) for n in range(number))
        seen = of(unplaced(words), OTHER, nodes=(*NODES, *control))
        assert facts(the("server.unschedulable", seen))[FORM] == form


TAINTED = "0/2 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint(s)."


@pytest.mark.parametrize(
    ("words", "for_s", "asks", "rests"),
    [
        (TAINTED, LOST_S + 60, Amounts(250, 1), True),
        (TAINTED, LOST_S + 61, Amounts(250, 1), False),
        (TAINTED, 150, Amounts(250, 64 << 30), False),
        (platform.NO_ROOM, 150, Amounts(250, 1), False),
    ],
)
def test_what_a_lost_node_would_hold(words: str, for_s: float, asks: Amounts, rests: bool) -> None:  # noqa: FBT001
    """Lays a pod without a node to the lost one where that could hold it, and the pod has not waited since before."""
    seen = replace_workload(
        beside_a_lost_node(unplaced(words, for_s=for_s), OTHER), template=workload(spec(requests=asks)).template
    )
    assert (ON_THE_LOST in the("server.unschedulable", seen).rests_on) is rests


def test_a_volume_that_a_lost_node_holds() -> None:
    """Lays a volume that is attached elsewhere to the lost node its other pod ran on; not one that is not there."""
    old, new = pod(name="old", deleting_since=ago(60), grace_s=30), starting()
    held = replace(platform.mount("Multi-Attach error for volume"), about=Owner("Pod", new.name.name))
    elsewhere = replace(new, node="node-2")
    for told, rests in ((held, True), (platform.mount(), False)):
        seen = beside_a_lost_node(elsewhere, older=(old,), events=(told,))
        assert (ON_THE_LOST in the("server.volume-not-mounting", seen).rests_on) is rests


def test_a_pod_that_should_have_been_gone_before() -> None:
    """Lays a pod that does not end to its lost node, but for one whose time was over before."""
    for due_s, rests in ((LOST_S + 60, True), (LOST_S + 61, False)):
        gone = replace(platform.ending(9000), grace_s=9000 - due_s)
        later = replace(CLUSTER_CONTEXT, limits=replace(CLUSTER_CONTEXT.limits, terminating_seconds=60))
        (finding,) = CHECKS["server.stuck-terminating"].findings(beside_a_lost_node(gone, OTHER), later)
        assert (ON_THE_LOST in finding.rests_on) is rests


def test_advice_for_exactly_this() -> None:
    """Advises otherwise for a login than for a firewall, and fills in pod, image and secret."""
    advised = {}
    for line, known, _, form in DATABASE:
        diagnosis = diagnosed(whole(ILL, logs=(log(line, known=known, of=ILL),)))
        advised[form] = tuple((one.text, one.command) for one in diagnosis.suggestions)
    assert len(set(advised.values())) == len(advised)
    assert any("get nodes -o wide" in command for _, command in advised["timeout"])
    (first, *_) = diagnosed(FAULTS["image"][1]).suggestions
    assert first.command == "docker manifest inspect ghcr.io/volaticloud/volaticloud:2.1.0"
    assert (
        f"logs {BACKEND}-7d-a -n volaticloud -c volaticloud --previous"
        in diagnosed(FAULTS["panic"][1]).suggestions[0].command
    )


def advised(diagnosis: Diagnosis, cause: str) -> list[tuple[str, str]]:
    return [(one.command, one.act) for one in diagnosis.suggestions if one.cause == cause]


def test_who_is_restarted_for_a_secret() -> None:
    """Restarts what is given the secret, whatever kind it is of, and none of the others in its namespace."""
    bot = workload(spec(name="bot", variables=()), name=Name(NAMESPACE, "bot-7"))
    jobs = workload(kind="Job", name=Name(NAMESPACE, "backup"), wanted=1)
    resting = workload(wanted=0, name=Name(NAMESPACE, "resting"))
    database = workload(kind="StatefulSet", name=Name(NAMESPACE, "reports"))
    workloads = (workload(), bot, jobs, resting, database)
    known = secrets(Sealed(DB_SECRET, keys=(Key("host"), Key("password", untidy=True))))
    looked = (ClusterPods(), ClusterWorkloads(workloads=workloads), known)
    commands = [command for command, _ in advised(diagnosed(Seen({type(one): one for one in looked})), UNTIDY)]
    assert commands[-1] == ("kubectl rollout restart deployment/volaticloud-backend statefulset/reports -n volaticloud")


UNTIDY = "server.secret-untidy"


def test_which_evicted_pods_are_removed() -> None:
    """Names the evicted pods; whatever else has failed goes only by a step that says so."""
    gone = tuple(replace(platform.evicted(60), name=Name(NAMESPACE, f"kc-{number}")) for number in range(22))
    diagnosis = diagnosed(whole(*gone, also=(ClusterNodes(nodes=(platform.FULL,)),)))
    (_, _, one, other) = [each for each in diagnosis.suggestions if each.cause == "server.evicted"]
    names = " ".join(sorted(pod.name.name for pod in gone)[:20])
    assert (one.command, one.act) == (f"kubectl delete pods -n {NAMESPACE} {names}", "")
    assert "failed jobs" in other.text
    assert other.act == f"delete-failed-pods {NAMESPACE}"
    elsewhere = replace(gone[0], name=Name("keycloak", "kc"))
    told = facts(the("server.evicted", of(elsewhere, *gone)))
    assert (told["evicted in"], told["evicted pods"]) == ("keycloak", "kc")


def test_without_logs_and_events() -> None:
    """Still says what it sees, and what it could not look at, when only pods and workloads were seen."""
    ill = replace(ILL, labels={"pod-template-hash": HASH})
    looked: dict[type[Evidence], Evidence | Unobserved] = {
        ClusterPods: ClusterPods(pods=(ill,)),
        ClusterWorkloads: ClusterWorkloads(workloads=(workload(),)),
    }
    blind = Unobserved(ClusterLogs.WHAT, Reason.FORBIDDEN, "no right to read logs")
    diagnosis = diagnosed(Seen({**looked, ClusterLogs: blind}))
    assert "server.crash-loop" in {cause.id for cause in diagnosis.causes}
    assert blind in diagnosis.unobserved
    assert diagnosis.verdict is Verdict.DOWN


def test_with_nothing_seen() -> None:
    """Knows nothing, and says so, when the cluster could not be looked at."""
    lack = Unobserved(ClusterPods.WHAT, Reason.TIMEOUT, "no answer")
    diagnosis = diagnosed(Seen({ClusterPods: lack, ClusterWorkloads: lack}))
    assert diagnosis.verdict is Verdict.UNKNOWN
    assert diagnosis.findings == ()


# No fault.


def healthy(seed: int) -> WorkloadStates:
    """A sound platform as life has it: rollouts, drains, finished jobs, old restarts, things at rest."""
    by = random.Random(seed)  # noqa: S311 a world, not a secret
    count = by.randint(1, 6)
    pods = [pod(name=f"p{number}", age_s=by.uniform(200, 1e6)) for number in range(count)]
    new = pod(running(ready=False, since_s=by.uniform(0, 60)), name="new", age_s=by.uniform(61, 119))
    draining = pod(name="old", deleting_since=ago(by.uniform(0, 600)), grace_s=30)
    old_restart = running(restarts=by.randint(1, 40), last_end=ended(137, ended_s=by.uniform(3601, 1e6)))
    backend = state(
        *pods,
        of=workload(wanted=count, paused=False),
        older=by.choice(((), (draining,))),
        newest=(*pods, *by.choice(((), (new,))), *by.choice(((), (pod(old_restart, name="worn"),)))),
    )
    resting = WorkloadState(workload(wanted=0, name=Name(NAMESPACE, "resting")))
    retried = platform.job()
    done = pod(terminated(ended(0)), name="done", phase="Succeeded")
    loose = pod(terminated(ended(0), name="probe"), name="by-hand", phase="Succeeded", owner=None)
    extra = by.sample(
        (resting, retried, state(pod(), OTHER, done, of=workload(name=Name("keycloak", "kc")))), by.randint(0, 3)
    )
    return states(backend, *extra, sealed=by.choice((None, sealed())), loose=(loose,))


@pytest.mark.parametrize("seed", range(50))
def test_a_healthy_platform(seed: int) -> None:
    """Finds nothing in a healthy platform, whatever is going on in it."""
    assert [f.summary for f in every(healthy(seed))] == []


ANY_TEXT = st.sampled_from(
    (
        "",
        "not found",
        'exec: "x": no such file',
        "failed opening connection to postgres: EOF",
        "\x00\u202e\n",
        "x" * 3000,
    )
)
ANY_TIME = st.sampled_from((None, ago(-5), ago(0), ago(100), ago(700), ago(1e7)))
REASONS = (
    "CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError",
    "CreateContainerError", "RunContainerError", "ContainerCreating", "PodInitializing", "", "SomethingNew",
)  # fmt: skip
ENDS = st.none() | st.builds(
    ended, st.sampled_from((0, 1, 2, 126, 127, 128, 137, 143, 255)), ended_s=st.sampled_from((1, 100, 1e6)),
    reason=st.sampled_from(("OOMKilled", "Error", "Completed", "StartError", "")), message=ANY_TEXT,
)  # fmt: skip
CONTAINERS = st.builds(
    Container,
    name=st.sampled_from((CONTAINER, "other")),
    image=st.sampled_from(("", "redis", "ghcr.io/a/b:1")),
    role=st.sampled_from(Role),
    stage=st.sampled_from(Stage),
    ready=st.booleans(),
    started=st.booleans(),
    restarts=st.sampled_from((0, 2, 3, 900)),
    reason=st.sampled_from(REASONS),
    message=ANY_TEXT,
    started_at=ANY_TIME,
    end=ENDS,
    last_end=ENDS,
)
CONDITIONS = st.lists(
    st.builds(
        Condition,
        st.sampled_from(("Ready", "PodScheduled", "Available", "Progressing", "ReplicaFailure", "Failed", "Complete")),
        st.sampled_from(("True", "False", "Unknown")),
        st.sampled_from(("Unschedulable", "ProgressDeadlineExceeded", "FailedCreate", "")),
        ANY_TEXT,
        ANY_TIME,
    ),
    max_size=4,
).map(tuple)
PODS = st.builds(
    Pod,
    name=st.sampled_from((Name(NAMESPACE, "a"), Name(NAMESPACE, "b"))),
    uid=st.just("u"),
    phase=st.sampled_from(("Pending", "Running", "Succeeded", "Failed", "Unknown")),
    labels=st.just({}),
    created_at=st.sampled_from((ago(-5), ago(10), ago(1e6))),
    node=st.sampled_from(("", "node-1", "node-9")),
    reason=st.sampled_from(("", "Evicted")),
    message=ANY_TEXT,
    deleting_since=ANY_TIME,
    conditions=CONDITIONS,
    containers=st.lists(CONTAINERS, max_size=3).map(tuple),
)
LOGS = st.builds(
    ContainerLog,
    pod=st.just(Name(NAMESPACE, "a")),
    container=st.sampled_from((CONTAINER, "other")),
    previous=st.booleans(),
    lines=st.lists(ANY_TEXT, max_size=3).map(tuple),
    known=st.lists(
        st.builds(
            KnownLine,
            st.sampled_from(tuple(known for _, known, _, _ in (*DATABASE, *MIGRATION))),
            st.just("it means"),
            st.sampled_from(Severity),
            st.just(2),
            ANY_TEXT,
        ),
        max_size=2,
    ).map(tuple),
    errors=st.lists(ANY_TEXT, max_size=2).map(tuple),
    gap=st.sampled_from(("", "no right")),
)
EVENTS = st.builds(
    event,
    ANY_TEXT
    | st.sampled_from(("Container volaticloud failed liveness probe, will be restarted", "Liveness probe failed")),
    reason=st.sampled_from(("Unhealthy", "Killing", "FailedMount", "FailedCreate", "Failed")),
    on=st.sampled_from((Owner("Pod", "a"), Owner("Pod", "b"))),
)
STATES = st.builds(
    WorkloadState,
    workload=st.builds(
        workload,
        kind=st.sampled_from(("Deployment", "StatefulSet", "DaemonSet", "Job")),
        wanted=st.sampled_from((0, 1, 2)),
        conditions=CONDITIONS,
        paused=st.booleans(),
        observed=st.booleans(),
        deleting_since=ANY_TIME,
    ),
    newest=st.lists(PODS, max_size=3).map(tuple),
    older=st.lists(PODS, max_size=2).map(tuple),
    events=st.lists(EVENTS, max_size=3).map(tuple),
    logs=st.lists(LOGS, max_size=2).map(tuple),
    nodes=st.just(NODES),
)


@given(STATES)
def test_no_evidence_breaks_a_check(one: WorkloadState) -> None:
    """Judges whatever is seen, each subject once for each check, in printable sentences with a command."""
    for seen in (states(one), states(one, sealed=sealed(platform.NO_SECRET), nodes=())):
        findings = tuple(every(seen))
        assert len({finding.symptom for finding in findings}) == len(findings)
        for finding in findings:
            assert finding.summary.isprintable()
            assert finding.command.startswith("kubectl ")
            assert finding.evidence


@given(PODS)
def test_no_pod_that_is_down_goes_unnamed(one: Pod) -> None:
    """Names a fault for every pod that should have been ready long ago."""
    late = replace(one, deleting_since=None, created_at=ago(1e6))
    late = replace(
        late, conditions=tuple(each for each in late.conditions if each.type not in {"Ready", "PodScheduled"})
    )
    if not late.finished:
        assert {f.subject for f in every(states(state(late, of=workload(wanted=1))))} >= {workload().subject}


HEALED = [pytest.param(case.id, seen, id=f"{case.id}-{n}") for case in CASES for n, seen in enumerate(case.fires)]
#: Not of a pod: of the workload, its namespace, a secret, a node, or its logs as they were read.
NOT_OF_PODS = {
    "server.workload-missing", "server.scaled-to-zero", "server.rollout-paused", "server.secret-untidy",
    "server.secret-key-empty", "server.secret-missing", "server.secret-key-missing", "server.node-not-ready",
    "server.node-pressure", "server.job-failed", "server.log-errors", "server.rollout-stuck",
    "server.quota-exceeded", "server.pods-not-admitted", "server.not-acted-on",
}  # fmt: skip


@pytest.mark.parametrize(("id", "seen"), HEALED)
def test_a_healed_pod_is_no_fault(id: str, seen: Evidence) -> None:
    """Finds nothing any more once every pod is sound again."""
    if isinstance(seen, DatabaseWay) or id in NOT_OF_PODS:
        return
    assert isinstance(seen, WorkloadStates)
    sound = (pod(), OTHER)
    available = tuple(replace(one.workload, conditions=()) for one in seen.states)
    healed = tuple(
        replace(one, newest=sound, older=(), workload=of_) for one, of_ in zip(seen.states, available, strict=True)
    )
    left = found(id, replace(seen, states=healed, loose=(), sealed=None))
    assert left == ()


# What a person runs.


@pytest.mark.parametrize(("id", "seen"), HEALED)
def test_commands(id: str, seen: Evidence) -> None:
    """Begins every command as the platform's configuration says, names the namespace, and shows no secret's value."""
    named = replace(
        CLUSTER_CONTEXT,
        expected=replace(CLUSTER_CONTEXT.expected, cluster=replace(CLUSTER, kubectl="kubectl --context test")),
    )
    (finding,) = CHECKS[id].findings(seen, named)
    assert finding.command.startswith("kubectl --context test ")
    assert "-n " in finding.command or finding.subject.kind == "node"
    assert not re.search(r"base64|get secret \S+.* -o ", finding.command)


def test_the_backend_goes_by_its_configured_name() -> None:
    """Looks for the backend under the name and in the namespace that are configured."""
    elsewhere = replace(CLUSTER, backend=Name("prod", "api"), namespaces=("prod",))
    context = replace(CLUSTER_CONTEXT, expected=replace(CLUSTER_CONTEXT.expected, cluster=elsewhere))
    (finding,) = CHECKS["server.workload-missing"].findings(SOUND, context)
    assert finding.subject == Subject("deployment", "prod/api")
    unlooked = replace(elsewhere, namespaces=("volaticloud",))
    context = replace(CLUSTER_CONTEXT, expected=replace(CLUSTER_CONTEXT.expected, cluster=unlooked))
    assert CHECKS["server.workload-missing"].findings(SOUND, context) == ()


def test_limits_come_from_the_context() -> None:
    """Judges by the limits it is given."""
    patient = replace(CLUSTER_CONTEXT, limits=replace(CLUSTER_CONTEXT.limits, starting_seconds=10_000, restarts=99))
    assert CHECKS["server.pod-starting-slowly"].findings(of(starting(), OTHER), patient) == ()
    assert CHECKS["server.restarting-often"].findings(containers.often(30), patient) == ()


def test_what_a_view_of_the_database_is_joined_of() -> None:
    """Joins the way to the database with the workloads where they were seen, and does without them."""
    reach: DatabaseReach = platform.CONNECT.reach
    alone = Seen({DatabaseReach: reach}).get(DatabaseWay)
    assert alone == DatabaseWay(reach)
    beside = whole(pod(), OTHER, also=(reach,)).get(DatabaseWay)
    assert isinstance(beside, DatabaseWay)
    assert beside.serves(Name(NAMESPACE, BACKEND))
    assert not beside.serves(Name(KEYCLOAK_SECRET.namespace, "other"))

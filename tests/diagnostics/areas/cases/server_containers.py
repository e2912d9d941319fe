"""Cases of the area server: containers, their images, their logs, their probes."""

from typing import Any

from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Container, Pod, Role
from diagnostics.evidence.cluster.services import Key, Sealed
from diagnostics.evidence.cluster.states import WorkloadStates
from diagnostics.evidence.cluster.workloads import ContainerSpec, Origin, Probe, Variable, Whole
from tests.diagnostics.areas.cases.case import Case as AnyCase
from tests.diagnostics.areas.cases.cluster import (
    CLUSTER_CONTEXT,
    CONTAINER,
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
    of,
    pod,
    running,
    sealed,
    spec,
    starting,
    state,
    states,
    terminated,
    waiting,
    workload,
)


def Case(id: str, **facts: Any) -> AnyCase:  # noqa: N802 it makes one
    """A case of this area, in its own context."""
    return AnyCase(id, context=CLUSTER_CONTEXT, **facts)


LIMIT_S = 3600  # restart_minutes
STARTING_S = 120  # starting_seconds
OOM = ended(137, reason="OOMKilled")
NEVER = ended(
    128, reason="StartError", message='runc create failed: exec: "/nope": stat /nope: no such file or directory'
)
SIDECAR: dict[str, Any] = {"name": "fluent-bit", "image": "fluent/fluent-bit:4"}
INIT: dict[str, Any] = {"name": "wait", "image": "busybox:1", "role": Role.INIT}
GONE = pod(looping(), deleting_since=ago(5), grace_s=30)


def said(line: str, known: str, *before: str, **facts: Any) -> WorkloadStates:
    """A backend in a crash loop whose log ends with this known line."""
    ill = pod(looping())
    return of(ill, OTHER, logs=(log(*before, line, known=known, of=ill, **facts),))


def oom(seconds: float) -> WorkloadStates:
    return of(pod(running(restarts=4, last_end=ended(137, reason="OOMKilled", ended_s=seconds))), OTHER)


def often(restarts: int = 3, *, ended_s: float = 300, ran_s: float = 60) -> WorkloadStates:
    return of(pod(running(restarts=restarts, last_end=ended(1, ended_s=ended_s, ran_s=ran_s))), OTHER)


CONTAINERS = (
    Case(
        "server.out-of-memory",
        fires=(
            of(pod(looping(last_end=OOM)), OTHER),
            of(pod(terminated(OOM)), OTHER),
            oom(60),
            oom(LIMIT_S),
        ),
        silent=(SOUND, oom(LIMIT_S + 1), of(pod(looping(137)), OTHER), of(pod(looping(last_end=OOM), phase="Failed"))),
        says="volaticloud-backend was killed for its memory at its limit of 512Mi (OOMKilled) in 1 of 2 pods",
    ),
    Case(
        "server.command-not-found",
        fires=(
            of(pod(looping(last_end=NEVER)), OTHER),
            of(pod(terminated(ended(127))), OTHER),
            of(pod(waiting("RunContainerError", 'exec: "x": executable file not found in $PATH')), OTHER),
        ),
        silent=(SOUND, of(pod(looping(1)), OTHER), of(pod(looping(last_end=ended(128, reason="StartError"))), OTHER)),
        says="volaticloud-backend has no such command in its image (1 of 2 pods)",
    ),
    Case(
        "server.wrong-architecture",
        fires=(
            said("exec /volaticloud: exec format error", "docker.architecture"),
            of(pod(looping(last_end=ended(255, message="exec format error"))), OTHER),
            of(pod(waiting("RunContainerError", "exec /volaticloud: exec format error")), OTHER),
        ),
        silent=(SOUND, of(pod(looping(255)), OTHER)),
        says="is built for another processor than its node's",
    ),
    Case(
        "server.container-cannot-start",
        fires=(
            of(pod(waiting("CreateContainerError", "device is busy")), OTHER),
            of(pod(waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"))),
            of(pod(looping(last_end=ended(128, reason="StartError", message="error mounting /x"))), OTHER),
        ),
        silent=(SOUND, of(pod(waiting("CreateContainerConfigError", 'secret "x" not found'))), of(starting())),
        says="volaticloud-backend cannot be started in",
    ),
    Case(
        "server.init-container-failing",
        fires=(
            of(pod(looping(**INIT), waiting("PodInitializing"))),
            of(pod(terminated(ended(1), **INIT), waiting("PodInitializing"))),
        ),
        silent=(
            SOUND,
            of(pod(terminated(ended(0), **INIT), running())),
            of(pod(running(**INIT, ready=False), waiting("PodInitializing"))),
            of(pod(looping(), running(**{**INIT, "role": Role.SIDECAR}))),
        ),
        says="Init container wait of volaticloud-backend fails in 1 of 1 pod",
    ),
    Case(
        "server.crash-loop",
        fires=(
            of(pod(looping(2)), OTHER),
            of(pod(looping(0)), OTHER),
            of(pod(running(ready=False, since_s=9, restarts=3, last_end=ended(1, ended_s=9))), OTHER),
            of(pod(terminated(ended(1, ended_s=1), restarts=3)), OTHER),
            of(pod(running(), looping(**SIDECAR)), OTHER),
            of(pod(running(ready=False, since_s=9, restarts=3, last_end=ended(1, ended_s=LIMIT_S, ran_s=0))), OTHER),
            said("panic: nil map", "go.panic"),
            # Survived long before the end: the last lines are about something else.
            said("goodbye", "", *["driver: bad connection"], *["ok"] * 8),
        ),
        silent=(
            SOUND,
            often(),
            of(GONE, OTHER, pod(name="c")),
            of(pod(terminated(ended(1, ended_s=1), restarts=2)), OTHER),
            of(pod(running(ready=False, since_s=9, restarts=2, last_end=ended(1, ended_s=9))), OTHER),
            of(pod(running(ready=False, since_s=9, restarts=3, last_end=ended(1, ended_s=LIMIT_S + 1, ran_s=0)))),
            of(pod(looping(last_end=OOM)), OTHER),
            states(state(pod(looping()), of=workload(kind="Job"))),
            states(state(pod(looping()), of=workload(wanted=0))),
            states(state(pod(looping()), of=workload(deleting_since=ago(9)))),
            of(pod(looping(role=Role.EPHEMERAL), running()), OTHER),
        ),
        says=" ends soon after each start in 1 of ",
    ),
    Case(
        "server.container-exited",
        fires=(of(pod(terminated(ended(1))), OTHER), of(pod(running(), terminated(ended(3), **SIDECAR)), OTHER)),
        silent=(SOUND, of(pod(terminated(ended(0))), OTHER), of(pod(looping()), OTHER)),
        says=" has ended in 1 of 2 pods (exit code ",
    ),
    Case(
        "server.restarting-often",
        fires=(often(), often(30), often(ended_s=LIMIT_S - 60, ran_s=60)),
        silent=(
            SOUND,
            often(2),
            often(ended_s=LIMIT_S + 1),
            often(9, ended_s=300, ran_s=LIMIT_S),  # the restart before it was more than an hour ago
            of(pod(looping()), OTHER),
        ),
        says="volaticloud-backend runs in 1 of 2 pods after",
    ),
)


def pull(message: str, reason: str = "ErrImagePull", **facts: Any) -> WorkloadStates:
    return of(pod(waiting(reason, message, **facts)), OTHER)


BEGUN = 'failed to pull and unpack image "ghcr.io/volaticloud/volaticloud:2.1.0": '
RESOLVING = 'failed to resolve reference "ghcr.io/volaticloud/volaticloud:2.1.0": '
NOT_FOUND = f"rpc error: code = NotFound desc = {BEGUN}failed to resolve image: ghcr.io/x:2.1.0: not found"
DENIED = (
    f"{BEGUN}{RESOLVING}failed to authorize: failed to fetch anonymous token: "
    "unexpected status from GET request to https://ghcr.io/token?scope=x: 403 Forbidden"
)
LIMITED = (
    f"{BEGUN}failed to copy: unexpected status code https://registry-1.docker.io/v2/x: 429 Too Many Requests - "
    "Server message: toomanyrequests: You have reached your unauthenticated pull rate limit"
)
HEAD = f'{BEGUN}{RESOLVING}failed to do request: Head "https://ghcr.io/v2/x/manifests/2": dial tcp'
NO_HOST = f"{HEAD}: lookup ghcr.io on 10.0.0.2:53: no such host"
TIMEOUT = f"{HEAD} 140.82.121.34:443: i/o timeout"
OLD = event(f'Failed to pull image "ghcr.io/volaticloud/volaticloud:2.1.0": {NOT_FOUND}')
PULLS = (NOT_FOUND, DENIED, LIMITED, NO_HOST, "no space left on device", "what?")


def others(*mine: str) -> tuple[WorkloadStates, ...]:
    """Pulls that fail for another reason, and one that goes on."""
    return (SOUND, of(starting()), *(pull(one) for one in PULLS if one not in mine))


IMAGES = (
    Case(
        "server.image-name-invalid",
        fires=(pull('Failed to apply default image tag "A:b:c": not found', "InvalidImageName"),),
        silent=others(),
        says="has a name that cannot be: ghcr.io/volaticloud/volaticloud:2.1.0 (1 of 2 pods)",
    ),
    Case(
        "server.image-not-found",
        fires=(
            pull(NOT_FOUND),
            pull(f'Back-off pulling image "x:1": ErrImagePull: {NOT_FOUND}', "ImagePullBackOff"),
            of(pod(waiting("ImagePullBackOff", 'Back-off pulling image "x:1"')), OTHER, events=(OLD,)),
            pull("Container image is not present with pull policy of Never", "ErrImageNeverPull"),
            pull("manifest for x:1 not found: manifest unknown"),
            states(state(pod(waiting("ErrImagePull", NOT_FOUND)), of=workload(kind="Job"))),
        ),
        silent=others(NOT_FOUND),
        says="There is no image ghcr.io/volaticloud/volaticloud:2.1.0, which volaticloud-backend needs",
    ),
    Case(
        "server.image-denied",
        fires=(
            pull(DENIED),
            pull("pull access denied, repository does not exist or may require authorization: 404 not found"),
            pull("denied: requested access to the resource is denied"),
        ),
        silent=others(DENIED),
        says="ghcr.io does not give out ghcr.io/volaticloud/volaticloud:2.1.0",
    ),
    Case(
        "server.image-rate-limited",
        fires=(pull(LIMITED, image="volaticloud/bot:1"), pull(LIMITED, image="redis:7")),
        silent=others(LIMITED),
        says="Docker Hub gives no more images for now (rate limit)",
    ),
    Case(
        "server.image-registry-unreachable",
        fires=(
            pull(NO_HOST),
            pull(TIMEOUT),
            pull(f"{HEAD} 1.2.3.4:443: connect: connection refused"),
            pull(f'{BEGUN}failed to authorize: Post "https://ghcr.io/token": x509: certificate has expired'),
        ),
        silent=others(NO_HOST),
        says="ghcr.io cannot be reached from the node",
    ),
    Case(
        "server.image-not-built-for-node",
        fires=(pull("no match for platform in manifest: not found"), pull("no matching manifest for linux/arm64")),
        silent=others(),
        says="has no variant for the processor of its node",
    ),
    Case(
        "server.image-no-space",
        fires=(pull("write /var/lib/containerd/x: no space left on device"),),
        silent=others("no space left on device"),
        says="node-1 has no space for",
    ),
    Case(
        "server.image-pull-failed",
        fires=(pull("what?"), pull("", "ImagePullBackOff"), pull("", "SignatureValidationFailed")),
        silent=others("what?"),
        says="volaticloud-backend does not get its image",
    ),
)

OPENING = "failed opening connection to postgres: "
CREATING = "failed creating schema resources: "
#: A line, the catalogue's entry that knows it, the words and the form it is told in.
DATABASE = (
    (f"{OPENING}dial tcp 10.0.0.5:5432: connect: connection refused", "postgres.refused", "nothing listens", "refused"),
    (f"{OPENING}dial tcp: lookup db on 10.0.0.1:53: no such host", "postgres.host-unknown", "no address", "name"),
    (f"{OPENING}dial tcp 10.0.0.5:5432: i/o timeout", "postgres.unreachable", "nothing comes back", "timeout"),
    (f"{CREATING}dial tcp 10.0.0.5:5432: i/o timeout", "postgres.unreachable", "nothing comes back", "timeout"),
    (f"{OPENING}pq: password authentication failed", "postgres.wrong-password", "the login is rejected", "login"),
    (f'{OPENING}pq: role "x" does not exist', "postgres.no-role", "the login is rejected", "login"),
    (f"{OPENING}no pg_hba.conf entry for host", "postgres.pg-hba", "accepts nobody", "not allowed"),
    (f"{OPENING}pq: SSL is not enabled on the server", "postgres.no-tls", "do not agree on TLS", "tls"),
    (f"{OPENING}x509: unknown authority", "network.certificate-unknown", "do not agree on TLS", "tls"),
    (f'{OPENING}pq: database "x" does not exist', "postgres.no-database", "the database is not", "no database"),
    (f"{OPENING}pq: sorry, too many clients already", "postgres.too-many-clients", "every connection", "slots"),
    (f"{OPENING}pq: the database system is starting up", "postgres.starting-up", "it is starting up", "starting up"),
    (f"{OPENING}pq: the database system is shutting down", "postgres.shutting-down", "shut down", "shutting down"),
    ("server closed the connection unexpectedly", "postgres.connection-lost", "was lost", "lost"),
    (f"{OPENING}EOF", "server.database-connection", "the connection fails", ""),
)
MIGRATION = (
    (
        f"{CREATING}pq: permission denied for schema public",
        "postgres.schema-permission",
        "may not create",
        "permission",
    ),
    (f"{CREATING}pq: deadlock detected", "postgres.migration-deadlock", "two migrations met", "deadlock"),
    (f"{CREATING}pq: canceling statement due to lock timeout", "postgres.lock-timeout", "waited too long", "lock"),
    (f"{CREATING}pq: syntax error", "server.migration-failed", "cannot be brought up to date", ""),
)
SETTINGS = "keycloak configuration is required (URL, ClientID, ClientSecret must be set)"
INITIALIZING = "failed to initialize Keycloak: 401 Unauthorized"
ONLY_DATABASE = tuple(one for one in VARIABLES if "KEYCLOAK" not in one.name)
UNREAD = pod(looping())


def unset(*variables: Variable, known: Any = None, **facts: Any) -> WorkloadStates:
    """A backend in a crash loop, its log unread, with these variables."""
    asked = workload(spec(variables=variables, **facts))
    return states(state(UNREAD, OTHER, of=asked), sealed=known)


def changed(name: str, **facts: Any) -> tuple[Variable, ...]:
    """The backend's variables, one of them otherwise."""
    return tuple(Variable(name, **facts) if one.name == name else one for one in VARIABLES)


URL = "VOLATICLOUD_KEYCLOAK_URL"
WHOLE = Whole(Origin.SECRET, "volaticloud-secrets")
HELD = Sealed(Name(NAMESPACE, "volaticloud-secrets"), keys=tuple(Key(one.name) for one in VARIABLES))
EMPTY = Sealed(KEYCLOAK_SECRET, keys=(Key("client-secret", empty=True),))

STARTUP = (
    Case(
        "server.database-connection-failed",
        fires=(
            *(said(line, known) for line, known, _, _ in DATABASE),
            said(f"{OPENING}dial tcp", "postgres.refused", *["filler"] * 20),
            # The other pod's log was not read: it is told of both.
            of(UNREAD, pod(looping(), name="b"), logs=(log(f"{OPENING}EOF", known="server.database-connection"),)),
            of(UNREAD, OTHER, logs=(log(f"{OPENING}EOF", known="server.database-connection"),)),
        ),
        silent=(
            SOUND,
            *(said(line, known) for line, known, _, _ in MIGRATION),
            said("x509: unknown authority", "network.certificate-unknown"),
            of(pod(running(restarts=1)), OTHER, logs=(log(f"{OPENING}EOF", known="server.database-connection"),)),
        ),
        says="volaticloud-backend cannot connect to its database: ",
    ),
    Case(
        "server.migration-failed",
        fires=tuple(said(line, known) for line, known, _, _ in MIGRATION),
        silent=(
            SOUND,
            *(said(line, known) for line, known, _, _ in DATABASE),
            said("pq: canceling statement due to lock timeout", "postgres.lock-timeout"),
        ),
        says="volaticloud-backend cannot migrate its database: ",
    ),
    Case(
        "server.keycloak-settings-missing",
        fires=(
            said(SETTINGS, "server.keycloak-configuration"),
            unset(*ONLY_DATABASE),
            unset(*changed(URL, origin=Origin.VALUE, empty=True)),
            unset(*VARIABLES, known=sealed(EMPTY)),
            unset(
                *changed(URL, origin=Origin.CONFIG, source="c", key="url", optional=True),
                known=sealed(configs=(Sealed(Name(NAMESPACE, "c")),)),
            ),
            unset(wholes=(WHOLE,), known=sealed(Sealed(HELD.name, keys=HELD.keys[1:]))),
            unset(wholes=(WHOLE,), known=sealed(Sealed(HELD.name, keys=(Key(URL, empty=True), *HELD.keys[1:])))),
        ),
        silent=(
            SOUND,
            unset(*VARIABLES),
            unset(*VARIABLES, known=sealed()),
            unset(wholes=(WHOLE,)),
            unset(wholes=(WHOLE,), known=sealed(HELD)),
            states(state(of=workload(spec(variables=ONLY_DATABASE)))),
            states(state(UNREAD, of=workload(spec(variables=())), logs=(log("panic: x", known="go.panic"),))),
        ),
        says="volaticloud-backend does not start: settings for Keycloak are missing",
    ),
    Case(
        "server.keycloak-initialization-failed",
        fires=(
            said(INITIALIZING, "server.keycloak-initialization"),
            said("failed to initialize Keycloak: x509: unknown authority", "network.certificate-unknown"),
        ),
        silent=(SOUND, said(SETTINGS, "server.keycloak-configuration"), said("x509", "network.certificate-unknown")),
        says="volaticloud-backend does not start: its first talk with Keycloak fails (1 of 2 pods, 7 restarts)",
    ),
    Case(
        "server.log-errors",
        fires=(
            said("panic: nil map", "go.panic"),
            of(UNREAD, OTHER, logs=(log("a", "ERROR two", errors=("ERROR two",)),)),
        ),
        silent=(
            of(logs=(log("ERROR one", errors=("ERROR one",)),)),
            states(state(pod(waiting("ErrImagePull")), of=workload(kind="Job"), logs=(log("x", errors=("x",)),))),
            SOUND,
            of(UNREAD, OTHER, logs=(log("a", "b"),)),
            of(UNREAD, OTHER, logs=(log(gap="no right"),)),
        ),
        says="are errors, the weightiest: ",
    ),
)


def unready(since_s: float, **facts: Any) -> Container:
    return running(since_s=since_s, ready=False, **facts)


def killed(kind: str, *, at_s: float = 60, container: str = CONTAINER) -> tuple[Any, ...]:
    told = f"Container {container} failed {kind} probe, will be restarted"
    return (
        event(told, reason="Killing", type="Normal", at_s=at_s),
        event(f"{kind.title()} probe failed: context deadline exceeded", reason="Unhealthy", at_s=at_s),
    )


#: A container whose startup probe gives it ten minutes, and one that is asked for the first time after three.
PATIENT = spec(probes=(Probe("startup", "GET / at port 8080", 600),))
ASKED_LATE = spec(probes=(Probe("readiness", "GET / at port 8080", 190),))


def slow(since_s: float, asked: ContainerSpec = PATIENT, **facts: Any) -> WorkloadStates:
    """A backend whose first pod has been running for so long and is not ready, by a probe of its own."""
    first = pod(unready(since_s, **{"started": False, **facts}), age_s=since_s + 10)
    return states(state(first, OTHER, of=workload(asked)))


HUNG: Pod = pod(running(restarts=1, last_end=ended(137)))
PROBES = (
    Case(
        "server.probe-failing",
        fires=(
            of(pod(unready(STARTING_S + 1)), OTHER),
            of(pod(unready(86400)), OTHER, events=killed("readiness")[1:]),
            of(pod(unready(STARTING_S + 1, started=False)), OTHER),
            slow(601),
            slow(121, started=True),
            slow(191, ASKED_LATE, started=True),
            slow(121, ASKED_LATE),
            of(HUNG, OTHER, events=killed("liveness")),
            of(HUNG, OTHER, events=killed("liveness", at_s=LIMIT_S)),
            of(pod(looping(137)), OTHER, events=killed("startup")),
        ),
        silent=(
            SOUND,
            of(pod(unready(STARTING_S)), OTHER),
            of(pod(unready(9, started=False)), OTHER),
            slow(600),
            slow(190, ASKED_LATE, started=True),
            of(HUNG, OTHER),
            of(HUNG, OTHER, events=killed("liveness")[1:]),
            of(HUNG, OTHER, events=killed("liveness", at_s=LIMIT_S + 1)),
            of(HUNG, OTHER, events=killed("liveness", container="other")),
            of(pod(unready(86400), deleting_since=ago(3)), OTHER, pod(name="c")),
            of(pod(looping()), OTHER),
        ),
        says="volaticloud-backend fail",
    ),
)

CASES: tuple[AnyCase, ...] = (*CONTAINERS, *IMAGES, *STARTUP, *PROBES)

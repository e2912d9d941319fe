"""What judging may know beside the evidence: time, limits, what is expected, and what was seen before.

It is saved with the run, so that a replay judges by the same measures.
"""

from datetime import datetime

from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Fact, Past, Value


class Limits(Value, frozen=True):
    """The measures a finding is held against. Each says its unit and why it stands where it stands."""

    # People begin to notice at about a second; a healthy Keycloak answers its realm page in some 10 ms.
    keycloak_slow_ms: int = 1000
    # A resolver that has the name cached answers within a few ms; half a second means retries or a dead server.
    name_lookup_slow_ms: int = 500
    # An access token lives 300 s here; a tenth of that is where tokens start to be refused at the edges.
    clock_skew_seconds: int = 30
    # cert-manager renews 30 days before the end; with two weeks left the renewal has failed for a fortnight.
    certificate_days: int = 14
    # A kubelet backs off to 5 minutes between restarts; what was restarted within an hour may fall again.
    restart_minutes: int = 60
    # One restart may be a node's update; three within the hour are a container that does not stay up.
    restarts: int = 3
    # A pod that starts pulls images of some 100 MB and waits for its first probe; two minutes are more than that.
    starting_seconds: int = 120
    # Kubernetes gives 30 s to end and the kubelet some more; ten minutes past the given grace nobody will end it.
    terminating_seconds: int = 600
    # A controller tries a refused pod again after 1,000 s at most, and events of it may be held back for 5 min more.
    refusal_minutes: int = 25
    # A node is given up after 50 s of silence: what fell within the minute before that may have fallen with it.
    node_silence_seconds: int = 60
    # A nightly job runs once a day: its failure counts until the next run has shown otherwise.
    job_hours: int = 24
    # A provider makes a load balancer within some two minutes; five are more than that.
    balancer_seconds: int = 300
    # Shorter than this, a token can run out between being fetched and being used by a slow request.
    token_life_seconds: int = 30
    # People begin to notice at about a second; the health endpoint of a sound backend answers within some 20 ms.
    response_slow_ms: int = 1000
    # Response times double from one quiet minute to the next; three times as long is no weather any more.
    response_times_usual: float = 3.0
    # Below this nobody feels a difference, whatever the factor: a frame of a film takes 40 ms.
    response_growth_ms: int = 100
    # The median of fewer earlier runs is chance.
    response_runs: int = 5
    # The kernel throttles in slices of 100 ms: an average this close to the limit has slices that were over it.
    cpu_limit_percent: int = 90
    # A Go program's heap may double before it is collected; from here the next peak is killed.
    memory_limit_percent: int = 90
    # A node this full has nothing left for the pods of one that fails.
    node_percent: int = 90
    # An autoscaler waits five minutes before it takes pods away: more turns than these in half an hour are a swing.
    autoscaler_turns: int = 3
    autoscaler_minutes: int = 30
    # The tenth that is left goes within seconds when a pool grows: the backend's replicas open some ten each.
    slots_percent: int = 90
    # Between two statements of a transaction a program needs milliseconds; it keeps locks and dead rows meanwhile.
    idle_transaction_seconds: int = 5
    # PostgreSQL looks for a deadlock after 1 s; who still waits then waits for somebody that does not come along.
    blocked_seconds: int = 2
    # A visitor gives up within ten seconds, and a request of the backend with him.
    long_statement_seconds: int = 10
    # The runbook has statements logged from 1 s on.
    slow_statement_ms: int = 1000
    # Below five calls a mean is somebody's one query by hand, not the platform's doing.
    slow_statement_calls: int = 5
    # A list of fewer rows costs a visitor nothing, even when each row asks once more.
    repeated_rows: int = 10
    # So often a statement must have been asked before its share tells anything.
    repeated_calls: int = 500
    # Reading a table of fewer rows from end to end takes about a millisecond: PostgreSQL prefers it to an index.
    scan_rows: int = 10_000
    # A table is read through once by a backup and once by an analysis; fifty times is what somebody's query does.
    scans: int = 50
    # A tenth of all reads from end to end means a query of the platform's; where indexes serve, it is next to none.
    scan_percent: int = 10
    # A platform's data of every day fits into memory: hits are above 99 %. Below 90 the disk sets the pace.
    cache_percent: int = 90
    # Blocks (of 8 kB) that must have been read: 400 MB are more than a small server's memory takes to fill once.
    cache_reads: int = 50_000
    # Autovacuum comes at a fifth of a table's rows; at two fifths it has not come, or cannot remove them.
    dead_percent: int = 40
    # Fewer dead rows than this cost nothing, whatever their share.
    dead_rows: int = 10_000
    # Transaction numbers: autovacuum begins at 200 million; at a thousand million it has failed for long.
    old_transactions: int = 1_000_000_000
    # At 1,600 million PostgreSQL drops all else for it (vacuum_failsafe_age); at 2,100 million it takes no changes.
    oldest_transactions: int = 1_600_000_000
    # Replays come every few ms; half a minute behind, a reader sees what is no longer true.
    replication_seconds: int = 30
    # Half of what lies between two checkpoints by default (max_wal_size 1 GB): a server that follows keeps less.
    replication_bytes: int = 512_000_000
    # Without a look before, deadlocks count where the counting began within the hour: older ones are another story.
    deadlock_hours: int = 1


class KeycloakExpected(Value, frozen=True):
    """What the platform is set up to use of Keycloak, as the configuration states it."""

    url: str
    realm: str
    client_id: str
    #: The issuer tokens must name; empty when it is the realm's own address.
    issuer: str = ""
    #: The path the platform is configured for, or None when the configuration leaves it to the runbook.
    base_path: str | None = None
    algorithm: str = "RS256"
    #: Whether nobody configured the algorithm, so that it is only what Keycloak signs with by default.
    algorithm_assumed: bool = False
    #: Where Volati's own copy of the client secret is configured; empty when it has none.
    secret_origin: str = ""
    #: How a person restarts it, filled in for this platform.
    restart_command: str = ""
    #: How a person reads its log, filled in for this platform.
    logs_command: str = ""
    #: The private CA that Keycloak's certificate is held to, as a path; empty where the usual ones are.
    ca_file: str = ""


class SealedExpected(Value, frozen=True):
    """A secret that must be there, with these keys."""

    name: Name
    keys: tuple[str, ...] = ()


class ClusterExpected(Value, frozen=True):
    """What the platform is in its cluster, as the configuration states it; the defaults are the runbook's.

    `variables` are those the backend cannot start without. `controller` is the ingress controller's deployment,
    `controller_class` what it calls itself. `kubectl` begins every command, with its context where one is set.
    `ca_file` is the private authority of the public certificates, where there is one.
    """

    namespaces: tuple[str, ...] = ("volaticloud",)
    backend: Name = Name("volaticloud", "volaticloud-backend")
    container: str = "volaticloud"
    variables: tuple[str, ...] = (
        "VOLATICLOUD_KEYCLOAK_URL",
        "VOLATICLOUD_KEYCLOAK_REALM",
        "VOLATICLOUD_KEYCLOAK_CLIENT_ID",
        "VOLATICLOUD_KEYCLOAK_CLIENT_SECRET",
    )
    secrets: tuple[SealedExpected, ...] = ()
    controller: Name = Name("ingress-nginx", "ingress-nginx-controller")
    controller_class: str = "k8s.io/ingress-nginx"
    keycloak: Name = Name("keycloak", "volaticloud-keycloak-service")
    kubectl: str = "kubectl"
    ca_file: str = ""

    def sees(self, name: Name) -> bool:
        """Whether the namespace of a thing is one of those that are looked at: else its absence says nothing."""
        return name.namespace in self.namespaces


class SurfaceExpected(Value, frozen=True):
    """Where the platform's HTTP surface should be, as the configuration states it; the defaults are the runbook's.

    `schema` names the file with the expected schema; empty where none is configured. `ca_file` is as above.
    """

    health_url: str = "https://api.volaticloud.com/health"
    graphql_url: str = "https://api.volaticloud.com/query"
    schema: str = ""
    ca_file: str = ""


class DatabaseExpected(Value, frozen=True):
    """How Volati comes to the database, as the configuration states it; no address and no password of a secret's.

    `role` is the role the platform logs in as; empty where it is the one that Volati uses. `origin` is where Volati's
    own login is configured, or `secret` the cluster's, as namespace/name, that it is read from.
    """

    role: str = ""
    origin: str = ""
    secret: str = ""


class Expected(Value, frozen=True):
    """What the platform should look like, area by area; None where that part is not configured."""

    keycloak: KeycloakExpected | None = None
    cluster: ClusterExpected | None = None
    surface: SurfaceExpected | None = None
    database: DatabaseExpected | None = None


class Context(Value, frozen=True):
    """The frame of one judgement.

    `at` is aware, in UTC. `seen_from` says where the bot looks from, as in "from the bot's pod".
    `previous` holds the marks of the run before, empty when there was none. `history` holds the figures of the runs
    before, oldest first.
    """

    at: datetime
    seen_from: str
    limits: Limits = Limits()
    expected: Expected = Expected()
    previous: tuple[Fact, ...] = ()
    history: tuple[Past, ...] = ()

    @property
    def surface(self) -> SurfaceExpected:
        """Where the HTTP surface is; the runbook's defaults where nothing is configured."""
        return self.expected.surface or SurfaceExpected()

    @property
    def cluster(self) -> ClusterExpected:
        """What the platform is in its cluster; the runbook's defaults where nothing is configured."""
        return self.expected.cluster or ClusterExpected()

"""What judging may know beside the evidence: time, limits, what is expected, and what was seen before.

It is saved with the run, so that a replay judges by the same measures.
"""

from datetime import datetime

from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Fact, Value


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
    # A nightly job runs once a day: its failure counts until the next run has shown otherwise.
    job_hours: int = 24
    # A provider makes a load balancer within some two minutes; five are more than that.
    balancer_seconds: int = 300
    # Shorter than this, a token can run out between being fetched and being used by a slow request.
    token_life_seconds: int = 30


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


class Expected(Value, frozen=True):
    """What the platform should look like, area by area; None where that part is not configured."""

    keycloak: KeycloakExpected | None = None
    cluster: ClusterExpected | None = None


class Context(Value, frozen=True):
    """The frame of one judgement.

    `at` is aware, in UTC. `seen_from` says where the bot looks from, as in "from the bot's pod".
    `previous` holds the marks of the run before, empty when there was none.
    """

    at: datetime
    seen_from: str
    limits: Limits = Limits()
    expected: Expected = Expected()
    previous: tuple[Fact, ...] = ()

    @property
    def cluster(self) -> ClusterExpected:
        """What the platform is in its cluster; the runbook's defaults where nothing is configured."""
        return self.expected.cluster or ClusterExpected()

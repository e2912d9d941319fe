"""Cases of the network area: services, ingresses, policies, the controller, the public names."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from diagnostics.evidence.cluster.kinds import (
    ClusterController,
    ClusterEdge,
    ClusterPods,
    ClusterSecrets,
    ClusterServices,
    DatabaseReach,
    Gap,
    Host,
)
from diagnostics.evidence.cluster.logs import ContainerLog, KnownLine
from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.cluster.pods import Condition, Container, Owner, Pod, Stage
from diagnostics.evidence.cluster.routes import IngressRoutes, PublicNames, ServiceRoutes, Traffic
from diagnostics.evidence.cluster.services import (
    Allowance,
    Backend,
    Ingress,
    IngressClass,
    Key,
    Namespace,
    Peer,
    Policy,
    PolicyPort,
    Route,
    ServicePort,
    TlsPart,
)
from diagnostics.evidence.cluster.states import WorkloadStates
from diagnostics.evidence.cluster.workloads import ContainerSpec, Port, Probe, Template
from diagnostics.evidence.http import NoAnswer
from diagnostics.evidence.http import Stage as Step
from diagnostics.evidence.network import Reached
from diagnostics.model import Reason, Severity
from tests.diagnostics.areas.cases import routes
from tests.diagnostics.areas.cases.case import NOW, Case
from tests.diagnostics.areas.cases.routes import (
    API,
    BACKEND,
    BACKEND_PODS,
    CONTROLLER,
    CONTROLLER_PODS,
    KEYCLOAK,
    KEYCLOAK_PODS,
    NOT_READY,
    crashing,
    host,
    ingress,
    ingresses,
    kinds,
    pod,
    pods,
    policies,
    seen,
    service,
    services,
    tls_secret,
    unready,
    workload,
    workloads,
)

WHY = Gap("pods in namespace volaticloud", Reason.FORBIDDEN, "no right to list them", "volaticloud")
_MINUTE = timedelta(minutes=1)


def behind(**given: Any) -> ServiceRoutes:
    """The services' view of a platform that is sound but for what is given."""
    return ServiceRoutes.joined(seen(**given))


def leads(**given: Any) -> IngressRoutes:
    """The ingresses' view."""
    return IngressRoutes.joined(seen(**given))


def names(**given: Any) -> PublicNames:
    """The public names' view."""
    return PublicNames.joined(seen(**given))


def traffic(**given: Any) -> Traffic:
    """The policies' view."""
    return Traffic.joined(seen(**given))


def states(**given: Any) -> WorkloadStates:
    """The workloads' view."""
    return WorkloadStates.joined(seen(**given))


def looked(**facts: Any) -> PublicNames:
    """The platform's public name as it was seen from outside."""
    return names(edge=ClusterEdge((host(**facts),)))


def no_answer(stage: Step, *, timed_out: bool = False, detail: str = "Connection refused") -> NoAnswer:
    """A connection or lookup that ended somewhere."""
    return NoAnswer(stage, detail, timed_out=timed_out, took_ms=1200)


def failed(stage: Step, *, timed_out: bool = False, **facts: Any) -> PublicNames:
    """A public name whose load balancer was not reached."""
    reached = replace(SOUND_HOST.reached, failure=no_answer(stage, timed_out=timed_out), **facts)  # type: ignore[type-var]  # it is there
    return looked(reached=reached, status=None)


def shown(
    *names: str, begins: timedelta = -_MINUTE, ends: timedelta = timedelta(days=90), subject: str = ""
) -> PublicNames:
    """A public name at which this certificate was shown."""
    certificate = routes.certificate(*names, begins=begins, ends=ends)
    certificate = replace(certificate, subject=subject or certificate.subject)
    return looked(reached=replace(SOUND_HOST.reached, certificate=certificate))  # type: ignore[type-var]  # it is there


def kept(**facts: Any) -> PublicNames:
    """A public name that was not looked at, with its certificate in its secret."""
    return names(edge=ClusterEdge(), sealed=ClusterSecrets(sealed=(tls_secret(**facts),)))


def secret(**facts: Any) -> IngressRoutes:
    """An ingress whose certificate's secret is as given."""
    return leads(sealed=ClusterSecrets(sealed=(tls_secret(**facts),)))


def annotated(**annotations: str) -> IngressRoutes:
    """An ingress with these annotations of ingress-nginx; an underscore stands for a dash."""
    prefix = "nginx.ingress.kubernetes.io/"
    return leads(
        ingresses=ingresses(
            ingress(annotations={prefix + key.replace("_", "-"): words for key, words in annotations.items()})
        )
    )


def rewriting(target: str, path: str) -> IngressRoutes:
    """An ingress that rewrites a path."""
    annotations = {"nginx.ingress.kubernetes.io/rewrite-target": target}
    route = Route(API, path, "ImplementationSpecific", Backend("volaticloud-backend", 8080))
    return leads(ingresses=ingresses(ingress(annotations=annotations, routes=(route,))))


def log(*known: KnownLine, errors: tuple[str, ...] = (), gap: str = "") -> ClusterController:
    """The controller's log."""
    return ClusterController(
        (ContainerLog(Name("ingress-nginx", "ctrl-0"), "controller", known=known, errors=errors, read=200, gap=gap),)
    )


SOUND_HOST: Host = host()
SOUND = behind()
STALE = -timedelta(minutes=5)
CRASHED = unready("backend-0", containers=(crashing(),))
ENDING = pod("backend-0", deleting_since=NOW - 11 * _MINUTE, grace_s=30)
NOTHING = Selector()
ALL_BACKEND = Selector.of_labels({"app": "volaticloud-backend"})
FROM_CONTROLLER = Allowance((Peer(namespaces=Selector.of_labels({"kubernetes.io/metadata.name": "ingress-nginx"})),))
DENY = Policy(Name("volaticloud", "default-deny"), NOTHING)
DENY_OUT = Policy(Name("volaticloud", "no-way-out"), ALL_BACKEND, limits_ingress=False, limits_egress=True)
DNS_ALLOWED = Allowance(ports=(PolicyPort(53, "UDP"), PolicyPort(53)))
DATABASE_ALLOWED = Allowance((Peer(block="198.51.100.0/24"),), (PolicyPort(5432),))
KEYCLOAK_ALLOWED = Allowance(
    (Peer(namespaces=Selector.of_labels({"kubernetes.io/metadata.name": "keycloak"})),), (PolicyPort("http"),)
)
WEB_ALLOWED = Allowance((Peer(block="0.0.0.0/0", but=("10.0.0.0/8",)),), (PolicyPort(443),))
PUBLIC_KEYCLOAK = replace(
    ingress(host="auth.volaticloud.com", to=KEYCLOAK.name), name=Name(KEYCLOAK.namespace, "keycloak")
)
OPENSHIFT_ALLOWED = Allowance(
    (Peer(namespaces=Selector.of_labels({"kubernetes.io/metadata.name": "openshift-dns"})),),
    (PolicyPort(5353, "UDP"), PolicyPort(5353)),
)
ALL_OUT = (DNS_ALLOWED, DATABASE_ALLOWED, KEYCLOAK_ALLOWED)


def allowing(*allowances: Allowance) -> Policy:
    """The policy for the backend's ways out with these allowances."""
    return replace(DENY_OUT, egress=allowances)


def reached(*addresses: str) -> DatabaseReach:
    """The database's name with these addresses."""
    return DatabaseReach(
        Name("volaticloud", "volaticloud-db-secret"), Reached("db.example.com", 5432, tls=False, addresses=addresses)
    )


def slow(for_s: int) -> Pod:
    """A pod whose container has been starting for so long; its startup probe gives it ten minutes."""
    container = Container("main", "image", stage=Stage.RUNNING, started_at=NOW - timedelta(seconds=for_s))
    return unready("backend-0", containers=(container,))


PATIENT = workload(
    template=Template({"app": BACKEND.name}, (ContainerSpec("main", "image", probes=(Probe("startup", "", 600),)),))
)


def keycloak_with(port: ServicePort) -> dict[str, Any]:
    """Keycloak with one more port, which its container has, too."""
    kept = service(KEYCLOAK, ports=(ServicePort(8080, "http", "http"), port))
    listens = (Port(8080, "http"), Port(port.number, port.name))
    return {
        "services": replace(services(), services=(service(), kept, routes.BALANCED)),
        "workloads": replace(
            workloads(), workloads=(workload(), workload(KEYCLOAK, 1, ports=listens), workload(CONTROLLER, 1))
        ),
    }


PRIMARY = {"cluster": "pg", "role": "primary"}
MESHED = tuple(replace(one, containers=(*one.containers, Container("mesh", "image"))) for one in BACKEND_PODS)


def meshed(target: str, names: tuple[str, ...]) -> ClusterServices:
    """The backend's service with endpoints that are reached at the ports of these names."""
    return services(service(target=target), slices=(replace(routes.endpoint(), names=names),))


LEAVING = Condition("ReplicaFailure", "True", "FailedCreate", "not in a namespace, because it is being terminated")
SERVICES = (
    Case(
        "network.service-missing",
        fires=(
            behind(services=services(), ingresses=ingresses()),
            behind(services=services(), ingresses=ingresses(ingress(class_name="other"))),
            behind(services=replace(services(service()), services=(service(), routes.BALANCED))),
        ),
        silent=(
            SOUND,
            behind(services=services()),  # the ingress that leads there is at fault, and says so
            behind(services=services(service(Name("volaticloud", "api"), selector={"app": "volaticloud-backend"}))),
            behind(services=replace(services(), gaps=(WHY,)), ingresses=ingresses()),
            # Nothing of Keycloak is in this cluster: it runs elsewhere, and the setting is only the default.
            behind(
                services=replace(services(), services=(service(), routes.BALANCED)),
                pods=ClusterPods(pods=(*BACKEND_PODS, *CONTROLLER_PODS)),
            ),
        ),
        says="does not exist in namespace",
        context=routes.CONTEXT,
    ),
    Case(
        "network.load-balancer-pending",
        fires=(
            behind(services=services(service(), service(Name("volaticloud", "b"), type="LoadBalancer", selector={}))),
            behind(services=services(service(type="LoadBalancer", created_at=NOW - 5 * _MINUTE))),
        ),
        silent=(
            SOUND,
            behind(services=services(service(type="LoadBalancer", addresses=("203.0.113.8",)))),
            behind(
                services=services(service(type="LoadBalancer", created_at=NOW - 5 * _MINUTE + timedelta(seconds=1)))
            ),
        ),
        says="of type LoadBalancer and has no address",
        context=routes.CONTEXT,
    ),
    Case(
        "network.selector-matches-nothing",
        fires=(
            behind(services=services(service(selector={"app": "volaticloud-backnd"}))),
            behind(services=services(service(), service(Name("volaticloud", "left-over"), selector={"app": "gone"}))),
        ),
        silent=(
            SOUND,
            behind(services=services(service(selector={}))),
            behind(services=services(service(selector={"app": "gone"}, external_name="db.example.com"))),
            behind(
                services=services(service(selector={"app": "gone"})), pods=replace(pods(*BACKEND_PODS), gaps=(WHY,))
            ),
            behind(pods=pods(), workloads=workloads(workload(wanted=0))),
            # An operator's service for copies that its database of one instance has none of.
            behind(
                services=services(
                    service(), service(Name("volaticloud", "pg-ro"), selector={**PRIMARY, "role": "replica"})
                ),
                pods=pods(*BACKEND_PODS, pod("pg-1", labels=PRIMARY, owner=Owner("Cluster", "pg"))),
            ),
            # A headless service of a job that has come to its end.
            behind(
                services=services(
                    service(), service(Name("volaticloud", "job"), headless=True, selector={"app": "job"})
                ),
                pods=pods(*BACKEND_PODS, pod("job-1", "job", phase="Succeeded", owner=None)),
            ),
        ),
        says="no pod has these labels",
        context=routes.CONTEXT,
    ),
    Case(
        "network.no-pods",
        fires=(
            behind(pods=pods()),
            behind(
                pods=pods(),
                workloads=workloads(
                    workload(
                        conditions=(Condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota: compute"),),
                    )
                ),
            ),
            # Its controller has not seen it for long: nobody acts on it.
            behind(pods=pods(), workloads=workloads(workload(observed=False))),
            behind(pods=pods(), workloads=workloads(workload(observed=False, asked_at=NOW - 2 * _MINUTE))),
        ),
        silent=(
            SOUND,
            behind(pods=pods(), workloads=workloads(workload(wanted=0))),
            behind(pods=pods(), workloads=workloads(workload(created_at=NOW - _MINUTE))),
            behind(pods=pods(), workloads=workloads(workload(observed=False, asked_at=NOW - _MINUTE))),
            behind(pods=pods(), workloads=workloads(workload(kind="Job"))),
            behind(pods=replace(pods(), gaps=(WHY,))),
            # Its namespace is being deleted.
            behind(pods=pods(), workloads=workloads(workload(conditions=(LEAVING,)))),
        ),
        says="asks for 2 pods and has none",
        context=routes.CONTEXT,
    ),
    Case(
        "network.no-ready-endpoints",
        fires=(
            behind(pods=pods(CRASHED, unready("backend-1", containers=(crashing(),)))),
            behind(pods=pods(CRASHED)),
            behind(pods=pods(unready("backend-0"))),
            behind(pods=pods(unready("backend-0", created_at=NOW - 2 * _MINUTE))),
            behind(pods=pods(CRASHED, ENDING)),
            behind(pods=pods(replace(CRASHED, created_at=NOW))),
            behind(pods=pods(slow(601)), workloads=workloads(PATIENT)),
        ),
        silent=(
            SOUND,
            behind(pods=pods(CRASHED, pod("backend-1"))),
            behind(pods=pods(CRASHED), services=services(service(), slices=(routes.endpoint(),))),
            behind(pods=pods(CRASHED), services=services(service(unready_too=True))),
            behind(pods=pods(unready("backend-0", created_at=NOW - 2 * _MINUTE + timedelta(seconds=1)))),
            behind(pods=pods(slow(600)), workloads=workloads(PATIENT)),
            behind(pods=pods(ENDING)),
        ),
        says="ready: ",
        context=routes.CONTEXT,
    ),
    Case(
        "network.endpoints-ending",
        fires=(behind(pods=pods(ENDING, replace(ENDING, name=Name("volaticloud", "backend-1")))),),
        silent=(
            SOUND,
            behind(pods=pods(replace(ENDING, deleting_since=NOW - 10 * _MINUTE))),
            behind(pods=pods(ENDING, CRASHED)),
            behind(pods=pods(ENDING, pod("backend-1"))),
        ),
        says="All 2 pods behind service volaticloud/volaticloud-backend are being deleted, since 11 min",
        context=routes.CONTEXT,
    ),
    Case(
        "network.port-without-container",
        fires=(
            behind(services=services(service(target="htpp"))),
            behind(services=services(service(target=8081))),
            behind(workloads=workloads(workload(ports=(Port(8080, "web"),)))),
            behind(workloads=workloads(workload(ports=(Port(8080, "http", "UDP"),)))),
            behind(services=meshed(target="htpp", names=("other",))),
        ),
        silent=(
            SOUND,
            # A port of a container that was put into the pods, as a mesh does, is known to the endpoints alone.
            behind(services=meshed(target="mesh", names=("http",))),
            behind(services=services(service(target="mesh")), pods=pods(*MESHED)),
            behind(services=services(service(target=15090)), pods=pods(*MESHED)),
            behind(services=services(service(target=8080))),
            behind(services=services(service(target=8081)), workloads=workloads(workload(ports=()))),
            behind(services=services(service(target=8081, headless=True))),
            # Nobody is known to need it, and containers may listen where they do not say so.
            behind(
                services=services(service(), service(Name("volaticloud", "b"), 9000, selector={"app": BACKEND.name}))
            ),
            behind(services=services(service(target="htpp")), workloads=replace(workloads(), workloads=())),
        ),
        says="no container of",
        context=routes.CONTEXT,
    ),
    Case(
        "network.scaled-to-zero",
        fires=(behind(pods=pods(), workloads=workloads(workload(wanted=0))),),
        silent=(
            SOUND,
            behind(pods=pods(), workloads=workloads(workload(wanted=1))),
            # Nobody needs it.
            behind(
                services=services(service(), service(Name("volaticloud", "batch"))),
                workloads=workloads(workload(), workload(Name("volaticloud", "batch"), 0)),
            ),
        ),
        says="because statefulset volaticloud/volaticloud-backend is scaled to 0",
        context=routes.CONTEXT,
    ),
)


def annotated_as(name: str, **facts: Any) -> Ingress:
    """An ingress that names its class by the old annotation, as Google's and Amazon's controllers want it."""
    return ingress(class_name=name, annotations={"kubernetes.io/ingress.class": name}, **facts)


OTHER_ROUTE = (Route(API, "/", "Prefix", Backend("dashboard", 8080)),)
CANARY = {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "10"}

INGRESSES = (
    Case(
        "network.ingress-class-unknown",
        fires=(
            leads(ingresses=ingresses(ingress(class_name="ngnix"))),
            leads(ingresses=ingresses(ingress(class_name=""))),
        ),
        silent=(
            leads(),
            leads(ingresses=ingresses(ingress(class_name="other"))),
            leads(
                ingresses=ingresses(
                    ingress(class_name=""), classes=(IngressClass("nginx", "k8s.io/ingress-nginx", default=True),)
                )
            ),
            leads(ingresses=replace(ingresses(ingress(), classes=()), gaps=(replace(WHY, namespace=""),))),
            leads(ingresses=ingresses(ingress(annotations={"kubernetes.io/ingress.class": "nginx"}), classes=())),
        ),
        says="so no controller serves it; classes there are: nginx, other",
        context=routes.CONTEXT,
    ),
    Case(
        "network.ingress-elsewhere",
        fires=(
            leads(ingresses=ingresses(ingress(class_name="other"))),
            leads(ingresses=ingresses(annotated_as("gce"))),
        ),
        silent=(
            leads(),
            leads(ingresses=ingresses(ingress(class_name="ngnix"))),
            leads(ingresses=ingresses(annotated_as("nginx"), classes=())),
        ),
        says=", not by k8s.io/ingress-nginx; it is left alone",
        context=routes.CONTEXT,
    ),
    Case(
        "network.ingress-service-missing",
        fires=(
            leads(ingresses=ingresses(ingress(to="backend"))),
            leads(ingresses=ingresses(ingress(default=Backend("gone", 80)))),
            leads(ingresses=ingresses(annotated_as("nginx", to="backend"), classes=())),
            leads(services=services()),
        ),
        silent=(
            leads(),
            leads(ingresses=ingresses(ingress(to="backend", class_name="other"))),
            leads(ingresses=ingresses(annotated_as("alb", to="ssl-redirect"))),
            leads(services=replace(services(), gaps=(WHY,))),
        ),
        says="which does not exist in namespace volaticloud",
        context=routes.CONTEXT,
    ),
    Case(
        "network.ingress-port-missing",
        fires=(
            leads(services=services(service(ports=(ServicePort(80, "http", "web"),)))),
            leads(ingresses=ingresses(ingress(default=Backend("volaticloud-backend", "web")))),
        ),
        silent=(
            leads(),
            leads(ingresses=ingresses(ingress(default=Backend("volaticloud-backend", "http")))),
            leads(services=services(service(ports=(), external_name="api.example.com"))),
            leads(services=services()),
        ),
        says="of service volaticloud-backend, which has",
        context=routes.CONTEXT,
    ),
    Case(
        "network.ingress-conflict",
        fires=(
            leads(ingresses=ingresses(ingress(), ingress("copy", routes=OTHER_ROUTE))),
            leads(ingresses=ingresses(ingress(), ingress("copy"))),
        ),
        silent=(
            leads(),
            leads(ingresses=ingresses(ingress(), ingress("console", host="console.volaticloud.com"))),
            leads(ingresses=ingresses(ingress(), ingress("copy", annotations=CANARY))),
            leads(ingresses=ingresses(ingress(), ingress("copy", class_name="other"))),
            leads(ingresses=ingresses(ingress("new"), annotated_as("gce"))),
            leads(
                ingresses=ingresses(
                    ingress(), ingress("exact", routes=(Route(API, "/", "Exact", Backend("dashboard", 80)),))
                )
            ),
        ),
        says="claim / of api.volaticloud.com",
        context=routes.CONTEXT,
    ),
    Case(
        "network.ingress-annotation-clash",
        fires=(
            rewriting("/$2", "/api"),
            rewriting("/$2", "/api(/|$)"),
            annotated(ssl_passthrough="true", rewrite_target="/"),
            annotated(canary="true"),
            annotated(canary_weight="10"),
            annotated(canary="true", canary_weight="101"),
            annotated(canary="true", canary_weight="many"),
            annotated(canary="true", canary_weight="1", canary_by_header_value="x"),
            annotated(whitelist_source_range="10.0.0.0/8", allowlist_source_range="10.0.0.0/8"),
            annotated(limit_whitelist="10.0.0.0/8", limit_allowlist="10.0.0.0/8"),
            annotated(backend_protocol="HTTP2"),
            annotated(permanent_redirect="https://a", temporal_redirect="https://b"),
            annotated(ssl_redirect="false", force_ssl_redirect="true"),
            annotated(auth_type="basic"),
            annotated(auth_type="form", auth_secret="users"),
            leads(
                ingresses=ingresses(
                    ingress(
                        annotations={"nginx.ingress.kubernetes.io/use-regex": "false"},
                        routes=(Route(API, "/(a|b)", "Prefix", Backend("volaticloud-backend", 8080)),),
                    )
                )
            ),
        ),
        silent=(
            leads(),
            rewriting("/$2", "/api(/|$)(.*)"),
            rewriting("/", "/api"),
            rewriting(r"/\$2", "/api"),
            rewriting("/$1", "/(?:a|b)(.*)"),
            annotated(ssl_passthrough="true"),
            annotated(ssl_passthrough="false", rewrite_target="/"),
            annotated(canary="true", canary_weight="100"),
            annotated(canary="true", canary_weight="500", canary_weight_total="1000"),
            annotated(canary="true", canary_by_header="x", canary_by_header_value="y"),
            annotated(backend_protocol="grpcs"),
            annotated(auth_type="basic", auth_secret="users"),
            annotated(whitelist_source_range="10.0.0.0/8"),
        ),
        says="do not go together: ",
        context=routes.CONTEXT,
    ),
    Case(
        "network.ingress-annotation-unknown",
        fires=(annotated(proxy_body_sise="8m"), annotated(enable_opentracing="true"), annotated(xyzzy="1")),
        silent=(
            leads(),
            annotated(proxy_body_size="8m", whitelist_source_range="10.0.0.0/8", relative_redirects="true"),
            leads(ingresses=ingresses(ingress(annotations={"cert-manager.io/cluster-isuer": "x"}))),
            leads(ingresses=ingresses(ingress(class_name="other", annotations={"nginx.ingress.kubernetes.io/x": "y"}))),
        ),
        says="that ingress-nginx does not know: ",
        context=routes.CONTEXT,
    ),
    Case(
        "network.tls-secret-missing",
        fires=(secret(exists=False, keys=(), certificate=None, key_fits=None),),
        silent=(
            leads(),
            leads(sealed=ClusterSecrets()),
            leads(ingresses=ingresses(ingress(tls=(TlsPart((API,), ""),)))),
        ),
        says="Secret volaticloud/volaticloud-tls, with the certificate for api.volaticloud.com, does not exist",
        context=routes.CONTEXT,
    ),
    Case(
        "network.tls-secret-unusable",
        fires=(
            secret(key_fits=False),
            secret(certificate=None, key_fits=None),
            secret(keys=(Key("tls.crt"),)),
            secret(keys=(Key("tls.crt", empty=True), Key("tls.key"))),
            secret(keys=(Key("cert"), Key("key")), type="Opaque", certificate=None),
        ),
        silent=(leads(), secret(exists=False, keys=(), certificate=None), secret(type="Opaque"), secret(key_fits=None)),
        says="is of no use: it",
        context=routes.CONTEXT,
    ),
)

POLICIES = (
    Case(
        "network.policy-cuts-path",
        fires=(
            traffic(policies=policies(DENY)),
            traffic(
                policies=policies(DENY, replace(DENY, ingress=(replace(FROM_CONTROLLER, ports=(PolicyPort(80),)),)))
            ),
            traffic(policies=policies(DENY_OUT)),
            traffic(policies=policies(allowing(DNS_ALLOWED, DATABASE_ALLOWED))),
            # Keycloak has no public name, or the backend may not go out to it.
            traffic(policies=policies(allowing(DNS_ALLOWED, DATABASE_ALLOWED, WEB_ALLOWED))),
            traffic(
                policies=policies(allowing(DNS_ALLOWED, DATABASE_ALLOWED)),
                ingresses=ingresses(ingress(), PUBLIC_KEYCLOAK),
            ),
            traffic(
                policies=policies(allowing(DNS_ALLOWED, KEYCLOAK_ALLOWED, Allowance((Peer(block="::/0"),)))),
                database=reached("198.51.100.9", "2001:db8::9"),
            ),
            traffic(policies=policies(allowing(DNS_ALLOWED, KEYCLOAK_ALLOWED))),
            traffic(policies=policies(allowing(DATABASE_ALLOWED, KEYCLOAK_ALLOWED))),
            traffic(policies=policies(allowing(*ALL_OUT[1:], Allowance(ports=(PolicyPort(53, "TCP"),))))),
            traffic(
                policies=policies(
                    allowing(
                        DNS_ALLOWED,
                        KEYCLOAK_ALLOWED,
                        Allowance((Peer(block="198.51.100.0/24", but=("198.51.100.8/29",)),)),
                    )
                )
            ),
            traffic(policies=policies(replace(DENY, pods=Selector.of_labels({"app": "volaticloud-backend"})))),
            traffic(policies=policies(Policy(Name("keycloak", "deny"), NOTHING))),
            # Only the management's port passes.
            traffic(
                policies=policies(
                    Policy(Name("keycloak", "deny"), NOTHING, ingress=(Allowance(ports=(PolicyPort(9000),)),))
                ),
                **keycloak_with(ServicePort(9000, 9000, "management")),
            ),
            traffic(
                policies=policies(allowing(DNS_ALLOWED, KEYCLOAK_ALLOWED)),
                sealed=ClusterSecrets(sealed=(routes.database("192.0.2.1"),)),
            ),
            traffic(
                policies=policies(Policy(Name("keycloak", "deny"), NOTHING)),
                sealed=ClusterSecrets(sealed=(routes.database("volaticloud-keycloak-service.keycloak.svc", 8080),)),
            ),
            # One of two pods only.
            traffic(
                policies=policies(replace(DENY, pods=Selector.of_labels({"new": "1"}))),
                pods=pods(pod("backend-0"), pod("backend-1", labels={"app": BACKEND.name, "new": "1"})),
            ),
        ),
        silent=(
            traffic(),
            traffic(policies=policies(allowing(*ALL_OUT[1:], Allowance(ports=(PolicyPort(53, "UDP"),))))),
            # Of Keycloak's ports the one for logins passes; which of http and https that is, is not known.
            traffic(policies=policies(allowing(*ALL_OUT)), **keycloak_with(ServicePort(9000, 9000, "management"))),
            traffic(policies=policies(allowing(*ALL_OUT)), **keycloak_with(ServicePort(8443, 8443, "https"))),
            # By the address of Keycloak's service: whether that or the pod's is what counts, is not defined.
            traffic(
                policies=policies(allowing(DNS_ALLOWED, DATABASE_ALLOWED, Allowance((Peer(block="10.96.0.0/12"),)))),
                services=replace(
                    services(),
                    services=(service(), service(KEYCLOAK, cluster_addresses=("10.96.4.4",)), routes.BALANCED),
                ),
            ),
            # Of the database's addresses the one of the family that the pods have.
            traffic(
                policies=policies(allowing(*ALL_OUT)),
                database=reached("198.51.100.9", "2001:db8::9"),
            ),
            # The pods may have an address of the other family, too.
            traffic(policies=policies(allowing(DNS_ALLOWED, DATABASE_ALLOWED, Allowance((Peer(block="fd00::/8"),))))),
            # By Keycloak's public name.
            traffic(
                policies=policies(allowing(DNS_ALLOWED, DATABASE_ALLOWED, WEB_ALLOWED)),
                ingresses=ingresses(ingress(), PUBLIC_KEYCLOAK),
            ),
            # OpenShift's DNS.
            traffic(
                policies=replace(
                    policies(allowing(DATABASE_ALLOWED, KEYCLOAK_ALLOWED, OPENSHIFT_ALLOWED)),
                    namespaces=(
                        *routes.SPACES,
                        Namespace("openshift-dns", {"kubernetes.io/metadata.name": "openshift-dns"}),
                    ),
                )
            ),
            traffic(policies=policies(DENY, replace(DENY, ingress=(FROM_CONTROLLER,)))),
            traffic(policies=policies(replace(DENY, ingress=(Allowance(ports=(PolicyPort(8000, end=8080),)),)))),
            traffic(
                policies=policies(
                    replace(DENY, ingress=(Allowance((Peer(namespaces=NOTHING),), (PolicyPort("http"),)),))
                )
            ),
            traffic(policies=policies(allowing(*ALL_OUT))),
            traffic(policies=policies(DENY_OUT, allowing(*ALL_OUT))),
            traffic(policies=policies(replace(DENY, pods=Selector.of_labels({"app": "other"})))),
            # What was not seen could be the allowance.
            traffic(policies=replace(policies(DENY), gaps=(WHY,))),
            traffic(policies=policies(DENY), pods=replace(pods(*BACKEND_PODS), gaps=(WHY,))),
            traffic(policies=policies(DENY), ingresses=ingresses()),
            # The port that the service leads to is wrong: that is found with the service.
            traffic(
                policies=policies(DENY, replace(DENY, ingress=(Allowance(ports=(PolicyPort(8080),)),))),
                services=services(service(target=8081)),
            ),
            # The controller is in its node's network: policies do not speak of it.
            traffic(
                policies=policies(DENY),
                pods=ClusterPods(pods=(*BACKEND_PODS, *KEYCLOAK_PODS, replace(CONTROLLER_PODS[0], host_network=True))),
            ),
            traffic(
                policies=policies(DENY),
                pods=pods(pod("backend-0", deleting_since=NOW), pod("backend-1", phase="Failed")),
            ),
        ),
        says=" off from ",
        context=routes.CONTEXT,
    ),
)

LARGE_DNS = (
    Case(
        "network.policy-cuts-large-dns",
        fires=(traffic(policies=policies(allowing(*ALL_OUT[1:], Allowance(ports=(PolicyPort(53, "UDP"),))))),),
        silent=(
            traffic(),
            traffic(policies=policies(allowing(*ALL_OUT))),
            # Where names cannot be asked for at all, that is what is told.
            traffic(policies=policies(DENY_OUT)),
            traffic(policies=policies(allowing(*ALL_OUT[1:], Allowance(ports=(PolicyPort(53, "TCP"),))))),
        ),
        says=" cuts the backend off from the cluster's DNS (TCP 53)",
        context=routes.CONTEXT,
    ),
)

DOWN = replace(CONTROLLER_PODS[0], conditions=(NOT_READY,), containers=(crashing(),))
ELSEWHERE = (*BACKEND_PODS, *KEYCLOAK_PODS)
RELOAD = KnownLine(
    "network.reload-failed", "The configuration cannot be loaded", Severity.CRITICAL, 3, "nginx: [emerg] x"
)
UPSTREAM = KnownLine("network.upstream-refused", "The pod refuses", Severity.CRITICAL, 2, "connect() failed")

CONTROLLERS = (
    Case(
        "network.ingress-controller-missing",
        fires=(states(workloads=replace(workloads(workload()), workloads=(workload(), workload(KEYCLOAK, 1)))),),
        silent=(
            states(),
            states(workloads=workloads(workload(CONTROLLER, kind="DaemonSet"))),
            states(
                workloads=replace(
                    workloads(workload()), workloads=(workload(),), gaps=(replace(WHY, namespace="ingress-nginx"),)
                )
            ),
        ),
        says="There is no ingress controller ingress-nginx-controller in namespace ingress-nginx",
        context=routes.CONTEXT,
    ),
    Case(
        "network.controller-down",
        fires=(
            states(pods=ClusterPods(pods=(*ELSEWHERE, DOWN))),
            states(pods=ClusterPods(pods=ELSEWHERE)),
            states(pods=ClusterPods(pods=(*ELSEWHERE, DOWN, replace(DOWN, name=Name("ingress-nginx", "ctrl-1"))))),
            states(
                pods=ClusterPods(pods=ELSEWHERE),
                workloads=replace(workloads(), workloads=(workload(), workload(CONTROLLER, 0))),
            ),
        ),
        silent=(
            states(),
            states(workloads=replace(workloads(), workloads=())),
            states(
                pods=ClusterPods(
                    pods=(
                        *ELSEWHERE,
                        replace(
                            DOWN,
                            created_at=NOW - _MINUTE,
                            containers=(Container("main", "image", stage=Stage.WAITING),),
                        ),
                    )
                )
            ),
        ),
        says="The ingress controller, statefulset ingress-nginx/ingress-nginx-controller, does not run",
        context=routes.CONTEXT,
    ),
    Case(
        "network.controller-log-errors",
        fires=(log(RELOAD), log(UPSTREAM, RELOAD, errors=("nginx: [emerg] x",))),
        silent=(log(), log(UPSTREAM, errors=("connect() failed",)), ClusterController()),
        says="cannot load its configuration (3 times in its log): nginx: [emerg] x",
        context=routes.CONTEXT,
    ),
    Case(
        "network.proxy-errors",
        fires=(log(UPSTREAM), log(errors=("[error] connect() failed",))),
        silent=(log(), log(RELOAD), log(gap="no right")),
        says="in the last 200 lines of the ingress controller's log: ",
        context=routes.CONTEXT,
    ),
    Case(
        "network.controller-log-unread",
        fires=(log(gap="no right to read logs"),),
        silent=(log(), log(UPSTREAM), ClusterController()),
        says="no right to read logs",
        context=routes.CONTEXT,
    ),
)

UNKNOWN = no_answer(Step.NAME, detail="NXDOMAIN: the nameserver knows no such name")
MUTE = no_answer(Step.NAME, timed_out=True, detail="no answer within 1.2 s")
ELSE = {"class_name": "other"}

NAMES = (
    Case(
        "network.dns-missing",
        fires=(looked(addresses=(), lookup_failure=UNKNOWN, missing=True),),
        silent=(looked(), looked(addresses=(), lookup_failure=MUTE), kept()),
        says="api.volaticloud.com does not resolve: NXDOMAIN",
        context=routes.CONTEXT,
    ),
    Case(
        "network.resolver-silent",
        fires=(looked(addresses=(), lookup_failure=MUTE),),
        silent=(looked(), looked(addresses=(), lookup_failure=UNKNOWN, missing=True)),
        says="api.volaticloud.com could not be looked up: no answer within 1.2 s",
        context=routes.CONTEXT,
    ),
    Case(
        "network.dns-elsewhere",
        fires=(
            looked(addresses=("198.51.100.1",)),
            looked(addresses=("203.0.113.7", "198.51.100.1")),
            looked(addresses=("2001:db8::1",)),
        ),
        silent=(
            looked(),
            looked(addresses=("203.0.113.7", "2001:db8::1")),
            looked(addresses=("198.51.100.1",), balancers=()),
            looked(addresses=("198.51.100.1",), balancers=("lb.example.net",)),
            # Behind a router that translates addresses.
            looked(addresses=("1.1.1.1",), balancers=("192.168.1.5",)),
            looked(addresses=(), lookup_failure=MUTE),
            looked(addresses=("2001:db8::1",), balancers=("2001:DB8:0::1",)),
        ),
        says="and its load balancer is at 203.0.113.7",
        context=routes.CONTEXT,
    ),
    Case(
        "network.lookup-slow",
        fires=(looked(lookup_ms=500), looked(lookup_ms=501)),
        silent=(looked(), looked(lookup_ms=499), looked(lookup_ms=None), looked(lookup_ms=1200, lookup_failure=MUTE)),
        says="(limit 500 ms)",
        context=routes.CONTEXT,
    ),
    Case(
        "network.edge-refused",
        fires=(failed(Step.CONNECT),),
        silent=(looked(), failed(Step.CONNECT, timed_out=True), failed(Step.TLS)),
        says="The load balancer at 203.0.113.7:443 does not accept connections for api.volaticloud.com: ",
        context=routes.CONTEXT,
    ),
    Case(
        "network.edge-timeout",
        fires=(failed(Step.CONNECT, timed_out=True),),
        silent=(looked(), failed(Step.CONNECT), failed(Step.TLS, timed_out=True)),
        says="No connection to the load balancer at 203.0.113.7:443 for api.volaticloud.com within 1200 ms",
        context=routes.CONTEXT,
    ),
    Case(
        "network.edge-tls-failed",
        fires=(failed(Step.TLS, certificate=None), failed(Step.TLS, timed_out=True)),
        silent=(looked(), failed(Step.TLS), failed(Step.CONNECT)),
        says="The TLS handshake for api.volaticloud.com at 203.0.113.7:443 fails",
        context=routes.CONTEXT,
    ),
    Case(
        "network.edge-silent",
        fires=(looked(status=None, no_status=no_answer(Step.ANSWER, timed_out=True, detail="nothing within 2 s")),),
        silent=(looked(), looked(status=None), looked(status=None, no_status=no_answer(Step.CONNECT))),
        says="does not answer GET /: nothing within 2 s",
        context=routes.CONTEXT,
    ),
    Case(
        "network.gateway-error",
        fires=(looked(status=502), looked(status=503), looked(status=504)),
        silent=(
            looked(),
            looked(status=404),
            looked(status=500),
            looked(status=501),
            looked(status=505),
            looked(status=None),
        ),
        says="api.volaticloud.com answers 50",
        context=routes.CONTEXT,
    ),
    Case(
        "network.certificate-expired",
        fires=(
            shown(ends=timedelta(0)),
            shown(ends=-timedelta(days=3)),
            kept(certificate=routes.certificate(ends=-_MINUTE)),
        ),
        silent=(looked(), shown(ends=timedelta(seconds=1)), kept(), kept(certificate=None)),
        says="expired on 202",
        context=routes.CONTEXT,
    ),
    Case(
        "network.certificate-not-yet-valid",
        fires=(shown(begins=timedelta(seconds=1)),),
        silent=(looked(), shown(begins=timedelta(0))),
        says="is valid only from 2026-01-02",
        context=routes.CONTEXT,
    ),
    Case(
        "network.certificate-wrong-name",
        fires=(
            shown("ingress.local", subject="CN=Kubernetes Ingress Controller Fake Certificate"),
            shown("other.volaticloud.com"),
            kept(certificate=routes.certificate("other.volaticloud.com")),
        ),
        silent=(looked(), shown("*.volaticloud.com"), shown("API.volaticloud.com"), kept()),
        says="for ",
        context=routes.CONTEXT,
    ),
    Case(
        "network.certificate-untrusted",
        fires=(failed(Step.TLS),),
        silent=(
            looked(),
            failed(Step.TLS, certificate=routes.certificate("other.example.com")),
            failed(Step.TLS, certificate=routes.certificate(ends=-_MINUTE)),
            failed(Step.TLS, certificate=None),
            failed(Step.TLS, timed_out=True),
        ),
        says="issued by CN=Test CA, is not trusted",
        context=routes.CONTEXT,
    ),
    Case(
        "network.certificate-expiring",
        fires=(
            shown(ends=timedelta(days=14)),
            shown(ends=timedelta(seconds=1)),
            kept(certificate=routes.certificate(ends=_MINUTE)),
        ),
        silent=(looked(), shown(ends=timedelta(days=14, seconds=1)), shown(ends=timedelta(0)), kept()),
        says="expires in ",
        context=routes.CONTEXT,
    ),
)

CASES = (*SERVICES, *INGRESSES, *POLICIES, *LARGE_DNS, *CONTROLLERS, *NAMES)

__all__ = ["CASES", "kinds"]

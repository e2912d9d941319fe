"""Builders of what the network area judges: a small platform, sound unless told otherwise."""

from datetime import timedelta
from typing import Any

from diagnostics.context import ClusterExpected, Context, Expected
from diagnostics.evidence.cluster.kinds import (
    ClusterController,
    ClusterEdge,
    ClusterIngresses,
    ClusterPods,
    ClusterPolicies,
    ClusterSecrets,
    ClusterServices,
    ClusterWorkloads,
    DatabaseReach,
    Host,
)
from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.cluster.pods import Condition, Container, End, Owner, Pod, Stage
from diagnostics.evidence.cluster.services import (
    Backend,
    DatabaseTarget,
    Endpoint,
    Ingress,
    IngressClass,
    Key,
    Namespace,
    Policy,
    Route,
    Sealed,
    Service,
    ServicePort,
    Slice,
    TlsPart,
)
from diagnostics.evidence.cluster.workloads import ContainerSpec, Port, Template, Workload
from diagnostics.evidence.network import Certificate, Reached
from diagnostics.model import Evidence, Unobserved
from diagnostics.observe import Seen
from tests.diagnostics.areas.cases.case import NOW

NAMESPACES = ("volaticloud", "keycloak", "ingress-nginx")
CLUSTER = ClusterExpected(namespaces=NAMESPACES)
CONTEXT = Context(at=NOW, seen_from="from the test", expected=Expected(cluster=CLUSTER))
BACKEND = Name("volaticloud", "volaticloud-backend")
KEYCLOAK = Name("keycloak", "volaticloud-keycloak-service")
CONTROLLER = Name("ingress-nginx", "ingress-nginx-controller")
API, CONSOLE = "api.volaticloud.com", "console.volaticloud.com"
BALANCER = "203.0.113.7"
LONG_AGO = NOW - timedelta(days=3)
READY = Condition("Ready", "True")
NOT_READY = Condition("Ready", "False")


def pod(name: str, app: str = "volaticloud-backend", space: str = "volaticloud", **facts: Any) -> Pod:
    """A pod that is ready, of the workload that its label names."""
    sound: dict[str, Any] = {
        "uid": name,
        "phase": "Running",
        "labels": {"app": app},
        "created_at": LONG_AGO,
        "owner": Owner("StatefulSet", app),
        "node": "node-1",
        "address": f"10.2.0.{sum(map(ord, name)) % 250 + 1}",
        "conditions": (READY,),
        "containers": (Container("main", "image", stage=Stage.RUNNING, ready=True, started=True),),
    }
    return Pod(Name(space, name), **{**sound, **facts})


def crashing(**facts: Any) -> Container:
    """A container in a crash loop."""
    known: dict[str, Any] = {
        "stage": Stage.WAITING,
        "reason": "CrashLoopBackOff",
        "message": "back-off 5m0s restarting failed container",
        "restarts": 7,
        "last_end": End(1, "Error"),
    }
    return Container("main", "image", **{**known, **facts})


def unready(name: str, **facts: Any) -> Pod:
    """A pod that runs and is not ready."""
    container = Container("main", "image", stage=Stage.RUNNING, started=True)
    return pod(name, **{"conditions": (NOT_READY,), "containers": (container,), **facts})


def workload(name: Name = BACKEND, wanted: int = 2, *, ports: tuple[Port, ...] | None = None, **facts: Any) -> Workload:
    """A stateful set with as many ready pods as it wants; its pods bear its name as label `app`."""
    labels = facts.pop("labels", {"app": name.name})
    listens = (Port(8080, "http"),) if ports is None else ports
    sound: dict[str, Any] = {
        "kind": "StatefulSet",
        "uid": str(name),
        "created_at": LONG_AGO,
        "selector": Selector.of_labels(labels),
        "template": Template(labels, (ContainerSpec("main", "image", ports=listens),)),
        "current": wanted,
        "ready": wanted,
    }
    return Workload(name=name, wanted=wanted, **{**sound, **facts})


def service(name: Name = BACKEND, target: int | str = "http", **facts: Any) -> Service:
    """A service of the workload of the same name."""
    selector = facts.pop("selector", {"app": name.name})
    return Service(name, selector=selector, **{"ports": (ServicePort(8080, target, "http"),), **facts})


def ingress(name: str = "api", host: str = API, to: str = "volaticloud-backend", **facts: Any) -> Ingress:
    """An ingress that leads a host to the backend's service, with a certificate."""
    sound: dict[str, Any] = {
        "class_name": "nginx",
        "routes": (Route(host, "/", "Prefix", Backend(to, 8080)),),
        "tls": (TlsPart((host,), "volaticloud-tls"),),
        "addresses": (BALANCER,),
    }
    return Ingress(Name("volaticloud", name), **{**sound, **facts})


def certificate(
    *names: str, begins: timedelta = timedelta(days=-1), ends: timedelta = timedelta(days=90)
) -> Certificate:
    """A certificate for these names, by default for both of the platform's."""
    return Certificate("CN=volaticloud", "CN=Test CA", names or (API, CONSOLE), NOW + begins, NOW + ends, "00" * 32)


def tls_secret(**facts: Any) -> Sealed:
    """The secret with the platform's certificate."""
    sound: dict[str, Any] = {
        "type": "kubernetes.io/tls",
        "keys": (Key("tls.crt"), Key("tls.key")),
        "certificate": certificate(),
        "key_fits": True,
    }
    return Sealed(Name("volaticloud", "volaticloud-tls"), **{**sound, **facts})


def database(host: str = "db.example.com", port: int = 5432) -> Sealed:
    """The secret that says where the database is."""
    return Sealed(Name("volaticloud", "volaticloud-db-secret"), database=DatabaseTarget(host, port))


def host(name: str = API, **facts: Any) -> Host:
    """A public name that resolves to its load balancer, which answers."""
    reached = Reached(
        name, 443, tls=True, addresses=(BALANCER,), connect_ms=3, handshake_ms=9, certificate=certificate()
    )
    sound: dict[str, Any] = {
        "ingress": Name("volaticloud", "api"),
        "addresses": (BALANCER,),
        "lookup_ms": 4,
        "balancers": (BALANCER,),
        "reached": reached,
        "status": 200,
    }
    return Host(name, **{**sound, **facts})


CLASSES = (IngressClass("nginx", "k8s.io/ingress-nginx"), IngressClass("other", "example.com/other"))
SPACES = tuple(Namespace(name, {"kubernetes.io/metadata.name": name}) for name in (*NAMESPACES, "kube-system"))
CONTROLLER_PODS = (pod("ctrl-0", CONTROLLER.name, CONTROLLER.namespace),)
KEYCLOAK_PODS = (pod("kc-0", KEYCLOAK.name, KEYCLOAK.namespace),)
BACKEND_PODS = (pod("backend-0"), pod("backend-1"))
REST = (*CONTROLLER_PODS, *KEYCLOAK_PODS)
WORKLOADS = (workload(), workload(KEYCLOAK, 1), workload(CONTROLLER, 1))
BALANCED = service(CONTROLLER, type="LoadBalancer", addresses=(BALANCER,))
SERVICES = (service(), service(KEYCLOAK), BALANCED)


def kinds(**given: Any) -> dict[type[Evidence], Evidence | Unobserved]:
    """Everything seen of a sound platform, with some of it as given."""
    sealed = (tls_secret(), database())
    sound: dict[str, Evidence] = {
        "pods": ClusterPods(pods=(*BACKEND_PODS, *REST)),
        "workloads": ClusterWorkloads(workloads=WORKLOADS),
        "services": ClusterServices(services=SERVICES),
        "ingresses": ClusterIngresses(ingresses=(ingress(),), classes=CLASSES),
        "policies": ClusterPolicies(namespaces=SPACES),
        "sealed": ClusterSecrets(sealed=sealed),
        "edge": ClusterEdge((host(),)),
        "controller": ClusterController(),
        "database": DatabaseReach(
            sealed[1].name, Reached("db.example.com", 5432, tls=False, addresses=("198.51.100.9",))
        ),
    }
    return {type(sound[name]): given.get(name, sound[name]) for name in sound}


def seen(**given: Any) -> Seen:
    """What was seen of a sound platform, with some of it as given."""
    return Seen(kinds(**given))


def pods(*some: Pod) -> ClusterPods:
    """The backend's pods as given, with the rest of the platform."""
    return ClusterPods(pods=(*some, *REST))


def services(*some: Service, slices: tuple[Slice, ...] = ()) -> ClusterServices:
    """The services as given, with Keycloak's and the controller's."""
    return ClusterServices(services=(*some, service(KEYCLOAK), BALANCED), slices=slices)


def workloads(*some: Workload) -> ClusterWorkloads:
    """The workloads as given, with Keycloak and the controller."""
    return ClusterWorkloads(workloads=(*some, *WORKLOADS[1:]))


def ingresses(*some: Ingress, classes: tuple[IngressClass, ...] = CLASSES) -> ClusterIngresses:
    """The ingresses as given."""
    return ClusterIngresses(ingresses=some, classes=classes)


def policies(*some: Policy) -> ClusterPolicies:
    """The policies as given."""
    return ClusterPolicies(policies=some, namespaces=SPACES)


def endpoint(*, ready: bool = True) -> Slice:
    """An endpoint of the backend's service."""
    return Slice(BACKEND, (Endpoint("10.2.0.9", ready, "backend-9"),), (8080,))

"""How traffic finds pods: services and their endpoints, ingresses and their classes, network policies."""

from datetime import datetime

from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.network import Certificate
from diagnostics.model import Value


class ServicePort(Value, frozen=True):
    """A port of a service, and the port of its pods it leads to: a number, or the name of a container's port."""

    number: int
    target: int | str
    name: str = ""
    protocol: str = "TCP"


class Service(Value, frozen=True):
    """A service. Without a selector somebody else keeps its endpoints.

    `addresses` are its load balancer's, `cluster_addresses` those it has inside the cluster.
    """

    name: Name
    type: str = "ClusterIP"
    selector: dict[str, str] = {}  # noqa: RUF012 msgspec copies it
    ports: tuple[ServicePort, ...] = ()
    external_name: str = ""
    headless: bool = False
    addresses: tuple[str, ...] = ()
    unready_too: bool = False
    cluster_addresses: tuple[str, ...] = ()
    created_at: datetime | None = None


class Endpoint(Value, frozen=True):
    """An address behind a service. `pod` is its pod's name; empty where it is none."""

    address: str
    ready: bool
    pod: str = ""
    terminating: bool = False


class Slice(Value, frozen=True):
    """Endpoints of a service and the ports they are reached at. `names` are those of the service's ports, in turn."""

    service: Name
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


class Backend(Value, frozen=True):
    """Where a path of an ingress leads: a service and its port, by number or by name."""

    service: str
    port: int | str


class Route(Value, frozen=True):
    """One host and path of an ingress. An empty host means every host."""

    host: str
    path: str
    kind: str
    backend: Backend


class TlsPart(Value, frozen=True):
    """The hosts of an ingress that are served with the certificate in a secret."""

    hosts: tuple[str, ...]
    secret_name: str


class Ingress(Value, frozen=True):
    """An ingress. `class_name` is what it asks for, in its spec or by the old annotation; empty for the default."""

    name: Name
    class_name: str = ""
    annotations: dict[str, str] = {}  # noqa: RUF012 msgspec copies it
    routes: tuple[Route, ...] = ()
    default: Backend | None = None
    tls: tuple[TlsPart, ...] = ()
    addresses: tuple[str, ...] = ()


class IngressClass(Value, frozen=True):
    """A class of ingresses and the controller that serves it."""

    name: str
    controller: str
    default: bool = False


class Peer(Value, frozen=True):
    """Whom a policy lets through: pods and namespaces by labels, or a block of addresses. None means: any."""

    pods: Selector | None = None
    namespaces: Selector | None = None
    block: str = ""
    but: tuple[str, ...] = ()


class PolicyPort(Value, frozen=True):
    """A port a policy lets through; None means all. `end` closes a range."""

    port: int | str | None = None
    protocol: str = "TCP"
    end: int | None = None


class Allowance(Value, frozen=True):
    """One rule of a policy: these peers at these ports. Empty means any of them."""

    peers: tuple[Peer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


class Policy(Value, frozen=True):
    """A network policy: for the pods it chooses, what is let in and out. A direction it does not name is untouched."""

    name: Name
    pods: Selector
    limits_ingress: bool = True
    limits_egress: bool = False
    ingress: tuple[Allowance, ...] = ()
    egress: tuple[Allowance, ...] = ()


class Namespace(Value, frozen=True):
    """A namespace and its labels, by which policies choose."""

    name: str
    labels: dict[str, str] = {}  # noqa: RUF012 msgspec copies it


class Key(Value, frozen=True):
    """A key of a secret or config map, without its value.

    `untidy` says that blanks or line breaks stand around the value; `fingerprint` is keyed and tells a change.
    """

    name: str
    empty: bool = False
    untidy: bool = False
    fingerprint: str = ""


class DatabaseTarget(Value, frozen=True):
    """Where a secret says the database is. A password is not part of it."""

    host: str
    port: int
    database: str = ""
    user: str = ""
    ssl_mode: str = ""


class Sealed(Value, frozen=True):
    """A secret or config map as facts. `exists` is false for one that was asked for and is not there.

    `kept_by` is the certificate of cert-manager's that writes it; empty where nobody says so.
    """

    name: Name
    exists: bool = True
    type: str = ""
    keys: tuple[Key, ...] = ()
    certificate: Certificate | None = None
    key_fits: bool | None = None
    database: DatabaseTarget | None = None
    kept_by: str = ""

    def key(self, name: str) -> Key | None:
        """The key of this name."""
        return next((one for one in self.keys if one.name == name), None)

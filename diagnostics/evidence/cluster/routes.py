"""How traffic finds its way: services with their pods, ingresses with their services, names with their ingress.

Joined once, purely, from what was seen. Which connections policies let pass is in `passage`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import ClassVar, Self, TypeVar

from diagnostics.evidence.cluster.kinds import (
    ClusterEdge,
    ClusterIngresses,
    ClusterPods,
    ClusterPolicies,
    ClusterServices,
    DatabaseReach,
    Host,
)
from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.cluster.passage import End, Policies
from diagnostics.evidence.cluster.pods import Pod, Role
from diagnostics.evidence.cluster.sealed import ClusterSealed
from diagnostics.evidence.cluster.services import (
    Backend,
    DatabaseTarget,
    Endpoint,
    Ingress,
    IngressClass,
    Namespace,
    Policy,
    Sealed,
    Service,
    ServicePort,
)
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.evidence.cluster.workloads import Port, Template
from diagnostics.model import Evidence, Subject, Value
from diagnostics.observe import Seen, View

T = TypeVar("T")
#: How an ingress named its class before it had a field for it; controllers still heed it.
OLD_CLASS = "kubernetes.io/ingress.class"
#: Whom the old annotation means by "nginx" where no class is called so: ingress-nginx needs none for it.
_OLD_NGINX, _INGRESS_NGINX = "nginx", "k8s.io/ingress-nginx"
#: What has cert-manager make a certificate for an ingress; it is called like the secret that it is kept in.
_ISSUERS = ("cert-manager.io/issuer", "cert-manager.io/cluster-issuer")


class ServiceState(Value, frozen=True):
    """A service with what stands behind it.

    `pods` are those its selector chooses that have not come to their end, `finished` how many have. `states` are the
    workloads its selector is made for, pods or not. `open_ports` are the names of its ports that the cluster found on
    some pod. `ingresses` lead to it. `known` says that all pods and workloads of its namespace were seen.
    """

    service: Service
    pods: tuple[Pod, ...] = ()
    finished: int = 0
    states: tuple[WorkloadState, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    open_ports: tuple[str, ...] = ()
    ingresses: tuple[Name, ...] = ()
    routed_ports: tuple[int | str, ...] = ()
    known: bool = True

    @property
    def subject(self) -> Subject:
        """The service, as a finding names it."""
        return self.service.name.subject("Service")

    @property
    def chooses(self) -> bool:
        """Whether it finds its pods by labels; else somebody else says where it leads."""
        return bool(self.service.selector) and not self.service.external_name

    @property
    def serves(self) -> bool:
        """Whether somebody behind it answers, by its endpoints or by its pods: either may be a moment older."""
        return any(one.ready for one in self.endpoints) or any(pod.ready for pod in self.pods)

    @property
    def injected(self) -> bool:
        """Whether its pods have containers that their workloads do not name, whose ports are not known."""
        told = {one.name for state in self.states for one in state.workload.template.containers}
        return any(
            one.name not in told for pod in self.pods for one in pod.containers if one.role is not Role.EPHEMERAL
        )

    @property
    def rests_on(self) -> tuple[Subject, ...]:
        """Its workloads, their nodes and their secrets."""
        return unique(chain.from_iterable(workload_and_all(state) for state in self.states))

    def state_of(self, pod: Pod) -> WorkloadState | None:
        """The workload that a pod of it belongs to."""
        return next((state for state in self.states if pod in state.pods), None)


class ServiceRoutes(View, frozen=True):
    """Every service of the configured namespaces, with the pods and workloads behind it."""

    KIND: ClassVar[str] = "cluster.service-routes"
    WHAT: ClassVar[str] = "the services and the pods behind them"
    SETTING: ClassVar[str] = ClusterServices.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (ClusterServices, ClusterPods)

    services: tuple[ServiceState, ...] = ()
    #: Namespaces of which something was seen, such as a pod: an empty one may as well not be used.
    used: tuple[str, ...] = ()
    dark: tuple[str, ...] = ()
    workloads: WorkloadStates | None = None
    #: Every service that an ingress leads to, there or not, with who serves that ingress.
    led_to: tuple[tuple[Name, str], ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen. Workloads and ingresses are used where they are there."""
        services, pods = seen[ClusterServices], seen[ClusterPods]
        around = _Behind(seen)
        names = {one.name.namespace for one in services.services} | {one.name.namespace for one in pods.pods}
        dark = {gap.namespace for gap in (*services.gaps, *pods.gaps)}
        states = tuple(around.state(one, services) for one in services.services)
        return cls(states, tuple(sorted(names)), tuple(sorted(dark)), around.workloads, around.led_to)

    def state(self, name: Name) -> ServiceState | None:
        """The service of this name."""
        return next((one for one in self.services if one.service.name == name), None)

    def whole(self, namespace: str) -> bool:
        """Whether all services and pods of a namespace were seen."""
        return not {"", namespace} & set(self.dark)


class IngressState(Value, frozen=True):
    """An ingress with what it leads to.

    `controller` is who serves its class, empty where nobody does; `known` says that all classes were seen.
    `services` are those of its namespace, None where not all of them were seen. `secrets` are its certificates'.
    """

    ingress: Ingress
    controller: str = ""
    known: bool = True
    services: tuple[Service, ...] | None = None
    secrets: tuple[Sealed, ...] = ()
    rests_on: tuple[Subject, ...] = ()

    @property
    def subject(self) -> Subject:
        """The ingress, as a finding names it."""
        return self.ingress.name.subject("Ingress")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names it serves, each once; an empty one stands for all.

        Those of its certificates alone are names of the certificate, and served by nobody; but where a rule is for
        all, or there is none, they are the only ones that say which names are meant.
        """
        ruled = unique(route.host for route in self.ingress.routes)
        if ruled and all(ruled):
            return ruled
        return unique(chain(ruled, (host for part in self.ingress.tls for host in part.hosts)))

    def service(self, name: str) -> Service | None:
        """The service of this name in its namespace."""
        return next((one for one in self.services or () if one.name.name == name), None)

    def secret(self, name: str) -> Sealed | None:
        """What is known of a secret of its namespace."""
        return next((one for one in self.secrets if one.name.name == name), None)

    def kept_by(self, secret: str) -> Name | None:
        """The certificate of cert-manager's that keeps one of its secrets; None where nobody says that one does."""
        told = self.secret(secret)
        asked = secret if any(one in self.ingress.annotations for one in _ISSUERS) else ""
        named = (told.kept_by if told else "") or asked
        return Name(self.ingress.name.namespace, named) if named else None


class IngressRoutes(View, frozen=True):
    """Every ingress of the configured namespaces, with its class, services and certificates."""

    KIND: ClassVar[str] = "cluster.ingress-routes"
    WHAT: ClassVar[str] = "the ingresses and what they lead to"
    SETTING: ClassVar[str] = ClusterIngresses.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (ClusterIngresses,)

    ingresses: tuple[IngressState, ...] = ()
    classes: tuple[IngressClass, ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen. Services, workloads and secrets are used where they are there."""
        found = seen[ClusterIngresses]
        services, sealed = seen.given(ClusterServices), seen.given(ClusterSealed)
        routes = seen.given(ServiceRoutes)
        whole = found.whole("")
        states = tuple(
            IngressState(
                ingress=one,
                controller=controller_of(one, found.classes),
                known=whole,
                services=_services_of(one, services),
                secrets=_secrets_of(one, sealed),
                rests_on=_below(one, routes),
            )
            for one in found.ingresses
        )
        return cls(states, found.classes)

    def served_by(self, controller: str) -> tuple[IngressState, ...]:
        """The ingresses that this controller serves."""
        return tuple(one for one in self.ingresses if one.controller == controller)


class HostState(Value, frozen=True):
    """A public name: the ingresses that serve it, its secret, and how it is seen from outside, where it was looked at.

    `tls` says that an ingress means to serve it with a certificate; `secret` is the name of the secret with that, empty
    where none is named, and `kept_by` the certificate of cert-manager's that keeps it.
    """

    name: str
    ingresses: tuple[Name, ...]
    controllers: tuple[str, ...] = ()
    tls: bool = False
    secret: str = ""
    sealed: Sealed | None = None
    kept_by: Name | None = None
    #: The kind of the workload that serves it, as subjects name it; the area's checks say which that is.
    served_by: str = "deployment"
    seen: Host | None = None
    rests_on: tuple[Subject, ...] = ()

    @property
    def subject(self) -> Subject:
        """The name, as a finding names it."""
        return Subject("host", self.name)


class PublicNames(View, frozen=True):
    """The platform's public names, with their ingresses, their certificates and how they are seen from outside."""

    KIND: ClassVar[str] = "cluster.public-names"
    WHAT: ClassVar[str] = "the public names and their certificates"
    SETTING: ClassVar[str] = ClusterEdge.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (ClusterIngresses,)

    hosts: tuple[HostState, ...] = ()
    workloads: WorkloadStates | None = None

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen. The look from outside and the secrets are used where they are there."""
        routes, edge = seen[IngressRoutes], seen.given(ClusterEdge)
        looked = {host.name: host for host in edge.hosts} if edge else {}
        mine: dict[str, list[IngressState]] = defaultdict(list)
        for state in routes.ingresses:
            for host in state.hosts:
                mine[host].append(state)
        hosts = tuple(_host(name, states, looked.get(name)) for name, states in mine.items() if name)
        return cls(hosts, seen.given(WorkloadStates))

    def kind_of(self, workload: Name) -> str:
        """The kind of a workload that stays, as subjects name it; deployment where it is not known."""
        known = self.workloads.states if self.workloads else ()
        kinds = (one.workload.kind.lower() for one in known if one.workload.name == workload)
        return next((kind for kind in kinds if kind != "job"), "deployment")


class Traffic(View, frozen=True):
    """The network policies with all that they choose among, and the connections the platform needs."""

    KIND: ClassVar[str] = "cluster.traffic"
    WHAT: ClassVar[str] = "the network policies and whom they cut off"
    SETTING: ClassVar[str] = ClusterPolicies.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (ClusterPolicies, ClusterPods)

    policies: tuple[Policy, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    dark: tuple[str, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: ServiceRoutes | None = None
    ingresses: IngressRoutes | None = None
    database: DatabaseTarget | None = None
    #: The addresses of the database's name; empty where it could not be looked up.
    database_addresses: tuple[str, ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen. Services, ingresses and the database's address are used where they are there."""
        found, pods = seen[ClusterPolicies], seen[ClusterPods]
        target, addresses = _database(seen.given(ClusterSealed), seen.given(DatabaseReach))
        return cls(
            policies=found.policies,
            namespaces=found.namespaces,
            dark=tuple(sorted({gap.namespace for gap in (*found.gaps, *pods.gaps)})),
            pods=pods.pods,
            services=seen.given(ServiceRoutes),
            ingresses=seen.given(IngressRoutes),
            database=target,
            database_addresses=addresses,
        )

    @property
    def rules(self) -> Policies:
        """The policies, ready to be asked."""
        return Policies(self.policies, {one.name: one.labels for one in self.namespaces})

    def whole(self, *namespaces: str) -> bool:
        """Whether all policies and pods of these namespaces were seen."""
        return not {"", *namespaces} & set(self.dark)

    def workload(self, name: Name) -> WorkloadState | None:
        """The workload of this name, whichever kind it is; a job is none that stays."""
        states = self.services.workloads.states if self.services and self.services.workloads else ()
        return next((one for one in states if one.workload.name == name and one.workload.kind != "Job"), None)

    def of_workload(self, name: Name) -> tuple[End, ...]:
        """The pods of a workload that take part in the network under an address of their own."""
        state = self.workload(name)
        return tuple(end(pod, state.workload.template) for pod in state.pods if on_the_network(pod)) if state else ()


def end(pod: Pod, template: Template | None) -> End:
    """A pod as an end of a connection."""
    ports = None if template is None else tuple(chain.from_iterable(one.ports for one in template.containers))
    return End(f"pod {pod.name}", pod.name.namespace, pod.labels, pod.address, ports)


def on_the_network(pod: Pod) -> bool:
    """Whether policies speak of a pod: it lives, has an address, and that is not its node's."""
    alive = not pod.finished and pod.deleting_since is None
    return alive and bool(pod.address) and not pod.host_network


def target_ports(port: ServicePort, template: Template) -> tuple[int, ...]:
    """The ports of a workload's pods that a service's port leads to; none where it is a name no container has."""
    if isinstance(port.target, int):
        return (port.target,)
    return tuple(one.number for one in ports_of(template) if (one.name, one.protocol) == (port.target, port.protocol))


def ports_of(template: Template) -> tuple[Port, ...]:
    """The ports that the containers of a workload say they listen at."""
    return tuple(chain.from_iterable(one.ports for one in template.containers))


def port_of(service: Service, wanted: int | str) -> ServicePort | None:
    """The port of a service by its number or its name."""
    return next((one for one in service.ports if wanted in {one.number, one.name}), None)


def backends(ingress: Ingress) -> tuple[Backend, ...]:
    """Where an ingress leads, each place once."""
    routed = (route.backend for route in ingress.routes)
    return unique(chain(routed, (ingress.default,) if ingress.default else ()))


def workload_and_all(state: WorkloadState) -> Iterator[Subject]:
    """A workload, its nodes, and the secrets its containers take their settings from."""
    yield state.subject
    yield from (*state.rests_on, *state.secrets)


def unique(things: Iterable[T]) -> tuple[T, ...]:
    """Each thing once, in the order they came."""
    return tuple(dict.fromkeys(things))


class _Behind:
    """What stands behind services, ready to be looked up."""

    def __init__(self, seen: Seen) -> None:
        self.workloads = seen.given(WorkloadStates)
        self._pods = _by_namespace(seen[ClusterPods])
        self._dark = seen[ClusterPods]
        ingresses = seen.given(ClusterIngresses)
        classes = ingresses.classes if ingresses else ()
        led_to: list[tuple[Name, str]] = []
        self._routed: dict[Name, list[tuple[Name, int | str]]] = defaultdict(list)
        for one in ingresses.ingresses if ingresses else ():
            for backend in backends(one):
                service = Name(one.name.namespace, backend.service)
                self._routed[service].append((one.name, backend.port))
                led_to.append((service, controller_of(one, classes)))
        self.led_to = unique(led_to)

    def state(self, service: Service, seen: ClusterServices) -> ServiceState:
        """A service's state."""
        space, selector = service.name.namespace, Selector.of_labels(service.selector)
        chosen = [pod for pod in self._pods.get(space, ()) if service.selector and selector.matches(pod.labels)]
        routed = self._routed.get(service.name, ())
        slices = [part for part in seen.slices if part.service == service.name]
        return ServiceState(
            service=service,
            pods=tuple(pod for pod in chosen if not pod.finished),
            finished=sum(pod.finished for pod in chosen),
            states=self._states(service, selector, chosen),
            endpoints=tuple(one for part in slices for one in part.endpoints),
            open_ports=unique(name for part in slices if part.endpoints for name in part.names),
            ingresses=unique(name for name, _ in routed),
            routed_ports=unique(port for _, port in routed),
            known=self._dark.whole(space) and self.workloads is not None and self.workloads.whole(space),
        )

    def _states(self, service: Service, selector: Selector, chosen: list[Pod]) -> tuple[WorkloadState, ...]:
        if self.workloads is None or not service.selector:
            return ()
        names = {pod.name for pod in chosen}
        return tuple(
            state
            for state in self.workloads.states
            if state.workload.name.namespace == service.name.namespace
            and (
                selector.matches(state.workload.template.labels)
                or any(pod.name in names and not pod.finished for pod in state.pods)
            )
        )


def _by_namespace(seen: ClusterPods) -> Mapping[str, list[Pod]]:
    found: dict[str, list[Pod]] = defaultdict(list)
    for pod in seen.pods:
        found[pod.name.namespace].append(pod)
    return found


def controller_of(ingress: Ingress, classes: Iterable[IngressClass]) -> str:
    """Who serves an ingress; empty where its class does not exist, or it names none and none is the default."""
    wanted = ingress.class_name
    found = (one for one in classes if (one.name == wanted if wanted else one.default))
    old = _INGRESS_NGINX if by_annotation(ingress) and wanted == _OLD_NGINX else ""
    return next((one.controller for one in found), old)


def by_annotation(ingress: Ingress) -> bool:
    """Whether the class is named by the old annotation, for which a controller needs no class to exist."""
    named = ingress.annotations.get(OLD_CLASS)
    return named is not None and named == ingress.class_name


def _services_of(ingress: Ingress, services: ClusterServices | None) -> tuple[Service, ...] | None:
    space = ingress.name.namespace
    if services is None or not services.whole(space):
        return None
    return tuple(one for one in services.services if one.name.namespace == space)


def _secrets_of(ingress: Ingress, sealed: ClusterSealed | None) -> tuple[Sealed, ...]:
    if sealed is None:
        return ()
    found = (sealed.secret(Name(ingress.name.namespace, part.secret_name)) for part in ingress.tls if part.secret_name)
    return unique(one for one in found if one is not None)


def _below(ingress: Ingress, routes: ServiceRoutes | None) -> tuple[Subject, ...]:
    """All that an ingress rests on, near and far."""
    space = ingress.name.namespace
    names = unique(Name(space, one.service) for one in backends(ingress))
    states = [routes.state(name) for name in names] if routes else []
    secrets = (Name(space, part.secret_name).subject("Secret") for part in ingress.tls if part.secret_name)
    far = chain.from_iterable(state.rests_on for state in states if state)
    return unique(chain((name.subject("Service") for name in names), secrets, far))


def covers(names: Iterable[str], wanted: str) -> bool:
    """Whether a certificate's names cover a host; a star stands for one label (RFC 6125)."""
    rest = wanted.lower().partition(".")[2]
    return any(name.lower() in {wanted.lower(), f"*.{rest}"} for name in names)


def _host(name: str, states: list[IngressState], seen: Host | None) -> HostState:
    parts = [(state, part) for state in states for part in state.ingress.tls if covers(part.hosts, name)]
    parts.sort(key=lambda one: name not in one[1].hosts)  # the very name goes before a star
    state, secret = next(((state, part.secret_name) for state, part in parts if part.secret_name), (None, ""))
    far = chain.from_iterable((one.subject, *one.rests_on) for one in states)
    return HostState(
        name=name,
        ingresses=tuple(one.ingress.name for one in states),
        controllers=unique(one.controller for one in states),
        tls=bool(parts),
        secret=str(Name(state.ingress.name.namespace, secret)) if state else "",
        sealed=state.secret(secret) if state else None,
        kept_by=state.kept_by(secret) if state else None,
        seen=seen,
        rests_on=unique(far),
    )


def _database(
    sealed: ClusterSealed | None, reach: DatabaseReach | None
) -> tuple[DatabaseTarget | None, tuple[str, ...]]:
    targets = [one.database for one in (sealed.secrets if sealed else ()) if one.database]
    if not targets:
        return None, ()
    reached = reach.reached if reach else None
    same = reached is not None and reached.host == targets[0].host
    return targets[0], reached.addresses if reached and same else ()

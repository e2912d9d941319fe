"""Tests of the joined views: services with their pods, ingresses with their services, names with their ingress."""

import pytest
from msgspec.structs import replace

from diagnostics.evidence.cluster.kinds import ClusterEdge, ClusterPods, ClusterSecrets, Gap, Host
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.passage import End
from diagnostics.evidence.cluster.routes import (
    IngressRoutes,
    PublicNames,
    ServiceRoutes,
    ServiceState,
    Traffic,
    backends,
    port_of,
    target_ports,
)
from diagnostics.evidence.cluster.services import Backend, ServicePort, TlsPart
from diagnostics.evidence.cluster.workloads import ContainerSpec, Origin, Port, Template, Variable, Volume, Whole
from diagnostics.model import Reason, Subject, Unobserved
from diagnostics.observe import Seen
from tests.diagnostics.areas.cases.routes import (
    API,
    BACKEND,
    BACKEND_PODS,
    CONSOLE,
    KEYCLOAK_PODS,
    database,
    host,
    ingress,
    ingresses,
    kinds,
    pod,
    pods,
    seen,
    service,
    services,
    tls_secret,
    workload,
    workloads,
)

GONE = Unobserved("it", Reason.FORBIDDEN, "no right")
DARK = Gap("pods in namespace volaticloud", Reason.FORBIDDEN, "no right", "volaticloud")


def without(*missing: str) -> Seen:
    """What was seen, without these kinds."""
    return Seen({kind: GONE if kind.KIND in missing else found for kind, found in kinds().items()})


def state(**given: object) -> ServiceState:
    found = ServiceRoutes.joined(seen(**given)).state(BACKEND)
    assert found is not None
    return found


def test_a_service_has_its_pods() -> None:
    """Finds the pods that bear all labels of a service's selector, in its namespace, and counts finished ones apart."""
    strange = pod("elsewhere", space="keycloak")
    found = state(pods=pods(*BACKEND_PODS, strange, pod("done", phase="Succeeded")))
    assert [one.name.name for one in found.pods] == ["backend-0", "backend-1"]
    assert found.finished == 1
    assert found.serves
    assert found.known
    assert found.ingresses == (Name("volaticloud", "api"),)
    assert found.routed_ports == (8080,)


def test_a_service_rests_on_what_is_behind_it() -> None:
    """Rests on its workloads, their nodes, and the secrets their containers take settings from."""
    container = ContainerSpec(
        "main",
        "image",
        variables=(
            Variable("A", Origin.SECRET, "settings", "a"),
            Variable("B", Origin.VALUE),
            Variable("C", Origin.CONFIG, "config", "c"),
        ),
        wholes=(Whole(Origin.SECRET, "all"),),
    )
    template = Template({"app": BACKEND.name}, (container,), (Volume("v", Origin.SECRET, "files"),))
    found = state(workloads=workloads(workload(template=template)))
    names = [str(subject) for subject in found.rests_on]
    assert names == [
        "statefulset volaticloud/volaticloud-backend",
        "node node-1",
        "secret volaticloud/settings",
        "secret volaticloud/all",
        "secret volaticloud/files",
    ]


def test_a_service_without_selector_has_no_pods() -> None:
    """Gives a service without a selector no pods, though an empty selector would match all."""
    found = state(services=services(service(selector={})))
    assert (found.pods, found.states, found.chooses) == ((), (), False)


def test_a_workload_without_pods_is_behind_its_service() -> None:
    """Knows the workload a service is made for also when it has no pods, and the pods that changed their labels."""
    assert [one.subject.name for one in state(pods=pods()).states] == [str(BACKEND)]
    relabelled = workloads(workload(labels={"app": "new"}))
    owned = pod("backend-0", owner=BACKEND_PODS[0].owner)
    assert [one.subject.name for one in state(workloads=relabelled, pods=pods(owned)).states] == [str(BACKEND)]


def test_gaps_are_kept() -> None:
    """Knows which namespaces were not seen whole, and that a workload that was not seen may be there."""
    view = ServiceRoutes.joined(seen(pods=replace(pods(*BACKEND_PODS), gaps=(DARK,))))
    assert not view.whole("volaticloud")
    assert view.whole("keycloak")
    assert not state(pods=replace(pods(), gaps=(DARK,))).known
    blind = ServiceRoutes.joined(without("cluster.workloads")).state(BACKEND)
    assert blind is not None
    assert not blind.known
    assert len(blind.pods) == 2


def test_without_what_it_needs() -> None:
    """Says of a view that cannot be joined what it lacks; without the rest it makes do."""
    found = without("cluster.pods").get(ServiceRoutes)
    assert isinstance(found, Unobserved)
    assert found.reason is Reason.DEPENDS
    few = without("cluster.edge", "cluster.secrets", "cluster.services", "cluster.database-reach")
    assert few[PublicNames].hosts[0].seen is None
    assert few[IngressRoutes].ingresses[0].services is None
    assert few[Traffic].database is None


@pytest.mark.parametrize(
    ("class_name", "controller"),
    [("nginx", "k8s.io/ingress-nginx"), ("other", "example.com/other"), ("gone", ""), ("", "")],
)
def test_who_serves_an_ingress(class_name: str, controller: str) -> None:
    """Knows by its class who serves an ingress; nobody, where the class does not exist or none is the default."""
    view = IngressRoutes.joined(seen(ingresses=ingresses(ingress(class_name=class_name))))
    assert view.ingresses[0].controller == controller
    assert len(view.served_by("k8s.io/ingress-nginx")) == (class_name == "nginx")


def test_an_ingress_with_all_below() -> None:
    """Gives an ingress its hosts, services and secrets, and all that these rest on."""
    parts = (TlsPart((API, CONSOLE), "volaticloud-tls"), TlsPart(("x.example.com",), ""))
    (found,) = IngressRoutes.joined(seen(ingresses=ingresses(ingress(tls=parts)))).ingresses
    assert found.secret("volaticloud-tls") == tls_secret()
    assert found.secret("gone") is None
    assert found.service("volaticloud-backend") == service()
    assert {subject.kind for subject in found.rests_on} == {"service", "secret", "statefulset", "node"}


def test_the_names_of_an_ingress() -> None:
    """Takes the names of its rules, and those of its certificates only where a rule is for all names, or none is."""
    parts = (TlsPart((API, CONSOLE), "volaticloud-tls"), TlsPart(("x.example.com",), ""))
    (ruled,) = IngressRoutes.joined(seen(ingresses=ingresses(ingress(tls=parts)))).ingresses
    (for_all,) = IngressRoutes.joined(seen(ingresses=ingresses(ingress(host="", tls=parts)))).ingresses
    (bare,) = IngressRoutes.joined(seen(ingresses=ingresses(ingress(routes=(), tls=parts)))).ingresses
    assert ruled.hosts == (API,)
    assert for_all.hosts == ("", API, CONSOLE, "x.example.com")
    assert bare.hosts == (API, CONSOLE, "x.example.com")


def test_a_name_with_all_below() -> None:
    """Gives a public name every ingress that serves it, its secret, how it was seen, and all that it rests on."""
    two = ingresses(ingress(), ingress("more", tls=(), default=Backend("gone", 1)))
    (found,) = PublicNames.joined(seen(ingresses=two)).hosts
    assert found.ingresses == (Name("volaticloud", "api"), Name("volaticloud", "more"))
    assert found.secret == "volaticloud/volaticloud-tls"
    assert found.sealed == tls_secret()
    assert found.seen == host()
    assert {Subject("ingress", "volaticloud/more"), Subject("service", "volaticloud/gone")} <= set(found.rests_on)


def test_the_very_name_goes_before_a_star() -> None:
    """Takes the secret that is named for the very name, wherever in the ingress one for many stands."""
    parts = (TlsPart(("*.volaticloud.com",), "star"), TlsPart((API,), "volaticloud-tls"))
    (found,) = PublicNames.joined(seen(ingresses=ingresses(ingress(tls=parts)))).hosts
    assert found.secret == "volaticloud/volaticloud-tls"


def test_no_name_for_all_hosts() -> None:
    """Makes no public name of the rule for every host."""
    assert PublicNames.joined(seen(ingresses=ingresses(ingress(host="", tls=())))).hosts == ()


def test_a_name_that_was_not_looked_at() -> None:
    """Keeps names that were not looked at, and looks nothing up for names that no ingress has."""
    hosts = ClusterEdge((Host("gone.example.com", Name("a", "b")),))
    (found,) = PublicNames.joined(seen(edge=hosts)).hosts
    assert found.seen is None


def test_traffic_has_the_ends() -> None:
    """Knows the pods of a workload as ends with their named ports, without those that are no part of the network."""
    gone = pod("backend-2", deleting_since=BACKEND_PODS[0].created_at)
    lost = [pod("backend-3", address=""), pod("backend-4", host_network=True), pod("backend-5", phase="Failed"), gone]
    view = Traffic.joined(seen(pods=pods(*BACKEND_PODS, *lost)))
    ends = view.of_workload(BACKEND)
    assert [one.label for one in ends] == ["pod volaticloud/backend-0", "pod volaticloud/backend-1"]
    first = BACKEND_PODS[0]
    ports = (Port(8080, "http"),)
    assert ends[0] == End("pod volaticloud/backend-0", "volaticloud", first.labels, first.address, ports)
    assert view.of_workload(Name("a", "b")) == ()


def test_where_the_database_is() -> None:
    """Takes the database's addresses only from a look at the very host that the secret names."""
    view = Traffic.joined(seen())
    assert view.database is not None
    assert (view.database.host, view.database_addresses) == ("db.example.com", ("198.51.100.9",))
    other = ClusterSecrets(sealed=(database("elsewhere.example.com"),))
    assert Traffic.joined(seen(sealed=other)).database_addresses == ()


def test_gaps_in_traffic() -> None:
    """Is not whole where pods or policies were not seen."""
    view = Traffic.joined(seen(pods=ClusterPods(pods=KEYCLOAK_PODS, gaps=(DARK,))))
    assert not view.whole("keycloak", "volaticloud")
    assert view.whole("keycloak")
    assert not Traffic.joined(seen(pods=ClusterPods(gaps=(replace(DARK, namespace=""),)))).whole("keycloak")


def test_ports() -> None:
    """Finds a service's port by number and name, and the container's port it leads to by number, name and protocol."""
    template = Template({}, (ContainerSpec("a", "i", ports=(Port(8080, "http"), Port(53, "dns", "UDP"))),))
    port = ServicePort(80, "http", "web")
    assert port_of(service(ports=(port,)), 80) == port_of(service(ports=(port,)), "web") == port
    assert port_of(service(ports=(port,)), "http") is None
    assert target_ports(port, template) == (8080,)
    assert target_ports(ServicePort(53, "dns"), template) == ()
    assert target_ports(ServicePort(53, "dns", protocol="UDP"), template) == (53,)
    assert target_ports(ServicePort(80, 9999), template) == (9999,)


def test_backends() -> None:
    """Lists each place an ingress leads to once, its default too."""
    twice = ingress(routes=ingress().routes * 2, default=Backend("x", 1))
    assert backends(twice) == (Backend("volaticloud-backend", 8080), Backend("x", 1))

"""Checks of network policies: whether the connections that the platform needs still pass."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from itertools import product
from urllib.parse import urlsplit

from msgspec.structs import replace

from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.passage import Door, End, Policies, Ruling
from diagnostics.evidence.cluster.routes import (
    ServiceState,
    Traffic,
    backends,
    end,
    on_the_network,
    port_of,
    ports_of,
    target_ports,
    unique,
)
from diagnostics.evidence.cluster.services import Service, ServicePort
from diagnostics.model import Fact, Severity, Subject, Value
from diagnostics.runbook import Section
from diagnostics.words import counted, few

_DNS = Name("kube-system", "kube-dns")
_UDP, _TCP = Door(53, "UDP"), Door(53, "TCP")
_OPENSHIFT, _OPENSHIFT_PORT = "openshift-dns", 5353
#: Where Keycloak answers health checks and metrics since 25: nobody logs in there, and policies rightly keep it shut.
_MANAGEMENT, _MANAGEMENT_NAMES = 9000, {"management", "health", "metrics", "http-management", "http-metrics"}


class Path(Value, frozen=True):
    """Connections that the platform needs: from any of these pods to any of those ends, through one of its doors.

    `who` needs them, and `whom` they lead to, in words. `about` is what is hurt when they are cut.
    """

    who: str
    whom: str
    sources: tuple[End, ...]
    targets: tuple[tuple[End, tuple[Door, ...]], ...]
    about: Subject
    rests_on: tuple[Subject, ...] = ()


class Cut(Value, frozen=True):
    """A path with the connections that policies hold: how many of how many, and which policies."""

    path: Path
    held: int
    of: int
    policies: tuple[Name, ...]
    example: str


@check(
    Traffic,
    "network.policy-cuts-path",
    "A network policy cuts a connection the platform needs",
    Severity.CRITICAL,
    Section.NETWORK,
)
def policy_cuts_path(seen: Traffic, context: Context) -> Iterator[Sign]:
    """Once any policy selects a pod, only what some policy allows passes: a missing allowance shows as silence."""
    cuts = _cuts(_paths(seen, context), seen.rules)
    return (_sign(about, some, context) for about, some in cuts.items())


@check(
    Traffic,
    "network.policy-cuts-large-dns",
    "A network policy cuts DNS over TCP",
    Severity.NOTE,
    Section.NETWORK,
)
def policy_cuts_large_dns(seen: Traffic, context: Context) -> Iterator[Sign]:
    """Names are asked for over UDP. Only an answer too large for that is asked for again, over TCP: few ever are."""
    backend = context.cluster.backend
    paths = tuple(_of_backend(seen, backend, _dns(seen, backend, _TCP)))
    cuts = {} if _cuts(_of_backend(seen, backend, _dns(seen, backend, _UDP)), seen.rules) else _cuts(paths, seen.rules)
    return (_sign(about, some, context, Severity.NOTE) for about, some in cuts.items())


CHECKS = (policy_cuts_path, policy_cuts_large_dns)


def _cuts(paths: Iterable[Path], policies: Policies) -> dict[Subject, list[Cut]]:
    """The paths that policies hold, by what is hurt."""
    cuts: dict[Subject, list[Cut]] = defaultdict(list)
    for path in paths:
        cut = _judged(path, policies)
        if cut:
            cuts[path.about].append(cut)
    return cuts


def _sign(about: Subject, cuts: Sequence[Cut], context: Context, lightly: Severity | None = None) -> Sign:
    policies = unique(name for cut in cuts for name in cut.policies)
    held = f"policy {few(policies)} cuts" if len(policies) == 1 else f"policies {few(policies)} cut"
    whom = "; ".join(_in_words(cut) for cut in cuts)
    summary = f"Network {held} {cuts[0].path.who} off from {whom}: nothing allows it"
    facts = tuple(Fact(cut.path.whom, f"{cut.held} of {cut.of} connections cut, such as {cut.example}") for cut in cuts)
    command = kubectl(context, "describe networkpolicy", policies[0])
    severity = lightly or (None if any(cut.held == cut.of for cut in cuts) else Severity.WARNING)
    rests_on = unique(subject for cut in cuts for subject in cut.path.rests_on)
    return Sign(about, summary, facts, command, severity, rests_on)


def _in_words(cut: Cut) -> str:
    part = "" if cut.held == cut.of else f" ({cut.held} of {counted(cut.of, 'connection')})"
    return f"{cut.path.whom}{part}"


def _judged(path: Path, policies: Policies) -> Cut | None:
    """What policies hold of a path; None where they hold nothing."""
    pairs = [
        (source, target, doors)
        for source, (target, doors) in product(path.sources, path.targets)
        if source.outside or source != target
    ]
    ruled = [(one, [policies.ruling(one[0], one[1], door) for door in one[2]]) for one in pairs]
    held = [(one, rulings) for one, rulings in ruled if not any(ruling.passes for ruling in rulings)]
    if not held:
        return None
    (source, target, doors), _ = held[0]
    names = unique(name for _, rulings in held for ruling in rulings for name in _holders(ruling))
    example = f"{source.label} to {target.label} {' or '.join(str(door) for door in doors)}"
    return Cut(path, len(held), len(ruled), names, example)


def _holders(ruling: Ruling) -> tuple[Name, ...]:
    return (*ruling.leaving, *ruling.entering)


def _paths(seen: Traffic, context: Context) -> Iterator[Path]:
    """The connections that must stand, of those that everything needed for a judgement was seen of."""
    yield from _from_controller(seen, context)
    yield from _from_backend(seen, context)


def _from_controller(seen: Traffic, context: Context) -> Iterator[Path]:
    """From the ingress controller to every service that an ingress of its class leads to."""
    platform = context.cluster
    sources = seen.of_workload(platform.controller)
    routed = seen.ingresses.served_by(platform.controller_class) if seen.ingresses else ()
    leads = unique(
        (Name(one.ingress.name.namespace, to.service), to.port) for one in routed for to in backends(one.ingress)
    )
    ports: dict[Name, list[int | str]] = defaultdict(list)
    for name, port in leads:
        ports[name].append(port)
    for name, wanted in ports.items():
        state = seen.services.state(name) if seen.services else None
        if state and seen.whole(platform.controller.namespace, name.namespace):
            through = [found for one in wanted if (found := port_of(state.service, one))]
            whom = f"service {name}"
            targets = _behind(state, through)
            yield Path("the ingress controller", whom, sources, targets, state.subject, state.rests_on)


def _from_backend(seen: Traffic, context: Context) -> Iterator[Path]:
    """From the backend to Keycloak, to the database and to the cluster's DNS."""
    backend = context.cluster.backend
    ends = (*_keycloak(seen, context), *_database(seen, backend), *_dns(seen, backend, _UDP))
    return _of_backend(seen, backend, ends)


_Ends = tuple[tuple[End, tuple[Door, ...]], ...]
_Targets = tuple[str, _Ends]


def _of_backend(seen: Traffic, backend: Name, ends: Iterable[_Targets]) -> Iterator[Path]:
    sources = seen.of_workload(backend)
    state = seen.workload(backend)
    about = state.subject if state else backend.subject("Deployment")
    return (Path("the backend", whom, sources, targets, about) for whom, targets in ends)


def _keycloak(seen: Traffic, context: Context) -> Iterator[_Targets]:
    """To a pod of Keycloak's by any port of its service: which of http and https the backend uses is not known.

    Where Keycloak has a public name, and the backend may go out to such, it may well use that instead.
    """
    platform = context.cluster
    state = seen.services.state(platform.keycloak) if seen.services else None
    if (
        state
        and not _goes_around(seen, state, context)
        and seen.whole(platform.backend.namespace, platform.keycloak.namespace)
    ):
        yield f"Keycloak's service {platform.keycloak}", _by_any(_behind(state, _for_logins(state.service)))


def _goes_around(seen: Traffic, keycloak: ServiceState, context: Context) -> bool:
    """Whether Keycloak has a public name, and policies let each pod of the backend out to such a one over HTTPS."""
    backend, told = context.cluster.backend, context.expected.keycloak
    url = urlsplit(told.url) if told else urlsplit("")
    named = url.scheme == "https" and _service_at(seen, url.hostname or "", backend.namespace) is None
    public, rules = End("a public name", ports=()), seen.rules
    out = (rules.ruling(one, public, Door(url.port or 443)).passes for one in seen.of_workload(backend))
    return bool(named or keycloak.ingresses) and all(out)


def _for_logins(service: Service) -> tuple[ServicePort, ...]:
    """Its ports but for that of the management, where it has others."""
    others = tuple(one for one in service.ports if one.name not in _MANAGEMENT_NAMES and one.number != _MANAGEMENT)
    return others or service.ports


def _by_any(ends: _Ends) -> _Ends:
    """Each end once, with all the doors it has."""
    found: dict[str, tuple[End, tuple[Door, ...]]] = {}
    for one, doors in ends:
        found[one.label] = (one, (*found.get(one.label, (one, ()))[1], *doors))
    return tuple(found.values())


def _database(seen: Traffic, backend: Name) -> Iterator[_Targets]:
    """To the database: a service of the cluster by its name or address, or an address outside."""
    target = seen.database
    if target is None:
        return
    words = f"the database at {target.host}:{target.port}"
    inside = _service_at(seen, target.host, backend.namespace)
    if inside and seen.whole(backend.namespace, inside.service.name.namespace):
        through = [port for port in inside.service.ports if port.number == target.port]
        yield words, _behind(inside, through)
    elif not inside and seen.whole(backend.namespace):
        addresses = (target.host,) if _is_address(target.host) else seen.database_addresses
        yield words, _outside(_of_families(addresses, seen.of_workload(backend)), target.port)


def _outside(addresses: tuple[str, ...], port: int) -> _Ends:
    return tuple((End(f"{address}:{port}", address=address, ports=()), (Door(port),)) for address in addresses)


def _of_families(addresses: tuple[str, ...], sources: tuple[End, ...]) -> tuple[str, ...]:
    """The addresses of the families that the pods have: by those of the other nobody goes. All, where none is."""
    families = {":" in one.address for one in sources if one.address}
    return tuple(one for one in addresses if (":" in one) in families) or addresses


def _dns(seen: Traffic, backend: Name, door: Door) -> Iterator[_Targets]:
    """To the cluster's DNS; which pods that are is not always seen. OpenShift has it in another place, at another port.

    A node may have a cache of its own in between, at an address of the node: so every allowed address counts.
    """
    if not seen.whole(backend.namespace):
        return
    state = seen.services.state(_DNS) if seen.services else None
    known = _behind(state, _ports_at(state, door)) if state and seen.whole(_DNS.namespace) else ()
    ends = tuple((replace(one, address="", also=()), through) for one, through in known)
    elsewhere = any(one.name == _OPENSHIFT for one in seen.namespaces)
    unseen = End("the cluster's DNS", _OPENSHIFT if elsewhere else _DNS.namespace)
    doors = (door, replace(door, port=_OPENSHIFT_PORT)) if elsewhere else (door,)
    yield f"the cluster's DNS ({door})", ends or ((unseen, doors),)


def _ports_at(state: ServiceState, door: Door) -> tuple[ServicePort, ...]:
    return tuple(one for one in state.service.ports if (one.number, one.protocol) == (door.port, door.protocol))


def _service_at(seen: Traffic, host: str, home: str) -> ServiceState | None:
    """The service that a host is, by the names the cluster's DNS has for it, or by its address."""
    for one in seen.services.services if seen.services else ():
        name = one.service.name
        full = f"{name.name}.{name.namespace}"
        names = {full, f"{full}.svc", f"{full}.svc.cluster.local", *((name.name,) if name.namespace == home else ())}
        if host.rstrip(".") in names or host in one.service.cluster_addresses:
            return one
    return None


def _behind(state: ServiceState, ports: Sequence[ServicePort]) -> _Ends:
    """The pods behind a service, each once for each of the ports that these of the service lead to.

    A port that no container says it has is at fault itself: whether a policy lets it through is no matter then.
    """
    found: list[tuple[End, tuple[Door, ...]]] = []
    for pod in state.pods:
        owner = state.state_of(pod)
        if owner and on_the_network(pod):
            template = owner.workload.template
            has = {one.number for one in ports_of(template)}
            doors = (Door(number, port.protocol) for port in ports for number in target_ports(port, template))
            one = replace(end(pod, template), also=state.service.cluster_addresses)
            found.extend((one, (door,)) for door in doors if not has or door.port in has)
    return tuple(found)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

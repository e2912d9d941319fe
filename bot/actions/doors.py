"""Which places a probe may go to, and which of them is meant. Pure; whatever is not among them is refused.

They are what the settings name, the services of the configured namespaces by their declared ports, and the public
names of their ingresses.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from bot.actions.configured import Door
from bot.actions.hands import Thing
from bot.errors import CannotAct
from bot.probe.order import DATABASE, DEFAULT_PORTS, Order, TargetUnreadable, Way, read
from bot.probe.places import why_not

_SHOWN = 8  # places named in a refusal: enough to recognise what they look like
_HTTP, _HTTPS = DEFAULT_PORTS["http"], DEFAULT_PORTS["https"]


def of_service(service: Thing) -> Iterator[Door]:
    """The doors of a service: one for each port that it declares. One that only points elsewhere has none."""
    about, spec = service["metadata"], service.get("spec") or {}
    if spec.get("type") == "ExternalName":
        return
    name, namespace = about["name"], about["namespace"]
    full = f"{name}.{namespace}.svc"
    names = (full, f"{full}.cluster.local", f"{name}.{namespace}", name)
    for port in spec.get("ports") or ():
        if port.get("protocol", "TCP") == "TCP":
            number = int(port["port"])
            yield Door(names, number, f"a service of namespace {namespace}", tls=number == _HTTPS)


def of_ingress(ingress: Thing) -> Iterator[Door]:
    """The doors of an ingress: each of its names, with and without TLS. A name that stands for many is none."""
    about, spec = ingress["metadata"], ingress.get("spec") or {}
    hosts = dict.fromkeys(rule.get("host") or "" for rule in spec.get("rules") or ())
    for host in hosts:
        if host and not host.startswith("*"):
            what = f"a public name, by ingress {about['namespace']}/{about['name']}"
            yield from (Door((host.lower(),), port, what, tls=port == _HTTPS) for port in (_HTTPS, _HTTP))


def meant(way: Way, text: str, doors: Iterable[Door], gaps: tuple[str, ...] = ()) -> tuple[Order, Door]:
    """The probe that is meant, complete, and the door it goes to.

    Args:
        way: how.
        text: the target as a person wrote it.
        doors: where probes may go, first what counts more where a name means several.
        gaps: what could not be listed, each in words.

    Raises:
        CannotAct: it is no target, none of the doors, or where no probe goes.
    """
    try:
        order = read(way, text)
    except TargetUnreadable as error:
        raise CannotAct(str(error)) from error
    if order.of_database:
        return order, Door((DATABASE,), 0, "the platform's database")
    known = tuple(doors)
    if why := why_not(order.host):
        raise CannotAct(f"{order.host} {why}. Name one of the platform's own hosts{_shown(known)}.")
    found = _of_host(order.host, known)
    if not found:
        unseen = f" What could not be listed: {'; '.join(gaps)}." if gaps else ""
        remedy = f"Name one of them{_shown(known)}, or have it added to kubernetes.probe.hosts"
        raise CannotAct(
            f"{order.host} is none of the platform's own hosts, and probes go to no others. {remedy}.{unseen}"
        )
    return _completed(order, found)


def _of_host(host: str, doors: tuple[Door, ...]) -> tuple[Door, ...]:
    """The doors of the host that is meant: where a short name means several, the first one's."""
    first = next((door for door in doors if host in door.names), None)
    return tuple(door for door in doors if first and door.host == first.host)


def _completed(order: Order, doors: tuple[Door, ...]) -> tuple[Order, Door]:
    """The order with all that was left open filled in from the doors of its host."""
    door = doors[0]
    if order.port:
        fitting = [one for one in doors if one.port == order.port]
        if not fitting:
            ports = ", ".join(str(one.port) for one in doors)
            raise CannotAct(f"{order.host} has no port {order.port} that probes go to; it has {ports}.")
        door = fitting[0]
    if order.way is Way.DNS:
        return replace(order, host=door.host, port=0), door
    scheme = order.scheme or ("https" if door.tls else "http") if order.way is Way.HTTP else ""
    path = (order.path or "/") if scheme else ""
    return replace(order, host=door.host, port=door.port, scheme=scheme, path=path), door


def _shown(doors: tuple[Door, ...]) -> str:
    places = dict.fromkeys(f"{door.names[-1]}:{door.port}" for door in doors if not why_not(door.host))
    if not places:
        return ""
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return f", such as {', '.join(tuple(places)[:_SHOWN])}{more}"

"""What the image of in-cluster probes sees of the simulated network: services, policies, names, the database.

Nothing is connected to. It answers in the words of the real probe (bot/probe), whose order and result it uses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.probe.order import Order, Way, read
from bot.probe.result import Outcome, Result
from bot.probe.road import PROBE_SECONDS
from diagnostics.model import Fact
from playground.world.kubernetes.controllers.endpoints import target_port
from playground.world.kubernetes.ingress_nginx import routes
from playground.world.kubernetes.plane import Plane, is_ready, labels_of, leaving
from playground.world.kubernetes.policies import reaches_outside, reaches_pod
from playground.world.kubernetes.programs import HANGS, End, Run, Start, said
from playground.world.kubernetes.store import Frozen

IMAGE = "ghcr.io/volaticloud/volati"
_STARTS_IN_S, _LOOKS_FOR_S = 0.6, 0.3
_HTTP_PORTS = (80, 443)
#: What a pod answers at a port and path; None where nothing listens.
Answers = Callable[[Frozen, int, str], int | None]


class _End(Exception):  # noqa: N818 it is where the way ends, and no mistake
    """The way ends here."""

    def __init__(self, text: str, *, silent: bool = False) -> None:
        super().__init__(text)
        self.silent = silent


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a connection ended up: an address, and the pod behind it, if it is one."""

    address: str
    pod: Frozen | None = None
    port: int = 0


@dataclass
class Probing:
    """All pods of probes. What one saw stays what it saw, however the world goes on."""

    plane: Plane
    answers: Answers
    seen: dict[str, tuple[Result, float]] = field(default_factory=dict)

    def program(self, start: Start) -> Run:
        """The program in the image, as a probe runs it; anything else it is started with says nothing."""
        if start.command[:2] != ("volati", "probe-from-here"):
            return Run(said())
        uid = str(start.pod["metadata"]["uid"])
        if uid not in self.seen:
            self.seen[uid] = self._looked(start)
        result, takes_s = self.seen[uid]
        ends_s = _STARTS_IN_S + takes_s
        return Run(said((start.at_s + ends_s, result.line())), End(ends_s + 0.1, 0, "Completed"))

    def _looked(self, start: Start) -> tuple[Result, float]:
        order = read(Way(start.command[2]), start.command[3])
        facts: list[Fact] = []
        try:
            text = _LOOKS[order.way](self, order, start, facts)
        except _End as end:
            result = Result(order.way, str(order), Outcome.LOST, str(end), tuple(facts))
            return result, PROBE_SECONDS if end.silent else _LOOKS_FOR_S
        return Result(order.way, str(order), Outcome.REACHED, text, tuple(facts)), _LOOKS_FOR_S

    # The kinds of probes

    def _tcp(self, order: Order, start: Start, facts: list[Fact]) -> str:
        host, port = _place(order, start)
        self._connected((host, port), start, facts)
        return f"{host}:{port} takes connections"

    def _http(self, order: Order, start: Start, facts: list[Fact]) -> str:
        spot = self._connected((order.host, order.port), start, facts)
        status = self._status(order, spot)
        if status == HANGS:
            facts.append(Fact("waited", f"{PROBE_SECONDS:g} s"))
            raise _End(f"{order} was asked and did not answer: nothing within {PROBE_SECONDS:.1f} s", silent=True)
        facts.append(Fact("first answer", "9 ms"))
        return f"{order} answers HTTP {status}, 2 bytes"

    def _status(self, order: Order, spot: _Spot) -> int:
        if spot.pod is not None:
            return self.answers(spot.pod, spot.port, order.path) or HANGS
        if order.port == _HTTP_PORTS[0]:
            return 308
        return next((route.status for route in routes(self.plane) if route.host == order.host), 404)

    def _dns(self, order: Order, start: Start, facts: list[Fact]) -> str:
        host, _ = _place(order, start)
        address = self._found(host)
        facts += [Fact("name lookup", "2 ms"), Fact("A", address), Fact("AAAA", "none")]
        return f"{host} has 1 address"

    def _postgres(self, order: Order, start: Start, facts: list[Fact]) -> str:
        host, port = _place(order, start)
        self._connected((host, port), start, facts)
        facts.append(Fact("first answer", "4 ms"))
        return f"PostgreSQL at {host}:{port} takes connections, and asks for a password (SCRAM); a login was not tried"

    def _route(self, order: Order, start: Start, facts: list[Fact]) -> str:
        host, port = _place(order, start)
        spot = self._connected((host, port), start, facts)
        facts += [Fact("hop 1", "10.0.0.11"), Fact("hop 2", spot.address)]
        return f"{host}:{port} is 2 hops away, and takes the connection"

    # The network

    def _found(self, host: str) -> str:
        """The address of a name."""
        service = self._service(host)
        if service is not None:
            return str(service["spec"].get("clusterIP", ""))
        address = self.plane.machine.names.get(host, host if host.replace(".", "").isdecimal() else "")
        if not address:
            raise _End(f"{host} cannot be looked up: Name or service not known")
        return address

    def _connected(self, place: tuple[str, int], start: Start, facts: list[Fact]) -> _Spot:
        host, _ = place
        address = self._found(host)
        facts += [Fact("name lookup", "2 ms"), Fact("address", address)]
        service = self._service(host)
        spot = self._inside(service, place, start) if service is not None else self._outside(address, place, start)
        facts.append(Fact("connect", "1 ms"))
        return spot

    def _inside(self, service: Frozen, place: tuple[str, int], start: Start) -> _Spot:
        host, port = place
        wanted = next((one for one in service["spec"].get("ports") or () if one["port"] == port), None)
        pods = [] if wanted is None else self._behind(service)
        if wanted is None or not pods:
            raise _End(f"{host}:{port} takes no connection: Connection refused")
        pod = pods[0]
        number = target_port(wanted, pod) or 0
        if not reaches_pod(self.plane, start.pod, pod, number):
            raise _silence(place)
        if self.answers(pod, number, "/") is None:
            raise _End(f"{host}:{port} takes no connection: Connection refused")
        return _Spot(str(pod["status"].get("podIP", "")), pod, number)

    def _outside(self, address: str, place: tuple[str, int], start: Start) -> _Spot:
        host, port = place
        if not reaches_outside(self.plane, start.pod, address, port):
            raise _silence(place)
        of_database = port not in _HTTP_PORTS
        if of_database and not self.plane.machine.database.listening:
            raise _End(f"{host}:{port} takes no connection: Connection refused")
        return _Spot(address)

    def _service(self, host: str) -> Frozen | None:
        name, _, rest = host.partition(".")
        return self.plane.read("Service", rest.partition(".")[0], name) if rest.endswith(".svc") else None

    def _behind(self, service: Frozen) -> list[Frozen]:
        wanted = (service["spec"].get("selector") or {}).items()
        space = service["metadata"]["namespace"]
        pods = self.plane.listed("Pod", space) if wanted else ()
        return [pod for pod in pods if wanted <= labels_of(pod).items() and is_ready(pod) and not leaving(pod)]


def _silence(place: tuple[str, int]) -> _End:
    host, port = place
    return _End(f"{host}:{port} takes no connection: nothing within {PROBE_SECONDS:.1f} s", silent=True)


def _place(order: Order, start: Start) -> tuple[str, int]:
    """Host and port; those of the database from what the pod is given."""
    if not order.of_database:
        return order.host, order.port
    host, _, port = start.env.get("VOLATI_FROM_HERE_DATABASE_HOST", "").rpartition(":")
    return (host, int(port)) if port.isdecimal() else ("", 0)


_LOOKS: Mapping[Way, Callable[[Probing, Order, Start, list[Fact]], str]] = {
    Way.TCP: Probing._tcp,  # noqa: SLF001 its own
    Way.HTTP: Probing._http,  # noqa: SLF001
    Way.DNS: Probing._dns,  # noqa: SLF001
    Way.POSTGRES: Probing._postgres,  # noqa: SLF001
    Way.ROUTE: Probing._route,  # noqa: SLF001
}

"""What the ingress controller makes of the ingresses, and what its log says of that and of requests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from cryptography import x509

from playground.world.kubernetes.controllers.endpoints import target_port
from playground.world.kubernetes.controllers.services import ours
from playground.world.kubernetes.environment import contents
from playground.world.kubernetes.events import hash_of
from playground.world.kubernetes.plane import NEVER, Plane, is_ready, labels_of, leaving, name_of
from playground.world.kubernetes.policies import reaches_pod
from playground.world.kubernetes.programs import End, Line, Run, Start, said
from playground.world.kubernetes.store import Frozen

T = TypeVar("T")
IMAGE = "registry.k8s.io/ingress-nginx/controller"
_EVERY_S = 10.0  # between two requests of the log
_ROTATED_S = 3600.0  # what is older is no longer in the log: requests have pushed it out
_KEPT_S = 900.0  # how far back requests are in the log
_SOON_S = 240 * 3600.0  # ten days before its end the controller warns of a certificate
_CLIENT = "203.0.113.24"
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


@dataclass(frozen=True, slots=True)
class Route:
    """Where one host and path leads: to a service's port, with which outcome."""

    host: str
    path: str
    upstream: str  # namespace-service-port, as the log names it
    status: int
    address: str = "-"  # the pod's, where there is one


@dataclass
class IngressNginx:
    """All pods of the controller. It remembers what it logged, and how routes led over time."""

    plane: Plane
    told: list[Line] = field(default_factory=list)
    history: list[tuple[float, tuple[Route, ...]]] = field(default_factory=list)
    noise: list[tuple[float, bool]] = field(default_factory=list)  # from when on reloads fail, and from when not
    known: frozenset[str] = frozenset()

    def reconcile(self, plane: Plane) -> float:
        """Take the ingresses over, as they are now."""
        led = tuple({(route.host, route.path): route for route in routes(plane)}.values())
        if not self.history or self.history[-1][1] != led:
            self.history.append((plane.now_s, led))
        if not self.noise or self.noise[-1][1] != plane.machine.noisy_ingress:
            self.noise.append((plane.now_s, plane.machine.noisy_ingress))
        warnings = frozenset(_warnings(plane))
        for text in sorted(warnings - self.known):
            self.told.append((plane.now_s, f"{_klog('W', plane.now_s)} {text}"))
        self.known = warnings
        return NEVER

    def age(self, by_s: float) -> None:
        """Have logged so many seconds earlier."""
        self.told = [(at_s - by_s, _restamped(text, at_s - by_s)) for at_s, text in self.told]
        self.history = [(at_s - by_s, routes) for at_s, routes in self.history]
        self.noise = [(at_s - by_s, noisy) for at_s, noisy in self.noise]

    def program(self, start: Start) -> Run:
        """The program in the controller's image."""
        wanted = next((one for one in start.args if one.startswith("--publish-service=")), "").partition("=")[2]
        namespace, _, name = wanted.replace("$(POD_NAMESPACE)", "ingress-nginx").partition("/")
        if wanted and self.plane.read("Service", namespace, name) is None:
            fatal = f'No service with name {namespace}/{name} found: services "{name}" not found'
            return Run(said((start.at_s + 0.4, f"{_klog('F', start.at_s + 0.4)} main.go:104] {fatal}")), End(0.6, 255))
        return Run(
            lambda until_s: self._lines(start, until_s), listens_after_s=3.0, uses=lambda _: (0.02, 130 * 2.0**20)
        )

    def _lines(self, start: Start, until_s: float) -> list[Line]:
        at_s = start.at_s + 0.5
        began = (at_s, f'{_klog("I", at_s)} nginx.go:306] "Starting NGINX process"')
        told = [line for line in self.told if max(start.at_s, until_s - _ROTATED_S) <= line[0] <= until_s]
        failures = _reload_failures(start.at_s, until_s)
        noise = [line for line in failures if _latest(self.noise, line[0], default=False)]
        return sorted([began, *told, *noise, *self._requests(start.at_s + 4, until_s)])

    def _requests(self, from_s: float, until_s: float) -> Iterator[Line]:
        at_s = max(from_s, until_s - _KEPT_S)
        at_s += -at_s % _EVERY_S
        while at_s <= until_s:
            routes = _latest(self.history, at_s, default=())
            if routes:
                route = routes[int(at_s // _EVERY_S) % len(routes)]
                yield from _failure(route, at_s)
                yield at_s, _request(route, at_s)
            at_s += _EVERY_S


def _latest(history: list[tuple[float, T]], at_s: float, *, default: T) -> T:
    """What held at a moment, by a list of what held from when on."""
    return next((value for since_s, value in reversed(history) if since_s <= at_s), default)


def routes(plane: Plane) -> Iterator[Route]:
    """Every route, the oldest ingress last: where two claim the same, the older one has it."""
    listed = plane.listed("Ingress")
    for ingress in sorted(listed, key=lambda one: str(one["metadata"]["creationTimestamp"]), reverse=True):
        for host, path, backend in _paths(ingress):
            if ours(plane, ingress):
                yield _route(plane, ingress["metadata"]["namespace"], (host, path), backend)
            else:
                yield Route(host, path, "-", 404)


def _paths(ingress: Frozen) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every path of an ingress that leads to a service: its host, itself, and the service."""
    for rule in ingress["spec"].get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            if "service" in path.get("backend", {}):
                yield rule.get("host", "_"), path.get("path", "/"), path["backend"]["service"]


def _port(backend: Mapping[str, Any]) -> int | str:
    """The port that a path names, by number or by name."""
    port = backend.get("port") or {}
    found: int | str = port.get("number") or port.get("name") or 0
    return found


def _named(service: Frozen | None, port: int | str) -> Mapping[str, Any] | None:
    """The service's port of this number or name."""
    listed = (service["spec"].get("ports") or ()) if service is not None else ()
    return next((one for one in listed if port in {one["port"], one.get("name")}), None)


def _route(plane: Plane, namespace: str, at: tuple[str, str], backend: Mapping[str, Any]) -> Route:
    upstream = f"{namespace}-{backend['name']}-{_port(backend)}"
    service = plane.read("Service", namespace, backend["name"])
    wanted = _named(service, _port(backend))
    pods = _ready(plane, service) if service is not None and wanted else []
    number = target_port(wanted, pods[0]) if pods and wanted else None
    if number is None:
        return Route(*at, upstream, 503)
    return Route(*at, upstream, _outcome(plane, pods[0], number), f"{pods[0]['status']['podIP']}:{number}")


def _outcome(plane: Plane, pod: Frozen, port: int) -> int:
    controllers = [one for one in plane.listed("Pod", "ingress-nginx") if not leaving(one)]
    if controllers and not reaches_pod(plane, controllers[0], pod, port):
        return 504
    listening = {
        one["containerPort"] for container in pod["spec"]["containers"] for one in container.get("ports") or ()
    }
    return 200 if port in listening else 502


def _ready(plane: Plane, service: Frozen) -> list[Frozen]:
    wanted = (service["spec"].get("selector") or {}).items()
    listed = plane.listed("Pod", service["metadata"]["namespace"]) if wanted else ()
    chosen = [pod for pod in listed if wanted <= dict(labels_of(pod)).items()]
    return [pod for pod in chosen if is_ready(pod) and not leaving(pod)]


def _warnings(plane: Plane) -> Iterator[str]:
    for ingress in plane.listed("Ingress"):
        namespace, name = ingress["metadata"]["namespace"], name_of(ingress)
        if not ours(plane, ingress):
            wanted = ingress["spec"].get("ingressClassName", "")
            told = f'ingress="{namespace}/{name}" error="no object matching key \\"{wanted}\\" in local store"'
            yield f'store.go:440] "Ignoring ingress because of error while validating ingress class" {told}'
            continue
        for _, _, backend in _paths(ingress):
            yield from _backend_warnings(plane, namespace, backend)
        for block in ingress["spec"].get("tls") or ():
            yield from _certificate_warnings(plane, namespace, block)


def _backend_warnings(plane: Plane, namespace: str, backend: Mapping[str, Any]) -> Iterator[str]:
    key = f"{namespace}/{backend['name']}"
    service = plane.read("Service", namespace, backend["name"])
    if service is None:
        told = f'no object matching key "{key}" in local store'
        yield f'controller.go:1109] Error obtaining Endpoints for Service "{key}": {told}'
        return
    wanted = _named(service, _port(backend))
    if wanted is None or not any(target_port(wanted, pod) for pod in _ready(plane, service)):
        yield f'controller.go:1214] Service "{key}" does not have any active Endpoint.'


def _certificate_warnings(plane: Plane, namespace: str, block: Mapping[str, Any]) -> Iterator[str]:
    key = f"{namespace}/{block.get('secretName', '')}"
    held = contents(plane, "Secret", namespace, block.get("secretName", ""))
    if held is None or "tls.crt" not in held:
        told = f"local SSL certificate {key} was not found. Using default certificate"
        yield f'controller.go:1420] Error getting SSL certificate "{key}": {told}'
        return
    try:
        certificate = x509.load_pem_x509_certificate(held["tls.crt"].encode())
    except ValueError:
        told = "unexpected error creating SSL Cert: no valid PEM formatted block found"
        yield f'controller.go:1420] Error getting SSL certificate "{key}": {told}. Using default certificate'
        return
    names = _names(certificate)
    for host in block.get("hosts") or ():
        ends = certificate.not_valid_after_utc
        if host not in names:
            valid = f"x509: certificate is valid for {', '.join(names)}, not {host}"
            lacks = "does not contain a Common Name or Subject Alternative Name for server"
            yield f'controller.go:1440] SSL certificate "{key}" {lacks} "{host}": {valid}. Using default certificate'
        elif ends.timestamp() - plane.now_s < _SOON_S:
            end = f"{ends:%Y-%m-%d %H:%M:%S +0000 UTC}"
            yield f'controller.go:1455] SSL certificate for server "{host}" is about to expire ({end})'


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return found.value.get_values_for_type(x509.DNSName)


def _request(route: Route, at_s: float) -> str:
    at = f"{datetime.fromtimestamp(at_s, UTC):%d/%b/%Y:%H:%M:%S +0000}"
    took = {200: "0.021", 504: "60.001"}.get(route.status, "0.000")
    asked = f"GET {route.path.rstrip('/')}/ HTTP/2.0" if route.path == "/" else f"GET {route.path} HTTP/2.0"
    sent = f'{_CLIENT} - - [{at}] "{asked}" {route.status} 512 "-" "{_AGENT}" 412 {took}'
    answered = f"512 {took} {route.status}" if route.address != "-" else "- - -"
    return f"{sent} [{route.upstream}] [] {route.address} {answered} {hash_of(at_s, route.host)}{hash_of(route.path)}"


def _failure(route: Route, at_s: float) -> Iterator[Line]:
    why = {
        502: "connect() failed (111: Connection refused) while connecting to upstream",
        504: "upstream timed out (110: Operation timed out) while connecting to upstream",
    }.get(route.status)
    if why:
        at = f"{datetime.fromtimestamp(at_s, UTC):%Y/%m/%d %H:%M:%S}"
        where = f'upstream: "http://{route.address}{route.path}", host: "{route.host}"'
        asked = f'request: "GET {route.path} HTTP/2.0", {where}'
        number = int(at_s) % 100_000
        yield at_s - 0.001, f"{at} [error] 32#32: *{number} {why}, client: {_CLIENT}, server: {route.host}, {asked}"


def _reload_failures(from_s: float, until_s: float) -> Iterator[Line]:
    at_s = max(from_s + 20, until_s - _KEPT_S)
    while at_s <= until_s:
        emerg = 'nginx: [emerg] invalid number of arguments in "proxy_read_timeout" directive in /tmp/nginx/cfg1873:412'
        yield (
            at_s,
            f"{_klog('E', at_s)} controller.go:206] Unexpected failure reloading the backend: exit status 1, {emerg}",
        )
        at_s += 60


def _klog(level: str, at_s: float) -> str:
    return f"{level}{datetime.fromtimestamp(at_s, UTC):%m%d %H:%M:%S.%f}       7"


def _restamped(text: str, at_s: float) -> str:
    head = _klog(text[0], at_s)
    return head + text[len(head) :]

"""The faults of the simulated cluster: one literal table, each a function from what is wanted to what is wrong."""

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from playground.world.faults.model import Fault
from playground.world.kubernetes.desired import Desired, Key
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.machine import Flaw, RegistryState
from playground.world.kubernetes.programs import READY
from playground.world.kubernetes.templates import container, thing
from playground.world.kubernetes.volaticloud import API, BACKEND, CONSOLE, IMAGE, SPACE
from playground.world.kubernetes.volaticloud import DASHBOARD as DASHBOARD_NAME

SERVER, NETWORK = "Server Won't Start", "Network Issues"
NEXT = "2.15.0"  # the release that brought a fault
UNPULLED = "2.16.0"  # a release that no node has yet
ELSEWHERE = "198.51.100.20"  # where a public name leads that was moved by mistake
FINALIZER = "volaticloud.com/flush-positions"
LOST_NODE, FULL_NODE = "vke-node-1", "vke-node-1"

Change = Callable[[Desired], Desired]
_DEPLOYMENT: Key = ("Deployment", SPACE, BACKEND)
_SERVICE: Key = ("Service", SPACE, BACKEND)
_INGRESS: Key = ("Ingress", SPACE, "volaticloud-api")
_CONTROLLER: Key = ("Deployment", "ingress-nginx", "ingress-nginx-controller")


def _server(name: str, breaks: str, expect: str, apply: Change) -> Fault[Desired]:
    return Fault(name, "server", SERVER, breaks, f"server.{expect}", apply)


def _network(name: str, breaks: str, expect: str, apply: Change) -> Fault[Desired]:
    return Fault(name, "network", NETWORK, breaks, f"network.{expect}", apply)


# Changes of the backend


def _all(apply: Change) -> Change:
    """The change, after which every pod of the backend had to start anew: nothing of the old state serves any more."""
    return lambda wanted: apply(wanted).with_fallen(SPACE, BACKEND)


def _object(key: Key, change: Callable[[Thing], object]) -> Change:
    return lambda wanted: wanted.changed(key, change)


def _pod(change: Callable[[Thing], object]) -> Change:
    """A change of the backend's pod template."""
    return _object(_DEPLOYMENT, lambda deployment: change(deployment["spec"]["template"]["spec"]))


def _main(**parts: object) -> Change:
    """Other fields of the backend's container."""
    return _pod(lambda spec: spec["containers"][0].update(parts))


def _env(name: str, entry: Thing | None) -> Change:
    """Another entry of the backend's environment, or none."""

    def change(spec: Thing) -> None:
        listed = spec["containers"][0]["env"]
        found = next(number for number, one in enumerate(listed) if one["name"] == name)
        listed[found : found + 1] = [{"name": name, **entry}] if entry else []

    return _pod(change)


def _both(*changes: Change) -> Change:
    def apply(wanted: Desired) -> Desired:
        for change in changes:
            wanted = change(wanted)
        return wanted

    return apply


def _database(wanted: Desired, **parts: Any) -> Desired:  # noqa: ANN401 the database's own fields
    return wanted.with_machine(database=replace(wanted.machine.database, **parts))


def _image(state: RegistryState) -> Change:
    """A new release whose image the registry does not hand out."""
    return _both(
        lambda wanted: wanted.with_machine(registries={**wanted.machine.registries, "ghcr.io": state}),
        _main(image=f"{IMAGE}:{UNPULLED}"),
    )


def _unready() -> Change:
    """A new release that is asked at an address of its own whether it is ready, and says that it is not."""
    return _both(
        _release("unready"), _pod(lambda spec: spec["containers"][0]["readinessProbe"]["httpGet"].update(path=READY))
    )


def _release(flaw: Flaw) -> Change:
    """A new release that has a flaw."""
    return _both(
        lambda wanted: wanted.with_machine(releases={**wanted.machine.releases, NEXT: flaw}),
        _main(image=f"{IMAGE}:{NEXT}"),
    )


def _tag_missing(wanted: Desired) -> Desired:
    missing = f"{IMAGE}:{NEXT}-rc7"
    known = wanted.machine.missing_images
    return _main(image=missing)(wanted.with_machine(missing_images=known | {missing}))


def _node(name: str, state: str) -> Change:
    return lambda wanted: wanted.with_machine(nodes={**wanted.machine.nodes, name: state})


def _newline(secret: Thing) -> None:
    value = base64.b64decode(secret["data"]["password"]) + b"\n"
    secret["data"]["password"] = base64.b64encode(value).decode()


def _init(spec: Thing) -> None:
    copying = container(
        "render-config",
        "busybox:1.37",
        command=["sh", "-c", "cp /defaults/config.yaml /config/config.yaml"],
        volumeMounts=[{"name": "config", "mountPath": "/config"}],
    )
    spec["initContainers"] = [copying]
    spec["volumes"] = [{"name": "config", "emptyDir": {}}]


def _volume(spec: Thing) -> None:
    spec["volumes"] = [{"name": "database-ca", "secret": {"secretName": "volaticloud-database-ca", "defaultMode": 420}}]
    mount = {"name": "database-ca", "mountPath": "/etc/volaticloud/ca", "readOnly": True}
    spec["containers"][0]["volumeMounts"] = [mount]


def _sidecar(spec: Thing) -> None:
    spec["containers"].append(container("log-shipper", "fluent/fluent-bit:4.0.3", asks=("10m", "32Mi")))


def _held(wanted: Desired) -> Desired:
    return replace(wanted, held={**wanted.held, BACKEND: FINALIZER})


_QUOTA = thing(
    "ResourceQuota", SPACE, "compute", spec={"hard": {"requests.cpu": "2", "requests.memory": "512Mi", "pods": "20"}}
)

# Changes of the network

_DENIED: Key = ("NetworkPolicy", SPACE, "allow-ingress-nginx")
_EGRESS: Key = ("NetworkPolicy", SPACE, "backend-egress")


def _no_database(spec: Thing) -> None:
    """The allowance for the database names an address that it had before it was moved."""
    spec["spec"]["egress"][1]["to"] = [{"ipBlock": {"cidr": "10.0.0.7/32"}}]


def _annotation(ingress: Thing) -> None:
    ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-sise"] = "32m"


def _backend_of(ingress: Thing) -> Thing:
    found: Thing = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    return found


def _twice(wanted: Desired) -> Desired:
    known = wanted.find(_INGRESS)
    if known is None:
        return wanted
    spec = {**known["spec"], "rules": [{**known["spec"]["rules"][0], "http": _to(DASHBOARD_NAME, 80)}]}
    return wanted.with_objects({**known, "metadata": {"name": "api-legacy", "namespace": SPACE}, "spec": spec})


def _to(service: str, port: int) -> Thing:
    backend = {"service": {"name": service, "port": {"number": port}}}
    return {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}


def _wrong_service(deployment: Thing) -> None:
    args = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    args[1] = "--publish-service=$(POD_NAMESPACE)/ingress-nginx-controler"


def _certificate(kind: str | None) -> Change:
    return lambda wanted: wanted.with_machine(certificates={**wanted.machine.certificates, "api-tls": kind})


def _name(host: str, address: str) -> Change:
    return lambda wanted: wanted.with_machine(names={**wanted.machine.names, host: address})


def _annotated(wanted: Desired) -> Desired:
    return wanted.changed(_INGRESS, _annotation)


_SERVER_FAULTS = (
    _server(
        "backend-secret-key-missing",
        "A setting of the backend comes from a key that its secret does not have.",
        "reference-missing",
        _all(
            _env(
                "VOLATICLOUD_DATABASE",
                {"valueFrom": {"secretKeyRef": {"name": "volaticloud-secrets", "key": "DATABASE_URL"}}},
            )
        ),
    ),
    _server(
        "backend-secret-missing",
        "The secret with the Keycloak client's secret was deleted before the backend was started anew.",
        "reference-missing",
        _all(lambda wanted: wanted.without(("Secret", SPACE, "keycloak-client-secret"))),
    ),
    _server(
        "keycloak-settings-missing",
        "The backend was installed without Keycloak's address and client.",
        "keycloak-settings-missing",
        _all(_both(_env("VOLATICLOUD_KEYCLOAK_URL", None), _env("VOLATICLOUD_KEYCLOAK_CLIENT_ID", None))),
    ),
    _server(
        "database-refused",
        "The database does not listen, and the backend, started anew, gives up.",
        "database-connection-failed",
        _all(partial(_database, listening=False)),
    ),
    _server(
        "database-password-wrong",
        "The database's password was changed, and the backend still has the old one.",
        "database-connection-failed",
        _all(partial(_database, password="changed-by-the-provider")),  # noqa: S106 a value of the play
    ),
    _server(
        "migration-failed",
        "The database's user may not create tables, so the migration at the backend's start fails.",
        "migration-failed",
        _all(partial(_database, may_create=False)),
    ),
    _server(
        "image-tag-missing",
        "A release was rolled out whose image does not exist; the old pods still serve.",
        "image-not-found",
        _tag_missing,
    ),
    _server(
        "image-rate-limited",
        "The registry hands out no more images: too many were pulled without an account.",
        "image-rate-limited",
        _all(_image("rate-limited")),
    ),
    _server(
        "image-denied",
        "The registry refuses the image: the nodes may not see it.",
        "image-denied",
        _all(_image("denied")),
    ),
    _server(
        "image-wrong-architecture",
        "The release was built for another processor.",
        "wrong-architecture",
        _all(_release("arm64")),
    ),
    _server(
        "image-registry-unreachable",
        "The nodes cannot resolve the registry's name.",
        "image-registry-unreachable",
        _all(_image("unknown-host")),
    ),
    _server(
        "unschedulable",
        "The backend asks for more memory than any node has.",
        "unschedulable",
        _all(
            _main(resources={"requests": {"cpu": "250m", "memory": "64Gi"}, "limits": {"cpu": "1", "memory": "64Gi"}})
        ),
    ),
    _server(
        "quota-exceeded",
        "A quota leaves no room for the backend's second pod.",
        "quota-exceeded",
        _all(lambda wanted: wanted.with_objects(_QUOTA)),
    ),
    _server(
        "readiness-failing",
        "The new release starts, and says at its health address that it is not well.",
        "probe-failing",
        _all(_unready()),
    ),
    _server(
        "liveness-failing",
        "The new release hangs after a minute, and is restarted again and again.",
        "probe-failing",
        _all(_release("hanging")),
    ),
    _server(
        "out-of-memory",
        "The new release takes more and more memory until the kernel kills it.",
        "out-of-memory",
        _all(_release("leaking")),
    ),
    _server(
        "bad-command",
        "The backend's command names a program that is not in its image.",
        "command-not-found",
        _all(_main(command=["/volaticlaud"])),
    ),
    _server(
        "init-container-failing",
        "The container that prepares the backend's configuration fails, so the backend never starts.",
        "init-container-failing",
        _all(_pod(_init)),
    ),
    _server(
        "volume-not-mounting",
        "The backend mounts a secret that does not exist.",
        "volume-not-mounting",
        _all(_pod(_volume)),
    ),
    _server(
        "evicted",
        "A node's disk is full, and the backend's pod there was evicted.",
        "evicted",
        _node(FULL_NODE, "disk-full"),
    ),
    _server(
        "node-not-ready",
        "A node has stopped answering; its pods cannot be ended.",
        "node-not-ready",
        _node(LOST_NODE, "gone"),
    ),
    _server(
        "rollout-past-deadline",
        "The pods of a new release never become ready; the old ones serve, and the rollout is past its deadline.",
        "probe-failing",
        _unready(),
    ),
    _server(
        "crash-loop-unknown",
        "The new release panics at its start, for a reason that no known error describes.",
        "crash-loop",
        _all(_release("panicking")),
    ),
    _server(
        "deployment-missing",
        "The backend's deployment was deleted.",
        "workload-missing",
        lambda wanted: wanted.without(_DEPLOYMENT),
    ),
    _server(
        "database-secret-trailing-newline",
        "The database's password was stored with a line's end, and the login fails.",
        "secret-untidy",
        _all(_object(("Secret", SPACE, "volaticloud-db-secret"), _newline)),
    ),
    _server(
        "sidecar-failing",
        "A second container in the backend's pods fails at every start; the first is fine.",
        "crash-loop",
        _all(_pod(_sidecar)),
    ),
    _server(
        "controller-manager-idle",
        "The controller manager does nothing: a new release was applied, and nobody rolls it out.",
        "not-acted-on",
        _both(lambda wanted: wanted.with_machine(controllers=False), _main(image=f"{IMAGE}:{NEXT}")),
    ),
    _server(
        "pods-stuck-terminating",
        "The backend's pods have been deleted, and a finalizer that nobody takes away keeps them.",
        "stuck-terminating",
        _held,
    ),
)


_NETWORK_FAULTS = (
    _network(
        "service-selector-wrong",
        "The backend's service selects a label that no pod has.",
        "selector-matches-nothing",
        _object(_SERVICE, lambda service: service["spec"].update(selector={"app": "volaticloud-api"})),
    ),
    _network(
        "target-port-wrong",
        "The backend's service leads to a port that no container has.",
        "port-without-container",
        _object(_SERVICE, lambda service: service["spec"]["ports"][0].update(targetPort="web")),
    ),
    _network(
        "target-port-number-wrong",
        "The backend's service leads to a number at which nothing listens.",
        "port-without-container",
        _object(_SERVICE, lambda service: service["spec"]["ports"][0].update(targetPort=8081)),
    ),
    _network(
        "backend-not-ready",
        "No pod behind the backend's service is ready.",
        "no-ready-endpoints",
        _all(_unready()),
    ),
    _network(
        "service-missing",
        "An ingress leads to a service that does not exist.",
        "ingress-service-missing",
        lambda wanted: wanted.without(_SERVICE),
    ),
    _network(
        "ingress-port-wrong",
        "An ingress names a port that its service does not have.",
        "ingress-port-missing",
        _object(_INGRESS, lambda ingress: _backend_of(ingress).update(port={"number": 80})),
    ),
    _network(
        "ingress-class-unknown",
        "An ingress names a class that does not exist, so no controller takes it.",
        "ingress-class-unknown",
        _object(_INGRESS, lambda ingress: ingress["spec"].update(ingressClassName="ngnix")),
    ),
    _network(
        "ingress-annotation-unknown",
        "An annotation of an ingress is misspelt, and does nothing.",
        "ingress-annotation-unknown",
        _annotated,
    ),
    _network(
        "ingress-duplicate",
        "Two ingresses claim the same host and path.",
        "ingress-conflict",
        _twice,
    ),
    _network(
        "policy-cuts-path",
        "Nothing may enter the backend's pods any more: the allowance for the ingress controller is gone.",
        "policy-cuts-path",
        lambda wanted: wanted.without(_DENIED),
    ),
    _network(
        "egress-policy-cuts-path",
        "A network policy keeps the backend from its database, and the backend gives up at its start.",
        "policy-cuts-path",
        _all(_object(_EGRESS, _no_database)),
    ),
    _network(
        "tls-secret-missing",
        "The secret with an ingress's certificate is not there; a default certificate is shown.",
        "tls-secret-missing",
        _certificate(None),
    ),
    _network(
        "ingress-certificate-expired",
        "The certificate that an ingress shows ended yesterday.",
        "certificate-expired",
        _certificate("expired"),
    ),
    _network(
        "ingress-certificate-wrong-name",
        "The certificate that an ingress shows is for another name.",
        "certificate-wrong-name",
        _certificate("wrong-name"),
    ),
    _network(
        "ingress-certificate-expiring",
        "The certificate that an ingress shows ends within days.",
        "certificate-expiring",
        _certificate("expiring"),
    ),
    _network(
        "ingress-controller-down",
        "The ingress controller ends at every start, because it is told of a service that does not exist.",
        "controller-down",
        lambda wanted: wanted.changed(_CONTROLLER, _wrong_service).with_fallen(*_CONTROLLER[1:]),
    ),
    _network(
        "ingress-controller-errors",
        "The ingress controller cannot reload its configuration, and says so in its log.",
        "controller-log-errors",
        lambda wanted: wanted.with_machine(noisy_ingress=True),
    ),
    _network(
        "load-balancer-pending",
        "The cloud has given the ingress controller's service no address.",
        "load-balancer-pending",
        lambda wanted: wanted.with_machine(load_balancer=False),
    ),
    _network(
        "dns-elsewhere",
        "The public name of the API leads to an address that is not the load balancer's.",
        "dns-elsewhere",
        _name(API, ELSEWHERE),
    ),
    _network("dns-missing", "The public name of the console does not exist.", "dns-missing", _name(CONSOLE, "")),
)

KUBERNETES_FAULTS: tuple[Fault[Desired], ...] = (*_SERVER_FAULTS, *_NETWORK_FAULTS)

"""The signs by which a real cluster shows each fault, in the words of its components: in the store and the logs."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography import x509

from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.kubelets import NoSuchRunError, UnreachableError
from playground.world.kubernetes.plane import condition, is_ready, leaving, seconds

BACKEND = "volaticloud-backend"
EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Sign:
    """One sign: what it is in words, and whether it is to be seen."""

    words: str
    seen: Callable[[World], bool]
    telling: bool = True  # whether it never shows where all is well


def pods(world: World, app: str = BACKEND) -> list[Mapping[str, Any]]:
    return [pod for pod in world.plane.listed("Pod") if pod["metadata"].get("labels", {}).get("app") == app]


def statuses(world: World, app: str, name: str) -> Iterator[Mapping[str, Any]]:
    for pod in pods(world, app):
        told = pod["status"]
        listed = (*told.get("initContainerStatuses", ()), *told.get("containerStatuses", ()))
        yield from (one for one in listed if one["name"] == name)


def recent(world: World, run: Mapping[str, Any]) -> bool:
    """Whether a run ended within the last half hour."""
    return bool(run) and seconds(run["finishedAt"]) > world.clock.now_s - 1800


def waiting(reason: str, message: str, name: str = "volaticloud", app: str = BACKEND) -> Sign:
    """A container waits for this reason, and its message contains these words."""

    def seen(world: World) -> bool:
        states = (one["state"].get("waiting", EMPTY) for one in statuses(world, app, name))
        return any(state.get("reason") == reason and message in state.get("message", "") for state in states)

    return Sign(f"{name} waits: {reason} {message}", seen, telling=bool(message))


def ended(code: int, reason: str, message: str = "", name: str = "volaticloud", app: str = BACKEND) -> Sign:
    """A container's last run ended so."""

    def seen(world: World) -> bool:
        return any(
            (last.get("exitCode"), last.get("reason")) == (code, reason)
            and message in last.get("message", "")
            and recent(world, last)
            for one in statuses(world, app, name)
            for last in (one["lastState"].get("terminated", EMPTY), one["state"].get("terminated", EMPTY))
        )

    return Sign(f"{name} ended: {code} {reason} {message}", seen)


def restarted(least: int, name: str = "volaticloud", app: str = BACKEND) -> Sign:
    """A container has been restarted at least so often."""

    def seen(world: World) -> bool:
        found = [one for one in statuses(world, app, name) if recent(world, one["lastState"].get("terminated", EMPTY))]
        return any(one["restartCount"] >= least for one in found)

    return Sign(f"{name} restarted {least} times", seen)


def event(reason: str, message: str, kind: str = "Pod", least: int = 1) -> Sign:
    """An event of this reason about an object of this kind, whose message contains these words, so often at least."""

    def seen(world: World) -> bool:
        return any(
            one["reason"] == reason
            and message in one["message"]
            and one["involvedObject"]["kind"] == kind
            and count_of(one) >= least
            for one in world.plane.listed("Event")
        )

    return Sign(f"event {reason}: {message}", seen)


def count_of(one: Mapping[str, Any]) -> int:
    return int((one.get("series") or one).get("count", 1))


def logged(text: str, name: str = "volaticloud", app: str = BACKEND, *, previous: bool = False) -> Sign:
    """A container's log contains these words."""

    def seen(world: World) -> bool:
        return any(text in line for pod in pods(world, app) for line in log(world, pod, name, previous=previous))

    when = "logged before" if previous else "logs"
    return Sign(f"{name} {when}: {text}", seen, telling=not previous)


def log(world: World, pod: Mapping[str, Any], name: str, *, previous: bool = False) -> list[str]:
    try:
        return [line.text for line in world.kubelets.log(dict(pod), name, previous=previous)]
    except (NoSuchRunError, UnreachableError):
        return []


def told(kind: str, name: str, type_: str, reason: str, message: str = "") -> Sign:
    """An object has a condition of this type for this reason, and its message contains these words."""

    def seen(world: World) -> bool:
        thing = world.plane.read(kind, "volaticloud", name)
        found = condition(thing, type_) if thing else EMPTY
        return found.get("reason") == reason and message in found.get("message", "")

    return Sign(f"{kind} {name}: {type_} {reason} {message}", seen)


UNAVAILABLE = told(
    "Deployment", BACKEND, "Available", "MinimumReplicasUnavailable", "does not have minimum availability"
)
LATE = told("Deployment", BACKEND, "Progressing", "ProgressDeadlineExceeded", "has timed out progressing.")


def serving(count: int) -> Sign:
    """So many pods of the backend serve."""
    return Sign(f"{count} serve", lambda world: sum(map(is_ready, pods(world))) == count, telling=False)


def crashing(text: str) -> tuple[Sign, ...]:
    """The backend ends with code 1 at every start, and says why."""
    return (
        waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container=volaticloud pod=volaticloud-backend-"),
        ended(1, "Error"),
        restarted(5),
        event("BackOff", "Back-off restarting failed container volaticloud in pod volaticloud-backend-", least=10),
        logged(text),
        logged(text, previous=True),
        UNAVAILABLE,
    )


def unpulled(error: str) -> tuple[Sign, ...]:
    """The backend's image cannot be had."""
    return (
        waiting("ImagePullBackOff", 'Back-off pulling image "ghcr.io/volaticloud/volaticloud:2.1'),
        waiting("ImagePullBackOff", f"ErrImagePull: {error}"),
        event("Failed", 'Failed to pull image "ghcr.io/volaticloud/volaticloud:2.1', least=3),
        event("Failed", error),
        event("Failed", "Error: ErrImagePull"),
        event("Failed", "Error: ImagePullBackOff", least=3),
        event("BackOff", 'Back-off pulling image "ghcr.io/volaticloud/volaticloud:2.1', least=3),
    )


def addresses(count: int, *, ready: bool) -> Sign:
    """The backend's endpoint slice has so many addresses that are ready or are not."""

    def seen(world: World) -> bool:
        slices = world.plane.listed("EndpointSlice", "volaticloud")
        named = [one for one in slices if one["metadata"]["labels"]["kubernetes.io/service-name"] == BACKEND]
        found = [one for part in named for one in part["endpoints"] or () if one["conditions"]["ready"] is ready]
        return bool(named) and len(found) == count

    return Sign(f"{count} addresses, ready: {ready}", seen)


def ports(listed: list[int] | None) -> Sign:
    """The backend's endpoint slice leads to these ports."""

    def seen(world: World) -> bool:
        slices = world.plane.listed("EndpointSlice", "volaticloud")
        named = [one for one in slices if one["metadata"]["labels"]["kubernetes.io/service-name"] == BACKEND]
        return [[port["port"] for port in one["ports"]] if one["ports"] else None for one in named] == [listed]

    return Sign(f"endpoint slice leads to {listed}", seen)


def nginx(text: str) -> Sign:
    """The ingress controller's log contains these words."""
    return logged(text, "controller", "ingress-nginx-controller")


def answered(status: int) -> Sign:
    """The last request for the API in the ingress controller's log was answered with this status."""

    def seen(world: World) -> bool:
        lines = [one for pod in pods(world, "ingress-nginx-controller") for one in log(world, pod, "controller")]
        asked = [one for one in lines if "[volaticloud-volaticloud-backend-" in one or " [-] " in one]
        return bool(asked) and f'HTTP/2.0" {status} ' in asked[-1]

    return Sign(f"requests for the API are answered with {status}", seen)


def thing(kind: str, space: str, name: str, holds: Callable[[Mapping[str, Any]], bool], words: str) -> Sign:
    """An object is there, and something holds of it."""

    def seen(world: World) -> bool:
        found = world.plane.read(kind, space, name)
        return found is not None and holds(found)

    return Sign(f"{kind} {name} {words}", seen)


def missing(kind: str, space: str, name: str) -> Sign:
    """An object is not there."""
    return Sign(f"no {kind} {name}", lambda world: world.plane.read(kind, space, name) is None)


def certificate(holds: Callable[[x509.Certificate, World], bool], words: str) -> Sign:
    """The certificate that the API's ingress shows is so."""

    def seen(world: World) -> bool:
        found = world.plane.read("Secret", "volaticloud", "api-tls")
        return found is not None and holds(
            x509.load_pem_x509_certificate(base64.b64decode(found["data"]["tls.crt"])), world
        )

    return Sign(f"certificate {words}", seen)


def names_of(one: x509.Certificate) -> list[str]:
    extension = one.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def node(name: str, type_: str, status: str, reason: str) -> Sign:
    """A node has this condition."""

    def seen(world: World) -> bool:
        found = condition(world.plane.read("Node", "", name) or EMPTY, type_)
        return (found.get("status"), found.get("reason")) == (status, reason)

    return Sign(f"{name}: {type_} {status} {reason}", seen)


def _unseen(world: World) -> bool:
    backend = world.plane.read("Deployment", "volaticloud", BACKEND)
    return backend is not None and backend["status"]["observedGeneration"] < backend["metadata"]["generation"]


def _stuck(world: World) -> bool:
    late = [pod for pod in pods(world) if leaving(pod) and pod["metadata"].get("finalizers")]
    return len(late) == 2 and all(pod["metadata"]["deletionGracePeriodSeconds"] == 0 for pod in late)


def _left_on_lost_node(world: World) -> bool:
    lost = [pod for pod in pods(world) if pod["spec"].get("nodeName") == "vke-node-1"]
    return bool(lost) and all(leaving(pod) and condition(pod, "Ready").get("status") == "False" for pod in lost)


SIGNS: dict[str, tuple[Sign, ...]] = {
    "backend-secret-key-missing": (
        waiting(
            "CreateContainerConfigError", "couldn't find key DATABASE_URL in Secret volaticloud/volaticloud-secrets"
        ),
        event("Failed", "Error: couldn't find key DATABASE_URL in Secret volaticloud/volaticloud-secrets", least=5),
        UNAVAILABLE,
        LATE,
    ),
    "backend-secret-missing": (
        waiting("CreateContainerConfigError", 'secret "keycloak-client-secret" not found'),
        event("Failed", 'Error: secret "keycloak-client-secret" not found', least=5),
        UNAVAILABLE,
    ),
    "keycloak-settings-missing": crashing(
        "keycloak configuration is required (URL, ClientID, ClientSecret must be set)"
    ),
    "database-refused": crashing(
        "failed opening connection to postgres: dial tcp 127.0.0.1:5432: connect: connection refused"
    ),
    "database-password-wrong": crashing(
        'failed opening connection to postgres: pq: password authentication failed for user "volaticloud"'
    ),
    "migration-failed": (
        *crashing("failed creating schema resources: "),
        logged("permission denied for schema public"),
    ),
    "image-tag-missing": (
        *unpulled(
            "rpc error: code = NotFound desc = failed to pull and unpack image "
            '"ghcr.io/volaticloud/volaticloud:2.15.0-rc7": failed to resolve image: '
            "ghcr.io/volaticloud/volaticloud:2.15.0-rc7: not found"
        ),
        LATE,
    ),
    "image-rate-limited": (
        *unpulled('failed to pull and unpack image "ghcr.io/volaticloud/volaticloud:2.16.0": failed to copy: '),
        event(
            "Failed", "429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated"
        ),
        UNAVAILABLE,
    ),
    "image-denied": (
        *unpulled(
            'failed to pull and unpack image "ghcr.io/volaticloud/volaticloud:2.16.0": failed to resolve reference'
        ),
        event("Failed", "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to"),
        event("Failed", "403 Forbidden"),
        UNAVAILABLE,
    ),
    "image-wrong-architecture": (
        ended(255, "Error"),
        restarted(5),
        logged("exec /volaticloud: exec format error", previous=True),
        UNAVAILABLE,
    ),
    "image-registry-unreachable": (
        *unpulled(
            'failed to pull and unpack image "ghcr.io/volaticloud/volaticloud:2.16.0": failed to resolve reference'
        ),
        event("Failed", "dial tcp: lookup ghcr.io on 10.0.0.2:53: no such host"),
        UNAVAILABLE,
    ),
    "unschedulable": (
        Sign(
            "a pod is Pending, Unschedulable",
            lambda world: any(
                condition(pod, "PodScheduled").get("reason") == "Unschedulable"
                and condition(pod, "PodScheduled")["message"].startswith(
                    "0/3 nodes are available: 3 Insufficient memory."
                )
                and pod["status"]["phase"] == "Pending"
                for pod in pods(world)
            ),
        ),
        event("FailedScheduling", "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."),
        UNAVAILABLE,
    ),
    "quota-exceeded": (
        told(
            "Deployment",
            BACKEND,
            "ReplicaFailure",
            "FailedCreate",
            "is forbidden: exceeded quota: compute, requested: ",
        ),
        event(
            "FailedCreate",
            "exceeded quota: compute, requested: requests.memory=256Mi, used: requests.memory=",
            "ReplicaSet",
        ),
        thing("ResourceQuota", "volaticloud", "compute", lambda one: "used" in one["status"], "counts"),
        serving(1),
    ),
    "readiness-failing": (
        event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", least=20),
        serving(0),
        UNAVAILABLE,
        LATE,
        addresses(2, ready=False),
    ),
    "liveness-failing": (
        event("Unhealthy", "Liveness probe failed: Get", least=3),
        event("Unhealthy", "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
        event("Killing", "Container volaticloud failed liveness probe, will be restarted", least=3),
        ended(137, "Error"),
        restarted(3),
    ),
    "out-of-memory": (
        ended(137, "OOMKilled"),
        restarted(4),
        event("BackOff", "Back-off restarting failed container"),
    ),
    "bad-command": (
        ended(128, "StartError", 'exec: "/volaticlaud": stat /volaticlaud: no such file or directory'),
        event(
            "Failed", "Error: failed to create containerd task: failed to create shim task: OCI runtime create failed"
        ),
        waiting("CrashLoopBackOff", "restarting failed container=volaticloud"),
        UNAVAILABLE,
    ),
    "init-container-failing": (
        waiting("CrashLoopBackOff", "restarting failed container=render-config", "render-config"),
        waiting("PodInitializing", ""),
        ended(1, "Error", name="render-config"),
        logged("cp: can't stat '/defaults/config.yaml': No such file or directory", "render-config"),
        Sign(
            "a pod is not initialized",
            lambda world: any(
                condition(pod, "Initialized").get("message") == "containers with incomplete status: [render-config]"
                for pod in pods(world)
            ),
        ),
    ),
    "volume-not-mounting": (
        waiting("ContainerCreating", ""),
        event(
            "FailedMount",
            'MountVolume.SetUp failed for volume "database-ca" : secret "volaticloud-database-ca" not found',
            least=5,
        ),
        UNAVAILABLE,
    ),
    "evicted": (
        Sign(
            "a pod is Failed, Evicted",
            lambda world: any(
                (pod["status"]["phase"], pod["status"].get("reason")) == ("Failed", "Evicted")
                and pod["status"]["message"].startswith(
                    "The node was low on resource: ephemeral-storage. Threshold quant"
                )
                and condition(pod, "DisruptionTarget").get("reason") == "TerminationByKubelet"
                for pod in pods(world)
            ),
        ),
        event("Evicted", "The node was low on resource: ephemeral-storage. Threshold quantity: "),
        event("EvictionThresholdMet", "Attempting to reclaim ephemeral-storage", "Node"),
        node("vke-node-1", "DiskPressure", "True", "KubeletHasDiskPressure"),
    ),
    "node-not-ready": (
        node("vke-node-1", "Ready", "Unknown", "NodeStatusUnknown"),
        event("NodeNotReady", "Node vke-node-1 status is now: NodeNotReady", "Node"),
        event("NodeNotReady", "Node is not ready"),
        event("TaintManagerEviction", "Marking for deletion Pod volaticloud/volaticloud-backend-"),
        Sign("its pods are terminating and not ready", _left_on_lost_node),
    ),
    "rollout-past-deadline": (
        LATE,
        event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", least=20),
        Sign(
            "one of three does not serve",
            lambda world: sorted(map(is_ready, pods(world))) == [False, True, True],
            telling=False,
        ),
    ),
    "crash-loop-unknown": (
        ended(2, "Error"),
        restarted(5),
        logged("panic: runtime error: invalid memory address or nil pointer dereference", previous=True),
        logged("goroutine 1 [running]:"),
    ),
    "deployment-missing": (
        missing("Deployment", "volaticloud", BACKEND),
        Sign("no pod is left", lambda world: not pods(world)),
        told(
            "HorizontalPodAutoscaler",
            BACKEND,
            "AbleToScale",
            "FailedGetScale",
            'unable to get the target\'s current scale: deployments.apps "volaticloud-backend" not found',
        ),
    ),
    "database-secret-trailing-newline": (
        *crashing('pq: password authentication failed for user "volaticloud"'),
        thing(
            "Secret",
            "volaticloud",
            "volaticloud-db-secret",
            lambda one: base64.b64decode(one["data"]["password"]).endswith(b"\n"),
            "ends with a newline",
        ),
    ),
    "sidecar-failing": (
        waiting("CrashLoopBackOff", "restarting failed container=log-shipper", "log-shipper"),
        ended(1, "Error", name="log-shipper"),
        logged("[error] configuration file contains errors, aborting.", "log-shipper", previous=True),
        UNAVAILABLE,
    ),
    "controller-manager-idle": (Sign("the backend's controller has not seen its newest change", _unseen),),
    "pods-stuck-terminating": (Sign("two pods are kept by a finalizer", _stuck),),
    "service-selector-wrong": (
        addresses(0, ready=True),
        ports(None),
        answered(503),
        nginx("does not have any active Endpoint."),
    ),
    "target-port-wrong": (ports(None), answered(503), nginx("does not have any active Endpoint.")),
    "target-port-number-wrong": (ports([8081]), answered(504), nginx("upstream timed out (110: Operation timed out)")),
    "backend-not-ready": (addresses(2, ready=False), addresses(0, ready=True), answered(503)),
    "service-missing": (
        missing("Service", "volaticloud", BACKEND),
        nginx('no object matching key "volaticloud/volaticloud-backend" in local store'),
        answered(503),
    ),
    "ingress-port-wrong": (nginx("does not have any active Endpoint."), answered(503)),
    "ingress-class-unknown": (
        nginx(
            '"Ignoring ingress because of error while validating ingress class" ingress="volaticloud/volaticloud-api"'
        ),
        answered(404),
    ),
    "ingress-annotation-unknown": (
        thing(
            "Ingress",
            "volaticloud",
            "volaticloud-api",
            lambda one: "nginx.ingress.kubernetes.io/proxy-body-sise" in one["metadata"]["annotations"],
            "has a misspelt annotation",
        ),
    ),
    "ingress-duplicate": (
        Sign(
            "two ingresses have one host",
            lambda world: (
                [rule["host"] for one in world.plane.listed("Ingress") for rule in one["spec"]["rules"]].count(
                    "api.volaticloud.com"
                )
                == 2
            ),
        ),
    ),
    "policy-cuts-path": (
        nginx("upstream timed out (110: Operation timed out) while connecting to upstream"),
        answered(504),
    ),
    "egress-policy-cuts-path": crashing("failed opening connection to postgres: dial tcp 127.0.0.1:5432: i/o timeout"),
    "tls-secret-missing": (
        missing("Secret", "volaticloud", "api-tls"),
        nginx("local SSL certificate volaticloud/api-tls was not found. Using default certificate"),
    ),
    "ingress-certificate-expired": (
        certificate(lambda one, world: one.not_valid_after_utc < world.clock.now(), "has ended"),
        nginx('SSL certificate for server "api.volaticloud.com" is about to expire'),
    ),
    "ingress-certificate-wrong-name": (
        certificate(lambda one, _: "api.volaticloud.com" not in names_of(one), "is for another name"),
        nginx("x509: certificate is valid for ingress.local, not api.volaticloud.com"),
    ),
    "ingress-certificate-expiring": (
        certificate(
            lambda one, world: timedelta() < one.not_valid_after_utc - world.clock.now() < timedelta(days=14),
            "ends soon",
        ),
        nginx('SSL certificate for server "api.volaticloud.com" is about to expire'),
    ),
    "ingress-controller-down": (
        ended(255, "Error", name="controller", app="ingress-nginx-controller"),
        restarted(5, "controller", "ingress-nginx-controller"),
        nginx("No service with name ingress-nginx/ingress-nginx-controler found"),
    ),
    "ingress-controller-errors": (
        nginx("Unexpected failure reloading the backend"),
        nginx("nginx: [emerg] invalid number"),
    ),
    "load-balancer-pending": (
        thing(
            "Service",
            "ingress-nginx",
            "ingress-nginx-controller",
            lambda one: one["status"] == {"loadBalancer": {}},
            "has no address",
        ),
        event("SyncLoadBalancerFailed", "Error syncing load balancer: failed to ensure load balancer", "Service"),
    ),
    "dns-elsewhere": (
        Sign(
            "the API's name leads elsewhere",
            lambda world: world.plane.machine.names["api.volaticloud.com"] != "127.0.0.1",
        ),
    ),
    "dns-missing": (
        Sign("the console's name is not there", lambda world: not world.plane.machine.names["console.volaticloud.com"]),
    ),
}

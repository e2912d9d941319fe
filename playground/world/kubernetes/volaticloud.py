"""The platform's objects, with everything well: what Helm and the cloud have installed."""

import secrets
from dataclasses import dataclass, field

from playground.world.kubernetes.desired import Desired
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.machine import DATABASE_HOST, DATABASE_PORT, Database, Machine
from playground.world.kubernetes.programs import HEALTH
from playground.world.kubernetes.templates import (
    container,
    deployment,
    helm,
    ingress,
    pod_template,
    policy,
    probe,
    secret,
    service,
    stateful_set,
    thing,
)

SPACE = "volaticloud"
BACKEND, DASHBOARD = "volaticloud-backend", "volaticloud-dashboard"
IMAGE = "ghcr.io/volaticloud/volaticloud"
RELEASE = "2.14.0"
CONSOLE, API = "console.volaticloud.com", "api.volaticloud.com"
CERTIFICATES = {"console-tls": CONSOLE, "api-tls": API}
NODES = ("vke-node-1", "vke-node-2", "vke-node-3")
EDGE = "127.0.0.1"
#: The label of in-cluster probes, which the platform lets in everywhere in its namespace.
_PROBES = {"app.kubernetes.io/name": "volati-probe"}
_NAMESPACES = (SPACE, "keycloak", "ingress-nginx", "monitoring", "etcd-system", "kube-system", "default")


def _random() -> str:
    return secrets.token_urlsafe(18)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The platform's secret values, made anew for each world, and where its database is."""

    database: str = field(default_factory=_random, repr=False)
    client: str = field(default_factory=_random, repr=False)
    session: str = field(default_factory=_random, repr=False)
    database_host: str = DATABASE_HOST
    database_port: int = DATABASE_PORT


def volaticloud(values: Secrets) -> Desired:
    """The platform, well."""
    manifests = (
        *(_namespace(name) for name in _NAMESPACES),
        *(_node(number) for number in range(1, 4)),
        thing("IngressClass", "", "nginx", spec={"controller": "k8s.io/ingress-nginx"}),
        *_backend(values),
        *_dashboard(),
        *_policies(values),
        *_keycloak(),
        *_ingress_nginx(),
        *_monitoring(),
        *_system(),
    )
    machine = Machine(database=Database(values.database), names={CONSOLE: EDGE, API: EDGE})
    return Desired(manifests, machine)


def _namespace(name: str) -> Thing:
    labels = {"kubernetes.io/metadata.name": name}
    return thing("Namespace", "", name, labels=labels, spec={"finalizers": ["kubernetes"]}, status={"phase": "Active"})


def _node(number: int) -> Thing:
    name = f"vke-node-{number}"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": "vc2-4c-8gb",
        "topology.kubernetes.io/region": "fra",
    }
    room = {"cpu": "4", "ephemeral-storage": "157284Mi", "memory": "8139756Ki", "pods": "110"}
    status = {
        "capacity": room,
        "allocatable": {**room, "cpu": "3920m", "memory": "7341036Ki"},
        "addresses": [
            {"type": "InternalIP", "address": f"10.0.0.{10 + number}"},
            {"type": "Hostname", "address": name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "machineID": f"{number:032x}",
            "systemUUID": f"{number:032x}",
            "bootID": f"{number:032x}",
            "kernelVersion": "6.12.48",
            "osImage": "Debian GNU/Linux 13 (trixie)",
            "containerRuntimeVersion": "containerd://2.2.0",
            "kubeletVersion": "v1.36.0",
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "amd64",
        },
    }
    spec = {"podCIDR": f"10.244.{number}.0/24", "podCIDRs": [f"10.244.{number}.0/24"], "providerID": f"vultr://{name}"}
    return thing("Node", "", name, labels=labels, spec=spec, status=status)


# The backend


def _backend(values: Secrets) -> tuple[Thing, ...]:
    about = helm(BACKEND, SPACE)
    return (
        secret(
            SPACE,
            "volaticloud-secrets",
            {
                "VOLATICLOUD_DATABASE": (
                    f"postgresql://volaticloud@{values.database_host}:{values.database_port}/volaticloud?sslmode=require"
                ),
                "VOLATICLOUD_SESSION_KEY": values.session,
            },
        ),
        secret(
            SPACE,
            "volaticloud-db-secret",
            {
                "host": f"{values.database_host}:{values.database_port}",
                "database": "volaticloud",
                "username": "volaticloud",
                "password": values.database,
            },
        ),
        secret(SPACE, "keycloak-client-secret", {"client-secret": values.client}),
        thing("ConfigMap", SPACE, "volaticloud-backend-config", **about, data={"VOLATICLOUD_LOG_LEVEL": "info"}),
        deployment(SPACE, BACKEND, _backend_template(), replicas=2, **about),
        service(SPACE, BACKEND, BACKEND, {"http": (8080, "http")}, address="10.96.14.20", **helm(BACKEND, SPACE)),
        _autoscaler(),
        thing(
            "PodDisruptionBudget",
            SPACE,
            BACKEND,
            **helm(BACKEND, SPACE),
            spec={"minAvailable": 1, "selector": {"matchLabels": {"app": BACKEND}}},
        ),
        ingress(SPACE, "volaticloud-api", API, (BACKEND, 8080), **_ingress_about(BACKEND, "api-tls")),
    )


def _backend_template() -> Thing:
    labels = {"app": BACKEND, "app.kubernetes.io/name": BACKEND, "app.kubernetes.io/instance": BACKEND}
    main = container(
        "volaticloud",
        f"{IMAGE}:{RELEASE}",
        args=["server"],
        ports={"http": 8080},
        asks=("250m", "256Mi"),
        limits=("1", "512Mi"),
        env=_backend_env(),
        envFrom=[{"configMapRef": {"name": "volaticloud-backend-config"}}],
        readinessProbe=probe(HEALTH, "http"),
        livenessProbe=probe(HEALTH, "http", after_s=15),
    )
    return pod_template(labels, [main])


def _backend_env() -> list[Thing]:
    return [
        {"name": "VOLATICLOUD_KEYCLOAK_URL", "value": "https://keycloak.volaticloud.com"},
        {"name": "VOLATICLOUD_KEYCLOAK_REALM", "value": "volaticloud"},
        {"name": "VOLATICLOUD_KEYCLOAK_CLIENT_ID", "value": "volaticloud-api"},
        _from_secret("VOLATICLOUD_KEYCLOAK_CLIENT_SECRET", "keycloak-client-secret", "client-secret"),
        _from_secret("VOLATICLOUD_DATABASE", "volaticloud-secrets", "VOLATICLOUD_DATABASE"),
        _from_secret("PGPASSWORD", "volaticloud-db-secret", "password"),
        {"name": "VOLATICLOUD_ETCD_ENDPOINTS", "value": "http://etcd.etcd-system:2379"},
        {"name": "VOLATICLOUD_MONITOR_INTERVAL", "value": "30s"},
    ]


def _from_secret(name: str, where: str, key: str) -> Thing:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": where, "key": key}}}


def _autoscaler() -> Thing:
    metrics = [
        {"type": "Resource", "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": share}}}
        for name, share in (("cpu", 70), ("memory", 80))
    ]
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": BACKEND}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 10, "metrics": metrics}
    return thing("HorizontalPodAutoscaler", SPACE, BACKEND, **helm(BACKEND, SPACE), spec=spec)


def _ingress_about(release: str, certificate: str) -> Thing:
    about = helm(release, SPACE)
    extra = {
        "cert-manager.io/cluster-issuer": "letsencrypt",
        "nginx.ingress.kubernetes.io/ssl-redirect": "true",
        "nginx.ingress.kubernetes.io/proxy-body-size": "8m",
    }
    return {**about, "annotations": {**about["annotations"], **extra}, "secret": certificate}


# The rest of the platform


def _dashboard() -> tuple[Thing, ...]:
    about = helm(DASHBOARD, SPACE)
    main = container(
        "dashboard",
        f"ghcr.io/volaticloud/dashboard:{RELEASE}",
        ports={"http": 8080},
        asks=("50m", "64Mi"),
        limits=("200m", "128Mi"),
        envFrom=[{"configMapRef": {"name": "volaticloud-dashboard-config"}}],
        readinessProbe=probe("/healthz", "http", after_s=2),
    )
    config = {"KEYCLOAK_AUTHORITY": "https://auth.volaticloud.com/realms/volaticloud", "GATEWAY_URL": "/gateway/v1"}
    labels = {"app": DASHBOARD, "app.kubernetes.io/name": DASHBOARD, "app.kubernetes.io/instance": DASHBOARD}
    return (
        thing("ConfigMap", SPACE, "volaticloud-dashboard-config", **about, data=config),
        deployment(SPACE, DASHBOARD, pod_template(labels, [main]), replicas=2, **helm(DASHBOARD, SPACE)),
        service(SPACE, DASHBOARD, DASHBOARD, {"http": (80, "http")}, address="10.96.14.21", **helm(DASHBOARD, SPACE)),
        ingress(SPACE, "volaticloud-console", CONSOLE, (DASHBOARD, 80), **_ingress_about(DASHBOARD, "console-tls")),
    )


def _policies(values: Secrets) -> tuple[Thing, ...]:
    def space(name: str) -> Thing:
        return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}

    backend, dashboard = {"matchLabels": {"app": BACKEND}}, {"matchLabels": {"app": DASHBOARD}}
    web = [{"port": 8080, "protocol": "TCP"}]
    return (
        policy(SPACE, "default-deny-ingress", {}, ingress=[]),
        policy(SPACE, "allow-ingress-nginx", backend, ingress=[{"from": [space("ingress-nginx")], "ports": web}]),
        policy(
            SPACE,
            "allow-ingress-nginx-dashboard",
            dashboard,
            ingress=[{"from": [space("ingress-nginx")], "ports": web}],
        ),
        policy(
            SPACE,
            "allow-dashboard",
            backend,
            ingress=[{"from": [{"podSelector": dashboard}, space("monitoring")], "ports": web}],
        ),
        policy(SPACE, "allow-probes", {}, ingress=[{"from": [{"podSelector": {"matchLabels": _PROBES}}]}]),
        policy(
            SPACE,
            "backend-egress",
            backend,
            egress=[
                {
                    "to": [space("kube-system")],
                    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
                },
                {
                    "to": [{"ipBlock": {"cidr": f"{values.database_host}/32"}}],
                    "ports": [{"port": values.database_port, "protocol": "TCP"}],
                },
                {"to": [space("keycloak")], "ports": web},
                {"to": [space("etcd-system")], "ports": [{"port": 2379, "protocol": "TCP"}]},
                {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443, "protocol": "TCP"}]},
            ],
        ),
    )


def _keycloak() -> tuple[Thing, ...]:
    name = "volaticloud-keycloak"
    labels = {"app": name, "app.kubernetes.io/managed-by": "keycloak-operator", "app.kubernetes.io/instance": name}
    main = container(
        "keycloak",
        "quay.io/keycloak/keycloak:26.4.5",
        args=["start", "--optimized"],
        ports={"http": 8080, "management": 9000},
        asks=("200m", "768Mi"),
        limits=("2", "1536Mi"),
        readinessProbe=probe("/health/ready", "management", after_s=20),
        livenessProbe=probe("/health/live", "management", after_s=30),
    )
    return (
        stateful_set("keycloak", name, pod_template(labels, [main]), f"{name}-discovery", replicas=2),
        service("keycloak", f"{name}-service", name, {"http": (8080, "http")}, address="10.96.30.8"),
        secret("keycloak", "keycloak-db-secret", {"username": "keycloak", "password": _random()}),
    )


def _ingress_nginx() -> tuple[Thing, ...]:
    name, space = "ingress-nginx-controller", "ingress-nginx"
    namespace = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    controller = container(
        "controller",
        "registry.k8s.io/ingress-nginx/controller:v1.13.3",
        args=["/nginx-ingress-controller", f"--publish-service=$(POD_NAMESPACE)/{name}", "--ingress-class=nginx"],
        ports={"http": 80, "https": 443},
        asks=("100m", "128Mi"),
        readinessProbe=probe("/healthz", 10254, after_s=10),
        livenessProbe=probe("/healthz", 10254, after_s=10, failures=5),
        env=[{"name": "POD_NAMESPACE", "valueFrom": namespace}],
    )
    ports: dict[str, tuple[int, int | str]] = {"http": (80, "http"), "https": (443, "https")}
    return (
        deployment(space, name, pod_template({"app": name}, [controller]), **helm(space, space, name)),
        service(space, name, name, ports, address="10.96.0.90", type="LoadBalancer", **helm(space, space, name)),
    )


def _monitoring() -> tuple[Thing, ...]:
    prometheus = container(
        "prometheus",
        "quay.io/prometheus/prometheus:v3.7.3",
        ports={"http": 9090},
        asks=("200m", "512Mi"),
        readinessProbe=probe("/-/ready", "http"),
    )
    etcd = container(
        "etcd",
        "registry.k8s.io/etcd:3.6.5-0",
        ports={"client": 2379, "peer": 2380},
        asks=("100m", "128Mi"),
        readinessProbe=probe("/readyz", "client"),
    )
    return (
        deployment("monitoring", "prometheus", pod_template({"app": "prometheus"}, [prometheus])),
        service("monitoring", "prometheus", "prometheus", {"http": (9090, "http")}, address="10.96.40.9"),
        stateful_set("etcd-system", "etcd", pod_template({"app": "etcd"}, [etcd]), "etcd", replicas=3),
        service("etcd-system", "etcd", "etcd", {"client": (2379, "client")}, address="10.96.50.4"),
    )


def _system() -> tuple[Thing, ...]:
    coredns = container(
        "coredns", "registry.k8s.io/coredns/coredns:v1.12.1", ports={"dns-tcp": 53}, asks=("100m", "70Mi")
    )
    metrics = container(
        "metrics-server",
        "registry.k8s.io/metrics-server/metrics-server:v0.8.0",
        ports={"https": 10250},
        asks=("100m", "200Mi"),
    )
    proxy = container("kube-proxy", "registry.k8s.io/kube-proxy:v1.36.0")
    everywhere = {"tolerations": [{"operator": "Exists"}], "hostNetwork": True}
    daemon = {
        "selector": {"matchLabels": {"app": "kube-proxy"}},
        "template": pod_template({"app": "kube-proxy"}, [proxy], **everywhere),
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
        "revisionHistoryLimit": 10,
    }
    return (
        deployment("kube-system", "coredns", pod_template({"app": "coredns"}, [coredns]), replicas=2),
        service("kube-system", "kube-dns", "coredns", {"dns-tcp": (53, "dns-tcp")}, address="10.96.0.10"),
        deployment("kube-system", "metrics-server", pod_template({"app": "metrics-server"}, [metrics])),
        service("kube-system", "metrics-server", "metrics-server", {"https": (443, "https")}, address="10.96.0.44"),
        thing("DaemonSet", "kube-system", "kube-proxy", spec=daemon, status={}),
    )

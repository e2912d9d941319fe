"""What the API server sends, as far as it is read: structs of just the needed fields, for msgspec to decode.

Field names are the API's own, written with underscores. Unknown fields are skipped without being built.
"""

from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
#: A time as the API writes it (RFC 3339); kept as text until it is needed.
Time = str | None


class Wire(Struct, rename="camel", frozen=True, gc=False):
    """Base of all of them. Frozen and free of cycles, so that the garbage collector need not follow thousands."""


class OwnerReference(Wire, frozen=True):
    """metadata.ownerReferences[]."""

    kind: str = ""
    name: str = ""
    controller: bool = False


class Metadata(Wire, frozen=True):
    """metadata."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    creation_timestamp: Time = None
    deletion_timestamp: Time = None
    deletion_grace_period_seconds: int | None = None
    finalizers: list[str] | None = None
    owner_references: list[OwnerReference] | None = None


class ManagedFields(Wire, frozen=True):
    """metadata.managedFields[]: who wrote it last, and when. Which fields these were is not read."""

    subresource: str | None = None
    time: Time = None


class WorkloadMetadata(Metadata, frozen=True):
    """metadata of a workload."""

    managed_fields: list[ManagedFields] | None = None


class ListMetadata(Wire, frozen=True):
    """metadata of a list: where the next page begins."""

    continue_: str = msgspec.field(name="continue", default="")


class ListOf(Wire, Generic[T], frozen=True):
    """A page of a list."""

    metadata: ListMetadata = ListMetadata()
    items: list[T] | None = None


class Named(Wire, frozen=True):
    """Any thing, as far as it is called something."""

    metadata: Metadata = Metadata()


class Condition(Wire, frozen=True):
    """status.conditions[] of most things."""

    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None
    last_transition_time: Time = None


# Pods.


class Terminated(Wire, frozen=True):
    """The end of a container."""

    exit_code: int = 0
    reason: str | None = None
    message: str | None = None
    started_at: Time = None
    finished_at: Time = None


class Waiting(Wire, frozen=True):
    """Why a container waits."""

    reason: str | None = None
    message: str | None = None


class Running(Wire, frozen=True):
    """Since when a container runs."""

    started_at: Time = None


class ContainerState(Wire, frozen=True):
    """One of three."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Wire, frozen=True):
    """status.containerStatuses[] and its like."""

    name: str = ""
    image: str = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodContainer(Wire, frozen=True):
    """spec.containers[] of a pod, as far as its status needs it."""

    name: str = ""
    image: str | None = None
    restart_policy: str | None = None


class PodSpec(Wire, frozen=True):
    """spec of a pod."""

    node_name: str | None = None
    host_network: bool | None = None
    containers: list[PodContainer] | None = None
    init_containers: list[PodContainer] | None = None


class PodStatus(Wire, frozen=True):
    """status of a pod."""

    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    pod_ip: str | None = msgspec.field(name="podIP", default=None)
    start_time: Time = None
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class Pod(Wire, frozen=True):
    """v1 Pod."""

    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


# Workloads.


class KeyReference(Wire, frozen=True):
    """A key of a secret or config map."""

    name: str | None = None
    key: str = ""
    optional: bool | None = None


class ValueFrom(Wire, frozen=True):
    """Where the value of a variable comes from."""

    secret_key_ref: KeyReference | None = None
    config_map_key_ref: KeyReference | None = None


class EnvironmentVariable(Wire, frozen=True):
    """env[]. The value is read only to see whether there is one."""

    name: str = ""
    value: str | None = None
    value_from: ValueFrom | None = None


class WholeReference(Wire, frozen=True):
    """A whole secret or config map."""

    name: str | None = None
    optional: bool | None = None


class EnvironmentFrom(Wire, frozen=True):
    """envFrom[]."""

    prefix: str | None = None
    secret_ref: WholeReference | None = None
    config_map_ref: WholeReference | None = None


class ContainerPort(Wire, frozen=True):
    """ports[] of a container."""

    container_port: int = 0
    name: str | None = None
    protocol: str | None = None


class HttpGet(Wire, frozen=True):
    """A probe by HTTP."""

    path: str | None = None
    port: int | str = 0


class Socket(Wire, frozen=True):
    """A probe by TCP, or by gRPC."""

    port: int | str = 0


class Exec(Wire, frozen=True):
    """A probe by a command."""

    command: list[str] | None = None


class Probe(Wire, frozen=True):
    """A probe."""

    http_get: HttpGet | None = None
    tcp_socket: Socket | None = None
    grpc: Socket | None = None
    exec: Exec | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    failure_threshold: int | None = None


class Resources(Wire, frozen=True):
    """resources of a container."""

    requests: dict[str, str | int] | None = None
    limits: dict[str, str | int] | None = None


class Container(Wire, frozen=True):
    """A container of a template."""

    name: str = ""
    image: str | None = None
    restart_policy: str | None = None
    ports: list[ContainerPort] | None = None
    env: list[EnvironmentVariable] | None = None
    env_from: list[EnvironmentFrom] | None = None
    resources: Resources | None = None
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    startup_probe: Probe | None = None


class KeyToPath(Wire, frozen=True):
    """A key of a volume."""

    key: str = ""


class SecretVolume(Wire, frozen=True):
    """A volume of a secret."""

    secret_name: str | None = None
    optional: bool | None = None
    items: list[KeyToPath] | None = None


class ConfigVolume(Wire, frozen=True):
    """A volume of a config map."""

    name: str | None = None
    optional: bool | None = None
    items: list[KeyToPath] | None = None


class ClaimVolume(Wire, frozen=True):
    """A volume of a persistent volume claim."""

    claim_name: str = ""


class Volume(Wire, frozen=True):
    """A volume."""

    name: str = ""
    secret: SecretVolume | None = None
    config_map: ConfigVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None


class TemplateSpec(Wire, frozen=True):
    """spec of a template."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    volumes: list[Volume] | None = None


class Template(Wire, frozen=True):
    """The pods a workload makes."""

    metadata: Metadata = Metadata()
    spec: TemplateSpec = TemplateSpec()


class Expression(Wire, frozen=True):
    """matchExpressions[]."""

    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class LabelSelector(Wire, frozen=True):
    """A selector by labels."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[Expression] | None = None


class WorkloadSpec(Wire, frozen=True):
    """spec of a deployment, stateful set, daemon set, replica set or job."""

    replicas: int | None = None
    completions: int | None = None
    suspend: bool | None = None
    paused: bool | None = None
    selector: LabelSelector | None = None
    template: Template = Template()
    progress_deadline_seconds: int | None = None
    min_ready_seconds: int | None = None


class WorkloadStatus(Wire, frozen=True):
    """status of the same."""

    observed_generation: int | None = None
    replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    update_revision: str | None = None
    current_number_scheduled: int | None = None
    desired_number_scheduled: int | None = None
    number_ready: int | None = None
    number_available: int | None = None
    active: int | None = None
    ready: int | None = None
    conditions: list[Condition] | None = None


class Workload(Wire, frozen=True):
    """A deployment, stateful set, daemon set, replica set or job."""

    metadata: WorkloadMetadata = WorkloadMetadata()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class CronStatus(Wire, frozen=True):
    """status of a cron job."""

    last_successful_time: Time = None


class CronJob(Wire, frozen=True):
    """batch/v1 CronJob."""

    metadata: Metadata = Metadata()
    status: CronStatus = CronStatus()


# Services and what leads to them.


class ServicePort(Wire, frozen=True):
    """spec.ports[] of a service."""

    port: int = 0
    target_port: int | str | None = None
    name: str | None = None
    protocol: str | None = None


class ServiceSpec(Wire, frozen=True):
    """spec of a service."""

    type: str | None = None
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None
    cluster_ip: str | None = msgspec.field(name="clusterIP", default=None)
    cluster_ips: list[str] | None = msgspec.field(name="clusterIPs", default=None)
    external_name: str | None = None
    publish_not_ready_addresses: bool | None = None


class BalancerAddress(Wire, frozen=True):
    """status.loadBalancer.ingress[]."""

    ip: str | None = None
    hostname: str | None = None


class Balancer(Wire, frozen=True):
    """status.loadBalancer."""

    ingress: list[BalancerAddress] | None = None


class BalancerStatus(Wire, frozen=True):
    """status of a service or an ingress."""

    load_balancer: Balancer = Balancer()


class Service(Wire, frozen=True):
    """v1 Service."""

    metadata: Metadata = Metadata()
    spec: ServiceSpec = ServiceSpec()
    status: BalancerStatus = BalancerStatus()


class EndpointConditions(Wire, frozen=True):
    """Whether an endpoint takes part. Without a word it is ready (discovery.k8s.io/v1)."""

    ready: bool | None = None
    terminating: bool | None = None


class TargetReference(Wire, frozen=True):
    """What is behind an endpoint, or what an event is about."""

    kind: str = ""
    name: str = ""
    namespace: str | None = None


class Endpoint(Wire, frozen=True):
    """endpoints[]."""

    addresses: list[str] | None = None
    conditions: EndpointConditions | None = None
    target_ref: TargetReference | None = None


class EndpointPort(Wire, frozen=True):
    """ports[] of a slice. `name` is that of the service's port."""

    name: str | None = None
    port: int | None = None


class Slice(Wire, frozen=True):
    """discovery.k8s.io/v1 EndpointSlice."""

    metadata: Metadata = Metadata()
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None


class BackendPort(Wire, frozen=True):
    """A service's port, by number or by name."""

    number: int | None = None
    name: str | None = None


class BackendService(Wire, frozen=True):
    """A service of an ingress."""

    name: str = ""
    port: BackendPort = BackendPort()


class Backend(Wire, frozen=True):
    """Where a path leads."""

    service: BackendService | None = None


class Path(Wire, frozen=True):
    """paths[]."""

    path: str | None = None
    path_type: str | None = None
    backend: Backend = Backend()


class HttpRule(Wire, frozen=True):
    """http of a rule."""

    paths: list[Path] | None = None


class Rule(Wire, frozen=True):
    """rules[]."""

    host: str | None = None
    http: HttpRule | None = None


class Tls(Wire, frozen=True):
    """tls[]."""

    hosts: list[str] | None = None
    secret_name: str | None = None


class IngressSpec(Wire, frozen=True):
    """spec of an ingress."""

    ingress_class_name: str | None = None
    rules: list[Rule] | None = None
    default_backend: Backend | None = None
    tls: list[Tls] | None = None


class Ingress(Wire, frozen=True):
    """networking.k8s.io/v1 Ingress."""

    metadata: Metadata = Metadata()
    spec: IngressSpec = IngressSpec()
    status: BalancerStatus = BalancerStatus()


class IngressClassSpec(Wire, frozen=True):
    """spec of a class."""

    controller: str | None = None


class IngressClass(Wire, frozen=True):
    """networking.k8s.io/v1 IngressClass."""

    metadata: Metadata = Metadata()
    spec: IngressClassSpec = IngressClassSpec()


class Block(Wire, frozen=True):
    """ipBlock of a peer."""

    cidr: str = ""
    except_: list[str] | None = msgspec.field(name="except", default=None)


class Peer(Wire, frozen=True):
    """Whom a policy lets through."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: Block | None = None


class PolicyPort(Wire, frozen=True):
    """A port a policy lets through."""

    port: int | str | None = None
    protocol: str | None = None
    end_port: int | None = None


class PolicyRule(Wire, frozen=True):
    """ingress[] and egress[] of a policy; the API calls the peers `from` in one and `to` in the other."""

    from_: list[Peer] | None = msgspec.field(name="from", default=None)
    to: list[Peer] | None = None
    ports: list[PolicyPort] | None = None


class PolicySpec(Wire, frozen=True):
    """spec of a policy."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: list[str] | None = None
    ingress: list[PolicyRule] | None = None
    egress: list[PolicyRule] | None = None


class Policy(Wire, frozen=True):
    """networking.k8s.io/v1 NetworkPolicy."""

    metadata: Metadata = Metadata()
    spec: PolicySpec = PolicySpec()


class Namespace(Wire, frozen=True):
    """v1 Namespace."""

    metadata: Metadata = Metadata()


class Secret(Wire, frozen=True):
    """v1 Secret. It lives only until its facts are taken."""

    metadata: Metadata = Metadata()
    type: str | None = None
    data: dict[str, str] | None = None


class Config(Wire, frozen=True):
    """v1 ConfigMap."""

    metadata: Metadata = Metadata()
    data: dict[str, str] | None = None
    binary_data: dict[str, str] | None = None


# Machines.


class Taint(Wire, frozen=True):
    """spec.taints[] of a node."""

    key: str = ""
    effect: str = ""
    value: str | None = None


class NodeSpec(Wire, frozen=True):
    """spec of a node."""

    taints: list[Taint] | None = None
    unschedulable: bool | None = None


class NodeInfo(Wire, frozen=True):
    """status.nodeInfo."""

    architecture: str | None = None


class NodeStatus(Wire, frozen=True):
    """status of a node."""

    conditions: list[Condition] | None = None
    allocatable: dict[str, str | int] | None = None
    node_info: NodeInfo = NodeInfo()


class Node(Wire, frozen=True):
    """v1 Node."""

    metadata: Metadata = Metadata()
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class ContainerUsage(Wire, frozen=True):
    """containers[] of pod metrics."""

    name: str = ""
    usage: dict[str, str] | None = None


class Metrics(Wire, frozen=True):
    """metrics.k8s.io/v1beta1 PodMetrics and NodeMetrics."""

    metadata: Metadata = Metadata()
    containers: list[ContainerUsage] | None = None
    usage: dict[str, str] | None = None


class QuotaStatus(Wire, frozen=True):
    """status of a quota."""

    hard: dict[str, str] | None = None
    used: dict[str, str] | None = None


class Quota(Wire, frozen=True):
    """v1 ResourceQuota."""

    metadata: Metadata = Metadata()
    status: QuotaStatus = QuotaStatus()


class ScaleTarget(Wire, frozen=True):
    """What an autoscaler scales."""

    kind: str = ""
    name: str = ""


class MetricTarget(Wire, frozen=True):
    """What an autoscaler aims at, or what it measured."""

    average_utilization: int | None = None
    average_value: str | None = None
    value: str | None = None


class ResourceMetric(Wire, frozen=True):
    """A metric of processor or memory. The spec has a target, the status what is now."""

    name: str = ""
    target: MetricTarget = MetricTarget()
    current: MetricTarget = MetricTarget()


class Metric(Wire, frozen=True):
    """metrics[] and currentMetrics[]."""

    type: str = ""
    resource: ResourceMetric | None = None


class AutoscalerSpec(Wire, frozen=True):
    """spec of an autoscaler."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    max_replicas: int = 0
    metrics: list[Metric] | None = None


class AutoscalerStatus(Wire, frozen=True):
    """status of an autoscaler."""

    current_replicas: int | None = None
    current_metrics: list[Metric] | None = None
    conditions: list[Condition] | None = None


class Autoscaler(Wire, frozen=True):
    """autoscaling/v2 HorizontalPodAutoscaler."""

    metadata: Metadata = Metadata()
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()


class BudgetSpec(Wire, frozen=True):
    """spec of a disruption budget."""

    selector: LabelSelector | None = None


class BudgetStatus(Wire, frozen=True):
    """status of a disruption budget."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0


class Budget(Wire, frozen=True):
    """policy/v1 PodDisruptionBudget."""

    metadata: Metadata = Metadata()
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class EventSource(Wire, frozen=True):
    """Who reports."""

    component: str | None = None


class EventSeries(Wire, frozen=True):
    """How often, in the newer form."""

    count: int | None = None
    last_observed_time: Time = None


class Event(Wire, frozen=True):
    """v1 Event."""

    metadata: Metadata = Metadata()
    involved_object: TargetReference = TargetReference()
    type: str | None = None
    reason: str | None = None
    message: str | None = None
    count: int | None = None
    first_timestamp: Time = None
    last_timestamp: Time = None
    event_time: Time = None
    series: EventSeries | None = None
    source: EventSource = EventSource()
    reporting_component: str | None = None


# What the server says of itself and of us.


class Version(Wire, frozen=True):
    """/version."""

    git_version: str = ""


class Status(Wire, frozen=True):
    """v1 Status: why a request was refused."""

    message: str | None = None
    reason: str | None = None
    code: int | None = None


class RuleGranted(Wire, frozen=True):
    """resourceRules[]."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None


class RulesStatus(Wire, frozen=True):
    """status of a rules review. `incomplete` says that there may be more rights than are listed."""

    incomplete: bool = False
    resource_rules: list[RuleGranted] | None = None


class RulesReview(Wire, frozen=True):
    """authorization.k8s.io/v1 SelfSubjectRulesReview."""

    status: RulesStatus = RulesStatus()

"""The living cluster: what its controllers make of what is wanted, in an instant and in real time."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.faults.model import Fault, named
from playground.world.kubernetes.clock import Clock
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.defaults import filled, job_identity
from playground.world.kubernetes.desired import Desired, merged
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.kubelets import UnreachableError
from playground.world.kubernetes.plane import condition, is_ready, leaving, name_of, seconds
from playground.world.kubernetes.store import Deletion, Frozen, draft
from playground.world.kubernetes.templates import container, pod_template, thing

SPACE, BACKEND = "volaticloud", "volaticloud-backend"
NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
REVISION = "deployment.kubernetes.io/revision"


class Ticking:
    """A real time that stands still until it is moved on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """Now."""
        return self.now

    def pass_by(self, world: World, seconds_: float) -> None:
        """Let a world live on for so long, a second at a time."""
        for _ in range(int(seconds_)):
            self.now += timedelta(seconds=1)
            world.tick()


@pytest.fixture
def real() -> Ticking:
    return Ticking()


@pytest.fixture
def world(real: Ticking) -> World:
    return World(clock=Clock(real))


def fault(name: str) -> Fault[Desired]:
    return named(KUBERNETES_FAULTS, name)


def pods(world: World, app: str = BACKEND) -> list[Frozen]:
    return [pod for pod in world.plane.listed("Pod") if (pod["metadata"].get("labels") or {}).get("app") == app]


def read(world: World, kind: str = "Deployment", space: str = SPACE, name: str = BACKEND) -> Frozen:
    found = world.plane.read(kind, space, name)
    assert found is not None
    return found


def image(world: World, tag: str) -> None:
    change = {"image": f"ghcr.io/volaticloud/volaticloud:{tag}"}
    world.plane.write(read(world), lambda one: one["spec"]["template"]["spec"]["containers"][0].update(change))


def scaled(world: World, replicas: int, name: str = "volaticloud-dashboard") -> None:
    world.plane.write(read(world, name=name), lambda one: one["spec"].update(replicas=replicas))


def revisions(world: World) -> dict[str, int]:
    """The backend's revisions, and how many pods each is to have."""
    owned = world.plane.owned("ReplicaSet", read(world))
    return {one["metadata"]["annotations"][REVISION]: one["spec"]["replicas"] for one in owned}


# Time


def test_it_is_as_old_as_a_platform(world: World) -> None:
    """Was installed days ago, and is at the present: nothing lies in the future, and reports are fresh."""
    ages = [NOW.timestamp() - seconds(pod["metadata"]["creationTimestamp"]) for pod in world.plane.listed("Pod")]
    assert all(4.9 * 86_400 < age <= 5 * 86_400 for age in ages)
    assert world.clock.now() == NOW
    for node in world.plane.listed("Node"):
        beats = [NOW.timestamp() - seconds(one["lastHeartbeatTime"]) for one in node["status"]["conditions"]]
        assert all(0 <= beat < 60 for beat in beats)


def times(value: Any) -> list[float]:
    """Every time in some objects, in seconds since 1970."""
    if isinstance(value, Mapping):
        return [at for one in value.values() for at in times(one)]
    if isinstance(value, list | tuple):
        return [at for one in value for at in times(one)]
    if isinstance(value, str) and len(value) in {20, 27} and value[4:5] == "-" and value.endswith("Z"):
        return [seconds(value)]
    return []


@pytest.mark.parametrize("name", ["database-refused", "node-not-ready", "liveness-failing", "rollout-past-deadline"])
def test_a_fault_lies_in_the_past(world: World, name: str) -> None:
    """Has a fault come a quarter of an hour ago: nothing is in the future, and what was there is older by that."""
    before = {one["metadata"]["uid"]: one["metadata"]["creationTimestamp"] for one in world.plane.listed("Service")}
    world.switch_on(fault(name))
    assert world.clock.now() == NOW
    kinds = ("Pod", "Deployment", "ReplicaSet", "Event", "HorizontalPodAutoscaler", "EndpointSlice")
    late = [at for kind in kinds for one in world.plane.listed(kind) for at in times({**one, "metadata": {}})]
    assert max(late) <= NOW.timestamp()
    for one in world.plane.listed("Service"):
        assert seconds(before[one["metadata"]["uid"]]) - seconds(one["metadata"]["creationTimestamp"]) == 900
    stamps = [line.at for pod in pods(world) for line in world_log(world, pod)]
    assert all(at <= NOW for at in stamps)


def world_log(world: World, pod: Frozen) -> list[Any]:
    try:
        return list(world.kubelets.log(pod, "volaticloud", previous=False))
    except UnreachableError:
        return []


def test_what_a_log_says_is_when_it_was(world: World) -> None:
    """Stamps every line of a backend's log with the time at which it was logged, also after the past was moved back."""
    world.settle(1234)
    (line, *_) = world.kubelets.log(pods(world)[0], "volaticloud", previous=False)
    assert line.text.startswith(f"{line.at:%Y/%m/%d %H:%M:%S} ")


def test_the_same_seed_gives_the_same_world() -> None:
    """Names everything alike for the same seed."""
    one, other, third = (World(seed=seed, clock=Clock(Ticking())) for seed in (7, 7, 8))
    names = [[name_of(pod) for pod in world.plane.listed("Pod")] for world in (one, other, third)]
    assert names[0] == names[1] != names[2]


def test_secrets_are_made_anew(world: World) -> None:
    """Holds other secret values in every world."""
    other = World(clock=Clock(Ticking()))
    data = [read(one, "Secret", name="volaticloud-db-secret")["data"]["password"] for one in (world, other)]
    assert data[0] != data[1]


# Deployments


def test_a_release_is_rolled_out(world: World, real: Ticking) -> None:
    """Rolls a release out one pod at a time, never with fewer than wanted, and keeps the old revision."""
    image(world, "2.14.1")
    least = 9
    for _ in range(60):
        real.pass_by(world, 1)
        least = min(least, sum(is_ready(pod) and not leaving(pod) for pod in pods(world)))
    assert least == 2
    assert revisions(world) == {"1": 0, "2": 2}
    told = read(world)
    assert told["metadata"]["annotations"][REVISION] == "2"
    assert condition(told, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert told["status"]["observedGeneration"] == told["metadata"]["generation"]
    assert {pod["spec"]["containers"][0]["image"][-6:] for pod in pods(world)} == {"2.14.1"}


def test_going_back_is_a_new_revision(world: World, real: Ticking) -> None:
    """Takes the old replica set again when its template is wanted again, as the latest revision."""
    image(world, "2.14.1")
    real.pass_by(world, 40)
    image(world, "2.14.0")
    real.pass_by(world, 40)
    assert revisions(world) == {"2": 0, "3": 2}


def test_a_rollback_mends_a_broken_release(world: World, real: Ticking) -> None:
    """Is well again when a broken release is taken back, whoever does it."""
    world.switch_on(fault("readiness-failing"))
    before = world.plane.owned("ReplicaSet", read(world))[0]["spec"]["template"]
    template = draft(before)
    template["metadata"]["labels"].pop("pod-template-hash")
    world.plane.write(read(world), lambda one: one["spec"].update(template=template))
    real.pass_by(world, 40)
    assert read(world)["status"]["availableReplicas"] == 2
    assert len(pods(world)) == 2


def test_a_paused_deployment_waits(world: World, real: Ticking) -> None:
    """Rolls nothing out while paused, and says so."""
    world.plane.write(read(world), lambda one: one["spec"].update(paused=True))
    image(world, "2.14.1")
    real.pass_by(world, 30)
    assert revisions(world) == {"1": 2}
    assert condition(read(world), "Progressing")["reason"] == "DeploymentPaused"


def test_scaling(world: World, real: Ticking) -> None:
    """Follows a new number of replicas, up and down to none."""
    scaled(world, 4)
    real.pass_by(world, 20)
    assert read(world, name="volaticloud-dashboard")["status"]["readyReplicas"] == 4
    scaled(world, 0)
    real.pass_by(world, 20)
    assert pods(world, "volaticloud-dashboard") == []
    told = read(world, name="volaticloud-dashboard")["status"]
    assert "replicas" not in told
    assert condition({"status": told}, "Available")["status"] == "True"


def test_recreate(world: World, real: Ticking) -> None:
    """Ends all pods before it makes new ones where the strategy says so."""
    world.plane.write(read(world), lambda one: one["spec"].update(strategy={"type": "Recreate"}))
    image(world, "2.14.1")
    images = set()
    for _ in range(40):
        real.pass_by(world, 1)
        images.add(frozenset(pod["spec"]["containers"][0]["image"] for pod in pods(world)))
    assert all(len(found) <= 1 for found in images)
    assert revisions(world) == {"1": 0, "2": 2}


def test_a_deleted_pod_is_replaced(world: World, real: Ticking) -> None:
    """Replaces a pod at once, and ends the old one in its own time."""
    gone = pods(world)[0]
    world.store.delete(kind_named("Pod"), SPACE, name_of(gone))
    world.tick()
    assert len(pods(world)) == 3
    assert [name_of(pod) for pod in pods(world) if leaving(pod)] == [name_of(gone)]
    real.pass_by(world, 15)
    assert sum(map(is_ready, pods(world))) == 2
    assert name_of(gone) not in [name_of(pod) for pod in pods(world)]


def test_a_deployment_takes_its_parts_along(world: World, real: Ticking) -> None:
    """Collects replica sets and pods when a deployment is deleted, in the background or before it."""
    world.store.delete(kind_named("Deployment"), SPACE, BACKEND)
    how = Deletion(propagation="Foreground")
    world.store.delete(kind_named("Deployment"), SPACE, "volaticloud-dashboard", how)
    world.tick()
    assert world.plane.read("Deployment", SPACE, "volaticloud-dashboard") is not None
    real.pass_by(world, 10)
    assert world.plane.read("Deployment", SPACE, "volaticloud-dashboard") is None
    assert world.plane.listed("ReplicaSet", SPACE) == ()
    assert world.plane.listed("Pod", SPACE) == ()


# Other controllers


def test_a_stateful_set_restarts_from_the_end(world: World, real: Ticking) -> None:
    """Replaces the pods of a stateful set from the last to the first, one at a time, under their old names."""
    keycloak = read(world, "StatefulSet", "keycloak", "volaticloud-keycloak")
    note = {"kubectl.kubernetes.io/restartedAt": "2026-11-25T12:00:00Z"}
    world.plane.write(keycloak, lambda one: one["spec"]["template"]["metadata"].update(annotations=note))
    ready = set()
    for _ in range(120):
        real.pass_by(world, 1)
        ready.add(sum(is_ready(pod) for pod in pods(world, "volaticloud-keycloak")))
    assert ready == {1, 2}
    told = read(world, "StatefulSet", "keycloak", "volaticloud-keycloak")["status"]
    assert told["currentRevision"] == told["updateRevision"]
    assert [name_of(pod)[-1] for pod in pods(world, "volaticloud-keycloak")] == ["0", "1"]


def run_job(world: World, **spec: Any) -> Frozen:
    """A job that pulls and runs the backup once."""
    main = container("backup", "ghcr.io/volaticloud/backup:1.4.0")
    template = pod_template({"app": "backup"}, [main], restartPolicy="Never")
    job = thing("Job", SPACE, "backup", spec={"template": template, **spec})
    made: Thing = draft(world.store.create(kind_named("Job"), filled(kind_named("Job"), job)))
    job_identity(made)
    return world.store.replace(kind_named("Job"), made)


def test_a_job_ends(world: World, real: Ticking) -> None:
    """Runs a job to its end, keeps what it logged, and deletes it when its time is over."""
    run_job(world, ttlSecondsAfterFinished=60)
    real.pass_by(world, 30)
    (pod,) = pods(world, "backup")
    assert pod["status"]["phase"] == "Succeeded"
    assert condition(read(world, "Job", name="backup"), "Complete")["status"] == "True"
    assert [line.text for line in world.kubelets.log(pod, "backup", previous=False)] == ["backup finished: 214 MB"]
    real.pass_by(world, 60)
    assert world.plane.read("Job", SPACE, "backup") is None
    assert pods(world, "backup") == []


def test_a_job_gives_up(world: World, real: Ticking) -> None:
    """Gives a job up after as many failures as it may have."""
    world.plane.machine = replace(world.plane.machine, releases={"1.4.0": "panicking"})
    run_job(world, backoffLimit=1)
    real.pass_by(world, 60)
    assert [pod["status"]["phase"] for pod in pods(world, "backup")] == ["Failed", "Failed"]
    assert condition(read(world, "Job", name="backup"), "Failed")["reason"] == "BackoffLimitExceeded"


def scaler(world: World) -> Frozen:
    return read(world, "HorizontalPodAutoscaler")


def test_the_autoscaler_follows_the_load(world: World, real: Ticking) -> None:
    """Adds pods under load up to the most it may, and takes them away again after five calm minutes."""
    world.plane.machine = replace(world.plane.machine, load=3.0)
    image(world, "2.14.1")  # programs take the load as it is when they start
    real.pass_by(world, 300)
    assert read(world)["spec"]["replicas"] == 10
    assert condition(scaler(world), "ScalingLimited")["reason"] == "TooManyReplicas"
    assert condition(scaler(world), "ScalingActive")["reason"] == "ValidMetricFound"
    world.plane.machine = replace(world.plane.machine, load=0.2)
    image(world, "2.14.2")
    real.pass_by(world, 200)
    assert read(world)["spec"]["replicas"] == 10
    real.pass_by(world, 400)
    assert read(world)["spec"]["replicas"] == 3  # memory: 73 % of the target of three is more than two can bear


def test_the_autoscaler_without_metrics(world: World, real: Ticking) -> None:
    """Says in a real controller's words that there are no metrics, and changes nothing."""
    world.plane.machine = replace(world.plane.machine, metrics=False)
    real.pass_by(world, 20)
    told = condition(scaler(world), "ScalingActive")
    assert (told["status"], told["reason"]) == ("False", "FailedGetResourceMetric")
    assert told["message"] == (
        "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for "
        "resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested "
        "resource (get pods.metrics.k8s.io)"
    )
    assert read(world)["spec"]["replicas"] == 2


def test_the_budget_counts(world: World, real: Ticking) -> None:
    """Allows a disruption while both pods are well, and none while only one is."""
    assert read(world, "PodDisruptionBudget")["status"]["disruptionsAllowed"] == 1
    world.store.delete(kind_named("Pod"), SPACE, name_of(pods(world)[0]))
    real.pass_by(world, 2)
    told = read(world, "PodDisruptionBudget")["status"]
    assert (told["disruptionsAllowed"], told["currentHealthy"], told["desiredHealthy"]) == (0, 1, 1)


def test_a_namespace_ends(world: World, real: Ticking) -> None:
    """Deletes what is in a namespace before the namespace."""
    world.store.delete(kind_named("Namespace"), "", "monitoring")
    real.pass_by(world, 10)
    assert world.plane.read("Namespace", "", "monitoring") is None
    assert world.plane.listed("Pod", "monitoring") == ()


def test_a_node_comes_back(world: World) -> None:
    """Takes the pods of a lost node down when it answers again, and lets new ones onto it."""
    world.switch_on(fault("node-not-ready"))
    world.switch_off(fault("node-not-ready"))
    node = read(world, "Node", "", "vke-node-1")
    assert condition(node, "Ready")["status"] == "True"
    assert "taints" not in node["spec"]
    assert not any(leaving(pod) for pod in world.plane.listed("Pod"))


# What others change


def test_what_others_changed_stays(world: World, real: Ticking) -> None:
    """Leaves alone what somebody changed when a fault that has nothing to do with it comes and goes."""
    scaled(world, 3)
    real.pass_by(world, 15)
    world.switch_on(fault("service-selector-wrong"))
    world.switch_off(fault("service-selector-wrong"))
    assert read(world, name="volaticloud-dashboard")["spec"]["replicas"] == 3


def test_healing_brings_everything_back(world: World) -> None:
    """Brings back on healing also what somebody else changed or deleted."""
    scaled(world, 1)
    world.store.delete(kind_named("Service"), SPACE, BACKEND)
    world.heal()
    assert read(world, name="volaticloud-dashboard")["status"]["readyReplicas"] == 2
    assert read(world, "Service")["spec"]["selector"] == {"app": BACKEND}


def test_merging() -> None:
    """Takes over what is wanted otherwise than before, and keeps the rest."""
    live = {"a": 1, "b": {"x": 1, "y": 2}, "gone": 1, "theirs": 9}
    before = {"a": 1, "b": {"x": 1}, "gone": 1}
    assert merged(live, before, {"a": 1, "b": {"x": 5}}) == {"a": 1, "b": {"x": 5, "y": 2}, "theirs": 9}


async def test_it_lives_in_real_time() -> None:
    """Answers a write at once while it runs."""
    world = World()
    life = asyncio.create_task(world.run())
    try:
        world.store.delete(kind_named("Pod"), SPACE, name_of(pods(world)[0]))
        async with asyncio.timeout(5):
            while len(pods(world)) < 3:
                await world.store.changed(int(world.store.version))
    finally:
        life.cancel()
    assert sum(leaving(pod) for pod in pods(world)) == 1


ODD: tuple[tuple[str, str, Thing], ...] = (
    ("Node", "", {}),
    ("Service", SPACE, {"spec": {"type": "ExternalName", "externalName": "example.com"}}),
    ("Service", SPACE, {"spec": {"selector": {"app": "nobody"}}}),
    ("Service", SPACE, {"spec": {"ports": [{"port": 80}]}}),
    ("Ingress", SPACE, {"spec": {"ingressClassName": "nginx"}}),
    (
        "Ingress",
        SPACE,
        {"spec": {"ingressClassName": "nginx", "rules": [{"http": {"paths": []}}, {"host": "a.example"}]}},
    ),
    (
        "Ingress",
        SPACE,
        {
            "spec": {
                "ingressClassName": "nginx",
                "tls": [{}, {"hosts": ["a.example"], "secretName": "odd"}],
                "rules": [{"http": {"paths": [{"pathType": "Prefix", "backend": {"resource": {"kind": "Thing"}}}]}}],
            }
        },
    ),
    ("Secret", SPACE, {"data": {"tls.crt": "bm8gY2VydGlmaWNhdGU="}}),
    ("Pod", SPACE, {"spec": {"containers": [{"name": "main", "image": "nobody/knows"}]}}),
    ("Pod", SPACE, {"spec": {"containers": [{"name": "main", "image": "a@sha256:0"}], "nodeName": "nowhere"}}),
    (
        "Pod",
        SPACE,
        {"spec": {"containers": [{"name": "main", "image": "a:1", "env": [{"name": "A", "valueFrom": {}}]}]}},
    ),
    (
        "ReplicaSet",
        SPACE,
        {"spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {"spec": {"containers": []}}}},
    ),
    (
        "HorizontalPodAutoscaler",
        SPACE,
        {
            "spec": {
                "maxReplicas": 2,
                "scaleTargetRef": {"kind": "Deployment", "name": BACKEND},
                "metrics": [{"type": "Pods"}],
            }
        },
    ),
    (
        "HorizontalPodAutoscaler",
        SPACE,
        {"spec": {"maxReplicas": 2, "scaleTargetRef": {"kind": "Nothing", "name": "x"}}},
    ),
    ("PodDisruptionBudget", SPACE, {"spec": {}}),
    ("PodDisruptionBudget", SPACE, {"spec": {"maxUnavailable": "30%", "selector": {}}}),
    ("ResourceQuota", SPACE, {"spec": {}}),
    ("ResourceQuota", SPACE, {"spec": {"hard": {"count/secrets": "9"}}}),
    ("NetworkPolicy", SPACE, {"spec": {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "fd00::/8"}}]}]}}),
    (
        "Job",
        SPACE,
        {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b:1"}]}}}},
    ),
    ("ConfigMap", SPACE, {}),
)


def test_it_lives_on_whatever_is_created(world: World, real: Ticking) -> None:
    """Lives on whatever somebody creates: things half filled in, of unknown kinds, leading nowhere."""
    for number, (kind, space, parts) in enumerate(ODD):
        about = {"name": f"odd-{number}" if kind != "Secret" else "odd", **({"namespace": space} if space else {})}
        world.store.create(kind_named(kind), filled(kind_named(kind), {"metadata": about, **parts}))
        world.tick()
    real.pass_by(world, 40)
    image(world, "2.14.1")
    real.pass_by(world, 40)
    assert read(world)["status"]["updatedReplicas"] == 2
    assert "odd-0" in [name_of(one) for one in world.plane.listed("Node")]

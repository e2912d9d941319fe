"""Platforms that are well and look it only on a second look: other names, counts and ages, and life going on.

A rolling update under way, a pod that is being ended, a job that has done its work, one that needed a second try, a
deployment that was scaled to zero on purpose, a restart some days ago, a node that is being drained.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from playground.world.certificates import Authority
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.defaults import filled, job_identity
from playground.world.kubernetes.desired import Desired
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.plane import name_of
from playground.world.kubernetes.store import draft
from playground.world.kubernetes.templates import container, deployment, ingress, pod_template, probe, service, thing
from playground.world.kubernetes.volaticloud import BACKEND, DASHBOARD, IMAGE, SPACE, Secrets

_SPACES = ("staging", "research", "tools", "billing", "notebooks")
_APPS = ("reports", "webhook", "mailer", "exporter", "gateway", "landing", "worker")
_IMAGE = "ghcr.io/volaticloud/{}:1.{}.0"
_DAY_S = 86_400.0


def variant(seed: int, values: Secrets | None = None, authority: Authority | None = None) -> World:
    """A healthy platform that looks like no other; always the same for the same seed, but for its times and secrets."""
    dice = random.Random(seed)  # noqa: S311 a play
    world = World(values, seed=seed, authority=authority)
    world.install(_wanted(world.desired, dice))
    for story in dice.sample(_STORIES, k=dice.randint(1, 4)):
        story(world, dice)
    last = dice.choice(_LAST)
    if last:
        last(world, dice)
    return world


# What is installed


def _wanted(base: Desired, dice: random.Random) -> Desired:
    extra = [part for space in dice.sample(_SPACES, k=dice.randint(0, 3)) for part in _space(space, dice)]
    machine = replace(base.machine, load=dice.uniform(0.05, 0.6))
    wanted = replace(base, manifests=(*base.manifests, *extra), machine=machine)
    replicas = dice.randint(2, 4)
    return wanted.changed(("Deployment", SPACE, DASHBOARD), lambda one: one["spec"].update(replicas=replicas))


def _space(name: str, dice: random.Random) -> list[Thing]:
    found = [thing("Namespace", "", name)]
    for number, app in enumerate(dice.sample(_APPS, k=dice.randint(1, 3))):
        found += _app(name, app, dice)
        if number == 0 and dice.random() < 0.5:  # noqa: PLR2004 half of them
            host = f"{app}.{name}.volaticloud.com"
            found[-2]["spec"]["replicas"] = max(1, found[-2]["spec"]["replicas"])
            found.append(_plain(ingress(name, app, host, (app, 80), secret="unused")))  # noqa: S106 taken away again
    return found


def _app(space: str, app: str, dice: random.Random) -> list[Thing]:
    main = container(
        app,
        _IMAGE.format(app, dice.randint(0, 9)),
        ports={"http": 8080},
        asks=("20m", "48Mi"),
        readinessProbe=probe("/", "http", after_s=dice.randint(1, 6)),
    )
    idle = dice.random() < 0.25  # noqa: PLR2004 a quarter of them sleep
    about = {"annotations": {"volaticloud.com/scaled-down": "on purpose, until it is needed again"}} if idle else {}
    replicas = 0 if idle else dice.randint(1, 3)
    address = f"10.96.{dice.randint(100, 200)}.{dice.randint(2, 250)}"
    return [
        deployment(space, app, pod_template({"app": app}, [main]), replicas=replicas, **about),
        service(space, app, app, {"http": (80, "http")}, address=address),
    ]


def _plain(one: Thing) -> Thing:
    del one["spec"]["tls"]
    return one


# What has happened


def _restart_long_ago(world: World, dice: random.Random) -> None:
    pods = world.plane.listed("Pod", SPACE)
    pod = name_of(dice.choice(pods))
    world.happen(dice.uniform(1, 4) * _DAY_S, lambda: world.kubelets.crash(SPACE, pod))


def _job_done(world: World, dice: random.Random) -> None:
    world.happen(dice.uniform(1, 20) * 3600, lambda: _create_job(world, f"backup-{dice.randint(100, 999)}"))


def _job_with_second_try(world: World, dice: random.Random) -> None:
    """The first pod of a scheduled job failed; the second did the work."""

    def deed() -> None:
        well = world.plane.machine
        world.plane.machine = replace(well, releases={**well.releases, "1.4.0": "panicking"})
        _create_job(world, f"backup-{29_000_000 + dice.randint(1, 999_999)}")
        world.pass_by(8)
        world.plane.machine = well

    world.happen(dice.uniform(1, 20) * 3600, deed)


def _create_job(world: World, name: str) -> None:
    main = container("backup", "ghcr.io/volaticloud/backup:1.4.0")
    job = thing("Job", SPACE, name, spec={"template": pod_template({"app": "backup"}, [main], restartPolicy="Never")})
    made = draft(world.store.create(kind_named("Job"), filled(kind_named("Job"), job)))
    job_identity(made)
    world.store.replace(kind_named("Job"), made)


def _drained(world: World, dice: random.Random) -> None:
    """A node was taken out of service for maintenance: its pods have moved, and no new ones come."""
    node = dice.choice(world.plane.listed("Node"))
    pods = [pod for pod in world.plane.listed("Pod", SPACE) if pod["spec"].get("nodeName") == name_of(node)]

    def deed() -> None:
        fresh = world.plane.read("Node", "", name_of(node)) or node
        world.plane.write(fresh, lambda one: one["spec"].update(unschedulable=True))
        for pod in pods[:1]:
            world.store.delete(kind_named("Pod"), SPACE, name_of(pod))

    world.happen(dice.uniform(600, 7200), deed)


def _released(world: World, dice: random.Random) -> None:
    """A release was rolled out some time ago."""
    release = f"2.14.{dice.randint(1, 9)}"
    world.happen(dice.uniform(0.5, 30) * 3600, lambda: _set_image(world, BACKEND, f"{IMAGE}:{release}"))


_STORIES = (_restart_long_ago, _job_done, _job_with_second_try, _drained, _released)

# What is going on just now


def _rolling(world: World, dice: random.Random) -> None:
    """A rolling update is under way."""
    name = dice.choice((BACKEND, DASHBOARD))
    image = (
        f"{IMAGE}:2.15.{dice.randint(0, 9)}"
        if name == BACKEND
        else f"ghcr.io/volaticloud/dashboard:2.15.{dice.randint(0, 9)}"
    )
    world.happen(dice.uniform(1, 12), lambda: _set_image(world, name, image))


def _ending(world: World, dice: random.Random) -> None:
    """Somebody has deleted a pod of Keycloak a moment ago."""
    pod = f"volaticloud-keycloak-{dice.randint(0, 1)}"
    world.happen(0.5, lambda: _delete_pod(world, "keycloak", pod))


def _scaling(world: World, dice: random.Random) -> None:
    """Somebody scales the dashboard up."""

    def deed() -> None:
        found = world.plane.read("Deployment", SPACE, DASHBOARD)
        if found is not None:
            world.plane.write(found, lambda one: one["spec"].update(replicas=found["spec"]["replicas"] + 1))

    world.happen(dice.uniform(1, 4), deed)


_LAST: tuple[Callable[[World, random.Random], None] | None, ...] = (None, _rolling, _ending, _scaling)


def _delete_pod(world: World, namespace: str, name: str) -> None:
    world.store.delete(kind_named("Pod"), namespace, name)


def _set_image(world: World, name: str, image: str) -> None:
    found = world.plane.read("Deployment", SPACE, name)
    if found is not None:
        world.plane.write(found, lambda one: one["spec"]["template"]["spec"]["containers"][0].update(image=image))

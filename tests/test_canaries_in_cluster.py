"""Tests that no secret of the cluster comes out: planted in secrets, config maps, environment, logs and events."""

import asyncio
import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from bot.catalogue import load_catalogue
from bot.clock import SystemClock
from bot.platform.environment import Platform, fingerprints
from bot.runs.examiner import Examiner, Frame, Order
from bot.runs.terminal import report
from bot.settings import EnvironmentSettings
from bot.slack.views.verdict import Frame as ViewFrame
from bot.slack.views.verdict import verdict, whole
from diagnostics.model import Verdict
from diagnostics.observe import Deadlines
from diagnostics.redaction import Redactor
from diagnostics.runs import Run
from diagnostics.signatures import Catalogue
from playground.world.certificates import Authority
from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.faults.model import named
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.kubelets import Kubelets, Line
from playground.world.kubernetes.store import Store, draft
from playground.world.kubernetes.volaticloud import SPACE, Secrets
from playground.world.surroundings import ClusterAndSurroundings
from tests.canaries import spellings

#: Made up, and without the look of a secret: nothing but having read them tells that they are to be masked.
DATABASE, CLIENT = "orange-turtle-under-bridge", "blue-elephant-in-paris"
#: Recognised by what stands beside them.
PLAIN_VARIABLE, IN_CONFIG, IN_EVENT, IN_LOG = "Pl4inEnv-9xQ", "C0nfigMap-7wE", "3vent-5rT-8yU", "L0gLine-2iO-4pA"
CANARIES = (DATABASE, CLIENT, PLAIN_VARIABLE, IN_CONFIG, IN_EVENT, IN_LOG)


@cache
def known_errors() -> Catalogue:
    return load_catalogue()


def written(secret: str) -> Iterator[str]:
    """A secret in the spellings in which programs write it."""
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)
    yield secret.encode().hex()
    for text in (secret, f"volaticloud:{secret}", f"x:{secret}"):
        yield base64.b64encode(text.encode()).decode()
        yield base64.urlsafe_b64encode(text.encode()).decode()


@dataclass
class Gossips:
    """Kubelets whose containers log what they should not: every secret they know, in every spelling."""

    inner: Kubelets

    def log(self, pod: Thing, container: str, *, previous: bool) -> Sequence[Line]:
        """The container's log, and gossip after each line."""
        lines = list(self.inner.log(pod, container, previous=previous))
        now = lines[-1].at if lines else datetime.now(UTC)
        told = [spelt for secret in (DATABASE, CLIENT) for spelt in written(secret)]
        gossip = [f"error: tried {told}", f"level=error password={IN_LOG}", f"postgres://u:{IN_LOG}@db/x failed"]
        return [*lines, *(Line(now, text) for text in gossip)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def plant(store: Store) -> None:
    """Put canaries wherever people put secrets."""

    def change(kind: str, name: str, **parts: Any) -> None:
        before = store.read(kind_named(kind), SPACE, name)
        assert before is not None
        store.replace(kind_named(kind), {**draft(before), **parts})

    def encoded(**values: str) -> dict[str, str]:
        return {name.replace("_", "-"): base64.b64encode(value.encode()).decode() for name, value in values.items()}

    secret = store.read(kind_named("Secret"), SPACE, "volaticloud-db-secret")
    assert secret is not None
    change("Secret", "volaticloud-db-secret", data={**secret["data"], **encoded(password=DATABASE)})
    change("Secret", "keycloak-client-secret", data=encoded(client_secret=CLIENT))
    change("ConfigMap", "volaticloud-backend-config", data={"VOLATICLOUD_LOG_LEVEL": "info", "SMTP": IN_CONFIG})
    deployment = draft(store.read(kind_named("Deployment"), SPACE, "volaticloud-dashboard") or {})
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "SMTP_PASSWORD", "value": PLAIN_VARIABLE}]
    container["livenessProbe"] = {"exec": {"command": ["/bin/check", f"--password={PLAIN_VARIABLE}"]}}
    store.replace(kind_named("Deployment"), deployment)
    said = f"Hook failed: psql postgres://app:{IN_EVENT}@db:5432/x; the password {DATABASE} was refused; {CLIENT}"
    event = {
        "metadata": {"name": "volaticloud-backend.canary", "namespace": SPACE},
        "involvedObject": {"kind": "Deployment", "namespace": SPACE, "name": "volaticloud-backend"},
        "reason": "FailedHook",
        "message": said,
        "type": "Warning",
        "lastTimestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    store.create(kind_named("Event"), event)


def gossiping(values: Secrets | None, authority: Authority | None) -> World:
    """The platform as it is, of which the containers gossip."""
    world = World(values, authority=authority)
    world.kubelets = Gossips(world.kubelets)  # type: ignore[assignment] # it is asked for logs and usage only
    return world


async def examined() -> list[tuple[Run, str]]:
    found = []
    async with ClusterAndSurroundings("s3cr3t", gossiping) as around:
        around.cluster.switch_on(named(KUBERNETES_FAULTS, "crash-loop-unknown"))
        plant(around.cluster.world.store)
        settings = EnvironmentSettings.model_validate({"kubernetes": around.environment()})
        platform = Platform("playground", settings, fingerprints(b"key"))
        frame = Frame(SystemClock(), Redactor(), Deadlines(15.0, 40.0), "from the test", known_errors)
        for area in ("server", "network"):
            with capture_logs() as logs:
                run = await Examiner({"playground": platform}, frame, None).examine(Order(area, "playground"))
            found.append((run, repr(logs)))
    return found


@pytest.fixture(scope="module")
def runs() -> list[tuple[Run, str]]:
    """Both areas of a cluster full of canaries, with everything the bot logged meanwhile."""
    return asyncio.run(examined())


def assert_clean(text: str, where: str) -> None:
    for canary in CANARIES:
        for spelt in spellings(canary):
            assert spelt.lower() not in text.lower(), f"{canary!r} came out of {where}, spelt {spelt!r}"


def test_the_log_was_read(runs: list[tuple[Run, str]]) -> None:
    """Reads the log with the gossip, so that there is something to be kept back."""
    server = runs[0][0]
    assert server.diagnosis.verdict is Verdict.DOWN
    assert b"masked" in server.encode()
    assert b"level=error" in server.encode()
    assert b"FailedHook" in server.encode()


def test_saved_runs(runs: list[tuple[Run, str]]) -> None:
    """Keeps every canary out of what is saved."""
    for run, _ in runs:
        assert_clean(run.encode().decode(), f"the saved run of {run.diagnosis.area}")


def test_messages_and_terminal(runs: list[tuple[Run, str]]) -> None:
    """Keeps every canary out of Slack's messages and files, and off the terminal."""
    for run, _ in runs:
        attached = whole(run, ViewFrame())
        shown = (repr(verdict(run, ViewFrame())), repr(attached), report(run.diagnosis, run.id))
        for text in shown:
            assert_clean(text, f"the answer about {run.diagnosis.area}")


def test_the_bots_own_log(runs: list[tuple[Run, str]]) -> None:
    """Keeps every canary out of the bot's own log."""
    for run, logged in runs:
        assert_clean(logged, f"the log of {run.diagnosis.area}")


def test_replayed(runs: list[tuple[Run, str]]) -> None:
    """Judges what was masked as it was judged."""
    for run, _ in runs:
        assert Run.decode(run.encode()).replayed() == run.diagnosis

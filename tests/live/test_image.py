"""The image as a real daemon builds it from the Dockerfile, and the bot in it under the pod's constraints."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml

from tests.deploy.manifests import ROOT
from tests.live.docker_daemon import Daemon, NoDaemon, running
from tests.live.image_base import packed, wheelhouse

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]  # seconds: some 60 wheels, on two cores that others use too
BASE, IMAGE = "volati-base:1", "volati:live"
CALL_S = 900.0
UP_S = 60.0
STOP_S = 25
#: As the deployment in deploy/base has it.
CONSTRAINTS = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "network_mode": "none",
    "tmpfs": {"/tmp": "size=64m,mode=1777"},  # noqa: S108 in the container
}


class Images:
    """A daemon that built the image."""

    def __init__(self, api: Any, steps: str) -> None:
        self.api = api
        self.steps = steps

    @contextmanager
    def container(self, command: list[str], **more: Any) -> Iterator[str]:
        """A container under the pod's constraints, gone afterwards."""
        host = self.api.create_host_config(**CONSTRAINTS, **more.pop("host", {}))
        made = self.api.create_container(IMAGE, command=command, host_config=host, **more)["Id"]
        try:
            self.api.start(made)
            yield made
        finally:
            self.api.remove_container(made, force=True, v=True)

    def said(self, command: list[str], **more: Any) -> tuple[int, str]:
        """What a command in the container answers, and its exit code."""
        with self.container(command, **more) as made:
            code = self.api.wait(made, timeout=UP_S)["StatusCode"]
            return code, self.api.logs(made).decode()


def _daemon(stack: ExitStack) -> Daemon:
    """A daemon that keeps layers as the kernel can, or else as copies."""
    try:
        return stack.enter_context(running("overlay2"))
    except NoDaemon:
        return stack.enter_context(running())


@pytest.fixture(scope="module")
def images(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """The image, built by the Dockerfile's own steps on a base made of this machine's files, without a network."""
    try:
        with ExitStack() as stack:
            daemon = _daemon(stack)
            api = docker.APIClient(base_url=daemon.host, timeout=CALL_S)
            base = packed(wheelhouse(tmp_path_factory.mktemp("wheels")))
            repository, _, tag = BASE.partition(":")
            api.import_image_from_data(base, repository=repository, tag=tag)
            yield Images(api, _built(api))
            api.close()
    except NoDaemon as missing:
        if pytestconfig.getoption("require_live"):
            raise
        pytest.skip(str(missing))


def _built(api: Any) -> str:
    said: list[str] = []
    options = {"buildargs": {"BASE": BASE}, "network_mode": "none", "rm": True, "decode": True}
    for line in api.build(path=str(ROOT), tag=IMAGE, **options):
        assert "error" not in line, f"{''.join(said)[-3000:]}\n{line}"
        said.append(line.get("stream", ""))
    return "".join(said)


def test_every_step_is_carried_out(images: Images) -> None:
    """It builds by each step of the Dockerfile, and says at the end that it did."""
    assert "Successfully built" in images.steps
    assert "--require-hashes" in images.steps


def test_the_image_says_how_it_is_run(images: Images) -> None:
    """It runs as user 10001, says how its health is asked for, and ends on SIGTERM."""
    told = images.api.inspect_image(IMAGE)["Config"]
    assert (told["User"], told["StopSignal"], told["Entrypoint"]) == ("10001", "SIGTERM", ["volati"])
    assert told["Cmd"] == ["serve", "--config", "/etc/volati/volati.yaml"]
    assert "/healthz" in told["Healthcheck"]["Test"][-1]
    assert told["Volumes"] == {"/var/lib/volati": {}}


def test_nothing_of_the_building_is_left(images: Images) -> None:
    """It has no sources, no wheels, no installer and no compiler beside the bot, and no test."""
    script = """
    for name in cc gcc g++ make ld; do command -v $name && exit 1; done
    for place in /src /wheels /build /opt/volati/bin/pip /opt/volati/lib/python3*/site-packages/pip; do
      [ -e $place ] && echo $place && exit 1
    done
    find / -xdev -name 'test_house*' 2>/dev/null | grep . && exit 1
    id -u
    """
    assert images.said(["-c", script], entrypoint="sh") == (0, "10001\n")


def test_it_answers(images: Images) -> None:
    """It runs the command line in there, with the packaged files: the checks, the catalogue of known errors."""
    code, said = images.said(["checks", "--json"])
    assert code == 0
    assert len(json.loads(said)) > 100
    code, said = images.said(["catalogue", "check"])
    assert (code, "entries hold" in said) == (0, True)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings of a bot to which nobody speaks: Slack is out of reach, and the store is its own."""
    slack = {"mode": "http", "bot_token": "xoxb-x", "signing_secret": "x", "channel": "C0123456789"}
    document = {
        "slack": {**slack, "api_url": "http://127.0.0.1:9/api"},
        "environments": {"production": {"keycloak": {"url": "http://127.0.0.1:9"}}},
    }
    path = tmp_path / "volati.yaml"
    path.write_text(yaml.safe_dump(document))
    path.chmod(0o644)
    tmp_path.chmod(0o755)  # the container's user must read what is mounted from here
    return path


def _mounted(settings: Path) -> dict[str, Any]:
    return {"binds": {str(settings): {"bind": "/etc/volati/volati.yaml", "mode": "ro"}}}


def test_the_store_works_in_there(images: Images, settings: Path) -> None:
    """It keeps its memory in the volume, on a root it cannot write to, and without any capability."""
    command = ["audit", "verify", "--config", "/etc/volati/volati.yaml"]
    code, said = images.said(command, host=_mounted(settings))
    assert (code, said.splitlines()[0]) == (0, "The audit is sound: it has no entries yet.")


def test_it_is_healthy_and_ends_when_told(images: Images, settings: Path) -> None:
    """It is healthy by the image's own check while Slack is out of reach, and ends in order on SIGTERM."""
    second = 1_000_000_000  # ns, as the daemon counts
    check = {"test": [], "interval": second, "timeout": 5 * second, "retries": 3, "start_period": 60 * second}
    command = ["serve", "--config", "/etc/volati/volati.yaml"]
    with images.container(command, host=_mounted(settings), healthcheck=check) as made:
        assert _becomes(images.api, made) == "healthy", images.api.logs(made).decode()[-2000:]
        images.api.stop(made, timeout=STOP_S)
        assert images.api.inspect_container(made)["State"]["ExitCode"] == 0, images.api.logs(made).decode()[-2000:]


def _becomes(api: Any, made: str) -> str:
    """The health of a container once it is known."""
    until = time.monotonic() + UP_S
    events = api.events(decode=True, filters={"container": made, "event": "health_status"})
    health = str(api.inspect_container(made)["State"]["Health"]["Status"])
    while health == "starting" and time.monotonic() < until:
        next(events)  # it comes every second, with each check
        health = str(api.inspect_container(made)["State"]["Health"]["Status"])
    events.close()
    return health

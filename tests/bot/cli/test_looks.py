"""Tests of `volati status`, `events` and `logs`: the words of Slack, exit codes, one JSON object, nothing secret."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.trouble import Trouble
from playground.world.kubernetes.volaticloud import Secrets
from tests.beside import beside
from tests.bot.cli.test_app import Volati, configured
from tests.bot.cli.test_app import volati as volati  # noqa: PLC0414 the fixture
from tests.bot.runs.test_glances import CANARY, CLIENT, Talking, event


@pytest.fixture(scope="module")
def cluster() -> Iterator[SimulatedKubernetes]:
    world = World(Secrets(database=CANARY, client=CLIENT), seed=1)
    world.store.create(kind_named("Event"), event(1, f"login with {CANARY} failed", reason="Odd"))
    talking = Talking(world.kubelets, "connection refused", f"client {CLIENT}", f"password {CANARY}")
    with beside(SimulatedKubernetes(world.store, talking)) as running:
        yield running


@pytest.fixture
def config(cluster: SimulatedKubernetes, tmp_path: Path) -> Iterator[str]:
    cluster.heal()
    path = tmp_path / "volati.yaml"
    kubernetes = {"kubeconfig": str(cluster.kubeconfig())}
    document = {"environments": {"here": {"kubernetes": kubernetes}}, "data_dir": str(tmp_path / "data")}
    path.write_text(yaml.safe_dump(document))
    yield str(path)
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or b"c4nary" not in file.read_bytes()


def test_status(volati: Volati, config: str) -> None:
    """Shows the verdicts and what runs; as JSON in one object."""
    ended = volati("status", "--config", config)
    assert ended.code == 0
    assert "· deployment volaticloud-backend: 2 of 2 ready" in ended.out
    document = json.loads(volati("status", "in", "here", "--config", config, "--json").out)
    assert set(document) == {"verdicts", "cluster"}
    assert document["cluster"]["namespaces"][0]["name"] == "volaticloud"


def test_events(volati: Volati, config: str) -> None:
    """Tells the events; as JSON in one object."""
    ended = volati("events", "--config", config)
    assert ended.code == 0
    assert "WARNING Odd, pod volaticloud/" in ended.out
    document = json.loads(volati("events", "--config", config, "--json").out)
    assert {"environment", "at", "groups", "read", "cut", "lacks"} == set(document)


def test_logs(volati: Volati, config: str) -> None:
    """Shows the end of a log with its known errors marked."""
    ended = volati("logs", "backend", "since", "15m", "--config", config)
    assert ended.code == 0
    assert "> connection refused" in ended.out
    document = json.loads(volati("logs", "backend", "--config", config, "--json").out)
    assert [line["text"] for line in document["lines"]][-3] == "connection refused"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("logs", "bakend"), "Did you mean:\n  volaticloud/volaticloud-backend"),
        (("logs", "volaticloud"), "means several things. Say which:"),
        (("logs", "backend", "previous"), "had a run before this one"),
        (("logs", "backend", "since", "yesterday"), "is no duration"),
        (("events", "sometimes"), "“sometimes” means nothing here"),
        (("status", "in", "moon"), "There is no environment “moon”"),
    ],
)
def test_what_is_not_there(volati: Volati, config: str, words: tuple[str, ...], part: str) -> None:
    """Ends with 2 for words that mean nothing, and says what does."""
    ended = volati(*words, "--config", config)
    assert ended.code == 2
    assert part in ended.out + ended.err


def test_what_cannot_be_seen(volati: Volati, config: str, cluster: SimulatedKubernetes) -> None:
    """Ends with 3 when the cluster does not say."""
    cluster.misbehave(Trouble(broken=True))
    for words in (("status",), ("events",), ("logs", "backend")):
        ended = volati(*words, "--config", config)
        assert ended.code == 3
        assert "not seen:" in ended.out
    cluster.heal()


def test_no_cluster(volati: Volati, tmp_path: Path) -> None:
    """Names the setting to add where no cluster is configured."""
    path = configured(tmp_path)
    for words in (("events",), ("logs", "backend")):
        ended = volati(*words, "--config", path)
        assert ended.code == 2
        assert "add environments.here.kubernetes to the settings" in ended.err
    status = volati("status", "--config", path)
    assert status.code == 0
    assert "add environments.here.kubernetes to the settings" in status.out


def test_in_the_playground(volati: Volati) -> None:
    """Shows the simulated cluster, also where nothing is broken in it."""
    for words, part in (
        (("status",), "pods ready"),
        (("events",), "events in playground"),
        (("logs", "backend"), "log"),
    ):
        ended = volati(*words, "--playground")
        assert (ended.code, "No cluster is configured" in ended.out + ended.err) == (0, False), ended.err
        assert part in ended.out


def test_nothing_secret_leaves(volati: Volati, config: str) -> None:
    """Prints no value of a secret, in no form."""
    for words in (("status",), ("events",), ("logs", "backend")):
        for form in ((), ("--json",)):
            ended = volati(*words, "--config", config, *form)
            assert "c4nary" not in ended.out + ended.err

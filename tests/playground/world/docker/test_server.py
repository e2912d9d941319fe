"""The simulated Docker Engine: what its API documentation says of the pages that are used."""

import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from playground.world.docker.server import SimulatedDocker
from playground.world.docker.state import ERR, OUT, Container, Entry
from playground.world.docker.volaticloud import KEYCLOAK
from playground.world.faults.docker import DOCKER_FAULTS
from playground.world.platform import running

NOW = 1_795_464_000.0  # 2026-11-23T20:00:00Z
TOO_OLD = (
    "client version 1.12 is too old. Minimum supported API version is 1.24, "
    "please upgrade your client to a newer version"
)
TWO_LINES = (Entry(NOW - 60, "first", OUT), Entry(NOW - 30, "second", ERR))


@pytest.fixture
async def docker() -> AsyncIterator[SimulatedDocker]:
    """A daemon whose clock stands still."""
    async with SimulatedDocker(clock=lambda: NOW) as running:
        yield running


@pytest.fixture
async def http(docker: SimulatedDocker) -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP to it."""
    async with httpx.AsyncClient(base_url=docker.host.replace("tcp://", "http://")) as client:
        yield client


def tell(docker: SimulatedDocker, entries: tuple[Entry, ...], **values: Any) -> None:
    """Have Keycloak's container tell just this."""
    change = {"tells": lambda _: entries, **values}
    docker.amend(lambda state: state.with_container(KEYCLOAK, lambda one: replace(one, **change)))


def frame(stream: int, text: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(text)) + text


async def test_versions(http: httpx.AsyncClient) -> None:
    """It answers a ping and tells its version, with and without one in the path."""
    ping = await http.get("/_ping")
    assert (ping.text, ping.headers["Api-Version"], ping.headers["Server"]) == ("OK", "1.51", "Docker/28.5.2 (linux)")
    assert (await http.head("/_ping")).status_code == 200
    for path in ("/version", "/v1.40/version"):
        assert (await http.get(path)).json()["ApiVersion"] == "1.51"


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/v1.99/version", 400, "client version 1.99 is too new. Maximum supported API version is 1.51"),
        (
            "/v1.12/version",
            400,
            TOO_OLD,
        ),
        ("/nowhere", 404, "page not found"),
        ("/v1.51/containers/nope/json", 404, "No such container: nope"),
        ("/v1.51/containers/nope/logs?stdout=1", 404, "No such container: nope"),
        (f"/v1.51/containers/{KEYCLOAK}/logs", 400, "Bad parameters: you must choose at least one stream"),
    ],
)
async def test_refusals(http: httpx.AsyncClient, path: str, status: int, message: str) -> None:
    """It refuses with the daemon's own words, as JSON without a charset."""
    answer = await http.get(path)
    assert (answer.status_code, answer.json()) == (status, {"message": message})
    assert answer.headers["Content-Type"] == "application/json"


async def test_changes_nothing(http: httpx.AsyncClient) -> None:
    """It has no page for what would change something."""
    assert (await http.post(f"/v1.51/containers/{KEYCLOAK}/restart")).status_code == 404


async def test_list(http: httpx.AsyncClient, docker: SimulatedDocker) -> None:
    """It lists what is alive, and with all=1 everything."""
    docker.switch_on("keycloak-container-stopped")
    alive = (await http.get("/v1.51/containers/json")).json()
    everything = (await http.get("/v1.51/containers/json?all=1")).json()
    assert [one["Names"] for one in alive] == [["/volaticloud-keycloak-db"]]
    assert [(one["Names"][0], one["State"]) for one in everything] == [
        ("/volaticloud-keycloak", "exited"),
        ("/volaticloud-keycloak-db", "running"),
    ]


async def test_inspect_running(http: httpx.AsyncClient) -> None:
    """It describes a container by name, by id and by the beginning of its id."""
    shown = (await http.get(f"/v1.51/containers/{KEYCLOAK}/json")).json()
    assert shown["Name"] == f"/{KEYCLOAK}"
    assert shown["State"]["Status"] == "running"
    assert shown["State"]["StartedAt"] == "2026-11-21T20:00:00.000000000Z"
    assert shown["State"]["FinishedAt"] == "0001-01-01T00:00:00Z"
    for other in (shown["Id"], shown["Id"][:12]):
        assert (await http.get(f"/v1.51/containers/{other}/json")).json() == shown


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("keycloak-container-stopped", ("exited", 143, False, 0)),
        ("keycloak-out-of-memory", ("exited", 137, True, 0)),
        ("keycloak-restarting", ("restarting", 1, False, 7)),
        ("keycloak-unstable", ("running", 0, False, 7)),
    ],
)
async def test_faults(
    http: httpx.AsyncClient, docker: SimulatedDocker, fault: str, expected: tuple[str, int, bool, int]
) -> None:
    """It shows each fault as the daemon would (status, exit code, memory, restarts), and nothing once it is mended."""
    sound = (await http.get(f"/v1.51/containers/{KEYCLOAK}/json")).json()
    docker.switch_on(fault)
    shown = (await http.get(f"/v1.51/containers/{KEYCLOAK}/json")).json()
    state = shown["State"]
    assert (state["Status"], state["ExitCode"], state["OOMKilled"], shown["RestartCount"]) == expected
    # Docker counts a container that waits for its next start as running.
    assert (state["Running"], state["Restarting"]) == (expected[0] != "exited", expected[0] == "restarting")
    docker.switch_off(fault)
    assert (await http.get(f"/v1.51/containers/{KEYCLOAK}/json")).json() == sound


def test_table() -> None:
    """It has a table of faults with names of their own, each owing a finding."""
    assert len({one.name for one in DOCKER_FAULTS}) == len(DOCKER_FAULTS)
    assert all(one.expect for one in DOCKER_FAULTS)


async def test_log_framed(http: httpx.AsyncClient, docker: SimulatedDocker) -> None:
    """It frames each line with its stream and length, and says so from version 1.42 on."""
    tell(docker, TWO_LINES)
    answer = await http.get(f"/v1.51/containers/{KEYCLOAK}/logs?stdout=1&stderr=1")
    assert answer.content == frame(1, b"first\n") + frame(2, b"second\n")
    assert answer.headers["Content-Type"] == "application/vnd.docker.multiplexed-stream"
    older = await http.get(f"/v1.41/containers/{KEYCLOAK}/logs?stdout=1&stderr=1")
    assert older.headers["Content-Type"] == "application/vnd.docker.raw-stream"


async def test_log_raw(http: httpx.AsyncClient, docker: SimulatedDocker) -> None:
    """It sends a terminal's output as it is."""
    tell(docker, TWO_LINES, tty=True)
    answer = await http.get(f"/v1.51/containers/{KEYCLOAK}/logs?stdout=1&stderr=1")
    assert answer.content == b"first\r\nsecond\r\n"
    assert answer.headers["Content-Type"] == "application/vnd.docker.raw-stream"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("stdout=1", frame(1, b"first\n")),
        ("stdout=1&stderr=1&tail=1", frame(2, b"second\n")),
        ("stdout=1&stderr=1&tail=0", b""),
        (f"stdout=1&stderr=1&since={int(NOW) - 45}", frame(2, b"second\n")),
        ("stdout=1&timestamps=1", frame(1, b"2026-11-23T19:59:00.000000000Z first\n")),
    ],
)
async def test_log_choice(http: httpx.AsyncClient, docker: SimulatedDocker, query: str, body: bytes) -> None:
    """It sends what was asked for: streams, the newest lines, since when, with times."""
    tell(docker, TWO_LINES)
    assert (await http.get(f"/v1.51/containers/{KEYCLOAK}/logs?{query}")).content == body


async def test_log_long_line(http: httpx.AsyncClient, docker: SimulatedDocker) -> None:
    """It takes a line of more than 16 kB apart, as the daemon does."""
    tell(docker, (Entry(NOW, "x" * 20_000),))
    answer = await http.get(f"/v1.51/containers/{KEYCLOAK}/logs?stdout=1")
    assert answer.content == frame(1, b"x" * 16_384) + frame(1, b"x" * 3_616 + b"\n")


@pytest.mark.parametrize(
    ("values", "status", "message"),
    [
        ({"log_driver": "none"}, 501, "configured logging driver does not support reading"),
        ({"status": "dead"}, 409, "can not get logs from container which is dead or marked for removal"),
    ],
)
async def test_log_refused(
    http: httpx.AsyncClient, docker: SimulatedDocker, values: dict[str, Any], status: int, message: str
) -> None:
    """It refuses a log that its driver keeps elsewhere, and that of a dead container."""
    tell(docker, TWO_LINES, **values)
    answer = await http.get(f"/v1.51/containers/{KEYCLOAK}/logs?stdout=1")
    assert (answer.status_code, answer.json()["message"]) == (status, message)


def test_ids_differ() -> None:
    """It gives every container an id of its own that stays."""
    one, other = (Container(name, "image", lambda _: ()) for name in ("a", "b"))
    assert len(one.id) == 64
    assert one.id != other.id
    assert one.id == Container("a", "image", lambda _: ()).id


@pytest.mark.parametrize(
    ("fault", "listens"),
    [("keycloak-container-stopped", False), ("keycloak-container-missing", False), ("keycloak-log-errors", True)],
)
async def test_keycloak_follows_its_container(fault: str, listens: bool) -> None:  # noqa: FBT001 a table's column
    """It takes Keycloak down with its container, and brings both back."""
    async with running() as platform:
        await platform.switch_on(fault)
        assert platform.keycloak.state.listening is listens
        await platform.heal()
        assert platform.keycloak.state.listening
        assert platform.docker.faults == platform.keycloak.faults == ()


async def test_keycloak_may_be_down_by_itself() -> None:
    """It leaves a Keycloak down that does not listen although its container runs."""
    async with running() as platform:
        await platform.switch_on("stopped")
        await platform.switch_on("keycloak-log-errors")
        assert not platform.keycloak.state.listening

"""The bot's own look at containers, at a real daemon: what its client reads, and what the checks make of it."""

import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import pytest_asyncio

from bot.clients.docker import DockerClient
from diagnostics.areas.keycloak.container import CHECKS
from diagnostics.context import Context
from diagnostics.evidence.containers import ContainerState, LogTail, LogWanted
from diagnostics.evidence.keycloak.container import ContainerLook
from diagnostics.evidence.keycloak.kinds import KeycloakContainer
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.observe import Seen
from tests.live.docker_containers import RESTARTS, settle
from tests.live.docker_daemon import Daemon
from tests.playground.world.docker.contract import CONTAINERS
from tests.playground.world.docker.simulated import simulated

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

Both = tuple[DockerClient, DockerClient]
ALL = LogWanted(datetime(2020, 1, 1, tzinfo=UTC), 200, 256_000)
A_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(real_docker: Daemon) -> AsyncIterator[Both]:
    """The bot's client of the real one, and of the simulated one."""
    async with simulated() as docker, DockerClient(real_docker.host) as real, DockerClient(docker.host) as pretended:
        yield real, pretended


def comparable(state: ContainerState | None) -> ContainerState | None:
    """A state with what differs from run to run made the same: times, the number of restarts, the words of an error."""
    if state is None:
        return None
    assert state.started_at is None or datetime.now(UTC) - state.started_at < timedelta(hours=1)
    moments = {name: A_TIME for name in ("started_at", "ended_at") if getattr(state, name) is not None}
    error = "no such file" if "no such file" in state.error else state.error
    return msgspec.structs.replace(state, **moments, restarts=min(state.restarts, RESTARTS), error=error)


async def looked(daemon: Daemon, name: str) -> KeycloakContainer:
    """What a run would have as evidence, were this Keycloak's container."""
    settle(daemon)
    async with DockerClient(daemon.host) as client:
        return await ContainerLook(client, name, lambda: datetime.now(UTC)).look(Seen({}))


@pytest.mark.parametrize("name", [*CONTAINERS, "nobody"])
async def test_state(name: str, real_docker: Daemon, both: Both) -> None:
    """It reads the same state from both, times aside."""
    settle(real_docker)
    real, pretended = [comparable(await client.state(name)) for client in both]
    assert real == pretended
    assert (real is None) == (name == "nobody")


@pytest.mark.parametrize("name", ["running", "failed", "terminal", "long-line", "created"])
async def test_log(name: str, both: Both) -> None:
    """It reads the same lines from both, framed or raw, in pieces or whole."""
    tails = []
    for client in both:
        state = await client.state(name)
        assert state is not None
        tails.append(await client.log(state, ALL))
    assert tails[0] == tails[1]
    assert tails[0].lines or name == "created"


async def test_log_by_time_and_number(real_docker: Daemon) -> None:
    """It gets the newest lines only, and none from before the moment that is asked for."""
    async with DockerClient(real_docker.host) as client:
        state = await client.state("failed")
        assert state is not None
        newest = LogWanted(ALL.since, 2, ALL.bytes)
        later = LogWanted(datetime.now(UTC) + timedelta(minutes=1), ALL.lines, ALL.bytes)
        assert (await client.log(state, newest)).lines == ("three", "no database")
        assert await client.log(state, later) == LogTail()


async def test_log_that_is_kept_nowhere(both: Both) -> None:
    """It says in the same words that a container's log cannot be read."""
    said = []
    for client in both:
        state = await client.state("unlogged")
        assert state is not None
        with pytest.raises(CouldNotLookError) as caught:
            await client.log(state, ALL)
        said.append(caught.value.detail.replace(client.host, "the daemon"))
    assert said[0] == said[1]
    assert "configured logging driver does not support reading" in said[0]


@pytest.mark.parametrize(
    ("name", "found", "words"),
    [
        ("running", None, ""),
        ("again", None, ""),
        ("terminal", None, ""),
        ("created", "container-stopped", "it was never started"),
        ("failed", "container-stopped", "exit code 3"),
        ("stopped", "container-stopped", "exit code 143"),
        ("killed", "container-stopped", "exit code 137"),
        ("out-of-memory", "container-stopped", "it ran out of memory (exit code 137"),
        ("paused", "container-stopped", "docker unpause"),
        ("unstartable", "container-stopped", "Docker could not start it"),
        ("looping", "container-restarting", "restart loop"),
        ("unlogged", "container-log-unread", "does not support reading"),
        ("nobody", "container-missing", "has no container nobody"),
    ],
)
async def test_finding(name: str, found: str | None, words: str, real_docker: Daemon) -> None:
    """It finds just what is wrong with each of a real daemon's containers, and says why."""
    seen = await looked(real_docker, name)
    context = Context(at=datetime.now(UTC), seen_from="from the test")
    findings = {one.id.partition(".")[2]: one.summary for check in CHECKS for one in check.findings(seen, context)}
    findings.pop("container-log-errors", None)
    assert set(findings) == ({found} if found else set())
    assert words in findings.get(found or "", "")


async def test_errors_in_the_log(real_docker: Daemon) -> None:
    """It finds in the log of one that does not stay up why it does not."""
    seen = await looked(real_docker, "looping")
    assert set(seen.error_lines) == {"ERROR: Failed to start server"}
    assert len(seen.error_lines) == seen.lines_read >= seen.restarts >= RESTARTS


async def test_a_daemon_that_hangs(real_docker: Daemon) -> None:
    """It says that a daemon gives no answer, instead of waiting for it."""
    os.kill(real_docker.pid, signal.SIGSTOP)
    try:
        async with DockerClient(real_docker.host, seconds=0.3) as client:
            with pytest.raises(CouldNotLookError) as caught:
                await client.state("running")
    finally:
        os.kill(real_docker.pid, signal.SIGCONT)
    assert caught.value.reason is Reason.TIMEOUT

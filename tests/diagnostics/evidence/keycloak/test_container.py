"""How Keycloak's container is looked at, and what the checks make of it."""

from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.areas.keycloak.container import CHECKS
from diagnostics.causes import explain
from diagnostics.context import Context
from diagnostics.evidence.containers import ContainerState, LogTail, LogWanted, command
from diagnostics.evidence.keycloak.container import LOG_BYTES, LOG_LINES, ContainerLook, errors
from diagnostics.evidence.keycloak.kinds import KeycloakContainer
from diagnostics.model import CouldNotLookError, Finding, Reason, Severity, Subject
from diagnostics.observe import Seen
from diagnostics.runbook import Section

NAME = "volaticloud-keycloak"
NOW = datetime(2026, 11, 23, 18, 39, 37, tzinfo=UTC)
ERROR = "2026-11-23 18:39:37,530 ERROR [org.keycloak.services] (main) KC-SERVICES0010: Failed to add user"
INFO = "2026-11-23 18:39:37,530 INFO  [io.quarkus] (main) Keycloak 26.4.5 started in 8.920s"
EVENT = (
    "2026-11-23 18:39:37,530 WARN  [org.keycloak.events] (executor-thread-8) "
    'type="LOGIN_ERROR", error="user_not_found", username="java.lang.OutOfMemoryError"'
)


class Containers:
    """A daemon that remembers what it was asked."""

    host = "unix:///var/run/docker.sock"

    def __init__(self, state: ContainerState | None, log: LogTail | CouldNotLookError | None = None) -> None:
        self._state = state
        self._log = log or LogTail()
        self.wanted: list[LogWanted] = []

    async def state(self, name: str) -> ContainerState | None:
        """The one container there is."""
        return self._state

    async def log(self, container: ContainerState, wanted: LogWanted) -> LogTail:
        """Its log, or the refusal to give it."""
        self.wanted.append(wanted)
        if isinstance(self._log, CouldNotLookError):
            raise self._log
        return self._log


async def look(state: ContainerState | None, log: LogTail | CouldNotLookError | None = None) -> KeycloakContainer:
    return await ContainerLook(Containers(state, log), NAME, lambda: NOW).look(Seen({}))


def findings(seen: KeycloakContainer) -> list[Finding]:
    context = Context(at=NOW, seen_from="from the test")
    return [finding for check in CHECKS for finding in check.findings(seen, context)]


async def found(state: ContainerState | None, log: LogTail | CouldNotLookError | None = None) -> dict[str, str]:
    """What is found, as ids (without the area) with their sentences."""
    return {one.id.partition(".")[2]: one.summary for one in findings(await look(state, log))}


@pytest.mark.parametrize(
    "line",
    [
        ERROR,
        "2026-11-23 18:39:37,530 FATAL [org.keycloak] (main) giving up",
        '{"timestamp":"2026-11-23T18:39:37Z","loggerName":"org.keycloak","level":"ERROR","message":"no"}',
        'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
        "ERROR: Failed to start server in (production) mode",
        "Caused by: java.net.ConnectException: Connection refused",
        "2026-11-23 18:39:37,530 WARN  [io.agroal.pool] (agroal-11) Connection to db:5432 refused. Check that",
    ],
)
def test_errors(line: str) -> None:
    """It takes Keycloak's own errors for errors."""
    assert list(errors([INFO, line, INFO])) == [line]


@pytest.mark.parametrize(
    "line",
    [
        INFO,
        EVENT,
        EVENT.replace("WARN ", "ERROR"),
        '{"loggerName":"org.keycloak.events","level":"ERROR","message":"LOGIN_ERROR"}',
        "2026-11-23 18:39:37,530 WARN  [org.keycloak] (main) no ERROR at all",
        "",
    ],
)
def test_no_errors(line: str) -> None:
    """It takes what users do, and the word in passing, for no error."""
    assert list(errors([line])) == []


def test_colours() -> None:
    """It reads through a terminal's colours."""
    level, rest = ERROR[:23], ERROR[24:]
    assert list(errors([f"\x1b[38;5;203m{level}\x1b[39m {rest}\x1b[0m"])) == [ERROR]


async def test_evidence() -> None:
    """It gives the state, the error lines and how many lines were read."""
    state = ContainerState(NAME, "running", restarts=1, started_at=NOW, ended_at=NOW - timedelta(days=1))
    seen = await look(state, LogTail((INFO, ERROR, EVENT)))
    assert seen == KeycloakContainer(
        name=NAME,
        host="unix:///var/run/docker.sock",
        status="running",
        exit_code=0,
        out_of_memory=False,
        restarts=1,
        started_at=NOW,
        error_lines=(ERROR,),
        lines_read=3,
    )


@pytest.mark.parametrize(
    ("status", "since"),
    [("running", NOW - timedelta(minutes=15)), ("exited", NOW - timedelta(days=3, minutes=15))],
)
async def test_window(status: str, since: datetime) -> None:
    """It reads the last 15 minutes, of a dead container those before its end, within bounds."""
    containers = Containers(ContainerState(NAME, status, ended_at=NOW - timedelta(days=3)))
    await ContainerLook(containers, NAME, lambda: NOW).look(Seen({}))
    assert containers.wanted == [LogWanted(since, LOG_LINES, LOG_BYTES)]


async def test_log_gap() -> None:
    """It knows the state although the log cannot be read, and says so in a note."""
    refusal = CouldNotLookError(Reason.REFUSED, "the driver none keeps no log")
    seen = await look(ContainerState(NAME, "running"), refusal)
    assert (seen.status, seen.log_gap) == ("running", "the driver none keeps no log")
    (note,) = findings(seen)
    assert (note.id, note.severity) == ("keycloak.container-log-unread", Severity.NOTE)
    assert "the driver none keeps no log" in note.summary


async def test_cut() -> None:
    """It says when older lines did not fit; what was read counts."""
    seen = await look(ContainerState(NAME, "running"), LogTail((ERROR,), cut=True))
    assert seen.log_gap == "Only the newest 256 kB were read."
    assert [one.id for one in findings(seen)] == ["keycloak.container-log-errors"]


async def test_running() -> None:
    """It finds nothing wrong with a container that runs."""
    assert await found(ContainerState(NAME, "running", restarts=2), LogTail((INFO, EVENT))) == {}


@pytest.mark.parametrize(
    ("state", "id", "why"),
    [
        (ContainerState(NAME, "exited", 143), "stopped", "does not run (exited): exit code 143: it was stopped"),
        (ContainerState(NAME, "exited", 137, out_of_memory=True), "stopped", "it ran out of memory (exit code 137"),
        (ContainerState(NAME, "created"), "stopped", "(created): it was never started"),
        (ContainerState(NAME, "created", 128, error="port is taken"), "stopped", "could not start it (port is taken)"),
        (ContainerState(NAME, "paused"), "stopped", "until docker unpause"),
        (ContainerState(NAME, "restarting", 1, restarts=7), "restarting", "restart loop (7 restarts): exit code 1"),
        (ContainerState(NAME, "running", restarts=3), "unstable", "runs after 3 restarts"),
        (None, "missing", "Docker at unix:///var/run/docker.sock has no container volaticloud-keycloak"),
    ],
)
async def test_findings(state: ContainerState | None, id: str, why: str) -> None:
    """It says of each state what it is and why."""
    said = await found(state)
    assert list(said) == [f"container-{id}"]
    assert why in said[f"container-{id}"]


async def test_log_errors() -> None:
    """It counts the errors and shows the latest, shortened; the facts keep the whole line."""
    long = f"{ERROR}{'!' * 500}"
    (note,) = findings(await look(ContainerState(NAME, "running"), LogTail((ERROR, INFO, long))))
    assert note.severity is Severity.NOTE
    assert note.summary == f"2 of the last 3 log lines are errors, the latest: {long[:200]}…"
    assert [fact.value for fact in note.evidence if fact.label == "log line"] == [ERROR, long]


def finding(id: str, severity: Severity) -> Finding:
    return Finding(id, "", severity, Subject("host", "h"), id, (), "", Section.KEYCLOAK, "")


@pytest.mark.parametrize(
    ("other", "first"),
    [
        ("keycloak.refused", "keycloak.container-missing"),
        ("keycloak.not-answering", "keycloak.container-missing"),
        # What shows a certificate runs elsewhere: the setting is wrong, the certificate is the trouble.
        ("keycloak.certificate-expired", "keycloak.certificate-expired"),
    ],
)
def test_missing_weighs(other: str, first: str) -> None:
    """It names a missing container first where nobody answers, and last where somebody does."""
    note = finding("keycloak.container-missing", Severity.NOTE)
    causes = explain([note, finding(other, Severity.CRITICAL)], ["keycloak.container-missing", other])
    assert causes[0].id == first


@pytest.mark.parametrize(
    ("host", "line"),
    [
        ("unix:///var/run/docker.sock", "docker restart volaticloud-keycloak"),
        ("tcp://docker.example.com:2376", "docker -H tcp://docker.example.com:2376 restart volaticloud-keycloak"),
    ],
)
def test_command(host: str, line: str) -> None:
    """It names the daemon in a command only where it is not the usual one."""
    assert command(host, "restart volaticloud-keycloak") == line

"""Checks of Keycloak's own container and its log."""

from collections.abc import Iterator

from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.containers import command
from diagnostics.evidence.keycloak.container import LOG_WINDOW, MISSING
from diagnostics.evidence.keycloak.kinds import KeycloakContainer
from diagnostics.exit_codes import in_words
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
#: Restarts after which a running container counts as one that does not stay up.
_RESTARTS = 3
#: Log lines shown in a finding.
_LINES = 3
#: Characters of a log line in a finding's sentence; the facts have the whole line.
_EXCERPT = 200
_NOT_RUNNING = {"exited", "dead", "created", "paused", "removing"}


@check(
    KeycloakContainer,
    "keycloak.container-stopped",
    "Keycloak's container is not running",
    _CRITICAL,
    Section.KEYCLOAK,
)
def container_stopped(seen: KeycloakContainer, _: Context) -> Iterator[Sign]:
    """When the container is down, every other failure of Keycloak is only its consequence."""
    if seen.status in _NOT_RUNNING:
        yield _sign(seen, f"Container {seen.name} does not run ({seen.status}): {_why_down(seen)}")


@check(
    KeycloakContainer,
    "keycloak.container-restarting",
    "Keycloak's container does not stay up",
    _CRITICAL,
    Section.KEYCLOAK,
)
def container_restarting(seen: KeycloakContainer, _: Context) -> Iterator[Sign]:
    """A restart loop serves nobody; the last lines of the log say why it goes down."""
    if seen.status == "restarting":
        yield _sign(seen, f"Container {seen.name} is in a restart loop ({seen.restarts} restarts): {_why_down(seen)}")


@check(
    KeycloakContainer,
    "keycloak.container-unstable",
    "Keycloak's container was restarted often",
    _WARNING,
    Section.KEYCLOAK,
)
def container_unstable(seen: KeycloakContainer, _: Context) -> Iterator[Sign]:
    """A container that is up now and was restarted again and again will go down again."""
    if seen.status == "running" and seen.restarts >= _RESTARTS:
        yield _sign(seen, f"Container {seen.name} runs after {seen.restarts} restarts")


@check(
    KeycloakContainer,
    "keycloak.container-missing",
    "Keycloak's container does not exist",
    _NOTE,
    Section.KEYCLOAK,
)
def container_missing(seen: KeycloakContainer, _: Context) -> Iterator[Sign]:
    """Where Keycloak does not answer, its removed container is the reason; where it does, the setting names another.

    A note by itself, because Keycloak may well run elsewhere; as the cause of findings it weighs as much as they do.
    """
    if seen.status == MISSING:
        yield _sign(seen, f"Docker at {seen.host} has no container {seen.name}")


@check(KeycloakContainer, "keycloak.container-log-errors", "Keycloak's log has errors", _NOTE, Section.KEYCLOAK)
def container_log_errors(seen: KeycloakContainer, _: Context) -> Iterator[Sign]:
    """Keycloak says in its log what it cannot say in its answers: its database, its memory, its cluster."""
    if seen.error_lines:
        last = _short(seen.error_lines[-1])
        counted = f"{len(seen.error_lines)} of the last {seen.lines_read} log lines are errors"
        yield _sign(seen, f"{counted}, the latest: {last}")


@check(
    KeycloakContainer,
    "keycloak.container-log-unread",
    "Keycloak's log cannot be read",
    _NOTE,
    Section.KEYCLOAK,
)
def container_log_unread(seen: KeycloakContainer, _: Context) -> Iterator[Sign]:
    """Without its log the reason for Keycloak's failures can only be guessed; nothing is concluded from its silence."""
    if seen.log_gap and not seen.lines_read:
        yield _sign(seen, f"The state of container {seen.name} is known, its log is not: {seen.log_gap}")


CHECKS = (
    container_stopped,
    container_restarting,
    container_missing,
    container_unstable,
    container_log_errors,
    container_log_unread,
)


def _why_down(seen: KeycloakContainer) -> str:
    """Why it does not run: what Docker says, the memory, the status itself, or the exit code in words."""
    if seen.error:
        return f"Docker could not start it ({_short(seen.error)})"
    if seen.out_of_memory:
        return f"it ran out of memory (exit code {seen.exit_code}, killed by the kernel)"
    return _BY_STATUS.get(seen.status) or in_words(seen.exit_code)


_BY_STATUS = {
    "created": "it was never started",
    "paused": "it keeps its connections and answers nothing until docker unpause",
    "removing": "it is being removed",
}


def _short(line: str) -> str:
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"


def _sign(seen: KeycloakContainer, summary: str) -> Sign:
    words = f"logs --tail 100 {seen.name}" if seen.status != MISSING else "ps --all"
    return Sign(Subject("container", seen.name), summary, tuple(_facts(seen)), command(seen.host, words))


def _facts(seen: KeycloakContainer) -> Iterator[Fact]:
    if seen.status == MISSING:
        yield Fact("docker host", seen.host)
        return
    ended = f", ended {seen.ended_at:%Y-%m-%d %H:%M:%S} UTC" if seen.ended_at else ""
    yield Fact("status", f"{seen.status}, exit code {seen.exit_code}, {seen.restarts} restarts{ended}")
    yield Fact("docker host", seen.host)
    minutes = LOG_WINDOW.seconds // 60
    yield Fact("log", seen.log_gap or f"{seen.lines_read} lines of {minutes} minutes, {len(seen.error_lines)} errors")
    yield from (Fact("log line", line) for line in seen.error_lines[-_LINES:])

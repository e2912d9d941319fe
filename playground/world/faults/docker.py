"""The faults of the simulated Docker: one literal table, each a function from one state of the daemon to another."""

from collections.abc import Callable
from dataclasses import replace

from playground.world.docker.state import Container, Entry, State
from playground.world.docker.volaticloud import KEYCLOAK, line
from playground.world.faults.model import Fault

AGO_S = 30.0  # how long before it was noticed the container went down
RESTARTS = 7  # what a restart loop comes to within its first minutes
_KILLED, _TERMINATED, _FAILED = 137, 143, 1
_NO_DATABASE = "Connection to keycloak-db:5432 refused. Check that the hostname and port are correct"

Change = Callable[[Container, float], Container]


def _service(name: str, breaks: str, expect: str, apply: Callable[[State], State]) -> Fault[State]:
    return Fault(name, "keycloak", "Keycloak Integration Issues", breaks, expect, apply)


def _keycloak(change: Change) -> Callable[[State], State]:
    """The change of Keycloak's container, given the moment the fault came."""
    return lambda state: state.with_container(KEYCLOAK, lambda one: change(one, state.began_at_s))


def _stopped(one: Container, at_s: float) -> Container:
    ended = at_s - AGO_S
    last = (line(ended, "INFO", "io.quarkus", "Shutdown thread", "Keycloak stopped in 0.061s"),)
    return replace(
        one,
        status="exited",
        exit_code=_TERMINATED,
        ended_at_s=ended,
        tells=lambda until: (*one.tells(min(until, ended)), *last),
    )


def _out_of_memory(one: Container, at_s: float) -> Container:
    # The kernel kills without a word: the log just ends.
    ended = at_s - AGO_S
    return replace(
        one,
        status="exited",
        exit_code=_KILLED,
        out_of_memory=True,
        ended_at_s=ended,
        tells=lambda until: one.tells(min(until, ended)),
    )


def _restarting(one: Container, at_s: float) -> Container:
    return replace(
        one,
        status="restarting",
        exit_code=_FAILED,
        restarts=RESTARTS,
        started_at_s=at_s - AGO_S,
        ended_at_s=at_s - AGO_S / 2,
        tells=lambda until: (*one.tells(at_s - AGO_S), *_failed_start(until - AGO_S)),
    )


def _failed_start(at_s: float) -> tuple[Entry, ...]:
    handler = "org.keycloak.quarkus.runtime.cli.ExecutionExceptionHandler"
    return (
        line(at_s, "WARN", "io.agroal.pool", "agroal-11", f"Datasource '<default>': {_NO_DATABASE}"),
        line(at_s + 1, "ERROR", handler, "main", "ERROR: Failed to start server in (production) mode"),
        line(at_s + 1, "ERROR", handler, "main", "ERROR: Failed to obtain JDBC connection"),
        line(at_s + 1, "ERROR", handler, "main", f"ERROR: {_NO_DATABASE}"),
    )


def _unstable(one: Container, at_s: float) -> Container:
    return replace(one, restarts=RESTARTS, started_at_s=at_s - AGO_S, ended_at_s=at_s - AGO_S)


def _log_errors(one: Container, _: float) -> Container:
    def tells(until_s: float) -> tuple[Entry, ...]:
        category, thread = "org.keycloak.services.error.KeycloakErrorHandler", "executor-thread-3"
        told = "Uncaught server error: java.sql.SQLTransientConnectionException: Unable to acquire a new connection"
        return (*one.tells(until_s), line(until_s - AGO_S, "ERROR", category, thread, told))

    return replace(one, tells=tells)


DOCKER_FAULTS: tuple[Fault[State], ...] = (
    _service(
        "keycloak-container-stopped",
        "Somebody stopped Keycloak's container, and nothing listens at its address.",
        "keycloak.container-stopped",
        _keycloak(_stopped),
    ),
    _service(
        "keycloak-out-of-memory",
        "The kernel killed Keycloak's container for want of memory.",
        "keycloak.container-stopped",
        _keycloak(_out_of_memory),
    ),
    _service(
        "keycloak-restarting",
        "Keycloak's container fails at every start, because it does not reach its database.",
        "keycloak.container-restarting",
        _keycloak(_restarting),
    ),
    _service(
        "keycloak-container-missing",
        "Keycloak's container was removed.",
        "keycloak.container-missing",
        lambda state: state.without_container(KEYCLOAK),
    ),
    _service(
        "keycloak-unstable",
        "Keycloak is up again after its container was restarted several times.",
        "keycloak.container-unstable",
        _keycloak(_unstable),
    ),
    _service(
        "keycloak-log-errors",
        "Keycloak answers, and its log reports errors: a note, the verdict stays healthy.",
        "keycloak.container-log-errors",
        _keycloak(_log_errors),
    ),
)

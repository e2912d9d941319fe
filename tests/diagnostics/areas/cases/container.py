"""Cases of Keycloak's own container."""

from typing import Any

from diagnostics.evidence.keycloak.kinds import KeycloakContainer
from tests.diagnostics.areas.cases.case import NOW, Case


def container(status: str = "running", **facts: Any) -> KeycloakContainer:
    """A container, sound unless told otherwise."""
    sound: dict[str, Any] = {
        "name": "keycloak",
        "host": "unix:///var/run/docker.sock",
        "exit_code": 0,
        "out_of_memory": False,
        "restarts": 0,
        "started_at": NOW,
        "error_lines": (),
        "lines_read": 100,
    }
    return KeycloakContainer(status=status, **{**sound, **facts})


SOUND = container()

CASES = (
    Case(
        "keycloak.container-stopped",
        fires=(
            container("exited", exit_code=137),
            container("exited", exit_code=137, out_of_memory=True),
            container("dead"),
            container("created"),
            container("paused"),
        ),
        silent=(SOUND, container("restarting"), container(restarts=9)),
        says="Container keycloak",
    ),
    Case(
        "keycloak.container-restarting",
        fires=(container("restarting", restarts=1, exit_code=1),),
        silent=(SOUND, container("exited"), container(restarts=9)),
        says="Container keycloak",
    ),
    Case(
        "keycloak.container-unstable",
        fires=(container(restarts=3), container(restarts=30)),
        silent=(SOUND, container(restarts=2), container("restarting", restarts=3), container("exited", restarts=3)),
        says="Container keycloak",
    ),
    Case(
        "keycloak.container-log-errors",
        fires=(container(error_lines=("ERROR one", "ERROR two")), container("exited", error_lines=("ERROR two",))),
        silent=(SOUND, container("exited")),
        says="ERROR two",
    ),
    Case(
        "keycloak.container-missing",
        fires=(container("missing"),),
        silent=(SOUND, container("exited"), container("created")),
        says="has no container keycloak",
    ),
    Case(
        "keycloak.container-log-unread",
        fires=(container(lines_read=0, log_gap="the log driver keeps nothing to read"),),
        silent=(SOUND, container(lines_read=0), container(log_gap="the beginning was cut")),
        says="its log is not: the log driver keeps nothing to read",
    ),
)

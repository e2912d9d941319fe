"""How Keycloak's own container is looked at: its state, and which lines of its log are errors."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from diagnostics.evidence.containers import Containers, ContainerState, LogTail, LogWanted
from diagnostics.evidence.keycloak.kinds import KeycloakContainer
from diagnostics.model import CouldNotLookError
from diagnostics.observe import Seen
from diagnostics.patterns import Pattern

#: How far back the log is read: errors older than that belong to another story.
LOG_WINDOW = timedelta(minutes=15)
#: Lines of the log that are read. A failing start prints about 60, each request that fails about 30 to 60.
LOG_LINES = 200
#: Bytes of the log that are kept: six times what 200 usual lines take.
LOG_BYTES = 256_000
#: The status given to a container that does not exist; Docker itself has no word for it.
MISSING = "missing"

_ENDED = {"exited", "dead"}
# A console colours its lines where the container has a terminal.
_COLOUR = Pattern(r"\x1b\[[0-9;]*m")
# What users do (a failed login among it) is logged as events, with names that users choose: no error of Keycloak's.
_EVENT = Pattern(r"\[org\.keycloak\.events\]|\"loggerName\":\s*\"org\.keycloak\.events\"")
# Keycloak logs as Quarkus does, "2026-11-23 18:39:37,530 ERROR [category] (thread) text", or each line as JSON.
_ERRORS = (
    r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,]\d+\S* +(?:ERROR|FATAL) ",
    r'"level":\s*"(?:ERROR|FATAL)"',
    r"java\.lang\.OutOfMemoryError",
    r"Failed to start server",
    # When a database cannot be reached: the Java runtime's words, and those of the PostgreSQL driver.
    r"Connection refused",
    r"Connection to \S+ refused",
)
_ERROR = Pattern("|".join(_ERRORS))


class ContainerLook:
    """One run's look at Keycloak's container. `now` gives aware times in UTC."""

    def __init__(self, containers: Containers, name: str, now: Callable[[], datetime]) -> None:
        self._containers = containers
        self._name = name
        self._now = now

    async def look(self, _: Seen) -> KeycloakContainer:
        """The container and the errors in its log.

        A log that cannot be read is a gap in the evidence; the state is known all the same.

        Raises:
            CouldNotLookError: Docker could not be asked, and why.
        """
        state = await self._containers.state(self._name)
        if state is None:
            return self._evidence(ContainerState(self._name, MISSING), LogTail(), "")
        try:
            tail = await self._containers.log(state, self._wanted(state))
        except CouldNotLookError as error:
            return self._evidence(state, LogTail(), error.detail)
        gap = f"Only the newest {LOG_BYTES // 1000} kB were read." if tail.cut else ""
        return self._evidence(state, tail, gap)

    def _wanted(self, state: ContainerState) -> LogWanted:
        """The last minutes; of a container that has ended, the last minutes of its life."""
        ended = state.ended_at if state.status in _ENDED else None
        return LogWanted((ended or self._now()) - LOG_WINDOW, LOG_LINES, LOG_BYTES)

    def _evidence(self, state: ContainerState, tail: LogTail, gap: str) -> KeycloakContainer:
        return KeycloakContainer(
            name=self._name,
            host=self._containers.host,
            status=state.status,
            exit_code=state.exit_code,
            out_of_memory=state.out_of_memory,
            restarts=state.restarts,
            started_at=state.started_at,
            ended_at=state.ended_at if state.status in _ENDED else None,
            error=state.error,
            error_lines=tuple(errors(tail.lines)),
            lines_read=len(tail.lines),
            log_gap=gap,
        )


def errors(lines: Iterable[str]) -> Iterator[str]:
    """The lines in which Keycloak reports an error of its own, without colours."""
    for line in lines:
        text = _plain(line.encode("utf-8", "replace"))
        if _ERROR.search(text) and not _EVENT.search(text):
            yield text.decode("utf-8", "replace")


def _plain(line: bytes) -> bytes:
    pieces, at = [], 0
    for colour in _COLOUR.finditer(line):
        pieces.append(line[at : colour.start()])
        at = colour.end()
    return b"".join((*pieces, line[at:]))

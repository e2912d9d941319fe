"""What the end of a container's log says: its last lines, and which known errors are in them."""

from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Severity, Value


class KnownLine(Value, frozen=True):
    """A known error in a log: the entry of the catalogue, how often it was met, and a line with it.

    `last` is at which of the lines that were read it was met last, counted from 1; 0 where that is not known.
    """

    id: str
    meaning: str
    severity: Severity
    count: int
    line: str
    last: int = 0


class ContainerLog(Value, frozen=True):
    """The end of a container's log, oldest line first, redacted. `previous` says it is that of the run before.

    `cut` says that older lines were not read. `gap` says why nothing could be read; then there are no lines, and
    nothing is concluded from their absence. `errors` are the lines that look like errors, the newest last.
    """

    pod: Name
    container: str
    previous: bool = False
    lines: tuple[str, ...] = ()
    read: int = 0
    cut: bool = False
    known: tuple[KnownLine, ...] = ()
    errors: tuple[str, ...] = ()
    gap: str = ""

    def after(self, known: KnownLine) -> tuple[str, ...]:
        """The lines that followed a known error, as far as they were kept; none where its place is not known."""
        if known.last:
            before = max(self.read, len(self.lines)) - len(self.lines)
            return self.lines[max(0, known.last - before) :]
        met = [number for number, line in enumerate(self.lines) if known.line in line]
        return self.lines[met[-1] + 1 :] if met and known.line else ()

    def knows(self, *ids: str) -> KnownLine | None:
        """The first of these known errors that is in it."""
        return next((one for id in ids for one in self.known if one.id == id), None)

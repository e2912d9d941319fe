"""Reading a container's log: its end, what looks like errors in it, and which known errors are there."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from diagnostics.evidence.cluster.client import Cluster, GoneError, LogAsked
from diagnostics.evidence.cluster.logs import ContainerLog, KnownLine
from diagnostics.evidence.cluster.picking import Wish
from diagnostics.model import CouldNotLookError
from diagnostics.patterns import Pattern
from diagnostics.redaction import LearningRedactor
from diagnostics.signatures import Catalogue
from diagnostics.triage import Match, triage

#: Lines asked for, and bytes: a Go panic with its stacks has some 100 lines, 20 kB.
LINES, BYTES = 300, 512_000
#: Lines kept of the end, and of what looks like errors.
TAIL, ERRORS = 40, 10
#: Characters kept of a line.
LINE_AT_MOST = 1_000
_ERROR = Pattern(
    r"(?i:\b(?:error|fatal|panic|critical|severe|emerg|exception)\b|\bfailed\b|\blevel=(?:error|fatal|panic)\b)"
)


@dataclass(frozen=True, slots=True)
class Marks:
    """What marks a log: the catalogue of known errors, made when first asked for, and the redactor that goes before."""

    catalogue: Callable[[], Catalogue]
    redactor: LearningRedactor

    def known(self, lines: Iterable[str]) -> tuple[KnownLine, ...]:
        """The known errors in a log, the worst first. It takes the processor for a while: call it in a thread."""
        found = triage("\n".join(lines), self.catalogue(), self.redactor.current)
        return tuple(_known(match) for match in found.matches)

    def redacted(self, lines: Iterable[str]) -> tuple[str, ...]:
        """The lines without secrets. All at once, since a private key has many of them."""
        text = "\n".join(lines)
        return tuple(self.redactor.current.text(text).split("\n")) if text else ()


def _known(match: Match) -> KnownLine:
    line = match.excerpts[-1].text if match.excerpts else ""
    return KnownLine(match.id, match.meaning, match.severity, match.count, line[:LINE_AT_MOST], match.last)


class LogReader:
    """Reads logs. One that cannot be read is a log with a gap, and hides no other; with its pod it is gone, too."""

    def __init__(self, cluster: Cluster, marks: Marks) -> None:
        self._cluster = cluster
        self._marks = marks

    async def read(self, wish: Wish) -> ContainerLog | None:
        """A log; None where its pod is not there any more. Raises nothing but cancellation."""
        asked = LogAsked(wish.pod, wish.container, wish.previous, LINES, BYTES)
        try:
            text = await self._cluster.log(asked)
        except GoneError:
            return None
        except CouldNotLookError as error:
            return ContainerLog(wish.pod, wish.container, wish.previous, gap=error.detail)
        return await asyncio.to_thread(self._marked, wish, text.lines, cut=text.cut)

    def _marked(self, wish: Wish, lines: tuple[str, ...], *, cut: bool) -> ContainerLog:
        """In a thread: the secrets go first, before anything is matched or kept."""
        clean = self._marks.redacted(lines)
        return ContainerLog(
            pod=wish.pod,
            container=wish.container,
            previous=wish.previous,
            lines=_short(clean[-TAIL:]),
            read=len(clean),
            cut=cut,
            known=self._marks.known(clean),
            errors=_short([line for line in clean if _ERROR.search(line.encode(errors="replace"))][-ERRORS:]),
        )


def _short(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line if len(line) <= LINE_AT_MOST else f"{line[:LINE_AT_MOST]}…" for line in lines)

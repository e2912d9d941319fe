"""The end of a workload's log: which pod, container and run is shown, page by page, known errors marked. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from difflib import get_close_matches

from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.picking import Wish, failed_logs
from diagnostics.evidence.cluster.pods import Container, Pod, Role, Stage
from diagnostics.glances.meaning import Ambiguous, Thing, Unknown
from diagnostics.model import Severity, Unobserved, Value
from diagnostics.signatures import Catalogue, Origin, Source, guess, passages

PAGE = 30
"""Lines of one page: what fits into one message, whatever is in them, and a phone shows in three swipes."""

READ = 300
"""Lines that are read at least, to look for known errors in them: a Go panic with its stacks has some 100."""

PAGES_AT_MOST = 100
"""How far back pages go: 3,000 lines. Who needs more than that needs the file."""

#: Which of a pod's containers is shown where none failed.
_ROLES = (Role.MAIN, Role.SIDECAR, Role.INIT, Role.EPHEMERAL)
#: Sequences by which a log colours itself in a terminal (ECMA-48: CSI, OSC), and the shorter ones.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_TAB = "    "


class Run(Value, frozen=True):
    """Which of a container's runs is asked for; neither: the one that says most."""

    previous: bool = False
    current: bool = False


class Choice(Value, frozen=True):
    """The log that is shown, why this one, and which other containers and pods there are.

    `because` says why, as in `its last run failed: exit code 1`; empty where nothing failed.
    """

    pod: Name
    container: str
    previous: bool = False
    because: str = ""
    containers: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()


class NoLog(Value, frozen=True):
    """Why a workload has no such log, in one sentence, and what could be asked for instead."""

    reason: str
    instead: tuple[str, ...] = ()


class LogLine(Value, frozen=True):
    """A line, without secrets and without what a reader cannot see. `known` are the errors of the catalogue in it."""

    text: str
    known: tuple[str, ...] = ()


class KnownError(Value, frozen=True):
    """A known error in what was read: its entry, how often, and the newest page that has it."""

    id: str
    meaning: str
    severity: Severity
    certain: bool
    count: int
    page: int


class LogsGlance(Value, frozen=True):
    """One page of a log, oldest line first. Page 1 has the newest lines.

    `thing` is the kind and the name of what it is the log of. `read` lines were read and looked through; `older` says
    that the log has lines before these. Where it could not be read `lacks` says why, and there are no lines; where
    there is no such log `instead` says what there is.
    """

    environment: str
    at: datetime
    thing: str
    choice: Choice | None = None
    instead: Ambiguous | Unknown | NoLog | None = None
    lines: tuple[LogLine, ...] = ()
    known: tuple[KnownError, ...] = ()
    page: int = 1
    read: int = 0
    older: bool = False
    since_s: int | None = None
    lacks: tuple[Unobserved, ...] = ()

    @property
    def more(self) -> bool:
        """Whether there is an older page."""
        return (self.read > self.page * PAGE or self.older) and self.page < PAGES_AT_MOST


def lines_for(page: int) -> int:
    """How many lines must be read for a page."""
    return max(READ, page * PAGE)


def chosen(thing: Thing, container: str, run: Run, now: datetime) -> Choice | NoLog:
    """Which log to show: of the container that failed the run that failed; without a failure the newest pod's."""
    pods = [pod for pod in thing.pods if pod.containers]
    if not pods:
        return NoLog(f"{thing} has no pod, so it has no log.")
    names = tuple(dict.fromkeys(one.name for pod in pods for one in pod.containers))
    if container and container not in names:
        near = get_close_matches(container, names, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        return NoLog(f"{thing} has no container {container}{hint}", names)
    wish = _wish(pods, container, run, now)
    if wish is None:
        what = f"No container {container}" if container else "No container"
        return NoLog(f"{what} of {thing} had a run before this one, so there is no log of it.", names)
    pod = next(one for one in pods if one.name == wish.pod)
    others = tuple(str(one.name) for one in pods if one.name != pod.name)
    own = tuple(one.name for one in pod.containers if one.name != wish.container)
    return Choice(wish.pod, wish.container, wish.previous, _because(pod, wish), own, others)


def page_of(lines: tuple[str, ...], page: int, catalogue: Catalogue) -> tuple[tuple[LogLine, ...], list[KnownError]]:
    """A page of what was read, and the known errors in all of it. Takes the processor for a while: call it in a thread.

    The lines are bare, and redacted after that: what is invisible in a secret would hide it, and then be gone.
    """
    marks, known = _marks(lines, catalogue)
    end = max(0, len(lines) - (page - 1) * PAGE)
    shown = range(max(0, end - PAGE), end)
    return tuple(LogLine(lines[place], marks.get(place, ())) for place in shown), known


def bare(line: str) -> str:
    """A line as a reader may see it: no colours, no cursor movements, nothing that turns the direction of reading."""
    text = _ESCAPES.sub("", line).replace("\t", _TAB)
    return "".join(letter for letter in text if unicodedata.category(letter) not in _INVISIBLE).rstrip()


def _wish(pods: list[Pod], container: str, run: Run, now: datetime) -> Wish | None:
    failed = [one for one in failed_logs(pods, now) if container in {"", one.container}]
    if run.previous:
        return next((one for one in failed if one.previous), None) or _before(pods, container)
    if run.current:
        first = next(iter(failed), None)
        return Wish(first.pod, first.container, previous=False) if first else _now(pods, container)
    return next(iter(failed), None) or _now(pods, container)


def _before(pods: list[Pod], container: str) -> Wish | None:
    """The run before of whatever ended last."""
    ended = [
        (one.last_end.ended_at or pod.created_at, pod.name, one.name)
        for pod, one in _containers(pods, container)
        if one.last_end
    ]
    return Wish(*max(ended)[1:], previous=True) if ended else None


def _now(pods: list[Pod], container: str) -> Wish | None:
    """The present run of the newest pod that runs."""
    ranked = sorted(_containers(pods, container), key=lambda pair: _rank(*pair))
    return next((Wish(pod.name, one.name, previous=False) for pod, one in ranked), None)


def _containers(pods: Iterable[Pod], container: str) -> Iterator[tuple[Pod, Container]]:
    return ((pod, one) for pod in pods for one in pod.containers if container in {"", one.name})


def _rank(pod: Pod, one: Container) -> tuple[bool, int, bool, float]:
    """Of pods that stay, the kind of container that does the work; what runs; the newest."""
    role = _ROLES.index(one.role)
    return pod.deleting_since is not None, role, one.stage is not Stage.RUNNING, -pod.created_at.timestamp()


def _because(pod: Pod, wish: Wish) -> str:
    one = next(one for one in pod.containers if one.name == wish.container)
    end = one.last_end if wish.previous else one.end
    if end is not None and end.code != 0:
        return f"that run failed: exit code {end.code}{f', {end.reason}' if end.reason not in {'', 'Error'} else ''}"
    if one.stage is Stage.WAITING and one.reason:
        return f"it is waiting: {one.reason}"
    return "" if one.ready or wish.previous or one.stage is not Stage.RUNNING else "it is not ready"


def _marks(lines: tuple[str, ...], catalogue: Catalogue) -> tuple[dict[int, tuple[str, ...]], list[KnownError]]:
    """The ids of known errors by line, and each of them counted, the worst first."""
    text = "\n".join(lines).encode("utf-8", "replace")
    origin = Origin(guessed=frozenset(one.source for one in guess(text) if one.source is not Source.ANY))
    marks: dict[int, tuple[str, ...]] = {}
    counts: Counter[tuple[str, bool]] = Counter()
    place, at = 0, 0
    for passage in passages(text, catalogue, origin):
        place, at = place + text.count(b"\n", at, passage.start), passage.start
        marks[place] = tuple(one.id for one in (*passage.certain, *passage.maybe))
        counts.update((id, not passage.maybe) for id in marks[place])
    known = [_known(catalogue, len(lines), marks, *one) for one in counts.items()]
    return marks, sorted(known, key=lambda one: (not one.certain, one.severity.rank, one.page))


def _known(
    catalogue: Catalogue, read: int, marks: dict[int, tuple[str, ...]], which: tuple[str, bool], count: int
) -> KnownError:
    id, certain = which
    newest = max(place for place, ids in marks.items() if id in ids)
    entry = catalogue[id]
    return KnownError(id, entry.meaning, entry.severity, certain, count, (read - 1 - newest) // PAGE + 1)

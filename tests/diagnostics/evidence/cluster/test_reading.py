"""Tests of reading a log: what is kept, what is masked first, and which known errors are found."""

from msgspec.structs import replace

from diagnostics.evidence.cluster.client import GoneError
from diagnostics.evidence.cluster.logs import ContainerLog
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.picking import Wish
from diagnostics.evidence.cluster.reading import ERRORS, LINE_AT_MOST, TAIL, LogReader, Marks
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.redaction import KnownSecret, LearningRedactor, Redactor
from diagnostics.signatures import Catalogue, signature_from
from tests.diagnostics.evidence.cluster.things import SPACE, FakeCluster

POD = Name(SPACE, "p")
WISH = Wish(POD, "volaticloud", previous=True)
ENTRY = signature_from(
    {
        "id": "server.database-connection",
        "pattern": "failed opening connection to postgres",
        "meaning": "The server does not reach its database.",
        "cause": "It is down.",
        "steps": ["Look."],
        "section": "SERVER_DATABASE",
        "severity": "critical",
        "examples": ["failed opening connection to postgres: x"],
        "counter_examples": ["opened"],
    },
)


async def read(*lines: str, redactor: LearningRedactor | None = None) -> ContainerLog:
    marks = Marks(lambda: Catalogue([ENTRY]), redactor or LearningRedactor(Redactor()))
    cluster = FakeCluster(logs={(POD, "volaticloud", True): lines})
    log = await LogReader(cluster, marks).read(WISH)
    assert log is not None
    return log


async def test_known_errors() -> None:
    """Finds the known errors, counted, with a line that has each."""
    log = await read("start", "failed opening connection to postgres: 1", "failed opening connection to postgres: 2")
    known = log.knows("server.database-connection")
    assert known is not None
    assert (known.count, known.line) == (2, "failed opening connection to postgres: 1")
    assert log.knows("server.migration-failed") is None
    assert log.errors[-1] == "failed opening connection to postgres: 2"


async def test_what_came_after_a_known_error() -> None:
    """Knows the lines that followed the last time a known error was met, as far as they were kept."""
    line = "failed opening connection to postgres: 1"
    log = await read(*["filler"] * 100, line, "b", line, "c", "d")
    known = log.knows("server.database-connection")
    assert known is not None
    assert (known.last, log.after(known)) == (103, ("c", "d"))
    early = await read(line, *["filler"] * 100)
    assert early.after(early.known[0]) == ("filler",) * TAIL
    assert early.after(replace(early.known[0], last=0)) == ()
    assert log.after(replace(known, last=0)) == ("c", "d")


async def test_what_is_kept() -> None:
    """Keeps the end of the log and the newest of what looks like errors, bounded in number and length."""
    log = await read(*(f"error {number}" for number in range(100)), "x" * 5_000)
    assert (log.read, len(log.lines), len(log.errors)) == (101, TAIL, ERRORS)
    assert log.errors[-1] == "error 99"
    assert len(log.lines[-1]) == LINE_AT_MOST + 1


async def test_secrets_go_first() -> None:
    """Masks what was learned of secrets before anything is matched or kept."""
    redactor = LearningRedactor(Redactor())
    redactor.learn(KnownSecret("database password", "kT9-zz81-Qm4x"))
    log = await read("error: login with kT9-zz81-Qm4x failed", redactor=redactor)
    assert "kT9-zz81-Qm4x" not in repr(log)


async def test_an_empty_log() -> None:
    """Takes an empty log for one that was read and says nothing."""
    log = await read()
    assert (log.read, log.lines, log.gap) == (0, (), "")


async def test_a_log_that_cannot_be_read() -> None:
    """Is a log with a gap where it cannot be read."""
    cluster = FakeCluster(logs={(POD, "volaticloud", True): CouldNotLookError(Reason.FORBIDDEN, "No right.")})
    log = await LogReader(cluster, Marks(lambda: Catalogue([]), LearningRedactor(Redactor()))).read(WISH)
    assert log is not None
    assert (log.gap, log.lines) == ("No right.", ())


async def test_a_log_that_went_with_its_pod() -> None:
    """Is no log, and no gap, where the pod was ended after it was listed: there is nothing to be seen any more."""
    cluster = FakeCluster(logs={(POD, "volaticloud", True): GoneError(Reason.FAILED, "Pod a/b is not there any more.")})
    assert await LogReader(cluster, Marks(lambda: Catalogue([]), LearningRedactor(Redactor()))).read(WISH) is None

"""Tests of a glance at a log: which one, which page of it, what is marked, what is left out of a line."""

from datetime import datetime
from typing import Any

import pytest

from diagnostics.evidence.cluster.pods import Pod, Role, Stage
from diagnostics.glances.logs import PAGE, READ, Choice, LogsGlance, NoLog, Run, bare, chosen, lines_for, page_of
from diagnostics.glances.meaning import Thing
from diagnostics.model import Severity
from diagnostics.signatures import Catalogue, signature_from
from tests.diagnostics.evidence.cluster.things import BACKEND, NOW, ago, container, ended, pod

BEST, BEFORE, NOW_RUN = Run(), Run(previous=True), Run(current=True)
BROKEN = container(stage=Stage.WAITING, ready=False, restarts=4, reason="CrashLoopBackOff", last_end=ended(1))
SIDECAR = container(name="proxy", role=Role.SIDECAR)
INIT = container(name="prepare", role=Role.INIT, stage=Stage.TERMINATED, end=ended(0, "Completed"))


def entry(id: str, words: str, severity: str = "critical", **more: Any) -> Any:
    return signature_from(
        {
            "id": id,
            "pattern": words,
            "meaning": f"It says: {words}.",
            "cause": "It is so in this test.",
            "steps": ["Look."],
            "section": "SERVER_DATABASE",
            "severity": severity,
            "examples": [words],
            "counter_examples": ["all is well"],
            **more,
        }
    )


CATALOGUE = Catalogue(
    [entry("server.database-connection", "no database"), entry("server.slow", "it is slow", "warning")]
)


def choose(*pods: Pod, container: str = "", run: Run = BEST) -> Choice | NoLog:
    return chosen(Thing("Deployment", BACKEND, pods), container, run, NOW)


def choice(*pods: Pod, container: str = "", run: Run = BEST) -> Choice:
    found = choose(*pods, container=container, run=run)
    assert isinstance(found, Choice)
    return found


def test_the_failed_run() -> None:
    """Takes the container that failed, and of it the run that failed, and says why."""
    found = choice(pod("a"), pod("b", BROKEN, SIDECAR))
    assert (found.pod.name, found.container, found.previous) == ("b", "volaticloud", True)
    assert found.because == "that run failed: exit code 1"
    assert (found.containers, found.pods) == (("proxy",), ("volaticloud/a",))


@pytest.mark.parametrize(
    ("parts", "previous", "because"),
    [
        (
            {"stage": Stage.WAITING, "last_end": ended(137, "OOMKilled")},
            True,
            "that run failed: exit code 137, OOMKilled",
        ),
        ({"stage": Stage.TERMINATED, "end": ended(2), "ready": False}, False, "that run failed: exit code 2"),
        ({"ready": False}, False, "it is not ready"),
        (
            {"stage": Stage.WAITING, "ready": False, "reason": "ImagePullBackOff"},
            False,
            "it is waiting: ImagePullBackOff",
        ),
        ({}, False, ""),
    ],
)
def test_the_reason(parts: dict[str, Any], *, previous: bool, because: str) -> None:
    """Says why this log is shown, and nothing where nothing failed."""
    found = choice(pod("a", container(**parts)))
    assert (found.previous, found.because) == (previous, because)


def test_nothing_failed() -> None:
    """Takes the main container of the newest pod that stays, before sidecars and those that prepare."""
    old, new = pod("old", created_at=ago(days=9)), pod("new", INIT, SIDECAR, container(), created_at=ago(hours=1))
    leaving = pod("leaving", created_at=ago(minutes=1), deleting_since=ago(seconds=5))
    found = choice(old, leaving, new)
    assert (found.pod.name, found.container, found.previous) == ("new", "volaticloud", False)


def test_the_run_is_named() -> None:
    """Takes the run that is named: the one before, or the one of now."""
    fell = container(restarts=1, last_end=ended(0, "Completed", days=3))
    assert choice(pod("a"), pod("b", fell), run=BEFORE) == Choice(
        pod("b").name, "volaticloud", previous=True, pods=("volaticloud/a",)
    )
    now = choice(pod("a"), pod("b", BROKEN), run=NOW_RUN)
    assert (now.pod.name, now.previous, now.because) == ("b", False, "it is waiting: CrashLoopBackOff")


def test_no_run_before() -> None:
    """Says that there was no run before, instead of asking for its log."""
    found = choose(pod("a"), run=BEFORE)
    assert isinstance(found, NoLog)
    assert found.reason == (
        "No container of volaticloud/volaticloud-backend had a run before this one, so there is no log of it."
    )


def test_the_container_is_named() -> None:
    """Takes the container that is named, failed or not; for an unknown one it says which there are."""
    both = pod("a", BROKEN, SIDECAR)
    assert choice(both, container="proxy").container == "proxy"
    assert choice(both, container="proxy").previous is False
    found = choose(both, container="prxy")
    assert found == NoLog(
        "volaticloud/volaticloud-backend has no container prxy; did you mean proxy?", ("volaticloud", "proxy")
    )
    assert isinstance(choose(both, container="zzz"), NoLog)


def test_no_pods() -> None:
    """Says that there is no log where there is no pod."""
    assert choose() == NoLog("volaticloud/volaticloud-backend has no pod, so it has no log.")


def test_pages() -> None:
    """Shows the newest lines first, oldest of them on top, and the page before them after that."""
    lines = tuple(str(number) for number in range(2 * PAGE + 5))
    shown = [[line.text for line in page_of(lines, page, CATALOGUE)[0]] for page in (1, 2, 3, 4)]
    assert shown == [list(lines[-PAGE:]), list(lines[5 : PAGE + 5]), list(lines[:5]), []]


def test_marks() -> None:
    """Marks each line with a known error, and counts them in all that was read, with the newest page that has it."""
    lines = ("no database", *("fine",) * PAGE, "it is slow", "no database", "fine")
    shown, known = page_of(lines, 1, CATALOGUE)
    assert [line.known for line in shown[-3:]] == [("server.slow",), ("server.database-connection",), ()]
    assert [(one.id, one.count, one.page, one.severity) for one in known] == [
        ("server.database-connection", 2, 1, Severity.CRITICAL),
        ("server.slow", 1, 1, Severity.WARNING),
    ]
    far = page_of(("no database", *("fine",) * PAGE), 1, CATALOGUE)
    assert (far[1][0].page, any(line.known for line in far[0])) == (2, False)


def test_perhaps() -> None:
    """Marks as uncertain what means this only where it is not known to come from."""
    catalogue = Catalogue([entry("database.denied", "permission denied", sources=["postgres-log"])])
    _, (known,) = page_of(("permission denied",), 1, catalogue)
    assert known.certain is False


def test_nothing_to_read() -> None:
    """Has no lines of an empty log."""
    assert page_of((), 1, CATALOGUE) == ((), [])


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[31;1mERROR\x1b[0m x", "ERROR x"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2K\x1b[1Aover", "over"),
        ("\x1bcreset", "reset"),
        ("a\x00b\x08c\r", "abc"),
        ("\tat main.go:3  ", "    at main.go:3"),
        ("safe\u202egnp.exe\u200b\u2066", "safegnp.exe"),
        ("é 漢 😀", "é 漢 😀"),
    ],
)
def test_bare(line: str, shown: str) -> None:
    """Leaves out colours, cursor movements and what a reader cannot see; keeps the indentation and every letter."""
    assert bare(line) == shown


def glance(**parts: Any) -> LogsGlance:
    return LogsGlance("production", datetime.now(NOW.tzinfo), "deployment x", **parts)


def test_more() -> None:
    """Has an older page when more lines were read, or the log goes on before them, up to the last page there may be."""
    assert not glance(read=PAGE).more
    assert glance(read=PAGE + 1).more
    assert glance(read=PAGE, older=True).more
    assert not glance(read=PAGE, older=True, page=100).more


def test_how_much_is_read() -> None:
    """Reads more than it shows, to look for known errors, and as much as a page further back needs."""
    assert (lines_for(1), lines_for(20)) == (READ, 20 * PAGE)

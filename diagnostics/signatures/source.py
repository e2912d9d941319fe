"""Where a text is from, told by its marks: the same words mean different things in different places.

A guess is never certain; it carries its reason, and a person may say better.
"""

from enum import StrEnum

from diagnostics.model import Value
from diagnostics.patterns import Pattern, PatternSet

__all__ = ["Guess", "Source", "guess", "sources_of"]


class Source(StrEnum):
    """What writes a text."""

    BACKEND = "backend-log"
    POSTGRES = "postgres-log"
    KEYCLOAK = "keycloak-log"
    FREQTRADE = "freqtrade-log"
    INGRESS = "ingress-log"
    DOCKER = "docker"
    KUBERNETES = "kubernetes-event"
    TESTS = "test-output"
    GO_STACK = "go-stack"
    ANY = "any"


class Guess(Value, frozen=True):
    """One source that a text seems to be from, and the mark that says so, in words."""

    source: Source
    reason: str


_DATE = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"
#: A mark of each source: the pattern of a line, and the reason as people read it. The first that is found counts.
_MARKS: tuple[tuple[Source, str, str], ...] = (
    (Source.TESTS, r"^\s*(?:=== (?:RUN|PAUSE|CONT)\b|--- (?:FAIL|PASS|SKIP): )", "lines of go test such as --- FAIL:"),
    (Source.TESTS, r"^(?:ok  |FAIL|\?   )\t\S+", "a package's result as go test prints it"),
    (Source.TESTS, r"^\s+\S+_test\.go:\d+:", "a line of a _test.go file"),
    (Source.GO_STACK, r"^goroutine \d+ \[", "a goroutine's stack"),
    (Source.GO_STACK, r"^\s+/?\S+\.go:\d+ \+0x[0-9a-f]+", "the frames of a Go stack"),
    (
        Source.POSTGRES,
        _DATE
        + r"(?:\.\d+)? [A-Z0-9+:]+ (?:[^\n]* )?(?:LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|HINT|STATEMENT|CONTEXT):  ",
        "PostgreSQL's time, process and level",
    ),
    (
        Source.POSTGRES,
        r"^(?:ERROR|FATAL|PANIC|DETAIL|HINT|STATEMENT):  ",
        "a level with two blanks after it, as PostgreSQL writes",
    ),
    (
        Source.KEYCLOAK,
        _DATE
        + r",\d{3} (?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +\[(?:org\.(?:key|infin|hibern|jgroups)|io\.|com\.|liqui)",
        "a log line of Quarkus, on which Keycloak runs",
    ),
    (Source.KEYCLOAK, r"\bKC-[A-Z]+\d{4}\b|\[org\.keycloak\.", "a code or a class of Keycloak"),
    (Source.FREQTRADE, r" - freqtrade[\w.]* - (?:DEBUG|INFO|WARNING|ERROR|CRITICAL) - ", "freqtrade's logger"),
    (Source.FREQTRADE, r"/freqtrade/|\bccxt\.base\.errors\.", "a path or a class of freqtrade"),
    (Source.INGRESS, r"\[(?:crit|error|warn|alert|emerg)\] \d+#\d+:", "an error line of nginx"),
    (
        Source.INGRESS,
        r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ (?:controller|store|main|nginx)\.go:",
        "ingress-nginx's log",
    ),
    (
        Source.DOCKER,
        r"(?:^|: )(?:Error response from daemon|docker): |\bOCI runtime\b",
        "an answer of the Docker daemon",
    ),
    (Source.DOCKER, r"^Unable to find image '|Docker daemon", "words of the docker command"),
    (Source.DOCKER, r'^time="[^"]+" level=\w+ msg="', "the Docker daemon's log"),
    (Source.KUBERNETES, r"^(?:LAST SEEN|NAMESPACE) +|^ *Type +Reason +Age +From", "a table of events from kubectl"),
    (
        Source.KUBERNETES,
        r"^(?:\S+ +)?\d+[smhd]\S*(?: \(x\d+ over \S+\))? +(?:Normal|Warning) ",
        "a line of kubectl get events",
    ),
    (Source.KUBERNETES, r"^ *(?:Normal|Warning) +[A-Z]\w+ +(?:\d|<)", "a line of kubectl describe's events"),
    (Source.KUBERNETES, r"\b(?:kubelet|default-scheduler|horizontal-pod-autoscaler)\b", "a component of Kubernetes"),
    (
        Source.BACKEND,
        r'^\{.*"(?:level|severity)":"(?:trace|debug|info|warn|warning|error|fatal|panic)"',
        "structured log lines in JSON",
    ),
    (Source.BACKEND, r"^time=\S+ level=(?:DEBUG|INFO|WARN|ERROR) msg=", "Go's structured log"),
    (Source.BACKEND, r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?:[^\[]|$)", "Go's plain log"),
)
_ONE_BY_ONE = tuple((source, Pattern(f"(?m){pattern}"), reason) for source, pattern, reason in _MARKS)
_TOGETHER = PatternSet(tuple(f"(?m){pattern}" for _, pattern, _ in _MARKS))


def guess(text: bytes) -> tuple[Guess, ...]:
    """Which sources a text seems to be from, each with its first reason; none when it bears no mark."""
    found: dict[Source, Guess] = {}
    for source, pattern, reason in _ONE_BY_ONE:
        if source not in found and pattern.search(text):
            found[source] = Guess(source, reason)
    return tuple(found.values())


def sources_of(passage: bytes) -> frozenset[Source]:
    """The same about a line or a few, without reasons: quick enough to ask about each that matters."""
    return frozenset(_MARKS[place][0] for place in _TOGETHER.which(passage))

"""Tests that text from outside is not cut before its secrets are masked: half a secret is not known as one."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from bot.actions import variable
from bot.clients.kubernetes import machines, services, wire
from bot.clients.kubernetes.connection import said
from bot.probe.result import plain
from diagnostics.evidence.database.shapes import shape
from diagnostics.redaction import KnownSecret, Redactor, first_words_of
from diagnostics.words import raw_line

ROOT = Path(__file__).parents[1]
#: Where text is as a server, a program or a log sent it.
RAW = ("bot/clients", "bot/actions", "bot/probe", "diagnostics/evidence")
MODULES = sorted(path for folder in RAW for path in (ROOT / folder).rglob("*.py"))
#: What may be cut there: things and bytes that are counted, digits, and what is masked or typed by who reads it.
MAY = {
    "bot/actions/debug_logs.py": {"asked[:60]", "text[:20]"},
    "bot/actions/failed_pods.py": {"failed[:MOST]"},
    "bot/actions/lifecycle.py": {"name[:40]"},
    "bot/actions/preview.py": {"around.pods[:PODS_NAMED]"},
    "bot/actions/probe.py": {"word[:20]"},
    "bot/actions/probe_job.py": {"kept[:40]"},
    "bot/actions/doors.py": {"tuple(places)[:_SHOWN]"},
    "bot/actions/things.py": {"hashlib.sha256(encoded).hexdigest()[:_DIGITS]"},
    "bot/clients/http.py": {"part[:most - size]"},
    "bot/clients/kubernetes/connection.py": {"call[:4]"},
    "bot/clients/network.py": {"found[:ADDRESSES_AT_MOST]"},
    "bot/clients/pagerduty/events.py": {"alert.links[:LINKS_AT_MOST]", "line[:SUMMARY_AT_MOST - 1]"},
    "bot/clients/pagerduty/rest.py": {"name[:40]", "incident[:40]", "text[:NOTE_AT_MOST - 60]"},
    "bot/clients/schemas.py": {
        "hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]",
        "tuple(_differences(_read(expected), live))[:DIFFERENCES]",
    },
    "bot/probe/here.py": {"way[:20]", "target[:60]"},
    "bot/probe/order.py": {"text[:60]"},
    "bot/probe/postgres.py": {"body[:_SHORTEST]"},
    "bot/probe/result.py": {"found.facts[:FACTS_AT_MOST]"},
    "bot/probe/road.py": {"found[:ADDRESSES_AT_MOST]", "certificate.names[:4]"},
    "diagnostics/evidence/cluster/edge.py": {"list(served.items())[:HOSTS]"},
    "diagnostics/evidence/cluster/picking.py": {"ranked[:LOGS_AT_MOST]"},
    "diagnostics/evidence/cluster/reading.py": {"line[:LINE_AT_MOST]"},
    "diagnostics/evidence/cluster/sources.py": {"newest[:EVENTS_AT_MOST]"},
    "diagnostics/evidence/database/sources.py": {"tuple(dict.fromkeys(reading.holders(rows)))[:_PIDS]"},
    "diagnostics/evidence/keycloak/admin.py": {"sorted(noted)[:OWNERS_AT_MOST]"},
    "diagnostics/evidence/keycloak/kinds.py": {"certificate.fingerprint[:16]"},
    "diagnostics/evidence/keycloak/presented.py": {"found[:_NAMED]"},
    "diagnostics/evidence/surface/answers.py": {
        "tuple(sorted(parts, key=lambda one: one.well) if len(parts) > AT_MOST else parts)[:AT_MOST]",
        "listed[:AT_MOST]",
    },
    "diagnostics/evidence/surface/kinds.py": {"one.certificate.fingerprint[:16]"},
}
_A_FEW = 2  # the first one or two of several things: no text is cut to that


def cuts(path: Path) -> Iterator[str]:
    """Every `[:most]` of a module, where `most` is a number that is written down."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.lower is None:
            upper = node.slice.upper
            few = isinstance(upper, ast.Constant) and upper.value in range(_A_FEW + 1)
            if isinstance(upper, ast.Constant | ast.Name | ast.BinOp) and not few and not _found(upper):
                yield ast.unparse(node)


def _found(upper: ast.expr) -> bool:
    """Whether it is a place that was searched for, and no limit."""
    return isinstance(upper, ast.Name) and upper.id.islower()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_cut_unmasked(path: Path) -> None:
    """Has every text there cut by `first_words` or `raw_line`; what else is cut stands in the table."""
    name = str(path.relative_to(ROOT))
    assert set(cuts(path)) <= MAY.get(name, set()), "cut it by first_words, or add it to the table if it is no text"
    assert "one_line" not in path.read_text(encoding="utf-8"), "raw_line is for text that still has its secrets"


def test_the_table_is_of_today() -> None:
    """Lists no cut that is gone."""
    assert {name for name, told in MAY.items() if not set(cuts(ROOT / name)) & told} == set()


SECRETS = ("orange-turtle-under-the-bridge", "orange turtle under the bridge")
_ANNOTATION = "nginx.ingress.kubernetes.io/auth-url"


def of_an_event(text: str) -> str:
    sent = {"metadata": {"name": "x"}, "involvedObject": {}, "message": text}
    return machines.event(msgspec.convert(sent, wire.Event)).message


def of_an_annotation(text: str) -> str:
    sent = {"metadata": {"name": "x", "annotations": {_ANNOTATION: text}}, "spec": {}}
    return services.ingress(msgspec.convert(sent, wire.Ingress)).annotations[_ANNOTATION]


def of_a_status(text: str) -> str:
    return said(msgspec.json.encode({"kind": "Status", "message": text}))


#: How text is cut that still has its secrets, and after how many characters.
CUTTERS: dict[str, tuple[Callable[[str], str], int]] = {
    "an event": (of_an_event, 1_000),
    "an annotation": (of_an_annotation, 200),
    "a refusal of the API server": (of_a_status, 300),
    "what is no Status": (lambda text: said(text.encode()), 300),
    "what a login plugin said": (lambda text: first_words_of(text.encode(), 200), 200),
    "an answer of many bytes": (lambda text: first_words_of(text.encode(), 200), 800),
    "what a probe printed": (plain, 300),
    "a variable": (lambda text: variable.words({"value": text}), 60),
    "a statement": (shape, 300),
    "a line": (raw_line, 200),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("place", CUTTERS)
def test_a_secret_astride_a_cut(place: str, secret: str) -> None:
    """Leaves no piece of a known secret, wherever in it the text is cut."""
    cut, most = CUTTERS[place]
    redactor = Redactor((KnownSecret("database password", secret),))
    for before in range(most - len(secret) - 5, most + 5):
        kept = cut(f"{'y' * before} {secret} was refused; and more words {'z ' * 500}")
        told = redactor.text(kept)
        assert len(kept) < most + len(secret) + 5
        assert not any(word in told for word in ("oran", "turt", "under"))

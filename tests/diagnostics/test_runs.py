"""Tests of saved runs: there and back again, the same verdict, and a clear sentence for what is no run."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.areas import AREAS, EXPLANATIONS
from diagnostics.check import Area
from diagnostics.evidence import KINDS
from diagnostics.evidence.cluster.kinds import ClusterUsage
from diagnostics.evidence.cluster.machines import Usage
from diagnostics.evidence.cluster.workloads import Amounts
from diagnostics.evidence.keycloak.kinds import KeycloakAdmin, KeycloakClientSecret, KeycloakReach
from diagnostics.evidence.keycloak.way import KeycloakWay
from diagnostics.judge import Span, judge
from diagnostics.model import Evidence, Reason, Unobserved
from diagnostics.observe import Seen
from diagnostics.runs import FORMAT, Run, RunUnreadableError
from tests.diagnostics.areas.cases import CASES, database, login, looked, routes
from tests.diagnostics.areas.cases.case import CONTEXT, NOW, OK

ALL_AREAS = {area.name: area for area in (*AREAS, *EXPLANATIONS)}
SEEN = [seen for case in CASES for seen in (*case.fires, *case.silent)]
EXAMPLES: dict[type[Evidence], tuple[Evidence, ...]] = {
    kind: looked.EXAMPLES.get(kind)
    or database.EXAMPLES.get(kind)
    or tuple(seen for seen in SEEN if type(seen) is kind)
    or tuple(one for one in routes.kinds().values() if type(one) is kind)
    for kind in KINDS.values()
}
# The way is a view, never saved: of its two parts the connection is in no other case.
EXAMPLES[KeycloakReach] = tuple(KeycloakReach(seen.reached) for seen in SEEN if isinstance(seen, KeycloakWay))

#: Evidence that no check is about.
UNJUDGED: dict[type[Evidence], tuple[Evidence, ...]] = {
    KeycloakAdmin: (KeycloakAdmin(OK),),
    KeycloakClientSecret: (login.TIDY, login.SPACED),
    ClusterUsage: (ClusterUsage(), ClusterUsage(nodes=(Usage("node-1", Amounts(250, 1 << 30)),))),
}


def run_of(area: Area, found: dict[type[Evidence], Evidence | Unobserved]) -> Run:
    seen = Seen(found)
    diagnosis = judge(area, "production", seen, CONTEXT, Span(NOW, 42))
    return Run.of("r1", False, CONTEXT, seen, diagnosis)  # noqa: FBT003 a field


def example(kind: type[Evidence]) -> tuple[Evidence, ...]:
    """The examples of a kind; of a kind that no check is about, its own."""
    return EXAMPLES[kind] or UNJUDGED[kind]


def anything(kind: type[Evidence]) -> st.SearchStrategy[Evidence | Unobserved]:
    lacks = st.builds(Unobserved, st.just(kind.WHAT), st.sampled_from(Reason), st.text())
    return st.sampled_from(example(kind)) | lacks


def whole(area: Area) -> st.SearchStrategy[Run]:
    kinds = {kind: anything(kind) for kind in area.kinds}
    return st.fixed_dictionaries({}, optional=kinds).map(lambda found: run_of(area, found))


runs = st.sampled_from(list(ALL_AREAS.values())).flatmap(whole)


@pytest.mark.parametrize("kind", list(KINDS.values()), ids=list(KINDS))
def test_every_kind_there_and_back(kind: type[Evidence]) -> None:
    """Saves evidence of every kind, seen or not, and reads back the same."""
    area = next((area for area in ALL_AREAS.values() if kind in area.kinds), ALL_AREAS["server"])
    unseen = Unobserved(kind.WHAT, Reason.TIMEOUT, "Nothing within 5 s.")
    cases: tuple[Evidence | Unobserved, ...] = (*example(kind), unseen)
    for found in cases:
        run = run_of(area, {kind: found})
        back = Run.decode(run.encode())
        assert back.encode() == run.encode()
        assert back.seen().get(kind) == found


@given(runs)
def test_the_same_verdict_again(run: Run) -> None:
    """Judges a saved run again as it was judged."""
    assert Run.decode(run.encode()).replayed() == run.diagnosis


@given(runs)
def test_equal_runs_have_equal_json(run: Run) -> None:
    """Writes the same JSON for the same run."""
    assert Run.decode(run.encode()).encode() == run.encode()


def document() -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(run_of(ALL_AREAS["keycloak"], {}).encode())
    return decoded


def unreadable(text: bytes) -> str:
    with pytest.raises(RunUnreadableError) as caught:
        Run.decode(text).replayed()
    return str(caught.value)


def changed(**fields: Any) -> bytes:
    return json.dumps({**document(), **fields}).encode()


REALM = "keycloak.realm"
HOSTILE: tuple[tuple[str, bytes, str], ...] = (
    ("nothing", b"", "not a saved run"),
    ("no JSON", b"<html>", "not a saved run"),
    ("no UTF-8", b'{"format": "\xff"}', "not a saved run"),
    ("not an object", b"[1, 2]", "not a saved run"),
    ("a bare number", b"1" * 10_000, "not a saved run"),
    ("deep", b"[" * 200_000, "not a saved run"),
    (
        "deep inside",
        changed(evidence={}).replace(b'"evidence": {}', b'"evidence": ' + b'{"a":' * 100_000),
        "not a saved",
    ),
    ("huge", b'{"format": 1, "id": "' + b"x" * 5_000_000 + b'"}', "missing required field"),
    ("another format", changed(format=FORMAT + 1), f"has format {FORMAT + 1}; this version reads format {FORMAT}"),
    ("wrong type", changed(format="one"), "Expected `int`"),
    ("unknown field", changed(surprise=1), "unknown field `surprise`"),
    ("unknown kind", changed(evidence={"moon.phase": {"evidence": {}}}), "'moon.phase' is of a kind"),
    ("neither seen nor unseen", changed(evidence={REALM: {}}), "cannot be read by this version"),
    ("evidence of a wrong shape", changed(evidence={REALM: {"evidence": {"pages": 5}}}), "cannot be read"),
    ("evidence with a field more", changed(evidence={REALM: {"evidence": {"pages": [], "x": 1}}}), "unknown field"),
    (
        "unknown reason",
        changed(evidence={REALM: {"unobserved": {"what": "", "reason": "tired", "detail": ""}}}),
        "tired",
    ),
    ("unknown area", changed(diagnosis={**document()["diagnosis"], "area": "moon"}), "'moon' is not known"),
    ("unknown verdict", changed(diagnosis={**document()["diagnosis"], "verdict": "fine"}), "fine"),
)


@pytest.mark.parametrize(("text", "says"), [one[1:] for one in HOSTILE], ids=[one[0] for one in HOSTILE])
def test_what_is_no_run(text: bytes, says: str) -> None:
    """Says in one sentence why a document cannot be judged, and never repeats all of it."""
    sentence = unreadable(text)
    assert says in sentence
    assert len(sentence) < 500
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_bent_frame() -> None:
    """Shows checks that a bent frame breaks as broken, and does not fail."""
    bent = document()
    bent["context"]["at"] = "2026-01-02T03:04:05"  # a time without its zone
    bent["context"]["expected"] = {}
    bent["evidence"] = {
        kind.KIND: {"evidence": msgspec.to_builtins(seen)} for kind in KINDS.values() for seen in example(kind)[:1]
    }
    diagnosis = Run.decode(json.dumps(bent).encode()).replayed()
    assert {lack.reason for lack in diagnosis.unobserved if lack.what.startswith("check ")} == {Reason.CHECK_BROKEN}


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_any_json(value: Any) -> None:
    """Refuses whatever else is JSON."""
    unreadable(json.dumps(value).encode())


@given(st.sampled_from(sorted(document())), st.none() | st.integers() | st.text() | st.lists(st.integers()))
def test_any_field_spoilt(field: str, value: Any) -> None:
    """Refuses, or reads, a run with any field spoilt; it never fails otherwise."""
    try:
        assert Run.decode(changed(**{field: value})).replayed().area == "keycloak"
    except RunUnreadableError:  # anything else fails the test
        return

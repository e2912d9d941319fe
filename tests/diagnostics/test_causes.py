"""Tests of causes: the table itself, and that every finding is a cause or explained by exactly one."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.areas import AREAS, EXPLANATIONS
from diagnostics.causes import ACROSS, RULES, Rule, explain, explain_across
from diagnostics.check import Area
from diagnostics.model import Cause, Fact, Finding, Severity, Subject
from diagnostics.runbook import Section

ORDERS = {area.name: tuple(check.id for check in area.checks) for area in (*AREAS, *EXPLANATIONS)}
SEVERITY = {check.id: check.severity for area in (*AREAS, *EXPLANATIONS) for check in area.checks}


IT = Subject("thing", "it")


def finding(
    id: str,
    summary: str = "",
    severity: Severity | None = None,
    about: Subject = IT,
    rests_on: tuple[Subject, ...] = (),
) -> Finding:
    weight = severity or SEVERITY[id]
    facts = (Fact("a", "b"),)
    return Finding(id, id, weight, about, summary or id, facts, "ls", Section.QUICK, "here", rests_on)


def explained(*ids: str, area: str = "keycloak") -> dict[str, tuple[str, ...]]:
    return {cause.id: cause.explains for cause in explain([finding(id) for id in ids], ORDERS[area])}


def edges() -> set[tuple[str, str]]:
    return {(rule.cause, symptom) for rule in RULES for symptom in rule.explains}


def test_every_id_is_a_check() -> None:
    """Speaks only of checks that exist."""
    named = {id for edge in edges() for id in edge}
    assert named <= set(SEVERITY)


def test_nothing_explains_itself() -> None:
    """Has no circle: no finding is, over however many steps, its own symptom."""
    below: dict[str, set[str]] = {}
    for cause, symptom in edges():
        below.setdefault(cause, set()).add(symptom)

    def reached(id: str, path: tuple[str, ...]) -> None:
        assert id not in path, " -> ".join((*path, id))
        for symptom in below.get(id, ()):
            reached(symptom, (*path, id))

    depths_first = {cause for cause, _ in edges()} - {symptom for _, symptom in edges()}
    assert depths_first
    for id in depths_first:
        reached(id, ())
    assert {cause for cause, _ in edges()} <= _all_below(below, depths_first)


def _all_below(below: dict[str, set[str]], roots: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting.extend(below.get(id, ()))
    return found


def test_a_cause_stays_in_its_area() -> None:
    """Explains only findings of the same area, since only those are judged together."""
    assert all(cause.partition(".")[0] == symptom.partition(".")[0] for cause, symptom in edges())


def test_across_areas() -> None:
    """Explains one area's findings by another's where both were looked at, and only in that table."""
    assert all(rule.cause.startswith("database.") for rule in ACROSS)
    assert {id.partition(".")[0] for rule in ACROSS for id in rule.explains} == {"server", "graphql", "performance"}
    found = [
        finding("server.database-connection-failed"),
        finding("server.rollout-stuck"),
        finding("database.slots-full"),
    ]
    order = (*ORDERS["server"], *ORDERS["database"])
    apart = [cause.id for cause in explain(found, order)]
    (across,) = explain_across(found, order)
    assert apart == ["server.database-connection-failed", "database.slots-full"]
    assert (across.id, across.explains) == (
        "database.slots-full",
        ("server.database-connection-failed", "server.rollout-stuck"),
    )


def test_the_database_explains_latency() -> None:
    """Explains slow answers by the database, alone and across areas, where it tells the same only once."""
    slow = [finding("performance.database-missing-index"), finding("performance.endpoint-slow")]
    (alone,) = explain(slow, ORDERS["performance"])
    assert (alone.id, alone.explains) == ("performance.database-missing-index", ("performance.endpoint-slow",))
    (across,) = explain_across(
        [*slow, finding("database.missing-index")], (*ORDERS["performance"], *ORDERS["database"])
    )
    assert (across.id, set(across.explains)) == ("database.missing-index", {one.id for one in slow})


def test_the_same_of_another_thing() -> None:
    """Keeps what the two areas tell of different tables apart."""
    mine = finding("performance.database-dead-rows")
    elsewhere = finding("database.dead-rows", about=Subject("table", "public.elsewhere"))
    order = (*ORDERS["performance"], *ORDERS["database"])
    assert [one.id for one in explain_across([mine, elsewhere], order)] == [mine.id, elsewhere.id]


@pytest.mark.parametrize("id", sorted(SEVERITY))
def test_alone(id: str) -> None:
    """Takes a finding that stands alone for its own cause."""
    area = id.partition(".")[0]
    assert explain([finding(id, "It is so.")], ORDERS[area]) == (Cause(id, IT, "It is so."),)


@pytest.mark.parametrize(
    ("cause", "symptoms"),
    [
        ("keycloak.refused", ("keycloak.not-answering",)),
        ("keycloak.certificate-expired", ("keycloak.not-json", "keycloak.login-broken")),
        ("keycloak.container-stopped", ("keycloak.refused", "keycloak.container-log-errors")),
        ("keycloak.no-route", ("keycloak.not-answering",)),
        ("keycloak.address-unusable", ("keycloak.connection-unsteady",)),
        ("keycloak.address-unusable", ("keycloak.certificate-untrusted", "keycloak.slow")),
        ("keycloak.hangs-up", ("keycloak.login-broken",)),
        ("keycloak.name-lookup-slow", ("keycloak.slow",)),
        ("keycloak.connection-unsteady", ("keycloak.discovery-broken", "keycloak.keys-unreadable")),
        ("keycloak.https-required", ("keycloak.keys-unreadable", "keycloak.login-refused")),
        ("keycloak.redirected-to-https", ("keycloak.login-broken",)),
        ("keycloak.clock-skewed", ("keycloak.token-not-yet-valid",)),
        ("keycloak.issuer-mismatch", ("keycloak.token-issuer-wrong",)),
        ("keycloak.client-secret-untidy", ("keycloak.client-secret-wrong",)),
        ("keycloak.not-answering", ("keycloak.realm-missing",)),
        ("keycloak.wrong-base-path", ("keycloak.issuer-mismatch", "keycloak.token-issuer-wrong")),
        (
            "keycloak.authorization-services-off",
            ("keycloak.uma-protection-missing", "keycloak.evaluation-broken", "keycloak.registration-fails"),
        ),
    ],
)
def test_symptoms_fold_under_their_cause(cause: str, symptoms: tuple[str, ...]) -> None:
    """Folds symptoms under the cause that explains them, in the order checks are listed."""
    listed = tuple(id for id in ORDERS["keycloak"] if id in symptoms)
    assert explained(*reversed(symptoms), cause) == {cause: listed}


def test_explanations_fold_too() -> None:
    """Folds the findings about a token and about a permission as well."""
    assert explained("token.inactive", "token.expired", area="token") == {"token.expired": ("token.inactive",)}
    assert explained("why.denied", "why.user-disabled", area="why") == {"why.user-disabled": ("why.denied",)}


def test_roots_are_followed_upstream() -> None:
    """Goes on to the cause of a cause, so that only the first of a chain is named."""
    chain = ("keycloak.container-stopped", "keycloak.refused", "keycloak.not-answering", "keycloak.slow")
    assert list(explained(*reversed(chain))) == ["keycloak.container-stopped"]


def test_unrelated_causes_stand_side_by_side() -> None:
    """Names each of several unrelated causes."""
    found = explained("keycloak.resource-without-owner", "keycloak.certificate-expiring")
    assert found == {"keycloak.certificate-expiring": (), "keycloak.resource-without-owner": ()}


def test_heaviest_first() -> None:
    """Orders causes by the worst they stand for, then by how much they explain, then as listed."""
    ids = (
        "keycloak.certificate-expiring",  # a warning
        "keycloak.clock-skewed",  # a warning that explains something critical
        "keycloak.token-not-yet-valid",
        "keycloak.token-algorithm-wrong",  # critical, alone
        "keycloak.base-path-differs",  # a note
    )
    order = list(explained(*ids))
    assert order == [
        "keycloak.clock-skewed",
        "keycloak.token-algorithm-wrong",
        "keycloak.certificate-expiring",
        "keycloak.base-path-differs",
    ]


def test_listed_first_among_equals() -> None:
    """Names first, among equals, the one whose check is listed first."""
    ids = ("keycloak.owner-differs", "keycloak.resource-without-owner")
    listed = sorted(ids, key=ORDERS["keycloak"].index)
    assert list(explained(*ids)) == listed
    assert list(explained(*reversed(ids))) == listed


def test_first_of_several_findings_of_one_check() -> None:
    """Takes the sentence of the first finding when one check found several."""
    id = "keycloak.slow"
    (cause,) = explain([finding(id, "first"), finding(id, "second")], ORDERS["keycloak"])
    assert cause.title == "first"


some_ids = st.lists(st.sampled_from(ORDERS["keycloak"]), unique=True)


@given(some_ids)
def test_each_finding_has_one_place(ids: list[str]) -> None:
    """Makes every finding either a cause or explained by exactly one."""
    causes = explain([finding(id) for id in ids], ORDERS["keycloak"])
    placed = [cause.id for cause in causes] + [id for cause in causes for id in cause.explains]
    assert sorted(placed) == sorted(ids)


@given(some_ids.flatmap(lambda ids: st.tuples(st.just(ids), st.permutations(ids))))
def test_the_order_of_findings_does_not_matter(both: tuple[Sequence[str], Sequence[str]]) -> None:
    """Gives the same causes in the same order, however the findings are ordered."""
    one, other = ([finding(id) for id in ids] for ids in both)
    assert explain(one, ORDERS["keycloak"]) == explain(other, ORDERS["keycloak"])


@given(some_ids)
def test_causes_never_get_lighter_later(ids: list[str]) -> None:
    """Never names a lighter cause before a heavier one."""
    worst = [
        min(SEVERITY[id].rank for id in (cause.id, *cause.explains))
        for cause in explain([finding(id) for id in ids], ORDERS["keycloak"])
    ]
    assert all(one <= other for one, other in pairwise(worst))


def area_of(name: str) -> Area:
    return next(area for area in (*AREAS, *EXPLANATIONS) if area.name == name)


@given(st.sampled_from(("why", "token")).flatmap(lambda name: st.lists(st.sampled_from(ORDERS[name]), unique=True)))
def test_explanations_have_one_place_too(ids: list[str]) -> None:
    """Does the same for what is said about a permission or a token."""
    name = ids[0].partition(".")[0] if ids else "why"
    causes = explain([finding(id) for id in ids], [check.id for check in area_of(name).checks])
    placed = [cause.id for cause in causes] + [id for cause in causes for id in cause.explains]
    assert sorted(placed) == sorted(ids)


BACKEND, DASHBOARD, NODE = (
    Subject("deployment", "volaticloud/volaticloud-backend"),
    Subject("deployment", "volaticloud/volaticloud-dashboard"),
    Subject("node", "node-1"),
)
LINKED = Rule("keycloak.refused", ("keycloak.realm-missing",), linked=True)


def test_a_linked_rule_holds_for_the_same_subject() -> None:
    """Explains a finding about the cause's own subject."""
    assert LINKED.holds(finding("keycloak.refused", about=BACKEND), finding("keycloak.realm-missing", about=BACKEND))


def test_a_linked_rule_holds_for_what_rests_on_the_subject() -> None:
    """Explains a finding about something that rests on the cause's subject."""
    symptom = finding("keycloak.realm-missing", about=BACKEND, rests_on=(NODE,))
    assert LINKED.holds(finding("keycloak.refused", about=NODE), symptom)


def test_a_linked_rule_holds_for_nothing_else() -> None:
    """Does not explain the same finding about something unconnected."""
    symptom = finding("keycloak.realm-missing", about=BACKEND, rests_on=(NODE,))
    assert not LINKED.holds(finding("keycloak.refused", about=DASHBOARD), symptom)


def test_each_subject_is_a_cause_of_its_own() -> None:
    """Keeps two findings of one check about two subjects apart, and counts the symptoms of each."""
    two = [finding("keycloak.slow", about=BACKEND), finding("keycloak.slow", about=DASHBOARD)]
    found = explain(two, ORDERS["keycloak"])
    assert [cause.subject for cause in found] == [BACKEND, DASHBOARD]
    assert all(cause.symptoms == () for cause in found)


def test_symptoms_are_the_very_findings() -> None:
    """Names the findings a cause explains, each with its subject."""
    symptoms = [finding("keycloak.realm-missing", about=one) for one in (BACKEND, DASHBOARD)]
    (cause,) = explain([finding("keycloak.refused", about=NODE), *symptoms], ORDERS["keycloak"])
    assert cause.symptoms == tuple(one.symptom for one in symptoms)
    assert cause.explains == ("keycloak.realm-missing",)

"""Tests of every check by its cases: it speaks, with its numbers, and just below its limit it does not."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from diagnostics.areas import AREAS, EXPLANATIONS
from diagnostics.areas.keycloak import connection, login, realm
from diagnostics.areas.keycloak.connection import covers
from diagnostics.areas.keycloak.platform import expected
from diagnostics.areas.token import claims
from diagnostics.check import Check
from diagnostics.context import Context
from diagnostics.evidence.http import CERTIFICATE_REFUSED, Answer, NoAnswer, Stage
from diagnostics.evidence.keycloak.kinds import KeycloakLogin, KeycloakOwners
from diagnostics.evidence.keycloak.way import KeycloakWay
from diagnostics.model import Evidence, Severity
from tests.diagnostics.areas.cases import CASES, Case, authorization, why
from tests.diagnostics.areas.cases import connection as connection_cases
from tests.diagnostics.areas.cases import login as login_cases
from tests.diagnostics.areas.cases.case import CONTEXT, NOW
from tests.diagnostics.areas.cases.connection import reach
from tests.diagnostics.areas.cases.realm import pages
from tests.diagnostics.areas.cases.token import facts, later, own, shown

CHECKS: dict[str, Check[Any]] = {check.id: check for area in (*AREAS, *EXPLANATIONS) for check in area.checks}
FIRES = [pytest.param(case, seen, id=f"{case.id}-{n}") for case in CASES for n, seen in enumerate(case.fires)]
OF_HTTP = [
    pytest.param(case, seen, id=f"{case.id}-{n}")
    for case in CASES
    if case.context.expected.keycloak or case.context.expected.surface
    for n, seen in enumerate(case.fires)
]
SILENT = [pytest.param(case, seen, id=f"{case.id}-{n}") for case in CASES for n, seen in enumerate(case.silent)]


@pytest.mark.parametrize(("case", "seen"), FIRES)
def test_speaks(case: Case, seen: Evidence) -> None:
    """Speaks once, in one line with its numbers, names what it rests on, and how to see the same."""
    check = CHECKS[case.id]
    assert isinstance(seen, check.evidence)
    (finding,) = check.findings(seen, case.context)
    assert case.says in finding.summary
    assert finding.id == case.id
    assert finding.summary.isprintable()
    assert finding.subject.name
    assert finding.evidence
    assert all(fact.label for fact in finding.evidence)
    assert finding.command
    assert finding.seen_from == "from the test"


@pytest.mark.parametrize(("case", "seen"), OF_HTTP)
def test_a_private_ca(case: Case, seen: Evidence) -> None:
    """Names the CA in every curl it shows, which would refuse the certificate without it."""
    ca_file = "/etc/volati/our ca.pem"
    keycloak = replace(case.context.expected.keycloak or expected(CONTEXT), ca_file=ca_file)
    surface = replace(case.context.surface, ca_file=ca_file)
    framed = replace(case.context, expected=replace(case.context.expected, keycloak=keycloak, surface=surface))
    (finding,) = CHECKS[case.id].findings(seen, framed)
    named = finding.command.count("curl -sS --cacert '/etc/volati/our ca.pem'")
    assert finding.command.count("curl ") == named


@pytest.mark.parametrize(("case", "seen"), SILENT)
def test_is_silent(case: Case, seen: Evidence) -> None:
    """Says nothing when nothing is wrong, or when the fault is another's to name."""
    check = CHECKS[case.id]
    assert isinstance(seen, check.evidence)
    assert check.findings(seen, case.context) == ()


@pytest.mark.parametrize(
    ("id", "seen", "summary"),
    [
        (
            "keycloak.certificate-wrong-name",
            connection_cases.shown(names=()),
            "The certificate shown by keycloak.example.com is for no name (CN=keycloak)",
        ),
        (
            "keycloak.certificate-wrong-name",
            connection_cases.shown(names=("a.b", "c.d")),
            "The certificate shown by keycloak.example.com is for a.b, c.d",
        ),
        (
            "keycloak.address-unusable",
            connection_cases.two(connection_cases.lost("192.0.2.7", "ECONNREFUSED")),
            "1 of 2 addresses of keycloak.example.com cannot be used: 192.0.2.7 (connect: ECONNREFUSED)",
        ),
        (
            "keycloak.tls-failed",
            connection_cases.failed(Stage.TLS, "wrong version number", code="WRONG_VERSION_NUMBER"),
            (
                "The TLS handshake with keycloak.example.com:8443 fails: wrong version number "
                "(what answers there speaks no TLS)"
            ),
        ),
        (
            "keycloak.certificate-untrusted",
            connection_cases.shown("CERT_HAS_EXPIRED"),
            (
                "The certificate of keycloak.example.com, issued by CN=The CA, is not trusted: "
                "certificate verify failed (another certificate of its chain)"
            ),
        ),
        (
            "keycloak.certificate-expiring",
            connection_cases.reach(certificate=connection_cases.certificate(ends=timedelta(hours=47))),
            "The certificate of keycloak.example.com expires in 47 h, on 2026-01-04",
        ),
        (
            "keycloak.certificate-expiring",
            connection_cases.reach(certificate=connection_cases.certificate(ends=timedelta(hours=48))),
            "The certificate of keycloak.example.com expires in 2 days, on 2026-01-04",
        ),
        (
            "keycloak.resource-without-owner",
            authorization.resources(*[authorization.ORPHAN] * 5, more=True),
            "5 of 5 or more resources are registered without an ownerId: Bot r2, Bot r2, Bot r2 and 2 more",
        ),
        (
            "keycloak.resource-without-owner",
            authorization.resources(*[authorization.ORPHAN] * 3),
            "3 of 3 resources are registered without an ownerId: Bot r2, Bot r2, Bot r2",
        ),
        (
            "keycloak.owner-unknown",
            KeycloakOwners(9, ("a", "b", "c", "d")),
            "4 of 9 resource owners are no users of the realm: a, b, c and 1 more",
        ),
        ("why.action-unknown", why.NO_SCOPES, "The resource Bot r1 has no scope view; it has none"),
        ("why.action-unknown", why.UNKNOWN_ACTION, "The resource Bot r1 has no scope fly; it has view"),
        ("why.denied", why.DENIED, "Keycloak denies it: user Owner r1"),
        ("why.denied", why.NOTHING_APPLIES, "Keycloak denies it: no permission applies to this resource"),
        ("keycloak.clock-skewed", login_cases.ahead(600), "Keycloak's clock is 600 s ahead of ours (limit 30 s)"),
        ("keycloak.clock-skewed", login_cases.ahead(-31), "Keycloak's clock is 31 s behind ours (limit 30 s)"),
    ],
)
def test_in_its_own_words(id: str, seen: Evidence, summary: str) -> None:
    """Says what it found with its numbers, and counts what it does not list."""
    (finding,) = CHECKS[id].findings(seen, CONTEXT)
    assert finding.summary == summary


def test_limits_come_from_the_context() -> None:
    """Judges by the limits it is given, not by its own."""
    tight = replace(CONTEXT, limits=replace(CONTEXT.limits, token_life_seconds=301, keycloak_slow_ms=5))
    assert CHECKS["keycloak.token-life-short"].findings(own(), tight)
    assert CHECKS["keycloak.slow"].findings(pages(Answer(200, 5, is_json=True), served=""), tight)


@pytest.mark.parametrize(
    ("span", "words"),
    [(-59, "59 s"), (-60, "1 min"), (-3725, "1 h 2 min 5 s"), (-7200, "2 h"), (0, "0 s")],
)
def test_spans_in_words(span: int, words: str) -> None:
    """Says how long ago a token expired as a person would."""
    (finding,) = CHECKS["token.expired"].findings(shown(expires_at=later(span)), CONTEXT)
    assert f"It expired {words} ago" in finding.summary


def test_claims_of_a_token() -> None:
    """Lists what a person asks of a token, and says "none" for what is not there."""
    bare = facts(username="", subject="", audience=(), authorized_party="", issuer="", expires_at=None, issued_at=None)
    listed = {fact.label: fact.value for fact in claims(bare)}
    assert listed["user"] == listed["audience"] == listed["issuer"] == "none"
    assert "expires" not in listed
    assert {fact.label: fact.value for fact in claims(facts())}["expires"] == "2026-01-02 03:09:05 UTC"


def test_without_a_platform() -> None:
    """Says that nothing can be judged where Keycloak is not configured."""
    with pytest.raises(LookupError, match=r"environments\.<name>\.keycloak"):
        expected(Context(at=NOW, seen_from="here"))


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (("a.example.com",), "a.example.com", True),
        (("*.example.com",), "a.example.com", True),
        (("*.example.com",), "example.com", False),
        (("*.example.com",), "a.b.example.com", False),
        (("*",), "localhost", False),
        (("192.0.2.7",), "192.0.2.7", True),
        (("*.0.2.7",), "192.0.2.8", False),
        (("2001:db8::1",), "2001:db8::1", True),
        (("2001:db8::1",), "2001:0DB8:0:0::1", True),
        (("2001:db8::1",), "2001:db8::2", False),
        (("a.example.com",), "192.0.2.7", False),
        ((), "a.example.com", False),
    ],
)
def test_names_of_certificates(names: tuple[str, ...], host: str, covered: bool) -> None:  # noqa: FBT001
    """Lets a star stand for exactly one label."""
    assert covers(names, host) is covered


def spoken(checks: tuple[Check[Any], ...], seen: Evidence) -> list[str]:
    return [f.id for check in checks if isinstance(seen, check.evidence) for f in check.findings(seen, CONTEXT)]


words = st.sampled_from(
    ("", "invalid_client", "unauthorized_client", "invalid_scope", "access_denied", "Realm does not exist", "other")
)
descriptions = st.sampled_from(
    (
        "",
        "Invalid client or Invalid client credentials",
        "Client not enabled to retrieve service account",
        "Realm not enabled",
        "realm NOT enabled",
        "something else",
    )
)
answers = st.builds(
    Answer,
    status=st.integers(200, 599),
    took_ms=st.integers(0, 10_000),
    is_json=st.booleans(),
    error=words,
    description=descriptions,
)
codes = ("", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "ECONNRESET", "HOSTNAME_MISMATCH", "CERT_HAS_EXPIRED")
failures = st.builds(
    NoAnswer,
    stage=st.sampled_from(Stage),
    detail=st.just("why"),
    timed_out=st.booleans(),
    took_ms=st.just(1),
    code=st.sampled_from((*codes, CERTIFICATE_REFUSED)),
)


@given(answers, st.sampled_from(("", "missing", "disabled")))
def test_no_refused_login_goes_unnamed(answer: Answer, page: str) -> None:
    """Names a fault for every login that gave no token, whatever the answer was."""
    assert spoken(login.CHECKS, KeycloakLogin(answer, client_page=page))


@given(answers | failures, answers | failures)
def test_no_unserved_realm_goes_unnamed(bare: Any, auth: Any) -> None:
    """Names a fault for every realm that was asked for and is served nowhere."""
    unreached = any(isinstance(one, NoAnswer) and one.stage.before_request for one in (bare, auth))
    assert unreached or spoken(realm.CHECKS, pages(bare, auth))  # where unreached, the connection's checks name it


@given(failures)
def test_no_failed_connection_goes_unnamed(failure: NoAnswer) -> None:
    """Names a fault for every connection that ended before a request could be sent."""
    for certificate in (None, reach().reached.certificate):
        seen = reach(failure=failure, certificate=certificate)
        named = [id for id in spoken(connection.CHECKS, seen) if id != "keycloak.name-lookup-slow"]
        assert bool(named) is failure.stage.before_request


@given(failures, answers | failures.filter(lambda one: not one.stage.before_request), answers | failures)
def test_no_connection_fails_beside_a_page(failure: NoAnswer, through: Any, other: Any) -> None:
    """Says of no connection that it cannot be made when a request got through, at worst that it is unsteady."""
    for certificate in (None, reach().reached.certificate):
        seen = KeycloakWay(reach(failure=failure, certificate=certificate).reached, (other, through))
        named = [CHECKS[id].severity for id in spoken(connection.CHECKS, seen)]
        assert Severity.CRITICAL not in named

"""Tests of what the command line shows: whole reports, and nothing that could deceive a reader."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.runs.terminal import claims, headline, printable, progress, report
from diagnostics.areas.keycloak import AREA
from diagnostics.areas.why import AREA as WHY
from diagnostics.evidence.http import Answer
from diagnostics.evidence.keycloak.kinds import AskedResource, KeycloakAdmin, KeycloakDecision, KeycloakReach
from diagnostics.judge import Span, judge
from diagnostics.model import Cause, Change, Diagnosis, Evidence, Fact, Reason, Severity, Unobserved
from diagnostics.observe import Glimpse, Seen
from tests.bot.slack import samples
from tests.diagnostics.areas.cases import authorization, login, realm, why
from tests.diagnostics.areas.cases.case import CONTEXT, DOWN, NOW, OK
from tests.diagnostics.areas.cases.connection import SOUND
from tests.diagnostics.areas.cases.token import own
from tests.diagnostics.toys import Lamp

HEALTHY: dict[type[Evidence], Evidence] = {
    type(seen): seen
    for seen in (
        KeycloakReach(SOUND.reached),
        realm.SOUND,
        realm.discovery(),
        realm.keys(realm.SIGNING),
        login.secret(),
        login.SOUND,
        own(),
        authorization.protection(),
    )
}


def diagnosis(*different: Evidence, without: tuple[type[Evidence], ...] = ()) -> Diagnosis:
    found: dict[type[Evidence], Evidence | Unobserved] = {**HEALTHY, **{type(one): one for one in different}}
    for kind in without:
        found[kind] = Unobserved(kind.WHAT, Reason.TIMEOUT, "No answer within 5 s.")
    return judge(AREA, "production", Seen(found), CONTEXT, Span(NOW, 1234))


WRONG = login.login(login.WRONG_SECRET)


def test_healthy() -> None:
    """Says in one line that nothing is wrong, then what was not looked at."""
    lines = report(diagnosis(), "r1", "volati replay r1").splitlines()
    assert lines[0] == "Keycloak in production: HEALTHY — no fault found"
    assert lines[-1] == "run r1, 1234 ms; judge it again: volati replay r1"
    assert any(line.startswith("not configured: ") for line in lines)
    assert "not asked for: registering and removing a probe resource" in lines
    assert "not seen:" not in lines


def test_down() -> None:
    """Names the cause with its numbers first, then what it rests on, how to see it, and what to do."""
    text = report(diagnosis(WRONG), "r1")
    lines = text.splitlines()
    assert lines[0].startswith("Keycloak in production: DOWN — Keycloak knows client volaticloud-api and rejects")
    assert "CRITICAL Keycloak rejects Volati's copy of the client secret [keycloak.client-secret-wrong]" in lines
    assert any(line.startswith("  · login: HTTP 401 unauthorized_client") for line in lines)
    assert "  seen from the test; runbook: Keycloak Integration Issues: UMA Resource Registration Failures" in lines
    assert "  see it yourself:" in lines
    assert any(line.startswith("    $ read -rs SECRET") for line in lines)
    assert any(line.startswith("  1. See whether the backend still logs in") for line in lines)


def test_symptoms_are_folded() -> None:
    """Folds the symptoms under their cause, with their number."""
    text = report(diagnosis(realm.pages(DOWN, DOWN), WRONG), "r1")
    assert "  explains 1 other finding: keycloak rejects Volati's copy of the client secret" in text
    assert "CRITICAL Keycloak rejects the client secret" not in text


def test_several_causes() -> None:
    """Counts the other causes in the first line."""
    two = diagnosis(WRONG, realm.keys(realm.ENCRYPTING))
    assert headline(two).endswith(", and 1 other cause")
    three = diagnosis(WRONG, realm.keys(realm.ENCRYPTING), realm.discovery(issuer="https://old.example.org"))
    assert headline(three).endswith(", and 2 other causes")


def test_unknown() -> None:
    """Says what could not be seen and why, in the first line and below."""
    text = report(diagnosis(without=(type(WRONG),)), "r1")
    assert text.startswith("Keycloak in production: UNKNOWN — could not see the client's login (timeout)")
    assert "  ? the client's login: timeout. No answer within 5 s." in text
    both = diagnosis(without=(type(WRONG), type(own())))
    assert headline(both).endswith("(timeout), and 1 other. No answer within 5 s.")


def test_notes_and_changes() -> None:
    """Shows notes as notes, and what changed since the last run."""
    probe = authorization.registration(authorization.CREATED, left=1)
    changed = replace(diagnosis(probe), changes=(Change("signing keys", "a", "b"),))
    lines = report(changed, "r1").splitlines()
    assert any(line.startswith("note: 1 probe resources") for line in lines)
    assert "changed since the last run: signing keys: a → b" in lines


def test_an_area_it_does_not_know() -> None:
    """Calls an area that this version does not know by its name."""
    assert headline(replace(diagnosis(), area="moon")).startswith("moon in production: ")


class DarkLamp(Lamp, frozen=True):
    """A lamp at which nobody answers."""

    def unanswered(self) -> str:
        """Why."""
        return "nobody is at home"


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (None, "  … the lamp"),
        (Lamp(), "  ✓ the lamp (7 ms)"),
        (DarkLamp(), "  ✗ the lamp: no answer: nobody is at home (7 ms)"),
        (Unobserved("the lamp", Reason.FORBIDDEN, "No."), "  ? the lamp: forbidden (7 ms)"),
    ],
)
def test_progress(found: Any, line: str) -> None:
    """Shows a source as being looked at, seen, unanswered or not seen, with its reason."""
    assert progress(Glimpse(Lamp, found, 7)) == line


def test_claims() -> None:
    """Shows each claim on its line."""
    assert (
        claims([Fact("issuer", "a"), Fact("user", "al\x1bice")])
        == "  issuer: a\n  user: al\N{REPLACEMENT CHARACTER}ice"
    )


HOSTILE = "\x1b[2J\x1b]0;pwned\x07\r\nKeycloak in production: HEALTHY\u202e\u200b\x9b31m\x00"


def test_what_a_server_says_stays_in_its_line() -> None:
    """Lets no server move the cursor, colour the text, or forge a line of the report."""
    refused = login.login(replace(login.WRONG_SECRET, description=f"{login.INVALID} {HOSTILE}"))
    broken = login.login(Answer(500, 1, HOSTILE, location=HOSTILE, excerpt=HOSTILE))
    for seen in (refused, broken):
        text = report(diagnosis(seen), HOSTILE)
        assert all(line.isprintable() for line in text.split("\n"))
        assert not any(line.startswith("Keycloak in production: HEALTHY") for line in text.split("\n"))


@given(st.text())
def test_any_text_is_one_line(text: str) -> None:
    """Makes one printable line of any text, and changes nothing that is printable."""
    assert printable(text).isprintable()
    assert len(printable(text)) == len(text)
    assert printable(printable(text)) == printable(text)


def test_a_note_that_explains_a_fault_is_shown_with_it() -> None:
    """It shows the cause with what it explains, although the cause by itself is only a note."""
    fault = samples.SECRET_WRONG
    note = replace(fault, id="keycloak.container-missing", severity=Severity.NOTE)
    found = samples.diagnosis(
        findings=(fault, note), causes=(Cause(note.id, note.subject, "no container", (fault.id,), (fault.symptom,)),)
    )
    shown = report(found, "r1")
    assert "[keycloak.container-missing]" in shown
    assert f"explains 1 other finding: {fault.title[:1].lower()}{fault.title[1:]}" in shown


def decision(*found: Evidence, without: tuple[type[Evidence], ...] = ()) -> Diagnosis:
    sound = (realm.SOUND, login.SOUND, authorization.protection(), KeycloakAdmin(OK))
    seen: dict[type[Evidence], Evidence | Unobserved] = {}
    for one in (*sound, why.ALICE, why.BOT, why.GRANTED, *found):
        seen[type(one)] = one
    for kind in without:
        seen[kind] = Unobserved(kind.WHAT, Reason.AMBIGUOUS, "Which one?")
    return judge(WHY, "production", Seen(seen), CONTEXT, Span(NOW, 5))


def test_a_permission_decision() -> None:
    """Speaks of a permission as granted, denied or undecided, and never as of an outage."""
    granted = report(decision(), "r1")
    denied = report(decision(why.DENIED), "r1")
    undecided = report(decision(without=(AskedResource, KeycloakDecision)), "r1")
    assert granted.splitlines()[0] == "Permission in production: GRANTED — Keycloak grants it: scope Permission r1"
    assert denied.splitlines()[0] == "Permission in production: DENIED — Keycloak denies it: user Owner r1"
    assert "✗ The policies deny it [why.denied]" in denied.splitlines()
    assert undecided.splitlines()[0].startswith("Permission in production: UNDECIDED — could not see the resource")
    assert undecided.splitlines()[0].endswith(", and 1 other. Which one?")
    for text in (granted, denied, undecided):
        assert not re.search("DOWN|HEALTHY|CRITICAL|no fault|unknown", text)

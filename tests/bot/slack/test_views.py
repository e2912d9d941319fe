"""Whole messages, as golden files, and what must hold of every one."""

from dataclasses import replace as with_fields

import msgspec
import pytest

from bot.slack.limits import faults
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.views.answers import failed, help_for, on_it, refused, stopped, told
from bot.slack.views.headline import broken_off, closing, in_words, opening
from bot.slack.views.progress import Progress, looked_at, progress
from bot.slack.views.verdict import Frame, plainly, verdict, whole
from bot.words.commands import Refusal, parse
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.keycloak.kinds import KeycloakReach
from diagnostics.evidence.network import Reached
from diagnostics.model import Cause, Severity, Subject, Suggestion, SuggestionKind, Unobserved, Verdict
from diagnostics.observe import Glimpse
from tests.bot.slack import samples

PLACES = ("production", "staging")
RUNBOOK = "https://docs.volaticloud.com/runbooks/troubleshooting"
PERSON = "U0ONCALL0"


def under_way() -> Progress:
    state = Progress("keycloak", "production", samples.KINDS, {})
    for glimpse in samples.glimpses():
        state = state.after(glimpse)
    return state


def refusal(text: str) -> Refusal:
    found = parse(text, PLACES)
    assert isinstance(found, Refusal)
    return found


FRAME = Frame(RUNBOOK, "Seen: the connection to Keycloak 12 ms, the realm page 48 ms.")
MESSAGES = {
    "on-it": on_it(("keycloak",), "production", "C0ENGINE0"),
    "help": help_for(PLACES),
    "refused-unknown-word": refused(refusal("diagnoze keycloak")),
    "refused-not-there-yet": refused(refusal("system-restart")),
    "refused-hostile": refused(refusal("diagnose &lt;!channel&gt; <!here> `x`")),
    "failed": failed("a1b2c3", "Nothing is known about Keycloak in production now."),
    "stopped": stopped("Keycloak in production"),
    "told": told("Volati is not in that channel. Invite it there: /invite @volati"),
    "opening": opening("keycloak", "production", PERSON),
    "closing-down": closing(samples.diagnosis(), PERSON),
    "closing-healthy": closing(samples.healthy(), PERSON),
    "broken-off": broken_off("keycloak", "production", PERSON),
    "progress": progress(under_way()),
    "verdict-down": verdict(samples.run(), FRAME),
    "verdict-healthy": verdict(samples.run(samples.healthy()), FRAME),
    "verdict-unknown": verdict(samples.run(samples.unknown()), Frame()),
    "verdict-plainly": plainly(samples.run()),
}


def test_help_is_whole() -> None:
    """It shows each word's usage to its end."""
    assert "more characters" not in plain(MESSAGES["help"])


@pytest.mark.parametrize("name", MESSAGES)
def test_is_as_agreed(name: str) -> None:
    """It is, whole, the message that was looked at and agreed on, and Slack takes it."""
    samples.assert_golden(name, MESSAGES[name])
    assert faults(MESSAGES[name].text, MESSAGES[name].blocks) == ()


def shown(message: Message) -> str:
    return plain(message)


def test_verdict_comes_first() -> None:
    """It says the verdict and the root cause in the first line, and in the notification."""
    message = MESSAGES["verdict-down"]
    assert shown(message).startswith("🔴 Keycloak in production is down. Keycloak knows client volaticloud-api")
    assert message.text.startswith("Keycloak in production is down. Keycloak knows client volaticloud-api")


def test_symptoms_are_folded() -> None:
    """It names the symptoms under their cause, and never as causes."""
    text = shown(MESSAGES["verdict-down"])
    assert "Explains 3 other findings:\n↳ Registering a probe answers HTTP 401" in text


def test_unseen_is_always_shown() -> None:
    """It shows every blind spot: what was needed with its reason, what nobody configured in one quiet line."""
    text = shown(MESSAGES["verdict-unknown"])
    assert text.startswith(
        "⚪ Keycloak in production could not be judged. Could not be seen: the connection to Keycloak"
    )
    for lack in samples.unknown().unobserved:
        assert lack.what in text


def test_several_causes_are_numbered() -> None:
    """It numbers the causes, says each in its own sentence, and says in the first line that there are more."""
    other = msgspec.structs.replace(
        samples.SECRET_WRONG, id="keycloak.slow", title="Keycloak is slow", summary="The realm page took 2,140 ms"
    )
    found = samples.diagnosis(
        findings=(samples.SECRET_WRONG, other),
        causes=(
            Cause(samples.SECRET_WRONG.id, samples.SECRET_WRONG.subject, samples.SECRET_WRONG.summary),
            Cause(other.id, other.subject, other.summary),
        ),
    )
    text = shown(verdict(samples.run(found), FRAME))
    assert "(and 1 other cause)." in text.splitlines()[0]
    assert "2. Keycloak is slow (critical, client volaticloud-api)\nThe realm page took 2,140 ms." in text


def test_what_does_not_fit_is_counted() -> None:
    """It counts the findings that do not fit, and says where they are."""
    findings = tuple(
        msgspec.structs.replace(samples.SECRET_WRONG, id=f"keycloak.fault-{n}", subject=Subject("client", f"c{n}"))
        for n in range(60)
    )
    causes = tuple(Cause(finding.id, finding.subject, finding.summary) for finding in findings)
    found = samples.diagnosis(findings=findings, causes=causes, suggestions=())
    message = verdict(samples.run(found), FRAME)
    text = shown(message)
    left_out = 60 - text.count("Keycloak rejects the client secret (critical")
    assert left_out > 0
    assert f"{left_out} findings" in text
    assert "did not fit here; all of it, on the command line: volati replay 3f9c2a71b0de" in text
    assert faults(message.text, message.blocks) == ()
    attached = whole(samples.run(found), FRAME)
    assert attached is not None
    assert all(f"[keycloak.fault-{n}]" in attached.text for n in range(60)), "the file leaves nothing out"


def test_what_fits_is_not_attached() -> None:
    """It attaches nothing to an answer that is whole."""
    assert whole(samples.run(), FRAME) is None


def test_many_small_causes_keep_to_fifty_blocks() -> None:
    """It leaves a block for the count where there is room for every character but not for every block."""
    for number in range(20, 30):
        tiny = msgspec.structs.replace(samples.SECRET_WRONG, title="x", summary="x", evidence=(), command="")
        findings = tuple(msgspec.structs.replace(tiny, id=f"keycloak.fault-{n}") for n in range(number))
        causes = tuple(Cause(finding.id, finding.subject, "x") for finding in findings)
        message = verdict(samples.run(samples.diagnosis(findings=findings, causes=causes, unobserved=())), FRAME)
        assert faults(message.text, message.blocks) == ()


def test_healthy_with_something_missing_says_so() -> None:
    """It calls a platform healthy, and names the optional thing it could not see in the same line."""
    found = samples.diagnosis(
        verdict=Verdict.HEALTHY, causes=(), findings=(), suggestions=(), unobserved=samples.LACKS[3:]
    )
    assert in_words(found).endswith("Nothing found. Not seen, though it was asked: Keycloak's own container.")


def test_notes_do_not_frighten() -> None:
    """It counts notes beside a healthy verdict and does not present one as the cause."""
    note = msgspec.structs.replace(samples.SECRET_WRONG, severity=Severity.NOTE)
    found = samples.diagnosis(
        verdict=Verdict.HEALTHY, findings=(note,), causes=(Cause(note.id, note.subject, note.summary),), unobserved=()
    )
    assert in_words(found) == "Keycloak in production is healthy. 1 note."


def test_long_first_lines_stay_readable_in_a_notification() -> None:
    """It shortens a long cause for the notification, counted."""
    cause = Cause(samples.SECRET_WRONG.id, samples.SECRET_WRONG.subject, "x" * 5_000)
    text = in_words(samples.diagnosis(causes=(cause,)))
    assert len(text) < 300
    assert "more characters)" in text


def test_progress_counts_and_never_loses_a_source() -> None:
    """It shows each source in the state of its last glimpse."""
    text = shown(MESSAGES["progress"])
    assert "3 of 8 sources" in text
    assert "✗ the discovery document: timeout (5.0 s)" in text
    assert "· Keycloak's own container" in text
    assert looked_at(under_way()) == "Seen: the connection to Keycloak 12 ms, the realm page 48 ms."
    assert looked_at(with_fields(under_way(), glimpses={})) == "Nothing was seen."


def test_unobserved_that_wait_for_another_share_a_line() -> None:
    """It does not repeat the same reason for each source that waited for the one that failed."""
    waiting = [
        msgspec.structs.replace(samples.LACKS[0], what=what) for what in ("the token", "the protection API", "the keys")
    ]
    first = Unobserved("the client's login", samples.LACKS[3].reason, "Refused.", required=True)
    text = shown(verdict(samples.run(samples.diagnosis(unobserved=(first, *waiting))), FRAME))
    assert "✗ not come to, for lack of what they need: the token, the protection API, the keys" in text


def test_progress_of_a_source_that_nobody_answered() -> None:
    """It is marked as not seen, and not told among what was."""
    refused = NoAnswer(Stage.CONNECT, "connection refused", timed_out=False, took_ms=3)
    silent = KeycloakReach(Reached(host="auth.volaticloud.com", port=443, tls=True, failure=refused))
    state = Progress("keycloak", "production", samples.KINDS, {}).after(Glimpse(KeycloakReach, silent, 12))
    assert "✗ the connection to Keycloak: no answer (12 ms)" in plain(progress(state))
    assert looked_at(state) == "Nothing was seen."


def test_words_of_the_bot_in_advice_are_typed_as_in_slack() -> None:
    """It names a word that Slack has with its slash, and one that only the command line has without."""
    advice = "Ask `volati diagnose server`, then volati status, then `volati replay RUN`."
    about = samples.SECRET_WRONG
    step = Suggestion(SuggestionKind.ADVICE, about.id, about.subject, advice)
    found = samples.diagnosis(
        findings=(about,), causes=(Cause(about.id, about.subject, about.summary),), suggestions=(step,)
    )
    assert "1. Ask '/volati diagnose server', then /volati status, then 'volati replay RUN'." in shown(
        verdict(samples.run(found), FRAME)
    )

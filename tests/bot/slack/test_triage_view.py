"""How the answer about a pasted text looks in Slack."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.catalogue import load_catalogue
from bot.slack.limits import FALLBACK_TEXT, faults, texts
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.views.triage import triage_answer
from diagnostics.redaction import Redactor
from diagnostics.triage import triage
from playground.slack.limits import check_message
from playground.slack.messages import Content
from tests.bot.slack import samples

CATALOGUE = load_catalogue()
EXAMPLES = [line for one in CATALOGUE.signatures for line in one.examples]
BOOK = "https://book.example.com/troubleshooting"
LOG = """2026/02/03 04:05:06 failed opening connection to postgres: pq: sorry, too many clients already
2026/02/03 04:05:09 failed opening connection to postgres: pq: sorry, too many clients already
2026/02/03 04:05:09 permission denied: user lacks edit on bot
2026/02/03 04:05:10 ERROR the flux is off
"""


def shown(text: str, book: str | None = None) -> Message:
    found = triage(text, CATALOGUE, Redactor())
    return triage_answer(msgspec.structs.replace(found, catalogue="0123456789ab"), book)


def test_known_errors() -> None:
    """It shows each known error with its lines, what to do and the runbook, and what is not known."""
    samples.assert_golden("triage-known", shown(LOG, BOOK))


def test_nothing_known() -> None:
    """It says honestly that nothing is known, and where the text is from."""
    samples.assert_golden("triage-unknown", shown("ERROR the flux is off\n"))


def test_uncertain() -> None:
    """It says "perhaps" when the meaning depends on a source that is not known."""
    said = plain(shown("deadlock detected"))
    assert "Perhaps: " in said
    assert "Only if it comes from keycloak-log" in said


def test_empty() -> None:
    """It says that an empty text is empty."""
    assert plain(shown("")).startswith("❔ The text is empty")


def test_nothing_is_cut_in_silence() -> None:
    """It counts the known errors that do not fit, and the lines and characters it leaves out."""
    said = plain(shown("\n".join(EXAMPLES)))
    assert "Did not fit here: " in said
    assert "known errors" in said
    assert "volati triage FILE" in said
    assert "characters not shown: 9" in plain(shown("x" * 10_000 + " 403 Forbidden"))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(EXAMPLES),
            st.text(max_size=40),
            st.sampled_from(
                ["<!channel> ERROR", "`" * 500 + " error: ", "😀" * 2_000 + " 403 Forbidden", "\u202e error: x"]
            ),
        ),
        max_size=40,
    ),
    st.sampled_from([None, BOOK, BOOK + "x" * 3_000]),
)
def test_slack_takes_every_message(lines: list[str], book: str | None) -> None:
    """It breaks no limit of Slack's and pings nobody, whatever was pasted."""
    message = shown("\n".join(lines), book)
    assert faults(message.text, message.blocks) == ()
    check_message(Content(message.text, message.blocks), text_limit=FALLBACK_TEXT)
    assert not any("<!" in text or "<@" in text for block in message.blocks for text in texts(block))

"""How a plan looks: within Slack's limits, however much there is to be said."""

from datetime import UTC, datetime

import pytest

from bot.actions.journal import Journal
from bot.actions.plan import Draft, Plan, Requester, Risk, Step, Target
from bot.slack.limits import SECTION_TEXT, size, texts
from bot.slack.views.plan import card, sign_form
from diagnostics.evidence.cluster.names import Name

AT = datetime(2026, 11, 20, 3, 12, tzinfo=UTC)


def plan(sentence: str) -> Plan:
    """A plan in which everything is as long as it can be."""
    target = Target("deployment", Name("volaticloud", "x" * 253))
    steps = (Step(sentence, sentence),) * 6
    draft = Draft(target, sentence, (), steps, Risk.HIGH, (sentence,) * 60, (sentence,) * 12, sentence)
    return Plan("0123456789abcdef", "scale", "production", Requester("U1"), AT, draft)


@pytest.mark.parametrize("sentence", ["It is so. " * 200, "<&>" * 700, "é" * 2_000])
def test_all_of_it_is_long(sentence: str) -> None:
    """It says how much is left out, and no text is longer than Slack takes."""
    shown = card(plan(sentence), Journal(), "Scaling", "Scale").blocks
    form = sign_form(plan(sentence), "C1", glass=True)
    sections = [one for one in (*shown, *form.blocks) if one["type"] == "section"]
    assert all(size(text) <= SECTION_TEXT for one in sections for text in texts(one))
    assert "more warnings" in str(form.blocks)

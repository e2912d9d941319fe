"""The way to a permission decision, as both front doors tell it."""

from typing import Any

import pytest
from msgspec.structs import replace

from bot.runs.terminal import decision, report
from bot.runs.walk import walk
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import AskedResource, KeycloakDecision, Resource
from tests.bot.slack.test_views_surfaces import DENIED, FOR, GRANTED, WAY, judged

BOT = Resource("b-1", "Alice's bot", "bot", "c-1", "volaticloud-api", "u-2", ("view",))
QUESTION = Question("bob", "view", "Alice's bot")


def asked(resource: Resource, action: str = "view") -> Any:
    """A run in which bob is asked about, and may view."""
    granted = KeycloakDecision(granted=action == "view", allowed=("view",), votes=FOR)
    return judged("why", *WAY[:-1], AskedResource("b-1", action, resource), granted)


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (BOT, "Alice's bot, owned by bob, registered by volaticloud-api, with view"),
        (replace(BOT, noted_owner="u-9"), "Alice's bot, owned by u-9, registered by volaticloud-api, with view"),
        (replace(BOT, noted_owner=""), "Alice's bot, owned by volaticloud-api, with view"),
        (replace(BOT, noted_owner="c-1"), "Alice's bot, owned by volaticloud-api, with view"),
    ],
)
def test_the_owner(resource: Resource, words: str) -> None:
    """It names whose the resource is, by name where that is who is asked about."""
    assert walk(asked(resource), QUESTION).steps[5].said == words


def test_names_keep_their_letters() -> None:
    """It begins the end of a sentence with a small letter, and no name."""
    way = walk(asked(BOT, "fly"), Question("bob", "fly", "Alice's bot"))
    assert way.answer.endswith(": the resource Alice's bot has no scope fly; it has view.")


def test_a_decision_in_a_terminal() -> None:
    """It tells the answer once, then each step, the votes and how to see the same."""
    lines = decision(GRANTED, QUESTION, "volati replay r1").splitlines()
    assert lines[0] == "Permission in production: GRANTED — bob may view “Alice's bot” in production."
    assert [line[:6] for line in lines[3:10]] == [f"  {number}. ✓" for number in range(1, 8)]
    assert lines[lines.index("the votes:") + 1] == "  ✓ permission Permission b-1"
    assert lines[-1].endswith("judge it again: volati replay r1")
    assert "      ✗ policy Owner <b-1>" in decision(DENIED, QUESTION)


def test_a_decision_that_is_judged_again() -> None:
    """It tells in the first line that it is granted, and not a second time as a note."""
    assert report(GRANTED.diagnosis, "r1").count("Keycloak grants it: ") == 1

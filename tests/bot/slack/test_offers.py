"""The buttons of a verdict that propose acts: those that could be done, and why the others could not."""

import pytest
from msgspec.structs import replace

from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.views.offers import Offer, offers
from bot.words.acts import Wish
from diagnostics.model import Diagnosis, Subject, Suggestion, SuggestionKind, Verdict
from tests.bot.slack import samples


def suggesting(*acts: str, verdict: Verdict = Verdict.DEGRADED) -> Diagnosis:
    subject = Subject("deployment", "volaticloud/volaticloud-backend")
    suggestions = tuple(Suggestion(SuggestionKind.ACT, "server.crash-loop", subject, "Do it.", "", act) for act in acts)
    return replace(samples.run().diagnosis, suggestions=suggestions, verdict=verdict)


def test_a_button_for_each_act_once() -> None:
    """It shows one button for each act, three at most, and says of each what it stands for."""
    acts = ("restart volaticloud/backend", "rollback volaticloud/backend", "restart volaticloud/backend", "scale a/b 2")
    (row,) = offers(suggesting(*acts), "3f9c2a71b0de", {})
    assert [one["text"]["text"] for one in row["elements"]] == ["Restart backend…", "Rollback backend…", "Scale b 2…"]
    assert len({one["action_id"] for one in row["elements"]}) == 3
    read = Offer.read(row["elements"][0]["value"], (suggesting().environment,))
    assert read == Offer("3f9c2a71b0de", "keycloak", Wish("restart", suggesting().environment, "volaticloud/backend"))


def test_the_button_of_a_session() -> None:
    """It shows the pid alone, and carries when the session began, so that a pid that is reused is not meant."""
    began = "2026-11-26T05:10:17.123456+00:00"
    (row,) = offers(suggesting(f"end-session 4711 {began}"), "r", {})
    assert [one["text"]["text"] for one in row["elements"]] == ["End session 4711…"]
    read = Offer.read(row["elements"][0]["value"], (suggesting().environment,))
    assert read is not None
    assert read.wish == Wish("end-session", suggesting().environment, "4711", {"started": began})


def test_room_for_an_incident() -> None:
    """It leaves room for the button that opens an incident where something is down."""
    acts = ("restart a/b", "rollback a/b", "scale a/b 2")
    (row,) = offers(suggesting(*acts, verdict=Verdict.DOWN), "r", {})
    assert len(row["elements"]) == 2


def test_what_could_not_be_done_has_no_button() -> None:
    """It shows the reason in place of a button that could not work."""
    blocks = offers(suggesting("restart a/b", "rollback a/b"), "r", {"restart a/b": "The right to patch is missing."})
    assert [one["text"]["text"] for row in blocks if row["type"] == "actions" for one in row["elements"]] == [
        "Rollback b…"
    ]
    assert "/volati restart a/b: The right to patch is missing." in plain(Message("x", blocks)).replace("`", "")


def test_nothing_to_offer() -> None:
    """It shows nothing where nothing is suggested."""
    assert offers(suggesting(), "r", {}) == ()


@pytest.mark.parametrize(
    "value",
    ["", "r", "r keycloak elsewhere restart a", "r keycloak production sudo a", "r keycloak production scale a x"],
)
def test_buttons_that_are_not_ours(value: str) -> None:
    """It takes no button of another version, or one that was made up."""
    assert Offer.read(value, ("production",)) is None

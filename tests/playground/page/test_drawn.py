"""Tests of messages and views as the page gets them."""

import json
from pathlib import Path

from playground.page import drawn
from playground.slack.server import SimulatedSlack
from tests.playground.page.stand_ins import EVERY_BLOCK, HOSTILE, MODAL
from tests.playground.page.test_markup import flat

GOLDEN = Path(__file__).parents[2] / "golden"


async def test_message(slack: SimulatedSlack) -> None:
    """It says where a message stands, who wrote it, how often it was changed, and what it says."""
    message = await slack.person("oncall").say("#engineering", "is *it* down, @engineer ?")
    shown = drawn.message(message)
    assert (shown["channel"], shown["author"], shown["edits"]) == ("C0ENGINE0", "U0ONCALL0", 0)
    assert (shown["only_to"], shown["thread_ts"]) == (None, None)
    assert flat(shown["nodes"]) == "is <bold:it> down, <person:U0ENGINE0> ?"


def test_every_text_has_nodes() -> None:
    """It reads every text of every block, inside fields, questions and menus too."""
    shown = json.dumps(drawn.blocks(EVERY_BLOCK))
    assert shown.count('"nodes"') >= json.dumps(EVERY_BLOCK).count('"plain_text"')
    assert "Leave it" in shown


def test_no_address_that_runs() -> None:
    """It takes away addresses that are no web pages, from buttons too."""
    button = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "url": "javascript:alert(1)"}
    assert "url" not in drawn.blocks(button)
    assert drawn.blocks({**button, "url": "https://a.example"})["url"] == "https://a.example"


def test_hostile_text_stays_text() -> None:
    """It passes hostile words on as words: the page makes text of them."""
    rich = drawn.blocks([block for block in EVERY_BLOCK if block["type"] == "rich_text"])
    assert rich[0]["nodes"][0] == {"is": "italic", "of": [{"is": "text", "text": HOSTILE}]}


def test_golden_messages() -> None:
    """It draws every message the bot is known to send, and keeps each of its blocks."""
    for file in sorted(GOLDEN.glob("*.json")):
        blocks = json.loads(file.read_text("utf-8")).get("blocks", [])
        assert [one["type"] for one in drawn.blocks(blocks)] == [one["type"] for one in blocks], file.name


async def test_view(slack: SimulatedSlack) -> None:
    """It shows a modal with what its inputs hold."""
    view = slack.core.views.open("U0ONCALL0", MODAL)
    shown = drawn.view(view)
    assert shown["submit"]["nodes"] == [{"is": "text", "text": "Explain"}]
    assert shown["values"]["jwt"]["jwt"]["value"] is None
    assert not shown["pushed"]


def test_seats() -> None:
    """It offers everyone with a client, and nobody who is a bot or gone."""
    space = SimulatedSlack().workspace
    names = {space.people[id].name for id in drawn.seats(space)}
    assert {"oncall", "engineer", "operator", "approver", "admin", "guest"} <= names
    assert not names & {"volati", "robot", "gone", "slackbot"}


def test_channels() -> None:
    """It lists the conversations somebody is in, and no others."""
    space = SimulatedSlack().workspace
    assert "leadership" not in {one["name"] for one in drawn.channels(space, "U0ONCALL0")}
    assert "leadership" in {one["name"] for one in drawn.channels(space, "U0ADMIN00")}

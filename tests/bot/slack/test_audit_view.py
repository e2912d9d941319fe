"""What Slack shows of the audit, whole, as golden files; and what must hold of it, whatever is in it."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.audit.entry import Head, Linked
from bot.audit.ledger import Recent, Unread
from bot.slack.limits import faults
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.views.audit import ENTRIES, audit, kept, on_page
from bot.slack.views.pages import turned
from bot.words.commands import Audit
from playground.slack.limits import check_message
from playground.slack.messages import Content
from tests.bot.audit.audits import chain
from tests.bot.slack import samples

CHAIN = chain(40)
PLACES = ("production", "staging")


def page(command: Audit, some: list[Linked] | None = None) -> Message:
    """The page of these entries that a command asks for."""
    every = list(reversed(CHAIN if some is None else some))
    most, passing = on_page(command)
    shown = tuple(every[passing : passing + most])
    return audit(Recent(shown, len(every), older=len(every) > passing + most), command)


MESSAGES = {
    "audit": page(Audit()),
    "audit-three": page(Audit(most=3)),
    "audit-last-page": page(Audit("production", page=4)),
    "audit-none": page(Audit(), []),
    "audit-unreadable": audit(Recent((CHAIN[1], Unread(1)), 2), Audit()),
    "audit-head": kept(Head(1234, CHAIN[-1].hash)),
}


def values(message: Message) -> dict[str, str]:
    """What the buttons carry, by their labels."""
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return {one["text"]["text"]: one["value"] for row in rows for one in row["elements"]}


@pytest.mark.parametrize("name", MESSAGES)
def test_message_is_as_agreed(name: str) -> None:
    """It is, whole, the message that was looked at and agreed on, and Slack takes it."""
    samples.assert_golden(name, MESSAGES[name])
    holds(MESSAGES[name])


def holds(message: Message) -> None:
    assert faults(message.text, message.blocks) == ()
    check_message(Content(**message.as_json()))


def test_pages() -> None:
    """It shows every entry on one page or another, says how many are left, and turns pages until there are none."""
    seen: list[int] = []
    for number in range(1, 5):
        message = page(Audit(page=number))
        seen += [int(one) for one in re.findall(r"• (\d+)\.", plain(message))]
        left = max(0, len(CHAIN) - number * ENTRIES)
        assert (f"{left} older entr" in plain(message)) == bool(left)
        assert set(values(message)) == {*(["Older"] if left else []), *(["Newer"] if number > 1 else [])}
    assert seen == [one.number for one in reversed(CHAIN)]
    assert "There are none so far back." in plain(page(Audit(page=9)))


def test_no_more_than_was_asked_for() -> None:
    """It ends with as many as were asked for, on however many pages, and says that there are more."""
    first, second = page(Audit("", 15)), page(Audit("", 15, 2))
    assert values(first) == {"Older": "audit 15 page 2"}
    assert len(re.findall("•", plain(second))) == 3
    assert values(second) == {"Newer": "audit 15"}
    assert "25 older entries are not shown here; you asked for 15." in plain(second)
    assert page(Audit("", 15, 3)).text.startswith("Who did what: 0 of 40")


def test_a_search_that_ended() -> None:
    """It says where it did not look, and what looks there."""
    found = Recent((CHAIN[0],), 90_000, older=True, cut=True)
    assert "The newest 20,000 entries were searched" in plain(audit(found, Audit("staging")))


@pytest.mark.parametrize("command", [Audit(), Audit("staging"), Audit("staging", 20, 3), Audit(most=7)])
def test_buttons_carry_the_question(command: Audit) -> None:
    """It carries in its buttons words that a person could have typed."""
    assert turned(command.words, PLACES) == command


def test_people_are_named_as_slack_names_them() -> None:
    """It shows who did it as Slack does, and takes nothing else for a person."""
    evil = replace(CHAIN[0], entry=replace(CHAIN[0].entry, who="U1><!channel"))
    blocks = repr(page(Audit(), [evil, CHAIN[1]]).blocks)
    assert "<@U0STRANGE>" in blocks
    assert "<!channel" not in blocks


WORDS: Any = st.text(max_size=40) | st.sampled_from(["<!here>", "`", "&" * 900, "\u202e", "\n" * 300, "*_~", "<@U1>"])


@settings(deadline=None)
@given(WORDS, WORDS, st.integers(1, 3))
def test_any_entries(words: str, name: str, number: int) -> None:
    """It is a message that Slack takes, and that pings nobody, whatever is in the entries."""
    entry = replace(CHAIN[0].entry, who=name, action=words, target=words, plan=words, detail=words, environment=words)
    message = page(Audit(page=number), [replace(one, entry=entry) for one in CHAIN])
    holds(message)
    assert "<" not in re.sub("<@[UW][A-Z0-9]{2,20}>", "", repr(message.blocks))

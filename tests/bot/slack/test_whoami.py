"""How a person's rights look in Slack, and how a refusal does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.access import (
    RIGHTS,
    Allowed,
    Denied,
    Holders,
    OwnRights,
    Read,
    Reason,
    Role,
    Rules,
    Standing,
    Who,
    decide,
    grants,
)
from bot.slack.limits import faults
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.views import whoami as module
from bot.slack.views.whoami import denied, whoami
from bot.words import commands
from bot.words.commands import Word
from tests.bot.slack import samples

NOW = datetime(2026, 1, 5, 3, 12, tzinfo=UTC)
RULES = Rules(
    "T0VOLATI0",
    holders={
        Role.VIEWER: Holders(everyone=True),
        Role.OPERATOR: Holders(users=frozenset({"U0ENGINE0"}), groups=frozenset({"S0OPERAT0"})),
        Role.APPROVER: Holders(groups=frozenset({"S0APPROV0"})),
    },
)
OPERATOR = Who("U0OPERAT0", Standing.MEMBER, Read.FRESH, frozenset({"S0OPERAT0"}), Read.FRESH)
VIEWER = Who("U0VIEWER0", Standing.MEMBER, Read.FRESH, frozenset(), Read.NEVER)
SCOPE = "The app lacks a right (usergroups.list: missing_scope). Install it again with the scopes of manifest.yml."


def rights(who: Who, **fields: object) -> OwnRights:
    may = frozenset(what for what in RIGHTS if isinstance(decide(who, what, "", RULES), Allowed))
    found = OwnRights(who, grants(who, RULES), may)
    return replace(found, **fields)  # type: ignore[arg-type] # whichever fields a test wants different


def refusal(who: Who, what: str, rules: Rules = RULES, where: str = "C0ENGINE0") -> Denied:
    found = decide(who, what, where, rules)
    assert isinstance(found, Denied)
    return found


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three words there are and one to come, whatever the bot knows of by now."""
    there = (Word("help", "help", "help"), Word("diagnose", "diagnose", "look"), Word("restart", "restart", "act"))
    monkeypatch.setattr(module, "COMMANDS", (*there, Word("scale", "scale", "act", "use kubectl")))


def messages() -> dict[str, Message]:
    return {
        "whoami-operator": whoami(
            rights(OPERATOR, handles={"S0OPERAT0": "operators"}, groups_on=NOW - timedelta(minutes=4)), NOW
        ),
        "whoami-roles-unread": whoami(rights(VIEWER, trouble=SCOPE, channels=("C0DEVOPS0", "C0ENGINE0")), NOW),
        "denied-role": denied(refusal(replace(VIEWER, groups_read=Read.FRESH), "restart")),
        "denied-roles-unread": denied(refusal(replace(VIEWER, unread_because=SCOPE), "restart")),
        "denied-channel": denied(refusal(OPERATOR, "restart", replace(RULES, channels=frozenset({"C0DEVOPS0"})))),
        "denied-guest": denied(refusal(replace(OPERATOR, standing=Standing.GUEST), "help")),
    }


@pytest.mark.parametrize("name", messages())
def test_is_as_agreed(name: str) -> None:
    """It is, whole, the message that was looked at and agreed on, and Slack takes it."""
    samples.assert_golden(name, messages()[name])
    assert faults(messages()[name].text, messages()[name].blocks) == ()


def test_says_where_each_role_comes_from() -> None:
    """It gives each role with its source, the highest first."""
    text = plain(messages()["whoami-operator"])
    assert "You are operator in Volati\n• operator: you are in @operators\n• viewer: every full member has it" in text
    assert "User groups were read 4 min ago." in text
    assert "You may not: confirm medium (approver), confirm high (approver), break glass (approver)." in text


def test_says_what_unread_roles_mean() -> None:
    """It says that groups were not read, what follows from it, and why."""
    text = plain(messages()["whoami-roles-unread"])
    assert "User groups were not read yet: who has a role by them alone cannot act until they are." in text
    assert SCOPE in text
    assert "You may not: diagnose deep (operator), restart (operator), call off (operator), confirm low" in text


def test_the_buttons_of_a_plan() -> None:
    """It names every right that no word of /volati asks for, but for what has a place of its own in Slack."""
    words = {word.word for word in commands.COMMANDS}
    without = {what for what in RIGHTS if what.partition(" ")[0] not in words}
    assert without - {"home", "triage"} == module._BUTTONS


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=-5), "less than a minute ago."),
        (timedelta(seconds=59), "less than a minute ago."),
        (timedelta(minutes=59, seconds=59), "59 min ago."),
        (timedelta(hours=5), "5 h ago."),
    ],
)
def test_says_how_old_it_is(age: timedelta, said: str) -> None:
    """It says how long ago the groups were read, also with a clock that was set back."""
    assert f"were read {said}" in plain(whoami(rights(OPERATOR, groups_on=NOW - age), NOW))


def test_says_that_old_roles_do_not_act() -> None:
    """It says that a last answer grown old is no good for acts."""
    old = replace(OPERATOR, groups_read=Read.OLD)
    text = plain(whoami(rights(old, groups_on=NOW - timedelta(hours=2)), NOW))
    assert "were read 2 h ago: who has a role by them alone cannot act until they are." in text


def test_knows_nobody() -> None:
    """It says of a person nobody could look up that they have no role, and why there is nothing they may do."""
    text = plain(whoami(rights(Who("U1"), grants=()), NOW))
    assert "You have no role in Volati" in text
    assert "Slack has not said yet who you are." in text


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (("S1",), "Ask <!subteam^S1>."),
        (("S1", "U2"), "Ask <!subteam^S1> or <@U2>."),
        (("C1", "G2", "W3"), "Ask <#C1>, <#G2> or <@W3>."),
        (tuple(f"U{n}" for n in range(9)), "Ask <@U0>, <@U1>, <@U2>, <@U3>, <@U4> or 4 more."),
    ],
)
def test_whom_to_ask(ids: tuple[str, ...], said: str) -> None:
    """It names people, groups and channels so that Slack shows their names, and counts those beyond five."""
    blocks = denied(Denied(Reason.ROLE, "No.", ids)).blocks
    assert blocks[0]["text"]["text"] == f"No.\n{said}"


@given(st.text(), st.lists(st.sampled_from(["U1", "S1", "C1", "G1"]), max_size=20))
def test_slack_takes_every_refusal(text: str, ids: list[str]) -> None:
    """It makes of any refusal a message that Slack takes, with nothing in it that pings a channel."""
    message = denied(Denied(Reason.ROLE, f"No. {text}", tuple(ids)))
    assert faults(message.text, message.blocks) == ()
    assert "<!channel" not in str(message.blocks)

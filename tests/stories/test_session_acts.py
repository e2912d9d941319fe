"""Acts on the database's sessions, from a diagnosis in Slack to a session that is gone, with a real PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.audit.entry import Deed
from playground.slack.messages import Message as Shown
from tests.stories.test_acts import ACCESS, audit, deeds, labels, pressed, said
from tests.stories.world import CHANNEL, Story, story

PATIENCE_S = 60
"""Seconds for what takes some two, on a machine on which much else runs."""


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Story]:
    """The bot in its world, with a database, once it knows who is in which group."""
    async with story("sockets", tmp_path, ACCESS, cluster=True) as found:
        await found.slack.until(lambda: found.desk.gate._people.groups.snapshot is not None)  # type: ignore[attr-defined]
        yield found
        assert found.slack.ledger.rejected == []


async def broken(here: Story, fault: str) -> None:
    await here.platform.switch_on(fault)
    await here.platform.ripe()


async def diagnosed(here: Story) -> str:
    """Ask for the database; the thread."""
    before = {one.ts for one in here.roots()}
    await here.typed("oncall", "/volati diagnose database")
    return next(one.ts for one in here.roots() if one.ts not in before)


def offered(here: Story, thread: str, words: str) -> tuple[Shown, str]:
    """The button that begins with these words, and the message it is on."""
    for one in here.slack.thread(CHANNEL, thread):
        for label in labels(one):
            if label.startswith(words):
                return one, label
    raise AssertionError([labels(one) for one in here.slack.thread(CHANNEL, thread)])


async def carried_out(here: Story, thread: str, words: str, yes: str, person: str = "approver") -> Shown:
    """Press what a verdict offers, say yes to the plan, and give the reply that tells how it ended."""
    answer, label = offered(here, thread, words)
    assert await pressed(here, "oncall", label, answer) == []
    await here.slack.until(lambda: bool(waiting(here, thread)), PATIENCE_S)  # posts wait for their budget
    (plan,) = waiting(here, thread)
    assert await pressed(here, person, yes, plan) == []
    await here.slack.until(lambda: bool(endings(here, thread)), PATIENCE_S)
    (end,) = endings(here, thread)
    return end


def waiting(here: Story, thread: str) -> list[Shown]:
    """The plans in a thread that nobody has said yes to."""
    return [one for one in here.slack.thread(CHANNEL, thread) if "waits for a yes" in one.text]


def endings(here: Story, thread: str) -> list[Shown]:
    """The replies that tell how an act ended; its card says so too, and its risk."""
    every = here.slack.thread(CHANNEL, thread)
    return [one for one in every if "Looked at again" in said(one) and ", risk " not in said(one)]


async def test_from_a_diagnosis_to_the_fix(here: Story) -> None:
    """It offers to end the session that holds its transaction open; of two, what remains is told, and ended next."""
    await broken(here, "postgres-idle-in-transaction")
    first = await diagnosed(here)
    end = await carried_out(here, first, "End session ", "End session")
    told = said(end)
    assert "Ending of session" in told
    assert "1 transaction of volaticloud-importer as volaticloud" in told.partition("Not fixed")[2]
    second = await diagnosed(here)
    told = said(await carried_out(here, second, "End session ", "End session"))
    assert "1 transaction of volaticloud-importer as volaticloud" in told.partition("Fixed")[2]
    assert "Not fixed" not in told
    assert "Looked at again: the area database is healthy." in told
    once = [Deed.PROPOSED, Deed.CONFIRMED, *[Deed.BEGUN, Deed.DONE] * 2, Deed.ENDED]
    assert await deeds(here) == once * 2
    assert {entry.action for entry in await audit(here)} == {"end-session"}


async def test_a_long_statement(here: Story) -> None:
    """It offers to cancel the statement, which takes an operator alone."""
    await broken(here, "postgres-long-statement")
    thread = await diagnosed(here)
    told = said(await carried_out(here, thread, "Cancel query ", "Cancel query", "oncall"))
    assert "pid " in told.partition("Fixed")[2]
    assert "Looked at again: the area database is healthy." in told


async def test_who_keeps_others_waiting(here: Story) -> None:
    """It offers to end the one at the head of the queue; all who waited go on."""
    await broken(here, "postgres-blocked-sessions")
    thread = await diagnosed(here)
    told = said(await carried_out(here, thread, "End session ", "End session"))
    assert "3 sessions wait" in told.partition("Fixed")[2]


async def test_a_pressed_button_of_long_ago(here: Story) -> None:
    """It ends nobody whose pid was another's when the button was made, and says so."""
    await broken(here, "postgres-idle-in-transaction")
    thread = await diagnosed(here)
    answer, label = offered(here, thread, "End session ")
    await here.platform.heal()
    await here.platform.ripe()
    (told,) = await pressed(here, "oncall", label, answer)
    assert "There is no session" in told or "is another session's by now" in told
    assert await deeds(here) == [Deed.REFUSED]


async def test_by_words(here: Story) -> None:
    """It takes a pid in words, refuses what is none, and looks at the database again afterwards."""
    await broken(here, "postgres-long-statement")
    thread = await diagnosed(here)
    pid = offered(here, thread, "Cancel query ")[1].removesuffix("…").rpartition(" ")[2]
    (told,) = await here.typed("oncall", "/volati cancel-query report")
    assert "Say which session by its pid" in said(told)
    (told,) = await here.typed("engineer", f"/volati cancel-query {pid}")
    assert "needs the role operator" in said(told)
    await here.typed("oncall", f"/volati cancel-query pid {pid}")
    (plan,) = [one for one in here.roots() if "waits for a yes" in one.text]
    assert "volaticloud-report as volaticloud" in said(plan)
    await pressed(here, "oncall", "Cancel query", plan)
    await here.slack.until(lambda: bool(endings(here, plan.ts)), PATIENCE_S)
    assert "Looked at again: the area database is healthy." in said(endings(here, plan.ts)[0])

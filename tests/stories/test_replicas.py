"""Two replicas of the bot on one memory: whichever gets a click or a command, one run comes of it, and none is lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.runs.examiner import Order
from bot.slack.views.headline import opening
from bot.store import UnderWay
from handlers.home import refresh_homes
from handlers.memory import tell_of_the_interrupted
from tests.stories.world import CHANNEL, Story, story

ORDER = Order("keycloak", "playground")


@pytest.fixture
async def here(tmp_path: Path, store_url: str | None) -> AsyncIterator[Story]:
    """Two replicas, each with a connection of its own: Slack gives each delivery to either."""
    async with story("sockets", tmp_path, two=True, shared=store_url) as found:
        yield found


def slow(here: Story) -> None:
    """Let Keycloak take its time, so that runs overlap."""
    here.platform.keycloak._base = replace(here.platform.keycloak.state, delay_s=0.15)


async def test_one_run_for_both(here: Story) -> None:
    """It runs once for six people who ask at the same time, whichever replica hears them; each is told where."""
    slow(here)
    people = ("oncall", "engineer", "operator", "approver", "admin")
    await asyncio.gather(*(here.slack.person(one).command("devops", "/volati diagnose keycloak") for one in people))
    await here.done()
    (root,) = here.roots()
    told = [message.text for one in people for message in here.slack.ephemerals(one)]
    assert sum("already" in text for text in told) == len(people) - 1
    assert root.text.startswith("Keycloak in playground is healthy")
    store = here.services.store
    assert store is not None
    assert len(await store.recent_runs("playground")) == 1


async def test_one_answer_to_a_mention_that_reaches_both(here: Story) -> None:
    """It tells a person one thing once, however often and to whichever replica Slack delivers their mention."""
    here.slack.switches.duplicates = 5
    for words, answer in (("help", "What you can ask for"), ("diagnose keycloak", "On it"), ("nonsense", "no command")):
        before = len(here.slack.ephemerals("oncall"))
        record = await here.slack.person("oncall").mention("engineering", words)
        assert len(record.receipts) == 6
        await here.done()
        (private,) = here.slack.ephemerals("oncall")[before:]
        assert answer in private.text


async def test_every_click_works_on_either(here: Story) -> None:
    """It answers every command and click, whichever replica it comes to."""
    for _ in range(6):
        (private, *_) = await here.typed("oncall", "/volati status")
        assert "Keycloak" in "".join(block["text"]["text"] for block in private.content.blocks[:1])
    await here.typed("oncall", "/volati diagnose keycloak")
    (root,) = here.roots()
    for _ in range(4):
        await here.slack.person("oncall").click(here.slack.thread(CHANNEL, root.ts)[-1], "Run again")
        await here.done()
    assert len(here.slack.thread(CHANNEL, root.ts)) == 6
    assert here.slack.ledger.rejected == []


async def test_home_tabs_of_the_other_replica(here: Story) -> None:
    """It brings a Home tab up to date that the other replica saw opened."""
    await here.slack.person("oncall").open_home()
    await here.done()
    assert "never looked at" in here.home("oncall")
    (other,) = (desk for desk in (here.desk, *here.replicas) if not desk.visitors._came)
    await here.platform.switch_on("wrong-client-secret")
    await other.examiner.examine(ORDER, lambda _: None)
    refresh_homes(other)
    await here.done()
    assert "Keycloak* in playground is down" in here.home("oncall")


async def test_the_living_are_left_alone(here: Story) -> None:
    """It says nothing of another replica's run while that goes on; once its claim is over, it tells the thread."""
    store, other = here.services.store, here.replicas[0]
    assert store is not None
    place = await here.desk.poster.post(CHANNEL, opening("keycloak", "playground", "U0ONCALL0"))
    run = UnderWay("0123", "playground", CHANNEL, place.ts, time.time(), "keycloak", person="U0ONCALL0")
    async with other.joining.turn(ORDER, run.run_id):
        await store.begin_run(run)
        await tell_of_the_interrupted(here.desk, alone=False)
        assert here.roots()[0].text.endswith("looking")
    await tell_of_the_interrupted(here.desk, alone=False)
    assert "interrupted" in here.roots()[0].text
    assert await store.unfinished_runs() == ()

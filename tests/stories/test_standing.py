"""What is open and who is on call, on the Home tab and in `status`: from Slack and PagerDuty to what people see."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import StoreUnreachable
from bot.incidents.roster import Roster
from tests.stories.test_incidents import Scene, scene
from tests.stories.world import CHANNEL


@pytest.fixture(params=["sockets", "http"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scene]:
    """The scene, once it was asked who is on call."""
    async with scene(request.param, tmp_path) as found:
        await roster(found).look()
        yield found


def roster(here: Scene) -> Roster:
    """Who is on call, as the bot remembers it."""
    assert here.story.desk.tending is not None
    return here.story.desk.tending.roster


def asked_of_pagerduty(here: Scene) -> int:
    """How often it was asked who is on call."""
    return sum(asked.path == "/oncalls" for asked in here.pager.asked)


async def visited(here: Scene, person: str) -> str:
    """What somebody sees who opens the Home tab."""
    await here.story.slack.person(person).open_home()
    await here.story.done()
    return here.story.home(person)


async def test_nothing_is_open(here: Scene) -> None:
    """It says that nothing is open, and who is on call at the levels that page, by name and without calling them."""
    (told,) = await here.typed("engineer", "status")
    for text in (told, await visited(here, "engineer")):
        assert "No incident is open." in text
        assert "the on-call engineer" in text
        assert "Alice Adams until" in text
        assert "DevOps/Infrastructure" in text
        assert ", as of " in text
    assert "<@" not in repr(here.story.slack.ephemerals("engineer")[-1].content)


async def test_an_incident_is_open(here: Scene) -> None:
    """It shows what is open with its state, and the way to its thread, and later what became of it."""
    card = await here.opened("oncall", "escalate P0 the login fails")
    for text in (*await here.typed("engineer", "status"), await visited(here, "engineer")):
        assert "1 incident is open" in text
        assert "P0 in playground: the login fails" in text
        assert "at level 2 of 5, #engineering; waits for somebody" in text
        assert "level 3: the on-call engineer is paged" in text
        assert f"/archives/{CHANNEL}/p{card.ts.replace('.', '')}" in text
    await here.pressed("oncall", "Acknowledge", here.card())
    assert "acknowledged by oncall" in await visited(here, "engineer")
    assert "acknowledged by oncall" in (await here.typed("engineer", "status"))[0]
    await here.pressed("oncall", "Resolve", here.card())
    assert "No incident is open." in await visited(here, "engineer")


async def test_nobody_waits_for_pagerduty(here: Scene) -> None:
    """It asks PagerDuty nothing for who looks, however often; what is shown is remembered, with its age."""
    before = asked_of_pagerduty(here)
    for _ in range(3):
        await here.typed("engineer", "status")
        await visited(here, "oncall")
    assert asked_of_pagerduty(here) == before


async def test_links_follow(here: Scene) -> None:
    """It shows the tab before it asks Slack for the way to a thread, and asks for each once."""
    await here.opened()
    await visited(here, "oncall")
    calls = [one.method for one in here.story.slack.ledger.entries]
    first = calls.index("views.publish")
    assert calls[first:] == ["views.publish", "chat.getPermalink", "views.publish"]
    await visited(here, "oncall")
    await here.typed("engineer", "status")
    assert [one.method for one in here.story.slack.ledger.entries].count("chat.getPermalink") == 1


async def test_pagerduty_is_away(here: Scene) -> None:
    """It says why it is not known who is on call now, names whom it knew before, and shows all else."""
    await here.opened()
    await here.pager.suffer("pagerduty-down")
    await roster(here).look()
    for text in (*await here.typed("engineer", "status"), await visited(here, "engineer")):
        assert "the login fails" in text
        assert "Alice Adams until" in text
        assert "UTC. PagerDuty gave no answer to GET /oncalls" in text


async def test_the_memory_is_away(here: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that what is open is not known, which is not the same as that nothing is; who is on call is shown."""

    async def away() -> None:
        raise StoreUnreachable("Redis is away.")

    tending = here.story.desk.tending
    assert tending is not None
    monkeypatch.setattr(tending.incidents, "open_ones", away)
    for text in (*await here.typed("engineer", "status"), await visited(here, "engineer")):
        assert "What is open is not known: Volati cannot reach its memory just now." in text
        assert "No incident is open" not in text
        assert "Alice Adams until" in text


async def test_in_a_thread(here: Scene) -> None:
    """It answers a mention in the thread, where everybody reads it, and calls nobody by that."""
    card = await here.opened("oncall")
    await here.pressed("oncall", "Acknowledge", here.card())
    before = len(here.story.slack.thread(CHANNEL, card.ts))
    await here.mentioned("engineer", "status", card.ts)
    answers = [one for one in here.story.slack.thread(CHANNEL, card.ts)[before:] if "1 incident is open" in one.text]
    (answer,) = answers
    assert "acknowledged by oncall" in answer.words()
    assert "<@" not in repr(answer.content)


@pytest.mark.parametrize("person", ["guest"])
async def test_who_may_not(here: Scene, person: str) -> None:
    """It shows nothing of incidents to who may not ask for them."""
    await here.opened()
    text = await visited(here, person) + "".join(await here.typed(person, "status"))
    assert "the login fails" not in text
    assert "Alice Adams" not in text

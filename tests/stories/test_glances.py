"""Quick looks at the cluster, from what a person types to what they see; over sockets and over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.view import button, buttons
from bot.slack.views.pages import TURN
from playground.slack.messages import Message as Shown
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.volaticloud import Secrets
from playground.world.platform import SimulatedPlatform
from tests.bot.runs.test_glances import CANARY, CLIENT, Talking, event
from tests.stories.world import CHANNEL, Story, story

LINES = (*(f"line {number}" for number in range(64)), "dial tcp: connection refused", f"<!channel> {CANARY} {CLIENT}")


@pytest.fixture
def world() -> World:
    found = World(Secrets(database=CANARY, client=CLIENT), seed=1)
    for number in range(40):
        found.store.create(kind_named("Event"), event(number, f"it happened <!here> {CANARY}", reason=f"Odd{number}"))
    return found


@pytest.fixture
async def cluster(world: World) -> AsyncIterator[SimulatedKubernetes]:
    async with SimulatedKubernetes(world.store, Talking(world.kubelets, *LINES)) as running:
        yield running


@pytest.fixture(params=["sockets", "http"])
async def here(
    request: pytest.FixtureRequest, tmp_path: Path, cluster: SimulatedKubernetes, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Story]:
    """The bot in its world, which has a cluster."""
    without = SimulatedPlatform.environment
    kubernetes = {"kubeconfig": str(cluster.kubeconfig())}
    monkeypatch.setattr(SimulatedPlatform, "environment", lambda one: {**without(one), "kubernetes": kubernetes})
    async with story(request.param, tmp_path) as found:
        yield found
        assert "c4nary" not in found.sent()
        assert "c4nary" not in found.log.getvalue()
        assert "<!" not in found.sent()
        assert found.slack.ledger.rejected == []


def said(message: Shown) -> str:
    return plain(Message(message.text, message.content.blocks))


async def clicked(here: Story, message: Shown, label: str, person: str = "oncall") -> Shown:
    """What a person alone is shown for a click."""
    before = len(here.slack.ephemerals(person))
    await here.slack.person(person).click(message, label)
    await here.done()
    (answer,) = here.slack.ephemerals(person)[before:]
    return answer


async def test_status(here: Story) -> None:
    """It shows the verdicts and what the cluster runs, to the person who asks alone."""
    (found,) = await here.typed("oncall", "/volati status")
    text = said(found)
    assert "Keycloak in playground: never looked at" in text
    assert "pods ready in playground" in text
    assert "• deployment volaticloud-backend: 2 of 2 ready; no restarts; cpu " in text
    assert "service volaticloud-backend (ClusterIP): 2 of 2 endpoints ready" in text
    assert here.roots() == []


async def test_logs_page_by_page(here: Story) -> None:
    """It shows the end of a log with its known errors marked, and the pages before it, until there is none."""
    (first,) = await here.typed("engineer", "/volati logs backend since 15m")
    text = said(first)
    assert "▶ dial tcp: connection refused" in text
    assert "Known errors" in text
    pages = [first]
    while "'Older'" in repr(pages[-1].content.blocks):
        pages.append(await clicked(here, pages[-1], "Older", "engineer"))
    every = "\n".join(said(page) for page in reversed(pages))
    shown = [line.strip() for line in every.splitlines() if line.strip().startswith("line ")]
    assert shown == [f"line {number}" for number in range(64)]
    assert "There are none before them." in said(pages[-1])
    assert "'Newer'" in repr(pages[-1].content.blocks)
    assert here.roots() == []


async def test_events_page_by_page(here: Story) -> None:
    """It tells the events, and turns pages."""
    (first,) = await here.typed("oncall", "/volati events")
    assert "older kinds are not shown here." in said(first)
    second = await clicked(here, first, "Older")
    assert ", page 2" in said(second)
    assert "it happened <!here>" in said(second)
    assert "page 2" not in said(await clicked(here, second, "Newer"))


@pytest.mark.parametrize("line", ["status", "events", "logs backend"])
async def test_mentions(here: Story, line: str) -> None:
    """It answers a mention in its thread, where all who read along see it; who turns the page sees that alone."""
    oncall = here.slack.person("oncall")
    root = await oncall.say("engineering", "hm")
    await oncall.mention("engineering", line, thread_ts=root.ts)
    await here.done()
    (*_, answer) = here.slack.thread(CHANNEL, root.ts)
    assert answer.author == here.slack.core.app.bot_user_id
    assert here.slack.ephemerals("oncall") == []
    if line != "status":
        await clicked(here, answer, "Older", "engineer")
        assert len(here.slack.thread(CHANNEL, root.ts)) == 3


async def test_what_was_not_meant(here: Story) -> None:
    """It asks back when several are meant, gives the nearest when none is, and refuses bad words, all privately."""
    for line, part in (
        ("logs volaticloud", "“volaticloud” means several things. Say which:"),
        ("logs bakend", "Did you mean:"),
        ("logs backend since yesterday", "is no duration"),
        ("logs backend previous", "had a run before this one"),
    ):
        (answer,) = await here.typed("oncall", f"/volati {line}")
        assert part in said(answer), line
    assert here.roots() == []


async def test_a_button_of_old(here: Story) -> None:
    """It does nothing for a button whose question cannot be asked any more, and says so."""
    row = buttons(button("Older", f"{TURN}older", "logs backend in moon page 2"))
    place = await here.desk.poster.post(CHANNEL, Message("something", (row,)))
    message = here.slack.workspace.find(CHANNEL, place.ts)
    assert message is not None
    assert "not there any more" in (await clicked(here, message, "Older")).text


async def test_no_cluster(tmp_path: Path) -> None:
    """It names the setting to add where no cluster is configured, and shows the verdicts all the same."""
    async with story("sockets", tmp_path) as here:
        for line in ("events", "logs backend", "status"):
            (answer,) = await here.typed("oncall", f"/volati {line}")
            assert "add environments.playground.kubernetes to the settings" in said(answer)
            assert answer.text == "No verdict is known yet" or line != "status"

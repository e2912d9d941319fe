"""Tests of the page's interface: the stream, the deeds, uploads and downloads."""

import io
import re
from pathlib import Path

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from playground.page.server import BODY_LIMIT, serving
from playground.page.stage import Stage
from playground.slack.server import SimulatedSlack
from playground.slack.views import View
from tests.playground.page.conftest import ONCALL, Visitor
from tests.playground.page.stand_ins import FakeBot, FakePlatform

ENGINEERING = "C0ENGINE0"
STATIC = Path(__file__).parents[3] / "playground" / "page" / "static"


async def test_page_loads_only_its_own(address: str) -> None:
    """It serves every file the page and its scripts name, and names nothing elsewhere."""
    index = (STATIC / "index.html").read_text("utf-8")
    named = set(re.findall(r'(?:src|href)="(static/[^"]+)"', index))
    scripts = "\n".join(one.read_text("utf-8") for one in STATIC.glob("*.js"))
    named |= {f"static/{one}" for one in re.findall(r'from "\./([^"]+)"', scripts)}
    async with aiohttp.ClientSession() as session:
        for path in named:
            async with session.get(address + path) as response:
                assert response.status == 200, path
    assert not re.search(r'(src|href)="(https?:)?//', index)
    assert "url(" not in (STATIC / "page.css").read_text("utf-8")


def test_scripts_parse_no_html() -> None:
    """It keeps to text nodes: no script uses what turns words into HTML or code."""
    for script in STATIC.glob("*.js"):
        found = re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(", script.read_text("utf-8")
        )
        assert not found, f"{script.name}: {found}"


async def test_hello(visitor: Visitor) -> None:
    """It first tells everything: people, conversations, faults, figures."""
    async with visitor.session.get(f"{visitor.address}events?person={ONCALL}") as stream:
        hello = await Visitor(visitor.address, visitor.session, stream).next("hello")
    assert hello["me"] == ONCALL
    assert "engineering" in [one["name"] for one in hello["channels"]]
    assert hello["sections"][0]["title"] == "Keycloak Integration Issues"
    assert hello["figures"]["bot"]["pid"] == 4711


async def test_command_and_live_edit(visitor: Visitor, app: AsyncApp) -> None:
    """It carries a command, tells the private answer, the message, and later its edit."""
    status, outcome = await visitor.do("command", person=ONCALL, channel=ENGINEERING, line="/volati show")
    assert (status, outcome["acknowledged"], outcome["failure"]) == (200, True, None)
    assert (await visitor.next("message", lambda one: bool(one["only_to"])))["text"] == "On it."
    root = await visitor.next("message", lambda one: bool(one["blocks"]))
    where = {"person": ONCALL, "channel": ENGINEERING, "ts": root["ts"]}
    status, outcome = await visitor.do("click", **where, action="restart")
    assert (status, outcome["acknowledged"]) == (200, True)
    edited = await visitor.next("message", lambda one: bool(one["ts"] == root["ts"]))
    assert (edited["text"], edited["edits"]) == ("Restarted.", 1)


async def test_others_do_not_see_what_is_private(visitor: Visitor, slack: SimulatedSlack) -> None:
    """It tells nobody what only another person sees, nor what is said where they are not."""
    await slack.person("engineer").command("#engineering", "/unknown")
    await slack.person("admin").say("leadership", "secret")
    await slack.person("engineer").say("#engineering", "seen")
    assert (await visitor.next("message"))["text"] == "seen"


async def test_modal(visitor: Visitor, app: AsyncApp) -> None:
    """It opens a modal, keeps what is filled in, shows the bot's objection at its field, and closes it when sent."""
    await visitor.do("command", person=ONCALL, channel=ENGINEERING, line="/volati show")
    root = await visitor.next("message", lambda one: bool(one["blocks"]))
    await visitor.do("click", person=ONCALL, channel=ENGINEERING, ts=root["ts"], action="form")
    assert (await visitor.next("views"))["modal"]["title"]["text"] == "Explain a token"
    status, refused = await visitor.do("submit", person=ONCALL)
    assert status == 409
    assert "must be filled in" in refused["error"]
    await visitor.do("fill", person=ONCALL, action="jwt", value="nonsense")
    await visitor.do("fill", person=ONCALL, action="environment", value="production")
    _, outcome = await visitor.do("submit", person=ONCALL)
    assert outcome["errors"] == {"jwt": "This is no JWT: it has no two dots."}
    await visitor.do("fill", person=ONCALL, action="jwt", value="a.b.c")
    await visitor.do("submit", person=ONCALL)
    assert (await visitor.next("views"))["modal"] is None


async def test_attach(visitor: Visitor, slack: SimulatedSlack, app: AsyncApp) -> None:
    """It puts a file into a modal, and gives a file back only as plain text."""
    view = await _modal(visitor, slack)
    query = f"attach?person={ONCALL}&action=file&name=token.html"
    async with visitor.session.post(visitor.address + query, data=b"<b>x</b>", headers=visitor.headers) as response:
        assert response.status == 200
    held = view.values["file"]["file"]["files"][0]
    async with visitor.session.get(f"{visitor.address}files/{held['id']}") as response:
        assert response.content_type == "text/plain"
        assert await response.text() == "<b>x</b>"


async def _modal(visitor: Visitor, slack: SimulatedSlack) -> View:
    await visitor.do("command", person=ONCALL, channel=ENGINEERING, line="/volati show")
    root = await visitor.next("message", lambda one: bool(one["blocks"]))
    await visitor.do("click", person=ONCALL, channel=ENGINEERING, ts=root["ts"], action="form")
    await visitor.next("views")
    view = slack.person("oncall").modal.view
    assert view is not None
    return view


async def test_without_a_bot(visitor: Visitor) -> None:
    """It says what Slack says when no bot is connected, and counts it."""
    status, outcome = await visitor.do("command", person=ONCALL, channel=ENGINEERING, line="/volati show")
    assert (status, outcome["failure"]) == (200, "dispatch_failed")
    assert "dispatch_failed" in (await visitor.next("message"))["text"]
    assert await visitor.next("figures", lambda now: bool(now["slack"]["unanswered"] == 1))


@pytest.mark.parametrize(
    ("deed", "status", "words"),
    [
        ({"do": "say", "person": ONCALL, "channel": "leadership", "text": "x"}, 409, "is not in leadership"),
        ({"do": "say", "person": "nobody", "channel": "random", "text": "x"}, 409, "Nobody is called nobody"),
        ({"do": "click", "person": ONCALL, "channel": "C1", "ts": "1", "action": "x"}, 409, "no message"),
        ({"do": "open-home", "person": ONCALL, "extra": 1}, 400, "unknown field"),
        ({"do": "nonsense"}, 400, "Invalid value"),
        ({"do": "say", "person": ONCALL, "channel": "random", "text": "x" * 12_001}, 400, "length <= 12000"),
        ({"do": "break", "name": "nonsense", "on": True}, 404, "There is no scenario"),
        ({"do": "trouble", "what": "fire"}, 400, "Invalid enum value"),
    ],
)
async def test_refusals(visitor: Visitor, deed: dict[str, object], status: int, words: str) -> None:
    """It refuses what is not possible with a sentence that names it."""
    what = str(deed.pop("do"))
    got, answer = await visitor.do(what, **deed)
    assert got == status
    assert words in answer["error"]


async def test_bounds_a_body(visitor: Visitor) -> None:
    """It reads no more than a bounded body."""
    body = io.BytesIO(b"x" * (BODY_LIMIT + 1))
    async with visitor.session.post(f"{visitor.address}do", data=body, headers=visitor.headers) as response:
        assert response.status == 413


async def test_panel(visitor: Visitor, whole: tuple[Stage, FakePlatform, FakeBot]) -> None:
    """It breaks, mends one thing and keeps the other, heals, and ends the bot."""
    _, platform, bot = whole
    for name in ("wrong-client-secret", "realm-gone"):
        await visitor.do("break", name=name, on=True)
    assert platform.broken == ["wrong-client-secret", "realm-gone"]
    assert await visitor.next("figures", lambda now: len(now["faults"]) == 2)
    await visitor.do("break", name="wrong-client-secret", on=False)
    assert platform.broken == ["realm-gone"]
    await visitor.do("heal")
    assert platform.broken == []
    await visitor.do("end-bot", how="kill")
    await visitor.do("end-bot", how="restart")
    assert bot.done_to_it == ["kill", "restart"]


async def test_trouble(visitor: Visitor, slack: SimulatedSlack) -> None:
    """It takes Slack down and up again while the page stays, and starts and ends a storm."""
    await visitor.do("trouble", what="down", on=True)
    await visitor.do("trouble", what="down", on=True)
    assert await visitor.next("figures", lambda now: bool(now["outages"]["down"]))
    await visitor.do("trouble", what="down", on=False)
    async with aiohttp.request("GET", f"{slack.url}/signin") as response:
        assert response.status == 200
    await visitor.do("trouble", what="storm", on=True)
    assert slack.switches.storms
    await visitor.do("trouble", what="storm", on=False)
    assert not slack.switches.storms


async def test_taken_port(whole: tuple[Stage, FakePlatform, FakeBot], address: str) -> None:
    """It takes a free port where the usual one is taken."""
    port = int(address.rsplit(":", 1)[1].strip("/"))
    async with serving(whole[0], port) as second:
        assert second != address


async def test_end(whole: tuple[Stage, FakePlatform, FakeBot]) -> None:
    """It ends every stream when the playground stops."""
    async with aiohttp.ClientSession() as session:
        async with serving(whole[0], 0) as served:
            stream = await session.get(f"{served}events?person=oncall")
        with pytest.raises(AssertionError, match="ended"):
            await Visitor(served, session, stream).next("never")

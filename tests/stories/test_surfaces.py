"""Every surface in Slack, from what a person does to what they see; over sockets and over HTTP."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.views.again import Again
from bot.slack.views.headline import opening
from bot.store import UnderWay
from handlers.memory import tell_of_the_interrupted
from handlers.triage import SHORTCUT
from playground.slack.messages import Message as Shown
from tests.stories.world import CHANNEL, Story, story


@pytest.fixture(params=["sockets", "http"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Story]:
    """The bot in its world."""
    async with story(request.param, tmp_path) as found:
        yield found


def said(message: Shown) -> str:
    return plain(Message(message.text, message.content.blocks))


def labels(message: Shown) -> list[str]:
    rows = [block for block in message.content.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


def grid_bot(here: Story) -> str:
    """The id of alice's bot, which is what the platform calls it in Keycloak."""
    keycloak = here.platform.keycloak
    realm = keycloak.state.realm
    client = realm.client(keycloak.client_id) if realm else None
    rights = client.authorization if client else None
    assert rights is not None
    return next(one.id for one in rights.resources.values() if one.display_name == "Alice's grid bot")


async def token_of(here: Story, user: str = "alice") -> str:
    """A fresh token of somebody's, as Keycloak gives it to them."""
    keycloak = here.platform.keycloak
    client = {"client_id": keycloak.client_id, "client_secret": keycloak.client_secret}
    form = {"grant_type": "password", "username": user, "password": keycloak.passwords[user], **client}
    url = f"{keycloak.url}/realms/{keycloak.realm}/protocol/openid-connect/token"
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=keycloak.ca_file)) as http:
        return str((await http.post(url, data=form)).json()["access_token"])


async def test_status(here: Story) -> None:
    """It says honestly that nothing was looked at, and later the last verdict with its age."""
    (nothing,) = await here.typed("oncall", "/volati status")
    assert nothing.text == "No verdict is known yet"
    assert "Keycloak in playground: never looked at" in said(nothing)
    await here.platform.switch_on("wrong-client-secret")
    await here.typed("oncall", "/volati diagnose keycloak")
    (known,) = await here.typed("oncall", "/volati status")
    assert known.text.startswith("1 down")  # and whatever else there is, which nobody has looked at
    assert "🔴 Keycloak in playground is down, 0 s ago: Keycloak knows client volaticloud-api" in said(known)


async def test_whoami(here: Story) -> None:
    """It tells people their roles and where these come from."""
    await here.slack.until(lambda: here.desk.gate._people.groups.snapshot is not None)  # type: ignore[attr-defined]
    (found,) = await here.typed("oncall", "/volati whoami")
    assert "you are in @operators" in said(found)


async def test_diagnosis_in_somebodys_thread(here: Story) -> None:
    """It answers a mention inside a thread right there, and posts nothing in the channel."""
    oncall = here.slack.person("oncall")
    root = await oncall.say("engineering", "something is wrong with the login")
    await oncall.mention("engineering", "diagnose keycloak", thread_ts=root.ts)
    await here.done()
    (_, _, verdict) = here.slack.thread(CHANNEL, root.ts)
    assert verdict.text.startswith("Keycloak in playground is healthy")
    assert labels(verdict) == ["Run again"]
    assert here.roots() == []


async def test_why_directly(here: Story) -> None:
    """It walks to the decision for the person who asks alone, with each vote."""
    first, answer = await here.typed("oncall", f"/volati why bob view {grid_bot(here)}")
    assert "The answer comes here, for you alone." in first.text
    text = said(answer)
    assert f"bob may not view “{grid_bot(here)}” in playground: Keycloak denies it" in text
    assert "✗ Keycloak's decision (admin API)" in text
    assert "✓ the user (admin API): bob, enabled" in text
    assert here.roots() == []


async def test_why_says_what_it_could_not_see(here: Story) -> None:
    """It marks the steps it could not see, and does not call the answer a no."""
    await here.platform.switch_on("wrong-client-secret")
    _, answer = await here.typed("oncall", f"/volati why alice view {grid_bot(here)}")
    assert "could not be decided: the client's login: HTTP 401 unauthorized_client" in answer.text
    assert "✗ the client's login: HTTP 401" in said(answer)


async def test_why_of_a_stopped_keycloak(here: Story) -> None:
    """It names the refused connection in its first line, and blames no path for it."""
    await here.platform.switch_on("stopped")
    _, answer = await here.typed("oncall", f"/volati why alice view {grid_bot(here)}")
    assert "could not be decided: the realm page gave no answer: Connection refused" in answer.text
    assert "no known path" not in said(answer)


async def test_why_by_modal(here: Story) -> None:
    """It asks in a modal for what is missing, and answers in it."""
    assert await here.typed("oncall", "/volati why alice") == []
    modal = here.slack.person("oncall").modal
    assert modal.view is not None
    await modal.fill("action", "view")
    await modal.fill("resource", grid_bot(here))
    outcome = await modal.submit()
    assert "Looking" in here.modal("oncall")
    assert outcome.latency_ms < 1000
    await here.done()
    assert f"alice may view “{grid_bot(here)}” in playground." in here.modal("oncall")


async def test_blanks_are_no_names(here: Story) -> None:
    """It leaves the modal open with a sentence under a field of blanks, or of dots."""
    await here.typed("oncall", "/volati why alice view")
    modal = here.slack.person("oncall").modal
    await modal.fill("resource", "   ")
    assert (await modal.submit()).errors == {"resource": "Only blanks are here; write a name."}
    await modal.fill("resource", "..")
    assert (await modal.submit()).errors == {"resource": "Dots are no name; write one."}


async def test_why_by_the_name_people_see(here: Story) -> None:
    """It finds a resource by the name that people see."""
    _, answer = await here.typed("oncall", "/volati why alice view Alice's grid bot")
    assert "alice may view “Alice's grid bot” in playground." in said(answer)


async def test_token_by_modal(here: Story) -> None:
    """It explains a token in the modal it was pasted into."""
    assert await here.typed("oncall", "/volati token") == []
    modal = here.slack.person("oncall").modal
    await modal.fill("pasted", f"Authorization: Bearer {await token_of(here)}")
    await modal.submit()
    await here.done()
    text = here.modal("oncall")
    assert "This token is valid in playground." in text
    assert "user: `alice`" in text
    assert here.roots() == []


async def test_token_by_file(here: Story) -> None:
    """It takes a token in a file, as what is longer than a text input must come."""
    await here.typed("oncall", "/volati token")
    modal = here.slack.person("oncall").modal
    modal.attach("attached", "token.txt", f"{await token_of(here)}\n".encode())
    await modal.submit()
    await here.done()
    assert "This token is valid in playground." in here.modal("oncall")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"one.two", "The file holds no token. A token has three parts joined by dots; this text has 2."),
        (b"x" * 70_000, "The file has more than 64,000 bytes"),
        (b"\xff\xfe\x00", "The file holds no token."),
    ],
)
async def test_file_without_a_token(here: Story, data: bytes, problem: str) -> None:
    """It says in the modal what is wrong with a file."""
    await here.typed("oncall", "/volati token")
    modal = here.slack.person("oncall").modal
    modal.attach("attached", "token.txt", data)
    await modal.submit()
    await here.done()
    assert problem in here.modal("oncall")


@pytest.mark.parametrize(
    ("pasted", "field", "error"),
    [
        ("", "pasted", "Paste the token here, or attach a file with it."),
        ("one.two", "pasted", "A token has three parts joined by dots; this text has 2."),
        ("a.b.c", "pasted", "may have been cut while being copied."),
    ],
)
async def test_token_that_is_none(here: Story, pasted: str, field: str, error: str) -> None:
    """It leaves the modal open, with a sentence under the field."""
    await here.typed("oncall", "/volati token")
    modal = here.slack.person("oncall").modal
    if pasted:
        await modal.fill("pasted", pasted)
    outcome = await modal.submit()
    assert error in outcome.errors[field]


async def test_token_both_ways(here: Story) -> None:
    """It does not choose between a text and a file."""
    await here.typed("oncall", "/volati token")
    modal = here.slack.person("oncall").modal
    await modal.fill("pasted", "a.b.c")
    modal.attach("attached", "token.txt", b"a.b.c")
    assert "attached" in (await modal.submit()).errors


async def test_token_is_kept_nowhere(here: Story, tmp_path: Path) -> None:
    """It leaves no piece of a token: not in what it sends, not in its log, not in its memory, not when it fails."""
    token = await token_of(here)
    for text in (token, f"{token}x", token.replace(".", ".."), token[:-20]):
        await here.typed("oncall", "/volati token")
        modal = here.slack.person("oncall").modal
        await modal.fill("pasted", text)
        await modal.submit()
        await here.done()
        await modal.close_all()
    await here.platform.switch_on("wrong-client-secret")
    await here.typed("oncall", f"/volati token {token[:900]}")
    await here.typed("oncall", f"/volati token {token}")
    files = await asyncio.to_thread(lambda: [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()])
    for part in token.split("."):
        for place in (here.sent(), here.log.getvalue(), *(data.decode("latin-1") for data in files)):
            assert part[:40] not in place


async def test_a_failure_gives_an_id_in_the_modal(here: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows a short id in the modal, and logs what failed under it, without the token."""

    async def broken(token: str, *_: object) -> None:
        raise RuntimeError(f"the inside story of {token}")

    monkeypatch.setattr(here.desk.examiner, "explain_token", broken)
    await here.typed("oncall", "/volati token")
    await here.slack.person("oncall").modal.fill("pasted", await token_of(here))
    await here.slack.person("oncall").modal.submit()
    await here.done()
    text = here.modal("oncall")
    assert "Volati itself failed" in text
    error_id = text.rpartition("log for `")[2][:6]
    logged = here.log.getvalue()
    assert error_id in logged
    assert "RuntimeError" in logged
    assert "inside story" not in logged


@pytest.mark.parametrize(("word", "field"), [("token", "pasted"), ("why", "user")])
async def test_mention_answers_with_a_button(here: Story, word: str, field: str) -> None:
    """It shows a button in the thread where only a button can open the modal."""
    oncall = here.slack.person("oncall")
    root = await oncall.say("engineering", "hm")
    await oncall.mention("engineering", word, thread_ts=root.ts)
    await here.done()
    (private,) = here.slack.ephemerals("oncall")
    assert private.thread_ts == root.ts
    await oncall.click(private, "Open the window")
    await here.done()
    assert oncall.modal.view is not None
    assert field in oncall.modal.view.values


@pytest.mark.parametrize("line", ["help", "whoami", "diagnoze"])
async def test_mention_answers_privately_in_its_thread(here: Story, line: str) -> None:
    """It answers what is for one person to that person, in the thread."""
    oncall = here.slack.person("oncall")
    root = await oncall.say("engineering", "hm")
    await oncall.mention("engineering", line, thread_ts=root.ts)
    await here.done()
    (private,) = here.slack.ephemerals("oncall")
    assert private.thread_ts == root.ts


async def test_home(here: Story) -> None:
    """It shows the board, the person's rights, and a button; it brings the tab up to date after a run."""
    oncall = here.slack.person("oncall")
    await oncall.open_home()
    await here.done()
    assert "never looked at" in here.home("oncall")
    assert "in Volati" in here.home("oncall")
    await here.platform.switch_on("wrong-client-secret")
    await oncall.click_home("Diagnose Keycloak in playground")
    await here.done()
    assert "On it: looking at Keycloak in playground." in here.modal("oncall")
    assert "Keycloak* in playground is down, 0 s ago" in here.home("oncall")
    assert len(here.roots()) == 1


async def test_run_again(here: Story) -> None:
    """It runs again in the same thread, takes the button along, and says in the first line how it ended."""
    await here.platform.switch_on("wrong-client-secret")
    await here.typed("oncall", "/volati diagnose keycloak")
    await here.platform.heal()
    (root,) = here.roots()
    (verdict,) = here.slack.thread(CHANNEL, root.ts)[1:]
    await here.slack.person("engineer").click(verdict, "Run again")
    await here.done()
    assert here.roots() == [root]
    assert root.text.startswith("Keycloak in playground is healthy")
    before, after = here.slack.thread(CHANNEL, root.ts)[1:]
    assert before.text.startswith("Keycloak in playground is down")
    assert (labels(before), labels(after)) == ([], ["Run again"])
    assert here.slack.ledger.rejected == []


async def test_nothing_pings_and_few_buttons(here: Story) -> None:
    """It broadcasts nothing, names no group or channel as a whole, and shows four buttons at most."""
    await here.typed("oncall", "/volati diagnose keycloak")
    await here.typed("oncall", "/volati status")
    await here.slack.person("oncall").open_home()
    await here.done()
    assert not any(one.broadcast for one in here.slack.workspace.all_messages)
    assert "<!" not in here.sent()
    assert all(len(labels(one)) <= 4 for one in here.slack.workspace.all_messages)


async def test_the_second_person_joins(here: Story) -> None:
    """It runs once, and gives who asks second the way to the thread."""
    await asyncio.gather(
        here.slack.person("oncall").command("engineering", "/volati diagnose keycloak"),
        here.slack.person("engineer").command("devops", "/volati diagnose keycloak"),
    )
    await here.done()
    (root,) = here.roots()
    texts = [one.text for one in (*here.slack.ephemerals("oncall"), *here.slack.ephemerals("engineer"))]
    (joined,) = [text for text in texts if "already" in text]
    assert root.ts.replace(".", "") in joined or f"<#{CHANNEL}>" in joined


async def under_way(here: Story) -> UnderWay:
    """A run as a killed process leaves it: its messages in Slack, and its notes in the memory."""
    root = await here.desk.poster.post(CHANNEL, opening("keycloak", "playground", "U0ENGINE0"))
    detail = await here.desk.poster.post(CHANNEL, Message("Looking at Keycloak: 3 of 8 sources"), root.ts)
    since = time.time() - 30
    run = UnderWay("0123", "playground", CHANNEL, root.ts, since, "keycloak", person="U0ENGINE0", detail=detail.ts)
    assert here.services.store is not None
    await here.services.store.begin_run(run)
    return run


async def test_an_interrupted_thread_has_a_button(here: Story) -> None:
    """It says in a thread that a kill left waiting that it was interrupted; the button runs it again, and goes."""
    await under_way(here)
    await tell_of_the_interrupted(here.desk, alone=True)
    (root,) = here.roots()
    assert root.text == "Keycloak in playground: interrupted, Volati was stopped before it had an answer"
    assert labels(root) == ["Run it again"]
    assert "Volati was stopped" in here.slack.thread(CHANNEL, root.ts)[1].text
    await here.slack.person("oncall").click(root, "Run it again")
    await here.done()
    assert here.roots() == [root]
    assert root.text.startswith("Keycloak in playground is healthy")
    assert labels(root) == []
    assert labels(here.slack.thread(CHANNEL, root.ts)[-1]) == ["Run again"]


async def test_two_presses_are_one_run(here: Story) -> None:
    """It runs once for two people who press the button together."""
    await under_way(here)
    await tell_of_the_interrupted(here.desk, alone=True)
    (root,) = here.roots()
    await asyncio.gather(*(here.slack.person(one).click(root, "Run it again") for one in ("oncall", "engineer")))
    await here.done()
    assert len(here.slack.thread(CHANNEL, root.ts)) == 3
    assert len(here.slack.ephemerals("oncall") + here.slack.ephemerals("engineer")) == 1


@pytest.mark.parametrize("value", ["", "nonsense", "moon playground - own", "keycloak moon - own", "a b c d e"])
def test_buttons_of_old_mean_nothing(value: str) -> None:
    """It reads nothing into a button that stands for what is not there any more."""
    assert Again.read(value, ("playground",)) is None


async def test_triage_by_shortcut(here: Story) -> None:
    """It answers in the message's thread, for everybody, with what is known of the errors in it."""
    oncall = here.slack.person("oncall")
    log = await oncall.say("engineering", "FATAL: password authentication failed for user")
    outcome = await oncall.shortcut(log, SHORTCUT)
    await here.done()
    assert outcome.acknowledged
    (_, answer) = here.slack.thread(CHANNEL, log.ts)
    assert answer.by_app
    assert "password" in answer.text.lower()
    assert here.slack.ephemerals("oncall") == []


async def test_triage_where_it_may_not_post(here: Story) -> None:
    """It answers the person alone where it is not in the channel."""
    oncall = here.slack.person("oncall")
    log = await oncall.say("random", "FATAL: password authentication failed for user")
    await oncall.shortcut(log, SHORTCUT)
    await here.done()
    assert len(here.slack.thread("C0RANDOM0", log.ts)) == 1
    assert len(here.slack.ephemerals("oncall")) == 1


async def test_triage_by_mention(here: Story) -> None:
    """It looks into what is written after the word, in the thread, however long it is."""
    oncall = here.slack.person("oncall")
    root = await oncall.say("engineering", "hm")
    text = "triage " + "INFO all is well\n" * 200 + "panic: runtime error: invalid memory address"
    await oncall.mention("engineering", text, thread_ts=root.ts)
    await here.done()
    (_, _, answer) = here.slack.thread(CHANNEL, root.ts)
    assert answer.by_app


async def test_triage_is_no_command(here: Story) -> None:
    """It says where a log belongs, for a command has no room for one."""
    (private,) = await here.typed("oncall", "/volati triage FATAL: x")
    assert "Triage with Volati" in private.text

"""Guarded acts, from what a person types or presses to what the cluster is then, and what thread and audit say."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.actions import runner
from bot.actions.plan import LIFETIME
from bot.audit.entry import Deed, Entry, Linked
from bot.slack.message import Message
from bot.slack.plain import plain
from playground.slack.messages import Message as Shown
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.frozen import draft
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.trouble import Trouble
from tests.stories.world import CHANNEL, Story, story

ACCESS = {
    "roles": {
        "operator": {"groups": ["S0OPERAT0"]},
        "approver": {"groups": ["S0APPROV0"]},
        "admin": {"groups": ["S0ADMINS0"]},
    }
}
SPACE, BACKEND = "volaticloud", "volaticloud-backend"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Story]:
    """The bot in its world, with a cluster, once it knows who is in which group."""
    async with story("sockets", tmp_path, ACCESS, cluster=True) as found:
        await found.slack.until(lambda: found.desk.gate._people.groups.snapshot is not None)  # type: ignore[attr-defined]
        yield found
        assert found.slack.ledger.rejected == []


def said(message: Shown) -> str:
    return plain(Message(message.text, message.content.blocks))


def labels(message: Shown) -> list[str]:
    rows = [block for block in message.content.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


def card(here: Story) -> Shown:
    """The one plan in the channel."""
    (found,) = [one for one in here.roots() if "Plan" in said(one)]
    return found


async def proposed(here: Story, line: str, person: str = "oncall") -> Shown:
    """The plan that comes of a command."""
    assert await here.typed(person, line) == []
    return card(here)


async def pressed(here: Story, person: str, label: str, message: Shown | None = None) -> list[str]:
    """Press a button; gives what this person alone is told."""
    before = len(here.slack.ephemerals(person))
    await here.slack.person(person).click(message or card(here), label)
    await here.done()
    return [one.text for one in here.slack.ephemerals(person)[before:]]


async def audit(here: Story) -> list[Entry]:
    assert here.services.store is not None
    lines = await here.services.store.ask("LRANGE", "volati:_:audit", 0, -1)
    return [msgspec.json.decode(line, type=Linked).entry for line in lines]


async def deeds(here: Story) -> list[Deed]:
    return [entry.deed for entry in await audit(here)]


def backend(here: Story) -> Any:
    found = here.platform.around.cluster.world.store.read(kind_named("Deployment"), SPACE, BACKEND)
    assert found is not None
    return draft(found)


def change(here: Story, how: Callable[[Any], object]) -> None:
    """Change the backend behind everybody's back."""
    changed = draft(backend(here))
    how(changed)
    here.platform.around.cluster.world.store.replace(kind_named("Deployment"), changed)


def revisions(here: Story) -> int:
    every = here.platform.around.cluster.world.store.listed(kind_named("ReplicaSet"), SPACE)
    return sum(one["metadata"]["name"].startswith(BACKEND) for one in every)


def restarted(here: Story) -> bool:
    return "kubectl.kubernetes.io/restartedAt" in str(backend(here)["spec"])


async def test_from_a_command_to_a_verified_restart(here: Story) -> None:
    """It shows the plan, waits for a yes, restarts once, watches, looks again, and audits all of it."""
    plan = await proposed(here, "/volati restart backend")
    assert labels(plan) == ["Restart", "Call off"]
    assert "Replace 2 pods of deployment volaticloud/volaticloud-backend." in said(plan)
    assert not restarted(here)
    assert await pressed(here, "oncall", "Restart") == []
    await here.slack.until(lambda: "is done" in card(here).text, 60)
    assert restarted(here)
    assert labels(card(here)) == []
    await here.slack.until(lambda: len(here.slack.thread(CHANNEL, plan.ts)) > 1)
    (reply,) = here.slack.thread(CHANNEL, plan.ts)[1:]
    assert "Looked at again: the area server is healthy." in said(reply)
    assert await deeds(here) == [Deed.PROPOSED, Deed.CONFIRMED, *[Deed.BEGUN, Deed.DONE] * 2, Deed.ENDED]
    (told,) = await here.typed("engineer", "/volati audit")
    assert "confirmed" in said(told)


@pytest.mark.parametrize("person", ["guest", "guest1", "gone", "stranger", "engineer"])
async def test_the_click_of_who_may_not(here: Story, person: str) -> None:
    """It changes nothing for them, tells them why, audits it, and leaves the plan for who may."""
    plan = await proposed(here, "/volati restart backend")
    told = await pressed(here, person, "Restart")
    assert len(told) == 1
    assert labels(card(here)) == labels(plan)
    refused = [entry for entry in await audit(here) if entry.deed is Deed.REFUSED]
    assert [entry.who for entry in refused] == [here.slack.person(person).person.id]
    assert not restarted(here)
    await pressed(here, "oncall", "Restart")
    await here.slack.until(lambda: restarted(here))


@pytest.mark.parametrize("person", ["guest1", "engineer"])
async def test_a_wish_of_who_may_not(here: Story, person: str) -> None:
    """It makes no plan for them, tells them why, and audits that they wanted it."""
    (told,) = await here.typed(person, "/volati restart backend")
    assert here.roots() == []
    (refused,) = await audit(here)
    assert (refused.deed, refused.who) == (Deed.REFUSED, here.slack.person(person).person.id)
    assert (refused.action, refused.target, refused.channel) == ("restart", "backend", CHANNEL)
    assert refused.detail in said(told)


async def test_called_off(here: Story) -> None:
    """It ends the plan at a word, and takes no yes after it."""
    await proposed(here, "/volati restart backend")
    await pressed(here, "operator", "Call off")
    await here.slack.until(lambda: "was called off" in card(here).text)
    assert labels(card(here)) == []
    assert not restarted(here)
    assert await deeds(here) == [Deed.PROPOSED, Deed.DECLINED]


async def test_too_late(here: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses a plan that is too old, and says what to do."""
    await proposed(here, "/volati restart backend")
    now = here.services.clock.now() + LIFETIME + timedelta(seconds=1)
    monkeypatch.setattr(type(here.services.clock), "now", lambda _: now)
    (told,) = await pressed(here, "oncall", "Restart")
    assert told == "The plan is too old to be confirmed: the platform may have changed. Ask for it anew."
    assert not restarted(here)


async def test_stale(here: Story) -> None:
    """It does nothing when the pod template is another by now, says what changed, and plans it again at a click."""
    await proposed(here, "/volati restart backend")
    change(here, lambda thing: thing["spec"]["template"]["metadata"]["labels"].update(new="one"))
    await pressed(here, "oncall", "Restart")
    await here.slack.until(lambda: "not as it was planned for" in card(here).text)
    assert not restarted(here)
    assert (await deeds(here))[-1] is Deed.STALE
    assert labels(card(here)) == ["Plan it again…"]
    await pressed(here, "oncall", "Plan it again…")
    (anew,) = [one for one in here.slack.thread(CHANNEL, card(here).ts) if "waits for a yes" in one.text]
    assert labels(anew) == ["Restart", "Call off"]


async def test_twice(here: Story) -> None:
    """It takes a plan once, whoever comes second is told, and nothing is done twice."""
    plan = await proposed(here, "/volati restart backend")
    seats = [here.slack.person(name) for name in ("oncall", "operator", "approver", "admin")]
    await asyncio.gather(*(seat.click(plan, "Restart") for seat in seats))
    await here.done()
    told = [one.text for seat in ("oncall", "operator", "approver", "admin") for one in here.slack.ephemerals(seat)]
    assert len(told) == 3
    assert all("nothing was done twice" in text or "changed while you clicked" in text for text in told)
    assert (await deeds(here)).count(Deed.CONFIRMED) == 1


async def test_rights_withdrawn(here: Story) -> None:
    """It asks for the right at the click: who lost it since the plan was made may not."""
    await proposed(here, "/volati restart backend")
    groups = here.slack.workspace.groups
    groups.update({id: replace(group, users=()) for id, group in groups.items()})
    await here.desk.gate._people.groups.refresh()  # type: ignore[attr-defined]
    (told,) = await pressed(here, "oncall", "Restart")
    assert "Deciding about a plan needs the role operator; you have viewer." in told
    assert not restarted(here)


async def test_another_plan_on_the_same_target(here: Story) -> None:
    """It lets one act at a time be under way on a target."""
    first = await proposed(here, "/volati restart backend")
    await here.typed("operator", "/volati restart backend")
    (second,) = [one for one in here.roots() if one.ts != first.ts]
    await pressed(here, "oncall", "Restart", first)
    (told,) = await pressed(here, "operator", "Restart", second)
    assert "Another act is under way on deployment volaticloud/volaticloud-backend" in told
    (answer,) = await here.typed("oncall", "/volati restart backend")
    assert "Another act is under way" in said(answer)


async def test_without_memory(here: Story) -> None:
    """It refuses to act while its memory is away, before anything is done, and says so."""
    await proposed(here, "/volati restart backend")
    store = here.services.store
    assert store is not None
    assert store.server is not None
    assert store.server.pid is not None
    os.kill(store.server.pid, signal.SIGSTOP)  # it is there, and answers nothing
    (told,) = await pressed(here, "oncall", "Restart")
    assert "Redis" in told
    assert not restarted(here)
    (answer,) = await here.typed("oncall", "/volati restart backend")
    assert "Redis" in said(answer)
    os.kill(store.server.pid, signal.SIGCONT)


async def test_the_bots_own_right_is_missing(here: Story) -> None:
    """It shows no button that could not work, but the right that is missing."""
    cluster = here.platform.around.cluster
    cluster.server.misbehave(Trouble(forbidden=(Forbidden(("patch",), ("deployments",)),)))
    (told,) = await here.typed("oncall", "/volati restart backend")
    assert "patch deployments.apps" in said(told)
    assert here.roots() == []


async def test_from_a_diagnosis_to_the_fix(here: Story) -> None:
    """It offers the fix beside the verdict, carries it out after a yes, looks again, and says what is fixed."""
    change(here, lambda thing: thing["spec"].update(replicas=0))
    await here.typed("oncall", "/volati diagnose server")
    (root,) = here.roots()
    answer = next(one for one in here.slack.thread(CHANNEL, root.ts) if "Scale volaticloud-backend 2…" in labels(one))
    await pressed(here, "oncall", "Scale volaticloud-backend 2…", answer)
    plan = next(one for one in here.slack.thread(CHANNEL, root.ts) if "waits for a yes" in one.text)
    assert "from 0 to 2 pods" in said(plan)
    await pressed(here, "approver", "Scale", plan)
    await here.slack.until(lambda: any("Fixed" in said(one) for one in here.slack.thread(CHANNEL, root.ts)), 60)
    end = next(one for one in here.slack.thread(CHANNEL, root.ts) if "Fixed" in said(one))
    assert "0" in said(end).partition("Fixed")[2]
    assert "Looked at again: the area server is healthy." in said(end)


async def test_high_risk_takes_a_name_and_a_second_person(here: Story) -> None:
    """It wants the target's name from an approver who did not ask for it."""
    await proposed(here, "/volati scale backend 0", "approver")
    assert labels(card(here)) == ["Scale…", "Call off", "Break the glass…"]
    assert "it takes a second person: have an approver confirm it" in (await signed(here, "approver", name=BACKEND))[0]
    refused = (await signed(here, "oncall", name=BACKEND))[0]
    assert "This plan needs an approver's yes; you have operator." in refused
    assert refused.endswith("Ask <!subteam^S0APPROV0> or <!subteam^S0ADMINS0>.")
    assert await signed(here, "admin", name="backend") == [
        "name: What you wrote is not its name. To confirm, write volaticloud-backend, nothing else."
    ]
    assert "Confirmed." in (await signed(here, "admin", name=BACKEND))[0]
    await here.slack.until(lambda: backend(here)["spec"]["replicas"] == 0, 30)
    assert (await deeds(here)).count(Deed.REFUSED) == 3


@pytest.mark.parametrize("reason", ["", "nobody answers"], ids=["by name", "breaking the glass"])
async def test_where_volati_listens_in_one_channel_only(tmp_path: Path, reason: str) -> None:
    """It takes a name from the modal that was opened there, though a modal itself is in no channel."""
    access = {**ACCESS, "channels": [CHANNEL]}
    async with story("sockets", tmp_path, access, cluster=True) as here:
        await here.slack.until(lambda: here.desk.gate._people.groups.snapshot is not None)  # type: ignore[attr-defined]
        await proposed(here, "/volati scale backend 0", "approver")
        label = "Break the glass…" if reason else "Scale…"
        assert "Confirmed." in (await signed(here, "admin", name=BACKEND, reason=reason, label=label))[0]
        await here.slack.until(lambda: backend(here)["spec"]["replicas"] == 0, 30)
        (yes,) = [one for one in await audit(here) if one.deed in {Deed.CONFIRMED, Deed.BROKE_GLASS}]
        assert yes.channel == CHANNEL


async def test_breaking_the_glass(here: Story) -> None:
    """It lets an approver alone do what takes two, for a reason that the admins are told and the audit keeps."""
    plan = await proposed(here, "/volati scale backend 0", "approver")
    await signed(here, "approver", name=BACKEND, reason="nobody answers, data is being lost", label="Break the glass…")
    await here.slack.until(lambda: backend(here)["spec"]["replicas"] == 0, 30)
    await here.slack.until(lambda: any("S0ADMINS0" in repr(one.content) for one in here.slack.thread(CHANNEL, plan.ts)))
    alarm = next(one for one in here.slack.thread(CHANNEL, plan.ts) if "S0ADMINS0" in repr(one.content))
    assert "nobody answers, data is being lost" in said(alarm)
    (broke,) = [entry for entry in await audit(here) if entry.deed is Deed.BROKE_GLASS]
    assert (broke.who, broke.detail) == ("U0APPROV0", "nobody answers, data is being lost")


async def signed(here: Story, person: str, *, name: str, reason: str = "", label: str = "Scale…") -> list[str]:
    """Press the button that opens the modal, write into it, send it; gives what is read in it, or beside its fields."""
    seat = here.slack.person(person)
    told = await pressed(here, person, label)
    if seat.modal.view is None:
        return told
    await seat.modal.fill("name", name)
    if reason:
        await seat.modal.fill("reason", reason)
    sent = await seat.modal.submit()
    await here.done()
    shown = here.modal(person)
    await seat.modal.close()
    return [f"{field}: {error}" for field, error in sent.errors.items()] or [shown]


@pytest.mark.parametrize("taken", [False, True], ids=["before it was accepted", "after it was accepted"])
@pytest.mark.parametrize("how", ["torn", "broken"])
async def test_the_api_server_fails_at_the_write(here: Story, how: str, taken: bool) -> None:  # noqa: FBT001 pytest's
    """It looks whether the write happened, and restarts once whichever way it was."""
    await proposed(here, "/volati restart backend")
    before = revisions(here)
    trouble = Trouble(torn=how == "torn", broken=how == "broken", methods=("PATCH",), taken=taken, at_most=1)
    here.platform.around.cluster.server.misbehave(trouble)
    await pressed(here, "oncall", "Restart")
    await here.slack.until(lambda: "is done" in card(here).text, 60)
    assert restarted(here)
    assert revisions(here) == before + 1
    assert (await deeds(here)).count(Deed.DONE) == 2


async def test_the_api_server_is_away(here: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes nothing when the platform cannot be read again at the click, and says so after some tries."""
    monkeypatch.setattr(runner, "PAUSES_SECONDS", tuple(one / 50 for one in runner.PAUSES_SECONDS))
    await proposed(here, "/volati restart backend")
    here.platform.around.cluster.server.misbehave(Trouble(broken=True))
    await pressed(here, "oncall", "Restart")
    await here.slack.until(lambda: "did not work" in card(here).text, 60)
    assert "Nothing was changed" in said(card(here))
    assert not restarted(here)


async def test_no_button_that_could_not_work(here: Story) -> None:
    """It shows beside a verdict no button for what the bot may not do, but the right that is missing."""
    change(here, lambda thing: thing["spec"].update(replicas=0))
    trouble = Trouble(forbidden=(Forbidden(("update", "patch"), ("deployments/scale",)),))
    here.platform.around.cluster.server.misbehave(trouble)
    await here.typed("oncall", "/volati diagnose server")
    (root,) = here.roots()
    answer = next(one for one in here.slack.thread(CHANNEL, root.ts) if "Run again" in labels(one))
    assert labels(answer) == ["Open an incident…", "Run again"]
    assert "Volati could not do this for you now" in said(answer)
    assert "deployments/scale.apps" in said(answer)

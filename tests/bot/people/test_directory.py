"""What the bot knows of people, held against the simulated Slack; what that cannot show, against a fake."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.people import directory as module
from bot.people.access import Holders, Read, Role, Rules, Standing
from bot.people.directory import FRESH_SECONDS, People, open_people
from bot.people.usergroups import EVERY_SECONDS
from bot.slack.errors import SlackUnreachable
from bot.slack.transport import Transport, open_transport
from playground.slack.people import UserGroup
from playground.slack.server import SimulatedSlack
from tests.bot.slack.wire import settled
from tests.bot.stand_ins import Answers, Hands, Rounds

TEAM = "T0VOLATI0"
RULES = Rules(
    TEAM,
    holders={
        Role.VIEWER: Holders(everyone=True),
        Role.OPERATOR: Holders(users=frozenset({"U0ENGINE0"}), groups=frozenset({"S0OPERAT0"})),
        Role.ADMIN: Holders(groups=frozenset({"S0ADMINS0"})),
    },
)


def user(**fields: Any) -> Mapping[str, Any]:
    return {"user": {"id": "U1", "team_id": TEAM, "deleted": False, "is_bot": False, **fields}}


@pytest.fixture
async def slack() -> AsyncIterator[SimulatedSlack]:
    """A workspace."""
    async with SimulatedSlack() as workspace:
        yield workspace


@pytest.fixture
async def transport(slack: SimulatedSlack) -> AsyncIterator[Transport]:
    """The bot's connection to it."""
    async with open_transport(slack.bot_token, slack.api_url) as connection:
        yield connection


@pytest.fixture
def clock() -> Hands:
    """A clock that stands still."""
    return Hands()


@pytest.fixture
async def people(transport: Transport, clock: Hands) -> AsyncIterator[People]:
    """People of the workspace, with nothing in the background."""
    found = People(transport, RULES, clock)
    yield found
    await found.close()


def asked(slack: SimulatedSlack, method: str) -> int:
    return slack.ledger.calls[method]


@pytest.mark.parametrize(
    ("person", "standing"),
    [
        ("U0ENGINE0", Standing.MEMBER),
        ("U0ADMIN00", Standing.MEMBER),
        ("U0GUEST00", Standing.GUEST),
        ("U0GUEST01", Standing.GUEST),
        ("U0GONE000", Standing.DEACTIVATED),
        ("U0ROBOT00", Standing.BOT),
        ("U0VOLATI0", Standing.BOT),
        ("USLACKBOT", Standing.BOT),
        ("U0STRANG0", Standing.ELSEWHERE),
    ],
)
async def test_tells_people_apart(people: People, person: str, standing: Standing) -> None:
    """It knows nothing of a person before Slack was asked, and what they are after."""
    assert (people.who(person).standing, people.who(person).seen) == (None, Read.NEVER)
    await people.look_up(person)
    assert (people.who(person).standing, people.who(person).seen) == (standing, Read.FRESH)


async def test_asks_once_in_an_hour(people: People, slack: SimulatedSlack, clock: Hands) -> None:
    """It asks Slack for a person once, and again when an hour has gone by; in between it never does."""
    for _ in range(3):
        await people.look_up("U0ENGINE0")
    assert asked(slack, "users.info") == 1
    clock.seconds += FRESH_SECONDS + 1
    assert people.who("U0ENGINE0").seen is Read.OLD
    slack.workspace.people["U0ENGINE0"] = replace(slack.workspace.people["U0ENGINE0"], restricted=True)
    await people.look_up("U0ENGINE0")
    assert (people.who("U0ENGINE0").standing, people.who("U0ENGINE0").seen) == (Standing.GUEST, Read.FRESH)
    assert asked(slack, "users.info") == 2


async def test_who_never_asks(people: People, slack: SimulatedSlack) -> None:
    """It answers the click path from memory: Slack hears nothing of it."""
    for person in slack.workspace.people:
        people.who(person)
    assert slack.ledger.entries == []


async def test_person_who_is_not_there(people: People, slack: SimulatedSlack) -> None:
    """It says that Slack shows nobody of that id, and forgets who was there once."""
    await people.look_up("U0NOBODY0")
    assert people.who("U0NOBODY0").standing is None
    assert "does not show you" in people.who("U0NOBODY0").unseen_because
    assert people.trouble == ""
    assert asked(slack, "users.info") == 1


async def test_person_no_longer_shown_is_forgotten(people: People, slack: SimulatedSlack, clock: Hands) -> None:
    """It does not go on by what it knew of a person whom Slack shows no longer."""
    await people.look_up("U0ENGINE0")
    del slack.workspace.people["U0ENGINE0"]
    clock.seconds += FRESH_SECONDS + 1
    await people.look_up("U0ENGINE0")
    assert people.who("U0ENGINE0").standing is None


async def test_too_many_calls(people: People, slack: SimulatedSlack, clock: Hands) -> None:
    """It waits as long as Slack says before it asks for anybody again."""
    slack.switches.storm("users.info", calls=1, retry_after_s=20)
    await people.look_up("U0ENGINE0")
    await people.look_up("U0OPERAT0")
    assert asked(slack, "users.info") == 1
    assert "20 s" in people.who("U0ENGINE0").unseen_because
    assert "takes no more questions" in people.who("U0OPERAT0").unseen_because
    clock.seconds += 20
    await people.look_up("U0OPERAT0")
    assert people.who("U0OPERAT0").standing is Standing.MEMBER
    assert people.who("U0OPERAT0").unseen_because == ""


async def test_scope_missing(people: People, slack: SimulatedSlack) -> None:
    """It says which remedy there is when the app may not read people, and notices that it may again."""
    slack.switches.scopes.discard("users:read")
    await people.look_up("U0ENGINE0")
    assert "missing_scope" in people.who("U0ENGINE0").unseen_because
    assert "manifest.yml" in people.trouble
    slack.switches.scopes.add("users:read")
    await people.look_up("U0ENGINE0")
    assert (people.who("U0ENGINE0").standing, people.trouble) == (Standing.MEMBER, "")


async def test_slack_away(people: People, slack: SimulatedSlack, clock: Hands) -> None:
    """It keeps what it knew when Slack is away, and calls it old."""
    await people.look_up("U0ENGINE0")
    clock.seconds += FRESH_SECONDS + 1
    await slack.go_down()
    await people.look_up("U0ENGINE0")
    assert (people.who("U0ENGINE0").standing, people.who("U0ENGINE0").seen) == (Standing.MEMBER, Read.OLD)
    assert "did not answer users.info" in people.who("U0ENGINE0").unseen_because


async def test_a_slow_answer_is_not_waited_for(clock: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on without an answer that takes too long, and keeps it for the next time when it comes."""
    monkeypatch.setattr(module, "LOOKUP_SECONDS", 0.01)
    slow = Answers()
    people = People(slow, RULES, clock)
    await people.look_up("U1")
    assert "did not answer within 0.01 s" in people.who("U1").unseen_because
    slow.answer = user()
    slow.gate.set()
    await settled()
    assert people.who("U1").standing is Standing.MEMBER


async def test_two_who_ask_at_once_share_the_question(clock: Hands) -> None:
    """It asks Slack once for all who wait for the same person, and one who gives up takes it from nobody."""
    slow = Answers()
    people = People(slow, RULES, clock)
    waiting = [asyncio.create_task(people.look_up("U1")) for _ in range(3)]
    await settled()
    waiting[0].cancel()
    await settled()
    slow.answer = user()
    slow.gate.set()
    await asyncio.gather(*waiting[1:])
    assert len(slow.asked) == 1
    assert people.who("U1").standing is Standing.MEMBER


async def test_close_ends_what_is_under_way(clock: Hands) -> None:
    """It leaves no question behind."""
    slow = Answers()
    people = People(slow, RULES, clock)
    waiting = asyncio.create_task(people.look_up("U1"))
    await settled()
    await people.close()
    await waiting
    assert people.who("U1").standing is None


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({"team_id": "T0OTHER00"}, Standing.ELSEWHERE),
        ({"team_id": "T0OTHER00", "enterprise_user": {"teams": ["T0OTHER00", TEAM]}}, Standing.MEMBER),
        ({"team_id": "E0ORG0000", "enterprise_user": {"teams": [TEAM]}}, Standing.MEMBER),
        ({"team_id": "T0OTHER00", "enterprise_user": {"teams": ["T0THIRD00"]}}, Standing.ELSEWHERE),
        ({"team_id": "T0OTHER00", "enterprise_user": {"teams": TEAM}}, Standing.ELSEWHERE),
        ({"team_id": None}, Standing.ELSEWHERE),
        ({"team_id": TEAM, "is_stranger": True}, Standing.ELSEWHERE),
        ({"is_restricted": True}, Standing.GUEST),
        ({"is_ultra_restricted": True}, Standing.GUEST),
        ({"is_workflow_bot": True}, Standing.BOT),
        ({"is_connector_bot": True}, Standing.BOT),
        ({"is_restricted": True, "is_bot": True, "deleted": True}, Standing.DEACTIVATED),
        ({"is_restricted": True, "team_id": "T0OTHER00"}, Standing.ELSEWHERE),
        ({"id": "U2"}, None),
    ],
)
async def test_shapes_of_a_person(clock: Hands, fields: Mapping[str, Any], standing: Standing | None) -> None:
    """It reads a person of an organisation by all their workspaces, and takes no answer about somebody else."""
    people = People(Answers(user(**fields)), RULES, clock)
    await people.look_up("U1")
    assert people.who("U1").standing is standing


@pytest.mark.parametrize("answer", [{}, {"user": None}, {"user": []}, {"user": {}}])
async def test_answers_without_a_person(clock: Hands, answer: Mapping[str, Any]) -> None:
    """It knows nobody by an answer that has nobody in it, and says so."""
    people = People(Answers(answer), RULES, clock)
    await people.look_up("U1")
    assert people.who("U1").standing is None
    assert people.who("U1").unseen_because != ""


async def test_memory_is_bounded(clock: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """It forgets the person who was looked up longest ago when there are too many."""
    monkeypatch.setattr(module, "PEOPLE_AT_MOST", 2)
    slack = Answers()
    people = People(slack, RULES, clock)
    for name in ("U1", "U2", "U3"):
        slack.answer = user(id=name)
        await people.look_up(name)
    assert [people.who(name).seen for name in ("U1", "U2", "U3")] == [Read.NEVER, Read.FRESH, Read.FRESH]
    clock.seconds += FRESH_SECONDS + 1
    for name in ("U2", "U4"):
        slack.answer = user(id=name)
        await people.look_up(name)
    assert [people.who(name).seen for name in ("U2", "U3", "U4")] == [Read.FRESH, Read.NEVER, Read.FRESH]
    slack.answer = {}
    for name in ("U5", "U6", "U7"):
        await people.look_up(name)
    assert [bool(people.who(name).unseen_because) for name in ("U5", "U6", "U7")] == [False, True, True]


@pytest.fixture
async def kept(transport: Transport, clock: Hands) -> AsyncIterator[Callable[..., Awaitable[tuple[People, Rounds]]]]:
    """Gives people who are kept fresh in the background, after the first round."""
    tasks: list[asyncio.Task[None]] = []

    async def begin(rules: Rules = RULES) -> tuple[People, Rounds]:
        rounds = Rounds()
        people = People(transport, rules, clock, rounds)
        tasks.append(asyncio.create_task(people.keep_fresh()))
        await rounds.over()
        return people, rounds

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


Kept = Callable[..., Awaitable[tuple[People, Rounds]]]


async def test_knows_those_who_may_act_beforehand(kept: Kept, slack: SimulatedSlack) -> None:
    """It knows whom the settings and the groups name before they ask for anything, and nobody else."""
    people, rounds = await kept()
    for person in ("U0ENGINE0", "U0OPERAT0", "U0ONCALL0", "U0ADMIN00"):
        assert (people.who(person).standing, people.who(person).seen) == (Standing.MEMBER, Read.FRESH)
    assert people.who("U0APPROV0").seen is Read.NEVER
    assert people.who("U0ONCALL0").groups == {"S0OPERAT0"}
    await rounds.next()
    assert (asked(slack, "usergroups.list"), asked(slack, "users.info")) == (2, 4)
    assert rounds.pauses == [EVERY_SECONDS, EVERY_SECONDS]


async def test_looks_them_up_again_before_they_are_old(kept: Kept, clock: Hands) -> None:
    """It never lets a person who may act grow old while Slack answers."""
    people, rounds = await kept()
    for _ in range(30):
        clock.seconds += EVERY_SECONDS
        assert people.who("U0OPERAT0").seen is Read.FRESH
        await rounds.next()


async def test_stops_asking_when_slack_fails(kept: Kept, slack: SimulatedSlack) -> None:
    """It ends the round at the first person Slack fails at, and tries again in the next."""
    slack.switches.fail_with["users.info"] = "internal_error"
    people, rounds = await kept()
    assert asked(slack, "users.info") == 1
    slack.switches.fail_with.clear()
    await rounds.next()
    assert people.who("U0OPERAT0").standing is Standing.MEMBER


async def test_keeps_silent_while_slack_is_busy(kept: Kept, slack: SimulatedSlack, clock: Hands) -> None:
    """It asks for nobody in the background either until Slack takes questions again."""
    slack.switches.storm("users.info", calls=1, retry_after_s=400)
    people, rounds = await kept()
    clock.seconds += EVERY_SECONDS
    await rounds.next()
    assert asked(slack, "users.info") == 1
    clock.seconds += EVERY_SECONDS
    await rounds.next()
    assert people.who("U0OPERAT0").standing is Standing.MEMBER


async def test_a_round_asks_for_few(kept: Kept, slack: SimulatedSlack) -> None:
    """It looks up so few people in a round that clicks keep most of the calls a minute."""
    crowd = tuple(f"U0CROWD{number:02}" for number in range(90))
    slack.workspace.groups["S0OPERAT0"] = UserGroup("S0OPERAT0", "operators", crowd)
    _, rounds = await kept()
    assert asked(slack, "users.info") == 40
    await rounds.next()
    assert {entry.error for entry in slack.ledger.rejected} == {"user_not_found"}


async def test_survives_a_fault_of_its_own(
    clock: Hands, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on with the next round after an error nobody thought of, and logs it."""
    rounds, slack = Rounds(), Answers(RuntimeError("unthought of"))
    people = People(slack, RULES, clock, rounds)
    task = asyncio.create_task(people.keep_fresh())
    await rounds.over()
    await rounds.next()
    task.cancel()
    await asyncio.wait({task})
    assert len(slack.asked) == 2
    assert "reading roles failed" in capsys.readouterr().out
    assert people.who("U1").groups_read is Read.NEVER


async def test_a_fault_in_a_look_up_is_logged(clock: Hands, capsys: pytest.CaptureFixture[str]) -> None:
    """It lets the job go on, without the person, after an error nobody thought of."""
    people = People(Answers(RuntimeError("unthought of")), RULES, clock)
    await people.look_up("U1")
    await settled()
    assert people.who("U1").standing is None
    assert "could not be looked up" in capsys.readouterr().out


async def test_opens_and_closes(slack: SimulatedSlack, transport: Transport, clock: Hands) -> None:
    """It reads in the background from its beginning, and leaves no task at its end."""
    async with open_people(transport, RULES, clock) as people:
        await slack.until(lambda: asked(slack, "users.info") == 4)
        assert people.groups.read is Read.FRESH
        own = [task for task in asyncio.all_tasks() if task.get_name().startswith(("keep roles", "look up"))]
        assert own
    assert all(task.done() for task in own)


async def test_closes_while_slack_hangs(clock: Hands) -> None:
    """It ends at once although Slack never answers."""
    async with open_people(Answers(), RULES, clock) as people:
        job = asyncio.create_task(people.look_up("U1"))
        await settled()
        assert people.who("U1").groups_read is Read.NEVER
    await job
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("look up")] == []


async def test_unreachable_is_no_answer(clock: Hands) -> None:
    """It takes a Slack that is away for no word about the person."""
    people = People(Answers(SlackUnreachable("Slack did not answer.", sent=True)), RULES, clock)
    await people.look_up("U1")
    assert (people.who("U1").standing, people.trouble) == (None, "Slack did not answer.")

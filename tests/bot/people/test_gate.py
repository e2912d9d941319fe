"""The gate that every request passes, at once and in its job, held against the simulated Slack."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.people.access import RIGHTS, Denied, Grant, Holders, Read, Reason, Role, Rules, Source, Standing
from bot.people.directory import FRESH_SECONDS, People
from bot.people.gate import Gate
from bot.people.usergroups import STALE_SECONDS
from bot.slack.asker import Asker
from bot.slack.transport import Transport, open_transport
from playground.slack.server import SimulatedSlack
from tests.bot.stand_ins import Hands

TEAM, CHANNEL = "T0VOLATI0", "C0ENGINE0"
RULES = Rules(
    TEAM,
    frozenset({CHANNEL}),
    {
        Role.VIEWER: Holders(everyone=True),
        Role.OPERATOR: Holders(users=frozenset({"U0ENGINE0"}), groups=frozenset({"S0OPERAT0"})),
    },
)
OUTSIDERS = {
    "U0GUEST00": Reason.GUEST,
    "U0GUEST01": Reason.GUEST,
    "U0GONE000": Reason.DEACTIVATED,
    "U0ROBOT00": Reason.BOT,
    "U0STRANG0": Reason.ELSEWHERE,
}


@pytest.fixture
async def slack() -> AsyncIterator[SimulatedSlack]:
    """A workspace."""
    async with SimulatedSlack() as workspace:
        yield workspace


@pytest.fixture
def clock() -> Hands:
    """A clock that stands still."""
    return Hands()


@pytest.fixture
async def people(slack: SimulatedSlack, clock: Hands) -> AsyncIterator[People]:
    """People of the workspace, with nothing in the background."""
    async with open_transport(slack.bot_token, slack.api_url) as connection:
        transport: Transport = connection
        found = People(transport, RULES, clock)
        yield found
        await found.close()


@pytest.fixture
def gate(people: People) -> Gate:
    """The gate."""
    return Gate(people, RULES)


def by(person: str, channel: str = CHANNEL) -> Asker:
    return Asker(person, channel, frozenset({TEAM}))


def why(denied: Denied | None) -> Reason | None:
    return denied.reason if denied else None


@pytest.mark.parametrize("what", ["help", "diagnose", "escalate", "ack", "restart"])
@pytest.mark.parametrize(("person", "reason"), OUTSIDERS.items())
async def test_outsiders(gate: Gate, people: People, person: str, reason: Reason, what: str) -> None:
    """It refuses each outsider in their first job already, and from then on at once."""
    await people.groups.refresh()
    assert why(await gate.for_the_job(by(person), what)) is reason
    assert why(gate.at_once(by(person), what)) is reason


@pytest.mark.parametrize("what", ["help", "diagnose", "escalate", "ack", "restart"])
async def test_whom_slack_does_not_show(gate: Gate, what: str) -> None:
    """It refuses in every job a person of whom Slack says nothing."""
    for _ in range(2):
        assert why(await gate.for_the_job(by("U0NOBODY0"), what)) is Reason.UNSEEN


async def test_at_once_never_asks(gate: Gate, slack: SimulatedSlack) -> None:
    """It decides at once from memory: whatever is asked for by whomever, Slack is not called."""
    for person in slack.workspace.people:
        for what in RIGHTS:
            gate.at_once(by(person), what)
    assert slack.ledger.entries == []


async def test_at_once_lets_the_unknown_through(gate: Gate, people: People) -> None:
    """It leaves to the job who is not known yet, but refuses at once what no full member without a role may."""
    assert gate.at_once(by("U0GUEST00"), "diagnose") is None
    assert why(gate.at_once(by("U0ADMIN00"), "restart")) is Reason.ROLES_UNREAD
    await people.groups.refresh()
    assert why(gate.at_once(by("U0ADMIN00"), "restart")) is Reason.ROLE
    assert gate.at_once(by("U0OPERAT0"), "restart") is None
    assert why(gate.at_once(by("U0OPERAT0", "C0RANDOM0"), "restart")) is Reason.CHANNEL


async def test_whoever_changed_is_asked_for_again(
    gate: Gate, slack: SimulatedSlack, people: People, clock: Hands
) -> None:
    """It lets a guest who became a member in again after an hour, and a member who became a guest out."""
    for person, guest in (("U0GUEST00", False), ("U0OPERAT0", True)):
        await people.look_up(person)
        slack.workspace.people[person] = replace(slack.workspace.people[person], restricted=guest)
    clock.seconds += FRESH_SECONDS + 1
    assert gate.at_once(by("U0GUEST00"), "diagnose") is None
    assert await gate.for_the_job(by("U0GUEST00"), "diagnose") is None
    assert why(await gate.for_the_job(by("U0OPERAT0"), "diagnose")) is Reason.GUEST


async def test_what_the_request_proves_needs_no_asking(gate: Gate, slack: SimulatedSlack) -> None:
    """It refuses bots and other workspaces by the request alone, at once, without a call, admins by id too."""
    for asker, reason in (
        (Asker("U0ENGINE0", CHANNEL, frozenset({"T0OTHER00"})), Reason.ELSEWHERE),
        (Asker("U0ENGINE0", CHANNEL, frozenset({TEAM}), organisation=True), Reason.ELSEWHERE),
        (Asker("U0ENGINE0", CHANNEL, frozenset({TEAM}), bot=True), Reason.BOT),
    ):
        assert why(gate.at_once(asker, "help")) is reason
        assert why(await gate.for_the_job(asker, "help")) is reason
    assert slack.ledger.entries == []


async def test_people_cannot_be_looked_up(gate: Gate, people: People, slack: SimulatedSlack) -> None:
    """It lets in, to read, whom the settings name, and refuses everybody else until Slack says who they are."""
    await people.groups.refresh()
    slack.switches.fail_with["users.info"] = "internal_error"
    assert await gate.for_the_job(by("U0ENGINE0"), "diagnose") is None
    assert await gate.for_the_job(by("U0ENGINE0"), "ack") is None
    assert why(await gate.for_the_job(by("U0ENGINE0"), "restart")) is Reason.UNSEEN
    for what in ("help", "diagnose", "ack", "restart"):
        assert why(await gate.for_the_job(by("U0OPERAT0"), what)) is Reason.UNSEEN
    doubtful = Asker("U0ENGINE0", CHANNEL, frozenset({TEAM, "T0OTHER00"}), in_organisation=True)
    assert why(await gate.for_the_job(doubtful, "help")) is Reason.UNSEEN


async def test_roles_cannot_be_read(gate: Gate, people: People, slack: SimulatedSlack, clock: Hands) -> None:
    """It goes from a group's roles to refusing acts when they grow old, and back when they are read again."""
    await people.groups.refresh()
    assert await gate.for_the_job(by("U0OPERAT0"), "restart") is None
    slack.switches.scopes.discard("usergroups:read")
    await people.groups.refresh()
    assert await gate.for_the_job(by("U0OPERAT0"), "restart") is None
    clock.seconds += STALE_SECONDS + 1
    denied = await gate.for_the_job(by("U0OPERAT0"), "restart")
    assert denied is not None
    assert denied.reason is Reason.ROLES_UNREAD
    assert "manifest.yml" in denied.text
    assert denied.ask == ("U0ENGINE0",)
    assert await gate.for_the_job(by("U0OPERAT0"), "ack") is None
    assert await gate.for_the_job(by("U0ADMIN00"), "diagnose") is None
    assert await gate.for_the_job(by("U0ENGINE0"), "restart") is None
    slack.switches.scopes.add("usergroups:read")
    await people.groups.refresh()
    assert await gate.for_the_job(by("U0OPERAT0"), "restart") is None


async def test_free_plan(gate: Gate, people: People, slack: SimulatedSlack) -> None:
    """It works by ids on a plan without user groups, and says so to who has none."""
    slack.switches.free_plan = True
    await people.groups.refresh()
    assert await gate.for_the_job(by("U0ENGINE0"), "restart") is None
    assert await gate.for_the_job(by("U0OPERAT0"), "diagnose") is None
    denied = await gate.for_the_job(by("U0OPERAT0"), "restart")
    assert denied is not None
    assert "no user groups" in denied.text


async def test_refusals_are_counted_and_logged(gate: Gate, people: People) -> None:
    """It counts each refusal once by its reason, and logs who, what and where; what is allowed it does not."""
    await people.groups.refresh()
    with capture_logs() as log:
        await gate.for_the_job(by("U0ADMIN00"), "restart")
        gate.at_once(by("U0ADMIN00", "C0RANDOM0"), "diagnose")
        await gate.for_the_job(by("U0ENGINE0"), "restart")
    assert gate.denials == {Reason.ROLE: 1, Reason.CHANNEL: 1}
    told = [{name: str(line[name]) for name in ("who", "what", "where", "reason")} for line in log]
    assert told == [
        {"who": "U0ADMIN00", "what": "restart", "where": "C0ENGINE0", "reason": "role"},
        {"who": "U0ADMIN00", "what": "diagnose", "where": "C0RANDOM0", "reason": "channel"},
    ]


async def test_own_rights(gate: Gate, people: People, clock: Hands) -> None:
    """It tells a person's roles with where they come from, what they may do, and when the groups were read."""
    await people.groups.refresh()
    await gate.for_the_job(by("U0OPERAT0"), "whoami")
    rights = gate.rights(by("U0OPERAT0", "C0RANDOM0"))
    assert rights.who.standing is Standing.MEMBER
    assert rights.grants == (
        Grant(Role.OPERATOR, Source.GROUP, "S0OPERAT0"),
        Grant(Role.VIEWER, Source.EVERYONE),
    )
    assert rights.may == {what for what, right in RIGHTS.items() if right.needs <= Role.OPERATOR}
    assert (rights.handles, rights.groups_on, rights.channels) == (
        {"S0OPERAT0": "operators"},
        clock.now(),
        (CHANNEL,),
    )
    assert rights.trouble == ""


async def test_own_rights_before_anything_is_read(gate: Gate) -> None:
    """It tells what is known when nothing is: nothing."""
    rights = gate.rights(by("U0OPERAT0"))
    assert (rights.who.groups_read, rights.groups_on, rights.may) == (Read.NEVER, None, frozenset())


async def test_another_persons_right(gate: Gate, people: People) -> None:
    """It says whether another could do a thing where somebody asks, counts that for nobody, and knows their name."""
    await people.groups.refresh()
    asker = by("U0OPERAT0")
    assert await gate.could("U0OPERAT0", "ack", asker) is None
    refusal = await gate.could("U0GUEST00", "ack", asker)
    assert refusal is not None
    assert refusal.reason is Reason.GUEST
    assert sum(gate.denials.values()) == 0
    assert gate.name("U0OPERAT0") == "operator"
    assert gate.name("U0NOBODY0") == "U0NOBODY0"

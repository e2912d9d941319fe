"""Who is in which user group, held against the simulated Slack."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bot.people.access import Read
from bot.people.usergroups import AGAIN_SECONDS, EVERY_SECONDS, STALE_SECONDS, UserGroups
from bot.slack.transport import Transport, open_transport
from playground.slack.people import UserGroup
from playground.slack.server import SimulatedSlack
from tests.bot.stand_ins import Answers, Hands

WANTED = frozenset({"S0OPERAT0", "S0ADMINS0"})


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


async def test_reads_all_in_one_call(slack: SimulatedSlack, transport: Transport, clock: Hands) -> None:
    """It knows every wanted group, its people and its handle, by one call."""
    groups = UserGroups(transport, WANTED, clock)
    assert (groups.read, groups.of("U0OPERAT0")) == (Read.NEVER, frozenset())
    assert await groups.refresh() == EVERY_SECONDS
    assert groups.read is Read.FRESH
    assert groups.of("U0OPERAT0") == {"S0OPERAT0"}
    assert groups.of("U0APPROV0") == frozenset()
    assert groups.everybody() == {"U0OPERAT0", "U0ONCALL0", "U0ADMIN00"}
    assert groups.snapshot is not None
    assert groups.snapshot.handles == {"S0OPERAT0": "operators", "S0ADMINS0": "admins"}
    assert [entry.method for entry in slack.ledger.entries] == ["usergroups.list"]


async def test_nothing_wanted_nothing_asked(slack: SimulatedSlack, transport: Transport, clock: Hands) -> None:
    """It asks nothing when the settings name no group, and is never behind."""
    groups = UserGroups(transport, frozenset(), clock)
    await groups.refresh()
    clock.seconds += 10 * STALE_SECONDS
    assert (groups.read, slack.ledger.entries) == (Read.FRESH, [])


async def test_follows_changes(slack: SimulatedSlack, transport: Transport, clock: Hands) -> None:
    """It takes who is added and drops who is taken out, with the next reading."""
    groups = UserGroups(transport, WANTED, clock)
    await groups.refresh()
    slack.workspace.groups["S0OPERAT0"] = UserGroup("S0OPERAT0", "operators", ("U0ENGINE0",))
    await groups.refresh()
    assert groups.of("U0ENGINE0") == {"S0OPERAT0"}
    assert groups.of("U0OPERAT0") == frozenset()


@pytest.mark.parametrize("disabled", [True, False])
async def test_group_that_is_gone(slack: SimulatedSlack, transport: Transport, clock: Hands, *, disabled: bool) -> None:
    """It gives nobody a role by a group that is gone or disabled, names it, and goes on with the others."""
    groups = UserGroups(transport, WANTED, clock)
    await groups.refresh()
    del slack.workspace.groups["S0OPERAT0"]
    if disabled:
        slack.workspace.groups["S0OPERAT0"] = UserGroup("S0OPERAT0", "operators", ("U0OPERAT0",), disabled=True)
    await groups.refresh()
    assert groups.of("U0OPERAT0") == frozenset()
    assert groups.of("U0ADMIN00") == {"S0ADMINS0"}
    assert (groups.read, groups.trouble) == (
        Read.FRESH,
        "The settings name user groups that are gone or disabled: S0OPERAT0. Correct access.roles.",
    )


async def test_free_plan(slack: SimulatedSlack, transport: Transport, clock: Hands) -> None:
    """It says what to do on a plan without user groups, and never takes that for empty groups."""
    slack.switches.free_plan = True
    groups = UserGroups(transport, WANTED, clock)
    assert await groups.refresh() == EVERY_SECONDS
    assert groups.read is Read.NEVER
    assert groups.trouble == ("This Slack plan has no user groups. Name people by their ids in access.roles instead.")


async def test_scope_missing(slack: SimulatedSlack, transport: Transport, clock: Hands) -> None:
    """It says which remedy there is when the app may not read groups."""
    slack.switches.scopes.discard("usergroups:read")
    groups = UserGroups(transport, WANTED, clock)
    assert await groups.refresh() == EVERY_SECONDS
    assert "usergroups.list: missing_scope" in groups.trouble
    assert "manifest.yml" in groups.trouble


async def test_too_many_calls(slack: SimulatedSlack, transport: Transport, clock: Hands) -> None:
    """It comes back when Slack says so, and not at all in a hurry."""
    groups = UserGroups(transport, WANTED, clock)
    slack.switches.storm("usergroups.list", calls=1, retry_after_s=90)
    assert await groups.refresh() == 90
    slack.switches.storm("usergroups.list", calls=1, retry_after_s=1)
    assert await groups.refresh() == AGAIN_SECONDS
    await groups.refresh()
    assert (groups.read, groups.trouble) == (Read.FRESH, "")


async def test_keeps_the_last_answer(slack: SimulatedSlack, transport: Transport, clock: Hands) -> None:
    """It goes on with what it read last while Slack is away, and calls it old after an hour."""
    groups = UserGroups(transport, WANTED, clock)
    await groups.refresh()
    await slack.go_down()
    clock.seconds += STALE_SECONDS
    assert await groups.refresh() == AGAIN_SECONDS
    kept = [(groups.read, groups.of("U0OPERAT0"))]
    clock.seconds += 1
    kept.append((groups.read, groups.of("U0OPERAT0")))
    assert kept == [(Read.FRESH, frozenset({"S0OPERAT0"})), (Read.OLD, frozenset({"S0OPERAT0"}))]
    assert "usergroups.list" in groups.trouble
    await slack.come_back()
    await groups.refresh()
    assert (groups.read, groups.trouble) == (Read.FRESH, "")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"usergroups": None},
        {"usergroups": {}},
        {"usergroups": [{"id": "S0OPERAT0", "date_delete": 0}]},
        {"usergroups": [{"id": "S0OPERAT0", "date_delete": 0, "users": None}]},
    ],
)
async def test_answer_without_people(clock: Hands, answer: Mapping[str, Any]) -> None:
    """It does not take an answer that leaves out who is in a group for a group without people."""
    slack = Answers({"usergroups": [{"id": "S0OPERAT0", "date_delete": 0, "users": ["U1"]}]})
    groups = UserGroups(slack, WANTED, clock)
    await groups.refresh()
    slack.answer = answer
    assert await groups.refresh() == AGAIN_SECONDS
    assert groups.of("U1") == {"S0OPERAT0"}
    assert groups.trouble != ""


async def test_logs_once(
    slack: SimulatedSlack, transport: Transport, clock: Hands, capsys: pytest.CaptureFixture[str]
) -> None:
    """It logs trouble when it begins and when it is over, not at every try."""
    groups = UserGroups(transport, WANTED, clock)
    slack.switches.free_plan = True
    for _ in range(5):
        await groups.refresh()
    slack.switches.free_plan = False
    for _ in range(5):
        await groups.refresh()
    log = capsys.readouterr().out
    assert (log.count("roles cannot be read"), log.count("roles can be read again")) == (1, 1)

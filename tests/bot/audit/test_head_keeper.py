"""The keeper of the audit's head: what is in the log and in the channel, and when; the time is faked."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from structlog.types import EventDict

from bot import log as bot_log
from bot.audit.check import heads_in
from bot.audit.entry import Head
from bot.audit.head_keeper import LOG_SECONDS, POST_SECONDS, RETRY_SECONDS, HeadKeeper, keeping
from bot.settings import LogSettings
from bot.slack.errors import SlackUnreachable
from diagnostics.redaction import KnownSecret, Redactor
from playground.slack.clock import ManualClock


def head(number: int) -> Head:
    return Head(number, f"{number:064x}")


class Channel:
    """A channel that remembers what was posted; it may be away, slow or broken."""

    def __init__(self) -> None:
        self.posted: list[int] = []
        self.fails: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def post(self, head: Head) -> None:
        """Put a head there."""
        await self.open.wait()
        if self.fails is not None:
            raise self.fails
        self.posted.append(head.number)


class Here:
    """A keeper at work, its channel, and its log."""

    def __init__(self, keeper: HeadKeeper, clock: ManualClock, channel: Channel, log: list[EventDict]) -> None:
        self.keeper, self.clock, self.channel, self.log = keeper, clock, channel, log

    @property
    def logged(self) -> list[int]:
        """The numbers of the heads that the log has."""
        return [int(str(one["audit_head"]).partition(":")[0]) for one in self.log if one["event"] == "audit"]

    async def passing(self, seconds: float, step: int = 1) -> None:
        """Let so much time pass, a second after the other or in longer steps, and what it wakes be done."""
        await settled()
        for _ in range(int(seconds / step)):
            self.clock.advance(step)
            await settled()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def here() -> AsyncIterator[Here]:
    clock, channel = ManualClock(), Channel()
    with capture_logs() as log:
        async with keeping(clock, channel) as keeper:
            yield Here(keeper, clock, channel, log)


class TestTheLog:
    async def test_has_the_first_at_once(self, here: Here) -> None:
        """It logs a head in the very call, with all of it, so that not even a kill comes between."""
        here.keeper.saw(head(1))
        assert [one for one in here.log if one["event"] == "audit"] == [
            {"event": "audit", "audit_head": str(head(1)), "log_level": "info"}
        ]

    async def test_has_the_newest_every_minute(self, here: Here) -> None:
        """It logs once a minute while there are new ones, the newest, and nothing where there is none."""
        for number in range(1, 6):
            here.keeper.saw(head(number))
        await here.passing(LOG_SECONDS - 1)
        assert here.logged == [1]
        await here.passing(1)
        assert here.logged == [1, 5]
        await here.passing(5 * LOG_SECONDS)
        assert here.logged == [1, 5]
        here.keeper.saw(head(6))
        assert here.logged == [1, 5, 6]

    async def test_has_each_acts_end(self, here: Here) -> None:
        """It logs at an act's end at once."""
        here.keeper.saw(head(1))
        here.keeper.saw(head(2))
        here.keeper.act_ended()
        assert here.logged == [1, 2]
        here.keeper.act_ended()
        assert here.logged == [1, 2]

    async def test_has_what_was_left_at_the_end(self) -> None:
        """It logs at the end what it had still to say."""
        with capture_logs() as log:
            async with keeping(ManualClock(), Channel()) as keeper:
                keeper.saw(head(1))
                keeper.saw(head(2))
        assert [one["audit_head"] for one in log] == [str(head(1)), str(head(2))]

    @pytest.mark.parametrize("form", ["json", "text"])
    async def test_is_what_a_proof_reads(self, form: Any, capsys: pytest.CaptureFixture[str]) -> None:
        """It logs a head so that `volati audit verify --log` finds it, whatever the log's form, unmasked."""
        before = list(logging.getLogger().handlers), logging.getLogger().level
        bot_log.set_up(LogSettings(format=form), Redactor([KnownSecret("a password", "0" * 12)]))
        try:
            async with keeping(ManualClock()) as keeper:
                keeper.saw(Head(12, "0123456789abcdef" * 4))
        finally:
            structlog.reset_defaults()
            logging.getLogger().handlers[:], level = before
            logging.getLogger().setLevel(level)
        lines = capsys.readouterr().err.encode().splitlines()
        assert list(heads_in(lines)) == [Head(12, "0123456789abcdef" * 4)]

    async def test_tells_of_a_shorter_audit(self, here: Here) -> None:
        """It says loudly when the audit became shorter, which no writer of ours does, and goes on."""
        here.keeper.saw(head(7))
        here.keeper.saw(head(3))
        here.keeper.act_ended()
        assert "the audit is shorter than it was" in [one["event"] for one in here.log]
        assert here.logged == [7, 3]
        here.keeper.saw(head(3))
        assert len(here.log) == 3


class TestTheChannel:
    async def test_has_a_new_one_every_hour(self, here: Here) -> None:
        """It posts at most once an hour while acts are under way, and only where there is something new."""
        for number in range(1, 200):
            here.keeper.saw(head(number))
            await here.passing(60, step=30)
        assert here.channel.posted == [1, 60, 120, 180]
        await here.passing(3 * POST_SECONDS, step=60)
        assert here.channel.posted == [1, 60, 120, 180, 199]

    async def test_has_each_acts_end(self, here: Here) -> None:
        """It posts at each act's end, whenever that is."""
        here.keeper.saw(head(1))
        await settled()
        for number in (2, 3):
            here.keeper.saw(head(number))
            here.keeper.act_ended()
            await here.passing(1)
        assert here.channel.posted == [1, 2, 3]

    async def test_an_act_that_ends_while_one_is_posted(self, here: Here) -> None:
        """It posts the end of an act that came while the channel was slow."""
        here.channel.open.clear()
        here.keeper.saw(head(1))
        await settled()
        here.keeper.saw(head(2))
        here.keeper.act_ended()
        await settled()
        here.channel.open.set()
        await here.passing(1)
        assert here.channel.posted == [1, 2]

    @pytest.mark.parametrize("error", [SlackUnreachable("Slack is away.", sent=False), RuntimeError("a mistake")])
    async def test_that_is_away(self, here: Here, error: Exception) -> None:
        """It tries again after a while, goes on logging, and says in the log why nothing was posted."""
        here.channel.fails = error
        here.keeper.saw(head(1))
        await here.passing(1)
        here.keeper.saw(head(2))
        await here.passing(RETRY_SECONDS - 2)
        assert [one["event"] for one in here.log].count("the audit's head could not be posted") == 1
        assert here.logged == [1, 2]
        here.channel.fails = None
        await here.passing(2)
        assert here.channel.posted == [2]

    async def test_nobody_waits_for_it(self) -> None:
        """It does not keep whoever ends the bot waiting for a channel that does not answer."""
        channel = Channel()
        channel.open.clear()
        async with keeping(ManualClock(), channel) as keeper:
            keeper.saw(head(1))
            await settled()
        assert channel.posted == []

    async def test_none(self) -> None:
        """It logs where no channel is configured, and sleeps when all is said."""
        clock = ManualClock()
        with capture_logs() as log:
            async with keeping(clock) as keeper:
                keeper.saw(head(1))
                await settled()
                assert not clock._asleep
        assert len(log) == 1

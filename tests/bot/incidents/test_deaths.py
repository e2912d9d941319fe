"""The bot dies at every moment of an incident's life, before and after whatever it does there; another goes on."""

from collections.abc import AsyncIterator

import pytest

from bot.errors import IncidentRefused
from bot.incidents import events as e
from bot.incidents.fault import about_words
from bot.incidents.incident import Phase
from bot.incidents.keeping import Outrun
from bot.incidents.kept import Kept, Opening
from bot.incidents.path import IncidentSeverity
from tests.bot.incidents.deaths import Killed, Life
from tests.bot.incidents.stage import AT, CHANNEL, Bot, Stage, stage
from tests.bot.incidents.things import ALICE

AT_MOST = 400
"""Moments that one incident's life cannot have more of: then something goes round in circles."""


@pytest.fixture
async def one() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


async def lived(one: Stage, name: str, life: Life) -> Kept:
    """One incident's life: opened, climbed, paged, acknowledged, resolved. Where the bot dies, another goes on."""
    bots = [one.another(f"{name}-first", life)]
    shown = one.seen.planned(CHANNEL)

    async def opens(bot: Bot) -> None:
        about = about_words("production", name, AT)
        await bot.incidents.open(Opening(about, IncidentSeverity.P1, ALICE, shown))

    async def climbs(bot: Bot) -> None:
        await bot.settle()

    async def acknowledges(bot: Bot) -> None:
        await _once(bot, e.Acknowledged(at=AT, by=ALICE), name)

    async def resolves(bot: Bot) -> None:
        await _once(bot, e.Resolved(at=AT, by=ALICE), name)

    async def rests(bot: Bot) -> None:
        one.bot = bot
        await one.settle()

    for step, seconds in ((opens, 0.0), (climbs, 601.0), (acknowledges, 0.0), (resolves, 0.0), (rests, 0.0)):
        one.clock.passed += seconds
        try:
            await step(bots[-1])
            await bots[-1].settle()
        except Killed:
            bots.append(one.another(f"{name}-second"))
            await bots[-1].store.free()
            await step(bots[-1])
            await bots[-1].settle()
    return await found(one.another("reader"), name)


async def found(bot: Bot, name: str) -> Kept:
    holder = await bot.store.holder(about_words("production", name, AT))
    kept = await bot.incidents.find(holder)
    assert kept is not None
    return kept


async def _once(bot: Bot, event: e.Event, name: str) -> None:
    """As a person does who saw no answer and does it again: that it is so already is well."""
    try:
        await bot.incidents.event((await found(bot, name)).id, event, "UALICE")
    except (IncidentRefused, Outrun):
        return


async def test_dies_at_every_seventh_moment(one: Stage) -> None:
    """It pages once, says each line once and in order, and resolves in PagerDuty, wherever it died."""
    await _die(one, 7)


@pytest.mark.soak
async def test_dies_at_every_moment(one: Stage) -> None:
    """It does so for all of them."""
    await _die(one, 1)


async def _die(one: Stage, stride: int) -> None:
    whole = await lived(one, "undisturbed", Life(AT_MOST))
    wanted = [line for line in one.seen.said(whole) if not line.startswith("page taken")]
    moments = 1
    while True:
        life = Life(moments)
        kept = await lived(one, f"fault {moments}", life)
        assert kept.incident.phase is Phase.RESOLVED
        assert kept.outstanding == ()
        said = [line for line in one.seen.said(kept) if not line.startswith("page taken")]
        assert said == wanted, f"dead at moment {moments}"
        order = one.seen.order[kept.id]
        assert order == sorted(order, key=lambda id: [int(part) for part in id.split(".")[1:]])
        assert one.world.account.opened.count(f"volati.{kept.id}.3") == 1, f"dead at moment {moments}"
        if not life.over:
            break
        moments += stride
    assert 150 < moments < AT_MOST  # it died often, and lived through it at last
    assert all(each.status == "resolved" for each in one.world.account.incidents.values())

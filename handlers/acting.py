"""What handlers need to act: plans and their cards, and the runner that carries plans out while it lasts."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.actions.lifecycle import Lifecycle, Workshop
from bot.actions.runner import Runner
from bot.actions.table import ACTIONS
from bot.audit.head_keeper import HeadKeeper
from bot.bootstrap import Services
from bot.plans import Plans
from bot.runs.rechecks import Rechecks
from bot.slack.cards import Cards
from bot.slack.poster import Poster
from bot.store import Store


@dataclass(frozen=True, slots=True)
class Acting:
    """Plans, for people."""

    lifecycle: Lifecycle
    cards: Cards
    runner: Runner


@dataclass(frozen=True, slots=True)
class Around:
    """What plans need around them: who shows them, whom broken glass is told (ids), who keeps the audit's head."""

    poster: Poster
    admins: tuple[str, ...]
    keeper: HeadKeeper


@asynccontextmanager
async def acting(services: Services, store: Store, around: Around) -> AsyncIterator[Acting]:
    """Plans, and the runner at work on them, for as long as this lasts."""
    plans = Plans(store, services.redactor, around.keeper.saw)
    owner = secrets.token_hex(8)
    shop = Workshop(plans, services.hands, ACTIONS, services.clock, services.redactor, owner)
    cards = Cards(around.poster, ACTIONS, lambda: around.admins)
    runner = Runner(shop, cards, Rechecks(services.examiner, store), over=around.keeper.act_ended)
    running = asyncio.create_task(runner.run(), name="carry out plans")
    try:
        yield Acting(Lifecycle(shop, runner.begin), cards, runner)
    finally:
        running.cancel()
        await asyncio.wait({running})

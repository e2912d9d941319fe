"""What goes on whether Slack is there or not: guarded acts under way, incidents and their pages, and the audit.

It is opened before Slack is asked who the bot is: a bot that is started while Slack is away still calls people.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.audit.ledger import Ledger
from bot.bootstrap import Services
from bot.people.access import ids_of
from bot.settings import SlackSettings
from bot.slack.poster import Poster
from bot.slack.transport import Transport
from handlers.acting import Acting, Around, acting
from handlers.escalating import Escalating, Outside, escalating
from handlers.heads import heads_kept


@dataclass(frozen=True, slots=True)
class Ground:
    """What all of the bot stands on: its services, Slack's settings, the line to Slack, and who posts there."""

    services: Services
    slack: SlackSettings
    transport: Transport
    poster: Poster


@dataclass(frozen=True, slots=True)
class Afoot:
    """Acts, incidents and the audit, at work."""

    acting: Acting
    escalating: Escalating
    ledger: Ledger


@asynccontextmanager
async def afoot(ground: Ground) -> AsyncIterator[Afoot | None]:
    """Carry on acts and incidents for as long as this lasts; gives None where there is no store to keep them."""
    services, poster, store = ground.services, ground.poster, ground.services.store
    if store is None:
        yield None
        return
    settings = services.settings
    async with AsyncExitStack() as stack:
        keeper = await stack.enter_async_context(heads_kept(poster, settings.audit.channel))
        around = Around(poster, ids_of(settings.access.roles.admin.holders()), keeper)
        acts = await stack.enter_async_context(acting(services, store, around))
        outside = Outside(ground.transport, poster, ground.slack.channel, keeper)
        climbing = await stack.enter_async_context(escalating(services, store, outside))
        yield Afoot(acts, climbing, Ledger(store))

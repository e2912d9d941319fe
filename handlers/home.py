"""The Home tab: shown when it is opened, and kept up to date for a while in the tabs of who opened it lately."""

from functools import partial

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.incidents.standing import Standing
from bot.runs.board import Board, board
from bot.slack.asker import Asker
from bot.slack.errors import SlackError
from bot.slack.views.home import home
from bot.tasks import TooBusyError
from handlers.desk import Asked, Desk, Json
from handlers.entrance import Errand, enter
from handlers.privately import say_soon
from handlers.standing import links_learnt, standing

VISITED = "app_home_opened"

_log = structlog.get_logger()


def listen(app: AsyncApp, desk: Desk) -> None:
    """Hear that the tab was opened."""

    @app.event(VISITED)
    async def opened(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_visit(body)
        if (body.get("event") or {}).get("tab") == "home":
            say_soon(desk, asked, enter(desk, asked, Errand("home", partial(_welcome, desk, asked.asker))))


def refresh_homes(desk: Desk) -> None:
    """Show the new state in the tabs that were opened lately, on whichever replica."""
    try:
        desk.errands.start("refresh home tabs", partial(_refresh, desk))
    except TooBusyError:
        _log.info("home tabs were not refreshed: too much to do")


async def _welcome(desk: Desk, visitor: Asker) -> None:
    """Show what is known at once; what is to be asked of Slack for it, links to threads, follows."""
    how = await _show(desk, visitor)
    await desk.visitors.came(visitor)
    if await links_learnt(desk, how):
        await _show(desk, visitor)


async def _refresh(desk: Desk) -> None:
    """One tab after the other: nobody is waiting. Who may not see it any more is not shown more."""
    visitors = await desk.visitors.recent()
    known = await _known(desk) if visitors else None
    for visitor in visitors:
        if await desk.gate.for_the_job(visitor, "home") is None:
            try:
                await _show(desk, visitor, known)
            except SlackError as error:
                _log.warning("a home tab was not refreshed", reason=str(error))


async def _known(desk: Desk) -> Board:
    return await board(desk.memory, desk.environments, desk.clock.now())


async def _show(desk: Desk, visitor: Asker, known: Board | None = None) -> Standing:
    """Show the tab; `known` is what is known just now, where that was read already."""
    known, how = known or await _known(desk), await standing(desk, visitor)
    now = desk.clock.now()
    await desk.surfaces.publish(visitor.person, home(known, desk.environments, desk.gate.rights(visitor), now, how))
    return how

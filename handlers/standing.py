"""Puts together what is open and who is on call, for `status` and the Home tab. PagerDuty is never asked."""

import structlog

from bot.errors import StoreError
from bot.incidents.sheet import Sheet
from bot.incidents.standing import Standing
from bot.slack.asker import Asker
from bot.slack.views.incident_lists import gravity
from bot.slack.views.standing import SHOWN
from handlers.desk import Desk

_NO_MEMORY = "What is open is not known: Volati has no memory just now. PagerDuty shows what was paged."
_AWAY = "What is open is not known: Volati cannot reach its memory just now. PagerDuty shows what was paged."
_log = structlog.get_logger()


async def standing(desk: Desk, asker: Asker) -> Standing:
    """How things stand, as far as the words that tell it alone (`incidents`, `oncall`) are for this person."""
    may, now = desk.gate.rights(asker).may, desk.clock.now()
    rota = desk.tending.roster.rota if desk.tending and "oncall" in may else None
    if "incidents" not in may:
        return Standing(desk.path, now, rota=rota)
    if desk.tending is None:
        return Standing(desk.path, now, rota=rota, trouble=_NO_MEMORY)
    try:
        found = await desk.tending.incidents.open_ones()
    except StoreError as error:
        _log.warning("open incidents cannot be read", reason=str(error))
        return Standing(desk.path, now, rota=rota, trouble=_AWAY)
    sheets = tuple(Sheet(one, link=desk.tending.threads.known(one)) for one in found)
    return Standing(desk.path, now, sheets, rota)


async def links_learnt(desk: Desk, known: Standing) -> bool:
    """Ask Slack for the addresses of the threads that are shown; whether one was missing that is known now."""
    shown = sorted(known.sheets or (), key=gravity)[:SHOWN]
    return desk.tending is not None and await desk.tending.threads.learn(desk.surfaces, [one.kept for one in shown])

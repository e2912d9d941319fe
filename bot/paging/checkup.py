"""Whether people can be paged, for the doctor: who is on call by each route, how it is heard. It pages nobody."""

from collections.abc import AsyncIterator

from bot.checkup import Checkup
from bot.clients.pagerduty.rest import PagerApi
from bot.errors import PagerError
from bot.health import State
from bot.paging.line import open_line
from bot.paging.pager import Route
from bot.settings import PagerSettings, Settings

_NONE = "Set pagerduty.routes, or mentions in escalation.levels, so that the path reaches people."


async def pager_checkups(settings: Settings) -> AsyncIterator[Checkup]:
    """The path, each route, and the way back."""
    yield _path(settings)
    pager = settings.pagerduty
    if pager is None:
        yield Checkup("pagerduty", State.AWAY, "not configured", "Set pagerduty.routes to have people paged.")
        return
    async with open_line(pager) as line:
        for name, route in line.routes.items():
            yield await _route(line.api, name, route)
    yield _heard(settings, pager)


def _path(settings: Settings) -> Checkup:
    """Whom the path reaches beyond the channel."""
    levels = settings.incident_path.levels
    reached = [level.name for level in levels if level.mentions or level.page]
    if not reached:
        return Checkup("escalation path", State.AWAY, "it calls nobody beyond the channel", _NONE)
    passed = [level.name for level in levels if not level.reaches]
    over = f"; passed over, since they reach nobody: {', '.join(passed)}" if passed else ""
    return Checkup("escalation path", State.WELL, f"it calls people at {', '.join(reached)}{over}")


async def _route(api: PagerApi | None, name: str, route: Route) -> Checkup:
    """Who is on call there. The integration key itself can be tried only by paging."""
    part = f"pagerduty route {name}"
    if api is None:
        remedy = "Set pagerduty.api_key and from_email to have it looked up; paging works without."
        return Checkup(part, State.AWAY, "who is on call is not known", remedy)
    if not (route.policy or route.schedule):
        remedy = f"Set escalation_policy or schedule in pagerduty.routes.{name}."
        return Checkup(part, State.AWAY, "who is on call is not known", remedy)
    try:
        turns = await api.on_call((route.policy,) if route.policy else (), () if route.policy else (route.schedule,))
    except PagerError as error:
        return Checkup(part, State.ILL, "PagerDuty does not answer as it should", str(error))
    if not turns:
        remedy = "Put somebody on call there: a page would reach nobody."
        return Checkup(part, State.ILL, "nobody is on call", remedy)
    return Checkup(part, State.WELL, f"on call: {turns[0].person.name}")


def _heard(settings: Settings, pager: PagerSettings) -> Checkup:
    part = "pagerduty's way back"
    if pager.hook_secrets() and settings.listens and pager.has_api:
        return Checkup(part, State.WELL, "webhooks, at /pagerduty/webhook, and it is asked every half a minute")
    if pager.hook_secrets() and settings.listens:
        remedy = "Set api_key and from_email, too: then what does not get in is heard all the same."
        return Checkup(part, State.AWAY, "webhooks alone, at /pagerduty/webhook, which it must reach", remedy)
    if pager.has_api:
        return Checkup(part, State.WELL, "it is asked every half a minute")
    remedy = "Set webhook_secrets and server, or api_key: an acknowledgement in PagerDuty is not heard."
    return Checkup(part, State.ILL, "none", remedy)

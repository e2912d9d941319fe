"""Opens the connection to PagerDuty that the settings name. It calls nothing."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.clients.http import HttpClient
from bot.clients.pagerduty.calls import CALL_SECONDS, Calls
from bot.clients.pagerduty.events import PagerEvents
from bot.clients.pagerduty.rest import PagerApi
from bot.paging.pager import Line, Route
from bot.settings import PagerSettings


@asynccontextmanager
async def open_line(settings: PagerSettings | None) -> AsyncIterator[Line]:
    """The connection, for as long as the block lasts; a line that leads nowhere where nothing is set.

    Raises:
        SettingsError: a file with a key cannot be used.
    """
    if settings is None:
        yield Line()
        return
    routes = {name: Route(one.key(), one.escalation_policy, one.schedule) for name, one in settings.routes.items()}
    secrets = tuple(secret for _, secret in settings.secrets())
    async with HttpClient(ssl.create_default_context(), CALL_SECONDS) as http:
        # Whoever pages comes back when it is time: a page that waited here would hold up the others of its incident.
        events = PagerEvents(Calls(http, settings.events, secrets, patience=0.0))
        api = None
        if settings.has_api:
            api = PagerApi(Calls(http, settings.rest, secrets), settings.key(), settings.from_email)
        yield Line(events, api, routes)

"""Opens the desk: every service that handlers work with, and the tasks that keep them true, for as long as it lasts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial

import structlog

from bot.bootstrap import Services
from bot.catalogue import Shelf
from bot.clients.drawing import drawn
from bot.people.directory import open_people
from bot.people.gate import Gate
from bot.people.visitors import Visitors
from bot.runs.joining import Joining
from bot.slack.downloads import open_downloads
from bot.slack.message import Message, context
from bot.slack.surfaces import Surfaces
from bot.slack.transport import Identity
from bot.slack.views.triage import triage_answer
from bot.tasks import Tasks
from diagnostics.triage import triage
from handlers.afoot import Afoot, Ground
from handlers.desk import Desk, Triages
from handlers.memory import keep_telling_of_the_interrupted

ERRANDS_AT_ONCE = 64
"""Errands at work at the same time. Each is a call or two of Slack's; a modal must be open within three seconds."""

ERRANDS_SECONDS = 5.0
"""How long errands may finish at the end: one question to Slack, and one answer."""

_NOT_OURS = "The team's own entries were not matched: `volati doctor`, on the command line, says why."
_log = structlog.get_logger()


@asynccontextmanager
async def open_desk(ground: Ground, going: Afoot | None, me: Identity) -> AsyncIterator[Desk]:
    """The desk for the workspace of `me`, over what is going on. Whoever opens it drains its `tasks` before closing it.

    Raises:
        SettingsError: the token is of another workspace than the one that is set.
        CatalogueError: the packaged catalogue of known errors cannot be used.
    """
    services, slack, transport = ground.services, ground.slack, ground.transport
    async with AsyncExitStack() as stack:
        rules = services.settings.access.rules(me.team_id, slack.channel)
        people = await stack.enter_async_context(open_people(transport, rules, services.clock))
        token = slack.bot_token.get_secret_value()
        downloads = await stack.enter_async_context(open_downloads(token, str(slack.api_url)))
        shelf = await _shelf(services)
        alone = _alone(services)
        desk = Desk(
            channel=slack.channel,
            environments=services.environments,
            runbook_url=services.settings.runbook_url,
            examiner=services.examiner,
            memory=services.store,
            poster=ground.poster,
            surfaces=Surfaces(transport, services.redactor),
            downloads=downloads,
            gate=Gate(people, rules),
            joining=Joining(None if alone else services.store),
            visitors=Visitors(services.clock, services.store),
            tasks=Tasks(),
            errands=Tasks(ERRANDS_AT_ONCE),
            clock=services.clock,
            triage=_triages(shelf, services),
            glances=services.glances,
            draw=partial(drawn, cache=(services.settings.data_dir / "charts").absolute()),
            path=services.settings.incident_path,
        )
        if going is not None:
            climbing = going.escalating
            desk = replace(desk, acting=going.acting, ledger=going.ledger, tending=climbing.tending)
        await stack.enter_async_context(_sweeping(desk, alone=alone))
        yield desk
        await desk.errands.drain(ERRANDS_SECONDS)


@asynccontextmanager
async def _sweeping(desk: Desk, *, alone: bool) -> AsyncIterator[None]:
    """Interrupted threads are told while this lasts."""
    task = asyncio.create_task(keep_telling_of_the_interrupted(desk, alone=alone), name="tell of the interrupted")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _shelf(services: Services) -> Shelf:
    """The known errors; a mistake in the team's own is said, and hides none of the rest."""
    shelf = await asyncio.to_thread(services.shelf)
    if shelf.fault:
        _log.error("the team's catalogue cannot be used", reason=shelf.fault)
    return shelf


def _triages(shelf: Shelf, services: Services) -> Triages:
    """Look into a text, in a thread: it takes the processor for up to 0.1 s."""

    async def looked_into(text: str) -> Message:
        found = await asyncio.to_thread(triage, text, shelf.catalogue, services.redactor)
        answer = triage_answer(found, services.settings.runbook_url)
        return replace(answer, blocks=(*answer.blocks, context(_NOT_OURS))) if shelf.fault else answer

    return looked_into


def _alone(services: Services) -> bool:
    """Whether the memory is this process's own, embedded one: whatever was under way at the start is dead then."""
    return services.store is not None and services.store.server is not None

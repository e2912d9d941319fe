"""Is the bot itself well: each part asked once, each trouble with its remedy. It mends nothing and posts nothing."""

import asyncio
import shutil
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from bot.bootstrap import Services
from bot.catalogue import open_shelf
from bot.checkup import Checkup
from bot.clients.http import HttpClient
from bot.errors import VolatiError
from bot.health import State
from bot.paging.checkup import pager_checkups
from bot.runs.examiner import Order
from bot.settings import Settings, SlackSettings
from bot.slack.errors import SlackError
from bot.slack.scopes import CHANNEL_SCOPES, OPTIONAL_SCOPES, SCOPES
from bot.slack.transport import Introduction, Transport, open_transport
from bot.store import Store
from diagnostics.areas import AREAS, area_named
from diagnostics.evidence.cluster.kinds import ClusterRights, Right
from diagnostics.evidence.database.kinds import DatabaseAccess
from diagnostics.evidence.http import NoAnswer, Outgoing
from diagnostics.model import Evidence, Reason, Unobserved, in_environment
from diagnostics.observe import Glimpse
from diagnostics.words import counted

T = TypeVar("T")

#: Slack refuses requests signed more than five minutes apart, and tokens have their own leeway: half a minute is sound.
CLOCK_SECONDS = 30
#: Free space below which the embedded store's file may soon not grow: it rewrites itself, which needs its size again.
FREE_BYTES = 200_000_000
#: The area that is about evidence of which the kinds are named otherwise.
_AREAS = {"surface": "graphql", "cluster": "server"}
#: What "not configured" costs nobody, and so is no trouble of the bot's.
_QUIET = (Reason.NOT_CONFIGURED, Reason.NOT_ASKED_FOR)


async def checkups(services: Services) -> AsyncIterator[Checkup]:
    """Every part, as it becomes known: settings, Slack, the store, the data folder, every source."""
    settings = services.settings
    yield Checkup(
        "settings",
        State.WELL,
        f"{counted(len(settings.environments), 'environment')}: {', '.join(settings.environments)}",
    )
    async for checkup in _slack(settings, services):
        yield checkup
    async for checkup in pager_checkups(settings):
        yield checkup
    yield await _running(settings)
    yield await _store(services.store)
    yield await _folder(services)
    yield await _catalogue(settings.catalogue)
    for environment in settings.environments:
        told: set[Checkup] = set()  # areas share sources: each is told once
        for area in AREAS:
            async for checkup in _sources(services, Order(area.name, environment)):
                if (same := replace(checkup, took_ms=None)) not in told:
                    told.add(same)
                    yield checkup


async def _slack(settings: Settings, services: Services) -> AsyncIterator[Checkup]:
    slack = settings.slack
    if slack is None:
        said = "not configured: `volati serve` will not start; the command line works without it"
        yield Checkup("slack", State.ILL, said, "Set slack.bot_token, slack.app_token and slack.channel.")
        return
    async with open_transport(slack.bot_token.get_secret_value(), slack.api_url) as transport:
        answered, checkup = await _asked("slack bot token", transport.introduction, _named)
        yield checkup
        if not answered:
            return
        introduction = answered[0]
        yield _scopes(introduction)
        yield _clock(introduction.at, services.clock.now())
        if slack.mode == "socket":  # over HTTP there is no such token
            yield (await _asked("slack app token", lambda: _ticket(transport, slack), lambda _: "takes connections"))[1]
        for channel in dict.fromkeys((slack.channel, settings.audit.channel)):
            if channel is not None:
                yield await _channel(transport, channel, introduction)


def _named(introduction: Introduction) -> str:
    return f"{introduction.user} in {introduction.team}"


async def _ticket(transport: Transport, slack: SlackSettings) -> str:
    """A ticket for a connection, which is asked for and not used: it expires by itself."""
    token = slack.app_token.get_secret_value() if slack.app_token else ""
    return await transport.socket_address(token)


def _scopes(introduction: Introduction) -> Checkup:
    lacking = [scope for scope in SCOPES if scope not in introduction.scopes]
    more = sorted(introduction.scopes - set(SCOPES) - set(OPTIONAL_SCOPES))
    if lacking:
        lost = "; ".join(f"{scope} ({SCOPES[scope]})" for scope in lacking)
        return Checkup("slack scopes", State.ILL, f"missing: {lost}", "Add them as in manifest.yml, and install again.")
    if more:
        remedy = "Take them from the app; the bot needs none of them."
        return Checkup("slack scopes", State.AWAY, f"more than needed: {', '.join(more)}", remedy)
    return Checkup("slack scopes", State.WELL, f"{len(SCOPES)} of {len(SCOPES)}")


def _clock(theirs: datetime | None, ours: datetime) -> Checkup:
    if theirs is None:
        return Checkup("clock", State.AWAY, "Slack did not say its time")
    apart = round((ours - theirs).total_seconds())
    if abs(apart) > CLOCK_SECONDS:
        way = "ahead of" if apart > 0 else "behind"
        return Checkup("clock", State.ILL, f"{abs(apart)} s {way} Slack's", "Have this machine follow time servers.")
    return Checkup("clock", State.WELL, f"within {CLOCK_SECONDS} s of Slack's")


async def _channel(transport: Transport, id: str, introduction: Introduction) -> Checkup:
    part = f"slack channel {id}"
    if not introduction.scopes & set(CHANNEL_SCOPES):
        remedy = f"Grant {' and '.join(CHANNEL_SCOPES)} to have it looked at, or try a command there."
        return Checkup(part, State.AWAY, "cannot be looked at without an optional scope", remedy)
    found, checkup = await _asked(part, lambda: transport.call("conversations.info", {"channel": id}), _known)
    channel = found[0].get("channel") if found else None
    if isinstance(channel, dict) and not channel.get("is_member"):
        return Checkup(part, State.ILL, "the bot is not in it", "Invite it there: /invite @volati")
    return checkup


def _known(found: dict[str, object]) -> str:
    channel = found.get("channel")
    return f"#{channel.get('name', '')}, the bot is in it" if isinstance(channel, dict) else "known"


async def _running(settings: Settings) -> Checkup:
    """What the running bot says of itself, sockets included, where it serves that."""
    part, where = "running bot", settings.listens
    if where is None:
        remedy = "Set server.port to have /readyz served, which tells of sockets and store."
        return Checkup(part, State.AWAY, "it serves no /readyz", remedy)
    url = f"http://{'127.0.0.1' if where.host == '0.0.0.0' else where.host}:{where.port}/readyz"  # noqa: S104 compared, not bound
    async with HttpClient(ssl.create_default_context()) as http:
        answer = await http.send(Outgoing("GET", url))
    if isinstance(answer, NoAnswer):
        return Checkup(part, State.AWAY, f"nobody answers at {url}", "Start it with `volati serve`.", answer.took_ms)
    ill = _ill_parts(answer.document())
    if answer.status == HTTPStatus.OK and not ill:
        return Checkup(part, State.WELL, "ready", took_ms=answer.took_ms)
    return Checkup(part, State.ILL, f"not ready: {'; '.join(ill) or answer.status}", f"See {url}.", answer.took_ms)


def _ill_parts(document: object) -> list[str]:
    """The parts that /readyz calls ill, each with its words."""
    parts = document.get("parts") if isinstance(document, dict) else None
    told = parts.items() if isinstance(parts, dict) else ()
    return [f"{name}: {part.get('said')}" for name, part in told if part.get("state") == State.ILL]


async def _store(store: Store | None) -> Checkup:
    remedy = "Without it guarded acts are refused and nothing is remembered; see the log for why."
    if store is None:
        return Checkup("store", State.ILL, "it cannot be had", remedy)
    answered, checkup = await _asked("store", store.durability, lambda _: "")
    if not answered:
        return checkup
    facts = answered[0]
    kind = "embedded" if facts.embedded else "configured"
    said = f"{kind}, version {facts.version}, append-only {facts.appendonly}, fsync {facts.appendfsync}"
    if facts.embedded or facts.appendonly:
        return Checkup("store", State.WELL, said, took_ms=checkup.took_ms)
    remedy = "Set appendonly yes on that Redis: without it a crash loses what the bot must remember."
    return Checkup("store", State.ILL, said, remedy, checkup.took_ms)


async def _folder(services: Services) -> Checkup:
    folder = services.settings.data_dir
    if services.folder_fault:
        what, _, remedy = services.folder_fault.partition(". ")
        return Checkup("data folder", State.ILL, what, remedy)
    free = await asyncio.to_thread(_free_bytes, folder)
    said = f"{folder}, {free // 1_000_000} MB free"
    if free < FREE_BYTES:
        return Checkup("data folder", State.ILL, said, "Make room there, or set data_dir to another disk.")
    return Checkup("data folder", State.WELL, said)


async def _catalogue(own: Path | None) -> Checkup:
    part = "catalogue of known errors"
    shelf = await asyncio.to_thread(open_shelf, own)
    if shelf.fault:
        remedy = f"Correct the entries; volati catalogue check --catalogue {own} looks at them again."
        return Checkup(part, State.ILL, " ".join(shelf.fault.split()), remedy)
    return Checkup(part, State.WELL, f"{len(shelf.catalogue)} entries{f', with those in {own}' if own else ''}")


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


async def _sources(services: Services, order: Order) -> AsyncIterator[Checkup]:
    """Every source of an area as one run meets it: seen or not, and how long it took. Judged is nothing."""
    glimpses: list[Glimpse] = []
    try:
        await services.examiner.examine(order, glimpses.append)
    except VolatiError as error:
        yield Checkup(f"{order.area} in {order.environment}", State.ILL, str(error))
    for glimpse in glimpses:
        for checkup in _source(order, glimpse):
            yield checkup


def _source(order: Order, glimpse: Glimpse) -> Iterator[Checkup]:
    """A source, and each part of it that could not be seen. While it is still looked at, nothing."""
    found = glimpse.found
    if isinstance(found, Unobserved):
        yield _lack(order, found, glimpse.took_ms)
    elif isinstance(found, ClusterRights) and found.missing:
        said = f"{len(found.missing)} missing: {'; '.join(_by_place(found.missing))}"
        remedy = "Grant them to the account that Volati uses; without, these parts are not seen."
        yield Checkup(f"{order.environment}: {glimpse.kind.WHAT}", State.ILL, said, remedy, glimpse.took_ms)
    elif isinstance(found, DatabaseAccess):
        yield _database(order, found, glimpse.took_ms)
    elif found is not None:
        yield _seen(order, found, glimpse.took_ms)
        yield from (_lack(order, lack, None) for lack in found.lacks())


def _seen(order: Order, found: Evidence, took_ms: int) -> Checkup:
    part = f"{order.environment}: {found.WHAT}"
    if why := found.unanswered():
        return Checkup(part, State.ILL, f"no answer: {why}", _diagnosed(found, order), took_ms)
    return Checkup(part, State.WELL, "seen", took_ms=took_ms)


def _database(order: Order, access: DatabaseAccess, took_ms: int) -> Checkup:
    """Whether Volati gets a session with PostgreSQL, as whom, and from which login."""
    part = f"{order.environment}: {access.WHAT}"
    if access.connected:
        said = f"as {access.user} at {access.address}, by {access.origin}, {'with' if access.tls else 'without'} TLS"
        return Checkup(part, State.WELL, said, took_ms=took_ms)
    why = access.obstacle or f"{access.origin} does not hold a login"
    return Checkup(part, State.ILL, f"no session: {why}", _diagnosed(access, order), took_ms)


def _diagnosed(found: Evidence, order: Order) -> str:
    """What tells more: the area of this evidence, whichever of those that share it met it first."""
    own = found.KIND.partition(".")[0]
    return f"See volati diagnose {_AREAS.get(own, own if area_named(own) else order.area)}."


def _by_place(rights: Iterable[Right]) -> Iterator[str]:
    """Rights by where they are missing, as `in namespace keycloak: list pods, list events`."""
    for namespace, some in groupby(sorted(rights, key=attrgetter("namespace")), attrgetter("namespace")):
        where = f"in namespace {namespace}" if namespace else "in the whole cluster"
        yield f"{where}: {', '.join(f'{one.verb} {one.resource}' for one in some)}"


def _lack(order: Order, lack: Unobserved, took_ms: int | None) -> Checkup:
    state = State.AWAY if lack.reason in _QUIET or lack.reason is Reason.DEPENDS else State.ILL
    remedy = in_environment(lack, order.environment).detail
    return Checkup(f"{order.environment}: {lack.what}", state, str(lack.reason), remedy, took_ms)


async def _asked(part: str, ask: Callable[[], Awaitable[T]], say: Callable[[T], str]) -> tuple[tuple[T, ...], Checkup]:
    """What a part answers (nothing when it fails), and the checkup that follows from it."""
    began = time.monotonic()
    try:
        found = await ask()
    except (SlackError, VolatiError) as error:
        return (), Checkup(part, State.ILL, "does not answer as it should", str(error), _ms(began))
    return (found,), Checkup(part, State.WELL, say(found), took_ms=_ms(began))


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def worst(found: Iterable[Checkup]) -> State:
    """The state of the whole: ill when a part is ill."""
    return State.ILL if any(one.state is State.ILL for one in found) else State.WELL

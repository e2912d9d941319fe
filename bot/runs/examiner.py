"""Carrying out examinations for people: opens the platform, examines, saves the run."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import structlog
from msgspec.structs import replace

from bot.clients.tokens import TokenReader
from bot.errors import StoreError, VolatiError
from bot.footprint import give_back
from bot.platform.environment import Platform, Sources, View
from bot.store import Store
from diagnostics.areas import AREAS, area_named
from diagnostics.areas.token import AREA as TOKEN
from diagnostics.areas.why import AREA as WHY
from diagnostics.check import Area
from diagnostics.context import Context
from diagnostics.evidence.cluster import KINDS as CLUSTER
from diagnostics.evidence.cluster.reading import Marks
from diagnostics.evidence.database import KINDS as DATABASE
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.tokens import MalformedTokenError
from diagnostics.examine import Request, WallClock, examine
from diagnostics.model import Evidence, Fact, Past
from diagnostics.observe import Deadlines, Glimpse, Lookout
from diagnostics.redaction import LearningRedactor, Redactor
from diagnostics.runs import Run, RunUnreadableError, marks_of
from diagnostics.signatures import Catalogue

_log = structlog.get_logger()
#: Bytes of randomness in a run's id: 48 bits, short enough to type and never twice.
_ID_BYTES = 6
#: Bytes of a run from which on what it needed is worth giving back: that of a small cluster has below 100,000.
_BIG = 1_000_000

Tell = Callable[[Glimpse], None]
Look = Callable[[View], Sources]


class OrderError(VolatiError):
    """What was asked for does not exist; the message says what does."""


@dataclass(frozen=True, slots=True)
class Order:
    """A diagnosis somebody asks for."""

    area: str
    environment: str
    deep: bool = False


def no_catalogue() -> Catalogue:
    """A catalogue of nothing: logs are read, and no error in them is known."""
    return Catalogue([])


@dataclass(frozen=True, slots=True)
class Frame:
    """What is the same for every examination. `seen_from` says where the bot looks from.

    `catalogue` gives the known errors; it is asked in a thread, by the first log that is read.
    """

    clock: WallClock
    redactor: Redactor
    deadlines: Deadlines
    seen_from: str
    catalogue: Callable[[], Catalogue] = no_catalogue


def _silent(_: Glimpse) -> None:
    """Tell nobody."""


class Examiner:
    """Examines the platforms it was given. Without a store nothing is remembered, and everything else works."""

    def __init__(self, platforms: Mapping[str, Platform], frame: Frame, store: Store | None) -> None:
        self._platforms = platforms
        self._frame = frame
        self._store = store

    def kinds(self, order: Order) -> tuple[type[Evidence], ...]:
        """What an order will look at, in order.

        Raises:
            OrderError: there is no such area.
        """
        area = _area(order.area)
        return (*area.requires, *area.optional, *(area.deep if order.deep else ()))

    async def examine(self, order: Order, tell: Tell = _silent) -> Run:
        """Diagnose an area and save the run.

        Raises:
            OrderError: there is no such area or environment.
        """
        return await self._examine(_area(order.area), order, View.diagnosis, tell)

    async def explain_permission(self, question: Question, environment: str, tell: Tell = _silent) -> Run:
        """Walk through a permission question.

        Raises:
            OrderError: there is no such environment, or a part of the question is no name.
        """
        if question.flaw:
            raise OrderError(question.flaw)
        order = Order(WHY.name, environment)
        return await self._examine(WHY, order, lambda view: view.question(question), tell)

    async def explain_token(self, token: str, environment: str, tell: Tell = _silent) -> Run:
        """Explain a token. The run is not saved: a token's claims are a person's, not the platform's.

        Raises:
            OrderError: there is no such environment, or the text is not a token.
        """
        try:
            await asyncio.to_thread(TokenReader().read, token)
        except MalformedTokenError as error:
            raise OrderError(f"This is not a token: {error}.") from error
        now = self._frame.clock.now
        order = Order(TOKEN.name, environment)
        return await self._examine(TOKEN, order, lambda view: view.token(token, now), tell, keep=False)

    async def _examine(self, area: Area, order: Order, look: Look, tell: Tell, *, keep: bool = True) -> Run:
        platform = self._platform(order.environment)
        run_id = secrets.token_hex(_ID_BYTES)
        context = Context(
            at=self._frame.clock.now(),
            seen_from=self._frame.seen_from,
            expected=platform.expected(),
            previous=await self._previous(order) if keep else (),
            history=await self._history(order) if keep else (),
        )
        learning = LearningRedactor(self._frame.redactor)
        lookout = Lookout(self._frame.clock, learning, self._frame.deadlines, tell)
        wanted = {"cluster": _looks_at(area, CLUSTER), "database": _looks_at(area, DATABASE)}
        async with platform.opened(run_id, Marks(self._frame.catalogue, learning), **wanted) as view:
            request = Request(run_id, order.environment, area, order.deep)
            run = await examine(request, look(view), context, lookout)
        run = replace(run, diagnosis=learning.value(run.diagnosis))
        if keep:
            await self._save(run)
        return run

    def _platform(self, environment: str) -> Platform:
        platform = self._platforms.get(environment)
        if platform is None:
            known = ", ".join(self._platforms)
            raise OrderError(f"There is no environment {environment[:40]!r}; the settings name: {known}.")
        return platform

    async def _previous(self, order: Order) -> tuple[Fact, ...]:
        if self._store is None:
            return ()
        try:
            document = await self._store.last_run(order.environment, order.area)
            return await asyncio.to_thread(marks_of, document) if document else ()
        except (StoreError, RunUnreadableError) as error:
            _log.warning("the previous run cannot be compared with", area=order.area, reason=str(error))
            return ()

    async def _history(self, order: Order) -> tuple[Past, ...]:
        """The figures of earlier runs. What cannot be read is not compared with."""
        if self._store is None:
            return ()
        try:
            documents = await self._store.figures(order.environment, order.area)
            return tuple(msgspec.json.decode(one, type=Past) for one in documents)
        except (StoreError, msgspec.DecodeError) as error:
            _log.warning("earlier figures cannot be compared with", area=order.area, reason=str(error))
            return ()

    async def _save(self, run: Run) -> None:
        if self._store is None:
            return
        document = await asyncio.to_thread(run.encode)
        place = (run.diagnosis.environment, run.diagnosis.area)
        try:
            await self._store.save_run(*place, run.id, document)
            if past := run.past():
                await self._store.keep_figures(*place, msgspec.json.encode(past))
        except StoreError as error:
            _log.warning("the run was not saved", run=run.id, reason=str(error))
        if len(document) > _BIG:
            del document
            await asyncio.to_thread(give_back)


def _looks_at(area: Area, kinds: tuple[type[Evidence], ...]) -> bool:
    return any(kind in kinds for kind in area.kinds)


def _area(name: str) -> Area:
    area = area_named(name)
    if area not in AREAS:
        raise OrderError(f"There is no area {name[:40]!r}; there are: {', '.join(one.name for one in AREAS)}.")
    return area

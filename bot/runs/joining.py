"""Sees to it that the same diagnosis runs once at a time, over every replica that shares the memory.

A run holds a claim and renews it; the claim of a killed process is over after some seconds. Where the memory is away,
each replica goes by what it knows itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.errors import StoreError
from bot.runs.examiner import Order
from bot.store import UnderWay

CLAIM_SECONDS = 15.0
"""How long a claim lives without being renewed: a killed run holds up the next one for no longer."""

RENEW_SECONDS = 4.0
"""Time between renewals: three of them may be lost, each with the memory's deadline of 2 s, before a claim ends."""

_log = structlog.get_logger()


class Claims(Protocol):
    """The part of the store that is needed here. Each method may raise StoreError."""

    async def claim(self, environment: str, name: str, owner: str, seconds: float) -> bool:
        """Whether `owner` alone may do the named thing."""
        ...

    async def release(self, environment: str, name: str, owner: str) -> None:
        """Give a claim back."""
        ...

    async def unfinished_runs(self) -> tuple[UnderWay, ...]:
        """The runs begun and not ended."""
        ...


@dataclass(slots=True)
class Turn:
    """One's turn to run an order, or, when not `mine`, somebody else's run of it, as far as it is known."""

    mine: bool
    run: UnderWay | None = None


class Joining:
    """Who runs what just now. `memory` is None where there is none."""

    def __init__(self, memory: Claims | None, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._memory = memory
        self._sleep = sleep
        self._here: dict[Order, Turn] = {}

    def here(self, order: Order) -> bool:
        """Whether this process runs the order just now."""
        return order in self._here

    @asynccontextmanager
    async def turn(self, order: Order, run_id: str) -> AsyncIterator[Turn]:
        """Take one's turn; it is over at the end of the context. The holder notes in it what others should know."""
        theirs = await self._theirs(order, run_id)
        if theirs is not None:
            yield theirs
            return
        mine = self._here[order]
        keeping = asyncio.create_task(self._keep(order, run_id), name=f"keep the turn of {run_id}")
        try:
            yield mine
        finally:
            del self._here[order]
            keeping.cancel()
            await asyncio.wait({keeping})
            await asyncio.shield(self._give_back(order, run_id))

    async def over(self, run: UnderWay) -> bool:
        """Whether nobody runs this any more: its claim has ended. While the memory is away nobody can say."""
        if self._memory is None:
            return False
        asked = f"over-{run.run_id}"
        try:
            if not await self._memory.claim(run.environment, _name(_order(run)), asked, CLAIM_SECONDS):
                return False
            await self._memory.release(run.environment, _name(_order(run)), asked)
        except StoreError as error:
            _log.warning("whether a run goes on could not be asked", reason=str(error))
            return False
        return True

    async def forget(self, run: UnderWay) -> None:
        """End the claim of a run that is known to be dead."""
        await self._give_back(_order(run), run.run_id)

    async def _theirs(self, order: Order, run_id: str) -> Turn | None:
        """The run that is under way already; None when it is ours to run now, which is noted before anything waits."""
        here = self._here.get(order)
        if here is not None:
            return Turn(mine=False, run=here.run)
        self._here[order] = Turn(mine=True)
        try:
            if await self._claimed(order, run_id):
                return None
            theirs = Turn(mine=False, run=await self._elsewhere(order))
        except BaseException:
            del self._here[order]
            raise
        del self._here[order]
        return theirs

    async def _claimed(self, order: Order, run_id: str) -> bool:
        if self._memory is None:
            return True
        try:
            return await self._memory.claim(order.environment, _name(order), run_id, CLAIM_SECONDS)
        except StoreError as error:
            _log.warning("whether another replica runs the same could not be asked", reason=str(error))
            return True

    async def _elsewhere(self, order: Order) -> UnderWay | None:
        """Another replica's run of the order; None while it has not said where its thread is."""
        if self._memory is None:
            return None
        try:
            found = [run for run in await self._memory.unfinished_runs() if _order(run) == order]
        except StoreError:
            return None
        return found[-1] if found else None

    async def _keep(self, order: Order, run_id: str) -> None:
        while True:
            await self._sleep(RENEW_SECONDS)
            await self._claimed(order, run_id)

    async def _give_back(self, order: Order, run_id: str) -> None:
        if self._memory is None:
            return
        try:
            await self._memory.release(order.environment, _name(order), run_id)
        except StoreError as error:
            _log.warning("a turn could not be given back; it ends by itself", reason=str(error))


def _order(run: UnderWay) -> Order:
    return Order(run.area, run.environment, run.deep)


def _name(order: Order) -> str:
    """The claim's name. A deep look and an ordinary one are two things."""
    return f"diagnose-{order.area}{'-deep' if order.deep else ''}"

"""Looks again, after an act, at what led to it, and says what changed. It changes nothing."""

import asyncio
from datetime import timedelta
from typing import Protocol

from bot.actions.afterwards import Difference, difference
from bot.actions.plan import Plan
from bot.runs.examiner import Order
from diagnostics.model import Diagnosis
from diagnostics.runs import Run, RunUnreadableError

BEFORE = timedelta(minutes=15)
"""How old a diagnosis may be to count as how things were before the act: as long as a plan may be confirmed."""


class Examines(Protocol):
    """Carries out examinations; bot/runs/examiner.py."""

    async def examine(self, order: Order) -> Run:
        """Diagnose an area."""
        ...


class Remembers(Protocol):
    """The part of the store that is needed. Each method may raise StoreError."""

    async def run(self, run_id: str) -> bytes | None:
        """A run's document."""
        ...

    async def last_run(self, environment: str, area: str) -> bytes | None:
        """The area's last run."""
        ...


class Rechecks:
    """Looks again."""

    def __init__(self, examiner: Examines, memory: Remembers) -> None:
        self._examiner = examiner
        self._memory = memory

    async def before(self, plan: Plan) -> Diagnosis | None:
        """How things were: the run that led to the plan, else the area's last one if it is fresh."""
        asker = plan.requester
        document = (
            await self._memory.run(asker.run)
            if asker.run
            else await self._memory.last_run(plan.environment, asker.area)
        )
        if document is None:
            return None
        try:
            found = (await asyncio.to_thread(Run.decode, document)).diagnosis
        except RunUnreadableError:
            return None
        return found if asker.run or plan.proposed_at - found.started_at < BEFORE else None

    async def again(self, plan: Plan) -> Difference | None:
        """What changed since the plan was made; None where it is about no area. Raises VolatiError."""
        if not plan.requester.area:
            return None
        before = await self.before(plan)
        run = await self._examiner.examine(Order(plan.requester.area, plan.environment))
        return difference(before, run.diagnosis)

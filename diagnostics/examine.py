"""One examination from start to end: observe what the area needs, judge it, and give the run as it can be saved."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from diagnostics.check import Area
from diagnostics.context import Context
from diagnostics.judge import Span, judge
from diagnostics.model import Evidence
from diagnostics.observe import Clock, Lookout, Observation, Seen, Source
from diagnostics.runs import Run


class WallClock(Clock, Protocol):
    """A clock that also knows the time of day."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be examined: an area of an environment, and whether looks that write are asked for."""

    run_id: str
    environment: str
    area: Area
    deep: bool = False

    def wants(self, kind: type[Evidence]) -> bool:
        """Whether this kind of evidence belongs to what was asked for."""
        return kind in self.area.requires or kind in self.area.optional or (self.deep and kind in self.area.deep)


async def examine(request: Request, sources: Iterable[Source[Evidence]], context: Context, lookout: Lookout) -> Run:
    """Look once, then judge. Cancelling it cancels every look under way."""
    wanted = [source for source in sources if request.wants(source.kind)]
    began = lookout.clock.monotonic()
    seen = await Observation(wanted, lookout).look()
    span = Span(context.at, round((lookout.clock.monotonic() - began) * 1000))
    # Beside the loop: judging a big cluster, and writing it down, takes the processor for a tenth of a second.
    return await asyncio.to_thread(_concluded, request, context, seen, span)


def _concluded(request: Request, context: Context, seen: Seen, span: Span) -> Run:
    diagnosis = judge(request.area, request.environment, seen, context, span)
    return Run.of(request.run_id, request.deep, context, seen, diagnosis)

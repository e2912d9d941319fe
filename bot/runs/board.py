"""Reads from the memory the last known verdict of every area in every environment. It looks at nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.errors import StoreError
from diagnostics.areas import AREAS
from diagnostics.model import Diagnosis
from diagnostics.runs import Run, RunUnreadableError

_log = structlog.get_logger()


class Recalls(Protocol):
    """The part of the store that is needed here. It may raise StoreError."""

    async def last_run(self, environment: str, area: str) -> bytes | None:
        """The document of the area's last run."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One area of one environment: its last diagnosis and when that ended, or neither; `trouble` says why, if known."""

    environment: str
    area: str
    diagnosis: Diagnosis | None = None
    ended: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """All rows, in the order of environments and areas, as known at `at`. `trouble`: why nothing is known at all."""

    rows: tuple[Row, ...]
    at: datetime
    trouble: str = ""


async def board(memory: Recalls | None, environments: Sequence[str], at: datetime) -> Board:
    """What is known. It never fails: what cannot be read says so."""
    if memory is None:
        return Board((), at, "Volati has no memory just now, so it knows no verdicts; its log says why.")
    try:
        rows = [await _row(memory, place, area.name) for place in environments for area in AREAS]
    except StoreError as error:
        _log.warning("the last verdicts cannot be read", reason=str(error))
        return Board((), at, "Volati cannot reach its memory just now, so it knows no verdicts; its log says why.")
    return Board(tuple(rows), at)


async def _row(memory: Recalls, environment: str, area: str) -> Row:
    document = await memory.last_run(environment, area)
    if document is None:
        return Row(environment, area)
    try:
        diagnosis = (await asyncio.to_thread(Run.decode, document)).diagnosis  # a big cluster's run is 7 MB
    except RunUnreadableError as error:
        _log.warning("a saved run cannot be read", area=area, environment=environment, reason=str(error))
        return Row(environment, area, trouble="the last run was saved in a form this version cannot read")
    return Row(environment, area, diagnosis, diagnosis.started_at + timedelta(milliseconds=diagnosis.duration_ms))

"""Opens an incident from a verdict by itself, where the settings want that of its severity. It asks nobody."""

import structlog

from bot.errors import VolatiError
from bot.incidents.fault import about_diagnosis, severity_of
from bot.incidents.kept import Opening
from bot.slack.poster import Place
from diagnostics.model import Verdict
from diagnostics.runs import Run
from handlers.desk import Desk

_AT_FAULT = frozenset({Verdict.DOWN, Verdict.DEGRADED})
_log = structlog.get_logger()


async def opened_by_itself(desk: Desk, found: Run, thread: Place) -> None:
    """Open one in the verdict's thread, or join the one that its fault has; where that fails, the log says why."""
    tending, diagnosis = desk.tending, found.diagnosis
    if tending is None or diagnosis.verdict not in _AT_FAULT:
        return
    severity, about = severity_of(diagnosis), about_diagnosis(diagnosis, found.id)
    if about is None or severity not in tending.automatic:
        return
    shown = tending.shows.planned(desk.channel, thread.ts if thread.channel == desk.channel else "")
    try:
        kept = await tending.incidents.open(Opening(about, severity, None, shown))
    except VolatiError as error:
        _log.error("an incident could not be opened by itself", run=found.id, reason=str(error))
        return
    _log.info("an incident was opened by itself", run=found.id, incident=kept.id, joined=kept.joined)

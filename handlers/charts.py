"""Puts the charts of a run into its thread: what people would rather look at. Without them nothing is missing."""

import asyncio

import structlog

from bot.clients.drawing import NotDrawnError
from bot.slack.errors import SlackError
from bot.slack.letters import Attachment
from bot.slack.poster import Place
from diagnostics.charts import Chart, charts_of
from diagnostics.runs import Run, RunUnreadableError
from handlers.desk import Desk

_log = structlog.get_logger()


async def attach_charts(desk: Desk, place: Place, run: Run) -> None:
    """Draw the charts of a run, one after another, and attach each. What fails is logged, and keeps no verdict back."""
    try:
        charts = await asyncio.to_thread(charts_of, run)
        for chart in charts:
            await desk.poster.attach(place, await _attachment(desk, chart, run))
    except (NotDrawnError, RunUnreadableError, SlackError, OSError) as error:  # no room, no process
        _log.warning("a chart is missing", run=run.id, reason=str(error))


async def _attachment(desk: Desk, chart: Chart, run: Run) -> Attachment:
    return Attachment(f"volati-{run.id}-{chart.name}.png", chart.title, chart.alt, await desk.draw(chart))

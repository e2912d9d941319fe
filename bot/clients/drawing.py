"""Draws charts by matplotlib, the only module that knows it: in a process of its own, which takes its memory with it.

Run as a program, it reads a chart as JSON from its input and writes a PNG to its output. Nothing else is read.
"""

import asyncio
import contextlib
import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from bot.errors import VolatiError
from diagnostics.charts import Chart
from diagnostics.redaction import first_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Seconds for one chart. It takes about one; the first on a machine makes a cache of fonts, some five more.
DRAW_SECONDS = 20.0
#: Inches and dots for each: 960 pixels across, which a phone shows whole.
_WIDTH, _ROW, _LEAST, _DPI = 8.0, 0.45, 2.6, 120
#: Where bars are told apart also by people who do not see red and green alike (Okabe and Ito).
_COLOURS = ("#0072b2", "#e69f00", "#56b4e9", "#d55e00", "#009e73")


class NotDrawnError(VolatiError):
    """A chart could not be drawn; the message says why."""


async def drawn(chart: Chart, cache: Path | None = None, seconds: float = DRAW_SECONDS) -> bytes:
    """The chart as a PNG. `cache` is a folder of the bot's own in which the library notes the machine's fonts.

    Raises:
        NotDrawnError: it could not be drawn in time, or at all.
    """
    with TemporaryDirectory(prefix="volati-charts-") as folder:
        return await _drawn(chart, str(cache or folder), seconds)


async def _drawn(chart: Chart, cache: str, seconds: float) -> bytes:
    """As above. Nothing of the bot's own environment is handed on, secrets among it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"MPLCONFIGDIR": cache, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        async with asyncio.timeout(seconds):
            picture, words = await process.communicate(msgspec.json.encode(chart))
    except TimeoutError as error:
        raise NotDrawnError(f"The chart {chart.name} was not drawn within {seconds:g} s.") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode or not picture:
        last = first_words(words.decode("utf-8", "replace").strip().rpartition("\n")[2], 300)
        raise NotDrawnError(f"The chart {chart.name} was not drawn: {last or f'exit code {process.returncode}'}.")
    return picture


def picture_of(chart: Chart) -> bytes:
    """The chart as a PNG. It imports the library, which takes half a second and 40 MB: not in the bot's process."""
    import matplotlib as mpl  # noqa: PLC0415 on use, see above

    mpl.use("Agg")
    from matplotlib.figure import Figure  # noqa: PLC0415 after the choice above

    height = max(_LEAST, 1.4 + _ROW * len(chart.rows))
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    (_stack if chart.stacked else _group)(axes, chart)
    _frame(axes, chart)
    into = io.BytesIO()
    figure.savefig(into, format="png")
    return into.getvalue()


def _stack(axes: "Axes", chart: Chart) -> None:
    """One bar for each row, made of its series."""
    left = [0.0] * len(chart.rows)
    for series, colour in zip(chart.series, _COLOURS, strict=False):
        axes.barh(range(len(chart.rows)), series.values, left=left, color=colour, label=series.name)
        left = [base + value for base, value in zip(left, series.values, strict=True)]


def _group(axes: "Axes", chart: Chart) -> None:
    """Bars side by side for each row."""
    height = 0.8 / len(chart.series)
    for number, (series, colour) in enumerate(zip(chart.series, _COLOURS, strict=False)):
        places = [row + (number - (len(chart.series) - 1) / 2) * height for row in range(len(chart.rows))]
        bars = axes.barh(places, series.values, height=height, color=colour, label=series.name)
        axes.bar_label(bars, fmt="%.0f", padding=2, fontsize=8)


def _frame(axes: "Axes", chart: Chart) -> None:
    """Title, axes, the line to compare with, and what the colours mean."""
    axes.set_yticks(range(len(chart.rows)), chart.rows, fontsize=9)
    axes.invert_yaxis()  # the first row on top
    axes.set_xlabel(chart.unit)
    axes.set_title(chart.title, loc="left", fontsize=11, fontweight="bold", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    if chart.line is not None:
        axes.axvline(chart.line, color="#333333", linestyle="--", linewidth=1, label=chart.line_name)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)


def main() -> None:
    """Draw the chart that comes in."""
    chart = msgspec.json.decode(sys.stdin.buffer.read(), type=Chart)
    sys.stdout.buffer.write(picture_of(chart))


if __name__ == "__main__":
    main()

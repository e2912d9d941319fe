"""Tests of drawing charts: a picture, in a process of its own, within its time; and what fails is told."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from bot.clients.drawing import NotDrawnError, drawn
from diagnostics.charts import Chart, Series

CHART = Chart(
    name="use",
    title="volaticloud-backend: $use$ in percent",
    alt="Bars for two containers.",
    unit="% of the limit",
    rows=("a", "b"),
    series=(Series("processor", (95.0, 20.0)), Series("memory", (40.0, 50.0))),
    line=100.0,
    line_name="limit",
)
#: Seconds for a chart on a machine on which much else runs.
PATIENCE = 50.0


@pytest.mark.parametrize("stacked", [False, True])
async def test_a_picture(tmp_path: Path, *, stacked: bool) -> None:
    """Draws a PNG of the width that phones show whole, and leaves nothing behind."""
    chart = Chart(**{name: getattr(CHART, name) for name in CHART.__struct_fields__} | {"stacked": stacked})
    picture = await drawn(chart, tmp_path, PATIENCE)
    assert picture.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack("!II", picture[16:24])
    assert (width, height > 200) == (960, True)
    assert len(picture) < 200_000


async def test_too_late() -> None:
    """Says so when a chart takes too long, and ends what draws it."""
    with pytest.raises(NotDrawnError, match=r"not drawn within 0\.01 s"):
        await drawn(CHART, seconds=0.01)


async def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    """Says why in one line when a chart is none."""
    odd = Chart("odd", "t", "a", "u", ("a", "b"), (Series("x", (1.0, 2.0, 3.0)),))
    with pytest.raises(NotDrawnError, match="The chart odd was not drawn: ") as caught:
        await drawn(odd, tmp_path, PATIENCE)
    assert "\n" not in str(caught.value)


def test_imported_elsewhere() -> None:
    """Does not import the library into the bot's own process."""
    told = "import sys, handlers.diagnose; print(any(name.startswith('matplotlib') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)  # noqa: S603 our own words
    assert done.stdout.strip() == "False"

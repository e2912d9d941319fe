"""Tests of what a tab is told."""

from playground.page.tabs import Tab


async def test_newest_only() -> None:
    """It tells a slow tab only the newest form of each thing, so that what waits is bounded."""
    tab = Tab("U1")
    for number in range(1000):
        tab.put("C1 1.0", ("message", {"text": number}))
    tab.put("C1 2.0", ("message", {"text": "other"}))
    assert await tab.take() == [("message", {"text": 999}), ("message", {"text": "other"})]


async def test_close() -> None:
    """It wakes a tab that waits when it is closed."""
    tab = Tab("U1")
    tab.close()
    assert await tab.take() == []
    assert tab.closed

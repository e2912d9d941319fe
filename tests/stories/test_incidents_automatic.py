"""Incidents that open by themselves from a verdict, where the settings want it."""

from pathlib import Path

from bot.incidents.path import IncidentSeverity
from tests.stories.world import Story, story

AUTOMATIC = {"escalation": {"automatic": ["P0", "P1"]}}
FAULT = "wrong-client-secret"


async def opened(one: Story) -> list[tuple[str, IncidentSeverity, str]]:
    """What is open: in which thread, how grave, and what about."""
    assert one.desk.tending is not None
    found = await one.desk.tending.incidents.open_ones()
    return [(kept.shown.thread, kept.incident.severity, kept.about.area) for kept in found]


async def test_a_critical_verdict(tmp_path: Path) -> None:
    """It opens one in the diagnosis' thread; the same verdict again is the same incident."""
    async with story("sockets", tmp_path, more=AUTOMATIC) as one:
        await one.typed("oncall", "/volati diagnose keycloak")
        assert await opened(one) == []
        await one.platform.switch_on(FAULT)
        await one.typed("oncall", "/volati diagnose keycloak")
        thread = one.roots()[1].ts
        assert await opened(one) == [(thread, IncidentSeverity.P1, "keycloak")]
        await one.typed("oncall", "/volati diagnose keycloak")
        assert await opened(one) == [(thread, IncidentSeverity.P1, "keycloak")]


async def test_nobody_asked_for_it(tmp_path: Path) -> None:
    """It opens none by itself where the settings do not say so."""
    async with story("sockets", tmp_path) as one:
        await one.platform.switch_on(FAULT)
        await one.typed("oncall", "/volati diagnose keycloak")
        assert await opened(one) == []

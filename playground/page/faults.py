"""The faults of the platform as switches: which there are, by the runbook's section, which are on, one on, one off."""

import asyncio
from itertools import groupby
from typing import Any, Protocol

from playground.world.faults.model import Fault
from playground.world.platform import FAULTS, fault_named


class Breakable(Protocol):
    """A platform whose faults can be switched on, and mended all at once."""

    async def switch_on(self, name: str) -> None:
        """Switch a fault on. Raises UnknownScenarioError."""

    async def heal(self) -> None:
        """Mend everything."""


class FaultBoard:
    """The switches of one platform. It is the only hand on them: what is on is what was switched on here."""

    def __init__(self, platform: Breakable) -> None:
        self._platform = platform
        self._one_at_a_time = asyncio.Lock()
        self.on: set[str] = set()

    async def switch_on(self, name: str) -> Fault[Any]:
        """Break something; gives the fault.

        Raises:
            UnknownScenarioError: there is none of this name.
        """
        fault = fault_named(name)
        async with self._one_at_a_time:
            await self._platform.switch_on(name)
            if _breaks(fault):
                self.on.add(name)
        return fault

    async def switch_off(self, name: str) -> None:
        """Mend one thing: heal everything, and break the rest again. A fault that is not on is no error."""
        async with self._one_at_a_time:
            self.on.discard(name)
            await self._platform.heal()
            for other in sorted(self.on):
                await self._platform.switch_on(other)

    async def heal(self) -> None:
        """Mend everything."""
        async with self._one_at_a_time:
            await self._platform.heal()
            self.on.clear()

    def sections(self) -> list[dict[str, Any]]:
        """Every fault under its section of the runbook, in the order of the table."""
        ordered = sorted((fault for fault in FAULTS if _breaks(fault)), key=lambda fault: _SECTIONS[fault.section])
        return [
            {"title": title, "faults": [_row(fault) for fault in group]}
            for title, group in groupby(ordered, lambda fault: fault.section)
        ]


def _row(fault: Fault[Any]) -> dict[str, Any]:
    return {"name": fault.name, "area": fault.area, "breaks": fault.breaks, "expect": fault.expect}


def _breaks(fault: Fault[Any]) -> bool:
    """Whether this fault breaks anything: the table also names the healthy platform."""
    return fault.name != "healthy"


_SECTIONS = {fault.section: place for place, fault in reversed(list(enumerate(FAULTS)))}

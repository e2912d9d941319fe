"""The runner as a whole: what of it goes on, and what ends with it. What it does is in the stories of incidents."""

import asyncio
from typing import NoReturn

import pytest

from bot.incidents.lanes import Sweep
from tests.bot.incidents.stage import stage


async def test_it_ends_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves nothing at work when a part of it fails: whoever begins it again has each part once."""

    async def broken(_: Sweep) -> NoReturn:
        raise KeyError("a fault of ours")

    async with stage() as one:
        monkeypatch.setattr(Sweep, "run", broken)
        with pytest.raises(KeyError):
            await one.bot.runner.run()
        left = {task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("incidents: ")}
        assert left == set()

"""The stages that tests of acts stand on: a cluster at rest, and a bot with a store of its own."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import Store, open_store
from tests.bot.actions.stage import Stage, stage
from tests.bot.actions.toys import Bench


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    """A cluster at rest, and hands that may do anything in it."""
    async with stage() as one:
        yield one


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """A store in a server of its own; its folder has a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="volati-acts-") as name:
        async with open_store(None, Path(name)) as store:
            yield store


@pytest.fixture
def bench(store: Store) -> Bench:
    """A bot at work on the lamp."""
    return Bench(store)

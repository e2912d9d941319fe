"""Sees to it that one bot serves from a data folder: two on one embedded store would each act on what they hear.

The command line beside it is fine: it reads, and joins the same store as a guest.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.clients.valkey_folder import StoreFolder
from bot.errors import VolatiError

SERVE_LOCK = "serve.lock"
"""Held by the bot that serves. The kernel frees it however the process dies."""


class AlreadyServingError(VolatiError):
    """Another bot serves from the same data folder."""


@asynccontextmanager
async def sole(data_dir: Path) -> AsyncIterator[None]:
    """Be the one bot of the folder for as long as the block lasts.

    Raises:
        AlreadyServingError: another one is.
        StoreFolderUnusable: the folder cannot be used.
    """
    folder = await asyncio.to_thread(StoreFolder.prepared, data_dir)
    lock = folder.hold(SERVE_LOCK)
    if lock is None:
        raise AlreadyServingError(
            f"Another Volati serves from {folder.path.parent}, and two cannot share an embedded store. End that one, "
            "or give each its own data_dir; to run several replicas, set store.url to a Redis that they share."
        )
    try:
        yield
    finally:
        os.close(lock)

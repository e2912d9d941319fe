"""The real bot as a process of its own: started with a settings file, stopped as an operator would stop it."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

#: Seconds the bot has to stop by itself: it promises 20 to whoever waits for a verdict.
_STOP_SECONDS = 25.0


@asynccontextmanager
async def running_bot(document: dict[str, Any], folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot with these settings. Its output goes to `bot.log` in the folder; at the end it is stopped."""
    settings = folder / "volati.yaml"
    await asyncio.to_thread(settings.write_text, yaml.safe_dump(document), encoding="utf-8")
    log = await asyncio.to_thread((folder / "bot.log").open, "ab")
    with log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "serve", "--config", str(settings)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is for the playground, which then stops the bot
        )
        try:
            yield process
        finally:
            await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()

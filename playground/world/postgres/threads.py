"""Sees work on files in a thread through to its end, also for who was cancelled meanwhile. It does no work itself."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def seen_through(call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """What a call gives. A thread cannot be stopped, and what it writes must not outlive the folder it writes into."""
    work = asyncio.create_task(asyncio.to_thread(call, *args, **more))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work})
        raise

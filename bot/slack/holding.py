"""Keeps a lane held while a letter of it is sent, and stops the sending when another replica has the lane."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from bot.keys import LANE
from bot.slack.budget import Time

RENEW_SECONDS = (LANE.seconds or 0) / 4
"""Time between two renewals: three may fail, each within the store's deadline, before the lane is lost."""

T = TypeVar("T")


class LaneLostError(Exception):
    """Another replica holds the lane: it sends the letter, after looking whether it is there already."""


async def holding(send: Coroutine[Any, Any, T], renew: Callable[[], Awaitable[bool]], clock: Time) -> T:
    """What sending gives; meanwhile the lane is held. `renew` says whether it still is.

    Raises:
        LaneLostError: it is not; what was being sent may have arrived.
    """
    sending = asyncio.create_task(send, name="send a letter")
    renewing = asyncio.create_task(_until_lost(renew, clock), name="hold a lane")
    try:
        await asyncio.wait({sending, renewing}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            renewing.result()  # raises what went wrong in it
            raise LaneLostError
        return sending.result()
    finally:
        sending.cancel()
        renewing.cancel()
        await asyncio.wait({sending, renewing})


async def _until_lost(renew: Callable[[], Awaitable[bool]], clock: Time) -> None:
    await clock.sleep(RENEW_SECONDS)
    while await renew():
        await clock.sleep(RENEW_SECONDS)

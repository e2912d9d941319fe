"""A process that posts threads, or delivers what is left of them, and kills itself at a call when told to.

Arguments: store address, base address of the Web API, token, `post` or `deliver`, and the number of the call at which
to die with `before` or `after` it (0 for none).
"""

import asyncio
import os
import signal
import sys
from typing import Any

from bot.slack.message import Message, section
from bot.slack.poster import Poster
from bot.slack.transport import Transport, open_transport
from bot.store import Store
from diagnostics.redaction import Redactor

CHANNEL = "C0ENGINE0"
THREADS = 3
REPLIES = 2


class Mortal:
    """A connection to Slack that ends the process at one of its calls."""

    def __init__(self, transport: Transport, number: int, when: str) -> None:
        self._transport = transport
        self._left = number
        self._when = when

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    async def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call, and die before or after it."""
        self._left -= 1
        self._die("before")
        answer = await self._transport.call(method, arguments)
        self._die("after")
        return answer

    def _die(self, when: str) -> None:
        if self._left == 0 and self._when == when:
            os.kill(os.getpid(), signal.SIGKILL)


async def post(poster: Poster) -> None:
    """Post every thread; each message is kept when this returns."""
    for thread in range(THREADS):
        root = await poster.post(CHANNEL, Message(f"t{thread}", (section(f"t{thread}"),)))
        for reply in range(REPLIES):
            await poster.post(CHANNEL, Message(f"t{thread} r{reply}"), root.ts)


async def deliver(poster: Poster, store: Store) -> None:
    """Deliver until nothing waits."""
    delivery = asyncio.create_task(poster.deliver())
    while await store.lanes():  # noqa: ASYNC110 nothing in this process sets an event when a letter is settled
        await asyncio.sleep(0.02)
    delivery.cancel()


async def main(arguments: list[str]) -> None:
    """Do as the arguments say."""
    url, api_url, token, what, number, when = arguments
    async with Store.at(url) as store, open_transport(token, api_url) as transport:
        poster = Poster(Mortal(transport, int(number), when), Redactor(), store=store)
        if what == "deliver":
            await deliver(poster, store)
            return
        await post(poster)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

"""Sends the simulated PagerDuty's webhooks v3: signed, in order, again where they were not taken. It makes no events.

Behaviour: developer.pagerduty.com/docs/webhooks-behaviour. Five seconds for an answer; a timeout, 429 and 5xx are tried
again, any other answer but 2xx drops the event.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from playground.slack.clock import Clock, within

ANSWER_WITHIN_S = 5.0
GIVE_UP_S = 10.0  # real seconds after which a request nobody waits for any more is dropped
RETRY_AFTER_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)  # then it is dropped; the real one goes on for 48 hours
TOO_MANY, SERVER_FAILED = 429, 500
OK = range(200, 300)
SIGNATURE = "X-PagerDuty-Signature"


def signatures(body: bytes, secrets: Sequence[str]) -> str:
    """The header that goes with a body: one signature for each secret of the subscription."""
    return ",".join(f"v1={hmac.new(one.encode(), body, hashlib.sha256).hexdigest()}" for one in secrets)


@dataclass(slots=True)
class Attempt:
    """One try at bringing an event, and what came of it: a status, or None for no answer in time."""

    event: str
    status: int | None


@dataclass(slots=True)
class Subscription:
    """Where events go, and what they are signed with."""

    url: str
    secrets: tuple[str, ...]
    attempts: list[Attempt] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


class Sender:
    """Brings events to one subscription, one after another."""

    def __init__(self, subscription: Subscription, clock: Clock) -> None:
        self.subscription = subscription
        self.repeats = False
        self._clock = clock
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def send(self, event: dict[str, Any]) -> None:
        """Have an event brought."""
        self._queue.put_nowait(event)
        if self.repeats:
            self._queue.put_nowait(event)

    async def idle(self) -> None:
        """Return when everything was brought or dropped."""
        await self._queue.join()

    async def run(self) -> None:
        """Bring what comes, until cancelled."""
        async with aiohttp.ClientSession() as session:
            while True:
                event = await self._queue.get()
                try:
                    await self._bring(session, event)
                finally:
                    self._queue.task_done()

    async def _bring(self, session: aiohttp.ClientSession, event: dict[str, Any]) -> None:
        id = event["event"]["id"]
        for wait in (*RETRY_AFTER_S, None):
            status = await self._posted(session, event)
            self.subscription.attempts.append(Attempt(id, status))
            if status in OK:
                return
            again = status is None or status == TOO_MANY or status >= SERVER_FAILED
            if not again or wait is None:
                break
            await self._clock.sleep(wait)
        self.subscription.dropped.append(id)

    async def _posted(self, session: aiohttp.ClientSession, event: dict[str, Any]) -> int | None:
        asked = asyncio.ensure_future(self._post(session, event))
        try:
            return await within(self._clock, ANSWER_WITHIN_S, asked)
        except (aiohttp.ClientError, TimeoutError):
            return None
        finally:
            asked.cancel()

    async def _post(self, session: aiohttp.ClientSession, event: dict[str, Any]) -> int:
        body = json.dumps(event).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "PagerDuty-Webhook/V3.0",
            "X-Webhook-Id": event["event"]["id"],
            SIGNATURE: signatures(body, self.subscription.secrets),
        }
        timeout = aiohttp.ClientTimeout(total=GIVE_UP_S)
        async with session.post(self.subscription.url, data=body, headers=headers, timeout=timeout) as response:
            return response.status

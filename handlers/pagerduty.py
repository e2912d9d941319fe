"""The way in for PagerDuty's webhooks: verified before they are understood, kept before they are answered, and no more.

PagerDuty waits five seconds and tries again for two days. So an event is answered once it is kept, and worked on later;
one that cannot be kept is answered with 503, and comes again. A refusal says its status and one word.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from aiohttp import web

from bot.errors import VolatiError
from bot.incidents.webhooks import (
    BODY_AT_MOST,
    SIGNATURE,
    Hook,
    Ignored,
    MalformedHookError,
    parse,
    signed,
)
from bot.metrics import Recorder
from handlers.http import COMPLAIN_SECONDS, Refusal, RefusedError, read_body

PATH = "/pagerduty/webhook"
"""The address that is entered as a webhook subscription at PagerDuty."""

KEEP_SECONDS = 3.0
"""How long keeping an event may take: PagerDuty waits five, of which the body may have taken one."""

REMEMBERED = 5_000
"""Event ids of which a repeat is known here without asking the shared memory; about 0.5 MB."""

TAKEN, REPEATED, LATER = 202, 200, 503
_JSON = "application/json"
_log = structlog.get_logger()


class Inbox(Protocol):
    """Who keeps events, to be worked on afterwards."""

    async def keep(self, hook: Hook) -> bool:
        """Keep an event for as long as PagerDuty may repeat it; False: it was kept before.

        Raises:
            VolatiError: it cannot be kept now.
        """
        ...


@dataclass(slots=True)
class Hooks:
    """Answers PagerDuty's requests. Several secrets: while one is being replaced by another."""

    secrets: Sequence[str]
    inbox: Inbox
    recorder: Recorder
    monotonic: Callable[[], float]
    _seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _complained: float = float("-inf")

    async def handle(self, request: web.Request) -> web.Response:
        """The answer to one request."""
        try:
            event = parse(await self._verified(request))
        except RefusedError as error:
            return self._refused(error.refusal)
        except MalformedHookError as error:
            _log.warning("PagerDuty sent what is not understood", reason=str(error))
            return self._refused(Refusal.MALFORMED)
        if isinstance(event, Ignored):
            return self._answer("ignored", TAKEN)
        return await self._taken(event)

    async def _verified(self, request: web.Request) -> bytes:
        """The body of a request that is PagerDuty's. Raises RefusedError; what is cheap to see is looked at first."""
        if request.method != "POST":
            raise RefusedError(Refusal.METHOD)
        if (request.content_length or 0) > BODY_AT_MOST:
            raise RefusedError(Refusal.TOO_LARGE)
        if request.content_type != _JSON or request.headers.get("Content-Encoding"):
            raise RefusedError(Refusal.CONTENT_TYPE)
        header = ",".join(request.headers.getall(SIGNATURE, []))
        if not header:
            raise RefusedError(Refusal.UNSIGNED)
        body = await read_body(request, BODY_AT_MOST)
        if not signed(header, body, self.secrets):
            raise RefusedError(Refusal.SIGNATURE)
        return body

    async def _taken(self, hook: Hook) -> web.Response:
        """Keep an event, then answer. A repeat is answered well: PagerDuty would send it again otherwise."""
        if hook.id in self._seen:
            return self._answer("repeated", REPEATED)
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                new = await self.inbox.keep(hook)
        except (VolatiError, TimeoutError) as error:
            _log.warning("an event of PagerDuty's could not be kept", reason=str(error) or "it took too long")
            return self._answer("failed", LATER)
        self._remember(hook.id)
        return self._answer("taken", TAKEN) if new else self._answer("repeated", REPEATED)

    def _remember(self, id: str) -> None:
        self._seen[id] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def _answer(self, outcome: str, status: int) -> web.Response:
        self.recorder.delivery("pagerduty", outcome)
        return web.Response(status=status, text=outcome)

    def _refused(self, refusal: Refusal) -> web.Response:
        status, said = refusal.value
        self.recorder.request_refused(f"pagerduty-{said}")
        if refusal is Refusal.SIGNATURE:
            self._complain()
        headers = {"Allow": "POST"} if refusal is Refusal.METHOD else {}
        return web.Response(status=status, text=said, headers=headers)

    def _complain(self) -> None:
        """Say now and then that signatures are wrong: a wrong secret shows nowhere else."""
        now = self.monotonic()
        if now - self._complained >= COMPLAIN_SECONDS:
            self._complained = now
            remedy = "If PagerDuty sent it, put the subscription's secret into pagerduty.webhook_secrets."
            _log.warning("a webhook was refused: it is signed with none of our secrets", remedy=remedy)

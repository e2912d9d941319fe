"""Speaks to Slack's Web API, and turns its failures into errors of ours. One call is one request: it never repeats."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.errors import SlackBusy, SlackError, SlackUnreachable, refusal

CALL_SECONDS = 10.0
"""Longest time for one request. Slack answers within some hundred ms; a connection set up anew may need seconds."""

_TOO_MANY = 429
_SERVER_FAILED = 500
_UNKNOWN_WAIT = 30.0  # seconds, where Slack says "too many" and not for how long: a minute holds 50 calls
_OWN_FAILURES = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in Slack, as auth.test says."""

    team_id: str
    user_id: str
    bot_id: str


class Transport:
    """One HTTP session to Slack."""

    def __init__(self, token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._client = AsyncWebClient(token=token, base_url=api_url, session=session, retry_handlers=[])
        self.client = AsyncWebClient(base_url=api_url, session=session, retry_handlers=[])
        """A client of the vendor's without a token, for those of its parts that want one."""

    async def call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What a method answers.

        Raises:
            SlackUnreachable: there was no answer; its `sent` says whether the call may have been done all the same.
            SlackBusy: Slack takes no more calls for a while.
            SlackRefused: Slack said no; the subclass says why.
        """
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self._client.api_call(method, json=dict(arguments))
        except SlackApiError as error:
            raise _ours(error, method) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _no_answer(error, method) from error
        data = answer.data
        return dict(data) if isinstance(data, dict) else {}

    async def answer(self, url: str, body: Mapping[str, Any]) -> None:
        """Answer at a response_url. Raises as `call`; the address is a secret and is in no message."""
        method = "response_url"
        try:
            async with asyncio.timeout(CALL_SECONDS), self._session.post(url, json=dict(body)) as response:
                if response.status == _TOO_MANY:
                    raise _busy(method, response.headers.get("Retry-After"))
                if response.status >= _SERVER_FAILED:
                    raise SlackUnreachable(_failed(method, f"HTTP {response.status}"), sent=True)
                if not response.ok:
                    raise refusal(f"HTTP {response.status}", method)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _no_answer(error, method) from None  # its text may repeat the address

    async def socket_address(self, app_token: str) -> str:
        """A one-time address for a Socket Mode connection. Raises as `call`."""
        data = await self.call("apps.connections.open", {"token": app_token})
        return str(data.get("url", ""))

    async def identity(self) -> Identity:
        """Who the bot is. Raises as `call`."""
        data = await self.call("auth.test", {})
        return Identity(*(str(data.get(field, "")) for field in ("team_id", "user_id", "bot_id")))


@asynccontextmanager
async def open_transport(token: str, api_url: str) -> AsyncIterator[Transport]:
    """A transport with one session for all calls, closed at the end. No proxy but the environment's own."""
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Transport(token, api_url, session)


def _ours(error: SlackApiError, method: str) -> SlackError:
    response = error.response
    status, headers = getattr(response, "status_code", 0), getattr(response, "headers", {})
    data = getattr(response, "data", None)  # text, when something before Slack answered in its place
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == _TOO_MANY or code == "ratelimited":
        return _busy(method, headers.get("Retry-After"))
    if code in _OWN_FAILURES or not code or status >= _SERVER_FAILED:
        return SlackUnreachable(_failed(method, code or f"HTTP {status}"), sent=True)
    return refusal(code, method)


def _busy(method: str, wait: str | None) -> SlackBusy:
    seconds = float(wait) if wait and wait.isdecimal() else _UNKNOWN_WAIT
    return SlackBusy(f"Slack takes no more calls of {method} for {seconds:g} s. Ask for less at a time.", seconds)


def _no_answer(error: Exception, method: str) -> SlackUnreachable:
    """Whether it may have been done: not, when no connection came about, or one was cut before any answer.

    The latter is nearly always a kept one that Slack had closed for being idle, and cutting is rare while Slack works
    on a call; a verdict twice is better than none. A timeout leaves it open.
    """
    unsent = isinstance(error, aiohttp.ClientOSError | aiohttp.ServerDisconnectedError)
    return SlackUnreachable(_failed(method, type(error).__name__), sent=not unsent)


def _failed(method: str, what: str) -> str:
    return f"Slack did not answer {method} ({what}). Look at status.slack.com and at the way out of this network."

"""Speaks to Slack's Web API, and turns its failures into errors of ours. One call is one request: it never repeats."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.metrics import Recorder, Unrecorded
from bot.slack.errors import Scopes, SlackBusy, SlackError, SlackRefused, SlackUnreachable, refusal

CALL_SECONDS = 10.0
"""Longest time for one request. Slack answers within some hundred ms; a connection set up anew may need seconds."""

UPLOAD_SECONDS = 30.0
"""Longest time for the bytes of one file: a report has less than 1 MB, which a slow line carries in that time."""

_TOO_MANY = 429
_SERVER_FAILED = 500
_UNAVAILABLE = 503
_UNKNOWN_WAIT = 30.0  # seconds, where Slack says "too many" and not for how long: a minute holds 50 calls
# What reading an answer raises that is no JSON object: the vendor's client calls `get` on whatever came.
_NO_ANSWER_OF_SLACKS = (ValueError, AttributeError, TypeError, RecursionError)
_STRANGE = "something between here and Slack answers in its place"
_LONGEST_WAIT = 3600.0  # seconds; Slack asks for a minute or so, and what asks for days is not Slack, or is mistaken
_BUSY = frozenset({"ratelimited", "rate_limited"})
# Slack's own failures. Of two it says that the call may have been done (docs.slack.dev/reference/methods/auth.test,
# errors); `request_timeout` says that the call came in part only, and the last that it was not looked at.
_MAYBE_DONE = frozenset({"internal_error", "fatal_error"})
_NOT_DONE = frozenset({"request_timeout", "service_unavailable", "team_added_to_org"})
# Only methods that write take JSON; a form is taken by all (docs.slack.dev/apis/web-api).
_TAKE_JSON = (
    "chat.postMessage",
    "chat.postEphemeral",
    "chat.update",
    "views.",
    "apps.connections.open",
    "blocks.validate",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in Slack, as auth.test says."""

    team_id: str
    user_id: str
    bot_id: str


@dataclass(frozen=True, slots=True)
class Introduction:
    """What auth.test and its headers say: names of workspace and bot, granted scopes, Slack's time in UTC."""

    team: str
    user: str
    scopes: frozenset[str]
    at: datetime | None


class Transport:
    """One HTTP session to Slack."""

    def __init__(
        self, token: str, api_url: str, session: aiohttp.ClientSession, recorder: Recorder | None = None
    ) -> None:
        self._session = session
        self._recorder: Recorder = recorder or Unrecorded()
        self._client = AsyncWebClient(token=token, base_url=api_url, session=session, retry_handlers=[])
        self.client = AsyncWebClient(base_url=api_url, session=session, retry_handlers=[])
        """A client of the vendor's without a token, for those of its parts that want one."""

    @property
    def recorder(self) -> Recorder:
        """Who counts."""
        return self._recorder

    async def call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What a method answers; how each call ended is counted.

        Raises:
            SlackUnreachable: there was no answer; its `sent` says whether the call may have been done all the same.
            SlackBusy: Slack takes no more calls for a while.
            SlackRefused: Slack said no; the subclass says why.
        """
        try:
            data = await self._called(method, dict(arguments))
        except SlackError as error:
            self._recorder.slack_call(method, _outcome(error))
            raise
        self._recorder.slack_call(method, "ok")
        return data

    async def _called(self, method: str, written: dict[str, Any]) -> dict[str, Any]:
        body = {"json": written} if method.startswith(_TAKE_JSON) else {"data": _form(written)}
        data, _ = await self._asked(method, **body)
        return data

    async def _asked(self, method: str, **body: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:  # noqa: ANN401 JSON
        """The data and the headers of a method's answer. Raises as `call`."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self._client.api_call(method, **body)
        except SlackApiError as error:
            raise _ours(error, method) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _no_answer(error, method) from error
        except _NO_ANSWER_OF_SLACKS as error:
            raise SlackUnreachable(_failed(method, f"{type(error).__name__}: {_STRANGE}"), sent=True) from None
        if not isinstance(answer.data, dict):
            raise SlackUnreachable(_failed(method, _STRANGE), sent=True)
        return answer.data, answer.headers

    async def answer(self, url: str, body: Mapping[str, Any]) -> None:
        """Answer at a response_url. Raises as `call`; the address is a secret and is in no message."""
        method = "response_url"
        if not _leads_somewhere(url):  # and would not, however often it is tried
            raise refusal("invalid_url", method)
        try:
            async with asyncio.timeout(CALL_SECONDS), self._session.post(url, json=dict(body)) as response:
                if not response.ok:
                    raise await _outside(response, method)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _no_answer(error, method) from None  # its text may repeat the address

    async def upload(self, url: str, content: bytes) -> None:
        """Bring a file's bytes to where Slack wants them. Raises as `call`; the address is a secret, as above."""
        method = "upload"
        limit = aiohttp.ClientTimeout(total=UPLOAD_SECONDS)
        try:
            async with (
                asyncio.timeout(UPLOAD_SECONDS),
                self._session.post(url, data=content, timeout=limit) as response,
            ):
                if not response.ok:
                    raise await _outside(response, method)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _no_answer(error, method) from None

    async def socket_address(self, app_token: str) -> str:
        """A one-time address for a Socket Mode connection. Raises as `call`."""
        data = await self.call("apps.connections.open", {"token": app_token})
        return str(data.get("url", ""))

    async def identity(self) -> Identity:
        """Who the bot is. Raises as `call`."""
        data = await self.call("auth.test", {})
        me = Identity(*(str(data.get(field, "")) for field in ("team_id", "user_id", "bot_id")))
        if not (me.team_id and me.user_id):  # as nobody, the bot would take everybody for a stranger
            raise SlackUnreachable(_failed("auth.test", _STRANGE), sent=False)
        return me

    async def introduction(self) -> Introduction:
        """Who the bot is, what its token may do, and Slack's time. Raises as `call`."""
        data, given = await self._asked("auth.test")
        headers = {name.lower(): str(value) for name, value in given.items()}
        scopes = frozenset(scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",") if scope.strip())
        told = str(data.get("team", "")), str(data.get("user", ""))
        return Introduction(*told, scopes, _moment(headers.get("date", "")))


@asynccontextmanager
async def open_transport(token: str, api_url: str, recorder: Recorder | None = None) -> AsyncIterator[Transport]:
    """A transport with one session for all calls, closed at the end. No proxy but the environment's own."""
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Transport(token, api_url, session, recorder)


def _outcome(error: SlackError) -> str:
    """A failure as the metrics name it: busy, unreachable, or the code Slack refused the call with."""
    if isinstance(error, SlackRefused):
        return error.code
    return "busy" if isinstance(error, SlackBusy) else "unreachable"


def _ours(error: SlackApiError, method: str) -> SlackError:
    response = error.response
    status, headers = getattr(response, "status_code", 0), getattr(response, "headers", {})
    data = getattr(response, "data", None)  # text, when something before Slack answered in its place
    told = data if isinstance(data, dict) else {}
    code = str(told.get("error") or "")
    if status == _TOO_MANY or code in _BUSY:
        return _busy(method, headers.get("Retry-After"))
    if status >= _SERVER_FAILED or not code or code in _MAYBE_DONE | _NOT_DONE:
        return SlackUnreachable(_failed(method, code or f"HTTP {status}"), sent=_maybe_done(status, code))
    return refusal(code, method, Scopes(str(told.get("needed") or ""), str(told.get("provided") or "")))


async def _outside(response: aiohttp.ClientResponse, method: str) -> SlackError:
    """The error in an answer that is not one of the Web API."""
    status = response.status
    if status == _TOO_MANY:
        return _busy(method, response.headers.get("Retry-After"))
    if status >= _SERVER_FAILED:
        return SlackUnreachable(_failed(method, f"HTTP {status}"), sent=_maybe_done(status, ""))
    return refusal(_code(await response.text(errors="replace")) or f"HTTP {status}", method)


def _leads_somewhere(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _code(body: str) -> str:
    """Slack's own word in the body of a refusal, if there is one."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(told.get("error") or "") if isinstance(told, dict) else ""


def _maybe_done(status: int, code: str) -> bool:
    """Whether a call that failed at Slack may have been done. 503 says that it was not looked at (RFC 9110)."""
    return status != _UNAVAILABLE and code not in _NOT_DONE


def _form(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Arguments as a form: structures as JSON, yes and no as Slack writes them."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in arguments.items()
        if value is not None
    }


def _busy(method: str, wait: str | None) -> SlackBusy:
    seconds = min(float(wait), _LONGEST_WAIT) if wait and wait.isdecimal() else _UNKNOWN_WAIT
    return SlackBusy(f"Slack takes no more calls of {method} for {seconds:g} s. Ask for less at a time.", seconds)


def _no_answer(error: Exception, method: str) -> SlackUnreachable:
    """Whether it may have been done: not, where no connection came about. One that was cut leaves it open."""
    unsent = isinstance(error, aiohttp.ClientConnectorError)
    return SlackUnreachable(_failed(method, type(error).__name__), sent=not unsent)


def _failed(method: str, what: str) -> str:
    return f"Slack did not answer {method} ({what}). Look at status.slack.com and at the way out of this network."


def _moment(header: str) -> datetime | None:
    """An HTTP date, aware; None where there is none."""
    try:
        return parsedate_to_datetime(header)
    except ValueError:
        return None

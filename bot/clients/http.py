"""HTTP by httpx, the only module that knows it: one request, one deadline, and an outcome instead of an exception."""

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import httpx

from bot.clients.failures import code, root, words
from diagnostics.evidence.http import NoAnswer, Outgoing, Reply, Stage

#: Bytes of a body that are read: ten times the longest answer the bot asks for (a page of 100 resources).
BODY_AT_MOST = 1_000_000
#: Seconds for one request. Below a source's 5 s, so that silence is evidence ("no answer") and not blindness.
REQUEST_SECONDS = 4.0
#: The part of a request's time that connecting may take, and after it the handshake.
_CONNECT_SHARE = 0.9
#: What the connection is about to do after each event of httpcore's trace. The words of an error do not tell a failed
#: handshake from a failed connection, nor does its type.
_STAGES = {
    "connection.connect_tcp.started": Stage.CONNECT,
    "connection.connect_tcp.complete": Stage.ANSWER,
    "connection.start_tls.started": Stage.TLS,
    "connection.start_tls.complete": Stage.ANSWER,
}
#: Between these the server has the request and has not begun to answer.
_ASKED, _ANSWERING = "http11.send_request_headers.started", "http11.receive_response_headers.complete"


class _Trace:
    """How far one request has come. A connection that is open already is past everything but the answer."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.stage = Stage.ANSWER
        self.asked: float | None = None
        self.answered: float | None = None

    async def __call__(self, event: str, _: object) -> None:
        self.stage = _STAGES.get(event, self.stage)
        if event == _ASKED:
            self.asked = time.monotonic()
        elif event == _ANSWERING:
            self.answered = time.monotonic()

    @property
    def waited_ms(self) -> int | None:
        """How long the server took to begin its answer."""
        both = self.asked is not None and self.answered is not None
        return round((self.answered - self.asked) * 1000) if both else None  # type: ignore[operator]  # both are there

    def ended(self, error: Exception) -> NoAnswer:
        """Where the request ended, and why."""
        cause = root(error)
        unknown = self.stage is Stage.CONNECT and isinstance(cause, socket.gaierror)
        stage = Stage.NAME if unknown else self.stage
        # The system's own patience with a connection can end before ours.
        late = isinstance(error, httpx.TimeoutException) or isinstance(cause, TimeoutError)
        detail = f"nothing within {_ms(self.began) / 1000:.1f} s" if late else words(cause)
        return NoAnswer(stage, detail, timed_out=late, took_ms=_ms(self.began), code=code(cause))


class HttpClient:
    """A connection pool for the requests of one environment; satisfies `diagnostics.evidence.http.Http`.

    Args:
        trust: the TLS context that decides which certificates are trusted.
        seconds: the deadline of one request.
    """

    def __init__(self, trust: ssl.SSLContext, seconds: float = REQUEST_SECONDS) -> None:
        # The environment's proxy settings are not for us: what is looked at must be the platform itself.
        # Connecting ends before the request as a whole does: cut off from outside, httpcore leaves a handshake open.
        timeout = httpx.Timeout(None, connect=_CONNECT_SHARE * seconds)
        self._client = httpx.AsyncClient(verify=trust, trust_env=False, follow_redirects=False, timeout=timeout)
        self._seconds = seconds

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, request: Outgoing) -> Reply | NoAnswer:
        """Send one request and give the reply, or where on the way it ended. Raises nothing but cancellation."""
        trace = _Trace()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._reply(request, trace)
        except TimeoutError:
            detail = f"nothing within {self._seconds:g} s"
            return NoAnswer(trace.stage, detail, timed_out=True, took_ms=_ms(trace.began))
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            return trace.ended(error)
        except UnicodeError:  # a token or an address that cannot be written into a request
            return NoAnswer(Stage.ANSWER, "it cannot be sent: not ASCII", timed_out=False, took_ms=_ms(trace.began))

    async def _reply(self, request: Outgoing, trace: _Trace) -> Reply:
        async with self._client.stream(**_arguments(request), extensions={"trace": trace}) as response:
            body = await _bounded(response, request.at_most or BODY_AT_MOST)
            return Reply(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body,
                took_ms=_ms(trace.began),
                received_at=datetime.now(UTC),
                waited_ms=trace.waited_ms,
                read_ms=_ms(trace.answered) if trace.answered is not None else None,
            )


async def _bounded(response: httpx.Response, most: int) -> bytes:
    """The body, cut at the bound. A cut body is no longer JSON and so is shown as what it is: too long."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        parts.append(part[: most - size])
        size += len(part)
        if size >= most:
            break
    return b"".join(parts)


def _arguments(request: Outgoing) -> dict[str, Any]:
    headers: Mapping[str, str] = {"Accept": "application/json", "Accept-Language": "en", "User-Agent": "volati"}
    if request.bearer:
        headers = {**headers, "Authorization": f"Bearer {request.bearer}"}
    headers = {**headers, **request.headers}
    body: dict[str, Any] = {"json": request.body} if request.body is not None else {}
    if request.form:
        body = {"data": dict(request.form)}
    return {"method": request.method, "url": request.url, "headers": headers, **body}


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)

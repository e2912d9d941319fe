"""HTTP by httpx, the only module that knows it: one request, one deadline, and an outcome instead of an exception."""

import asyncio
import re
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import httpx

from diagnostics.evidence.http import NoAnswer, Outgoing, Reply, Stage

#: Bytes of a body that are read: ten times the longest answer the bot asks for (a page of 100 resources).
BODY_AT_MOST = 1_000_000
#: Seconds for one request. Below a source's 5 s, so that silence is evidence ("no answer") and not blindness.
REQUEST_SECONDS = 4.0
#: The part of a request's time that connecting may take.
_CONNECT_SHARE = 0.75
#: Redirects are evidence, and the trace of httpcore is what tells a failed handshake from a failed connection.
_TLS_WORDS = re.compile("certificate|ssl|tls|handshake|wrong version number", re.IGNORECASE)


class HttpClient:
    """A connection pool for the requests of one environment; satisfies `diagnostics.evidence.http.Http`.

    Args:
        trust: the TLS context that decides which certificates are trusted.
        seconds: the deadline of one request.
    """

    def __init__(self, trust: ssl.SSLContext, seconds: float = REQUEST_SECONDS) -> None:
        # The environment's proxy settings are not for us: what is looked at must be the platform itself.
        # Connecting ends before the request as a whole does: where it ended must not be a matter of chance.
        timeout = httpx.Timeout(seconds, connect=_CONNECT_SHARE * seconds)
        self._client = httpx.AsyncClient(verify=trust, trust_env=False, follow_redirects=False, timeout=timeout)
        self._seconds = seconds

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, request: Outgoing) -> Reply | NoAnswer:
        """Send one request and give the reply, or where on the way it ended. Raises nothing but cancellation."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._reply(request, began)
        except TimeoutError:
            return NoAnswer(Stage.ANSWER, f"nothing within {self._seconds:g} s", timed_out=True, took_ms=_ms(began))
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            return _no_answer(error, _ms(began))
        except UnicodeError:  # a token or an address that cannot be written into a request
            return NoAnswer(Stage.ANSWER, "it cannot be sent: not ASCII", timed_out=False, took_ms=_ms(began))

    async def _reply(self, request: Outgoing, began: float) -> Reply:
        async with self._client.stream(**_arguments(request)) as response:
            body = await _bounded(response)
            return Reply(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body,
                took_ms=_ms(began),
                received_at=datetime.now(UTC),
            )


async def _bounded(response: httpx.Response) -> bytes:
    """The body, cut at the bound. A cut body is no longer JSON and so is shown as what it is: too long."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        parts.append(part[: BODY_AT_MOST - size])
        size += len(part)
        if size >= BODY_AT_MOST:
            break
    return b"".join(parts)


def _arguments(request: Outgoing) -> dict[str, Any]:
    headers: Mapping[str, str] = {"Accept": "application/json", "Accept-Language": "en", "User-Agent": "volati"}
    if request.bearer:
        headers = {**headers, "Authorization": f"Bearer {request.bearer}"}
    body: dict[str, Any] = {"json": request.body} if request.body is not None else {}
    if request.form:
        body = {"data": dict(request.form)}
    return {"method": request.method, "url": request.url, "headers": headers, **body}


def _no_answer(error: Exception, took_ms: int) -> NoAnswer:
    if isinstance(error, httpx.ConnectError | ssl.SSLError):
        stage = Stage.TLS if _TLS_WORDS.search(str(error)) else _connect_stage(error)
    else:
        stage = Stage.CONNECT if isinstance(error, httpx.ConnectTimeout) else Stage.ANSWER
    words = str(error) or type(error).__name__
    return NoAnswer(stage, words, timed_out=isinstance(error, httpx.TimeoutException), took_ms=took_ms)


def _connect_stage(error: Exception) -> Stage:
    words = str(error).lower()
    unknown = "name or service not known" in words or "name resolution" in words or "no address" in words
    return Stage.NAME if unknown else Stage.CONNECT


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)

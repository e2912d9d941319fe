"""Tests of the HTTP client against small servers: an outcome for everything, an exception for nothing."""

import asyncio
import errno
import gzip
import json
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.clients.http import BODY_AT_MOST, REQUEST_SECONDS, HttpClient
from diagnostics.evidence.http import NoAnswer, Outgoing, Reply, Stage
from diagnostics.observe import Deadlines
from playground.world.certificates import Authority, Kind
from tests.bot.clients.servers import answering, dropping, nobody, says, silent, talking

#: Seconds for what ends at three quarters of them: the rest is what a busy machine may be late.
WITH_ROOM = 0.8
SOON = 0.2  # seconds: long enough for loopback on a busy machine, short enough to wait for


async def sent(request: Outgoing, seconds: float = 5.0, trust: ssl.SSLContext | None = None) -> Reply | NoAnswer:
    async with HttpClient(trust or ssl.create_default_context(), seconds) as client:
        return await client.send(request)


async def got(url: str, seconds: float = 5.0, trust: ssl.SSLContext | None = None) -> Reply | NoAnswer:
    return await sent(Outgoing("GET", url), seconds, trust)


def replied(outcome: Reply | NoAnswer) -> Reply:
    assert isinstance(outcome, Reply), outcome
    return outcome


def failed(outcome: Reply | NoAnswer) -> NoAnswer:
    assert isinstance(outcome, NoAnswer), outcome
    return outcome


async def test_a_reply() -> None:
    """Gives status, headers in lower case, body, and times of an answer."""

    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"a": 1}, status=201, headers={"X-Thing": "Value"})

    async with answering(handler) as url:
        reply = replied(await got(url))
    assert (reply.status, reply.document(), reply.headers["x-thing"]) == (201, {"a": 1}, "Value")
    assert reply.took_ms >= 0
    assert reply.received_at.tzinfo is not None


async def test_a_bound_of_its_own() -> None:
    """Reads as much of an answer as the request says, where it says so."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * (2 * BODY_AT_MOST))

    async with answering(handler) as url:
        assert len(replied(await got(url)).body) == BODY_AT_MOST
        for most in (10, 3 * BODY_AT_MOST):
            reply = replied(await sent(Outgoing("GET", url, at_most=most)))
            assert len(reply.body) == min(most, 2 * BODY_AT_MOST)


async def test_where_the_time_goes() -> None:
    """Tells the server's own time, from the request to the head of its answer, from the time the body takes."""

    async def handler(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(SOON)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"a")
        await asyncio.sleep(SOON)
        await response.write(b"b")
        return response

    async with answering(handler) as url:
        reply = replied(await got(url))
    soon_ms = round(1000 * SOON)
    assert reply.waited_ms is not None
    assert reply.read_ms is not None
    assert reply.waited_ms >= soon_ms - 1
    assert reply.read_ms >= soon_ms - 1
    assert reply.waited_ms + reply.read_ms <= reply.took_ms + 1


async def test_what_is_sent() -> None:
    """Sends method, form, JSON and bearer, asks for JSON, and says who it is."""
    seen: list[tuple[str, Any, str]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.method, await request.text(), request.headers.get("Authorization", "")))
        assert request.headers["Accept"] == "application/json"
        assert request.headers["User-Agent"] == "volati"
        return web.Response()

    async with answering(handler) as url:
        await sent(Outgoing("POST", url, form={"a": "b c&d"}))
        await sent(Outgoing("PUT", url, body={"x": [1]}, bearer="t0k3n"))
    assert seen[0] == ("POST", "a=b+c%26d", "")
    assert (seen[1][0], json.loads(seen[1][1]), seen[1][2]) == ("PUT", {"x": [1]}, "Bearer t0k3n")


async def test_redirects_are_not_followed() -> None:
    """Gives a redirect as what it is, and asks nobody else."""
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": "/login"})

    async with answering(handler) as url:
        reply = replied(await got(f"{url}/realms"))
    assert (reply.status, reply.headers["location"], asked) == (302, "/login", ["/realms"])


async def test_no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the platform itself, whatever proxy the environment names."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, nobody())

    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="direct")

    async with answering(handler) as url:
        assert replied(await got(url)).body == b"direct"


@pytest.mark.parametrize("size", [BODY_AT_MOST - 1, BODY_AT_MOST, BODY_AT_MOST + 1, 3 * BODY_AT_MOST])
async def test_a_body_is_bounded(size: int) -> None:
    """Reads a body up to its bound and no further."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * size)

    async with answering(handler) as url:
        assert len(replied(await got(url)).body) == min(size, BODY_AT_MOST)


async def test_a_body_without_end() -> None:
    """Stops reading a body that never ends."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    async with answering(handler) as url:
        assert len(replied(await got(url)).body) == BODY_AT_MOST


async def test_a_small_body_that_unpacks_to_a_huge_one() -> None:
    """Bounds what a packed body unpacks to."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"0" * 30 * BODY_AT_MOST), headers={"Content-Encoding": "gzip"})

    async with answering(handler) as url:
        assert len(replied(await got(url)).body) == BODY_AT_MOST


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
    ],
    ids=["nothing", "ssh", "cut", "bad chunk", "bad gzip", "huge header", "bad status"],
)
async def test_what_is_no_http(words: bytes) -> None:
    """Says that no answer came when what came is not HTTP, or is cut off."""
    async with talking(says(words)) as url:
        outcome = failed(await got(url))
    assert (outcome.stage, outcome.timed_out) == (Stage.ANSWER, False)
    assert outcome.detail


@pytest.mark.parametrize("words", [b"HTTP/1.1 200 OK\r\nX: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}"])
async def test_headers_that_are_no_text(words: bytes) -> None:
    """Reads headers of any bytes."""
    async with talking(says(words)) as url:
        assert replied(await got(url)).document() == {}


async def test_silence() -> None:
    """Ends a request that gets no answer at its deadline, and says that a deadline ended it."""
    async with talking(silent) as url:
        outcome = failed(await got(url, SOON))
    assert outcome == NoAnswer(Stage.ANSWER, "nothing within 0.2 s", timed_out=True, took_ms=outcome.took_ms)
    assert outcome.took_ms >= 200


async def test_a_body_that_drips() -> None:
    """Ends also a request whose answer comes drop by drop, each within the deadline."""
    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"x")
            await writer.drain()
            await asyncio.wait([asyncio.ensure_future(gone.wait())], timeout=SOON / 4)

    async with talking(drip) as url:
        outcome = failed(await got(url, SOON))
        gone.set()
    assert (outcome.stage, outcome.timed_out) == (Stage.ANSWER, True)


async def test_refused() -> None:
    """Says of a port where nothing listens that connecting failed."""
    outcome = failed(await got(nobody()))
    assert (outcome.stage, outcome.timed_out) == (Stage.CONNECT, False)


async def test_dropped() -> None:
    """Says of connections that are dropped that connecting ended, not that no answer came."""
    async with dropping() as port:
        outcome = failed(await got(f"http://127.0.0.1:{port}", WITH_ROOM))
    assert (outcome.stage, outcome.timed_out) == (Stage.CONNECT, True)


@pytest.mark.parametrize("words", ["Name or service not known", "Temporary failure in name resolution"])
async def test_an_unknown_name(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    """Says of a name nobody knows that looking it up failed."""

    async def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, words)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    outcome = failed(await got("http://keycloak.example.com"))
    assert (outcome.stage, outcome.timed_out) == (Stage.NAME, False)


@pytest.mark.parametrize(
    "url",
    ["http://", "nonsense", "ftp://example.com", "http://a:99999", "http://[::1", "http://a b/", "http://" + "a" * 70],
)
async def test_an_address_that_is_none(url: str) -> None:
    """Has an outcome for an address that cannot be used."""
    assert failed(await got(url, SOON)).detail


@pytest.mark.parametrize("bearer", ["tök3n", "a\r\nX: y", "a\x00b", "\ud800"])
async def test_a_token_that_cannot_be_sent(bearer: str) -> None:
    """Sends nothing, and repeats nothing, when a token cannot be written into a header."""
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async with answering(handler) as url:
        outcome = failed(await sent(Outgoing("GET", url, bearer=bearer)))
    assert asked == []
    assert bearer not in outcome.detail


async def test_cancelled() -> None:
    """Lets cancellation pass, and hangs up."""
    asked, hung_up = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        while await reader.read(1000):
            pass
        hung_up.set()

    async with talking(wait) as url:
        task = asyncio.create_task(got(url))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await hung_up.wait()


async def test_kept_from_one_another() -> None:
    """Answers other requests while one hangs."""
    async with talking(silent) as hanging, HttpClient(ssl.create_default_context(), SOON) as client:

        async def handler(_: web.Request) -> web.Response:
            return web.Response(text="here")

        async with answering(handler) as url:
            slow = asyncio.create_task(client.send(Outgoing("GET", hanging)))
            assert replied(await client.send(Outgoing("GET", url))).body == b"here"
            failed(await slow)


@asynccontextmanager
async def over_tls(folder: Path, kind: Kind) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """A server with a certificate of this kind, and the trust of a client that knows the authority."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="secure")

    authority = Authority.new(folder)
    async with answering(handler, authority.context(kind)) as url:
        yield url, ssl.create_default_context(cafile=authority.ca_file)


async def test_a_good_certificate(tmp_path: Path) -> None:
    """Answers over TLS."""
    async with over_tls(tmp_path, "good") as (url, trust):
        assert replied(await got(url, trust=trust)).body == b"secure"


@pytest.mark.parametrize("kind", ["expired", "not-yet-valid", "wrong-name", "untrusted"])
async def test_a_bad_certificate(tmp_path: Path, kind: Kind) -> None:
    """Says of a refused certificate that the handshake failed."""
    async with over_tls(tmp_path, kind) as (url, trust):
        outcome = failed(await got(url, trust=trust))
    assert (outcome.stage, outcome.timed_out) == (Stage.TLS, False)
    assert "certificate" in outcome.detail.lower()


async def test_a_plain_port_spoken_tls_to() -> None:
    """Says of a port that speaks plain HTTP that the handshake failed."""
    async with talking(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "https") as url:
        assert failed(await got(url)).stage is Stage.TLS


async def test_a_handshake_that_never_comes() -> None:
    """Does not say that a server gave no answer when the handshake never ended: nothing was sent."""
    async with talking(silent, "https") as url:
        outcome = failed(await got(url, WITH_ROOM))
    assert outcome.timed_out
    assert outcome.stage is Stage.TLS


async def test_hung_up_in_the_handshake() -> None:
    """Says of a server that hangs up in the handshake that the handshake failed, whatever the error is called."""
    async with talking(says(b""), "https") as url:
        assert failed(await got(url)).stage is Stage.TLS


@pytest.mark.parametrize("number", [errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH])
async def test_by_the_systems_own_number(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Keeps the system's own name of an error, which the libraries above it wrap away."""

    async def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, "Connect call failed")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", fail)
    outcome = failed(await got("http://192.0.2.7"))
    assert (outcome.stage, outcome.code, outcome.detail) == (
        Stage.CONNECT,
        errno.errorcode[number],
        os.strerror(number),
    )


async def test_silence_on_a_connection_that_was_open() -> None:
    """Says of a request on a connection that is open already that no answer came, not that connecting failed."""
    first = True

    async def once(_: web.Request) -> web.Response:
        nonlocal first
        if not first:
            await asyncio.Event().wait()
        first = False
        return web.Response()

    async with answering(once) as url, HttpClient(ssl.create_default_context(), WITH_ROOM) as client:
        replied(await client.send(Outgoing("GET", url)))
        outcome = failed(await client.send(Outgoing("GET", url)))
    assert (outcome.stage, outcome.timed_out) == (Stage.ANSWER, True)


def test_deadlines_fit_into_one_another() -> None:
    """Ends a request before a source's own deadline: silence is evidence, not blindness."""
    assert Deadlines().source > REQUEST_SECONDS

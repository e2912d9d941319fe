"""The load balancer's TLS front on loopback: it shows a name's certificate, and answers as ingress-nginx does."""

import asyncio
import socket
import ssl
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from playground.listener import Listener
from playground.port import kept, number
from playground.world.edge.state import OK, EdgeState, Pair

HOST = "127.0.0.1"
NOT_FOUND = 404  # what the default backend answers for hosts that no ingress has
FAREWELL_S = 0.1  # how long a request under way may still take when the front stops
#: What nginx writes on its own pages.
_WORDS = {
    NOT_FOUND: "404 Not Found",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}
_YEAR = timedelta(days=365)


class Front:
    """A front to be used with `async with`. Its port stays the same while it stops and starts to listen."""

    def __init__(self, state: Callable[[], EdgeState]) -> None:
        self._state = state
        self._runner: web.AppRunner | None = None
        self._kept: socket.socket | None = None  # its port, chosen by the system when it starts
        self._port = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._placeholder = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._plug = Listener(_held)
        self.asked: list[tuple[str, str]] = []  # host and path of every request

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="volati-edge-")
        self._placeholder = await asyncio.to_thread(self._context, placeholder())
        self._kept = kept()
        self._port = number(self._kept)
        await self.adjust()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hush()
        if self._kept is not None:
            self._kept.close()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def port(self) -> int:
        """Where it listens, or would."""
        return self._port

    async def adjust(self) -> None:
        """Listen, or stop listening, as the state says."""
        state = self._state()
        await self._hush()
        if state.listening and state.front == "silent":
            await self._plug.open(self._port)
        elif state.listening:
            await self._listen()

    async def _listen(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=FAREWELL_S)
        await runner.setup()
        self._runner = runner
        site = web.TCPSite(runner, HOST, self._port, ssl_context=self._shown(), reuse_address=True)
        await site.start()

    async def _hush(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        await self._plug.close()

    def _shown(self) -> ssl.SSLContext:
        """A context that shows for each new connection the certificate of the moment and of the name."""

        def choose(handshake: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
            handshake.context = self._chosen(name or "")

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = choose  # with None for a client that names nobody
        context.num_tickets = 0
        return context

    def _chosen(self, name: str) -> ssl.SSLContext:
        """The context of a name: of its secret's certificate, where that is for this name, else the placeholder."""
        pair = self._state().certificates.get(name)
        if pair is None or not _covers(pair, name):
            return self._placeholder
        return self._context(pair)

    def _context(self, pair: Pair) -> ssl.SSLContext:
        mark = sha256((pair.certificate + pair.key).encode()).hexdigest()
        if mark not in self._contexts:
            self._contexts[mark] = self._loaded(pair, mark)
        return self._contexts[mark]

    def _loaded(self, pair: Pair, mark: str) -> ssl.SSLContext:
        chain = Path(self._folder.name if self._folder else "") / f"{mark}.pem"
        chain.touch(mode=0o600)
        chain.write_text(pair.certificate + pair.key, encoding="ascii")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        context.num_tickets = 0  # no session is resumed: each connection sees the certificate of the moment
        return context

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        self.asked.append((host, request.path))
        state = self._state()
        if state.front == "mute":
            await asyncio.Event().wait()
        status = state.statuses.get(host, NOT_FOUND)
        if status == OK:
            return web.Response(text="<!doctype html><title>VolatiCloud</title>", content_type="text/html")
        words = _WORDS.get(status, str(status))
        page = f"<html>\r\n<head><title>{words}</title></head>\r\n<body>\r\n<center><h1>{words}</h1></center>\r\n"
        page += "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        return web.Response(text=page, status=status, content_type="text/html")


async def _held(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Take a connection and say nothing until the other side has gone."""
    while await reader.read(1000):
        pass


def placeholder() -> Pair:
    """The certificate that ingress-nginx makes itself, and shows where it has none for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    words = (
        (NameOID.ORGANIZATION_NAME, "Acme Co"),
        (NameOID.COMMON_NAME, "Kubernetes Ingress Controller Fake Certificate"),
    )
    name = x509.Name([x509.NameAttribute(oid, word) for oid, word in words])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEAR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("ingress.local")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(made.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


def _covers(pair: Pair, name: str) -> bool:
    parsed = x509.load_pem_x509_certificate(pair.certificate.encode())
    listed = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    named = {one.lower() for one in listed.get_values_for_type(x509.DNSName)}
    return bool(named & {name.lower(), f"*.{name.lower().partition('.')[2]}"})

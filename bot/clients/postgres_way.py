"""The way to PostgreSQL by hand: name and TCP as for any host, then PostgreSQL's own beginning of TLS.

It logs in nowhere, and is asked only after a connection has failed.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from pathlib import Path

from msgspec.structs import replace

from bot.clients.certificates import any_certificate, certificate_of
from bot.clients.failures import code, words
from bot.clients.network import NetworkClient
from diagnostics.evidence.database.credentials import Login
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.network import Certificate, Reached

#: Seconds for the whole look: what is left of a source's 5 s after connecting has failed.
WAY_SECONDS = 1.5
#: "Speak TLS from here on": its length, and the number that stands for it (PostgreSQL's protocol, SSLRequest).
_SSL_REQUEST = struct.pack("!ii", 8, 80_877_103)
_YES = b"S"
#: The modes in which libpq asks for TLS and goes on without where it is refused.
_EITHER = ("allow", "prefer")


class PostgresWay:
    """Satisfies `diagnostics.evidence.database.client.Way`."""

    def __init__(self, seconds: float = WAY_SECONDS) -> None:
        self._seconds = seconds

    async def reach(self, login: Login) -> Reached:
        """As `Way.reach`."""
        host = f"[{login.host}]" if ":" in login.host else login.host
        began = time.monotonic()
        network = NetworkClient(any_certificate(), self._seconds)
        reached = await network.reach(f"http://{host}:{login.port}")
        if reached.failure is not None or login.ssl_mode in {"disable", *_EITHER}:
            return reached
        left = self._seconds - (time.monotonic() - began)
        failure, certificate = await self._tls(login, max(left, 0.1))
        return replace(reached, tls=True, failure=failure, certificate=certificate)

    async def _tls(self, login: Login, seconds: float) -> tuple[NoAnswer | None, Certificate | None]:
        """Why TLS fails where it does, and the certificate that is shown."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                shown = certificate_of(await _shaken(login, any_certificate()))
                if login.ssl_mode == "require" and not login.ca_file:
                    return None, shown  # libpq then looks at no certificate
                return await self._verified(login, began), shown
        except (TimeoutError, OSError, ValueError) as error:
            return _failure(error, began), None

    async def _verified(self, login: Login, began: float) -> NoAnswer | None:
        try:
            await _shaken(login, await asyncio.to_thread(_trust, login))
        except (OSError, ValueError) as error:
            return _failure(error, began)
        return None


def _trust(login: Login) -> ssl.SSLContext:
    """What the mode trusts: without a file libpq has none, and the system's is what `sslrootcert=system` would take."""
    if login.ca_file and not Path(login.ca_file).is_file():
        raise ValueError(f"the root certificate file {login.ca_file} cannot be read")
    context = ssl.create_default_context(cafile=login.ca_file or None)
    context.check_hostname = login.ssl_mode == "verify-full"
    return context


async def _shaken(login: Login, context: ssl.SSLContext) -> bytes:
    """Begin TLS as PostgreSQL does, hang up, and give the certificate shown in DER."""
    line = await _asked_for_tls(login)
    _, writer = await asyncio.open_connection(sock=line, ssl=context, server_hostname=login.host)
    try:
        return writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await writer.wait_closed()


async def _asked_for_tls(login: Login) -> socket.socket:
    """A connection whose server has said that it speaks TLS.

    Raises:
        ValueError: it does not.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(login.host, login.port, type=socket.SOCK_STREAM)
    family, _, _, _, place = found[0]
    line = socket.socket(family, socket.SOCK_STREAM)
    try:
        line.setblocking(False)  # noqa: FBT003 the standard library's own signature
        await loop.sock_connect(line, place)
        await loop.sock_sendall(line, _SSL_REQUEST)
        answer = await loop.sock_recv(line, 1)
    except BaseException:  # cancelled too: nothing stays open
        line.close()
        raise
    if answer != _YES:
        line.close()
        raise ValueError("the server speaks no TLS")
    return line


def _failure(error: BaseException, began: float) -> NoAnswer:
    took = round((time.monotonic() - began) * 1000)
    timed_out = isinstance(error, TimeoutError) and not isinstance(error, socket.gaierror)
    detail = f"nothing within {took / 1000:.1f} s" if timed_out else words(error)
    return NoAnswer(Stage.TLS, detail, timed_out=timed_out, took_ms=took, code=code(error))

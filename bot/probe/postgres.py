"""A probe of PostgreSQL: how it answers TLS and the start of a session, as pg_isready tells. It never logs in.

Sent are the user and the database's name, as any client sends them; no password is known here. A login belongs into
`ready`, after `_opening`, once there is a client for it.
"""

import struct
from dataclasses import dataclass

from bot.clients.certificates import any_certificate
from bot.probe.result import Outcome, plain
from bot.probe.road import EndError, Line, Road

#: The protocol's own numbers (PostgreSQL, Message Formats): a request for TLS, and version 3.0.
_SSL_REQUEST = struct.pack("!ii", 8, 80_877_103)
_VERSION = struct.pack("!i", 196_608)
#: Bytes of one message: an error has some hundred.
_MESSAGE_AT_MOST = 16_384
_SHORTEST = 4  # bytes of the length itself, which it counts
#: What is asked for before a session may begin.
_LOGINS = {0: "no password", 2: "Kerberos", 3: "a password in the clear", 5: "a password (MD5)", 7: "GSSAPI"}
_LOGINS |= {9: "SSPI", 10: "a password (SCRAM)"}
#: SQLSTATE of a server that is up and takes nobody: starting, stopping, recovering.
_CANNOT_CONNECT_NOW = "57P03"
_REFUSALS = {
    "53300": "it has no connection slot left",
    "28000": "it lets this address, user or database in by no rule of pg_hba.conf",
    "3D000": "it has no such database",
}


@dataclass(frozen=True, slots=True)
class Account:
    """As whom a session is begun. None of it is secret."""

    user: str = "volati"
    database: str = "postgres"

    def opening(self) -> bytes:
        """The message that begins a session."""
        pairs = (("user", self.user), ("database", self.database), ("application_name", "volati-probe"))
        body = b"".join(f"{name}\0{value}\0".encode() for name, value in pairs if "\0" not in value) + b"\0"
        return struct.pack("!i", len(body) + 8) + _VERSION + body


async def ready(account: Account, road: Road) -> str:
    """How the server answers, as a sentence; its times are noted on the road.

    Raises:
        EndError: it gives no answer that is one of PostgreSQL's, or takes nobody just now.
    """
    async with road.connected() as line:
        await _encrypted(line, road)
        line.writer.write(account.opening())
        kind, body = await road.timed(
            "first answer", f"PostgreSQL at {road} was asked and did not answer", _message(line)
        )
    return _told(road, kind, body)


async def _encrypted(line: Line, road: Road) -> None:
    """Speak TLS where the server has it. What is sent is no secret, so any certificate will do to go on."""
    line.writer.write(_SSL_REQUEST)
    answer = await road.timed("answer to TLS", f"{road} was asked for TLS and did not answer", line.reader.read(1))
    if answer == b"S":
        await road.secured(line, any_certificate())
    elif answer == b"N":
        road.note("TLS", "it has none")
    elif not answer:
        raise EndError(Outcome.LOST, f"{road} closed the connection when it was asked for TLS")
    else:
        raise EndError(Outcome.LOST, f"What answers at {road} is no PostgreSQL")


async def _message(line: Line) -> tuple[bytes, bytes]:
    kind = await line.reader.readexactly(1)
    (length,) = struct.unpack("!i", await line.reader.readexactly(_SHORTEST))
    if not _SHORTEST <= length <= _MESSAGE_AT_MOST:
        return b"", b""
    return kind, await line.reader.readexactly(length - _SHORTEST)


def _told(road: Road, kind: bytes, body: bytes) -> str:
    if kind == b"R" and len(body) >= _SHORTEST:
        asks = _LOGINS.get(struct.unpack("!i", body[:_SHORTEST])[0], "a login of another kind")
        return f"PostgreSQL at {road} takes connections, and asks for {asks}; a login was not tried"
    if kind != b"E":
        raise EndError(Outcome.LOST, f"What answers at {road} is no PostgreSQL")
    told = _fields(body)
    code, said = told.get("C", ""), plain(told.get("M", "nothing more"))
    road.note("SQLSTATE", code or "none")
    if code == _CANNOT_CONNECT_NOW:
        raise EndError(Outcome.LOST, f"PostgreSQL at {road} is up and takes nobody just now: {said}")
    return f"PostgreSQL at {road} answers and refuses: {_REFUSALS.get(code, said)}"


def _fields(body: bytes) -> dict[str, str]:
    """The fields of an error by their letters."""
    parts = (part.decode("utf-8", "replace") for part in body.split(b"\0") if part)
    return {part[0]: part[1:] for part in parts}

"""Asks the embedded Valkey, over its socket, the few things needed to keep it running.

It never asks about data: that is bot/store.py's, through the Redis library.
"""

import asyncio
import contextlib
import socket
import struct
import sys
from pathlib import Path

ASK_SECONDS = 1.0
"""Longest wait for the answer to one question over the socket; a living server needs a millisecond."""


async def answer(path: Path, command: bytes) -> bytes:
    """The first line of the server's answer; empty when nobody answers in time."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(command + b"\r\n")
                return await reader.readline()
            finally:
                writer.close()
    except (OSError, ValueError):  # TimeoutError is an OSError; a line without end is a ValueError
        return b""


async def shut_down(path: Path) -> bool:
    """Whether the server took the command; it answers by hanging up, or with an error."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(b"SHUTDOWN\r\n")
                return await reader.read(1) == b""
            finally:
                writer.close()
    except OSError:
        return False


async def hung_up(path: Path) -> None:
    """Return when the server at the socket is gone. It sends nothing by itself, so any end is its end."""
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            await reader.read(1)
        finally:
            writer.close()


def listener(path: Path) -> int | None:
    """The process that listens at the socket, as the kernel knows it (unix(7), SO_PEERCRED); None for none.

    Unlike a written pid it cannot be out of date, so no other process is ever sent a signal.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)  # a local connection is made at once or not at all
        try:
            probe.connect(str(path))
            if sys.platform == "darwin":
                pid = probe.getsockopt(0, 2)  # SOL_LOCAL, LOCAL_PEERPID of sys/un.h
            else:
                pid = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        except OSError:
            return None
    return pid if pid > 1 else None  # 0: the server lives in another container, out of reach

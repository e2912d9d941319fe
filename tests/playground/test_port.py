"""Tests of held ports: they refuse, nobody else is given them, and their server can listen again and again."""

import asyncio
import errno
import socket

import pytest

from playground.port import LOOPBACK, kept, number
from playground.slack.server import SimulatedSlack
from playground.world.keycloak.server import SimulatedKeycloak


def taken(port: int) -> bool:
    """Whether the system refuses a port to somebody else, as it refuses to give it to who asks for any."""
    with socket.socket() as other:
        try:
            other.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


async def test_refuses() -> None:
    """Refuses who connects while nobody listens."""
    with kept() as held, pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, number(held))


def test_is_nobody_elses() -> None:
    """Is not given to anybody else."""
    with kept() as held:
        port = number(held)
        assert taken(port)


async def test_its_server_comes_and_goes() -> None:
    """Lets its server listen, stop and listen again."""
    with kept() as held:
        for _ in range(3):
            server = await asyncio.start_server(lambda _, writer: writer.close(), LOOPBACK, number(held))
            reader, writer = await asyncio.open_connection(LOOPBACK, number(held))
            assert await reader.read() == b""
            writer.close()
            server.close()
            await server.wait_closed()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(LOOPBACK, number(held))


def test_a_port_in_use() -> None:
    """Says so when the port that is named has a server already."""
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        with pytest.raises(OSError, match="in use"):
            kept(server.getsockname()[1])


async def test_a_slack_that_is_down() -> None:
    """Keeps the port of a simulated Slack that refuses."""
    async with SimulatedSlack() as slack:
        port = int(slack.api_url.split(":")[2].split("/")[0])
        await slack.go_down()
        assert taken(port)
        await slack.come_back()


async def test_a_keycloak_that_is_down() -> None:
    """Keeps the port of a simulated Keycloak that does not listen."""
    async with SimulatedKeycloak() as keycloak:
        port = int(keycloak.url.rpartition(":")[2])
        await keycloak.switch_on("stopped")
        assert taken(port)

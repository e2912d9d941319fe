"""Keeps a port on loopback for one server, also while that server does not listen. It never listens itself.

A server that is down for a while would else find its port taken: the system gives a free port to whoever asks for any.
"""

import socket

LOOPBACK = "127.0.0.1"


def kept(port: int = 0) -> socket.socket:
    """Hold a port, any free one by default, until the socket is closed: nobody who asks for any port is given it.

    Who connects to it is refused, as long as nobody listens. A server that names the port, and allows its address to be
    used again (as asyncio's and Redis's do), can listen there as often as it likes. Raises OSError for a port in use.
    """
    held = socket.socket()
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((LOOPBACK, port))
    except OSError:
        held.close()
        raise
    return held


def number(held: socket.socket) -> int:
    """The port that is held."""
    return int(held.getsockname()[1])

"""The short id that everything of one request bears: its lines in the log, those of its jobs, and the error id told."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

_NAME = "asked"
_BYTES = 3  # six characters, which a person can type: enough to find a line among the requests of a month


@contextmanager
def correlated() -> Iterator[str]:
    """Give what is logged in here a new id, also in tasks that are begun in here; gives the id."""
    with structlog.contextvars.bound_contextvars(**{_NAME: secrets.token_hex(_BYTES)}):
        yield current_id()


def current_id() -> str:
    """The id of the request that this is done for; a new one outside of any."""
    return str(structlog.contextvars.get_contextvars().get(_NAME) or secrets.token_hex(_BYTES))

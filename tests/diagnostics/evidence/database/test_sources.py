"""Tests of the looks at PostgreSQL with a session of our own making: what could not be had is a gap, never nothing."""

from diagnostics.evidence.database import questions
from diagnostics.evidence.database.client import Connected, Refused, Row
from diagnostics.evidence.database.credentials import Login, Read
from diagnostics.evidence.database.sources import DatabaseLook, Looker, Told
from diagnostics.evidence.network import Reached
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.observe import Seen

SERVER = {
    "version": 180_006,
    "database": "volaticloud",
    "started_at": None,
    "in_recovery": False,
    "slow_log_ms": -1,
    "statistics": True,
}


class Reticent:
    """A session that says what the server is and nothing else: every other question ends by its timeout."""

    async def connect(self, login: Login) -> Connected | Refused:
        """None is asked for."""
        return Connected(tls=True)

    async def rows(self, question: str) -> tuple[Row, ...]:
        """The state, or nothing in time."""
        if question == questions.SERVER:
            return (SERVER,)
        raise CouldNotLookError(Reason.TIMEOUT, "too late")


class Nowhere:
    """A way that is never looked at."""

    async def reach(self, login: Login) -> Reached:
        """Fails: there is a session."""
        raise AssertionError(login)


async def test_parts_of_the_server_that_were_not_told() -> None:
    """Says of every part of the server's state that could not be had that it is not known."""

    async def told() -> Told:
        return Told(Read(Login("db.example.com")), "the settings")

    found = await DatabaseLook(Looker(told, Reticent(), Nowhere())).server(Seen({}))
    assert [(lack.what, lack.reason) for lack in found.lacks()] == [
        ("the counters", Reason.TIMEOUT),
        ("the ages of transaction numbers", Reason.TIMEOUT),
        ("the platform's rights", Reason.TIMEOUT),
    ]

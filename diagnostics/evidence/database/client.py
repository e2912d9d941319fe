"""What looking at a database needs of a client: one session, questions in SQL, plain rows back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from diagnostics.evidence.database.credentials import Login
from diagnostics.evidence.network import Reached

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Connected:
    """A session there is, and whether it is encrypted."""

    tls: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """No session: what was answered, in the words of the server or the library."""

    words: str


class Database(Protocol):
    """One read-only session of a run. It never waits for a lock, and every call has a deadline."""

    async def connect(self, login: Login) -> Connected | Refused:
        """Open the session.

        Raises:
            CouldNotLookError: another look of the bot's own holds all connections it may have.
        """
        ...

    async def rows(self, question: str) -> tuple[Row, ...]:
        """What a question gives, as dictionaries.

        Raises:
            CouldNotLookError: it could not be asked, and why: FORBIDDEN where a right is missing.
        """
        ...


class Way(Protocol):
    """Looks at the way to PostgreSQL by hand."""

    async def reach(self, login: Login) -> Reached:
        """Name, TCP and, where it is asked for, PostgreSQL's own beginning of TLS. Raises nothing but cancellation."""
        ...

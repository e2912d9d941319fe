"""What was seen of PostgreSQL beside where that was: joined, since every finding shows how a person asks the same."""

from typing import ClassVar, Self

from diagnostics.evidence.database.kinds import (
    DatabaseAccess,
    DatabaseReplication,
    DatabaseServer,
    DatabaseSessions,
    DatabaseStatements,
    DatabaseTables,
)
from diagnostics.model import Evidence
from diagnostics.observe import Seen, View


class AccessView(View, frozen=True):
    """The connection, and the state of the server where there is a session."""

    KIND: ClassVar[str] = "database.access-view"
    WHAT: ClassVar[str] = DatabaseAccess.WHAT
    SETTING: ClassVar[str] = DatabaseAccess.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (DatabaseAccess,)
    USES: ClassVar[tuple[type[Evidence], ...]] = (DatabaseServer,)

    access: DatabaseAccess
    server: DatabaseServer | None = None

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen; the state is used where it is there."""
        return cls(seen[DatabaseAccess], seen.given(DatabaseServer))


class ServerView(View, frozen=True):
    """The state of PostgreSQL, and how it was come to."""

    KIND: ClassVar[str] = "database.server-view"
    WHAT: ClassVar[str] = DatabaseServer.WHAT
    SETTING: ClassVar[str] = DatabaseServer.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (DatabaseAccess, DatabaseServer)

    access: DatabaseAccess
    server: DatabaseServer

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen."""
        return cls(seen[DatabaseAccess], seen[DatabaseServer])


class ReplicationView(View, frozen=True):
    """The replication, and how it was come to."""

    KIND: ClassVar[str] = "database.replication-view"
    WHAT: ClassVar[str] = DatabaseReplication.WHAT
    SETTING: ClassVar[str] = DatabaseReplication.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (DatabaseAccess, DatabaseReplication)

    access: DatabaseAccess
    replication: DatabaseReplication

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen."""
        return cls(seen[DatabaseAccess], seen[DatabaseReplication])


class SessionsView(View, frozen=True):
    """The sessions, and how they were come to."""

    KIND: ClassVar[str] = "database.sessions-view"
    WHAT: ClassVar[str] = DatabaseSessions.WHAT
    SETTING: ClassVar[str] = DatabaseSessions.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (DatabaseAccess, DatabaseSessions)

    access: DatabaseAccess
    sessions: DatabaseSessions

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen."""
        return cls(seen[DatabaseAccess], seen[DatabaseSessions])


class StatementsView(View, frozen=True):
    """What is counted of the statements, and how it was come to."""

    KIND: ClassVar[str] = "database.statements-view"
    WHAT: ClassVar[str] = DatabaseStatements.WHAT
    SETTING: ClassVar[str] = DatabaseStatements.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (DatabaseAccess, DatabaseStatements)

    access: DatabaseAccess
    statements: DatabaseStatements

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen."""
        return cls(seen[DatabaseAccess], seen[DatabaseStatements])


class TablesView(View, frozen=True):
    """What is counted of the tables, and of the statements where that was seen."""

    KIND: ClassVar[str] = "database.tables-view"
    WHAT: ClassVar[str] = DatabaseTables.WHAT
    SETTING: ClassVar[str] = DatabaseTables.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (DatabaseAccess, DatabaseTables)
    USES: ClassVar[tuple[type[Evidence], ...]] = (DatabaseStatements,)

    access: DatabaseAccess
    tables: DatabaseTables
    statements: DatabaseStatements | None = None

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen; the statements are used where they are there."""
        return cls(seen[DatabaseAccess], seen[DatabaseTables], seen.given(DatabaseStatements))

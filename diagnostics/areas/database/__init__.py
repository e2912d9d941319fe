"""The runbook's section Database Issues: what its evidence means."""

from diagnostics.areas.database import connection, pressure, statements, tables, upkeep
from diagnostics.check import Area
from diagnostics.evidence.database.kinds import (
    DatabaseAccess,
    DatabaseReplication,
    DatabaseRights,
    DatabaseServer,
    DatabaseSessions,
    DatabaseStatements,
    DatabaseTables,
)
from diagnostics.runbook import Section

#: Upstream first: among equal causes the one listed first is named first.
CHECKS = (
    *connection.CHECKS,
    *pressure.CHECKS,
    *upkeep.CHECKS,
    *tables.CHECKS,
    *statements.CHECKS,
)

AREA = Area(
    name="database",
    title="Database",
    section=Section.DATABASE,
    checks=CHECKS,
    requires=(DatabaseAccess, DatabaseServer, DatabaseSessions),
    optional=(DatabaseRights, DatabaseReplication, DatabaseStatements, DatabaseTables),
)

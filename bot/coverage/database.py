"""What covers the steps of the runbook's section Database Issues: a table."""

from bot.coverage.model import Step, acts, advice, checks, commands, known
from diagnostics.runbook import Section

STEPS: tuple[Step, ...] = (
    Step(
        Section.DATABASE,
        "Symptom: queries are slow or fail",
        (*checks("database.slow-statements", "graphql.database-unavailable"), *commands("diagnose")),
    ),
    Step(
        Section.DATABASE,
        "Look for the database in the backend's log",
        (*commands("logs"), *checks("server.database-connection-failed", "graphql.database-unavailable")),
    ),
    Step(
        Section.DATABASE,
        "Look at the provider's control panel",
        (*advice("graphql.database-unavailable"), *checks("database.cache-misses", "database.slots-nearly-used")),
    ),
    Step(
        Section.DATABASE_POOL,
        "Message: too many clients already",
        (
            *known("postgres.too-many-clients", "postgres.reserved-slots", "postgres.too-many-for-role"),
            *checks("database.slots-full", "database.slots-nearly-used"),
        ),
    ),
    Step(Section.DATABASE_POOL, "Raise max_connections", advice("database.slots-full")),
    Step(Section.DATABASE_POOL, "Make the application's pool smaller", advice("database.slots-full")),
    Step(Section.DATABASE_POOL, "Scale the database up", advice("database.slots-full")),
    Step(
        Section.DATABASE_POOL,
        "Look for connections that are never closed",
        (*checks("database.idle-in-transaction"), *acts("end-session")),
    ),
    Step(
        Section.DATABASE_SLOW,
        "Have PostgreSQL log statements over a second",
        (*checks("database.slow-log-off"), *known("postgres.slow-statement")),
    ),
    Step(
        Section.DATABASE_SLOW,
        "Find what is slow now, and end what blocks",
        (*checks("database.long-statements", "database.blocked-sessions"), *acts("cancel-query", "end-session")),
    ),
    Step(Section.DATABASE_SLOW, "Add indexes for what is queried often", checks("database.missing-index")),
    Step(Section.DATABASE_SLOW, "Mend N+1 patterns by eager loading", checks("database.repeated-statements")),
    Step(
        Section.DATABASE_SLOW,
        "Load with ENT's With methods",
        advice("database.repeated-statements", "performance.endpoint-slow"),
    ),
    Step(Section.DATABASE_SLOW, "Consider read replicas", advice("database.slow-statements")),
    Step(
        Section.DATABASE_DEADLOCK,
        "Message: deadlock detected",
        (*known("postgres.deadlock", "postgres.migration-deadlock"), *checks("database.deadlocks")),
    ),
    Step(
        Section.DATABASE_DEADLOCK,
        "Each pod migrates at its start, which may be done again",
        checks("server.migration-failed", "database.migration-locked"),
    ),
    Step(Section.DATABASE_DEADLOCK, "If it stays, raise statement_timeout", advice("database.deadlocks")),
)

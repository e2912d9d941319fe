"""What covers the steps of the runbook's section Performance Issues: a table."""

from bot.coverage.model import Step, acts, advice, checks, commands, known
from diagnostics.runbook import Section

STEPS: tuple[Step, ...] = (
    Step(
        Section.PERFORMANCE,
        "Symptom: slow answers of the API",
        checks(
            "performance.endpoint-slow",
            "performance.slower-than-usual",
            "performance.database-blocked-sessions",
            "performance.database-migration-locked",
            "performance.database-idle-in-transaction",
            "performance.database-slots-nearly-used",
        ),
    ),
    Step(
        Section.PERFORMANCE,
        "See what pods use",
        (
            *commands("status"),
            *checks("performance.cpu-at-limit", "performance.memory-near-limit", "performance.node-busy"),
        ),
    ),
    Step(
        Section.PERFORMANCE,
        "See the state of the autoscalers",
        checks(
            "performance.autoscaler-at-max",
            "performance.autoscaler-without-metrics",
            "performance.autoscaler-flapping",
            "performance.autoscaler-no-target",
        ),
    ),
    Step(
        Section.PERFORMANCE,
        "Measure response times: name lookup, connect, first byte, total",
        checks(
            "performance.endpoint-slow",
            "performance.slower-than-usual",
            "performance.endpoint-unsteady",
            "performance.endpoint-not-answering",
        ),
    ),
    Step(Section.PERFORMANCE_USAGE, "Scale out", (*acts("scale"), *advice("performance.cpu-at-limit"))),
    Step(
        Section.PERFORMANCE_USAGE,
        "Raise the limits",
        advice("performance.cpu-at-limit", "performance.memory-near-limit"),
    ),
    Step(
        Section.PERFORMANCE_USAGE,
        "Profile the application",
        advice("performance.cpu-at-limit", "performance.memory-near-limit"),
    ),
    Step(
        Section.PERFORMANCE_USAGE,
        "Make database queries cheaper",
        (
            *advice("performance.endpoint-slow"),
            *checks(
                "performance.database-slow-statements",
                "performance.database-long-statements",
                "performance.database-cache-misses",
                "performance.database-dead-rows",
                "database.slow-statements",
            ),
        ),
    ),
    Step(
        Section.PERFORMANCE_DATABASE,
        "Load what belongs together at once (ENT), with a limit",
        (
            *advice("performance.endpoint-slow"),
            *checks("performance.database-repeated-statements", "database.repeated-statements"),
        ),
    ),
    Step(
        Section.PERFORMANCE_DATABASE,
        "Add indexes in the ENT schema",
        (*advice("performance.endpoint-slow"), *checks("performance.database-missing-index", "database.missing-index")),
    ),
    Step(
        Section.PERFORMANCE_QUERIES,
        "Use DataLoader",
        (
            *advice("performance.endpoint-slow"),
            *checks("performance.database-repeated-statements", "database.repeated-statements"),
        ),
    ),
    Step(Section.PERFORMANCE_QUERIES, "Batch queries", advice("performance.queries-too-complex")),
    Step(Section.PERFORMANCE_QUERIES, "Load eagerly with ENT's With methods", advice("performance.endpoint-slow")),
    Step(
        Section.PERFORMANCE_QUERIES,
        "Limit how complex a query may be",
        (
            *checks("performance.queries-too-complex"),
            *known("graphql.too-complex"),
            *advice("performance.queries-too-complex"),
        ),
    ),
)

"""How a real PostgreSQL shows each fault to a plain client: the words of its refusal, or a question that is then true.

Each question is false where nothing is wrong.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    """What the platform's client is told when it connects, or what the watcher sees."""

    refusal: str = ""
    question: str = ""


def _sessions(condition: str, number: int = 1) -> Sign:
    counted = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    return Sign(question=f"SELECT ({counted} AND {condition}) >= {number}")


def _statements(condition: str) -> Sign:
    return Sign(question=f"SELECT EXISTS (SELECT FROM pg_stat_statements WHERE {condition})")  # noqa: S608 the table's own words


def _table(condition: str) -> Sign:
    return Sign(question=f"SELECT EXISTS (SELECT FROM pg_stat_user_tables WHERE relname = 'trades' AND {condition})")  # noqa: S608 as above


def _database(condition: str) -> Sign:
    return Sign(question=f"SELECT {condition} FROM pg_stat_database WHERE datname = 'volaticloud'")  # noqa: S608 as above


_BLOCKED = "cardinality(pg_blocking_pids(pid)) > 0"

SIGNS: dict[str, Sign] = {
    "postgres-name-unknown": Sign("failed to resolve host 'postgres.volaticloud.invalid'"),
    "postgres-no-route": Sign("Network is unreachable"),
    "postgres-stopped": Sign("Connection refused"),
    "postgres-dropped": Sign("connection timeout expired"),
    "postgres-silent": Sign("connection timeout expired"),
    "postgres-without-tls": Sign("server does not support SSL, but SSL was required"),
    "postgres-certificate-untrusted": Sign("certificate verify failed"),
    "postgres-certificate-wrong-name": Sign('certificate for "ingress.local"'),
    "postgres-certificate-expired": Sign("certificate verify failed"),
    "postgres-starting-up": Sign("FATAL:  the database system is starting up"),
    "postgres-in-recovery": Sign("FATAL:  the database system is in recovery mode"),
    "postgres-shutting-down": Sign("FATAL:  the database system is shutting down"),
    "postgres-hba-rejects": Sign(
        'no pg_hba.conf entry for host "127.0.0.1", user "volaticloud", database "volaticloud", SSL encryption'
    ),
    "postgres-password-wrong": Sign('password authentication failed for user "volaticloud"'),
    "postgres-role-missing": Sign('role "volaticloud" does not exist'),
    "postgres-database-missing": Sign('database "volaticloud" does not exist'),
    "postgres-secret-newline": Sign('password authentication failed for user "volaticloud"'),
    "postgres-secret-incomplete": Sign("no password supplied"),
    "postgres-slots-full": Sign("sorry, too many clients already"),
    "postgres-slots-reserved": Sign("remaining connection slots are reserved for"),
    "postgres-slots-nearly-used": _sessions("usename = 'volaticloud'", number=34),
    "postgres-idle-in-transaction": _sessions("state = 'idle in transaction' AND query LIKE 'UPDATE bots%'", number=2),
    "postgres-blocked-sessions": _sessions(f"query LIKE 'UPDATE bots%' AND {_BLOCKED}", number=3),
    "postgres-deadlocks": _database("deadlocks > 0"),
    "postgres-migration-locked": _sessions(f"application_name = 'volaticloud-migration' AND {_BLOCKED}"),
    "postgres-create-forbidden": Sign(
        question="SELECT NOT has_schema_privilege('volaticloud', 'public', 'CREATE')",
    ),
    "postgres-long-statement": _sessions("state = 'active' AND application_name = 'volaticloud-report'"),
    "postgres-slow-statements": _statements("calls >= 5 AND mean_exec_time > 1000"),
    "postgres-repeated-statements": _statements("calls >= 5000 AND rows = calls AND query LIKE '%FROM strategies%'"),
    "postgres-index-missing": _table("seq_scan >= 50 AND seq_tup_read >= seq_scan * 39000"),
    "postgres-cache-misses": _database("blks_hit + blks_read > 100000 AND blks_read * 4 > blks_hit"),
    "postgres-dead-rows": _table("n_dead_tup > n_live_tup"),
    "postgres-wraparound-near": Sign(question="SELECT max(age(datfrozenxid)) > 1900000000 FROM pg_database"),
    "postgres-replica-behind": Sign(
        question="SELECT coalesce(bool_or(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) > 0), false)"
        " FROM pg_stat_replication WHERE application_name = 'replica'",
    ),
}

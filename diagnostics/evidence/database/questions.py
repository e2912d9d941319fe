"""The questions that are asked of PostgreSQL 14 to 18, in SQL. All read statistics and catalogues, none a table's rows.

None takes a lock on a table of the platform's: sizes are those of the catalogue, since pg_relation_size would wait for
an ALTER TABLE. `{…}` is filled in with numbers and names of the bot's own, never with what somebody said.
"""

#: Sessions, tables and statements that are told at most: what stands out comes first.
SESSIONS_AT_MOST = 100
STATEMENTS_AT_MOST = 40
TABLES_AT_MOST = 40

SERVER = """
SELECT current_setting('server_version_num')::int AS version, current_database()::text AS database,
  pg_postmaster_start_time() AS started_at, pg_is_in_recovery() AS in_recovery,
  (SELECT setting::int FROM pg_settings WHERE name = 'log_min_duration_statement') AS slow_log_ms,
  EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS statistics
"""

REPLAY = """
SELECT CASE WHEN pg_is_in_recovery() AND pg_last_wal_receive_lsn() IS DISTINCT FROM pg_last_wal_replay_lsn()
  THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END AS lag_s
"""

COUNTERS = """
SELECT deadlocks, blks_hit, blks_read, stats_reset FROM pg_stat_database WHERE datname = current_database()
"""

AGES = """
SELECT datname::text AS name, age(datfrozenxid) AS transactions, mxid_age(datminmxid) AS multixacts
FROM pg_database ORDER BY greatest(age(datfrozenxid), mxid_age(datminmxid)) DESC LIMIT 10
"""

STANDBYS = """
SELECT coalesce(nullif(application_name, ''), usename::text, 'pid ' || pid) AS name, coalesce(state, '') AS state,
  extract(epoch FROM replay_lag)::float8 AS lag_s,
  CASE WHEN pg_is_in_recovery() THEN NULL
    ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::int8 END AS lag_bytes
FROM pg_stat_replication ORDER BY pid LIMIT 20
"""

SLOTS = """
SELECT slot_name::text AS name, active, coalesce(wal_status, '') AS status,
  CASE WHEN pg_is_in_recovery() OR restart_lsn IS NULL THEN 0
    ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int8 END AS kept_bytes
FROM pg_replication_slots ORDER BY 4 DESC LIMIT 20
"""

#: The platform's role is the one that is named, where there is one of that name.
RIGHTS = """
SELECT r.rolname::text AS role, n.nspname::text AS schema, pg_get_userbyid(n.nspowner)::text AS owner,
  has_schema_privilege(r.oid, n.oid, 'CREATE') AS may_create,
  EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
    AND NOT pg_has_role(r.oid, c.relowner, 'USAGE')) AS of_others,
  EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
    AND pg_has_role(r.oid, c.relowner, 'USAGE')) AS of_its_own
FROM pg_roles r LEFT JOIN pg_namespace n ON n.nspname = '{schema}' WHERE r.rolname = {role}
"""

LIMITS = """
SELECT current_setting('max_connections')::int AS most,
  current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved
"""

#: Of a session that may not be seen only pid, user, database and application are told; what it is, is not.
_CLIENTS = "(backend_type = 'client backend' OR (backend_type IS NULL AND datid IS NOT NULL))"

OWN_RIGHTS = f"""
SELECT current_user::text AS user, pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS monitors,
  (SELECT count(*)::int FROM pg_stat_activity WHERE {_CLIENTS} AND backend_type IS NULL) AS hidden
"""  # noqa: S608 made of this module's own words

GROUPS = f"""
SELECT coalesce(application_name, '') AS application, coalesce(usename::text, '') AS user,
  coalesce(state, '') AS state, count(*)::int AS number
FROM pg_stat_activity WHERE {_CLIENTS} GROUP BY 1, 2, 3 ORDER BY 4 DESC
"""  # noqa: S608 made of this module's own words

#: Those the waiting ones wait for, first: without the head of a queue the rest tells nothing; then those that wait for
#: a lock, hold a transaction open, or run.
SESSIONS = f"""
WITH waiting AS MATERIALIZED (
  SELECT w.pid, array_agg(DISTINCT w.locktype) AS kinds, min(w.waitstart) AS since FROM pg_locks w
  WHERE NOT w.granted GROUP BY w.pid
), blocked AS MATERIALIZED (
  SELECT pid, kinds, since, pg_blocking_pids(pid) AS by FROM waiting
)
SELECT a.pid, a.backend_start AS started_at, coalesce(a.usename::text, '') AS user,
  coalesce(a.datname::text, '') AS database, coalesce(a.application_name, '') AS application,
  coalesce(host(a.client_addr), '') AS client, coalesce(a.state, '') AS state,
  coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::float8, 0) AS transaction_s,
  coalesce(extract(epoch FROM clock_timestamp() - a.query_start)::float8, 0) AS statement_s,
  coalesce(extract(epoch FROM clock_timestamp() - a.state_change)::float8, 0) AS idle_s,
  coalesce(a.wait_event_type || ': ' || a.wait_event, '') AS wait, coalesce(a.query, '') AS query,
  coalesce(b.by, '{{}}') AS blocked_by, coalesce(b.kinds[1], '') AS lock,
  coalesce(extract(epoch FROM clock_timestamp() - b.since)::float8, 0) AS waits_s
FROM pg_stat_activity a LEFT JOIN blocked b USING (pid)
WHERE {_CLIENTS} AND a.pid <> pg_backend_pid() AND (
  b.pid IS NOT NULL OR a.pid IN (SELECT unnest(by) FROM blocked)
  OR a.state LIKE 'idle in transaction%' OR a.state = 'active')
ORDER BY (b.pid IS NULL AND a.pid IN (SELECT unnest(by) FROM blocked)) DESC, (b.pid IS NOT NULL) DESC,
  a.xact_start NULLS LAST LIMIT {SESSIONS_AT_MOST}
"""  # noqa: S608 as above

#: Tables on which a session that keeps others waiting, or does nothing, holds a lock.
LOCKS = """
SELECT l.pid, array_agg(DISTINCT c.relname::text ORDER BY c.relname::text) AS tables
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.granted AND l.pid IN ({pids}) AND c.relkind IN ('r', 'p', 'm')
  AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.oid = c.relnamespace
    AND n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast'))
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY l.pid
"""

STATEMENTS = f"""
WITH counted AS MATERIALIZED (
  SELECT s.query, s.calls, s.rows, s.total_exec_time, s.mean_exec_time, s.max_exec_time, s.userid
  FROM pg_stat_statements s WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
), chosen AS (
  (SELECT * FROM counted ORDER BY calls DESC LIMIT {STATEMENTS_AT_MOST})
  UNION (SELECT * FROM counted ORDER BY total_exec_time DESC LIMIT {STATEMENTS_AT_MOST})
  UNION (SELECT * FROM counted ORDER BY mean_exec_time DESC LIMIT {STATEMENTS_AT_MOST})
)
SELECT left(coalesce(query, ''), 2000) AS query, calls::int8, rows::int8, total_exec_time::float8 AS total_ms,
  mean_exec_time::float8 AS mean_ms, max_exec_time::float8 AS max_ms, pg_get_userbyid(userid)::text AS user
FROM chosen ORDER BY total_exec_time DESC
"""  # noqa: S608 as above

STATEMENTS_SINCE = "SELECT stats_reset FROM pg_stat_statements_info"

TABLES = f"""
WITH counted AS MATERIALIZED (
  SELECT s.schemaname || '.' || s.relname AS name,
    c.relpages::int8 * current_setting('block_size')::int8 AS bytes,
    greatest(s.n_live_tup, c.reltuples::int8, 0) AS live, s.n_dead_tup AS dead, s.seq_scan AS scans,
    s.seq_tup_read AS scanned, coalesce(s.idx_scan, 0) AS index_scans,
    greatest(s.last_vacuum, s.last_autovacuum) AS vacuumed_at,
    greatest(s.last_analyze, s.last_autoanalyze) AS analyzed_at
  FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
)
(SELECT * FROM counted ORDER BY scanned DESC LIMIT {TABLES_AT_MOST})
UNION (SELECT * FROM counted ORDER BY dead DESC LIMIT {TABLES_AT_MOST})
"""  # noqa: S608 as above

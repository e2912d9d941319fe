"""What to do about the faults of a database, in the runbook's order, with psql commands filled in for the platform."""

from diagnostics.advice import Advice

_SQL = "{psql} -h {host} -p {port} -U {who} -d {database}"


def _asks(*questions: str, who: str = "{user}") -> str:
    """The command that asks these; what stands in SQL is filled in from `{sql …}`, which takes plain names only."""
    return " ".join((_SQL.replace("{who}", who), *(f'-c "{one}"' for one in questions)))


def _orders(*orders: str) -> str:
    """The command by which an administrator orders these."""
    return _asks(*orders, who="<ADMIN>")


_PROVIDER = Advice("Look in the provider's control panel whether the database runs, and whether it is in maintenance.")
READY = Advice(
    "Ask it from inside the cluster; this needs no password.",
    "{kubectl} run psql-test --rm -it --restart=Never --image=postgres:14 -n {backend_namespace} -- "
    "pg_isready -h {host} -p {port}",
)
"""The same for every area that finds the database away."""
_KEYS = Advice(
    "See which keys the secret has; this shows their names and lengths, never a value.",
    "{kubectl} describe secret {secret} -n {backend_namespace}",
)
_PUT = Advice(
    "Put the right value in. It is read from your terminal, so it is in no history, and has no line break at its end.",
    'read -rs VALUE && printf %s "$VALUE" | {kubectl} create secret generic {secret} -n {backend_namespace} '
    "--from-file={key}=/dev/stdin --dry-run=client -o yaml | {kubectl} patch secret {secret} -n {backend_namespace} "
    "--type merge --patch-file /dev/stdin",
)
_RESTART = Advice(
    "Then restart the backend, which reads its login at start.",
    "{kubectl} rollout restart deployment/{backend} -n {backend_namespace}",
    "restart {backend_namespace}/{backend}",
)
_LET_GO = Advice(
    "To have the slots back at once, restart the backend: its sessions end with its pods. A leak fills them again.",
    "{kubectl} rollout restart deployment/{backend} -n {backend_namespace}",
    "restart {backend_namespace}/{backend}",
)
_ADDRESSES = Advice(
    "Allow the addresses of the cluster's nodes, and of where Volati runs, in the database's firewall.",
    "{kubectl} get nodes -o wide",
)
_HOST = Advice("Compare host and port in the secret with those in the provider's control panel.")
_AUTHORITY = Advice(
    "Fetch the provider's authority from its control panel; give it to the platform, and to Volati as postgres.ca_file."
)
_WAIT = Advice("Wait: this ends by itself. The pods connect at their next start; run it again in a minute.")
_END = Advice(
    "End the session that holds the lock, after asking whose it is. Pid and start name this very one.",
    _asks(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid = {sql pid} AND backend_start = '{sql backend start}'"
    ),
    "end-session {sql pid} {sql backend start}",
)
_CANCEL = Advice(
    "Cancel the statement; its session stays.",
    _asks(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
        "WHERE pid = {sql pid} AND backend_start = '{sql backend start}'"
    ),
    "cancel-query {sql pid} {sql backend start}",
)
_TIMEOUT = Advice(
    "Have PostgreSQL end such transactions by itself.",
    _orders("ALTER ROLE {sql user} SET idle_in_transaction_session_timeout = '60s'"),
)
_LEAK = Advice(
    "Find where the code opens a transaction and does not end it, or waits for something else inside of one."
)
_POOL = (
    Advice(
        "See whose sessions they are, and what they do.",
        _asks(
            "SELECT application_name, usename, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC"
        ),
    ),
    Advice("Check for connection leaks: sessions that stay idle in transaction, or rise with every request."),
    Advice(
        "Make the backend's pool smaller: replicas times pool must fit into the slots, with room for a rollout, which "
        "runs one replica more."
    ),
    _LET_GO,
    Advice("Raise max_connections in the provider's control panel, or scale the database up; each slot costs memory."),
)
_EXPLAIN = Advice(
    "See how PostgreSQL carries it out; put example values in place of $1.",
    _asks("EXPLAIN (COSTS, VERBOSE) <STATEMENT>"),
)
_INDEX = (
    Advice("Add an index for the fields it searches by: in ENT's schema (index.Fields), for the next migration."),
    Advice(
        "To have it at once, make it by hand; this way nobody has to wait meanwhile.",
        _orders("CREATE INDEX CONCURRENTLY ON <TABLE> (<COLUMNS>)"),
    ),
)
_SLOW_LOG = Advice(
    "Have statements over a second logged.",
    _orders("ALTER SYSTEM SET log_min_duration_statement = 1000", "SELECT pg_reload_conf()"),
)

#: What differs where the login is Volati's own.
FORMS: dict[tuple[str, str], tuple[Advice, ...]] = {
    ("database.password-rejected", "of Volati's own login"): (
        Advice(
            "Only Volati's copy may be old: see whether the backend still connects.",
            "{kubectl} logs deployment/{backend} -n {backend_namespace} --since=15m | grep -iE 'postgres|pq:|database'",
        ),
        Advice("Put the right user and password into {login from}, and restart Volati."),
        Advice("Or have Volati log in as the platform does: set postgres.secret in place of it."),
    ),
}

ADVICE: dict[str, tuple[Advice, ...]] = {
    "database.secret-incomplete": (_KEYS, _PUT, _RESTART),
    "database.credentials-untidy": (_KEYS, _PUT, _RESTART),
    "database.name-unknown": (
        _HOST,
        Advice(
            "Look the name up from inside the cluster.",
            "{kubectl} run dns-test --rm -it --restart=Never --image=nicolaka/netshoot -n {backend_namespace} -- "
            "nslookup {host}",
        ),
    ),
    "database.no-route": (
        Advice("Look from the machine Volati runs on which way leads there: routes, a VPN, its own firewall."),
        _ADDRESSES,
    ),
    "database.refused": (_PROVIDER, READY, _HOST),
    "database.timeout": (_ADDRESSES, READY, _PROVIDER),
    "database.tls-missing": (
        Advice("Switch TLS on for the database in the provider's control panel (ssl = on)."),
        Advice("Only where the way is private throughout: sslmode=disable in the platform's address."),
        _HOST,
    ),
    "database.certificate-expired": (
        Advice("Have the certificate renewed in the provider's control panel; PostgreSQL reads it again on reload."),
    ),
    "database.certificate-wrong-name": (
        Advice("Connect by a name that the certificate is for; a pooler or a new address may need its own."),
        _HOST,
    ),
    "database.certificate-untrusted": (_AUTHORITY,),
    "database.tls-failed": (
        _PROVIDER,
        Advice("Check what stands before the database: a proxy or pooler that breaks TLS."),
    ),
    "database.starting-up": (_WAIT, _PROVIDER),
    "database.shutting-down": (_WAIT, _PROVIDER),
    "database.in-recovery": (
        _PROVIDER,
        Advice("After a failover: compare the host in the secret with the primary's in the provider's control panel."),
        Advice("After a crash it ends by itself; its log says how far it is, and why it crashed."),
    ),
    "database.hba-rejected": (
        _ADDRESSES,
        Advice("If it says no encryption: have the platform's address ask for TLS (sslmode=require)."),
        Advice(
            "Where the database is your own, see which rules it has.",
            _orders("SELECT type, database, user_name, address, auth_method FROM pg_hba_file_rules"),
        ),
    ),
    "database.password-rejected": (
        _KEYS,
        Advice("Compare user and password with the provider's control panel; never paste one into a channel."),
        _PUT,
        _RESTART,
    ),
    "database.role-missing": (
        Advice("Compare the user's name in the secret with those in the provider's control panel."),
        Advice(
            "Make it again, or let it log in; psql asks for the password, and shows none.",
            _orders("CREATE ROLE {sql user} LOGIN", r"\password {sql user}"),
        ),
    ),
    "database.database-missing": (
        Advice("See which databases there are.", "{psql} -h {host} -p {port} -U {user} -l"),
        Advice(
            "If it is gone, restore it from the provider's backup (recovery runbook); do not make an empty one first."
        ),
    ),
    "database.slots-full": (
        *_POOL,
        Advice(
            "So that Volati can look while all slots are taken (PostgreSQL 16 or later): set reserved_connections = 2, "
            "and grant its own user a reserved slot.",
            _orders("GRANT pg_use_reserved_connections TO {sql user}"),
        ),
    ),
    "database.slots-nearly-used": _POOL,
    "database.session-refused": (
        _PROVIDER,
        Advice("Before a pooler: it must let the start-up parameter options pass."),
    ),
    "database.migration-locked": (
        Advice("Ask in #engineering whether somebody works on the database by hand."),
        _END,
        Advice("The migration goes on by itself then. Each start of a pod tries it again, so nothing is lost."),
        Advice(
            "So that a migration gives up instead of holding everybody up, give it a limit.",
            _orders("ALTER ROLE {sql user} SET lock_timeout = '10s'"),
        ),
    ),
    "database.blocked-sessions": (_END, _LEAK, _TIMEOUT),
    "database.idle-in-transaction": (_END, _LEAK, _TIMEOUT),
    "database.long-statements": (_CANCEL, _EXPLAIN),
    "database.deadlocks": (
        Advice(
            "PostgreSQL has ended one of them; the log says which statements met.",
        ),
        Advice("A migration is tried again at the pod's next start; a request by whoever sent it."),
        Advice("If it goes on: have code lock rows in one order, and keep transactions short."),
        Advice(
            "If migrations of several pods meet: scale to one replica for the rollout, or raise statement_timeout.",
            _orders("ALTER ROLE {sql user} SET statement_timeout = '5min'"),
        ),
    ),
    "database.slow-statements": (
        _EXPLAIN,
        *_INDEX,
        Advice("Ask for fewer rows: ENT's Limit, and only the fields that are shown."),
        _SLOW_LOG,
        Advice("Where all of this is done and reading is still slow, consider a read replica."),
    ),
    "database.repeated-statements": (
        Advice("Load the rows with their list: ENT's With… methods (eager loading), such as WithStrategy()."),
        Advice("Between resolvers of GraphQL, gather the keys of one request: the DataLoader pattern, query batching."),
        Advice("Limit what one query may ask: GraphQL query complexity limits."),
    ),
    "database.missing-index": (_EXPLAIN, *_INDEX),
    "database.cache-misses": (
        Advice("See which statements read most: a whole table read again and again drives out all else."),
        Advice("Scale the database's memory up in the provider's control panel."),
    ),
    "database.dead-rows": (
        Advice(
            "See which transactions are oldest: vacuum cannot remove what these may still see.",
            _asks(
                "SELECT pid, age(backend_xmin), state, query FROM pg_stat_activity ORDER BY 2 DESC NULLS LAST LIMIT 5"
            ),
        ),
        Advice("Then vacuum it; this locks nobody out.", _orders("VACUUM (VERBOSE, ANALYZE) {sql table}")),
        Advice("Have autovacuum come sooner for this table: autovacuum_vacuum_scale_factor = 0.05."),
    ),
    "database.wraparound-near": (
        Advice("Tell the database administrators in #database now: this takes hours."),
        Advice(
            "See what keeps vacuum from freezing: old transactions, prepared ones, replication slots.",
            _asks(
                "SELECT slot_name, active, age(xmin), age(catalog_xmin) FROM pg_replication_slots",
                "SELECT gid, prepared, owner FROM pg_prepared_xacts",
            ),
        ),
        Advice("Then vacuum, oldest tables first.", _orders("VACUUM (FREEZE, VERBOSE)")),
    ),
    "database.replication-lag": (
        Advice("See whether the standby runs, and whether its disk and network keep up."),
        Advice("The database's disk is not visible from SQL: look in the provider's control panel how full it is."),
        Advice(
            "If nobody will read a slot any more, remove it; the log it kept goes with it.",
            _orders("SELECT pg_drop_replication_slot('<SLOT>')"),
        ),
    ),
    "database.create-forbidden": (
        Advice(
            "Give the right, as the owner of the schema or an administrator.",
            _orders("GRANT USAGE, CREATE ON SCHEMA public TO {sql role}"),
        ),
        Advice("Since PostgreSQL 15 nobody but the owner has it by default; after a restore it is easily lost."),
        _RESTART,
    ),
    "database.slow-log-off": (
        _SLOW_LOG,
        Advice("Better still, have statements counted: CREATE EXTENSION pg_stat_statements, and Volati reads them."),
    ),
}

"""VolatiCloud's database as SQL: its roles, its tables with some rows, and what the bot may see. It runs nothing."""

from dataclasses import dataclass, field
from secrets import token_urlsafe

DATABASE = "volaticloud"
OWNER = "volaticloud"
WATCHER = "volati"
SUPERUSER = "postgres"
TRADES = 40_000  # rows of the largest table: enough for a scan to cost, little enough to be made in a moment


def _random() -> str:
    return token_urlsafe(18)


@dataclass(frozen=True, slots=True)
class Passwords:
    """The passwords of the two roles, made anew for each world."""

    owner: str = field(default_factory=_random, repr=False)
    watcher: str = field(default_factory=_random, repr=False)


#: Whom the server lets in, and how: its own folder's socket is for the playground alone.
HBA = ("local all,replication postgres trust", f"host {DATABASE} {OWNER},{WATCHER} 127.0.0.1/32 scram-sha-256")
#: After these anybody is asked for a password: who is not let in above is told that the password is wrong.
HBA_OTHERS = ("host all all 127.0.0.1/32 scram-sha-256",)


def password_sql(role: str, password: str) -> str:
    """The statement that gives a role a password."""
    return f"ALTER ROLE {role} PASSWORD '{password}'"


def cluster_sql(passwords: Passwords) -> tuple[str, ...]:
    """What is made in a fresh cluster, outside of its database."""
    return (
        f"CREATE ROLE {OWNER} LOGIN IN ROLE pg_monitor",  # the bot comes with the platform's own secret, and sees all
        password_sql(OWNER, passwords.owner),
        f"CREATE ROLE {WATCHER} LOGIN IN ROLE pg_monitor",
        password_sql(WATCHER, passwords.watcher),
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE CONNECT ON DATABASE {DATABASE} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {WATCHER}",
        "ALTER DATABASE template0 IS_TEMPLATE false",
        "DROP DATABASE template0",  # nobody makes another database, and a copy takes the less time
    )


#: The tables as ENT makes them, and some rows. Indexes on what the backend looks up by.
_TABLES = (
    """CREATE TABLE exchanges (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, test_mode boolean NOT NULL DEFAULT false,
        config jsonb, owner_id text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE strategies (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, description text, code text NOT NULL,
        version integer NOT NULL DEFAULT 1, is_latest boolean NOT NULL DEFAULT true, config jsonb,
        owner_id text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE bot_runners (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, type text NOT NULL DEFAULT 'docker',
        config jsonb, owner_id text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE bots (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), number integer NOT NULL UNIQUE, name text NOT NULL,
        status text NOT NULL DEFAULT 'stopped', mode text NOT NULL DEFAULT 'dry_run', config jsonb,
        exchange_id uuid NOT NULL REFERENCES exchanges, strategy_id uuid NOT NULL REFERENCES strategies,
        runner_id uuid NOT NULL REFERENCES bot_runners, owner_id text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE bot_metrics (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), bot_id uuid NOT NULL UNIQUE REFERENCES bots,
        profit_closed_coin double precision, trade_count integer NOT NULL DEFAULT 0,
        fetched_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE trades (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, freqtrade_trade_id integer NOT NULL, pair text NOT NULL,
        is_open boolean NOT NULL, open_date timestamptz NOT NULL, open_rate double precision NOT NULL,
        stake_amount double precision NOT NULL, profit_ratio double precision NOT NULL,
        bot_id uuid NOT NULL REFERENCES bots)""",
    """CREATE TABLE backtests (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), status text NOT NULL DEFAULT 'completed', result jsonb,
        strategy_id uuid NOT NULL REFERENCES strategies, runner_id uuid NOT NULL REFERENCES bot_runners,
        created_at timestamptz NOT NULL DEFAULT now())""",
)
_ROWS = (
    "INSERT INTO exchanges (name, owner_id) SELECT 'exchange ' || n, 'owner-' || n FROM generate_series(1, 3) n",
    """INSERT INTO strategies (name, code, owner_id)
       SELECT 'strategy ' || n, repeat('# a line of it ', 50), 'owner-' || n % 3 + 1 FROM generate_series(1, 40) n""",
    "INSERT INTO bot_runners (name, owner_id) SELECT 'runner ' || n, 'owner-' || n FROM generate_series(1, 3) n",
    """INSERT INTO bots (number, name, status, exchange_id, strategy_id, runner_id, owner_id)
       SELECT n, 'bot ' || n, CASE WHEN n % 3 = 0 THEN 'stopped' ELSE 'running' END, e.id, s.id, r.id, e.owner_id
       FROM generate_series(1, 120) n
       JOIN exchanges e ON e.name = 'exchange ' || n % 3 + 1
       JOIN bot_runners r ON r.name = 'runner ' || n % 3 + 1
       JOIN strategies s ON s.name = 'strategy ' || n % 40 + 1""",
    "INSERT INTO bot_metrics (bot_id, trade_count) SELECT id, number FROM bots",
    f"""INSERT INTO trades (freqtrade_trade_id, pair, is_open, open_date, open_rate, stake_amount, profit_ratio, bot_id)
        SELECT n, 'BTC/USDT', n % 50 = 0, now() - n * interval '1 minute', 60000 + n % 977, 100, 0.01, b.id
        FROM generate_series(1, {TRADES}) n JOIN bots b ON b.number = n % 120 + 1""",  # noqa: S608 a number of ours
    """INSERT INTO backtests (strategy_id, runner_id)
       SELECT s.id, r.id FROM strategies s, bot_runners r""",
)
_INDEXES = (
    "CREATE INDEX trades_bot_id ON trades (bot_id)",
    "CREATE INDEX trades_open_date ON trades (open_date)",
    "CREATE INDEX bots_owner_id ON bots (owner_id)",
    "CREATE INDEX bots_strategy_id ON bots (strategy_id)",
    "CREATE INDEX backtests_strategy_id ON backtests (strategy_id)",
)

#: What the superuser makes in the database, the tables as their owner.
DATABASE_SQL = (
    "CREATE EXTENSION pg_stat_statements",
    f"SET ROLE {OWNER}",
    *_TABLES,
    *_ROWS,
    *_INDEXES,
)
#: In a session of its own, after that of the making has counted what it did: all counting begins here.
COUNTING_SQL = (
    "SELECT pg_stat_reset()",
    "VACUUM ANALYZE",  # after the reset, so that the server knows how many rows there are
    "SELECT pg_stat_statements_reset()",
    "CHECKPOINT",
)

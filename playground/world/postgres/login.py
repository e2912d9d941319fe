"""A login at the platform's database by the platform's secret: why it fails, in the words of the backend's driver.

It asks one question and changes nothing. The driver is Go's lib/pq.
"""

from collections.abc import Mapping

import psycopg
from psycopg.conninfo import make_conninfo

CONNECT_S = 2  # seconds; the least that libpq counts, and far more than loopback needs
NO_HOST = "localhost:5432"  # where the driver looks when it is told no place
#: What libpq says of a way that does not lead there, and what Go says of the same; the first that fits.
_ON_THE_WAY = (
    ("could not translate host name", "dial tcp: lookup {host}: no such host"),
    ("Network is unreachable", "dial tcp {where}: connect: network is unreachable"),
    ("timeout expired", "dial tcp {where}: i/o timeout"),
    ("Connection refused", "dial tcp {where}: connect: connection refused"),
    ("server does not support SSL", "pq: SSL is not enabled on the server"),
)


async def trouble(secret: Mapping[str, str]) -> str:
    """Why there is no session by this secret (its keys are the runbook's four); "" where there is one that answers."""
    where = secret.get("host") or NO_HOST
    host, _, port = where.rpartition(":")
    whole = make_conninfo(
        host=host,
        port=port,
        user=secret.get("username", ""),
        password=secret.get("password", ""),
        dbname=secret.get("database", ""),
        application_name="volaticloud",
        sslmode="require",
        connect_timeout=CONNECT_S,
    )
    try:
        async with await psycopg.AsyncConnection.connect(whole, autocommit=True) as connection:
            await connection.execute("SELECT 1")
    except psycopg.Error as error:
        return _in_go(str(error), host, where)
    return ""


def _in_go(said: str, host: str, where: str) -> str:
    for part, words in _ON_THE_WAY:
        if part in said:
            return words.format(host=host, where=where)
    return f"pq: {said.rpartition('FATAL:')[2].strip()}"

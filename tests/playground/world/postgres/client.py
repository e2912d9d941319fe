"""A plain client of the playground's database: logs in as the platform or as the watcher, and gives what it gets."""

from dataclasses import dataclass
from typing import Any

import psycopg

from playground.world.postgres.simulated import SimulatedPostgres
from playground.world.postgres.volaticloud import WATCHER

CONNECT_S = 2  # seconds until a silent address is given up; the least that libpq counts


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, or the words of a refusal."""

    rows: tuple[tuple[Any, ...], ...] = ()
    refusal: str = ""

    @property
    def value(self) -> Any:
        """The first column of the first row."""
        assert self.refusal == ""
        return self.rows[0][0]


async def asked(postgres: SimulatedPostgres, question: str = "SELECT 1", **other: Any) -> Answer:
    """Ask as the platform's secret says, over TLS that is looked at closely, unless `other` says otherwise."""
    secret = postgres.secret()
    host, _, port = secret["host"].rpartition(":")
    login = {"dbname": secret["database"], "user": secret["username"], "password": secret.get("password")}
    trust = {"sslmode": "verify-full", "sslrootcert": str(postgres.authority.ca_file)}
    try:
        async with await psycopg.AsyncConnection.connect(
            **{"host": host, "port": port, **login, **trust, "connect_timeout": CONNECT_S, "autocommit": True, **other}
        ) as connection:
            return Answer(tuple(await (await connection.execute(question.encode())).fetchall()))
    except psycopg.Error as error:
        return Answer(refusal=str(error))


async def watched(postgres: SimulatedPostgres, question: str) -> Answer:
    """Ask as the watcher, who may see everybody's statistics."""
    return await asked(postgres, question, user=WATCHER, password=postgres.passwords.watcher)

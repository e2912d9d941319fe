"""One environment's database as it is configured, opened for one run: how to log in, and the looks at it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import quote

from bot.actions.hands import DatabaseHands
from bot.clients.postgres import Bounds, PostgresClient
from bot.clients.postgres_hands import PostgresHands
from bot.clients.postgres_way import PostgresWay
from bot.platform.cluster import ClusterPlatform, Looking
from bot.settings import PostgresSettings
from diagnostics.context import DatabaseExpected
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.database.credentials import Read, read
from diagnostics.evidence.database.sources import Looker, Told, database_sources
from diagnostics.model import CouldNotLookError, Evidence, Reason
from diagnostics.observe import Source
from diagnostics.redaction import KnownSecret


class DatabasePlatform:
    """The database of an environment. Its connections are counted here, over all runs of this process.

    Raises:
        SettingsError: the file of the password cannot be read.
    """

    def __init__(self, settings: PostgresSettings, cluster: ClusterPlatform | None) -> None:
        self._settings = settings
        self._cluster = cluster
        self._login = settings.login()
        self._bounds = Bounds(asyncio.Semaphore(settings.connections), settings.statement_timeout)
        self.expected = DatabaseExpected(
            role=settings.role or "", origin=self._login.origin if self._login else "", secret=settings.secret or ""
        )

    def known_secrets(self) -> Iterator[KnownSecret]:
        """The password that the settings hold. That of a cluster's secret is learned when it is read."""
        if self._login is not None and self._login.password:
            yield KnownSecret("database password", self._login.password)
            yield KnownSecret("database password", quote(self._login.password, safe=""))

    def ordinary_names(self) -> tuple[str, ...]:
        """Names that are no secret."""
        return (self._login.host, self._login.database, self._login.user) if self._login else ()

    @asynccontextmanager
    async def sources(self, looking: Looking) -> AsyncIterator[tuple[Source[Evidence], ...]]:
        """Every look at the database, for one run. Its session is ended with the block."""

        async def told() -> Told:
            return await self._told(looking)

        async with PostgresClient(self._bounds) as client:
            yield database_sources(Looker(told, client, PostgresWay(), self._settings.role or ""))

    @asynccontextmanager
    async def hands(self, looking: Looking) -> AsyncIterator[DatabaseHands]:
        """Hands on the sessions, for guarded acts: they log in when they are first used, and are let go at the end."""

        async def told() -> Told:
            return await self._told(looking)

        async with PostgresClient(self._bounds) as client:
            yield PostgresHands(told, client)

    async def _told(self, looking: Looking) -> Told:
        if self._login is not None:
            return Told(Read(self._login), self._login.origin)
        namespace, _, name = (self._settings.secret or "").partition("/")
        origin = f"secret {namespace}/{name}"
        values = await self._values(Name(namespace, name), looking)
        if values is None:
            return Told(Read(None), origin, f"{namespace}/{name}", exists=False)
        found = read(values, origin)
        login = self._settings.completed(found.login) if found.login else None
        return Told(replace(found, login=login), origin, f"{namespace}/{name}")

    async def _values(self, name: Name, looking: Looking) -> dict[str, str] | None:
        if self._cluster is None:
            raise CouldNotLookError(Reason.NOT_CONFIGURED, "Set environments.<name>.kubernetes: the secret is there.")
        async with self._cluster.client(looking) as client:
            return await client.values(name)

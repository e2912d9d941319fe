"""One life of the server: begun on a fresh copy as a `Cluster` says, and ended with all who are connected to it."""

import asyncio
import os
import signal
from pathlib import Path

import psycopg

from playground.world.postgres.clients import POLL_S, SIGN_S, Clients, answer
from playground.world.postgres.copies import Copies, run_sql
from playground.world.postgres.server import Server
from playground.world.postgres.state import Cluster, Phase
from playground.world.postgres.threads import seen_through
from playground.world.postgres.volaticloud import DATABASE, SUPERUSER, Passwords

_SEGMENT = 1 << 20  # transactions whose outcomes are in one file of 256 KiB, at two bits each
_SEGMENT_BYTES = 1 << 18
#: What a server that is told to fetch its log from an archive waits for: an archive that never answers.
_ARCHIVE: dict[str, str] = {"restore_command": "sleep 3600", "recovery_target_timeline": "latest"}
#: What the server says for as long as a phase lasts.
_SAYS: dict[Phase, str] = {
    "starting-up": "the database system is starting up",
    "in-recovery": "the database system is in recovery mode",
    "shutting-down": "the database system is shutting down",
}


class Life:
    """A server, perhaps one that replays it, and their clients. `port` is where it listens; 0 where it does not."""

    def __init__(self, copies: Copies, passwords: Passwords, cluster: Cluster) -> None:
        self.cluster = cluster
        self.server: Server | None = None
        self._copies = copies
        self._passwords = passwords
        self._replica: Server | None = None
        self._clients: Clients | None = None

    @property
    def port(self) -> int:
        """The server's own port."""
        return self.server.port if self.server else 0

    @property
    def lives(self) -> bool:
        """Whether it is as it was begun: a server that somebody ended from outside is not."""
        return self.cluster.phase == "stopped" or (self.server is not None and self.server.pid is not None)

    async def begin(self) -> None:
        """Start it, and return when what is wrong with it can be seen.

        Raises:
            PostgresDidNotStartError: it does not come up.
            TimeoutError: what should go wrong does not.
        """
        try:
            await self._begin()
        except BaseException:  # also when cancelled: nothing half begun goes on
            await self.end()
            raise

    async def end(self) -> None:
        """End it, and everybody who is connected."""
        for server in (self._replica, self.server):
            if server is not None:
                await server.stop()
        if self._clients is not None:
            await self._clients.end()
        self.server = self._replica = self._clients = None

    async def _begin(self) -> None:
        cluster = self.cluster
        if cluster.phase == "stopped":
            return
        server = self.server = await self._copies.copy("server")
        await seen_through(_written, server.data / "pg_hba.conf", *cluster.hba)
        if cluster.next_transaction:
            await _advanced(server, cluster.next_transaction)
        if cluster.phase == "starting-up":
            await seen_through(_written, server.data / "recovery.signal")
            await server.start({**cluster.options, **_ARCHIVE}, until="starting")
        else:
            await server.start({**cluster.options, **(_ARCHIVE if cluster.phase == "in-recovery" else {})})
            await self._peopled(server)
        await self._brought_to(cluster.phase, server)

    async def _peopled(self, server: Server) -> None:
        """Change what is to be changed, and have everybody start their work."""
        await run_sql(server, DATABASE, self.cluster.changes)
        await run_sql(server, "postgres", self.cluster.outside)
        if self.cluster.replica:
            self._replica = await self._replaying(server)
        self._clients = Clients(server, self._passwords)
        for work in self.cluster.work:
            await work(self._clients)

    async def _replaying(self, server: Server) -> Server:
        """A second server that is sent what the first writes, and has stopped replaying it."""
        replica = await self._copies.copy("replica")
        await seen_through(_written, replica.data / "standby.signal")
        origin = f"host={server.folder} port={server.port} user={SUPERUSER} application_name=replica"
        await replica.start({"primary_conninfo": origin})
        await run_sql(replica, DATABASE, ("SELECT pg_wal_replay_pause()",))
        return replica

    async def _brought_to(self, phase: Phase, server: Server) -> None:
        if phase == "up":
            return
        if phase == "in-recovery":
            await seen_through(_written, server.data / "recovery.signal")
            await self._crashed(server)
        elif phase == "shutting-down":
            await self._clients_of(server).superuser()  # the one for whom it waits
            server.send(signal.SIGTERM)
        await _says(server, _SAYS[phase])

    async def _crashed(self, server: Server) -> None:
        """End one of its processes as a lack of memory does: the server then ends all, and starts anew."""
        victim = await self._clients_of(server).superuser()
        os.kill(await answer(victim, "SELECT pg_backend_pid()"), signal.SIGKILL)

    def _clients_of(self, server: Server) -> Clients:
        self._clients = self._clients or Clients(server, self._passwords)
        return self._clients


async def _says(server: Server, words: str) -> None:
    """Return as soon as the server refuses with these words."""
    async with asyncio.timeout(SIGN_S):
        while True:
            try:
                await run_sql(server, "postgres", ())
            except psycopg.OperationalError as error:
                if words in str(error):
                    return
            await asyncio.sleep(POLL_S)


async def _advanced(server: Server, transaction: int) -> None:
    """Have the server's next transaction be that number, as after years of use."""
    outcomes = server.data / "pg_xact" / f"{transaction // _SEGMENT:04X}"
    await seen_through(outcomes.write_bytes, bytes(_SEGMENT_BYTES))
    await server.run("pg_resetwal", "-x", str(transaction), "-D", str(server.data))


def _written(path: Path, *lines: str) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

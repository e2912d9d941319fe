"""What every act is on, how somebody else changes that between a plan and its click, and what came of the act.

It changes the world behind the bot's back and looks at it; it asks the bot for nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from playground.world.kubernetes.frozen import draft
from playground.world.kubernetes.kinds import kind_named
from playground.world.postgres.clients import SIGN_S, Clients, Connection
from tests.stories.test_acts import BACKEND, SPACE, change
from tests.stories.world import Story

FAILED_POD = "old-1"
#: Acts that need the database, whose server takes about a second to start.
SESSIONS = ("cancel-query", "end-session")
_FOR_EVER = "SELECT count(*), pg_sleep(3600) FROM strategies"
_AT_IT = (
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT count(*), pg_sleep(36%'"
)


class Report:
    """A session that runs one endless statement in a transaction, and another in a new one whenever it is cancelled.

    `met` tells what it met, in order: "cancelled", "ended".
    """

    def __init__(self, clients: Clients, session: Connection) -> None:
        self.met: list[str] = []
        self.pid = session.info.backend_pid
        self._clients = clients
        self._session = session
        self._cancelled = asyncio.Event()

    async def run(self) -> None:
        """Go on until the session is ended."""
        while True:
            try:
                async with self._session.transaction():
                    await self._session.execute("UPDATE bots SET updated_at = now() WHERE number = 1")
                    await self._session.execute(_FOR_EVER)
            except psycopg.errors.QueryCanceled:
                self.met.append("cancelled")
                self._cancelled.set()
            except psycopg.OperationalError:
                self.met.append("ended")
                return

    async def anew(self) -> None:
        """Have somebody else cancel it; returns when it is at its next statement."""
        asker = await self._clients.superuser()
        await asker.execute("SELECT pg_cancel_backend(%s)", [self.pid])
        await self._clients.leave(asker)
        async with asyncio.timeout(SIGN_S):
            await self._cancelled.wait()  # else it would be seen at the statement that is to end
        await self._clients.seen(_AT_IT)


@asynccontextmanager
async def reporting(here: Story) -> AsyncIterator[Report]:
    """The report at work in the platform's database, until the end of the block."""
    database = here.platform.around.database
    await database.ready()
    assert database.server is not None
    clients = Clients(database.server, database.passwords)
    report = Report(clients, await clients.backend("volaticloud-report"))
    clients.go_on(report.run())
    await clients.seen(_AT_IT)
    try:
        yield report
    finally:
        await clients.end()


def failed_pod(here: Story) -> None:
    """A pod that has failed for good."""
    store, pod = here.platform.around.cluster.world.store, kind_named("Pod")
    spec = {"containers": [{"name": "one", "image": "busybox"}], "restartPolicy": "Never"}
    made = store.create(pod, {"metadata": {"name": FAILED_POD, "namespace": SPACE}, "spec": spec})
    store.replace_status(pod, {"metadata": made["metadata"], "status": {"phase": "Failed", "reason": "Evicted"}})


def revisions(here: Story) -> list[Any]:
    """The backend's replica sets, the oldest first."""
    every = here.platform.around.cluster.world.store.listed(kind_named("ReplicaSet"), SPACE)
    mine = (one for one in every if one["metadata"]["name"].startswith(BACKEND))
    return sorted(mine, key=lambda one: int(one["metadata"]["annotations"]["deployment.kubernetes.io/revision"]))


def writes(here: Story) -> list[str]:
    """What was written to the cluster for good, by method and kind."""
    asked = here.platform.around.cluster.server.asked
    lasting = (one for one in asked if one.method != "GET" and "dryRun" not in one.query and "reviews" not in one.path)
    return [f"{one.method} {one.path.partition(f'/namespaces/{SPACE}/')[2].partition('/')[0]}" for one in lasting]


def _another_template(here: Story) -> None:
    change(here, lambda thing: thing["spec"]["template"]["metadata"]["labels"].update(new="one"))


def _older_revision_gone(here: Story) -> None:
    older = revisions(here)[0]["metadata"]["name"]
    here.platform.around.cluster.world.store.remove(kind_named("ReplicaSet"), SPACE, older)


def _another_number(here: Story) -> None:
    change(here, lambda thing: thing["spec"].update(replicas=4))


def _failed_pod_gone(here: Story) -> None:
    here.platform.around.cluster.world.store.remove(kind_named("Pod"), SPACE, FAILED_POD)


def _variable_set(here: Story) -> None:
    entry = {"name": "LOG_LEVEL", "value": "warn"}
    change(here, lambda thing: thing["spec"]["template"]["spec"]["containers"][0].setdefault("env", []).append(entry))


def _another_port(here: Story) -> None:
    store, kind = here.platform.around.cluster.world.store, kind_named("Service")
    found = store.read(kind, SPACE, BACKEND)
    assert found is not None
    changed = draft(found)
    changed["spec"]["ports"][0]["port"] += 1
    store.replace(kind, changed)


MEANWHILE: Mapping[str, tuple[Callable[[Story], None], str]] = {
    "restart": (_another_template, "pod template"),
    "rollback": (_older_revision_gone, "what it goes back to"),
    "scale": (_another_number, "number of pods"),
    "delete-failed-pods": (_failed_pod_gone, "the failed pods"),
    "debug-logs": (_variable_set, "LOG_LEVEL"),
    "probe": (_another_port, "place"),
}
"""By act on the cluster: how its target becomes another one, and by which words the plan's message tells so."""

AGAIN: Mapping[str, tuple[Callable[[Report], Awaitable[None]], str]] = {
    "cancel-query": (Report.anew, "statement begun"),
    "end-session": (Report.anew, "transaction begun"),
}
"""The same by act on the database."""

EFFECTS: Mapping[str, list[str]] = {
    "restart": ["PATCH deployments"],
    "rollback": ["PUT deployments"],
    "scale": ["PUT deployments"],
    "delete-failed-pods": ["DELETE pods"],
    "debug-logs": ["PATCH deployments"],
    "probe": ["POST jobs", "DELETE jobs"],
    "cancel-query": ["cancelled"],
    "end-session": ["ended"],
}
"""All that each act does, in order: its first step the first of it, within a second, and of most nothing follows."""

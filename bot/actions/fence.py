"""Hands whose every write first asks whether the plan is still in this process's hands. It reads and writes no store.

A process may stand still for longer than its lease (SIGSTOP, a full host) while another carries the plan out. What it
then still wants to write rests on what it read before; so the question comes after the reading and before the writing:
a write that passes it carries a version that was read while the plan was ours, and the server refuses any older one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.actions.hands import Aim, ClusterHands, DatabaseHands, Hands, Kind, Ref, SessionNow, Thing
from bot.actions.kept import Overtaken
from diagnostics.evidence.cluster.client import LogAsked, LogText
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.database.kinds import DatabaseAccess
from diagnostics.model import CouldNotLookError


@dataclass(frozen=True, slots=True)
class Fenced:
    """Hands on one cluster, for as long as `ours` says so. A write raises Overtaken when it does not."""

    hands: ClusterHands
    ours: Callable[[], Awaitable[bool]]

    async def read(self, ref: Ref) -> Thing | None:
        """As `ClusterHands.read`."""
        return await self.hands.read(ref)

    async def listed(self, kind: Kind, namespace: str) -> tuple[Thing, ...]:
        """As `ClusterHands.listed`."""
        return await self.hands.listed(kind, namespace)

    async def missing(self, rights: tuple[Right, ...]) -> tuple[Right, ...]:
        """As `ClusterHands.missing`."""
        return await self.hands.missing(rights)

    async def patch(self, ref: Ref, change: Thing, *, dry: bool = False) -> Thing:
        """As `ClusterHands.patch`."""
        await self._pass()
        return await self.hands.patch(ref, change, dry=dry)

    async def replace(self, ref: Ref, thing: Thing, *, dry: bool = False) -> Thing:
        """As `ClusterHands.replace`."""
        await self._pass()
        return await self.hands.replace(ref, thing, dry=dry)

    async def create(self, kind: Kind, thing: Thing, *, dry: bool = False) -> Thing:
        """As `ClusterHands.create`."""
        await self._pass()
        return await self.hands.create(kind, thing, dry=dry)

    async def delete(self, ref: Ref, uid: str, *, dry: bool = False) -> bool:
        """As `ClusterHands.delete`."""
        await self._pass()
        return await self.hands.delete(ref, uid, dry=dry)

    async def log(self, asked: LogAsked) -> LogText:
        """As `ClusterHands.log`."""
        return await self.hands.log(asked)

    async def _pass(self) -> None:
        await _passed(self.ours)


@dataclass(frozen=True, slots=True)
class FencedDatabase:
    """Hands on one database, for as long as `ours` says so. What tells a session to stop raises Overtaken then."""

    hands: DatabaseHands
    ours: Callable[[], Awaitable[bool]]

    async def access(self) -> DatabaseAccess:
        """As `DatabaseHands.access`."""
        return await self.hands.access()

    async def session(self, pid: int) -> SessionNow | None:
        """As `DatabaseHands.session`."""
        return await self.hands.session(pid)

    async def cancel(self, aim: Aim) -> bool:
        """As `DatabaseHands.cancel`."""
        await _passed(self.ours)
        return await self.hands.cancel(aim)

    async def end(self, aim: Aim) -> bool:
        """As `DatabaseHands.end`."""
        await _passed(self.ours)
        return await self.hands.end(aim)


def fenced(hands: Hands, ours: Callable[[], Awaitable[bool]]) -> Hands:
    """An environment, in which only the process that has the plan writes."""
    of_cluster, of_database = hands.of_cluster, hands.of_database
    if of_cluster is not None and not isinstance(of_cluster, CouldNotLookError):
        of_cluster = Fenced(of_cluster, ours)
    return replace(hands, of_cluster=of_cluster, of_database=FencedDatabase(of_database, ours) if of_database else None)


async def _passed(ours: Callable[[], Awaitable[bool]]) -> None:
    if not await ours():
        raise Overtaken("the plan is in other hands by now, so nothing more is written here")

"""The deep look: a marked probe resource is created, read and always removed again."""

import asyncio
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from diagnostics.evidence.http import Answer, Exchange, Http, NoAnswer, Outgoing, Reply, answered
from diagnostics.evidence.keycloak.kinds import KeycloakRegistration, ProbeLeft, status_of

T = TypeVar("T")

#: Every probe's name begins so, which is how a person or a later run recognises one.
PROBE = "volati-probe-"
#: A probe older than this is nobody's any more: three times the longest a run may take by default.
ABANDONED_AFTER_SECONDS = 60
#: Seconds that cleaning up may take, also after the run was ended: two requests that wait in vain. A container that
#: is told to stop has ten.
CLEAN_UP_SECONDS = 8.0

_GONE = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}


class Registration:
    """Registers and removes one probe resource through the protection API at `resource_set`. Used once."""

    def __init__(self, http: Http, resource_set: str, token: str) -> None:
        self._http = http
        self._resource_set = resource_set
        self._token = token
        self._created: Exchange | None = None
        self._read: Exchange | None = None
        self._deleted: Exchange | None = None
        self._left_behind = 0
        self._left: ProbeLeft | None = None

    async def try_out(self, run_id: str, now: int) -> KeycloakRegistration:
        """Remove abandoned probes, then create, read and delete one. `now` is in Unix seconds."""
        self._left_behind = await self._remove_abandoned(now)
        name, id = f"{PROBE}{now}-{run_id}", ""
        try:
            created = await self._create(name)
            self._created = answered(created)
            if isinstance(created, Reply) and created.status == HTTPStatus.CREATED:
                id = _id(created)
                self._read = answered(await self._send("GET", f"/{quote(id, safe='')}"))
        finally:
            # Also when the run is cancelled, in the middle or meanwhile.
            await _finished(self._clean_up(name, id))
        return self._told()

    def cut_off(self) -> KeycloakRegistration | None:
        """What has to be told although the look was ended early: that its probe may still be there."""
        return self._told() if self._left else None

    def _told(self) -> KeycloakRegistration:
        return KeycloakRegistration(self._created, self._read, self._deleted, self._left_behind, self._left)

    async def _create(self, name: str) -> Reply | NoAnswer:
        body = {"name": name, "type": "urn:volati:probe", "resource_scopes": ["view"]}
        return await self._http.send(Outgoing("POST", self._resource_set, body=body, bearer=self._token))

    async def _clean_up(self, name: str, id: str) -> None:
        self._left = ProbeLeft(name, id, f"nothing was heard of its removal within {CLEAN_UP_SECONDS:g} s")
        try:
            async with asyncio.timeout(CLEAN_UP_SECONDS):
                self._left = await (self._removed(name, id) if id else self._sought(name))
        except TimeoutError:
            return

    async def _sought(self, name: str) -> ProbeLeft | None:
        """Remove the probe whose id was never told, by its name; gives what may remain."""
        found, why = await self._found(name)
        if why:
            return ProbeLeft(name, "", f"the search for it gave {why}")
        for item in found:
            if left := await self._removed(name, str(item["_id"])):
                return left
        if found or not self._may_yet_come():
            return None
        return ProbeLeft(name, "", "its creation was not answered and may yet be carried out")

    async def _removed(self, name: str, id: str) -> ProbeLeft | None:
        """Delete a probe, twice where the first answer does not settle it; gives what may remain."""
        self._deleted = answered(await self._delete(id))
        if _settled(self._deleted):
            return None
        again = answered(await self._delete(id))
        return None if _settled(again) else ProbeLeft(name, id, f"its removal gave {status_of(again)}")

    def _may_yet_come(self) -> bool:
        """Whether the creation was sent and nobody knows what became of it."""
        made = self._created
        return made is None or (isinstance(made, NoAnswer) and not made.stage.before_request)

    async def _remove_abandoned(self, now: int) -> int:
        listed, _ = await self._found(PROBE)
        gone = 0
        for item in listed:
            if _age(item["name"], now) > ABANDONED_AFTER_SECONDS:
                answer = answered(await self._delete(item["_id"]))
                gone += isinstance(answer, Answer) and answer.status == HTTPStatus.NO_CONTENT
        return gone

    async def _found(self, name: str) -> tuple[list[dict[str, str]], str]:
        """The probes whose names begin so, and why the search failed where it did."""
        reply = await self._send("GET", f"?deep=true&first=0&max=100&name={name}")
        document = reply.document() if isinstance(reply, Reply) and reply.answer().ok else None
        if not isinstance(document, list):
            return [], status_of(answered(reply))
        named = [item for item in document if isinstance(item, dict) and str(item.get("name", "")).startswith(name)]
        return [item for item in named if item.get("_id")], ""

    async def _delete(self, id: str) -> Reply | NoAnswer:
        return await self._send("DELETE", f"/{quote(id, safe='')}")

    async def _send(self, method: str, rest: str) -> Reply | NoAnswer:
        return await self._http.send(Outgoing(method, f"{self._resource_set}{rest}", bearer=self._token))


async def _finished(work: Coroutine[Any, Any, T]) -> T:
    """Finish the work, which bounds itself, however often the task is cancelled meanwhile; only then be cancelled."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()


def _settled(deletion: Exchange) -> bool:
    """Whether the resource is gone for certain: deleted now, or known to nobody."""
    return isinstance(deletion, Answer) and deletion.status in _GONE


def _id(reply: Reply) -> str:
    document = reply.document()
    return str(document.get("_id", "")) if isinstance(document, dict) else ""


def _age(name: str, now: int) -> int:
    """Seconds since the probe was named; an unreadable name counts as abandoned."""
    stamp = name.removeprefix(PROBE).partition("-")[0]
    return now - int(stamp) if stamp.isdecimal() else ABANDONED_AFTER_SECONDS + 1

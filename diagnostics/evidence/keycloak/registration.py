"""The deep look: a marked probe resource is created, read and always removed again."""

from http import HTTPStatus

from diagnostics.evidence.http import Answer, Exchange, Http, NoAnswer, Outgoing, Reply, answered
from diagnostics.evidence.keycloak.kinds import KeycloakRegistration

#: Every probe's name begins so, which is how a person or a later run recognises one.
PROBE = "volati-probe-"
#: A probe older than this is nobody's any more: three times the longest a run may take by default.
ABANDONED_AFTER_SECONDS = 60


class Registration:
    """Registers and removes one probe resource through the protection API at `resource_set`."""

    def __init__(self, http: Http, resource_set: str, token: str) -> None:
        self._http = http
        self._resource_set = resource_set
        self._token = token

    async def try_out(self, run_id: str, now: int) -> KeycloakRegistration:
        """Remove abandoned probes, then create, read and delete one. `now` is in Unix seconds."""
        left_behind = await self._remove_abandoned(now)
        name = f"{PROBE}{now}-{run_id}"
        read: Exchange | None = None
        removed: Exchange | None = None
        try:
            created = await self._create(name)
            if isinstance(created, Reply) and created.status == HTTPStatus.CREATED:
                read = answered(await self._send("GET", f"/{_id(created)}"))
        finally:
            # Also when the run is cancelled between the request and its answer: found by name, then removed.
            removed = await self._remove_named(name)
        return KeycloakRegistration(answered(created), read, removed, left_behind)

    async def _create(self, name: str) -> Reply | NoAnswer:
        body = {"name": name, "type": "urn:volati:probe", "resource_scopes": ["view"]}
        return await self._http.send(Outgoing("POST", self._resource_set, body=body, bearer=self._token))

    async def _remove_named(self, name: str) -> Exchange | None:
        """The last deletion under this name, or None when there was nothing to delete."""
        last: Exchange | None = None
        for item in await self._found(name):
            last = answered(await self._send("DELETE", f"/{item['_id']}"))
        return last

    async def _remove_abandoned(self, now: int) -> int:
        abandoned = [item for item in await self._found(PROBE) if _age(item["name"], now) > ABANDONED_AFTER_SECONDS]
        gone = 0
        for item in abandoned:
            answer = answered(await self._send("DELETE", f"/{item['_id']}"))
            gone += isinstance(answer, Answer) and answer.status == HTTPStatus.NO_CONTENT
        return gone

    async def _found(self, name: str) -> list[dict[str, str]]:
        reply = await self._send("GET", f"?deep=true&first=0&max=100&name={name}")
        document = reply.document() if isinstance(reply, Reply) else None
        items = document if isinstance(document, list) else []
        return [item for item in items if isinstance(item, dict) and str(item.get("name", "")).startswith(name)]

    async def _send(self, method: str, rest: str) -> Reply | NoAnswer:
        return await self._http.send(Outgoing(method, f"{self._resource_set}{rest}", bearer=self._token))


def _id(reply: Reply) -> str:
    document = reply.document()
    return str(document.get("_id", "")) if isinstance(document, dict) else ""


def _age(name: str, now: int) -> int:
    """Seconds since the probe was named; an unreadable name counts as abandoned."""
    stamp = name.removeprefix(PROBE).partition("-")[0]
    return now - int(stamp) if stamp.isdecimal() else ABANDONED_AFTER_SECONDS + 1

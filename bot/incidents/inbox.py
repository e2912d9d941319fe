"""Keeps what PagerDuty tells until it was worked on, and works on it: in order, each event once. It answers nobody."""

import asyncio
import hashlib
import secrets

import msgspec
import structlog

from bot.errors import IncidentError, StoreBusy, StoreError
from bot.incidents import hearsay
from bot.incidents.desk import Incidents
from bot.incidents.inbound import meant
from bot.incidents.keeping import Besides, Outrun, Spent
from bot.incidents.polled import Look, heard_by_asking
from bot.incidents.webhooks import Hook
from bot.keys import HOOK_SEEN, HOOKS, HOOKS_AT_MOST, PAGER_INCIDENT
from bot.store import Store
from diagnostics.observe import Cleaner

LOOK_SECONDS = 1.0
"""Time between looks for what another replica took in; what was taken in here is worked on at once."""

AWAY_SECONDS = 2.0
"""Time between looks while the store does not answer."""

# An event is kept when it is new; a repeat after a lost answer knows its own mark.
_KEEP = """
local before = redis.call('GET', KEYS[1])
if before then return before == ARGV[1] and 1 or 0 end
if redis.call('LLEN', KEYS[2]) >= tonumber(ARGV[3]) then return -1 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[4])
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
"""
_log = structlog.get_logger()


class Inbox:
    """What PagerDuty told. Every method may raise StoreError."""

    def __init__(self, store: Store, cleaner: Cleaner, incidents: Incidents) -> None:
        self._store = store
        self._cleaner = cleaner
        self._incidents = incidents
        self._arrived = asyncio.Event()

    async def keep(self, hook: Hook) -> bool:
        """Keep an event, redacted, for as long as PagerDuty may repeat it; False: it was kept before."""
        keys = (HOOK_SEEN.of(digest=_digest(hook.id)), HOOKS.of())
        document = msgspec.json.encode(hearsay.kept(hook, self._cleaner))
        mark = secrets.token_hex(8)
        said = await self._store.script(_KEEP, keys, mark, document, HOOKS_AT_MOST, HOOK_SEEN.seconds)
        if said < 0:
            raise StoreBusy(f"{HOOKS_AT_MOST} events of PagerDuty's wait to be worked on already. It sends this again.")
        self._arrived.set()
        return bool(said == 1)

    async def run(self) -> None:
        """Work on what is kept, until cancelled."""
        while True:
            wait = LOOK_SECONDS
            try:
                await self.work()
            except StoreError as error:
                _log.warning("events of PagerDuty's wait for the store", reason=str(error))
                wait = AWAY_SECONDS
            except Exception:  # noqa: BLE001 an edge: without this loop no acknowledgement would be heard
                _log.exception("working on events of PagerDuty's failed")
                wait = AWAY_SECONDS
            try:
                async with asyncio.timeout(wait):
                    await self._arrived.wait()
            except TimeoutError:
                continue

    async def work(self) -> None:
        """Work on all there is."""
        self._arrived.clear()
        while (first := await self._store.ask("LINDEX", HOOKS.of(), 0)) is not None:
            if not await self._worked(first):
                return

    async def _worked(self, document: bytes) -> bool:
        """Work on one event, and take it out; False when another replica has just done so."""
        try:
            hook = msgspec.json.decode(document, type=Hook)
            incident = await self._incident_of(hook)
            event = meant(hook, hook.at) if incident and await self._is_news(hook, incident) else None
            if event is not None:
                await self._incidents.reported(incident, event, Besides(hook=document.decode()))
                return True
        except Spent:
            return True
        except Outrun:
            return False
        except IncidentError as error:
            _log.info("PagerDuty told what changes nothing", reason=str(error))
        except msgspec.MsgspecError:  # written by another version
            _log.exception("an event of PagerDuty's is dropped: it cannot be read")
        await self._store.ask("LREM", HOOKS.of(), 1, document)
        return True

    async def _is_news(self, hook: Hook, incident: str) -> bool:
        """Whether asking has not heard it before; if so, asking need not hear it any more."""
        look = Look.of(hook)
        if look is None or not hook.key:
            return True
        if heard_by_asking(hook, await self._incidents.known(incident, hook.key)):
            return False
        await self._incidents.note_told(incident, hook.key, str(look))
        return True

    async def _incident_of(self, hook: Hook) -> str:
        """Our incident that an event is about; empty for none: the account has others."""
        place = PAGER_INCIDENT.of(digest=_digest(hook.incident))
        incident = incident_of(hook.key)
        if incident:
            await self._store.ask("SET", place, incident, "EX", PAGER_INCIDENT.seconds)
            return incident
        found = None if hook.key else await self._store.ask("GET", place)
        return found.decode() if found else ""


def incident_of(key: str) -> str:
    """The incident that a dedup key is of, as `Incident.key` makes it; empty for another's key."""
    parts = key.split(".")
    ours = len(parts) in {3, 4} and parts[0] == "volati" and parts[1].isalnum() and parts[1].isascii()
    return parts[1] if ours else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]

"""One probe from where this program runs, under its deadline: what `volati probe-from-here` does in its pod.

It raises nothing: whatever happens is a result, and the result is all that leaves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.clients.names import NameClient
from bot.probe.order import POSTGRES_PORT, Order, Way
from bot.probe.postgres import Account, ready
from bot.probe.result import Outcome, Result, plain
from bot.probe.road import EndError, Means, Road
from bot.probe.route import HOP_SECONDS, HOPS_AT_MOST, followed
from bot.probe.web import asked
from diagnostics.model import Fact

#: Seconds that every probe ends within, whatever it waits for.
ENDS_SECONDS = HOPS_AT_MOST * HOP_SECONDS + 6.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the pod is given: where the database is, as whom to knock there, how probes work, who is asked for names."""

    database_host: str = ""
    database_port: int = POSTGRES_PORT
    account: Account = field(default_factory=Account)
    means: Means = field(default_factory=Means)
    nameserver: str = ""


async def probed(order: Order, here: Surroundings) -> Result:
    """What a probe sees."""
    host, port = (here.database_host, here.database_port) if order.of_database else (order.host, order.port)
    if not host:
        words = "Where the database is, is not known here: its secret has no host"
        return Result(order.way, str(order), Outcome.UNSEEN, words)
    road = Road(host, port, here.means)
    try:
        async with asyncio.timeout(ENDS_SECONDS):
            text = await _WAYS[order.way](order, road, here)
    except EndError as end:
        return _result(order, end.outcome, end.text, road)
    except TimeoutError:
        return _result(order, Outcome.LOST, f"{road} gave no answer within {ENDS_SECONDS:g} s", road)
    return _result(order, Outcome.REACHED, text, road)


def _result(order: Order, outcome: Outcome, text: str, road: Road) -> Result:
    facts = tuple(Fact(plain(one.label), plain(one.value)) for one in road.facts)
    return Result(order.way, str(order), outcome, plain(text), facts)


async def _tcp(_: Order, road: Road, __: Surroundings) -> str:
    async with road.connected():
        return f"{road} takes connections"


async def _http(order: Order, road: Road, _: Surroundings) -> str:
    return await asked(order, road)


async def _postgres(_: Order, road: Road, here: Surroundings) -> str:
    return await ready(here.account, road)


async def _route(_: Order, road: Road, __: Surroundings) -> str:
    return await followed(road)


async def _dns(_: Order, road: Road, here: Surroundings) -> str:
    """Look a name up, and nothing more: an address that a probe would not go to is shown, too."""
    found = await NameClient(here.nameserver, road.means.seconds).look_up(road.host)
    road.note("name lookup", f"{found.took_ms} ms")
    if found.failure:
        raise EndError(Outcome.LOST, f"{road.host} cannot be looked up: {found.failure.detail}")
    for record, mark in (("A", "."), ("AAAA", ":")):
        listed = [one for one in found.addresses if mark in one and (record == "AAAA" or ":" not in one)]
        road.note(record, ", ".join(listed) or "none")
    return f"{road.host} has {len(found.addresses)} {'address' if len(found.addresses) == 1 else 'addresses'}"


_WAYS: Mapping[Way, Callable[[Order, Road, Surroundings], Awaitable[str]]] = {
    Way.TCP: _tcp,
    Way.HTTP: _http,
    Way.DNS: _dns,
    Way.POSTGRES: _postgres,
    Way.ROUTE: _route,
}

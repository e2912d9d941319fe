"""Provokes the database's faults one after another, and notes what plain clients get. It judges nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from playground.world.faults.model import Fault
from playground.world.postgres.binaries import Binaries
from playground.world.postgres.simulated import SimulatedPostgres
from playground.world.postgres.state import State
from tests.playground.world.postgres.client import Answer, asked, watched
from tests.playground.world.postgres.signs import SIGNS, Sign

#: One fault of each way in which something is broken: the secret, the front, the phases, the roles, the slots, a copy.
MENDED = (
    "postgres-name-unknown",
    "postgres-stopped",
    "postgres-dropped",
    "postgres-certificate-expired",
    "postgres-in-recovery",
    "postgres-shutting-down",
    "postgres-role-missing",
    "postgres-slots-full",
    "postgres-wraparound-near",
    "postgres-replica-behind",
)


@dataclass(frozen=True)
class Seen:
    """What was answered while a fault was on, and to the platform's client after it was mended, where it was asked."""

    broken: Answer
    mended: Answer | None


def shows(fault: Fault[State], seen: Seen) -> bool:
    """Whether what was seen is the fault's sign."""
    sign = SIGNS[fault.name]
    return seen.broken == Answer(((True,),)) if sign.question else sign.refusal in seen.broken.refusal


async def answer(postgres: SimulatedPostgres, sign: Sign) -> Answer:
    """What a client gets who looks for this sign."""
    return await (watched(postgres, sign.question) if sign.question else asked(postgres))


async def mended(postgres: SimulatedPostgres) -> Answer:
    """What the platform's client gets when all is well again."""
    await postgres.ready()
    return await asked(postgres)


async def one_after_another(faults: Iterable[Fault[State]], binaries: Binaries) -> dict[str, Seen]:
    """Each fault, switched on, looked at and mended, on the PostgreSQL of these programs."""
    found = {}
    async with SimulatedPostgres(binaries=binaries) as postgres:
        await postgres.ready()
        for fault in faults:
            await postgres.switch_on(fault)
            broken = await answer(postgres, SIGNS[fault.name])
            await postgres.heal()
            found[fault.name] = Seen(broken, await mended(postgres) if fault.name in MENDED else None)
    return found

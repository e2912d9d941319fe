"""The platform's database as a running thing: a real PostgreSQL behind its front, with faults switched on and off."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from playground.world.certificates import Authority
from playground.world.faults.model import Fault, named
from playground.world.faults.postgres import POSTGRES_FAULTS
from playground.world.postgres.account import account_for
from playground.world.postgres.binaries import Binaries, embedded
from playground.world.postgres.copies import Copies
from playground.world.postgres.front import HOST, Front
from playground.world.postgres.home import Home
from playground.world.postgres.life import Life
from playground.world.postgres.server import Server
from playground.world.postgres.state import Cluster, State, Told
from playground.world.postgres.volaticloud import DATABASE, OWNER, Passwords
from playground.world.postgres.work import everyday


def sound() -> State:
    """The database as it is without faults, with the backend at work in it."""
    return State().with_work(everyday)


class SimulatedPostgres:
    """A database to be used with `async with`; afterwards its processes, its port and its files are gone.

    Its address is there at once. The server starts when somebody first says something at that address, or when it is
    asked for (`ready`): who does not need it does not wait for it. `sound` gives it as it is without faults, asked anew
    each time, so that it may follow others that change.
    """

    def __init__(self, sound: Callable[[], State] = sound, binaries: Binaries | None = None) -> None:
        self.passwords = Passwords()
        self._sound = sound
        self._binaries = binaries
        self._faults: tuple[Fault[State], ...] = ()
        self._stack = AsyncExitStack()
        self._one_at_a_time = asyncio.Lock()
        self._copies: Copies | None = None
        self._life: Life | None = None
        self._changed_at = 0.0  # the loop's time at which what is on was seen to be on
        self._front: Front
        self.authority: Authority

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory(prefix="volati-authority-"))
            self.authority = Authority.new(Path(folder), "Volati playground database CA")
            self._front = await stack.enter_async_context(Front(self.authority, self._inner))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def port(self) -> int:
        """The port of its address; the same for as long as it lives."""
        return self._front.port

    @property
    def server(self) -> Server | None:
        """The server that runs now; None where none does."""
        return self._life.server if self._life else None

    @property
    def state(self) -> State:
        """The database as it is now, through every fault that is on."""
        return reduce(lambda state, fault: fault.apply(state), self._faults, self._sound())

    @property
    def faults(self) -> tuple[str, ...]:
        """The names of the faults that are on, oldest first."""
        return tuple(fault.name for fault in self._faults)

    def secret(self) -> dict[str, str]:
        """What the platform's own secret says of it, by key."""
        return _told(self.state.told, self.port, self.passwords)

    def true_secret(self) -> dict[str, str]:
        """What the platform's own secret would say if it were told the truth."""
        return _told(Told(), self.port, self.passwords)

    async def switch_on(self, fault: Fault[State] | str) -> None:
        """Break something, and return when it can be seen. Raises KeyError for a name that is not in the table."""
        chosen = named(POSTGRES_FAULTS, fault)
        if chosen.name not in self.faults:
            self._faults = (*self._faults, chosen)
        await self.adjust()

    async def switch_off(self, fault: Fault[State] | str) -> None:
        """Mend it again; a fault that is not on is no error."""
        chosen = named(POSTGRES_FAULTS, fault)
        self._faults = tuple(one for one in self._faults if one.name != chosen.name)
        await self.adjust()

    async def heal(self) -> None:
        """Mend everything."""
        self._faults = ()
        await self.adjust()

    async def adjust(self) -> None:
        """Be as the state says. A sound server is started by the next who asks, as at the beginning."""
        async with self._one_at_a_time:
            state = self.state
            if state.cluster != self._sound().cluster:
                await self._live(state.cluster)
            elif self._life is not None and self._life.cluster != state.cluster:
                await self._end()
            if (self._front.manner, self._front.certificate) != (state.front, state.certificate):
                self._front.manner, self._front.certificate = state.front, state.certificate
                await self._front.adjust()
            self._changed_at = asyncio.get_running_loop().time()

    async def ripe(self) -> None:
        """Return when what is on has lasted for so long that it is a fault: at once, for most."""
        since = asyncio.get_running_loop().time() - self._changed_at
        await asyncio.sleep(max(self.state.ripens_s - since, 0.0))

    async def ready(self) -> int:
        """The server's own port, once it is as the state says; 0 where it is stopped.

        Raises:
            PostgresDidNotStartError: it does not come up.
        """
        async with self._one_at_a_time:
            return await self._live(self.state.cluster)

    async def _live(self, wanted: Cluster) -> int:
        """Have the server live as wanted: what lives otherwise ends, and a new life begins on a fresh copy."""
        if self._life is None or self._life.cluster != wanted or not self._life.lives:
            await self._end()
            life = Life(self._copies or await self._prepared(), self.passwords, wanted)
            await life.begin()
            self._life = life
        return self._life.port

    async def _prepared(self) -> Copies:
        """What the first life needs: a folder, an account, and the platform's database in it."""
        if self._binaries is None:
            self._binaries = await asyncio.to_thread(embedded)
        home = await self._stack.enter_async_context(Home())
        self._copies = Copies(home.path, await account_for(self._binaries, home.path), self.passwords)
        self._stack.push_async_callback(self._end)
        return self._copies

    async def _end(self) -> None:
        life, self._life = self._life, None
        if life is not None:
            await life.end()

    async def _inner(self) -> int:
        port = await self.ready()
        if port == 0:
            raise ConnectionRefusedError("the server is stopped")
        return port


def _told(told: Told, port: int, passwords: Passwords) -> dict[str, str]:
    values = {
        "host": f"{told.host if told.host is not None else HOST}:{port}",
        "database": told.database if told.database is not None else DATABASE,
        "username": told.user if told.user is not None else OWNER,
        "password": (told.password if told.password is not None else passwords.owner) + told.after_password,
    }
    return {key: value for key, value in values.items() if key not in told.lacks}

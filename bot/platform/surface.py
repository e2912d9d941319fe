"""One environment's HTTP surface as it is configured, opened for one run: the looks at it, and what is expected."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from bot.clients.http import HttpClient
from bot.clients.network import NetworkClient
from bot.clients.schemas import SchemaReader
from bot.clock import SystemClock
from bot.platform.trust import trusted
from bot.settings import BackendSettings
from diagnostics.context import SurfaceExpected
from diagnostics.evidence.cluster.reading import Marks
from diagnostics.evidence.surface.look import Instruments, SurfaceLook, surface_sources
from diagnostics.evidence.surface.timing import Plan, Stopwatch, times_source
from diagnostics.model import Evidence
from diagnostics.observe import Source

#: The part of a source's time in which samples are begun: the last one must still have its own.
_SHARE = 0.5


class SurfacePlatform:
    """The backend's endpoints of an environment.

    Args:
        settings: where they are.
        patience: seconds that one request may take, and the way to a host.

    Raises:
        SettingsError: a file that a setting names cannot be used.
    """

    def __init__(self, settings: BackendSettings, patience: float) -> None:
        self._settings = settings
        self._patience = patience
        self._trust = trusted(settings.ca_file)
        self._schemas = SchemaReader(settings.schema_file)
        self.expected = SurfaceExpected(
            health_url=settings.health_url,
            graphql_url=settings.graphql_url,
            schema=str(settings.schema_file or ""),
            ca_file=str(settings.ca_file or ""),
        )

    @asynccontextmanager
    async def sources(self, token: Callable[[], str], marks: Marks) -> AsyncIterator[tuple[Source[Evidence], ...]]:
        """Every look at the surface, for one run. `token` gives the client's token, once there is one."""

        def known(lines: Sequence[str]) -> tuple[str, ...]:
            return tuple(line.id for line in marks.known(lines))

        async with HttpClient(self._trust, self._patience) as http:
            tools = Instruments(http, NetworkClient(self._trust, self._patience), self._schemas, known, token)
            plan = Plan(self._settings.samples, _SHARE * self._patience)
            watch = Stopwatch(self.expected, tools, plan, SystemClock())
            yield (*surface_sources(SurfaceLook(self.expected, tools)), times_source(watch))

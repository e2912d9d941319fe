"""Quick looks at an environment's cluster, for one answer each: opened, looked at, masked, closed. It judges nothing.

The secrets are read before anything that could repeat them, so that their values are masked wherever they turn up.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from bot.errors import VolatiError
from bot.platform.cluster import ClusterPlatform, Opened
from bot.platform.environment import Platform
from bot.runs.examiner import Frame
from bot.words.commands import Logs
from diagnostics.evidence.cluster.client import LogAsked, LogText
from diagnostics.evidence.cluster.kinds import ClusterEvents, ClusterPods, ClusterSecrets, ClusterWorkloads
from diagnostics.evidence.cluster.reading import Marks
from diagnostics.glances.events import EventsGlance, events_glance
from diagnostics.glances.logs import Choice, LogsGlance, NoLog, Run, bare, chosen, lines_for, page_of
from diagnostics.glances.meaning import Thing, meant, things
from diagnostics.glances.overview import LOOKS, Overview, overview
from diagnostics.glances.running import running
from diagnostics.glances.unseen import unseen
from diagnostics.model import CouldNotLookError, Evidence, Reason, Unobserved
from diagnostics.observe import Lookout, Observation, Seen
from diagnostics.redaction import LearningRedactor

_OF_LOGS: tuple[type[Evidence], ...] = (ClusterPods, ClusterWorkloads, ClusterSecrets)
_OF_EVENTS: tuple[type[Evidence], ...] = (ClusterEvents, ClusterWorkloads, ClusterSecrets)
#: Bytes of a log that are read: 3,000 lines of 330 characters.
_LOG_BYTES = 1_000_000


class NoClusterError(VolatiError):
    """There is no cluster to look at; the message says which setting names one."""


class Glances:
    """Looks at the clusters of the platforms it was given. Nothing is kept."""

    def __init__(self, platforms: Mapping[str, Platform], frame: Frame) -> None:
        self._platforms = platforms
        self._frame = frame

    async def overview(self, environment: str) -> Overview:
        """Pods, services, ingresses and what is used.

        Raises:
            NoClusterError: none is configured for this environment.
        """
        async with self._opened(environment) as glance:
            seen = await glance.seen(LOOKS)
            found = overview(seen, environment, glance.namespaces, self._frame.clock.now())
            return await asyncio.to_thread(glance.learning.value, found)

    async def events(self, environment: str) -> EventsGlance:
        """What the cluster reported lately.

        Raises:
            NoClusterError: none is configured for this environment.
        """
        async with self._opened(environment) as glance:
            seen = await glance.seen(_OF_EVENTS)
            found = await asyncio.to_thread(events_glance, seen, environment, self._frame.clock.now())
            return await asyncio.to_thread(glance.learning.value, found)

    async def logs(self, asked: Logs) -> LogsGlance:
        """A page of a log.

        Raises:
            NoClusterError: no cluster is configured for this environment.
        """
        async with self._opened(asked.environment) as glance:
            seen = await glance.seen(_OF_LOGS)
            found = await _Reading(glance, asked).found(seen)
            return await asyncio.to_thread(glance.learning.value, found)

    @asynccontextmanager
    async def _opened(self, environment: str) -> AsyncIterator["_Glance"]:
        platform = self._platforms.get(environment)
        if platform is None or platform.cluster is None:
            raise NoClusterError(
                f"No cluster is configured for {environment[:40]}, so there is nothing to look at: add "
                f"environments.{environment[:40]}.kubernetes to the settings, as volati.example.yaml shows."
            )
        learning = LearningRedactor(self._frame.redactor)
        marks = Marks(self._frame.catalogue, learning)
        async with platform.cluster.opened(platform.looking(marks)) as opened:
            yield _Glance(opened, platform.cluster, self._frame, marks)


@dataclass(frozen=True, slots=True)
class _Glance:
    """A cluster opened for one glance."""

    opened: Opened
    cluster: ClusterPlatform
    frame: Frame
    marks: Marks

    @property
    def learning(self) -> LearningRedactor:
        """What masks the secrets that were read."""
        return self.marks.redactor

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Those that are looked at."""
        return self.cluster.expected.namespaces

    async def seen(self, kinds: tuple[type[Evidence], ...]) -> Seen:
        """What there is of these kinds; the secrets first, what could repeat them after that."""
        sources = [source for source in self.opened.looks if source.kind in kinds]
        lookout = Lookout(self.frame.clock, self.learning, self.frame.deadlines)
        return await Observation(sources, lookout).look()


class _Reading:
    """Finds the log that was asked for, and reads it."""

    def __init__(self, glance: _Glance, asked: Logs) -> None:
        self._glance = glance
        self._asked = asked
        self._now = glance.frame.clock.now()

    async def found(self, seen: Seen) -> LogsGlance:
        """The page, or what there is instead of it."""
        lacks = unseen(seen, _OF_LOGS)
        there = running(seen)
        if isinstance(there, Unobserved):
            return self._without(self._asked.workload, lacks)
        thing = meant(self._asked.workload, things(there))
        if not isinstance(thing, Thing):
            return LogsGlance(self._asked.environment, self._now, self._asked.workload, instead=thing, lacks=lacks)
        run = Run(self._asked.run == "previous", self._asked.run == "current")
        choice = chosen(thing, self._asked.container, run, self._now)
        named = f"{thing.kind.lower()} {thing}"
        if isinstance(choice, NoLog):
            return LogsGlance(self._asked.environment, self._now, named, instead=choice, lacks=lacks)
        return await self._read(named, choice, lacks)

    def _without(self, named: str, lacks: tuple[Unobserved, ...], choice: Choice | None = None) -> LogsGlance:
        page, since = self._asked.page, self._asked.since_s
        return LogsGlance(self._asked.environment, self._now, named, choice, page=page, since_s=since, lacks=lacks)

    async def _read(self, named: str, choice: Choice, lacks: tuple[Unobserved, ...]) -> LogsGlance:
        text = await self._text(choice)
        if isinstance(text, Unobserved):
            return self._without(named, (text, *lacks), choice)
        return await asyncio.to_thread(self._marked, self._without(named, lacks, choice), text)

    async def _text(self, choice: Choice) -> LogText | Unobserved:
        what = f"the log of container {choice.container} in pod {choice.pod}"
        since = self._now - timedelta(seconds=self._asked.since_s) if self._asked.since_s else None
        lines = lines_for(self._asked.page)
        asked = LogAsked(choice.pod, choice.container, choice.previous, lines, _LOG_BYTES, since)
        seconds, client = self._glance.frame.deadlines.source, self._glance.opened.client
        if client is None:
            return Unobserved(what, Reason.FAILED, "The cluster could not be opened.")
        try:
            async with asyncio.timeout(seconds):
                return await client.log(asked)
        except CouldNotLookError as error:
            return Unobserved(what, error.reason, error.detail)
        except TimeoutError:
            return Unobserved(what, Reason.TIMEOUT, f"No answer within {seconds:g} s. Ask for fewer lines: since 5m.")

    def _marked(self, empty: LogsGlance, text: LogText) -> LogsGlance:
        """In a thread: what is invisible goes first, then the secrets, before anything is matched."""
        marks = self._glance.marks
        clean = marks.redacted(bare(line) for line in text.lines)
        lines, known = page_of(clean, empty.page, marks.catalogue())
        return replace(empty, lines=lines, known=tuple(known), read=len(clean), older=text.cut)

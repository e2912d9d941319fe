"""What every handler works with: the services it needs, as small as it needs them, and who asked for what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.examiner import Order
from bot.slack.poster import Poster
from bot.store import UnderWay
from bot.tasks import Tasks
from diagnostics.examine import WallClock
from diagnostics.model import Evidence
from diagnostics.observe import Glimpse
from diagnostics.runs import Run


class Examines(Protocol):
    """Carries out a diagnosis."""

    def kinds(self, order: Order) -> tuple[type[Evidence], ...]:
        """What will be looked at."""
        ...

    async def examine(self, order: Order, tell: Callable[[Glimpse], None]) -> Run:
        """Diagnose, telling of each glimpse on the way."""
        ...


class Remembers(Protocol):
    """The part of the store that handlers use. Each method may raise StoreError."""

    async def first_time(self, kind: str, identity: str) -> bool:
        """Whether this is seen for the first time."""
        ...

    async def begin_run(self, run: UnderWay) -> None:
        """Remember a run under way."""
        ...

    async def end_run(self, run_id: str) -> None:
        """Forget it."""
        ...

    async def unfinished_runs(self) -> tuple[UnderWay, ...]:
        """The runs begun and not ended."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The services, and the few settings that handlers read. The first environment is meant when none is named."""

    channel: str
    environments: tuple[str, ...]
    runbook_url: str | None
    examiner: Examines
    memory: Remembers | None
    poster: Poster
    tasks: Tasks
    clock: WallClock


@dataclass(frozen=True, slots=True)
class Asked:
    """A person's words to the bot. `id` is the same when Slack delivers the same words twice.

    `thread_ts` and an empty `response_url` mark a mention: it has no response_url.
    """

    id: str
    person: str
    channel: str
    text: str
    response_url: str = ""
    thread_ts: str | None = None

    @classmethod
    def by_command(cls, body: Mapping[str, Any]) -> "Asked":
        """A slash command, from its payload. Its trigger is unique to the typing of it."""
        fields = ("trigger_id", "user_id", "channel_id", "text", "response_url")
        return cls(*(str(body.get(field) or "") for field in fields))

    @classmethod
    def by_mention(cls, body: Mapping[str, Any], bot_user_id: str) -> "Asked":
        """A mention, from its payload: the words after the bot's own name."""
        event = body.get("event") or {}
        before, _, after = str(event.get("text") or "").partition(f"<@{bot_user_id}>")
        person, channel = str(event.get("user") or ""), str(event.get("channel") or "")
        thread_ts = str(event.get("thread_ts") or "") or None
        return cls(str(body.get("event_id") or ""), person, channel, after or before, "", thread_ts)

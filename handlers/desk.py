"""What every handler works with: the services it needs, as small as it needs them, and who asked for what."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from bot.audit.ledger import Ledger
from bot.clients.drawing import drawn
from bot.incidents.path import Path
from bot.metrics import Recorder, Unrecorded
from bot.people.access import Denied, OwnRights
from bot.people.visitors import Visitors
from bot.runs.examiner import Order
from bot.runs.joining import Joining
from bot.slack.asker import Asker, asker
from bot.slack.downloads import Downloads
from bot.slack.message import Message
from bot.slack.poster import Poster
from bot.slack.surfaces import Surfaces
from bot.store import UnderWay
from bot.tasks import Tasks
from bot.words.commands import Logs
from diagnostics.charts import Chart
from diagnostics.evidence.keycloak import Question
from diagnostics.examine import WallClock
from diagnostics.glances.events import EventsGlance
from diagnostics.glances.logs import LogsGlance
from diagnostics.glances.overview import Overview
from diagnostics.model import Evidence
from diagnostics.observe import Glimpse
from diagnostics.runs import Run
from handlers.acting import Acting
from handlers.tending import Tending

Json = Mapping[str, Any]


class Examines(Protocol):
    """Carries out examinations."""

    def kinds(self, order: Order) -> tuple[type[Evidence], ...]:
        """What will be looked at."""
        ...

    async def examine(self, order: Order, tell: Callable[[Glimpse], None]) -> Run:
        """Diagnose, telling of each glimpse on the way."""
        ...

    async def explain_permission(self, question: Question, environment: str) -> Run:
        """Walk through a permission question."""
        ...

    async def explain_token(self, token: str, environment: str) -> Run:
        """Explain a token, and forget it."""
        ...


class Glances(Protocol):
    """Looks quickly at clusters. Each method may raise NoClusterError."""

    async def overview(self, environment: str) -> Overview:
        """Pods, services, ingresses and what is used."""
        ...

    async def events(self, environment: str) -> EventsGlance:
        """What the cluster reported lately."""
        ...

    async def logs(self, asked: Logs) -> LogsGlance:
        """A page of a log."""
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

    async def run(self, run_id: str) -> bytes | None:
        """The document of a run."""
        ...

    async def last_run(self, environment: str, area: str) -> bytes | None:
        """The document of the area's last run."""
        ...


class Admits(Protocol):
    """Says of each request whether it may go on; bot/people/gate.py."""

    def at_once(self, asker: Asker, what: str) -> Denied | None:
        """The refusal that is sure already."""
        ...

    async def for_the_job(self, asker: Asker, what: str) -> Denied | None:
        """The refusal, or None for yes, once the person is known."""
        ...

    async def could(self, person: str, what: str, asker: Asker) -> Denied | None:
        """The refusal that another person would get where somebody asks."""
        ...

    def name(self, person: str) -> str:
        """What a person is called."""
        ...

    def rights(self, asker: Asker) -> OwnRights:
        """What this person may do."""
        ...


Triages = Callable[[str], Awaitable[Message]]
"""What is known of the errors in a text, as a message."""


Draws = Callable[[Chart], Awaitable[bytes]]
"""A chart as a PNG. May raise NotDrawnError."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The services, and the few settings that handlers read. The first environment is meant when none is named.

    `tasks` are for examinations, which take long and are few at a time; `errands` for everything that is over soon.
    `acting` is None where there is no memory: then no plan could be carried out once; `ledger`, the audit, is too, and
    `tending`, the incidents, of which no clock could run. `path` is whom to call, which needs none.
    """

    channel: str
    environments: tuple[str, ...]
    runbook_url: str | None
    examiner: Examines
    memory: Remembers | None
    poster: Poster
    surfaces: Surfaces
    downloads: Downloads
    gate: Admits
    joining: Joining
    visitors: Visitors
    tasks: Tasks
    errands: Tasks
    clock: WallClock
    triage: Triages
    glances: Glances
    acting: Acting | None = None
    ledger: Ledger | None = None
    tending: Tending | None = None
    path: Path = field(default_factory=Path)
    recorder: Recorder = field(default_factory=Unrecorded)
    draw: Draws = drawn


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person did, and the ways to answer them. `id` is the same when Slack delivers the same thing twice.

    A command and a button come with a `response_url`, a modal is known by its `view_id`, the Home tab by `home`; where
    there is none of these, as with a mention, a whisper in the channel is left. `trigger_id` opens a modal, once and
    within three seconds. `mentioned_ts` is the message with the mention, where it is one.
    """

    id: str
    asker: Asker
    text: str = field(default="", repr=False)
    response_url: str = field(default="", repr=False)
    trigger_id: str = field(default="", repr=False)
    thread_ts: str | None = None
    view_id: str = ""
    home: bool = False
    mentioned_ts: str = ""

    @property
    def person(self) -> str:
        """Who asks, by Slack's id."""
        return self.asker.person

    @property
    def channel(self) -> str:
        """Where, by Slack's id; empty for what has no channel."""
        return self.asker.channel

    def meaning(self, text: str) -> "Asked":
        """The same, with these words."""
        return replace(self, text=text)

    def within(self, channel: str) -> "Asked":
        """The same, in a channel that the request itself does not name, as that of a modal does not."""
        return replace(self, asker=replace(self.asker, channel=channel))

    @classmethod
    def by_command(cls, body: Json) -> "Asked":
        """A slash command, from its payload. Its trigger is unique to the typing of it."""
        return _interaction(body, text=_text(body, "text"))

    @classmethod
    def by_mention(cls, body: Json, bot_user_id: str) -> "Asked":
        """A mention, from its payload: the words after the bot's own name."""
        event = body.get("event") or {}
        before, _, after = _text(event, "text").partition(f"<@{bot_user_id}>")
        thread_ts = _text(event, "thread_ts") or None
        words, ts = after or before, _text(event, "ts")
        return cls(_text(body, "event_id"), asker(body), text=words, thread_ts=thread_ts, mentioned_ts=ts)

    @classmethod
    def by_visit(cls, body: Json) -> "Asked":
        """The Home tab opened."""
        return cls(_text(body, "event_id"), asker(body), home=True)

    @classmethod
    def by_button(cls, body: Json) -> "Asked":
        """A button pressed, in a message or on the Home tab; its value is the text."""
        pressed = body["actions"][0]
        return _interaction(body, text=_text(pressed, "value"), thread_ts=_thread_of(body))

    @classmethod
    def by_modal(cls, body: Json) -> "Asked":
        """A modal sent."""
        return replace(_interaction(body), view_id=_text(body["view"], "id"))

    @classmethod
    def by_shortcut(cls, body: Json) -> "Asked":
        """A shortcut chosen on a message."""
        return _interaction(body, thread_ts=_thread_of(body))


def _interaction(body: Json, *, text: str = "", thread_ts: str | None = None) -> Asked:
    trigger_id = _text(body, "trigger_id")
    url = _text(body, "response_url")
    return Asked(trigger_id, asker(body), text=text, response_url=url, trigger_id=trigger_id, thread_ts=thread_ts)


def _thread_of(body: Json) -> str | None:
    """The thread of the message that something was done to; of an ephemeral one only the container tells."""
    places = (body.get("message") or {}, body.get("container") or {})
    return next((ts for place in places if (ts := _text(place, "thread_ts"))), None)


def _text(place: Json, name: str) -> str:
    return str(place.get(name) or "")

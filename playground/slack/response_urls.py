"""response_url: the address at which the app may answer an interaction, five times within thirty minutes."""

import itertools
from dataclasses import dataclass, field

from aiohttp import web

from playground.slack.clock import Clock
from playground.slack.ledger import Entry, Ledger
from playground.slack.limits import check_message
from playground.slack.messages import Content, Message
from playground.slack.refusals import SlackRefusal
from playground.slack.shapes import Json, listing, mapping
from playground.slack.workspace import Workspace

USES = 5
LIFETIME_S = 30 * 60.0
NOT_FOUND = 404
BAD_REQUEST = 400


@dataclass(slots=True)
class Ticket:
    """Whom an answer reaches: the person, the channel, and the message that was acted on, if any."""

    person: str
    channel: str
    at: float
    message: Message | None = None
    uses: int = 0


@dataclass(slots=True)
class ResponseUrls:
    """Gives addresses and takes answers."""

    workspace: Workspace
    clock: Clock
    ledger: Ledger
    origin: str = ""

    _tickets: dict[str, Ticket] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def give(self, person: str, channel: str, message: Message | None = None) -> str:
        """A new address for what a person just did."""
        name = f"{next(self._numbers):012d}"
        self._tickets[name] = Ticket(person, channel, self.clock.now(), message)
        return f"{self.origin}/actions/{self.workspace.app.team_id}/{name}/playground"

    async def answer(self, request: web.Request) -> web.Response:
        """Take one answer of the app."""
        try:
            body = mapping(await request.json())
        except ValueError:
            body = {}
        try:
            self._apply(self._use(request.match_info["ticket"]), body)
        except SlackRefusal as refusal:
            self._record(body, refusal.code)
            gone = refusal.code in ("used_url", "expired_url", "invalid_url")
            return web.json_response(refusal.body(), status=NOT_FOUND if gone else BAD_REQUEST)
        self._record(body, None)
        return web.Response(text="ok")

    def _use(self, name: str) -> Ticket:
        ticket = self._tickets.get(name)
        if ticket is None:
            raise SlackRefusal("invalid_url")
        if self.clock.now() - ticket.at > LIFETIME_S:
            raise SlackRefusal("expired_url")
        if ticket.uses >= USES:
            raise SlackRefusal("used_url")
        ticket.uses += 1
        return ticket

    def _apply(self, ticket: Ticket, body: Json) -> None:
        if body.get("delete_original") and ticket.message:
            self.workspace.delete(ticket.message)
            return
        content = content_of(body)
        check_message(content)
        if body.get("replace_original") and ticket.message:
            self.workspace.edit(ticket.message, content)
            return
        self.show(ticket, content, body)

    def show(self, ticket: Ticket, content: Content, body: Json) -> Message:
        """Show an answer as a new message: to the person alone, unless it says `in_channel`."""
        author = self.workspace.app.bot_user_id
        message = self.workspace.write(ticket.channel, author, content, thread_ts=body.get("thread_ts"))
        message.to = None if body.get("response_type") == "in_channel" else ticket.person
        return self.workspace.post(message)

    def _record(self, body: Json, error: str | None) -> None:
        self.ledger.record(Entry("response_url", body, self.clock.now(), error))


def content_of(body: Json) -> Content:
    """The content of an answer: of an acknowledgement or at a response_url.

    Raises:
        SlackRefusal: `invalid_blocks_format`.

    """
    if not isinstance(body.get("blocks", []), list):
        raise SlackRefusal("invalid_blocks_format")
    blocks, attachments = listing(body.get("blocks")), listing(body.get("attachments"))
    return Content(str(body.get("text") or ""), tuple(blocks), tuple(attachments))

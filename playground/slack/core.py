"""Everything the parts of the simulated Slack share, and how it is put together once."""

from dataclasses import dataclass

from playground.slack.clock import Clock
from playground.slack.feed import Feed
from playground.slack.files import Files
from playground.slack.ledger import Ledger
from playground.slack.people import App
from playground.slack.response_urls import ResponseUrls
from playground.slack.sockets import Sockets
from playground.slack.switches import Switches
from playground.slack.tiers import Tiers
from playground.slack.triggers import Triggers
from playground.slack.views import Views
from playground.slack.workspace import Workspace

_NUMBER = "0" * 11 + "1"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the app shows to Slack, and what Slack signs with; worth nothing outside the playground."""

    bot: str = f"xoxb-{_NUMBER}-{_NUMBER}-playgroundplaygroundplay"
    app: str = f"xapp-1-A0VOLATI0-{_NUMBER}-playgroundplayground"
    signing: str = "0123456789abcdef" * 2


@dataclass(slots=True)
class Core:
    """The state of the simulated Slack; `origin` is its address once it listens."""

    clock: Clock
    app: App
    credentials: Credentials
    feed: Feed
    ledger: Ledger
    switches: Switches
    workspace: Workspace
    tiers: Tiers
    triggers: Triggers
    views: Views
    files: Files
    response_urls: ResponseUrls
    sockets: Sockets
    origin: str = ""

    def listen_at(self, origin: str) -> None:
        """Say where the simulated Slack can be reached."""
        self.origin = origin
        self.response_urls.origin = origin


def assemble(clock: Clock, seed: int) -> Core:
    """A fresh workspace."""
    app, feed, ledger, switches = App(), Feed(), Ledger(), Switches()
    workspace = Workspace(app, clock, feed)
    return Core(
        clock=clock,
        app=app,
        credentials=Credentials(),
        feed=feed,
        ledger=ledger,
        switches=switches,
        workspace=workspace,
        tiers=Tiers(clock, switches),
        triggers=Triggers(clock),
        views=Views(workspace, feed),
        files=Files(),
        response_urls=ResponseUrls(workspace, clock, ledger),
        sockets=Sockets(app, clock, switches, ledger, feed, seed),
    )

"""What the page plays on: the local Slack, the platform that can be broken, and the bot's process."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from playground.page.faults import FaultBoard
from playground.page.outages import Outages
from playground.page.tally import Tally
from playground.slack.server import SimulatedSlack


class BotProcess(Protocol):
    """The bot's process, as the page may see and treat it."""

    @property
    def pid(self) -> int | None:
        """Its process id; None while it does not run."""

    @property
    def starts(self) -> int:
        """How often it was started, the first time included."""

    @property
    def ended(self) -> str:
        """How the run before this one ended, in words; empty before the first end."""

    def kill(self) -> None:
        """`kill -9`: end it without a word of warning. It is started again."""

    def restart(self) -> None:
        """Ask it to stop, as an operator does. It is started again."""


@dataclass(slots=True)
class Stage:
    """Everything a tab can look at or act on."""

    slack: SimulatedSlack
    faults: FaultBoard
    bot: BotProcess
    outages: Outages = field(init=False)
    tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        self.outages = Outages(self.slack)
        self.tally = Tally(self.slack)

    def figures(self) -> dict[str, Any]:
        """What the panel shows and what changes by itself: the books, the bot, what is broken."""
        bot = {"pid": self.bot.pid, "starts": self.bot.starts, "ended": self.bot.ended}
        return {
            "slack": self.tally.figures(),
            "bot": bot,
            "faults": sorted(self.faults.on),
            "outages": self.outages.state(),
        }

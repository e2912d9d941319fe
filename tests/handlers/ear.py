"""A small Bolt app that remembers what it heard, for tests of the ways in: none of the bot's own handlers."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.correlation import current_id
from playground.slack.server import SimulatedSlack


async def _authorized(**_: Any) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T", bot_user_id="UBOT", bot_id="BBOT")


@dataclass
class Ear:
    """Answers a command with its text, and remembers what it heard; waits at the gate while that is closed."""

    commands: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def app(self) -> AsyncApp:
        """The app that listens with it."""
        app = AsyncApp(name="ear", authorize=_authorized, process_before_response=True)

        @app.command("/volati")
        async def command(ack: AsyncAck, body: dict[str, Any]) -> None:
            self.commands.append(body["text"])
            self.began.set()
            await self.gate.wait()
            await ack(text=f"heard {body['text']}")

        @app.event("app_mention")
        async def mention(ack: AsyncAck, body: dict[str, Any]) -> None:
            self.events.append(body["event_id"])
            self.ids.append(current_id())
            await ack()
            self.ids.append(current_id())

        return app


@dataclass
class Campaign:
    """Commands typed one after the other while something goes on, and what became of each."""

    slack: SimulatedSlack
    ear: Ear
    acknowledged: list[str] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    async def type(self, text: str) -> None:
        """Type one; "dispatch_failed" means that Slack had no connection to deliver it over."""
        outcome = await self.slack.person("oncall").command("engineering", f"/volati {text}")
        if outcome.acknowledged:
            self.acknowledged.append(text)
        elif outcome.failure == "dispatch_failed":
            self.undelivered.append(text)
        else:
            self.lost.append(text)

    async def type_many(self, count: int, at_once: int = 4) -> None:
        """Type so many, some at the same time."""
        for first in range(0, count, at_once):
            await asyncio.gather(*(self.type(f"n{number}") for number in range(first, first + at_once)))

    @property
    def heard_twice(self) -> list[str]:
        """What the app acted on more than once."""
        return [text for text in set(self.ear.commands) if self.ear.commands.count(text) > 1]

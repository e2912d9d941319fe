"""What a person does in channels, threads and the Home tab: type, press, choose."""

from playground.page.deed import Name, Personal, Result, Words, message_at, told
from playground.page.stage import Stage
from playground.slack.outcomes import NotPossibleError


class Command(Personal, frozen=True, tag="command"):
    """Type a slash command in a channel."""

    channel: Name
    line: Words

    async def carry_out(self, stage: Stage) -> Result:
        """Bring it to the bot; the answer, or Slackbot's complaint, comes as a message."""
        return told(await self.seat(stage).command(self.channel, self.line))


class Say(Personal, frozen=True, tag="say"):
    """Write a message, in the channel or in a thread."""

    channel: Name
    text: Words
    thread: Name | None = None

    async def carry_out(self, stage: Stage) -> Result:
        """Post it; the bot hears of it where it is mentioned."""
        message = await self.seat(stage).say(self.channel, self.text, thread_ts=self.thread)
        return {"ts": message.ts}


class Click(Personal, frozen=True, tag="click"):
    """Press a button of a message; a confirmation was already given."""

    channel: Name
    ts: Name
    action: Name
    value: Name | None = None

    async def carry_out(self, stage: Stage) -> Result:
        """Bring the press to the bot."""
        message = message_at(stage, self.channel, self.ts)
        return told(await self.seat(stage).click(message, self.action, value=self.value))


class Choose(Personal, frozen=True, tag="choose"):
    """Choose in a menu of a message: an option's value, an id, a date."""

    channel: Name
    ts: Name
    action: Name
    option: Name

    async def carry_out(self, stage: Stage) -> Result:
        """Bring the choice to the bot."""
        message = message_at(stage, self.channel, self.ts)
        return told(await self.seat(stage).choose(message, self.action, self.option))


class Shortcut(Personal, frozen=True, tag="shortcut"):
    """Choose a shortcut: on a message when one is named, else from anywhere."""

    callback: Name
    channel: Name | None = None
    ts: Name | None = None

    async def carry_out(self, stage: Stage) -> Result:
        """Bring it to the bot."""
        seat = self.seat(stage)
        if self.channel is None or self.ts is None:
            return told(await seat.global_shortcut(self.callback))
        return told(await seat.shortcut(message_at(stage, self.channel, self.ts), self.callback))


class OpenHome(Personal, frozen=True, tag="open-home"):
    """Open the app's Home tab."""

    async def carry_out(self, stage: Stage) -> Result:
        """Tell the bot, where it asked to be told; it publishes what is shown."""
        if "app_home_opened" not in stage.slack.switches.events:
            raise NotPossibleError("The app does not ask to be told when its Home tab is opened.")
        record = await self.seat(stage).open_home()
        return {"acknowledged": record.acknowledged}


class ClickHome(Personal, frozen=True, tag="click-home"):
    """Press a button on the Home tab."""

    action: Name
    value: Name | None = None

    async def carry_out(self, stage: Stage) -> Result:
        """Bring the press to the bot."""
        return told(await self.seat(stage).click_home(self.action, value=self.value))

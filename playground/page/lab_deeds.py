"""What the panel does: break and mend the platform, trouble Slack, end the bot."""

from typing import Literal

from playground.page.deed import Deed, Name, Result
from playground.page.stage import Stage


class Break(Deed, frozen=True, tag="break"):
    """Switch a fault of the platform on or off."""

    name: Name
    on: bool

    async def carry_out(self, stage: Stage) -> Result:
        """Switch it."""
        await (stage.faults.switch_on(self.name) if self.on else stage.faults.switch_off(self.name))
        return {}


class Heal(Deed, frozen=True, tag="heal"):
    """Mend the whole platform."""

    async def carry_out(self, stage: Stage) -> Result:
        """Mend it."""
        await stage.faults.heal()
        return {}


class Trouble(Deed, frozen=True, tag="trouble"):
    """Trouble Slack, or stop: take it down, refuse the next calls, cut the sockets."""

    what: Literal["down", "storm", "cut"]
    on: bool = True

    async def carry_out(self, stage: Stage) -> Result:
        """Switch it."""
        outages = stage.outages
        match self.what:
            case "down":
                await outages.down(on=self.on)
            case "storm":
                outages.storm(on=self.on)
            case "cut":
                outages.cut()
        return {}


class EndBot(Deed, frozen=True, tag="end-bot"):
    """End the bot's process: `kill -9`, or asked politely. It is started again either way."""

    how: Literal["kill", "restart"]

    async def carry_out(self, stage: Stage) -> Result:
        """End it."""
        if self.how == "kill":
            stage.bot.kill()
        else:
            stage.bot.restart()
        return {}

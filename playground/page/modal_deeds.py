"""What a person does in a modal: fill in, press, send, close."""

from playground.page.deed import Name, Personal, Result, told
from playground.page.stage import Stage
from playground.slack.outcomes import NotPossibleError

Value = Name | list[Name]


class Fill(Personal, frozen=True, tag="fill"):
    """Fill in or choose in one input, the moment it changes: the bot hears of it where the block says so."""

    action: Name
    value: str | list[Name]

    async def carry_out(self, stage: Stage) -> Result:
        """Keep the value; tell the bot if the input asks for that."""
        if self.value == []:
            raise NotPossibleError("A choice cannot be taken back; choose another.")
        outcome = await self.seat(stage).modal.fill(self.action, self.value)
        return told(outcome) if outcome else {}


class Press(Personal, frozen=True, tag="press"):
    """Press a button in the modal."""

    action: Name
    value: Name | None = None

    async def carry_out(self, stage: Stage) -> Result:
        """Bring the press to the bot."""
        return told(await self.seat(stage).modal.press(self.action, value=self.value))


class Suggest(Personal, frozen=True, tag="suggest"):
    """Type into a menu whose options the bot gives."""

    action: Name
    typed: Name

    async def carry_out(self, stage: Stage) -> Result:
        """What the bot offers."""
        return {"options": await self.seat(stage).modal.suggest(self.action, self.typed)}


class Submit(Personal, frozen=True, tag="submit"):
    """Send the modal as it is filled in."""

    async def carry_out(self, stage: Stage) -> Result:
        """Send it; the bot closes it, shows another, or names what is wrong in which field."""
        return told(await self.seat(stage).modal.submit())


class Close(Personal, frozen=True, tag="close"):
    """Close the modal on top."""

    async def carry_out(self, stage: Stage) -> Result:
        """Close it; the bot hears of it where it asked to."""
        modal = self.seat(stage).modal
        return told(await modal.close()) if modal.view else {}

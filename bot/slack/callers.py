"""Who waits for which letter, and what they are told. It knows nothing of how letters are sent."""

import asyncio

from bot.slack.errors import SlackError


class Callers:
    """Those who wait, by lane and letter. Several may wait for one letter, and are told the same."""

    def __init__(self) -> None:
        self._lanes: dict[str, dict[str, asyncio.Future[str | None]]] = {}
        self._impatient: set[str] = set()

    def expect(self, lane: str, letter: str, *, patient: bool) -> asyncio.Future[str | None]:
        """What will be told of a letter: its ts; None when it will follow; or an error."""
        if not patient:
            self._impatient.add(letter)
        waiting = self._lanes.setdefault(lane, {})
        return waiting.setdefault(letter, asyncio.get_running_loop().create_future())

    def of(self, lane: str) -> tuple[str, ...]:
        """The letters of a lane that somebody waits for."""
        return tuple(self._lanes.get(lane, ()))

    def tell(self, lane: str, letter: str, outcome: str | SlackError | None) -> bool:
        """Tell whoever waits for a letter; False when nobody does."""
        self._impatient.discard(letter)
        waiting = self._lanes.get(lane, {})
        outcomes = waiting.pop(letter, None)
        if not waiting:
            self._lanes.pop(lane, None)
        if outcomes is None or outcomes.done():
            return False
        if isinstance(outcome, SlackError):
            outcomes.set_exception(outcome)
        else:
            outcomes.set_result(outcome)
        return True

    def let_go(self, lane: str, *, only_impatient: bool = False) -> None:
        """Let everybody go on who waits for this lane, or only the impatient: their letters follow."""
        for letter in self.of(lane):
            if not only_impatient or letter in self._impatient:
                self.tell(lane, letter, None)

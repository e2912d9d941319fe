"""Chooses what of a long answer fits into one message, and counts what does not."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.slack.limits import BLOCKS_IN_MESSAGE, OUR_BLOCKS_TEXT, size, texts
from bot.slack.message import Block

_ROOM_FOR_THE_COUNT = 300  # characters, and one block, kept free for the sentence that counts what is missing


@dataclass(frozen=True, slots=True)
class Piece:
    """Blocks that stand or fall together, and what they show: how many of which thing, as in ("finding", 4)."""

    blocks: tuple[Block, ...]
    shows: tuple[tuple[str, int], ...] = ()

    @property
    def room(self) -> int:
        """The characters it takes."""
        return sum(size(text) for block in self.blocks for text in texts(block))


@dataclass(frozen=True, slots=True)
class Fitted:
    """What of a long answer is shown, and what is not: how many of which thing. The whole of it may be attached."""

    blocks: tuple[Block, ...]
    left_out: Counter[str]


def fitted(head: Piece, pieces: Iterable[Piece], foot: Callable[[Counter[str]], Piece]) -> tuple[Block, ...]:
    """Head, as many pieces as fit in their order, and the foot, which is told what was left out."""
    return fit(head, pieces, foot).blocks


def fit(head: Piece, pieces: Iterable[Piece], foot: Callable[[Counter[str]], Piece]) -> Fitted:
    """The same with the count of what was left out, for a caller who attaches it."""
    blocks, left_out = list(head.blocks), Counter[str]()
    last = foot(Counter())
    room = OUR_BLOCKS_TEXT - head.room - last.room - _ROOM_FOR_THE_COUNT
    places = BLOCKS_IN_MESSAGE - len(blocks) - len(last.blocks) - 1
    for piece in pieces:
        if piece.room <= room and len(piece.blocks) <= places:
            blocks += piece.blocks
            room, places = room - piece.room, places - len(piece.blocks)
        else:
            left_out.update(dict(piece.shows))
    return Fitted((*blocks, *foot(left_out).blocks), left_out)


def counted(number: int, thing: str) -> str:
    """A number and its noun: "1 finding", "7 findings"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def listed(entries: Sequence[str], room: int, thing: str, most: int = 8) -> list[str]:
    """The first entries, at most so many and in so many characters; the rest is counted, as the things they are."""
    shown: list[str] = []
    room -= len(f"and {len(entries):,} more {thing}s") + 1
    for entry in entries[:most]:
        room -= size(entry) + 1
        if room < 0:
            break
        shown.append(entry)
    more = len(entries) - len(shown)
    return [*shown, f"and {more:,} more {thing if more == 1 else thing + 's'}"] if more else shown

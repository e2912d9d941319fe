"""What is open and who is on call, at one moment, as a value that boards are drawn from. It asks nobody."""

from dataclasses import dataclass
from datetime import datetime

from bot.incidents.path import Path
from bot.incidents.roster import Rota
from bot.incidents.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand at `at`, for one person. `sheets` and `rota` are None where they are not for that person.

    `trouble` says why it is not known what is open; empty where it is.
    """

    path: Path
    at: datetime
    sheets: tuple[Sheet, ...] | None = None
    rota: Rota | None = None
    trouble: str = ""

"""What a step of the runbook is covered by: a check, a known error, advice, a command, an act. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.words.commands import COMMANDS
from diagnostics.areas import AREAS, EXPLANATIONS
from diagnostics.check import Check
from diagnostics.remedies import ADVICE
from diagnostics.runbook import Section

Kind = Literal["check", "known error", "advice", "command", "act", "not done"]

_CHECKS: Mapping[str, Check[object]] = {  # type: ignore[type-var]  # only their titles are read
    check.id: check for area in (*AREAS, *EXPLANATIONS) for check in area.checks
}
_WORDS = {one.word: one for one in COMMANDS}
#: Which step of the work brings what is not there yet, by the area of a check, or the word of an act or a command.
COMING: Mapping[str, str] = {
    "docker": "step 7, the area `docker`",
    "tests": "step 7, the area `tests`",
    "validate": "step 7, with the area `tests`",
}


@dataclass(frozen=True, slots=True)
class Cover:
    """One thing that covers a step: of which kind, and its id; for `not done`, why not."""

    kind: Kind
    id: str

    @property
    def there(self) -> bool:
        """Whether it can be used now."""
        match self.kind:
            case "check":
                return self.id in _CHECKS
            case "advice":
                return bool(ADVICE.get(self.id))
            case "command" | "act":
                return self.id in _WORDS and _WORDS[self.id].available
            case _:
                return True

    @property
    def comes_with(self) -> str:
        """Which step of the work brings it, where it is not there; empty where none is known to."""
        own = self.id.partition(".")[0] if self.kind in {"check", "advice"} else self.id
        return COMING.get(own, "")

    @property
    def words(self) -> str:
        """It as the page tells it."""
        if self.kind == "not done":
            return f"not done by Volati: {self.id}"
        if not self.there:
            return f"**open**: {self.kind} `{self.id}` comes with {self.comes_with}"
        title = f" ({_CHECKS[self.id].title})" if self.kind == "check" else ""
        shown = f"/volati {self.id}" if self.kind in {"command", "act"} else self.id
        return f"{self.kind} `{shown}`{title}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a section of the runbook in our words, and what covers it."""

    section: Section
    step: str
    covers: tuple[Cover, ...]


def checks(*ids: str) -> tuple[Cover, ...]:
    """Checks, by their ids."""
    return tuple(Cover("check", id) for id in ids)


def known(*ids: str) -> tuple[Cover, ...]:
    """Known errors of the catalogue, by their ids: `triage` names them in any text, the checks in logs."""
    return tuple(Cover("known error", id) for id in ids)


def advice(*ids: str) -> tuple[Cover, ...]:
    """Advice that stands with a cause, by the cause's id."""
    return tuple(Cover("advice", id) for id in ids)


def commands(*words: str) -> tuple[Cover, ...]:
    """Words of /volati that read."""
    return tuple(Cover("command", word) for word in words)


def acts(*words: str) -> tuple[Cover, ...]:
    """Words of /volati that propose a guarded act."""
    return tuple(Cover("act", word) for word in words)


def left_out(why: str) -> tuple[Cover, ...]:
    """What is left to people on purpose, and why."""
    return (Cover("not done", why),)

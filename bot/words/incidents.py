"""Reads the words about incidents, such as `escalate 4 nobody answers`: text in, a command or a refusal out. Pure.

Which incident is meant, and whether it takes this now, is not known here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.incidents.path import LONGEST_SNOOZE, IncidentSeverity
from bot.words.acts import NotUnderstoodError

REASON = 500
"""Characters of a reason: what a person reads on a telephone before they get up."""

_ID = re.compile(r"#?([a-z0-9][a-z0-9-]{1,39})")
_LEVEL = re.compile("[1-9]|1[0-9]|20")  # a path has at most twenty levels
_DURATION = re.compile(r"(?:([0-9]{1,2})h)?(?:([0-9]{1,4})m(?:in)?)?")
_PERSON = re.compile(r"<@([UW][A-Z0-9]{2,20})(?:\|([^<>|]*))?>")
_SEVERITIES = {str(one).casefold(): one for one in IncidentSeverity}


@dataclass(frozen=True, slots=True)
class Escalate:
    """Climb to the next level, or to a certain one; with nothing open, or with `fresh`, open an incident.

    Without a reason it is still to be asked for. `severity` is of an incident that is opened; None: as bad as it looks.
    With `placed` the environment was named, and no incident of another one is meant.
    """

    environment: str
    reason: str = ""
    level: int = 0
    severity: IncidentSeverity | None = None
    fresh: bool = False
    incident: str = ""
    placed: bool = False

    @property
    def where(self) -> str:
        """The environment whose incidents are meant; empty: those of all."""
        return self.environment if self.placed else ""

    @property
    def rest(self) -> str:
        """What stands behind the word, as it is typed."""
        severity = str(self.severity) if self.severity else ""
        return " ".join(part for part in (str(self.level or ""), severity, self.reason) if part)


@dataclass(frozen=True, slots=True)
class Ack:
    """Be on it. The incident's id, here and below, is empty where the place or the only open one says which."""

    incident: str = ""
    rest = ""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Hold the clock for so long; zero: still to be asked for."""

    length: timedelta = timedelta()
    incident: str = ""

    @property
    def rest(self) -> str:
        """As `Escalate.rest`."""
        return f"{self.length // timedelta(minutes=1)}m" if self.length else ""


@dataclass(frozen=True, slots=True)
class Handover:
    """Give it to a person, by Slack's id."""

    person: str
    incident: str = ""

    @property
    def rest(self) -> str:
        """As `Escalate.rest`."""
        return f"<@{self.person}>"


@dataclass(frozen=True, slots=True)
class Resolve:
    """It is over."""

    incident: str = ""
    rest = ""


@dataclass(frozen=True, slots=True)
class Postmortem:
    """Draft what is written afterwards."""

    incident: str = ""
    rest = ""


@dataclass(frozen=True, slots=True)
class Incidents:
    """Show what is open."""


@dataclass(frozen=True, slots=True)
class Oncall:
    """Show who is on call, at each level."""


IncidentCommand = Escalate | Ack | Snooze | Handover | Resolve | Postmortem | Incidents | Oncall


def read(word: str, written: Sequence[str], text: str, environments: Sequence[str]) -> IncidentCommand:
    """What the words after one of these words mean.

    Args:
        word: the first one.
        written: those after it, as they were written.
        text: the same before Slack's markup was read, which alone says who a person is.
        environments: the first one is meant when none is named.

    Raises:
        NotUnderstoodError: nothing.
    """
    if word == "handover":
        return _handover(text)
    return READERS[word](written, environments)


def length(text: str) -> timedelta:
    """A time such as 10m or 1h30m.

    Raises:
        NotUnderstoodError: it is none, or longer than a snooze may be.
    """
    hit = _DURATION.fullmatch(text.strip().casefold())
    found = timedelta(hours=int(hit[1] or 0), minutes=int(hit[2] or 0)) if hit else timedelta()
    if not timedelta() < found <= LONGEST_SNOOZE:
        hours = LONGEST_SNOOZE // timedelta(hours=1)
        raise NotUnderstoodError(f"Write for how long as in 10m or 1h30m, at most {hours}h.", "snooze 10m")
    return found


def _escalate(words: Sequence[str], environments: Sequence[str]) -> Escalate:
    """Level, severity and “new” stand before the reason, each once; “in …” counts at the end only."""
    words, place = _place(words, environments)
    level, severity, fresh = 0, None, False
    while words:
        word = words[0].casefold()
        if not level and _LEVEL.fullmatch(word):
            level = int(word)
        elif severity is None and word in _SEVERITIES:
            severity = _SEVERITIES[word]
        elif not fresh and word == "new":
            fresh = True
        elif word == "level":  # as people say it: "level 4"
            pass
        else:
            break
        words = words[1:]
    return Escalate(place or environments[0], _reason(words), level, severity, fresh, placed=bool(place))


def _reason(words: Sequence[str]) -> str:
    reason = " ".join(words)
    if len(reason) > REASON:
        raise NotUnderstoodError(
            f"That reason has {len(reason):,} characters; {REASON} are read. Write the rest into the thread.",
            "escalate nobody answers",
        )
    return reason


def _place(words: Sequence[str], environments: Sequence[str]) -> tuple[Sequence[str], str]:
    if len(words) > 1 and words[-2].casefold() == "in" and words[-1].casefold() in environments:
        return words[:-2], words[-1].casefold()
    return words, ""


def _snooze(words: Sequence[str], _: Sequence[str]) -> Snooze:
    words = [word for word in words if word.casefold() != "for"]
    if not words:
        return Snooze()
    return Snooze(length(words[0]), _incident(words[1:], "snooze 10m"))


def _handover(text: str) -> Handover:
    """The one person that is mentioned; what stands behind it may name the incident."""
    example = "handover @anna"
    people = list(_PERSON.finditer(text))
    if len(people) != 1:
        why = "Hand it over to one person." if people else "Say to whom, by mentioning the person with “@”."
        raise NotUnderstoodError(why, example)
    (who,) = people
    rest = [word for word in text[who.end() :].split() if word]
    return Handover(who[1], _incident(rest, example))


def _incident(words: Sequence[str], example: str) -> str:
    """The id that may stand at the end."""
    if not words:
        return ""
    hit = _ID.fullmatch(words[0].casefold()) if len(words) == 1 else None
    if hit is None:
        raise NotUnderstoodError("Nothing may follow but the id of an incident, as “incidents” shows it.", example)
    return hit[1]


def _alone(command: IncidentCommand, word: str) -> Callable[[Sequence[str], Sequence[str]], IncidentCommand]:
    def reader(words: Sequence[str], _: Sequence[str]) -> IncidentCommand:
        if words:
            raise NotUnderstoodError(f"“{word}” stands alone.", word)
        return command

    return reader


READERS: Mapping[str, Callable[[Sequence[str], Sequence[str]], IncidentCommand]] = {
    "escalate": _escalate,
    "ack": lambda words, _: Ack(_incident(words, "ack")),
    "snooze": _snooze,
    "resolve": lambda words, _: Resolve(_incident(words, "resolve")),
    "postmortem": lambda words, _: Postmortem(_incident(words, "postmortem")),
    "incidents": _alone(Incidents(), "incidents"),
    "oncall": _alone(Oncall(), "oncall"),
}
"""Every word but `handover`, which needs to know who was mentioned."""

WORDS = frozenset({*READERS, "handover"})

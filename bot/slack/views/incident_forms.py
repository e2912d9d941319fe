"""The modals of an incident: why it should climb, for how long it is snoozed, what is opened. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.incidents.path import IncidentSeverity
from bot.slack.message import Block, Message, lines, section
from bot.slack.text import said
from bot.slack.view import View, button, buttons, choice, text_input
from bot.words.incidents import REASON

CLIMBS, SNOOZES, OPENS = "incident_climbs", "incident_snoozes", "incident_opens"
"""The modals, by what is done when they are sent."""

WHY, LENGTH, LEVEL, SEVERITY = "why", "length", "level", "severity"
NEXT = "the next level"

TITLES = {CLIMBS: "Escalate", SNOOZES: "Snooze", OPENS: "Open an incident"}
ASK = "incident_ask_"
"""Begins the action id of the button that opens one of them where nothing else can."""

_WHAT = 300
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Origin:
    """What an incident is opened from: where it was asked for, and, for a verdict, the run and its area.

    It travels in a button or with a modal; what it says is no right.
    """

    environment: str
    channel: str = ""
    thread: str = ""
    run: str = ""

    @property
    def value(self) -> str:
        """As a button or a modal carries it."""
        return " ".join(part or _NONE for part in (self.environment, self.channel, self.thread, self.run))

    @classmethod
    def read(cls, value: str, environments: Sequence[str]) -> "Origin | None":
        """What a button or a modal carries; None when it is none of ours, or names what is not there any more."""
        parts = ["" if part == _NONE else part for part in value.split(" ")]
        return cls(*parts) if len(parts) == len(cls.__slots__) and parts[0] in environments else None


@dataclass(frozen=True, slots=True)
class Aim:
    """Which incident a modal is about, and where it was asked for."""

    incident: str
    channel: str = ""

    @property
    def value(self) -> str:
        """As a button or a modal carries it."""
        return f"{self.incident} {self.channel}".rstrip()

    @classmethod
    def read(cls, value: str) -> "Aim":
        """What one carries."""
        incident, _, channel = value.partition(" ")
        return cls(incident, channel)


def climb_form(aim: Aim, about: str, levels: Sequence[tuple[int, str]], given: str = "") -> View:
    """Asks why an incident should climb, and to which of the levels above: their numbers and names."""
    named = [NEXT, *(f"{number}. {title}" for number, title in levels)]
    blocks = (
        section(said(about, _WHAT)),
        text_input(WHY, "Why?", f"Who is called reads it first. At most {REASON} characters.", given=given),
        *((choice(LEVEL, "To which level", named, NEXT),) if levels else ()),
    )
    return View(TITLES[CLIMBS], blocks, CLIMBS, "Escalate", note=aim.value)


def snooze_form(aim: Aim, about: str) -> View:
    """Asks for how long the clock is held."""
    blocks = (
        section(said(about, _WHAT)),
        text_input(LENGTH, "For how long?", "As in 10m or 1h30m, at most 24h. The clock runs again afterwards."),
    )
    return View(TITLES[SNOOZES], blocks, SNOOZES, "Snooze", note=aim.value)


def open_form(origin: Origin, severity: IncidentSeverity, what: str = "") -> View:
    """Asks what an incident is opened for, and how bad it is."""
    severities = [f"{one}: {_MEANS[one]}" for one in IncidentSeverity]
    blocks = (
        text_input(WHY, "What is wrong?", f"Who is called reads it first. At most {REASON} characters.", given=what),
        choice(SEVERITY, "How bad is it?", severities, f"{severity}: {_MEANS[severity]}"),
    )
    return View(TITLES[OPENS], blocks, OPENS, "Open it", note=origin.value)


def severity_in(option: str) -> IncidentSeverity:
    """The severity that was chosen; P1 where none was."""
    word = option.partition(":")[0]
    return IncidentSeverity(word) if word in set(IncidentSeverity) else IncidentSeverity.P1


def level_in(option: str) -> int:
    """The number of the level that was chosen; 0 for the next one."""
    number = option.partition(".")[0]
    return int(number) if number.isascii() and number.isdecimal() else 0


def open_button(origin: Origin, label: str = "Open an incident…") -> Block:
    """The button on a verdict, in a row of its own."""
    return buttons(button(label, f"{ASK}{OPENS}", origin.value, style="danger"))


def ask(kind: str, value: str, about: str) -> Message:
    """Stands in for a modal where only a button can open one."""
    text = {CLIMBS: "Say why it should climb.", SNOOZES: "Say for how long.", OPENS: "Say what is wrong."}[kind]
    blocks: tuple[Block, ...] = (section(lines([said(about, _WHAT), text])),)
    return Message(text, (*blocks, buttons(button("Open the window", f"{ASK}{kind}", value))))


_MEANS = {
    IncidentSeverity.P0: "the platform is down for its users",
    IncidentSeverity.P1: "an area is down",
    IncidentSeverity.P2: "degraded",
    IncidentSeverity.P3: "worth knowing",
}

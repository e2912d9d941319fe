"""Reads what a person typed after /volati: text in, a command or a refusal in plain words out. Pure, and never raises.

The text is hostile until parsed. Nothing is looked up and nothing is done here.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from diagnostics.areas import AREAS

LONGEST = 1_000
"""Characters of a command that are read; the longest that means anything has about a hundred."""

ECHO = 40
"""Characters of a person's own text that an answer repeats at most."""


@dataclass(frozen=True, slots=True)
class Word:
    """One command: how it is written, what it does, and, while it is not there, what to do instead."""

    word: str
    usage: str
    does: str
    instead: str = ""

    @property
    def available(self) -> bool:
        """Whether it can be used now."""
        return not self.instead


@dataclass(frozen=True, slots=True)
class Diagnose:
    """Look at these areas of an environment; `deep` adds the looks that write."""

    areas: tuple[str, ...]
    environment: str
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Help:
    """Show what can be asked for."""


@dataclass(frozen=True, slots=True)
class Status:
    """Show the last verdict of every area."""


@dataclass(frozen=True, slots=True)
class Whoami:
    """Show a person's own rights."""


@dataclass(frozen=True, slots=True)
class Token:
    """Ask privately for a token, to explain it."""

    environment: str


@dataclass(frozen=True, slots=True)
class Why:
    """Walk through a permission question; empty parts are still to be asked for."""

    environment: str
    user: str = ""
    action: str = ""
    resource: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be asked for."""
        return bool(self.user and self.action and self.resource)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is done, in one sentence of plain text, and a command that would work."""

    text: str
    example: str


Command = Diagnose | Help | Status | Whoami | Token | Why


def right(command: Command | Refusal) -> str:
    """The key of `bot.access.RIGHTS` that a command needs. To be told what was wrong with one takes what help takes."""
    match command:
        case Diagnose():
            return "diagnose deep" if command.deep else "diagnose"
        case Help() | Refusal():
            return "help"
        case _:
            return type(command).__name__.lower()


_CLUSTER = "use kubectl, as the runbook shows"
_PAGER = "ask in the channel, or page in PagerDuty"
_DOCKER = "use docker on the host, as the runbook shows"
_DATABASE = "use psql, as the runbook shows"
_SHELL = "run it in a shell on the bot's host"

COMMANDS: tuple[Word, ...] = (
    Word("help", "help", "what you can ask for"),
    Word("diagnose", "diagnose <area…> [deep] [in <environment>]", "look, judge, and say what is wrong and why"),
    Word("status", "status", "the last verdict of every area"),
    Word("logs", "logs <workload> [previous] [since 15m]", "a log's end, redacted, known errors marked", _CLUSTER),
    Word("events", "events", "what the cluster reported lately", _CLUSTER),
    Word("runbook", "runbook <words>", "search the runbook", "open the runbook itself"),
    Word("restart", "restart <workload>", "propose a rolling restart", _CLUSTER),
    Word("rollback", "rollback <workload>", "propose going back to the revision before", _CLUSTER),
    Word("scale", "scale <workload> <n>", "propose another number of pods", _CLUSTER),
    Word("delete-failed-pods", "delete-failed-pods", "propose to delete failed pods", _CLUSTER),
    Word("debug-logs", "debug-logs <workload> on|off [30m]", "propose debug logging for a while", _CLUSTER),
    Word("system-restart", "system-restart", "propose the runbook's complete restart", _CLUSTER),
    Word("restart-container", "restart-container <name>", "propose to restart a container", _DOCKER),
    Word("recreate-volume", "recreate-volume <name>", "propose to recreate a volume", _DOCKER),
    Word("cancel-query", "cancel-query <pid>", "propose to cancel a database query", _DATABASE),
    Word("end-session", "end-session <pid>", "propose to end a database session", _DATABASE),
    Word("probe", "probe <tcp|http|dns|postgres|route> <target>", "propose a probe from the cluster", _CLUSTER),
    Word("escalate", "escalate [level] <reason>", "open an incident, or climb a level", _PAGER),
    Word("ack", "ack", "say that you are on it", _PAGER),
    Word("snooze", "snooze 10m", "hold the clock for a while", _PAGER),
    Word("handover", "handover <person>", "give the incident to somebody", _PAGER),
    Word("resolve", "resolve", "close the incident", _PAGER),
    Word("incidents", "incidents", "what is open", _PAGER),
    Word("postmortem", "postmortem", "a draft with the timeline", "write it from the incident's thread"),
    Word("oncall", "oncall", "who is on call, at each level", "look in PagerDuty"),
    Word("token", "token [in <environment>]", "is this JWT valid here; asked for and answered privately"),
    Word("why", "why <user> <action> <resource> [in <environment>]", "why Keycloak grants or denies"),
    Word("validate", "validate", "is this freqtrade config valid", "run `freqtrade show-config` on it"),
    Word("silence", "silence <area|finding> <30m>", "a maintenance window", "say so in the channel"),
    Word("audit", "audit [n]", "who did what", "look into the channel: nothing is changed yet without a person"),
    Word("whoami", "whoami", "your rights"),
    Word("doctor", "doctor", "is the bot itself well", f"`volati doctor`: {_SHELL}"),
)
"""Every word there is; those with an `instead` are not there yet."""

AREAS_TO_COME: tuple[str, ...] = tuple(
    name
    for name in ("server", "graphql", "database", "docker", "performance", "keycloak", "tests", "network", "all")
    if name not in {area.name for area in AREAS}
)
"""Areas of the runbook that cannot be diagnosed yet, in the runbook's order."""

_BY_WORD = {known.word: known for known in COMMANDS}
_AREAS = tuple(area.name for area in AREAS)
_COMPARED = 2 * ECHO  # characters: no name is longer, and comparing takes the square of the length
_EXAMPLE = f"diagnose {_AREAS[0]}"


def parse(text: str, environments: Sequence[str]) -> Command | Refusal:
    """The command in a text; the first of the environments is meant when none is named."""
    if len(text) > LONGEST:
        return Refusal(f"That is {len(text):,} characters long; a command has at most {LONGEST:,}.", _EXAMPLE)
    words = _words(text)
    if not words:
        return Help()
    word, *rest = words
    if word == "why":  # its names are Keycloak's, which may be written with quotes and in either case
        return _why(_written(text)[1:], environments)
    if word in _READERS:
        return _READERS[word](rest, environments)
    return _not_there(_BY_WORD[word]) if word in _BY_WORD else _unknown(word)


# Slack's own way to write people, channels, links and calls (docs.slack.dev/messaging/formatting-message-text).
_SLACK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_QUOTES = str.maketrans(dict.fromkeys("\"'`“”„‟«»‘’‚‛‹›", " "))  # noqa: RUF001 the quotes that phones write
_BOT_NAMES = frozenset({"/volati", "volati", "@volati"})


def _words(text: str) -> list[str]:
    """The words typed, in lower case: Slack's markup read, quotes and invisible characters gone."""
    return _without_name(_plain(text).casefold().translate(_QUOTES).split())


def _written(text: str) -> list[str]:
    """The same words as they were written, quotes and all."""
    return _without_name([word for word in _plain(text).split() if word.translate(_QUOTES).strip()])


def _plain(text: str) -> str:
    plain = _SLACK.sub(_as_written, text)
    for entity, letter in _ENTITIES:
        plain = plain.replace(entity, letter)
    return "".join(_readable(letter) for letter in unicodedata.normalize("NFKC", plain))


def _without_name(words: list[str]) -> list[str]:
    return words[1:] if words and words[0].casefold().translate(_QUOTES).strip() in _BOT_NAMES else words


def _as_written(markup: re.Match[str]) -> str:
    """What the person saw of a piece of markup: @name, #channel, or a link's label."""
    sign, name, label = markup.groups()
    return f" {'' if sign == '!' else sign}{label or name} "


def _readable(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    return "" if kind in {"Cf", "Cs", "Co", "Cn"} else letter


def _diagnose(words: list[str], environments: Sequence[str]) -> Command | Refusal:
    asked, environment = _environment([word.strip(",;") for word in words], environments)
    if isinstance(environment, Refusal):
        return environment
    areas = tuple(dict.fromkeys(word for word in asked if word and word not in {"deep", "--deep"}))
    if not areas:
        return Refusal(f"Say which area to look at: {_listed(_AREAS)}.", _EXAMPLE)
    for area in areas:
        if area not in _AREAS:
            return _no_such_area(area)
    return Diagnose(areas, environment, deep=not {"deep", "--deep"}.isdisjoint(asked))


def _environment(words: list[str], environments: Sequence[str]) -> tuple[list[str], str | Refusal]:
    """The words without "in <environment>", and the environment."""
    if "in" not in words:
        return words, environments[0]
    place = words.index("in")
    named = words[place + 1 : place + 2]
    rest = words[:place] + words[place + 2 :]
    if not named:
        return rest, Refusal(
            f"Say which environment after “in”: {_listed(environments)}.", f"{_EXAMPLE} in {environments[0]}"
        )
    if named[0] in environments:
        return rest, named[0]
    text = f"There is no environment {_echo(named[0])}; there is {_listed(environments)}."
    return rest, Refusal(text, f"{_EXAMPLE} in {environments[0]}")


def _token(words: list[str], environments: Sequence[str]) -> Command | Refusal:
    """No token is taken here: a command's words are in the person's history, and in Slack's logs."""
    rest, environment = _environment(words, environments)
    if isinstance(environment, Refusal):
        return environment
    if rest:
        return Refusal("Do not type a token into a channel; Volati asks for it in a private window.", "token")
    return Token(environment)


def _why(words: list[str], environments: Sequence[str]) -> Command | Refusal:
    """User, action, and the rest as the resource: names of resources have blanks. "in …" counts at the end only."""
    environment = environments[0]
    if len(words) > 1 and words[-2].casefold() == "in" and words[-1].casefold() in environments:
        words, environment = words[:-2], words[-1].casefold()
    user, action, *resource = [*words, "", ""] if len(words) < 2 else words  # noqa: PLR2004 user and action
    return Why(environment, _unquoted(user).removeprefix("@"), _unquoted(action), _unquoted(" ".join(resource)))


def _unquoted(name: str) -> str:
    """A name without the quotes around it; those inside belong to it."""
    return name.strip('"`“”„‟«»').strip() if name[:1] != "'" else name.strip("'")


def _no_such_area(area: str) -> Refusal:
    if area in AREAS_TO_COME:
        return Refusal(f"The area {area} cannot be diagnosed yet; {_listed(_AREAS)} can.", _EXAMPLE)
    near = get_close_matches(area[:_COMPARED], (*_AREAS, *AREAS_TO_COME), n=1)
    hint = f"did you mean {near[0]}?" if near else f"there is {_listed(_AREAS)}."
    return Refusal(f"There is no area {_echo(area)}; {hint}", f"diagnose {near[0]}" if _usable(near) else _EXAMPLE)


def _triage(*_: object) -> Refusal:
    """A command takes one short line; what is looked into is many."""
    where = "use the shortcut “Triage with Volati” on the message with the log, or mention Volati with it in a thread"
    return Refusal(f"A command has no room for a log; {where}.", "help")


_READERS: Mapping[str, Callable[[list[str], Sequence[str]], Command | Refusal]] = {
    "help": lambda *_: Help(),
    "diagnose": _diagnose,
    "status": lambda *_: Status(),
    "whoami": lambda *_: Whoami(),
    "token": _token,
    "triage": _triage,
}


def _usable(near: list[str]) -> bool:
    return bool(near) and near[0] in _AREAS


def _not_there(known: Word) -> Refusal:
    return Refusal(f"“{known.word}” ({known.does}) is not there yet; until then, {known.instead}.", _EXAMPLE)


def _unknown(word: str) -> Refusal:
    """The nearest thing: a command, or an area that was typed without "diagnose"."""
    if word in AREAS_TO_COME:
        return _no_such_area(word)
    if word in _AREAS:
        return Refusal(f"“{word}” is an area; put “diagnose” before it.", f"diagnose {word}")
    near = get_close_matches(word[:_COMPARED], (*_BY_WORD, *_AREAS), n=1)
    if not near:
        return Refusal(f"There is no command {_echo(word)}; “help” lists what there is.", "help")
    if near[0] in _AREAS:
        return Refusal(f"There is no command {_echo(word)}; did you mean the area {near[0]}?", f"diagnose {near[0]}")
    example = _EXAMPLE if near[0] == "diagnose" else "help"
    return Refusal(f"There is no command {_echo(word)}; did you mean “{near[0]}”?", example)


def _echo(word: str) -> str:
    """A person's own word, quoted, and not at length."""
    return f"“{word}”" if len(word) <= ECHO else f"“{word[: ECHO - 1]}…”"


def _listed(names: Sequence[str]) -> str:
    """Names in a sentence: "a", "a and b", "a, b and c"; more than five are counted."""
    shown = [*names[:5], *([f"{len(names) - 5} more"] if len(names) > 5 else [])]  # noqa: PLR2004 a readable list
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"

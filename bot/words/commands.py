"""Reads what a person typed after /volati: text in, a command or a refusal in plain words out. Pure, and never raises.

The text is hostile until parsed. Nothing is looked up and nothing is done here.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.words.acts import READERS as ACTS
from bot.words.acts import NotUnderstoodError, Wish, wish
from bot.words.incidents import WORDS as INCIDENT_WORDS
from bot.words.incidents import IncidentCommand
from bot.words.incidents import read as read_incident_words
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
    """Show the last verdict of every area, and what an environment's cluster shows now; empty: the first one's."""

    environment: str = ""
    page: int = 1

    @property
    def words(self) -> str:
        """The command as it is typed, and as a button carries it."""
        return _typed("status", self)


@dataclass(frozen=True, slots=True)
class Events:
    """Show what a cluster reported lately."""

    environment: str
    page: int = 1

    @property
    def words(self) -> str:
        """As `Status.words`."""
        return _typed("events", self)


@dataclass(frozen=True, slots=True)
class Logs:
    """Show the end of a workload's log. `run` is previous or current; empty: the one that says most."""

    environment: str
    workload: str
    container: str = ""
    run: str = ""
    since_s: int | None = None
    page: int = 1

    @property
    def words(self) -> str:
        """As `Status.words`."""
        named = f" container {self.container}" if self.container else ""
        since = f" since {self.since_s}s" if self.since_s is not None else ""
        return _typed(f"logs {self.workload}{named}{f' {self.run}' if self.run else ''}{since}", self)


@dataclass(frozen=True, slots=True)
class Audit:
    """Show who did what, the newest first: at most so many entries (0: all), of an environment (empty: of each)."""

    environment: str = ""
    most: int = 0
    page: int = 1

    @property
    def words(self) -> str:
        """As `Status.words`."""
        return _typed(f"audit {self.most}" if self.most else "audit", self)


def _typed(begin: str, command: "Status | Events | Logs | Audit") -> str:
    where = f" in {command.environment}" if command.environment else ""
    return f"{begin}{where}{f' page {command.page}' if command.page > 1 else ''}"


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
    """Why nothing is done, in one sentence of plain text, and a command that would work, if one is like it."""

    text: str
    example: str


Command = Diagnose | Help | Status | Events | Logs | Audit | Whoami | Token | Why | Wish | IncidentCommand


def right(command: Command | Refusal) -> str:
    """The key of `RIGHTS` in bot.people.access that a command needs. What was wrong with one takes what help takes."""
    match command:
        case Diagnose():
            return "diagnose deep" if command.deep else "diagnose"
        case Help() | Refusal():
            return "help"
        case Wish():
            return command.action
        case _:
            return type(command).__name__.lower()


_CLUSTER = "use kubectl, as the runbook shows"
_DOCKER = "use docker on the host, as the runbook shows"
_SHELL = "run it in a shell on the bot's host"

COMMANDS: tuple[Word, ...] = (
    Word("help", "help", "what you can ask for"),
    Word("diagnose", "diagnose <area…> [deep] [in <environment>]", "look, judge, and say what is wrong and why"),
    Word("status", "status [in <environment>]", "the last verdict of every area; pods, services, ingresses, use"),
    Word("logs", "logs <workload> [container <name>] [previous] [since 15m]", "a log's end, known errors marked"),
    Word("events", "events [in <environment>]", "what the cluster reported lately, newest first"),
    Word("runbook", "runbook <words>", "search the runbook", "open the runbook itself"),
    Word("restart", "restart <workload>", "propose a rolling restart"),
    Word("rollback", "rollback <workload>", "propose going back to the revision before"),
    Word("scale", "scale <workload> <n>", "propose another number of pods"),
    Word("delete-failed-pods", "delete-failed-pods [<namespace>]", "propose to delete failed pods"),
    Word("debug-logs", "debug-logs <workload> on|off [30m]", "propose debug logging for a while"),
    Word("system-restart", "system-restart", "propose the runbook's complete restart", _CLUSTER),
    Word("restart-container", "restart-container <name>", "propose to restart a container", _DOCKER),
    Word("recreate-volume", "recreate-volume <name>", "propose to recreate a volume", _DOCKER),
    Word("cancel-query", "cancel-query <pid>", "propose to cancel a database query"),
    Word("end-session", "end-session <pid>", "propose to end a database session"),
    Word("probe", "probe <tcp|http|dns|postgres|route> <target>", "propose a probe from the cluster"),
    Word("escalate", "escalate [level] <reason>", "open an incident, or climb a level"),
    Word("ack", "ack", "say that you are on it"),
    Word("snooze", "snooze 10m", "hold the clock for a while"),
    Word("handover", "handover <person>", "give the incident to somebody"),
    Word("resolve", "resolve", "close the incident"),
    Word("incidents", "incidents", "what is open"),
    Word("postmortem", "postmortem", "a draft with the timeline"),
    Word("oncall", "oncall", "who is on call, at each level"),
    Word("token", "token [in <environment>]", "is this JWT valid here; asked for and answered privately"),
    Word("why", "why <user> <action> <resource> [in <environment>]", "why Keycloak grants or denies"),
    Word("validate", "validate", "is this freqtrade config valid", "run `freqtrade show-config` on it"),
    Word("silence", "silence <area|finding> <30m>", "a maintenance window", "say so in the channel"),
    Word("audit", "audit [n] [in <environment>]", "who did what, when and why, newest first"),
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
_EXAMPLE = "diagnose keycloak"


def parse(text: str, environments: Sequence[str]) -> Command | Refusal:
    """The command in a text; the first of the environments is meant when none is named."""
    if len(text) > LONGEST:
        return Refusal(f"That is {len(text):,} characters long; a command has at most {LONGEST:,}.", _EXAMPLE)
    words = _words(text)
    if not words:
        return Help()
    word, *rest = words
    if word == "why" or word in INCIDENT_WORDS:
        return _as_it_is_written(word, text, environments)
    if word in _READERS:
        return _READERS[word](rest, environments)
    if word in ACTS:
        return _wish(word, rest, environments)
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


def _wish(action: str, words: list[str], environments: Sequence[str]) -> Command | Refusal:
    """A guarded act, which is only proposed."""
    rest, environment = _environment(words, environments)
    if isinstance(environment, Refusal):
        return environment
    try:
        return wish(action, rest, environment)
    except NotUnderstoodError as error:
        return Refusal(error.text, error.example)


def _as_it_is_written(word: str, text: str, environments: Sequence[str]) -> Command | Refusal:
    """What has names of Keycloak's in it, which may have quotes and either case, or a person's own reason."""
    if word == "why":
        return _why(_written(text)[1:], environments)
    try:
        return read_incident_words(word, _written(text)[1:], text, environments)
    except NotUnderstoodError as error:
        return Refusal(error.text, error.example)


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


_OPTIONS: Mapping[str, str] = {"in": "", "page": "2", "since": "15m", "container": "volaticloud"}
"""The words that something must follow, each with an example of it; after "in" it is an environment."""

_FLAGS = ("previous", "current")
_SHORT = {"-c": "container", "-p": "previous"}
#: As people write durations; each part at most once, the largest first.
_DURATION = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m(?:in)?)?(?:(\d{1,7})s)?")
_SECONDS = (86_400, 3_600, 60, 1)
LONGEST_SINCE_S = 30 * 86_400
"""How far back "since" goes: nodes keep a log for days at most."""

#: Names that are all told in a sentence: the runbook has eight sections.
_LISTED = 8
_PAGE = re.compile("[1-9][0-9]{0,3}")  # far more than there are
_WORKLOAD = re.compile(r"[a-z0-9]([-a-z0-9./]{0,500}[a-z0-9])?")
_AUDIT_EXAMPLE = "audit 20"
_LOGS_EXAMPLE = "logs volaticloud-backend since 15m"


@dataclass(frozen=True, slots=True)
class _Said:
    """Words of a command, sorted: those that stand alone, and what follows an option or is a flag."""

    alone: tuple[str, ...]
    given: Mapping[str, str]


def _status(words: list[str], environments: Sequence[str]) -> Command | Refusal:
    said = _sorted_out(words, ("in", "page"), "status", environments)
    if isinstance(said, Refusal):
        return said
    return Status(said.given.get("in", ""), int(said.given.get("page", 1)))


def _events(words: list[str], environments: Sequence[str]) -> Command | Refusal:
    said = _sorted_out(words, ("in", "page"), "events", environments)
    if isinstance(said, Refusal):
        return said
    return Events(said.given.get("in", environments[0]), int(said.given.get("page", 1)))


def _logs(words: list[str], environments: Sequence[str]) -> Command | Refusal:
    said = _sorted_out(words, (*_OPTIONS, *_FLAGS), _LOGS_EXAMPLE, environments, alone=1)
    if isinstance(said, Refusal):
        return said
    if not said.alone:
        return Refusal("Say whose log: a workload, such as “backend”, or a pod.", _LOGS_EXAMPLE)
    workload, given = said.alone[0], said.given
    if not _WORKLOAD.fullmatch(workload):
        return Refusal(f"{_echo(workload)} cannot be the name of a workload or a pod.", _LOGS_EXAMPLE)
    since = _seconds(given["since"]) if "since" in given else None
    run = next((flag for flag in _FLAGS if flag in given), "")
    place = given.get("in", environments[0])
    return Logs(place, workload, given.get("container", ""), run, since, int(given.get("page", 1)))


def _audit(words: list[str], environments: Sequence[str]) -> Command | Refusal:
    said = _sorted_out(words, ("in", "page"), _AUDIT_EXAMPLE, environments, alone=1)
    if isinstance(said, Refusal):
        return said
    most = said.alone[0] if said.alone else "0"
    if said.alone and not _PAGE.fullmatch(most):
        return Refusal(f"{_echo(most)} is no number of entries from 1 to 9999.", _AUDIT_EXAMPLE)
    return Audit(said.given.get("in", ""), int(most), int(said.given.get("page", 1)))


def _sorted_out(
    words: list[str], known: Sequence[str], example: str, environments: Sequence[str], alone: int = 0
) -> _Said | Refusal:
    """The words by what they mean; at most so many that stand alone."""
    left, given, bare = list(_long_forms(words)), dict[str, str](), list[str]()
    while left:
        word = left.pop(0)
        if word in _FLAGS and word in known:
            given[word] = word
        elif word in _OPTIONS and word in known:
            given[word] = left.pop(0) if left else ""
            if wrong := _wrong(word, given[word], environments):
                return Refusal(wrong, f"{example.partition(' since')[0]} {word} {_OPTIONS[word] or environments[0]}")
        else:
            bare.append(word)
    stray = bare[alone:]
    return _stray(stray[0], known, example, environments) if stray else _Said(tuple(bare), given)


def _long_forms(words: list[str]) -> Iterator[str]:
    """The words, those that kubectl would take in our form: `-p`, `--since=15m`."""
    for word in words:
        name, equals, value = word.strip(",;").partition("=")
        if name:
            yield _SHORT.get(name, name.removeprefix("--") if name.startswith("--") else name)
        if equals:
            yield value


def _wrong(option: str, value: str, environments: Sequence[str]) -> str:
    """What is wrong with what follows an option, as a sentence; empty when nothing is."""
    example = _OPTIONS[option] or environments[0]
    if not value:
        return f"Say what comes after “{option}”, as in “{option} {example}”."
    match option:
        case "in" if value not in environments:
            return f"There is no environment {_echo(value)}; there is {_listed(environments)}."
        case "since" if _seconds(value) is None:
            return f"{_echo(value)} is no duration from a second to 30 days; write it as in 90s, 15m, 2h or 1d."
        case "page" if not _PAGE.fullmatch(value):
            return f"{_echo(value)} is no page; pages are numbers from 1, the newest."
        case "container" if not _WORKLOAD.fullmatch(value):
            return f"{_echo(value)} cannot be the name of a container."
        case _:
            return ""


def _seconds(text: str) -> int | None:
    """A duration such as 15m or 1h30m in seconds; None for what is none, for none at all, and for too long a one."""
    hit = _DURATION.fullmatch(text)
    seconds = sum(int(part or 0) * unit for part, unit in zip(hit.groups(), _SECONDS, strict=True)) if hit else 0
    return seconds if 0 < seconds <= LONGEST_SINCE_S else None


def _stray(word: str, known: Sequence[str], example: str, environments: Sequence[str]) -> Refusal:
    """A word that means nothing where it stands: what it may have been meant to be."""
    if word in environments:
        return Refusal(f"Put “in” before the environment: “in {word}”.", f"{example.partition(' since')[0]} in {word}")
    if _seconds(word) is not None and "since" in known:
        return Refusal(f"Put “since” before the time: “since {word}”.", _LOGS_EXAMPLE)
    near = get_close_matches(word[:_COMPARED], (*known, *environments), n=1)
    hint = (
        f"did you mean “{'in ' if near[0] in environments else ''}{near[0]}”?"
        if near
        else f"what may follow is {_listed([f'“{one}”' for one in known])}."
    )
    return Refusal(f"{_echo(word)} means nothing here; {hint}", example)


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
    "status": _status,
    "events": _events,
    "logs": _logs,
    "audit": _audit,
    "whoami": lambda *_: Whoami(),
    "token": _token,
    "triage": _triage,
}


def _usable(near: list[str]) -> bool:
    return bool(near) and near[0] in _AREAS


def _not_there(known: Word) -> Refusal:
    return Refusal(f"“{known.word}” ({known.does}) is not there yet; until then, {known.instead}.", "")


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
    """Names in a sentence: "a", "a and b", "a, b and c"; more than the runbook has sections are counted."""
    shown = [*names[:_LISTED], *([f"{len(names) - _LISTED} more"] if len(names) > _LISTED else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"

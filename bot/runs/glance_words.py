"""Puts what a glance saw into plain sentences, the same for Slack and for a terminal. Pure; it knows no markup."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bot.slack.words import ago
from bot.words.commands import Logs
from diagnostics.evidence.cluster.workloads import Amounts
from diagnostics.glances.events import EventGroup
from diagnostics.glances.logs import PAGE, Choice, KnownError, LogsGlance, NoLog
from diagnostics.glances.meaning import Ambiguous, Unknown
from diagnostics.glances.overview import IngressRow, NodeRow, Overview, PodsRow, ServiceRow
from diagnostics.words import few

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))  # seconds
_SIZES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))  # bytes
_CORE = 1_000  # thousandths


class Row(NamedTuple):
    """One line of the quick look: under which heading it stands, what it says, and whether it wants to be looked at."""

    heading: str
    text: str
    trouble: bool = False


def rows(look: Overview) -> Iterator[Row]:
    """Every line of the quick look, namespace by namespace, the nodes at the end."""
    for space in look.namespaces:
        heading = f"namespace {space.name}"
        yield from (Row(heading, _pods(row, look.at), row.short) for row in space.pods)
        yield from (Row(heading, _service(row), row.ready == 0 < (row.endpoints or 0)) for row in space.services)
        yield from (Row(heading, _ingress(row), not row.addresses) for row in space.ingresses)
        if space.finished:
            yield Row(heading, f"finished jobs and pods, not listed: {space.finished}")
    yield from (Row("nodes", _node(row), not row.ready) for row in look.nodes)


def pods_in_all(look: Overview) -> str:
    """The quick look in one sentence."""
    ready, wanted = look.pods_ready
    return f"{ready} of {wanted} pods ready in {look.environment}"


def _pods(row: PodsRow, at: datetime) -> str:
    parts = [f"{row.ready} of {row.wanted} ready"]
    if row.trouble:
        parts.append(row.trouble)
    if row.restarts:
        last = f", the last {ago(row.restarted_at, at)}" if row.restarted_at else ""
        parts.append(f"{row.restarts:,} restart{'s' * (row.restarts > 1)}{last}")
    else:
        parts.append("no restarts")
    parts.extend(_used(row.used, {"asks": row.requested, "at most": row.limits}))
    return f"{row.kind.lower()} {row.name.name}: {'; '.join(parts)}"


def _used(used: Amounts | None, against: Mapping[str, Amounts]) -> Iterator[str]:
    """What is used, each amount beside what it is to be held against: `cpu 40m (asks 500m, at most 2 cores)`."""
    if used is None:
        return
    kinds = (
        ("cpu", used.cpu_m, cores, {word: one.cpu_m for word, one in against.items()}),
        ("memory", used.memory, size, {word: one.memory for word, one in against.items()}),
    )
    for name, amount, written, limits in kinds:
        if amount is not None:
            beside = ", ".join(f"{word} {written(limit)}" for word, limit in limits.items() if limit is not None)
            yield f"{name} {written(amount)}{f' ({beside})' if beside else ''}"


def cores(thousandths: int) -> str:
    """An amount of processor, as Kubernetes writes it: `250m`, or `2` for whole cores."""
    return str(thousandths // _CORE) if thousandths and thousandths % _CORE == 0 else f"{thousandths}m"


def size(number: int) -> str:
    """An amount of memory: `512 MiB`, `1.5 GiB`."""
    unit, word = next(((unit, word) for unit, word in _SIZES if number >= unit), (1, "B"))
    exact = number / unit
    return f"{exact:.0f} {word}" if unit == 1 or exact == int(exact) or exact >= 100 else f"{exact:.1f} {word}"  # noqa: PLR2004 three digits are enough


def _service(row: ServiceRow) -> str:
    name = f"service {row.name.name} ({row.type})"
    if row.elsewhere:
        return f"{name}: stands for {row.elsewhere}"
    ends = f"{row.ready} of {row.endpoints} endpoints ready" if row.endpoints is not None else "its endpoints not seen"
    ends = "no endpoints" if row.endpoints == 0 else ends
    at = f"; at {few(row.addresses)}" if row.addresses else ""
    return f"{name}: {ends}; {few(row.ports) or 'no ports'}{at}"


def _ingress(row: IngressRow) -> str:
    where = f"at {few(row.addresses)}" if row.addresses else "has no address: no controller took it up"
    return f"ingress {row.name.name}: {few(row.hosts)} {where}"


def _node(row: NodeRow) -> str:
    parts = ["ready" if row.ready else "not ready", *_used(row.used, {"of": row.room})]
    return f"node {row.name}: {'; '.join(parts)}"


def event_head(group: EventGroup, at: datetime) -> str:
    """What happened, to what, how often and when, without the message."""
    things = f"{group.kind.lower()} {group.namespace}/{group.name}"
    if group.things > 1:
        things = f"{group.things:,} {group.kind.lower()}s of {group.namespace}/{group.name}"
    return f"{group.reason}, {things}: {_times(group)}{ago(group.last_at, at)}"


def _times(group: EventGroup) -> str:
    if group.count == 1:
        return ""
    span = int((group.last_at - group.first_at).total_seconds())
    return f"{group.count:,} times{f' in {span_in_words(span)}' if span > 0 else ''}, last "


def span_in_words(seconds: int) -> str:
    """A length of time: `40 s`, `15 min`, `2 h`."""
    unit, word = next(((unit, word) for unit, word in _UNITS if seconds >= 2 * unit), (1, "s"))
    return f"{seconds // unit} {word}"


def which_log(found: LogsGlance, choice: Choice) -> str:
    """Which log is shown, and why it is this one."""
    run = ", the run before this one" if choice.previous else ""
    why = f" ({choice.because})" if choice.because else ""
    return f"{found.thing}: pod {choice.pod.name}, container {choice.container}{run}{why}"


def just_this(found: LogsGlance, command: Logs) -> Logs:
    """The question about just the log that is shown: when it is asked again, another container may have failed."""
    if found.choice is None:
        return command
    run = "previous" if found.choice.previous else "current"
    return replace(command, workload=str(found.choice.pod), container=found.choice.container, run=run)


def which_lines(found: LogsGlance) -> str:
    """Which of its lines are shown, and what is left."""
    since = f" of the last {span_in_words(found.since_s)}" if found.since_s else ""
    if not found.lines:
        beyond = "There are no lines so far back" if found.page > 1 else "It has no lines"
        return f"{beyond}{since}."
    newest = "newest lines" if found.page == 1 else f"lines, page {found.page} from the newest"
    left = max(0, found.read - found.page * PAGE)
    parts = [f"{left:,} older lines" if left else "", "more before these" if found.older else ""]
    more = " and ".join(part for part in parts if part)
    shown = f"{len(found.lines)} {newest}{since}."
    return f"{shown} Not shown: {more}." if more else f"{shown} There are none before them."


def known_error(one: KnownError, page: int) -> str:
    """A known error: how often, what it means, and where it is when it is not on this page."""
    where = "" if one.page == page else f", newest on page {one.page}"
    sure = "" if one.certain else "perhaps: "
    return f"{one.count:,} × {sure}{one.meaning} ({one.severity}, {one.id}{where})"  # noqa: RUF001 a times sign


def others(choice: Choice) -> Iterator[str]:
    """What else could be asked for."""
    if choice.containers:
        yield f"Other containers (“container <name>”): {few(choice.containers)}."
    if choice.pods:
        yield f"Other pods: {few(choice.pods)}."
    if choice.previous:
        yield "“current” shows the run of now."


def instead(found: LogsGlance) -> tuple[str, tuple[str, ...]]:
    """Why there is no log to show, as a sentence, and the names to choose from; nothing where there is one."""
    among = ", among what could be seen" if found.lacks else ""
    match found.instead:
        case None:
            return "", ()
        case Ambiguous(word=word, names=names):
            return f"“{word}” means several things. Say which:", names
        case Unknown(word=word, nearest=(), all=()):
            return f"There is no workload or pod “{word}”{among}.", ()
        case Unknown(word=word, nearest=(), all=every):
            return f"There is no workload or pod “{word}”{among}. There is:", every
        case Unknown(word=word, nearest=nearest):
            return f"There is no workload or pod “{word}”{among}. Did you mean:", nearest
        case NoLog(reason=reason, instead=names):
            return reason, names

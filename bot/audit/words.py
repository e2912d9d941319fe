"""Puts the audit into plain sentences, the same for Slack and for a terminal. Pure; it knows no markup."""

from collections.abc import Iterator

from bot.audit.check import Fault, Kind, Report
from bot.audit.entry import Entry, Linked
from bot.audit.ledger import Unread

SHOWN = 20
"""Faults that are told one by one to a person; JSON has all of them."""


def what_was_done(entry: Entry) -> str:
    """The deed, and what it was about: `confirmed: restart of deployment volaticloud/backend in production`."""
    target = f" of {entry.target}" if entry.target else ""
    return f"{entry.deed}: {entry.action}{target} in {entry.environment}"


def line(one: Linked | Unread) -> str:
    """An entry in one line: its number, when, who, what, of which plan, and why."""
    if isinstance(one, Unread):
        return f"#? line {one.line} of the audit cannot be read; `volati audit verify` tells more"
    entry = one.entry
    plan = f" (plan {entry.plan})" if entry.plan else ""
    detail = f": {entry.detail}" if entry.detail else ""
    return f"#{one.number} {entry.at:%Y-%m-%d %H:%M:%SZ} {entry.who} {what_was_done(entry)}{plan}{detail}"


def proved(report: Report) -> Iterator[str]:
    """What a look at the whole audit found, what that means, and what to do next."""
    if report.sound:
        yield from _sound(report)
        return
    count = len(report.faults) + report.more
    yield f"The audit is BROKEN: {_counted(count, 'fault')} in {_counted(report.lines, 'line')}."
    yield from (f"  ✗ {fault_told(one)}" for one in report.faults[:SHOWN])
    if count > SHOWN:
        yield f"  and {count - SHOWN:,} more"
    yield ""
    yield "What it means:"
    yield from (f"  {_MEANS[kind]}" for kind in Kind if any(one.kind is kind for one in report.faults))
    yield ""
    yield from _NEXT


def fault_told(fault: Fault) -> str:
    """One fault in a sentence."""
    many = fault.last > fault.first
    entries = f"entries {fault.first:,} to {fault.last:,}" if many else f"entry {fault.first:,}"
    line = f" (line {fault.line:,})" if fault.line else ""
    told = _SOME_REWRITTEN if many and fault.kind is Kind.REWRITTEN else _TOLD[fault.kind]
    return told.format(entries=entries, were="were" if many else "was", line=line)


_TOLD = {
    Kind.UNREADABLE: "what stands where {entries} should be is not as Volati writes it{line}",
    Kind.ALTERED: "{entries} {were} altered: what it says does not match its hash{line}",
    Kind.REWRITTEN: "{entries} {were} altered and hashed anew{line}",
    Kind.REMOVED: "{entries} {were} removed{line}",
    Kind.INSERTED: "another {entries} was put in{line}",
    Kind.MOVED: "{entries} {were} moved{line}",
    Kind.LOST: "{entries} {were} lost at the end: a head that was kept elsewhere names the last one",
}
_SOME_REWRITTEN = "some of {entries} were altered and hashed anew: a head that was kept elsewhere says otherwise{line}"
_MEANS = {
    Kind.UNREADABLE: "unreadable: something other than Volati wrote there, or the store lost a part of it.",
    Kind.ALTERED: "altered: what stands there now is not what Volati wrote; do not rely on it.",
    Kind.REWRITTEN: "altered and hashed anew: somebody who knows how the chain is made wrote these entries.",
    Kind.REMOVED: "removed: something happened of which there is no trace here any more.",
    Kind.INSERTED: "inserted: of entries with one number one at most is true: the one that the next one follows from.",
    Kind.MOVED: "moved: it says what it said, and the order in which things happened is not told any more.",
    Kind.LOST: "lost at the end: entries were cut off, the store was emptied, or an older copy of it was put back.",
}
_NEXT = (
    "What to do:",
    "  1. Keep what there is, before anything else is written: volati audit export --output audit.jsonl",
    "  2. Find out who can write to Volati's store: its address and password, its data folder, its backups.",
    "  3. Was an older copy of the store put back? Then that is why, and the log has what came after.",
    "  4. Compare with the bot's log and the channel, which tell of each act too. Volati mends nothing here.",
)


def _sound(report: Report) -> Iterator[str]:
    if report.lines == 0:
        yield "The audit is sound: it has no entries yet."
    else:
        yield f"The audit is sound: {_counted(report.lines, 'entry', 'entries')}, each follows from the one before it."
    if report.vouched:
        newer = report.lines - report.vouched
        rest = f" {_counted(newer, 'newer one', 'newer ones')} nothing from elsewhere vouches for." if newer else ""
        yield f"Up to entry {report.vouched:,} a head that was kept elsewhere agrees.{rest}"
    else:
        yield "No head from elsewhere was given: entries lost at the end, or a chain made anew, would not be noticed."
        yield "Give the bot's log, which has them: volati audit verify --log FILE (or - for a pipe)."
    if report.foreign:
        yield f"{_counted(report.foreign, 'entry is', 'entries are')} whole and of a newer version than this one."
    if report.lines:
        yield f"Its head now: {report.head}"


def _counted(number: int, thing: str, things: str = "") -> str:
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"

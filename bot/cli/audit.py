"""Does `volati audit`: what a person names becomes heads and times; what is found becomes text, or a file."""

import contextlib
import errno
import os
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, TextIO

from bot.audit.check import head_in, heads_in
from bot.audit.entry import Head
from bot.audit.export import Exported
from bot.audit.ledger import Ledger, Recent
from bot.audit.words import line
from bot.bootstrap import Services
from bot.cli.opening import with_the_store
from bot.errors import VolatiError
from bot.runs.terminal import printable

SOUND, BROKEN = 0, 1
"""Exit codes of `verify`, as those of a diagnosis; 2 is a usage error."""

_AGO = re.compile("([0-9]{1,5})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LINE_AT_MOST = 1_000_000
"""Bytes of a log that are read as one line: a head stands within the first kilobyte of its own."""


async def with_the_audit(config: Path, work: Callable[[Services, Ledger], Awaitable[int]]) -> int:
    """What is done with the audit; 3 where the store that has it cannot be had or does not answer."""
    return await with_the_store(
        config,
        lambda services, store: work(services, Ledger(store)),
        without="The audit could not be looked at: its store cannot be had, as the log says. Try: volati doctor",
        broken="The audit could not be looked at.",
    )


def given_heads(heads: Sequence[str], logs: Sequence[str], pipe: BinaryIO) -> tuple[Head, ...]:
    """The heads that a person names, and those in the logs they name ("-" for the pipe), each once.

    Raises:
        VolatiError: one is no head, or a log cannot be read or has none.
    """
    found = dict.fromkeys(head_in(text) for text in heads)
    for name in logs:
        logged = dict.fromkeys(_logged(name, pipe))
        if not logged:
            raise VolatiError(
                f"There is no audit_head in {name[:200]!r}, so it vouches for nothing. Is it the bot's own log, at "
                "level info, from a time in which something was audited?"
            )
        found |= logged
    return tuple(found)


def _logged(name: str, pipe: BinaryIO) -> Iterator[Head]:
    try:
        with contextlib.nullcontext(pipe) if name == "-" else Path(name).open("rb") as file:
            yield from heads_in(iter(lambda: file.readline(_LINE_AT_MOST), b""))
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        reason = error.strerror if isinstance(error, OSError) else error
        raise VolatiError(f"{name[:200]!r} cannot be read: {reason}. Name a log, or - for a pipe.") from error


def moment(text: str | None, now: datetime) -> datetime | None:
    """A time as a person gives it: a day, a day and a time (UTC where it names no zone), or how long ago, as in 24h.

    Raises:
        VolatiError: it is none.
    """
    if text is None:
        return None
    if ago := _AGO.fullmatch(text.strip()):
        return now - int(ago[1]) * _UNITS[ago[2]]
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise VolatiError(
            f"{text[:40]!r} is no time. Give a day (2026-11-05), a time in UTC (2026-11-05T03:00), or how long ago: "
            "90m, 24h, 7d."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def newest(found: Recent) -> str:
    """The newest entries as text, and what is not shown."""
    if not found.entries and not found.older:
        told = ["Nothing was audited yet." if found.of == 0 else f"None of {found.of:,} entries is what you asked for."]
    else:
        told = [line(one) for one in found.entries]
        rest = " There are older ones; -n shows more." if found.older else ""
        told.append(f"{len(found.entries):,} shown, newest first; the audit has {found.of:,}.{rest}")
    return "\n".join(printable(one) for one in told)


def exported(counts: Exported, where: str) -> str:
    """What an export was, in a sentence or three."""
    told = [f"{counts.entries:,} entries {where}."]
    if counts.masked:
        told.append(f"In {counts.masked:,} something secret was masked: their hashes are those of what is stored.")
    if counts.unreadable:
        told.append(f"{counts.unreadable:,} lines cannot be read as entries; volati audit verify tells more.")
    return " ".join(told)


_NO_FOLDER = "{folder} is no folder: make it, or name another file with --output."
_NO_RIGHT = "You may not write in {folder}: name another file with --output."
_NO_ROOM = "Make room in {folder}, or name another file with --output."
_REMEDIES = {
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR), _NO_FOLDER),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _NO_RIGHT),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _NO_ROOM),
    errno.EISDIR: "It is a folder: name a file with --output.",
}
"""What to do about a file that cannot be written, by what the system says."""


@contextlib.contextmanager
def written_to(path: Path) -> Iterator[TextIO]:
    """A file that appears under its name, readable by its owner alone, once all of it is written; else not at all.

    Raises:
        VolatiError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            yield file
        draft.replace(path)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "Name another file with --output.").format(folder=path.parent)
        raise VolatiError(f"{path} cannot be written: {error.strerror}. {remedy}") from error
    finally:
        with contextlib.suppress(OSError):  # where the folder is none, or may not be written to
            draft.unlink(missing_ok=True)

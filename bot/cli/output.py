"""Says things to whoever typed a command: answers on stdout, all else on stderr. It decides nothing."""

import errno
import json
import os
import sys
from typing import Any, TextIO

import msgspec
import typer

_READER_LEFT = 141
"""128 and the number of SIGPIPE, as a shell names it: the reader of the answer has left. 0 would say "healthy"."""

_CANNOT_WRITE = 74
"""EX_IOERR of sysexits(3): the answer is known and cannot be written. 1 would say "at fault"."""


def tell(sentence: str) -> None:
    """Say something to the person, on stderr; when nobody reads it any more, the work goes on."""
    try:
        print(sentence, file=sys.stderr, flush=True)
    except OSError:
        _let_go(sys.stderr)


def say(answer: str | bytes) -> None:
    """Print to stdout. When its reader has left, as `| head` does, the command ends as any other program would.

    Raises:
        typer.Exit: nobody reads stdout any more, or it cannot be written.
    """
    try:
        if isinstance(answer, str):
            print(answer, flush=True)
        else:
            sys.stdout.buffer.write(answer + b"\n")
            sys.stdout.flush()
    except OSError as error:
        raise typer.Exit(unwritten(error)) from None


def unwritten(error: OSError) -> int:
    """Let go of a stdout that takes nothing more; gives the exit code. Only a reader that left needs no word."""
    _let_go(sys.stdout)
    if error.errno == errno.EPIPE:
        return _READER_LEFT
    tell(f"The answer cannot be written: {error.strerror}. Make room where it goes, or send it elsewhere.")
    return _CANNOT_WRITE


def _let_go(stream: TextIO) -> None:
    """Have what is still to be written vanish, so that the interpreter does not fail over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_json(value: object) -> None:
    """Print a value as one JSON object. Raises as `say` does."""
    say(msgspec.json.encode(value))


def print_rows(rows: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool) -> None:
    """Print rows as a table of these columns, or whole as JSON. Raises as `say` does."""
    if as_json:
        say(json.dumps(rows, indent=2))
        return
    widths = [max(len(str(row[column])) for row in rows) for column in columns]
    for row in rows:
        say("  ".join(str(row[column]).ljust(width) for column, width in zip(columns, widths, strict=True)).rstrip())

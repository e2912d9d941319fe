"""Takes log lines out of what wraps them: colours, Windows' line ends, the JSON of go test and of Docker's log files.

It keeps one line for one line, so that a place in the result is a place in what was given. It masks nothing.
"""

import re
from typing import Any

import msgspec

__all__ = ["unwrapped"]

#: Colours and the like (ECMA-48, control sequences and titles): a terminal shows them as nothing.
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|[@-Z\\-_])")
_TEST_EVENT, _DOCKER_LINE = '"Action":', '"log":'


def unwrapped(text: str) -> str:
    """The text as the programs in it wrote it."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", " ")  # a lone one redraws a line, as progress bars do
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if _TEST_EVENT in text or _DOCKER_LINE in text:
        text = "\n".join(map(_inner, text.split("\n")))
    return text


def _inner(line: str) -> str:
    """What a wrapped line says; any other line as it is."""
    if not line.startswith("{") or (_TEST_EVENT not in line and _DOCKER_LINE not in line):
        return line
    try:
        event = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return line
    said = _said(event)
    return line if said is None else said.rstrip("\n").replace("\n", " ")


def _said(event: dict[str, Any]) -> str | None:
    """The words of a test event (others than output have none) or of a line of Docker's log."""
    if isinstance(event.get("Action"), str) and ("Package" in event or "ImportPath" in event or "Test" in event):
        output = event.get("Output", "")
    else:
        output = event.get("log") if "stream" in event else None
    return output if isinstance(output, str) else None

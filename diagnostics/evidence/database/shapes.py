"""What a statement looks like without what is in it: literals and comments go, structure and names stay. Pure.

Nothing that a person typed as a value leaves this function. Where it is not certain where a text ends, all the rest is
taken for one.
"""

import re

from diagnostics.words import raw_line

#: Characters of a shape that are kept: the runbook's statements have below 200.
SHAPE = 300
HIDDEN = "?"
_REST = "…"
_OPEN = re.compile(
    r"""
      (?P<line>--[^\n]*)
    | (?P<comment>/\*)
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
    | (?P<text>(?P<escape>[eE])?(?:[uU]&|[bBxXnN])?')
    | (?P<name>(?:[uU]&)?")
    | (?P<number>(?<![\w$.])\.?\d[\w.]*(?:(?<=[eE])[+-]\d+)?)
    | (?P<place>\$\d+)
    """,
    re.VERBOSE,
)
_LIST = re.compile(r"\(\s*(?:[?]|\$\d+)(?:\s*,\s*(?:[?]|\$\d+))+\s*\)")
#: A setting's value may be a bare word: SET app.token TO word.
_SET = re.compile(r"(^|;)(\s*set\s+(?:session\s+|local\s+)?[^\s=;]+\s*(?:=|\bto\b))[^;]*", re.IGNORECASE)
_ROWS = re.compile(r"\((?:…|[?]|\$\d+)\)(?:\s*,\s*\((?:…|[?]|\$\d+)\))+")


def shape(statement: str) -> str:
    """The statement with `?` for every literal, without comments, on one line of at most 300 characters."""
    pieces: list[str] = []
    at = 0
    while found := _OPEN.search(statement, at):
        pieces.append(statement[at : found.start()])
        piece, at = _piece(statement, found)
        pieces.append(piece)
        if at < 0:
            return _folded("".join(pieces))
    return _folded("".join((*pieces, statement[at:])))


def _folded(text: str) -> str:
    return raw_line(_ROWS.sub("(…), …", _LIST.sub("(…)", _SET.sub(rf"\1\2 {HIDDEN}", text))), SHAPE)


def _piece(statement: str, found: re.Match[str]) -> tuple[str, int]:
    """What stands for what was found, and where to go on; -1 when there is nothing left that could be trusted."""
    if found["line"] is not None:
        return " ", found.end()
    if found["comment"] is not None:
        return _comment(statement, found.end())
    if found["dollar"] is not None:
        end = statement.find(found["dollar"], found.end())
        return (HIDDEN, end + len(found["dollar"])) if end >= 0 else (_REST, -1)
    if found["text"] is not None:
        return _text(statement, found.end())
    if found["name"] is not None:
        return _name(statement, found)
    return (found.group() if found["place"] is not None else HIDDEN), found.end()


def _comment(statement: str, at: int) -> tuple[str, int]:
    """Comments of PostgreSQL may stand in one another."""
    depth = 1
    for mark in re.finditer(r"/\*|\*/", statement[at:]):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return " ", at + mark.end()
    return _REST, -1


def _text(statement: str, at: int) -> tuple[str, int]:
    """A text constant. Whether a backslash escapes depends on the server's settings: then all the rest is hidden."""
    while (end := statement.find("'", at)) >= 0:
        if "\\" in statement[at:end]:
            return _REST, -1
        if not statement.startswith("'", end + 1):
            return HIDDEN, end + 1
        at = end + 2
    return _REST, -1


def _name(statement: str, found: re.Match[str]) -> tuple[str, int]:
    """A quoted name stays: tables and columns are no secrets. One that does not end is cut off."""
    end = statement.find('"', found.end())
    return (statement[found.start() : end + 1], end + 1) if end >= 0 else (_REST, -1)

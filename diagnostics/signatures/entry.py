"""What an entry of the catalogue is, and how one is read from plain data, with every mistake named by its field."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from diagnostics.model import Severity, Value
from diagnostics.patterns import BadPatternError, Pattern, escaped
from diagnostics.runbook import Section
from diagnostics.signatures.source import Source

__all__ = ["BadEntryError", "Signature", "Step", "prepared", "signature_from"]

#: Characters of a pattern or a literal. The longest of ours has some 200.
_PATTERN_AT_MOST = 1_000
#: Characters of a literal: below three it is in every second line.
_LITERAL_AT_LEAST = 3
_HALF = "holds half of a character pair; write the character"

#: The area of each section of the runbook, by the section's own heading.
_AREAS = {
    "Server Won't Start": "server",
    "GraphQL Errors": "graphql",
    "Database Issues": "database",
    "Docker Issues": "docker",
    "Performance Issues": "performance",
    "Keycloak Integration Issues": "keycloak",
    "Test Failures": "tests",
    "Network Issues": "network",
}


class BadEntryError(ValueError):
    """An entry that cannot be used: its field, what is wrong with it, and what to write instead."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field


class Step(Value, frozen=True):
    """One thing to do about it, and a command for it where there is one."""

    text: str
    command: str = ""


class Signature(Value, frozen=True):
    """One known error. `pattern` is in re2's words and ignores case; it describes one line.

    `also` is a second pattern that must occur in the same passage (the line, or a panic with its stack).
    `wins_over` names the entries that say less than this one where both match.
    """

    id: str
    pattern: str
    also: str
    sources: frozenset[Source]
    meaning: str
    cause: str
    steps: tuple[Step, ...]
    section: Section
    severity: Severity
    wins_over: tuple[str, ...]
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]

    @property
    def area(self) -> str:
        """The area its section belongs to, such as `keycloak`."""
        return _AREAS[self.section.value.partition(": ")[0]]

    @property
    def anywhere(self) -> bool:
        """Whether it means the same wherever it stands."""
        return Source.ANY in self.sources


_Sentence = Annotated[str, Meta(min_length=10, max_length=600)]
_Expression = Annotated[str, Meta(max_length=_PATTERN_AT_MOST)]
_Literal = Annotated[str, Meta(min_length=_LITERAL_AT_LEAST, max_length=_PATTERN_AT_MOST)]
_Line = Annotated[str, Meta(min_length=1, max_length=20_000)]


class _WrittenStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    do: _Sentence
    run: str = ""


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry as it is written in a file."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
    meaning: _Sentence
    cause: _Sentence
    steps: Annotated[list[str | _WrittenStep], Meta(min_length=1, max_length=10)]
    section: str
    severity: Severity
    examples: Annotated[list[_Line], Meta(min_length=1)]
    counter_examples: Annotated[list[_Line], Meta(min_length=1)]
    pattern: _Expression = ""
    literals: list[_Literal] = []
    also: _Expression = ""
    sources: Annotated[tuple[Source, ...], Meta(min_length=1)] = (Source.ANY,)
    wins_over: list[str] = []


def signature_from(document: Any) -> Signature:  # noqa: ANN401 a file can hold anything
    """The entry that plain data (as of a YAML file) describes.

    Raises:
        BadEntryError: a field is missing, unknown, of the wrong kind, or its pattern cannot be used.
    """
    try:
        written = msgspec.convert(document, _Written)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    return Signature(
        id=written.id,
        pattern=_pattern_of(written),
        also=_usable("also", written.also) if written.also else "",
        sources=frozenset(written.sources),
        meaning=written.meaning,
        cause=written.cause,
        steps=tuple(Step(one) if isinstance(one, str) else Step(one.do, one.run) for one in written.steps),
        section=_section(written.section),
        severity=written.severity,
        wins_over=tuple(written.wins_over),
        examples=tuple(written.examples),
        counter_examples=tuple(written.counter_examples),
    )


def prepared(pattern: str) -> str:
    """The pattern as it is compiled: case ignored, `^` and `$` at the ends of a line, nothing reaching out of it."""
    return f"(?im:{pattern})"


def _explained(complaint: str) -> BadEntryError:
    """What msgspec says, as "Expected `str`, got `int` - at `$.examples[0]`", with the field first and a remedy."""
    reason, _, place = complaint.partition(" - at `$")
    field = place.rstrip("`").lstrip(".")
    if "`object`" in reason and "str" in reason:
        reason += "; put the line in single quotes, for YAML takes a colon as a name and its value"
    elif "matching regex" in reason:
        reason = "must be two names in small letters with a point between, such as postgres.too-many-clients"
    elif "missing required field" in reason:
        reason += "; add it, see CONTRIBUTING.md"
    elif "unknown field" in reason:
        reason += "; check its spelling"
    return BadEntryError(field, reason)


def _section(name: str) -> Section:
    section = Section.__members__.get(name)
    if section is None or section.value.partition(": ")[0] not in _AREAS:
        known = ", ".join(one.name for one in Section if one.value.partition(": ")[0] in _AREAS)
        raise BadEntryError("section", f"{name[:60]!r} is no section with an area; take one of {known}")
    return section


def _pattern_of(written: _Written) -> str:
    if bool(written.pattern) == bool(written.literals):
        raise BadEntryError("pattern", "give either a pattern or literals, and not both")
    if written.pattern:
        return _usable("pattern", written.pattern)
    try:
        return "|".join(escaped(literal.encode()) for literal in written.literals)
    except UnicodeEncodeError:
        raise BadEntryError("literals", _HALF) from None


def _usable(field: str, pattern: str) -> str:
    try:
        Pattern(prepared(pattern))
        everywhere = Pattern(prepared(pattern)).search(b"")
        groups = Pattern(f"{prepared(pattern)}|").search(b"")
    except BadPatternError as error:
        raise BadEntryError(field, f"{error} There is no look-around and no back-reference") from error
    except UnicodeEncodeError:
        raise BadEntryError(field, _HALF) from None
    if everywhere:
        raise BadEntryError(field, f"{pattern[:60]!r} matches an empty line, and so everything; make it say more")
    if groups and _captures(groups.has):
        raise BadEntryError(field, f"{pattern[:60]!r} captures, which makes matching slow; write (?:…) for (…)")
    return pattern


def _captures(has: Any) -> bool:  # noqa: ANN401 a hit's question about a group
    """Whether a pattern has a group 1: asking for one that does not exist is an error."""
    try:
        has(1)
    except IndexError:
        return False
    return True

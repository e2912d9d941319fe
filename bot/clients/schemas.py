"""GraphQL schemas by graphql-core, the only module that knows it: the introspection query, and two schemas compared.

The library is imported on use, and works in a thread: parsing a schema of some hundred types takes a tenth of a second.
"""

import asyncio
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnostics.evidence.surface.client import Compared, SchemaUnreadableError
from diagnostics.evidence.surface.kinds import Difference
from diagnostics.redaction import first_words

if TYPE_CHECKING:
    from graphql import GraphQLSchema

#: Differences that are kept: more are another schema altogether, and the first hundred say so.
DIFFERENCES = 100
#: Bytes of a schema file that are read: the platform's has some 100 kB.
FILE_AT_MOST = 5_000_000
#: Where a difference is, in the library's words: at a field, or at a type.
_FIELD = re.compile(r"\b[A-Za-z_]\w*\.\w+")
_TYPE = re.compile(r"\b[A-Za-z_]\w*(?= (?:was|is|changed)\b)")
_REMOVED, _UNUSED = "was removed", "Standard scalar"
_DIGITS = 12  # hex digits of a schema's fingerprint, to tell releases apart


class SchemaReader:
    """Satisfies `diagnostics.evidence.surface.client.Schemas`. The file of the expected schema is read for every run.

    Args:
        expected: the file with the expected schema, where there is one.
    """

    def __init__(self, expected: Path | None) -> None:
        self._expected = expected

    async def question(self) -> str:
        """The introspection query."""
        return await asyncio.to_thread(_question)

    async def compared(self, introspected: dict[str, Any]) -> Compared:
        """The schema that introspection gave, beside the expected one.

        Raises:
            SchemaUnreadableError: one of the two is no schema.
        """
        return await asyncio.to_thread(_compared, introspected, self._expected)


def _question() -> str:
    from graphql import get_introspection_query  # noqa: PLC0415 on use, see above

    return get_introspection_query(descriptions=False)


def _compared(introspected: dict[str, Any], expected: Path | None) -> Compared:
    live, text = _live(introspected)
    types = sum(not name.startswith("__") for name in live.type_map)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    if expected is None:
        return Compared(types, fingerprint)
    return Compared(types, fingerprint, tuple(_differences(_read(expected), live))[:DIFFERENCES])


def _live(introspected: dict[str, Any]) -> "tuple[GraphQLSchema, str]":
    """The live schema, and its text: some of what is wrong with one shows only when it is written down."""
    from graphql import GraphQLError, build_client_schema, lexicographic_sort_schema, print_schema  # noqa: PLC0415

    try:
        live = build_client_schema(introspected)  # type: ignore[arg-type]  # whether it is one is what is asked
        return live, print_schema(lexicographic_sort_schema(live))
    except (GraphQLError, TypeError, KeyError, ValueError, AttributeError, RecursionError) as error:
        raise SchemaUnreadableError(f"The live schema cannot be read: {_first_line(error)}.") from error


def _read(path: Path) -> "GraphQLSchema":
    from graphql import GraphQLError, build_schema  # noqa: PLC0415 on use

    try:
        with path.open("rb") as file:
            text = file.read(FILE_AT_MOST).decode()
        return build_schema(text, assume_valid_sdl=False)
    except OSError as error:
        raise SchemaUnreadableError(f"The schema file {path} cannot be read: {error.strerror}.") from error
    except (GraphQLError, TypeError, UnicodeDecodeError, RecursionError) as error:
        raise SchemaUnreadableError(f"The schema file {path} is no schema: {_first_line(error)}.") from error


def _first_line(error: Exception) -> str:
    return first_words((str(error).splitlines() or [type(error).__name__])[0].rstrip("."), 300)


def _differences(expected: "GraphQLSchema", live: "GraphQLSchema") -> Iterator[Difference]:
    """What a client made for the expected schema misses, then what is only in the live one."""
    from graphql import find_breaking_changes  # noqa: PLC0415 on use

    for change in find_breaking_changes(expected, live):
        if not change.description.startswith(_UNUSED):
            yield _difference(change.description.replace(_REMOVED, "is missing"), breaking=True)
    for change in find_breaking_changes(live, expected):
        if _REMOVED in change.description and not change.description.startswith(_UNUSED):
            # Looked at the other way round: what is removed there is new here.
            yield _difference(change.description.replace(_REMOVED, "is new"), breaking=False)


def _difference(description: str, *, breaking: bool) -> Difference:
    said = description.rstrip(".")
    place = _FIELD.search(said) or _TYPE.search(said)
    return Difference(place[0] if place else said, said, breaking)

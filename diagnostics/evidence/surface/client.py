"""What comparing GraphQL schemas needs of a client."""

from typing import Any, Protocol

from diagnostics.evidence.surface.kinds import Difference
from diagnostics.model import Value


class Compared(Value, frozen=True):
    """A live schema beside the expected one: how many types it has, a fingerprint, and the differences.

    `differences` is None where nothing is expected.
    """

    types: int
    fingerprint: str
    differences: tuple[Difference, ...] | None = None


class Schemas(Protocol):
    """Knows GraphQL schemas."""

    async def question(self) -> str:
        """The introspection query."""
        ...

    async def compared(self, introspected: dict[str, Any]) -> Compared:
        """The schema that introspection gave (its `data`), beside the expected one.

        Raises:
            SchemaUnreadableError: one of the two is no schema; the message says which, where and why.
        """
        ...


class SchemaUnreadableError(Exception):
    """A schema, live or expected, is none; the message says which, where and why."""

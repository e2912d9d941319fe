"""Tests of comparing GraphQL schemas: what is missing, what is new, and what is no schema."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, introspection_from_schema

from bot.clients.schemas import DIFFERENCES, SchemaReader
from diagnostics.evidence.surface.client import SchemaUnreadableError
from playground.world.backend.schema import SDL, answer


def introspected(sdl: str) -> dict[str, Any]:
    return dict(introspection_from_schema(build_schema(sdl)))


def written(folder: Path, text: str) -> Path:
    path = folder / "schema.graphql"
    path.write_text(text, encoding="utf-8")
    return path


async def test_the_question_and_its_answer(tmp_path: Path) -> None:
    """Asks a question that a server answers, and finds no difference between a schema and itself."""
    reader = SchemaReader(written(tmp_path, SDL))
    data = answer(await reader.question())["data"]
    found = await reader.compared(data)
    assert found.differences == ()
    assert found.types > 5


async def test_differences(tmp_path: Path) -> None:
    """Names type and field of what clients miss, then of what is new; unused scalars are no difference."""
    reader = SchemaReader(written(tmp_path, SDL))
    live = SDL.replace("  leverage: Float!\n", "  risk: Int!\n").replace("LIVE", "REAL").replace("owner: ID, ", "")
    found = (await reader.compared(introspected(live))).differences or ()
    breaking = {one.at: one.said for one in found if one.breaking}
    assert breaking["Bot.leverage"] == "Field Bot.leverage is missing"
    assert "BotMode.LIVE" in breaking
    assert "Query.bots" in breaking
    assert {one.at for one in found if not one.breaking} == {"Bot.risk", "BotMode.REAL"}
    assert not any("scalar" in one.said for one in found)


async def test_a_fingerprint() -> None:
    """Gives the same fingerprint for the same schema in another order, another for another; compares with nothing."""
    reader = SchemaReader(None)
    one = await reader.compared(introspected("type Query { a: Int b: Int }"))
    other = await reader.compared(introspected("type Query { b: Int a: Int }"))
    changed = await reader.compared(introspected("type Query { b: Int }"))
    assert one.fingerprint == other.fingerprint != changed.fingerprint
    assert one.differences is None


async def test_another_schema_altogether(tmp_path: Path) -> None:
    """Keeps a bounded number of differences."""
    fields = " ".join(f"f{number}: Int" for number in range(3 * DIFFERENCES))
    reader = SchemaReader(written(tmp_path, f"type Query {{ {fields} }}"))
    found = await reader.compared(introspected("type Query { x: Int }"))
    assert len(found.differences or ()) == DIFFERENCES


@pytest.mark.parametrize(
    "text", ["type Query {", "type Query { a: Nothing }", "", "\x00", "type Query { a: Int } type Query { b: Int }"]
)
async def test_a_file_that_is_no_schema(tmp_path: Path, text: str) -> None:
    """Names the file that is no schema, and why, in one line."""
    with pytest.raises(SchemaUnreadableError) as caught:
        await SchemaReader(written(tmp_path, text)).compared(introspected(SDL))
    assert "schema.graphql is no schema: " in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """Names a file that was removed meanwhile."""
    with pytest.raises(SchemaUnreadableError, match="cannot be read: No such file"):
        await SchemaReader(tmp_path / "gone.graphql").compared(introspected(SDL))


@pytest.mark.parametrize(
    "data", [{}, {"__schema": None}, {"__schema": {}}, {"__schema": {"types": [1]}}, {"__schema": {"types": 7}}]
)
async def test_an_answer_that_is_no_schema(data: dict[str, Any]) -> None:
    """Says of an answer that is no schema that it cannot be read."""
    with pytest.raises(SchemaUnreadableError, match="live schema cannot be read"):
        await SchemaReader(None).compared(data)


def test_imported_on_use() -> None:
    """Does not import the library before a schema is looked at."""
    told = "import sys, bot.clients.schemas; print('graphql' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)  # noqa: S603 our own words
    assert done.stdout.strip() == "False"


async def test_a_live_schema_with_a_name_that_is_none() -> None:
    """Says so of what shows only when a schema is written down: a name in it that GraphQL does not know."""
    data = introspected("type Query { one(two: Int): String }")
    (query,) = [one for one in data["__schema"]["types"] if one["name"] == "Query"]
    query["fields"][0]["args"][0]["name"] = "\u00e9"
    with pytest.raises(SchemaUnreadableError, match="live schema cannot be read: Query fields cannot be resolved"):
        await SchemaReader(None).compared(data)

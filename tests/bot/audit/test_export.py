"""The export: every entry once, redacted, and nothing in it that a spreadsheet would run."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.audit.export import COLUMNS, Export, Form, safe
from bot.audit.ledger import PAGE, Ledger, Wanted
from diagnostics.redaction import KnownSecret, Redactor
from tests.bot.audit.audits import Held, chain, chained, entry, lines

CHAIN = chain(PAGE + 5)
SECRET = "c4nary-of-the-audit"  # planted
REDACTOR = Redactor([KnownSecret("a password", SECRET)])


async def exported(held: list[bytes], form: Form, wanted: Wanted | None = None) -> tuple[str, Export]:
    export = Export(Ledger(Held(held)), REDACTOR, wanted or Wanted(), form)
    return "".join([part async for part in export.parts()]), export


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class TestJsonLines:
    async def test_as_it_is_stored(self) -> None:
        """It writes each line as it is stored, byte by byte, so that it can be proved elsewhere too."""
        text, export = await exported(lines(CHAIN), Form.JSONL)
        assert text.encode() == b"".join(one + b"\n" for one in lines(CHAIN))
        assert (export.counts.entries, export.counts.masked, export.counts.unreadable) == (len(CHAIN), 0, 0)

    async def test_wanted(self) -> None:
        """It writes what is wanted alone."""
        text, export = await exported(lines(CHAIN), Form.JSONL, Wanted(plan="plan2"))
        assert [json.loads(one)["number"] for one in text.splitlines()] == [7, 8, 9, 10, 11, 12]
        assert export.counts.entries == 6

    async def test_secrets(self) -> None:
        """It masks a secret on the way out, also in a line that cannot be read, and counts that."""
        held = lines(chained([entry(1), replace(entry(2), detail=f"said {SECRET}")]))
        text, export = await exported([*held, f"junk {SECRET} \x1b[2J".encode()], Form.JSONL)
        assert SECRET not in text
        assert (export.counts.entries, export.counts.masked, export.counts.unreadable) == (2, 1, 1)
        last = json.loads(text.splitlines()[-1])
        assert last["line"] == 3
        assert "masked: a password" in last["unreadable"]

    async def test_none(self) -> None:
        """It writes nothing where there is nothing."""
        assert (await exported([], Form.JSONL))[0] == ""
        assert (await exported([], Form.CSV))[0].count("\n") == 1


class TestTables:
    async def test_every_column(self) -> None:
        """It writes a heading, and every entry with all it has."""
        text, _ = await exported([*lines(CHAIN), b"junk"], Form.CSV)
        rows = read(text)
        assert tuple(rows[0]) == COLUMNS
        assert rows[1]["detail"] == "“restart” needs the role operator; you have viewer."
        assert rows[1]["at"] == "2026-11-05T03:00:20+00:00"
        assert [row["hash"] for row in rows[:-1]] == [one.hash for one in CHAIN]
        assert rows[-1]["deed"] == "unreadable"
        assert rows[-1]["detail"] == f"line {len(CHAIN) + 1}: junk"

    @pytest.mark.parametrize(
        "evil",
        [
            "=1+1",
            "@SUM(A1)",
            "+1",
            "-1",
            "\t=1",
            "\r=1",
            "\n=1",
            "  =1",
            "\uff1d1",
            "\u200b=1",
            "\ufeff=1",
            "\x00=1",
            "=\n1",
        ],
    )
    async def test_formulas(self, evil: str) -> None:
        """It has no cell that a spreadsheet takes for a formula."""
        text, _ = await exported(lines(chained([replace(entry(1), detail=evil, target=evil)])), Form.CSV)
        (row,) = read(text)
        assert row["detail"].startswith("'")
        assert row["target"].startswith("'")
        assert text.count("\n") == 2

    @given(st.text())
    def test_a_cell(self, cell: str) -> None:
        """It makes of any text a cell of one line that begins no formula, and leaves plain words alone."""
        shown = safe(cell)
        assert shown.isprintable()
        assert shown.lstrip()[:1] not in set("=+-@＝＋－＠")  # noqa: RUF001 the full-width forms
        if cell.isprintable() and cell[:1].isalnum():
            assert shown == cell

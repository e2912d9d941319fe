"""Tests of the answer about a pasted text."""

import msgspec
import pytest

from bot.catalogue import load_catalogue
from diagnostics.redaction import KnownSecret, Redactor
from diagnostics.signatures import Signature, Source
from diagnostics.triage import READ_AT_MOST, Triage, triage

CATALOGUE = load_catalogue()
CLIENTS = "pq: sorry, too many clients already"


def look(text: str, source: Source | None = None, most: int = READ_AT_MOST) -> Triage:
    return triage(text, CATALOGUE, Redactor(), source, most)


def ids(found: Triage) -> list[str]:
    return [match.id for match in found.matches]


@pytest.mark.parametrize("signature", CATALOGUE.signatures, ids=lambda one: one.id)
def test_examples_come_first(signature: Signature) -> None:
    """It puts the entry of each example first, after redaction too."""
    for line in signature.examples:
        for source in signature.sources:
            first = look(line, source).matches[0]
            assert (first.id, first.certain) == (signature.id, True)


def test_repeats_are_grouped() -> None:
    """It counts the same error once, with its first and last line and its different lines."""
    found = look(f"a\n12 {CLIENTS}\n13 {CLIENTS}\nb {CLIENTS}\nz")
    (match,) = found.matches
    assert (match.count, match.first, match.last) == (3, 2, 4)
    assert [one.line for one in match.excerpts] == [2, 4]


def test_worst_first() -> None:
    """It puts the worst first, wherever it stands."""
    assert ids(look(f"ent: bot not found\n429 Too Many Requests\n{CLIENTS}")) == [
        "postgres.too-many-clients",
        "network.rate-limited",
        "graphql.not-found",
    ]


def test_source_is_guessed() -> None:
    """It takes words as what they mean where the rest of the text is from."""
    text = "=== RUN   TestLoad\n--- FAIL: TestLoad (0.00s)\nopen x.json: no such file or directory\n"
    found = look(text)
    assert "tests.file-missing" in ids(found)
    assert [one.source for one in found.sources] == [Source.TESTS]
    assert "docker.file-missing" in ids(look(text, Source.DOCKER))


def test_uncertain_last() -> None:
    """It marks what depends on an unknown source, and puts it behind what is certain."""
    found = look("permission denied\nent: bot not found")
    assert found.matches[0].id == "graphql.not-found"
    assert not any(match.certain for match in found.matches[1:])
    assert "docker.permission-denied" in ids(found)


def test_nothing_known() -> None:
    """It says honestly that nothing is known, and shows what looks like errors."""
    found = look("all fine\nERROR the flux is off\nERROR the flux is off\n")
    assert found.matches == ()
    assert (found.suspect_count, [one.text for one in found.suspects]) == (2, ["ERROR the flux is off"])
    assert found.exit_code == 0


def test_known_lines_are_no_suspects() -> None:
    """It does not show a line as unknown that an entry knows."""
    assert look(f"ERROR: {CLIENTS}").suspect_count == 0


def test_exit_codes() -> None:
    """It exits 1 for what is critical or a warning, 0 for notes."""
    assert look(CLIENTS).exit_code == 1
    assert look("ent: bot not found").exit_code == 0


def test_nothing_at_all() -> None:
    """It reads no line in an empty text."""
    assert (look("").lines, look("\n\n").lines) == (0, 0)


def test_secrets_are_masked_first() -> None:
    """It keeps no secret, known or recognised, and says how many it masked."""
    redactor = Redactor([KnownSecret("database password", "hunter2-hunter2")])
    text = f"postgres://v:tr0ub4dor@db/x {CLIENTS}\nhunter2-hunter2 ERROR odd"
    found = triage(text, CATALOGUE, redactor)
    written = msgspec.json.encode(found)
    assert b"tr0ub4dor" not in written
    assert b"hunter2" not in written
    assert found.masked == 2


def test_only_the_end_is_read() -> None:
    """It judges the end of a long text, says how much it did not read, and counts lines from the beginning."""
    found = look(f"{CLIENTS}\n" * 10 + "ent: bot not found", most=60)
    assert (found.unread_lines, found.lines, found.unread_bytes) == (9, 2, 9 * (len(CLIENTS) + 1))
    assert [(match.id, match.first) for match in found.matches] == [
        ("postgres.too-many-clients", 10),
        ("graphql.not-found", 11),
    ]


def test_behind() -> None:
    """It counts lines from the beginning of a text of which only the end was given."""
    found = look(f"ERROR odd\n{CLIENTS}").behind(100, 5_000)
    assert (found.matches[0].first, found.matches[0].last, found.matches[0].excerpts[0].line) == (102, 102, 102)
    assert (found.suspects[0].line, found.unread_lines, found.unread_bytes) == (101, 100, 5_000)


def test_long_lines_are_cut_around_the_find() -> None:
    """It keeps what is around the find in a long line, and counts what it leaves out."""
    (excerpt,) = look("x" * 5_000 + f" {CLIENTS} " + "y" * 5_000).matches[0].excerpts
    assert CLIENTS in excerpt.text
    assert excerpt.before + len(excerpt.text) + excerpt.after == 10_000 + len(CLIENTS) + 2


@pytest.mark.parametrize(
    "text",
    [
        '{"Time":"x","Action":"output","Package":"p","Test":"T","Output":"--- FAIL: T (0.00s)\\n"}',
        '{"log":"--- FAIL: T (0.00s)\\n","stream":"stdout","time":"x"}',
        "\x1b[31m--- FAIL: T (0.00s)\x1b[0m\r",
    ],
)
def test_wrapped_lines(text: str) -> None:
    """It reads through the JSON of go test and of Docker, and through colours."""
    assert ids(look(text)) == ["tests.failed"]


def test_wrapping_that_is_none() -> None:
    """It leaves JSON alone that only looks like a wrapping."""
    for text in ('{"Action": 1}', '{"log":"x"}', '{"Action":"output"', '{"log":7,"stream":"x"}'):
        assert look(text + f"\n{CLIENTS}").matches[0].first == 2

"""Tests of loading the catalogue, of its check, and of what the command line says."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from bot import catalogue as module
from bot.catalogue import CatalogueError, load_catalogue, slow_entries
from bot.cli.triage import answer, prove, read_tail, report, source_named
from bot.errors import VolatiError
from diagnostics.redaction import Redactor
from diagnostics.signatures import Catalogue, Source, signature_from

ENTRY: dict[str, Any] = {
    "id": "toy.broken",
    "literals": ["toy broke"],
    "meaning": "The toy is broken.",
    "cause": "Somebody stepped on it.",
    "steps": ["Buy another toy."],
    "section": "SERVER",
    "severity": "warning",
    "examples": ["the toy broke"],
    "counter_examples": ["the toy works"],
}


def write(folder: Path, name: str, *entries: dict[str, Any]) -> Path:
    (folder / name).write_text(json.dumps({"entries": list(entries)}), encoding="utf-8")
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(folder)
    return str(caught.value)


def test_packaged() -> None:
    """It loads the packaged entries."""
    assert len(load_catalogue()) >= 80


def test_folder_of_the_team(tmp_path: Path) -> None:
    """It adds the entries of the team's folder, which may win over packaged ones."""
    write(tmp_path, "toys.yaml", ENTRY | {"wins_over": ["network.refused"]})
    (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
    assert len(load_catalogue(tmp_path)) == len(load_catalogue()) + 1


def test_entry_in_the_place_of_another(tmp_path: Path) -> None:
    """It takes the team's entry in the place of a packaged one of the same id."""
    found = load_catalogue(write(tmp_path, "ours.yml", ENTRY | {"id": "network.refused"}))
    assert found["network.refused"].meaning == "The toy is broken."


def test_every_mistake_is_told(tmp_path: Path) -> None:
    """It names file, entry, field and remedy of every mistake at once."""
    write(tmp_path, "a.yaml", ENTRY | {"severity": "bad"}, {"literals": 7})
    write(tmp_path, "b.yaml", ENTRY, ENTRY)
    told = refused(tmp_path)
    assert "3 mistakes" in told
    assert f"{tmp_path}/a.yaml, entry 'toy.broken', severity: " in told
    assert "a.yaml, entry number 2, " in told
    assert "b.yaml, entry toy.broken: " in told
    assert "rename one of them" in told


def test_mistakes_are_counted(tmp_path: Path) -> None:
    """It tells the first mistakes and counts the others."""
    assert "and 10 more" in refused(write(tmp_path, "a.yaml", *[{"id": "x"}] * 30))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("entries: [a: b: c", "not YAML at line 1"),
        ("entries: &a [*a]", "alias"),
        ("[]", "one list"),
        ("entries: 7", "one list"),
        ("", "one list"),
        ("entries: [2026-13-45]", "quote it"),
        ("entries: " + "[" * 40_000, "nests deeper"),
        ("entries: !!python/object/apply:os.getcwd []", "not YAML"),
        ("\x07", "not YAML"),
        ("a" * 1_000_001, "more than 1,000,000 bytes"),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str, words: str) -> None:
    """It refuses in a sentence what is no file of entries, however deep or long."""
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    assert words in refused(tmp_path)


def test_folders_that_are_none(tmp_path: Path) -> None:
    """It says when the folder is not there, has too many files, or a file that cannot be read."""
    assert "cannot be read" in refused(tmp_path / "gone")
    (tmp_path / "folder.yaml").mkdir()
    assert "cannot be read" in refused(tmp_path)
    for number in range(201):
        (tmp_path / f"{number}.yaml").touch()
    assert "202 files" in refused(tmp_path)


def test_contradiction(tmp_path: Path) -> None:
    """It says when entries contradict each other."""
    assert "toy.gone" in refused(write(tmp_path, "a.yaml", ENTRY | {"wins_over": ["toy.gone"]}))


def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes so many entries and no more."""
    monkeypatch.setattr(module, "_ENTRIES_AT_MOST", 5)
    assert "5 are taken" in refused(write(tmp_path, "a.yaml", ENTRY))


def test_slow_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names an entry that searches slower than is allowed."""
    catalogue = Catalogue([signature_from(ENTRY)])
    assert list(slow_entries(catalogue)) == []
    monkeypatch.setattr(module, "_SLOWEST", 1e9)
    assert [(one.id, one.field) for one in slow_entries(catalogue)] == [("toy.broken", "pattern")]


def test_prove(tmp_path: Path) -> None:
    """It proves the packaged entries, and names one of the team's that does not hold its example."""
    said, code = prove()
    assert (code, "entries hold" in said) == (0, True)
    said, code = prove(write(tmp_path, "a.yaml", ENTRY | {"examples": ["the toy works well"]}))
    assert (code, "toy.broken, examples: 'the toy works well'" in said) == (1, True)


def test_tail_of_a_pipe() -> None:
    """It keeps the end of whatever comes, and counts the lines and bytes before it."""
    found = read_tail("-", io.BytesIO(b"0123456\n" * 1_000_000))
    assert len(found.text) + found.size == 8_000_000
    assert found.lines == found.size // 8
    assert 2_000_000 <= len(found.text) < 2_100_000


def test_long_file(tmp_path: Path) -> None:
    """It judges the end of a long file, counts its lines from the beginning, and says what it did not read."""
    path = tmp_path / "log"
    path.write_bytes(b"0123456\n" * 1_000_000 + b"pq: sorry, too many clients already\n")
    found = answer(read_tail(str(path), io.BytesIO()), None, Redactor(), load_catalogue())
    assert found.matches[0].first == 1_000_001
    said = report(found)
    assert "once, line 1000001" in said
    assert f"the {found.unread_bytes:,} bytes before them were not read" in said


def test_unreadable_file() -> None:
    """It says in a sentence that a file cannot be read."""
    for name in ("gone/away", "\0"):
        with pytest.raises(VolatiError, match="cannot be read"):
            read_tail(name, io.BytesIO())


def test_source_is_named() -> None:
    """It takes the sources there are, and lists them for another."""
    assert (source_named(None), source_named(" Docker ")) == (None, Source.DOCKER)
    with pytest.raises(VolatiError, match="backend-log, postgres-log"):
        source_named("moon")


def test_report_of_the_unknown() -> None:
    """It says that nothing is known, shows what looks like an error, and lets no control character through."""
    said = report(
        answer(read_tail("-", io.BytesIO(b"fine\nERROR \x1b]0;x\x07 odd \xff\n")), None, Redactor(), load_catalogue())
    )
    assert said.startswith("Nothing known matches this text.\n1 line(s) may be an error")
    assert "\x1b" not in said
    assert "\x07" not in said


def test_report_of_the_uncertain() -> None:
    """It says when a match depends on the source, and how to name it."""
    assert "name it with --source" in report(
        answer(read_tail("-", io.BytesIO(b"deadlock detected")), None, Redactor(), load_catalogue())
    )

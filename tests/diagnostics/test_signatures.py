"""Tests of the entries, the compiled catalogue, where a line is from, and which entry counts."""

from typing import Any

import pytest

from bot.catalogue import load_catalogue
from diagnostics.model import Severity
from diagnostics.runbook import Section
from diagnostics.signatures import (
    BadCatalogueError,
    BadEntryError,
    Catalogue,
    Origin,
    Signature,
    Source,
    Step,
    complaints,
    guess,
    passages,
    signature_from,
)

CATALOGUE = load_catalogue()
#: Programs and hosts that are written small, also where a sentence begins.
PROGRAMS = ("freqtrade", "cert-manager", "schema.freqtrade.io", "metrics-server")
DOCUMENT: dict[str, Any] = {
    "id": "toy.broken",
    "literals": ["toy broke"],
    "meaning": "The toy is broken.",
    "cause": "Somebody stepped on it.",
    "steps": ["Buy another toy.", {"do": "Look for the pieces.", "run": "find ."}],
    "section": "SERVER",
    "severity": "warning",
    "examples": ["the toy broke"],
    "counter_examples": ["the toy works"],
}


def entry(**fields: Any) -> Signature:
    return signature_from(DOCUMENT | fields)


def certain(text: str, catalogue: Catalogue = CATALOGUE, **origin: Any) -> list[list[str]]:
    found = passages(text.encode(), catalogue, Origin(**origin))
    return [[one.id for one in passage.certain] for passage in found]


@pytest.mark.parametrize("signature", CATALOGUE.signatures, ids=lambda one: one.id)
def test_packaged_entry(signature: Signature) -> None:
    """It speaks in sentences, names a section of the runbook, and never has a secret decoded or a log deleted."""
    for sentence in (signature.meaning, signature.cause, *(step.text for step in signature.steps)):
        assert sentence[0].isupper() or sentence.startswith(PROGRAMS)
        assert sentence.endswith(".") or "https://" in sentence
    assert signature.area
    assert not any("base64" in step.command or "system prune" in step.command for step in signature.steps)


def test_packaged_entries_hold_their_examples() -> None:
    """It matches every example by its own entry and by no rival, and no counter-example."""
    assert [str(one) for one in complaints(CATALOGUE)] == []


def test_the_catalogue_is_large() -> None:
    """It knows at least eighty errors, in every area of the runbook."""
    assert len(CATALOGUE) >= 80
    areas = {"server", "graphql", "database", "docker", "performance", "keycloak", "tests", "network"}
    assert {one.area for one in CATALOGUE.signatures} == areas


@pytest.mark.parametrize(
    ("line", "id"),
    [
        ("failed to connect to postgres", "server.database-connection"),
        ("Keycloak configuration required", "server.keycloak-configuration"),
        ("keycloak configuration is required (URL must be set)", "server.keycloak-configuration"),
        ("failed creating schema resources", "server.migration-failed"),
        ('Cannot query field "xyz" on type "ABC"', "graphql.unknown-field"),
        ("403 Forbidden", "graphql.forbidden"),
        ("config validation failed", "graphql.config-invalid"),
        ("pq: sorry, too many clients already", "postgres.too-many-clients"),
        ("Failed to pull image", "docker.pull-failed"),
        ("failed to register UMA resource", "keycloak.uma-registration"),
        ("failed to create resource in Keycloak: EOF", "keycloak.uma-registration"),
    ],
)
def test_messages_of_the_runbook(line: str, id: str) -> None:
    """It knows the runbook's error messages, in both spellings."""
    assert certain(line) == [[id]]


@pytest.mark.parametrize(
    ("words", "source", "id"),
    [
        ("permission denied", Source.BACKEND, "graphql.permission-denied"),
        ("permission denied", Source.DOCKER, "docker.permission-denied"),
        ("permission denied", Source.TESTS, "tests.permission-denied"),
        ("no such file or directory", Source.DOCKER, "docker.file-missing"),
        ("no such file or directory", Source.TESTS, "tests.file-missing"),
        ("no such file or directory", Source.FREQTRADE, "freqtrade.file-missing"),
        ("deadlock detected", Source.POSTGRES, "postgres.deadlock"),
        ("deadlock detected", Source.KEYCLOAK, "keycloak.database-deadlock"),
        ("deadlock detected", Source.TESTS, "tests.deadlock"),
    ],
)
def test_words_mean_what_their_source_says(words: str, source: Source, id: str) -> None:
    """It takes the same words for different errors, by where they stand."""
    assert certain(words, given=frozenset({source})) == [[id]]


def test_words_from_nowhere() -> None:
    """It gives every meaning as possible, and none as certain, when nothing says where the words are from."""
    found = list(passages(b"deadlock detected", CATALOGUE))
    assert [one.certain for one in found] == [()]
    assert {one.id for one in found[0].maybe} == {"postgres.deadlock", "keycloak.database-deadlock", "tests.deadlock"}


def test_words_from_two_places() -> None:
    """It is not certain either when the text is guessed to be from two places in which they differ."""
    both = frozenset({Source.TESTS, Source.POSTGRES})
    (found,) = passages(b"deadlock detected", CATALOGUE, Origin(guessed=both))
    assert (found.certain, {one.id for one in found.maybe}) == ((), {"postgres.deadlock", "tests.deadlock"})


def test_words_from_elsewhere() -> None:
    """It says nothing about words that mean nothing where they stand."""
    assert list(passages(b"deadlock detected", CATALOGUE, Origin(given=frozenset({Source.INGRESS})))) == []


def test_a_stack_is_one_passage() -> None:
    """It takes a panic with its stack, over several lines, for one."""
    text = (
        "before\npanic: runtime error: index out of range [3] with length 3\n\ngoroutine 7 [running]:\n"
        "main.f(0xc000012345)\n\t/app/main.go:9 +0x1d\nexit status 2\nafter"
    )
    (found,) = passages(text.encode(), CATALOGUE)
    assert text[found.start : found.end] == text[7:-6]


def test_a_race_swallows_nothing_else() -> None:
    """It ends a race's report where the report ends."""
    text = b"WARNING: DATA RACE\nRead at 0x0 by goroutine 7:\n  main.f()\n      /a.go:7 +0x1\n=====\n403 Forbidden"
    assert [[one.id for one in found.certain] for found in passages(text, CATALOGUE)] == [
        ["tests.data-race"],
        ["graphql.forbidden"],
    ]


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("--- FAIL: TestX (0.00s)", Source.TESTS),
        ("2026-02-03 04:05:06.789 UTC [812] ERROR:  deadlock detected", Source.POSTGRES),
        ("2026-02-03 04:05:06,789 WARN  [org.keycloak.events] (executor) x", Source.KEYCLOAK),
        ("2026-02-03 04:05:06,789 - freqtrade.worker - INFO - x", Source.FREQTRADE),
        ("2026/02/03 04:05:06 [error] 31#31: *7 x", Source.INGRESS),
        ("Error response from daemon: x", Source.DOCKER),
        ("5m  Warning  BackOff  pod/x  y", Source.KUBERNETES),
        ('{"time":"x","level":"error","msg":"y"}', Source.BACKEND),
    ],
)
def test_guess(line: str, source: Source) -> None:
    """It tells by its marks where a text is from, with the reason."""
    (found,) = guess(f"something\n{line}\n".encode())
    assert (found.source, bool(found.reason)) == (source, True)


def test_no_guess() -> None:
    """It guesses nothing about plain words."""
    assert guess(b"it does not work") == ()


def test_entry_is_read() -> None:
    """It reads an entry with its steps, whatever their form."""
    found = entry()
    assert (found.pattern, found.also, found.area, found.anywhere) == (r"toy\x20broke", "", "server", True)
    assert found.steps == (Step("Buy another toy."), Step("Look for the pieces.", "find ."))
    assert (found.section, found.severity) == (Section.SERVER, Severity.WARNING)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"id": "Toy"}, "id", "two names"),
        ({"severity": "bad"}, "severity", "bad"),
        ({"section": "NOWHERE"}, "section", "take one of"),
        ({"section": "TOOLS"}, "section", "take one of"),
        ({"pattern": "toy"}, "pattern", "not both"),
        ({"literals": [], "pattern": ""}, "pattern", "not both"),
        ({"literals": [], "pattern": "(?=toy)"}, "pattern", "look-around"),
        ({"literals": [], "pattern": "(toy)"}, "pattern", "captures"),
        ({"literals": [], "pattern": "toy|"}, "pattern", "everything"),
        ({"also": "x*"}, "also", "everything"),
        ({"examples": []}, "examples", "length"),
        ({"examples": [{"a": "b"}]}, "examples", "single quotes"),
        ({"sources": ["moon"]}, "sources", "moon"),
        ({"nonsense": 1}, "", "spelling"),
        ({"literals": ["\ud800\ud800\ud800"]}, "literals", "half"),
    ],
)
def test_bad_entry(fields: dict[str, Any], field: str, words: str) -> None:
    """It names the field that is wrong, and the remedy."""
    with pytest.raises(BadEntryError) as caught:
        entry(**fields)
    assert caught.value.field.partition("[")[0] == field
    assert words in str(caught.value)


def test_missing_field() -> None:
    """It says which field is missing."""
    with pytest.raises(BadEntryError, match="severity"):
        signature_from({name: value for name, value in DOCUMENT.items() if name != "severity"})


def test_winners() -> None:
    """It lets the entry count that says more, and only where both match."""
    more = entry(id="toy.red", literals=["red toy broke"], wins_over=["toy.broken"])
    assert certain("the red toy broke\nthe toy broke", Catalogue([entry(), more])) == [["toy.red"], ["toy.broken"]]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([{}, {}], "Two entries"),
        ([{"wins_over": ["toy.gone"]}], "does not exist"),
        ([{"wins_over": ["toy.b"]}, {"id": "toy.b", "wins_over": ["toy.broken"]}], "circle"),
    ],
)
def test_contradictions(fields: list[dict[str, Any]], words: str) -> None:
    """It refuses entries that contradict each other."""
    with pytest.raises(BadCatalogueError, match=words):
        Catalogue([entry(**one) for one in fields])


def test_version_is_of_the_content() -> None:
    """It changes its version with an entry, and not with their order."""
    one, other = entry(), entry(id="toy.b")
    assert Catalogue([one, other]).version == Catalogue([other, one]).version
    assert Catalogue([one]).version != Catalogue([entry(cause="It was old and tired.")]).version


def test_empty_catalogue() -> None:
    """It finds nothing with nothing to find."""
    assert list(passages(b"anything \xff", Catalogue([]))) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([{"examples": ["the toy works"]}], "not matched"),
        ([{"counter_examples": ["a toy broke"]}], "is matched"),
        ([{}, {"id": "toy.b"}], "as well"),
        ([{}, {"id": "toy.b", "wins_over": ["toy.broken"]}], "instead"),
    ],
)
def test_complaints(fields: list[dict[str, Any]], words: str) -> None:
    """It complains about an example that is not matched, has a rival or loses, and a counter-example that is."""
    found = [str(one) for one in complaints(Catalogue([entry(**one) for one in fields]))]
    assert found
    assert words in found[0]

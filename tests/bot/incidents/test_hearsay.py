"""Whatever was told is kept redacted and of a length; what it is found by stays as it is."""

import pytest

from bot.incidents import events as e
from bot.incidents.events import EVENTS, Person
from bot.incidents.hearsay import NAME_AT_MOST, TEXT_AT_MOST, WORDS, kept, named, on_duty
from bot.incidents.kept import OnDuty
from bot.incidents.webhooks import Hook
from diagnostics.redaction import KnownSecret, Redactor
from tests.bot.incidents.things import ALICE, START

SECRET = "s3cr3t-v4lu3-9f8e7d"
CLEANER = Redactor([KnownSecret("a password", SECRET)])
_FOUND_BY = frozenset({"at", "key", "id", "kind", "incident", "level", "severity", "until"})
_PEOPLE = frozenset({"by", "to"})


@pytest.mark.parametrize("shape", [*EVENTS, Hook])
def test_every_field_is_known(shape: type[e.Event] | type[Hook]) -> None:
    """It knows of each field of every event whether somebody's words stand in it, somebody's name, or neither."""
    assert set(shape.__struct_fields__) <= WORDS | _FOUND_BY | _PEOPLE


def test_what_it_is_found_by() -> None:
    """It leaves ids and keys as they are, whatever they look like."""
    found = kept(e.Acknowledged(at=START, by=Person(SECRET, "UALICE", SECRET), key=SECRET), CLEANER)
    assert (found.by.pager, found.by.slack, found.key) == (SECRET, "UALICE", SECRET)
    assert SECRET not in found.by.name


def test_half_a_secret() -> None:
    """It redacts before it cuts: the beginning of a secret does not stand at the end of what is shown."""
    assert SECRET[:5] not in named(Person("x" * (NAME_AT_MOST - 6) + f" {SECRET}"), CLEANER).name
    text = "x" * (TEXT_AT_MOST - 46) + f" {SECRET} and so on and on and on and on and on"
    assert SECRET[:5] not in kept(e.Annotated(at=START, text=text), CLEANER).text


@pytest.mark.parametrize("text", ["x" * TEXT_AT_MOST, "x" * 10 * TEXT_AT_MOST, f"{SECRET} " * TEXT_AT_MOST, ""])
def test_twice(text: str) -> None:
    """It gives the same for what went through it before, and never more than it may."""
    once = kept(e.Annotated(at=START, text=text, by=Person("A\n<!here>\u202e" * 99)), CLEANER)
    assert kept(once, CLEANER) == once
    assert len(once.text) <= TEXT_AT_MOST
    assert once.by is not None
    assert once.by.name.isprintable()
    assert len(once.by.name) <= NAME_AT_MOST


def test_somebody_without_a_name() -> None:
    """It names by their id whose name has no letter that can be seen."""
    assert named(Person("\u202e\n", pager="PCARL33"), CLEANER).name == "PCARL33"


def test_who_is_on_call() -> None:
    """It redacts the names of those on call, and why nobody can be named."""
    duty = (OnDuty(3, "oncall", "on-call", (ALICE, Person(f"Bob {SECRET}"))), OnDuty(4, "x", "y", why_not=SECRET))
    assert SECRET not in str(on_duty(duty, CLEANER))
    assert on_duty(duty, CLEANER)[0].people[0] == ALICE

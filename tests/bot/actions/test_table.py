"""Tests of the table of acts: nothing that an act needs elsewhere was forgotten."""

import pytest

from bot.actions.act import Act
from bot.actions.table import ACTIONS
from bot.people.access import RIGHTS, Caution
from bot.words.commands import COMMANDS
from diagnostics.areas import AREAS
from diagnostics.evidence.cluster.kinds import Right


@pytest.mark.parametrize(("word", "act"), ACTIONS.items())
def test_an_act(word: str, act: Act) -> None:
    """Has for each act its word, its right, its title and label, and says when it has which risk."""
    assert act.name == word
    assert RIGHTS[word].caution is Caution.STRICT
    assert word in {command.word for command in COMMANDS}
    assert act.title[0].isupper()
    assert 0 < len(act.label) <= 20
    assert act.risks
    assert all(when[0].islower() and not when.endswith(".") for when in act.risks.values())


IN_CLUSTER = [act for act in ACTIONS.values() if act.area != "database"]


def test_areas() -> None:
    """Looks again, after each, at an area that there is."""
    assert {act.area for act in ACTIONS.values()} <= {area.name for area in AREAS}


def test_rights_on_a_database() -> None:
    """Asks for nothing in the cluster for what is done in a database."""
    assert {act.name for act in ACTIONS.values() if not act.rights("volaticloud")} == {"cancel-query", "end-session"}


@pytest.mark.parametrize("act", IN_CLUSTER)
def test_rights(act: Act) -> None:
    """Asks for single verbs on single things in the one namespace, each once, and for no secret."""
    rights = act.rights("volaticloud")
    assert len(set(rights)) == len(rights) > 0
    assert {right.namespace for right in rights} == {"volaticloud"}
    assert not any("*" in f"{right.verb}{right.resource}" or "secrets" in right.resource for right in rights)
    assert Right("list", "pods", "volaticloud") in rights

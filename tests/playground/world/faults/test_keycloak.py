"""The table of Keycloak's faults."""

import pytest

from playground.world.faults.keycloak import KEYCLOAK_FAULTS
from playground.world.faults.model import Fault, named
from playground.world.keycloak.state import State
from playground.world.keycloak.tokens import Ring, new_key
from playground.world.keycloak.volaticloud import Secrets, volaticloud

BROKEN = [fault for fault in KEYCLOAK_FAULTS if fault.name != "healthy"]


@pytest.fixture(scope="module")
def sound() -> State:
    """A Keycloak without a fault."""
    return State(realm=volaticloud(Secrets()), ring=Ring.new(), spare=new_key())


def test_names_are_unique() -> None:
    """It has each name once, and the state without a fault first."""
    names = [fault.name for fault in KEYCLOAK_FAULTS]
    assert len(names) == len(set(names))
    assert names[0] == "healthy"


@pytest.mark.parametrize("fault", BROKEN, ids=lambda one: one.name)
def test_each_says_what_it_breaks_and_breaks_it(fault: Fault[State], sound: State) -> None:
    """It belongs to its section, expects a finding of its area, says so in a sentence, and changes the state."""
    assert (fault.area, fault.section) == ("keycloak", "Keycloak Integration Issues")
    assert fault.expect is not None
    assert fault.expect.startswith("keycloak.")
    assert fault.breaks.endswith(".")
    assert fault.apply(sound) != sound


def test_healthy_changes_nothing(sound: State) -> None:
    """It expects nothing of the state without a fault, and leaves it as it is."""
    fault = named(KEYCLOAK_FAULTS, "healthy")
    assert (fault.expect, fault.apply(sound)) == (None, sound)


@pytest.mark.parametrize("first", KEYCLOAK_FAULTS, ids=lambda one: one.name)
def test_any_two_can_be_on(first: Fault[State], sound: State) -> None:
    """It can be applied after and before each other one."""
    for second in KEYCLOAK_FAULTS:
        assert isinstance(second.apply(first.apply(sound)), State)


def test_fault_itself_is_its_own_name() -> None:
    """It takes a fault for a name."""
    assert named(KEYCLOAK_FAULTS, BROKEN[0]) is BROKEN[0]

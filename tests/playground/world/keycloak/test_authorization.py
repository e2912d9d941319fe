"""Who may do what, by the rules of the authorization services."""

from dataclasses import replace

import pytest

from playground.world.keycloak.authorization import decide, everything
from playground.world.keycloak.realm import Authorization, Client, Permission, Policy, Resource, Strategy, User

ALICE = User("a", "alice", realm_roles=("support",))
BOB = User("b", "bob")
THING = Resource("t", "t", owner="a", type="bot", scopes=("view", "run"))
MEANS_ALICE = Policy("p1", "alice", "user", ("a",))
MEANS_BOB = Policy("p2", "bob", "user", ("b",))
MEANS_SUPPORT = Policy("p3", "support", "role", ("support",))


def rights(*permissions: Permission, strategy: Strategy = "UNANIMOUS") -> Authorization:
    """The thing, three policies and these permissions."""
    policies = {one.id: one for one in (MEANS_ALICE, MEANS_BOB, MEANS_SUPPORT)}
    return Authorization(
        scopes={"view": "1", "run": "2"},
        resources={THING.id: THING},
        policies=policies,
        permissions={one.id: one for one in permissions},
        strategy=strategy,
    )


def permission(*policies: Policy, **more: tuple[str, ...] | str) -> Permission:
    """A permission of these policies on the thing, unless told otherwise."""
    about = more or {"resources": ("t",)}
    return replace(Permission("x", "x", tuple(one.id for one in policies)), **about)  # type: ignore[arg-type]


def test_owning_permits_nothing() -> None:
    """It denies the owner when no permission is about the resource."""
    assert not decide(rights(), ALICE, THING, ("view",)).permits


def test_permission_on_the_resource() -> None:
    """It grants every asked scope to whom the policy means, and nothing to others."""
    made = rights(permission(MEANS_ALICE))
    assert decide(made, ALICE, THING, ("view", "run")).granted == ("view", "run")
    assert decide(made, BOB, THING, ("view",)).granted == ()


def test_permission_on_a_type() -> None:
    """It counts a permission on the type of the resource."""
    assert decide(rights(permission(MEANS_SUPPORT, resource_type="bot")), ALICE, THING, ("view",)).permits
    assert not decide(rights(permission(MEANS_SUPPORT, resource_type="other")), ALICE, THING, ("view",)).permits


def test_permission_on_a_scope() -> None:
    """It grants only the scope that the permission is about."""
    decision = decide(rights(permission(MEANS_ALICE, scopes=("view",))), ALICE, THING, ("view", "run"))
    assert decision.granted == ("view",)


@pytest.mark.parametrize(("strategy", "permits"), [("UNANIMOUS", False), ("AFFIRMATIVE", True), ("CONSENSUS", False)])
def test_strategies(strategy: Strategy, *, permits: bool) -> None:
    """It combines one yes and one no as the strategy says."""
    one = replace(permission(MEANS_ALICE, MEANS_BOB), strategy=strategy)
    assert decide(rights(one), ALICE, THING, ("view",)).permits is permits


def test_resource_as_such() -> None:
    """It decides about the resource itself when no scope is asked."""
    decision = decide(rights(permission(MEANS_ALICE)), ALICE, THING, ())
    assert (decision.permits, decision.granted) == (True, ())


def test_everything_leaves_other_peoples_out() -> None:
    """It means the client's own and the user's own by "all"."""
    api = Client("c", "api")
    made = rights().with_resource(replace(THING, id="2", owner="c")).with_resource(replace(THING, id="3", owner="b"))
    assert [one.id for one in everything(made, api, ALICE)] == ["t", "2"]

"""What the settings say of rights, and what is refused in them."""

from typing import Any

import pytest

from bot.people.access import Holders, Role, Rules
from bot.settings import AccessSettings, SettingsError, parse

BASE: dict[str, Any] = {"environments": {"production": {}}}


def access(**document: Any) -> AccessSettings:
    return parse({**BASE, "access": document}, "a test").access


def test_by_default() -> None:
    """It lets every full member read, nobody act, and listens everywhere."""
    everyone = Holders(everyone=True)
    nobody = Holders()
    wanted = {Role.VIEWER: everyone, Role.OPERATOR: nobody, Role.APPROVER: nobody, Role.ADMIN: nobody}
    assert parse(BASE, "a test").access.rules("T0VOLATI0", "C0ENGINE0") == Rules("T0VOLATI0", frozenset(), wanted)


def test_all_of_it() -> None:
    """It reads people, groups and channels, and always listens in its own channel."""
    rules = access(
        team="T0VOLATI0",
        channels=["C0DEVOPS0"],
        roles={"viewer": {"groups": ["S0ALL0000"]}, "operator": {"groups": ["S0OPERAT0"], "users": ["U0ENGINE0"]}},
    ).rules("T0VOLATI0", "C0ENGINE0")
    assert rules.channels == {"C0DEVOPS0", "C0ENGINE0"}
    assert rules.holders[Role.VIEWER] == Holders(groups=frozenset({"S0ALL0000"}))
    assert rules.holders[Role.OPERATOR] == Holders(frozenset({"U0ENGINE0"}), frozenset({"S0OPERAT0"}))
    assert rules.users == {"U0ENGINE0"}
    assert rules.groups == {"S0ALL0000", "S0OPERAT0"}


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a list from a variable."""
    monkeypatch.setenv("VOLATI_ACCESS__ROLES__ADMIN__USERS", '["U0ADMIN00"]')
    assert parse(BASE, "a test").access.roles.admin.users == ("U0ADMIN00",)


def test_a_token_of_another_workspace() -> None:
    """It refuses to begin when the token is not of the workspace that is set."""
    with pytest.raises(SettingsError, match=r"access\.team is T0VOLATI0.*workspace T0OTHER00"):
        access(team="T0VOLATI0").rules("T0OTHER00", "C0ENGINE0")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (
            {"roles": {"operator": {"groups": ["@operators"]}}},
            "access.roles.operator.groups.0: must be the id of a user",
        ),
        ({"roles": {"operator": {"users": ["anna"]}}}, "access.roles.operator.users.0: must be the id of a person"),
        ({"channels": ["#engineering"]}, "access.channels.0: must be the id of a channel"),
        ({"team": "volaticloud"}, "access.team: must be the id of a workspace"),
        ({"roles": {"owner": {}}}, "access.roles.owner: there is no such setting"),
        ({"roles": {"operator": {"everyone": True}}}, "access.roles.operator.everyone: there is no such setting"),
        ({"roles": {"admin": {"users": "U0ADMIN00"}}}, "access.roles.admin.users"),
    ],
)
def test_what_is_refused(document: dict[str, Any], place: str) -> None:
    """It names the place and what belongs there; only reading can be everybody's."""
    with pytest.raises(SettingsError) as caught:
        access(**document)
    assert place in str(caught.value)

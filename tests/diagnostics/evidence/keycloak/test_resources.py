"""Resources as the protection API describes them, also where it does so badly."""

from typing import Any

import pytest

from diagnostics.evidence.keycloak.session import resource_of


@pytest.mark.parametrize(
    "odd",
    [
        {"owner": "abc"},
        {"owner": None},
        {"attributes": ["x"]},
        {"attributes": {"ownerId": 5}},
        {"attributes": {"ownerId": {}}},
        {"attributes": {"ownerId": []}},
        {"scopes": ["view"]},
        {"scopes": [None]},
        {"scopes": 7},
    ],
)
def test_one_odd_resource_does_not_blind(odd: dict[str, Any]) -> None:
    """It takes what can be read, and leaves the rest empty."""
    assert resource_of({"_id": "r1", "name": "r1", **odd}).id == "r1"


def test_an_owner_given_as_text() -> None:
    """It takes the whole text, not its first letter."""
    assert resource_of({"_id": "r1", "attributes": {"ownerId": "8476"}}).noted_owner == "8476"

"""Keys and tokens."""

import pytest

from playground.world.keycloak.tokens import Ring, new_key

NOW_S = 1_000.0


@pytest.fixture(scope="module")
def ring() -> Ring:
    """A ring of keys."""
    return Ring.new()


def test_own_token_is_read(ring: Ring) -> None:
    """It reads what it signed until the token's time is over, by the clock it is given."""
    text = ring.sign({"sub": "x", "exp": 1_300})
    assert ring.claims(text, NOW_S) == {"sub": "x", "exp": 1_300}
    assert ring.claims(text, 1_300.0) is None


def test_foreign_and_damaged_tokens_are_none(ring: Ring) -> None:
    """It reads nothing that another key signed, nothing altered, nothing that is no token."""
    text = ring.sign({"sub": "x", "exp": 1_300})
    head, _, signature = text.split(".")
    assert Ring.new().claims(text, NOW_S) is None
    assert ring.claims(f"{head}.eyJzdWIiOiJ5In0.{signature}", NOW_S) is None
    assert ring.claims("garbage", NOW_S) is None


def test_rotations(ring: Ring) -> None:
    """It lists the new key after a rotation, not after one that a cache hides; old tokens stay good in both."""
    text, key = ring.sign({"exp": 1_300}), new_key()
    for turned, listed in ((ring.rotated(key), True), (ring.unlisted(key), False)):
        assert (key in turned.listed) is listed
        assert turned.signing is key
        assert turned.claims(text, NOW_S) is not None


def test_refresh_tokens_are_their_own_kind(ring: Ring) -> None:
    """It takes a refresh token only where one belongs."""
    refresh = ring.sign_refresh({"sub": "x", "exp": 1_300})
    assert ring.refresh_claims(refresh, NOW_S) == {"sub": "x", "exp": 1_300}
    assert ring.refresh_claims(refresh, 1_300.0) is None
    assert ring.claims(refresh, NOW_S) is None
    assert ring.refresh_claims(ring.sign({"exp": 1_300}), NOW_S) is None


def test_lists_what_rfc_7517_wants(ring: Ring) -> None:
    """It lists a signing key and one for encryption, with distinct ids."""
    first, second = (key.jwk for key in ring.listed)
    assert (first["use"], first["alg"], second["use"]) == ("sig", "RS256", "enc")
    assert first["kid"] != second["kid"]

"""A token, however it was copied."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.pasted import fault_of, token_in

TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln"


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f" {TOKEN}\n",
        f"Bearer {TOKEN}",
        f"authorization: bearer {TOKEN}",
        f"Authorization:Bearer\n  {TOKEN}",
        f'"{TOKEN}"',
        f"`{TOKEN}`",
        f"'Bearer {TOKEN}'",
        f'Bearer "{TOKEN}"',
        f"{TOKEN[:20]}\n{TOKEN[20:]}",
    ],
)
def test_finds_it(text: str) -> None:
    """It takes away what is copied along with a token."""
    assert token_in(text) == TOKEN
    assert fault_of(token_in(text)) == ""


@pytest.mark.parametrize("before", ["", "Bearer ", "bearer ", "Authorization: Bearer ", "authorization:bearer "])
@pytest.mark.parametrize("around", ["", '"', "'", "`", "\n"])
def test_what_is_copied_along(before: str, around: str) -> None:
    """It keeps of what was copied the token alone."""
    assert token_in(f"{around}{before}{TOKEN}{around}") == TOKEN


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_says_how_many_parts(parts: int) -> None:
    """It says why a text is no token."""
    assert fault_of(".".join("x" * parts)).endswith(f"this text has {parts}.")


@given(st.text(min_size=9, alphabet=st.characters(min_codepoint=0x3B1, max_codepoint=0x3C9)))
def test_repeats_nothing(text: str) -> None:
    """It never repeats a piece of what was pasted."""
    assert text not in fault_of(text)

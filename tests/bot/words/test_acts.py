"""The words that propose acts: what is understood, and what is said of the rest."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.acts import READERS, NotUnderstoodError, Wish, wish
from bot.words.commands import Refusal, parse

HERE = ("production", "staging")
UNDERSTOOD = {
    "restart backend": Wish("restart", "production", "backend"),
    "restart deployment volaticloud-backend": Wish("restart", "production", "deployment/volaticloud-backend"),
    "restart volaticloud/backend in staging": Wish("restart", "staging", "volaticloud/backend"),
    "rollback backend": Wish("rollback", "production", "backend"),
    "scale backend 3": Wish("scale", "production", "backend", {"replicas": "3"}),
    "scale backend to 03": Wish("scale", "production", "backend", {"replicas": "3"}),
    "scale backend 999999": Wish("scale", "production", "backend", {"replicas": "999999"}),
    "scale backend --replicas=3": Wish("scale", "production", "backend", {"replicas": "3"}),
    "delete-failed-pods": Wish("delete-failed-pods", "production"),
    "delete-failed-pods keycloak": Wish("delete-failed-pods", "production", "keycloak"),
    "debug-logs backend on": Wish("debug-logs", "production", "backend", {"switch": "on"}),
    "debug-logs backend on for 1h30m": Wish("debug-logs", "production", "backend", {"switch": "on", "for": "1h30m"}),
    "debug-logs backend off": Wish("debug-logs", "production", "backend", {"switch": "off"}),
    "probe tcp volaticloud-backend:8080": Wish("probe", "production", "volaticloud-backend:8080", {"way": "tcp"}),
    "cancel-query 4711": Wish("cancel-query", "production", "4711"),
}
REFUSED = {
    "restart": "Say which workload",
    "restart a b c": "Name one workload",
    "restart backend now": "Only its kind may stand before it",
    "restart ../etc": "cannot be the name",
    "scale backend": "how many pods",
    "scale backend -1": "how many pods",
    "scale backend many": "how many pods",
    "debug-logs backend": "“on” or “off”",
    "debug-logs backend on forever": "for how long",
    "probe backend": "what to probe and where",
    "probe ftp backend": "what to probe and where",
    "end-session everybody": "",
    "restart backend in nowhere": "There is no environment",
}


@pytest.mark.parametrize("line", UNDERSTOOD)
def test_understood(line: str) -> None:
    """It reads what people write, and remembers the words, so that the same can be asked for again."""
    found = parse(f"/volati {line}", HERE)
    assert found == UNDERSTOOD[line]
    assert isinstance(found, Wish)
    action, *words = found.words.split()
    assert wish(action, words, found.environment) == found


@pytest.mark.parametrize("line", REFUSED)
def test_refused(line: str) -> None:
    """It says in a sentence what is missing, with an example that would work."""
    found = parse(f"/volati {line}", HERE)
    assert isinstance(found, Refusal)
    assert REFUSED[line] in found.text
    assert not isinstance(parse(found.example, HERE), Refusal)


@given(st.sampled_from(sorted(READERS)), st.lists(st.text(max_size=20), max_size=6))
def test_nothing_else_is_raised(action: str, words: list[str]) -> None:
    """It understands a text or says that it does not, whatever it is."""
    with contextlib.suppress(NotUnderstoodError):
        assert wish(action, words, "production").action == action

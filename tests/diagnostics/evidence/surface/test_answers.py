"""Tests of reading the two endpoints' answers: health reports of several forms, and GraphQL's errors."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.evidence.surface.answers import (
    AT_MOST,
    graphql_codes,
    graphql_data,
    graphql_errors,
    health_parts,
)
from diagnostics.evidence.surface.kinds import HealthPart
from tests.diagnostics.evidence.fakes import page, reply

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["status", "checks", "error", "errors", "message", "data", "x"]), inner)
    ),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("document", "parts"),
    [
        ({"status": "ok"}, [("backend", True, "ok")]),
        ({"status": "ok", "checks": {"database": "up"}}, [("database", True, "up")]),
        ({"checks": {"db": {"status": "DOWN", "error": "refused"}}}, [("db", False, "refused")]),
        ({"components": {"db": {"status": "UP", "details": {}}}}, [("db", True, "UP")]),
        ({"services": {"keycloak": False, "etcd": True}}, [("keycloak", False, "False"), ("etcd", True, "True")]),
        ({"checks": {"a": {"no": "status"}, "b": 7}}, []),
        ({"version": "2.14"}, []),
        ({"status": "UP", "details": {"version": "1.2.3", "region": "eu"}}, [("backend", True, "UP")]),
        ({"status": "down", "details": {"database": "down", "version": "2"}}, [("database", False, "down")]),
        (
            {"status": "fail", "checks": {"postgres:time": [{"status": "pass"}, {"status": "fail", "output": "late"}]}},
            [("postgres:time", False, "late")],
        ),
        ({"status": "warn", "checks": {"postgres:time": [{"status": "warn"}]}}, [("postgres:time", True, "warn")]),
        ({"status": "down", "checks": {"cache": "ok"}}, [("cache", True, "ok"), ("backend", False, "down")]),
        ({"status": "down", "checks": {"uptime": 12}}, [("backend", False, "down")]),
        ({"status": "Healthy", "services": {"database": "connected"}}, [("database", True, "connected")]),
        (["ok"], []),
    ],
)
def test_a_health_report(document: Any, parts: list[tuple[str, bool, str]]) -> None:
    """Reads what each part says in the forms that libraries give a report; what is none has no parts."""
    assert health_parts(reply(document)) == tuple(HealthPart(*part) for part in parts)


def test_a_page_is_no_report() -> None:
    """Reads no parts out of a text or a page."""
    assert health_parts(page("OK")) == ()


def test_errors() -> None:
    """Reads messages and codes of errors, and says of an error without words that it has none."""
    answer = reply({"errors": [{"message": "a\nb", "extensions": {"code": "X"}}, {}, "nonsense"], "data": None})
    assert graphql_errors(answer) == ("a b", "an error without words")
    assert graphql_codes(answer) == ("X",)
    assert graphql_data(answer) == {}


def test_bounds() -> None:
    """Keeps a handful of a flood."""
    assert len(graphql_errors(reply({"errors": [{"message": "x"}] * 100}))) == AT_MOST
    parts = health_parts(reply({"checks": {**{f"part {n}": "ok" for n in range(100)}, "database": "down"}}))
    assert len(parts) == AT_MOST
    assert parts[0] == HealthPart("database", well=False, said="down")  # an ill one is not lost among them


@given(JSON)
def test_any_json(document: Any) -> None:
    """Reads any JSON without failing."""
    answer = reply(document)
    for read in (health_parts, graphql_errors, graphql_codes, graphql_data):
        read(answer)

"""Tests of statements without their literals: the structure stays, and nothing that a person typed leaves."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diagnostics.evidence.database.shapes import SHAPE, shape

CANARY = "c4n4ry"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1", "SELECT ?"),
        ("SELECT name FROM bots WHERE id = $1", "SELECT name FROM bots WHERE id = $1"),
        ("SELECT a1, b2c FROM t1 WHERE x_9 = 12.5e-3", "SELECT a1, b2c FROM t1 WHERE x_9 = ?"),
        ("UPDATE x SET a='it''s', b = .5", "UPDATE x SET a=?, b = ?"),
        ("SELECT $$it's$$, $tag$ $$ $tag$ || 'x'", "SELECT ?, ? || ?"),
        ('SELECT "a b" FROM "T 1"', 'SELECT "a b" FROM "T 1"'),
        ("SELECT 1 -- 'secret\n, 2 /* 'x /* y */ ' */ FROM t", "SELECT ? , ? FROM t"),
        ("SELECT E'a\\'b secret' , x", "SELECT …"),
        ("SELECT 'a\\' , 'secret'", "SELECT …"),
        ("SELECT 'not closed secret", "SELECT …"),
        ("SELECT $x$not closed", "SELECT …"),
        ("SELECT /* not closed", "SELECT …"),
        ('SELECT "not closed', "SELECT …"),
        ("SELECT b'101', x'1f', N'abc', U&'d\\0061'", "SELECT ?, ?, ?, …"),
        ("WHERE id IN (1, 2,3) AND y IN ($1,$2)", "WHERE id IN (…) AND y IN (…)"),
        ("VALUES (1,'a'), (2,'b'), (3,'c')", "VALUES (…), …"),
        ("ALTER ROLE x PASSWORD 'secret'", "ALTER ROLE x PASSWORD ?"),
        ("SELECT\n\t1,\r\n x", "SELECT ?, x"),
        ("", ""),
    ],
)
def test_shapes(statement: str, expected: str) -> None:
    """Hides every literal, drops comments, keeps names and places, and folds lists."""
    assert shape(statement) == expected


def test_long() -> None:
    """Keeps to its length, whatever comes."""
    assert len(shape("SELECT " + "a, " * 1000)) <= SHAPE + 1


LITERALS = st.builds(
    lambda wrap, text: wrap[0] + text + wrap[1],
    st.sampled_from([("'", "'"), ("E'", "'"), ("$$", "$$"), ("$q$", "$q$"), ("-- ", "\n"), ("/* ", " */")]),
    st.just(CANARY),
)
NOISE = st.text(alphabet="abc ,()=.;\n$1_%", max_size=10)


@given(st.lists(st.tuples(NOISE, LITERALS), max_size=6), st.integers(min_value=0, max_value=200))
@example([("a", "'c4n4ry'")], 7)
def test_no_literal_leaves(parts: list[tuple[str, str]], cut: int) -> None:
    """Lets no literal out, also of a statement that PostgreSQL has cut off anywhere."""
    statement = " ".join(f"x {noise.replace('$', '')} {literal}" for noise, literal in parts)
    assert CANARY not in shape(statement)
    assert CANARY not in shape(statement[: len(statement) - cut % (len(statement) + 1)])


@given(st.text(max_size=300))
def test_never_fails(statement: str) -> None:
    """Gives one printable line for whatever there is, and the same again for what it gave of plain statements."""
    assert shape(statement).isprintable()


@given(st.text(alphabet="'\\\"$-/*eE \nx1(),", max_size=60))
def test_quotes_of_any_kind(statement: str) -> None:
    """Never shows a text constant, however the quotes lie."""
    assert "'" not in shape(statement).replace('"', "\0").split("\0")[0]


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("SET app.token TO s3cret", "SET app.token TO ?"),
        ("set local app.token=s3cret", "set local app.token= ?"),
        ("BEGIN; SET SESSION x.y = s3cret, t2; COMMIT", "BEGIN; SET SESSION x.y = ?; COMMIT"),
        ("UPDATE bots SET name = $1", "UPDATE bots SET name = $1"),
    ],
)
def test_a_settings_value_may_be_a_bare_word(statement: str, wanted: str) -> None:
    """It hides what a setting is set to, also where no quotes tell that it is a value."""
    assert shape(statement) == wanted

"""Tests of logins read from a secret: four keys, or one address; what is missing, untidy or unreadable is told."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.evidence.database.credentials import PORT, SSL_MODES, Login, of_url, read, split_host

KEYS = {"host": "db.example.com:16751", "database": "volaticloud", "username": "api", "password": "pw-canary"}
WHERE = "secret x"


def test_four_keys() -> None:
    """Reads the runbook's four keys, the port beside the host."""
    found = read(KEYS, WHERE)
    assert found.login == Login("db.example.com", 16751, "volaticloud", "api", "pw-canary", origin=WHERE)
    assert (found.lacking, found.untidy, found.broken) == ((), (), "")


def test_other_names() -> None:
    """Reads the keys by the other names people give them, and a port and a mode of their own."""
    keys = {"hostname": "db", "dbname": "d", "user": "u", "password": "p", "port": "6432", "sslmode": "require"}
    assert read(keys, WHERE).login == Login("db", 6432, "d", "u", "p", "require", origin=WHERE)


def test_one_address() -> None:
    """Reads the platform's one key with an address, whatever else is in that secret."""
    keys = {"KEYCLOAK": "x", "VOLATICLOUD_DATABASE": "postgresql://api:p%40ss@db:6432/volaticloud?sslmode=require"}
    assert read(keys, WHERE).login == Login("db", 6432, "volaticloud", "api", "p@ss", "require", origin=WHERE)


@pytest.mark.parametrize("key", sorted(KEYS))
def test_lacking(key: str) -> None:
    """Names the key that is missing, and the one that is there and empty."""
    without = {name: value for name, value in KEYS.items() if name != key}
    for keys in (without, {**KEYS, key: ""}, {**KEYS, key: " \n"}):
        found = read(keys, WHERE)
        assert (found.login, found.lacking) == (None, (key,))


@pytest.mark.parametrize("key", sorted(KEYS))
def test_untidy(key: str) -> None:
    """Names the key with blanks or line breaks around its value, and logs in without these."""
    found = read({**KEYS, key: f"{KEYS[key]}\n"}, WHERE)
    assert found.untidy == (key,)
    assert found.login == read(KEYS, WHERE).login


def test_an_untidy_address() -> None:
    """Names an address with a line break behind it."""
    found = read({"URL": "postgres://a:b@db/x\n"}, WHERE)
    assert (found.untidy, found.login) == (("URL",), of_url("postgres://a:b@db/x", WHERE))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgres://",
        "http://a:b@db/x",
        "postgres://a:pw-canary@db:70000/x",
        "postgres://a:pw-canary@db:0/x",
        "postgres://a:pw-canary@one,two/x",
        "postgres://a:pw-canary@[::1/x",
        "postgres://a:pw-canary@db/x?sslmode=pw-canary",
        "postgres://a:pw#canary@db/x",
    ],
)
def test_no_address(url: str) -> None:
    """Says how an address looks, and nothing of the one that is none."""
    with pytest.raises(ValueError, match="must be an address of one host") as caught:
        of_url(url, WHERE)
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(caught.value.__cause__)


def test_a_broken_address() -> None:
    """Names the key of an address that cannot be read."""
    assert read({"URL": "postgres://a:b@db:x/y"}, WHERE).broken == "URL"


def test_nothing() -> None:
    """Lacks all four keys in a secret that holds something else."""
    assert read({"tls.crt": "x"}, WHERE).lacking == ("host", "database", "username", "password")


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("db", "", ("db", PORT)),
        ("db", "6432", ("db", 6432)),
        ("db:6432", "5432", ("db", 6432)),
        ("::1", "", ("::1", PORT)),
        ("[::1]:6432", "", ("::1", 6432)),
        ("[::1]", "", ("::1", PORT)),
        ("db", "999999", ("db", PORT)),
        ("db", "²", ("db", PORT)),
    ],
)
def test_hosts(host: str, port: str, expected: tuple[str, int]) -> None:
    """Takes host and port apart, in both families of addresses."""
    assert split_host(host, port) == expected


@given(st.text(max_size=30), st.text(min_size=1, max_size=20), st.sampled_from(SSL_MODES), st.integers(1, 65_535))
def test_there_and_back(password: str, user: str, mode: str, port: int) -> None:
    """Reads from an address every password and user that can be written into one."""
    url = f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@db.example.com:{port}/x?sslmode={mode}"
    assert of_url(url, WHERE) == Login("db.example.com", port, "x", user, password, mode, origin=WHERE)


@given(
    st.dictionaries(st.sampled_from(["host", "port", "password", "username", "database", "u"]), st.text(max_size=30))
)
def test_never_fails(keys: dict[str, str]) -> None:
    """Says of every secret what it gives, and shows no password."""
    found = read(keys, WHERE)
    assert (found.login is None) == bool(found.lacking or found.broken)


def test_a_password_is_not_shown() -> None:
    """Shows no password, however it is printed."""
    assert "canary" not in repr(read(KEYS, WHERE))

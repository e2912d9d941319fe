"""Tests of the settings of the database: one way to log in, every error at once, and no secret in any of them."""

from pathlib import Path
from typing import Any

import pytest

from bot.settings import EnvironmentSettings, PostgresSettings, SettingsError, parse
from diagnostics.evidence.database.credentials import Login

CANARY = "pg-canary-55d"
URL = f"postgresql://api:{CANARY}@db.example.com:6432/volaticloud?sslmode=require"


def settings(**values: Any) -> PostgresSettings:
    return PostgresSettings.model_validate(values)


def errors(**values: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        parse({"environments": {"production": {"postgres": values}}}, "volati.yaml")
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_an_address() -> None:
    """Reads the login from an address; what the settings say of TLS goes before."""
    said = settings(url=URL).login()
    assert said == Login(
        "db.example.com", 6432, "volaticloud", "api", CANARY, "require", origin="the setting postgres.url"
    )
    own = settings(url=URL, sslmode="verify-full", ca_file="/ca.pem").login()
    assert own is not None
    assert (own.ssl_mode, own.ca_file) == ("verify-full", "/ca.pem")


def test_parts(tmp_path: Path) -> None:
    """Reads the login from its parts, the password from a file without the line break that ends it."""
    file = tmp_path / "password"
    file.write_text(f"{CANARY}\r\n")
    said = settings(host="db", password_file=str(file)).login()
    assert said == Login("db", 5432, "volaticloud", "volaticloud", CANARY, "prefer", origin=str(file))
    assert settings(host="db", user="u", password=CANARY).login() == Login(
        "db", 5432, "volaticloud", "u", CANARY, "prefer", origin="the settings under postgres"
    )


def test_a_secret_of_the_cluster() -> None:
    """Has no login of its own where a secret of the cluster holds it."""
    assert settings(secret="volaticloud/volaticloud-db-secret").login() is None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "set one of secret, url and host"),
        ({"host": "db", "url": URL}, "url and host are set; keep one"),
        ({"host": "db", "secret": "a/b", "url": URL}, "secret and url and host are set; keep one"),
        ({"url": URL, "user": "x"}, "user belong to host, which is not set"),
        ({"url": f"http://{CANARY}"}, "url must be an address of one host"),
        ({"host": "db", "password": CANARY, "password_file": "/x"}, "password and password_file are both set"),
        ({"host": "db", "port": 70000}, "postgres.port"),
        ({"host": " db"}, "begins or ends with white space"),
        ({"host": "db", "connections": 4}, "postgres.connections"),
        ({"host": "db", "statement_timeout": 0}, "postgres.statement_timeout"),
        ({"host": "db", "sslmode": "on"}, "postgres.sslmode"),
        ({"host": "db", "pasword": CANARY}, "there is no such setting"),
        ({"secret": "db-secret"}, "must be a namespace and a name"),
    ],
)
def test_errors(values: dict[str, Any], says: str) -> None:
    """Names what is wrong with its place and the remedy, and shows no value."""
    assert says in errors(**values)


def test_every_error_at_once() -> None:
    """Names every error, not only the first."""
    told = errors(host="db", port=0, connections=9, sslmode="x", pasword="y")
    assert "have 4 errors" in told
    both = errors(url="x", database="d", password="a", password_file="b")
    assert all(part in both for part in ("url must be", "belong to host", "both set"))


def test_a_secret_without_its_cluster() -> None:
    """Wants the cluster where the secret is."""
    assert "postgres.secret is in a cluster, and kubernetes is not set" in errors(secret="a/b")
    sound = {"kubernetes": {}, "postgres": {"secret": "a/b"}}
    assert EnvironmentSettings.model_validate(sound).postgres is not None


def test_a_password_file_that_is_not_there(tmp_path: Path) -> None:
    """Names the file of a password that cannot be read."""
    with pytest.raises(SettingsError, match=r"password_file .*none cannot be read"):
        settings(host="db", password_file=str(tmp_path / "none")).login()


def test_secrets_print_as_stars() -> None:
    """Prints no password, in whatever form it was given."""
    assert CANARY not in f"{settings(url=URL)!r}{settings(host='db', password=CANARY)!r}"

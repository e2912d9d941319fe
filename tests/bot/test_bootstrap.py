"""Tests of the wiring: the installation's key, the known secrets, and a memory that cannot be had."""

import stat
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import _fingerprint_key, _store_secrets, open_services
from bot.errors import StoreError
from bot.settings import Settings, SettingsError, parse
from tests.bot.clients.servers import nobody

SECRET, ADMIN, BOT, APP, REDIS = ("s3cr3t-canary-" + letter * 4 for letter in "abcde")


def settings(folder: Path, **more: Any) -> Settings:
    keycloak = {"url": nobody(), "client_secret": SECRET, "admin": {"client_secret": ADMIN}}
    return parse({"environments": {"production": {"keycloak": keycloak}}, "data_dir": str(folder), **more}, "here")


def unusable() -> dict[str, str]:
    return {"url": f"mysql://:{REDIS}@127.0.0.1"}


async def test_without_its_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Goes on without its memory when it may, and says so without the password."""
    async with open_services(settings(tmp_path, store=unusable()), memory_required=False) as services:
        assert services.store is None
    err = capsys.readouterr().err
    assert "not remembered" in err
    assert REDIS not in err


async def test_with_its_memory_required(tmp_path: Path) -> None:
    """Fails without its memory when it needs it, and says so without the password."""
    with pytest.raises(StoreError) as caught:
        async with open_services(settings(tmp_path, store=unusable()), memory_required=True):
            pass
    assert REDIS not in str(caught.value)


async def test_every_secret_is_known(tmp_path: Path) -> None:
    """Knows every secret of the settings, wherever it stands."""
    slack = {"bot_token": BOT, "app_token": APP, "channel": "C0123456789"}
    own = settings(tmp_path, slack=slack, store=unusable())
    async with open_services(own, memory_required=False) as services:
        for secret in (SECRET, ADMIN, BOT, APP, REDIS):
            assert secret not in services.redactor.text(f"it said {secret} to me")
        assert services.redactor.text("realm volaticloud, client volaticloud-api") == (
            "realm volaticloud, client volaticloud-api"
        )


def test_a_password_with_signs(tmp_path: Path) -> None:
    """Knows a Redis password as it is, not only as an address spells it."""
    known = [one.value for one in _store_secrets("rediss://user:p%40ss%2Fw0rd@host:6379/0")]
    assert "p@ss/w0rd" in known
    assert [one.value for one in _store_secrets("redis://[bad")] == ["redis://[bad"]


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """Makes the installation's key at the first start, for its owner's eyes only, and keeps it."""
    folder = tmp_path / "data"
    key = _fingerprint_key(folder)
    assert len(key) == 32
    assert _fingerprint_key(folder) == key
    assert stat.S_IMODE((folder / "fingerprint.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["fingerprint.key"]
    assert _fingerprint_key(tmp_path / "other") != key


def test_two_first_starts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the first key when two processes make one at the same time."""
    first = b"first" * 7
    exists = Path.exists

    def appears_meanwhile(path: Path) -> bool:
        there = exists(path)
        path.write_bytes(first)
        return there

    monkeypatch.setattr(Path, "exists", appears_meanwhile)
    assert _fingerprint_key(tmp_path) == first


def test_a_data_folder_that_is_none(tmp_path: Path) -> None:
    """Says that the data folder cannot be used, and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"The data folder .*file cannot be used: .*Set data_dir"):
        _fingerprint_key(tmp_path / "file")

"""Tests of the wiring: the installation's key, the known secrets, and a memory that cannot be had."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import _fingerprint_key, _store_secrets, open_services
from bot.errors import StoreError
from bot.platform.environment import fingerprints
from bot.runs.examiner import Order
from bot.settings import Settings, parse
from diagnostics.evidence.keycloak.kinds import KeycloakClientSecret
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
    assert len(key.content) == 32
    assert key.content.hex() not in repr(key)
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
    assert _fingerprint_key(tmp_path).content == first


async def test_a_data_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Looks all the same when the data folder cannot be used, and says what that means and what to do."""
    (tmp_path / "file").write_text("")
    async with open_services(settings(tmp_path / "file"), memory_required=False) as services:
        run = await services.examiner.examine(Order("keycloak", "production"))
    secret = run.seen().get(KeycloakClientSecret)
    assert isinstance(secret, KeycloakClientSecret)
    assert secret.fingerprint.endswith(" (this process only)")
    assert secret.marks() == ()
    assert services.store is None
    err = capsys.readouterr().err
    assert "fingerprints of secrets are of this process only" in err
    assert "Set data_dir to a folder of the bot's own" in err


@pytest.mark.parametrize("trouble", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_a_data_folder_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: int) -> None:
    """Makes a key of this process when the disk is full or read-only, and leaves no half file behind."""

    def refused(path: Path, _: bytes) -> int:
        raise OSError(trouble, os.strerror(trouble), str(path))

    monkeypatch.setattr(Path, "write_bytes", refused)
    first, second = _fingerprint_key(tmp_path), _fingerprint_key(tmp_path)
    assert os.strerror(trouble) in first.fault
    assert len(first.content) == 32
    assert first.content != second.content
    assert list(tmp_path.iterdir()) == []


def test_a_key_cut_short(tmp_path: Path) -> None:
    """Does not trust a key that a full disk cut short: anybody could guess it."""
    (tmp_path / "fingerprint.key").write_bytes(b"")
    key = _fingerprint_key(tmp_path)
    assert len(key.content) == 32
    assert "fingerprint.key cannot be used: it is cut short; remove it" in key.fault


def test_fingerprints_that_last() -> None:
    """Says of a fingerprint when it cannot be compared, and compares those that can be."""
    assert fingerprints(b"k")("s") == fingerprints(b"k", lasting=True)("s")
    assert fingerprints(b"k", lasting=False)("s") == fingerprints(b"k")("s") + " (this process only)"

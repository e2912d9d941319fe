"""The playground's certificate authority."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from cryptography import x509

from playground.world.certificates import Authority, Kind


def made(folder: Path, kind: Kind) -> tuple[Authority, x509.Certificate]:
    """An authority in `folder` and a server certificate of that kind."""
    authority = Authority.new(folder)
    authority.context(kind)
    return authority, x509.load_pem_x509_certificate((folder / f"server-{kind}.pem").read_bytes())


@pytest.mark.parametrize("kind", [kind for kind in get_args(Kind) if kind != "untrusted"])
def test_is_signed_by_the_authority(kind: Kind, tmp_path: Path) -> None:
    """It signs each of its own kinds itself."""
    authority, certificate = made(tmp_path, kind)
    certificate.verify_directly_issued_by(authority.certificate)


def test_untrusted_is_signed_by_another(tmp_path: Path) -> None:
    """It has the untrusted kind signed by somebody else."""
    authority, certificate = made(tmp_path, "untrusted")
    with pytest.raises(ValueError, match="issuer"):
        certificate.verify_directly_issued_by(authority.certificate)


@pytest.mark.parametrize(
    ("kind", "begun", "ended", "soon"),
    [
        ("good", True, False, False),
        ("expired", True, True, True),
        ("expiring", True, False, True),
        ("not-yet-valid", False, False, False),
    ],
)
def test_times(kind: Kind, *, begun: bool, ended: bool, soon: bool, tmp_path: Path) -> None:
    """It begins and ends as its kind says; "soon" is within a week."""
    _, certificate = made(tmp_path, kind)
    now = datetime.now(UTC)
    assert (certificate.not_valid_before_utc < now) is begun
    assert (certificate.not_valid_after_utc < now) is ended
    assert (certificate.not_valid_after_utc < now + timedelta(days=7)) is soon


def test_names(tmp_path: Path) -> None:
    """It names loopback, or for the wrong name something else altogether."""
    names = {}
    for kind in ("good", "wrong-name"):
        _, certificate = made(tmp_path, kind)
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names[kind] = [str(one.value) for one in found]
    assert names == {"good": ["localhost", "127.0.0.1"], "wrong-name": ["ingress.local"]}


def test_key_is_nobody_elses(tmp_path: Path) -> None:
    """It lets nobody else read a server's key."""
    made(tmp_path, "good")
    assert stat.S_IMODE((tmp_path / "server-good.pem").stat().st_mode) == 0o600

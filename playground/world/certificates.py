"""A small certificate authority of the playground's own, and server certificates, sound and unsound.

It is trusted by nobody but whoever is given its file, and its keys are never written down unencrypted
outside of the folder it is given.
"""

import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Kind = Literal["good", "expired", "expiring", "not-yet-valid", "wrong-name", "untrusted"]

NAMES = ("localhost", "127.0.0.1")  # the playground listens on loopback only
OTHER_NAMES = ("ingress.local",)  # what an ingress without a certificate of its own shows
_DAY = timedelta(days=1)
# From when until when each kind is valid, seen from the moment it is made.
_VALID: dict[Kind, tuple[timedelta, timedelta]] = {
    "good": (-_DAY, 90 * _DAY),
    "expired": (-91 * _DAY, -_DAY),
    "expiring": (-87 * _DAY, 3 * _DAY),  # inside the week in which a renewal should long have happened
    "not-yet-valid": (_DAY, 91 * _DAY),
    "wrong-name": (-_DAY, 90 * _DAY),
    "untrusted": (-_DAY, 90 * _DAY),
}


@dataclass(frozen=True)
class Authority:
    """A certificate authority that keeps what it makes in `folder`."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate = field(repr=False)

    @classmethod
    def new(cls, folder: Path, name: str = "Volati playground CA") -> "Authority":
        """A fresh authority; its certificate is in `ca_file`."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = cls(folder, key, _authority_certificate(name, key))
        made.ca_file.write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
        return made

    @property
    def ca_file(self) -> Path:
        """The file to trust, in PEM form."""
        return self.folder / "ca.pem"

    def issued(self, kind: Kind, *names: str) -> tuple[str, str]:
        """A certificate of that kind for these names, and its key, in PEM form: for what keeps them in an object."""
        signer = _stranger() if kind == "untrusted" else (self.key, self.certificate)
        pem = _server_pem(kind, *signer, names).decode()
        end = pem.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----\n")
        return pem[:end], pem[end:]

    def context(self, kind: Kind) -> ssl.SSLContext:
        """What a server needs to show a certificate of that kind."""
        signer = _stranger() if kind == "untrusted" else (self.key, self.certificate)
        chain = self.folder / f"server-{kind}.pem"
        chain.write_bytes(_server_pem(kind, *signer))
        chain.chmod(0o600)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        context.num_tickets = 0  # no session is resumed: each connection sees the certificate of the moment
        return context


def _authority_certificate(name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - 120 * _DAY)
        .not_valid_after(now + 120 * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def _server_pem(
    kind: Kind, ca_key: ec.EllipticCurvePrivateKey, ca: x509.Certificate, names: tuple[str, ...] = NAMES
) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    shown = OTHER_NAMES if kind == "wrong-name" else names
    certificate = _server_certificate((shown, _VALID[kind]), key.public_key(), ca_key, ca)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + private


def _server_certificate(
    says: tuple[tuple[str, ...], tuple[timedelta, timedelta]],
    key: ec.EllipticCurvePublicKey,
    ca_key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
) -> x509.Certificate:
    names, (begins, ends) = says
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        x509.CertificateBuilder(ca.subject, subject, key, x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(authority, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _stranger() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _authority_certificate("Somebody else's CA", key)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )

"""Certificates as facts: names, dates, fingerprints, whether a private key belongs to one; and how to look at any.

The library is big, and imported on use (`bot.footprint.at_hand`): an idle bot does without.
"""

import ssl
from typing import TYPE_CHECKING

from diagnostics.evidence.network import Certificate

if TYPE_CHECKING:
    from cryptography import x509


def any_certificate() -> ssl.SSLContext:
    """A context that accepts every certificate: used to look at one, never to send anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def certificate_of(der: bytes) -> Certificate | None:
    """The facts of a certificate in DER; None for one that cannot be read, which TLS then refuses too."""
    from cryptography import x509  # noqa: PLC0415 on use, see above

    try:
        return _facts(x509.load_der_x509_certificate(der))
    except _unreadable():
        return None


def certificate_in(pem: bytes) -> Certificate | None:
    """The facts of the first certificate of a PEM text: the server's own comes first. None as above."""
    from cryptography import x509  # noqa: PLC0415 as above

    try:
        return _facts(x509.load_pem_x509_certificate(pem))
    except _unreadable():
        return None


def key_fits(certificate: bytes, key: bytes) -> bool:
    """Whether a private key belongs to the first certificate of a text, both in PEM. One that is unreadable does not.

    The key is in no exception: what went wrong with it is nobody's business.
    """
    from cryptography import x509  # noqa: PLC0415 as above
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 as above
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    try:
        shown = x509.load_pem_x509_certificate(certificate).public_key()
        own = load_pem_private_key(key, password=None).public_key()
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return shown.public_bytes(*form) == own.public_bytes(*form)
    except _unreadable(TypeError):
        return False


def _unreadable(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """What reading a certificate raises for one that is none, or not by the rules; and what else may be raised."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 as above
    from cryptography.x509 import DuplicateExtension  # noqa: PLC0415 as above

    return (ValueError, DuplicateExtension, UnsupportedAlgorithm, *more)


def _facts(parsed: "x509.Certificate") -> Certificate:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 as above

    return Certificate(
        subject=parsed.subject.rfc4514_string(),
        issuer=parsed.issuer.rfc4514_string(),
        names=_names(parsed),
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        fingerprint=parsed.fingerprint(hashes.SHA256()).hex(),
    )


def _names(parsed: "x509.Certificate") -> tuple[str, ...]:
    """The names it is for: only the alternative names count (RFC 6125), addresses among them."""
    from cryptography import x509  # noqa: PLC0415 as above

    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    addresses = names.get_values_for_type(x509.IPAddress)
    return (*hosts, *(str(address) for address in addresses))

"""Keys and tokens: real RS256 signatures, JSON Web Keys, and what makes a token valid. It grants nothing."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

RSA_BITS = 2048  # what a new realm of the server uses
KEY_YEARS = 10  # the server's own key certificates live ten years
REFRESH_ALGORITHM = "HS512"


@dataclass(frozen=True)
class Key:
    """One RSA key of a realm, for signatures (`sig`) or encryption (`enc`)."""

    private: rsa.RSAPrivateKey = field(repr=False)
    use: str = "sig"

    @cached_property
    def kid(self) -> str:
        """Its id: a digest of the public key, so that equal keys have equal ids."""
        return _base64url(hashlib.sha256(self.public_der).digest())

    @cached_property
    def public_der(self) -> bytes:
        """The public half (SubjectPublicKeyInfo)."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.DER, form)

    @cached_property
    def jwk(self) -> Mapping[str, Any]:
        """As the server lists it (RFC 7517), with the certificate that it makes for each key."""
        numbers = self.private.public_key().public_numbers()
        der = _self_signed(self.private)
        return {
            "kid": self.kid,
            "kty": "RSA",
            "alg": "RS256" if self.use == "sig" else "RSA-OAEP",
            "use": self.use,
            "x5c": [base64.b64encode(der).decode()],
            "x5t": _base64url(hashlib.sha1(der).digest()),  # noqa: S324  # the field is defined as SHA-1
            "x5t#S256": _base64url(hashlib.sha256(der).digest()),
            "n": _base64url_number(numbers.n),
            "e": _base64url_number(numbers.e),
        }


@dataclass(frozen=True)
class Ring:
    """The keys of a realm: the one that signs, those that its JWKS lists, and all it still accepts."""

    signing: Key
    listed: tuple[Key, ...]
    accepted: tuple[Key, ...]
    refresh_secret: bytes = field(default_factory=lambda: secrets.token_bytes(64), repr=False)

    @classmethod
    def new(cls) -> "Ring":
        """A fresh ring. It takes about 0.2 s of pure computing: call it off the event loop."""
        first, envelope = new_key(), new_key("enc")
        return cls(signing=first, listed=(first, envelope), accepted=(first,))

    def rotated(self, key: Key) -> "Ring":
        """The same after a rotation as it should be: the new key signs and is listed first."""
        return replace(self, signing=key, listed=(key, *self.listed), accepted=(key, *self.accepted))

    def unlisted(self, key: Key) -> "Ring":
        """The same after a rotation that the list has not followed, as behind a stale cache."""
        return replace(self, signing=key, accepted=(key, *self.accepted))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A signed token, as RFC 7519 has it."""
        return jwt.encode(dict(claims), self.signing.private, "RS256", headers={"kid": self.signing.kid})

    def sign_refresh(self, claims: Mapping[str, Any]) -> str:
        """A refresh token: signed with a secret, since nobody but the server reads it."""
        return jwt.encode(dict(claims), self.refresh_secret, REFRESH_ALGORITHM)

    def claims(self, token: str, now_s: float) -> dict[str, Any] | None:
        """What a signed token says, or None when it is damaged, foreign or expired."""
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            said = jwt.decode(token, key, ["RS256"], options=_LOOK_ONLY) if key else None
        except jwt.InvalidTokenError:
            return None
        return said if said and said.get("exp", 0) > now_s else None

    def refresh_claims(self, token: str, now_s: float) -> dict[str, Any] | None:
        """What a refresh token says, or None when it is damaged or expired."""
        try:
            said = jwt.decode(token, self.refresh_secret, [REFRESH_ALGORITHM], options=_LOOK_ONLY)
        except jwt.InvalidTokenError:
            return None
        return said if said.get("exp", 0) > now_s else None

    def _key(self, kid: str | None) -> rsa.RSAPublicKey | None:
        return next((key.private.public_key() for key in self.accepted if key.kid == kid), None)


# Times are judged by the server's own clock, which a fault may have set wrong, never by the machine's.
_LOOK_ONLY: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}


def new_key(use: str = "sig") -> Key:
    """A fresh key pair."""
    return Key(new_pair(), use)


def new_pair() -> rsa.RSAPrivateKey:
    """A fresh RSA pair: about 0.06 s of pure computing."""
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def _self_signed(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "volaticloud")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365 * KEY_YEARS))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _base64url_number(number: int) -> str:
    return _base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))

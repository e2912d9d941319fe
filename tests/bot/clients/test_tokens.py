"""Tests of reading tokens: claims as facts, signatures told apart, and nothing that makes it fail otherwise."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.tokens import TOKEN_AT_MOST, TokenReader
from diagnostics.evidence.tokens import Key, MalformedTokenError, Signature

READER = TokenReader()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CLAIMS: dict[str, Any] = {
    "iss": "https://keycloak.example.com/realms/volaticloud",
    "sub": "5c6f",
    "aud": ["account", "volaticloud-api"],
    "azp": "dashboard",
    "iat": int(MOMENT.timestamp()),
    "nbf": int(MOMENT.timestamp()) - 1,
    "exp": int(MOMENT.timestamp()) + 300,
    "typ": "Bearer",
    "preferred_username": "alice",
    "sid": "s1",
    "scope": "email profile",
    "realm_access": {"roles": ["user"]},
    "resource_access": {"volaticloud-api": {"roles": ["uma_protection"]}, "account": {"roles": ["view", "edit"]}},
}


def signed(claims: Any = None, key: Any = RSA, algorithm: str = "RS256", kid: str | None = "k1") -> str:
    headers = {"kid": kid} if kid is not None else None
    return jwt.encode(CLAIMS if claims is None else claims, key, algorithm=algorithm, headers=headers)


def part(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def bare(header: Any, claims: Any, signature: str = "AAAA") -> str:
    return f"{part(header)}.{part(claims)}.{signature}"


def jwk(key: Any, kid: str | None = "k1", **more: Any) -> dict[str, Any]:
    maker: Any = (
        jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    )
    made: dict[str, Any] = {**json.loads(maker.to_jwk(key.public_key())), "use": "sig", **more}
    made.pop("key_ops", None)
    return {**made, "kid": kid} if kid is not None else made


def jwks(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


PUBLISHED = jwks(jwk(OTHER, "k0", alg="RSA-OAEP", use="enc"), jwk(RSA, alg="RS256"))


def test_claims() -> None:
    """Takes the claims that judging needs, with times aware and in UTC."""
    facts = READER.read(signed())
    assert (facts.algorithm, facts.key_id, facts.issuer) == ("RS256", "k1", CLAIMS["iss"])
    assert (facts.subject, facts.username, facts.session, facts.kind) == ("5c6f", "alice", "s1", "Bearer")
    assert (facts.audience, facts.authorized_party) == (("account", "volaticloud-api"), "dashboard")
    assert facts.issued_at == MOMENT
    assert facts.scopes == ("email", "profile")
    assert facts.realm_roles == ("user",)
    assert facts.client_roles == ("volaticloud-api/uma_protection", "account/view", "account/edit")


def test_a_single_audience() -> None:
    """Takes an audience that is one text as one."""
    assert READER.read(signed({"aud": "account"})).audience == ("account",)


def test_an_empty_token() -> None:
    """Leaves empty what is not there."""
    facts = READER.read(signed({}))
    assert (facts.issuer, facts.audience, facts.issued_at, facts.client_roles) == ("", (), None, ())


def test_an_old_token() -> None:
    """Reads a token that expired long ago: judging that is not its business."""
    assert READER.read(signed({"exp": 1, "nbf": 99999999999})).expires_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [None, "1", True, [], {}, -1e300, 1e300, 10**400, float("nan"), float("inf"), 1e18], ids=str
)
def test_strange_times(value: Any) -> None:
    """Takes a time that is none, or is beyond the calendar, for missing."""
    text = json.dumps({"exp": value, "iat": value})
    try:
        facts = READER.read(f"{part({'alg': 'RS256'})}.{part(text.encode())}.AAAA")
    except MalformedTokenError:
        return  # what is no JSON is no token
    assert (facts.expires_at, facts.issued_at) == (None, None)


MALFORMED = (
    "",
    ".",
    "..",
    "...",
    "a.b.c",
    "nonsense",
    "ey.ey.ey",
    "é.é.é",
    "\x00.\x00.\x00",
    "\ud800.a.b",
    signed() + ".more",
    signed().rpartition(".")[0],
    signed().replace(".", " "),
    bare([], {}),
    bare("RS256", {}),
    bare(None, {}),
    bare({}, []),
    bare({"alg": "RS256"}, "claims"),
    bare({"alg": "RS256"}, 5),
    bare({"alg": "RS256"}, None),
    bare({"alg": "RS256", "kid": 5}, {}),
    bare({"alg": "RS256", "kid": ["k1"]}, {}),
    bare({"alg": "RS256"}, b"[" * 30_000),
    bare(b"{" * 30_000, {}),
    bare({"alg": "RS256"}, b'{"a":' * 7_000),
    bare({"alg": "RS256", "b64": False}, {}),
    bare({"alg": "RS256"}, b"\xff\xfe"),
    "x" * (TOKEN_AT_MOST + 1),
)


@pytest.mark.parametrize("token", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_token(token: str) -> None:
    """Says why a text is no token, and repeats none of it."""
    with pytest.raises(MalformedTokenError) as caught:
        READER.read(token)
    why = str(caught.value)
    assert why
    assert len(why) < 200
    for piece in token.split("."):
        assert len(piece) < 4 or piece not in why


def test_the_size_of_a_token() -> None:
    """Reads a token up to the bound."""
    room = TOKEN_AT_MOST - len(bare({"alg": "RS256"}, {}))
    padded = bare({"alg": "RS256"}, {}, "A" * (room // 4 * 4))
    assert READER.read(padded).algorithm == "RS256"


def test_why_it_is_no_token() -> None:
    """Counts the parts, since that is what a person gets wrong when copying."""
    with pytest.raises(MalformedTokenError, match="three parts joined by dots; this text has 2"):
        READER.read("a.b")
    with pytest.raises(MalformedTokenError, match="it may have been cut while being copied"):
        READER.read("a.b.c")
    with pytest.raises(MalformedTokenError, match=f"at most {TOKEN_AT_MOST} are read"):
        READER.read("a" * (TOKEN_AT_MOST + 1))


WEIRD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(CLAIMS)), WEIRD), WEIRD, WEIRD)
def test_weird_claims(claims: dict[str, Any], algorithm: Any, kid: Any) -> None:
    """Reads claims of any type, or says that it is no token; what it reads can be saved."""
    try:
        facts = READER.read(bare({"alg": algorithm, "kid": kid}, claims))
    except MalformedTokenError:
        return
    assert msgspec.json.decode(msgspec.json.encode(facts))


@given(st.text() | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}", fullmatch=True))
def test_any_text(text: str) -> None:
    """Never raises anything but its own error."""
    for act in (READER.read, lambda token: READER.signature(token, PUBLISHED, ("RS256",))):
        try:
            act(text)
        except MalformedTokenError:  # anything else fails the test
            continue


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=10))
def test_any_parts(header: bytes, claims: bytes, signature: bytes) -> None:
    """Never raises anything but its own error, whatever the parts decode to."""
    try:
        READER.read(f"{part(header)}.{part(claims)}.{part(signature)}")
    except MalformedTokenError:  # anything else fails the test
        return


def test_half_a_surrogate_pair() -> None:
    """Puts a question mark for what no text may hold, so that it can be shown and saved."""
    facts = READER.read(bare({"alg": "RS256"}, b'{"sub":"a\\ud800b","resource_access":{"\\udfff":{"roles":["x"]}}}'))
    assert (facts.subject, facts.client_roles) == ("a?b", ("?/x",))


def test_a_valid_signature() -> None:
    """Finds the key by its id and accepts a signature that fits, expired or not."""
    assert READER.signature(signed({"exp": 1}), PUBLISHED, ("RS256",)) is Signature.VALID


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(CURVE, "ES256"), (RSA, "PS256"), (RSA, "RS512")],
)
def test_other_algorithms(key: Any, algorithm: str) -> None:
    """Checks the other algorithms Keycloak can be set to."""
    document = jwks(jwk(key))
    token = signed(key=key, algorithm=algorithm)
    assert READER.signature(token, document, (algorithm,)) is Signature.VALID
    assert READER.signature(token, document, ("RS256",)) is Signature.ALGORITHM_WRONG


def test_a_wrong_signature() -> None:
    """Tells a signature that does not fit from a key that is not there."""
    assert READER.signature(signed(key=OTHER), PUBLISHED, ("RS256",)) is Signature.WRONG
    assert READER.signature(signed(kid="k9"), PUBLISHED, ("RS256",)) is Signature.KEY_UNKNOWN
    assert READER.signature(signed(kid=None), PUBLISHED, ("RS256",)) is Signature.KEY_UNKNOWN
    assert READER.signature(signed(), jwks(), ("RS256",)) is Signature.KEY_UNKNOWN


def test_changed_claims() -> None:
    """Refuses claims that were changed after signing."""
    header, _, signature = signed().split(".")
    forged = f"{header}.{part({**CLAIMS, 'preferred_username': 'admin'})}.{signature}"
    assert READER.signature(forged, PUBLISHED, ("RS256",)) is Signature.WRONG


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256", "RS512"])
@pytest.mark.parametrize("accepted", [("RS256",), (), ("none", "RS256")])
def test_algorithms_that_are_not_accepted(algorithm: str, accepted: tuple[str, ...]) -> None:
    """Refuses an algorithm that is not accepted, and `none` even when somebody accepts it."""
    token = bare({"alg": algorithm, "kid": "k1"}, CLAIMS, "")
    assert READER.signature(token, PUBLISHED, accepted) is Signature.ALGORITHM_WRONG


def test_a_public_key_as_a_password() -> None:
    """Refuses a token that was signed with the text of the public key, even where HS256 is accepted."""
    token = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(CLAIMS)}"
    forged = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(token.encode(), PUBLISHED)
    assert READER.signature(f"{token}.{part(forged)}", PUBLISHED, ("RS256", "HS256")) is Signature.WRONG


@pytest.mark.parametrize(
    "raw",
    [
        {"kid": "k1"},
        {"kid": "k1", "kty": "RSA"},
        {"kid": "k1", "kty": "RSA", "n": 5, "e": "AQAB"},
        {"kid": "k1", "kty": "RSA", "n": "!!", "e": "AQAB"},
        {"kid": "k1", "kty": "RSA", "n": "AA", "e": "AA"},
        {"kid": "k1", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kid": "k1", "kty": ["RSA"]},
        {"kid": "k1", "kty": "oct", "k": "AA"},
        {"kid": "k1", "kty": "OKP", "crv": "Ed25519", "x": 7},
    ],
    ids=range(9),
)
def test_a_published_key_that_is_none(raw: dict[str, Any]) -> None:
    """Says of a published key that cannot be used that the signature does not fit it."""
    assert READER.signature(signed(), jwks(raw), ("RS256",)) is Signature.WRONG


@given(st.dictionaries(st.sampled_from(("kty", "n", "e", "d", "x", "y", "crv", "alg", "use", "k")), WEIRD))
def test_weird_keys(raw: dict[str, Any]) -> None:
    """Has an outcome for every published key."""
    assert READER.signature(signed(), jwks({**raw, "kid": "k1"}), ("RS256",)) in set(Signature)


def test_keys() -> None:
    """Lists the published keys without their numbers."""
    assert READER.keys(PUBLISHED) == (Key("k0", "RSA", "RSA-OAEP", "enc"), Key("k1", "RSA", "RS256", "sig"))


@pytest.mark.parametrize(
    "document",
    [b"", b"<html>", b"[]", b"5", b"null", b"{}", b'{"keys":5}', b'{"keys":[5,"a",null]}', b"[" * 100_000, b"\xff"],
    ids=range(10),
)
def test_no_key_set(document: bytes) -> None:
    """Has no keys where there is no key set."""
    assert READER.keys(document) == ()
    assert READER.signature(signed(), document, ("RS256",)) is Signature.KEY_UNKNOWN


@given(st.binary(max_size=100) | WEIRD.map(lambda value: json.dumps(value).encode()))
def test_any_key_set(document: bytes) -> None:
    """Lists keys of any document, and what it lists can be saved."""
    assert msgspec.json.encode(READER.keys(document))


@pytest.mark.parametrize(
    ("claims", "light"),
    [
        ({"typ": "Bearer", "azp": "c", "sub": "s", "scope": "email"}, True),
        ({"typ": "Bearer", "azp": "c", "sid": "x"}, True),
        ({"typ": "Bearer", "azp": "c", "preferred_username": "alice"}, False),
        ({"typ": "Bearer", "azp": "c", "aud": "account"}, False),
        ({"typ": "Bearer", "azp": "c", "realm_access": {"roles": ["r"]}}, False),
        ({"typ": "Bearer", "azp": "c", "resource_access": {"c": {"roles": ["r"]}}}, False),
        ({"typ": "ID", "azp": "c"}, False),
        ({"typ": "Bearer"}, False),
    ],
)
def test_a_lightweight_token(claims: dict[str, Any], light: bool) -> None:  # noqa: FBT001
    """Knows a lightweight token by what it leaves out."""
    token = jwt.encode(claims, "k" * 32, algorithm="HS256")
    assert TokenReader().read(token).lightweight is light

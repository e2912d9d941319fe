"""The canaries: made-up secrets, planted wherever secrets are, and searched for wherever text comes out."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

#: Each has signs that every encoding spells differently, and is told apart from the others by its name.
CANARIES: Mapping[str, str] = {
    "client secret": 'Cl1ent+Canary/7fQ&x9 =Zk"v',
    "admin secret": "Adm1n+Canary/3dW&m2=Tq<p>",
    "Slack bot token": "xoxb-824710395566-c4naryB0tK3nQzW8rT",
    "Slack app token": "xapp-1-A0C4NARY9-824710395566-c4naryAppT0kenQzW8rTmLpX",
    "Redis password": "R3dis-Canary-9vKq2Lx7",
    "password in an address": "Us3rInfo-Canary-5tBn8Wd4",
    "password in a page": "P4ge-Canary-6hJm3Rf9",
    "bearer token in a page": "B34rer-Canary-2zXc7Vb1Nm4Lk8",
    "opaque access token": "0paque-Canary-8yGt5Hu2Ij6Ok3",
    "cookie": "C00kie-Canary-4pAs9Df7Gh2Jk5",
}
#: The signature of a token is what makes it one: whoever has it can use the token.
_JWT = re.compile(rb"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{20,}")
#: Letters of a base64 text that belong to its neighbours, whatever comes before the secret.
_EDGE = 2


def spellings(secret: str) -> Iterator[str]:
    """A secret in every spelling in which it could come out."""
    yield secret
    yield quote(secret, safe="")
    yield quote(quote(secret, safe=""), safe="")
    yield json.dumps(secret)[1:-1]
    yield "".join(f"\\u{ord(letter):04x}" for letter in secret)
    yield "".join(f"%{ord(letter):02X}" for letter in secret)
    yield secret.encode().hex()
    yield from encoded(secret)


def encoded(secret: str) -> Iterator[str]:
    """The middle of a secret in base64, however many bytes stand before it."""
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"x" * before + secret.encode()).decode().rstrip("=")
            yield whole[2 * _EDGE : -_EDGE]


def assert_clean(blob: bytes, where: str) -> None:
    """Fail when a canary, in any spelling, or any whole token is in what came out of `where`."""
    text = blob.lower()
    for name, secret in CANARIES.items():
        for spelt in spellings(secret):
            place = text.find(spelt.lower().encode())
            around = blob[max(0, place - 60) : place + 60]
            assert place < 0, f"the {name} came out of {where}, spelt {spelt!r}: …{around!r}…"
    token = _JWT.search(blob)
    assert token is None, f"a token came out of {where}: {token}"

"""Says from a name alone how surely the value beside it is a secret.

The last word decides, as people name things: `DB_PASSWORD`, `clientSecret`, `x-api-key` hold secrets;
`PASSWORD_FILE`, `tokenEndpoint`, `secretKeyRef`, `access_key_id` hold something about one.
"""

from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from diagnostics.patterns import Pattern

__all__ = ["NAME", "SECRET_NAME", "Name", "Weight", "name_of"]


class Weight(Enum):
    """How much a name says about its value."""

    SURE = "the value is a secret, whatever it looks like"
    LIKELY = "the value is a secret unless it reads like a status, a number or a sentence"
    HINT = "only a long random value is a secret"
    NOTHING = "the value is no secret"


class Name(NamedTuple):
    """What a name says: how surely its value is a secret, and which rule a mask shall show."""

    weight: Weight
    label: str


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_OWNERS = (
    "api|access|account|auth|client|consumer|deploy|encryption|hmac|integration|jwt|license|master|private|"
    "recovery|routing|secret|service|shared|signing|ssh|storage|subscription|vultr"
)
_STEMS = (
    "pass|pwd|pw|masterauth|secret|token|credential|creds|jwt|auth|assertion|verifier|device_code|user_code|otp|sessi?onid|"
    f"sessid|keycloak_session|samlresponse|dockerconfigjson|dockercfg|apikey|(?:{_OWNERS})[_. \\-]?key"
)
NAME = r"[A-Za-z0-9_./\-]"  # the letters of a name: also dotted paths and `checksum/secret`
SECRET_NAME = f"{NAME}*(?i:{_STEMS}){NAME}*"  # whatever might be the name of a secret; `name_of` decides

_WORD = Pattern(r"[A-Z]+[a-z]*|[a-z]+|[0-9]+")
_LONGEST_NAME = 120  # bytes looked at; the end of a name decides

_ENDINGS = {
    ending: label
    for label, endings in (
        ("password", "password passwd passphrase passcode passwort otp masterauth requirepass"),
        ("password", "pgpass storepass keypass dbpass userpass"),
        ("secret", "secret verifier"),
        ("token", "token jwt assertion"),
        ("key", "apikey secretkey accesskey privatekey"),
        ("credential", "credential credentials creds dockerconfigjson dockercfg"),
        ("cookie", "jsessionid phpsessid"),
    )
    for ending in endings.split()
}
_SHORT = {"pwd": "password", "pw": "password", "pass": "password"}  # only as words of their own: not "bypass"
_ALONE_UNSURE = frozenset(
    ("secret", "token", "credential", "credentials", "creds", "jwt", "pass", "assertion", "verifier")
)
_WHOLE = {"auth_session_id": "cookie", "keycloak_session": "cookie", "device_code": "token", "user_code": "token"}
_PLURALS = {"tokens": "token", "secrets": "secret", "passwords": "password", "keys": "key"}
_HINTS = {"auth": "credential", "authorization": "credential", "samlresponse": "token", "sessionid": "cookie"}

# Words behind the deciding one that change nothing: PASSWORD_PROD, token2, client-key-data, id_token_hint.
_NEUTRAL = _words(
    "b64 base64 bytes confirm confirmation current data decoded dev encoded hash hashed hint live new next old plain "
    "plaintext prev previous prod production raw repeat staging str string test val value"
)
# Words that make the value something about a secret, wherever they stand behind it.
_ABOUT = _words(
    "age alg algorithm algorithms arn auth bytes certificate checksum class count created digest enabled endpoint "
    "error errors event exchange exists expiration expires expiry field file fingerprint format grant header hint id "
    "ids issuer kid kind label length level lifespan lifetime limit location manager max message method methods min "
    "mode mount name names namespace passed path policy prefix present provider ref reference refs required reset "
    "response rotation scheme scope server service size source state status store supported time timeout title ttl "
    "type types uri url usage used user username valid validity version volume"
)
# Words before that make it no secret: page tokens, counters, hashes of what may not be shown, public keys.
_BEFORE_TOKEN = _words("checksum completion continue max min next num page prompt sync total unexpected used")
_OWNED_KEYS = frozenset(_OWNERS.split("|")) - {"client", "integration", "routing", "service"}
_OPEN_KEYS = _words("cache dedup foreign idempotency partition primary public sort")

_NO = Name(Weight.NOTHING, "")


@lru_cache(maxsize=4096)  # the names in logs repeat; hostile ones push each other out
def name_of(name: bytes) -> Name:
    """Say what `name` tells about its value; only its last 120 bytes are looked at."""
    text = name[-_LONGEST_NAME:].decode("latin-1").strip("_./- ")
    if whole := _WHOLE.get(text.rpartition(".")[2].lower()):
        return Name(Weight.SURE, whole)
    words = [hit.group().decode().lower() for hit in _WORD.finditer(text.encode("latin-1"))]
    while len(words) > 1 and (words[-1] in _NEUTRAL or words[-1].isdigit()):
        words.pop()
    found = _of_words(words) if words else _NO
    # "secret key: x" may be two things, `secret` and `key: x`; ".../openid-connect/token: 401" is an address.
    if found.weight is Weight.SURE and (" " in text or "/" in text):
        return Name(Weight.LIKELY, found.label)
    return found


def _of_words(words: list[str]) -> Name:
    last, before = words[-1], words[:-1]
    if last == "key":
        return _key(before)
    if label := _label(last):
        return _named(label, last, before)
    if label := _PLURALS.get(last) or _HINTS.get(last):
        return Name(Weight.HINT, label)
    return _beside(words)


def _label(word: str) -> str | None:
    return _SHORT.get(word) or next((label for end, label in _ENDINGS.items() if word.endswith(end)), None)


def _named(label: str, last: str, before: list[str]) -> Name:
    if before and before[-1] in _BEFORE_TOKEN and label in {"token", "secret"}:
        return _NO
    return Name(Weight.LIKELY if last in _ALONE_UNSURE and not before else Weight.SURE, label)


def _key(before: list[str]) -> Name:
    owner = before[-1] if before else ""
    if owner in _OPEN_KEYS:
        return _NO
    return Name(Weight.SURE if owner in _OWNED_KEYS else Weight.HINT, "key")


def _beside(words: list[str]) -> Name:
    """A secret word is there, but not the last: `SECRET_KEYCLOAK` may be one, `TOKEN_URL` is not."""
    for at, word in enumerate(words):
        if label := _label(word):
            return _NO if _ABOUT.intersection(words[at + 1 :]) else Name(Weight.HINT, label)
    return _NO

"""Property-based tests of redaction: whatever the secret, whatever stands around it."""

import base64
import json
import string
import urllib.parse
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.redaction import KnownSecret, Redactor, mask
from diagnostics.redaction.sheet import Sheet

PLAIN = Redactor()
SIGNS = "!#$%&()*+,-./:;<=>?@[]^_{|}~ äß€😀\"'\\`"


def usual_secrets(signs: str = SIGNS) -> st.SearchStrategy[str]:
    """Give secrets as a generator makes them: at least 12 letters, a letter and a digit among them, any sign."""
    letters = st.text(alphabet=string.ascii_letters + string.digits + signs, min_size=10, max_size=40)
    return letters.map(lambda text: f"a{text}7")


def alphanumeric() -> st.SearchStrategy[str]:
    """Give secrets of letters and digits alone."""
    return usual_secrets(signs="")


_PIECES = r"""
    password token secret key code Authorization Cookie Bearer Basic name value : = := => " ' \ \" ` %22 %3D & ? , ; ( )
    [ ] { } < > | :// @ . - _ eyJabcdefghij -----BEGIN -----END PRIVATE KEY----- xoxb-123456789 AKIAABCDEFGHIJKLMN
    \u2039masked: redis:// postgres://u: http://h:1 ${ {{ <none> null 401 expired failed is --password
"""
_MARKS = ("\u2039", "\u203a", "\u2039masked: ", "\x1b[0m", "\x00", "\n", " ")


def everything() -> st.SearchStrategy[str]:
    """Give any text at all, lone surrogates and control characters included, mixed with what rules look for."""
    pieces = st.sampled_from(_PIECES.split())
    letters = st.text(st.characters(), max_size=6)
    return st.lists(pieces | letters | st.sampled_from(_MARKS), max_size=30).map("".join)


ENCODINGS: tuple[Callable[[str], str], ...] = (
    str,
    lambda text: urllib.parse.quote(text, safe=""),
    lambda text: urllib.parse.quote(text, safe="/:@"),
    urllib.parse.quote_plus,
    lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: json.dumps(json.dumps(text))[3:-3],
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    lambda text: text.encode().hex(),
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    lambda text: base64.b64encode(b"xy" + text.encode() + b"z").decode(),
    lambda text: base64.b64encode(b"user:" + text.encode() + b"\n").decode(),
)


@given(secret=usual_secrets(), encode=st.sampled_from(ENCODINGS), around=st.tuples(everything(), everything()))
@settings(max_examples=300)
def test_known_secret_never_remains(secret: str, encode: Callable[[str], str], around: tuple[str, str]) -> None:
    """It leaves nothing of a known secret in any encoding, whatever stands around it."""
    bare = secret.strip()
    spelt = encode(bare)
    redactor = Redactor([KnownSecret("planted", secret)])
    out = redactor.text(f"{around[0]} {spelt} {around[1]}")
    assert spelt not in out
    assert bare not in out
    assert mask("planted") in redactor.text(f"seen {spelt} there")


SHAPES = (
    "PASSWORD={}",
    "export DB_PASSWORD='{}'",
    "password: {}",
    "password: '{}'",
    '{{"user": "bob", "clientSecret": "{}"}}',
    '{{"log":"{{\\"password\\":\\"{}\\"}}"}}',
    "{{User:bob Password:{} Host:db}}",
    "Config(password={}, user=bob)",
    "level=info token={} user=bob",
    "https://h/cb?access_token={}&state=1",
    "grant_type=x&client_secret={}&scope=y",
    "postgresql://bob:{}@db:5432/x?sslmode=disable",
    "host=db password={} user=bob",
    "Authorization: Bearer {}",
    "Authorization: Token token={}",
    "-H 'Authorization: Bearer {}' https://h",
    "map[Authorization:[Bearer {}]]",
    "Cookie: session={}; x=y",
    "- name: DB_PASSWORD\n  value: {}",
    '{{"name":"DB_PASSWORD","value":"{}"}}',
    "<password>{}</password>",
    "mysql --password {} -h db",
    "ALTER USER x PASSWORD '{}'",
    "using token: {}",
    "xoxb-{}",
    "{{'api_key': '{}'}}",
)


@given(secret=alphanumeric(), shape=st.sampled_from(SHAPES), around=st.tuples(everything(), everything()))
@settings(max_examples=300)
def test_unknown_secret_is_masked_in_every_shape(secret: str, shape: str, around: tuple[str, str]) -> None:
    """It masks a secret it does not know wherever the text around it says that it is one."""
    out = PLAIN.text(f"{around[0]}\n{shape.format(secret)}\n{around[1]}")
    assert secret not in out


@given(
    secret=usual_secrets("!#$%*+-./:?@^_~"), shape=st.sampled_from([shape for shape in SHAPES if "xoxb" not in shape])
)
@settings(max_examples=200)
def test_signs_in_a_secret_do_not_cut_it(secret: str, shape: str) -> None:
    """It masks an unknown secret whole when signs stand in it that no notation gives a meaning."""
    out = PLAIN.text(shape.format(secret))
    assert secret not in out
    assert secret[-6:] not in out


@given(secret=usual_secrets())
def test_json_round_trip(secret: str) -> None:
    """It masks any string beside a secret's name in JSON, also in JSON inside JSON, and leaves JSON that parses."""
    text = json.dumps({"password": secret, "user": "bob"})
    assert json.loads(PLAIN.text(text)) == {"password": mask("password"), "user": "bob"}
    nested = json.loads(PLAIN.text(json.dumps({"log": text})))
    assert json.loads(nested["log"]) == {"password": mask("password"), "user": "bob"}


@given(text=everything())
@settings(max_examples=500)
def test_comes_to_rest(text: str) -> None:
    """It never crashes, and the second time changes nothing and reports nothing."""
    redactor = Redactor([KnownSecret("one", "Zk3-9fLq82"), KnownSecret("weak", "token")], ordinary=["realm"])
    once = redactor.text(text)
    again = redactor.report(once)
    assert again.text == once
    assert again.masked == ()


@given(text=st.text(st.characters(blacklist_categories=[]), max_size=200))
def test_any_text_without_secrets_survives(text: str) -> None:
    """It gives back every character of a text in which it masks nothing, lone surrogates too."""
    report = PLAIN.report(text)
    assert report.masked or report.text == text


nested_things = st.recursive(
    everything() | st.integers() | st.none() | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(everything(), inner, max_size=3) | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


@given(thing=nested_things)
@settings(max_examples=150)
def test_values_come_to_rest(thing: object) -> None:
    """It redacts any value without a crash, keeps its type, and then changes nothing."""
    once = PLAIN.value(thing)
    assert type(once) is type(thing)
    assert PLAIN.value(once) == once


@given(secret=usual_secrets(), thing=nested_things)
@settings(max_examples=100)
def test_known_secret_never_remains_in_a_value(secret: str, thing: object) -> None:
    """It finds a known secret at any depth, as a key and as a value."""
    bare = secret.strip()
    planted = {"a": [thing, {f"x {bare}": (bare, [f"--{bare}--"])}]}
    out = Redactor([KnownSecret("planted", bare)]).value(planted)
    assert json.dumps(bare)[1:-1] not in json.dumps(out, default=repr)


KNOWING = Redactor(
    [
        KnownSecret("strong", "vJ3kq9ZtLw82mXbR5nTy7PdF"),
        KnownSecret("phrase", "quartz lamp 77 over the olive harbour"),
        KnownSecret("weak", "hunter"),
    ]
)
HINTS = (
    "vJ3kq9ZtLw82mXbR5nTy7PdF",
    "aHVudGVy",
    "hunter",
    "quartz lamp \u2026",
    "quartz",
    "\u2026",
    "=",
    "volaticloud-bot-1",
)


@given(st.lists(everything() | st.sampled_from(HINTS), max_size=4).map("".join))
@settings(max_examples=500)
def test_one_look_for_all_rules_lets_nothing_pass(text: str) -> None:
    """It gives the same, whether or not it first looks for all rules at once."""
    for redactor in (PLAIN, KNOWING, PLAIN.also(KnownSecret("later", "vJ3kq9ZtLw82mXbR5nTy7PdF"))):
        assert redactor.report(text) == redactor._covered(Sheet(text.encode("utf-8", "surrogatepass")))

"""Finds secrets that give themselves away by their own form: tokens, private keys, header credentials.

It needs no name beside them. Each rule gives spans; which come first is said in `redactor`.
The prefixes are those their issuers publish (for GitHub's secret scanning and the like).
"""

from collections.abc import Iterator
from typing import NamedTuple

from diagnostics.patterns import Hit, Pattern, escaped
from diagnostics.redaction.rule import where
from diagnostics.redaction.sheet import STAMPS, Span
from diagnostics.redaction.values import is_credentials, is_ordinary, is_random, looks_made_up

__all__ = ["header_credentials", "inline_credentials", "jwts", "private_keys", "tokens"]

_SLACK_WAYS = ("services", "workflows", "triggers")
_BASE64_KEYS = ("BQUklWQVRF", "BSU0Eg", "BFQy", "BPUEVOU1NI", "BFTkNSWVBURUQ")
_WORD = rf"[A-Za-z0-9_\-{STAMPS}]"


class _Token(NamedTuple):
    """A kind of token: how it begins, what follows, what a mask calls it."""

    prefix: bytes
    tail: str
    label: str


def _kind(label: str, tail: str, *prefixes: str) -> Iterator[_Token]:
    return (_Token(prefix.encode(), tail, label) for prefix in prefixes)


_TOKENS = (
    *_kind("slack token", f"{_WORD}{{8,}}", "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxc-", "xoxd-", "xoxe-"),
    *_kind("slack token", f"{_WORD}{{8,}}", "xapp-", "xwfp-", "xoxe.xoxb-", "xoxe.xoxp-"),
    *_kind("slack webhook", rf"[A-Za-z0-9/_\-{STAMPS}]+", *(f"hooks.slack.com/{way}/" for way in _SLACK_WAYS)),
    *_kind("discord webhook", f"[0-9]+/{_WORD}+", "discord.com/api/webhooks/"),
    *_kind("aws key", "[A-Z0-9]{12,}", "AKIA", "ASIA"),
    *_kind("github token", f"{_WORD}{{20,}}", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    *_kind("gitlab token", f"{_WORD}{{16,}}", "glpat-"),
    *_kind("google key", f"{_WORD}{{30,}}", "AIza"),
    *_kind("google token", f"{_WORD}{{16,}}", "ya29.", "GOCSPX-"),
    *_kind("docker token", f"{_WORD}{{16,}}", "dckr_pat_", "dckr_oat_"),
    *_kind("npm token", "[A-Za-z0-9]{30,}", "npm_"),
    *_kind("pypi token", f"{_WORD}{{16,}}", "pypi-AgE"),
    *_kind("vault token", f"{_WORD}{{20,}}", "hvs.", "hvb.", "hvr."),
    *_kind("digitalocean token", "[0-9a-f]{40,}", "dop_v1_", "doo_v1_", "dor_v1_"),
    *_kind("stripe key", "[A-Za-z0-9]{16,}", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"),
    *_kind("model key", f"{_WORD}{{20,}}", "sk-ant-", "sk-proj-"),
    *_kind("sendgrid key", rf"{_WORD}{{16,}}\.{_WORD}{{16,}}", "SG."),
    *_kind("grafana token", f"{_WORD}{{20,}}", "glsa_"),
    *_kind("private key", "[A-Z0-9]{20,}", "AGE-SECRET-KEY-1"),
    # Base64 of "-----BEGIN " and PRIVATE, RSA, EC, OPENSSH, ENCRYPTED: a key inside a Kubernetes secret.
    *_kind("private key", "[A-Za-z0-9+/=]*", *(f"LS0tLS1CRUdJTi{kind}" for kind in _BASE64_KEYS)),
    # Hashes of passwords: bcrypt, argon2, crypt, PostgreSQL's.
    *_kind("password hash", r"[A-Za-z0-9./$=,+_\-]{20,}", "$2a$", "$2b$", "$2y$", "$argon2", "$5$", "$6$"),
    *_kind("password hash", r"[0-9]+:[A-Za-z0-9+/=$:]+", "SCRAM-SHA-256$"),
)
_ANY_TOKEN = Pattern("|".join(f"{escaped(kind.prefix)}{kind.tail}" for kind in _TOKENS))
_LABELS = tuple((kind.prefix, kind.label) for kind in _TOKENS)
_TELEGRAM = Pattern(rf"[0-9]{{8,10}}:AA{_WORD}{{33}}")


@where(_ANY_TOKEN)
def tokens(data: bytes) -> Iterator[Span]:
    """Find tokens that begin as their issuer says they do."""
    for hit in _ANY_TOKEN.finditer(data):
        found = hit.group()
        label = next(label for prefix, label in _LABELS if found.startswith(prefix))
        yield Span(hit.start(), hit.end(), label)


@where(_TELEGRAM)
def telegram_tokens(data: bytes) -> Iterator[Span]:
    """Find the tokens of Telegram bots, which freqtrade's configuration holds."""
    return (Span(hit.start(), hit.end(), "telegram token") for hit in _TELEGRAM.finditer(data))


# Two to five parts: signed, encrypted, and cut off in a log.
_JWT = Pattern(rf"ey[JA][A-Za-z0-9_\-{STAMPS}]{{8,}}(?:\.|%2[eE]){_WORD}+(?:(?:\.|%2[eE]){_WORD}*){{0,3}}")


@where(_JWT)
def jwts(data: bytes) -> Iterator[Span]:
    """Find JSON Web Tokens, signed or encrypted: `eyJ` is base64 of `{"`, `eyA` of `{ `; "KeyJoiner.run" is none."""
    for hit in _JWT.finditer(data):
        if data[max(0, hit.start() - 1) : hit.start()] not in {b"K", b"k"}:
            yield Span(hit.start(), hit.end(), "jwt")


_BEGIN = Pattern(r"-----BEGIN[ +][A-Z0-9 +]*PRIVATE[ +]KEY(?:[ +]BLOCK)?-----")
_FENCE = Pattern(r"-----BEGIN|-----END[ +][A-Z0-9 +]*PRIVATE[ +]KEY(?:[ +]BLOCK)?-----")
_BODY = Pattern(
    r"(?:(?:\s|\\+[nr])*(?:(?:Proc-Type|DEK-Info|Version|Comment): ?[^\n\\]*|[A-Za-z0-9+/=]{16,}))*"
    r"(?:(?:\s|\\+[nr])*[A-Za-z0-9+/]{0,15}={0,2})?"
)
_JWK = Pattern(r"\\*\"(?:d|p|q|dp|dq|qi|k)\\*\"\s*:\s*\\*\"([A-Za-z0-9_\-]{40,})")


@where(_BEGIN)
def private_keys(data: bytes) -> Iterator[Span]:
    """Find private keys from BEGIN to END; one that was cut off ends where its letters end."""
    at = 0
    while begin := _BEGIN.search(data, at):
        fence = _FENCE.search(data, begin.end())
        if fence and fence.group().startswith(b"-----END"):
            at = fence.end()
        else:
            body = _BODY.match(data, begin.end())
            at = body.end() if body else begin.end()
        yield Span(begin.start(), at, "private key")


@where(_JWK)
def private_jwks(data: bytes) -> Iterator[Span]:
    """Find the private numbers of a key written as JSON."""
    return (Span(*hit.span(1), "private key") for hit in _JWK.finditer(data))


_HEADER = Pattern(
    r"(?i:(authorization)|(?:set-)?cookie2?)(?:\\*[\"'`*]|%22|&quot;){0,2}"
    r"[ \t]*(?:=>|[:=]|%3[aA])[ \t]*(?:\\*[\"'`\[]|%22|&quot;){0,2}"
)
_SCHEME = Pattern(
    r"(?i:(basic)|(bearer|dpop|token|apikey)|digest|negotiate|ntlm|aws4-hmac-sha256|signature)(?:[ \t]+|%20|\+)"
)
_ONE = Pattern(r"[^\s\"'`,;\]}\\\x00]+")
_REST = Pattern(r"[^\n\r\"`\]\\\x00]+")
_LINE = Pattern(r"[^\n\r]+")
_CRUMB = Pattern(rf"[^\s=;,\"'`]*(?:=|[{STAMPS}])")
_GLANCE = 256  # bytes looked at before a value is read to its end: what is left alone must have cost little
_CRUMBS = Pattern(r"(?:=\"[^\"\n\r]*\"|[^\n\r\"`\]\\\x00])+")
_IN_SINGLE = Pattern(r"[^\n\r'\]\\\x00]+")


@where(_HEADER)
def header_credentials(data: bytes) -> Iterator[Span]:
    """Find the values of Authorization, Cookie and Set-Cookie, as a header, in JSON, in a dump of a map."""
    at = 0
    while hit := _HEADER.search(data, at):
        found = _authorization(data, hit) if hit.has(1) else _cookie(data, hit)
        at = found.end if found else hit.end()
        if found:
            yield found


def _authorization(data: bytes, hit: Hit) -> Span | None:
    scheme = _SCHEME.match(data, hit.end())
    if scheme is None:
        first = _ONE.match(data, hit.end(), hit.end() + _GLANCE)
        value = _ONE.match(data, hit.end()) if first and looks_made_up(first.group()) else None
        return Span(*value.span(), "authorization") if value else None
    value = _credentials(scheme).match(data, scheme.end())
    if value is None or is_ordinary(value.group()):
        return None
    return Span(*value.span(), _scheme_label(scheme))


def _credentials(scheme: Hit) -> Pattern:
    """One word behind Basic and Bearer; Digest and Signature go on, with quotes inside."""
    if scheme.has(1) or scheme.has(2):
        return _ONE
    return _LINE if scheme.group()[:1] in b"dDsS" else _REST


def _scheme_label(scheme: Hit) -> str:
    if scheme.has(1):
        return "basic credentials"
    return "bearer token" if scheme.has(2) else "authorization"


def _cookie(data: bytes, hit: Hit) -> Span | None:
    """A cookie has a `name=`; otherwise the line speaks about cookies."""
    if _CRUMB.match(data, hit.end(), hit.end() + _GLANCE) is None:
        return None
    opened = b"'" in hit.group() or data[max(0, hit.start() - 1) : hit.start()] == b"'"
    value = (_IN_SINGLE if opened else _CRUMBS).match(data, hit.end())
    return Span(*value.span(), "cookie") if value else None


_INLINE = Pattern(r"(?i:\b(bearer)|\b(basic))(?:[ \t]+|%20|\+)([A-Za-z0-9._~+/\-]{6,}=*)")


@where(_INLINE)
def inline_credentials(data: bytes) -> Iterator[Span]:
    """Find `Bearer x` and `Basic x` outside a header; "Bearer authentication" is prose."""
    for hit in _INLINE.finditer(data):
        value = hit.group(3)
        if hit.has(1) and (looks_made_up(value) or is_random(value[:128])):
            yield Span(*hit.span(3), "bearer token")
        elif hit.has(2) and is_credentials(value):
            yield Span(*hit.span(3), "basic credentials")

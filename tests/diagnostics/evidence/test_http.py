"""Tests of what is taken from an HTTP answer: plain facts, bounded, whatever the server sends."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.evidence.http import (
    ADDRESS,
    EXCERPT,
    TYPE,
    WORDS,
    Answer,
    NoAnswer,
    Outgoing,
    Reply,
    Stage,
    answered,
    replied,
    silence,
)
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.redaction import KnownSecret, Redactor

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def reply(body: bytes, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, named, body, took_ms=7, received_at=NOW)


def test_an_oauth_error() -> None:
    """Takes error and description from a JSON answer, and no piece of its body."""
    answer = reply(b'{"error":"invalid_client","error_description":"No such client"}', 401).answer()
    assert answer.refusal == "HTTP 401 invalid_client: No such client"
    assert (answer.is_json, answer.ok, answer.excerpt, answer.took_ms) == (True, False, "", 7)


def test_an_admin_error() -> None:
    """Takes the description where the admin API puts it."""
    assert reply(b'{"errorMessage":"User exists"}', 409).answer().refusal == "HTTP 409: User exists"


def test_a_page() -> None:
    """Keeps the first words of what is not JSON, on one line, with its type and where it leads."""
    answer = reply(b"<html>\n  <b>Hi</b>", 302, content_type="text/html", location="/login").answer()
    assert (answer.excerpt, answer.content_type, answer.location) == ("<html> <b>Hi</b>", "text/html", "/login")
    assert not answer.is_json


def test_an_excerpt_is_cut_between_words() -> None:
    """Cuts a page between two words: half a secret could not be recognised as one."""
    secret = "k7Qz" * 8
    for before in range(EXCERPT - 40, EXCERPT + 5):
        body = f"{'a' * before} {secret} and more words".encode()
        excerpt = reply(body).answer().excerpt
        assert len(excerpt) <= EXCERPT + 2
        assert secret in excerpt or "k7Qz" not in excerpt


PHRASE = "quartz lamp 77 over the\tolive  harbour"


def test_a_known_secret_that_the_cut_runs_through() -> None:
    """Shows no beginning of a known secret of several words, wherever the cut falls, nor one on several lines."""
    cleaner = Redactor([KnownSecret("passphrase", PHRASE)])
    for before in range(EXCERPT - 60, EXCERPT + 5):
        body = f"{'a' * before} {PHRASE} and more words".encode()
        shown = cleaner.value(reply(body).answer()).excerpt
        assert not any(word in shown for word in PHRASE.split()), shown
    for blanks in range(4 * EXCERPT - 60, 4 * EXCERPT + 5):
        body = f"page{' ' * (blanks - 4)}{PHRASE} and more words".encode()
        shown = cleaner.value(reply(body).answer()).excerpt
        assert not any(word in shown for word in PHRASE.split()), shown


def test_a_known_secret_in_a_long_description() -> None:
    """Shows no beginning of it in a server's own words either."""
    cleaner = Redactor([KnownSecret("passphrase", PHRASE)])
    for before in range(WORDS - 60, WORDS + 5):
        body = json.dumps({"error": "e", "error_description": f"{'a' * before} {PHRASE} and more"}).encode()
        shown = cleaner.value(reply(body, 400).answer()).refusal
        assert not any(word in shown for word in PHRASE.split()), shown


def test_a_long_content_type() -> None:
    """Bounds a content type."""
    assert len(reply(b"", content_type="text/html; " + "a=b; " * 10_000).answer().content_type) <= TYPE
    assert reply(b"", content_type="x" * 10_000).answer().content_type == "…"


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("https://h.example/a?" + "q" * (ADDRESS - 20), "https://h.example/a?" + "q" * (ADDRESS - 20)),
        ("https://h.example:8443/a/" + "k7Qz" * 9_000, "https://h.example:8443/ …"),
        ("https://h.example?state=" + "k7Qz" * 9_000, "https://h.example/ …"),
        ("https://" + "h" * 9_000 + "/", "…"),
        ("/a/" + "k7Qz" * 9_000, "…"),
    ],
)
def test_a_long_location(location: str, kept: str) -> None:
    """Keeps an ordinary address whole, and of one that is too long no piece that could be half a secret."""
    assert reply(b"", 302, location=location).answer().location == kept


def test_a_long_page_is_cut_between_words_too() -> None:
    """Does the same where the page is longer than what is looked at."""
    secret = "k7Qz" * 8
    for before in range(4 * EXCERPT - 40, 4 * EXCERPT + 5):
        excerpt = reply(b" " * before + secret.encode() + b" rest" * 50).answer().excerpt
        assert secret in excerpt or "k7Qz" not in excerpt


def test_a_long_description_is_bounded() -> None:
    """Bounds the words of a server that does not stop, and shows that it did."""
    body = json.dumps({"error": "x", "error_description": "word " * 100_000}).encode()
    description = reply(body, 400).answer().description
    assert len(description) <= WORDS
    assert description.endswith("word …")


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[" * 100_000, b'"\\ud800"', b"\xff\xfe", b"NaN", b'{"a":', b'{"a":1}x', b"9" * 10_000],
    ids=["nothing", "words", "deep", "half a surrogate", "no utf-8", "NaN", "cut", "more", "huge number"],
)
def test_what_is_no_json(body: bytes) -> None:
    """Gives no document for what is not JSON, and does not fail over it."""
    assert reply(body).document() is None
    assert not reply(body).answer().is_json


@pytest.mark.parametrize("body", [b'"text"', b"5", b"true"])
def test_json_that_is_no_object(body: bytes) -> None:
    """Does not take a bare value for an answer of an API."""
    assert not reply(body).answer().ok


@pytest.mark.parametrize(
    ("header", "date"),
    [
        ("Fri, 02 Jan 2026 03:04:05 GMT", NOW),
        ("", None),
        ("yesterday", None),
        ("Fri, 02 Jan 99999999999 03:04:05 GMT", None),
        ("Fri, 02 Jan 2026 99:04:05 GMT", None),
        ("Fri, 02 Jan 2026 03:04:05 +9999999999", None),
    ],
)
def test_the_servers_clock(header: str, date: datetime | None) -> None:
    """Reads the server's clock from its Date, and nothing from what is no date."""
    assert reply(b"{}", date=header).answer().date == date


@given(st.binary(max_size=2000), st.integers(100, 599), st.dictionaries(st.text(max_size=20), st.text(max_size=200)))
def test_any_answer(body: bytes, status: int, headers: dict[str, str]) -> None:
    """Makes something of every answer."""
    answer = Reply(status, headers, body, 1, NOW).answer()
    assert answer.status == status
    assert len(answer.excerpt) <= EXCERPT + 2


@given(st.text(), st.text())
def test_any_error(error: str, description: str) -> None:
    """Gives back an error in its own words, as long as they are few."""
    body = json.dumps({"error": error, "error_description": description}).encode()
    answer = reply(body, 400).answer()
    if answer.is_json and len(error) <= WORDS:
        assert answer.error == error


@pytest.mark.parametrize(("status", "ok"), [(199, False), (200, True), (204, True), (299, True), (300, False)])
def test_success(status: int, ok: bool) -> None:  # noqa: FBT001
    """Counts as success what begins with a 2 and is JSON."""
    assert Answer(status, 1, is_json=True).ok is ok
    assert not Answer(status, 1).ok


def test_what_is_sent_stays_hidden() -> None:
    """Shows in its repr neither the form, nor the body, nor the token, nor what came back."""
    request = Outgoing("POST", "https://x", {"client_secret": "hunter2"}, {"name": "hunter2"}, "hunter2")
    assert "hunter2" not in repr(request)
    assert "hunter2" not in repr(reply(b"hunter2"))


def test_stages_before_the_request() -> None:
    """Counts all but the answer as before the request."""
    assert [stage for stage in Stage if not stage.before_request] == [Stage.ANSWER]


def test_no_reply() -> None:
    """Says who gave no answer and why: a timeout when a deadline ended it, else unreachable."""
    late = NoAnswer(Stage.ANSWER, "nothing within 4 s", timed_out=True, took_ms=4000)
    gone = NoAnswer(Stage.CONNECT, "Connection refused", timed_out=False, took_ms=1)
    for exchange, reason in ((late, Reason.TIMEOUT), (gone, Reason.UNREACHABLE)):
        with pytest.raises(CouldNotLookError, match=f"The admin API gave no answer: {exchange.detail}") as caught:
            replied(exchange, "The admin API")
        assert caught.value.reason is reason
        assert answered(exchange) is exchange
    whole = reply(b"{}")
    assert replied(whole, "It") is whole
    assert isinstance(answered(whole), Answer)


def test_silence() -> None:
    """Nobody answered where no exchange was answered; the first one's words say why."""
    nothing = NoAnswer(Stage.CONNECT, "connection refused", timed_out=False, took_ms=1)
    assert silence(nothing, nothing) == "connection refused"
    assert silence(nothing, reply(b"").answer()) == ""
    assert silence(reply(b"").answer()) == ""
    assert silence(None) == ""
    assert silence() == ""

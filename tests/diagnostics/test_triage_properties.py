"""What holds for the triage of every text there could be."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.catalogue import load_catalogue
from diagnostics.redaction import Redactor
from diagnostics.signatures import Source
from diagnostics.triage import Triage, triage

CATALOGUE = load_catalogue()
EXAMPLES = [line for one in CATALOGUE.signatures for line in (*one.examples, *one.counter_examples)]
PIECES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(EXAMPLES),
    st.sampled_from(
        ["\n", "\r\n", "\x1b[31m", "panic: ", "goroutine 1 [running]:\n", "\t/a.go:1 +0x1", '{"log":', "\0"]
    ),
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)
SOURCES = st.sampled_from([None, *Source])


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(TEXTS, SOURCES, st.sampled_from([1, 50, 1_000_000]))
def test_any_text(text: str, source: Source | None, most: int) -> None:
    """It crashes on no text, counts right, shows only lines that are there, and survives JSON."""
    found = triage(text, CATALOGUE, Redactor(), source, most)
    last = found.unread_lines + max(1, found.lines)
    for match in found.matches:
        assert found.unread_lines < match.first <= match.last
        assert match.first <= last
        assert 1 <= len(match.excerpts) <= match.count
    assert len(found.suspects) <= found.suspect_count
    assert msgspec.json.decode(msgspec.json.encode(found), type=Triage) == found


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.sampled_from(EXAMPLES), max_size=12))
def test_no_line_is_lost(lines: list[str]) -> None:
    """It knows every error in a text that it knows by itself, whatever stands around it."""
    alone = {match.id for line in lines for match in triage(line, CATALOGUE, Redactor(), Source.ANY).matches}
    text = "\n----\n".join(lines)
    together = {match.id for match in triage(text, CATALOGUE, Redactor(), Source.ANY).matches}
    anywhere = {id for id in alone if CATALOGUE[id].anywhere}
    beaten = {loser for id in together for loser in CATALOGUE[id].wins_over}
    assert anywhere <= together | beaten

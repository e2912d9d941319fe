"""What holds for the message of every diagnosis there could be."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.slack.limits import FALLBACK_TEXT, faults, texts
from bot.slack.plain import plain
from bot.slack.views.headline import closing
from bot.slack.views.verdict import Frame, plainly, verdict
from diagnostics.model import (
    Change,
    Diagnosis,
    Fact,
    Finding,
    Reason,
    Severity,
    Subject,
    Suggestion,
    SuggestionKind,
    Unobserved,
    Verdict,
)
from diagnostics.runbook import Section
from playground.slack.limits import check_message
from playground.slack.messages import Content
from tests.bot.slack import samples

PIECES = st.sampled_from(
    ["<!channel>", "&", "`", "```", "*", "_", "\n", "\u202e", "😀", "<@U1>", "&lt;", "\ud800", "ab "]
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.lists(PIECES, max_size=20).map("".join),
    st.builds(lambda piece, times: piece * times, PIECES, st.sampled_from([2, 20, 3_200])),
)
IDS = st.sampled_from([f"keycloak.fault-{number}" for number in range(30)])
FINDINGS = st.builds(
    Finding,
    id=IDS,
    title=TEXTS,
    severity=st.sampled_from(Severity),
    subject=st.builds(Subject, TEXTS, TEXTS),
    summary=TEXTS,
    evidence=st.lists(st.builds(Fact, TEXTS, TEXTS), max_size=12).map(tuple),
    command=TEXTS,
    section=st.sampled_from(Section),
    seen_from=TEXTS,
)


def many(one: "st.SearchStrategy[object]", most: int) -> "st.SearchStrategy[tuple[object, ...]]":
    return st.builds(lambda few, times: tuple(few * times), st.lists(one, max_size=3), st.sampled_from([1, 2, most]))


def causes(findings: "tuple[object, ...]") -> "st.SearchStrategy[tuple[object, ...]]":
    """Causes as they are made: each stands on a finding, and explains some of the others."""
    if not findings:
        return st.just(())
    some = st.lists(st.sampled_from(findings), max_size=5)
    return many(st.builds(lambda root, below: samples.cause(root, *below), st.sampled_from(findings), some), 20)


def about(findings: "tuple[Finding, ...]") -> "st.SearchStrategy[Diagnosis]":
    """Diagnoses with these findings."""
    subjects = st.sampled_from([one.subject for one in findings]) if findings else st.builds(Subject, TEXTS, TEXTS)
    return st.builds(
        Diagnosis,
        area=st.sampled_from(["keycloak", "server"]),
        environment=TEXTS,
        verdict=st.sampled_from(Verdict),
        causes=causes(findings),
        findings=st.just(findings),
        unobserved=many(st.builds(Unobserved, TEXTS, st.sampled_from(Reason), TEXTS, st.booleans()), 20),
        changes=many(st.builds(Change, TEXTS, TEXTS, TEXTS), 20),
        suggestions=many(st.builds(Suggestion, st.sampled_from(SuggestionKind), IDS, subjects, TEXTS, TEXTS), 20),
        started_at=st.just(samples.AT),
        duration_ms=st.integers(0, 10_000_000),
    )


DIAGNOSES = many(FINDINGS, 20).flatmap(about)  # type: ignore[arg-type] # `many` does not know of what
FRAMES = st.builds(
    Frame, st.sampled_from([None, "https://book.example.com/x", "https://book.example.com/" + "x" * 3_000])
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(DIAGNOSES, FRAMES)
def test_slack_takes_every_message(diagnosis: Diagnosis, frame: Frame) -> None:
    """It breaks no limit of Slack's, can be sent, and can be read in a terminal, whatever was found."""
    run = samples.run(diagnosis)
    for message in (verdict(run, frame), plainly(run), closing(diagnosis, "U0ONCALL0")):
        assert faults(message.text, message.blocks) == ()
        check_message(
            Content(message.text, message.blocks), text_limit=FALLBACK_TEXT
        )  # the simulated Slack's own count
        json.dumps(message.as_json(), ensure_ascii=False).encode("utf-8")
        assert plain(message)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(DIAGNOSES)
def test_no_value_pings_anyone(diagnosis: Diagnosis) -> None:
    """It never turns a value into a mention or a link: where we link nothing, there is none."""
    message = verdict(samples.run(diagnosis), Frame())
    assert not any("<" in text for block in message.blocks for text in texts(block))
    assert "<" not in message.text


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(DIAGNOSES)
def test_run_is_always_named(diagnosis: Diagnosis) -> None:
    """It always says how to see the whole run again."""
    assert "volati replay 3f9c2a71b0de" in plain(verdict(samples.run(diagnosis), Frame()))

"""The modals, the Home tab and the private answers, whole, as golden files; and what must hold of each."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.people.access import Grant, OwnRights, Read, Role, Source, Standing, Who
from bot.runs.board import Board, Row
from bot.slack.limits import faults
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.view import CHOICES, View, choice, error_text
from bot.slack.views.again import Again, again_button, interrupted, without_buttons
from bot.slack.views.answers import joined
from bot.slack.views.home import BUTTONS_AT_MOST, closed, home
from bot.slack.views.modals import answered, ask_for_token, ask_for_why, looking, notice, token_form, why_form
from bot.slack.views.status import status
from bot.slack.views.token import token_answer
from bot.slack.views.verdict import Frame, verdict
from bot.slack.views.why import why_answer
from bot.slack.words import ago
from bot.words.commands import Token, Why
from diagnostics.areas import area_named
from diagnostics.evidence.http import Answer
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import (
    AskedResource,
    AskedUser,
    KeycloakAdmin,
    KeycloakDecision,
    KeycloakLogin,
    KeycloakProtection,
    KeycloakRealm,
    PresentedToken,
    RealmPage,
    Resource,
    Vote,
)
from diagnostics.evidence.tokens import Signature, TokenFacts
from diagnostics.judge import Span, judge
from diagnostics.model import Evidence, Reason, Unobserved
from diagnostics.observe import Seen
from diagnostics.runs import Run
from playground.slack.limits import check_view
from tests.bot.slack import samples

NOW = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
PLACES = ("production", "staging")
OK = Answer(200, 12, is_json=True)
REFUSED = Answer(401, 9, is_json=True, error="invalid_client", description="Invalid client credentials")
QUESTION = Question("bob", "view", "Alice's <grid> bot")
BOT = Resource("b-1", "Alice's <grid> bot", "bot", "u-1", "alice", "u-1", ("view", "edit"))
TOKEN = TokenFacts(
    algorithm="RS256",
    key_id="k1",
    issuer="https://auth.volaticloud.com/realms/volaticloud",
    subject="u-1",
    audience=("account",),
    authorized_party="volaticloud-api",
    issued_at=NOW - timedelta(hours=1),
    not_before=None,
    expires_at=NOW - timedelta(minutes=30),
    kind="Bearer",
    username="alice",
    realm_roles=("offline_access",),
)


def judged(area: str, *found: Evidence | Unobserved, kinds: tuple[type[Evidence], ...] = ()) -> Run:
    """A run of these, judged as ever. `kinds` name those that were not seen."""
    known = area_named(area)
    assert known is not None
    lacks = iter(kinds)
    seen = Seen({next(lacks) if isinstance(one, Unobserved) else type(one): one for one in found})
    diagnosis = judge(known, "production", seen, samples.CONTEXT, Span(samples.AT, 340))
    return Run.of("3f9c2a71b0de", deep=False, context=samples.CONTEXT, seen=seen, diagnosis=diagnosis)


WAY = (
    KeycloakRealm((RealmPage("", OK, "volaticloud"),)),
    KeycloakLogin(OK),
    KeycloakProtection(OK, ("uma_protection",)),
    KeycloakAdmin(OK),
    AskedUser("bob", found=True, id="u-2", username="bob", enabled=True),
    AskedResource("b-1", "view", BOT),
)
VOTES = (
    Vote("Permission b-1", "permission", granted=False, under=""),
    Vote("Owner <b-1>", "policy", granted=False, under="Permission b-1"),
)
FOR = (Vote("Permission b-1", "permission", granted=True, under=""),)
DENIED = judged("why", *WAY, KeycloakDecision(granted=False, allowed=(), votes=VOTES))
GRANTED = judged("why", *WAY, KeycloakDecision(granted=True, allowed=("view",), votes=FOR))
BLIND = judged(
    "why",
    WAY[0],
    KeycloakLogin(REFUSED),
    Unobserved(KeycloakProtection.WHAT, Reason.DEPENDS, "It needs the client's login.", required=True),
    kinds=(KeycloakProtection,),
)
EXPIRED = judged("token", WAY[0], PresentedToken(TOKEN, Signature.VALID, ("k1",), NOW))
UNREAD = judged(
    "token",
    Unobserved(PresentedToken.WHAT, Reason.DEPENDS, "There are no published keys.", required=True),
    kinds=(PresentedToken,),
)
DEEP = Again("keycloak", "production", deep=True, own=True)
KNOWN = Board(
    (
        Row("production", "keycloak", samples.diagnosis(), NOW - timedelta(minutes=5)),
        Row("staging", "keycloak", samples.healthy(), NOW - timedelta(days=3)),
        Row("test", "keycloak"),
        Row("old", "keycloak", trouble="the last run was saved in a form this version cannot read"),
    ),
    NOW,
)
RIGHTS = OwnRights(
    who=Who("U0ONCALL0", Standing.MEMBER, Read.FRESH, groups_read=Read.FRESH),
    grants=(Grant(Role.OPERATOR, Source.GROUP, "S0OPERAT0"), Grant(Role.VIEWER, Source.EVERYONE)),
    may=frozenset({"help", "diagnose", "diagnose deep", "status", "logs", "events", "token", "why", "whoami"}),
    handles={"S0OPERAT0": "operators"},
    groups_on=NOW - timedelta(minutes=2),
)
MESSAGES = {
    "why-denied": why_answer(DENIED, QUESTION, "https://docs.volaticloud.com/troubleshooting"),
    "why-granted": why_answer(GRANTED, QUESTION, None),
    "why-unseen": why_answer(BLIND, QUESTION, None),
    "token-expired": token_answer(EXPIRED),
    "token-unseen": token_answer(UNREAD),
    "status": status(KNOWN),
    "status-nothing": status(Board((Row("production", "keycloak"),), NOW)),
    "status-no-memory": status(Board((), NOW, "Volati has no memory just now, so it knows no verdicts.")),
    "joined": joined("keycloak", "production", "5 s ago", "<https://slack.example/p1|its thread>"),
    "interrupted": interrupted(Again("keycloak", "production", deep=False, own=True), "U0ONCALL0"),
    "interrupted-of-old": interrupted(Again("", "production", deep=False, own=False), ""),
    "ask-for-token": ask_for_token(Token("production")),
    "ask-for-why": ask_for_why(Why("production")),
    "verdict-with-button": verdict(samples.run(), Frame(None, "", (again_button(DEEP, "Run again"),))),
}
VIEWS = {
    "modal-token": token_form(PLACES, "staging"),
    "modal-token-again": token_form(PLACES[:1], "production", "The file holds no <token>."),
    "modal-why": why_form(PLACES, Why("production", "alice")),
    "modal-looking": looking("token"),
    "modal-answered": answered("token", MESSAGES["token-expired"]),
    "modal-notice": notice(Message("Ask a member.")),
    "home": home(KNOWN, PLACES, RIGHTS, NOW),
    "home-closed": closed(Message("You are a guest.")),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_message_is_as_agreed(name: str) -> None:
    """It is, whole, the message that was looked at and agreed on, and Slack takes it."""
    samples.assert_golden(name, MESSAGES[name])
    assert faults(MESSAGES[name].text, MESSAGES[name].blocks) == ()


@pytest.mark.parametrize("name", VIEWS)
def test_view_is_as_agreed(name: str) -> None:
    """It is, whole, the modal or tab that was looked at and agreed on, and Slack takes it."""
    view = VIEWS[name]
    path = samples.GOLDEN / f"{name}.json"
    shown = json.dumps(view.as_json(), indent=2, ensure_ascii=False) + "\n"
    if not path.exists():
        path.write_text(shown, encoding="utf-8")
        raise AssertionError(f"{path.name} was not there and has been written; look at it and run again")
    assert path.read_text(encoding="utf-8") == shown
    check_view(view.as_json(), "home" if view.home else "modal")


def test_the_walk_names_each_step() -> None:
    """It shows each step with what became of it, and the votes under the permission they belong to."""
    text = plain(MESSAGES["why-denied"])
    assert text.startswith("⛔ bob may not view “Alice's <grid> bot” in production: Keycloak denies it: permission")
    assert text.count("✓") - 1 == 6
    assert "7. ✗ Keycloak's decision (admin API): Keycloak denies it" in text
    assert "      ✗ policy Owner <b-1>" in text


def test_the_walk_says_where_it_ended() -> None:
    """It marks the step that was refused, and everything behind it as not seen."""
    text = plain(MESSAGES["why-unseen"])
    assert text.startswith("❔ Whether bob may view “Alice's <grid> bot” in production could not be decided: ")
    assert text.splitlines()[0].endswith("the client's login: HTTP 401 invalid_client: Invalid client credentials.")
    assert "2. ✗ the client's login: HTTP 401 invalid_client: Invalid client credentials" in text
    assert "3. ? the protection API (resource registration): depends on something unobserved." in text
    assert text.count("?") - 1 >= 5


def test_status_is_honest() -> None:
    """It counts what is down first, and says what was never looked at and what cannot be read."""
    assert MESSAGES["status"].text == "1 down, 1 healthy, 2 not known"
    text = plain(MESSAGES["status"])
    assert "🔴 Keycloak in production is down, 5 min ago: Keycloak knows client" in text
    assert "🟢 Keycloak in staging is healthy, 3 days ago" in text
    assert "Keycloak in test: never looked at" in text
    assert "cannot read" in text


def test_no_button_for_who_may_not() -> None:
    """It shows no button to diagnose to somebody who may not, and never more than the runbook has sections."""
    without = home(KNOWN, PLACES, only_may(RIGHTS, frozenset({"help"})), NOW)
    assert not any(block["type"] == "actions" for block in without.blocks)
    many = home(KNOWN, tuple(f"place-{number}" for number in range(9)), RIGHTS, NOW)
    (row,) = (block for block in many.blocks if block["type"] == "actions")
    assert len(row["elements"]) == BUTTONS_AT_MOST


def only_may(rights: OwnRights, may: frozenset[str]) -> OwnRights:
    return OwnRights(rights.who, rights.grants, may)


@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("own", [True, False])
def test_buttons_say_what_they_stand_for(*, deep: bool, own: bool) -> None:
    """It reads back from a button what was written into it."""
    again = Again("keycloak", "staging", deep, own)
    assert Again.read(again.value, PLACES) == again


def test_buttons_go() -> None:
    """It leaves everything of a message but its buttons."""
    message = MESSAGES["verdict-with-button"]
    assert without_buttons(message).blocks == message.blocks[:-1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s ago"),
        (119, "119 s ago"),
        (120, "2 min ago"),
        (7_200, "2 h ago"),
        (172_800, "2 days ago"),
        (-5, "0 s ago"),
    ],
)
def test_ages_are_readable(seconds: int, words: str) -> None:
    """It says an age in the largest unit of which there are two."""
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_long_values_keep_to_the_limits() -> None:
    """It cuts nothing that Slack would refuse: names, options and sentences have their bounds."""
    question = Question("u" * 3_000, "a" * 3_000, "<r>" * 1_000)
    message = why_answer(DENIED, question, None)
    assert faults(message.text[:4_000], message.blocks) == ()
    whole: dict[str, Any] = View(
        "t" * 60, (choice("x", "X", [str(n) for n in range(200)], "7"),), "c", "s" * 60
    ).as_json()
    check_view(whole, "modal")
    assert len(whole["blocks"][0]["element"]["options"]) == CHOICES
    assert len(error_text("x" * 5_000)) == 300


def test_many_votes_are_counted() -> None:
    """It counts the votes that do not fit."""
    votes = tuple(Vote(f"Permission {number}", "permission", granted=False, under="") for number in range(60))
    run = judged("why", *WAY, KeycloakDecision(granted=False, allowed=(), votes=votes))
    assert "and 40 more votes" in plain(why_answer(run, QUESTION, None))

"""Who asks, read off requests of every kind: those of the simulated Slack, and those of channels shared with others."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.access import Standing
from bot.slack.asker import Asker, asker
from playground.slack import payloads
from playground.slack.payloads import Scene
from playground.slack.people import App, Channel, Person
from playground.slack.views import View

OURS, THEIRS, ORG = "T0VOLATI0", "T0OTHER00", "E0ORG0000"
PERSON = Person("U0ONCALL0", "oncall", "On-call engineer")
PLACE = Channel("C0ENGINE0", "engineering")
SCENE = Scene(App(), PERSON)
MENTION = {"type": "app_mention", "user": PERSON.id, "channel": PLACE.id, "team": OURS}


def event(**fields: Any) -> dict[str, Any]:
    """A mention, wrapped as Slack wraps it."""
    return payloads.event_callback(App(), {**MENTION, **fields}, 1, 0.0)


def command(**fields: Any) -> dict[str, Any]:
    """A slash command."""
    return {**payloads.slash_command(SCENE, PLACE, "/volati", "help"), **fields}


def click(**fields: Any) -> dict[str, Any]:
    """A button in a message."""
    found = {"type": "block_actions", "team": {"id": OURS}, "user": {"id": PERSON.id, "team_id": OURS}}
    return {**found, "channel": {"id": PLACE.id}, "is_enterprise_install": False, **fields}


@pytest.mark.parametrize("body", [command(), event(), click()])
def test_reads_person_and_channel(body: Mapping[str, Any]) -> None:
    """It finds the same person, channel and workspace in each kind of request, and nothing against them."""
    found = asker(body)
    assert found == Asker("U0ONCALL0", "C0ENGINE0", frozenset({OURS}))
    assert found.proven(OURS) is None
    assert not found.doubtful(OURS)


def test_what_has_no_channel() -> None:
    """It gives no channel for the Home tab, a modal and a shortcut from anywhere."""
    title = {"type": "plain_text", "text": "x"}
    view = View("V1", PERSON.id, {"type": "modal", "title": title, "blocks": []}, "hash", "V1")
    home = {"type": "app_home_opened", "user": PERSON.id, "channel": "D0ONCALL0", "tab": "home"}
    for body in (
        payloads.view_submission(SCENE, view),
        payloads.global_shortcut(SCENE, "x"),
        payloads.event_callback(App(), home, 1, 0.0),
    ):
        assert asker(body) == Asker("U0ONCALL0", "", frozenset({OURS}))


@pytest.mark.parametrize(
    "body",
    [
        command(team_id=THEIRS),
        command(team_id=""),
        command(user_id=""),
        command(is_enterprise_install="true"),
        click(is_enterprise_install=True, team=None),
        click(user={"id": "U1", "team_id": THEIRS}),
        click(team={"id": THEIRS}),
        event(team=THEIRS),
        event(user_team=THEIRS),
        event(user_team=ORG),
        event(source_team=THEIRS),
        {**event(), "team_id": THEIRS},
        {**event(), "authorizations": [{"team_id": THEIRS}]},
        {**event(), "authorizations": [{"team_id": OURS, "is_enterprise_install": True}]},
        click(view={"app_installed_team_id": THEIRS}),
        {},
    ],
)
def test_another_workspace(body: Mapping[str, Any]) -> None:
    """It proves by any of the workspaces a request names, or by there being none, that it is not from ours."""
    assert asker(body).proven(OURS) is Standing.ELSEWHERE


@pytest.mark.parametrize(
    "body",
    [
        click(enterprise={"id": ORG, "name": "x"}, user={"id": "U1", "team_id": THEIRS}),
        command(enterprise_id=ORG) | {"team": {"id": THEIRS}},
        event(user_team=ORG) | {"authorizations": [{"team_id": OURS, "enterprise_id": ORG}]},
    ],
)
def test_the_same_organisation(body: Mapping[str, Any]) -> None:
    """It leaves to Slack whether a person of an organisation belongs to our workspace too."""
    assert asker(body).proven(OURS) is None
    assert asker(body).doubtful(OURS)


def test_an_organisation_without_our_workspace() -> None:
    """It takes nobody from an organisation whose request does not name our workspace at all."""
    assert asker(click(enterprise={"id": ORG}, team={"id": THEIRS}, user={"id": "U1"})).proven(OURS) is (
        Standing.ELSEWHERE
    )


@pytest.mark.parametrize("sign", [{"bot_id": "B1"}, {"bot_profile": {"id": "B1"}}, {"subtype": "bot_message"}])
def test_bots(sign: Mapping[str, Any]) -> None:
    """It knows a bot by each of the signs a message of one carries."""
    assert asker(event(**sign)).proven(OURS) is Standing.BOT


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "team_id", "x"]), inner),
    max_leaves=8,
)
FIELDS = sorted({*command(), *event(), *click(), "view", "enterprise", "container"})


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_whatever_is_sent(body: dict[str, Any]) -> None:
    """It reads ids as text from any JSON at all, raises nothing, and proves nothing for the one who leaves ids out."""
    found = asker(body)
    assert json.dumps([found.person, found.channel, sorted(found.teams)])
    if OURS not in found.teams or not found.person:
        assert found.proven(OURS) is not None

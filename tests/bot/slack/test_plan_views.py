"""The messages of a plan: whole, as agreed, and within Slack's limits whatever stands in them."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.actions.journal import Consent, Journal, Note, State
from bot.actions.plan import Draft, Plan, Requester, Risk, Shown, Step, Target
from bot.slack.limits import FALLBACK_TEXT, faults
from bot.slack.message import Message
from bot.slack.view import View
from bot.slack.views.plan import card, ended, glass_broken, sign_form
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Fact
from playground.slack.limits import check_message
from playground.slack.messages import Content
from tests.bot.slack import samples
from tests.bot.slack.samples import AT
from tests.bot.slack.test_views_properties import TEXTS

DRAFT = Draft(
    target=Target("deployment", Name("volaticloud", "volaticloud-backend")),
    summary="Replace 2 pods of deployment volaticloud/volaticloud-backend. No downtime expected.",
    facts=(Fact("uid", "1"),),
    steps=(
        Step("Mark the pod template as restarted", "kubectl rollout restart deployment/volaticloud-backend"),
        Step("Watch the rollout until it is through", "kubectl rollout status deployment/volaticloud-backend"),
        Step("Hold for 30 min", holds=True),
    ),
    risk=Risk.LOW,
    hits=("pod volaticloud-backend-1, 5 days old, ready", "pod volaticloud-backend-2, 5 days old, not ready"),
    warnings=("It is managed by Helm (release volaticloud).",),
    final="A pod that has ended does not come back.",
)
PLAN = Plan("90da2a101c3dd07b", "restart", "production", Requester("U0ONCALL0"), AT, DRAFT, Shown("C1"))
HIGH = replace(PLAN, draft=replace(DRAFT, risk=Risk.HIGH))
TAKEN = Journal().taken(Consent("U0APPROV0", AT))
RUNNING = replace(TAKEN.begins(AT).did(PLAN, AT, "marked").begins(AT), now="1 of 2 new pods made")
HOLDING = RUNNING.did(PLAN, AT, "through").begins(AT).waits(AT + timedelta(minutes=30), "held for 30 min")
CHECKING = HOLDING.did(PLAN, AT, "its time is over")
FIXED = CHECKING.compared(("the backend is scaled to 0",), (), ()).ends("Looked at again: the area server is healthy.")
NOT_FIXED = CHECKING.compared((), ("the secret is wrong",), ()).ends("Looked at again: the area keycloak is down.")
NEW = CHECKING.compared(("one thing",), (), ("the disk is full",)).ends("Looked at again: the area server is degraded.")
FAILED = RUNNING.tripped(PLAN, AT, "the rollout failed: pods crash").ends("")
GLASS = Journal().taken(Consent("U0APPROV0", AT, "nobody answers, and data is being lost"))


def shown(plan: Plan, journal: Journal) -> Message:
    return card(plan, journal, "Rolling restart", "Restart")


MESSAGES = {
    "plan-proposed": shown(PLAN, Journal()),
    "plan-proposed-high": shown(HIGH, Journal()),
    "plan-running": shown(PLAN, RUNNING),
    "plan-holding": shown(PLAN, HOLDING),
    "plan-checking": shown(PLAN, CHECKING),
    "plan-fixed": shown(PLAN, FIXED),
    "plan-not-fixed": shown(PLAN, NOT_FIXED),
    "plan-failed": shown(PLAN, FAILED),
    "plan-stale": shown(PLAN, TAKEN.stale(("uid was 1, and is 2",))),
    "plan-declined": shown(PLAN, Journal().declined("U0ONCALL0", AT)),
    "plan-expired": shown(PLAN, Journal().expired()),
    "plan-glass": shown(HIGH, GLASS),
    "plan-ended-fixed": ended(PLAN, FIXED, "Rolling restart"),
    "plan-ended-not-fixed": ended(PLAN, NOT_FIXED, "Rolling restart"),
    "plan-ended-new": ended(PLAN, NEW, "Rolling restart"),
    "plan-glass-told": glass_broken(HIGH, GLASS, ("S0ADMINS0", "U0ADMIN00")),
    "plan-glass-told-nobody": glass_broken(HIGH, GLASS, ()),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_is_as_agreed(name: str) -> None:
    """It is, whole, the message that was looked at and agreed on."""
    samples.assert_golden(name, MESSAGES[name])


@pytest.mark.parametrize("glass", [False, True])
def test_forms(glass: bool) -> None:  # noqa: FBT001 pytest's
    """It asks for the name, and for a reason where the glass is broken; the plan's id travels along."""
    form = sign_form(HIGH, "C0ENGINE0", glass=glass)
    assert isinstance(form, View)
    assert form.note == f"{PLAN.id} C0ENGINE0"
    fields = [block["block_id"] for block in form.blocks if block["type"] == "input"]
    assert fields == (["name", "reason"] if glass else ["name"])


@pytest.mark.parametrize(
    ("journal", "words"),
    [
        (FIXED, "is done"),
        (NOT_FIXED, "is done, and did not help"),
        (NEW, "is done, and not everything is well"),
        (FAILED, "did not work"),
    ],
)
def test_the_first_line_tells_the_truth(journal: Journal, words: str) -> None:
    """It says in the first line what a person at night must not miss."""
    assert shown(PLAN, journal).text.endswith(words)
    assert ended(PLAN, journal, "Rolling restart").text.endswith(words)


@pytest.mark.parametrize("state", State)
def test_buttons_only_while_there_is_something_to_decide(state: State) -> None:
    """It shows buttons on a proposal, and none once a decision was made, unless it holds something."""
    message = shown(PLAN, replace(Journal(), state=state))
    assert any(block["type"] == "actions" for block in message.blocks) is (state is State.PROPOSED)


LONG = st.lists(TEXTS, max_size=60).map(tuple)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(TEXTS, LONG, LONG, st.lists(st.builds(Step, TEXTS, TEXTS), min_size=1, max_size=40).map(tuple))
def test_fits_whatever_it_says(
    text: str, hits: tuple[str, ...], warnings: tuple[str, ...], steps: tuple[Step, ...]
) -> None:
    """It keeps to Slack's limits, in every state, and names nobody whom a text names."""
    draft = replace(DRAFT, summary=text, hits=hits, warnings=warnings, steps=steps, final=text)
    plan = replace(PLAN, draft=draft, environment="production")
    notes = tuple(Note(AT, one) for one in hits)
    for state in State:
        journal = replace(TAKEN, state=state, notes=notes, outcome=text, remaining=hits, fixed=warnings, now=text)
        for message in (shown(plan, journal), ended(plan, journal, "Rolling restart")):
            assert faults(message.text, message.blocks) == ()
            check_message(Content(message.text, message.blocks), text_limit=FALLBACK_TEXT)
            marked_up = [block for block in message.blocks if block["type"] != "actions"]
            assert "<!channel>" not in json.dumps(marked_up)

"""What Slack shows of incidents, whole, as golden files; and what must hold of each, whatever is in it."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from bot.incidents import events as e
from bot.incidents.effects import Notify, TellThread, Tiding
from bot.incidents.kept import OnDuty
from bot.incidents.path import IncidentSeverity, Path
from bot.slack.limits import faults
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.views.incident import card, moved_on
from bot.slack.views.incident_ends import resolved
from bot.slack.views.incident_forms import (
    CLIMBS,
    OPENS,
    SNOOZES,
    Aim,
    Origin,
    ask,
    climb_form,
    level_in,
    open_button,
    open_form,
    severity_in,
    snooze_form,
)
from bot.slack.views.incident_lines import REPLIED, call, line
from bot.slack.views.incident_lists import incidents, on_call, which
from bot.slack.views.incident_openings import by_hand, climbed, opened
from tests.bot.incidents.tales import (
    ABOUT,
    CLIMBED,
    OPENED,
    RESTARTED,
    TITLE,
    TO_INFRASTRUCTURE,
    WAITING,
    tale,
)
from tests.bot.incidents.things import ALICE, BOB, PATH, START, after
from tests.bot.slack import samples

THERE = e.Person("Alice Adams", pager="PALICE1")  # known at PagerDuty alone
ORIGIN = Origin("production", "C0ENGINE0", "1.2", "3f9c2a71b0de")
AIM = Aim("a1b2c3d4", "C0ENGINE0")
OTHER = tale(
    msgspec.structs.replace(OPENED, severity=IncidentSeverity.P0, by=None),
    e.Acknowledged(at=after(2), by=BOB),
    id="ffff0000",
    about=msgspec.structs.replace(ABOUT, title="The backend has no pods"),
)
FIRST = tale(OPENED, tried=(*RESTARTED, *WAITING))
UP = replace(tale(OPENED, *CLIMBED, TO_INFRASTRUCTURE), link="https://volaticloud.slack.com/archives/C0ENGINE0/p1")
OVER = tale(OPENED, *CLIMBED, e.Resolved(at=after(65), by=ALICE))
ENDS = START + timedelta(days=5)
DUTY = (
    OnDuty(3, "oncall", "the on-call engineer", (ALICE, THERE), until=ENDS),
    OnDuty(4, "infrastructure", "DevOps/Infrastructure", why_not="PagerDuty gave no answer to GET /oncalls."),
)


def told(tiding: Tiding, words: str = "", to: tuple[e.Person, ...] = (), by: e.Person | None = ALICE) -> Message:
    return line(TellThread(tiding=tiding, by=by, to=to, words=words))


def called(level: int, number: int = 1, person: e.Person | None = None) -> Message:
    found = call(Notify(level=level, number=number, person=person), PATH, after(25))
    assert found is not None
    return found


MESSAGES = {
    "opened-card": card(FIRST, PATH),
    "climbed-card": card(UP, PATH),
    "acknowledged-card": card(tale(OPENED, *CLIMBED, e.Acknowledged(at=after(11), by=THERE)), PATH),
    "snoozed-card": card(tale(OPENED, e.Snoozed(at=after(2), by=ALICE, until=after(32))), PATH),
    "handed-card": card(tale(OPENED, e.HandedOver(at=after(2), by=ALICE, to=BOB)), PATH),
    "resolved-card": card(OVER, PATH),
    "reopened-card": card(tale(OPENED, e.Resolved(at=after(5)), e.Recurred(at=after(9))), PATH),
    "unread-card": card(replace(FIRST, attempts=None, story=None), PATH),
    "moved-on": moved_on(UP, PATH, 3),
    "resolved": resolved(OVER, PATH),
    "resolved-by-itself": resolved(tale(OPENED, e.Resolved(at=after(5))), PATH),
    "told-acknowledged": told(Tiding.ACKNOWLEDGED, by=THERE),
    "told-escalated": told(Tiding.ESCALATED, "the database is <down>, too"),
    "told-handed-over": told(Tiding.HANDED_OVER, to=(BOB,)),
    "told-snoozed": told(Tiding.SNOOZED, after(30).isoformat()),
    "told-page-failed": told(Tiding.PAGE_FAILED, "PagerDuty gave no answer to POST /enqueue: connect, refused."),
    "told-reopened": told(Tiding.REOPENED, by=None),
    "called-level-4": called(4),
    "called-cto-again": called(5, 2),
    "called-person": called(2, person=BOB),
    "none-open": incidents((), PATH),
    "two-open": incidents((UP, OTHER), PATH),
    "which": which("snooze", "10m", (UP, OTHER)),
    "which-climbs": which("escalate", "4 nobody answers", (UP, OTHER)),
    "on-call": on_call(DUTY, PATH),
    "on-call-unset": on_call((), Path()),
    "told-opened": opened(FIRST.kept, "a thread in <#C0ENGINE0>"),
    "told-open-already": opened(replace(FIRST.kept, joined=True), "<https://example.slack.com/1|its thread>"),
    "told-climbed": climbed(UP.kept, PATH, "a thread in <#C0ENGINE0>", ORIGIN),
    "called-by-hand": by_hand("U0ONCALL0", "nobody <!channel> answers", 4, PATH),
    "ask-for-how-long": ask(SNOOZES, "a1b2c3d4", TITLE),
    "ask-what": ask(OPENS, ORIGIN.value, ""),
    "modal-climb": Message("modal", climb_form(AIM, TITLE, ((4, "DevOps/Infrastructure"), (5, "the CTO"))).blocks),
    "modal-snooze": Message("modal", snooze_form(AIM, TITLE).blocks),
    "modal-open": Message("modal", open_form(ORIGIN, IncidentSeverity.P1, TITLE).blocks),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_is_as_agreed(name: str) -> None:
    """It is, whole, the message that was looked at and agreed on, and Slack takes it."""
    samples.assert_golden(f"incident-{name}", MESSAGES[name])
    assert faults(MESSAGES[name].text, MESSAGES[name].blocks) == ()


@pytest.mark.parametrize("name", MESSAGES)
def test_four_buttons_at_most(name: str) -> None:
    """It shows four buttons at most, and none once it is over."""
    labels = buttons(MESSAGES[name])
    assert len(labels) <= 4
    if name.startswith("resolved"):
        assert labels == []


def buttons(message: Message) -> list[str]:
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


def test_the_card_is_a_hand_over() -> None:
    """It says what, since when, who has it, what was tried and how it ended, the open plan, what is next and when."""
    shown = plain(MESSAGES["opened-card"])
    assert TITLE in shown
    assert "Since: 2026-01-05 11:53 UTC, opened by @UALICE" in shown
    assert "Who has it: nobody yet" in shown
    assert "Tried\n• 2026-01-05 12:03 UTC restart of deployment volaticloud/volaticloud-backend is done" in shown
    assert "Looked at again: the area keycloak is still down." in shown
    assert "Open plan\n• 2026-01-05 12:09 UTC restart" in shown
    assert (
        "Next: 2026-01-05 12:10 UTC: if nobody acknowledges until then, level 3: the on-call engineer is paged" in shown
    )


def test_the_clock_is_the_readers() -> None:
    """It writes times so that each reader has them on their own clock, and none has to be edited every second."""
    assert "<!date^1767615000^{date_short_pretty} {time}|2026-01-05 12:10 UTC>" in repr(MESSAGES["opened-card"].blocks)


def test_who_is_known_at_pagerduty_alone_has_a_name() -> None:
    """It names a person whom Slack does not know, and mentions whom it does."""
    assert "Who has it: Alice Adams" in plain(MESSAGES["acknowledged-card"])
    assert "<@UALICE>" in repr(MESSAGES["snoozed-card"].blocks)


def test_words_of_people_call_nobody() -> None:
    """It shows a person's own words as text: they mention nobody."""
    hostile = msgspec.structs.replace(ABOUT, title="<!channel> <@U0BOSS00> *`x`")
    sheet = tale(OPENED, e.Resolved(at=after(3)), about=hostile)
    drawn = (card(sheet, PATH), moved_on(sheet, PATH, 1), resolved(sheet, PATH), incidents([sheet], PATH))
    forms = climb_form(AIM, hostile.title, ()).blocks, ask(SNOOZES, "a1b2c3d4", hostile.title).as_json()
    shown = repr([*[message.as_json() for message in (*drawn, MESSAGES["called-by-hand"])], *forms])
    assert "<!channel>" not in shown
    assert "<@U0BOSS00>" not in shown
    assert "&lt;!channel&gt;" in repr(MESSAGES["called-by-hand"].blocks)


def test_levels_are_called_by_their_mentions() -> None:
    """It mentions the user group of a level, or its person, so that Slack calls them."""
    assert "<!subteam^S0INFRA>" in repr(MESSAGES["called-level-4"].blocks)
    assert "<@U0CTO>" in repr(MESSAGES["called-cto-again"].blocks)


def test_calls_nobody_quietly() -> None:
    """It calls nobody in quiet hours, nor where the card was call enough."""
    assert call(Notify(level=4, number=1, quietly=True), PATH, None) is None
    assert call(Notify(level=2, number=1), PATH, None) is None
    assert call(Notify(level=2, number=2), PATH, None) is not None


def test_every_tiding_has_words() -> None:
    """It has words for whatever may be told, also where nobody is named."""
    for tiding in Tiding:
        words = START.isoformat() if tiding is Tiding.SNOOZED else "words"
        for by in (ALICE, None):
            message = told(tiding, words, by=by)
            assert faults(message.text, message.blocks) == ()
            assert "None" not in message.text
    assert Tiding.PAGE_TAKEN not in REPLIED
    assert Tiding.PASSED_OVER in REPLIED


def test_a_long_tale_fits() -> None:
    """It shows the last of what happened and of what was tried, and counts the rest."""
    notes = [e.Annotated(at=after(n), text="x" * 3_000, by=ALICE) for n in range(1, 60)]
    tried = tuple(msgspec.structs.replace(one, plan=f"{n:016x}") for n in range(40) for one in RESTARTED)
    long = tale(OPENED, *notes, about=msgspec.structs.replace(ABOUT, title="t" * 5_000), tried=tried)
    for message in (card(long, PATH), moved_on(long, PATH, 2), resolved(long, PATH), incidents([long] * 40, PATH)):
        assert faults(message.text, message.blocks) == ()
    shown = plain(card(long, PATH))
    assert "54 earlier lines" in shown
    assert "and 35 more plans" in shown


def test_what_travels_comes_back() -> None:
    """It reads what a button or a modal carries, and nothing else."""
    assert Origin.read(ORIGIN.value, ("production",)) == ORIGIN
    assert Origin.read(Origin("production").value, ("production",)) == Origin("production")
    assert Origin.read(ORIGIN.value, ("staging",)) is None
    assert Origin.read("", ("production",)) is None
    assert Aim.read(AIM.value) == AIM
    assert Aim.read("a1b2c3d4") == Aim("a1b2c3d4")
    assert [level_in(option) for option in ("the next level", "4. DevOps", "")] == [0, 4, 0]
    assert severity_in("P0: the platform is down for its users") is IncidentSeverity.P0
    assert severity_in("") is IncidentSeverity.P1
    assert open_button(ORIGIN)["elements"][0]["value"] == ORIGIN.value
    assert climb_form(AIM, "x", ()).callback_id == CLIMBS

"""The incident machine: every pair of state and event, and the stories that matter at night."""

import dataclasses
from datetime import time, timedelta
from itertools import product

import msgspec
import pytest
from msgspec.structs import replace

from bot.incidents import events as e
from bot.incidents.effects import (
    AnyEffect,
    Card,
    Notify,
    PageAcknowledge,
    PageResolve,
    PageTrigger,
    PostCard,
    TellThread,
    Tiding,
    still_wanted,
)
from bot.incidents.incident import Incident, Page, Phase
from bot.incidents.machine import TRANSITIONS, Move, Refused, Step, advance, woken
from bot.incidents.outlook import outlook
from bot.incidents.path import RUNBOOK_LEVELS, IncidentSeverity, Path, QuietHours
from tests.bot.incidents.things import (
    ALICE,
    BOB,
    MINUTE,
    PATH,
    START,
    after,
    at_phase,
    example,
    lived,
    opened,
    refused,
    stepped,
)

PAIRS = list(product(Phase, e.EVENTS))


def keys(effects: tuple[AnyEffect, ...], kind: type[AnyEffect]) -> list[str]:
    return [
        one.dedup_key
        for one in effects
        if isinstance(one, PageTrigger | PageAcknowledge | PageResolve) and type(one) is kind
    ]


def tidings(step: Step) -> list[Tiding]:
    return [one.tiding for one in step.effects if isinstance(one, TellThread)]


# The table.


def test_every_pair_is_in_the_table() -> None:
    """It says for every state and every event what becomes of it, and knows no other."""
    assert {(phase, event) for phase, row in TRANSITIONS.items() for event in row} == set(PAIRS)
    assert set(e.EVENTS) == set(e.Event.__subclasses__())


@pytest.mark.parametrize(("phase", "event"), PAIRS, ids=lambda one: getattr(one, "__name__", one))
def test_a_pair(phase: Phase, event: type[e.Event]) -> None:
    """It does what the table says: a step to where it leads, or the words it is refused with, and nothing changed."""
    incident = at_phase(phase)
    entry = TRANSITIONS[phase][event]
    made = advance(incident, example(event, incident), PATH)
    if isinstance(entry, Move):
        assert isinstance(made, Step), made
        assert made.to.phase in entry.to
        assert made.to.sequence == incident.sequence + 1
        assert [effect.id for effect in made.effects] == [
            f"i1.{made.to.sequence}.{n}" for n in range(len(made.effects))
        ]
        assert (made.to.due is None) == (made.to.phase in {Phase.ACKNOWLEDGED, Phase.RESOLVED})
    else:
        assert made == entry
        assert entry.why.endswith(".")


@pytest.mark.parametrize(("phase", "event"), PAIRS, ids=lambda one: getattr(one, "__name__", one))
def test_is_pure(phase: Phase, event: type[e.Event]) -> None:
    """It gives the same again, ids and all, so that a step that was not saved can be made anew."""
    incident = at_phase(phase)
    assert advance(incident, example(event, incident), PATH) == advance(incident, example(event, incident), PATH)


def at_the_very_end() -> Incident:
    """An incident that not even the CTO answers."""
    ups = ((10, 2), (25, 3), (40, 4), (55, 5), (70, 5), (85, 5))
    return lived(opened(), *(e.TimeUp(at=after(minutes), level=level) for minutes, level in ups))


def test_every_target_of_the_table_is_reached() -> None:
    """It leads wherever the table says that it may: to the end of the path, too."""
    reached = {
        (phase, event, made.to.phase)
        for phase, event in PAIRS
        for incident in (
            at_phase(phase),
            lived(opened(IncidentSeverity.P3), e.TimeUp(at=after(20), level=1)),
            at_the_very_end(),
        )  # at its end, and at that of the path
        if incident.phase is phase and isinstance(made := advance(incident, example(event, incident), PATH), Step)
    }
    promised = {
        (phase, event, to)
        for phase, row in TRANSITIONS.items()
        for event, entry in row.items()
        if isinstance(entry, Move)
        for to in entry.to
    }
    assert reached == promised


def test_values_can_be_saved() -> None:
    """It is made of values that travel as JSON and come back the same."""
    step = stepped(at_phase(Phase.WAITING), e.EscalatedNow(at=after(20), by=ALICE, reason="it spreads"))
    assert msgspec.json.decode(msgspec.json.encode(step.to), type=Incident) == step.to
    assert msgspec.json.decode(msgspec.json.encode(step.effects), type=tuple[AnyEffect, ...]) == step.effects


# The way up.


def test_the_whole_path() -> None:
    """It goes from the channel over the on-call engineer and infrastructure to the CTO, each at its time, each once."""
    incident, seen = Incident(id="i1"), []
    event: e.Event = opened()
    while incident.phase is not Phase.UNANSWERED:
        step = stepped(incident, event)
        incident = step.to
        seen += [(incident.level, (event.at - START) / MINUTE, type(one).__name__) for one in step.effects]
        assert incident.due is not None
        event = e.TimeUp(at=incident.due, level=incident.level)
    assert seen == [
        (2, 0, "PostCard"),
        (2, 0, "Notify"),
        *[(3, 10, name) for name in ("TellThread", "PostCard", "PageTrigger", "Notify")],
        *[(4, 25, name) for name in ("TellThread", "PostCard", "PageTrigger", "Notify")],
        *[(5, 40, name) for name in ("TellThread", "PostCard", "Notify")],
        (5, 55, "Notify"),
        (5, 70, "Notify"),
        *[(5, 85, name) for name in ("TellThread", "Notify")],
    ]
    assert [page.key for page in incident.pages] == ["volati.i1.3", "volati.i1.4"]


@pytest.mark.parametrize(
    ("severity", "level", "minutes"),
    [
        (IncidentSeverity.P0, 2, 5),
        (IncidentSeverity.P1, 2, 10),
        (IncidentSeverity.P2, 1, 10),
        (IncidentSeverity.P3, 1, 20),
    ],
)
def test_severities(severity: IncidentSeverity, level: int, minutes: int) -> None:
    """It begins where its severity says, and climbs as fast as that."""
    incident = lived(opened(severity))
    assert (incident.level, incident.due) == (level, after(minutes))


def test_a_low_severity_stops_lower() -> None:
    """It goes up to its severity's last level and then only reminds; a person may still take it higher."""
    incident = lived(opened(IncidentSeverity.P3), e.TimeUp(at=after(20), level=1), e.TimeUp(at=after(60), level=2))
    assert (incident.phase, incident.level, incident.due) == (Phase.UNANSWERED, 2, after(60 + 1440))
    higher = stepped(incident, e.EscalatedNow(at=after(61), by=ALICE, reason="worse than it looks"))
    assert keys(higher.effects, PageTrigger) == ["volati.i1.3"]


def test_levels_that_reach_nobody_are_passed_over() -> None:
    """It goes past levels nobody is configured for, and says which."""
    bare = Path()
    incident = lived(opened(), path=bare)
    step = stepped(incident, e.TimeUp(at=after(10), level=2), bare)
    assert (step.to.phase, step.to.level) == (Phase.UNANSWERED, 2)
    cto = Path((*RUNBOOK_LEVELS[:4], PATH.level(5)))
    step = stepped(incident, e.TimeUp(at=after(10), level=2), cto)
    assert step.to.level == 5
    assert [one.words for one in step.effects if isinstance(one, TellThread)] == [
        "#engineering",
        "the on-call engineer, DevOps/Infrastructure",
    ]


def test_a_level_that_was_paged_is_not_paged_again() -> None:
    """It pages no level twice in a round, by whatever way it comes there."""
    paged = replace(lived(opened()), pages=(Page(3, "volati.i1.3", route="oncall"),))
    step = stepped(paged, e.TimeUp(at=after(10), level=2))
    assert (step.to.level, step.to.pages, keys(step.effects, PageTrigger)) == (3, paged.pages, [])


def test_after_an_absence_it_takes_one_step() -> None:
    """It climbs one level for a time that ran out long ago, and gives that level its own time from now."""
    incident = lived(opened())
    step = stepped(incident, e.TimeUp(at=after(600), level=2))
    assert (step.to.level, step.to.due) == (3, after(615))


def test_wakes_that_are_none() -> None:
    """It does not climb for a wake that comes too early, or for a level it has left."""
    incident = lived(opened())
    assert refused(incident, e.TimeUp(at=after(9.9), level=2)) == "Its time is not up yet."
    assert refused(incident, e.TimeUp(at=after(10), level=1)) == "It is at level 2 by now, not at 1."
    climbed = stepped(incident, e.TimeUp(at=after(10), level=2)).to
    assert isinstance(advance(climbed, e.TimeUp(at=after(10), level=2), PATH), Refused)


@pytest.mark.parametrize("phase", Phase)
def test_what_the_clock_means(phase: Phase) -> None:
    """It is woken when its time has come, and not before; the event it is woken by is never refused."""
    incident = at_phase(phase)
    if incident.due is None:
        assert woken(incident, after(10_000)) is None
        return
    assert woken(incident, incident.due - MINUTE / 60) is None
    event = woken(incident, incident.due)
    assert event is not None
    stepped(incident, event)


# People.


def test_acknowledged_in_slack_stops_pagerduty() -> None:
    """It stops the clock, and tells every page."""
    step = stepped(at_phase(Phase.UNANSWERED), e.Acknowledged(at=after(91), by=ALICE))
    assert (step.to.phase, step.to.holder, step.to.due) == (Phase.ACKNOWLEDGED, ALICE, None)
    assert keys(step.effects, PageAcknowledge) == ["volati.i1.3", "volati.i1.4"]


def test_acknowledged_in_pagerduty_stops_slack() -> None:
    """It stops the clock, and tells every page but the one it came by."""
    step = stepped(at_phase(Phase.UNANSWERED), e.Acknowledged(at=after(91), by=ALICE, key="volati.i1.4"))
    assert step.to.phase is Phase.ACKNOWLEDGED
    assert keys(step.effects, PageAcknowledge) == ["volati.i1.3"]


def test_acknowledged_twice() -> None:
    """It says so to whoever has it already, known by whichever id; another takes it over."""
    incident = at_phase(Phase.ACKNOWLEDGED)
    same = e.Person("Alice Adams", pager="PALICE1")
    assert refused(incident, e.Acknowledged(at=after(12), by=ALICE)) == "You have it already."
    assert refused(incident, e.Acknowledged(at=after(12), by=same, key="volati.i1.3")) == "They have it already."
    step = stepped(incident, e.Acknowledged(at=after(12), by=BOB))
    assert (step.to.holder, tidings(step)) == (BOB, [Tiding.TAKEN_OVER])


def test_given_back() -> None:
    """It runs again at the same level when an acknowledgement ends; that level is called, and not paged again."""
    step = stepped(at_phase(Phase.ACKNOWLEDGED), e.Unacknowledged(at=after(20), key="volati.i1.3"))
    assert (step.to.phase, step.to.level, step.to.due, step.to.holder) == (Phase.WAITING, 3, after(35), None)
    assert keys(step.effects, PageTrigger) == []
    on = stepped(step.to, e.TimeUp(at=after(35), level=3))
    assert keys(on.effects, PageTrigger) == ["volati.i1.4"]


def test_a_snooze_runs_out() -> None:
    """It holds the clock until its time, and goes on at the same level then, not before."""
    incident = at_phase(Phase.SNOOZED)
    assert refused(incident, e.SnoozeOver(at=after(29))) == "The snooze is not over yet."
    step = stepped(incident, e.SnoozeOver(at=after(30)))
    assert (step.to.phase, step.to.level, step.to.due) == (Phase.WAITING, 3, after(45))
    assert [type(one) for one in step.effects] == [TellThread, Notify]


@pytest.mark.parametrize(("minutes", "words"), [(0, "in the future"), (-5, "in the future"), (1441, "24 hours")])
def test_odd_snoozes(minutes: int, words: str) -> None:
    """It takes no snooze that is over already, or that lasts for days."""
    event = e.Snoozed(at=after(12), by=ALICE, until=after(12 + minutes))
    assert words in refused(at_phase(Phase.WAITING), event)


def test_handed_over_to_a_sleeper() -> None:
    """It asks the other, and goes on when they do not answer."""
    step = stepped(at_phase(Phase.ACKNOWLEDGED), e.HandedOver(at=after(20), by=ALICE, to=BOB))
    assert (step.to.phase, step.to.asked, step.to.holder, step.to.due) == (Phase.WAITING, BOB, None, after(35))
    assert [one.person for one in step.effects if isinstance(one, Notify)] == [BOB]
    on = stepped(step.to, e.TimeUp(at=after(35), level=3))
    assert (on.to.level, on.to.asked) == (4, None)


def test_handing_on_does_not_hold_the_clock() -> None:
    """It keeps its due time when somebody who does not have it passes it on."""
    incident = at_phase(Phase.WAITING)
    step = stepped(incident, e.HandedOver(at=after(24), by=ALICE, to=BOB))
    assert (step.to.due, step.to.asked) == (incident.due, BOB)


def test_escalated_by_a_person() -> None:
    """It goes to the next level at once, or to the one that was named, with the reason in the thread."""
    incident = at_phase(Phase.ACKNOWLEDGED)
    step = stepped(incident, e.EscalatedNow(at=after(20), by=ALICE, reason="I need help"))
    assert (step.to.phase, step.to.level, step.to.holder) == (Phase.WAITING, 4, None)
    first = step.effects[0]
    assert isinstance(first, TellThread)
    assert (first.tiding, first.by, first.words) == (Tiding.ESCALATED, ALICE, "I need help")
    named = stepped(incident, e.EscalatedNow(at=after(20), by=ALICE, reason="all of it", level=5))
    assert named.to.level == 5


@pytest.mark.parametrize("level", [1, 3, 6, -1])
def test_escalated_to_nowhere(level: int) -> None:
    """It says where it is when somebody names a level that is not above."""
    event = e.EscalatedNow(at=after(20), by=ALICE, reason="x", level=level)
    assert "level 3 of 5" in refused(at_phase(Phase.WAITING), event)


def test_nobody_is_above_the_last() -> None:
    """It says so when there is nobody left to call."""
    incident = lived(opened(), e.EscalatedNow(at=after(1), by=ALICE, reason="all of it", level=5))
    event = e.EscalatedNow(at=after(90), by=ALICE, reason="x")
    assert refused(incident, event) == "There is nobody above level 5 to call."


# The end, and what comes after.


def test_a_resolve_beats_a_late_acknowledgement() -> None:
    """It stays resolved when an acknowledgement arrives that was sent before."""
    incident = at_phase(Phase.RESOLVED)
    assert "counts more" in refused(incident, e.Acknowledged(at=after(11), by=BOB, key="volati.i1.3"))


def test_resolved_closes_every_page() -> None:
    """It resolves what it paged, but for the page it was resolved by, and posts the last card."""
    step = stepped(at_phase(Phase.UNANSWERED), e.Resolved(at=after(90), by=ALICE, key="volati.i1.3"))
    assert keys(step.effects, PageResolve) == ["volati.i1.4"]
    assert step.effects[-1] == PostCard(id="i1.6.1", card=Card.RESOLVED, level=4)


def test_a_page_that_waits_is_void_when_resolved() -> None:
    """It does not want a page any more that has not gone out when the incident ends: it would open a new one."""
    climbed = stepped(lived(opened()), e.TimeUp(at=after(10), level=2))
    over = stepped(climbed.to, e.Resolved(at=after(11), by=ALICE))
    left = still_wanted(climbed.effects, over.effects)
    assert [type(one) for one in left] == [TellThread, PostCard]
    elsewhere = stepped(climbed.to, e.Resolved(at=after(11), by=ALICE, key="volati.i1.3"))
    assert [type(one) for one in still_wanted(climbed.effects, elsewhere.effects)] == [TellThread, PostCard]


def in_hand(event: e.Event) -> tuple[Incident, tuple[AnyEffect, ...]]:
    """The incident after somebody was quicker than its page, and what is left to do."""
    climbed = stepped(lived(opened()), e.TimeUp(at=after(10), level=2))
    taken = advance(climbed.to, event, PATH, climbed.effects)
    assert isinstance(taken, Step)
    return taken.to, (*still_wanted(climbed.effects, taken.effects, event), *taken.effects)


TAKEN = (
    e.Acknowledged(at=after(11), by=ALICE),
    e.Snoozed(at=after(11), by=ALICE, until=after(30)),
)


@pytest.mark.parametrize("event", TAKEN)
def test_a_page_that_waits_is_void_when_somebody_is_on_it(event: e.Event) -> None:
    """It calls nobody any more for what is in hand, and says so to PagerDuty, where the page may be all the same."""
    incident, left = in_hand(event)
    assert keys(left, PageTrigger) == []
    assert keys(left, PageAcknowledge) == ["volati.i1.3"]
    assert incident.pages == (Page(3, "volati.i1.3", void=True, route="oncall"),)
    over = stepped(incident, e.Resolved(at=after(12), by=ALICE))
    assert keys(over.effects, PageResolve) == ["volati.i1.3"]


@pytest.mark.parametrize(
    ("event", "then"),
    [
        (TAKEN[0], e.Unacknowledged(at=after(30), by=ALICE)),
        (TAKEN[1], e.SnoozeOver(at=after(30))),
    ],
)
def test_a_void_page_called_nobody(event: e.Event, then: e.Event) -> None:
    """It pages the level when nobody is on it any more, by another key: it would ring nobody who has the first one."""
    incident, _ = in_hand(event)
    step = stepped(incident, then)
    assert keys(step.effects, PageTrigger) == ["volati.i1.3-2"]
    assert keys(stepped(step.to, e.Resolved(at=after(31), by=ALICE)).effects, PageResolve) == [
        "volati.i1.3",
        "volati.i1.3-2",
    ]


def test_a_page_handed_on_before_it_went_out() -> None:
    """It pages the level before it climbs, where the one who was asked instead does not answer."""
    incident, _ = in_hand(TAKEN[0])
    asked = stepped(incident, e.HandedOver(at=after(12), by=ALICE, to=BOB)).to
    step = stepped(asked, e.TimeUp(at=after(27), level=3))
    assert (step.to.level, step.to.due) == (3, after(42))
    assert keys(step.effects, PageTrigger) == ["volati.i1.3-2"]


def test_acknowledged_in_pagerduty_before_its_answer_came() -> None:
    """It counts a page as arrived when PagerDuty says who has it, also where the answer was lost."""
    incident, left = in_hand(e.Acknowledged(at=after(11), by=ALICE, key="volati.i1.3"))
    assert incident.pages == (Page(3, "volati.i1.3", route="oncall"),)
    assert (keys(left, PageTrigger), keys(left, PageAcknowledge)) == ([], [])


# The night.

NIGHT = dataclasses.replace(PATH, quiet=QuietHours(time(22), time(7)))
AT_NIGHT = START + timedelta(hours=11)  # 23:00
MORNING = START + timedelta(hours=19)
PAGED_FIRST = dataclasses.replace(
    NIGHT,
    climbs={
        **NIGHT.climbs,
        IncidentSeverity.P2: dataclasses.replace(NIGHT.climbs[IncidentSeverity.P2], start="oncall"),
    },
)


def test_quiet_hours_hold_a_page() -> None:
    """It pages nobody at night for what can wait, also where that begins at a level that pages, but in the morning."""
    begun = stepped(Incident(id="i1"), e.Opened(at=AT_NIGHT, severity=IncidentSeverity.P2), PAGED_FIRST)
    assert keys(begun.effects, PageTrigger) == []
    assert (begun.to.level, begun.to.due, begun.to.pages) == (3, MORNING, ())
    assert outlook(begun.to, PAGED_FIRST).words == (
        "if nobody acknowledges until then, the on-call engineer is paged, which the quiet hours hold back"
    )
    paged = stepped(begun.to, e.TimeUp(at=MORNING, level=3), PAGED_FIRST)
    assert keys(paged.effects, PageTrigger) == ["volati.i1.3"]
    assert (paged.to.level, paged.to.due) == (3, MORNING + timedelta(minutes=30))


def test_what_comes_next_is_what_happens() -> None:
    """It says "paged" of whom a page is due to, held back by night or not, and "told again" of whom it was sent to."""
    sent = lived(opened(), e.TimeUp(at=after(10), level=2), e.Snoozed(at=after(11), by=ALICE, until=after(30)))
    assert outlook(sent, PATH).words == "the clock runs again, and the on-call engineer is told again"
    void, _ = in_hand(TAKEN[1])
    assert outlook(void, PATH).words == "the clock runs again, and the on-call engineer is paged"
    held = lived(e.Opened(at=AT_NIGHT, severity=IncidentSeverity.P2), path=PAGED_FIRST)
    short = e.Snoozed(at=AT_NIGHT, by=ALICE, until=AT_NIGHT + 30 * MINUTE)
    assert outlook(stepped(held, short, PAGED_FIRST).to, PAGED_FIRST).words.endswith(
        "paged, which the quiet hours hold back"
    )
    till_morning = e.Snoozed(at=AT_NIGHT, by=ALICE, until=MORNING)
    assert outlook(stepped(held, till_morning, PAGED_FIRST).to, PAGED_FIRST).words.endswith("engineer is paged")


def test_who_acknowledges_at_night_spares_the_page() -> None:
    """It pages nobody in the morning where somebody took it at night."""
    begun = stepped(Incident(id="i1"), e.Opened(at=AT_NIGHT, severity=IncidentSeverity.P2), PAGED_FIRST).to
    taken = stepped(begun, e.Acknowledged(at=AT_NIGHT + MINUTE, by=ALICE), PAGED_FIRST)
    assert (taken.to.due, taken.to.pages) == (None, ())
    assert keys(taken.effects, PageAcknowledge) == []


def test_a_person_pages_at_any_hour() -> None:
    """It pages at night when a person wants the next level now, and when it turns out to be grave."""
    low = lived(e.Opened(at=AT_NIGHT, severity=IncidentSeverity.P2), path=NIGHT)
    wanted = stepped(low, e.EscalatedNow(at=AT_NIGHT + MINUTE, by=ALICE, reason="it spreads", level=3), NIGHT)
    assert keys(wanted.effects, PageTrigger) == ["volati.i1.3"]
    held = lived(e.Opened(at=AT_NIGHT, severity=IncidentSeverity.P2), path=PAGED_FIRST)
    graver = stepped(held, e.Regraded(at=AT_NIGHT + MINUTE, by=BOB, severity=IncidentSeverity.P0), PAGED_FIRST)
    assert keys(graver.effects, PageTrigger) == ["volati.i1.3"]


def test_who_is_wanted_at_night_and_cannot_be_paged() -> None:
    """It calls in Slack whom a person wants at night, and goes on to the next level when the page fails."""
    low = lived(e.Opened(at=AT_NIGHT, severity=IncidentSeverity.P2), path=NIGHT)
    wanted = stepped(low, e.EscalatedNow(at=AT_NIGHT + MINUTE, by=ALICE, reason="it spreads", level=3), NIGHT)
    assert [one.quietly for one in wanted.effects if isinstance(one, Notify)] == [False]
    failed = e.PageFailed(at=AT_NIGHT + 2 * MINUTE, level=3, why="PagerDuty gave no answer")
    assert keys(stepped(wanted.to, failed, NIGHT).effects, PageTrigger) == ["volati.i1.4"]


def test_a_page_that_fails_as_the_night_begins() -> None:
    """It wakes nobody else for a page that went out just before quiet hours and fails in them: they have their time."""
    evening = START + timedelta(hours=9, minutes=59)  # 21:59
    called = stepped(Incident(id="i1"), e.Opened(at=evening, severity=IncidentSeverity.P2), PAGED_FIRST)
    assert keys(called.effects, PageTrigger) == ["volati.i1.3"]
    failed = stepped(called.to, e.PageFailed(at=evening + 2 * MINUTE, level=3, why="no answer"), PAGED_FIRST)
    assert [type(effect) for effect in failed.effects] == [TellThread]
    assert (failed.to.level, failed.to.due) == (3, MORNING)
    assert keys(stepped(failed.to, e.TimeUp(at=MORNING, level=3), PAGED_FIRST).effects, PageTrigger) == ["volati.i1.4"]


def test_a_page_from_before_it_was_kept_who_wanted_it() -> None:
    """It reads a page of an older form, as one that nobody wanted."""
    old = msgspec.json.decode(b'{"level": 3, "key": "volati.i1.3", "void": false, "route": "oncall"}', type=Page)
    assert old == Page(3, "volati.i1.3", route="oncall", wanted=False)


# What turned out otherwise.


def test_graver_when_nobody_answered() -> None:
    """It goes on climbing when it turns out to be graver after nobody answered; at the very end it reminds sooner."""
    incident = lived(opened(IncidentSeverity.P3), e.TimeUp(at=after(20), level=1), e.TimeUp(at=after(60), level=2))
    step = stepped(incident, e.Regraded(at=after(65), by=BOB, severity=IncidentSeverity.P0))
    assert (step.to.phase, step.to.level, keys(step.effects, PageTrigger)) == (Phase.WAITING, 3, ["volati.i1.3"])
    ended = at_the_very_end()
    graver = stepped(ended, e.Regraded(at=after(86), by=BOB, severity=IncidentSeverity.P0)).to
    assert (graver.phase, ended.due, graver.due) == (Phase.UNANSWERED, after(115), after(101))


def test_a_void_page_of_a_lower_level() -> None:
    """It pages every level whose page was void when nobody is on it any more, also one that it had left."""
    climbed = stepped(lived(opened()), e.TimeUp(at=after(10), level=2))
    alone = Path((*PATH.levels[:3], dataclasses.replace(PATH.level(4), mentions=()), PATH.level(5)))
    failed = stepped(climbed.to, e.PageFailed(at=after(11), level=3, why="no answer"), alone)
    snoozed = advance(failed.to, e.Snoozed(at=after(12), by=ALICE, until=after(30)), alone, climbed.effects)
    assert isinstance(snoozed, Step)
    assert [page.void for page in snoozed.to.pages] == [True, False]
    step = stepped(snoozed.to, e.SnoozeOver(at=after(30)), alone)
    assert (step.to.level, keys(step.effects, PageTrigger)) == (4, ["volati.i1.3-2"])


def test_a_void_page_that_had_arrived() -> None:
    """It counts a void page as arrived when PagerDuty speaks of it, and rings its people by no second one."""
    incident, _ = in_hand(TAKEN[0])
    there = stepped(incident, e.PageTaken(at=after(12), key="volati.i1.3", reference="#7")).to
    assert there.pages == (Page(3, "volati.i1.3", route="oncall"),)
    assert keys(stepped(there, e.Unacknowledged(at=after(40), key="volati.i1.3")).effects, PageTrigger) == []


@pytest.mark.parametrize(
    ("before", "after_it"),
    [
        (PageResolve(level=3, dedup_key="volati.i1.3"), e.Reopened(at=after(20), by=BOB, key="volati.i1.3")),
        (PageAcknowledge(level=3, dedup_key="volati.i1.3"), e.Unacknowledged(at=after(20), key="volati.i1.3")),
    ],
)
def test_a_word_from_before_ends_nothing(before: AnyEffect, after_it: e.Event) -> None:
    """It does not end what PagerDuty has opened again by a word that was on its way; others it still says."""
    assert still_wanted((before,), (), after_it) == ()
    assert still_wanted((before,), (), e.PageTaken(at=after(20), key="volati.i1.3", reference="#7")) == (before,)


def test_beyond_the_end_of_a_shorter_path() -> None:
    """It pages nobody for a level that the path does not have any more."""
    ended = lived(
        opened(), *(e.TimeUp(at=after(minutes), level=level) for minutes, level in ((10, 2), (25, 3), (40, 4)))
    )
    short = Path(
        PATH.levels[:4], {key: dataclasses.replace(climb, until="oncall") for key, climb in PATH.climbs.items()}
    )
    assert (ended.level, keys(stepped(ended, e.TimeUp(at=after(55), level=5), short).effects, PageTrigger)) == (5, [])


def test_soon_again_is_the_same_incident() -> None:
    """It reopens within the time, in a new round whose pages have keys of their own."""
    step = stepped(at_phase(Phase.RESOLVED), e.Recurred(at=after(12 + 30)))
    assert (step.to.phase, step.to.level, step.to.round, step.to.pages) == (Phase.WAITING, 2, 2, ())
    assert tidings(step) == [Tiding.REOPENED]
    on = stepped(step.to, e.TimeUp(at=after(52), level=2))
    assert keys(on.effects, PageTrigger) == ["volati.i1.3.2"]


def test_much_later_is_another_incident() -> None:
    """It says that a fault which comes back later is a new incident."""
    assert "new incident" in refused(at_phase(Phase.RESOLVED), e.Recurred(at=after(12 + 31)))


def test_reopened_in_pagerduty() -> None:
    """It takes over the page that PagerDuty rings again by itself, and pages it no second time."""
    step = stepped(at_phase(Phase.RESOLVED), e.Reopened(at=after(20), by=BOB, key="volati.i1.3"))
    assert (step.to.phase, step.to.level, step.to.round) == (Phase.WAITING, 3, 2)
    assert keys(step.effects, PageTrigger) == []
    over = stepped(step.to, e.Resolved(at=after(21), by=ALICE))
    assert keys(over.effects, PageResolve) == ["volati.i1.3"]


def test_a_late_echo_resolves_nothing() -> None:
    """It is not resolved by what PagerDuty says of a page of an earlier round."""
    again = stepped(at_phase(Phase.RESOLVED), e.Recurred(at=after(20))).to
    for event in (
        e.Resolved(at=after(21), key="volati.i1.3"),
        e.Acknowledged(at=after(21), by=ALICE, key="volati.i1.3"),
    ):
        assert "earlier round" in refused(again, event)


def test_an_end_that_reaches_nobody() -> None:
    """It says at the end of the path who was never called: nobody is to believe that the on-call engineer slept."""
    step = stepped(lived(opened(), path=Path()), e.TimeUp(at=after(10), level=2), Path())
    assert step.to.phase is Phase.UNANSWERED
    assert tidings(step) == [Tiding.PASSED_OVER, Tiding.UNANSWERED]
    (said,) = [one.words for one in step.effects if isinstance(one, TellThread) and one.words]
    assert said == "the on-call engineer, DevOps/Infrastructure, the CTO"


def test_a_page_that_is_not_accepted() -> None:
    """It goes on to the next level at once, and says so; a page of another level is only told."""
    waiting = at_phase(Phase.WAITING)
    step = stepped(waiting, e.PageFailed(at=after(11), level=3, why="PagerDuty gave no answer"))
    assert (step.to.level, tidings(step)) == (4, [Tiding.PAGE_FAILED])
    late = stepped(step.to, e.PageFailed(at=after(12), level=3, why="PagerDuty gave no answer"))
    assert (late.to.level, late.to.due) == (4, step.to.due)


def test_regraded() -> None:
    """It climbs as its new severity says: to its first level at once, or with a new due time."""
    low = lived(opened(IncidentSeverity.P3))
    step = stepped(low, e.Regraded(at=after(1), severity=IncidentSeverity.P0, by=ALICE))
    assert (step.to.level, step.to.due) == (2, after(6))
    waiting = at_phase(Phase.WAITING)
    faster = stepped(waiting, e.Regraded(at=after(11), severity=IncidentSeverity.P0, by=ALICE))
    assert (faster.to.level, faster.to.due) == (3, after(18.5))
    assert refused(waiting, e.Regraded(at=after(11), severity=IncidentSeverity.P1, by=ALICE)) == "It is P1 already."


def test_graver_calls_nobody_later() -> None:
    """It keeps the time it had where that is sooner than the new severity's; what is less grave has more."""
    due = lived(opened(IncidentSeverity.P1)).due
    assert due is not None
    late = stepped(lived(opened(IncidentSeverity.P1)), e.Regraded(at=due, severity=IncidentSeverity.P0, by=ALICE))
    assert late.to.due == due
    less = stepped(lived(opened(IncidentSeverity.P0)), e.Regraded(at=after(1), severity=IncidentSeverity.P1, by=ALICE))
    assert less.to.due is not None
    assert less.to.due > after(6)

"""What must hold of an incident whatever happens to it, in whatever order."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.incidents import events as e
from bot.incidents.effects import AnyEffect, Notify, PageAcknowledge, PageResolve, PageTrigger, still_wanted
from bot.incidents.incident import Incident, Phase
from bot.incidents.machine import Step, advance
from bot.incidents.path import IncidentSeverity
from tests.bot.incidents.things import ALICE, BOB, MINUTE, PATH, after, opened

PEOPLE = st.sampled_from([ALICE, BOB])
KEYS = st.sampled_from(["", "volati.i1.3", "volati.i1.4", "volati.i1.3.2"])
DEEDS = st.one_of(
    st.builds(dict, kind=st.just(e.Acknowledged), by=PEOPLE, key=KEYS),
    st.builds(dict, kind=st.just(e.Unacknowledged), by=st.none() | PEOPLE, key=KEYS),
    st.builds(dict, kind=st.just(e.Snoozed), by=PEOPLE, minutes=st.integers(-5, 2000)),
    st.builds(dict, kind=st.just(e.SnoozeOver)),
    st.builds(dict, kind=st.just(e.HandedOver), by=PEOPLE, to=PEOPLE),
    st.builds(dict, kind=st.just(e.EscalatedNow), by=PEOPLE, reason=st.just("x"), level=st.integers(0, 6)),
    st.builds(dict, kind=st.just(e.TimeUp), level=st.integers(1, 5)),
    st.builds(dict, kind=st.just(e.TimeUp)),
    st.builds(dict, kind=st.just(e.Resolved), by=st.none() | PEOPLE, key=KEYS),
    st.builds(dict, kind=st.just(e.Recurred)),
    st.builds(dict, kind=st.just(e.Reopened), by=PEOPLE, key=KEYS),
    st.builds(dict, kind=st.just(e.Regraded), by=PEOPLE, severity=st.sampled_from(IncidentSeverity)),
    st.builds(dict, kind=st.just(e.PageFailed), level=st.integers(1, 5), why=st.just("x")),
    st.builds(dict, kind=st.just(e.Annotated), text=st.just("x")),
)
Deeds = list[tuple[float, bool, dict[str, object]]]
#: Minutes that pass, whether PagerDuty takes what waits for it until then, and what happens.
WALKS = st.lists(st.tuples(st.floats(0, 45), st.booleans(), DEEDS), min_size=1, max_size=40)


def walked(deeds: Deeds) -> list[tuple[Incident, e.Event, Step]]:
    """Every step of a walk: the incident before, the event, the step. A wake without a level is one that is due."""
    return [(before, event, step) for before, event, step, _ in followed(deeds)]


def followed(deeds: Deeds) -> list[tuple[Incident, e.Event, Step, tuple[AnyEffect, ...]]]:
    """The same, with what is left to do after each step."""
    incident, minutes, steps, left = Incident(id="i1"), 0.0, [], tuple[AnyEffect, ...]()
    for passed, done, deed in [(0.0, True, {"kind": e.Opened, "severity": opened().severity}), *deeds]:
        minutes += passed
        event = made(dict(deed), incident, minutes)
        left = () if done else left
        step = advance(incident, event, PATH, left)
        if isinstance(step, Step):
            left = (*still_wanted(left, step.effects, event), *step.effects)
            steps.append((incident, event, step, left))
            incident = step.to
    return steps


def made(deed: dict[str, object], incident: Incident, minutes: float) -> e.Event:
    kind = deed.pop("kind")
    assert isinstance(kind, type)
    if kind is e.TimeUp:
        deed.setdefault("level", incident.level)
    if "minutes" in deed:
        deed["until"] = after(minutes) + timedelta(minutes=float(str(deed.pop("minutes"))))
    event = kind(at=after(minutes), **deed)
    assert isinstance(event, e.Event)
    return event


@given(WALKS)
def test_no_key_is_opened_twice(deeds: Deeds) -> None:
    """It triggers every dedup key once at most: no level is paged twice in a round, and no round reuses a key."""
    triggered = Counter(
        effect.dedup_key for _, _, step in walked(deeds) for effect in step.effects if isinstance(effect, PageTrigger)
    )
    assert {key for key, times in triggered.items() if times > 1} == set()


@given(WALKS)
def test_nobody_is_called_for_what_is_in_hand(deeds: Deeds) -> None:
    """It has no page waiting for PagerDuty once a person is on it or it is over, and never one that counts as void."""
    for _, event, step, left in followed(deeds):
        waiting = {effect.dedup_key for effect in left if isinstance(effect, PageTrigger)}
        if isinstance(event, e.Acknowledged | e.Snoozed | e.Resolved) and not getattr(event, "key", ""):
            assert waiting == set()
        assert waiting <= {page.key for page in step.to.pages if not page.void}


@given(WALKS)
def test_resolved_stays_resolved(deeds: Deeds) -> None:
    """It leaves the resolved state only when the fault is back soon, or somebody reopens it."""
    for before, event, step in walked(deeds):
        if before.phase is Phase.RESOLVED and step.to.phase is not Phase.RESOLVED:
            assert isinstance(event, e.Recurred | e.Reopened)
            assert step.to.round == before.round + 1


@given(WALKS)
def test_due_times_lie_ahead(deeds: Deeds) -> None:
    """It waits for a time that is not over yet, never climbs before it by itself, and always has one while it waits."""
    for before, event, step in walked(deeds):
        waits = step.to.phase in {Phase.WAITING, Phase.UNANSWERED, Phase.SNOOZED}
        assert waits == (step.to.due is not None)
        if step.to.due is not None and step.to.due != before.due:
            assert step.to.due > event.at
        if isinstance(event, e.TimeUp | e.SnoozeOver):
            assert before.due is not None
            assert event.at >= before.due


@given(WALKS)
def test_it_goes_down_only_in_a_new_round(deeds: Deeds) -> None:
    """It goes up within a round, and begins lower only in a new one."""
    for before, _, step in walked(deeds):
        assert step.to.level >= before.level or step.to.round > before.round


@given(WALKS)
def test_what_is_told_to_pagerduty_was_paged(deeds: Deeds) -> None:
    """It acknowledges and resolves only what it triggered before, or what PagerDuty said was open."""
    known: set[str] = set()
    for _, event, step in walked(deeds):
        known |= {event.key} if isinstance(event, e.Reopened) else set()
        for effect in step.effects:
            known |= {effect.dedup_key} if isinstance(effect, PageTrigger) else set()
            assert not isinstance(effect, PageAcknowledge | PageResolve) or effect.dedup_key in known


@given(WALKS)
def test_the_end_leaves_no_page_open(deeds: Deeds) -> None:
    """It has no page open after a resolve: each was resolved by it, or is the one it was resolved by."""
    open_keys: set[str] = set()
    for _, event, step in walked(deeds):
        if isinstance(event, e.Reopened) and event.key in {page.key for page in step.to.pages}:
            open_keys.add(event.key)
        for effect in step.effects:
            if isinstance(effect, PageTrigger):
                open_keys.add(effect.dedup_key)
            elif isinstance(effect, PageResolve):
                open_keys.discard(effect.dedup_key)
        if isinstance(event, e.Resolved):
            assert open_keys <= {event.key}
            open_keys.clear()


@given(WALKS)
def test_ids_of_effects_are_their_own(deeds: Deeds) -> None:
    """It gives every effect an id that no other has."""
    ids = [effect.id for _, _, step in walked(deeds) for effect in step.effects]
    assert len(ids) == len(set(ids))


@given(WALKS)
def test_one_call_for_each_wake(deeds: Deeds) -> None:
    """It calls the people of a level once for a step at most, so that an absence of hours floods nobody.

    Levels below are paged along with it only where their page had called nobody.
    """
    for before, _, step in walked(deeds):
        paged = [effect.level for effect in step.effects if isinstance(effect, PageTrigger)]
        void = {page.level for page in before.pages if page.void}
        assert len([effect for effect in step.effects if isinstance(effect, Notify)]) <= 1
        assert len(paged) == len(set(paged))
        assert set(paged) <= {step.to.level} | void


def test_a_walk_walks() -> None:
    """It does climb in these walks: a due wake leads on."""
    steps = walked([(10.0, True, {"kind": e.TimeUp}), (15.0, True, {"kind": e.TimeUp})])
    assert [step.to.level for _, _, step in steps] == [2, 3, 4]
    assert PATH.level(4).within == MINUTE * 15

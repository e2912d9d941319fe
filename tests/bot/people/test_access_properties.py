"""What holds of every decision, whoever asks for whatever, wherever, by whichever rules."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.people.access import RIGHTS, Allowed, Caution, Denied, Holders, Read, Role, Rules, Standing, Who, decide

IDS = st.sampled_from(["U1", "U2", "U3"])
GROUPS = st.frozensets(st.sampled_from(["S1", "S2", "S3"]))
CHANNELS = ["C1", "C2", ""]
HOLDERS = st.builds(Holders, users=st.frozensets(IDS), groups=GROUPS, everyone=st.booleans())
RULES = st.builds(
    Rules,
    team=st.just("T1"),
    channels=st.frozensets(st.sampled_from(CHANNELS[:2])),
    holders=st.dictionaries(st.sampled_from(Role), HOLDERS),
)
WHO = st.builds(
    Who,
    id=IDS,
    standing=st.sampled_from([None, *Standing]),
    seen=st.sampled_from(Read),
    groups=GROUPS,
    groups_read=st.sampled_from(Read),
    doubtful=st.booleans(),
)
WHAT = st.one_of(st.sampled_from(sorted(RIGHTS)), st.text(max_size=20))
WHERE = st.sampled_from(CHANNELS)


def allowed(who: Who, what: str, where: str, rules: Rules) -> bool:
    return isinstance(decide(who, what, where, rules), Allowed)


@given(WHO, WHAT, WHERE, RULES)
def test_only_members_and_the_named(who: Who, what: str, where: str, rules: Rules) -> None:
    """It says yes only to full members, and to people of the settings who could not be looked up yet."""
    if allowed(who, what, where, rules):
        vouched = who.standing is None and who.id in rules.users and not who.doubtful
        assert who.standing is Standing.MEMBER or vouched
        assert what in RIGHTS


@given(WHO, WHAT, WHERE, RULES)
def test_acts_are_sure(who: Who, what: str, where: str, rules: Rules) -> None:
    """It lets nobody act but who is freshly known to be a member, and has the role by id or by groups freshly read."""
    if allowed(who, what, where, rules) and RIGHTS[what].caution is Caution.STRICT:
        assert who.seen is Read.FRESH
        sure = [
            holders
            for holders in rules.at_least(RIGHTS[what].needs)
            if who.id in holders.users
            or holders.everyone
            or (who.groups_read is Read.FRESH and holders.groups & who.groups)
        ]
        assert sure


@given(WHO, WHERE, RULES)
def test_roles_include_each_other(who: Who, where: str, rules: Rules) -> None:
    """It refuses nothing to a higher role that it allows to a lower one."""
    may = [
        {what for what in RIGHTS if allowed(who, what, where, replace(rules, holders={role: Holders(everyone=True)}))}
        for role in Role
    ]
    assert all(lower <= higher for lower, higher in pairwise(may))


@given(WHO, WHAT, RULES, st.sampled_from(CHANNELS[:2]))
def test_channels_only_take_away(who: Who, what: str, rules: Rules, where: str) -> None:
    """It allows nothing in a limited channel that it would not allow without limits."""
    if allowed(who, what, where, rules):
        assert allowed(who, what, where, replace(rules, channels=frozenset()))
        assert not rules.channels or where in rules.channels


@given(WHO, st.sampled_from(sorted(RIGHTS)), WHERE, RULES)
def test_knowing_more_never_opens_acts(who: Who, what: str, where: str, rules: Rules) -> None:
    """It allows no act on an old answer that it would not allow on the same answer freshly read."""
    if RIGHTS[what].caution is not Caution.OPEN and allowed(who, what, where, rules) and who.standing is not None:
        assert allowed(replace(who, seen=Read.FRESH, groups_read=Read.FRESH), what, where, rules)


@given(WHO, WHAT, WHERE, RULES)
def test_every_no_is_explained(who: Who, what: str, where: str, rules: Rules) -> None:
    """It gives with each refusal a sentence of bounded length, and whom to ask without naming anybody twice."""
    answer = decide(who, what, where, rules)
    if isinstance(answer, Denied):
        assert answer.text.endswith(".")
        assert len(answer.text) < 300
        assert len(set(answer.ask)) == len(answer.ask)

"""Who may do what: the whole table, and every way in which Slack may not have told us enough."""

from dataclasses import replace
from itertools import product

import pytest

from bot.actions.plan import Risk
from bot.people.access import (
    RIGHTS,
    Allowed,
    Caution,
    Denied,
    Grant,
    Holders,
    Read,
    Reason,
    Role,
    Rules,
    Source,
    Standing,
    Who,
    decide,
    grants,
)
from bot.words.commands import COMMANDS

TEAM = "T0VOLATI0"
HEARD, OTHER, NOWHERE = "C0ENGINE0", "C0RANDOM0", ""
RULES = Rules(
    TEAM,
    frozenset({HEARD}),
    {
        Role.VIEWER: Holders(users=frozenset({"UVIEWER"})),
        Role.OPERATOR: Holders(users=frozenset({"UOPERATOR"}), groups=frozenset({"SOPS"})),
        Role.APPROVER: Holders(users=frozenset({"UAPPROVER"}), groups=frozenset({"SAPPROVE"})),
        Role.ADMIN: Holders(users=frozenset({"UADMIN"})),
    },
)
PEOPLE = ("UNOBODY", "UVIEWER", "UOPERATOR", "UAPPROVER", "UADMIN")
ANSWERS = {"Y": None, "r": Reason.ROLE, "c": Reason.CHANNEL}

# For each word and each of PEOPLE: in the channel that is listened to, in another, and where there is no channel.
# Y yes; r refused for want of the role; c refused for the channel.
TABLE = """
help                rcr YcY YcY YcY YcY
whoami              rcr YcY YcY YcY YcY
diagnose            rcr YcY YcY YcY YcY
status              rcr YcY YcY YcY YcY
logs                rcr YcY YcY YcY YcY
events              rcr YcY YcY YcY YcY
runbook             rcr YcY YcY YcY YcY
triage              rcr YcY YcY YcY YcY
home                rcr YcY YcY YcY YcY
token               rcr YcY YcY YcY YcY
why                 rcr YcY YcY YcY YcY
validate            rcr YcY YcY YcY YcY
oncall              rcr YcY YcY YcY YcY
incidents           rcr YcY YcY YcY YcY
postmortem          rcr YcY YcY YcY YcY
audit               rcr YcY YcY YcY YcY
doctor              rcr YcY YcY YcY YcY
escalate            rcr YcY YcY YcY YcY
ack                 rcc rcc Ycc Ycc Ycc
snooze              rcc rcc Ycc Ycc Ycc
handover            rcc rcc Ycc Ycc Ycc
resolve             rcc rcc Ycc Ycc Ycc
diagnose-deep       rcc rcc Ycc Ycc Ycc
silence             rcc rcc Ycc Ycc Ycc
probe               rcc rcc Ycc Ycc Ycc
restart             rcc rcc Ycc Ycc Ycc
rollback            rcc rcc Ycc Ycc Ycc
scale               rcc rcc Ycc Ycc Ycc
delete-failed-pods  rcc rcc Ycc Ycc Ycc
debug-logs          rcc rcc Ycc Ycc Ycc
system-restart      rcc rcc Ycc Ycc Ycc
restart-container   rcc rcc Ycc Ycc Ycc
recreate-volume     rcc rcc Ycc Ycc Ycc
cancel-query        rcc rcc Ycc Ycc Ycc
end-session         rcc rcc Ycc Ycc Ycc
call-off            rcc rcc Ycc Ycc Ycc
confirm-low         rcc rcc Ycc Ycc Ycc
confirm-medium      rcc rcc rcc Ycc Ycc
confirm-high        rcc rcc rcc Ycc Ycc
break-glass         rcc rcc rcc Ycc Ycc
"""
#: What is asked for by a button, with a blank in its name.
WITH_BLANKS = ("diagnose deep", "call off", *(f"confirm {risk}" for risk in Risk), "break glass")
ROWS = {
    next((one for one in WITH_BLANKS if one.replace(" ", "-") == line.split()[0]), line.split()[0]): line.split()[1:]
    for line in TABLE.strip().splitlines()
}
CASES = [
    (what, person, where, ANSWERS[answer])
    for what, cells in ROWS.items()
    for person, cell in zip(PEOPLE, cells, strict=True)
    for where, answer in zip((HEARD, OTHER, NOWHERE), cell, strict=True)
]


def member(person: str, *, groups: frozenset[str] = frozenset(), groups_read: Read = Read.FRESH) -> Who:
    return Who(person, Standing.MEMBER, Read.FRESH, groups, groups_read)


def reason(answer: Allowed | Denied) -> Reason | None:
    return answer.reason if isinstance(answer, Denied) else None


def test_the_table_is_whole() -> None:
    """It has a line for every command there is, and for what is asked for without a command; and no other."""
    assert set(ROWS) == set(RIGHTS)
    assert {word.word for word in COMMANDS} | {*WITH_BLANKS, "triage", "home"} == set(RIGHTS)
    assert len(CASES) == 40 * 5 * 3
    assert all(right.why for right in RIGHTS.values())


@pytest.mark.parametrize(("what", "person", "where", "wanted"), CASES)
def test_table(what: str, person: str, where: str, wanted: Reason | None) -> None:
    """It answers each person, for each thing, in each place, as the table says."""
    assert reason(decide(member(person), what, where, RULES)) == wanted


@pytest.mark.parametrize("what", RIGHTS)
@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        (Standing.GUEST, Reason.GUEST),
        (Standing.BOT, Reason.BOT),
        (Standing.DEACTIVATED, Reason.DEACTIVATED),
        (Standing.ELSEWHERE, Reason.ELSEWHERE),
    ],
)
def test_outsiders_get_nothing(what: str, standing: Standing, wanted: Reason) -> None:
    """It refuses guests, bots, deactivated people and other workspaces everything, admins by id too."""
    rules = replace(RULES, channels=frozenset())
    for where, seen in product((HEARD, OTHER, NOWHERE), Read):
        who = Who("UADMIN", standing, seen, frozenset({"SOPS", "SAPPROVE"}), Read.FRESH)
        assert reason(decide(who, what, where, rules)) is wanted


@pytest.mark.parametrize("what", ["", "sudo", "Restart", "restart ", "x" * 10_000])
def test_what_has_no_rule(what: str) -> None:
    """It refuses, even to an admin, what is not in the table, and does not repeat it at length."""
    answer = decide(member("UADMIN"), what, HEARD, RULES)
    assert isinstance(answer, Denied)
    assert answer.reason is Reason.NO_RULE
    assert len(answer.text) < 120


# What goes on while Slack cannot be asked for user groups.


@pytest.mark.parametrize("groups_read", [Read.OLD, Read.NEVER])
@pytest.mark.parametrize("what", RIGHTS)
def test_roles_unread(what: str, groups_read: Read) -> None:
    """It lets reading go on, refuses acts, and judges incidents by the last answer."""
    last = frozenset({"SOPS"}) if groups_read is Read.OLD else frozenset[str]()
    answer = decide(member("UNOBODY", groups=last, groups_read=groups_read), what, HEARD, RULES)
    wanted = {
        Caution.OPEN: None,
        Caution.KEPT: None if last else Reason.ROLES_UNREAD,
        Caution.STRICT: Reason.ROLES_UNREAD,
    }
    assert reason(answer) is wanted[RIGHTS[what].caution]


@pytest.mark.parametrize("groups_read", Read)
@pytest.mark.parametrize("what", RIGHTS)
def test_ids_need_no_reading(what: str, groups_read: Read) -> None:
    """It lets whom the settings name by id do everything, whether groups can be read or not."""
    assert decide(member("UADMIN", groups_read=groups_read), what, HEARD, RULES) == Allowed(
        Grant(Role.ADMIN, Source.NAMED)
    )


def test_unread_groups_that_could_not_help() -> None:
    """It says that the role is missing, not that it cannot be read, when no group is set for it."""
    rules = replace(
        RULES, holders={Role.VIEWER: Holders(everyone=True), Role.OPERATOR: Holders(users=frozenset({"U1"}))}
    )
    answer = decide(member("U2", groups_read=Read.NEVER), "restart", HEARD, rules)
    assert reason(answer) is Reason.ROLE


def test_says_why_roles_cannot_be_read() -> None:
    """It names the reason, and of those to ask only the people named by id: groups can help nobody now."""
    who = replace(member("UNOBODY", groups_read=Read.OLD), unread_because="The app lacks a right (missing_scope).")
    answer = decide(who, "restart", HEARD, RULES)
    assert isinstance(answer, Denied)
    assert answer.text == (
        "“restart” needs the role operator, and Volati cannot read who has it. The app lacks a right (missing_scope)."
    )
    assert answer.ask == ("UOPERATOR", "UAPPROVER", "UADMIN")


# What goes on while Slack cannot be asked for the person.


@pytest.mark.parametrize("what", RIGHTS)
def test_nobody_knows_them(what: str) -> None:
    """It refuses everything to who was never looked up, for they may be a guest."""
    who = Who("UNOBODY", groups=frozenset({"SOPS"}), groups_read=Read.FRESH)
    assert reason(decide(who, what, HEARD, RULES)) is Reason.UNSEEN


@pytest.mark.parametrize("what", RIGHTS)
def test_named_by_the_settings_and_never_looked_up(what: str) -> None:
    """It takes the settings' word for whom they name, but not for acts, and not if another workspace is named."""
    strict = RIGHTS[what].caution is Caution.STRICT
    assert reason(decide(Who("UADMIN"), what, HEARD, RULES)) is (Reason.UNSEEN if strict else None)
    assert reason(decide(Who("UADMIN", doubtful=True), what, HEARD, RULES)) is Reason.UNSEEN


@pytest.mark.parametrize("what", RIGHTS)
def test_looked_up_long_ago(what: str) -> None:
    """It lets a full member read by what was last known of them, and act only by what is known now."""
    who = Who("UADMIN", Standing.MEMBER, Read.OLD, groups_read=Read.FRESH)
    strict = RIGHTS[what].caution is Caution.STRICT
    assert reason(decide(who, what, HEARD, RULES)) is (Reason.UNSEEN if strict else None)


def test_says_why_a_person_is_not_known() -> None:
    """It gives the reason of the failed look-up, or says that nobody asked."""
    answer = decide(Who("U1", unseen_because="Slack did not answer within 1.5 s."), "help", HEARD, RULES)
    assert isinstance(answer, Denied)
    assert "who you are. Slack did not answer within 1.5 s. Ask again" in answer.text


# Roles, and the words of a refusal.


def test_by_default() -> None:
    """It lets every full member read everywhere and nobody act, when the settings say nothing."""
    for what, right in RIGHTS.items():
        answer = decide(member("UNOBODY"), what, OTHER, Rules(TEAM))
        assert reason(answer) is (None if right.needs is Role.VIEWER else Reason.ROLE)


def test_refusal_names_what_is_missing() -> None:
    """It names the thing, the role it needs, the one the person has, and everybody who can do it, groups first."""
    answer = decide(member("UVIEWER"), "restart", HEARD, RULES)
    assert answer == Denied(
        Reason.ROLE,
        "“restart” needs the role operator; you have viewer.",
        ("SOPS", "UOPERATOR", "SAPPROVE", "UAPPROVER", "UADMIN"),
    )


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("confirm low", "This plan needs an operator's yes; you have viewer."),
        ("confirm high", "This plan needs an approver's yes; you have viewer."),
        ("break glass", "Breaking the glass needs the role approver; you have viewer."),
        ("call off", "Deciding about a plan needs the role operator; you have viewer."),
    ],
)
def test_refusal_of_a_button(what: str, words: str) -> None:
    """It speaks of what the button does, for which nobody has a word, and names who may."""
    answer = decide(member("UVIEWER"), what, HEARD, RULES)
    assert isinstance(answer, Denied)
    assert answer.text == words
    assert "UADMIN" in answer.ask


def test_refusal_when_nobody_can() -> None:
    """It says which setting is empty when there is nobody to ask."""
    answer = decide(member("UNOBODY"), "restart", HEARD, Rules(TEAM, holders={}))
    assert isinstance(answer, Denied)
    assert answer.text.endswith("Nobody has it: whoever runs Volati can name people under access.roles.operator.")
    assert "you have none" in answer.text


def test_refusal_for_a_channel() -> None:
    """It names the channels that are listened to."""
    assert decide(member("UADMIN"), "restart", OTHER, RULES) == Denied(
        Reason.CHANNEL, "Volati does not listen here.", (HEARD,)
    )


def test_only_bots_are_not_even_answered() -> None:
    """It marks the refusal of a bot as one to keep silent about, and no other."""
    assert [why for why in Reason if Denied(why, "x").silent] == [Reason.BOT]


def test_several_ways_to_a_role() -> None:
    """It lists every grant, the highest first, and acts by the highest."""
    rules = replace(RULES, holders={**RULES.holders, Role.VIEWER: Holders(everyone=True)})
    who = member("UOPERATOR", groups=frozenset({"SAPPROVE", "SOPS", "SUNRELATED"}))
    assert grants(who, rules) == (
        Grant(Role.APPROVER, Source.GROUP, "SAPPROVE"),
        Grant(Role.OPERATOR, Source.GROUP, "SOPS"),
        Grant(Role.OPERATOR, Source.NAMED),
        Grant(Role.VIEWER, Source.EVERYONE),
    )
    assert decide(who, "restart", HEARD, rules) == Allowed(Grant(Role.APPROVER, Source.GROUP, "SAPPROVE"))

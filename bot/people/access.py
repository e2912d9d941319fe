"""Decides who may do what: one pure function over one table. It asks nobody, posts nothing and keeps no time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum


class Role(IntEnum):
    """What somebody may do. Each role includes those before it."""

    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3
    ADMIN = 4

    def __str__(self) -> str:
        """The role as the settings name it."""
        return self.name.lower()


class Standing(StrEnum):
    """What somebody is in the workspace. Only a full member may do anything."""

    MEMBER = "full member"
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    ELSEWHERE = "of another workspace"


class Read(StrEnum):
    """How lately something was read from Slack."""

    FRESH = "fresh"
    OLD = "old"
    NEVER = "never"


class Caution(StrEnum):
    """What goes on while Slack cannot be asked for people or roles."""

    OPEN = "open"  # goes on
    KEPT = "kept"  # goes on by the last answer, however old
    STRICT = "strict"  # is refused, unless the answer is fresh


@dataclass(frozen=True, slots=True)
class Right:
    """What one thing takes: the role it needs, its caution, and why it is so."""

    needs: Role
    caution: Caution
    why: str


def _reads(why: str) -> Right:
    return Right(Role.VIEWER, Caution.OPEN, why)


def _tends(why: str) -> Right:
    return Right(Role.OPERATOR, Caution.KEPT, why)


def _acts(why: str) -> Right:
    return Right(Role.OPERATOR, Caution.STRICT, why)


def _consents(why: str) -> Right:
    return Right(Role.APPROVER, Caution.STRICT, why)


RIGHTS: Mapping[str, Right] = {
    "help": _reads("says only what there is"),
    "whoami": _reads("a person's own rights"),
    "diagnose": _reads("looks and changes nothing"),
    "diagnose deep": _acts("creates and deletes on the platform what it looks at"),
    "status": _reads("verdicts that were posted already, and counts of what the cluster runs"),
    "logs": _reads("redacted before it is shown"),
    "events": _reads("what the cluster reports, redacted"),
    "runbook": _reads("the team's own text"),
    "triage": _reads("reads only what the person chose"),
    "home": _reads("the board shows what the threads show"),
    "token": _reads("the person's own paste, explained to them alone and forgotten"),
    "why": _reads("an answer about rights, and no change of them"),
    "validate": _reads("the person's own paste, told to them alone"),
    "oncall": _reads("whom to call must be known to everybody who may need to"),
    "incidents": _reads("what is open"),
    "postmortem": _reads("a draft made of what the thread says"),
    "audit": _reads("that everybody can see who did what is the point of it"),
    "doctor": _reads("it tells why roles cannot be read, so it may not hang on a role; addresses are redacted"),
    "escalate": _reads("a call for help, which may never fail for want of a role"),
    "ack": _tends("stops the clock: who stops it must be able to help; never stricter at night than the last answer"),
    "snooze": _tends("holds the clock, as ack does"),
    "handover": _tends("gives away what ack took"),
    "resolve": _tends("stops the clock for good; a fault that goes on opens it again"),
    "silence": _acts("hides faults from everybody, until it ends by itself"),
    "probe": _acts("starts a pod on the platform"),
    "restart": _acts("a guarded act"),
    "rollback": _acts("a guarded act"),
    "scale": _acts("a guarded act"),
    "delete-failed-pods": _acts("a guarded act"),
    "debug-logs": _acts("a guarded act"),
    "system-restart": _acts("a guarded act; this is the right to propose it, consent is another's"),
    "restart-container": _acts("a guarded act"),
    "recreate-volume": _acts("a guarded act; this is the right to propose it, consent is another's"),
    "cancel-query": _acts("a guarded act"),
    "end-session": _acts("a guarded act"),
    "call off": _tends("a plan that is called off changes nothing"),
    "confirm low": _acts("a plan whose mistake costs little"),
    "confirm medium": _consents("a plan that touches what people use"),
    "confirm high": _consents("a plan that takes the platform down or cannot be undone; never who asked for it"),
    "break glass": _consents("does alone what takes two: needs a reason, and is told to the admins and in the audit"),
}
"""Everything that can be asked for, by word. What is not here, nobody may do.

A guarded act's line is about proposing it. Who may consent to a plan depends on its risk (bot/actions/consent.py).
"""


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a role by the settings: ids of people and of user groups, or every full member."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say: our workspace, the channels that are listened to (none: all), and who holds each role."""

    team: str
    channels: frozenset[str] = frozenset()
    holders: Mapping[Role, Holders] = field(default_factory=lambda: {Role.VIEWER: Holders(everyone=True)})

    @property
    def users(self) -> frozenset[str]:
        """Everybody whom the settings name."""
        return frozenset().union(*(holders.users for holders in self.holders.values()))

    @property
    def groups(self) -> frozenset[str]:
        """Every user group that the settings name."""
        return frozenset().union(*(holders.groups for holders in self.holders.values()))

    def at_least(self, role: Role) -> Iterator[Holders]:
        """Who holds this role or a higher one, the lowest first."""
        return (holders for held, holders in sorted(self.holders.items()) if held >= role)


@dataclass(frozen=True, slots=True)
class Who:
    """What is known of a person just now. `standing` is None for somebody who was never looked up.

    `groups` are the user groups they are in, as last read. `doubtful`: the request names another workspace of the same
    organisation, so that only Slack can say whether the person belongs to ours. The two reasons are sentences.
    """

    id: str
    standing: Standing | None = None
    seen: Read = Read.NEVER
    groups: frozenset[str] = frozenset()
    groups_read: Read = Read.NEVER
    doubtful: bool = False
    unseen_because: str = ""
    unread_because: str = ""


class Source(StrEnum):
    """Where a role comes from."""

    EVERYONE = "every full member has it"
    NAMED = "named by id in the settings"
    GROUP = "a user group"
    UNREAD = "roles cannot be read, and reading goes on"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that somebody has, and where it comes from; `group` is the user group's id, if it is one."""

    role: Role
    source: Source
    group: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes, by this grant."""

    by: Grant


class Reason(StrEnum):
    """Why not."""

    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    ELSEWHERE = "another workspace"
    UNSEEN = "person not known"
    CHANNEL = "channel"
    ROLE = "role"
    ROLES_UNREAD = "roles not read"
    NO_RULE = "no rule"


@dataclass(frozen=True, slots=True)
class Denied:
    """No: why, in plain sentences for that person alone, and whom or where to ask (ids)."""

    reason: Reason
    text: str
    ask: tuple[str, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether nothing is answered at all: two bots that answer each other would never end."""
        return self.reason is Reason.BOT


@dataclass(frozen=True, slots=True)
class OwnRights:
    """What somebody may do, and how that is known.

    `grants` has the highest role first; `may` are the keys of `RIGHTS`; `handles` name user groups; `groups_on` is when
    they were last read; `trouble` says why they cannot be read as configured, or is empty.
    """

    who: Who
    grants: tuple[Grant, ...]
    may: frozenset[str]
    channels: tuple[str, ...] = ()
    handles: Mapping[str, str] | None = None
    groups_on: datetime | None = None
    trouble: str = ""


_OUTSIDERS = {
    Standing.GUEST: (Reason.GUEST, "Volati answers full members of the workspace; you are a guest. Ask a member."),
    Standing.BOT: (Reason.BOT, "Volati answers people, not bots."),
    Standing.DEACTIVATED: (Reason.DEACTIVATED, "Your account is deactivated; a workspace admin can change that."),
    Standing.ELSEWHERE: (
        Reason.ELSEWHERE,
        "Volati answers the people of its own workspace; you are from another. Ask a member of this one.",
    ),
}


def decide(who: Who, what: str, where: str, rules: Rules) -> Allowed | Denied:
    """Whether a person may do a thing in a place.

    Args:
        who: what is known of the person.
        what: a key of `RIGHTS`; anything else is refused.
        where: the channel's id; empty for what has none, such as the Home tab. A modal carries its channel along.
        rules: what the settings say.
    """
    right = RIGHTS.get(what)
    if right is None:
        return Denied(Reason.NO_RULE, f"There is no rule for “{what[:40]}”, so nobody may do it.")
    refused = _outsider(who) or _unseen(who, right, rules) or _not_here(where, right, rules)
    return refused or _by_role(who, what, right, rules)


def grants(who: Who, rules: Rules) -> tuple[Grant, ...]:
    """Every way in which a person holds a role, the highest first; by user groups as they were last read."""
    found = (grant for role, holders in rules.holders.items() for grant in _by(who, role, holders))
    return tuple(sorted(found, key=lambda grant: (-grant.role, grant.source, grant.group)))


def _by(who: Who, role: Role, holders: Holders) -> Iterator[Grant]:
    if who.id in holders.users:
        yield Grant(role, Source.NAMED)
    yield from (Grant(role, Source.GROUP, group) for group in holders.groups & who.groups)
    if holders.everyone:
        yield Grant(role, Source.EVERYONE)


def _outsider(who: Who) -> Denied | None:
    """A refusal for who is known not to be a full member, however long ago that was learnt."""
    return Denied(*_OUTSIDERS[who.standing]) if who.standing in _OUTSIDERS else None


def _unseen(who: Who, right: Right, rules: Rules) -> Denied | None:
    """A refusal for who may be anybody. Whom the settings name is vouched for by them, except for acts."""
    strict = right.caution is Caution.STRICT
    if who.standing is Standing.MEMBER and (who.seen is Read.FRESH or not strict):
        return None
    if who.standing is None and who.id in rules.users and not who.doubtful and not strict:
        return None
    because = who.unseen_because or "It was not asked yet."
    return Denied(Reason.UNSEEN, f"Slack has not told Volati who you are. {because} Ask again in a minute.")


def _not_here(where: str, right: Right, rules: Rules) -> Denied | None:
    private = not where and right.caution is Caution.OPEN
    if not rules.channels or where in rules.channels or private:
        return None
    return Denied(Reason.CHANNEL, "Volati does not listen here.", tuple(sorted(rules.channels)))


def _by_role(who: Who, what: str, right: Right, rules: Rules) -> Allowed | Denied:
    held = grants(who, rules)
    read = who.groups_read is Read.FRESH
    trusted = held if read or right.caution is not Caution.STRICT else [one for one in held if not one.group]
    if trusted and trusted[0].role >= right.needs:
        return Allowed(trusted[0])
    if read or not any(holders.groups for holders in rules.at_least(right.needs)):
        return _lacking(who, what, right, rules)
    if right.caution is Caution.OPEN:
        return Allowed(Grant(right.needs, Source.UNREAD))
    return _unread(who, what, right, rules)


def _lacking(who: Who, what: str, right: Right, rules: Rules) -> Denied:
    held = grants(who, rules)
    has = f"you have {held[0].role}" if held else "you have none"
    text = f"{_needs(what, right)}; {has}."
    ask = _who_can(right.needs, rules)
    if not ask:
        text = f"{text} Nobody has it: whoever runs Volati can name people under access.roles.{right.needs}."
    return Denied(Reason.ROLE, text, ask)


def _needs(what: str, right: Right) -> str:
    """What it takes, in words; the buttons of a plan are no words that anybody could type."""
    if what.startswith("confirm "):
        return f"This plan needs an {right.needs}'s yes"
    return f"{_BY_BUTTON.get(what, f'“{what}”')} needs the role {right.needs}"


_BY_BUTTON = {"call off": "Deciding about a plan", "break glass": "Breaking the glass"}


def _unread(who: Who, what: str, right: Right, rules: Rules) -> Denied:
    """Groups cannot help anybody now; people named by id can."""
    because = who.unread_because or "They were not read yet; that takes seconds after a start."
    text = f"{_needs(what, right)}, and Volati cannot read who has it. {because}"
    return Denied(Reason.ROLES_UNREAD, text, tuple(one for one in _who_can(right.needs, rules, groups=False)))


def ids_of(held: Holders) -> tuple[str, ...]:
    """The ids of those who hold a role by the settings, groups first: whom to tell, not whom to allow."""
    return (*sorted(held.groups), *sorted(held.users))


def _who_can(role: Role, rules: Rules, *, groups: bool = True) -> tuple[str, ...]:
    """The ids of those who hold a role or a higher one, groups first."""
    found: dict[str, None] = {}
    for holders in rules.at_least(role):
        found |= dict.fromkeys([*(sorted(holders.groups) if groups else ()), *sorted(holders.users)])
    return tuple(found)

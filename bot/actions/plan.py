"""A plan: a guarded act as a frozen value, from what it would do to what makes it stale. It reads and writes nothing.

What a person is shown is what is carried out. There is no dry-run flag: a preview is how a plan looks.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from diagnostics.evidence.cluster.names import Name
from diagnostics.model import Fact, Value

LIFETIME = timedelta(minutes=15)
"""How long a plan may be confirmed: long enough to wake a second person, short enough that the fault is the same."""


class Risk(StrEnum):
    """How much a mistake would cost; it decides who must consent, and how (bot/actions/consent.py)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Target(Value, frozen=True):
    """The one thing an act is about: its kind as kubectl names it (`deployment`), its namespace and its name.

    What belongs to no namespace, such as a namespace itself, has an empty one.
    """

    kind: str
    name: Name

    def __str__(self) -> str:
        return f"{self.kind} {self.name if self.name.namespace else self.name.name}"

    @property
    def short(self) -> str:
        """What a person types to say that they mean it: the name alone."""
        return self.name.name


class Step(Value, frozen=True):
    """One step: in words, and as the command that would do the same.

    A `must` step returns the platform to its safe state: it is tried until it is done, and it is next whenever an
    earlier step fails. A step that `holds` waits for a time, which a person may end early.
    """

    text: str
    command: str = ""
    must: bool = False
    holds: bool = False


class Requester(Value, frozen=True):
    """Who asked for it and from where; `run` is the saved run that led to it, empty for none.

    `area` is what is looked at again afterwards. Person and channel are ids of the workspace.
    """

    person: str
    channel: str = ""
    thread: str = ""
    run: str = ""
    area: str = ""


class Request(Value, frozen=True):
    """What somebody wants: an act by its name, in an environment, on what they called `target`, with its settings.

    Settings are the act's own words, such as `replicas` for scale; each act says which it takes. `words` are those of
    the bot's command that would ask for the same, so that it can be planned anew.
    """

    action: str
    environment: str
    target: str = ""
    settings: dict[str, str] = {}  # noqa: RUF012 msgspec copies it
    words: str = ""


class Draft(Value, frozen=True):
    """What an act found and would do.

    Fields:
        facts: what makes the plan stale when it is no longer so, such as uid and pod template; not status or counts.
        hits: whom it touches: pods, sessions, bots, each in words.
        warnings: what a person should know before they say yes.
        final: what cannot be undone, or how it is undone.
        settings: what the steps need, the remembered original state among it.
    """

    target: Target
    summary: str
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...]
    risk: Risk
    hits: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    final: str = ""
    settings: dict[str, str] = {}  # noqa: RUF012 msgspec copies it


class Shown(Value, frozen=True):
    """Where a plan is shown: opaque references of whoever shows it, made before there is anything to be seen."""

    channel: str = ""
    card: str = ""
    thread: str = ""
    reply: str = ""
    notice: str = ""


class Plan(Value, frozen=True):
    """A draft with its name: who wants it, where, until when. It never changes; what becomes of it is its journal."""

    id: str
    action: str
    environment: str
    requester: Requester
    proposed_at: datetime
    draft: Draft
    shown: Shown = Shown()
    words: str = ""

    @property
    def target(self) -> Target:
        """What it is about."""
        return self.draft.target

    @property
    def expires_at(self) -> datetime:
        """Until when it may be confirmed."""
        return self.proposed_at + LIFETIME

    def expired(self, now: datetime) -> bool:
        """Whether it may no longer be confirmed."""
        return now >= self.expires_at


def differences(planned: tuple[Fact, ...], found: tuple[Fact, ...]) -> tuple[str, ...]:
    """What is not as it was planned for, in words; nothing means that the plan still holds."""
    before, after = ({fact.label: fact.value for fact in facts} for facts in (planned, found))
    return tuple(
        f"{label} was {before.get(label, 'absent')}, and is {after.get(label, 'absent')}"
        for label in dict.fromkeys((*before, *after))
        if before.get(label) != after.get(label)
    )

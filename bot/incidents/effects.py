"""What is to be done after an incident's step, as data. It does nothing: a runner does it, at least once each.

`id` is the same each time an effect is tried, and of no other: whoever does it can tell whether it was done already.
PagerDuty's own key, by which it takes repeats for one, is `dedup_key`.
"""

from collections.abc import Iterable
from enum import StrEnum

from bot.incidents.events import Event, Person, Reopened, Unacknowledged, key_of
from diagnostics.model import Value


class Tiding(StrEnum):
    """What a line in the thread says."""

    ACKNOWLEDGED = "acknowledged"
    TAKEN_OVER = "taken over"
    UNACKNOWLEDGED = "unacknowledged"
    SNOOZED = "snoozed"
    SNOOZE_OVER = "snooze over"
    HANDED_OVER = "handed over"
    ESCALATED = "escalated by a person"
    TIME_UP = "time is up"
    PASSED_OVER = "levels passed over that reach nobody"
    UNANSWERED = "nobody answered"
    REOPENED = "reopened"
    REASSIGNED = "reassigned in PagerDuty"
    PAGED_ON = "PagerDuty went on"
    NOTE = "note"
    REGRADED = "severity changed"
    PAGE_TAKEN = "page taken"
    PAGE_FAILED = "page not accepted"


class Card(StrEnum):
    """Which card is posted."""

    HAND_OVER = "hand-over"
    RESOLVED = "resolved"


class Effect(Value, frozen=True, kw_only=True):
    """Something to do."""

    id: str = ""


class PostCard(Effect, frozen=True, tag="post-card"):
    """Post a card into the incident's thread: for a level, what a newcomer needs to take over."""

    card: Card
    level: int


class TellThread(Effect, frozen=True, tag="tell-thread"):
    """Say one line in the thread; `words` are a person's or PagerDuty's own, redacted."""

    tiding: Tiding
    by: Person | None = None
    to: tuple[Person, ...] = ()
    words: str = ""


class Notify(Effect, frozen=True, tag="notify"):
    """Call those of a level in Slack: the first, second … time. `quietly`: without waking anybody."""

    level: int
    number: int
    quietly: bool = False
    person: Person | None = None


class PageEffect(Effect, frozen=True, kw_only=True):
    """Something to tell PagerDuty of one page; `route` is the page's, empty on one from before routes were kept."""

    level: int
    dedup_key: str
    route: str = ""


class PageTrigger(PageEffect, frozen=True, tag="page-trigger"):
    """Page a level's route in PagerDuty."""


class PageAcknowledge(PageEffect, frozen=True, tag="page-acknowledge"):
    """Tell PagerDuty that somebody is on it."""


class PageResolve(PageEffect, frozen=True, tag="page-resolve"):
    """Tell PagerDuty that it is over."""


AnyEffect = PostCard | TellThread | Notify | PageTrigger | PageAcknowledge | PageResolve


def still_wanted(
    outstanding: Iterable[AnyEffect], new: Iterable[AnyEffect], event: Event | None = None
) -> tuple[AnyEffect, ...]:
    """What is still to be done of earlier effects, now that a step has these new ones.

    A page that has not gone out when its incident is resolved must not go out afterwards: PagerDuty would take it for a
    new incident. Nor must one that has not gone out when somebody is on it: it would call people for what is in hand.
    Nor need a page be sent that PagerDuty speaks of itself, in its `event`: it has come, its answer was lost; and what
    it has reopened or given back there must not be ended by a word from before.
    Those who were to be called need not be called either when it is over. Lines of the thread stay, in their order.
    """
    added, told = tuple(new), key_of(event) if event else ""
    resolved = {effect.dedup_key for effect in added if isinstance(effect, PageResolve)}
    in_hand = {told, *(effect.dedup_key for effect in added if isinstance(effect, PageAcknowledge))}
    rings = told if isinstance(event, Reopened | Unacknowledged) else ""
    over = any(isinstance(effect, PostCard) and effect.card is Card.RESOLVED for effect in added)
    kept = (effect for effect in outstanding if not _void(effect, resolved, in_hand, over=over))
    return tuple(effect for effect in kept if not (rings and _ends(effect, rings)))


def _ends(effect: AnyEffect, key: str) -> bool:
    """Whether it would stop this page."""
    return isinstance(effect, PageAcknowledge | PageResolve) and effect.dedup_key == key


def not_gone_out(outstanding: Iterable[AnyEffect]) -> frozenset[str]:
    """The keys of pages that have not gone out, as far as is known: an answer of PagerDuty's may have been lost."""
    return frozenset(effect.dedup_key for effect in outstanding if isinstance(effect, PageTrigger))


def _void(effect: AnyEffect, resolved: set[str], in_hand: set[str], *, over: bool) -> bool:
    if isinstance(effect, PageTrigger):
        return over or effect.dedup_key in resolved | in_hand
    if isinstance(effect, PageAcknowledge):
        return over or effect.dedup_key in resolved
    return over and isinstance(effect, Notify)

"""The way to a permission decision, step by step, and how it ended, as both front doors tell it. Pure; no Slack."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from diagnostics.areas.why import AREA
from diagnostics.evidence.http import Answer, Exchange
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import (
    AskedResource,
    AskedUser,
    KeycloakDecision,
    KeycloakRealm,
    Resource,
    Vote,
)
from diagnostics.model import Evidence, Finding, Unobserved
from diagnostics.observe import Seen
from diagnostics.runs import Run

GOOD, BAD, UNSEEN = "✓", "✗", "?"
NO_VOTES = "No permission applies to it."
#: Characters of a name, which people give, and of a reason, which servers give, where there is little room.
NAME, REASON = 120, 500
#: Brings a value into the form it is shown in, at most so many characters of it.
Shown = Callable[[str, int], str]

#: The step that each finding is about.
_ABOUT: dict[str, type[Evidence]] = {
    "why.user-missing": AskedUser,
    "why.user-disabled": AskedUser,
    "why.resource-missing": AskedResource,
    "why.action-unknown": AskedResource,
    "why.denied": KeycloakDecision,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: its sign, what it is about, and what became of it."""

    sign: str
    what: str
    said: str


@dataclass(frozen=True, slots=True)
class Walk:
    """The whole way: the steps, the votes (None where there was no decision), and the answer in one sentence."""

    steps: tuple[Step, ...]
    votes: tuple[Vote, ...] | None
    granted: bool | None
    answer: str


def _whole(text: str, _most: int) -> str:
    return text


def walk(run: Run, question: Question, shown: Shown = _whole) -> Walk:
    """The walk to a decision; without `shown`, all that people and servers gave is told as it is."""
    seen = run.seen()
    decision = seen.get(KeycloakDecision)
    votes = None if isinstance(decision, Unobserved) else decision.votes
    granted = _granted(run, decision)
    return Walk(tuple(_steps(run, seen, shown)), votes, granted, _answer(run, seen, question, granted, shown))


def _granted(run: Run, decision: KeycloakDecision | Unobserved) -> bool | None:
    if isinstance(decision, KeycloakDecision) and decision.granted:
        return True
    return False if run.diagnosis.causes else None


def _answer(run: Run, seen: Seen, question: Question, granted: bool | None, shown: Shown) -> str:  # noqa: FBT001 of the answer itself
    who, action, place = (shown(one, NAME) for one in (question.user, question.action, run.diagnosis.environment))
    wanted = f"{who} {{}} {action} “{shown(question.resource, NAME)}” in {place}"
    if granted:
        return f"{wanted.format('may')}."
    if granted is None:
        return f"Whether {wanted.format('may')} could not be decided{_stopped_at(seen, shown)}."
    return f"{wanted.format('may not')}: {_begun(shown(run.diagnosis.causes[0].title, REASON))}."


def _stopped_at(seen: Seen, shown: Shown) -> str:
    """The first step that was refused, and how: what keeps the rest from being seen."""
    for kind in AREA.requires:
        found = seen.get(kind)
        if not isinstance(found, Unobserved) and (refused := _refused(found)):
            words = shown(refused.rstrip("."), REASON)
            return f": {_begun(words)}" if isinstance(found, KeycloakRealm) else f": {kind.WHAT}: {words}"
    return ""


def _steps(run: Run, seen: Seen, shown: Shown) -> Iterator[Step]:
    """Each step; those behind the first that could not be seen say what they wait for."""
    bad = {_ABOUT[finding.id]: finding for finding in run.diagnosis.findings if finding.id in _ABOUT}
    for kind in AREA.requires:
        sign, detail = _step(seen.get(kind), bad.get(kind), seen.given(AskedUser))
        yield Step(sign, kind.WHAT, shown(detail, REASON) if detail else "")


def _step(found: Evidence | Unobserved, bad: Finding | None, user: AskedUser | None) -> tuple[str, str]:
    if isinstance(found, Unobserved):
        return UNSEEN, f"{found.reason}. {found.detail}"
    if bad is not None:
        return BAD, bad.summary
    refused = _refused(found)
    return (BAD, refused) if refused else (GOOD, _said_of(found, user))


def _refused(found: Evidence) -> str:
    """What a source answered when it did not do as asked."""
    exchange: Exchange | None = getattr(found, "exchange", None)
    if isinstance(found, KeycloakRealm):
        return "" if found.served else found.unserved
    if exchange is None or (isinstance(exchange, Answer) and exchange.ok):
        return ""
    return exchange.refusal if isinstance(exchange, Answer) else exchange.detail


def _said_of(found: Evidence, user: AskedUser | None) -> str:
    match found:
        case AskedUser():
            return f"{found.username}, enabled"
        case AskedResource(resource=resource) if resource is not None:
            return f"{resource.name}, {_owner(resource, user)}, with {found.action}"
        case KeycloakDecision():
            return "granted"
        case _:
            return ""


def _owner(resource: Resource, user: AskedUser | None) -> str:
    """Whose it is: whom the platform noted, by name where that is who is asked about; who registered it in Keycloak."""
    registered, noted = resource.owner_name or resource.owner_id, resource.noted_owner
    if not noted or noted in {resource.owner_id, resource.owner_name}:
        return f"owned by {registered}"
    name = user.username if user and user.found and noted in {user.id, user.username} else noted
    return f"owned by {name}, registered by {registered}"


def _begun(sentence: str) -> str:
    """A sentence as the end of another. Those of this area begin with a word of ours, or with Keycloak's name."""
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".") if not sentence.startswith("Keycloak") else sentence

"""Why Keycloak grants or denies: the way to the decision step by step, and each vote. Pure."""

from collections.abc import Iterator

from bot.slack.fit import Piece, fitted, listed
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import code, code_block, link, said
from diagnostics.areas.why import AREA
from diagnostics.evidence.http import Answer, Exchange
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import AskedResource, AskedUser, KeycloakDecision, KeycloakRealm, Vote
from diagnostics.model import Evidence, Finding, Unobserved
from diagnostics.observe import Seen
from diagnostics.runs import Run

_NAME = 120  # characters of a name: those of resources are given by people
_REASON = 500  # characters of one reason
_COMMAND = 900  # characters of a command to copy
_VOTES = 2_400  # characters of all votes: inside a section, with its heading
_GOOD, _BAD, _UNSEEN = "✓", "✗", "?"

#: The step that each finding is about.
_ABOUT: dict[str, type[Evidence]] = {
    "why.user-missing": AskedUser,
    "why.user-disabled": AskedUser,
    "why.resource-missing": AskedResource,
    "why.action-unknown": AskedResource,
    "why.denied": KeycloakDecision,
}


def why_answer(run: Run, question: Question, runbook_url: str | None) -> Message:
    """The answer in one line, the walk to it, the votes, and how to see the same."""
    seen = run.seen()
    sign, line = _answer(run, seen, question)
    head = Piece((section(f"{sign} *{line}*"), section(lines(["*The way there*", *_walk(run, seen)]))))
    blocks = fitted(head, (*_votes(seen), *_to_see_it(run)), lambda _: Piece((_small(run, runbook_url),)))
    return Message(line, blocks)


def _answer(run: Run, seen: Seen, question: Question) -> tuple[str, str]:
    user, resource = said(question.user, _NAME), said(question.resource, _NAME)
    wanted = f"{user} {{}} {said(question.action, _NAME)} “{resource}” in {said(run.diagnosis.environment, _NAME)}"
    decision = seen.get(KeycloakDecision)
    if isinstance(decision, KeycloakDecision) and decision.granted:
        return ":white_check_mark:", f"{wanted.format('may')}."
    if not run.diagnosis.causes:
        return ":grey_question:", f"Whether {wanted.format('may')} could not be decided{_stopped_at(seen)}."
    return ":no_entry:", f"{wanted.format('may not')}: {_lower(said(run.diagnosis.causes[0].title, _REASON))}."


def _stopped_at(seen: Seen) -> str:
    """The first step that was refused, and how: what keeps the rest from being seen."""
    for kind in AREA.requires:
        found = seen.get(kind)
        if not isinstance(found, Unobserved) and (refused := _refused(found)):
            said_of_it = said(refused.rstrip("."), _REASON)
            return f": {_lower(said_of_it)}" if isinstance(found, KeycloakRealm) else f": {kind.WHAT}: {said_of_it}"
    return ""


def _walk(run: Run, seen: Seen) -> Iterator[str]:
    """One line for each step; those behind the first that could not be seen say what they wait for."""
    bad = {_ABOUT[finding.id]: finding for finding in run.diagnosis.findings if finding.id in _ABOUT}
    for place, kind in enumerate(AREA.requires, start=1):
        sign, detail = _step(seen.get(kind), bad.get(kind))
        yield f"{place}. {sign} {kind.WHAT}{f': {said(detail, _REASON)}' if detail else ''}"


def _step(found: Evidence | Unobserved, bad: Finding | None) -> tuple[str, str]:
    if isinstance(found, Unobserved):
        return _UNSEEN, f"{found.reason}. {found.detail}"
    if bad is not None:
        return _BAD, bad.summary
    refused = _refused(found)
    return (_BAD, refused) if refused else (_GOOD, _said_of(found))


def _refused(found: Evidence) -> str:
    """What a source answered when it did not do as asked."""
    exchange: Exchange | None = getattr(found, "exchange", None)
    if isinstance(found, KeycloakRealm):
        return "" if found.served else found.unserved
    if exchange is None or (isinstance(exchange, Answer) and exchange.ok):
        return ""
    return exchange.refusal if isinstance(exchange, Answer) else exchange.detail


def _said_of(found: Evidence) -> str:
    match found:
        case AskedUser():
            return f"{found.username}, enabled"
        case AskedResource(resource=resource) if resource is not None:
            return f"{resource.name}, of {resource.owner_name or resource.owner_id}, with {found.action}"
        case KeycloakDecision():
            return "granted"
        case _:
            return ""


def _votes(seen: Seen) -> Iterator[Piece]:
    decision = seen.get(KeycloakDecision)
    if isinstance(decision, KeycloakDecision):
        entries = [_vote(vote) for vote in decision.votes] or ["No permission applies to it."]
        shown = listed(entries, _VOTES, "vote", most=20)
        yield Piece((section(lines(["*The votes*", *shown])),), (("vote", len(decision.votes)),))


def _vote(vote: Vote) -> str:
    indent = "      " if vote.under else ""
    return f"{indent}{_GOOD if vote.granted else _BAD} {said(vote.kind, _NAME)} {code(vote.name, _NAME)}"


def _to_see_it(run: Run) -> Iterator[Piece]:
    if run.diagnosis.findings:
        command = run.diagnosis.findings[0].command
        if command.strip():
            yield Piece((section(f"See the same yourself:\n{code_block(command, _COMMAND)}"),))


def _small(run: Run, runbook_url: str | None) -> Block:
    where = said(AREA.section.value, _NAME)
    if runbook_url:
        where = link(f"{runbook_url}#{AREA.section.anchor}", AREA.section.value, 1_000)
    when = f"{run.diagnosis.started_at:%Y-%m-%d %H:%M} UTC"
    return context(f"Runbook: {where}. Run {code(run.id, _NAME)}, {when}. {_GOOD} yes   {_BAD} no   {_UNSEEN} not seen")


def _lower(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".") if not sentence.startswith("Keycloak") else sentence

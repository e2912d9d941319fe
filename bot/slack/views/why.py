"""Why Keycloak grants or denies: the way to the decision step by step, and each vote. Pure."""

from collections.abc import Iterator, Sequence

from bot.runs.walk import BAD, GOOD, NAME, NO_VOTES, UNSEEN, walk
from bot.slack.fit import Piece, fitted, listed
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import code, code_block, link, said
from diagnostics.areas.why import AREA
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import Vote
from diagnostics.runs import Run

_COMMAND = 900  # characters of a command to copy
_VOTES = 2_400  # characters of all votes: inside a section, with its heading

_SIGNS = {True: ":white_check_mark:", False: ":no_entry:", None: ":grey_question:"}


def why_answer(run: Run, question: Question, runbook_url: str | None) -> Message:
    """The answer in one line, the walk to it, the votes, and how to see the same."""
    way = walk(run, question, said)
    steps = (
        f"{place}. {one.sign} {one.what}{f': {one.said}' if one.said else ''}" for place, one in enumerate(way.steps, 1)
    )
    walked = section(lines(["*The way there*", *steps]))
    head = Piece((section(f"{_SIGNS[way.granted]} *{way.answer}*"), walked))
    blocks = fitted(head, (*_votes(way.votes), *_to_see_it(run)), lambda _: Piece((_small(run, runbook_url),)))
    return Message(way.answer, blocks)


def _votes(votes: Sequence[Vote] | None) -> Iterator[Piece]:
    if votes is not None:
        entries = [_vote(vote) for vote in votes] or [NO_VOTES]
        shown = listed(entries, _VOTES, "vote", most=20)
        yield Piece((section(lines(["*The votes*", *shown])),), (("vote", len(votes)),))


def _vote(vote: Vote) -> str:
    indent = "      " if vote.under else ""
    return f"{indent}{GOOD if vote.granted else BAD} {said(vote.kind, NAME)} {code(vote.name, NAME)}"


def _to_see_it(run: Run) -> Iterator[Piece]:
    if run.diagnosis.findings:
        command = run.diagnosis.findings[0].command
        if command.strip():
            yield Piece((section(f"See the same yourself:\n{code_block(command, _COMMAND)}"),))


def _small(run: Run, runbook_url: str | None) -> Block:
    where = said(AREA.section.value, NAME)
    if runbook_url:
        where = link(f"{runbook_url}#{AREA.section.anchor}", AREA.section.value, 1_000)
    when = f"{run.diagnosis.started_at:%Y-%m-%d %H:%M} UTC"
    return context(f"Runbook: {where}. Run {code(run.id, NAME)}, {when}. {GOOD} yes   {BAD} no   {UNSEEN} not seen")

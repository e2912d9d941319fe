"""One cause: what was found, what it explains, what it rests on, what to do, how to see the same. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.slack.fit import Piece, counted, listed
from bot.slack.limits import OUR_SECTION_TEXT
from bot.slack.message import Block, context, lines, section
from bot.slack.text import code, code_block, link, said
from bot.slack.words import SEVERITIES
from bot.words.commands import COMMANDS
from diagnostics.model import Cause, Diagnosis, Finding, Suggestion

_SUMMARY = 700  # characters of a finding's sentence
_SYMPTOM = 160  # characters of a finding that is folded under its cause
_FACT = 240  # characters of one fact; a log line is about so long
_COMMAND = 900  # characters of a command to copy; the longest of ours has 300
_STEP = 500  # characters of one step
_OUR_WORD = re.compile(r"(?<![\w/@-])volati ([a-z-]+)")
_WORDS = frozenset(word.word for word in COMMANDS if word.available)
_SYMPTOMS = 5  # what fits on a phone's screen; more are counted


@dataclass(frozen=True, slots=True)
class Folded:
    """A cause with the findings it stands on, those it explains, and what to do about it."""

    own: tuple[Finding, ...]
    explained: tuple[Finding, ...]
    steps: tuple[Suggestion, ...]
    runbook_url: str | None
    number: str

    @classmethod
    def of(cls, cause: Cause, diagnosis: Diagnosis, runbook_url: str | None, number: str) -> "Folded":
        """A cause of a diagnosis; `number` stands before it when there are several."""
        return cls(
            own=tuple(finding for finding in diagnosis.findings if finding.symptom == cause.itself),
            explained=tuple(finding for finding in diagnosis.findings if finding.symptom in cause.symptoms),
            steps=diagnosis.advice_about(cause),
            runbook_url=runbook_url,
            number=number,
        )


def cause_pieces(folded: Folded) -> Iterator[Piece]:
    """What was found, then what to do, then how to see it: what matters most at night comes first, and fits first."""
    if not folded.own:
        return
    main = folded.own[0]
    findings = (("finding", len(folded.own) + len(folded.explained)),)
    yield Piece((_found(folded, main), *_explains(folded.explained)), findings)
    if folded.steps:
        yield Piece((_what_to_do(folded.steps),), (("step", len(folded.steps)),))
    yield Piece((*_to_see_it(main), _rests_on(folded, main)), (("command", 1),))


def _found(folded: Folded, main: Finding) -> Block:
    """The finding with what it rests on. Where there is one cause, its sentence stands in the first line already."""
    subject = said(str(main.subject), 120)
    heading = f"*{folded.number}{said(main.title, _SYMPTOM)}* ({SEVERITIES[main.severity]}, {subject})"
    summary = f"{said(main.summary, _SUMMARY).rstrip('.')}." if folded.number else ""
    facts = [f"• {said(fact.label, 100)}: {code(fact.value, _FACT)}" for fact in main.evidence]
    others = [f"• also {said(finding.summary, _SYMPTOM)}" for finding in folded.own[1:]]
    return section(
        lines([heading, summary, *listed(facts, 1_000, "fact"), *listed(others, 700, "finding like it", _SYMPTOMS)])
    )


def _explains(explained: tuple[Finding, ...]) -> tuple[Block, ...]:
    if not explained:
        return ()
    heading = f"Explains {counted(len(explained), 'other finding')}:"
    shown = [f"↳ {said(finding.summary, _SYMPTOM)}" for finding in explained]
    return (section(lines([heading, *listed(shown, 1_500, "finding", _SYMPTOMS)])),)


def _to_see_it(main: Finding) -> tuple[Block, ...]:
    if not main.command.strip():
        return ()
    return (section(f"See the same yourself:\n{code_block(main.command, _COMMAND)}"),)


def _rests_on(folded: Folded, main: Finding) -> Block:
    where = said(main.section.value, 200)
    if folded.runbook_url:
        where = link(f"{folded.runbook_url}#{main.section.anchor}", main.section.value, 1_000)
    return context(f"Runbook: {where}. Seen {said(main.seen_from, 120)}. {code(main.id, 120)}")


def _what_to_do(steps: tuple[Suggestion, ...]) -> Block:
    entries = [
        lines([f"{place}. {said(_typed(step.text), _STEP)}", _command(step)])
        for place, step in enumerate(steps, start=1)
    ]
    return section(lines(["*What to do*", *listed(entries, OUR_SECTION_TEXT - 20, "step")]))


def _typed(text: str) -> str:
    """The text with the bot's words as they are typed in Slack, where they are words of Slack's."""
    return _OUR_WORD.sub(lambda found: f"/volati {found[1]}" if found[1] in _WORDS else found[0], text)


def _command(step: Suggestion) -> str:
    return code_block(step.command, _COMMAND) if step.command.strip() else ""

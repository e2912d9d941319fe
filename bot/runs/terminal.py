"""What the command line shows: a diagnosis as plain text. Pure; knows neither colours nor Slack."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent

from bot.checkup import Checkup
from bot.health import State
from bot.runs.walk import BAD, GOOD, NO_VOTES, Walk, walk
from diagnostics.areas import area_named
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import Vote
from diagnostics.model import Cause, Diagnosis, Fact, Finding, Reason, Suggestion, Unobserved, Verdict
from diagnostics.observe import Glimpse
from diagnostics.runs import Run

_QUIET = (Reason.NOT_CONFIGURED, Reason.NOT_ASKED_FOR)


def report(diagnosis: Diagnosis, run_id: str, again: str = "") -> str:
    """The whole diagnosis: verdict first, then causes with what they rest on, then what was not seen.

    `again` is the command that judges it again; empty where the run is not kept.
    """
    lines = (
        headline(diagnosis),
        *_causes(diagnosis),
        *_notes(diagnosis),
        *_unobserved(diagnosis.unobserved),
        *(f"changed since the last run: {one.what}: {one.before} → {one.after}" for one in diagnosis.changes),
        _last(diagnosis, run_id, again),
    )
    return "\n".join(printable(line) for line in lines)


def decision(run: Run, question: Question, again: str = "") -> str:
    """A permission decision: the answer, each step of the way there, the votes, and how to see the same."""
    way, diagnosis = walk(run, question), run.diagnosis
    word = _words(diagnosis.area).get(diagnosis.verdict, diagnosis.verdict.upper())
    lines = (
        f"Permission in {diagnosis.environment}: {word} — {way.answer}",
        *("", "the way there:", *_steps(way)),
        *(("", "the votes:", *_votes(way.votes)) if way.votes is not None else ()),
        "",
        *_seen_by(diagnosis),
        _last(diagnosis, run.id, again),
    )
    return "\n".join(printable(line) for line in lines)


def _steps(way: Walk) -> Iterator[str]:
    for place, step in enumerate(way.steps, 1):
        yield f"  {place}. {step.sign} {step.what}{f': {step.said}' if step.said else ''}"


def _votes(votes: Iterable[Vote]) -> Iterator[str]:
    told = [f"  {'    ' * bool(one.under)}{GOOD if one.granted else BAD} {one.kind} {one.name}" for one in votes]
    yield from told or [f"  {NO_VOTES}"]


def _seen_by(diagnosis: Diagnosis) -> Iterator[str]:
    """The command by which a person sees the same, where something was found."""
    for finding in diagnosis.findings[:1]:
        yield f"seen {finding.seen_from}; runbook: {finding.section}"
        yield "see it yourself:"
        yield indent(finding.command, "  $ ")


def _last(diagnosis: Diagnosis, run_id: str, again: str) -> str:
    return f"run {run_id}, {diagnosis.duration_ms} ms" + (f"; judge it again: {again}" if again else "")


def claims(facts: Iterable[Fact]) -> str:
    """A token's claims, one on a line."""
    return "\n".join(printable(f"  {fact.label}: {fact.value}") for fact in facts)


def printable(line: str) -> str:
    """A line without control characters: what a server says must not move the cursor or forge a line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def headline(diagnosis: Diagnosis) -> str:
    """The verdict in one line, with the root cause in its own numbers."""
    area = area_named(diagnosis.area)
    title = area.title if area else diagnosis.area
    word = _words(diagnosis.area).get(diagnosis.verdict, diagnosis.verdict.upper())
    return f"{title} in {diagnosis.environment}: {word} — {_why(diagnosis)}"


def checkup(one: Checkup) -> str:
    """One part of the bot, its trouble and the remedy."""
    mark = {State.WELL: "✓", State.AWAY: "·", State.ILL: "✗"}[one.state]
    took = "" if one.took_ms is None else f" ({one.took_ms} ms)"
    remedy = f"\n    {printable(one.remedy)}" if one.remedy else ""
    return f"{mark} {printable(one.part)}: {printable(one.said)}{took}{remedy}"


def progress(glimpse: Glimpse) -> str:
    """One source's state as a line."""
    if glimpse.found is None:
        return f"  … {glimpse.kind.WHAT}"
    if isinstance(glimpse.found, Unobserved):
        return f"  ? {glimpse.kind.WHAT}: {glimpse.found.reason} ({glimpse.took_ms} ms)"
    if why := glimpse.found.unanswered():
        return f"  ✗ {glimpse.kind.WHAT}: no answer: {printable(why)} ({glimpse.took_ms} ms)"
    return f"  ✓ {glimpse.kind.WHAT} ({glimpse.took_ms} ms)"


def _why(diagnosis: Diagnosis) -> str:
    if diagnosis.verdict is Verdict.HEALTHY:
        decided = _words(diagnosis.area) and diagnosis.causes
        return diagnosis.causes[0].title if decided else "no fault found"
    if diagnosis.verdict is Verdict.UNKNOWN:
        lacks = [one for one in diagnosis.unobserved if one.required]
        return f"could not see {lacks[0].what} ({lacks[0].reason}){_more(len(lacks) - 1)}. {lacks[0].detail}".rstrip()
    return f"{diagnosis.causes[0].title}{_more(len(_grave(diagnosis)) - 1, 'other cause')}"


def _words(area: str) -> Mapping[Verdict, str]:
    """What the verdicts of an area are called; none where they are called what they are."""
    found = area_named(area)
    return found.words if found else {}


def _more(count: int, noun: str = "other") -> str:
    if count < 1:
        return ""
    return f", and {count} {noun}{'s' if count > 1 else ''}"


def _grave(diagnosis: Diagnosis) -> list[Cause]:
    """The causes that are more than notes, by themselves or by what they explain."""
    notes = {finding.symptom for finding in diagnosis.findings if finding.severity == "note"}
    return [cause for cause in diagnosis.causes if not notes.issuperset({cause.itself, *cause.symptoms})]


def _causes(diagnosis: Diagnosis) -> Iterator[str]:
    for cause in _grave(diagnosis):
        yield ""
        yield from _finding(diagnosis.finding(cause.itself))
        if cause.symptoms:
            yield f"  explains {_explained(diagnosis, cause)}"
        yield from _advice(diagnosis.advice_about(cause))


def _explained(diagnosis: Diagnosis, cause: Cause) -> str:
    """How many findings a cause explains, and the title of each kind of them."""
    findings = [diagnosis.finding(symptom) for symptom in cause.symptoms]
    titles = dict.fromkeys(finding.title[:1].lower() + finding.title[1:] for finding in findings)
    return f"{len(findings)} other finding{'s' * (len(findings) > 1)}: {', '.join(titles)}"


def _finding(finding: Finding) -> Iterator[str]:
    mark = "✗" if _words(finding.id.partition(".")[0]) else finding.severity.upper()
    yield f"{mark} {finding.title} [{finding.id}]"
    yield f"  {finding.summary}"
    yield from (f"  · {fact.label}: {fact.value}" for fact in finding.evidence)
    yield f"  seen {finding.seen_from}; runbook: {finding.section}"
    yield "  see it yourself:"
    yield indent(finding.command, "    $ ")


def _advice(suggestions: Iterable[Suggestion]) -> Iterator[str]:
    for number, suggestion in enumerate(suggestions, 1):
        yield f"  {number}. {suggestion.text}"
        if suggestion.command:
            yield indent(suggestion.command, "    $ ")
        if suggestion.act:
            yield f"    or in Slack, under guard: /volati {suggestion.act}"


def _notes(diagnosis: Diagnosis) -> Iterator[str]:
    shown = {one for cause in _grave(diagnosis) for one in (cause.itself, *cause.symptoms)}
    for finding in diagnosis.findings:
        told = _words(diagnosis.area) and finding.summary == _why(diagnosis)  # a decision is told in the first line
        if finding.severity == "note" and finding.symptom not in shown and not told:
            yield f"note: {finding.summary}"


def _unobserved(unobserved: Iterable[Unobserved]) -> Iterator[str]:
    lacks = tuple(unobserved)
    counted = [one for one in lacks if one.reason not in _QUIET or one.required]
    if counted:
        yield ""
        yield "not seen:"
        yield from (f"  ? {one.what}: {one.reason}. {one.detail}" for one in counted)
    for reason in _QUIET:
        names = [one.what for one in lacks if one.reason is reason and not one.required]
        if names:
            yield f"{reason}: {', '.join(names)}"

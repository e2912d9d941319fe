"""A plan in the thread: what it would do, its buttons, how far it is, how it ended. Pure: one plan, one message.

The buttons carry the plan's id and nothing else. Who may press them is asked when they are pressed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.actions.consent import RULES
from bot.actions.journal import Journal, Note, State, holding
from bot.actions.plan import Plan, Risk, Step
from bot.slack.fit import Piece, counted, fitted, listed
from bot.slack.limits import OUR_SECTION_TEXT
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import code, code_block, said
from bot.slack.view import TYPED_TEXT, View, button, buttons, confirmed, text_input
from bot.slack.views.offers import again

CONFIRM, SIGN, GLASS, CALL_OFF, HURRY = "plan_confirm", "plan_sign", "plan_glass", "plan_call_off", "plan_hurry"
SIGNED = "plan_signed"
"""The modal in which a name is written, and the reason for breaking the glass."""

NAME, REASON = "name", "reason"

_SENTENCE = 600  # characters of one sentence of a plan
_COMMAND = 900  # characters of a command to copy
_NAMES = 120  # characters of a name in a sentence
_TOLD = 5  # people and groups that are mentioned: a page to everybody is read by nobody
_NOTES = 8  # what fits on a phone's screen; earlier ones are counted

_SIGNS = {
    State.PROPOSED: ":memo:",
    State.TAKEN: ":hourglass_flowing_sand:",
    State.RUNNING: ":hourglass_flowing_sand:",
    State.CHECKING: ":mag:",
    State.DONE: ":white_check_mark:",
    State.FAILED: ":x:",
    State.STALE: ":warning:",
    State.DECLINED: ":wastebasket:",
    State.EXPIRED: ":wastebasket:",
}
_STANDS = {
    State.PROPOSED: "waits for a yes",
    State.TAKEN: "is confirmed",
    State.RUNNING: "is under way",
    State.CHECKING: "is done; looking whether it helped",
    State.DONE: "is done",
    State.FAILED: "did not work",
    State.STALE: "was not done: the platform is not as it was planned for",
    State.DECLINED: "was called off; nothing was done",
    State.EXPIRED: "expired; nothing was done",
}


def card(plan: Plan, journal: Journal, title: str, label: str) -> Message:
    """The plan as it stands. `title` names the act, `label` is the word on its button."""
    line = f"{title} of {plan.target} in {plan.environment} {_stands(journal)}"
    heading = f"{_sign(journal)} *{said(line, _SENTENCE)}*"
    head = Piece((section(lines([heading, said(plan.draft.summary, _SENTENCE)])),))
    blocks = fitted(head, _pieces(plan, journal), lambda left_out: _foot(plan, journal, label, left_out))
    return Message(line, blocks)


def ended(plan: Plan, journal: Journal, title: str) -> Message:
    """How it ended, as a reply of its own: what was fixed, what was not, what is new."""
    line = f"{title} of {plan.target} in {plan.environment} {_stands(journal)}"
    parts = (
        f"{_sign(journal)} *{said(line, _SENTENCE)}*",
        said(journal.outcome, _SENTENCE),
        *_compared("Fixed", journal.fixed),
        *_compared("Not fixed", journal.remaining),
        *_compared("New", journal.new),
    )
    return Message(line, (section(lines(parts)), context(f"Plan {code(plan.id, _NAMES)}. {_who(plan, journal)}")))


def _stands(journal: Journal) -> str:
    """Where it stands, in words. What was done and did not help is not simply done: at night only this line is read."""
    if journal.state is not State.DONE or not (journal.remaining or journal.new):
        return _STANDS[journal.state]
    if journal.remaining and not journal.fixed:
        return "is done, and did not help"
    return "is done, and not everything is well"


def _sign(journal: Journal) -> str:
    well = journal.state is not State.DONE or not (journal.remaining or journal.new)
    return _SIGNS[journal.state] if well else ":warning:"


def glass_broken(plan: Plan, journal: Journal, admins: Sequence[str]) -> Message:
    """Tells the next level up that one person alone did what takes two. `admins` are ids of people and of groups."""
    consent = journal.consent
    person, reason = (consent.person, consent.reason) if consent else ("", "")
    told = " ".join(f"<!subteam^{one}>" if one.startswith("S") else f"<@{one}>" for one in admins[:_TOLD])
    line = f"<@{person}> confirmed alone what takes two: {said(plan.draft.summary, _SENTENCE)}"
    whom = told or "Nobody is named as admin in the settings, so nobody could be told by name."
    reasons = f"Their reason: {said(reason, _SENTENCE)}"
    text = f"The glass was broken for plan {plan.id} on {plan.target}"
    return Message(text, (section(lines([f":rotating_light: {line}", reasons, whom])),))


def sign_form(plan: Plan, channel: str, *, glass: bool) -> View:
    """Asks for the target's name; with `glass` for the reason, too. It carries along where it was pressed for."""
    warning = (
        ":rotating_light: You are about to do alone what takes two. The admins are told, and the audit marks it."
        if glass
        else ""
    )
    blocks = (
        section(
            lines(
                [
                    said(plan.draft.summary, _SENTENCE),
                    *listed([f":warning: {said(one, _SENTENCE)}" for one in plan.draft.warnings], 1_500, "warning"),
                    warning,
                ]
            )
        ),
        text_input(NAME, "Write its name to confirm", f"Exactly: {plan.target.short}"),
        *(
            (text_input(REASON, "Why not with a second person?", f"At most {TYPED_TEXT:,} characters."),)
            if glass
            else ()
        ),
    )
    return View("Confirm the plan", blocks, SIGNED, "Confirm", note=f"{plan.id} {channel}")


def _pieces(plan: Plan, journal: Journal) -> Iterator[Piece]:
    """What happened comes before what was planned, once there is something to tell."""
    if journal.state is not State.PROPOSED:
        yield Piece((section(lines(_told(plan, journal))),))
    else:
        yield from _planned(plan)
    steps = plan.draft.steps
    yield Piece(
        (
            section(
                lines(
                    [
                        "*Steps*",
                        *listed(
                            [_step(at, one, journal) for at, one in enumerate(steps)], OUR_SECTION_TEXT - 20, "step"
                        ),
                    ]
                )
            ),
        ),
        (("step", len(steps)),),
    )


def _planned(plan: Plan) -> Iterator[Piece]:
    draft = plan.draft
    if draft.hits:
        hits = [f"• {said(one, _SENTENCE)}" for one in draft.hits]
        yield Piece((section(lines(["*Touches*", *listed(hits, 1_500, "thing")])),), (("thing it touches", len(hits)),))
    warnings = [f":warning: {said(one, _SENTENCE)}" for one in draft.warnings]
    final = said(draft.final, _SENTENCE)
    if warnings or final:
        yield Piece(
            (section(lines([*listed(warnings, 1_500, "warning"), final])),),
            (("warning", len(warnings)),),
        )


def _step(place: int, step: Step, journal: Journal) -> str:
    """A step with its sign: done, under way, or still to come; and its command before it is done."""
    done = place < journal.done and journal.state is not State.PROPOSED
    sign = ":white_check_mark: " if done and not journal.trouble else ""
    command = code_block(step.command, _COMMAND) if step.command and journal.state is State.PROPOSED else ""
    return lines([f"{place + 1}. {sign}{said(step.text, _SENTENCE)}", command])


def _told(plan: Plan, journal: Journal) -> list[str]:
    notes = [_note(note) for note in journal.notes]
    shown = notes if len(notes) <= _NOTES else [f"… {counted(len(notes) - _NOTES, 'earlier note')}", *notes[-_NOTES:]]
    now = f":hourglass_flowing_sand: {said(journal.now, _SENTENCE)}" if journal.now else ""
    ended_so = said(journal.outcome, _SENTENCE) if journal.state.over else ""
    return [f"*{_who(plan, journal)}*", *shown, now, ended_so]


def _note(note: Note) -> str:
    who = f" by <@{note.person}>" if note.person else ""
    return f"{note.at:%H:%M:%S} {said(note.text, _SENTENCE)}{who}"


def _compared(heading: str, sentences: tuple[str, ...]) -> Iterator[str]:
    if sentences:
        yield f"*{heading}*"
        yield from listed([f"• {said(one, 300)}" for one in sentences], 900, "finding")


def _who(plan: Plan, journal: Journal) -> str:
    asked = f"Asked for by <@{plan.requester.person}>"
    consent = journal.consent
    if consent is None:
        return asked
    glass = f", who broke the glass: {said(consent.reason, _SENTENCE)}" if consent.broke_glass else ""
    return f"{asked}, confirmed by <@{consent.person}>{glass}"


def _foot(plan: Plan, journal: Journal, label: str, left_out: Counter[str]) -> Piece:
    missing = [counted(number, thing) for thing, number in sorted(left_out.items()) if number]
    more = (section(f"*And {', '.join(missing)} that did not fit here.*"),) if missing else ()
    return Piece((*more, context(lines([_small(plan, journal)])), *_buttons(plan, journal, label)))


def _small(plan: Plan, journal: Journal) -> str:
    about = f"Plan {code(plan.id, _NAMES)}, risk {plan.draft.risk}"
    if journal.state is not State.PROPOSED:
        return about
    until = f"Open until {plan.expires_at:%H:%M} UTC"
    return f"{_who(plan, journal)}. {about}: {RULES[plan.draft.risk].words}. {until}."


def _buttons(plan: Plan, journal: Journal, label: str) -> tuple[Block, ...]:
    if holding(plan, journal):
        return (buttons(button("End it now", HURRY, plan.id)),)
    if journal.state is State.STALE and plan.words:
        return (buttons(again(plan.requester, plan.environment, plan.words)),)
    if journal.state is not State.PROPOSED:
        return ()
    call_off = button("Call off", CALL_OFF, plan.id)
    if plan.draft.risk is Risk.HIGH:
        signing = button(f"{label}…", SIGN, plan.id, style="danger")
        return (buttons(signing, call_off, button("Break the glass…", GLASS, plan.id)),)
    sure = confirmed(
        button(label, CONFIRM, plan.id, style="danger"), f"{label} {plan.target.short}?", plan.draft.summary, label
    )
    return (buttons(sure, call_off),)

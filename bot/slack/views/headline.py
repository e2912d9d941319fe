"""The first line of an answer, and the message in the channel that carries it while the thread has the rest. Pure."""

from bot.slack.limits import OUR_FALLBACK_TEXT
from bot.slack.message import Message, context, section
from bot.slack.text import said
from bot.slack.words import SIGNS, VERDICTS, title
from diagnostics.model import Diagnosis, Finding, Unobserved, Verdict

_NAME = 80  # characters of a name in a sentence
_REASON = 700  # characters of the root cause in the first line: more than any check writes
_REASONS = "The reasons and what to do are in the thread."
_IN_THREAD = {Verdict.HEALTHY: "What was looked at is in the thread."}
"""What the thread has, where that is not reasons."""
_NOTHING_SEEN = "Nothing that was needed could be seen."


def opening(area: str, environment: str, person: str) -> Message:
    """The message in the channel while the run is under way. `person` is a Slack user id."""
    line = f"{title(area)} in {said(environment, _NAME)}"
    blocks = (section(f":mag: *{line}*: looking"), context(f"Asked by <@{person}>"))
    return Message(f"{line}: looking", blocks)


def closing(diagnosis: Diagnosis, person: str) -> Message:
    """The same message once the verdict is there."""
    small = context(f"Asked by <@{person}>. {_IN_THREAD.get(diagnosis.verdict, _REASONS)}")
    return Message(in_words(diagnosis), (section(first_line(diagnosis)), small))


def broken_off(area: str, environment: str, person: str) -> Message:
    """The same message when there is no verdict: the bot failed, or was stopped."""
    line = f"{title(area)} in {said(environment, _NAME)}: no verdict, Volati could not finish"
    return Message(line, (section(f":warning: *{line}*"), context(f"Asked by <@{person}>")))


def first_line(diagnosis: Diagnosis) -> str:
    """The verdict, and the root cause in its own numbers, as markup."""
    return f"{SIGNS[diagnosis.verdict]} *{_verdict(diagnosis)}.* {said(_why(diagnosis), _REASON)}"


def because(diagnosis: Diagnosis, most: int) -> str:
    """The root cause, or what else the verdict rests on, as markup of at most so many characters."""
    return said(_why(diagnosis), most)


def in_words(diagnosis: Diagnosis) -> str:
    """The same without markup or signs, for a notification."""
    line = f"{_verdict(diagnosis)}. {said(_why(diagnosis), _REASON)}"
    return line if len(line) <= OUR_FALLBACK_TEXT else f"{_verdict(diagnosis)}. {said(_why(diagnosis), 180)}"


def _verdict(diagnosis: Diagnosis) -> str:
    return f"{title(diagnosis.area)} in {said(diagnosis.environment, _NAME)} {VERDICTS[diagnosis.verdict]}"


def _why(diagnosis: Diagnosis) -> str:
    if diagnosis.verdict is Verdict.UNKNOWN:
        return _unseen(diagnosis.unobserved)
    if diagnosis.causes and diagnosis.verdict is not Verdict.HEALTHY:
        more = len(diagnosis.causes) - 1
        others = f" (and {more} other cause{'s' if more > 1 else ''})" if more else ""
        return f"{diagnosis.causes[0].title.rstrip('.')}{others}."
    return _well(diagnosis.findings, diagnosis.unobserved)


def _unseen(unobserved: tuple[Unobserved, ...]) -> str:
    lacks = [lack for lack in unobserved if lack.required]
    if not lacks:
        return _NOTHING_SEEN
    more = f", and {len(lacks) - 1} more" if len(lacks) > 1 else ""
    return f"Could not be seen: {lacks[0].what} ({lacks[0].reason}){more}. {lacks[0].detail}"


def _well(findings: tuple[Finding, ...], unobserved: tuple[Unobserved, ...]) -> str:
    missing = [lack.what for lack in unobserved if lack.reason.counts]
    notes = f"{len(findings)} note{'s' if len(findings) > 1 else ''}." if findings else "Nothing found."
    return f"{notes} Not seen, though it was asked: {', '.join(missing)}." if missing else notes

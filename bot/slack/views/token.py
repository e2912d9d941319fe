"""What is known of a token: valid here or not, why, and what it claims. Never the token itself. Pure."""

from bot.slack.fit import listed
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import code, said
from diagnostics.areas.token import claims
from diagnostics.evidence.keycloak.kinds import PresentedToken
from diagnostics.model import Diagnosis, Unobserved, Verdict
from diagnostics.runs import Run

_NAME = 80  # characters of a name in a sentence
_REASON = 500  # characters of one reason
_CLAIM = 240  # characters of one claim
_ROOM = 2_400  # characters of a list: inside a section, with its heading

_SAID = {Verdict.HEALTHY: "is valid", Verdict.UNKNOWN: "could not be judged"}
_SIGNS = {Verdict.HEALTHY: ":white_check_mark:", Verdict.UNKNOWN: ":grey_question:"}


def token_answer(run: Run) -> Message:
    """The verdict, the reasons, what could not be seen, and the claims."""
    found = run.diagnosis
    line = f"This token {_SAID.get(found.verdict, 'is not valid')} in {said(found.environment, _NAME)}"
    head = lines([f"{_SIGNS.get(found.verdict, ':x:')} *{line}.*", *listed(_reasons(found), _ROOM, "reason")])
    return Message(f"{line}.", (section(head), *_unseen(found), *_claims(run), _small(found)))


def _reasons(found: Diagnosis) -> list[str]:
    return [f"• {said(finding.summary, _REASON).rstrip('.')}." for finding in found.findings]


def _unseen(found: Diagnosis) -> tuple[Block, ...]:
    lacks = [lack for lack in found.unobserved if lack.required or lack.reason.counts]
    if not lacks:
        return ()
    entries = [f"? {said(lack.what, _NAME)}: {lack.reason}. {said(lack.detail, _REASON)}" for lack in lacks]
    return (section(lines(["*Not seen*", *listed(entries, _ROOM, "blind spot")])),)


def _claims(run: Run) -> tuple[Block, ...]:
    presented = run.seen().get(PresentedToken)
    if isinstance(presented, Unobserved):
        return ()
    entries = [f"• {said(fact.label, _NAME)}: {code(fact.value, _CLAIM)}" for fact in claims(presented.token)]
    return (section(lines(["*It says*", *listed(entries, _ROOM, "claim", most=12)])),)


def _small(found: Diagnosis) -> Block:
    return context(f"As of {found.started_at:%Y-%m-%d %H:%M:%S} UTC. Nothing of this is kept.")

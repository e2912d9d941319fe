"""A write to an API server, and what its answer means: done, refused, overtaken, or nobody knows.

A write is never sent twice: whoever asked for it must look first whether it happened.
"""

import asyncio
from dataclasses import dataclass

import msgspec

from bot.clients.kubernetes import wire
from bot.clients.kubernetes.connection import Answer, Connection, LostError, Question, said
from bot.errors import Conflict, WriteRefused, WriteUncertain
from diagnostics.model import CouldNotLookError, Reason

#: Seconds for one write: more than the 10 s that an admission webhook may take, so that its refusal is heard.
WRITE_SECONDS = 15.0
_NOT_FOUND, _CONFLICT, _TOO_MANY, _SERVER_FAILED = 404, 409, 429, 500
_TAKEN = "AlreadyExists"
#: How an API server begins what it says of a webhook that refused by failing: that is before anything is stored.
_NOT_ADMITTED = "Internal error occurred: failed calling webhook"


@dataclass(frozen=True, slots=True)
class Write:
    """One write: its request, what it does in words (`patch deployment volaticloud/backend`), whether only for show."""

    question: Question
    what: str
    dry: bool = False


async def written(connection: Connection, write: Write) -> bytes:
    """The body of the answer to a write that was done.

    Raises:
        CouldNotLookError: it was never sent, or the server was too busy to take it: nothing was changed.
        WriteRefused: the server answered no, and changed nothing; Conflict where the thing is not as it was.
        WriteUncertain: there was no answer that says whether it was done; never for a dry run.
    """
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            answer = await connection.patiently(write.question)
    except TimeoutError as error:
        raise _uncertain(write, f"there was no answer within {WRITE_SECONDS:g} s", connection) from error
    except LostError as error:
        raise _uncertain(write, f"the connection broke: {error}", connection) from error
    if answer.good:
        return answer.body
    raise _refused(answer, write, connection)


def _refused(answer: Answer, write: Write, connection: Connection) -> Exception:
    heard = said(answer.body)
    words = f" It said: {heard}." if heard else ""
    if answer.status >= _SERVER_FAILED and not heard.startswith(_NOT_ADMITTED):
        return _uncertain(write, f"it failed (HTTP {answer.status})", connection, words)
    if answer.status == _TOO_MANY:
        detail = f"The API server at {connection.host} is too busy to {write.what}. Ask again in a moment.{words}"
        return CouldNotLookError(Reason.REFUSED, detail)
    meaning = _meaning(answer.status, write, connection)
    detail = f"The API server at {connection.host} refused to {write.what} (HTTP {answer.status}). {meaning}{words}"
    overtaken = answer.status == _CONFLICT and _reason(answer.body) != _TAKEN
    return (Conflict if overtaken else WriteRefused)(answer.status, detail)


def _uncertain(write: Write, why: str, connection: Connection, words: str = "") -> Exception:
    """A dry run changes nothing, answered or not."""
    asked = f"The API server at {connection.host} was asked to {write.what}, and {why}"
    if write.dry:
        detail = f"{asked}. It was only tried, so nothing was changed. See its health: kubectl get --raw /readyz{words}"
        return CouldNotLookError(Reason.FAILED, detail)
    return WriteUncertain(f"{asked}: it may have been done. It is looked at before anything is done again.{words}")


def _meaning(status: int, write: Write, connection: Connection) -> str:
    """What to do about a refusal."""
    right = write.question.right
    return {
        401: f"It does not know who asks. Renew {connection.setting}.",
        403: f"Grant the right to {right} to the account that Volati uses, or see what forbids it.",
        _NOT_FOUND: "There is no such thing.",
        _CONFLICT: "It is there already, or was changed meanwhile. Look at it, and ask anew.",
        422: "What was asked for is not valid there.",
    }.get(status, "Nothing was changed.")


def _reason(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=wire.Status).reason or ""
    except msgspec.DecodeError:
        return ""

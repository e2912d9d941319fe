"""*Triage with Volati* on a message, and `@volati triage …`: what is known of the errors in it, in its thread."""

from dataclasses import dataclass, replace
from functools import partial

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.slack.errors import SlackError, SlackRefused
from bot.slack.message import Message, context
from bot.slack.reading import Attached, files_of, text_of
from bot.slack.text import said
from handlers.desk import Asked, Desk, Json
from handlers.entrance import Errand, enter
from handlers.privately import privately, say_soon

SHORTCUT = "volati_triage"
"""The shortcut on messages, as manifest.yml registers it."""

FILES_AT_MOST = 3
"""Files of one message that are read; people share a log or two."""

FILE_BYTES = 1_000_000
"""Bytes of a file that are read: as many as of a text are judged."""

_NOTE = 300  # characters of why a file was not read
_NO_TEXT = Message("There is no text in this message that could be looked at.")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be judged: a text, the files beside it, and the thread that the answer belongs to."""

    text: str
    files: tuple[Attached, ...]
    thread_ts: str


def listen(app: AsyncApp, desk: Desk) -> None:
    """Hear the shortcut."""

    @app.message_shortcut(SHORTCUT)
    async def chosen(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked, message = Asked.by_shortcut(body), body.get("message") or {}
        ts = str(message.get("ts") or body.get("message_ts") or "")
        found = Found(text_of(message), files_of(message), asked.thread_ts or ts)
        say_soon(desk, asked, look_into(desk, asked, found))


def mentioned(asked: Asked, event: Json) -> Found | None:
    """What a mention wants looked into; None when it does not ask for that."""
    word, _, rest = asked.text.strip().partition("triage")
    if word or (rest and not rest[0].isspace()):
        return None
    return Found(text_of({"text": rest}), files_of(event), asked.thread_ts or str(event.get("ts") or ""))


def look_into(desk: Desk, asked: Asked, found: Found) -> Message | None:
    """Say what is known of it."""
    return enter(desk, asked, Errand("triage", partial(_triage, desk, asked, found)))


async def _triage(desk: Desk, asked: Asked, found: Found) -> None:
    texts, notes = [found.text], []
    for file in found.files[:FILES_AT_MOST]:
        try:
            texts.append(await desk.downloads.text(file.url, FILE_BYTES))
        except SlackError as error:
            notes.append(f"{said(file.name, _NOTE)} was not read. {said(str(error), _NOTE)}")
    if len(found.files) > FILES_AT_MOST:
        notes.append(f"Of {len(found.files)} files the first {FILES_AT_MOST} were looked at.")
    text = "\n".join(texts)
    answer = await desk.triage(text) if text.strip() else _NO_TEXT
    await _answer(desk, asked, found, _noted(answer, notes))


async def _answer(desk: Desk, asked: Asked, found: Found, answer: Message) -> None:
    """In the thread, where others see it too; to the person alone where Volati may not write."""
    try:
        await desk.poster.post(asked.channel, answer, found.thread_ts)
    except SlackRefused as error:
        _log.info("a triage is told privately", reason=str(error))
        await privately(desk, asked, answer)


def _noted(answer: Message, notes: list[str]) -> Message:
    return replace(answer, blocks=(*answer.blocks, context("\n".join(notes)))) if notes else answer

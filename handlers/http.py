"""The way in over HTTP: what Slack posts to /slack/events, verified before it is understood. It knows no command.

A refusal says its status and one word, and nothing else: whoever is not Slack learns nothing here. TLS is the
ingress's job: the bot speaks plain HTTP behind it.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from bot.metrics import Recorder
from bot.slack.signature import CLOCK_SECONDS, SIGNATURE, TIMESTAMP, Signed
from handlers.intake import Answer, Delivery, Intake

PATH = "/slack/events"
"""The one address for events, commands and interactivity, as manifest.yml has it for HTTP."""

BODY_AT_MOST = 1_000_000
"""Bytes of a body. Slack's largest, of a modal with all its fields full, is below 0.5 MB."""

BODY_SECONDS = 5.0
"""How long a body may take to arrive; Slack itself waits three seconds for the answer to it."""

FIELDS_AT_MOST = 100
"""Fields of a form; a command has fifteen."""

COMPLAIN_SECONDS = 60.0
"""Time between two warnings of the same kind: whoever finds the address could fill the log with them."""

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_CHALLENGE_AT_MOST = 200  # characters; Slack's has about fifty
_log = structlog.get_logger()


class Refusal(Enum):
    """Why a request is refused: the status, and the word for it in the metrics."""

    METHOD = (405, "method")
    TOO_LARGE = (413, "too-large")
    CONTENT_TYPE = (415, "content-type")
    UNSIGNED = (401, "unsigned")
    TIMESTAMP = (401, "timestamp")
    STALE = (401, "stale")
    SIGNATURE = (401, "signature")
    SLOW = (408, "slow")
    CUT_OFF = (400, "cut-off")
    MALFORMED = (400, "malformed")


class RefusedError(Exception):
    """The request is not taken."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal


_PERHAPS_SLACK = {
    Refusal.STALE: f"its time and ours are more than {CLOCK_SECONDS} s apart. If Slack sent it, this machine's clock "
    "is wrong: `volati doctor`, on the command line, says by how much.",
    Refusal.SIGNATURE: "it is not signed with slack.signing_secret. If Slack sent it, copy the secret anew from the "
    "app's Basic Information > App Credentials.",
}
"""Refusals that would be all that is seen of a bot with a wrong clock or a wrong secret."""


class Complaints:
    """Warns of such refusals in the log, now and then."""

    def __init__(self) -> None:
        self._last: dict[Refusal, float] = {}

    def of(self, refusal: Refusal, now: float) -> None:
        """Tell of a refusal; the same again only after a while. `now` in seconds since 1970."""
        if refusal in _PERHAPS_SLACK and abs(now - self._last.get(refusal, 0.0)) >= COMPLAIN_SECONDS:
            self._last[refusal] = now
            _log.warning("a request was refused", reason=_PERHAPS_SLACK[refusal])


@dataclass(frozen=True, slots=True)
class SlackRequests:
    """Answers Slack's requests; `now` gives seconds since 1970."""

    intake: Intake
    secret: str
    recorder: Recorder
    now: Callable[[], float]
    complaints: Complaints = field(default_factory=Complaints)

    async def handle(self, request: web.Request) -> web.Response:
        """The answer to one request."""
        try:
            payload = await self._verified(request)
            if payload.get("type") == "url_verification":
                return web.json_response({"challenge": _challenge(payload)})
            return _response(await self.intake.take(_delivery(request, payload)))
        except RefusedError as error:
            status, word = error.refusal.value
            self.recorder.request_refused(word)
            self.complaints.of(error.refusal, self.now())
            headers = {"Allow": "POST"} if error.refusal is Refusal.METHOD else {}
            return web.Response(status=status, text=word, headers=headers)

    async def _verified(self, request: web.Request) -> dict[str, Any]:
        """The payload of a request that is Slack's. Raises RefusedError; what is cheap to see is looked at first."""
        if request.method != "POST":
            raise RefusedError(Refusal.METHOD)
        if (request.content_length or 0) > BODY_AT_MOST:
            raise RefusedError(Refusal.TOO_LARGE)
        if request.content_type not in {_FORM, _JSON} or request.headers.get("Content-Encoding"):
            raise RefusedError(Refusal.CONTENT_TYPE)
        signed = Signed(_only(request, TIMESTAMP), _only(request, SIGNATURE))
        if doubt := signed.doubt(self.now()):
            raise RefusedError(Refusal[doubt.name])
        body = await read_body(request)
        if not signed.covers(body, self.secret):
            raise RefusedError(Refusal.SIGNATURE)
        return payload_of(body, form=request.content_type == _FORM)


async def read_body(request: web.Request, most: int = BODY_AT_MOST) -> bytes:
    """The body as it came, byte for byte: the signature is over these.

    Raises:
        RefusedError: it has more than `most` bytes, comes too slowly, or ends early.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise RefusedError(Refusal.TOO_LARGE)
    except TimeoutError:
        raise RefusedError(Refusal.SLOW) from None
    except (web.RequestPayloadError, ConnectionError):
        raise RefusedError(Refusal.CUT_OFF) from None
    return bytes(body)


def payload_of(body: bytes, *, form: bool) -> dict[str, Any]:
    """What a body says: JSON for events, a form for commands, JSON in a form for all that people press.

    Raises:
        RefusedError: it is none of these.
    """
    try:
        text = body.decode()
        if not form:
            return _object(text)
        fields = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_AT_MOST))
        payload = _object(fields["payload"]) if "payload" in fields else dict[str, Any](fields)
    except (ValueError, RecursionError):
        raise RefusedError(Refusal.MALFORMED) from None
    if "payload" not in fields and not fields.get("command"):
        raise RefusedError(Refusal.MALFORMED)
    return payload


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        raise RefusedError(Refusal.MALFORMED)
    return found


def _challenge(payload: dict[str, Any]) -> str:
    """What Slack wants repeated when the address is entered in the app's settings."""
    challenge = payload.get("challenge")
    if not isinstance(challenge, str) or not 0 < len(challenge) <= _CHALLENGE_AT_MOST:
        raise RefusedError(Refusal.MALFORMED)
    return challenge


def _delivery(request: web.Request, payload: dict[str, Any]) -> Delivery:
    attempt = request.headers.get("X-Slack-Retry-Num", "")
    number = int(attempt) if attempt.isascii() and attempt.isdecimal() and len(attempt) <= len("99") else 0
    return Delivery.of(_kind(payload), payload, attempt=number, reason=request.headers.get("X-Slack-Retry-Reason", ""))


def _kind(payload: dict[str, Any]) -> str:
    """The name Socket Mode has for the same thing."""
    if "command" in payload and "type" not in payload:
        return "slash_commands"
    return "events_api" if payload.get("type") == "event_callback" else "interactive"


def _response(answer: Answer) -> web.Response:
    is_json = answer.body.startswith("{")
    return web.Response(
        status=answer.status, text=answer.body, content_type=_JSON if is_json else "text/plain", charset="utf-8"
    )


def _only(request: web.Request, header: str) -> str | None:
    """A header's value; None when it is missing, or there several times."""
    values = request.headers.getall(header, [])
    return values[0] if len(values) == 1 else None

"""One call of PagerDuty's HTTP: sent under a deadline, awaited with bounded patience, its refusals in our own errors.

It repeats only what PagerDuty did not take (429). Whether a call that may have arrived is sent again is for the caller.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from bot.errors import PagerBusy, PagerError, PagerKeyRefused, PagerNotFound, PagerRefused, PagerUnreachable
from bot.errors import PagerUnreadable as Unreadable
from diagnostics.evidence.http import Http, NoAnswer, Outgoing, Reply
from diagnostics.evidence.json_values import part, word
from diagnostics.redaction import first_words

CALL_SECONDS = 10.0
"""The deadline of one request: PagerDuty's answers take a second at most, and a page may not wait long for a proxy."""

PATIENCE_SECONDS = 10.0
"""How long a call may wait in all for its turn when PagerDuty takes no more: its limits are counted by the minute, and
whoever called can come back later itself."""

FIRST_WAIT_SECONDS = 1.0
"""The first wait where PagerDuty does not say how long; each further one is twice as long."""

WAIT_AT_MOST_SECONDS = 60.0
"""The longest wait for a turn, whatever is answered: PagerDuty counts calls by the minute, so that whoever is told to
wait longer is told so by mistake, or by something on the way."""

WORDS_AT_MOST = 300
"""Characters of PagerDuty's own words in an error."""

_REFUSALS: Mapping[int, type[PagerRefused]] = {
    HTTPStatus.UNAUTHORIZED: PagerKeyRefused,
    HTTPStatus.FORBIDDEN: PagerKeyRefused,
    HTTPStatus.NOT_FOUND: PagerNotFound,
}
_REMEDIES: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "Give a valid key in pagerduty.api_key, of the account's region.",
    HTTPStatus.FORBIDDEN: "Give pagerduty.api_key the right to write incidents.",
    HTTPStatus.PAYMENT_REQUIRED: "The account's plan does not include it.",
}
_EVENT_REMEDY = "Look at the route's routing_key in pagerduty.routes, and at pagerduty.events_url."


@dataclass(frozen=True, slots=True)
class Ask:
    """One call: `path` is below the address; nothing of it but method and path is ever told.

    `limit` is whose limit it counts towards: the routing key of an event; empty for that of the API key. `enough` is
    the status that says all there is to know, whatever else is in the answer; without one the answer is read.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    limit: str = field(default="", repr=False)
    enough: HTTPStatus | None = None

    def __str__(self) -> str:
        """How it is named in errors."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Time:
    """How time passes: seconds that only go forward, and a sleep."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


@dataclass(slots=True)
class _Limit:
    """When PagerDuty takes calls again, by the monotonic clock, and the next wait where it does not say; in seconds."""

    free_at: float = 0.0
    wait: float = FIRST_WAIT_SECONDS

    def hold(self, until: float) -> None:
        """Take no call before then."""
        self.free_at = max(self.free_at, until)

    def next_wait(self) -> float:
        """The next wait where PagerDuty does not say how long."""
        wait, self.wait = self.wait, min(2 * self.wait, WAIT_AT_MOST_SECONDS)
        return wait


class Calls:
    """Calls to one address of PagerDuty's.

    Args:
        http: what sends them, each under its own deadline.
        address: where PagerDuty is.
        secrets: are masked wherever PagerDuty repeats them.
        clock: how time passes.
        patience: how many seconds a call may wait in all for its turn.
    """

    def __init__(
        self,
        http: Http,
        address: str,
        secrets: Iterable[str] = (),
        clock: Time | None = None,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._http = http
        self._address = address.rstrip("/")
        self._secrets = tuple(secret for secret in secrets if secret)
        self._time = clock or Time()
        self._patience = patience
        self._limits: dict[str, _Limit] = {}  # one for each route, and the token's

    async def call(self, ask: Ask) -> Any:  # noqa: ANN401 JSON can be anything
        """What PagerDuty answers, as JSON; None where it answers nothing.

        Raises:
            PagerBusy: it takes no calls for longer than we wait.
            PagerUnreachable: no answer in time, or a failure of its own; the call may have arrived.
            PagerRefused: it says no.
            PagerUnreadable: the answer is not PagerDuty's.
        """
        until = self._time.monotonic() + self._patience
        limit = self._limits.setdefault(ask.limit, _Limit())
        while True:
            await self._turn(ask, limit, until)
            reply = await self._sent(ask)
            now = self._time.monotonic()
            told = _told_wait(reply.headers)
            if reply.status != HTTPStatus.TOO_MANY_REQUESTS:
                limit.wait = FIRST_WAIT_SECONDS
                if told and _number(reply.headers.get("ratelimit-remaining")) == 0:  # the last that it takes for now
                    limit.hold(now + told)
                return self._document(ask, reply)
            limit.hold(now + (told or limit.next_wait()))

    async def _turn(self, ask: Ask, limit: _Limit, until: float) -> None:
        """Wait until PagerDuty takes calls again, or give up at once where that is too long."""
        wait = limit.free_at - self._time.monotonic()
        if limit.free_at > until and wait > 0:
            raise PagerBusy(f"PagerDuty takes no calls for another {wait:.0f} s, so {ask} was not made.", wait)
        if wait > 0:
            await self._time.sleep(wait)

    async def _sent(self, ask: Ask) -> Reply:
        query = f"?{urlencode(ask.query)}" if ask.query else ""
        url = f"{self._address}{ask.path}{query}"
        reply = await self._http.send(Outgoing(ask.method, url, body=ask.body, headers=ask.headers))
        if isinstance(reply, NoAnswer):
            raise PagerUnreachable(f"PagerDuty gave no answer to {ask}: {reply.stage}, {reply.detail}.")
        return reply

    def _document(self, ask: Ask, reply: Reply) -> Any:  # noqa: ANN401 JSON can be anything
        if ask.enough is not None and HTTPStatus.OK <= reply.status < HTTPStatus.BAD_REQUEST:
            if reply.status != ask.enough:
                raise unreadable(ask, f"HTTP {reply.status} where {ask.enough.value} was to come")
            return None
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status == HTTPStatus.REQUEST_TIMEOUT:
            raise PagerUnreachable(f"PagerDuty failed at {ask}: HTTP {reply.status}.")
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(ask, reply)
        document = reply.document()
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES or (reply.body and not isinstance(document, dict)):
            raise unreadable(ask, f"HTTP {reply.status} without PagerDuty's JSON")
        return document

    def _refusal(self, ask: Ask, reply: Reply) -> PagerError:
        kind = _REFUSALS.get(reply.status, PagerRefused)
        words = self._masked(_words(reply.document()))
        remedy = _EVENT_REMEDY if ask.limit else _REMEDIES.get(reply.status, "")
        said = f"PagerDuty refused {ask}: HTTP {reply.status}{f', {words}' if words else ''}."
        return kind(f"{said} {remedy}".rstrip())

    def _masked(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return first_words(words, WORDS_AT_MOST)


def unreadable(ask: Ask, what: str) -> Unreadable:
    """The error for an answer that is not PagerDuty's."""
    return Unreadable(
        f"What answers {ask} does not speak as PagerDuty does ({what}). Look at pagerduty.api_url and "
        "pagerduty.events_url, and at proxies on the way."
    )


def _told_wait(headers: Mapping[str, str]) -> float | None:
    """How many seconds PagerDuty asks to wait, by either of its headers, within bounds; None where it does not say."""
    found = [_number(headers.get(name)) for name in ("retry-after", "ratelimit-reset")]
    return next((min(number, WAIT_AT_MOST_SECONDS) for number in found if number), None)


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdecimal() and len(text) <= len("999999") else None


def _words(document: object) -> str:
    """What PagerDuty says of a refusal: of REST under `error`, of Events at the top."""
    top = part(document)
    told = part(top.get("error")) or top
    errors = told.get("errors")
    details = [word(one) for one in errors] if isinstance(errors, list) else []
    said = ": ".join(one for one in (word(told.get("message")), "; ".join(details)) if one)
    return " ".join("".join(one if one.isprintable() else " " for one in said).split()).rstrip(".")

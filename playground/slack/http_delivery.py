"""HTTP delivery: each thing as a signed POST to the app's address, shaped as Slack shapes it.

Signing: docs.slack.dev/authentication/verifying-requests-from-slack; `v0=` and an HMAC-SHA256 over
`v0:{timestamp}:{raw body}`.
"""

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from playground.slack.clock import Clock, within
from playground.slack.delivery import ACK_WITHIN_S, Delivery, Receipt
from playground.slack.shapes import Json, mapping

FORM = "application/x-www-form-urlencoded"
OK = 200
NOT_AGAIN = "x-slack-no-retry"
GIVE_UP_S = 10.0  # real seconds after which a request nobody waits for any more is dropped


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered."""

    status: int
    text: str
    json: bool
    no_retry: bool


def signed_headers(body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    """The two headers by which the app knows that Slack sent a body; `timestamp` in seconds since 1970."""
    base = b"v0:" + str(timestamp).encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def encode(delivery: Delivery) -> tuple[bytes, str]:
    """The body of a delivery and its content type: events are JSON, the others forms."""
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload).encode(), "application/json"
    if delivery.kind == "slash_commands":
        return urlencode(delivery.payload).encode(), FORM
    return urlencode({"payload": json.dumps(delivery.payload)}).encode(), FORM


@dataclass(slots=True)
class HttpCarrier:
    """Brings everything to one address."""

    url: str
    secret: str
    clock: Clock
    session: aiohttp.ClientSession

    async def carry(self, delivery: Delivery) -> Receipt:
        """Post it and wait at most three seconds for a 200."""
        body, kind = encode(delivery)
        headers = self._headers(body, kind)
        if delivery.attempt:
            headers |= {"X-Slack-Retry-Num": str(delivery.attempt), "X-Slack-Retry-Reason": delivery.reason}
        began = self.clock.now()
        asked = asyncio.ensure_future(self._post(body, headers))
        try:
            answer = await within(self.clock, ACK_WITHIN_S, asked)
        except (aiohttp.ClientError, TimeoutError):
            return Receipt(acknowledged=False, failure="dispatch_failed", reason="connection_failed")
        finally:
            asked.cancel()
        return _receipt(answer, (self.clock.now() - began) * 1000)

    async def verify_url(self) -> bool:
        """Ask the app to repeat a challenge, as Slack does when an address is entered."""
        challenge = "challenge-of-the-playground"
        body = json.dumps({"type": "url_verification", "token": "", "challenge": challenge}).encode()
        answer = await self._post(body, self._headers(body, "application/json"))
        if answer.status != OK:
            return False
        said = mapping(json.loads(answer.text)).get("challenge") if answer.json else answer.text
        return said == challenge

    def _headers(self, body: bytes, kind: str) -> dict[str, str]:
        signed = signed_headers(body, self.secret, int(self.clock.now()))
        return {"Content-Type": kind, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)", **signed}

    async def _post(self, body: bytes, headers: dict[str, str]) -> Answer:
        timeout = aiohttp.ClientTimeout(total=GIVE_UP_S)
        async with self.session.post(self.url, data=body, headers=headers, timeout=timeout) as response:
            text = await response.text()
            is_json = response.content_type == "application/json"
            return Answer(response.status, text, is_json, response.headers.get(NOT_AGAIN) == "1")


def _receipt(answer: Answer | None, latency_ms: float) -> Receipt:
    if answer is None:
        return Receipt(acknowledged=False, latency_ms=latency_ms, failure="operation_timeout", reason="http_timeout")
    if answer.status != OK:
        return Receipt(
            acknowledged=False,
            latency_ms=latency_ms,
            failure="dispatch_failed",
            reason="http_error",
            no_retry=answer.no_retry,
        )
    return Receipt(acknowledged=True, latency_ms=latency_ms, payload=_payload(answer))


def _payload(answer: Answer) -> Json:
    if not answer.text:
        return {}
    return mapping(json.loads(answer.text)) if answer.json else {"text": answer.text}

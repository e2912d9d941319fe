"""Takes in what Slack delivers, whichever way it came: each thing once, each answered. It knows no command.

Slack repeats what it believes was not received. This process remembers what it answered; another replica that gets the
repeat finds the claim in the shared memory when it is about to act.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.correlation import correlated
from bot.metrics import Recorder

REMEMBERED = 2_000
"""Deliveries whose answer is kept: Slack's last repeat comes after six minutes, in which a busy workspace sends some
hundred; an answer is about 1 kB."""

STOPPING = 503
_OK = 200
_NOT_FOUND = 404
_FAILED = 500

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing Slack delivered; its `identity` is the same in a repeat of it, empty where Slack gives it none."""

    kind: str
    """events_api, slash_commands or interactive."""
    payload: Mapping[str, Any]
    identity: str
    attempt: int = 0
    reason: str = ""

    @classmethod
    def of(cls, kind: str, payload: Mapping[str, Any], *, attempt: int = 0, reason: str = "") -> "Delivery":
        """A delivery, known again by its event, or by the trigger that Slack makes for each thing a person does."""
        identity = payload.get("event_id") or payload.get("trigger_id") or ""
        return cls(kind, payload, str(identity), attempt, reason)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack is told: an HTTP status, and a body that is JSON, plain text or empty."""

    status: int
    body: str = ""

    @property
    def acknowledges(self) -> bool:
        """Whether Slack may forget the delivery."""
        return self.status == _OK


class Intake:
    """The one way into the Bolt app."""

    def __init__(self, app: AsyncApp, recorder: Recorder) -> None:
        self._app = app
        self._recorder = recorder
        self._answers: OrderedDict[str, asyncio.Future[Answer]] = OrderedDict()
        self._stopping = False

    def stop(self) -> None:
        """From now on events are left to Slack to repeat, which it does after a minute; people still get an answer."""
        self._stopping = True

    async def take(self, delivery: Delivery) -> Answer:
        """The answer to a delivery; to a repeat, the answer the first one got."""
        if self._stopping and delivery.kind == "events_api":
            return self._counted(delivery, "stopping", Answer(STOPPING))
        key = f"{delivery.kind} {delivery.identity}"
        known = self._answers.get(key) if delivery.identity else None
        if known is not None:
            return self._counted(delivery, "repeated", await asyncio.shield(known))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._remember(key, answer)
        try:
            answer.set_result(await self._dispatched(delivery))
        finally:
            if not answer.done():  # cancelled on the way: whoever waits for the same thing goes too
                answer.cancel()
            if answer.cancelled() or not answer.result().acknowledges:
                self._answers.pop(key, None)  # the repeat gets a try of its own
        return answer.result()

    def _remember(self, key: str, answer: asyncio.Future[Answer]) -> None:
        self._answers[key] = answer
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)

    async def _dispatched(self, delivery: Delivery) -> Answer:
        """What the app answers. Whatever is logged on the way, by jobs begun too, bears the same short id."""
        with correlated():
            try:
                response = await self._app.async_dispatch(_as_request(delivery))
            except Exception:  # noqa: BLE001 the edge of everything Slack sends: the others must go on being answered
                _log.exception("a delivery failed", kind=delivery.kind)
                self._recorder.error("delivery")
                return self._counted(delivery, "failed", Answer(_FAILED))
        return self._heard(delivery, response)

    def _heard(self, delivery: Delivery, response: BoltResponse) -> Answer:
        if response.status == _NOT_FOUND:
            # Nobody listens for it, and a repeat would change nothing.
            if delivery.payload.get("type") == "app_rate_limited":
                _log.warning("Slack drops events: it has more for us than it delivers in an hour")
            return self._counted(delivery, "unhandled", Answer(_OK))
        outcome = "answered" if response.status == _OK else "failed"
        return self._counted(delivery, outcome, Answer(response.status, response.body or ""))

    def _counted(self, delivery: Delivery, outcome: str, answer: Answer) -> Answer:
        self._recorder.delivery(delivery.kind, outcome)
        return answer


def _as_request(delivery: Delivery) -> AsyncBoltRequest:
    """As Bolt takes what is known to come from Slack: over a socket, or verified before it got here."""
    repeat = {"x-slack-retry-num": [str(delivery.attempt)], "x-slack-retry-reason": [delivery.reason]}
    headers: dict[str, Any] = repeat if delivery.attempt else {}
    return AsyncBoltRequest(mode="socket_mode", body=dict(delivery.payload), headers=headers)

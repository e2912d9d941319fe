"""The buttons that begin a diagnosis: of a verdict, of a thread that was interrupted, and of the Home tab."""

import re

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.runs.examiner import Order
from bot.slack.message import Message
from bot.slack.poster import Place
from bot.slack.views.again import RUN_AGAIN, Again, without_buttons
from bot.slack.views.answers import told
from bot.slack.views.home import DIAGNOSE
from bot.words.commands import Diagnose
from handlers.desk import Asked, Desk, Json
from handlers.diagnose import Spot, begin, begin_one
from handlers.privately import say_soon

_GONE = "What this button stands for is not there any more. Type /volati help to see what is."


def listen(app: AsyncApp, desk: Desk) -> None:
    """Hear the buttons."""

    @app.action(RUN_AGAIN)
    async def pressed(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_button(body)
        say_soon(desk, asked, _run_again(desk, asked, body))

    @app.action(re.compile(f"^{DIAGNOSE}"))
    async def pressed_at_home(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_button(body)
        say_soon(desk, asked, _diagnose(desk, asked))


def _run_again(desk: Desk, asked: Asked, body: Json) -> Message | None:
    """Begin it, in the same thread; gives what to tell the person."""
    again = Again.read(asked.text, desk.environments)
    message = body.get("message") or {}
    if again is None or not message.get("ts"):
        return told(_GONE)
    pressed = Place(asked.channel, str(message["ts"]))
    says = without_buttons(Message(str(message.get("text") or ""), tuple(message.get("blocks") or ())))
    spot = Spot(asked.channel, asked.thread_ts or pressed.ts, again.own, pressed, says)
    return begin_one(desk, asked, Order(again.area, again.environment, again.deep), spot, None)


def _diagnose(desk: Desk, asked: Asked) -> Message | None:
    again = Again.read(asked.text, desk.environments)
    if again is None:
        return told(_GONE)
    return begin(desk, asked, Diagnose((again.area,), again.environment, again.deep))

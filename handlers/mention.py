"""`@volati …`: the same words as the command, where commands cannot be used, such as in threads."""

from slack_bolt.async_app import AsyncAck, AsyncApp

from handlers.desk import Asked, Desk, Json
from handlers.hear import hear
from handlers.privately import say_soon
from handlers.triage import look_into, mentioned

MENTIONED = "app_mention"


def listen(app: AsyncApp, desk: Desk, bot_user_id: str) -> None:
    """Hear the bot's name."""

    @app.event(MENTIONED)
    async def named(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_mention(body, bot_user_id)
        found = mentioned(asked, body.get("event") or {})
        say_soon(desk, asked, look_into(desk, asked, found) if found else hear(desk, asked))

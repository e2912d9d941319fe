"""What the modals have in common: reading what was typed, opening one, and answering a sent one at once."""

import asyncio
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck

from bot.slack.message import Message
from bot.slack.view import View, error_text
from bot.slack.views.modals import ENVIRONMENT, looking, notice
from handlers.desk import Asked, Desk, Json
from handlers.entrance import Errand, enter
from handlers.privately import SETTLE_SECONDS


def typed(body: Json, name: str) -> str:
    """What was typed into a field; empty for nothing."""
    return str(_value(body, name).get("value") or "").strip()


def file_in(body: Json, name: str) -> Mapping[str, Any] | None:
    """The file that was attached, as Slack describes it."""
    files = _value(body, name).get("files") or ()
    return files[0] if files else None


def chosen(body: Json, name: str) -> str:
    """What was chosen in a menu; empty for nothing."""
    return str((_value(body, name).get("selected_option") or {}).get("value") or "")


def environment_in(body: Json, desk: Desk) -> str:
    """The environment that was chosen; the first where there was no choice."""
    found = chosen(body, ENVIRONMENT)
    return found if found in desk.environments else desk.environments[0]


def open_modal(desk: Desk, asked: Asked, what: str, view: View) -> Message | None:
    """Open a modal for what the person just did, if they may; gives what to tell them at once."""
    return enter(desk, asked, Errand(what, partial(desk.surfaces.open, asked.trigger_id, view), name=f"open {what}"))


async def refuse_fields(ack: AsyncAck, errors: Mapping[str, str]) -> None:
    """Leave the modal open, with a sentence under each field that cannot be used."""
    await ack(response_action="errors", errors={field: error_text(sentence) for field, sentence in errors.items()})


async def answer_sent(ack: AsyncAck, desk: Desk, kind: str, said: Message | None) -> None:
    """Show in the modal that it is under way, or what there is to say at once."""
    view = desk.surfaces.cleaned(looking(kind) if said is None else notice(said))
    await ack(response_action="update", view=view.as_json())


async def show_in_modal(desk: Desk, asked: Asked, work: Awaitable[View]) -> None:
    """Do the work, and show what comes of it in the modal that was sent; not before that shows that it is under way."""
    settled = asyncio.create_task(asyncio.sleep(SETTLE_SECONDS), name="modal settles")
    try:
        view = await work
        await settled
    finally:
        settled.cancel()
    await desk.surfaces.update(asked.view_id, view)


def _value(body: Json, name: str) -> Mapping[str, Any]:
    values = body["view"]["state"]["values"]
    found = (values.get(name) or {}).get(name)
    return found if isinstance(found, Mapping) else {}

"""`token`: a private modal takes a token and explains it in the same place. The token is handed on, kept nowhere."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.clients.tokens import TOKEN_AT_MOST
from bot.slack.message import Message
from bot.slack.view import View
from bot.slack.views import modals
from bot.slack.views.modals import ATTACHED, PASTED, answered, token_form
from bot.slack.views.token import token_answer
from bot.words.commands import Token
from bot.words.pasted import fault_of, token_in
from handlers.desk import Asked, Desk, Json
from handlers.entrance import Errand, enter
from handlers.modals import answer_sent, environment_in, file_in, open_modal, refuse_fields, show_in_modal, typed
from handlers.privately import say_soon


def listen(app: AsyncApp, desk: Desk) -> None:
    """Hear the button that stands in for the modal, and the modal sent."""

    @app.action(modals.OPEN_TOKEN)
    async def wanted(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_button(body)
        say_soon(desk, asked, open_modal(desk, asked, "token", token_form(desk.environments, asked.text)))

    @app.view(modals.TOKEN)
    async def sent(ack: AsyncAck, body: Json) -> None:
        errors = await asyncio.to_thread(_errors, body)  # what reads tokens is loaded on use
        if errors:
            await refuse_fields(ack, errors)
            return
        asked = Asked.by_modal(body)
        errand = Errand("token", partial(_explain, desk, asked, body), long=True, secret=True)
        await answer_sent(ack, desk, modals.TOKEN, enter(desk, asked, errand))


def ask_for_token(desk: Desk, asked: Asked, command: Token) -> Message | None:
    """Open the modal; where only a button can, show the button."""
    if asked.trigger_id:
        return open_modal(desk, asked, "token", token_form(desk.environments, command.environment))
    return enter(desk, asked, Errand("token", say=modals.ask_for_token(command)))


def _errors(body: Json) -> Mapping[str, str]:
    """What is wrong with what was sent, by field; nothing when it can be looked at."""
    pasted, attached = token_in(typed(body, PASTED)), file_in(body, ATTACHED)
    if pasted and attached:
        return {ATTACHED: "Give the token once: as text, or as a file."}
    if not pasted:
        return {} if attached else {PASTED: "Paste the token here, or attach a file with it."}
    fault = fault_of(pasted)
    return {PASTED: fault} if fault else {}


async def _explain(desk: Desk, asked: Asked, body: Json) -> None:
    """Explain the token in its modal."""
    environment = environment_in(body, desk)
    token = token_in(typed(body, PASTED))
    await show_in_modal(desk, asked, _view(desk, environment, token, file_in(body, ATTACHED)))


async def _view(desk: Desk, environment: str, token: str, file: Mapping[str, Any] | None) -> View:
    if file is not None:
        token = token_in(await desk.downloads.text(str(file.get("url_private") or ""), TOKEN_AT_MOST))
        if fault := await asyncio.to_thread(fault_of, token):
            return token_form(desk.environments, environment, f"The file holds no token. {fault}")
    run = await desk.examiner.explain_token(token, environment)
    return answered(modals.TOKEN, token_answer(run))

"""`why`: a permission question, walked through and answered to the person who asks."""

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.slack.message import Message
from bot.slack.view import View
from bot.slack.views import modals
from bot.slack.views.answers import told
from bot.slack.views.modals import ACTION, RESOURCE, USER, answered, why_form
from bot.slack.views.why import why_answer
from bot.words.commands import Why
from diagnostics.evidence.keycloak import Question, is_name
from handlers.desk import Asked, Desk, Json
from handlers.entrance import Errand, enter
from handlers.modals import answer_sent, environment_in, open_modal, refuse_fields, show_in_modal, typed
from handlers.privately import privately, say_soon


def listen(app: AsyncApp, desk: Desk) -> None:
    """Hear the button that stands in for the modal, and the modal sent."""

    @app.action(modals.OPEN_WHY)
    async def wanted(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_button(body)
        say_soon(desk, asked, open_modal(desk, asked, "why", why_form(desk.environments, Why(asked.text))))

    @app.view(modals.WHY)
    async def sent(ack: AsyncAck, body: Json) -> None:
        question = Question(*(typed(body, name) for name in (USER, ACTION, RESOURCE)))
        given = {name: getattr(question, name) for name in (USER, ACTION, RESOURCE)}
        if wrong := {name: _flaw(text) for name, text in given.items() if not is_name(text)}:
            await refuse_fields(ack, wrong)
            return
        asked = Asked.by_modal(body)
        errand = Errand("why", partial(_in_modal, desk, asked, question, environment_in(body, desk)), long=True)
        await answer_sent(ack, desk, modals.WHY, enter(desk, asked, errand))


def _flaw(text: str) -> str:
    return "Dots are no name; write one." if text.strip() else "Only blanks are here; write a name."


def ask_why(desk: Desk, asked: Asked, command: Why) -> Message | None:
    """Find out, or open the modal for what is missing; where only a button can, show the button."""
    if command.complete:
        question = Question(command.user, command.action, command.resource)
        say = told(f"Asking Keycloak in {command.environment}. The answer comes here, for you alone.")
        job = partial(_find_out, desk, asked, question, command.environment)
        return enter(desk, asked, Errand("why", job, say, long=True))
    if asked.trigger_id:
        return open_modal(desk, asked, "why", why_form(desk.environments, command))
    return enter(desk, asked, Errand("why", say=modals.ask_for_why(command)))


async def _find_out(desk: Desk, asked: Asked, question: Question, environment: str) -> None:
    run = await desk.examiner.explain_permission(question, environment)
    await privately(desk, asked, why_answer(run, question, desk.runbook_url))


async def _in_modal(desk: Desk, asked: Asked, question: Question, environment: str) -> None:
    await show_in_modal(desk, asked, _view(desk, question, environment))


async def _view(desk: Desk, question: Question, environment: str) -> View:
    run = await desk.examiner.explain_permission(question, environment)
    return answered(modals.WHY, why_answer(run, question, desk.runbook_url))

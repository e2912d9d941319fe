"""Guarded acts: a plan is proposed by words or a button, confirmed or called off by buttons, signed in a modal."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.actions.consent import Click, misnamed
from bot.actions.journal import State
from bot.actions.plan import Request, Requester
from bot.actions.table import ACTIONS
from bot.errors import CannotAct, StoreError
from bot.people.access import Denied
from bot.slack.message import Block, Message
from bot.slack.views.answers import told
from bot.slack.views.offers import OFFER, Offer, offers, suggested
from bot.slack.views.plan import CALL_OFF, CONFIRM, GLASS, HURRY, NAME, REASON, SIGN, SIGNED, sign_form
from bot.slack.views.whoami import denied
from bot.words.acts import Wish, wish
from diagnostics.runs import Run
from handlers.acting import Acting
from handlers.desk import Asked, Desk, Json
from handlers.entrance import Errand, enter
from handlers.modals import answer_sent, refuse_fields, typed
from handlers.privately import privately, say_soon

_NO_MEMORY = (
    "Guarded acts need Volati's memory, and there is none now: without it nobody could say that a plan is carried out "
    "once. `volati doctor`, on the command line, says what is wrong with it. Until then use kubectl and psql, as the "
    "runbook shows."
)


def listen(app: AsyncApp, desk: Desk) -> None:
    """Hear the buttons of plans and of suggestions, and the modal in which a name is written."""
    _listen_to_signing(app, desk)

    @app.action(re.compile(f"^({CONFIRM}|{CALL_OFF}|{HURRY})$"))
    async def decided(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked, deed = Asked.by_button(body), _DEEDS[body["actions"][0]["action_id"]]
        say_soon(desk, asked, _decide(desk, asked, deed))

    @app.action(re.compile(f"^{OFFER}"))
    async def offered(ack: AsyncAck, body: Json) -> None:
        await ack()
        pressed = Asked.by_button(body)
        root = str((body.get("message") or {}).get("ts") or "")
        asked = replace(pressed, thread_ts=pressed.thread_ts or root or None)  # the plan goes where the button is
        offer = Offer.read(asked.text, desk.environments)
        say_soon(desk, asked, propose(desk, asked, offer.wish, offer) if offer else told(_GONE))


def _listen_to_signing(app: AsyncApp, desk: Desk) -> None:
    """Hear the buttons that open the modal of a plan, and the modal sent."""

    @app.action(re.compile(f"^({SIGN}|{GLASS})$"))
    async def signing(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked, glass = Asked.by_button(body), body["actions"][0]["action_id"] == GLASS
        say_soon(desk, asked, _decide(desk, asked, partial(_ask_to_sign, glass=glass)))

    @app.view(SIGNED)
    async def signed(ack: AsyncAck, body: Json) -> None:
        name, reason = typed(body, NAME), typed(body, REASON)
        glass = REASON in body["view"]["state"]["values"]
        if missing := {
            field: "Write something here." for field, text in _wanted(name, reason, glass=glass) if not text
        }:
            await refuse_fields(ack, missing)
            return
        plan_id, _, channel = str(body["view"].get("private_metadata") or "").partition(" ")
        asked = Asked.by_modal(body).meaning(plan_id).within(channel)
        click = Click(asked.person, name, reason, channel)
        if wrong := await _wrong_name(desk, asked, click):
            await refuse_fields(ack, {NAME: wrong})
            return
        await answer_sent(ack, desk, SIGNED, _decide(desk, asked, partial(_confirm, click=click)))


async def _wrong_name(desk: Desk, asked: Asked, click: Click) -> str:
    """Why the name written is not the one, so that it can be corrected; empty where it is, or the job is to tell."""
    if desk.acting is None or desk.gate.at_once(asked.asker, "call off") is not None:
        return ""
    try:
        async with asyncio.timeout(_NAME_SECONDS):
            kept = await desk.acting.lifecycle.open_plan(asked.text)
            wrong = misnamed(kept.plan, click) if kept.journal.state is State.PROPOSED else ""
            if wrong:
                await desk.acting.lifecycle.refuse(kept.plan, asked.person, wrong, click.channel)
    except (CannotAct, StoreError, TimeoutError):
        return ""
    return wrong


#: Seconds for the name to be compared: Slack waits for 3 s in all.
_NAME_SECONDS = 1.5
_GONE = "What this button stands for is not there any more. Type /volati help to see what is."


def propose(desk: Desk, asked: Asked, wanted: Wish, offer: Offer | None = None) -> Message | None:
    """Make a plan and show it where people can see and confirm it."""
    if desk.acting is None:
        return enter(desk, asked, Errand(wanted.action, say=told(_NO_MEMORY)))
    deed = partial(_switch_off, desk, desk.acting, asked, wanted)
    if wanted.settings.get("switch") != "off":
        deed = partial(_propose, desk, desk.acting, asked, wanted, offer)
    refused = partial(_not_proposed, desk.acting, asked, wanted)
    return enter(desk, asked, Errand(wanted.action, deed, name=f"propose {wanted.action}", on_refusal=refused))


async def _not_proposed(acting: Acting, asked: Asked, wanted: Wish, refusal: Denied) -> None:
    """Audit the wish of somebody who may not have it."""
    with suppress(StoreError):  # the log has it, too
        await acting.lifecycle.turn_down(_request(wanted), Requester(asked.person, asked.channel), refusal.text)


async def offered(acting: Acting, found: Run) -> tuple[Block, ...]:
    """The buttons of a verdict for the acts that it suggests, and why those without one could not be done now."""
    diagnosis = found.diagnosis
    acts = suggested(diagnosis)
    requests = [_request(wish(*_words(one.act), diagnosis.environment)) for one in acts]
    why = await asyncio.gather(*(acting.lifecycle.hindrance(request) for request in requests))
    return offers(diagnosis, found.id, {one.act: reason for one, reason in zip(acts, why, strict=True)})


def _words(act: str) -> tuple[str, list[str]]:
    action, *rest = act.split()
    return action, rest


def _request(wanted: Wish) -> Request:
    return Request(wanted.action, wanted.environment, wanted.target, dict(wanted.settings), wanted.words)


async def _propose(desk: Desk, acting: Acting, asked: Asked, wanted: Wish, offer: Offer | None) -> None:
    inside = not asked.response_url or offer is not None
    thread = (asked.thread_ts or "") if inside else ""
    channel = asked.channel if thread else desk.channel
    area, run = (offer.area, offer.run) if offer else (ACTIONS[wanted.action].area, "")
    requester = Requester(asked.person, channel, thread, run, area)
    kept = await acting.lifecycle.propose(_request(wanted), requester, acting.cards.planned(channel, thread))
    await acting.cards.post(kept)
    if channel != asked.channel:
        await privately(desk, asked, told(f"The plan is in a thread of the channel: {kept.plan.draft.summary}"))


async def _switch_off(desk: Desk, acting: Acting, asked: Asked, wanted: Wish) -> None:
    kept = await acting.lifecycle.end_early(wanted.action, wanted.environment, asked.person)
    await acting.cards.now(kept)
    await privately(desk, asked, told("It ends now. The plan's message shows how it goes."))


Deed = Callable[[Desk, Acting, Asked], Awaitable[None]]


def _decide(desk: Desk, asked: Asked, deed: Deed) -> Message | None:
    """Let somebody decide about a plan: which right that takes is known only once the plan is."""
    if desk.acting is None:
        return enter(desk, asked, Errand("call off", say=told(_NO_MEMORY)))
    acting = desk.acting
    refused = partial(_stranger, acting, asked)
    errand = Errand("call off", partial(deed, desk, acting, asked), name="decide about a plan", on_refusal=refused)
    return enter(desk, asked, errand)


async def _stranger(acting: Acting, asked: Asked, refusal: Denied) -> None:
    """Audit the click of somebody who may not even call a plan off."""
    try:
        kept = await acting.lifecycle.open_plan(asked.text)
        await acting.lifecycle.refuse(kept.plan, asked.person, refusal.text, asked.channel)
    except (CannotAct, StoreError):
        return


async def _confirm(desk: Desk, acting: Acting, asked: Asked, click: Click | None = None) -> None:
    """Take the plan, if this person may; the card loses its buttons at once."""
    refusals: list[Denied] = []

    async def allows(right: str) -> str:
        refusal = await desk.gate.for_the_job(asked.asker, right)
        refusals.extend([refusal] if refusal else [])
        return refusal.text if refusal else ""

    yes = click or Click(asked.person, channel=asked.channel)
    try:
        kept = await acting.lifecycle.confirm(asked.text, yes, allows)
    except CannotAct:
        if not refusals:
            raise
        await privately(desk, asked, denied(refusals[0]))  # which also names whom to ask
        return
    await acting.cards.now(kept)
    if asked.view_id:
        await privately(desk, asked, told("Confirmed. The plan's message shows how it goes."))


async def _call_off(desk: Desk, acting: Acting, asked: Asked) -> None:  # noqa: ARG001 as every deed
    await acting.lifecycle.decline(asked.text, asked.person)


async def _hurry(desk: Desk, acting: Acting, asked: Asked) -> None:  # noqa: ARG001 as every deed
    await acting.cards.now(await acting.lifecycle.hurry(asked.text, asked.person))


async def _ask_to_sign(desk: Desk, acting: Acting, asked: Asked, *, glass: bool) -> None:
    kept = await acting.lifecycle.open_plan(asked.text)
    await desk.surfaces.open(asked.trigger_id, sign_form(kept.plan, asked.channel, glass=glass))


def _wanted(name: str, reason: str, *, glass: bool) -> list[tuple[str, str]]:
    return [(NAME, name), *([(REASON, reason)] if glass else [])]


_DEEDS: dict[str, Deed] = {CONFIRM: _confirm, CALL_OFF: _call_off, HURRY: _hurry}

"""Incidents, from what people type, press and send. It parses and hands on; what is done stands beside it.

A button carries the incident's id. Who may is asked at every way in, and a refusal is audited.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.audit.entry import Deed, Entry
from bot.errors import StoreError
from bot.people.access import Denied
from bot.slack.message import Message
from bot.slack.views import incident_forms as forms
from bot.slack.views.answers import told
from bot.slack.views.incident import ACK, ESCALATE, RESOLVE, SNOOZE
from bot.slack.views.incident_forms import Aim, Origin
from bot.slack.views.incident_lists import CHOSEN, on_call
from bot.words.acts import NotUnderstoodError
from bot.words.commands import right
from bot.words.incidents import (
    REASON,
    WORDS,
    Ack,
    Escalate,
    IncidentCommand,
    Incidents,
    Oncall,
    Postmortem,
    Resolve,
    Snooze,
    length,
    read,
)
from handlers.desk import Asked, Desk, Json
from handlers.entrance import Errand, enter
from handlers.incident_deeds import DOES, Does
from handlers.incident_lists import show_on_call, show_open
from handlers.incident_meant import About, aimed_at
from handlers.incident_opening import ask_to_open, call_by_hand, escalate, open_from_form
from handlers.modals import answer_sent, chosen, refuse_fields, typed
from handlers.privately import privately, say_soon
from handlers.tending import Tending

_NO_MEMORY = (
    "Incidents need Volati's memory, and there is none now: no clock could run. `volati doctor`, on the command "
    "line, says what is wrong. `escalate` with a reason still calls people in Slack."
)
_GONE = "What this button stands for is not there any more. Type /volati incidents to see what is open."
_WRITE = f"Write why, in at most {REASON} characters."


def listen(app: AsyncApp, desk: Desk) -> None:
    """Hear the buttons of incidents and of verdicts, and the modals that ask for more."""
    _hear_buttons(app, desk)
    _hear_modals(app, desk)


def _hear_buttons(app: AsyncApp, desk: Desk) -> None:
    @app.action(re.compile(f"^({ACK}|{SNOOZE}|{ESCALATE}|{RESOLVE})$"))
    async def pressed(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_button(body)
        command = _PRESSED[body["actions"][0]["action_id"]](desk)
        say_soon(desk, asked, tend(desk, asked, aimed_at(command, asked.text), aloud=False))

    @app.action(re.compile(f"^{CHOSEN}"))
    async def picked(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_button(body)
        command = _chosen(asked.text, desk)
        say_soon(desk, asked, tend(desk, asked, command) if command else told(_GONE))

    @app.action(re.compile(f"^{forms.ASK}"))
    async def wanted(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_button(body)
        kind = str(body["actions"][0]["action_id"]).removeprefix(forms.ASK)
        say_soon(desk, asked, _open_window(desk, asked, kind))


def _hear_modals(app: AsyncApp, desk: Desk) -> None:
    @app.view(forms.CLIMBS)
    async def climbs(ack: AsyncAck, body: Json) -> None:
        reason = typed(body, forms.WHY)
        if not 0 < len(reason) <= REASON:
            await refuse_fields(ack, {forms.WHY: _WRITE})
            return
        level = forms.level_in(chosen(body, forms.LEVEL))
        aim, asked = _aimed(body)
        command = Escalate(desk.environments[0], reason, level, incident=aim.incident)
        await answer_sent(ack, desk, forms.CLIMBS, tend(desk, asked, command))

    @app.view(forms.SNOOZES)
    async def snoozes(ack: AsyncAck, body: Json) -> None:
        try:
            wanted = length(typed(body, forms.LENGTH))
        except NotUnderstoodError as error:
            await refuse_fields(ack, {forms.LENGTH: error.text})
            return
        aim, asked = _aimed(body)
        await answer_sent(ack, desk, forms.SNOOZES, tend(desk, asked, Snooze(wanted, aim.incident)))

    @app.view(forms.OPENS)
    async def opens(ack: AsyncAck, body: Json) -> None:
        reason = typed(body, forms.WHY)
        if not 0 < len(reason) <= REASON:
            await refuse_fields(ack, {forms.WHY: _WRITE})
            return
        origin = Origin.read(_note(body), desk.environments)
        asked = Asked.by_modal(body).within(origin.channel if origin else "")
        severity = forms.severity_in(chosen(body, forms.SEVERITY))
        said = _opened(desk, asked, origin, (reason, severity)) if origin else told(_GONE)
        await answer_sent(ack, desk, forms.OPENS, said)


def tend(desk: Desk, asked: Asked, command: IncidentCommand, *, aloud: bool = True) -> Message | None:
    """Do what a command says, if the person may; without a memory, what can be done. `aloud`: they are told."""
    tending, what = desk.tending, right(command)
    if tending is None:
        if isinstance(command, Escalate) and command.reason:
            return enter(desk, asked, Errand(what, partial(call_by_hand, desk, asked, command)))
        say = on_call((), desk.path) if isinstance(command, Oncall) else told(_NO_MEMORY)
        return enter(desk, asked, Errand(what, say=say))
    job = partial(_done, desk, tending, asked, command, aloud=aloud)
    refused = partial(_refused, desk, tending, asked, command)
    return enter(desk, asked, Errand(what, job, name=f"{what} an incident", on_refusal=refused))


async def _done(desk: Desk, tending: Tending, asked: Asked, command: IncidentCommand, *, aloud: bool) -> None:
    sentence = await _DOES[type(command)](desk, tending, asked, command)
    if sentence and (aloud or asked.view_id):
        await privately(desk, asked, told(sentence))


async def _refused(desk: Desk, tending: Tending, asked: Asked, command: IncidentCommand, refusal: Denied) -> None:
    """Audit that somebody wanted what they may not. What only reads is in the log."""
    if isinstance(command, Incidents | Oncall | Postmortem):
        return
    entry = Entry(
        at=desk.clock.now(),
        who=asked.person,
        deed=Deed.REFUSED,
        action=right(command),
        environment=await _environment(desk, tending, command),
        target=f"incident {command.incident}" if command.incident else "",
        channel=asked.channel,
        detail=refusal.text,
    )
    try:
        await tending.tell(entry)
    except StoreError:  # the log has it, too
        return


async def _environment(desk: Desk, tending: Tending, command: About) -> str:
    """Whose incident it was about; the first one's where none is named that can be found."""
    meant = command.environment if isinstance(command, Escalate) else desk.environments[0]
    try:
        kept = await tending.incidents.find(command.incident) if command.incident else None
    except StoreError:
        return meant
    return kept.about.environment if kept else meant


def _open_window(desk: Desk, asked: Asked, kind: str) -> Message | None:
    """Open the modal that a button stands in for."""
    if kind == forms.OPENS:
        origin = Origin.read(asked.text, desk.environments)
        if origin is None:
            return told(_GONE)
        thread = origin.thread or (origin.run and asked.thread_ts) or ""
        placed = Origin(origin.environment, asked.channel, thread, origin.run)
        job = partial(ask_to_open, desk, asked, placed)
        return enter(desk, asked, Errand("escalate", job, name="ask what to open"))
    command: About = Snooze() if kind == forms.SNOOZES else Escalate(desk.environments[0])
    return tend(desk, asked, aimed_at(command, asked.text))


def _opened(desk: Desk, asked: Asked, origin: Origin, given: tuple[str, Any]) -> Message | None:
    """Open what was written into the modal; without a memory, call people."""
    command = Escalate(origin.environment, given[0], severity=given[1], fresh=True)
    if desk.tending is None:
        return tend(desk, asked, command)
    job = partial(open_from_form, desk, desk.tending, asked, origin, given)
    refused = partial(_refused, desk, desk.tending, asked, command)
    return enter(desk, asked, Errand("escalate", job, name="open an incident", on_refusal=refused))


def _chosen(value: str, desk: Desk) -> IncidentCommand | None:
    """The command of a button that says which incident is meant: the word, the id, and the rest of it."""
    word, _, rest = value.partition(" ")
    incident, _, rest = rest.partition(" ")
    if word not in WORDS:
        return None
    try:
        command = read(word, rest.split(), rest, desk.environments)
    except NotUnderstoodError:
        return None
    return None if isinstance(command, Incidents | Oncall) else aimed_at(command, incident)


def _aimed(body: Json) -> tuple[Aim, Asked]:
    """What a modal is about, and who sent it, where they asked for it."""
    aim = Aim.read(_note(body))
    return aim, Asked.by_modal(body).within(aim.channel)


def _note(body: Json) -> str:
    return str(body["view"].get("private_metadata") or "")


_PRESSED: Mapping[str, Callable[[Desk], About]] = {
    ACK: lambda _: Ack(),
    SNOOZE: lambda _: Snooze(),
    ESCALATE: lambda desk: Escalate(desk.environments[0]),
    RESOLVE: lambda _: Resolve(),
}
_DOES: Mapping[type, Does] = {**DOES, Escalate: escalate, Incidents: show_open, Oncall: show_on_call}

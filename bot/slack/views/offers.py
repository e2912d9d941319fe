"""The buttons of a verdict that propose a guarded act or open an incident, and what each stands for. Pure.

What a button stands for is no right: who may propose it is asked when it is pressed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.actions.plan import Requester
from bot.slack.message import Block, context, lines
from bot.slack.text import code, said
from bot.slack.view import button, buttons
from bot.slack.views.incident_forms import Origin, open_button
from bot.words.acts import READERS, NotUnderstoodError, Wish, wish
from diagnostics.model import Diagnosis, Suggestion, SuggestionKind, Verdict

OFFER = "offer_"
_NONE = "-"
_BEGAN = re.compile(r" \d{4}-\d\d-\S+$")  # when a session began: nobody chooses a button by it
_WORDS, _REASON = 120, 400  # characters of an act's words, and of why it could not be done
_MOST = 3  # buttons of acts on one message, beside "Run again": more than four are too many to choose from at night


@dataclass(frozen=True, slots=True)
class Offer:
    """An act that a diagnosis suggests: the run that led to it, its area, and what is wanted."""

    run: str
    area: str
    wish: Wish

    @classmethod
    def read(cls, value: str, environments: Sequence[str]) -> "Offer | None":
        """What a button's value says; None when it is none of ours, or names what is not there any more."""
        run, area, environment, action, *words = [*value.split(" "), "", "", "", ""]
        if environment not in environments or action not in READERS:
            return None
        try:
            wanted = wish(action, [word for word in words if word], environment)
            return cls(run.replace(_NONE, ""), area.replace(_NONE, ""), wanted)
        except NotUnderstoodError:
            return None


def again(requester: Requester, environment: str, words: str) -> dict[str, Any]:
    """The button that has a plan made again whose target was changed, on what led to the first one."""
    about = f"{requester.run or _NONE} {requester.area or _NONE} {environment}"
    return button("Plan it again…", f"{OFFER}again", f"{about} {words}")


def opens(diagnosis: Diagnosis, run: str) -> tuple[Block, ...]:
    """The button that opens an incident, where something is down."""
    return (open_button(Origin(diagnosis.environment, run=run)),) if diagnosis.verdict is Verdict.DOWN else ()


def suggested(diagnosis: Diagnosis) -> tuple[Suggestion, ...]:
    """The acts that a diagnosis suggests, each once, those of the first causes first; as many as have a button.

    Where something is down, one of the buttons opens an incident.
    """
    most = _MOST - 1 if diagnosis.verdict is Verdict.DOWN else _MOST
    acts = [one for one in diagnosis.suggestions if one.kind is SuggestionKind.ACT]
    return tuple({one.act: one for one in acts}.values())[:most]


def offers(diagnosis: Diagnosis, run: str, hindrances: Mapping[str, str]) -> tuple[Block, ...]:
    """The buttons for the acts that are suggested, where one could not be done now, the reason why.

    `hindrances` gives the reason by the act's words; what is not in it, or empty, can be done.
    """
    acts = suggested(diagnosis)
    possible = [_button(one, diagnosis, run, place) for place, one in enumerate(acts) if not hindrances.get(one.act)]
    told = [
        f"{code(f'/volati {one.act}', _WORDS)}: {said(hindrances[one.act], _REASON)}"
        for one in acts
        if hindrances.get(one.act)
    ]
    small = (context(lines(["Volati could not do this for you now:", *told])),) if told else ()
    return (*small, *((buttons(*possible),) if possible else ()))


def _button(one: Suggestion, diagnosis: Diagnosis, run: str, place: int) -> dict[str, object]:
    action, _, target = one.act.partition(" ")
    shown = _BEGAN.sub("", target).rpartition("/")[2]
    label = f"{action.replace('-', ' ').capitalize()} {shown}"
    return button(f"{label[:60]}…", f"{OFFER}{place}", f"{run} {diagnosis.area} {diagnosis.environment} {one.act}")

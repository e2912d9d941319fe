"""Reads what a tab asks for: one JSON object whose `do` names the deed. Unknown words and fields are refused."""

from typing import get_args

import msgspec

from playground.page.channel_deeds import Choose, Click, ClickHome, Command, OpenHome, Say, Shortcut
from playground.page.deed import Deed
from playground.page.lab_deeds import Break, EndBot, Heal, Trouble
from playground.page.modal_deeds import Close, Fill, Press, Submit, Suggest

InChannel = Command | Say | Click | Choose | Shortcut | OpenHome | ClickHome
InModal = Fill | Press | Suggest | Submit | Close
InPanel = Break | Heal | Trouble | EndBot

DEEDS: tuple[type[Deed], ...] = (*get_args(InChannel), *get_args(InModal), *get_args(InPanel))
_decoder: msgspec.json.Decoder[Deed] = msgspec.json.Decoder(InChannel | InModal | InPanel)


def read(body: bytes) -> Deed:
    """The deed a request's body asks for.

    Raises:
        msgspec.DecodeError: it asks for none; the message says which field is wrong.
    """
    return _decoder.decode(body)

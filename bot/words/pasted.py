"""Reads a token out of what a person pasted or attached. It keeps nothing, and what it says holds no piece of it."""

import re

from bot.clients.tokens import TokenReader
from diagnostics.evidence.tokens import MalformedTokenError

_AROUND = re.compile(r"^(authorization:)?(bearer)?", re.IGNORECASE)


def token_in(text: str) -> str:
    """The token without what is copied along with it: a header's name, quotes, line breaks, code marks."""
    return _AROUND.sub("", "".join(text.split()).strip("\"'`"), count=1).strip("\"'`")


def fault_of(token: str) -> str:
    """Why a text is no token, as a sentence; empty when it is one."""
    try:
        TokenReader().read(token)
    except MalformedTokenError as error:
        why = str(error)
        return f"{why[:1].upper()}{why[1:]}."
    return ""

"""Looks up e-mail addresses of people in Slack, where the optional scope users:read.email allows it. It keeps none."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from bot.slack.errors import SlackError

LOOKUP_SECONDS = 2.0
"""How long whoever acknowledges waits for it; without it their name is compared instead."""

_AT_MOST = 254
"""Characters of an e-mail address (RFC 5321, 4.5.3.1.3)."""

_log = structlog.get_logger()


class Asks(Protocol):
    """What is needed of a connection to Slack. It raises SlackError."""

    async def call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What a method answers."""
        ...


class SlackEmails:
    """The addresses that Slack knows."""

    def __init__(self, slack: Asks) -> None:
        self._slack = slack

    async def email(self, person: str) -> str:
        """The address of a person, by Slack's id; empty where it may not be read, or is not known."""
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                answer = await self._slack.call("users.info", {"user": person})
        except (SlackError, TimeoutError) as error:
            _log.info("a person's e-mail address could not be looked up", reason=str(error) or "no answer in time")
            return ""
        user = answer.get("user")
        profile = user.get("profile") if isinstance(user, dict) else None
        found = profile.get("email") if isinstance(profile, dict) else None
        return found if isinstance(found, str) and len(found) <= _AT_MOST else ""

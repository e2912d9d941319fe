"""One Web API call: its arguments as the app sent them, read the way Slack reads them."""

import json
from dataclasses import dataclass

from aiohttp import web

from playground.slack.core import Core
from playground.slack.grammar import Fault
from playground.slack.people import Channel, Person
from playground.slack.refusals import SlackRefusal, invalid_arguments
from playground.slack.shapes import Json, mapping

JSON_TYPE = "application/json"
TRUE = ("true", "1", "True")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a method; `arguments` hold what came in the query, the form or the JSON body, together."""

    core: Core
    arguments: Json

    def text(self, name: str) -> str:
        """An argument as text; empty when it is missing."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def needed(self, name: str, code: str = "invalid_arguments") -> str:
        """An argument that must be there.

        Raises:
            SlackRefusal: `code`, with the name of what is missing.

        """
        if value := self.text(name):
            return value
        if code != "invalid_arguments":
            raise SlackRefusal(code)
        raise invalid_arguments([Fault(f"/{name}", f"missing required field: {name}")])

    def flag(self, name: str) -> bool:
        """A yes or no, in any of the ways it is sent."""
        value = self.arguments.get(name)
        return value is True or (isinstance(value, (str, int)) and str(value) in TRUE)

    def structure(self, name: str, code: str) -> object:
        """An argument that is JSON: sent as such, or as a string of it; None when it is missing.

        Raises:
            SlackRefusal: `code`, when the string is no JSON.

        """
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            parsed: object = json.loads(value)
        except ValueError:
            raise SlackRefusal(code) from None
        return parsed

    def channel(self) -> Channel:
        """The conversation named by `channel`, which the bot can see.

        Raises:
            SlackRefusal: `channel_not_found`, also for a private one it is not in.

        """
        core = self.core
        found = core.workspace.channel(self.text("channel"))
        if found is None and self.text("channel") in core.workspace.people:
            found = core.workspace.direct(self.text("channel"))
        if found is None or (found.private and core.app.bot_user_id not in found.members):
            raise SlackRefusal("channel_not_found")
        return found

    def person(self, name: str = "user") -> Person:
        """The person named by an argument.

        Raises:
            SlackRefusal: `user_not_found`.

        """
        found = self.core.workspace.people.get(self.needed(name, "user_not_found"))
        if found is None:
            raise SlackRefusal("user_not_found")
        return found

    def in_channel(self, channel: Channel) -> bool:
        """Whether the bot is a member."""
        return self.core.app.bot_user_id in channel.members


async def read_arguments(request: web.Request) -> Json:
    """All arguments of a request.

    Raises:
        SlackRefusal: `invalid_json` for a body that is none.

    """
    arguments: Json = dict(request.query)
    if request.content_type == JSON_TYPE:
        try:
            arguments |= mapping(await request.json())
        except ValueError:
            raise SlackRefusal("invalid_json") from None
    elif request.method == "POST":
        arguments |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    return arguments

"""The manifest of the Slack app, held to Slack's own schema and to what the code uses: no more, no less."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.slack.scopes import OPTIONAL_SCOPES, SCOPES
from bot.slack.transport import Identity
from handlers.app import COMMAND, listen
from handlers.triage import SHORTCUT

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "tests/payloads/slack-manifest-v2.schema.json").read_text(encoding="utf-8"))
CALLED = re.compile(r"(?:api|apps|auth|blocks|chat|conversations|files|reactions|usergroups|users|views)(?:\.\w+)+")
#: What is looked at only where the workspace has granted more than the manifest asks for; without it the bot goes on.
BY_LEAVE = None
#: Each call of the code's, and the scope it takes; docs.slack.dev/reference/methods, each on its page.
CALLS = {
    "apps.connections.open": None,  # the app-level token has connections:write
    "auth.test": None,
    "blocks.validate": None,
    "chat.getPermalink": None,
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": BY_LEAVE,
    "conversations.info": BY_LEAVE,
    "conversations.replies": BY_LEAVE,
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "usergroups.list": "usergroups:read",
    "users.info": "users:read",
    "url_private": "files:read",  # no method, but an address that takes the bot's token
    "views.open": None,
    "views.publish": None,
    "views.update": None,
}
#: Each event, and the scope it takes; docs.slack.dev/reference/events.
EVENTS = {"app_home_opened": None, "app_mention": "app_mentions:read"}
COMMANDS_AND_SHORTCUTS = "commands"


class Heard:
    """Stands for Bolt's app; remembers what it was told to listen for."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.events: list[str] = []
        self.shortcuts: list[str] = []
        self.actions: list[Any] = []
        self.views: list[str] = []

    def _kept(self, kept: list[Any]) -> Callable[[Any], Callable[[Any], Any]]:
        def listener(name: Any) -> Callable[[Any], Any]:
            kept.append(name)
            return lambda function: function

        return listener

    def __getattr__(self, kind: str) -> Callable[[Any], Callable[[Any], Any]]:
        names = {"message_shortcut": "shortcuts", "command": "commands", "event": "events", "action": "actions"}
        return self._kept(getattr(self, names.get(kind, "views")))


@pytest.fixture
def manifest() -> dict[str, Any]:
    """The manifest as it is installed."""
    loaded = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture
def heard() -> Heard:
    """What the handlers listen for."""
    found = Heard()
    listen(found, None, Identity("T1", "U1", "B1"))  # type: ignore[arg-type] # nothing is done with the desk yet
    return found


def called() -> Iterator[str]:
    """The names of the calls in the code, where they stand as texts of their own."""
    for folder in ("bot", "handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
                if CALLED.fullmatch(text) or text == "url_private":
                    yield text


def test_slack_takes_it(manifest: dict[str, Any]) -> None:
    """It is what Slack's schema of manifests wants."""
    jsonschema.Draft7Validator(SCHEMA).validate(manifest)


def test_schema_would_notice(manifest: dict[str, Any]) -> None:
    """It would be refused with a command that is none: the schema is in use."""
    manifest["features"]["slash_commands"][0]["command"] = "volati"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate(manifest)


def test_slack_takes_it_for_http(manifest: dict[str, Any]) -> None:
    """It is valid, too, with the changes that its first lines name for HTTP."""
    address = "https://volati.example.com/slack/events"
    settings = manifest["settings"]
    settings["socket_mode_enabled"] = False
    manifest["features"]["slash_commands"][0]["url"] = address
    settings["event_subscriptions"]["request_url"] = address
    settings["interactivity"]["request_url"] = address
    jsonschema.Draft7Validator(SCHEMA).validate(manifest)
    head = (ROOT / "manifest.yml").read_text(encoding="utf-8").partition("_metadata")[0]
    places = ("socket_mode_enabled", "slash_commands[0].url", "event_subscriptions.request_url")
    assert all(place in head for place in (*places, "interactivity.request_url", "/slack/events"))


def test_code_calls_what_is_listed() -> None:
    """It lists every call that the code makes, so that none is made without its scope being known."""
    assert set(called()) == set(CALLS)


def test_asks_for_the_scopes_it_needs(manifest: dict[str, Any]) -> None:
    """It asks for just the scopes that calls, events, commands and shortcuts need; and for none of a person's."""
    needed = {scope for scope in (*CALLS.values(), *EVENTS.values(), COMMANDS_AND_SHORTCUTS) if scope}
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed == set(SCOPES)
    assert set(manifest["oauth_config"]["scopes"]["bot_optional"]) == set(OPTIONAL_SCOPES)
    assert "user" not in manifest["oauth_config"]["scopes"]


def test_says_what_the_handlers_hear(manifest: dict[str, Any], heard: Heard) -> None:
    """It names the commands, shortcuts and events that handlers listen for, and no others."""
    features, settings = manifest["features"], manifest["settings"]
    assert [one["command"] for one in features["slash_commands"]] == heard.commands == [COMMAND]
    assert [one["callback_id"] for one in features["shortcuts"]] == heard.shortcuts == [SHORTCUT]
    assert sorted(settings["event_subscriptions"]["bot_events"]) == sorted(heard.events) == sorted(EVENTS)
    assert settings["interactivity"]["is_enabled"] is bool(heard.actions)
    assert features["app_home"]["home_tab_enabled"] is ("app_home_opened" in heard.events)


def test_commands_are_escaped(manifest: dict[str, Any]) -> None:
    """It has names of people and channels sent by their ids, and connects over Socket Mode."""
    (command,) = manifest["features"]["slash_commands"]
    assert command["should_escape"] is True
    assert "url" not in command
    assert manifest["settings"]["socket_mode_enabled"] is True

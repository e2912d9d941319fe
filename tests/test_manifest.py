"""The manifest of the Slack app, held to Slack's own schema and to what the bot uses."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from handlers.app import COMMAND

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "tests/payloads/slack-manifest-v2.schema.json").read_text(encoding="utf-8"))
# Slack's schema takes any name for a scope, so the names are held to this list: each with what needs it.
SCOPES = {
    "commands": "slash_commands",
    "chat:write": "chat.postMessage, chat.update, chat.postEphemeral",
    "app_mentions:read": "app_mention",
    "usergroups:read": "usergroups.list, usergroups.users.list",
    "users:read": "users.info",
    "users:read.email": "users.lookupByEmail",
    "files:write": "files.getUploadURLExternal, files.completeUploadExternal",
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    """The manifest as it is installed."""
    loaded = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_slack_takes_it(manifest: dict[str, Any]) -> None:
    """It is what Slack's schema of manifests wants."""
    jsonschema.Draft7Validator(SCHEMA).validate(manifest)


def test_schema_would_notice(manifest: dict[str, Any]) -> None:
    """It would be refused with a command that is none: the schema is in use."""
    manifest["features"]["slash_commands"][0]["command"] = "volati"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate(manifest)


def test_asks_for_what_is_used(manifest: dict[str, Any]) -> None:
    """It names the command the bot listens to, escaped, over Socket Mode, and no right beyond the list."""
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"] is True
    assert "url" not in command
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == ["app_mention"]
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == set(SCOPES)
    assert "user" not in manifest["oauth_config"]["scopes"]

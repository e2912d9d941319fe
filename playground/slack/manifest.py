"""Installing the app from its manifest: Slack knows and grants what the manifest says, and nothing else.

The manifest's form is Slack's own (`slackapi/manifest-schema`, version 2); it is not checked against the schema here.
"""

from playground.slack.shapes import Json, listing, mapping
from playground.slack.switches import Switches


def install(manifest: Json, switches: Switches) -> None:
    """Set the commands, shortcuts, scopes, events and surfaces that a manifest asks for."""
    features, settings = mapping(manifest.get("features")), mapping(manifest.get("settings"))
    commands = [mapping(one) for one in listing(features.get("slash_commands"))]
    switches.commands = {str(one["command"]) for one in commands}
    switches.unescaped = {str(one["command"]) for one in commands if not one.get("should_escape")}
    shortcuts = [mapping(one) for one in listing(features.get("shortcuts"))]
    switches.shortcuts = {str(one["callback_id"]): str(one["type"]) for one in shortcuts}
    scopes = mapping(mapping(manifest.get("oauth_config")).get("scopes"))
    switches.scopes = {str(one) for one in listing(scopes.get("bot"))}
    events = mapping(settings.get("event_subscriptions"))
    switches.events = {str(one) for one in listing(events.get("bot_events"))}
    switches.interactivity = mapping(settings.get("interactivity")).get("is_enabled") is True
    switches.home_tab = mapping(features.get("app_home")).get("home_tab_enabled") is True

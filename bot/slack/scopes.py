"""The rights the bot asks Slack for, each with what it is for. manifest.yml names the same; a test holds the two."""

SCOPES: dict[str, str] = {
    "commands": "/volati and the shortcut",
    "chat:write": "the thread and its edits",
    "app_mentions:read": "@volati in a thread",
    "usergroups:read": "roles from user groups",
    "users:read": "telling members from guests and bots",
    "files:write": "what does not fit into a message",
    "files:read": "a token or a log given as a file",
}
CHANNEL_SCOPES: dict[str, str] = {
    "channels:read": "doctor: whether the bot is in its channel",
    "groups:read": "doctor: the same for a private channel",
}
HISTORY_SCOPES: dict[str, str] = {
    "channels:history": "after a crash: whether a message was posted, instead of repeating it with a mark",
    "groups:history": "the same for a private channel",
}
EMAIL_SCOPES = {"users:read.email": "the person in PagerDuty who acknowledges in Slack"}
#: Offered at installation and not needed.
OPTIONAL_SCOPES = CHANNEL_SCOPES | HISTORY_SCOPES | EMAIL_SCOPES

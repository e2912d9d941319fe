"""What Slack may answer instead of doing as asked, as errors of ours that say what a person must do.

    VolatiError
    └── SlackError                  Slack did not do as asked
        ├── SlackUnreachable        no answer: no connection, a timeout, or Slack's own failure; later
        ├── SlackBusy               too many calls (429); `seconds` until the next one is taken
        └── SlackRefused            Slack answers no; the same call will fail again
            ├── ChannelClosed       the bot cannot write there
            ├── MessageGone         the message to edit is not there, or may not be edited (any more)
            ├── MessageRefused      the message breaks one of Slack's limits
            └── AccessLost          the token or its rights are not (or no longer) good

Error codes: docs.slack.dev/reference/methods/chat.postMessage and …/chat.update.
"""

# ruff: noqa: N818 -- the names say what went wrong, as in bot/errors.py

from dataclasses import dataclass

from bot.errors import VolatiError


class SlackError(VolatiError):
    """Slack did not do as asked; the message says what a person can do about it."""


class SlackUnreachable(SlackError):
    """Nobody answered. `sent` says whether the request may have arrived, so that repeating it may double it."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class SlackBusy(SlackError):
    """Too many calls; the next is taken in `seconds`."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class SlackRefused(SlackError):
    """Slack answers no."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class ChannelClosed(SlackRefused):
    """The bot cannot write into this channel."""


class MessageGone(SlackRefused):
    """The message cannot be edited."""


class MessageRefused(SlackRefused):
    """The message breaks a limit."""


class AccessLost(SlackRefused):
    """The token or its rights are not good."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: type[SlackRefused]
    said: str
    remedy: str


_SETTINGS = "Check slack.channel in Volati's settings: it wants the channel's id, found in its details."
_TOKEN = "Install the app again and give Volati the new token (slack.bot_token)."  # noqa: S105 a sentence
_BUG = "This is a fault of Volati's; please report it with the line of its log."

_MEANINGS: dict[str, _Meaning] = {
    "not_in_channel": _Meaning(ChannelClosed, "Volati is not in that channel", "Invite it there: /invite @volati"),
    "channel_not_found": _Meaning(
        ChannelClosed,
        "There is no such channel, or it is private",
        f"{_SETTINGS} For a private one also: /invite @volati",
    ),
    "is_archived": _Meaning(ChannelClosed, "The channel is archived", f"Unarchive it, or choose another. {_SETTINGS}"),
    "restricted_action": _Meaning(
        ChannelClosed, "Who may post there is limited", "Let an admin allow Volati to post in the channel."
    ),
    "message_not_found": _Meaning(MessageGone, "The message is gone", "Somebody deleted it; ask again."),
    "thread_not_found": _Meaning(MessageGone, "The thread is gone", "Somebody deleted it; ask again."),
    "cant_update_message": _Meaning(MessageGone, "The message is not Volati's own", "Ask again."),
    "edit_window_closed": _Meaning(
        MessageGone, "The message is too old to be edited", "An admin can lengthen the time for edits."
    ),
    "msg_too_long": _Meaning(MessageRefused, "The message is too long for Slack", _BUG),
    "msg_blocks_too_long": _Meaning(MessageRefused, "The message is too long for Slack", _BUG),
    "invalid_blocks": _Meaning(MessageRefused, "Slack does not take the message's form", _BUG),
    "invalid_blocks_format": _Meaning(MessageRefused, "Slack does not take the message's form", _BUG),
    "no_text": _Meaning(MessageRefused, "The message is empty", _BUG),
    "invalid_auth": _Meaning(AccessLost, "Slack does not know the token", _TOKEN),
    "not_authed": _Meaning(AccessLost, "No token was given", _TOKEN),
    "token_revoked": _Meaning(AccessLost, "The token was revoked", _TOKEN),
    "token_expired": _Meaning(AccessLost, "The token has expired", _TOKEN),
    "account_inactive": _Meaning(AccessLost, "The app was removed from the workspace", _TOKEN),
    "missing_scope": _Meaning(AccessLost, "The app lacks a right", "Install it again with the scopes of manifest.yml."),
    "not_allowed_token_type": _Meaning(
        AccessLost, "The token is of the wrong kind", "slack.bot_token begins with xoxb-, slack.app_token with xapp-."
    ),
}


def refusal(code: str, method: str) -> SlackRefused:
    """Our error for a code that Slack answered a method with."""
    unknown = _Meaning(SlackRefused, "Slack refused", "See docs.slack.dev for what the code means.")
    meaning = _MEANINGS.get(code, unknown)
    return meaning.kind(f"{meaning.said} ({method}: {code[:80]}). {meaning.remedy}", code)

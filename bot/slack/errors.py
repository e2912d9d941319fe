"""What Slack may answer instead of doing as asked, as errors of ours that say what a person must do.

    VolatiError
    └── SlackError                  Slack did not do as asked
        ├── SlackUnreachable        no answer: no connection, a timeout, or Slack's own failure; later
        ├── SlackBusy               too many calls (429); `seconds` until the next one is taken
        └── SlackRefused            Slack answers no; the same call will fail again
            ├── ChannelClosed       the bot cannot write there
            ├── PersonAbsent        the person is not in that channel, so nothing can be shown to them there
            ├── AnswerLate          the address for a private answer is used up, or older than half an hour
            ├── MessageGone         the message to edit is not there, or may not be edited (any more)
            ├── MessageRefused      the message breaks one of Slack's limits
            ├── UploadRefused       files cannot be uploaded here
            └── AccessLost          the token or its rights are not (or no longer) good

Error codes: docs.slack.dev/reference/methods of chat.postMessage, chat.update, chat.postEphemeral, auth.test,
files.getUploadURLExternal, files.completeUploadExternal, views.open, views.update, views.publish.
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


class PersonAbsent(SlackRefused):
    """The person is not in the channel."""


class AnswerLate(SlackRefused):
    """The response_url takes no more."""


class MessageGone(SlackRefused):
    """The message cannot be edited."""


class MessageRefused(SlackRefused):
    """The message breaks a limit."""


class UploadRefused(SlackRefused):
    """A file cannot be uploaded."""


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
_ASK = "Ask again."
_POSTING = "Let an admin allow Volati to post in the channel, or choose another."
_ADMIN = "Only an admin of the Slack workspace can change that."
_FORM = "Slack does not take the message's form"
_LONG = "The message is too long for Slack"
_UPLOADS = "Long reports are posted in pages instead; an admin can allow uploads."

_MEANINGS: dict[str, _Meaning] = {
    # Where: chat.postMessage, chat.postEphemeral, chat.update, files.completeUploadExternal
    "not_in_channel": _Meaning(ChannelClosed, "Volati is not in that channel", "Invite it there: /invite @volati"),
    "channel_not_found": _Meaning(
        ChannelClosed,
        "There is no such channel, or it is private",
        f"{_SETTINGS} For a private one also: /invite @volati",
    ),
    "invalid_channel": _Meaning(ChannelClosed, "There is no such channel", _SETTINGS),
    "is_archived": _Meaning(ChannelClosed, "The channel is archived", f"Unarchive it, or choose another. {_SETTINGS}"),
    "is_inactive": _Meaning(ChannelClosed, "The channel is archived or frozen", f"Unarchive it. {_SETTINGS}"),
    "restricted_action": _Meaning(ChannelClosed, "Who may post there is limited", _POSTING),
    "restricted_action_read_only_channel": _Meaning(ChannelClosed, "The channel is read-only", _POSTING),
    "restricted_action_thread_only_channel": _Meaning(ChannelClosed, "The channel takes only replies", _POSTING),
    "restricted_action_non_threadable_channel": _Meaning(
        ChannelClosed, "The channel takes no threads, and Volati answers in threads", f"Choose another. {_SETTINGS}"
    ),
    "restricted_action_thread_locked": _Meaning(
        ChannelClosed, "The thread is locked", "Let an admin unlock it, or ask again for a new one."
    ),
    "posting_to_channel_denied": _Meaning(ChannelClosed, "Volati may not post there", _POSTING),
    "ekm_access_denied": _Meaning(ChannelClosed, "Posting there is suspended by the admins", _ADMIN),
    "team_not_found": _Meaning(ChannelClosed, "The channel was named, not given by its id", _SETTINGS),
    "messages_tab_disabled": _Meaning(
        ChannelClosed, "The app takes no direct messages", "Switch on its Messages tab, under App Home."
    ),
    "external_channel_migrating": _Meaning(
        ChannelClosed, "The channel is being moved to another workspace", "Wait until Slack has moved it."
    ),
    "user_not_in_channel": _Meaning(
        PersonAbsent, "The person is not in that channel", "Join the channel, or ask in one you are in."
    ),
    "used_url": _Meaning(AnswerLate, "Slack takes five answers to one command, and they are used up", _ASK),
    "expired_url": _Meaning(AnswerLate, "Slack takes answers to a command for half an hour", _ASK),
    "invalid_url": _Meaning(AnswerLate, "Slack does not know the command that was to be answered", _ASK),
    # The message to edit, or the thread to write into
    "message_not_found": _Meaning(MessageGone, "The message is gone", f"Somebody deleted it. {_ASK}"),
    "thread_not_found": _Meaning(MessageGone, "The thread is gone", f"Somebody deleted it. {_ASK}"),
    "cannot_reply_to_message": _Meaning(MessageGone, "That message takes no replies", _ASK),
    "cant_update_message": _Meaning(MessageGone, "The message is not Volati's own", _ASK),
    "edit_window_closed": _Meaning(
        MessageGone, "The message is too old to be edited", "An admin can lengthen the time for edits."
    ),
    # What the message says
    "msg_too_long": _Meaning(MessageRefused, _LONG, _BUG),
    "msg_blocks_too_long": _Meaning(MessageRefused, _LONG, _BUG),
    "attachment_payload_limit_exceeded": _Meaning(MessageRefused, _LONG, _BUG),
    "metadata_too_large": _Meaning(MessageRefused, _LONG, _BUG),
    "invalid_blocks": _Meaning(MessageRefused, _FORM, _BUG),
    "invalid_blocks_format": _Meaning(MessageRefused, _FORM, _BUG),
    "invalid_attachments": _Meaning(MessageRefused, _FORM, _BUG),
    "invalid_metadata_format": _Meaning(MessageRefused, _FORM, _BUG),
    "invalid_metadata_schema": _Meaning(MessageRefused, _FORM, _BUG),
    "markdown_text_conflict": _Meaning(MessageRefused, _FORM, _BUG),
    "block_mismatch": _Meaning(MessageRefused, _FORM, _BUG),
    "too_many_attachments": _Meaning(MessageRefused, _FORM, _BUG),
    "no_text": _Meaning(MessageRefused, "The message is empty", _BUG),
    "invalid_arguments": _Meaning(MessageRefused, "Slack does not take the call's form", _BUG),
    "invalid_json": _Meaning(MessageRefused, "Slack could not read the call", _BUG),
    "unknown_method": _Meaning(
        MessageRefused, "Slack does not know the method", "Check slack.api_url in Volati's settings."
    ),
    # Files: getUploadURLExternal, the upload itself, completeUploadExternal
    "file_uploads_disabled": _Meaning(UploadRefused, "Uploads are switched off in this workspace", _UPLOADS),
    "file_uploads_except_images_disabled": _Meaning(UploadRefused, "Only images may be uploaded", _UPLOADS),
    "file_upload_size_restricted": _Meaning(UploadRefused, "Large files may not be uploaded", _UPLOADS),
    "file_type_not_allowed": _Meaning(UploadRefused, "Text files may not be uploaded", _UPLOADS),
    "blocked_file_type": _Meaning(UploadRefused, "Text files may not be uploaded", _UPLOADS),
    "storage_limit_reached": _Meaning(
        UploadRefused, "The workspace's room for files is used up", "Delete old files, or take a larger plan."
    ),
    "file_not_found": _Meaning(UploadRefused, "Slack lost the file on the way", _ASK),
    "file_update_failed": _Meaning(UploadRefused, "Slack could not keep the file", _ASK),
    "upload_refused": _Meaning(UploadRefused, "Slack did not take the file's bytes", _ASK),
    # Windows and Home tabs: views.open, views.update, views.publish
    "expired_trigger_id": _Meaning(
        SlackRefused, "The window did not open: Slack allows three seconds for it, and they were over", _ASK
    ),
    "exchanged_trigger_id": _Meaning(SlackRefused, "The window did not open: Slack opens one for each click", _ASK),
    "invalid_trigger_id": _Meaning(SlackRefused, "The window did not open: Slack does not know of the click", _ASK),
    "not_found": _Meaning(SlackRefused, "It is gone, such as a window that was closed meanwhile", _ASK),
    "view_too_large": _Meaning(MessageRefused, "The window holds more than Slack takes", _BUG),
    "not_enabled": _Meaning(SlackRefused, "The app's Home tab is switched off", "Switch it on, under App Home."),
    "user_not_found": _Meaning(
        SlackRefused, "Slack shows Volati no such person", "It may be one of another workspace."
    ),
    # Who we are
    "invalid_auth": _Meaning(AccessLost, "Slack does not know the token", _TOKEN),
    "not_authed": _Meaning(AccessLost, "No token was given", _TOKEN),
    "token_revoked": _Meaning(AccessLost, "The token was revoked", _TOKEN),
    "token_expired": _Meaning(AccessLost, "The token has expired", _TOKEN),
    "account_inactive": _Meaning(AccessLost, "The app was removed from the workspace", _TOKEN),
    "missing_scope": _Meaning(AccessLost, "The app lacks a right", "Install it again with the scopes of manifest.yml."),
    "no_permission": _Meaning(AccessLost, "The app lacks a right", "Install it again with the scopes of manifest.yml."),
    "not_allowed_token_type": _Meaning(
        AccessLost, "The token is of the wrong kind", "slack.bot_token begins with xoxb-, slack.app_token with xapp-."
    ),
    "access_denied": _Meaning(AccessLost, "Volati may not do that here", _ADMIN),
    "accesslimited": _Meaning(
        AccessLost, "Slack takes no calls from this network", "Add the bot's address to the workspace's allowed ones."
    ),
    "app_access_restricted": _Meaning(AccessLost, "The app may not be used here", _ADMIN),
    "ip_address_not_allowed": _Meaning(
        AccessLost, "The token may not be used from this address", "Add it under OAuth & Permissions of the app."
    ),
    "org_login_required": _Meaning(
        AccessLost, "The workspace is being moved into an organisation", "Wait, then install the app again."
    ),
    "enterprise_is_restricted": _Meaning(AccessLost, "An organisation's token was given", _TOKEN),
    "team_access_not_granted": _Meaning(AccessLost, "The app is not installed in this workspace", _TOKEN),
    "two_factor_setup_required": _Meaning(AccessLost, "The workspace wants two-factor sign-in first", _ADMIN),
    # The workspace as a whole
    "message_limit_exceeded": _Meaning(
        SlackRefused, "The workspace has sent more messages than its plan takes", "Wait, or take a larger plan."
    ),
}


@dataclass(frozen=True, slots=True)
class Scopes:
    """What Slack adds to `missing_scope`: the rights wanted, and those there are, each with commas between."""

    needed: str = ""
    provided: str = ""

    def __str__(self) -> str:
        return f" It needs {self.needed[:200]}, and has {self.provided[:400] or 'none'}." if self.needed else ""


def refusal(code: str, method: str, scopes: Scopes = Scopes()) -> SlackRefused:
    """Our error for a code that Slack answered a method with."""
    unknown = _Meaning(SlackRefused, "Slack refused", "See docs.slack.dev for what the code means.")
    meaning = _MEANINGS.get(code, unknown)
    return meaning.kind(f"{meaning.said} ({method}: {code[:80]}).{scopes} {meaning.remedy}", code)

"""The small objects Block Kit is composed of: texts, options, confirmation dialogs, filters.

Lengths are characters, as in Slack's reference of Block Kit.
"""

from collections.abc import Iterator

from playground.slack.grammar import (
    Fault,
    Rule,
    any_field,
    boolean,
    grouped,
    listed,
    one_of,
    record,
    string,
    tagged,
)

ID = string(1, 255)
URL = string(1, 3000)
TEXT_LIMIT = 3000


def plain(most: int = TEXT_LIMIT) -> Rule:
    """A `plain_text` object."""
    fields = {"type": one_of("plain_text"), "text": string(1, most)}
    return grouped(record(fields, {"emoji": boolean()}))


def text(most: int = TEXT_LIMIT) -> Rule:
    """A `plain_text` or `mrkdwn` object."""
    body = string(1, most)
    kinds = {
        "plain_text": record({"type": one_of("plain_text"), "text": body}, {"emoji": boolean()}),
        "mrkdwn": record({"type": one_of("mrkdwn"), "text": body}, {"verbatim": boolean()}),
    }
    return grouped(tagged(lambda: kinds))


CONFIRM = record(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)

PLAIN_OPTION = record({"text": plain(75), "value": string(1, 150)}, {"description": plain(75)})
OVERFLOW_OPTION = record({"text": plain(75), "value": string(1, 150)}, {"description": plain(75), "url": URL})
RICH_OPTION = record({"text": text(75), "value": string(1, 150)}, {"description": text(75)})
OPTION_GROUP = record({"label": plain(75), "options": listed(PLAIN_OPTION, 1, 100)}, {})

CONVERSATION_KINDS = listed(one_of("im", "mpim", "private", "public"), 1)
FILTER = record(
    {},
    {
        "include": CONVERSATION_KINDS,
        "exclude_external_shared_channels": boolean(),
        "exclude_bot_users": boolean(),
    },
)
DISPATCH = record({}, {"trigger_actions_on": listed(one_of("on_enter_pressed", "on_character_entered"), 1, 2)})
SLACK_FILE = record({}, {"id": string(1), "url": URL}, also=(any_field("id", "url"),))


def unique_options(value: object, pointer: str) -> Iterator[Fault]:
    """The initial choice of a menu is one of its options."""
    if not isinstance(value, dict) or "initial_option" not in value or "options" not in value:
        return
    if value["initial_option"] not in (value["options"] or []):
        yield Fault(f"{pointer}/initial_option", "must match one of the options")

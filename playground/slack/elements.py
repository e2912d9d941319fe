"""Every element of Block Kit, its fields and limits, and which block may hold it."""

from collections.abc import Mapping

from playground.slack.compositions import (
    CONFIRM,
    DISPATCH,
    FILTER,
    ID,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    PLAIN_OPTION,
    RICH_OPTION,
    SLACK_FILE,
    URL,
    plain,
    text,
    unique_options,
)
from playground.slack.grammar import (
    Rule,
    any_field,
    anything,
    boolean,
    listed,
    number,
    one_of,
    record,
    string,
    tagged,
)

Fields = Mapping[str, Rule]

PLACEHOLDER: Fields = {"placeholder": plain(150), "focus_on_load": boolean()}
ASKED: Fields = {**PLACEHOLDER, "confirm": CONFIRM}
MANY: Fields = {"max_selected_items": number(1, whole=True)}
INPUT_TEXT: Fields = {**PLACEHOLDER, "initial_value": string(), "dispatch_action_config": DISPATCH}
STYLE = one_of("primary", "danger")


def interactive(kind: str, required: Fields, optional: Fields, *also: Rule) -> Rule:
    """An element a person can act on: it may carry an `action_id`."""
    return record({"type": one_of(kind), **required}, {"action_id": ID, **optional}, also)


def _static(kind: str, initial: Fields, further: Fields) -> Rule:
    optional = {
        **ASKED,
        **further,
        **initial,
        "options": listed(PLAIN_OPTION, 1, 100),
        "option_groups": listed(OPTION_GROUP, 1, 100),
    }
    return interactive(kind, {}, optional, any_field("options", "option_groups"), unique_options)


def _picked(kind: str, further: Fields) -> Rule:
    return interactive(kind, {}, {**ASKED, **further})


def _feedback(kind: str) -> Rule:
    button = record(
        {"text": plain(75), "value": string(0, 2000)}, {"accessibility_label": string(0, 75), "action_id": ID}
    )
    return interactive(kind, {"positive_button": button, "negative_button": button}, {})


IMAGE = record(
    {"type": one_of("image"), "alt_text": string(0, 2000)},
    {"image_url": URL, "slack_file": SLACK_FILE},
    also=(any_field("image_url", "slack_file"),),
)
CONVERSATION: Fields = {"filter": FILTER, "default_to_current_conversation": boolean()}
ELEMENTS: dict[str, Rule] = {
    "image": IMAGE,
    "button": interactive(
        "button",
        {"text": plain(75)},
        {
            "url": URL,
            "value": string(0, 2000),
            "style": STYLE,
            "confirm": CONFIRM,
            "accessibility_label": string(0, 75),
        },
    ),
    "workflow_button": interactive(
        "workflow_button",
        {"text": plain(75), "workflow": anything()},
        {"style": STYLE, "accessibility_label": string(0, 75)},
    ),
    "feedback_buttons": _feedback("feedback_buttons"),
    "icon_button": interactive(
        "icon_button",
        {"icon": string(1), "text": plain(75)},
        {
            "value": string(0, 2000),
            "confirm": CONFIRM,
            "accessibility_label": string(0, 75),
            "visible_to_user_ids": listed(string(1), 0, 10),
        },
    ),
    "overflow": interactive("overflow", {"options": listed(OVERFLOW_OPTION, 1, 5)}, {"confirm": CONFIRM}),
    "checkboxes": interactive(
        "checkboxes",
        {"options": listed(RICH_OPTION, 1, 10)},
        {"initial_options": listed(RICH_OPTION, 1, 10), "confirm": CONFIRM, "focus_on_load": boolean()},
    ),
    "radio_buttons": interactive(
        "radio_buttons",
        {"options": listed(RICH_OPTION, 1, 10)},
        {"initial_option": RICH_OPTION, "confirm": CONFIRM, "focus_on_load": boolean()},
        unique_options,
    ),
    "static_select": _static("static_select", {"initial_option": PLAIN_OPTION}, {}),
    "multi_static_select": _static("multi_static_select", {"initial_options": listed(PLAIN_OPTION, 1, 100)}, MANY),
    "external_select": _picked(
        "external_select", {"initial_option": PLAIN_OPTION, "min_query_length": number(0, whole=True)}
    ),
    "multi_external_select": _picked(
        "multi_external_select",
        {"initial_options": listed(PLAIN_OPTION), "min_query_length": number(0, whole=True), **MANY},
    ),
    "users_select": _picked("users_select", {"initial_user": string(1)}),
    "multi_users_select": _picked("multi_users_select", {"initial_users": listed(string(1)), **MANY}),
    "conversations_select": _picked(
        "conversations_select",
        {"initial_conversation": string(1), "response_url_enabled": boolean(), **CONVERSATION},
    ),
    "multi_conversations_select": _picked(
        "multi_conversations_select", {"initial_conversations": listed(string(1)), **CONVERSATION, **MANY}
    ),
    "channels_select": _picked("channels_select", {"initial_channel": string(1), "response_url_enabled": boolean()}),
    "multi_channels_select": _picked("multi_channels_select", {"initial_channels": listed(string(1)), **MANY}),
    "datepicker": _picked("datepicker", {"initial_date": string(10, 10)}),
    "timepicker": _picked("timepicker", {"initial_time": string(5, 5), "timezone": string(1)}),
    "datetimepicker": interactive(
        "datetimepicker",
        {},
        {"initial_date_time": number(whole=True), "confirm": CONFIRM, "focus_on_load": boolean()},
    ),
    "plain_text_input": interactive(
        "plain_text_input",
        {},
        {
            **INPUT_TEXT,
            "initial_value": string(0, 3000),
            "multiline": boolean(),
            "min_length": number(0, 3000, whole=True),
            "max_length": number(1, 3000, whole=True),
        },
    ),
    "email_text_input": interactive("email_text_input", {}, INPUT_TEXT),
    "url_text_input": interactive("url_text_input", {}, INPUT_TEXT),
    "number_input": interactive(
        "number_input",
        {"is_decimal_allowed": boolean()},
        {**INPUT_TEXT, "min_value": string(1), "max_value": string(1)},
    ),
    "rich_text_input": interactive("rich_text_input", {}, {**INPUT_TEXT, "initial_value": anything()}),
    "file_input": interactive(
        "file_input", {}, {"filetypes": listed(string(1)), "max_files": number(1, 10, whole=True)}
    ),
}

MENUS = frozenset(name for name in ELEMENTS if name.endswith("_select"))
PICKERS = frozenset({"datepicker", "timepicker", "checkboxes", "radio_buttons"})
TYPED = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
IN_ACTIONS = MENUS | PICKERS | {"button", "overflow", "datetimepicker", "workflow_button"}
IN_SECTION = MENUS | PICKERS | {"button", "overflow", "image", "workflow_button"}
IN_INPUT = MENUS | PICKERS | TYPED | {"datetimepicker", "rich_text_input", "file_input"}
IN_CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})
ACTIVE = IN_ACTIONS | IN_INPUT | IN_CONTEXT_ACTIONS  # what carries an action_id


def element(allowed: frozenset[str]) -> Rule:
    """An element of one of these types."""
    return tagged(lambda: {name: ELEMENTS[name] for name in allowed})


def context_item() -> Rule:
    """What a context block holds: an image or a text."""
    body = text()
    return tagged(lambda: {"image": IMAGE, "plain_text": body, "mrkdwn": body})

"""What a person filled in or chose, in the shapes Slack reports it: `state.values` of a view or a message."""

from collections.abc import Iterator
from dataclasses import dataclass

from playground.slack.elements import ACTIVE
from playground.slack.shapes import Json, listing, mapping, walk

Values = dict[str, dict[str, Json]]  # block id -> action id -> value


@dataclass(frozen=True, slots=True)
class Shape:
    """How one type of element reports its value: under which key, from which initial field, and what empty is."""

    key: str
    initial: str
    many: bool = False


TYPED = Shape("value", "initial_value")
SHAPES = {
    "plain_text_input": TYPED,
    "email_text_input": TYPED,
    "url_text_input": TYPED,
    "number_input": TYPED,
    "rich_text_input": Shape("rich_text_value", "initial_value"),
    "static_select": Shape("selected_option", "initial_option"),
    "external_select": Shape("selected_option", "initial_option"),
    "radio_buttons": Shape("selected_option", "initial_option"),
    "multi_static_select": Shape("selected_options", "initial_options", many=True),
    "multi_external_select": Shape("selected_options", "initial_options", many=True),
    "checkboxes": Shape("selected_options", "initial_options", many=True),
    "users_select": Shape("selected_user", "initial_user"),
    "multi_users_select": Shape("selected_users", "initial_users", many=True),
    "conversations_select": Shape("selected_conversation", "initial_conversation"),
    "multi_conversations_select": Shape("selected_conversations", "initial_conversations", many=True),
    "channels_select": Shape("selected_channel", "initial_channel"),
    "multi_channels_select": Shape("selected_channels", "initial_channels", many=True),
    "datepicker": Shape("selected_date", "initial_date"),
    "timepicker": Shape("selected_time", "initial_time"),
    "datetimepicker": Shape("selected_date_time", "initial_date_time"),
    "file_input": Shape("files", "", many=True),
}


def active_elements(blocks: object) -> Iterator[tuple[Json, Json]]:
    """Each block with each element in it that a person can act on."""
    for block in blocks if isinstance(blocks, (list, tuple)) else ():
        for item in walk(block):
            if item.get("type") in ACTIVE:
                yield block, item


def initial_values(blocks: object) -> Values:
    """What the inputs hold before anybody touched them."""
    values: Values = {}
    for block, item in active_elements(blocks):
        shape = SHAPES.get(str(item["type"]))
        if shape:
            empty: object = [] if shape.many else None
            value = {"type": item["type"], shape.key: item.get(shape.initial, empty)}
            values.setdefault(str(block.get("block_id")), {})[str(item.get("action_id"))] = value
    return values


def kept_values(blocks: object, former: Values) -> Values:
    """The values of new blocks, keeping what was filled in where block, action and type are the same."""
    values = initial_values(blocks)
    for block_id, actions in values.items():
        for action_id, value in actions.items():
            old = former.get(block_id, {}).get(action_id)
            if old and old["type"] == value["type"]:
                actions[action_id] = old
    return values


def options_of(element: Json) -> list[Json]:
    """All options of a menu, those in groups included."""
    grouped = [option for group in listing(element.get("option_groups")) for option in group["options"]]
    return [*listing(element.get("options")), *grouped]


def option_named(element: Json, wanted: str) -> Json | None:
    """The option with this value or this text."""
    for option in options_of(element):
        if wanted in (option.get("value"), mapping(option.get("text")).get("text")):
            return option
    return None

"""What a person can put into an element, and what they cannot: Slack's client does not let them."""

from playground.slack.inputs import SHAPES, active_elements, option_named
from playground.slack.outcomes import NotPossibleError
from playground.slack.shapes import Json
from playground.slack.views import View

TEXT_MOST = 3000  # characters in a text input that sets no limit of its own


def filled(element: Json, value: str | list[str]) -> Json:
    """What the element reports once filled in: an option by its value or its text, an id, a date, a text.

    Raises:
        NotPossibleError: it takes no such value.

    """
    kind = str(element["type"])
    wanted = [value] if isinstance(value, str) else value
    if kind == "overflow":
        return {"selected_option": _option(element, wanted[0])}
    if kind not in SHAPES or kind == "file_input":
        raise NotPossibleError(f"{kind} cannot be filled in: press it, or attach a file.")
    shape = SHAPES[kind]
    take = _option if shape.key.startswith("selected_option") else _fitting
    held = [take(element, one) for one in wanted]
    return {shape.key: held if shape.many else held[0]}


def _option(element: Json, wanted: str) -> object:
    found = option_named(element, wanted)
    if found is None:
        raise NotPossibleError(f"The menu {element.get('action_id')} has no option {wanted!r}.")
    return found


def _fitting(element: Json, value: str) -> object:
    most = element.get("max_length", TEXT_MOST)
    if element["type"] == "plain_text_input" and len(value) > most:
        raise NotPossibleError(f"{element.get('action_id')} takes {most} characters, not {len(value)}.")
    return value


def check_filled(view: View) -> None:
    """Whether a modal can be sent as it is.

    Raises:
        NotPossibleError: a required input is empty, or a text too short.

    """
    for block, element in active_elements(view.body["blocks"]):
        if block.get("type") == "input":
            held = view.values[block["block_id"]][element["action_id"]]
            _check_one(block, element, held[SHAPES[str(element["type"])].key])


def _check_one(block: Json, element: Json, value: object) -> None:
    if not value and not block.get("optional"):
        raise NotPossibleError(f"{block['block_id']} must be filled in before this modal can be sent.")
    if value and isinstance(value, str) and len(value) < element.get("min_length", 0):
        raise NotPossibleError(f"{block['block_id']} needs {element['min_length']} characters.")

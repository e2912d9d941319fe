"""What Slack refuses in a whole message or view, beyond single fields: counts, duplicate ids, total size.

Sources: Slack's reference of Block Kit and of chat.postMessage, chat.update and views.open; the total of about
13,200 characters is not documented but reported by slackapi/bolt-js #2509.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from playground.slack.blocks import MODALS, Surface, block
from playground.slack.compositions import plain
from playground.slack.grammar import Fault, Rule, boolean, listed, one_of, record, string
from playground.slack.messages import Content
from playground.slack.refusals import SlackRefusal, invalid_arguments, invalid_blocks
from playground.slack.shapes import Json, listing, mapping, walk

BLOCKS_IN_MESSAGE = 50
BLOCKS_IN_VIEW = 100
TEXT_KEPT = 40_000  # characters of a posted text; Slack cuts what is longer
TEXT_IN_UPDATE = 4_000  # characters; chat.update refuses what is longer
MARKDOWN_IN_MESSAGE = 12_000  # characters over all markdown blocks
BLOCK_TEXT_IN_MESSAGE = 13_200  # characters shown by all blocks
ATTACHMENTS = 100
VIEW_BYTES = 250_000
ONE_PER_MESSAGE = {"table": 1, "data_visualization": 2}
# Inputs that not every surface has (docs.slack.dev/reference/block-kit/block-elements, the table of elements).
SURFACES_OF_INPUTS: dict[str, frozenset[Surface]] = {
    "file_input": MODALS,
    "email_text_input": MODALS,
    "number_input": MODALS,
    "rich_text_input": frozenset({"modal", "home"}),
    "datetimepicker": frozenset({"modal", "message"}),
}
SHOWN = ("text", "title", "subtitle", "alt_text", "caption", "label", "description")  # fields a reader sees


def block_faults(blocks: object, surface: Surface, root: str = "/blocks") -> list[Fault]:
    """Everything wrong with the blocks of a message (`/blocks`) or of a view (`/view/blocks`)."""
    most = BLOCKS_IN_MESSAGE if surface == "message" else BLOCKS_IN_VIEW
    faults = list(listed(block(surface), 0, most)(blocks, root))
    items = [mapping(item) for item in listing(blocks)]
    faults += _twice([(item.get("block_id"), f"{root}/{n}/block_id") for n, item in enumerate(items)], "block_id")
    for place, item in enumerate(items):
        faults += _twice(list(_action_ids(item, f"{root}/{place}")), "action_id")
    faults += _too_many(items, root)
    faults += _misplaced(items, surface, root)
    return faults


def _twice(ids: Sequence[tuple[object, str]], name: str) -> Iterator[Fault]:
    seen: set[object] = set()
    for value, pointer in ids:
        if isinstance(value, str):
            if value in seen:
                yield Fault(pointer, f'`{name}` "{value}" already exists')
            seen.add(value)


def _action_ids(item: Json, pointer: str) -> Iterator[tuple[object, str]]:
    for place, inner in enumerate(listing(item.get("elements"))):
        yield mapping(inner).get("action_id"), f"{pointer}/elements/{place}/action_id"


def _misplaced(items: Sequence[Json], surface: Surface, root: str) -> Iterator[Fault]:
    for place, item in enumerate(items):
        kind = str(mapping(item.get("element")).get("type"))
        if item.get("type") == "input" and surface not in SURFACES_OF_INPUTS.get(kind, {surface}):
            yield Fault(f"{root}/{place}/element/type", f"unsupported type: {kind}")


def _too_many(items: Sequence[Json], root: str) -> Iterator[Fault]:
    counts = Counter(str(item.get("type")) for item in items)
    for kind, most in ONE_PER_MESSAGE.items():
        if counts[kind] > most:
            yield Fault(root, f"no more than {most} {kind} blocks allowed")
    written = sum(len(str(item.get("text", ""))) for item in items if item.get("type") == "markdown")
    if written > MARKDOWN_IN_MESSAGE:
        yield Fault(root, f"markdown blocks must be less than {MARKDOWN_IN_MESSAGE + 1} characters in all")


def shown_characters(blocks: object) -> int:
    """How many characters a reader sees in these blocks."""
    return sum(len(item[key]) for item in walk(blocks) for key in SHOWN if isinstance(item.get(key), str))


def check_blocks(blocks: object, surface: Surface = "message") -> None:
    """Refuse blocks Slack would refuse.

    Raises:
        SlackRefusal: `invalid_blocks_format` when it is no array of objects, `invalid_blocks` with each fault,
            `msg_blocks_too_long` when all of them are right but too much together.

    """
    if not isinstance(blocks, list) or not all(isinstance(item, dict) for item in blocks):
        raise SlackRefusal("invalid_blocks_format")
    faults = block_faults(blocks, surface)
    if faults:
        raise invalid_blocks(faults)
    if shown_characters(blocks) > BLOCK_TEXT_IN_MESSAGE:
        raise SlackRefusal("msg_blocks_too_long")


def check_message(content: Content, *, text_limit: int | None = None) -> None:
    """Refuse a message Slack would refuse.

    Raises:
        SlackRefusal: `no_text`, `msg_too_long`, `too_many_attachments`, or what `check_blocks` raises.

    """
    if not (content.text or content.blocks or content.attachments):
        raise SlackRefusal("no_text")
    if text_limit is not None and len(content.text) > text_limit:
        raise SlackRefusal("msg_too_long")
    if len(content.attachments) > ATTACHMENTS:
        raise SlackRefusal("too_many_attachments")
    check_blocks(list(content.blocks))
    for attachment in content.attachments:
        check_blocks(mapping(attachment).get("blocks", []))


def _view_rule() -> Rule:
    common = {
        "private_metadata": string(0, 3000),
        "callback_id": string(0, 255),
        "external_id": string(0, 255),
        "blocks": lambda _value, _pointer: iter(()),
    }
    modal = record(
        {"type": one_of("modal"), "title": plain(24), "blocks": common["blocks"]},
        {
            **common,
            "close": plain(24),
            "submit": plain(24),
            "clear_on_close": boolean(),
            "notify_on_close": boolean(),
            "submit_disabled": boolean(),
        },
    )
    home = record({"type": one_of("home"), "blocks": common["blocks"]}, common)

    def rule(value: object, pointer: str) -> Iterator[Fault]:
        yield from (home if mapping(value).get("type") == "home" else modal)(value, pointer)

    return rule


VIEW = _view_rule()


def view_faults(view: Json) -> list[Fault]:
    """Everything wrong with a modal or a Home tab."""
    surface: Surface = "home" if view.get("type") == "home" else "modal"
    faults = [*VIEW(view, "/view"), *block_faults(view.get("blocks"), surface, "/view/blocks")]
    if not listing(view.get("blocks")):
        faults.append(Fault("/view/blocks", "must provide at least 1 items"))
    asks = any(mapping(item).get("type") == "input" for item in listing(view.get("blocks")))
    if surface == "modal" and asks and "submit" not in view:
        faults.append(Fault("/view", "missing required field: submit"))
    return faults


def check_view(view: Json, kind: str) -> None:
    """Refuse a view Slack would refuse; `kind` is what the method shows: modal or home.

    Raises:
        SlackRefusal: `view_too_large`, or `invalid_arguments` with each fault.

    """
    if len(json.dumps(view)) > VIEW_BYTES:
        raise SlackRefusal("view_too_large")
    faults = view_faults(view)
    if view.get("type") != kind:
        faults.insert(0, Fault("/view/type", f"must be {kind}"))
    if faults:
        raise invalid_arguments(faults)

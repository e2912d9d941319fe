"""Every block of Block Kit: its fields, its limits, and the surfaces Slack shows it on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from playground.slack.compositions import ID, SLACK_FILE, URL, plain, text
from playground.slack.elements import (
    ELEMENTS,
    IMAGE,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    context_item,
    element,
)
from playground.slack.grammar import (
    Fault,
    Rule,
    any_field,
    boolean,
    listed,
    number,
    one_of,
    positive,
    record,
    string,
    tagged,
)
from playground.slack.rich_text import RICH_TEXT
from playground.slack.shapes import listing, mapping

Surface = Literal["message", "modal", "home"]
EVERYWHERE: frozenset[Surface] = frozenset({"message", "modal", "home"})
MESSAGES: frozenset[Surface] = frozenset({"message"})
MODALS: frozenset[Surface] = frozenset({"modal"})
NOT_MODALS: frozenset[Surface] = frozenset({"message", "home"})

TABLE_CONTENT_LIMIT = 20_000  # characters in one data_table


@dataclass(frozen=True, slots=True)
class BlockType:
    """One type of block: what it must look like, and where it may stand."""

    rule: Rule
    surfaces: frozenset[Surface] = EVERYWHERE


def _block(kind: str, required: Mapping[str, Rule], optional: Mapping[str, Rule], *also: Rule) -> Rule:
    return record({"type": one_of(kind), **required}, {"block_id": ID, **optional}, also)


def _same_width(value: object, pointer: str) -> Iterator[Fault]:
    rows = listing(mapping(value).get("rows"))
    widths = {len(row) for row in rows if isinstance(row, list)}
    if len(widths) > 1:
        yield Fault(f"{pointer}/rows", "all rows must have the same number of cells")


def _cell_text(cell: object) -> int:
    return len(str(mapping(cell).get("text", "")))


def _content_size(value: object, pointer: str) -> Iterator[Fault]:
    rows = listing(mapping(value).get("rows"))
    if sum(_cell_text(cell) for row in rows for cell in listing(row)) > TABLE_CONTENT_LIMIT:
        yield Fault(f"{pointer}/rows", f"must be less than {TABLE_CONTENT_LIMIT + 1} characters")


def _plain_header(value: object, pointer: str) -> Iterator[Fault]:
    rows = listing(mapping(value).get("rows"))
    for place, cell in enumerate(listing(rows[0]) if rows else []):
        if mapping(cell).get("type") == "rich_text":
            yield Fault(f"{pointer}/rows/0/{place}/type", "unsupported type: rich_text")


def _points_match(value: object, pointer: str) -> Iterator[Fault]:
    chart = mapping(value)
    categories = listing(mapping(chart.get("axis_config")).get("categories"))
    for place, series in enumerate(listing(chart.get("series"))):
        if len(listing(mapping(series).get("data"))) != len(categories):
            yield Fault(f"{pointer}/series/{place}/data", "must have one point for each category")


def _chart(kind: str) -> Rule:
    point = record({"label": string(1, 20), "value": number()}, {})
    series = record({"name": string(1, 20), "data": listed(point, 1, 20)}, {})
    axis = record({"categories": listed(string(1, 20), 1, 20)}, {"x_label": string(0, 50), "y_label": string(0, 50)})
    fields = {"type": one_of(kind), "series": listed(series, 1, 12), "axis_config": axis}
    return record(fields, {}, also=(_points_match,))


SEGMENT = record({"label": string(1, 20), "value": positive()}, {})
CHARTS: dict[str, Rule] = {
    "pie": record({"type": one_of("pie"), "segments": listed(SEGMENT, 1, 12)}, {}),
    "bar": _chart("bar"),
    "area": _chart("area"),
    "line": _chart("line"),
}
CELLS: dict[str, Rule] = {
    "raw_text": record({"type": one_of("raw_text"), "text": string(1)}, {}),
    "raw_number": record({"type": one_of("raw_number"), "value": number()}, {"text": string()}),
    "rich_text": RICH_TEXT,
}
CELL = tagged(lambda: CELLS)
COLUMN = record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean()})
SOURCE = record({"type": one_of("url"), "url": URL, "text": string(1)}, {})
TASK_CARD = _block(
    "task_card",
    {
        "task_id": string(1),
        "title": string(1),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    {"details": RICH_TEXT, "output": RICH_TEXT, "sources": listed(SOURCE)},
)
CARD = _block(
    "card",
    {},
    {
        "hero_image": IMAGE,
        "icon": IMAGE,
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "subtext": text(200),
        "actions": listed(tagged(lambda: {"button": ELEMENTS["button"]}), 1, 3),
    },
    any_field("hero_image", "title", "actions", "body"),
)
CONTAINED = ("actions", "context", "divider", "header", "image", "markdown", "rich_text", "section", "table")


def _contained() -> dict[str, Rule]:
    return {name: BLOCKS[name].rule for name in CONTAINED}


BLOCKS: dict[str, BlockType] = {
    "actions": BlockType(_block("actions", {"elements": listed(element(IN_ACTIONS), 1, 25)}, {})),
    "context": BlockType(_block("context", {"elements": listed(context_item(), 1, 10)}, {})),
    "divider": BlockType(_block("divider", {}, {})),
    "header": BlockType(_block("header", {"text": plain(150)}, {})),
    "image": BlockType(
        _block(
            "image",
            {"alt_text": string(1, 2000)},
            {"image_url": URL, "slack_file": SLACK_FILE, "title": plain(2000)},
            any_field("image_url", "slack_file"),
        )
    ),
    "input": BlockType(
        _block(
            "input",
            {"label": plain(2000), "element": element(IN_INPUT)},
            {"hint": plain(2000), "optional": boolean(), "dispatch_action": boolean()},
        )
    ),
    "rich_text": BlockType(RICH_TEXT),
    "section": BlockType(
        _block(
            "section",
            {},
            {
                "text": text(),
                "fields": listed(text(2000), 1, 10),
                "accessory": element(IN_SECTION),
                "expand": boolean(),
            },
            any_field("text", "fields"),
        )
    ),
    "video": BlockType(
        _block(
            "video",
            {"alt_text": string(1, 200), "video_url": URL, "thumbnail_url": URL, "title": plain(200)},
            {
                "title_url": URL,
                "description": plain(200),
                "provider_icon_url": URL,
                "provider_name": string(0, 50),
                "author_name": string(0, 50),
            },
        )
    ),
    "card": BlockType(CARD),
    "alert": BlockType(
        _block(
            "alert",
            {"text": text(200)},
            {"level": one_of("default", "info", "warning", "error", "success")},
        ),
        MODALS,
    ),
    "carousel": BlockType(
        _block("carousel", {"elements": listed(tagged(lambda: {"card": CARD}), 1, 10)}, {}), NOT_MODALS
    ),
    "table": BlockType(
        _block(
            "table",
            {"rows": listed(listed(CELL, 1, 20), 1, 100)},
            {"column_settings": listed(COLUMN, 0, 20)},
        ),
        NOT_MODALS,
    ),
    "data_table": BlockType(
        _block(
            "data_table",
            {"rows": listed(listed(CELL, 1, 20), 2, 201), "caption": string(1)},
            {"page_size": number(1, 100, whole=True), "row_header_column_index": number(0, 19, whole=True)},
            _same_width,
            _content_size,
            _plain_header,
        ),
        NOT_MODALS,
    ),
    "markdown": BlockType(_block("markdown", {"text": string(1, 12_000)}, {}), MESSAGES),
    "plan": BlockType(
        _block("plan", {"title": string(1)}, {"tasks": listed(tagged(lambda: {"task_card": TASK_CARD}))}),
        MESSAGES,
    ),
    "task_card": BlockType(TASK_CARD, MESSAGES),
    "container": BlockType(
        _block(
            "container",
            {"child_blocks": listed(tagged(_contained), 1, 10)},
            {
                "title": plain(150),
                "rich_text_title": RICH_TEXT,
                "subtitle": plain(150),
                "width": one_of("narrow", "standard", "wide", "full"),
                "icon": IMAGE,
                "is_collapsible": boolean(),
                "default_collapsed": boolean(),
                "has_header_divider": boolean(),
            },
            any_field("title", "rich_text_title"),
        ),
        MESSAGES,
    ),
    "context_actions": BlockType(
        _block("context_actions", {"elements": listed(element(IN_CONTEXT_ACTIONS), 1, 5)}, {}), MESSAGES
    ),
    "data_visualization": BlockType(
        _block("data_visualization", {"title": string(1, 50), "chart": tagged(lambda: CHARTS)}, {}), MESSAGES
    ),
    "file": BlockType(
        _block("file", {"external_id": string(1), "source": one_of("remote")}, {}),
        MESSAGES,
    ),
}


def block(surface: Surface) -> Rule:
    """A block that may stand on this surface."""
    allowed = {name: kind.rule for name, kind in BLOCKS.items() if surface in kind.surfaces}
    return tagged(lambda: allowed)

"""Block Kit and message limits, answered in Slack's words."""

from typing import Any

import pytest

from playground.slack.blocks import BLOCKS, EVERYWHERE, Surface
from playground.slack.limits import (
    SURFACES_OF_INPUTS,
    block_faults,
    check_blocks,
    check_message,
    check_view,
    view_faults,
)
from playground.slack.messages import Content
from playground.slack.refusals import SlackRefusal

PLAIN = {"type": "plain_text", "text": "x"}
MRKDWN = {"type": "mrkdwn", "text": "x"}
BUTTON = {"type": "button", "text": PLAIN, "action_id": "a"}
OPTION = {"text": PLAIN, "value": "v"}
SELECT = {"type": "static_select", "action_id": "s", "placeholder": PLAIN, "options": [OPTION]}
CELL = {"type": "raw_text", "text": "x"}
RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "x", "style": {"bold": True}}]},
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "emoji", "name": "tada"}]}],
        },
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}], "border": 0},
        {"type": "rich_text_quote", "elements": [{"type": "link", "url": "https://a.example", "text": "a"}]},
    ],
}
IMAGE = {"type": "image", "image_url": "https://a.example/a.png", "alt_text": "x"}
TASK = {"type": "task_card", "task_id": "1", "title": "t", "status": "pending", "details": RICH}
CARD = {"type": "card", "title": MRKDWN, "actions": [BUTTON]}
SERIES = {"name": "s", "data": [{"label": "a", "value": 1}]}
GOOD: dict[str, dict[str, Any]] = {
    "actions": {"elements": [BUTTON, SELECT]},
    "context": {"elements": [PLAIN, MRKDWN, IMAGE]},
    "divider": {},
    "header": {"text": PLAIN},
    "image": {"image_url": "https://a.example/a.png", "alt_text": "x", "title": PLAIN},
    "input": {"label": PLAIN, "element": {"type": "plain_text_input", "action_id": "i", "max_length": 3000}},
    "rich_text": RICH,
    "section": {"text": MRKDWN, "fields": [MRKDWN], "accessory": BUTTON},
    "video": {
        "alt_text": "x",
        "video_url": "https://a.example/v",
        "thumbnail_url": "https://a.example/t",
        "title": PLAIN,
    },
    "card": CARD,
    "alert": {"text": MRKDWN, "level": "warning"},
    "carousel": {"elements": [CARD]},
    "table": {"rows": [[CELL, RICH]], "column_settings": [{"align": "right", "is_wrapped": True}]},
    "data_table": {"rows": [[CELL], [RICH]], "caption": "c", "page_size": 5},
    "markdown": {"text": "# x"},
    "plan": {"title": "p", "tasks": [TASK]},
    "task_card": TASK,
    "container": {"title": PLAIN, "child_blocks": [{"type": "divider"}]},
    "context_actions": {
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "f",
                "positive_button": {"text": PLAIN, "value": "y"},
                "negative_button": {"text": PLAIN, "value": "n"},
            },
            {"type": "icon_button", "icon": "trash", "text": PLAIN},
        ]
    },
    "data_visualization": {
        "title": "t",
        "chart": {"type": "line", "series": [SERIES], "axis_config": {"categories": ["a"]}},
    },
    "file": {"external_id": "e", "source": "remote"},
}


def section(text: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def faults_of(*blocks: dict[str, Any]) -> list[str]:
    return [str(fault) for fault in block_faults(list(blocks), "message")]


def refused(*blocks: dict[str, Any]) -> str:
    with pytest.raises(SlackRefusal) as caught:
        check_blocks(list(blocks))
    return caught.value.code


def test_a_good_sample_of_every_block() -> None:
    """It has a sample for every block it knows."""
    assert set(GOOD) == set(BLOCKS)


@pytest.mark.parametrize("kind", BLOCKS)
def test_good_blocks(kind: str) -> None:
    """It lets a block with everything in order pass, on each surface Slack shows it on and on no other."""
    block = {"type": kind, **GOOD[kind], "block_id": "b"}
    for surface in EVERYWHERE:
        faults = block_faults([block], surface)
        allowed = surface in BLOCKS[kind].surfaces
        unsupported = [f"unsupported type: {kind} [json-pointer:/blocks/0/type]"]
        assert [str(fault) for fault in faults] == ([] if allowed else unsupported)


@pytest.mark.parametrize("kind", BLOCKS)
def test_unknown_field(kind: str) -> None:
    """It refuses a field no block of this type has."""
    surface = next(iter(BLOCKS[kind].surfaces))
    faults = block_faults([{"type": kind, **GOOD[kind], "colour": "red"}], surface)
    assert "invalid additional property: colour [json-pointer:/blocks/0]" in map(str, faults)


@pytest.mark.parametrize("kind", [name for name, fields in GOOD.items() if fields])
def test_missing_field(kind: str) -> None:
    """It refuses a block without what it must have."""
    surface = next(iter(BLOCKS[kind].surfaces))
    assert block_faults([{"type": kind}], surface)


TOO_MUCH: dict[str, tuple[dict[str, Any], str]] = {
    "section text": (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    "empty text": (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    "field": (
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]},
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    "fields": (
        {"type": "section", "fields": [MRKDWN] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    "neither": (
        {"type": "section"},
        "must define either `text` or `fields` [json-pointer:/blocks/0/type]",
    ),
    "header": (
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    "header markup": (
        {"type": "header", "text": MRKDWN},
        "must be a valid enum value [json-pointer:/blocks/0/text/type]",
    ),
    "context": (
        {"type": "context", "elements": [PLAIN] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "actions": (
        {"type": "actions", "elements": [{"type": "button", "text": PLAIN}] * 26},
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "no actions": (
        {"type": "actions", "elements": []},
        "must provide at least 1 items [json-pointer:/blocks/0/elements]",
    ),
    "button value": (
        {"type": "actions", "elements": [{**BUTTON, "value": "x" * 2001}]},
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    "button text": (
        {"type": "actions", "elements": [{**BUTTON, "text": {"type": "plain_text", "text": "x" * 76}}]},
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    "button style": (
        {"type": "actions", "elements": [{**BUTTON, "style": "default"}]},
        "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
    ),
    "confirm": (
        {"type": "actions", "elements": [{**BUTTON, "confirm": {"title": PLAIN, "text": PLAIN, "deny": PLAIN}}]},
        "missing required field: confirm [json-pointer:/blocks/0/elements/0/confirm]",
    ),
    "options": (
        {"type": "actions", "elements": [{**SELECT, "options": [OPTION] * 101}]},
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "initial option": (
        {"type": "actions", "elements": [{**SELECT, "initial_option": {"text": PLAIN, "value": "other"}}]},
        "must match one of the options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    "overflow": (
        section(accessory={"type": "overflow", "options": [OPTION] * 6}),
        "no more than 5 items allowed [json-pointer:/blocks/0/accessory/options]",
    ),
    "input in a section": (
        section(accessory={"type": "plain_text_input"}),
        "unsupported type: plain_text_input [json-pointer:/blocks/0/accessory/type]",
    ),
    "block id": (
        section(block_id="x" * 256),
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    "unknown block": (
        {"type": "sections"},
        "unsupported type: sections [json-pointer:/blocks/0/type]",
    ),
    "no type": ({"text": PLAIN}, "missing required field: type [json-pointer:/blocks/0]"),
    "markdown": (
        {"type": "markdown", "text": "x" * 12_001},
        "must be less than 12001 characters [json-pointer:/blocks/0/text]",
    ),
    "table rows": (
        {"type": "table", "rows": [[CELL]] * 101},
        "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
    ),
    "table columns": (
        {"type": "table", "rows": [[CELL] * 21]},
        "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ),
    "data table content": (
        {"type": "data_table", "caption": "c", "rows": [[CELL], [{"type": "raw_text", "text": "x" * 20_000}]]},
        "must be less than 20001 characters [json-pointer:/blocks/0/rows]",
    ),
    "uneven data table": (
        {"type": "data_table", "caption": "c", "rows": [[CELL], [CELL, CELL]]},
        "all rows must have the same number of cells [json-pointer:/blocks/0/rows]",
    ),
    "empty slice": (
        {
            "type": "data_visualization",
            "title": "t",
            "chart": {"type": "pie", "segments": [{"label": "a", "value": 0}]},
        },
        "must be greater than 0 [json-pointer:/blocks/0/chart/segments/0/value]",
    ),
    "points": (
        {
            "type": "data_visualization",
            "title": "t",
            "chart": {"type": "bar", "series": [SERIES], "axis_config": {"categories": ["a", "b"]}},
        },
        "must have one point for each category [json-pointer:/blocks/0/chart/series/0/data]",
    ),
    "wrong kind of value": (
        {"type": "section", "text": "plain"},
        "must provide an object [json-pointer:/blocks/0/text]",
    ),
    "status": (
        {**TASK, "status": "done"},
        "must be a valid enum value [json-pointer:/blocks/0/status]",
    ),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_faults(case: str) -> None:
    """It names the fault and the place as Slack does."""
    block, expected = TOO_MUCH[case]
    assert expected in faults_of(block)


def test_alternatives_first() -> None:
    """It says before a text's own fault that no form matched, as Slack does."""
    assert faults_of(section("x" * 3001))[0] == "failed to match all allowed schemas [json-pointer:/blocks/0/text]"


def test_same_ids() -> None:
    """It refuses a block id used twice in a message, and an action id used twice in a block."""
    assert faults_of(section(block_id="b"), section(block_id="b")) == [
        '`block_id` "b" already exists [json-pointer:/blocks/1/block_id]'
    ]
    assert faults_of({"type": "actions", "elements": [BUTTON, BUTTON]}) == [
        '`action_id` "a" already exists [json-pointer:/blocks/0/elements/1/action_id]'
    ]
    assert faults_of({"type": "actions", "elements": [BUTTON]}, {"type": "actions", "elements": [BUTTON]}) == []


def test_counts() -> None:
    """It refuses the 51st block, a second table, a third chart, and too much markdown in all."""
    assert faults_of(*[section()] * 50) == []
    assert faults_of(*[section()] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    table = {"type": "table", "rows": [[CELL]]}
    assert faults_of(table, table) == ["no more than 1 table blocks allowed [json-pointer:/blocks]"]
    assert faults_of(*[{"type": "markdown", "text": "x" * 6001}] * 2)


def test_total_size() -> None:
    """It refuses blocks that are each right and too long together."""
    assert refused(*[section("x" * 2700)] * 5) == "msg_blocks_too_long"
    check_blocks([section("x" * 2600)] * 5)


def test_no_blocks_at_all() -> None:
    """It tells what is no list of blocks from blocks with faults."""
    with pytest.raises(SlackRefusal, match="invalid_blocks_format"):
        check_blocks({"type": "section"})
    assert refused({"type": "section"}) == "invalid_blocks"


def test_messages() -> None:
    """It refuses a message with nothing in it, with too long a text for an edit, with too many attachments."""
    for content, code in (
        (Content(), "no_text"),
        (Content("x" * 4001), "msg_too_long"),
        (Content("x", attachments=({"text": "y"},) * 101), "too_many_attachments"),
        (Content("x", attachments=({"blocks": [{"type": "section"}]},)), "invalid_blocks"),
    ):
        with pytest.raises(SlackRefusal, match=code):
            check_message(content, text_limit=4000)


MODAL: dict[str, Any] = {"type": "modal", "title": PLAIN, "blocks": [section()]}
ASKING = {"type": "input", "label": PLAIN, "element": {"type": "plain_text_input"}}
WRONG_VIEWS: dict[str, tuple[dict[str, Any], str]] = {
    "title": ({**MODAL, "title": {"type": "plain_text", "text": "x" * 25}}, "/view/title/text"),
    "metadata": ({**MODAL, "private_metadata": "x" * 3001}, "/view/private_metadata"),
    "no submit": ({**MODAL, "blocks": [ASKING]}, "/view"),
    "no blocks": ({**MODAL, "blocks": []}, "/view/blocks"),
    "markdown": ({**MODAL, "blocks": [{"type": "markdown", "text": "x"}]}, "/view/blocks/0/type"),
    "blocks": ({**MODAL, "blocks": [section()] * 101}, "/view/blocks"),
    "alert on Home": (
        {"type": "home", "blocks": [{"type": "alert", "text": PLAIN}]},
        "/view/blocks/0/type",
    ),
    "title on Home": ({"type": "home", "title": PLAIN, "blocks": [section()]}, "/view"),
}


@pytest.mark.parametrize("case", WRONG_VIEWS)
def test_wrong_views(case: str) -> None:
    """It names what is wrong with a modal or a Home tab."""
    view, pointer = WRONG_VIEWS[case]
    assert pointer in [fault.pointer for fault in view_faults(view)]


def test_good_views() -> None:
    """It lets a view in order pass, and only where it belongs."""
    check_view({**MODAL, "blocks": [ASKING], "submit": PLAIN}, "modal")
    check_view({"type": "home", "blocks": [section()] * 100}, "home")
    with pytest.raises(SlackRefusal, match="invalid_arguments"):
        check_view(MODAL, "home")
    with pytest.raises(SlackRefusal, match="view_too_large"):
        check_view({**MODAL, "blocks": [section("x" * 2999)] * 90}, "modal")


@pytest.mark.parametrize(("kind", "surfaces"), SURFACES_OF_INPUTS.items())
def test_inputs_stand_where_slack_has_them(kind: str, surfaces: frozenset[Surface]) -> None:
    """It refuses an input on a surface that does not have it, such as a file's outside of modals."""
    label = {"type": "plain_text", "text": "What"}
    more = {"is_decimal_allowed": False} if kind == "number_input" else {}
    given = {"type": "input", "label": label, "element": {"type": kind, "action_id": "a", **more}}
    for surface in EVERYWHERE:
        faults = [one.pointer for one in block_faults([given], surface)]
        assert faults == ([] if surface in surfaces else ["/blocks/0/element/type"])

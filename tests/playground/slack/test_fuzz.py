"""Whatever is sent to the simulated Slack, it answers as Slack would, and never falls over."""

import asyncio
from typing import Any

import aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.slack.blocks import BLOCKS, EVERYWHERE, Surface
from playground.slack.elements import ELEMENTS
from playground.slack.limits import block_faults, shown_characters, view_faults
from playground.slack.server import SimulatedSlack
from playground.slack.webapi import METHODS

KEYS = st.sampled_from(
    [
        "type",
        "text",
        "elements",
        "element",
        "block_id",
        "action_id",
        "value",
        "options",
        "option_groups",
        "initial_option",
        "fields",
        "rows",
        "chart",
        "series",
        "segments",
        "axis_config",
        "categories",
        "data",
        "label",
        "title",
        "blocks",
        "child_blocks",
        "tasks",
        "confirm",
        "accessory",
    ]
)
TYPES = st.sampled_from([*BLOCKS, *ELEMENTS, "plain_text", "mrkdwn", "modal", "home", "pie", "line", "raw_text"])
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | TYPES


def _inside(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    typed = st.builds(lambda kind, more: {**more, "type": kind}, TYPES, st.dictionaries(KEYS, inner, max_size=5))
    return st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4) | typed


ANYTHING = st.recursive(LEAVES, _inside, max_leaves=25)


@given(ANYTHING, st.sampled_from(sorted(EVERYWHERE)))
@settings(max_examples=400, deadline=None)
def test_blocks(value: object, surface: Surface) -> None:
    """It names faults of any JSON value, and never fails on one."""
    assert all(fault.pointer.startswith("/blocks") for fault in block_faults(value, surface))
    assert block_faults([value], surface) or isinstance(value, dict)
    assert shown_characters(value) >= 0


@given(st.dictionaries(KEYS, ANYTHING, max_size=5))
@settings(max_examples=200, deadline=None)
def test_views(value: dict[str, Any]) -> None:
    """It names faults of any object taken for a view."""
    assert all(fault.pointer.startswith("/view") for fault in view_faults(value))


ARGUMENTS = st.sampled_from(
    [
        "channel",
        "text",
        "blocks",
        "attachments",
        "metadata",
        "thread_ts",
        "ts",
        "user",
        "user_id",
        "view",
        "trigger_id",
        "view_id",
        "hash",
        "users",
        "email",
        "usergroup",
        "filename",
        "length",
        "alt_txt",
        "files",
        "channel_id",
        "channels",
        "file",
        "name",
        "timestamp",
        "message",
        "markdown_text",
    ]
)
VALUES = ANYTHING | st.sampled_from(["C0ENGINE0", "U0ONCALL0", "[]", "{}", "[1]", "1.0", "3"])
CALLS = st.lists(
    st.tuples(st.sampled_from(sorted(METHODS)), st.dictionaries(ARGUMENTS, VALUES, max_size=6)), max_size=20
)


async def _call_all(calls: list[tuple[str, dict[str, Any]]]) -> list[tuple[int, bool]]:
    answers = []
    async with SimulatedSlack() as slack:
        slack.switches.strict_tiers = False
        slack.switches.scopes |= {"channels:history", "im:write"}
        async with aiohttp.ClientSession() as session:
            for method, arguments in calls:
                token = slack.app_token if METHODS[method].app_level else slack.bot_token
                headers = {"Authorization": f"Bearer {token}"}
                url = f"{slack.api_url}{method}"
                async with session.post(url, json=arguments, headers=headers) as response:
                    body = await response.json()
                    answers.append((response.status, body["ok"] or bool(body["error"])))
    return answers


@given(CALLS)
@settings(max_examples=60, deadline=None)
def test_calls(calls: list[tuple[str, dict[str, Any]]]) -> None:
    """It answers any call with status 200 and either ok or a code."""
    assert set(asyncio.run(_call_all(calls))) <= {(200, True)}

"""The text in a message, whatever app wrote it and in whatever form."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.reading import files_of, text_of

LINE = "pq: password authentication failed for user <api>"
RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [{"type": "text", "text": "see "}, {"type": "user", "user_id": "U1"}],
        },
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": LINE}]},
        {
            "type": "rich_text_list",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "link", "url": "https://x"}]}],
        },
    ],
}


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ({"text": "pq: password authentication failed for user &lt;api&gt;"}, LINE),
        ({"text": "look at <https://x.example|this> &amp; that"}, "look at this & that"),
        ({"text": "ignored, as the blocks say it", "blocks": [RICH]}, f"see \n{LINE}\nhttps://x"),
        ({"text": "", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "`a &lt; b`"}}]}, "`a < b`"),
        (
            {
                "text": "",
                "blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "one"}, {"text": "two"}]}],
            },
            "one\ntwo",
        ),
        ({"text": "", "blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]}]}, "small"),
        (
            {
                "text": "",
                "attachments": [{"title": "[FIRING] Down", "text": LINE, "fields": [{"title": "pod", "value": "x"}]}],
            },
            f"[FIRING] Down\n{LINE}\npod: x",
        ),
        ({"text": "", "attachments": [{"fallback": "only this"}]}, "only this"),
        ({"text": "the log", "files": [{"name": "app.log", "preview": LINE}]}, f"the log\napp.log\n{LINE}"),
        ({}, ""),
    ],
)
def test_reads_what_is_seen(message: dict[str, Any], wanted: str) -> None:
    """It gives the words a reader sees, without Slack's markup."""
    assert text_of(message) == wanted


def test_names_files_of_text() -> None:
    """It names files that hold text, and no pictures."""
    files = [
        {"name": "app.log", "filetype": "log", "mimetype": "binary", "url_private": "https://f/app.log", "size": 12},
        {"name": "x.png", "filetype": "png", "mimetype": "image/png"},
        {"name": "y", "mimetype": "text/plain"},
    ]
    assert [one.name for one in files_of({"files": files})] == ["app.log", "y"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "fields", "blocks", "attachments", "files", "name", "size"]),
            inner,
        )
    ),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(["text", "blocks", "attachments", "files"]), JSON))
def test_takes_every_shape(message: dict[str, Any]) -> None:
    """It reads, or passes over, whatever an app may have posted."""
    assert isinstance(text_of(message), str)
    assert isinstance(files_of(message), tuple)

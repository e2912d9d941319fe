"""Every limit Slack sets to what the bot sends, in one place, each with its source. It only names and counts.

Sources: [kit] docs.slack.dev/reference/block-kit; [post] docs.slack.dev/reference/methods/chat.postMessage; [update]
…/chat.update; [bolt-js 2509] an issue of slackapi/bolt-js: the total is not documented; [rate]
docs.slack.dev/apis/web-api/rate-limits; [respond] docs.slack.dev/interactivity/handling-user-interaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BLOCKS_IN_MESSAGE = 50
"""Blocks in one message [kit]."""

SECTION_TEXT = 3_000
"""Characters in a section's text [kit]."""

CONTEXT_ELEMENTS = 10
"""Elements in a context block [kit]."""

FALLBACK_TEXT = 4_000
"""Characters of a message's text. Posting takes 40,000 [post]; an edit refuses more than 4,000 [update], and every
message of ours may be edited."""

ALL_BLOCKS_TEXT = 13_200
"""Characters over all blocks, beyond which Slack answers `msg_blocks_too_long` [bolt-js 2509]."""

OUR_BLOCKS_TEXT = 12_000
"""Characters we use of that: it is measured, not documented, and a masked secret may be longer than what it hides."""

OUR_SECTION_TEXT = 2_800
"""Characters we use of a section's text, for the same reason."""

OUR_FALLBACK_TEXT = 300
"""Characters of a message's text: a phone's notification shows about two lines, and the blocks say the rest."""

FILE_ALT_TEXT = 1_000
"""Characters of the words that describe a picture [files]."""

EDIT_SECONDS = 1.5
"""Shortest time between two edits of one message; all edits together keep to PACES."""

ANSWERS = 5
"""Answers that one response_url takes [respond]."""

ANSWER_SECONDS = 30 * 60.0
"""How long a response_url takes them [respond]."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a method may be called: so many a minute on the long run, so many at once.

    `kept` of the burst are for what cannot wait; `each_channel`: every channel has its own.
    """

    a_minute: float
    burst: int
    kept: int = 0
    each_channel: bool = False


OTHER_PACE = Pace(16, 3)
"""For a method not named below: tier 2, the lowest of those the bot calls, 20 a minute and more [rate]."""

PACES: Mapping[str, Pace] = {
    "chat.postMessage": Pace(60, 4, each_channel=True),
    "chat.update": Pace(40, 6, kept=3),
    "chat.postEphemeral": Pace(80, 15),
    "files.getUploadURLExternal": Pace(80, 15),
    "files.completeUploadExternal": Pace(80, 15),
}
"""What we use of Slack's rates [rate]: about four fifths, so that no minute (its burst included) reaches the limit even
when calls are slow on the way. Posting: one a second for each channel, and short bursts, by which Slack means no
number. Editing is tier 3, 50 a minute for the whole workspace; the other three are tier 4, 100 a minute."""


def size(text: str) -> int:
    """How long Slack may find a text: in UTF-16 units, the larger of the two ways to count that it may use."""
    return len(text) + sum(1 for letter in text if letter > "\uffff")


def texts(block: Mapping[str, Any]) -> Iterator[str]:
    """Every text a reader sees in a block."""
    for key, value in block.items():
        if key == "text" and isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from texts(value)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield from (text for item in value if isinstance(item, Mapping) for text in texts(item))


def faults(text: str, blocks: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What Slack would refuse in a message, in words; nothing when it would take it."""
    found = [fault for place, block in enumerate(blocks) for fault in _block_faults(place, block)]
    if not text:
        found.append("it has no text")
    if size(text) > FALLBACK_TEXT:
        found.append(f"its text has {size(text)} characters; {FALLBACK_TEXT} are taken")
    if len(blocks) > BLOCKS_IN_MESSAGE:
        found.append(f"it has {len(blocks)} blocks; {BLOCKS_IN_MESSAGE} are taken")
    total = sum(size(piece) for block in blocks for piece in texts(block))
    if total > ALL_BLOCKS_TEXT:
        found.append(f"its blocks have {total} characters; {ALL_BLOCKS_TEXT} are taken")
    return tuple(found)


def _block_faults(place: int, block: Mapping[str, Any]) -> Iterator[str]:
    elements = block.get("elements", ())
    if len(elements) > CONTEXT_ELEMENTS:
        yield f"block {place} has {len(elements)} elements; {CONTEXT_ELEMENTS} are taken"
    for text in texts(block):
        if not 1 <= size(text) <= SECTION_TEXT:
            yield f"a text of block {place} has {size(text)} characters; 1 to {SECTION_TEXT} are taken"

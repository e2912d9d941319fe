"""Slack's rich text: what a `rich_text` block may hold, down to the single word."""

from playground.slack.grammar import Rule, anything, boolean, listed, number, one_of, record, string, tagged

STYLE = record(
    {},
    {
        name: boolean()
        for name in ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
    },
)


def _part(kind: str, required: dict[str, Rule], optional: dict[str, Rule] | None = None) -> Rule:
    return record({"type": one_of(kind), **required}, {"style": STYLE, **(optional or {})})


PARTS: dict[str, Rule] = {
    "text": _part("text", {"text": string(1)}),
    "link": _part("link", {"url": string(1)}, {"text": string(), "unsafe": boolean()}),
    "user": _part("user", {"user_id": string(1)}),
    "usergroup": _part("usergroup", {"usergroup_id": string(1)}),
    "channel": _part("channel", {"channel_id": string(1)}),
    "team": _part("team", {"team_id": string(1)}),
    "emoji": _part("emoji", {"name": string(1)}, {"unicode": string(), "skin_tone": number(1, 6, whole=True)}),
    "broadcast": _part("broadcast", {"range": one_of("here", "channel", "everyone")}),
    "color": _part("color", {"value": string(1)}),
    "date": _part("date", {"timestamp": number(), "format": string(1)}, {"url": string(), "fallback": string()}),
}
PART = tagged(lambda: PARTS)
SECTION = record({"type": one_of("rich_text_section"), "elements": listed(PART)}, {})
BORDER: dict[str, Rule] = {"border": number(0, 1, whole=True)}
LIST = record(
    {
        "type": one_of("rich_text_list"),
        "style": one_of("bullet", "ordered"),
        "elements": listed(tagged(lambda: {"rich_text_section": SECTION})),
    },
    {"indent": number(0, 8, whole=True), "offset": number(0, whole=True), **BORDER},
)
SECTIONS: dict[str, Rule] = {
    "rich_text_section": SECTION,
    "rich_text_list": LIST,
    "rich_text_preformatted": record(
        {"type": one_of("rich_text_preformatted"), "elements": listed(PART)}, {"language": anything(), **BORDER}
    ),
    "rich_text_quote": record({"type": one_of("rich_text_quote"), "elements": listed(PART)}, BORDER),
}
RICH_TEXT = record(
    {"type": one_of("rich_text"), "elements": listed(tagged(lambda: SECTIONS))}, {"block_id": string(1, 255)}
)

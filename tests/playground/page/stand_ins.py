"""Stand-ins for what the page plays on, and an app that shows every kind of block and opens a modal."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from playground.page.faults import FaultBoard
from playground.page.stage import Stage
from playground.slack.server import SimulatedSlack

HOSTILE = "<img src=x onerror=alert(1)> & \"'</script><script>alert(2)</script>"


class FakePlatform:
    """A platform that remembers what is broken, in order."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.healed = 0

    async def switch_on(self, name: str) -> None:
        """Break something."""
        self.broken.append(name)

    async def heal(self) -> None:
        """Mend everything."""
        self.healed += 1
        self.broken.clear()


class FakeBot:
    """A bot's process that remembers how it was ended."""

    def __init__(self) -> None:
        self.pid: int | None = 4711
        self.starts = 1
        self.ended = ""
        self.done_to_it: list[str] = []

    def kill(self) -> None:
        """Remember it."""
        self.done_to_it.append("kill")

    def restart(self) -> None:
        """Remember it."""
        self.done_to_it.append("restart")


def stage_of(slack: SimulatedSlack) -> tuple[Stage, FakePlatform, FakeBot]:
    """A stage with a real local Slack and stand-ins for the rest."""
    platform, bot = FakePlatform(), FakeBot()
    return Stage(slack, FaultBoard(platform), bot), platform, bot


def plain(words: str) -> dict[str, Any]:
    """A plain text object."""
    return {"type": "plain_text", "text": words}


def mrkdwn(words: str) -> dict[str, Any]:
    """A text object in markup."""
    return {"type": "mrkdwn", "text": words}


QUESTION = {
    "title": plain("Restart the backend?"),
    "text": mrkdwn("*All* requests under way are cut off."),
    "confirm": plain("Restart it"),
    "deny": plain("Leave it"),
    "style": "danger",
}
EVERY_BLOCK: list[dict[str, Any]] = [
    {"type": "header", "text": plain("Keycloak :red_circle:")},
    {
        "type": "section",
        "text": mrkdwn(
            "*bold* _italic_ ~gone~ `code` <@U0ONCALL0> <#C0ENGINE0> <https://volaticloud.example|the runbook>"
        ),
        "fields": [mrkdwn("*Asked by*\n<@U0ONCALL0>"), mrkdwn("*Where*\nplayground")],
        "accessory": {
            "type": "overflow",
            "action_id": "more",
            "options": [
                {"text": plain("Silence"), "value": "silence"},
                {"text": plain("Escalate"), "value": "escalate"},
            ],
        },
    },
    {"type": "divider"},
    {"type": "markdown", "text": "## Steps\n- **one**\n- two\n\n```\nkubectl get pods\n```"},
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE, "style": {"italic": True}}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a\n  b"}]},
        ],
    },
    {
        "type": "table",
        "rows": [
            [{"type": "raw_text", "text": "Pod"}, {"type": "raw_text", "text": "State"}],
            [{"type": "raw_text", "text": "backend-7d9"}, {"type": "raw_text", "text": "CrashLoopBackOff"}],
        ],
    },
    {"type": "image", "image_url": "https://volaticloud.example/graph.png", "alt_text": "a graph of latency"},
    {
        "type": "actions",
        "block_id": "acts",
        "elements": [
            {
                "type": "button",
                "action_id": "restart",
                "text": plain("Restart"),
                "style": "danger",
                "confirm": QUESTION,
            },
            {"type": "button", "action_id": "form", "text": plain("Explain a token"), "style": "primary"},
            {
                "type": "static_select",
                "action_id": "level",
                "placeholder": plain("Log level"),
                "options": [{"text": plain("debug"), "value": "debug"}, {"text": plain("info"), "value": "info"}],
            },
        ],
    },
    {"type": "context", "elements": [mrkdwn("Took 12 ms. `volati replay 3f9c2a71b0de`")]},
]


def field(block_id: str, label: str, element: dict[str, Any], **more: object) -> dict[str, Any]:
    """An input block."""
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "token",
    "title": plain("Explain a token"),
    "submit": plain("Explain"),
    "blocks": [
        {"type": "section", "text": mrkdwn("The token is read once, judged, and *not* kept.")},
        field(
            "jwt",
            "Token (JWT)",
            {"type": "plain_text_input", "action_id": "jwt", "multiline": True, "placeholder": plain("eyJ…")},
            hint=plain("Only the claims are shown, never the signature."),
        ),
        field(
            "environment",
            "Environment",
            {
                "type": "static_select",
                "action_id": "environment",
                "options": [{"text": plain("production"), "value": "production"}],
            },
        ),
        field("file", "Or a file", {"type": "file_input", "action_id": "file", "max_files": 1}, optional=True),
    ],
}


def showing(app: AsyncApp) -> None:
    """Teach the app to show every block on a command, and a modal whose first sending is refused."""

    @app.command("/volati")
    async def show(ack: Any, body: Any, client: Any) -> None:
        await ack("On it.")
        root = await client.chat_postMessage(channel=body["channel_id"], text="every block", blocks=EVERY_BLOCK)
        await client.chat_postMessage(channel=body["channel_id"], text=HOSTILE, thread_ts=root["ts"])

    @app.action("form")
    async def form(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.action("restart")
    async def restart(ack: Any, body: Any, client: Any) -> None:
        await ack()
        place = body["container"]
        await client.chat_update(channel=place["channel_id"], ts=place["message_ts"], text="Restarted.", blocks=[])

    @app.view("token")
    async def sent(ack: Any, view: Any) -> None:
        held = view["state"]["values"]["jwt"]["jwt"]["value"]
        wrong = {"jwt": "This is no JWT: it has no two dots."}
        await (ack() if held.count(".") == 2 else ack(response_action="errors", errors=wrong))

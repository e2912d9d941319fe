"""How Slack says no: one exception that carries Slack's error code and what it adds to it."""

from collections.abc import Sequence

from playground.slack.grammar import Fault
from playground.slack.shapes import Json


class SlackRefusal(Exception):  # noqa: N818  it is Slack's answer to a caller, not an error of this program
    """A Web API call that Slack answers with `ok: false`; `code` is Slack's word for it."""

    def __init__(self, code: str, *, retry_after: int | None = None, **extra: object) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.extra = extra

    def body(self) -> Json:
        """The JSON body as Slack sends it."""
        return {"ok": False, "error": self.code, **self.extra}


def invalid_blocks(faults: Sequence[Fault]) -> SlackRefusal:
    """The refusal of blocks in a message: each fault twice, plain and marked as an error, as Slack does."""
    texts = [str(fault) for fault in faults]
    marked = {"messages": [f"[ERROR] {text}" for text in texts]}
    return SlackRefusal("invalid_blocks", errors=texts, response_metadata=marked)


def invalid_arguments(faults: Sequence[Fault]) -> SlackRefusal:
    """The refusal of a view or an argument: the faults stand only in the metadata."""
    marked = {"messages": [f"[ERROR] {fault}" for fault in faults]}
    return SlackRefusal("invalid_arguments", response_metadata=marked)

"""The figures of the simulated Slack: calls, refused calls, acknowledgements, sockets. It reads each entry once."""

from collections import deque
from typing import Any

from playground.slack.ledger import Entry
from playground.slack.server import SimulatedSlack

_NOT_CALLS = frozenset({"ack", "upload"})  # entries of the books that are no call of the Web API
_LAST_REFUSALS = 3  # shown with their reason; the figure beside them counts them all


class Tally:
    """What the books of one Slack add up to."""

    def __init__(self, slack: SimulatedSlack) -> None:
        self._slack = slack
        self._entries_read = 0
        self._attempts_read = 0
        self._calls = 0
        self._refused = 0
        self._unanswered = 0
        self._command_ms: float | None = None
        self._refusals: deque[dict[str, str]] = deque(maxlen=_LAST_REFUSALS)

    def figures(self) -> dict[str, Any]:
        """The figures now. Times are in milliseconds; `command_ms` is the last command's, None before the first."""
        self._read()
        return {
            "calls": self._calls,
            "refused": self._refused,
            "refusals": list(self._refusals),
            "unanswered": self._unanswered,
            "command_ms": self._command_ms,
            "sockets": len(self._slack.sockets.links),
        }

    def _read(self) -> None:
        entries, attempts = self._slack.ledger.entries, self._slack.courier.attempts
        for entry in entries[self._entries_read :]:
            self._count(entry)
        for attempt in attempts[self._attempts_read :]:
            self._unanswered += not attempt.receipt.acknowledged
            if attempt.kind == "slash_commands" and attempt.receipt.acknowledged:
                self._command_ms = round(attempt.receipt.latency_ms, 1)
        self._entries_read, self._attempts_read = len(entries), len(attempts)

    def _count(self, entry: Entry) -> None:
        self._calls += entry.method not in _NOT_CALLS
        if entry.error:
            self._refused += 1
            self._refusals.append({"method": entry.method, "error": entry.error})

"""The books: every call the app made and every answer it got, so that tests can count instead of guess."""

from collections import Counter
from dataclasses import dataclass, field

from playground.slack.shapes import Json


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the app sent: a Web API method, `response_url`, `ack` or `upload`; `error` is Slack's code, if any."""

    method: str
    arguments: Json
    at: float
    error: str | None = None
    detail: Json = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """All entries in order, and what can be read from them."""

    entries: list[Entry] = field(default_factory=list)

    def record(self, entry: Entry) -> None:
        """Write an entry."""
        self.entries.append(entry)

    @property
    def calls(self) -> Counter[str]:
        """How often each method was called, refused or not."""
        return Counter(entry.method for entry in self.entries)

    @property
    def rejected(self) -> list[Entry]:
        """What was refused, with Slack's reason."""
        return [entry for entry in self.entries if entry.error]

    def of(self, method: str) -> list[Entry]:
        """The calls of one method."""
        return [entry for entry in self.entries if entry.method == method]

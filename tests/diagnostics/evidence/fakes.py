"""Fakes of the clients that looking needs: they answer from a table and remember what they were asked."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from diagnostics.evidence.http import NoAnswer, Outgoing, Reply, Stage
from diagnostics.evidence.network import Reached
from diagnostics.evidence.tokens import Key, MalformedTokenError, Signature, TokenFacts
from diagnostics.model import Evidence
from diagnostics.observe import Seen, Source
from tests.diagnostics.areas.cases.token import facts

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
URL = "https://keycloak.example.com"
GONE = NoAnswer(Stage.CONNECT, "Connection refused", timed_out=False, took_ms=1)

Made = Reply | NoAnswer | Callable[[Outgoing], Reply | NoAnswer]


def reply(document: Any = None, status: int = 200) -> Reply:
    """An answer with this JSON, or with an empty body."""
    body = b"" if document is None else json.dumps(document).encode()
    return Reply(status, {"content-type": "application/json"}, body, took_ms=5, received_at=NOW)


def page(text: str, status: int = 200) -> Reply:
    """An answer that is a page."""
    return Reply(status, {"content-type": "text/html"}, text.encode(), took_ms=5, received_at=NOW)


class FakeHttp:
    """Answers by method and path (query left out), and remembers every request."""

    def __init__(self, table: Mapping[str, Made]) -> None:
        self.table = table
        self.sent: list[Outgoing] = []

    async def send(self, request: Outgoing) -> Reply | NoAnswer:
        """The answer of the table; 404 for what is not in it."""
        self.sent.append(request)
        path = request.url.removeprefix(URL).partition("?")[0]
        made = self.table.get(f"{request.method} {path}", reply({"error": "HTTP 404 Not Found"}, 404))
        return made(request) if callable(made) else made

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [f"{one.method} {one.url.removeprefix(URL)}" for one in self.sent]


class FakeNetwork:
    """Reaches everything, unless it is given a failure."""

    def __init__(self, failure: NoAnswer | None = None) -> None:
        self.failure = failure

    async def reach(self, url: str) -> Reached:
        """A connection without TLS."""
        return Reached(url, 443, tls=False, failure=self.failure)


class FakeTokens:
    """Takes "good" and "late" for tokens, and nothing else."""

    def __init__(self, signature: Signature = Signature.VALID) -> None:
        self.outcome = signature
        self.algorithms: tuple[str, ...] = ()

    def read(self, token: str) -> TokenFacts:
        """The claims."""
        if token not in {"good", "late"}:
            raise MalformedTokenError("it is not one of ours")
        return facts(client_roles=("volaticloud-api/uma_protection",))

    def keys(self, document: bytes) -> tuple[Key, ...]:
        """The keys, by the names in the document; none where it is no key set."""
        named = json.loads(document).get("keys", []) if document.startswith(b"{") else []
        return tuple(Key(one["kid"], "RSA", "RS256", "sig") for one in named)

    def signature(self, token: str, document: bytes, algorithms: tuple[str, ...]) -> Signature:
        """The outcome this fake was made with."""
        self.algorithms = algorithms
        return self.outcome


async def looked(*sources: Source[Any]) -> Seen:
    """What these sources see, one after the other in the order given; errors pass."""
    found: dict[type[Evidence], Any] = {}
    for source in sources:
        found[source.kind] = await source.observe(Seen(found))
    return Seen(found)

"""What one HTTP request told us, as values, and the little that looking by HTTP needs of a client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from diagnostics.model import CouldNotLookError, Reason, Value
from diagnostics.redaction import CUT, first_words, first_words_of

#: Characters of a body that is not JSON kept as evidence: enough to recognise whose page it is.
EXCERPT = 200
#: Characters kept of a server's own words on an error. Keycloak's longest has some 120.
WORDS = 1000
#: Characters kept of a content type. Registered names have 127 at most (RFC 6838, 4.2), parameters come behind.
TYPE = 200
#: Characters kept of an address an answer leads to: what browsers and servers take. A longer one is cut to its host.
ADDRESS = 2000
_LONGEST_HOST = 400  # characters: a name in the DNS has 253 at most; with scheme, user and port

SUCCESS, REDIRECT, REFUSED, SERVER_FAILED = 2, 3, 4, 5

#: How a refused certificate is named when the reason is none of those below.
CERTIFICATE_REFUSED = "CERTIFICATE_VERIFY_FAILED"
NAME_MISMATCHES = frozenset({"HOSTNAME_MISMATCH", "IP_ADDRESS_MISMATCH"})
DATES_REFUSED = frozenset({"CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"})
_CERTIFICATE_REFUSED = NAME_MISMATCHES | DATES_REFUSED | {CERTIFICATE_REFUSED}
#: What a system says when it, or a router, knows no way to an address, or may not take it.
_NO_WAY = frozenset(
    {
        *("ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EHOSTDOWN"),
        *("EADDRNOTAVAIL", "EAFNOSUPPORT", "EACCES", "EPERM"),
    }
)
#: What a system says that has no file, port or memory left for a connection.
_NO_MEANS = frozenset({"EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"})
#: What OpenSSL says, in its several versions, of an answer that is none of TLS.
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})


class Stage(StrEnum):
    """Where on the way to an answer a request ended."""

    NAME = "name lookup"
    CONNECT = "connect"
    TLS = "TLS handshake"
    ANSWER = "answer"

    @property
    def before_request(self) -> bool:
        """Whether nothing was sent yet: the fault is of the connection, not of the server behind it."""
        return self is not Stage.ANSWER


class NoAnswer(Value, frozen=True, tag="no answer"):
    """A request that got no answer: where it ended, why in words, whether a deadline ended it, after how many ms.

    `code` is the library's own name of the error, such as ECONNREFUSED or HOSTNAME_MISMATCH, by which it is told from
    others whatever the language of the words; empty where it has none.
    """

    stage: Stage
    detail: str
    timed_out: bool
    took_ms: int
    code: str = ""

    @property
    def no_way(self) -> bool:
        """Whether the network itself said that nothing leads there: neither a refusal by the host nor silence."""
        return self.stage is Stage.CONNECT and self.code in _NO_WAY

    @property
    def ours(self) -> bool:
        """Whether our own machine had no means left to connect, which says nothing of the other side."""
        return self.code in _NO_MEANS

    @property
    def no_tls(self) -> bool:
        """Whether what answered the handshake was no TLS at all."""
        return self.stage is Stage.TLS and self.code in _NO_TLS

    @property
    def certificate_refused(self) -> bool:
        """Whether the handshake ended over the certificate, and not over the connection or the protocol."""
        return self.stage is Stage.TLS and self.code in _CERTIFICATE_REFUSED

    @property
    def name_refused(self) -> bool:
        """Whether it was the name in the certificate that was refused."""
        return self.stage is Stage.TLS and self.code in NAME_MISMATCHES


class Answer(Value, frozen=True, tag="answer"):
    """The part of an HTTP answer that judging needs. `date` is the server's own clock, to the second."""

    status: int
    took_ms: int
    content_type: str = ""
    location: str = ""
    date: datetime | None = None
    received_at: datetime | None = None
    is_json: bool = False
    error: str = ""
    description: str = ""
    excerpt: str = ""

    @property
    def status_class(self) -> int:
        """The hundreds of the status: 2 success, 3 redirect, 4 refused, 5 the server failed (RFC 9110, 15)."""
        return self.status // 100

    @property
    def ok(self) -> bool:
        """Whether it is a JSON answer with a 2xx status."""
        return self.is_json and self.status_class == SUCCESS

    @property
    def refusal(self) -> str:
        """Status and error in words, as in "HTTP 401 invalid_client: Invalid client"."""
        words = f"HTTP {self.status} {self.error}".rstrip()
        return f"{words}: {self.description}" if self.description else words


Exchange = Answer | NoAnswer


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to send. What it carries never appears in its repr.

    `at_most` bounds the bytes of the answer that are read, where that is another bound than the client's own.
    """

    method: str
    url: str
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    bearer: str = field(default="", repr=False)
    at_most: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer as it came. The body is cut by the client at its own limit; its text never leaves unredacted."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    took_ms: int
    received_at: datetime
    waited_ms: int | None = None  # from the request on an open connection to the answer's head
    read_ms: int | None = None  # from there to its end

    def document(self) -> Any:  # noqa: ANN401 JSON can be anything
        """The body as JSON in UTF-8 (RFC 8259), or None when it is not; half a surrogate pair is not."""
        try:
            return msgspec.json.decode(self.body)
        except (ValueError, RecursionError):
            return None

    def answer(self) -> Answer:
        """What judging needs of it."""
        document = self.document()
        errors = document if isinstance(document, dict) else {}
        return Answer(
            status=self.status,
            took_ms=self.took_ms,
            content_type=words_of(self.headers.get("content-type"), TYPE),
            location=_place(self.headers.get("location", "")),
            date=_date(self.headers.get("date", "")),
            received_at=self.received_at,
            is_json=isinstance(document, dict | list),
            error=words_of(errors.get("error")),
            description=words_of(errors.get("error_description") or errors.get("errorMessage")),
            excerpt="" if document is not None else first_words_of(self.body, EXCERPT),
        )


class Http(Protocol):
    """What looking by HTTP needs of a client."""

    async def send(self, request: Outgoing) -> Reply | NoAnswer:
        """Send one request, follow no redirect, and give what came of it. Raises nothing but cancellation."""
        ...


def answered(exchange: Reply | NoAnswer) -> Exchange:
    """The exchange as evidence."""
    return exchange.answer() if isinstance(exchange, Reply) else exchange


def silence(*exchanges: Exchange | None) -> str:
    """Why there was no answer, in the words of the first exchange; empty where one was answered, or none sent."""
    first = next(iter(exchanges), None)
    silent = all(isinstance(one, NoAnswer) for one in exchanges)
    return first.detail if silent and isinstance(first, NoAnswer) else ""


def replied(exchange: Reply | NoAnswer, what: str) -> Reply:
    """The reply of an exchange.

    Raises:
        CouldNotLookError: there was none.
    """
    if isinstance(exchange, Reply):
        return exchange
    reason = Reason.TIMEOUT if exchange.timed_out else Reason.UNREACHABLE
    raise CouldNotLookError(reason, f"{what} gave no answer: {exchange.detail}")


def _date(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None


def words_of(value: object, most: int = WORDS) -> str:
    """A text from an answer, bounded in length; empty when it is none."""
    return first_words(value, most) if isinstance(value, str) else ""


def _place(address: str) -> str:
    """An address, or as much of one that is too long as holds no piece of what it carries: scheme and host."""
    if len(address) <= ADDRESS:
        return address
    scheme, mark, rest = address.partition("://")
    host = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    short = len(scheme) + len(host) <= _LONGEST_HOST
    return f"{scheme}{mark}{host}/ {CUT}" if mark and host and short else CUT

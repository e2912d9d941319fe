"""Says whether a request over HTTP was signed by Slack, just now. Pure: it is given the time.

docs.slack.dev/authentication/verifying-requests-from-slack. The vendor's own verifier raises on a timestamp that is no
number, on a body that is no UTF-8 and on a signature that is not ASCII.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

CLOCK_SECONDS = 300
"""How far Slack's clock and ours may be apart: Slack's own recommendation, so that a recorded request ages soon."""

TIMESTAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"
_SECONDS = re.compile("[0-9]{1,12}")


class Doubt(StrEnum):
    """Why a request is not taken for Slack's."""

    UNSIGNED = "unsigned"
    TIMESTAMP = "timestamp"
    STALE = "stale"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Signed:
    """The two headers of a request; None for one that is missing."""

    timestamp: str | None
    signature: str | None

    def doubt(self, now: float) -> Doubt | None:
        """What speaks against the headers, before the body has been read; `now` in seconds since 1970."""
        if not self.timestamp or not self.signature:
            return Doubt.UNSIGNED
        if not _SECONDS.fullmatch(self.timestamp):
            return Doubt.TIMESTAMP
        return Doubt.STALE if abs(now - int(self.timestamp)) > CLOCK_SECONDS else None

    def covers(self, body: bytes, secret: str) -> bool:
        """Whether the signature is that of this body, byte for byte; compared in constant time."""
        base = b"v0:" + (self.timestamp or "").encode() + b":" + body
        expected = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), (self.signature or "").encode(errors="surrogateescape"))

"""A log as the kubelet sends it, as its newest whole lines.

The kubelet picks the newest lines and then sends so many bytes of them *from the oldest on*: an answer that is cut
lacks just what matters. So fewer lines are asked for until they fit.
"""

from collections.abc import Iterator

from diagnostics.evidence.cluster.client import LogAsked, LogText

_TRIES = 3
_PART = 8


def fewer_and_fewer(lines: int) -> Iterator[int]:
    """How many lines to ask for, first and then again while they do not fit: 200, 25, 3."""
    for _ in range(_TRIES):
        yield max(lines, 1)
        lines //= _PART


def log_query(asked: LogAsked, lines: int) -> dict[str, str | int]:
    """The parameters that ask for a log. One more line than wanted tells whether there are older ones."""
    return {
        "container": asked.container,
        "tailLines": lines + 1,
        "limitBytes": asked.bytes,
        **({"previous": "true"} if asked.previous else {}),
        **({"sinceTime": asked.since.strftime("%Y-%m-%dT%H:%M:%SZ")} if asked.since else {}),
    }


def newest(body: bytes, asked: LogAsked) -> LogText:
    """The newest lines. Of an answer that is cut the last line may be half of one, and is left out."""
    cut_short = len(body) >= asked.bytes
    lines = body.decode(errors="replace").splitlines()
    if cut_short and lines:
        lines.pop()
    return LogText(tuple(lines[-asked.lines :]), cut=cut_short or len(lines) > asked.lines)

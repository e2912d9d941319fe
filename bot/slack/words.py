"""The words and signs that Slack messages share: one sign a verdict, one way to write a duration."""

from datetime import datetime

from diagnostics.areas import area_named
from diagnostics.model import Severity, Verdict

#: The only coloured signs; the word always stands beside them.
SIGNS = {
    Verdict.DOWN: ":red_circle:",
    Verdict.DEGRADED: ":large_orange_circle:",
    Verdict.UNKNOWN: ":white_circle:",
    Verdict.HEALTHY: ":large_green_circle:",
}
#: Each verdict as the end of "Keycloak in production …".
VERDICTS = {
    Verdict.DOWN: "is down",
    Verdict.DEGRADED: "is degraded",
    Verdict.UNKNOWN: "could not be judged",
    Verdict.HEALTHY: "is healthy",
}
SEVERITIES = {Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.NOTE: "note"}

_SECOND = 1000  # ms


def title(area: str) -> str:
    """An area as people call it: "Keycloak" for `keycloak`."""
    found = area_named(area)
    return found.title if found else area


def duration(ms: int) -> str:
    """A time that something took: "12 ms", "3.4 s"."""
    return f"{ms} ms" if ms < _SECOND else f"{ms / _SECOND:.1f} s"


def counted_minutes(minutes: int) -> str:
    """A longer time that something took: "25 min", "2 h 5 min"."""
    hours, rest = divmod(max(0, minutes), 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was: "12 s ago", "5 min ago", "3 h ago", "8 days ago"."""
    seconds = max(0, int((now - then).total_seconds()))
    for unit, word in _UNITS:
        if seconds >= 2 * unit:
            return f"{seconds // unit}{word} ago"
    return f"{seconds} s ago"


_UNITS = ((86_400, " days"), (3_600, " h"), (60, " min"))  # seconds; each from two of it on

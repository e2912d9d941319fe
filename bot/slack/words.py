"""The words and signs that Slack messages share: one sign a verdict, one way to write a duration."""

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

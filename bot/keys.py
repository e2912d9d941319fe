"""Names every key the bot writes to Redis, what it holds, and how long it lives.

Keys begin with `volati:` and the environment; those of the whole bot have `_` in its place.
"""

import re
from dataclasses import dataclass

from bot.errors import StoreNameInvalid

RECENT_RUNS = 1000
"""Most runs kept per environment (besides each area's last): about 50 MB at some 50 kB a run."""

LETTERS = 1000
"""Most letters waiting for Slack: about 15 MB at some 15 kB each, and ten minutes of posting once Slack is back."""

VISITORS_AT_MOST = 20
"""Home tabs kept up to date, the latest: views.publish takes 100 calls a minute (tier 4), and runs come several at
once."""

HOUR = 60 * 60
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Key:
    """One kind of key: its name, what it holds, its lifetime in seconds (None: for ever) and the reason."""

    name: str
    holds: str
    seconds: int | None
    reason: str

    def of(self, **parts: str) -> str:
        """The key for these parts. Raises StoreNameInvalid for a part that cannot be in a key."""
        for what, part in parts.items():
            if not _PART.fullmatch(part):
                raise StoreNameInvalid(
                    f"The {what.replace('_', ' ')} {part[:40]!r} cannot be used: 1 to 128 letters, digits, "
                    "and . _ - + , @ (not at the start)."
                )
        return self.name.format(**parts)


# No colon, which separates the parts of a key, and no "_" at the start, which stands for "the whole bot".
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+,@-]{0,127}")

RUN = Key(
    "volati:{environment}:run:{run_id}",
    "string: one run's document",
    30 * DAY,
    "a month to look back, to compare and to replay; beyond RECENT_RUNS the oldest go earlier",
)
RUN_PLACE = Key(
    "volati:_:run-place:{run_id}",
    "string: the environment of a run, so that a run is found by its id alone",
    RUN.seconds,
    "as long as the run",
)
LAST_RUN = Key(
    "volati:{environment}:last-run:{area}",
    "string: id of the area's last run",
    RUN.seconds,
    "as long as the run",
)
RECENT = Key(
    "volati:{environment}:recent-runs",
    "sorted set: 'area run_id' by the server's time of saving, at most RECENT_RUNS",
    RUN.seconds,
    "as long as the youngest run; members go with their runs",
)
CLAIM = Key(
    "volati:{environment}:claim:{name}",
    "string: who alone may do the named thing now",
    HOUR,
    "the claimant says how long, at most this: a killed claimant must not block others for longer",
)
SEEN = Key(
    "volati:_:seen:{kind}:{digest}",
    "string: mark of the one call that saw this id first",
    HOUR,
    "Slack repeats an unacknowledged event at once, after 1 and after 5 minutes; an hour adds a long outage",
)
UNDER_WAY = Key(
    "volati:_:under-way",
    "hash: run id to UnderWay as JSON, for every environment, so that a start finds all in one look",
    DAY,
    "counted from the last run begun; after a day nobody waits for the word 'interrupted'",
)
OUTBOX = Key(
    "volati:_:outbox",
    "sorted set: 'lane letter' by number, at most LETTERS; a lane is what is sent in order, as a channel is",
    2 * DAY,
    "letters are dropped, with a word in the log, after a day; this only cleans up where no bot runs any more",
)
LETTER = Key(
    "volati:_:letter:{letter}",
    "hash: the letter as document, its revision, who tried to send it (begun), the ts it already has (ts)",
    OUTBOX.seconds,
    "as long as its place in the outbox",
)
LANE = Key(
    "volati:_:lane:{lane}",
    "string: who sends the lane's letters now",
    12,
    "who sends renews it all the while; after a kill -9 another replica goes on when this is over",
)
POSTED = Key(
    "volati:_:posted:{letter}",
    "string: the ts under which a letter was posted; empty when it was dropped",
    OUTBOX.seconds,
    "replies and edits that name the letter find their message by it, and none is older than the outbox",
)
TURNS = Key(
    "volati:_:turns:{name}",
    "hash: turns left at a method of Slack's (left), as of when (since), closed until (closed), by the server's time",
    HOUR,
    "counted from the last turn; after minutes all turns are there again, and Slack closes nothing for an hour",
)
VISITORS = Key(
    "volati:_:visitors",
    "sorted set: who opened the Home tab, as JSON, by the server's time, at most VISITORS_AT_MOST",
    HOUR,
    "so long is a tab kept up to date after it was opened; opening it again begins anew",
)
KEYS = (RUN, RUN_PLACE, LAST_RUN, RECENT, CLAIM, SEEN, UNDER_WAY, OUTBOX, LETTER, LANE, POSTED, TURNS, VISITORS)
"""Every key the bot writes. Each has a lifetime, so a Redis left alone empties itself."""

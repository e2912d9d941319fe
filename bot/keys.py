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

FIGURES_AT_MOST = 40
"""Runs of an area whose figures are kept to compare with: some 15 kB."""

VISITORS_AT_MOST = 20
"""Home tabs kept up to date, the latest: views.publish takes 100 calls a minute (tier 4), and runs come several at
once."""

STORY_AT_MOST = 1000
"""Lines of an incident's story, the newest: some 200 kB, and more than anybody reads."""

HOOKS_AT_MOST = 5000
"""Events of PagerDuty's that may wait: some 5 MB, and minutes of work. What comes then is refused, and comes again."""

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
FIGURES = Key(
    "volati:{environment}:figures:{area}",
    "list: the figures of the area's latest runs as JSON, newest first, at most FIGURES_AT_MOST",
    RUN.seconds,
    "as long as a run: what is compared with is at most a month old",
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
PLAN = Key(
    "volati:_:plan:{plan}",
    "hash: a plan (document), its journal, the journal's revision, the mark of the call that wrote it (mark), who goes "
    "on with it (owner)",
    90 * DAY,
    "counted from its last change; so long the audit can be asked what a plan was",
)
PLANS_DUE = Key(
    "volati:_:plans-due",
    "sorted set: plans that are under way, by when somebody must look at them next, by the server's time",
    PLAN.seconds,
    "as long as the plans; a member goes when its plan is over",
)
ACTED_ON = Key(
    "volati:{environment}:acted-on:{target}",
    "string: the plan that is under way on this target",
    2 * DAY,
    "renewed with every change of the journal, of which the longest wait is some hours; freed when the plan is over",
)
INCIDENT = Key(
    "volati:_:incident:{incident}",
    "hash: an incident (document), how it stands (state), its revision, the mark of the call that wrote it (mark), the "
    "sequence that its card shows (seen), its thread (ts), who has it in hand in each lane (climb, page, tell), what "
    "PagerDuty did not take yet (tried), what it last said of each page (look …) and told by itself (told …)",
    90 * DAY,
    "counted from its last change; so long one may ask what an incident was",
)
INCIDENT_EFFECTS = Key(
    "volati:_:incident-effects:{incident}",
    "hash: what is still to be done for an incident, as JSON by the effect's id",
    INCIDENT.seconds,
    "as long as the incident; each goes when it is done",
)
INCIDENT_STORY = Key(
    "volati:_:incident-story:{incident}",
    "list: what happened to an incident, as JSON, at most STORY_AT_MOST",
    INCIDENT.seconds,
    "as long as the incident",
)
INCIDENT_LANE = Key(
    "volati:_:incident-lane:{lane}",
    "sorted set: incidents for which something is to be done in this lane (climb, page, tell), by the server's time",
    INCIDENT.seconds,
    "as long as the incidents; a member goes when there is nothing left for it",
)
INCIDENTS_OPEN = Key(
    "volati:_:incidents-open",
    "sorted set: incidents that go on, by when they opened, by the server's time",
    INCIDENT.seconds,
    "as long as the incidents; a member goes when its incident is resolved",
)
INCIDENT_OF = Key(
    "volati:_:incident-of:{fingerprint}",
    "string: the incident that stands for this fault, open or over",
    INCIDENT.seconds,
    "as long as the incident: a fault that comes back soon reopens it",
)
INCIDENT_AT = Key(
    "volati:_:incident-at:{channel}:{ts}",
    "string: the newest incident in this thread",
    INCIDENT.seconds,
    "as long as the incident: people answer in its thread",
)
INCIDENT_CLOCK = Key(
    "volati:_:incident-clock",
    "string: by how many seconds the server's clock was stepped in all, as far as a bot saw it happen",
    INCIDENT.seconds,
    "as long as any due time that was moved along",
)
HOOKS = Key(
    "volati:_:hooks",
    "list: events of PagerDuty's that wait to be worked on, as JSON, in their order, at most HOOKS_AT_MOST",
    3 * DAY,
    "counted from the last one; PagerDuty itself gives up after two days",
)
HOOK_SEEN = Key(
    "volati:_:hook-seen:{digest}",
    "string: mark of the one call that kept this event of PagerDuty's first",
    3 * DAY,
    "PagerDuty repeats an event for two days (webhooks v3, behaviour); a day more for clocks",
)
PAGER_INCIDENT = Key(
    "volati:_:pager-incident:{digest}",
    "string: our incident, by the id of one that PagerDuty made of its page",
    INCIDENT.seconds,
    "as long as the incident: notes name no key, only PagerDuty's own id",
)
AUDIT = Key(
    "volati:_:audit",
    "list: the audit's entries as JSON, each with the hash of the one before",
    None,
    "append-only, and never forgotten: some 500 bytes an entry, 20 MB for a hundred a day over a year",
)
KEYS = (
    RUN,
    RUN_PLACE,
    LAST_RUN,
    FIGURES,
    RECENT,
    CLAIM,
    SEEN,
    UNDER_WAY,
    OUTBOX,
    LETTER,
    LANE,
    POSTED,
    TURNS,
    VISITORS,
    PLAN,
    PLANS_DUE,
    ACTED_ON,
    INCIDENT,
    INCIDENT_EFFECTS,
    INCIDENT_STORY,
    INCIDENT_LANE,
    INCIDENTS_OPEN,
    INCIDENT_OF,
    INCIDENT_AT,
    INCIDENT_CLOCK,
    HOOKS,
    HOOK_SEEN,
    PAGER_INCIDENT,
    AUDIT,
)
"""Every key the bot writes. Each but the audit has a lifetime, so a Redis left alone empties itself of the rest."""

"""Incidents as they are kept, with their stories and what was tried, for the tests of what is told of them."""

from datetime import timedelta

from bot.audit.entry import Deed, Entry
from bot.incidents import events as e
from bot.incidents.attempts import attempts
from bot.incidents.effects import AnyEffect
from bot.incidents.incident import Incident
from bot.incidents.kept import About, Happened, Kept, Shown
from bot.incidents.path import IncidentSeverity
from bot.incidents.sheet import Sheet
from tests.bot.incidents.things import ALICE, BOB, PATH, START, after, stepped

TITLE = "Keycloak knows client volaticloud-api and rejects its secret"
ABOUT = About(
    environment="production",
    title=TITLE,
    fingerprints=("f1",),
    since=START - timedelta(minutes=7),
    area="keycloak",
    run="3f9c2a71b0de",
)
SHOWN = Shown(channel="C0ENGINE0", card="Lcard")


def lived_through(*events: e.Event, id: str = "a1b2c3d4", about: About = ABOUT) -> Kept:
    """An incident that these things happened to."""
    return tale(*events, id=id, about=about).kept


def tale(*events: e.Event, id: str = "a1b2c3d4", about: About = ABOUT, tried: tuple[Entry, ...] = ()) -> Sheet:
    """The same with its story, and what was tried."""
    incident, effects = Incident(id=id), tuple[AnyEffect, ...]()
    for event in events:
        step = stepped(incident, event, PATH)
        incident, effects = step.to, step.effects
    kept = Kept(id, about, SHOWN, incident, effects, revision=len(events))
    story = tuple(Happened(_who(event), event) for event in events)  # type: ignore[arg-type] # all are of the union
    return Sheet(kept, attempts(tried), story)


def _who(event: e.Event) -> str:
    by = getattr(event, "by", None)
    return by.slack or by.name if isinstance(by, e.Person) else "volati"


def deed(deed: Deed, minutes: float, who: str = "U0ONCALL0", plan: str = "0f1e2d3c4b5a6978", detail: str = "") -> Entry:
    """An entry of the audit about a plan."""
    target = "deployment volaticloud/volaticloud-backend"
    return Entry(after(minutes), who, deed, "restart", "production", target, plan, "C0ENGINE0", detail)


OPENED = e.Opened(at=START, severity=IncidentSeverity.P1, by=ALICE)
CLIMBED = (e.TimeUp(at=after(10), level=2), e.PageTaken(at=after(10.1), key="volati.a1b2c3d4.3", reference="#7"))
TO_INFRASTRUCTURE = e.EscalatedNow(at=after(12), by=BOB, reason="the database is <down>, too", level=4)
RESTARTED = (
    deed(Deed.PROPOSED, 3, detail="Replace 2 pods of deployment volaticloud/volaticloud-backend. (risk low)"),
    deed(Deed.CONFIRMED, 4),
    deed(Deed.BEGUN, 4.1, who="volati", detail="Restart"),
    deed(Deed.DONE, 5, who="volati"),
    deed(Deed.ENDED, 6, who="volati", detail="Looked at again: the area keycloak is still down."),
)
WAITING = (deed(Deed.PROPOSED, 9, plan="aaaabbbbccccdddd", detail="Go back to revision 4. (risk medium)"),)

"""What an incident is about: from a diagnosis, or from a person's words. Pure; it opens nothing."""

import hashlib
from datetime import datetime

from bot.incidents.kept import About
from bot.incidents.path import IncidentSeverity
from diagnostics.model import Diagnosis, Severity, Symptom, Verdict

#: What users of the platform work with: when that is down, it is down for them.
_FOR_USERS = ("server", "graphql")
_FINGERPRINTS_AT_MOST = 50
"""Symptoms of one cause that its incident stands for: a storm has some dozens, and each is a key in the store."""


def about_diagnosis(diagnosis: Diagnosis, run: str) -> About | None:
    """What an incident from a diagnosis is about: its first cause; None where it has none.

    A later diagnosis that sees only a symptom of this cause is about the same incident, and so is one that finds the
    cause of what was a fault by itself before.
    """
    if not diagnosis.causes:
        return None
    cause = diagnosis.causes[0]
    symptoms = (cause.itself, *(one for one in cause.symptoms if one != cause.itself))
    return About(
        environment=diagnosis.environment,
        title=cause.title,
        fingerprints=tuple(fingerprint(diagnosis.environment, one) for one in symptoms[:_FINGERPRINTS_AT_MOST]),
        since=diagnosis.started_at,
        area=diagnosis.area,
        run=run,
    )


def about_words(environment: str, words: str, at: datetime) -> About:
    """What an incident is about that a person opens: the same words are the same incident."""
    told = " ".join(words.split())
    digest = _digest(environment, "words", told.casefold())
    return About(environment=environment, title=told, fingerprints=(digest,), since=at)


def severity_of(diagnosis: Diagnosis) -> IncidentSeverity:
    """How bad a diagnosis is: P0 when what users work with is down, P1 for another area, P2 for what is degraded."""
    if diagnosis.verdict is Verdict.DOWN:
        down = {one.id.partition(".")[0] for one in diagnosis.findings if one.severity is Severity.CRITICAL}
        return IncidentSeverity.P0 if down & set(_FOR_USERS) else IncidentSeverity.P1
    return IncidentSeverity.P2 if diagnosis.verdict is Verdict.DEGRADED else IncidentSeverity.P3


def fingerprint(environment: str, symptom: Symptom) -> str:
    """What tells a fault from others: the check and its subject, in an environment."""
    return _digest(environment, symptom.id, symptom.subject.kind, symptom.subject.name)


def _digest(*parts: str) -> str:
    """32 hex digits: names hold what no key may hold."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

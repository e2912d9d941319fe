"""Looking at the platform's HTTP surface: the kinds of evidence, and how each is looked at."""

from diagnostics.evidence.surface.kinds import GraphqlAnswers, GraphqlSchema, HealthPages, SurfaceReach
from diagnostics.evidence.surface.times import ResponseTimes
from diagnostics.model import Evidence

KINDS: tuple[type[Evidence], ...] = (SurfaceReach, HealthPages, GraphqlAnswers, GraphqlSchema, ResponseTimes)

"""Saved runs: the evidence, the frame it was judged in, and the answer, as JSON that can be judged again."""

import msgspec

from diagnostics.areas import area_named
from diagnostics.context import Context
from diagnostics.evidence import KINDS
from diagnostics.judge import Span, figures, judge, marks
from diagnostics.model import Diagnosis, Evidence, Fact, Figure, Past, Unobserved, Value
from diagnostics.observe import Seen

#: Raised by one whenever an older saved run can no longer be read.
FORMAT = 2


class RunUnreadableError(Exception):
    """A saved run is not JSON, not a run, or of another format; the message says which."""


#: JSON for nothing: what stands where there is no evidence.
_NOTHING = msgspec.Raw(b"null")


class Saved(Value, frozen=True):
    """One piece of evidence as it is saved: as evidence of its kind, in JSON, or as the reason there is none.

    It stays JSON until it is judged again: a big cluster would take four times its memory as dictionaries.
    """

    evidence: msgspec.Raw = _NOTHING
    unobserved: Unobserved | None = None


class Run(Value, frozen=True):
    """One examination, whole. Equal runs have equal JSON. `marks` and `figures` are what later ones compare with."""

    format: int
    id: str
    deep: bool
    context: Context
    evidence: dict[str, Saved]
    diagnosis: Diagnosis
    marks: tuple[Fact, ...] = ()
    figures: tuple[Figure, ...] = ()

    @classmethod
    def of(cls, id: str, deep: bool, context: Context, seen: Seen, diagnosis: Diagnosis) -> "Run":  # noqa: FBT001 a field of a value
        """A run of what was seen and judged."""
        evidence = {kind.KIND: _saved(found) for kind, found in seen.items()}
        return cls(FORMAT, id, deep, context, evidence, diagnosis, marks(seen), figures(seen))

    @classmethod
    def decode(cls, document: bytes) -> "Run":
        """The run of its JSON.

        Raises:
            RunUnreadableError: the document is not a run this version can read.
        """
        try:
            run = msgspec.json.decode(document, type=cls)
        except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, not a run, or nested without end
            raise RunUnreadableError(f"This is not a saved run of format {FORMAT}: {error}.") from error
        if run.format != FORMAT:
            raise RunUnreadableError(f"This run has format {run.format}; this version reads format {FORMAT}.")
        return run

    def past(self) -> Past | None:
        """Its figures, for the runs to come; None where it has none."""
        return Past(self.diagnosis.started_at, self.figures) if self.figures else None

    def encode(self) -> bytes:
        """The run as JSON, in UTF-8."""
        return msgspec.json.encode(self)

    def seen(self) -> Seen:
        """What was seen, as it was judged.

        Raises:
            RunUnreadableError: a piece of evidence is of a kind or shape this version does not know.
        """
        foreign = [kind for kind in self.evidence if kind not in KINDS]
        if foreign:
            raise RunUnreadableError(f"Its evidence {foreign[0][:40]!r} is of a kind this version does not know.")
        try:
            return Seen({KINDS[kind]: _restored(KINDS[kind], saved) for kind, saved in self.evidence.items()})
        except (msgspec.DecodeError, RecursionError) as error:
            raise RunUnreadableError(f"Its evidence cannot be read by this version: {error}.") from error

    def replayed(self) -> Diagnosis:
        """The diagnosis judged again from the saved evidence.

        Raises:
            RunUnreadableError: the evidence or the area is not known to this version.
        """
        area = area_named(self.diagnosis.area)
        if area is None:
            raise RunUnreadableError(f"Its area {self.diagnosis.area[:40]!r} is not known to this version.")
        span = Span(self.diagnosis.started_at, self.diagnosis.duration_ms)
        return judge(area, self.diagnosis.environment, self.seen(), self.context, span)


class _Marked(msgspec.Struct):
    """The part of a saved run that the next one compares with. All else is passed over without being built."""

    format: int
    marks: tuple[Fact, ...] = ()


def marks_of(document: bytes) -> tuple[Fact, ...]:
    """What a saved run says should stay the same until the next.

    Raises:
        RunUnreadableError: as `Run.decode`.
    """
    try:
        saved = msgspec.json.decode(document, type=_Marked)
    except (ValueError, RecursionError) as error:
        raise RunUnreadableError(f"This is not a saved run of format {FORMAT}: {error}.") from error
    if saved.format != FORMAT:
        raise RunUnreadableError(f"This run has format {saved.format}; this version reads format {FORMAT}.")
    return saved.marks


def _saved(found: Evidence | Unobserved) -> Saved:
    if isinstance(found, Unobserved):
        return Saved(unobserved=found)
    return Saved(evidence=msgspec.Raw(msgspec.json.encode(found)))


def _restored(kind: type[Evidence], saved: Saved) -> Evidence | Unobserved:
    if saved.unobserved is not None:
        return saved.unobserved
    return msgspec.json.decode(saved.evidence, type=kind)

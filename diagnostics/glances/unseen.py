"""What a glance could not see, and why: whole kinds of things, and the parts of a kind that are gaps."""

from collections.abc import Iterable, Iterator

import msgspec

from diagnostics.evidence.cluster.kinds import ClusterSecrets
from diagnostics.model import Evidence, Unobserved
from diagnostics.observe import Seen

#: What follows when secrets could not be read: their values are not known, so they cannot be looked for.
_BY_FORM = "So what is in them is masked by its form and its surroundings alone"


def unseen(seen: Seen, kinds: Iterable[type[Evidence]]) -> tuple[Unobserved, ...]:
    """Everything of these kinds that was looked for and not seen."""
    return tuple(lack for kind in kinds for lack in _of(seen, kind))


def _of(seen: Seen, kind: type[Evidence]) -> Iterator[Unobserved]:
    found = seen.get(kind)
    if isinstance(found, Unobserved):
        yield _telling(kind, found)
    else:
        yield from (_telling(kind, lack) for lack in found.lacks())


def _telling(kind: type[Evidence], lack: Unobserved) -> Unobserved:
    if kind is not ClusterSecrets:
        return lack
    return msgspec.structs.replace(lack, detail=f"{lack.detail.rstrip('. ')}. {_BY_FORM}.")

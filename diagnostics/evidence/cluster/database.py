"""The way to the database beside the workloads that use it: joined, since each judges the other."""

from typing import ClassVar, Self

from diagnostics.evidence.cluster.kinds import DatabaseReach
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.model import Evidence
from diagnostics.observe import Seen, View


class DatabaseWay(View, frozen=True):
    """How far a connection to the database gets, and the workloads, where they were seen."""

    KIND: ClassVar[str] = "cluster.database-way"
    WHAT: ClassVar[str] = DatabaseReach.WHAT
    SETTING: ClassVar[str] = DatabaseReach.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (DatabaseReach,)

    reach: DatabaseReach
    workloads: tuple[WorkloadState, ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen; the workloads are used where they are there."""
        states = seen.given(WorkloadStates)
        return cls(seen[DatabaseReach], states.states if states else ())

    def serves(self, name: Name) -> bool:
        """Whether a workload of this name is known to serve."""
        return any(state.workload.name == name and state.serves for state in self.workloads)

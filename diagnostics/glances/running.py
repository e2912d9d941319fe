"""What runs: workloads with their pods, and every pod of which no workload was seen. Pure.

A pod has no workload when it was made by hand, by something we do not know, or when the workloads could not be listed.
"""

from diagnostics.evidence.cluster.kinds import ClusterPods
from diagnostics.evidence.cluster.pods import Pod
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.model import Unobserved, Value
from diagnostics.observe import Seen


class Running(Value, frozen=True):
    """Workloads, and the pods that belong to none of them."""

    states: tuple[WorkloadState, ...] = ()
    loose: tuple[Pod, ...] = ()


def running(seen: Seen) -> Running | Unobserved:
    """What runs. Where the workloads could not be seen, the pods still are; without the pods nothing is said."""
    pods, joined = seen.get(ClusterPods), seen.given(WorkloadStates)
    if isinstance(pods, Unobserved):
        return pods
    states = joined.states if joined else ()
    owned = {pod.name for state in states for pod in state.pods}
    return Running(states, tuple(pod for pod in pods.pods if pod.name not in owned))

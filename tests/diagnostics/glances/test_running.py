"""Tests of what runs: no pod is lost, whoever made it and whatever could not be seen."""

from diagnostics.evidence.cluster.kinds import ClusterPods, ClusterWorkloads
from diagnostics.evidence.cluster.pods import Owner
from diagnostics.glances.running import Running, running
from diagnostics.model import Reason, Unobserved
from diagnostics.observe import Seen
from tests.diagnostics.evidence.cluster.things import pod, revision, workload

MINE, BY_HAND, FOREIGN = pod(), pod("by-hand", owner=None), pod("foreign", owner=Owner("Rollout", "x"))
PODS = ClusterPods((), (MINE, BY_HAND, FOREIGN))


def test_no_pod_is_lost() -> None:
    """Finds the pods of workloads, those made by hand, and those made by a kind of thing that is not looked at."""
    found = running(Seen({ClusterPods: PODS, ClusterWorkloads: ClusterWorkloads((), (workload(),), (revision(),))}))
    assert isinstance(found, Running)
    assert [state.pods for state in found.states] == [(MINE,)]
    assert found.loose == (BY_HAND, FOREIGN)


def test_workloads_that_were_not_seen() -> None:
    """Still has every pod where no workload was seen, or some could not be."""
    lack = Unobserved(ClusterWorkloads.WHAT, Reason.FORBIDDEN, "It may not.")
    blind = running(Seen({ClusterPods: PODS, ClusterWorkloads: lack}))
    assert blind == Running((), PODS.pods) == running(Seen({ClusterPods: PODS, ClusterWorkloads: ClusterWorkloads()}))


def test_pods_that_were_not_seen() -> None:
    """Says nothing without the pods."""
    lack = Unobserved(ClusterPods.WHAT, Reason.TIMEOUT, "No answer.")
    assert running(Seen({ClusterPods: lack, ClusterWorkloads: ClusterWorkloads()})) == lack

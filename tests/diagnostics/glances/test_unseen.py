"""Tests of what a glance could not see: whole kinds, and gaps in one."""

from diagnostics.evidence.cluster.kinds import ClusterEvents, ClusterPods, ClusterSecrets, Gap
from diagnostics.glances.unseen import unseen
from diagnostics.model import Reason, Unobserved
from diagnostics.observe import Seen

FORBIDDEN = Gap("pods in namespace keycloak", Reason.FORBIDDEN, "It may not list pods.", "keycloak")


def test_gaps_and_kinds() -> None:
    """Names each kind that was not seen and each gap of one that was, with its reason."""
    silent = Unobserved(ClusterEvents.WHAT, Reason.TIMEOUT, "No answer.")
    seen = Seen({ClusterPods: ClusterPods((FORBIDDEN,)), ClusterEvents: silent})
    gap = Unobserved("pods in namespace keycloak", Reason.FORBIDDEN, "It may not list pods.")
    assert unseen(seen, (ClusterPods, ClusterEvents)) == (gap, silent)


def test_what_was_seen() -> None:
    """Says nothing of what was seen whole."""
    assert unseen(Seen({ClusterPods: ClusterPods()}), (ClusterPods,)) == ()


def test_secrets_that_could_not_be_read() -> None:
    """Says what follows when a secret could not be read: its value is not known, so it cannot be looked for."""
    gap = Gap("secret volaticloud/db", Reason.FORBIDDEN, "It may not get secrets/db.", "volaticloud")
    (lack,) = unseen(Seen({ClusterSecrets: ClusterSecrets((gap,))}), (ClusterSecrets,))
    assert lack.detail == (
        "It may not get secrets/db. So what is in them is masked by its form and its surroundings alone."
    )

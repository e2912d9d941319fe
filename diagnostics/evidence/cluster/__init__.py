"""Looking at a Kubernetes cluster: its kinds of evidence, and the sources that gather them."""

from diagnostics.evidence.cluster.kinds import KINDS

__all__ = ["KINDS"]

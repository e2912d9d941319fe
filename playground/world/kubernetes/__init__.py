"""A Kubernetes cluster that the playground pretends: its API server, and the life behind it; no container runs."""

"""A Docker Engine that the playground pretends: what `docker inspect` and `docker logs` ask for, no containers."""

"""A Keycloak 26 that the playground pretends: real tokens, real refusals, no Java."""

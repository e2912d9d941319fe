"""The simulated backend's HTTP surface: a health endpoint and a GraphQL endpoint, on a database and Keycloak."""

"""The sections of VolatiCloud's troubleshooting runbook, under their own headings."""

from enum import StrEnum


class Section(StrEnum):
    """A heading of the runbook. Checks, advice and acts point at one of these."""

    QUICK = "Quick Diagnostic Commands"
    SERVER = "Server Won't Start"
    SERVER_DATABASE = "Server Won't Start: Database Connection Failure"
    SERVER_KEYCLOAK = "Server Won't Start: Keycloak Configuration Missing"
    SERVER_MIGRATION = "Server Won't Start: Migration Failure"
    GRAPHQL = "GraphQL Errors"
    GRAPHQL_SCHEMA = "GraphQL Errors: Schema Out of Sync"
    GRAPHQL_AUTHORIZATION = "GraphQL Errors: Authorization Failures"
    GRAPHQL_VALIDATION = "GraphQL Errors: Validation Errors"
    DATABASE = "Database Issues"
    DATABASE_POOL = "Database Issues: Connection Pool Exhausted"
    DATABASE_SLOW = "Database Issues: Slow Queries"
    DATABASE_DEADLOCK = "Database Issues: Migration Deadlock"
    DOCKER = "Docker Issues"
    DOCKER_VOLUME = "Docker Issues: Volume Mount Issues"
    DOCKER_IMAGE = "Docker Issues: Image Pull Failures"
    DOCKER_START = "Docker Issues: Container Won't Start"
    PERFORMANCE = "Performance Issues"
    PERFORMANCE_USAGE = "Performance Issues: High CPU/Memory Usage"
    PERFORMANCE_DATABASE = "Performance Issues: Database Query Performance"
    PERFORMANCE_QUERIES = "Performance Issues: Excessive GraphQL Queries (N+1 Problem)"
    KEYCLOAK = "Keycloak Integration Issues"
    KEYCLOAK_REGISTRATION = "Keycloak Integration Issues: UMA Resource Registration Failures"
    KEYCLOAK_PERMISSION = "Keycloak Integration Issues: Permission Token Failures"
    TESTS = "Test Failures"
    TESTS_DATABASE = "Test Failures: Database State Issues"
    TESTS_MOCKS = "Test Failures: Mock Configuration Issues"
    TESTS_FIXTURES = "Test Failures: Fixture Data Issues"
    NETWORK = "Network Issues"
    NETWORK_SERVICE = "Network Issues: Service Not Exposing Pods"
    NETWORK_INGRESS = "Network Issues: Ingress Issues"
    RESTART = "Emergency Procedures: Complete System Restart"
    TOOLS = "Diagnostic Tools"
    ESCALATION = "Escalation Path"

    @property
    def anchor(self) -> str:
        """The heading's own anchor on a rendered page, as GitHub makes it: `1-uma-resource-registration-failures`."""
        heading = f"{self._number}{self.value.rpartition(': ')[2]}".lower()
        kept = "".join(letter for letter in heading if letter.isalnum() or letter in " -_")
        return kept.replace(" ", "-")

    @property
    def _number(self) -> str:
        """The number the runbook puts before each cause of a section, as in "1. "; empty elsewhere."""
        parent, colon, _ = self.value.rpartition(": ")
        if not colon or parent == "Emergency Procedures":
            return ""
        causes = [section for section in Section if section.value.startswith(f"{parent}: ")]
        return f"{causes.index(self) + 1}. "

"""What covers the steps of the runbook's section GraphQL Errors: a table."""

from bot.coverage.model import Step, acts, advice, checks, commands, known, left_out
from diagnostics.runbook import Section

STEPS: tuple[Step, ...] = (
    Step(Section.GRAPHQL, "Symptom: queries return errors", checks("graphql.query-fails", "graphql.server-error")),
    Step(
        Section.GRAPHQL,
        "Ask the endpoint for its types by introspection",
        checks(
            "graphql.not-answering",
            "graphql.gateway-error",
            "graphql.endpoint-missing",
            "graphql.path-differs",
            "graphql.introspection-broken",
            "graphql.introspection-off",
        ),
    ),
    Step(Section.GRAPHQL, "Generate the schema and look for changes not committed", advice("graphql.schema-differs")),
    Step(
        Section.GRAPHQL_SCHEMA,
        "Message: a field cannot be queried on a type",
        (*known("graphql.unknown-field"), *checks("graphql.log-unknown-fields", "graphql.schema-differs")),
    ),
    Step(
        Section.GRAPHQL_SCHEMA,
        "Generate the schema anew",
        advice("graphql.schema-differs", "graphql.log-unknown-fields"),
    ),
    Step(
        Section.GRAPHQL_SCHEMA,
        "Build and restart a server on one's own machine",
        (*advice("graphql.schema-differs"), *left_out("processes on a developer's machine are not the platform's")),
    ),
    Step(Section.GRAPHQL_SCHEMA, "Build and push an image with the new schema", advice("graphql.schema-differs")),
    Step(
        Section.GRAPHQL_SCHEMA,
        "Roll the backend out again",
        (*acts("restart"), *advice("graphql.schema-differs")),
    ),
    Step(
        Section.GRAPHQL_AUTHORIZATION,
        "Message: permission denied, or 403 Forbidden",
        (
            *known("graphql.permission-denied", "graphql.forbidden"),
            *checks("graphql.forbidden", "graphql.log-permission-denied"),
        ),
    ),
    Step(
        Section.GRAPHQL_AUTHORIZATION,
        "See whether Keycloak and its discovery document can be had",
        checks("graphql.keycloak-trouble", "graphql.keycloak-not-reached", "keycloak.discovery-broken"),
    ),
    Step(
        Section.GRAPHQL_AUTHORIZATION,
        "Decode a JWT and see whether it is valid",
        (*commands("token"), *checks("graphql.token-refused", "token.expired", "token.issuer-wrong")),
    ),
    Step(Section.GRAPHQL_AUTHORIZATION, "Verify the person's permissions in Keycloak", commands("why")),
    Step(
        Section.GRAPHQL_AUTHORIZATION,
        "Check who owns the resource",
        (*commands("why"), *checks("keycloak.owner-differs", "keycloak.resource-without-owner")),
    ),
    Step(
        Section.GRAPHQL_AUTHORIZATION,
        "Verify that the token has not expired",
        (*commands("token"), *checks("token.expired", "keycloak.clock-skewed")),
    ),
    Step(
        Section.GRAPHQL_AUTHORIZATION,
        "Check that the resource is registered in Keycloak",
        (*commands("why"), *checks("keycloak.registration-fails", "keycloak.uma-protection-missing")),
    ),
    Step(
        Section.GRAPHQL_VALIDATION,
        "Message: a configuration failed its validation",
        (*known("graphql.config-invalid"), *checks("graphql.log-config-invalid", "graphql.log-freqtrade-schema")),
    ),
    Step(Section.GRAPHQL_VALIDATION, "Run the tests of the validation", advice("graphql.log-config-invalid")),
    Step(
        Section.GRAPHQL_VALIDATION,
        "See that required fields are there, numbers are numbers, nested objects are whole",
        (*advice("graphql.log-config-invalid"), *commands("validate")),
    ),
    Step(
        Section.GRAPHQL_VALIDATION,
        "Validate against freqtrade's own schema",
        (*advice("graphql.log-config-invalid"), *commands("validate")),
    ),
)

"""The faults of the backend's HTTP surface, and those of Keycloak and the cluster that show there: literal tables."""

from collections.abc import Callable
from dataclasses import replace

from playground.world.backend.state import BackendState
from playground.world.faults.model import Fault
from playground.world.keycloak import state as keycloak
from playground.world.kubernetes.desired import Desired
from playground.world.kubernetes.programs import READY
from playground.world.kubernetes.volaticloud import BACKEND, SPACE

GRAPHQL, SCHEMA = "GraphQL Errors", "GraphQL Errors: Schema Out of Sync"
AUTHORIZATION = "GraphQL Errors: Authorization Failures"
VALIDATION = "GraphQL Errors: Validation Errors"
PERFORMANCE = "Performance Issues"
SLOW_S = 1.2  # an answer that everybody waits for
OLD_ISSUER = "https://keycloak.old.example.org/realms/volaticloud"
#: What the backend logs of a dashboard that is ahead of it.
UNKNOWN_FIELD = 'graphql error: input: Cannot query field "leverage" on type "Bot".'
UNREADABLE = "failed to load Freqtrade schema from https://schema.freqtrade.io/schema.json: context deadline exceeded"


def _fault(name: str, section: str, breaks: str, expect: str, **values: object) -> Fault[BackendState]:
    area = expect.partition(".")[0]
    apply: Callable[[BackendState], BackendState] = lambda state: replace(state, **values)  # type: ignore[arg-type]  # noqa: E731 fields by name
    return Fault(name, area, section, breaks, expect, apply)


BACKEND_FAULTS: tuple[Fault[BackendState], ...] = (
    _fault("graphql-down", GRAPHQL, "Nothing listens at the API's address.", "graphql.refused", listening=False),
    _fault(
        "graphql-silent", GRAPHQL, "The API takes requests and answers none.", "graphql.not-answering", front="silent"
    ),
    _fault(
        "graphql-cut", GRAPHQL, "Connections to the API are cut in the middle.", "graphql.not-answering", front="cut"
    ),
    _fault("graphql-error", GRAPHQL, "The API answers HTTP 500 to everything.", "graphql.server-error", flaw="error"),
    _fault("graphql-panic", GRAPHQL, "Every resolver of the API panics.", "graphql.query-fails", flaw="panic"),
    _fault(
        "graphql-wrong-path",
        GRAPHQL,
        "A release serves the API at a path that nobody knows.",
        "graphql.endpoint-missing",
        prefix="/api/v2",
    ),
    _fault(
        "graphql-moved",
        GRAPHQL,
        "The API answers at the runbook's paths, and not at the configured ones.",
        "graphql.path-differs",
        prefix="",
    ),
    _fault("graphql-page", GRAPHQL, "A page answers in place of the API.", "graphql.not-graphql", front="page"),
    _fault("graphql-login-page", GRAPHQL, "A proxy leads to its login page.", "graphql.redirected", front="redirect"),
    _fault("graphql-rate-limit", GRAPHQL, "A rate limit refuses requests.", "graphql.request-rejected", front="limit"),
    _fault(
        "graphql-certificate-expired",
        GRAPHQL,
        "The certificate of the API ended yesterday.",
        "graphql.certificate-expired",
        certificate="expired",
    ),
    _fault(
        "graphql-certificate-early",
        GRAPHQL,
        "The certificate of the API begins tomorrow.",
        "graphql.certificate-not-yet-valid",
        certificate="not-yet-valid",
    ),
    _fault(
        "graphql-certificate-wrong-name",
        GRAPHQL,
        "The certificate of the API is for another name.",
        "graphql.certificate-wrong-name",
        certificate="wrong-name",
    ),
    _fault(
        "graphql-certificate-untrusted",
        GRAPHQL,
        "The certificate of the API is of an authority nobody knows.",
        "graphql.certificate-untrusted",
        certificate="untrusted",
    ),
    _fault(
        "graphql-certificate-expiring",
        GRAPHQL,
        "The certificate of the API ends within days.",
        "graphql.certificate-expiring",
        certificate="expiring",
    ),
    _fault(
        "graphql-schema-older",
        SCHEMA,
        "A release from before some types and fields runs.",
        "graphql.schema-differs",
        older=True,
    ),
    _fault(
        "graphql-introspection-off",
        SCHEMA,
        "The API does not tell its schema, by its settings.",
        "graphql.introspection-off",
        introspection="off",
    ),
    _fault(
        "graphql-introspection-broken",
        SCHEMA,
        "The API fails when it is asked for its schema.",
        "graphql.introspection-broken",
        introspection="broken",
    ),
    _fault(
        "graphql-issuer-wrong",
        AUTHORIZATION,
        "The backend expects tokens of Keycloak's former address.",
        "graphql.token-refused",
        issuer=OLD_ISSUER,
    ),
    _fault(
        "graphql-clock-wrong",
        AUTHORIZATION,
        "The backend's clock is ten minutes ahead: every token is expired there.",
        "graphql.token-refused",
        clock_ahead_s=600.0,
    ),
    _fault(
        "graphql-forbidden",
        AUTHORIZATION,
        "The backend grants nobody anything.",
        "graphql.forbidden",
        forbids=True,
    ),
    _fault(
        "graphql-keycloak-address-wrong",
        AUTHORIZATION,
        "The backend looks for Keycloak where it is not.",
        "graphql.keycloak-not-reached",
        keycloak_port=9,  # where nobody listens
    ),
    _fault(
        "api-slow",
        PERFORMANCE,
        "Every answer of the API takes more than a second.",
        "performance.endpoint-slow",
        delay_s=SLOW_S,
    ),
    _fault(
        "api-unsteady",
        PERFORMANCE,
        "Every third request is answered by the gateway with 502.",
        "performance.endpoint-unsteady",
        fails_every=3,
    ),
    _fault(
        "api-down",
        PERFORMANCE,
        "Nothing listens at the API's address, and no time can be measured.",
        "performance.endpoint-not-answering",
        listening=False,
    ),
)

GRAPHQL_KEYCLOAK_FAULTS: tuple[Fault[keycloak.State], ...] = (
    Fault(
        "graphql-keycloak-down",
        "graphql",
        AUTHORIZATION,
        "Nothing listens at Keycloak's address: the API refuses every login.",
        "graphql.keycloak-trouble",
        lambda state: replace(state, listening=False),
    ),
    Fault(
        "graphql-keycloak-unavailable",
        "graphql",
        AUTHORIZATION,
        "The proxy before Keycloak answers 503: no token can be checked.",
        "graphql.keycloak-trouble",
        lambda state: replace(state, front="unavailable"),
    ),
)


def _unready(deployment: dict[str, object]) -> None:
    deployment["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["httpGet"]["path"] = READY  # type: ignore[index]


def _not_ready(wanted: Desired) -> Desired:
    """A release that says of itself that it is not ready, in every pod."""
    key = ("Deployment", SPACE, BACKEND)
    image = "ghcr.io/volaticloud/volaticloud:2.15.0"
    changed = wanted.with_machine(releases={**wanted.machine.releases, "2.15.0": "unready"}).changed(key, _unready)
    return changed.changed(
        key, lambda one: one["spec"]["template"]["spec"]["containers"][0].update(image=image)
    ).with_fallen(SPACE, BACKEND)


def _grumbling(line: str) -> Callable[[Desired], Desired]:
    return lambda wanted: wanted.with_machine(grumbles=(line,)).with_fallen(SPACE, BACKEND)


def _database_away(wanted: Desired) -> Desired:
    return wanted.with_machine(database=replace(wanted.machine.database, listening=False))


GRAPHQL_CLUSTER_FAULTS: tuple[Fault[Desired], ...] = (
    Fault(
        "graphql-no-ready-pod",
        "graphql",
        GRAPHQL,
        "No pod of the backend is ready, and the gateway answers in their place.",
        "graphql.gateway-error",
        _not_ready,
    ),
    Fault(
        "graphql-database-down",
        "graphql",
        GRAPHQL,
        "The database takes no connections any more, while the backend's pods run.",
        "graphql.database-unavailable",
        _database_away,
    ),
    Fault(
        "graphql-dashboard-ahead",
        "graphql",
        SCHEMA,
        "The dashboard is ahead of the backend and asks for fields that this does not have.",
        "graphql.log-unknown-fields",
        _grumbling(UNKNOWN_FIELD),
    ),
    Fault(
        "graphql-freqtrade-schema",
        "graphql",
        VALIDATION,
        "The backend cannot read freqtrade's schema, so no configuration can be saved.",
        "graphql.log-freqtrade-schema",
        _grumbling(UNREADABLE),
    ),
    Fault(
        "graphql-config-invalid",
        "graphql",
        VALIDATION,
        "Somebody saves a bot whose configuration lacks its stake currency.",
        "graphql.log-config-invalid",
        _grumbling("graphql error: input: createBot config validation failed: stake_currency is required"),
    ),
)

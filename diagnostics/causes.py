"""Which finding explains which: the platform as a graph of cause and symptom, one table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diagnostics.model import Cause, Finding, Symptom


@dataclass(frozen=True, slots=True)
class Rule:
    """When `cause` is among the findings, the findings named in `explains` are its symptoms.

    With `linked`, only those that are about the cause's subject, or that rest on it: a broken image of one workload
    explains nothing about another.
    """

    cause: str
    explains: tuple[str, ...]
    linked: bool = False

    def holds(self, cause: Finding, finding: Finding) -> bool:
        """Whether this very cause explains this very finding."""
        return not self.linked or cause.subject == finding.subject or cause.subject in finding.rests_on


_Rules = Mapping[str, tuple[Rule, ...]]

# Everything that needs an answer from Keycloak before it can succeed.
_ANSWERS = (
    "keycloak.not-answering",
    "keycloak.hangs-up",
    "keycloak.server-error",
    "keycloak.redirected-to-https",
    "keycloak.redirected",
    "keycloak.not-json",
    "keycloak.request-rejected",
    "keycloak.slow",
)
_UNSTEADY = ("keycloak.connection-unsteady",)
_REALM = ("keycloak.realm-missing", "keycloak.realm-disabled", "keycloak.wrong-base-path")
_DOCUMENTS = (
    "keycloak.discovery-broken",
    "keycloak.issuer-mismatch",
    "keycloak.keys-unreadable",
    "keycloak.no-signing-key",
)
_LOGIN = (
    "keycloak.client-secret-wrong",
    "keycloak.client-missing",
    "keycloak.client-disabled",
    "keycloak.service-account-off",
    "keycloak.scope-invalid",
    "keycloak.login-refused",
    "keycloak.login-not-answering",
    "keycloak.login-broken",
)
_TOKEN = (
    "keycloak.token-key-unknown",
    "keycloak.token-signature-wrong",
    "keycloak.token-not-yet-valid",
    "keycloak.token-expired",
    "keycloak.token-issuer-wrong",
    "keycloak.token-algorithm-wrong",
    "keycloak.token-algorithm-unusual",
)
_AUTHORIZATION = (
    "keycloak.authorization-services-off",
    "keycloak.uma-protection-missing",
    "keycloak.token-lightweight",
    "keycloak.protection-refused",
    "keycloak.protection-not-answering",
    "keycloak.evaluation-broken",
    "keycloak.registration-fails",
)
_AFTER_LOGIN = (*_TOKEN, *_AUTHORIZATION)
_AFTER_ANSWERS = (*_REALM, *_DOCUMENTS, *_LOGIN, *_AFTER_LOGIN)
_AFTER_CONNECTING = (*_ANSWERS, *_AFTER_ANSWERS)
_NO_CONNECTION = (
    "keycloak.name-unknown",
    "keycloak.refused",
    "keycloak.no-route",
    "keycloak.connect-timeout",
    "keycloak.certificate-expired",
    "keycloak.certificate-not-yet-valid",
    "keycloak.certificate-wrong-name",
    "keycloak.certificate-untrusted",
    "keycloak.tls-failed",
)

_LOG = ("keycloak.container-log-errors", "keycloak.container-log-unread")
_NOBODY_THERE = (
    "keycloak.name-unknown",
    "keycloak.refused",
    "keycloak.no-route",
    "keycloak.connect-timeout",
    "keycloak.not-answering",
    "keycloak.hangs-up",
    "keycloak.server-error",
)

# What keeps the pods of a workload from working, each told of the workload it ails.
_IMAGES = (
    "server.image-name-invalid",
    "server.image-not-found",
    "server.image-denied",
    "server.image-rate-limited",
    "server.image-registry-unreachable",
    "server.image-not-built-for-node",
    "server.image-no-space",
    "server.image-pull-failed",
)
_FROM_THE_LOG = (
    "server.database-connection-failed",
    "server.keycloak-settings-missing",
    "server.keycloak-initialization-failed",
    "server.migration-failed",
)
_ENDS = ("server.crash-loop", "server.container-exited", "server.restarting-often")
_REASONS = (
    "server.quota-exceeded",
    "server.pods-not-admitted",
    "server.unschedulable",
    "server.volume-not-mounting",
    "server.reference-missing",
    *_IMAGES,
    *_FROM_THE_LOG,
    "server.out-of-memory",
    "server.command-not-found",
    "server.wrong-architecture",
    "server.container-cannot-start",
    "server.init-container-failing",
    *_ENDS,
    "server.probe-failing",
    "server.pod-starting-slowly",
    "server.evicted",
    "server.stuck-terminating",
    "server.not-acted-on",
)
_CONSEQUENCES = ("server.rollout-stuck", "server.replicas-missing", "server.log-errors")
_OF_A_LOST_NODE = (
    "server.stuck-terminating",
    "server.unschedulable",
    "server.volume-not-mounting",
    "server.pod-starting-slowly",
    "server.probe-failing",
    *_CONSEQUENCES,
)
# Nobody answers behind a service.
_NOBODY_BEHIND = (
    "network.selector-matches-nothing",
    "network.no-pods",
    "network.endpoints-ending",
    "network.no-ready-endpoints",
    "network.scaled-to-zero",
)
_EDGE = ("network.edge-refused", "network.edge-timeout", "network.edge-tls-failed", "network.edge-silent")
_WRONG_CERTIFICATE = (
    "network.certificate-expired",
    "network.certificate-not-yet-valid",
    "network.certificate-wrong-name",
    "network.certificate-untrusted",
    "network.certificate-expiring",
)
#: What the ingress controller logs an error about, beside what it does.
_LOGGED = (
    *_NOBODY_BEHIND,
    "network.policy-cuts-path",
    "network.port-without-container",
    "network.ingress-service-missing",
    "network.ingress-port-missing",
    "network.ingress-class-unknown",
    "network.ingress-annotation-clash",
    "network.tls-secret-missing",
    "network.tls-secret-unusable",
    *_WRONG_CERTIFICATE,
    "network.gateway-error",
    "network.controller-log-errors",
)

# The backend's HTTP surface: the way there, what stands behind it, what is answered.
_NO_WAY_TO_BACKEND = (
    "graphql.name-unknown",
    "graphql.refused",
    "graphql.connect-timeout",
    "graphql.certificate-expired",
    "graphql.certificate-not-yet-valid",
    "graphql.certificate-wrong-name",
    "graphql.certificate-untrusted",
    "graphql.tls-failed",
)
_BACKEND_ANSWERS = (
    "graphql.not-answering",
    "graphql.gateway-error",
    "graphql.server-error",
    "graphql.query-fails",
)
_LOGIN_AT_BACKEND = ("graphql.token-refused", "graphql.forbidden", "graphql.keycloak-not-reached")
_WHOLE_SURFACE = (
    *_LOGIN_AT_BACKEND,
    "graphql.keycloak-trouble",
    "graphql.health-failing",
    "graphql.introspection-broken",
)
#: What is slow because something before or behind it is.
LATENCY = ("performance.endpoint-slow", "performance.slower-than-usual", "performance.endpoint-unsteady")
#: What of the database explains latency, by its name in both areas: `database.…`, and `performance.database-…`.
SLOW_DATABASE = (
    "slots-nearly-used",
    "migration-locked",
    "blocked-sessions",
    "idle-in-transaction",
    "long-statements",
    "missing-index",
    "cache-misses",
    "dead-rows",
    "repeated-statements",
    "slow-statements",
)

#: Why PostgreSQL has no session for anybody: what the backend and its logs say then follows from it.
_NO_SESSION = (
    "database.secret-incomplete",
    "database.name-unknown",
    "database.no-route",
    "database.refused",
    "database.timeout",
    "database.tls-missing",
    "database.certificate-expired",
    "database.certificate-wrong-name",
    "database.certificate-untrusted",
    "database.tls-failed",
    "database.starting-up",
    "database.in-recovery",
    "database.shutting-down",
    "database.hba-rejected",
    "database.password-rejected",
    "database.role-missing",
    "database.database-missing",
    "database.slots-full",
    "database.session-refused",
)
_OF_THE_DATABASE = (
    "server.database-connection-failed",
    "server.database-name-unknown",
    "server.database-refused",
    "server.database-timeout",
)


def _within_the_database(area: str) -> tuple[Rule, ...]:
    """What explains what within the database, in the area whose ids begin like this."""
    migration, blocked, idle = f"{area}migration-locked", f"{area}blocked-sessions", f"{area}idle-in-transaction"
    long, slow, cache = f"{area}long-statements", f"{area}slow-statements", f"{area}cache-misses"
    return (
        # A migration's wait is told once: with the session at the head of the queue, and what that holds.
        Rule(migration, (blocked, idle, long), linked=True),
        Rule(blocked, (idle, long), linked=True),
        Rule(f"{area}slots-nearly-used", (idle,), linked=True),
        Rule(idle, (f"{area}dead-rows",)),
        Rule(f"{area}missing-index", (slow, cache)),
    )


# Upstream first. A finding belongs to the first rule here that explains it.
RULES = (
    Rule("keycloak.container-stopped", (*_NO_CONNECTION, *_AFTER_CONNECTING, *_LOG)),
    Rule("keycloak.container-restarting", (*_NO_CONNECTION, *_UNSTEADY, *_AFTER_CONNECTING, *_LOG)),
    Rule("keycloak.container-unstable", (*_UNSTEADY, *_LOG)),
    # Something that shows a certificate or a page of its own runs elsewhere: a missing container does not explain it.
    Rule("keycloak.container-missing", _NOBODY_THERE),
    # Another address could be used meanwhile: what failed did so by the one that cannot be.
    Rule("keycloak.address-unusable", (*_NO_CONNECTION, *_UNSTEADY)),
    *(Rule(cause, _AFTER_CONNECTING) for cause in _NO_CONNECTION),
    Rule("keycloak.connection-unsteady", ("keycloak.discovery-broken", "keycloak.keys-unreadable")),
    Rule("keycloak.name-lookup-slow", ("keycloak.slow",)),  # every request that connects begins with one
    Rule("keycloak.not-answering", ("keycloak.slow", *_AFTER_ANSWERS)),
    Rule("keycloak.hangs-up", _AFTER_ANSWERS),
    Rule("keycloak.server-error", ("keycloak.slow", *_AFTER_ANSWERS)),
    Rule("keycloak.redirected-to-https", _AFTER_ANSWERS),
    Rule("keycloak.redirected", _AFTER_ANSWERS),
    Rule("keycloak.not-json", _AFTER_ANSWERS),
    Rule("keycloak.request-rejected", _AFTER_ANSWERS),
    Rule("keycloak.wrong-base-path", ("keycloak.issuer-mismatch",)),
    Rule("keycloak.realm-missing", (*_DOCUMENTS, *_LOGIN, *_AFTER_LOGIN)),
    Rule("keycloak.realm-disabled", (*_DOCUMENTS, *_LOGIN, *_AFTER_LOGIN)),
    Rule("keycloak.https-required", (*_DOCUMENTS, *_LOGIN, *_AFTER_LOGIN)),
    Rule("keycloak.issuer-mismatch", ("keycloak.token-issuer-wrong",)),
    Rule("keycloak.clock-skewed", ("keycloak.token-not-yet-valid", "keycloak.token-expired")),
    Rule("keycloak.client-secret-untidy", ("keycloak.client-secret-wrong", "keycloak.login-refused")),
    *(Rule(cause, _AFTER_LOGIN) for cause in _LOGIN),
    Rule("keycloak.keys-unreadable", _TOKEN),
    Rule("keycloak.no-signing-key", _TOKEN),
    Rule(
        "keycloak.authorization-services-off",
        ("keycloak.uma-protection-missing", "keycloak.evaluation-broken", "keycloak.registration-fails"),
    ),
    Rule("keycloak.uma-protection-missing", ("keycloak.registration-fails",)),
    Rule("keycloak.token-lightweight", ("keycloak.registration-fails",)),
    Rule("keycloak.remote-management-off", ("keycloak.registration-fails",)),
    Rule("keycloak.protection-refused", ("keycloak.registration-fails", "keycloak.evaluation-broken")),
    Rule("keycloak.protection-not-answering", ("keycloak.registration-fails", "keycloak.evaluation-broken")),
    Rule("server.node-not-ready", _OF_A_LOST_NODE, linked=True),
    *(
        Rule(cause, ("server.database-connection-failed", "server.keycloak-initialization-failed"), linked=True)
        for cause in ("server.secret-untidy", "server.secret-key-empty")
    ),
    Rule("server.secret-key-empty", ("server.keycloak-settings-missing",), linked=True),
    # Without a log to read, the settings are judged by what the deployment says.
    Rule("server.keycloak-settings-missing", _ENDS, linked=True),
    Rule("server.out-of-memory", _ENDS, linked=True),
    Rule("server.crash-loop", ("server.container-exited", "server.restarting-often"), linked=True),
    *(Rule(cause, _CONSEQUENCES, linked=True) for cause in _REASONS),
    Rule("server.rollout-stuck", ("server.replicas-missing", "server.log-errors"), linked=True),
    # The log of the server itself says how far the connection came; the same is seen from outside.
    Rule(
        "server.database-connection-failed",
        (
            "server.database-name-unknown",
            "server.database-refused",
            "server.database-timeout",
        ),
    ),
    *(
        Rule(cause, (*_EDGE, "network.gateway-error", "network.proxy-errors"))
        for cause in ("network.ingress-controller-missing", "network.controller-down")
    ),
    *(
        Rule(cause, _NOBODY_BEHIND, linked=True)
        for cause in ("network.ingress-controller-missing", "network.controller-down")
    ),
    Rule("network.policy-cuts-path", ("network.no-ready-endpoints", "network.gateway-error"), linked=True),
    *(
        Rule(cause, ("network.gateway-error",), linked=True)
        for cause in (
            *_NOBODY_BEHIND,
            "network.port-without-container",
            "network.ingress-service-missing",
            "network.ingress-port-missing",
            "network.ingress-annotation-clash",
        )
    ),
    *(
        Rule(cause, (*_WRONG_CERTIFICATE, "network.edge-tls-failed"), linked=True)
        for cause in ("network.tls-secret-missing", "network.tls-secret-unusable")
    ),
    # The controller's log names no subject that could be compared; what it says is a note beside any of these.
    *(Rule(cause, ("network.proxy-errors",)) for cause in _LOGGED),
    *(Rule(cause, (*_BACKEND_ANSWERS, *_WHOLE_SURFACE)) for cause in _NO_WAY_TO_BACKEND),
    # What the backend stands on, before what it answers for lack of it.
    Rule("graphql.database-unavailable", (*_BACKEND_ANSWERS, "graphql.health-failing", "graphql.introspection-broken")),
    Rule("graphql.keycloak-trouble", (*_LOGIN_AT_BACKEND, *_BACKEND_ANSWERS, "graphql.health-failing")),
    Rule("graphql.keycloak-not-reached", ("graphql.token-refused", *_BACKEND_ANSWERS, "graphql.health-failing")),
    *(
        Rule(cause, ("graphql.not-answering", "graphql.health-failing"))
        for cause in ("graphql.gateway-error", "graphql.server-error")
    ),
    Rule("graphql.server-error", ("graphql.query-fails", "graphql.introspection-broken", "graphql.log-panics")),
    Rule("graphql.query-fails", ("graphql.introspection-broken", "graphql.log-panics")),
    Rule("graphql.schema-differs", ("graphql.log-unknown-fields",)),
    Rule("performance.node-pressure", (*LATENCY, "performance.node-busy", "performance.cpu-at-limit"), linked=True),
    Rule("performance.node-busy", LATENCY, linked=True),
    *(
        Rule(cause, ("performance.autoscaler-flapping", "performance.autoscaler-at-max", *LATENCY), linked=True)
        for cause in ("performance.memory-near-limit", "performance.cpu-at-limit")
    ),
    *(
        Rule(cause, LATENCY, linked=True)
        for cause in (
            "performance.autoscaler-no-target",
            "performance.autoscaler-without-metrics",
            "performance.autoscaler-flapping",
            "performance.autoscaler-at-max",
        )
    ),
    Rule("performance.autoscaler-flapping", ("performance.autoscaler-at-max",), linked=True),
    # Where none of the backend's pods is ready, nothing is measured and nothing answers: the latter is worse.
    Rule("performance.endpoint-not-answering", ("performance.autoscaler-without-metrics",), linked=True),
    *_within_the_database("performance.database-"),
    *(Rule(f"performance.database-{name}", LATENCY) for name in SLOW_DATABASE),
    Rule("performance.endpoint-slow", ("performance.slower-than-usual", "performance.queries-too-complex")),
    Rule("database.credentials-untidy", ("database.name-unknown", "database.password-rejected")),
    *_within_the_database("database."),
    Rule("why.user-disabled", ("why.denied",)),
    Rule("token.issuer-wrong", ("token.key-unknown", "token.inactive")),
    *(Rule(cause, ("token.inactive",)) for cause in ("token.key-unknown", "token.signature-wrong", "token.expired")),
    Rule("token.algorithm-refused", ("token.key-unknown", "token.signature-wrong", "token.inactive")),
)

#: What one area's findings explain of another's, where several were looked at: PostgreSQL stands before the backend,
#: and behind what that answers.
ACROSS = (
    *(
        Rule(cause, (*_OF_THE_DATABASE, "server.migration-failed"))
        for cause in (*_NO_SESSION, "database.credentials-untidy", "database.slots-nearly-used")
    ),
    *(
        Rule(cause, ("server.migration-failed",))
        for cause in ("database.create-forbidden", "database.migration-locked")
    ),
    *(
        Rule(cause, ("graphql.database-unavailable",))
        for cause in (*_NO_SESSION, "database.credentials-untidy", "database.slots-nearly-used")
    ),
    # The same told by both areas, each time about the same thing; then what is slow for it.
    *(Rule(f"database.{name}", (f"performance.database-{name}",), linked=True) for name in SLOW_DATABASE),
    *(Rule(f"database.{name}", LATENCY) for name in SLOW_DATABASE),
)


def explain(findings: Sequence[Finding], order: Sequence[str]) -> tuple[Cause, ...]:
    """The causes among the findings of one area, worst first, each with the findings it explains.

    A cause weighs as much as the worst of what it explains. Among equals, the one that explains more comes
    first, then the one whose check is listed first in `order`.
    """
    return _explained(findings, order, _EXPLAINING)


def explain_across(findings: Sequence[Finding], order: Sequence[str]) -> tuple[Cause, ...]:
    """The same for findings of several areas: one area's may explain another's."""
    return _explained(findings, order, _EXPLAINING_ACROSS)


def _explained(findings: Sequence[Finding], order: Sequence[str], rules: _Rules) -> tuple[Cause, ...]:
    listed = sorted(findings, key=lambda finding: (order.index(finding.id), str(finding.subject)))
    present = _by_id(listed)
    roots: dict[Symptom, Finding] = {}
    symptoms: dict[Symptom, list[Finding]] = {}
    for finding in listed:
        root = _root(finding, present, rules)
        roots.setdefault(root.symptom, root)
        symptoms.setdefault(root.symptom, []).extend([finding] if finding.symptom != root.symptom else [])
    ranked = sorted(roots, key=lambda one: _weight(roots[one], symptoms[one], order))
    return tuple(_cause(roots[one], symptoms[one]) for one in ranked)


def _by_id(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    present: dict[str, list[Finding]] = {}
    for finding in findings:
        present.setdefault(finding.id, []).append(finding)
    return present


def _root(finding: Finding, present: Mapping[str, Sequence[Finding]], rules: _Rules) -> Finding:
    for rule in rules.get(finding.id, ()):
        for cause in present.get(rule.cause, ()):
            if rule.holds(cause, finding):
                return _root(cause, present, rules)
    return finding


def _cause(root: Finding, symptoms: Sequence[Finding]) -> Cause:
    explains = tuple(dict.fromkeys(symptom.id for symptom in symptoms))
    return Cause(root.id, root.subject, root.summary, explains, tuple(symptom.symptom for symptom in symptoms))


def _weight(root: Finding, symptoms: Sequence[Finding], order: Sequence[str]) -> tuple[int, int, int, str]:
    worst = min(finding.severity.rank for finding in (root, *symptoms))
    return worst, -len(symptoms), order.index(root.id), str(root.subject)


def _explaining(rules: Iterable[Rule]) -> dict[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        for id in rule.explains:
            found[id] = (*found.get(id, ()), rule)
    return found


#: The same rules by what they explain, in the same order.
_EXPLAINING = _explaining(RULES)
_EXPLAINING_ACROSS = _explaining((*ACROSS, *RULES))

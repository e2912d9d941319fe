"""Which finding explains which: the platform as a graph of cause and symptom, one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diagnostics.model import Cause, Finding


@dataclass(frozen=True, slots=True)
class Rule:
    """When `cause` is among the findings, the findings named in `explains` are its symptoms."""

    cause: str
    explains: tuple[str, ...]


# Everything that needs an answer from Keycloak before it can succeed.
_ANSWERS = (
    "keycloak.not-answering",
    "keycloak.server-error",
    "keycloak.redirected",
    "keycloak.not-json",
    "keycloak.request-rejected",
    "keycloak.slow",
)
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
    "keycloak.connect-timeout",
    "keycloak.not-answering",
    "keycloak.server-error",
)

# Upstream first. A finding belongs to the first rule here that explains it.
RULES = (
    Rule("keycloak.container-stopped", (*_NO_CONNECTION, *_AFTER_CONNECTING, *_LOG)),
    Rule("keycloak.container-restarting", (*_NO_CONNECTION, *_AFTER_CONNECTING, *_LOG)),
    Rule("keycloak.container-unstable", _LOG),
    # Something that shows a certificate or a page of its own runs elsewhere: a missing container does not explain it.
    Rule("keycloak.container-missing", _NOBODY_THERE),
    *(Rule(cause, _AFTER_CONNECTING) for cause in _NO_CONNECTION),
    Rule("keycloak.not-answering", ("keycloak.slow", *_AFTER_ANSWERS)),
    Rule("keycloak.server-error", ("keycloak.slow", *_AFTER_ANSWERS)),
    Rule("keycloak.redirected", _AFTER_ANSWERS),
    Rule("keycloak.not-json", _AFTER_ANSWERS),
    Rule("keycloak.request-rejected", _AFTER_ANSWERS),
    Rule("keycloak.wrong-base-path", ("keycloak.issuer-mismatch",)),
    Rule("keycloak.realm-missing", (*_DOCUMENTS, *_LOGIN, *_AFTER_LOGIN)),
    Rule("keycloak.realm-disabled", (*_DOCUMENTS, *_LOGIN, *_AFTER_LOGIN)),
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
    Rule("why.user-disabled", ("why.denied",)),
    Rule("token.issuer-wrong", ("token.key-unknown", "token.inactive")),
    *(Rule(cause, ("token.inactive",)) for cause in ("token.key-unknown", "token.signature-wrong", "token.expired")),
    Rule("token.algorithm-refused", ("token.key-unknown", "token.signature-wrong", "token.inactive")),
)


def explain(findings: Sequence[Finding], order: Sequence[str]) -> tuple[Cause, ...]:
    """The causes among the findings, worst first, each with the findings it explains.

    A cause weighs as much as the worst of what it explains. Among equals, the one that explains more comes
    first, then the one whose check is listed first in `order`.
    """
    present = {finding.id: finding for finding in reversed(findings)}
    roots = {id: _root(id, present) for id in present}
    causes = [
        Cause(id, present[id].summary, tuple(other for other in order if roots.get(other) == id != other))
        for id, root in roots.items()
        if id == root
    ]

    def weight(cause: Cause) -> tuple[int, int, int]:
        worst = min(present[id].severity.rank for id in (cause.id, *cause.explains))
        return worst, -len(cause.explains), order.index(cause.id)

    return tuple(sorted(causes, key=weight))


def _root(id: str, present: Mapping[str, Finding]) -> str:
    for rule in RULES:
        if rule.cause in present and id in rule.explains:
            return _root(rule.cause, present)
    return id

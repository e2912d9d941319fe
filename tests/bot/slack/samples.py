"""Diagnoses as they come out of the engine, for the tests of what Slack shows."""

import json
from datetime import UTC, datetime
from pathlib import Path

from bot.slack.message import Message
from diagnostics.context import Context, Expected, KeycloakExpected
from diagnostics.evidence.keycloak.kinds import (
    KeycloakContainer,
    KeycloakDiscovery,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakOwners,
    KeycloakReach,
    KeycloakRealm,
    KeycloakRegistration,
)
from diagnostics.evidence.network import Reached
from diagnostics.model import (
    Cause,
    Change,
    Diagnosis,
    Fact,
    Finding,
    Reason,
    Severity,
    Subject,
    Suggestion,
    SuggestionKind,
    Unobserved,
    Verdict,
)
from diagnostics.observe import Glimpse
from diagnostics.runbook import Section
from diagnostics.runs import FORMAT, Run

AT = datetime(2026, 11, 20, 3, 12, tzinfo=UTC)
EXPECTED = KeycloakExpected(
    url="https://auth.volaticloud.com",
    realm="volaticloud",
    client_id="volaticloud-api",
    issuer="https://auth.volaticloud.com/realms/volaticloud",
)
CONTEXT = Context(at=AT, seen_from="from the bot's pod", expected=Expected(EXPECTED))
GOLDEN = Path(__file__).parents[2] / "golden"

SECRET_WRONG = Finding(
    id="keycloak.client-secret-wrong",
    title="Keycloak rejects the client secret",
    severity=Severity.CRITICAL,
    subject=Subject("client", "volaticloud-api"),
    summary="Keycloak knows client volaticloud-api and rejects its secret "
    "(HTTP 401 unauthorized_client: Invalid client or Invalid client credentials)",
    evidence=(
        Fact("login", "HTTP 401 after 38 ms, unauthorized_client: Invalid client or Invalid client credentials"),
        Fact("set in", "admin console > realm volaticloud > Clients > volaticloud-api > Credentials"),
    ),
    command="curl -sS -o /dev/null -w '%{http_code}\\n' -d grant_type=client_credentials "
    '-u volaticloud-api:"$SECRET" https://auth.volaticloud.com/realms/volaticloud/protocol/openid-connect/token',
    section=Section.KEYCLOAK_REGISTRATION,
    seen_from="from the bot's pod",
)


def _symptom(id: str, title: str, summary: str) -> Finding:
    return Finding(
        id=id,
        title=title,
        severity=Severity.CRITICAL,
        subject=Subject("client", "volaticloud-api"),
        summary=summary,
        evidence=(Fact("answer", "HTTP 403"),),
        command="curl -sS https://auth.volaticloud.com/realms/volaticloud",
        section=Section.KEYCLOAK_PERMISSION,
        seen_from="from the bot's pod",
    )


SYMPTOMS = (
    _symptom("keycloak.registration-fails", "Resources cannot be registered", "Registering a probe answers HTTP 401"),
    _symptom(
        "keycloak.protection-refused", "The protection API refuses", "The protection API answers HTTP 401 after 9 ms"
    ),
    _symptom("keycloak.evaluation-broken", "Permissions cannot be evaluated", "A UMA ticket request answers HTTP 400"),
)

LACKS = (
    Unobserved(
        "the signature of the client's token",
        Reason.DEPENDS,
        "It needs the client's login. The login was refused.",
        required=True,
    ),
    Unobserved("the owners of resources (admin API)", Reason.NOT_CONFIGURED, "Set environments.<name>.keycloak.admin."),
    Unobserved(
        "registering and removing a probe resource",
        Reason.NOT_ASKED_FOR,
        "It writes, so it is looked at only in a deep run.",
    ),
    Unobserved(
        "Keycloak's own container", Reason.FORBIDDEN, "The Docker socket refuses user 1000 (permission denied)."
    ),
)


def cause(finding: Finding, *symptoms: Finding) -> Cause:
    """A finding as the cause of others."""
    explains = tuple(one.id for one in symptoms)
    return Cause(finding.id, finding.subject, finding.summary, explains, tuple(one.symptom for one in symptoms))


def diagnosis(**fields: object) -> Diagnosis:
    """The wrong client secret, which explains three other findings; any field can be given."""
    given: dict[str, object] = {
        "area": "keycloak",
        "environment": "production",
        "verdict": Verdict.DOWN,
        "causes": (cause(SECRET_WRONG, *SYMPTOMS),),
        "findings": (SECRET_WRONG, *SYMPTOMS),
        "unobserved": LACKS,
        "changes": (Change("client secret (keyed fingerprint)", "4f1c9a", "b07e21"),),
        "suggestions": (
            Suggestion(
                SuggestionKind.ADVICE,
                SECRET_WRONG.id,
                SECRET_WRONG.subject,
                "Compare the secret in admin console > realm volaticloud > Clients > volaticloud-api > Credentials "
                "with the one the platform uses; never paste it into a channel.",
            ),
            Suggestion(
                SuggestionKind.ADVICE,
                SECRET_WRONG.id,
                SECRET_WRONG.subject,
                "Then restart the backend, which reads its settings at start.",
                "kubectl rollout restart deployment/volaticloud-backend -n volaticloud",
            ),
        ),
        "started_at": AT,
        "duration_ms": 1240,
    }
    return Diagnosis(**(given | fields))  # type: ignore[arg-type] # each test gives the fields' own types


def healthy() -> Diagnosis:
    """Nothing wrong; two things were not looked at because nobody asked."""
    return diagnosis(
        verdict=Verdict.HEALTHY,
        causes=(),
        findings=(),
        unobserved=LACKS[1:3],
        changes=(),
        suggestions=(),
        duration_ms=214,
    )


def unknown() -> Diagnosis:
    """What was needed could not be seen: the first source timed out, two more waited for it."""
    first = Unobserved("the connection to Keycloak", Reason.TIMEOUT, "No answer within 5 s.", required=True)
    waiting = [
        Unobserved(what, Reason.DEPENDS, "It needs the connection to Keycloak. No answer within 5 s.", required=True)
        for what in ("the realm page", "the discovery document")
    ]
    return diagnosis(
        verdict=Verdict.UNKNOWN,
        causes=(),
        findings=(),
        unobserved=(first, *waiting, *LACKS[1:]),
        changes=(),
        suggestions=(),
        duration_ms=5003,
    )


def run(found: Diagnosis | None = None) -> Run:
    """A saved run of a diagnosis."""
    return Run(FORMAT, "3f9c2a71b0de", deep=False, context=CONTEXT, evidence={}, diagnosis=found or diagnosis())


def glimpses() -> tuple[Glimpse, ...]:
    """Some sources of a run under way, in each state there is."""
    reached = KeycloakReach(Reached(host="auth.volaticloud.com", port=443, tls=True))
    timeout = Unobserved(KeycloakDiscovery.WHAT, Reason.TIMEOUT, "No answer within 5 s.")
    return (
        Glimpse(KeycloakReach, reached, 12),
        Glimpse(KeycloakRealm, KeycloakRealm(()), 48),
        Glimpse(KeycloakDiscovery, timeout, 5003),
        Glimpse(KeycloakKeys, None, 0),
    )


KINDS = (
    KeycloakReach,
    KeycloakRealm,
    KeycloakDiscovery,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakContainer,
    KeycloakOwners,
    KeycloakRegistration,
)


def assert_golden(name: str, message: Message) -> None:
    """Hold a message to the one in tests/golden. To accept another, delete the file and look at what is written."""
    path = GOLDEN / f"{name}.json"
    shown = json.dumps(message.as_json(), indent=2, ensure_ascii=False) + "\n"
    if not path.exists():
        path.write_text(shown, encoding="utf-8")
        raise AssertionError(f"{path.name} was not there and has been written; look at it and run again")
    assert path.read_text(encoding="utf-8") == shown

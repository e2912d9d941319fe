"""What a case is: evidence that makes a check speak, and evidence that just does not."""

from dataclasses import dataclass
from datetime import UTC, datetime

from diagnostics.context import Context, Expected, KeycloakExpected
from diagnostics.evidence.http import Answer, NoAnswer, Stage
from diagnostics.model import Evidence

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
URL = "https://keycloak.example.com"
ISSUER = f"{URL}/realms/volaticloud"


def context(**expected: str | bool | None) -> Context:
    """The frame of a judgement, with the platform's settings as given."""
    settings: dict[str, str | bool | None] = {
        "url": URL,
        "realm": "volaticloud",
        "client_id": "volaticloud-api",
        "base_path": "",
        "logs_command": "docker logs keycloak",
    }
    keycloak = KeycloakExpected(**{**settings, **expected})  # type: ignore[arg-type]  # fields by name
    return Context(at=NOW, seen_from="from the test", expected=Expected(keycloak))


CONTEXT = context()


@dataclass(frozen=True)
class Case:
    """A check's id, evidence that makes it speak, evidence that does not, and words that it must say."""

    id: str
    fires: tuple[Evidence, ...]
    silent: tuple[Evidence, ...]
    says: str
    context: Context = CONTEXT


OK = Answer(200, 12, "application/json", is_json=True)
HTML = Answer(200, 12, "text/html; charset=utf-8", excerpt="<html> Maintenance")
DOWN = Answer(503, 31, "text/html", excerpt="503 Service Temporarily Unavailable")
LOGIN_PAGE = Answer(302, 5, location="/oauth2/start?rd=x")
SILENT = NoAnswer(Stage.ANSWER, "nothing within 4 s", timed_out=True, took_ms=4001)
REFUSED = NoAnswer(Stage.CONNECT, "Connection refused", timed_out=False, took_ms=1)


def refusal(status: int, error: str = "", description: str = "") -> Answer:
    """A JSON answer that says no, as Keycloak words it."""
    return Answer(status, 9, "application/json", is_json=True, error=error, description=description)

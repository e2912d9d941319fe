"""Cases of the GraphQL area: the way to the endpoints, their answers, the login, the schema, the backend's log."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from diagnostics.context import Context, Expected, KeycloakExpected, SurfaceExpected
from diagnostics.evidence.cluster.kinds import BackendLog, DatabaseReach
from diagnostics.evidence.cluster.logs import ContainerLog, KnownLine
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.http import CERTIFICATE_REFUSED, Answer, Exchange, NoAnswer, Stage
from diagnostics.evidence.keycloak.kinds import KeycloakLogin, KeycloakRealm, RealmPage
from diagnostics.evidence.network import Certificate, Reached
from diagnostics.evidence.surface.kinds import (
    Difference,
    GraphqlAnswers,
    GraphqlPage,
    GraphqlSchema,
    HealthPage,
    HealthPages,
    HealthPart,
    Introspection,
    SurfaceReach,
)
from diagnostics.evidence.surface.views import Endpoints, GraphqlLogin
from diagnostics.evidence.tokens import TokenFacts
from diagnostics.model import Evidence, Severity
from diagnostics.observe import Seen
from tests.diagnostics.areas.cases.case import HTML, NOW, OK, REFUSED, SILENT, URL, Case

HOST = "api.example.com"
HEALTH, GRAPHQL = f"https://{HOST}/health", f"https://{HOST}/query"
DEPLOYED_HEALTH, DEPLOYED = f"https://{HOST}/gateway/v1/health", f"https://{HOST}/gateway/v1/query"
DAY = timedelta(days=1)
SURFACE = SurfaceExpected(HEALTH, GRAPHQL, "schema.graphql")
CONTEXT = Context(at=NOW, seen_from="from the test", expected=Expected(surface=SURFACE))
WITH_KEYCLOAK = replace(
    CONTEXT, expected=Expected(KeycloakExpected(URL, "volaticloud", "volaticloud-api"), surface=SURFACE)
)
UNAUTHORIZED = Answer(401, 4, "application/json", is_json=True)
MISSING = Answer(404, 3, "text/plain", excerpt="404 page not found")
GATEWAY = Answer(503, 5, "text/html", excerpt="503 Service Temporarily Unavailable nginx")
ERROR = Answer(500, 5, "application/json", is_json=True, error="internal server error")
UNWELL = Answer(503, 9, "application/json", is_json=True)
REDIRECTED = Answer(302, 3, location="https://login.example.com/")
LIMITED = Answer(429, 2, "text/plain", excerpt="Too Many Requests")
_SOUND_PARTS = (HealthPart("database", True, "ok"), HealthPart("keycloak", True, "ok"))  # noqa: FBT003 well


def certificate(begins: timedelta = -30 * DAY, ends: timedelta = 60 * DAY, *names: str) -> Certificate:
    return Certificate("CN=api", "CN=The CA", names or (HOST,), NOW + begins, NOW + ends, "ab" * 32)


def reach(failure: NoAnswer | None = None, shown: Certificate | None = None) -> SurfaceReach:
    sound = Reached(HOST, 443, tls=True, addresses=("192.0.2.9",), lookup_ms=3, connect_ms=8, handshake_ms=20)
    return SurfaceReach((replace(sound, failure=failure, certificate=shown),))


def ended(stage: Stage, words: str, *, timed_out: bool = False, code: str = "") -> NoAnswer:
    return NoAnswer(stage, words, timed_out=timed_out, took_ms=1500, code=code)


def shown(begins: timedelta, ends: timedelta, *names: str, refused: bool = True) -> SurfaceReach:
    why = ended(Stage.TLS, "certificate verify failed", code=CERTIFICATE_REFUSED) if refused else None
    return reach(why, certificate(begins, ends, *names))


def health(exchange: Exchange = OK, *parts: HealthPart, url: str = HEALTH) -> HealthPages:
    return HealthPages((HealthPage(url, exchange, parts or _SOUND_PARTS),))


def graphql(exchange: Exchange = OK, *errors: str, root: str = "", url: str = GRAPHQL, **facts: Any) -> GraphqlPage:
    return GraphqlPage(url, exchange, root or ("" if errors else "Query"), errors, **facts)


def nothing(exchange: Exchange, url: str = GRAPHQL) -> GraphqlPage:
    """An answer that is no GraphQL."""
    return GraphqlPage(url, exchange)


def endpoints(
    page: GraphqlPage | None = None, checked: HealthPages | None = None, database: DatabaseReach | None = None
) -> Endpoints:
    found: dict[type[Evidence], Any] = {
        HealthPages: checked or health(),
        GraphqlAnswers: GraphqlAnswers((page or graphql(),)),
    }
    return Endpoints.joined(Seen({**found, **({DatabaseReach: database} if database else {})}))


def both(exchange: Exchange) -> Endpoints:
    """Both endpoints answered with this, which is neither health nor GraphQL."""
    return endpoints(nothing(exchange), HealthPages((HealthPage(HEALTH, exchange),)))


TOKEN = TokenFacts(
    algorithm="RS256",
    key_id="k",
    issuer=f"{URL}/realms/volaticloud",
    subject="s",
    audience=("account",),
    authorized_party="volaticloud-api",
    issued_at=NOW,
    not_before=None,
    expires_at=NOW + timedelta(seconds=300),
)
LOGIN = KeycloakLogin(OK, TOKEN, NOW)
REALM = KeycloakRealm((RealmPage("", OK, "volaticloud"),))
REALM_AWAY = KeycloakRealm((RealmPage("", Answer(503, 31, "text/html")),))
WANTS = graphql(UNAUTHORIZED, "unauthorized: no token", codes=("UNAUTHENTICATED",))
TAKES_NOT = graphql(UNAUTHORIZED, "invalid token: wrong issuer", codes=("UNAUTHENTICATED",))
FORBIDS = graphql(Answer(403, 4, "application/json", is_json=True), "permission denied", codes=("FORBIDDEN",))
KEYCLOAK_ILL = health(UNWELL, HealthPart("keycloak", False, "keycloak unavailable"))  # noqa: FBT003 unwell


def login(
    again: GraphqlPage | None, *keycloak: Evidence, checked: HealthPages | None = None, page: GraphqlPage = WANTS
) -> GraphqlLogin:
    found: dict[type[Evidence], Any] = {
        HealthPages: checked or health(),
        GraphqlAnswers: GraphqlAnswers((page,), again, "" if again else "no client is configured"),
        **{type(one): one for one in keycloak},
    }
    return GraphqlLogin.joined(Seen(found))


def schema(how: Introspection = Introspection.GIVEN, said: str = "", *differences: Difference) -> GraphqlSchema:
    return GraphqlSchema(how, said, types=40, differences=differences)


LACKING = Difference("Bot.leverage", "Field Bot.leverage is missing", breaking=True)
MORE = Difference("Query.alerts", "Field Query.alerts is new", breaking=False)


def log(*known: str) -> BackendLog:
    lines = tuple(KnownLine(id, f"what {id} means", Severity.WARNING, 4, f"a line with {id}") for id in known)
    return BackendLog((ContainerLog(Name("volaticloud", "volaticloud-backend-7d-a"), "volaticloud", known=lines),))


def _case(id: str, fires: Evidence | tuple[Evidence, ...], silent: Evidence | tuple[Evidence, ...], says: str) -> Case:
    firing = fires if isinstance(fires, tuple) else (fires,)
    quiet = silent if isinstance(silent, tuple) else (silent,)
    return Case(f"graphql.{id}", firing, quiet, says, WITH_KEYCLOAK)


SOUND = reach(None, certificate())
DATABASE_ILL = health(UNWELL, HealthPart("database", False, "pq: sorry, too many clients already"))  # noqa: FBT003 unwell
DATABASE_ERROR = graphql(OK, "pq: sorry, too many clients already", known=("postgres.too-many-clients",))
_UNREACHED = DatabaseReach(
    Name("volaticloud", "volaticloud-db-secret"),
    Reached("db", 5432, tls=False, failure=ended(Stage.CONNECT, "refused")),
)

CASES: tuple[Case, ...] = (
    _case("name-unknown", reach(ended(Stage.NAME, "Name or service not known")), SOUND, HOST),
    _case("refused", reach(ended(Stage.CONNECT, "Connection refused")), SOUND, "Connection refused"),
    _case(
        "connect-timeout",
        reach(ended(Stage.CONNECT, "nothing", timed_out=True)),
        (SOUND, reach(ended(Stage.CONNECT, "Connection refused"))),
        "firewall",
    ),
    _case("certificate-expired", shown(-90 * DAY, timedelta(0)), shown(-90 * DAY, timedelta(seconds=1)), "expired"),
    _case(
        "certificate-not-yet-valid", shown(timedelta(seconds=1), 90 * DAY), shown(timedelta(0), 90 * DAY), "only from"
    ),
    _case(
        "certificate-wrong-name",
        shown(-DAY, 60 * DAY, "ingress.local"),
        (shown(-DAY, 60 * DAY), shown(-DAY, 60 * DAY, f"*.{HOST.partition('.')[2]}")),
        "ingress.local",
    ),
    _case(
        "certificate-untrusted",
        shown(-DAY, 60 * DAY),
        (SOUND, shown(-DAY, 60 * DAY, "ingress.local"), shown(-90 * DAY, -DAY)),
        "The CA",
    ),
    _case(
        "tls-failed",
        reach(ended(Stage.TLS, "record layer failure", code="RECORD_LAYER_FAILURE")),
        (SOUND, shown(-DAY, 60 * DAY)),
        "record layer failure",
    ),
    _case(
        "certificate-expiring",
        shown(-DAY, 14 * DAY, refused=False),
        (SOUND, shown(-DAY, 14 * DAY + timedelta(seconds=1), refused=False), shown(-90 * DAY, -DAY)),
        "14 days",
    ),
    _case(
        "database-unavailable",
        (endpoints(None, DATABASE_ILL), endpoints(DATABASE_ERROR), endpoints(None, DATABASE_ILL, _UNREACHED)),
        (endpoints(), endpoints(None, KEYCLOAK_ILL), endpoints(graphql(OK, "internal system error"))),
        "too many clients",
    ),
    _case(
        "health-failing",
        endpoints(None, health(UNWELL, HealthPart("etcd", False, "no leader"))),  # noqa: FBT003 unwell
        (endpoints(), endpoints(None, DATABASE_ILL), endpoints(None, KEYCLOAK_ILL)),
        "etcd (no leader)",
    ),
    _case(
        "keycloak-trouble",
        (login(None, REALM_AWAY), login(TAKES_NOT, REALM_AWAY), login(graphql(), REALM_AWAY, checked=KEYCLOAK_ILL)),
        (login(None, REALM), login(graphql(), REALM_AWAY), login(TAKES_NOT, REALM, LOGIN)),
        "HTTP 503",
    ),
    _case(
        "keycloak-not-reached",
        (login(graphql(), REALM, checked=KEYCLOAK_ILL), login(graphql(), checked=KEYCLOAK_ILL)),
        (login(graphql(), REALM), login(graphql(), REALM_AWAY, checked=KEYCLOAK_ILL)),
        "keycloak unavailable",
    ),
    _case(
        "token-refused",
        login(TAKES_NOT, REALM, LOGIN),
        (login(graphql(), REALM, LOGIN), login(TAKES_NOT, REALM_AWAY, LOGIN), login(None, REALM)),
        "wrong issuer",
    ),
    _case(
        "forbidden",
        (login(FORBIDS, REALM, LOGIN), login(None, page=FORBIDS)),
        (login(graphql(), REALM), login(TAKES_NOT, REALM), login(None, page=nothing(Answer(403, 2, "text/html")))),
        "permission denied",
    ),
    _case("gateway-error", (both(GATEWAY), endpoints(nothing(GATEWAY))), (both(ERROR), endpoints()), "no ready pod"),
    _case(
        "not-answering",
        (both(SILENT), endpoints(nothing(REFUSED))),
        (endpoints(), both(ERROR)),
        "endpoint: ",
    ),
    _case("server-error", both(ERROR), (both(GATEWAY), endpoints(None, DATABASE_ILL)), "internal server error"),
    _case("redirected", both(REDIRECTED), endpoints(), "https://login.example.com/"),
    _case(
        "endpoint-missing",
        (both(MISSING), endpoints(nothing(MISSING))),
        (endpoints(graphql(url=DEPLOYED)), both(LIMITED)),
        "HTTP 404",
    ),
    _case("not-graphql", both(HTML), (endpoints(), both(MISSING)), "text/html"),
    _case("request-rejected", both(LIMITED), (endpoints(), both(MISSING), endpoints(WANTS)), "Too Many Requests"),
    _case(
        "query-fails",
        endpoints(graphql(OK, "internal system error")),
        (endpoints(), endpoints(WANTS), endpoints(FORBIDS)),
        "internal system error",
    ),
    _case(
        "path-differs",
        Endpoints.joined(
            Seen(
                {
                    HealthPages: health(),
                    GraphqlAnswers: GraphqlAnswers((nothing(MISSING), graphql(url=DEPLOYED))),
                }
            )
        ),
        endpoints(),
        f"say {GRAPHQL}, as the runbook does; the platform answers at {DEPLOYED}",
    ),
    _case(
        "introspection-broken",
        schema(Introspection.BROKEN, "internal system error"),
        (schema(), schema(Introspection.OFF, "introspection disabled")),
        "internal system error",
    ),
    _case(
        "schema-differs",
        schema(Introspection.GIVEN, "", LACKING, MORE),
        (schema(), schema(Introspection.GIVEN, "", MORE)),
        "Bot.leverage",
    ),
    _case(
        "introspection-off",
        (schema(Introspection.OFF, "introspection disabled"), schema(Introspection.REFUSED, "introspection disabled")),
        (schema(), schema(Introspection.BROKEN, "x")),
        "introspection disabled",
    ),
    _case(
        "schema-newer",
        schema(Introspection.GIVEN, "", MORE),
        (schema(), schema(Introspection.GIVEN, "", MORE, LACKING)),
        "Query.alerts",
    ),
    _case("log-panics", (log("graphql.internal-error"), log("go.panic")), log("graphql.config-invalid"), "4 lines"),
    _case(
        "log-unknown-fields",
        (log("graphql.unknown-field"), log("graphql.unknown-argument")),
        (log(), log("graphql.parse-failed")),
        "4 lines",
    ),
    _case("log-freqtrade-schema", log("graphql.freqtrade-schema"), log(), "freqtrade"),
    _case("log-config-invalid", log("graphql.config-invalid"), log(), "4 lines"),
    _case("log-permission-denied", log("graphql.permission-denied"), log("graphql.token-expired"), "4 lines"),
)

"""The sound containers: Keycloak and its database, as a developer's machine runs them, and what they log."""

from datetime import UTC, datetime

from playground.world.docker.state import Container, Entry, State

KEYCLOAK = "volaticloud-keycloak"
DATABASE = "volaticloud-keycloak-db"
UP_S = 2 * 86_400.0  # two days: long enough for nobody to suspect a restart
EVERY_S = 60.0  # a user mistypes the password once a minute; that is no error of Keycloak's
_SHOWN = 30  # how many of these are still in the log


def volaticloud(now_s: float) -> State:
    """The daemon with everything well, at a moment in seconds since 1970."""
    began = now_s - UP_S
    keycloak = Container(
        KEYCLOAK,
        "quay.io/keycloak/keycloak:26.4.5",
        tells=lambda until: (*_start(began), *mistyped(until)),
        created_at_s=began,
        started_at_s=began,
    )
    database = Container(
        DATABASE,
        "postgres:16",
        tells=lambda _: (Entry(began, "database system is ready to accept connections"),),
        created_at_s=began,
        started_at_s=began,
    )
    return State((keycloak, database), now_s)


def line(at_s: float, level: str, category: str, thread: str, text: str) -> Entry:
    """A line as Keycloak prints it: Quarkus's default console format."""
    stamp = datetime.fromtimestamp(at_s, UTC)
    return Entry(
        at_s, f"{stamp:%Y-%m-%d %H:%M:%S},{stamp.microsecond // 1000:03d} {level:<5} [{category}] ({thread}) {text}"
    )


def mistyped(until_s: float) -> tuple[Entry, ...]:
    """Failed logins, the usual noise, up to a moment."""
    told = (
        'type="LOGIN_ERROR", realmId="volaticloud", realmName="volaticloud", clientId="dashboard", userId="null", '
        'ipAddress="172.18.0.1", error="user_not_found", username="bob ERROR"'
    )
    last = until_s - until_s % EVERY_S
    times = (last - EVERY_S * back for back in reversed(range(_SHOWN)))
    return tuple(line(at, "WARN", "org.keycloak.events", "executor-thread-8", told) for at in times)


def _start(began_s: float) -> tuple[Entry, ...]:
    return (
        line(
            began_s + 4,
            "INFO",
            "org.keycloak.quarkus.runtime.storage.infinispan.CacheManagerFactory",
            "main",
            "Starting Infinispan embedded cache manager",
        ),
        line(
            began_s + 9,
            "INFO",
            "io.quarkus",
            "main",
            "Keycloak 26.4.5 on JVM (powered by Quarkus 3.27.1) started in 8.920s. Listening on: http://0.0.0.0:8080",
        ),
        line(began_s + 9, "INFO", "io.quarkus", "main", "Profile prod activated."),
    )

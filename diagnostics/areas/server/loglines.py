"""What the log of a container that failed says of why: its database, Keycloak, or the migration."""

from diagnostics.evidence.cluster.logs import ContainerLog, KnownLine
from diagnostics.model import Value

#: A line among the last ones says why the run ended; what stands further up may have been survived.
_LAST = 8
#: Words with which the backend says what it could not do before it served: such a line is decisive wherever it stands.
_OPENING = ("connection to postgres", "connect to postgres", "creating schema")

#: What keeps a connection to PostgreSQL from coming about: the catalogue's entry, and the form it is told in.
_DATABASE = {
    "postgres.host-unknown": "name",
    "postgres.refused": "refused",
    "postgres.unreachable": "timeout",
    "postgres.wrong-password": "login",
    "postgres.no-role": "login",
    "postgres.pg-hba": "not allowed",
    "postgres.tls-required": "tls",
    "postgres.no-tls": "tls",
    "postgres.no-database": "no database",
    "postgres.too-many-clients": "slots",
    "postgres.reserved-slots": "slots",
    "postgres.too-many-for-role": "slots",
    "postgres.starting-up": "starting up",
    "postgres.shutting-down": "shutting down",
    "postgres.connection-lost": "lost",
}
#: Where what a secret says may be the reason. An address that refuses or is silent has nothing to do with a password.
OF_THE_SECRET = {"", "name", "login", "no database", "tls"}
#: TLS trouble, which is of the database or of Keycloak by the words around it.
_CERTIFICATES = ("network.certificate-expired", "network.certificate-unknown", "network.certificate-name")
_MIGRATION = {
    "postgres.schema-permission": "permission",
    "postgres.migration-deadlock": "deadlock",
    "postgres.lock-timeout": "lock",
    "postgres.statement-timeout": "lock",
    "server.migration-failed": "",
}
#: Of these, the ones that mean a migration even without the backend's words before them.
_SURELY_MIGRATION = {"postgres.schema-permission", "postgres.migration-deadlock", "server.migration-failed"}


class Said(Value, frozen=True):
    """What a log says of the failure: the known line, and in which form its fault comes."""

    line: KnownLine
    form: str = ""


def database(log: ContainerLog) -> Said | None:
    """The line by which it failed on its database."""
    for id, form in _DATABASE.items():
        known = log.knows(id)
        if known and (_opening(known) or _at_the_end(log, known)):
            return Said(known, form)
    known = log.knows(*_CERTIFICATES)
    if known and _opening(known):
        return Said(known, "tls")
    known = log.knows("server.database-connection")
    return Said(known) if known else None


def keycloak_settings(log: ContainerLog) -> Said | None:
    """The line by which it failed for lack of settings for Keycloak."""
    known = log.knows("server.keycloak-configuration")
    return Said(known) if known else None


def keycloak(log: ContainerLog) -> Said | None:
    """The line by which its first talk with Keycloak failed."""
    known = log.knows("server.keycloak-initialization")
    if known:
        return Said(known)
    known = log.knows(*_CERTIFICATES)
    return Said(known, "tls") if known and "keycloak" in known.line.lower() else None


def migration(log: ContainerLog) -> Said | None:
    """The line by which its migration failed."""
    for id, form in _MIGRATION.items():
        known = log.knows(id)
        if known and (id in _SURELY_MIGRATION or "creating schema" in known.line.lower()):
            return Said(known, form)
    return None


def last_words(log: ContainerLog | None) -> str:
    """The line that most likely says why the run ended: a known error, else the newest error, else the last line."""
    if log is None:
        return ""
    worst = sorted(log.known, key=lambda one: one.severity.rank)
    if worst:
        return worst[0].line
    return next((line for line in reversed((*log.lines, *log.errors)) if line.strip()), "")


def _opening(known: KnownLine) -> bool:
    return any(words in known.line.lower() for words in _OPENING)


def _at_the_end(log: ContainerLog, known: KnownLine) -> bool:
    ending = [line for line in log.lines if line.strip()][-_LAST:]
    return any(known.line in line or line in known.line for line in ending)

"""What the log of a container that failed says of why: its database, Keycloak, or the migration."""

from collections.abc import Iterable, Iterator, Sequence

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
#: What Go ends a program with. Whatever was wrong before, it went on until then.
_ENDS = {"go.panic", "go.nil-pointer", "go.concurrent-map", "go.all-asleep", "go.out-of-memory"}
#: By which words a panic speaks of the database, of Keycloak, of a migration.
_DATABASE_WORDS = ("database", "postgres", "sql", "pq:", "pgx", ":5432")
_KEYCLOAK_WORDS = ("keycloak", "oidc")
_MIGRATION_WORDS = (*_DATABASE_WORDS, "migrat", "schema")
#: By which words a program says that it went on.
_WENT_ON = ("reconnected", "connected to database", "connected to the database", "connected to postgres", "serving at")


class Said(Value, frozen=True):
    """What a log says of the failure: the known line, and in which form its fault comes."""

    line: KnownLine
    form: str = ""


def database(log: ContainerLog) -> Said | None:
    """The line by which it failed on its database."""
    return _decisive(log, _of_the_database(log), _DATABASE_WORDS)


def _of_the_database(log: ContainerLog) -> Iterator[Said]:
    for id, form in _DATABASE.items():
        known = log.knows(id)
        if known and (_opening(known) or _at_the_end(log, known)):
            yield Said(known, form)
    known = log.knows(*_CERTIFICATES)
    if known and _opening(known):
        yield Said(known, "tls")
    known = log.knows("server.database-connection")
    if known:
        yield Said(known)


def keycloak_settings(log: ContainerLog) -> Said | None:
    """The line by which it failed for lack of settings for Keycloak."""
    known = log.knows("server.keycloak-configuration")
    return _decisive(log, [Said(known)] if known else (), _KEYCLOAK_WORDS)


def keycloak(log: ContainerLog) -> Said | None:
    """The line by which its first talk with Keycloak failed."""
    return _decisive(log, _of_keycloak(log), _KEYCLOAK_WORDS)


def _of_keycloak(log: ContainerLog) -> Iterator[Said]:
    known = log.knows("server.keycloak-initialization")
    if known:
        yield Said(known)
    known = log.knows(*_CERTIFICATES)
    if known and "keycloak" in known.line.lower():
        yield Said(known, "tls")


def migration(log: ContainerLog) -> Said | None:
    """The line by which its migration failed."""
    return _decisive(log, _of_a_migration(log), _MIGRATION_WORDS)


def _of_a_migration(log: ContainerLog) -> Iterator[Said]:
    for id, form in _MIGRATION.items():
        known = log.knows(id)
        if known and (id in _SURELY_MIGRATION or "creating schema" in known.line.lower()):
            yield Said(known, form)


def _decisive(log: ContainerLog, some: Iterable[Said], words: Sequence[str]) -> Said | None:
    """The first of these that ended the run: not one after which it went on, and not one that a panic came after.

    A panic that speaks of the same thing by one of `words` has it for its reason.
    """
    end = _panic(log)
    if end and any(word in end.line.lower() for word in words):
        end = None
    later = end.last if end else 0
    return next((said for said in some if not _survived(log, said.line) and said.line.last >= later), None)


def _panic(log: ContainerLog) -> KnownLine | None:
    """The panic that the run ended with: not one that a server caught, and went on."""
    caught = ("http: panic serving", "recover")
    ends = [one for one in log.known if one.id in _ENDS and not any(word in one.line.lower() for word in caught)]
    return max(ends, key=lambda one: one.last, default=None)


def _survived(log: ContainerLog, known: KnownLine) -> bool:
    """Whether the program said afterwards that it had its database, or served."""
    return any(word in line.lower() for line in log.after(known) for word in _WENT_ON)


def last_words(log: ContainerLog | None) -> str:
    """The line that most likely says why the run ended: its panic, a known error, the newest error, the last line."""
    if log is None:
        return ""
    worst = sorted(log.known, key=lambda one: one.severity.rank)
    end = _panic(log)
    if end and end.last == max(one.last for one in log.known):
        return end.line
    if worst:
        return worst[0].line
    return next((line for line in reversed((*log.lines, *log.errors)) if line.strip()), "")


def _opening(known: KnownLine) -> bool:
    return any(words in known.line.lower() for words in _OPENING)


def _at_the_end(log: ContainerLog, known: KnownLine) -> bool:
    ending = [line for line in log.lines if line.strip()][-_LAST:]
    return any(known.line in line or line in known.line for line in ending)

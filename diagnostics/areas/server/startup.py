"""Checks of what a program's log says of why it did not start: its database, Keycloak, its migration."""

from collections.abc import Iterator
from shlex import quote

from diagnostics.areas.server import loglines
from diagnostics.areas.server.ailments import Ailment, ills
from diagnostics.areas.server.references import backend_container, unset
from diagnostics.areas.server.telling import Told, only_main, told
from diagnostics.check import Sign, check
from diagnostics.commands import describe, kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.logs import ContainerLog
from diagnostics.evidence.cluster.sealed import ClusterSealed
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, one_line

_CRITICAL, _NOTE = Severity.CRITICAL, Severity.NOTE
_LINES = 3  # log lines shown as facts

#: How far the connection came, for each form that the log tells apart.
_DATABASE = {
    "": "the connection fails",
    "name": "its host name leads to no address",
    "refused": "nothing listens at its address (connection refused)",
    "timeout": "nothing comes back from its address (timeout), as behind a firewall that does not know the nodes",
    "login": "the login is rejected",
    "not allowed": "it accepts nobody from this address",
    "tls": "both sides do not agree on TLS",
    "no database": "the server is there, the database is not",
    "slots": "every connection that it allows is taken",
    "starting up": "it is starting up or recovering, and takes no connections yet",
    "shutting down": "it is being shut down, or ended the session",
    "lost": "the connection was lost while it was in use",
}
_MIGRATION = {
    "": "the schema cannot be brought up to date",
    "permission": "the database user may not create or change tables",
    "deadlock": "two migrations met, and PostgreSQL ended one of them",
    "lock": "it waited too long for a lock that another session holds",
}


@check(
    WorkloadStates,
    "server.database-connection-failed",
    "A server cannot connect to its database",
    _CRITICAL,
    Section.SERVER_DATABASE,
)
def database_connection_failed(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """Without its database the server ends at its start; the line it leaves says how far the connection came."""
    for one in told(seen, context, Ailment.DATABASE):
        how = _DATABASE[one.first.form]
        words = f"{only_main(one)} cannot connect to its database: {how} ({one.share}, {one.restarts}){one.quoted}"
        rests_on = one.rests_on if one.first.form in loglines.OF_THE_SECRET else one.nodes
        yield one.sign(words, *_target(one, seen.sealed), command=one.log_command(), rests_on=rests_on)


@check(
    WorkloadStates,
    "server.keycloak-settings-missing",
    "Settings for Keycloak are missing",
    _CRITICAL,
    Section.SERVER_KEYCLOAK,
)
def keycloak_settings_missing(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The backend refuses to start unless it knows Keycloak's address, the realm, the client and its secret."""
    lacks = unset(seen, context)
    for one in told(seen, context, Ailment.KEYCLOAK_SETTINGS):
        mine = lacks if one.state.workload.name == context.cluster.backend else ()
        yield _settings(one, mine)
    for one in _unexplained(seen, context):
        if lacks:
            yield _settings(one, lacks)


@check(
    WorkloadStates,
    "server.keycloak-initialization-failed",
    "A server cannot talk to Keycloak at its start",
    _CRITICAL,
    Section.SERVER_KEYCLOAK,
)
def keycloak_initialization_failed(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The settings for Keycloak are there, but Keycloak does not answer, or refuses the client."""
    for one in told(seen, context, Ailment.KEYCLOAK):
        words = f"{only_main(one)} does not start: its first talk with Keycloak fails ({one.share}, {one.restarts})"
        yield one.sign(f"{words}{one.quoted}", command=one.log_command())


@check(
    WorkloadStates,
    "server.migration-failed",
    "A migration of the database fails",
    _CRITICAL,
    Section.SERVER_MIGRATION,
)
def migration_failed(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """The server brings its tables up to date at each start, and ends where it cannot."""
    for one in told(seen, context, Ailment.MIGRATION):
        words = f"{only_main(one)} cannot migrate its database: {_MIGRATION[one.first.form]}"
        facts = _target(one, seen.sealed)
        yield one.sign(f"{words} ({one.share}, {one.restarts}){one.quoted}", *facts, command=one.log_command())


@check(WorkloadStates, "server.log-errors", "The log of a failed container has errors", _NOTE, Section.SERVER)
def log_errors(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """What a container that is not well said before is a lead, even where it is not the reason.

    The log of one that has recovered, or of a job that was tried again, says nothing of the present.
    """
    for state in seen.states:
        ailing = {ill.container.name for ill in ills(state, context) if ill.container}
        logs = [log for log in state.logs if log.container in ailing and (log.errors or log.known)]
        if logs and state.workload.kind != "Job":
            yield _errors(state, logs, context)


CHECKS = (
    keycloak_settings_missing,
    database_connection_failed,
    migration_failed,
    keycloak_initialization_failed,
)
#: What leads further where nothing is known of the reason.
LEADS = (log_errors,)


def _target(one: Told, sealed: ClusterSealed | None) -> tuple[Fact, ...]:
    """Where one of its secrets says the database is; a password is no part of it."""
    mine = one.state.secrets
    for held in sealed.secrets if sealed else ():
        if held.database and held.name.subject("Secret") in mine:
            there = held.database
            said = {"host": there.host, "port": str(there.port), "database": there.database, "user": there.user}
            return (Fact("secret", held.name.name), *(Fact(label, text) for label, text in said.items() if text))
    return ()


def _unexplained(seen: WorkloadStates, context: Context) -> Iterator[Told]:
    """The backend, where it goes down and its log could not be read: then its settings are all there is to judge."""
    for ailment in (Ailment.LOOP, Ailment.EXITED):
        for one in told(seen, context, ailment):
            if one.state.workload.name == context.cluster.backend and _unread(one):
                yield one


def _unread(one: Told) -> bool:
    """Whether it is the backend's own container, and its log is not known."""
    container, spec = one.first.container, backend_container(one.state, one.context)
    if container is None or spec is None or container.name != spec.name:
        return False
    log = one.state.log_of(one.first.pod, container)
    return log is None or bool(log.gap)


def _settings(one: Told, lacks: tuple[str, ...]) -> Sign:
    what = f": {', '.join(lacks)}" if lacks else ""
    words = f"{only_main(one)} does not start: settings for Keycloak are missing{what} ({one.share}, {one.restarts})"
    facts = [Fact("setting", lack) for lack in lacks]
    return one.sign(f"{words}{one.quoted}", *facts, command=_environment(one))


def _environment(one: Told) -> str:
    """The command that shows where each variable comes from; values that come from a secret are not shown."""
    return describe(one.context, one.state.subject.kind, one.state.workload.name)


def _errors(state: WorkloadState, logs: list[ContainerLog], context: Context) -> Sign:
    log = logs[0]
    number = sum(one.count for one in log.known) or len(log.errors)
    run = "run before" if log.previous else "run"
    words = f"{number} of the last {log.read or len(log.lines)} log lines of the {run} of container {log.container}"
    summary = f"{words} in {log.pod.name} are errors, the weightiest: {one_line(loglines.last_words(log))}"
    lines = [Fact("log line", one_line(line, WHOLE)) for line in log.errors[-_LINES:]]
    known = [Fact("known error", f"{one.id}, {one.count} times: {one.meaning}") for one in log.known]
    before = " --previous" if log.previous else ""
    command = kubectl(context, "logs", log.pod, f"-c {quote(log.container)} --tail=50{before}")
    facts = (Fact("container", log.container), *known, *lines)
    return Sign(state.subject, one_line(summary, WHOLE), facts, command)

"""Cancels a statement of one session of PostgreSQL, or ends the session. It touches no row and no other session.

The request's target is the session's pid; the setting `started`, where it is given, says when the session began that is
meant, since a pid is given to another session later. Both acts are one statement that names pid and beginning at once.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from bot.actions.act import Did, Doing, Later
from bot.actions.hands import Aim, DatabaseHands, Hands, SessionNow
from bot.actions.plan import Draft, Plan, Request, Risk, Step, Target, differences
from bot.errors import CannotAct, Stale, StepFailed
from diagnostics.areas.database.platform import psql
from diagnostics.areas.database.pressure import OF_SCHEMA
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.database.kinds import DatabaseAccess
from diagnostics.model import Fact
from diagnostics.words import few, raw_line, span

STARTED, SINCE = "started", "since"
"""The settings of a plan: when the session began, and when the statement or transaction began that is to end."""

PATIENCE = timedelta(seconds=30)
"""How long a session may take to heed: it looks at its signals many times a second, but for a wait for disk or net."""

EVERY_S = 0.5
"""Seconds between two looks whether it has heeded: it takes some milliseconds."""

_PID = re.compile("[1-9][0-9]{0,9}")
_LARGEST = 2**31 - 1  # of what PostgreSQL counts processes by
_PLAIN = re.compile("[a-z_][a-z0-9_]*")
_NONE = "none"
_BEGAN, _STATEMENT, _TRANSACTION = "backend start", "statement begun", "transaction begun"
_WRITE = 0
_CLIENT = "client backend"
#: What is no client, and why it is let be.
_OTHERS = {
    "walsender": "it sends the log to a standby or a backup, which would lack it; ask the database administrators",
    "autovacuum worker": "it is vacuum, which PostgreSQL begins again by itself; see which table it is at, and why",
}


class CancelQuery:
    """Cancels the statement that a session runs; the session stays."""

    name = "cancel-query"
    title = "Cancellation of the statement"
    label = "Cancel query"
    area = "database"
    risks: Mapping[Risk, str] = {
        Risk.LOW: "one statement of an application ends with an error, and its session stays",
        Risk.MEDIUM: "the statement is a migration's or a superuser's",
    }

    def rights(self, namespace: str) -> tuple[Right, ...]:  # noqa: ARG002 as every act
        """None in the cluster: what it takes is a right in PostgreSQL."""
        return ()

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """As `Act.propose`."""
        seen = await _meant(request, hands.database)
        if seen.state != "active":
            raise CannotAct(_runs_nothing(seen))
        return _cancel_draft(seen, await hands.database.access())

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """As `Act.facts`."""
        return _of_statement(await hands.database.session(_pid(plan.target.short)))

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """As `Act.do`."""
        aim = _aim(doing.plan)
        seen = await hands.database.session(aim.pid)
        over = seen is None or _of_statement(seen) != doing.plan.draft.facts
        if doing.step != _WRITE:
            return _cancelled(seen, aim) if over else _still(doing, "it has not ended yet")
        if over and doing.again:
            return Did(f"The statement of session {aim.pid} has ended")
        _as_planned(doing.plan, _of_statement(seen))
        if not await hands.database.cancel(aim):
            raise _missed(doing.plan, _of_statement(await hands.database.session(aim.pid)))
        return Did(f"Told session {aim.pid} to cancel its statement")


class EndSession:
    """Ends a session; its open transaction is rolled back."""

    name = "end-session"
    title = "Ending"
    label = "End session"
    area = "database"
    risks: Mapping[Risk, str] = {
        Risk.MEDIUM: "an application loses one connection, and what its open transaction has done",
        Risk.HIGH: "the session is a migration's or a superuser's",
    }

    def rights(self, namespace: str) -> tuple[Right, ...]:  # noqa: ARG002 as every act
        """None in the cluster: what it takes is a right in PostgreSQL."""
        return ()

    async def propose(self, request: Request, hands: Hands) -> Draft:
        """As `Act.propose`."""
        return _end_draft(await _meant(request, hands.database), await hands.database.access())

    async def facts(self, plan: Plan, hands: Hands) -> tuple[Fact, ...]:
        """As `Act.facts`."""
        return _of_session(await hands.database.session(_pid(plan.target.short)))

    async def do(self, doing: Doing, hands: Hands) -> Did | Later:
        """As `Act.do`."""
        aim = _aim(doing.plan)
        seen = await hands.database.session(aim.pid)
        gone = seen is None or seen.started_at != aim.started_at
        if gone and (doing.step != _WRITE or doing.again):
            return Did(f"Session {aim.pid} has ended")
        if doing.step != _WRITE:
            return _still(doing, "it is still there")
        _as_planned(doing.plan, _of_session(seen))
        if not await hands.database.end(aim):
            raise _missed(doing.plan, _of_session(await hands.database.session(aim.pid)))
        return Did(f"Told session {aim.pid} to end")


def _pid(text: str) -> int:
    if not _PID.fullmatch(text) or int(text) > _LARGEST:
        raise CannotAct("Say which session by its pid, a whole number: `diagnose database` shows those that stand out.")
    return int(text)


async def _meant(request: Request, database: DatabaseHands) -> SessionNow:
    """The session that is meant.

    Raises:
        CannotAct: there is none, it is another one by now, or it is none that may be touched.
    """
    pid = _pid(request.target)
    seen = await database.session(pid)
    if seen is None:
        raise CannotAct(f"There is no session {pid} in PostgreSQL: it has ended, or never was. Look again.")
    if refusal := _refusal(seen):
        raise CannotAct(refusal)
    meant = request.settings.get(STARTED, "")
    if meant and _moment(meant) != seen.started_at:
        raise CannotAct(
            f"Pid {pid} is another session's by now, which began at {_stamp(seen.started_at)}: the one that is meant "
            "has ended. Look again."
        )
    return seen


def _refusal(seen: SessionNow) -> str:
    """Why it is not to be touched, with what would help; empty for no reason."""
    if seen.own:
        return f"Session {seen.pid} is one of Volati's own. It ends by itself within seconds."
    if seen.started_at is None:
        sight = "" if seen.may else ", pg_signal_backend"
        return (
            f"What session {seen.pid} is and does may not be seen by {seen.user_here}, and nothing is done blindly. "
            f"An administrator can grant it: GRANT pg_monitor{sight} TO {_quoted(seen.user_here)}"
        )
    if seen.leader is not None:
        return f"Session {seen.pid} works for session {seen.leader} as its parallel worker: name that one."
    if seen.kind != _CLIENT:
        why = _OTHERS.get(seen.kind, "it is a part of PostgreSQL itself")
        return f"Session {seen.pid} is no client's ({seen.kind or 'unknown'}): {why}."
    return "" if seen.may else _no_right(seen)


def _no_right(seen: SessionNow) -> str:
    if seen.of_superuser:
        return (
            f"Session {seen.pid} is of {seen.user or 'nobody'}, a superuser: PostgreSQL lets only superusers stop it, "
            "and Volati should be none. Ask the database administrators."
        )
    return (
        f"Volati's role {seen.user_here} may not stop sessions of {seen.user}. An administrator can grant it: "
        f"GRANT pg_signal_backend TO {_quoted(seen.user_here)}"
    )


def _runs_nothing(seen: SessionNow) -> str:
    """Why there is nothing to be cancelled."""
    now = f"Session {seen.pid} runs no statement: it is {_state(seen)}."
    if seen.transaction_at is None:
        return f"{now} There is nothing to cancel."
    return f"{now} Its transaction is still open; only ending the session ends that: end-session {seen.pid}"


def _aim(plan: Plan) -> Aim:
    """What the plan is about; its settings are the bot's own words."""
    settings = plan.draft.settings
    since = settings[SINCE]
    return Aim(
        _pid(plan.target.short),
        datetime.fromisoformat(settings[STARTED]),
        datetime.fromisoformat(since) if since else None,
    )


def _of_session(seen: SessionNow | None) -> tuple[Fact, ...]:
    """What makes an ending stale: another session, or another transaction than that which would be rolled back."""
    if seen is None:
        return ()
    return (Fact(_BEGAN, _stamp(seen.started_at)), Fact(_TRANSACTION, _stamp(seen.transaction_at)))


def _of_statement(seen: SessionNow | None) -> tuple[Fact, ...]:
    """What makes a cancellation stale: another session, or another statement than that which is meant."""
    if seen is None:
        return ()
    began = seen.statement_at if seen.state == "active" else None
    return (Fact(_BEGAN, _stamp(seen.started_at)), Fact(_STATEMENT, _stamp(began)))


def _as_planned(plan: Plan, found: tuple[Fact, ...]) -> None:
    if different := _different(plan, found):
        raise Stale(different)


def _different(plan: Plan, found: tuple[Fact, ...]) -> tuple[str, ...]:
    return differences(plan.draft.facts, found) if found else (f"{plan.target} was there, and is gone",)


def _missed(plan: Plan, found: tuple[Fact, ...]) -> Stale | StepFailed:
    """PostgreSQL found no such session when it was to signal it, or could not: what it shows now says which."""
    different = _different(plan, found)
    return Stale(different) if different else StepFailed(f"PostgreSQL could send no signal to {plan.target}")


def _still(doing: Doing, what: str) -> Later:
    if doing.now - doing.since <= PATIENCE:
        return Later(EVERY_S, what)
    raise StepFailed(
        f"{doing.plan.target} was told {span(PATIENCE.total_seconds())} ago, and {what}: it waits for its disk or for "
        "the network, where no signal is heeded. Ask the database administrators"
    )


def _cancelled(seen: SessionNow | None, aim: Aim) -> Did:
    if seen is None or seen.started_at != aim.started_at:
        return Did(f"The statement has ended, and session {aim.pid} with it")
    rest = "; its transaction waits for its application to roll it back" if seen.state.endswith("(aborted)") else ""
    return Did(f"The statement has ended, and session {aim.pid} is {seen.state}{rest}")


def _cancel_draft(seen: SessionNow, access: DatabaseAccess) -> Draft:
    running = f"{_statement(seen)}, which has run for {_for(seen, seen.statement_at)}"
    return Draft(
        target=_target(seen),
        summary=f"Cancel what session {seen.pid} ({_whose(seen)}) runs: {running}.{_holds(seen)}",
        facts=_of_statement(seen),
        steps=(
            Step("Cancel the statement; pid and start name the session", psql(access, _sql("pg_cancel_backend", seen))),
            Step("Look whether it has ended", psql(access, _look(seen))),
        ),
        risk=Risk.MEDIUM if _serious(seen) else Risk.LOW,
        hits=_hits(seen),
        warnings=tuple(_warnings(seen, access)),
        final="Its application gets an error (57014); what the statement has done so far is rolled back.",
        settings={STARTED: _stamp(seen.started_at), SINCE: _stamp(seen.statement_at)},
    )


def _end_draft(seen: SessionNow, access: DatabaseAccess) -> Draft:
    last = f" Its {'statement' if seen.state == 'active' else 'last statement'}: {_statement(seen)}."
    doing = f"which is {_state(seen)}.{_holds(seen)}{last if seen.shape else ''}"
    return Draft(
        target=_target(seen),
        summary=f"End session {seen.pid} ({_whose(seen)}), {doing}",
        facts=_of_session(seen),
        steps=(
            Step("End the session; pid and start name it", psql(access, _sql("pg_terminate_backend", seen))),
            Step("Look whether it is gone", psql(access, _look(seen))),
        ),
        risk=Risk.HIGH if _serious(seen) else Risk.MEDIUM,
        hits=_hits(seen),
        warnings=tuple(_warnings(seen, access)),
        final=_final(seen),
        settings={
            STARTED: _stamp(seen.started_at),
            SINCE: _stamp(seen.transaction_at) if seen.transaction_at else "",
        },
    )


def _final(seen: SessionNow) -> str:
    if seen.transaction_at is None:
        return "Its application gets an error at its next statement, and connects anew; no transaction is lost."
    age = _for(seen, seen.transaction_at)
    return f"Its transaction, {age} old, is rolled back and does not come back; its application gets an error."


def _target(seen: SessionNow) -> Target:
    return Target("session", Name("", str(seen.pid)))


def _hits(seen: SessionNow) -> tuple[str, ...]:
    waiting = (f"{one}, which waits for it, and goes on" for one in seen.waiting)
    return (f"session {seen.pid}: {_whose(seen)}, in database {seen.database or 'unknown'}", *waiting)


def _warnings(seen: SessionNow, access: DatabaseAccess) -> Iterator[str]:
    if _migrates(seen):
        yield (
            "It looks like a migration. What it has done is rolled back; an index that it builds concurrently stays "
            "behind invalid. The next start of a pod tries it again."
        )
    if seen.of_superuser:
        yield f"It is of {seen.user}, a superuser: somebody may be at work by hand. Ask first."
    if seen.database and access.database and seen.database != access.database:
        yield f"It is in database {seen.database}, not in {access.database}, which is the platform's."


def _serious(seen: SessionNow) -> bool:
    return seen.of_superuser or _migrates(seen)


def _migrates(seen: SessionNow) -> bool:
    """Migration tools change tables, under a lock by a number of their own, or under a telling name."""
    return seen.advisory or bool(OF_SCHEMA.match(seen.shape)) or "migrat" in seen.application.casefold()


def _whose(seen: SessionNow) -> str:
    who = f"{seen.application or 'an unnamed application'} as {seen.user}"
    return f"{who} from {seen.client}" if seen.client else who


def _state(seen: SessionNow) -> str:
    since = seen.statement_at if seen.state == "active" else seen.changed_at
    return f"{seen.state or 'of unknown state'} for {_for(seen, since)}"


def _for(seen: SessionNow, since: datetime | None) -> str:
    """How long something has lasted by the server's own clock."""
    return span(max(0.0, (seen.at - since).total_seconds())) if since else "an unknown time"


def _statement(seen: SessionNow) -> str:
    return raw_line(seen.shape) if seen.shape else "a statement that is not shown"


def _holds(seen: SessionNow) -> str:
    return f" It holds locks on {few(seen.locks)}." if seen.locks else ""


def _sql(function: str, seen: SessionNow) -> str:
    return f"SELECT {function}(pid) FROM pg_stat_activity WHERE {_this(seen)}"  # noqa: S608 for a person to read; own numbers


def _look(seen: SessionNow) -> str:
    return f"SELECT pid, state, xact_start, query_start FROM pg_stat_activity WHERE {_this(seen)}"  # noqa: S608 as above


def _this(seen: SessionNow) -> str:
    return f"pid = {seen.pid} AND backend_start = '{_stamp(seen.started_at)}'"


def _stamp(at: datetime | None) -> str:
    """A moment to the microsecond, in UTC, as PostgreSQL reads it too."""
    return at.isoformat() if at else _NONE


def _moment(text: str) -> datetime | None:
    """The moment that a text says; None for one that says none, or not in which zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _quoted(role: str) -> str:
    """A role as SQL takes it."""
    return role if _PLAIN.fullmatch(role) else '"' + role.replace('"', '""') + '"'

"""The command line: the same engine and the same words as in Slack, for the day when Slack is down."""

import io
import shlex
import sys
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from bot.audit.check import Proof
from bot.audit.export import Export, Form
from bot.audit.ledger import Ledger, Wanted
from bot.bootstrap import Services
from bot.cli.opening import (
    DEFAULT_CONFIG,
    given_run,
    read,
    saved_run,
    services_of,
)
from bot.cli.output import print_json, print_rows, say, tell, unwritten
from bot.cli.running import carry_out, explained, until_stopped
from bot.errors import VolatiError
from bot.health import State
from bot.runs import terminal
from bot.runs.board import board
from bot.runs.examiner import Order
from bot.runs.glances import NoClusterError
from bot.settings import load
from bot.words.acts import READERS as ACTS
from bot.words.commands import Events, Logs, Refusal, Status
from bot.words.commands import parse as parse_words
from bot.words.incidents import Ack, Escalate, Resolve
from bot.words.pasted import token_in
from diagnostics.areas import AREAS
from diagnostics.areas.token import claims
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import PresentedToken
from diagnostics.glances.overview import Overview
from diagnostics.judge import together
from diagnostics.model import Diagnosis, Unobserved
from diagnostics.observe import Glimpse
from diagnostics.redaction import Redactor
from diagnostics.runs import Run

#: Characters of an act's words that an answer repeats at most.
_ACT_SHOWN = 120

app = typer.Typer(
    name="volati",
    help="Diagnoses VolatiCloud, from the terminal as from Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

catalogue_app = typer.Typer(help="The catalogue of known errors.", no_args_is_help=True)
app.add_typer(catalogue_app, name="catalogue")

audit_app = typer.Typer(help="Who did what, when and why.", invoke_without_command=True)
app.add_typer(audit_app, name="audit")

Own = Annotated[Path | None, typer.Option("--catalogue", help="a folder with entries of your own (*.yaml)")]
Config = Annotated[Path, typer.Option("--config", help="the settings file")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]
InPlayground = Annotated[bool, typer.Option("--playground", help="look at the simulated platform instead")]
Scenario = Annotated[str | None, typer.Option("--scenario", help="the fault to switch on there; see volati scenarios")]
Environment = Annotated[str | None, typer.Option("--environment", "-e", help="which environment; default: the first")]
Deep = Annotated[bool, typer.Option("--deep", help="also the looks that write, and clean up after themselves")]

Plan = Annotated[str, typer.Option("--plan", help="only what is about this plan")]
Who = Annotated[str, typer.Option("--who", help="only what this person did, by Slack's id; volati for the bot itself")]
Place = Annotated[str, typer.Option("--environment", "-e", help="only what is about this environment")]
Since = Annotated[str | None, typer.Option("--since", help="from when on: 2026-11-05, 2026-11-05T03:00 (UTC), 24h")]
Until = Annotated[str | None, typer.Option("--until", help="before when, written as --since")]

A = TypeVar("A", Status, Events, Logs, Escalate, Ack, Resolve)

#: An area that is about the cluster: what the quick looks show, so the playground needs its cluster for them.
_CLUSTERS = ("server",)


@app.command()
def serve(config: Config = DEFAULT_CONFIG) -> None:
    """Run the bot: connect to Slack and answer until stopped."""
    from handlers.serve import serve as run_bot

    carry_out(until_stopped(lambda stop: run_bot(load(config), stop)))


@app.command()
def playground(
    once: Annotated[bool, typer.Option("--once", help="exit after the first verdict")] = False,
    scenario: Scenario = "wrong-client-secret",
) -> None:
    """See it all work on this machine: a simulated platform, a local Slack, and the real bot."""
    from playground.show import show

    carry_out(until_stopped(lambda stop: show(scenario or "healthy", once=once, stop=stop)))


@app.command()
def diagnose(
    areas: Annotated[list[str], typer.Argument(help="what to look at: " + ", ".join(area.name for area in AREAS))],
    config: Config = DEFAULT_CONFIG,
    environment: Environment = None,
    scenario: Scenario = None,
    as_json: Json = False,
    deep: Deep = False,
    in_playground: InPlayground = False,
) -> None:
    """Look at the live platform and say what is wrong and why. Exits 0 healthy, 1 at fault, 3 could not tell."""

    async def work() -> int:
        named = tuple(dict.fromkeys(area.lower() for area in areas))
        async with services_of(config, in_playground=in_playground, scenario=scenario, areas=named) as services:
            runs: list[Run] = []
            for area in named:
                order = Order(area, environment or services.settings.environment, deep)
                runs.append(await services.examiner.examine(order, _quiet if as_json else _show_progress))
                if not as_json:
                    _print_run(services, runs[-1], again=_again(services, runs[-1], config, in_playground or scenario))
            whole = together([run.diagnosis for run in runs])
            if as_json:
                print_json(services.redactor.value(whole))
            return whole.verdict.exit_code

    carry_out(work())


@app.command("probe-from-here", hidden=True)
def probe_from_here(way: str, target: str) -> None:
    """Look how far one gets from here, and print it as one line of JSON: what the pod of a probe runs."""
    from bot.probe.here import look

    async def work() -> int:
        say(await look(way, target))
        return 0

    carry_out(work())


def _needs_people(context: typer.Context) -> None:
    """Say where guarded acts are done: here nobody could say yes, and nobody would see it."""

    async def work() -> int:
        words = " ".join((str(context.info_name), *context.args))
        raise VolatiError(
            f"Guarded acts need Slack, because they need people: write /volati {words[:_ACT_SHOWN]} there. "
            "While Slack is down, a diagnosis names the command that does the same."
        )

    carry_out(work())


for _act in ACTS:
    app.command(_act, hidden=True, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
        _needs_people
    )


@app.command()
def why(
    user: str,
    action: str,
    resource: str,
    config: Config = DEFAULT_CONFIG,
    environment: Environment = None,
    scenario: Scenario = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Walk through why Keycloak grants or denies. Exits 0 granted, 1 denied, 3 could not tell."""

    async def work() -> int:
        async with services_of(config, in_playground=in_playground, scenario=scenario) as services:
            question = Question(user, action, resource)
            name = environment or services.settings.environment
            run = await services.examiner.explain_permission(question, name, _quiet)
            if as_json:
                _print_run(services, run, as_json=True)
            else:
                clean, again = services.redactor.value(run), _again(services, run, config, in_playground or scenario)
                say(terminal.decision(clean, question, again))
            return run.diagnosis.verdict.exit_code

    carry_out(work())


@app.command()
def token(
    source: Annotated[str, typer.Argument(help="- to read it from standard input, or a file")],
    config: Config = DEFAULT_CONFIG,
    environment: Environment = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Explain a JWT: is it valid here, and if not why. It is read from a pipe or a file, never from the arguments."""
    with explained():
        text = token_in(read(source).decode("utf-8", "replace"))

    async def work() -> int:
        async with services_of(config, in_playground=in_playground) as services:
            name = environment or services.settings.environment
            run = await services.examiner.explain_token(text, name, _quiet)
            if not as_json:
                _print_claims(services, run)
            _print_run(services, run, as_json=as_json)
            return run.diagnosis.verdict.exit_code

    carry_out(work())


Words = Annotated[list[str] | None, typer.Argument(help="the words that follow in Slack, such as: in staging")]


@app.command()
def status(
    words: Words = None,
    config: Config = DEFAULT_CONFIG,
    scenario: Scenario = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Show the last verdicts, and what the cluster shows now. Exits 0, or 3 when a part of it could not be seen."""
    from bot.cli import glances as shown

    async def work() -> int:
        async with services_of(config, in_playground=in_playground, scenario=scenario, areas=_CLUSTERS) as services:
            asked = _asked(services, "status", words, Status)
            known = await board(services.store, services.environments, services.clock.now())
            look = await _overview(services, asked.environment or services.settings.environment)
            if as_json:
                print_json(services.redactor.value({"verdicts": known, "cluster": look}))
            else:
                say(shown.status_report(services.redactor.value(known), look))
            return 0 if isinstance(look, str) else shown.exit_code(look)

    carry_out(work())


@app.command()
def events(
    words: Words = None,
    config: Config = DEFAULT_CONFIG,
    scenario: Scenario = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Show what the cluster reported lately, newest first. Exits 0, or 3 when a part of it could not be seen."""
    from bot.cli import glances as shown

    async def work() -> int:
        async with services_of(config, in_playground=in_playground, scenario=scenario, areas=_CLUSTERS) as services:
            asked = _asked(services, "events", words, Events)
            found = await services.glances.events(asked.environment)
            if as_json:
                print_json(found)
            else:
                say(shown.events_report(found))
            return shown.exit_code(found)

    carry_out(work())


@app.command()
def logs(
    words: Annotated[list[str], typer.Argument(help="<workload> [container <name>] [previous] [since 15m] [page 2]")],
    config: Config = DEFAULT_CONFIG,
    scenario: Scenario = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Show the end of a log, known errors marked. Exits 0, 2 when there is no such log, 3 when it cannot be read."""
    from bot.cli import glances as shown

    async def work() -> int:
        async with services_of(config, in_playground=in_playground, scenario=scenario, areas=_CLUSTERS) as services:
            asked = _asked(services, "logs", words, Logs)
            found = await services.glances.logs(asked)
            if as_json:
                print_json(found)
            else:
                say(shown.logs_report(found, asked))
            return shown.exit_code(found)

    carry_out(work())


@app.command()
def replay(
    run: Annotated[str, typer.Argument(help="the id of a saved run, a file with one, or -")],
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Judge a saved run again. Exits as the diagnosis did; 2 when it cannot be read."""
    with explained():
        given = given_run(run)

    async def work() -> int:
        saved = Run.decode(given if given is not None else await saved_run(run, config))
        again = msgspec.structs.replace(saved, diagnosis=saved.replayed())
        _print_diagnosis(again.diagnosis, saved.id, as_json=as_json)
        if again.diagnosis != saved.diagnosis:
            tell("This version judges it differently from the one that saved it.")
        return again.diagnosis.verdict.exit_code

    carry_out(work())


@app.command()
def export(run: str, config: Config = DEFAULT_CONFIG) -> None:
    """Print a saved run as JSON, evidence and all, to keep it or to replay it elsewhere."""
    with explained():
        given = given_run(run)

    async def work() -> int:
        say(given if given is not None else await saved_run(run, config))
        return 0

    carry_out(work())


@app.command()
def doctor(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Is the bot itself well: Slack, its rights, its store, its clock, every source. Exits 0 well, 1 ill."""
    from bot.doctor import checkups, worst

    async def work() -> int:
        found = []
        async with services_of(config) as services:
            async for checkup in checkups(services):
                clean = services.redactor.value(checkup)
                found.append(clean)
                if not as_json:
                    say(terminal.checkup(clean))
        if as_json:
            print_json(found)
        return int(worst(found) is State.ILL)

    carry_out(work())


@app.command()
def triage(
    file: Annotated[str, typer.Argument(help="a log or the output of go test; - for a pipe")],
    source: Annotated[str | None, typer.Option("--source", help="where it is from; default: guessed")] = None,
    own: Own = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Say what is known about a log. Exits 0 nothing severe is known, 1 known errors, 2 cannot be read."""
    from bot.cli import triage as cli_triage

    with explained():
        named = cli_triage.source_named(source)
        tail = cli_triage.read_tail(file, sys.stdin.buffer)

    async def work() -> int:
        found = cli_triage.answer(tail, named, Redactor(), cli_triage.catalogue_named(own, config))
        say(msgspec.json.encode(found) if as_json else cli_triage.report(found))
        return found.exit_code

    carry_out(work())


@catalogue_app.command()
def check(own: Own = None, config: Config = DEFAULT_CONFIG) -> None:
    """Hold every entry to its examples and its speed. Exits 0, 1 when one fails, 2 when it cannot be read."""
    from bot.cli import triage as cli_triage

    async def work() -> int:
        said, code = cli_triage.prove(own or cli_triage.configured_catalogue(config))
        say(said)
        return code

    carry_out(work())


@audit_app.callback()
def audit(
    context: typer.Context,
    number: Annotated[int, typer.Option("-n", min=1, max=10_000, help="how many entries, the newest")] = 20,
    plan: Plan = "",
    who: Who = "",
    environment: Place = "",
    since: Since = None,
    until: Until = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Show who did what, the newest first. Exits 0, or 3 when the audit could not be looked at."""
    from bot.cli import audit as cli_audit

    if context.invoked_subcommand is not None:
        _behind_the_word(context, context.invoked_subcommand)
        return

    async def work(services: Services, ledger: Ledger) -> int:
        now = services.clock.now()
        wanted = Wanted(plan, who, environment, cli_audit.moment(since, now), cli_audit.moment(until, now))
        found = services.redactor.value(await ledger.newest(number, wanted, lines=sys.maxsize))
        say(msgspec.json.encode(found) if as_json else cli_audit.newest(found))
        return 0

    carry_out(cli_audit.with_the_audit(config, work))


@audit_app.command("verify")
def audit_verify(
    head: Annotated[list[str] | None, typer.Option("--head", help="a head kept elsewhere, as NUMBER:HASH")] = None,
    log: Annotated[list[str] | None, typer.Option("--log", help="the bot's log, which has heads; - for a pipe")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Prove the audit: nothing altered, moved, put in, taken out, lost. Exits 0 sound, 1 broken, 3 could not look."""
    from bot.audit.words import proved
    from bot.cli import audit as cli_audit

    with explained():
        heads = cli_audit.given_heads(head or (), log or (), sys.stdin.buffer)

    async def work(_: Services, ledger: Ledger) -> int:
        report = await ledger.proved(Proof(heads))
        say(msgspec.json.encode(report) if as_json else "\n".join(proved(report)))
        return cli_audit.SOUND if report.sound else cli_audit.BROKEN

    carry_out(cli_audit.with_the_audit(config, work))


@audit_app.command("export")
def audit_export(
    form: Annotated[Form, typer.Option("--format", help="JSON lines, or a table for a spreadsheet")] = Form.JSONL,
    output: Annotated[Path | None, typer.Option("--output", help="a file; default: standard output")] = None,
    plan: Plan = "",
    who: Who = "",
    environment: Place = "",
    since: Since = None,
    until: Until = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write the audit out, oldest first, redacted. Exits 0, or 3 when the audit could not be looked at."""
    from bot.cli import audit as cli_audit

    async def work(services: Services, ledger: Ledger) -> int:
        now = services.clock.now()
        wanted = Wanted(plan, who, environment, cli_audit.moment(since, now), cli_audit.moment(until, now))
        export = Export(ledger, services.redactor, wanted, form)
        if output is None:
            async for part in export.parts():
                say(part.encode().removesuffix(b"\n"))
        else:
            with cli_audit.written_to(output) as file:
                async for part in export.parts():
                    file.write(part)
        tell(cli_audit.exported(export.counts, f"in {output}" if output else "written"))
        return 0

    carry_out(cli_audit.with_the_audit(config, work))


Which = Annotated[str, typer.Option("--incident", "-i", help="its id; default: the only open one")]
Reason = Annotated[list[str] | None, typer.Argument(help="[level] and why, as in Slack: 4 the database is gone")]


@app.command()
def incidents(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show what is open. Exits 0, or 3 when it could not be looked at."""
    from bot.cli import incidents as cli_incidents

    async def work(services: Services, hotline: cli_incidents.Hotline) -> int:
        found = await hotline.incidents.open_ones()
        path = services.settings.incident_path
        clean = services.redactor.value(found)
        say(msgspec.json.encode(clean) if as_json else cli_incidents.open_report(clean, path))
        return 0

    carry_out(cli_incidents.at_the_hotline(config, work))


@app.command()
def oncall(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show who is on call at each level. Exits 0, or 3 when PagerDuty could not be asked."""
    from bot.cli import incidents as cli_incidents

    async def work() -> int:
        async with services_of(config) as services, cli_incidents.duty(services) as found:
            path = services.settings.incident_path
            clean = services.redactor.value(found)
            say(msgspec.json.encode(clean) if as_json else cli_incidents.duty_report(clean, path))
            return cli_incidents.exit_code(found, path)

    carry_out(work())


@app.command()
def escalate(
    reason: Reason = None, config: Config = DEFAULT_CONFIG, environment: Environment = None, incident: Which = ""
) -> None:
    """Let the incident climb, or open one. Exits 0; 2 when it may not; 3 when it could not be written down."""
    from bot.cli import incidents as cli_incidents

    async def work(services: Services, hotline: cli_incidents.Hotline) -> int:
        if environment and environment not in services.environments:
            known = ", ".join(services.environments)
            raise VolatiError(f"There is no environment {environment[:40]!r}; there is {known}.")
        placed = [*(reason or ()), *(["in", environment] if environment else [])]
        say(await hotline.escalate(_asked(services, "escalate", placed, Escalate), incident))
        return 0

    carry_out(cli_incidents.at_the_hotline(config, work))


@app.command()
def ack(
    words: Annotated[list[str] | None, typer.Argument(help="its id; default: the only open one")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Be on it: nobody else is called. Exits 0; 2 when it may not be; 3 when it could not be written down."""
    from bot.cli import incidents as cli_incidents

    async def work(services: Services, hotline: cli_incidents.Hotline) -> int:
        say(await hotline.ack(_asked(services, "ack", words, Ack)))
        return 0

    carry_out(cli_incidents.at_the_hotline(config, work))


@app.command()
def resolve(
    words: Annotated[list[str] | None, typer.Argument(help="its id; default: the only open one")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """End it. Exits 0; 2 when it may not be; 3 when it could not be written down."""
    from bot.cli import incidents as cli_incidents

    async def work(services: Services, hotline: cli_incidents.Hotline) -> int:
        say(await hotline.resolve(_asked(services, "resolve", words, Resolve)))
        return 0

    carry_out(cli_incidents.at_the_hotline(config, work))


@app.command()
def checks(as_json: Json = False) -> None:
    """List every check: what it looks for and why."""
    rows = [
        {
            "id": check.id,
            "area": area.name,
            "title": check.title,
            "reason": check.reason,
            "section": check.section,
            "severity": check.severity,
        }
        for area in AREAS
        for check in area.checks
    ]
    print_rows(rows, ("id", "severity", "title"), as_json=as_json)


@app.command()
def scenarios(as_json: Json = False) -> None:
    """List the faults that can be switched on in the playground."""
    from playground.world.platform import FAULTS

    rows = [{"name": one.name, "section": one.section, "breaks": one.breaks, "expect": one.expect} for one in FAULTS]
    print_rows(rows, ("name", "breaks"), as_json=as_json)


def main() -> None:
    """The console script."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that has no "→" shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="volati")
    except OSError as error:  # of what typer itself prints, such as help
        raise SystemExit(unwritten(error)) from None


def _behind_the_word(context: typer.Context, word: str) -> None:
    """Refuse options that stand before a word that has its own: they would mean nothing, and nobody would know."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    if any(source is not None and source.name != "DEFAULT" for source in sources.values()):
        raise typer.BadParameter(f"put options behind the word, as in: volati audit {word} --config volati.yaml")


def _asked(services: Services, word: str, words: list[str] | None, kind: type[A]) -> A:
    """What is asked for, in the words of Slack.

    Raises:
        VolatiError: they mean nothing.
    """
    found = parse_words(" ".join([word, *(words or ())]), services.environments)
    if isinstance(found, kind):
        return found
    if not isinstance(found, Refusal):
        raise VolatiError(f"It is not about {word}.")
    raise VolatiError(f"{found.text} Try: volati {found.example}" if found.example else found.text)


async def _overview(services: Services, environment: str) -> Overview | str:
    """The quick look; where there is no cluster, that sentence."""
    try:
        return await services.glances.overview(environment)
    except NoClusterError as error:
        return str(error)


def _quiet(_: Glimpse) -> None:
    """Say nothing while it runs."""


def _show_progress(glimpse: Glimpse) -> None:
    if glimpse.found is not None:
        tell(terminal.progress(glimpse))


def _again(services: Services, run: Run, config: Path, elsewhere: object) -> str:
    """The command that judges a run again; empty where nothing will find it: without a memory, or `elsewhere`.

    A playground of one command takes its memory along when it goes.
    """
    if elsewhere or services.store is None:
        return ""
    named = () if config == DEFAULT_CONFIG else ("--config", str(config))
    return shlex.join(("volati", "replay", run.id, *named))


def _print_run(services: Services, run: Run, again: str = "", *, as_json: bool = False) -> None:
    _print_diagnosis(services.redactor.value(run.diagnosis), run.id, again, as_json=as_json)


def _print_diagnosis(diagnosis: Diagnosis, run_id: str, again: str = "", *, as_json: bool) -> None:
    if as_json:
        print_json(diagnosis)
    else:
        say(terminal.report(diagnosis, run_id, again))


def _print_claims(services: Services, run: Run) -> None:
    presented = run.seen().get(PresentedToken)
    if not isinstance(presented, Unobserved):
        say(terminal.claims(services.redactor.value(claims(presented.token))))

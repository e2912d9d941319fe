"""The command line: the same engine and the same words as in Slack, for the day when Slack is down."""

import asyncio
import contextlib
import errno
import io
import json
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO, TypeVar

import msgspec
import typer

from bot import terminal
from bot.board import board
from bot.bootstrap import Services, open_services
from bot.commands import Events, Logs, Refusal, Status
from bot.commands import parse as parse_words
from bot.errors import VolatiError
from bot.examiner import Order
from bot.glances import NoClusterError
from bot.health import State
from bot.pasted import token_in
from bot.settings import Settings, load, parse
from diagnostics.areas import AREAS
from diagnostics.areas.token import claims
from diagnostics.evidence.keycloak import Question
from diagnostics.evidence.keycloak.kinds import PresentedToken
from diagnostics.glances.overview import Overview
from diagnostics.judge import together
from diagnostics.model import Diagnosis, Unobserved
from diagnostics.observe import Glimpse
from diagnostics.redaction import Redactor
from diagnostics.runs import Run, RunUnreadableError
from diagnostics.signatures import Catalogue

USAGE_ERROR = 2
#: 128 and the number of the signal, as a shell names it: SIGPIPE of a reader that has left, SIGTERM, SIGINT.
#: 0 would say "healthy".
_READER_LEFT, _TERMINATED, _INTERRUPTED = 141, 143, 130
#: EX_IOERR of sysexits(3): the answer is known and cannot be written. 1 would say "at fault".
_CANNOT_WRITE = 74
#: Bytes read from a pipe: more than any token or saved run has.
_INPUT_AT_MOST = 16_000_000

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

Own = Annotated[Path | None, typer.Option("--catalogue", help="a folder with entries of your own (*.yaml)")]
Config = Annotated[Path, typer.Option("--config", help="the settings file")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]
InPlayground = Annotated[bool, typer.Option("--playground", help="look at the simulated platform instead")]
Scenario = Annotated[str | None, typer.Option("--scenario", help="the fault to switch on there; see volati scenarios")]
Environment = Annotated[str | None, typer.Option("--environment", "-e", help="which environment; default: the first")]
Deep = Annotated[bool, typer.Option("--deep", help="also the looks that write, and clean up after themselves")]

A = TypeVar("A", Status, Events, Logs)

_DEFAULT_CONFIG = Path("volati.yaml")
#: An area that is about the cluster: what the quick looks show, so the playground needs its cluster for them.
_CLUSTERS = ("server",)


@app.command()
def serve(config: Config = _DEFAULT_CONFIG) -> None:
    """Run the bot: connect to Slack and answer until stopped."""
    from handlers.serve import serve as run_bot

    _run(_until_stopped(lambda stop: run_bot(load(config), stop)))


@app.command()
def playground(
    once: Annotated[bool, typer.Option("--once", help="exit after the first verdict")] = False,
    scenario: Scenario = "wrong-client-secret",
) -> None:
    """See it all work on this machine: a simulated platform, a local Slack, and the real bot."""
    from playground.show import show

    _run(_until_stopped(lambda stop: show(scenario or "healthy", once=once, stop=stop)))


@app.command()
def diagnose(
    areas: Annotated[list[str], typer.Argument(help="what to look at: " + ", ".join(area.name for area in AREAS))],
    config: Config = _DEFAULT_CONFIG,
    environment: Environment = None,
    scenario: Scenario = None,
    as_json: Json = False,
    deep: Deep = False,
    in_playground: InPlayground = False,
) -> None:
    """Look at the live platform and say what is wrong and why. Exits 0 healthy, 1 at fault, 3 could not tell."""

    async def work() -> int:
        named = tuple(dict.fromkeys(area.lower() for area in areas))
        async with _services(config, in_playground=in_playground, scenario=scenario, areas=named) as services:
            runs: list[Run] = []
            for area in named:
                order = Order(area, environment or services.settings.environment, deep)
                runs.append(await services.examiner.examine(order, _quiet if as_json else _show_progress))
                if not as_json:
                    _print_run(services, runs[-1], again=_again(services, runs[-1], config, in_playground or scenario))
            whole = together([run.diagnosis for run in runs])
            if as_json:
                _print_json(services.redactor.value(whole))
            return whole.verdict.exit_code

    _run(work())


@app.command()
def why(
    user: str,
    action: str,
    resource: str,
    config: Config = _DEFAULT_CONFIG,
    environment: Environment = None,
    scenario: Scenario = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Walk through why Keycloak grants or denies. Exits 0 granted, 1 denied, 3 could not tell."""

    async def work() -> int:
        async with _services(config, in_playground=in_playground, scenario=scenario) as services:
            question = Question(user, action, resource)
            name = environment or services.settings.environment
            run = await services.examiner.explain_permission(question, name, _quiet)
            _print_run(services, run, _again(services, run, config, in_playground or scenario), as_json=as_json)
            return run.diagnosis.verdict.exit_code

    _run(work())


@app.command()
def token(
    source: Annotated[str, typer.Argument(help="- to read it from standard input, or a file")],
    config: Config = _DEFAULT_CONFIG,
    environment: Environment = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Explain a JWT: is it valid here, and if not why. It is read from a pipe or a file, never from the arguments."""
    with _explained():
        text = token_in(_read(source).decode("utf-8", "replace"))

    async def work() -> int:
        async with _services(config, in_playground=in_playground) as services:
            name = environment or services.settings.environment
            run = await services.examiner.explain_token(text, name, _quiet)
            if not as_json:
                _print_claims(services, run)
            _print_run(services, run, as_json=as_json)
            return run.diagnosis.verdict.exit_code

    _run(work())


Words = Annotated[list[str] | None, typer.Argument(help="the words that follow in Slack, such as: in staging")]


@app.command()
def status(
    words: Words = None,
    config: Config = _DEFAULT_CONFIG,
    scenario: Scenario = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Show the last verdicts, and what the cluster shows now. Exits 0, or 3 when a part of it could not be seen."""
    from bot import terminal_glances as shown

    async def work() -> int:
        async with _services(config, in_playground=in_playground, scenario=scenario, areas=_CLUSTERS) as services:
            asked = _asked(services, "status", words, Status)
            known = await board(services.store, services.environments, services.clock.now())
            look = await _overview(services, asked.environment or services.settings.environment)
            if as_json:
                _print_json(services.redactor.value({"verdicts": known, "cluster": look}))
            else:
                _say(shown.status_report(services.redactor.value(known), look))
            return 0 if isinstance(look, str) else shown.exit_code(look)

    _run(work())


@app.command()
def events(
    words: Words = None,
    config: Config = _DEFAULT_CONFIG,
    scenario: Scenario = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Show what the cluster reported lately, newest first. Exits 0, or 3 when a part of it could not be seen."""
    from bot import terminal_glances as shown

    async def work() -> int:
        async with _services(config, in_playground=in_playground, scenario=scenario, areas=_CLUSTERS) as services:
            asked = _asked(services, "events", words, Events)
            found = await services.glances.events(asked.environment)
            if as_json:
                _print_json(found)
            else:
                _say(shown.events_report(found))
            return shown.exit_code(found)

    _run(work())


@app.command()
def logs(
    words: Annotated[list[str], typer.Argument(help="<workload> [container <name>] [previous] [since 15m] [page 2]")],
    config: Config = _DEFAULT_CONFIG,
    scenario: Scenario = None,
    as_json: Json = False,
    in_playground: InPlayground = False,
) -> None:
    """Show the end of a log, known errors marked. Exits 0, 2 when there is no such log, 3 when it cannot be read."""
    from bot import terminal_glances as shown

    async def work() -> int:
        async with _services(config, in_playground=in_playground, scenario=scenario, areas=_CLUSTERS) as services:
            asked = _asked(services, "logs", words, Logs)
            found = await services.glances.logs(asked)
            if as_json:
                _print_json(found)
            else:
                _say(shown.logs_report(found, asked))
            return shown.exit_code(found)

    _run(work())


@app.command()
def replay(
    run: Annotated[str, typer.Argument(help="the id of a saved run, a file with one, or -")],
    config: Config = _DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Judge a saved run again. Exits as the diagnosis did; 2 when it cannot be read."""
    with _explained():
        given = _given(run)

    async def work() -> int:
        saved = Run.decode(given if given is not None else await _saved(run, config))
        again = msgspec.structs.replace(saved, diagnosis=saved.replayed())
        _print_diagnosis(again.diagnosis, saved.id, as_json=as_json)
        if again.diagnosis != saved.diagnosis:
            _tell("This version judges it differently from the one that saved it.")
        return again.diagnosis.verdict.exit_code

    _run(work())


@app.command()
def export(run: str, config: Config = _DEFAULT_CONFIG) -> None:
    """Print a saved run as JSON, evidence and all, to keep it or to replay it elsewhere."""
    with _explained():
        given = _given(run)

    async def work() -> int:
        _say(given if given is not None else await _saved(run, config))
        return 0

    _run(work())


@app.command()
def doctor(config: Config = _DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Is the bot itself well: Slack, its rights, its store, its clock, every source. Exits 0 well, 1 ill."""
    from bot.doctor import checkups, worst

    async def work() -> int:
        found = []
        async with _services(config) as services:
            async for checkup in checkups(services):
                clean = services.redactor.value(checkup)
                found.append(clean)
                if not as_json:
                    _say(terminal.checkup(clean))
        if as_json:
            _print_json(found)
        return int(worst(found) is State.ILL)

    _run(work())


@app.command()
def triage(
    file: Annotated[str, typer.Argument(help="a log or the output of go test; - for a pipe")],
    source: Annotated[str | None, typer.Option("--source", help="where it is from; default: guessed")] = None,
    own: Own = None,
    config: Config = _DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Say what is known about a log. Exits 0 nothing severe is known, 1 known errors, 2 cannot be read."""
    from bot import cli_triage

    with _explained():
        named = cli_triage.source_named(source)
        tail = cli_triage.read_tail(file, sys.stdin.buffer)

    async def work() -> int:
        found = cli_triage.answer(tail, named, Redactor(), _matched(own, config))
        _say(msgspec.json.encode(found) if as_json else cli_triage.report(found))
        return found.exit_code

    _run(work())


@catalogue_app.command()
def check(own: Own = None, config: Config = _DEFAULT_CONFIG) -> None:
    """Hold every entry to its examples and its speed. Exits 0, 1 when one fails, 2 when it cannot be read."""
    from bot import cli_triage

    async def work() -> int:
        said, code = cli_triage.prove(own or _configured_catalogue(config))
        _say(said)
        return code

    _run(work())


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
    _print_rows(rows, ("id", "severity", "title"), as_json=as_json)


@app.command()
def scenarios(as_json: Json = False) -> None:
    """List the faults that can be switched on in the playground."""
    from playground.world.platform import FAULTS

    rows = [{"name": one.name, "section": one.section, "breaks": one.breaks, "expect": one.expect} for one in FAULTS]
    _print_rows(rows, ("name", "breaks"), as_json=as_json)


def main() -> None:
    """The console script."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that has no "→" shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="volati")
    except OSError as error:  # of what typer itself prints, such as help
        raise SystemExit(_unwritten(error)) from None


def _matched(own: Path | None, config: Path) -> Catalogue:
    """The entries to match: with those of a folder that was named, or of the settings, where these can be used.

    Raises:
        VolatiError: what was named cannot be used.
    """
    from bot.catalogue import load_catalogue, open_shelf

    if own:
        return load_catalogue(own)
    shelf = open_shelf(_configured_catalogue(config))
    if shelf.fault:
        _tell(shelf.fault)
    return shelf.catalogue


def _configured_catalogue(config: Path) -> Path | None:
    """The team's folder, where settings name one: a log can be looked into with no settings at all."""
    return load(config).catalogue if config != _DEFAULT_CONFIG or _is_file(str(config)) else None


@asynccontextmanager
async def _services(
    config: Path, *, in_playground: bool = False, scenario: str | None = None, areas: Sequence[str] = ()
) -> AsyncIterator[Services]:
    with _ended_when_told():
        async with AsyncExitStack() as stack:
            simulated = (scenario or "healthy") if in_playground or scenario else None
            settings = await _settings(stack, config, simulated, areas)
            yield await stack.enter_async_context(open_services(settings, memory_required=False))


async def _settings(stack: AsyncExitStack, config: Path, scenario: str | None, areas: Sequence[str]) -> Settings:
    if scenario is None:
        return load(config)
    from playground.world.platform import simulated_platform

    document = await stack.enter_async_context(simulated_platform(scenario, areas))
    return parse(document, "the playground")


@contextlib.contextmanager
def _ended_when_told() -> Iterator[None]:
    """Cancel the command when it is told to end, so that what it started ends and what it made is taken away again.

    Once: a second one must not interrupt the cleaning up, which bounds itself.
    """
    loop, command, told = asyncio.get_running_loop(), asyncio.current_task(), _orders_to_end()

    def end() -> None:
        for number in told:
            loop.add_signal_handler(number, lambda: None)
        if command is not None:
            command.cancel()

    for number in told:
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in told:
            loop.remove_signal_handler(number)


def _orders_to_end() -> tuple[signal.Signals, ...]:
    """What tells a command to end: SIGTERM, and a terminal that is closed, unless it runs under nohup."""
    closed = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    return signal.SIGTERM, *closed


def _given(run: str) -> bytes | None:
    """A run that is handed over, in a pipe or a file; None for an id. Read with no loop about: Ctrl-C ends the wait."""
    return _read(run) if run == "-" or _is_file(run) else None


def _asked(services: Services, word: str, words: list[str] | None, kind: type[A]) -> A:
    """What is asked for, in the words of Slack.

    Raises:
        VolatiError: they mean nothing.
    """
    found = parse_words(" ".join([word, *(words or ())]), services.environments)
    if isinstance(found, kind):
        return found
    reason = f"{found.text} Try: volati {found.example}" if isinstance(found, Refusal) else f"It is not about {word}."
    raise VolatiError(reason)


async def _overview(services: Services, environment: str) -> Overview | str:
    """The quick look; where there is no cluster, that sentence."""
    try:
        return await services.glances.overview(environment)
    except NoClusterError as error:
        return str(error)


async def _saved(run: str, config: Path) -> bytes:
    async with _services(config) as services:
        document = await services.store.run(run) if services.store else None
    if document is None:
        raise VolatiError(f"There is no saved run {run[:40]!r}. Runs are kept for a while only; a file works too.")
    return document


def _is_file(name: str) -> bool:
    with contextlib.suppress(OSError):  # a name too long for a file, a folder we may not look into
        return Path(name).is_file()
    return False


def _read(source: str) -> bytes:
    try:
        if source == "-":
            return sys.stdin.buffer.read(_INPUT_AT_MOST)
        with Path(source).open("rb") as file:
            return file.read(_INPUT_AT_MOST)
    except OSError as error:
        raise VolatiError(f"{source} cannot be read: {error.strerror}. Name a file, or - for a pipe.") from error


async def _until_stopped(work: Any) -> int:  # noqa: ANN401 a function from the stop event to an exit code
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, *_orders_to_end()):
        loop.add_signal_handler(number, stop.set)
    return int(await work(stop) or 0)


def _run(work: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command to its exit code. While it works, Ctrl-C lets it close what it opened."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with _explained():
            raise typer.Exit(asyncio.run(work))
    except asyncio.CancelledError:
        raise typer.Exit(_TERMINATED) from None
    except KeyboardInterrupt:
        _tell("Stopped before the end.")
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Say what the bot can explain in a sentence, without a traceback, and end.

    Raises:
        typer.Exit: with 2.
    """
    try:
        yield
    except (VolatiError, RunUnreadableError) as error:
        _tell(str(error))
        raise typer.Exit(USAGE_ERROR) from None


def _tell(sentence: str) -> None:
    """Say something to the person, on stderr; when nobody reads it any more, the work goes on."""
    try:
        print(sentence, file=sys.stderr, flush=True)
    except OSError:
        _let_go(sys.stderr)


def _say(answer: str | bytes) -> None:
    """Print to stdout. When its reader has left, as `| head` does, the command ends as any other program would.

    Raises:
        typer.Exit: nobody reads stdout any more, or it cannot be written.
    """
    try:
        if isinstance(answer, str):
            print(answer, flush=True)
        else:
            sys.stdout.buffer.write(answer + b"\n")
            sys.stdout.flush()
    except OSError as error:
        raise typer.Exit(_unwritten(error)) from None


def _unwritten(error: OSError) -> int:
    """Let go of a stdout that takes nothing more; gives the exit code. Only a reader that left needs no word."""
    _let_go(sys.stdout)
    if error.errno == errno.EPIPE:
        return _READER_LEFT
    _tell(f"The answer cannot be written: {error.strerror}. Make room where it goes, or send it elsewhere.")
    return _CANNOT_WRITE


def _let_go(stream: TextIO) -> None:
    """Have what is still to be written vanish, so that the interpreter does not fail over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _quiet(_: Glimpse) -> None:
    """Say nothing while it runs."""


def _show_progress(glimpse: Glimpse) -> None:
    if glimpse.found is not None:
        _tell(terminal.progress(glimpse))


def _again(services: Services, run: Run, config: Path, elsewhere: object) -> str:
    """The command that judges a run again; empty where nothing will find it: without a memory, or `elsewhere`.

    A playground of one command takes its memory along when it goes.
    """
    if elsewhere or services.store is None:
        return ""
    named = () if config == _DEFAULT_CONFIG else ("--config", str(config))
    return shlex.join(("volati", "replay", run.id, *named))


def _print_run(services: Services, run: Run, again: str = "", *, as_json: bool = False) -> None:
    _print_diagnosis(services.redactor.value(run.diagnosis), run.id, again, as_json=as_json)


def _print_diagnosis(diagnosis: Diagnosis, run_id: str, again: str = "", *, as_json: bool) -> None:
    if as_json:
        _print_json(diagnosis)
    else:
        _say(terminal.report(diagnosis, run_id, again))


def _print_json(value: object) -> None:
    _say(msgspec.json.encode(value))


def _print_claims(services: Services, run: Run) -> None:
    presented = run.seen().get(PresentedToken)
    if not isinstance(presented, Unobserved):
        _say(terminal.claims(services.redactor.value(claims(presented.token))))


def _print_rows(rows: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        _say(json.dumps(rows, indent=2))
        return
    widths = [max(len(str(row[column])) for row in rows) for column in columns]
    for row in rows:
        _say("  ".join(str(row[column]).ljust(width) for column, width in zip(columns, widths, strict=True)).rstrip())

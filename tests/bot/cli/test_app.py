"""Tests of the command line: exit codes scripts rely on, one JSON object, and errors in one sentence."""

import asyncio
import contextlib
import io
import json
import logging
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog
import yaml

from bot.cli.app import main
from diagnostics.areas import AREAS
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.platform import FAULTS
from tests.beside import beside
from tests.bot.clients.servers import nobody
from tests.bot.test_catalogue import ENTRY, write

ROOT = Path(__file__).parents[3]
KEYS = {
    "area",
    "environment",
    "verdict",
    "causes",
    "findings",
    "unobserved",
    "changes",
    "suggestions",
    "started_at",
    "duration_ms",
}
PLAYGROUND = ("diagnose", "keycloak", "--playground")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Volati = Callable[..., Ended]


@pytest.fixture
def volati(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Volati]:
    """The command line, run in this process and in an empty folder."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def run(*words: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["volati", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfdbinary.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else int(bool(code)), out.decode(), err.decode())

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def configured(place: Path, folder: str = "data", **keycloak: Any) -> str:
    """A settings file for a Keycloak at this address; by default one where nothing listens."""
    here = {"keycloak": {"url": nobody(), **keycloak}}
    settings = {"environments": {"here": here}, "data_dir": str(place / folder)}
    path = place / "own.yaml"
    path.write_text(yaml.safe_dump(settings))
    return str(path)


def test_healthy(volati: Volati) -> None:
    """Ends with 0 when nothing is wrong: the verdict first on stdout, progress on stderr."""
    ended = volati(*PLAYGROUND)
    assert ended.code == 0
    assert ended.out.startswith("Keycloak in playground: HEALTHY — no fault found\n")
    assert "✓ the realm page" in ended.err


def test_an_unusable_data_folder(volati: Volati, tmp_path: Path) -> None:
    """Still looks when its data folder cannot be used, and says what it goes without."""
    (tmp_path / "data").write_text("")
    ended = volati("diagnose", "keycloak", "--config", configured(tmp_path))
    assert ended.code == 1
    assert ended.out.startswith("Keycloak in here: DOWN")
    assert "fingerprints of secrets are of this process only" in ended.err


def test_at_fault(volati: Volati) -> None:
    """Ends with 1 for a fault."""
    ended = volati(*PLAYGROUND, "--scenario", "wrong-client-secret")
    assert ended.code == 1
    assert ended.out.startswith("Keycloak in playground: DOWN — Keycloak knows client volaticloud-api")


def test_one_json_object(volati: Volati) -> None:
    """Prints exactly one JSON object with the documented keys, and nothing else anywhere."""
    ended = volati(*PLAYGROUND, "--scenario", "wrong-client-secret", "--json")
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.count("\n") == 1
    document = json.loads(ended.out)
    assert set(document) == KEYS
    assert (document["area"], document["environment"], document["verdict"]) == ("keycloak", "playground", "down")
    assert set(document["causes"][0]) == {"id", "subject", "title", "explains", "symptoms"}
    finding = document["findings"][0]
    assert {"id", "severity", "subject", "summary", "evidence", "command", "section"} <= set(finding)
    assert finding["id"] == "keycloak.client-secret-wrong"
    assert {"what", "reason", "required"} <= set(document["unobserved"][0])
    assert {one["kind"] for one in document["suggestions"]} == {"advice"}


def test_the_same_area_twice(volati: Volati) -> None:
    """Looks at an area once, however often and in whatever letters it is named, and prints one object."""
    ended = volati("diagnose", "keycloak", "KEYCLOAK", "--playground", "--json")
    assert json.loads(ended.out)["area"] == "keycloak"
    text = volati("diagnose", "keycloak", "Keycloak", "--playground")
    assert text.out.count("Keycloak in playground") == 1


def test_unknown(volati: Volati, tmp_path: Path) -> None:
    """Ends with 3 when it could not tell: here the realm is sound, and nobody configured the client."""
    with beside(SimulatedKeycloak()) as keycloak:
        path = configured(tmp_path, url=keycloak.url, ca_file=str(keycloak.ca_file))
        ended = volati("diagnose", "keycloak", "--config", path)
    assert ended.code == 3
    assert ended.out.startswith("Keycloak in here: UNKNOWN — could not see the client's login (not configured)")


def test_deep(volati: Volati) -> None:
    """Takes the look that writes only when it is asked for."""
    asked = "registering and removing a probe resource"
    assert f"not asked for: {asked}" in volati(*PLAYGROUND).out
    assert f"✓ {asked}" in volati(*PLAYGROUND, "--deep").err


USAGE: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "unknown scenario",
        (*PLAYGROUND, "--scenario", "nope"),
        "There is no scenario 'nope'. `volati scenarios` lists all",
    ),
    (
        "unknown area",
        ("diagnose", "moon", "--playground"),
        "There is no area 'moon'; there are: server, graphql, database, performance, keycloak, network",
    ),
    ("one area unknown", ("diagnose", "moon", "keycloak", "--playground", "--json"), "There is no area 'moon'"),
    ("unknown environment", (*PLAYGROUND, "-e", "moon"), "There is no environment 'moon'; the settings name"),
    ("no user", ("why", "..", "view", "x", "--playground"), "'..' is no name of a user. Ask as in: why alice view"),
    ("no action", ("why", "alice", " ", "x", "--playground"), "The action is empty. Ask as in: why alice view"),
    ("no resource", ("why", "alice", "view", ".", "--playground"), "'.' is no name of a resource."),
    ("no settings file", ("diagnose", "keycloak"), "volati.yaml cannot be read: No such file or directory."),
    ("a folder for settings", ("diagnose", "keycloak", "--config", "."), "cannot be read: Is a directory"),
    ("no such run", ("replay", "0123456789ab", "--config", "own.yaml"), "There is no saved run '0123456789ab'."),
    ("no name of a run", ("replay", "../etc", "--config", "own.yaml"), "run"),
    ("a long name of a run", ("export", "x" * 5000, "--config", "own.yaml"), "run"),
    ("no file for a token", ("token", "nowhere", "--playground"), "nowhere cannot be read: No such file"),
    ("a folder for a token", ("token", ".", "--playground"), ". cannot be read: Is a directory"),
    ("a file that is no run", ("replay", "own.yaml"), "This is not a saved run of format 2"),
    (
        "an act",
        ("restart", "backend"),
        "Guarded acts need Slack, because they need people: write /volati restart backend",
    ),
    ("an act with options", ("scale", "backend", "--replicas=3"), "write /volati scale backend --replicas=3 there"),
    ("nothing to replay", ("replay", "-"), "This is not a saved run of format 2"),
)


@pytest.mark.parametrize(("words", "says"), [one[1:] for one in USAGE], ids=[one[0] for one in USAGE])
def test_what_cannot_be_done(volati: Volati, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    """Ends with 2 and one sentence on stderr, without a traceback and with nothing on stdout."""
    configured(tmp_path)
    ended = volati(*words)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    assert ended.err.count("\n") == 1
    assert len(ended.err) < 1500


def test_wrong_settings(volati: Volati, tmp_path: Path) -> None:
    """Ends with 2 and every error of the settings, none of them with a secret."""
    path = configured(tmp_path, client_secret=["s3cr3t-canary"], realm=5, surprise="s3cr3t-canary")
    ended = volati("diagnose", "keycloak", "--config", path)
    assert (ended.code, ended.out) == (2, "")
    assert "have 3 errors:" in ended.err
    assert "s3cr3t-canary" not in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("words", [("diagnose",), ("nonsense",), ("diagnose", "keycloak", "--nonsense"), ("why", "a")])
def test_wrong_words(volati: Volati, words: tuple[str, ...]) -> None:
    """Ends with 2 and how to ask for help when a command cannot be understood."""
    ended = volati(*words)
    assert (ended.code, ended.out) == (2, "")
    assert "Usage: volati" in ended.err
    assert "Traceback" not in ended.err


def test_checks(volati: Volati) -> None:
    """Lists every check with its reason and section, and the same ids for people."""
    ended = volati("checks", "--json")
    rows = json.loads(ended.out)
    assert [row["id"] for row in rows] == [check.id for area in AREAS for check in area.checks]
    assert all(set(row) == {"id", "area", "title", "reason", "section", "severity"} for row in rows)
    assert all(all(row.values()) for row in rows)
    assert (ended.code, ended.err) == (0, "")
    people = volati("checks").out.splitlines()
    assert [line.split()[0] for line in people] == [row["id"] for row in rows]


def test_scenarios(volati: Volati) -> None:
    """Lists every scenario with what it breaks and the cause that must come first."""
    rows = json.loads(volati("scenarios", "--json").out)
    assert all(set(row) == {"name", "section", "breaks", "expect"} for row in rows)
    assert {row["name"]: row["expect"] for row in rows} == {fault.name: fault.expect for fault in FAULTS}
    assert rows[0] == {**rows[0], "name": "healthy", "expect": None}
    assert volati("scenarios").out.splitlines()[0].startswith("healthy")


def saved(volati: Volati, folder: Path) -> tuple[str, str]:
    """A saved run: its id, and the settings file it was made with."""
    path = configured(folder)
    ended = volati("diagnose", "keycloak", "--config", path)
    assert ended.code == 1
    return ended.out.splitlines()[-1].split()[1].rstrip(","), path


def test_replay_and_export(volati: Volati, tmp_path: Path) -> None:
    """Judges a saved run again by its id, from a file, or from a pipe, always with the same answer."""
    run, path = saved(volati, tmp_path)
    exported = volati("export", run, "--config", path)
    assert exported.code == 0
    document = json.loads(exported.out)
    assert document["id"] == run
    (tmp_path / "run.json").write_text(exported.out)
    by_id = volati("replay", run, "--config", path, "--json")
    by_file = volati("replay", "run.json", "--json")
    by_pipe = volati("replay", "-", "--json", stdin=exported.out.encode())
    assert by_id.out == by_file.out == by_pipe.out
    assert json.loads(by_id.out) == document["diagnosis"]
    assert {ended.code for ended in (by_id, by_file, by_pipe)} == {1}
    assert {ended.err for ended in (by_id, by_file, by_pipe)} == {""}
    assert volati("replay", "run.json").out.startswith("Keycloak in here: DOWN")


def test_replay_of_a_run_judged_differently(volati: Volati, tmp_path: Path) -> None:
    """Says so when this version judges a run differently from the one that saved it."""
    run, path = saved(volati, tmp_path)
    document = json.loads(volati("export", run, "--config", path).out)
    document["diagnosis"]["verdict"] = "healthy"
    ended = volati("replay", "-", stdin=json.dumps(document).encode())
    assert ended.code == 1
    assert ended.err == "This version judges it differently from the one that saved it.\n"


@pytest.mark.parametrize(
    "stdin",
    [b"", b"\xff\xfe\x00 no utf-8", b"a.b.c", b"x" * 100_000, b"Authorization: Bearer eyJ.eyJ.x", b"\x1b[2J.\x00.\n"],
)
def test_what_is_no_token(volati: Volati, stdin: bytes) -> None:
    """Ends with 2 and one sentence when what is piped in is no token, and repeats none of it."""
    ended = volati("token", "-", "--playground", stdin=stdin)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("This is not a token: ")
    assert ended.err.count("\n") == 1
    assert ended.err[:-1].isprintable()
    assert len(ended.err) < 200


def claims(ended: Ended) -> list[str]:
    return [line for line in ended.out.splitlines() if line.startswith("  ")]


FOREIGN = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0."
    "eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUub3JnIiwicHJlZmVycmVkX3VzZXJuYW1lIjoiYWxpY2VcdTAwMWJbMkoiLCJleHAiOjF9.AAAA"
)


@pytest.mark.parametrize("text", ["{0}", "authorization: bearer  {0}\r\n"])
def test_a_token_as_it_is_copied(volati: Volati, text: str) -> None:
    """Takes a token with what is copied along with it, and explains it."""
    half = len(FOREIGN) // 2
    wrapped = text.format(f"{FOREIGN[:half]}\n  {FOREIGN[half:]}")
    ended = volati("token", "-", "--playground", stdin=wrapped.encode())
    assert ended.code == 1
    assert "  issuer: https://other.example.org" in claims(ended)
    assert "\x1b" not in ended.out
    assert FOREIGN[:half] not in ended.out


def test_a_token_from_a_file(volati: Volati, tmp_path: Path) -> None:
    """Reads a token from a file too, and gives one JSON object."""
    (tmp_path / "token").write_text(FOREIGN)
    ended = volati("token", "token", "--playground", "--json")
    assert set(json.loads(ended.out)) == KEYS


def test_why(volati: Volati) -> None:
    """Walks through a permission question and ends as it is decided."""
    ended = volati("why", "nobody", "view", "nothing", "--playground", "--json")
    document = json.loads(ended.out)
    assert ended.code == 1
    assert {cause["id"] for cause in document["causes"]} == {"why.user-missing", "why.resource-missing"}
    assert volati("why", "alice", "view", "Default Resource", "--playground").code in {0, 1}


def test_why_by_the_name_people_see(volati: Volati) -> None:
    """Finds the resource by the name that people see, and speaks of a permission."""
    granted = volati("why", "alice", "view", "Alice's grid bot", "--playground")
    answer = "alice may view “Alice's grid bot” in playground."
    assert granted.out.startswith(f"Permission in playground: GRANTED — {answer}\n")
    assert [line[:6] for line in granted.out.splitlines()[3:10]] == [f"  {number}. ✓" for number in range(1, 8)]
    assert "Alice's grid bot, owned by alice, registered by volaticloud-api, with view" in granted.out
    assert "the votes:\n  ✓ resource Permission" in granted.out
    denied = volati("why", "bob", "view", "Alice's grid bot", "--playground")
    assert denied.out.startswith(
        "Permission in playground: DENIED — bob may not view “Alice's grid bot” in playground: "
    )
    assert "  7. ✗ Keycloak's decision (admin API): Keycloak denies it: " in denied.out
    assert (granted.code, denied.code) == (0, 1)


def start(*words: str, **how: Any) -> subprocess.Popen[bytes]:
    """The command line as a program of its own."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.Popen(command, cwd=ROOT, **{"stdout": pipe, "stderr": pipe, **how})  # noqa: S603 our own program


def test_a_reader_that_leaves() -> None:
    """Ends as other programs do, and without a word, when the reader of its output has left."""
    read, write = os.pipe()
    os.close(read)
    with start("checks", stdout=write) as program:
        os.close(write)
        _, err = program.communicate()
    assert (program.returncode, err) == (141, b"")


def test_a_reader_that_leaves_in_the_middle() -> None:
    """Does the same when progress and answer go to the same place and nobody reads it."""
    read, write = os.pipe()
    os.close(read)
    with start(*PLAYGROUND, stdout=write, stderr=write) as program:
        os.close(write)
        program.communicate()
    assert program.returncode == 141


@pytest.mark.usefixtures("hearing_children")
def test_interrupted() -> None:
    """Ends with 130 and without a traceback when it is interrupted."""
    with start(*PLAYGROUND, "--scenario", "hanging") as program:
        assert program.stderr is not None
        program.stderr.readline()  # the first progress: it is looking now
        program.send_signal(signal.SIGINT)
        out, err = program.communicate()
    assert (program.returncode, out) == (130, b"")
    assert err.endswith(b"Stopped before the end.\n")
    assert b"Traceback" not in err


def terminated(
    *words: str,
    when: Callable[[subprocess.Popen[bytes]], object],
    folder: Path,
    order: signal.Signals = signal.SIGTERM,
) -> int:
    """The exit code of a command that is told to end at that moment; its temporary files are in the folder."""
    with start(*words, env={**os.environ, "TMPDIR": str(folder)}) as program:  # noqa: TID251 a child's own
        when(program)
        program.send_signal(order)
        program.communicate()
    return program.returncode


def looking(program: subprocess.Popen[bytes]) -> None:
    """Wait for the first progress."""
    assert program.stderr is not None
    program.stderr.readline()


def users_of(folder: Path) -> list[str]:
    """The processes that name this folder in their command."""
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            commands.append(path.read_bytes())
    return [command.decode(errors="replace") for command in commands if os.fsencode(folder) in command]


@pytest.mark.usefixtures("hearing_children")
@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGHUP])
def test_terminated(tmp_path: Path, order: signal.Signals) -> None:
    """Ends with 143 when it is told to end or its terminal is closed, and leaves neither server nor folder behind."""
    code = terminated(*PLAYGROUND, "--scenario", "hanging", when=looking, folder=tmp_path, order=order)
    assert (code, list(tmp_path.iterdir()), users_of(tmp_path)) == (143, [], [])


@asynccontextmanager
async def unhurried(read: threading.Event) -> AsyncIterator[SimulatedKeycloak]:
    """A Keycloak that takes a third of a second for each answer, and says when a single resource is read."""

    async def rest(seconds: float) -> None:
        if any(method == "GET" and "/resource_set/" in path for method, path in keycloak.asked):
            read.set()
        await asyncio.sleep(seconds / 6)

    async with SimulatedKeycloak(sleep=rest) as keycloak:
        await keycloak.switch_on("slow")
        yield keycloak


def test_terminated_in_a_deep_look(tmp_path: Path) -> None:
    """Takes its probe away before it ends, when it is told to end in the middle of a deep look."""

    def registered() -> set[str]:
        realm = keycloak.state.realm
        rights = [one.authorization for one in realm.clients.values()] if realm else []
        return {name for one in rights if one for name in one.resources}

    reading = threading.Event()
    with beside(unhurried(reading)) as keycloak:
        own = {"client_secret": keycloak.client_secret, "ca_file": str(keycloak.ca_file), "base_path": ""}
        path = configured(tmp_path, url=keycloak.url, **own)
        before = registered()
        code = terminated(
            "diagnose", "keycloak", "--deep", "--config", path, when=lambda _: reading.wait(30), folder=tmp_path
        )
        assert registered() == before
    assert code == 143
    assert ("POST", f"/realms/{keycloak.realm}/authz/protection/resource_set") in keycloak.asked


def test_a_terminal_that_has_no_such_letters() -> None:
    """Prints also where the terminal knows only ASCII; JSON stays JSON."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}  # noqa: TID251 a child's own
    with start(*PLAYGROUND, env=environment) as program:
        out, _ = program.communicate()
    assert (program.returncode, out.splitlines()[0]) == (0, b"Keycloak in playground: HEALTHY \\u2014 no fault found")


@pytest.mark.usefixtures("hearing_children")
def test_interrupted_while_it_starts() -> None:
    """Ends at once and without a word when it is interrupted before it has begun to work."""
    early = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from bot.__main__ import main
main()
"""
    program = subprocess.run([sys.executable, "-c", early], cwd=ROOT, capture_output=True, check=False)  # noqa: S603 ours
    assert (program.returncode, program.stdout, program.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.usefixtures("hearing_children")
@pytest.mark.parametrize("words", [("token", "-"), ("replay", "-"), ("triage", "-")])
def test_interrupted_while_it_waits_for_a_pipe(words: tuple[str, ...]) -> None:
    """Ends at the first Ctrl-C when it waits for what somebody is to paste."""
    read, write = os.pipe()
    with start(*words, stdin=read) as program:
        os.close(read)
        os.write(write, b"x" * _PIPE)
        os.write(write, b"x")  # is taken as soon as the program has begun to read
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=20)
        os.close(write)
    assert (program.returncode, out, err) == (-signal.SIGINT, b"", b"")


_PIPE = 65536  # bytes that fit into a pipe (pipe(7))


@pytest.mark.parametrize(
    "words", [("checks",), ("scenarios", "--json"), (*PLAYGROUND, "--json"), ("--help",), ("catalogue", "check")]
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_answer_that_cannot_be_written(words: tuple[str, ...]) -> None:
    """Says in a sentence that the answer cannot be written, with a code that no verdict has."""
    with Path("/dev/full").open("wb") as full, start(*words, stdout=full) as program:
        _, err = program.communicate()
    assert program.returncode == 74
    assert err.decode() == (
        "The answer cannot be written: No space left on device. Make room where it goes, or send it elsewhere.\n"
    )


def test_a_person_who_cannot_be_told() -> None:
    """Goes on to its answer when stderr takes nothing."""
    where = Path("/dev/full")
    with (where if where.exists() else Path(os.devnull)).open("wb") as full, start(*PLAYGROUND, stderr=full) as program:
        out, _ = program.communicate()
    assert program.returncode == 0
    assert out.startswith(b"Keycloak in playground: HEALTHY")


def test_a_run_that_can_be_judged_again(volati: Volati, tmp_path: Path) -> None:
    """Says how to judge a run again, in words that work, and says nothing of it where the run is gone."""
    kept = volati("diagnose", "keycloak", "--config", configured(tmp_path))
    again = kept.out.splitlines()[-1].partition("; judge it again: volati ")[2]
    assert volati(*shlex.split(again)).out.splitlines()[0] == kept.out.splitlines()[0]
    for gone in (
        volati(*PLAYGROUND),
        volati("diagnose", "keycloak", "--scenario", "realm-gone"),
        volati("token", "-", "--config", configured(tmp_path), stdin=FOREIGN.encode()),
    ):
        assert gone.out.splitlines()[-1].startswith("run ")
        assert "replay" not in gone.out
    (tmp_path / "other").write_text("")
    lost = volati("diagnose", "keycloak", "--config", configured(tmp_path, folder="other"))
    assert "replay" not in lost.out


def test_the_teams_catalogue(volati: Volati, tmp_path: Path) -> None:
    """Matches the entries of the folder that the settings name, and goes on without them where they are wrong."""
    (tmp_path / "own").mkdir()
    settings = {"environments": {"here": {}}, "catalogue": str(tmp_path / "own")}
    (tmp_path / "volati.yaml").write_text(yaml.safe_dump(settings))
    write(tmp_path / "own", "toys.yaml", ENTRY)
    ended = volati("triage", "-", stdin=b"the toy broke")
    assert (ended.code, ended.err) == (1, "")
    assert "The toy is broken." in ended.out
    write(tmp_path / "own", "toys.yaml", ENTRY | {"severity": "dreadful"})
    ended = volati("triage", "-", stdin=b"pq: sorry, too many clients already")
    assert ended.code == 1
    assert "toys.yaml, entry 'toy.broken', severity" in ended.err
    assert volati("catalogue", "check").code == 2
    (tmp_path / "volati.yaml").unlink()
    assert volati("triage", "-", stdin=b"the toy broke").code == 0

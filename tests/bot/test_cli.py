"""Tests of the command line: exit codes scripts rely on, one JSON object, and errors in one sentence."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog
import yaml

from bot.cli import _bare, main
from diagnostics.areas import AREAS
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.platform import FAULTS
from tests.beside import beside
from tests.bot.clients.servers import nobody

ROOT = Path(__file__).parents[2]
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


def configured(folder: Path, **keycloak: Any) -> str:
    """A settings file for a Keycloak at this address; by default one where nothing listens."""
    settings = {"environments": {"here": {"keycloak": {"url": nobody(), **keycloak}}}, "data_dir": str(folder / "data")}
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(settings))
    return str(path)


def test_healthy(volati: Volati) -> None:
    """Ends with 0 when nothing is wrong: the verdict first on stdout, progress on stderr."""
    ended = volati(*PLAYGROUND)
    assert ended.code == 0
    assert ended.out.startswith("Keycloak in playground: HEALTHY — no fault found\n")
    assert "✓ the realm page" in ended.err


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
    assert set(document["causes"][0]) == {"id", "title", "explains"}
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
    ("unknown scenario", (*PLAYGROUND, "--scenario", "nope"), "There is no scenario 'nope'; there are: healthy,"),
    ("unknown area", ("diagnose", "moon", "--playground"), "There is no area 'moon'; there are: keycloak"),
    ("one area unknown", ("diagnose", "moon", "keycloak", "--playground", "--json"), "There is no area 'moon'"),
    ("unknown environment", (*PLAYGROUND, "-e", "moon"), "There is no environment 'moon'; the settings name"),
    ("no settings file", ("diagnose", "keycloak"), "volati.yaml cannot be read: No such file or directory."),
    ("a folder for settings", ("diagnose", "keycloak", "--config", "."), "cannot be read: Is a directory"),
    ("no such run", ("replay", "0123456789ab", "--config", "own.yaml"), "There is no saved run '0123456789ab'."),
    ("no name of a run", ("replay", "../etc", "--config", "own.yaml"), "run"),
    ("a long name of a run", ("export", "x" * 5000, "--config", "own.yaml"), "run"),
    ("no file for a token", ("token", "nowhere", "--playground"), "nowhere cannot be read: No such file"),
    ("a folder for a token", ("token", ".", "--playground"), ". cannot be read: Is a directory"),
    ("a file that is no run", ("replay", "own.yaml"), "This is not a saved run of format 1"),
    ("nothing to replay", ("replay", "-"), "This is not a saved run of format 1"),
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


@pytest.mark.parametrize("before", ["", "Bearer ", "bearer ", "Authorization: Bearer ", "authorization:bearer "])
@pytest.mark.parametrize("around", ["", '"', "'", "\n"])
def test_what_is_copied_along(before: str, around: str) -> None:
    """Keeps of what was copied the token alone."""
    assert _bare(f"{around}{before}{FOREIGN}{around}") == FOREIGN


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


def test_interrupted() -> None:
    """Ends with 130 and without a traceback when it is interrupted."""
    with start(*PLAYGROUND, "--scenario", "hanging") as program:
        assert program.stderr is not None
        program.stderr.readline()  # the first progress: it is looking now
        program.send_signal(signal.SIGINT)
        out, err = program.communicate()
    assert (program.returncode, out) == (130, b"")
    assert b"Traceback" not in err


def test_a_terminal_that_has_no_such_letters() -> None:
    """Prints also where the terminal knows only ASCII; JSON stays JSON."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}  # noqa: TID251 a child's own
    with start(*PLAYGROUND, env=environment) as program:
        out, _ = program.communicate()
    assert (program.returncode, out.splitlines()[0]) == (0, b"Keycloak in playground: HEALTHY \\u2014 no fault found")

"""Tests of what the pod of a probe runs."""

import json
import subprocess
import sys

import pytest

from bot.errors import VolatiError
from bot.probe.here import look, surroundings
from bot.settings import FromHere
from tests.bot.probe.servers import login, postgres, serving


@pytest.mark.parametrize(
    ("host", "port", "place"),
    [
        ("db.example.com:5433", "", ("db.example.com", 5433)),
        ("db.example.com", "", ("db.example.com", 5432)),
        ("db.example.com\n", "6432\n", ("db.example.com", 6432)),
        ("db.example.com:5433", "6432", ("db.example.com", 5433)),
        ("[2001:db8::7]:5433", "", ("2001:db8::7", 5433)),
        ("2001:db8::7", "", ("2001:db8::7", 5432)),
        ("", "", ("", 5432)),
        ("db.example.com", "many", ("db.example.com", 5432)),
        ("db.example.com:99999", "", ("db.example.com", 5432)),
    ],
)
def test_the_place_of_the_database(host: str, port: str, place: tuple[str, int]) -> None:
    """Reads the database's place as its secret has it, with its port or without."""
    here = surroundings(
        FromHere(database_host=host, database_port=port, database_name="platform", database_user=" u\n")
    )
    assert (here.database_host, here.database_port) == place
    assert (here.account.user, here.account.database) == ("u", "platform")


def test_without_an_account() -> None:
    """Knocks under a name of its own where it is given none."""
    assert surroundings(FromHere()).account.user == "volati"


@pytest.mark.parametrize(
    ("way", "target", "says"),
    [
        ("icmp", "host", "goes by tcp, http, dns, postgres, route"),
        ("tcp", "host", "leaves its port open"),
        ("http", "host:80/", "or its scheme"),
        ("tcp", "a b", "is no target"),
    ],
)
async def test_what_is_no_probe(way: str, target: str, says: str) -> None:
    """Says what is wrong with its two words."""
    with pytest.raises(VolatiError, match=says):
        await look(way, target)


def run(*words: str, **given: str) -> tuple[int, str, str]:
    """The command as the pod runs it."""
    command = [sys.executable, "-m", "bot", "probe-from-here", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=given, check=False, timeout=50)  # noqa: S603 our own
    return done.returncode, done.stdout, done.stderr


def test_the_command() -> None:
    """Prints one line of JSON and ends with 0 whatever it saw: it refuses what no probe may see, also by the secret."""
    code, told, _ = run("postgres", "database", VOLATI_FROM_HERE_DATABASE_HOST="169.254.169.254:80")
    assert (code, told.count("\n")) == (0, 1)
    assert json.loads(told)["outcome"] == "refused"
    code, told, _ = run("tcp", "127.0.0.1:22")
    assert (code, json.loads(told)["outcome"]) == (0, "refused")


def test_the_command_misused() -> None:
    """Prints nothing and ends with 2 for words that are no probe."""
    code, told, said = run("tcp", "127.0.0.1")
    assert (code, told) == (2, "")
    assert "leaves its port open" in said


async def test_loopback_is_refused_by_the_real_command() -> None:
    """Connects to nobody in its own pod, also where something listens there."""
    async with serving(postgres(login(0))) as server:
        told = json.loads(await look("postgres", server.place))
        assert (told["outcome"], server.lines) == ("refused", 0)

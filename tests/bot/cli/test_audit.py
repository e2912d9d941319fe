"""Tests of `volati audit`, `audit verify` and `audit export`: exit codes, words, files, and nothing secret."""

import asyncio
import csv
import json
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from bot.audit.entry import Head, head_of
from bot.cli.audit import moment
from bot.errors import VolatiError
from bot.store import open_store
from tests.bot.audit.audits import chain, chained, entry, fill, lines
from tests.bot.cli.test_app import Volati
from tests.bot.cli.test_app import volati as volati  # noqa: PLC0414 the fixture

CHAIN = chain(30)
HEAD = head_of(CHAIN[-1])
SECRET = "xoxb-" + "123456789012-abcdefABCDEF0123456789ab"


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Settings of a bot that has an embedded store."""
    path = tmp_path / "own.yaml"
    here = {"keycloak": {"url": "http://127.0.0.1:9"}}
    path.write_text(yaml.safe_dump({"environments": {"here": here}, "data_dir": str(tmp_path / "data")}))
    return str(path)


def stored(tmp_path: Path, held: list[bytes]) -> None:
    """Have the bot's store hold these lines."""

    async def work() -> None:
        async with open_store(None, tmp_path / "data") as store:
            await fill(store, held)

    asyncio.run(work())


class TestNewest:
    def test_none(self, volati: Volati, config: str) -> None:
        """It says that nothing was audited yet."""
        ended = volati("audit", "--config", config)
        assert (ended.code, ended.out) == (0, "Nothing was audited yet.\n")

    def test_some(self, volati: Volati, config: str, tmp_path: Path) -> None:
        """It shows the newest first, as many as are asked for, and what it does not show."""
        stored(tmp_path, lines(CHAIN))
        ended = volati("audit", "-n", "2", "--config", config)
        assert ended.code == 0
        assert [one.partition(" ")[0] for one in ended.out.splitlines()[:2]] == ["#30", "#29"]
        assert ended.out.endswith("2 shown, newest first; the audit has 30. There are older ones; -n shows more.\n")

    def test_wanted(self, volati: Volati, config: str, tmp_path: Path) -> None:
        """It shows those of a plan, a person and a time, as JSON too; and says when there is none."""
        stored(tmp_path, lines(CHAIN))
        wanted = ("--plan", "plan2", "--since", "2026-11-05T03:01", "--until", "2026-11-06", "--who", "volati")
        ended = volati("audit", *wanted, "--config", config, "--json")
        document = json.loads(ended.out)
        assert [one["number"] for one in document["entries"]] == [12, 11, 10]
        ended = volati("audit", "--plan", "no-such-plan", "--config", config)
        assert ended.out == "None of 30 entries is what you asked for.\n"

    def test_hostile_and_secret_text(self, volati: Volati, config: str, tmp_path: Path) -> None:
        """It shows neither a secret nor what would move the cursor."""
        stored(tmp_path, lines(chained([replace(entry(1), detail=f"{SECRET} \x1b[2J\nforged line")])))
        ended = volati("audit", "--config", config)
        assert SECRET not in ended.out
        assert "\x1b" not in ended.out
        assert ended.out.count("\n") == 2


class TestVerify:
    def test_sound(self, volati: Volati, config: str, tmp_path: Path) -> None:
        """It ends with 0, by a head from the command line, from a log, and from a pipe."""
        stored(tmp_path, lines(CHAIN))
        log = tmp_path / "bot.log"
        log.write_text(f'{{"event":"audit","audit_head":"{HEAD}"}}\n')
        for given in (("--head", str(HEAD)), ("--log", str(log)), ("--log", "-")):
            ended = volati("audit", "verify", *given, "--config", config, stdin=log.read_bytes())
            assert ended.code == 0
            assert "Up to entry 30 a head that was kept elsewhere agrees." in ended.out

    def test_broken(self, volati: Volati, config: str, tmp_path: Path) -> None:
        """It ends with 1, and says what happened, what it means and what to do; as JSON all of it."""
        stored(tmp_path, lines(CHAIN[:20]))
        ended = volati("audit", "verify", "--head", str(HEAD), "--config", config)
        assert ended.code == 1
        assert "✗ entries 21 to 30 were lost at the end" in ended.out
        assert "What to do:" in ended.out
        ended = volati("audit", "verify", "--head", str(HEAD), "--config", config, "--json")
        assert ended.code == 1
        assert json.loads(ended.out)["faults"] == [{"kind": "lost at the end", "first": 21, "last": 30, "line": 0}]

    def test_usage(self, volati: Volati, config: str, tmp_path: Path) -> None:
        """It ends with 2 when a head is none, a log cannot be read or has no head, or options stand elsewhere."""
        (tmp_path / "empty.log").write_text("nothing here\n")
        for words, part in (
            (("verify", "--head", "12:abc"), "is no head of the audit"),
            (("verify", "--log", "nowhere.log"), "cannot be read: No such file"),
            (("verify", "--log", "a\x00b"), "cannot be read"),
            (("verify", "--log", str(tmp_path)), "cannot be read: Is a directory"),
            (("verify", "--log", str(tmp_path / "empty.log")), "There is no audit_head in"),
            (("--plan", "plan1", "verify"), "put options behind the word"),
            (("--since", "yesterday"), "is no time"),
            (("-n", "0"), "should be greater than or equal to 1"),
        ):
            ended = volati("audit", *words, *(() if "verify" in words[1:] else ("--config", config)))
            assert ended.code == 2, words
            assert part in " ".join(ended.err.replace("│", "").split()), words

    @pytest.mark.parametrize("words", [("audit",), ("audit", "verify"), ("audit", "export")])
    def test_could_not_look(self, volati: Volati, tmp_path: Path, words: tuple[str, ...]) -> None:
        """It ends with 3 when the store does not answer, or cannot be had: that is neither sound nor broken."""
        here = {"environments": {"here": {"keycloak": {"url": "http://127.0.0.1:9"}}}, "data_dir": str(tmp_path / "d")}
        for store in ({"url": f"unix://{tmp_path}/nobody.sock"}, {"url": "ftp://x"}):
            (tmp_path / "own.yaml").write_text(yaml.safe_dump({**here, "store": store}))
            ended = volati(*words, "--config", str(tmp_path / "own.yaml"))
            assert (ended.code, ended.out) == (3, "")
            assert "The audit could not be looked at" in ended.err


class TestExport:
    def test_to_standard_output(self, volati: Volati, config: str, tmp_path: Path) -> None:
        """It prints one line for each entry, and its own words beside."""
        stored(tmp_path, lines(CHAIN))
        ended = volati("audit", "export", "--config", config)
        assert ended.code == 0
        assert ended.out.encode() == b"".join(one + b"\n" for one in lines(CHAIN))
        assert "30 entries written." in ended.err

    def test_to_a_file(self, volati: Volati, config: str, tmp_path: Path) -> None:
        """It writes a file of the owner's alone, a table when asked to, in place of an older one."""
        stored(tmp_path, [*lines(CHAIN), b"junk"])
        where = tmp_path / "audit.csv"
        where.write_text("old")
        words = ("audit", "export", "--format", "csv", "--output", str(where), "--who", "volati", "--config", config)
        ended = volati(*words)
        assert (ended.code, ended.out) == (0, "")
        assert "15 entries in " in ended.err
        assert "1 lines cannot be read" in ended.err
        assert stat.S_IMODE(where.stat().st_mode) == 0o600
        assert len(list(csv.reader(where.read_text().splitlines()))) == 17
        assert [one.name for one in tmp_path.iterdir() if "audit.csv" in one.name] == ["audit.csv"]

    def test_where_it_cannot_be_written(self, volati: Volati, config: str, tmp_path: Path) -> None:
        """It ends with 2, says why, and leaves nothing behind."""
        stored(tmp_path, lines(CHAIN))
        (tmp_path / "file").touch()
        for folder, why in (("nowhere", "No such file or directory"), ("file", "Not a directory")):
            place = tmp_path / folder / "x"
            ended = volati("audit", "export", "--output", str(place), "--config", config)
            assert ended.code == 2
            assert f"{place} cannot be written: {why}. {tmp_path / folder} is no folder: make it" in ended.err


class TestMoments:
    NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)

    def test_written_in_each_way(self) -> None:
        """It reads days, times with and without a zone, and how long ago."""
        assert moment(None, self.NOW) is None
        assert moment("2026-11-05", self.NOW) == datetime(2026, 11, 5, tzinfo=UTC)
        assert moment("2026-11-05T03:00", self.NOW) == datetime(2026, 11, 5, 3, tzinfo=UTC)
        assert moment("2026-11-05T03:00+02:00", self.NOW) == datetime(
            2026, 11, 5, 3, tzinfo=timezone(timedelta(hours=2))
        )
        assert moment("90m", self.NOW) == self.NOW - timedelta(minutes=90)
        assert moment("7d", self.NOW) == self.NOW - timedelta(days=7)

    @pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "5", "99999999d", "٣h"])
    def test_what_is_none(self, text: str) -> None:
        """It says how a time is written."""
        with pytest.raises(VolatiError, match="Give a day"):
            moment(text, self.NOW)


def test_a_head_is_given_once() -> None:
    """It prints a head as it is given again."""
    assert str(Head(3, "a" * 64)) == f"3:{'a' * 64}"

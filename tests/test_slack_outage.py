"""What happens to messages when Slack is away, slow, or tired of us: stories against the simulated Slack."""

import asyncio
import itertools
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.keys import LANE
from bot.slack.letters import REPEAT
from bot.slack.live import ProgressMessage
from bot.slack.poster import Place, Poster
from bot.store import Store, open_store
from playground.slack.ledger import Entry
from playground.slack.server import SimulatedSlack
from tests.bot.slack.stage import CHANNEL, Stage, says, stage
from tests.outbox_process import THREADS as THREADS_OF_PROCESS
from tests.redis_server import MEMORIES, redis_7

TEN_MINUTES = 600.0
THREADS = 8
ROOT = Path(__file__).parents[1]


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    """A workspace with a clock of its own."""
    async with stage() as made:
        yield made


@pytest.fixture
async def store(store_url: str | None) -> AsyncIterator[Store]:
    """A store in a server of its own."""
    with tempfile.TemporaryDirectory(prefix="volati-test-") as folder:
        async with open_store(store_url, Path(folder)) as store:
            yield store


@pytest.fixture(params=["memory", *MEMORIES])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Store | None]:
    """Where letters are kept: in memory, in an embedded server, or in Redis 7."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield None
            return
        url = None
        if request.param == "redis-7":
            url = (await stack.enter_async_context(redis_7(request.config))).url
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="volati-test-")))
        yield await stack.enter_async_context(open_store(url, folder))


async def diagnose(poster: Poster, name: str) -> None:
    """What a diagnosis posts: an opening, progress in its thread, the verdict in its place, and the closing."""
    root = await poster.post(CHANNEL, says(f"{name}: looking"))
    detail = await poster.post(root.channel, says(f"{name}: 0 of 8"), root.ts)
    await poster.post(root.channel, says(f"{name}: a note"), root.ts)
    await poster.update(detail, says(f"{name}: verdict"))
    await poster.update(root, says(f"{name}: down"))


def whole(here: Stage) -> bool:
    """Whether every thread says what it should."""
    names = [f"d{number}" for number in range(THREADS)]
    wanted = [text for name in names for text in (f"{name}: down", f"{name}: verdict", f"{name}: a note")]
    return sorted(here.everything()) == sorted(wanted)


@pytest.mark.parametrize("refuse", [True, False], ids=["refuses", "503"])
async def test_ten_minutes_without_slack(here: Stage, kept: Store | None, *, refuse: bool) -> None:
    """It loses nothing, doubles nothing and keeps the order; callers go on meanwhile."""
    poster = here.poster(kept)
    before = await poster.post(CHANNEL, says("d0: looking"))
    await here.slack.go_down(refuse=refuse)
    work = [asyncio.create_task(diagnose(poster, f"d{number}")) for number in range(1, THREADS)]
    work.append(asyncio.create_task(self_told(poster, before)))
    await here.until(lambda: all(task.done() for task in work), seconds=60)
    await here.until(lambda: poster.away)
    await here.passing(TEN_MINUTES)
    await here.slack.come_back()
    assert await here.until(lambda: whole(here), seconds=120) < 60
    for number in range(THREADS):
        assert here.texts(f"d{number}: down") == [f"d{number}: {what}" for what in ("down", "verdict", "a note")]
    assert not poster.away
    assert here.slack.ledger.rejected == []
    assert here.slack.ledger.calls["chat.postMessage"] == 3 * THREADS, "each message is one call: edits joined it"


async def self_told(poster: Poster, root: Place) -> None:
    """The rest of a diagnosis whose opening is there already."""
    detail = await poster.post(CHANNEL, says("d0: 0 of 8"), root.ts)
    await poster.post(CHANNEL, says("d0: a note"), root.ts)
    await poster.update(detail, says("d0: verdict"))
    await poster.update(root, says("d0: down"))


async def test_twelve_diagnoses_at_once(here: Stage) -> None:
    """It makes no call that Slack rejects, shows progress for each, and ends each soon after its run ends."""
    poster, ended = here.poster(), []

    async def run(name: str) -> None:
        root = await poster.post(CHANNEL, says(f"{name}: looking"))
        detail = await poster.post(root.channel, says(f"{name}: 0"), root.ts)
        async with ProgressMessage(poster, detail, root.ts, here.clock.sleep) as live:
            for second in range(1, 120):
                await here.clock.sleep(0.5)
                live.show(says(f"{name}: {second}"))
            run_over = here.clock.now()
            await live.finish(says(f"{name}: verdict"), says(name))
        await poster.update(root, says(f"{name}: down"))
        ended.append(here.clock.now() - run_over)

    work = [asyncio.create_task(run(f"r{number}")) for number in range(12)]
    await here.until(lambda: all(task.done() for task in work))
    assert here.slack.ledger.rejected == []
    assert busiest_minute(here.slack.ledger.of("chat.update")) <= 46
    for number in range(12):
        assert here.texts(f"r{number}: down") == [f"r{number}: down", f"r{number}: verdict"]
        versions = here.slack.thread(CHANNEL, root_of(here, f"r{number}: down"))[1].versions
        assert len(versions) >= 3, "it showed progress"
    assert max(ended) < 40


def root_of(here: Stage, text: str) -> str:
    """The ts of a root."""
    return next(one.ts for one in here.slack.messages(CHANNEL) if one.text == text)


def busiest_minute(entries: list[Entry]) -> int:
    """Most calls within sixty seconds."""
    times = [entry.at for entry in entries]
    return max((sum(1 for at in times if start <= at < start + 60) for start in times), default=0)


async def test_429_storms(here: Stage, kept: Store | None) -> None:
    """It waits as long as Slack says, for that method and channel, and brings everything in the end."""
    poster = here.poster(kept)
    here.slack.switches.storm("chat.postMessage", calls=4, retry_after_s=7)
    here.slack.switches.storm("chat.update", calls=3, retry_after_s=20)
    work = [asyncio.create_task(diagnose(poster, f"d{number}")) for number in range(THREADS)]
    await here.until(lambda: all(task.done() for task in work) and whole(here))
    for method, seconds in (("chat.postMessage", 7), ("chat.update", 20)):
        entries = here.slack.ledger.of(method)
        for rejected, following in itertools.pairwise(entries):
            assert not rejected.error or following.at - rejected.at >= seconds
    assert [entry.error for entry in here.slack.ledger.rejected] == ["ratelimited"] * len(here.slack.ledger.rejected)
    assert 0 < len(here.slack.ledger.rejected) <= 7
    assert not any(REPEAT in text for text in here.everything())


async def test_two_replicas_share_an_outbox(here: Stage, store: Store) -> None:
    """It sends each letter from one of them, and each thread in order."""
    posters = [here.poster(store), here.poster(store)]
    await here.slack.go_down()
    work = [asyncio.create_task(diagnose(posters[n % 2], f"d{n}")) for n in range(THREADS)]
    await here.until(lambda: all(task.done() for task in work), seconds=60)
    await here.passing(30)
    await here.slack.come_back()
    await here.until(lambda: whole(here), seconds=120)
    await here.passing(60)
    assert whole(here)
    for number in range(THREADS):
        assert here.texts(f"d{number}: down") == [f"d{number}: {what}" for what in ("down", "verdict", "a note")]


async def test_a_restart_finds_what_was_left(here: Stage, store: Store) -> None:
    """It delivers what an earlier process could not, and knows the earlier one's messages."""
    earlier = here.poster(store)
    await here.slack.go_down()
    root = await patiently(here, earlier.post(CHANNEL, says("looking")))
    reply = await patiently(here, earlier.post(CHANNEL, says("0 of 8"), root.ts))
    assert not root.posted
    await earlier.close()
    await here.slack.come_back()
    later = here.poster(store)
    delivery = asyncio.create_task(later.deliver())
    await here.until(lambda: len(here.everything()) == 2, seconds=60)
    await patiently(here, later.update(Place(CHANNEL, reply.ts), says("interrupted")))
    assert here.texts("looking") == ["looking", "interrupted"]
    delivery.cancel()


async def patiently(here: Stage, doing: object) -> Place:
    """What is done gives, with the time it takes."""
    task = asyncio.ensure_future(doing)  # type: ignore[call-overload] # any awaitable
    await here.until(task.done)
    return task.result()  # type: ignore[no-any-return] # a Place, where it matters


async def test_private_answers_have_an_end(here: Stage) -> None:
    """It answers at the command's address while that takes answers, and then as a whisper to the person."""
    poster = here.poster()
    url = here.slack.core.response_urls.give("U0ONCALL0", CHANNEL)
    for number in range(6):
        await poster.answer(url, says(f"answer {number}"), CHANNEL, "U0ONCALL0")
    assert [message.text for message in here.slack.ephemerals("oncall")] == [f"answer {n}" for n in range(6)]
    assert here.slack.ledger.calls["chat.postEphemeral"] == 1
    late = here.slack.core.response_urls.give("U0ONCALL0", CHANNEL)
    await here.passing(31 * 60)
    await poster.answer(late, says("late"), CHANNEL, "U0ONCALL0")
    assert here.slack.ephemerals("oncall")[-1].text == "late"


async def test_private_answers_wait_too(here: Stage, kept: Store | None) -> None:
    """It brings a private answer when Slack is back within the hour, and drops it after that."""
    poster = here.poster(kept)
    await here.slack.go_down()
    await patiently(here, poster.whisper(CHANNEL, "U0ONCALL0", says("soon")))
    await here.passing(TEN_MINUTES)
    await here.slack.come_back()
    await here.until(lambda: len(here.slack.ephemerals("oncall")) == 1, seconds=60)
    await here.slack.go_down()
    await patiently(here, poster.whisper(CHANNEL, "U0ONCALL0", says("never")))
    await here.passing(2 * 3600)
    await here.slack.come_back()
    await here.passing(TEN_MINUTES)
    assert [message.text for message in here.slack.ephemerals("oncall")] == ["soon"]
    assert kept is None or await kept.lanes() == (), "nothing private is stored"


async def killed_again_and_again(slack: SimulatedSlack, store: Store) -> int:
    """Post while Slack is away, then deliver in processes that are killed; gives how many were."""
    address = (store.address, slack.api_url, slack.bot_token)
    await slack.go_down()
    assert await process(*address, "post", "0", "before") == -signal.SIGKILL
    await slack.come_back()
    deaths = [("1", "after"), ("3", "after")]  # one process each: the call it dies at
    for number, when in deaths:
        await store.ask("DEL", LANE.of(lane=CHANNEL))  # the dead one's minute is over
        assert await process(*address, "deliver", number, when) == -signal.SIGKILL
    await store.ask("DEL", LANE.of(lane=CHANNEL))
    assert await process(*address, "deliver", "0", "before") == 0
    return len(deaths)


async def process(*arguments: str) -> int:
    """Run the sending process to its end; gives its exit code."""
    command = (sys.executable, "-m", "tests.outbox_process", *arguments)
    running = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.DEVNULL)
    return await asyncio.wait_for(running.wait(), 30)


@pytest.mark.parametrize("may_look", [False, True], ids=["may not look", "may look"])
async def test_killed_between_sending_and_noting(store: Store, *, may_look: bool) -> None:
    """It brings each message once, or marks the repeat; where it may read the channel, there is no repeat."""
    async with SimulatedSlack() as slack:
        slack.switches.strict_tiers = False
        slack.switches.scopes |= {"channels:history"} if may_look else set()
        deaths = await killed_again_and_again(slack, store)
        said = [message.text for message in slack.workspace.visible(CHANNEL)]
    wanted = [f"t{thread}{reply}" for thread in range(THREADS_OF_PROCESS) for reply in ("", " r0", " r1")]
    repeats = [text for text in said if REPEAT in text]
    assert sorted({text.removesuffix(f" ({REPEAT})") for text in said}) == sorted(wanted), "nothing is lost"
    assert sorted(text for text in said if text not in repeats) == sorted(set(said) - set(repeats)), "no other doubles"
    assert len(repeats) in ([0] if may_look else range(1, deaths + 1))
    order = list(dict.fromkeys(text.removesuffix(f" ({REPEAT})") for text in said))
    assert order == wanted

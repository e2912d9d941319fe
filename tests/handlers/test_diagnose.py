"""`/volati diagnose keycloak`, from the typing of it to the verdict in the thread."""

import asyncio

import msgspec
import pytest
from structlog.testing import capture_logs

from bot.runs.examiner import OrderError
from bot.slack.asker import Asker
from bot.slack.message import Message
from bot.slack.poster import Place
from bot.store import UnderWay
from bot.tasks import Tasks
from diagnostics.model import Cause, Verdict
from handlers.desk import Asked
from handlers.hear import hear
from handlers.memory import tell_of_the_interrupted
from tests.bot.slack import samples
from tests.handlers.world import CHANNEL, SECRET, Clock, World, world

COMMAND = "/volati diagnose keycloak"


async def typed(here: World, line: str = COMMAND, channel: str = "#devops") -> str:
    """Type a command and give the private line that answers it."""
    outcome = await here.slack.person("oncall").command(channel.strip("#"), line)
    assert outcome.acknowledged
    return str(outcome.answer.text) if outcome.answer else ""


async def test_travels_from_command_to_verdict() -> None:
    """It acknowledges privately, opens one thread in the configured channel, and ends there with the verdict."""
    async with world() as here:
        answer = await typed(here)
        assert answer == f"On it: looking at Keycloak in production. The answer comes in a thread in <#{CHANNEL}>."
        await here.done()
        assert here.root().startswith("Keycloak in production is down. Keycloak knows client volaticloud-api")
        (verdict,) = here.thread()
        assert verdict.startswith("Keycloak in production is down.")
        assert here.slack.ledger.rejected == []
        assert [order.area for order in here.examines.orders] == ["keycloak"]


async def test_keeps_the_noise_down() -> None:
    """It posts two messages in all, broadcasts neither, and edits each once at the end of a quick run."""
    async with world() as here:
        await typed(here)
        await here.done()
        assert here.slack.ledger.calls["chat.postMessage"] == 2
        assert here.slack.ledger.calls["chat.update"] == 2
        assert not any(message.broadcast for message in here.slack.workspace.visible(CHANNEL))


async def test_attaches_what_does_not_fit() -> None:
    """It puts the whole report into the thread as a file when the message has to leave some of it out."""
    findings = tuple(msgspec.structs.replace(samples.SECRET_WRONG, id=f"keycloak.fault-{n}") for n in range(60))
    causes = tuple(Cause(finding.id, finding.subject, finding.summary) for finding in findings)
    async with world() as here:
        found = samples.diagnosis(findings=findings, causes=causes, suggestions=())
        here.examines.run = samples.run(found)
        await typed(here)
        await here.done()
        await here.slack.until(lambda: here.slack.core.files.files, seconds=10)
        (stored,) = here.slack.core.files.files.values()
        assert stored.data is not None
        assert b"[keycloak.fault-59]" in stored.data
        assert here.slack.ledger.rejected == []


async def test_shows_progress_while_it_runs() -> None:
    """It shows each source's state in the thread while it waits for the rest."""
    async with world() as here:
        here.examines.gate.clear()
        await typed(here)
        await here.slack.until(lambda: here.slack.ledger.calls["chat.update"] == 1, seconds=10)
        assert here.root() == "Keycloak in production: looking"
        assert here.thread() == ["Looking at Keycloak in production: 3 of 8 sources"]
        here.examines.gate.set()
        await here.done()


async def test_healthy_is_short() -> None:
    """It says that nothing was found, in the channel too."""
    async with world() as here:
        here.examines.run = samples.run(samples.healthy())
        await typed(here)
        await here.done()
        assert here.root() == "Keycloak in production is healthy. Nothing found."


async def test_takes_environment_and_deep() -> None:
    """It orders what was asked for."""
    async with world() as here:
        await typed(here, f"{COMMAND} deep in staging")
        await here.done()
        (order,) = here.examines.orders
        assert (order.environment, order.deep) == ("staging", True)


async def test_says_privately_what_to_do_where_it_cannot_post() -> None:
    """It tells the person, and only them, to invite the bot."""
    async with world(channel="C0RANDOM0") as here:
        await typed(here)
        await here.done()
        texts = [message.text for message in here.slack.ephemerals("oncall")]
        assert "/invite @volati" in texts[-1]
        assert here.examines.orders == []


async def test_failure_gives_an_id() -> None:
    """It gives a short id where the bot itself fails; the reason is in the log under that id, and nowhere else."""
    async with world() as here:
        here.examines.failure = RuntimeError("the inside story")
        with capture_logs() as logs:
            await typed(here)
            await here.done()
        (text,) = here.thread()
        error_id = text.rpartition(" ")[2]
        assert [entry["id"] for entry in logs if entry["event"] == "a diagnosis failed"] == [error_id]
        assert here.root() == "Keycloak in production: no verdict, Volati could not finish"
        assert "inside story" not in repr(here.slack.ledger.entries)


async def test_explains_what_it_can() -> None:
    """It says an error of its own in words."""
    async with world() as here:
        here.examines.failure = OrderError("There is no environment 'moon'.")
        await typed(here)
        await here.done()
        assert here.thread() == ["There is no environment 'moon'."]


async def test_no_secret_leaves() -> None:
    """It redacts what an error, or a finding, would have given away."""
    async with world() as here:
        here.examines.failure = OrderError(f"The secret {SECRET} is wrong.")
        await typed(here)
        await here.done()
        assert SECRET not in repr(here.slack.ledger.entries)
        assert "client secret" in here.thread()[0]


async def test_same_delivery_twice_is_one_diagnosis() -> None:
    """It does nothing for a command that Slack delivers a second time."""
    async with world() as here:
        await typed(here)
        await here.done()
        (seen,) = here.memory.seen
        trigger = seen[1].partition(" ")[0]
        asker = Asker("U0ONCALL0", CHANNEL, frozenset({"T0VOLATI0"}))
        hear(here.desk, Asked(trigger, asker, text="diagnose keycloak"))
        await here.done()
        assert len(here.examines.orders) == 1


async def test_works_without_memory() -> None:
    """It goes on when its memory is away, or was never there."""
    async with world() as here:
        here.memory.away = True
        await typed(here)
        await here.done()
        assert here.root().startswith("Keycloak in production is down.")


async def test_too_busy_says_so() -> None:
    """It says privately that it has too much to do, and posts nothing."""
    async with world(tasks=Tasks(at_once=0, waiting=0)) as here:
        assert "Ask again in a minute." in await typed(here)
        assert here.slack.messages(CHANNEL) == []


async def test_stop_says_so() -> None:
    """It says in the thread that it was stopped, rather than leave it waiting."""
    async with world() as here:
        here.examines.gate.clear()
        await typed(here)
        await here.examines.began.wait()
        assert await here.desk.tasks.drain(0.0) == 1
        assert "Volati was stopped before it could say" in here.thread()[0]
        assert here.memory.runs == {}


async def test_remembers_what_is_under_way() -> None:
    """It notes its messages before it posts them, and forgets them once they say how it ended."""
    async with world() as here:
        await typed(here)
        await here.done()
        planned, posted = here.memory.begun
        (root, _) = here.slack.thread(CHANNEL, here.slack.messages(CHANNEL)[0].ts)
        assert (planned.channel, planned.environment, planned.area) == (CHANNEL, "production", "keycloak")
        assert not Place(CHANNEL, planned.ts).posted
        assert posted.ts == root.ts
        assert posted.detail == planned.detail
        assert here.memory.runs == {}
        assert here.memory.claims == {}


@pytest.mark.parametrize(("alone", "claimed", "told"), [(True, True, True), (False, True, False), (False, False, True)])
async def test_tells_of_the_interrupted(*, alone: bool, claimed: bool, told: bool) -> None:
    """It tells each thread a crash left waiting; another replica's only once that has lost its claim."""
    async with world() as here:
        place = await here.desk.poster.post(CHANNEL, Message("Keycloak in production: looking"))
        since = Clock().now().timestamp() - 60
        run = UnderWay("r1", "production", place.channel, place.ts, since, "keycloak", person="U0ENGINE0")
        here.memory.runs["r1"] = run
        if claimed:
            here.memory.claims["production", "diagnose-keycloak"] = "r1"
        await tell_of_the_interrupted(here.desk, alone=alone)
        assert ("interrupted, Volati was stopped" in here.root()) is told
        assert (here.memory.runs == {}) is told
        assert (("production", "diagnose-keycloak") in here.memory.claims) is (claimed and not told)


async def test_a_lost_message_does_not_lose_the_verdict() -> None:
    """It posts the verdict as a reply when somebody deleted the progress message."""
    async with world() as here:
        here.examines.gate.clear()
        await typed(here)
        await here.examines.began.wait()
        (root,) = here.slack.messages(CHANNEL)
        here.slack.workspace.delete(here.slack.thread(CHANNEL, root.ts)[1])
        here.examines.gate.set()
        await here.done()
        assert here.thread()[-1].startswith("Keycloak in production is down.")


async def test_slack_gone_at_the_end_is_survived() -> None:
    """It logs a verdict that no way led to, and goes on."""
    async with world() as here:
        here.examines.gate.clear()
        await typed(here)
        await here.examines.began.wait()
        here.slack.switches.fail_with["*"] = "token_revoked"
        with capture_logs() as logs:
            here.examines.gate.set()
            await here.done()
        assert "a verdict could not be posted" in [entry["event"] for entry in logs]


async def test_many_at_once() -> None:
    """It runs once for ten people who ask at once: the others are told where the answer comes."""
    async with world() as here:
        here.slack.switches.strict_tiers = False
        here.examines.gate.clear()
        await asyncio.gather(*(typed(here) for _ in range(10)))
        await here.slack.until(lambda: sum("already" in one.text for one in here.slack.ephemerals("oncall")) == 9)
        here.examines.gate.set()
        await here.done()
        assert len(here.examines.orders) == 1
        assert here.root().startswith("Keycloak in production is down")


async def test_unknown_is_said_first() -> None:
    """It says in the first line that it could not judge."""
    async with world() as here:
        here.examines.run = samples.run(samples.unknown())
        assert here.examines.run.diagnosis.verdict is Verdict.UNKNOWN
        await typed(here)
        await here.done()
        assert here.root().startswith("Keycloak in production could not be judged.")

"""No canary reaches Slack: the real bot diagnoses servers that gossip, and all it ever sent is searched."""

import json
from contextlib import ExitStack
from pathlib import Path

from playground.bot_process import running_bot
from playground.show import CHANNEL, PERSON, bot_settings, connected
from playground.slack.server import SimulatedSlack
from tests.beside import beside
from tests.bot.clients.servers import answering
from tests.canaries import assert_clean
from tests.test_canaries import CLIENT, SCENARIOS, everything, keycloak_at

#: Seconds for all the verdicts: nine diagnoses at once, none of which waits for a deadline.
VERDICTS_SECONDS = 40.0


async def test_nothing_reaches_slack(tmp_path: Path) -> None:
    """It repeats in no message, edit, private answer, log line or saved run what a server says of its secrets."""
    (tmp_path / "secret").write_text(f"{CLIENT}\n")
    with ExitStack() as stack:
        urls = {name: stack.enter_context(beside(answering(handler))) for name, handler in SCENARIOS.items()}
        async with SimulatedSlack() as slack:
            slack.switches.strict_tiers = False
            settings = bot_settings({}, slack, tmp_path)
            settings["environments"] = {name: keycloak_at(tmp_path, url) for name, url in urls.items()}
            settings["log"] = {"level": "debug"}
            async with running_bot(settings, tmp_path) as bot:
                await connected(slack, bot, tmp_path)
                for name in urls:
                    await slack.person(PERSON).command(CHANNEL, f"/volati diagnose keycloak in {name}")
                await slack.until(lambda: verdicts(slack) == len(urls), VERDICTS_SECONDS)
            sent = json.dumps(
                [[entry.method, entry.arguments] for entry in slack.ledger.entries], default=str, ensure_ascii=False
            )
    assert "masked: " in sent, "the gossip was heard"
    assert_clean(sent.encode(), "Slack's Web API")
    assert_clean((tmp_path / "bot.log").read_bytes(), "the log")
    assert_clean(everything(tmp_path / "data"), "the data folder")


def verdicts(slack: SimulatedSlack) -> int:
    """How many verdicts stand in the channel's threads."""
    roots = slack.messages(CHANNEL)
    return sum("volati replay" in one.words() for root in roots for one in slack.thread(CHANNEL, root.ts))

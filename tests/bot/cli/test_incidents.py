"""Tests of `volati incidents`, `oncall`, `escalate`, `ack` and `resolve`: exit codes, words, what is written down."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bot.audit.entry import Deed, Linked
from bot.store import open_store
from playground.world.pagerduty.server import SimulatedPagerDuty
from tests.beside import beside
from tests.bot.cli.test_app import Volati
from tests.bot.cli.test_app import volati as volati  # noqa: PLC0414 the fixture

SLACK = {"bot_token": "xoxb-1-2-3", "app_token": "xapp-1-2-3", "channel": "C0ENGINE0"}
NOBODY = "http://127.0.0.1:9"


def settings(tmp_path: Path, **more: object) -> str:
    path = tmp_path / "own.yaml"
    here = {"keycloak": {"url": NOBODY}}
    whole = {
        "environments": {"here": here, "there": here},
        "data_dir": str(tmp_path / "data"),
        "slack": SLACK,
        **more,
    }
    path.write_text(json.dumps({name: value for name, value in whole.items() if value is not None}))
    return str(path)


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Settings of a bot that has an embedded store and a Slack."""
    return settings(tmp_path)


@pytest.fixture
def pager() -> Iterator[SimulatedPagerDuty]:
    """A PagerDuty beside the test."""
    with beside(SimulatedPagerDuty()) as world:
        yield world


def deeds(tmp_path: Path) -> list[tuple[Deed, str]]:
    async def work() -> list[tuple[Deed, str]]:
        async with open_store(None, tmp_path / "data") as store:
            lines = await store.ask("LRANGE", "volati:_:audit", 0, -1)
        entries = [msgspec.json.decode(line, type=Linked).entry for line in lines]
        return [(entry.deed, entry.who) for entry in entries]

    return asyncio.run(work())


def test_none_is_open(volati: Volati, config: str) -> None:
    """It says that nothing is open, and refuses to acknowledge nothing."""
    ended = volati("incidents", "--config", config)
    assert (ended.code, ended.out) == (0, "No incident is open.\n")
    ended = volati("ack", "--config", config)
    assert ended.code == 2
    assert "No incident is open. volati escalate opens one." in ended.err


def test_from_the_call_to_the_end(volati: Volati, config: str, tmp_path: Path) -> None:
    """It opens, climbs, acknowledges and resolves, says what the running bot does, and audits who did it."""
    ended = volati("escalate", "the", "login", "fails", "--config", config)
    assert ended.code == 0
    assert "Opened: incident" in ended.out
    assert "(the login fails), level 2, waiting. The bot that runs pages and tells within a second." in ended.out
    ended = volati("escalate", "--config", config, "--", "nobody", "answers")
    assert "There is nobody above level 2 to call." in ended.err  # the runbook's levels reach nobody unless set
    assert ended.code == 2
    assert "You are on incident" in volati("ack", "--config", config).out
    shown = volati("incidents", "--config", config).out
    assert "P1 in here: the login fails" in shown
    assert "level 2 of 5; acknowledged by " in shown
    (found,) = json.loads(volati("incidents", "--json", "--config", config).out)
    assert found["incident"]["phase"] == "acknowledged"
    assert "Resolved: incident" in volati("resolve", found["id"], "--config", config).out
    assert volati("resolve", found["id"], "--config", config).err == "It is resolved already.\n"
    told = deeds(tmp_path)
    assert [deed for deed, _ in told] == [Deed.OPENED, Deed.ACKNOWLEDGED, Deed.RESOLVED]
    assert {who.partition(" at ")[2] for _, who in told} == {"the command line"}


def test_a_level_that_nobody_is_at(volati: Volati, config: str) -> None:
    """It opens the incident, exits 0 since that is done, and says who was not called."""
    ended = volati("escalate", "9 the login fails", "--config", config)
    assert (ended.code, ended.err) == (0, "")
    assert "Opened: incident" in ended.out
    assert "Level 9 was not called. There is nobody above level 2 to call." in ended.out


def test_another_environment(volati: Volati, config: str) -> None:
    """It takes no incident of another environment for the one that is named: it opens one there."""
    volati("escalate", "production is broken", "-e", "here", "--config", config)
    ended = volati("escalate", "the test database is slow", "-e", "there", "--config", config)
    assert (ended.code, ended.err) == (0, "")
    assert "Opened: incident" in ended.out
    assert len(json.loads(volati("incidents", "--json", "--config", config).out)) == 2


def test_several(volati: Volati, config: str) -> None:
    """It asks which one where several are open, and takes the same words for the same incident."""
    volati("escalate", "the login fails", "--config", config)
    ended = volati("escalate", "new p0 all is down", "-e", "there", "--config", config)
    assert "Opened: incident" in ended.out
    assert "It is open already" in volati("escalate", "new the login fails", "--config", config).out
    ended = volati("ack", "--config", config)
    assert ended.code == 2
    assert "2 incidents are open: " in ended.err
    assert volati("incidents", "--config", config).out.splitlines()[0].endswith("P0 in there: all is down")
    assert "There is no incident 'ffffffff'" in volati("ack", "ffffffff", "--config", config).err


def test_what_means_nothing(volati: Volati, config: str, tmp_path: Path) -> None:
    """It refuses in a sentence what has no reason, no environment, or no Slack to be shown in."""
    assert "Say why" in volati("escalate", "--config", config).err
    assert "There is no environment 'moon'" in volati("escalate", "x", "-e", "moon", "--config", config).err
    alone = settings(tmp_path, slack=None)
    ended = volati("escalate", "help", "--config", alone)
    assert ended.code == 2
    assert "Slack is not configured" in ended.err


def test_hostile_words(volati: Volati, config: str) -> None:
    """It shows neither a secret nor what would move the cursor."""
    secret = "xoxb-" + "123456789012-abcdefABCDEF0123456789ab"
    volati("escalate", f"the token {secret} leaked \x1b[2J", "--config", config)
    shown = volati("incidents", "--config", config).out
    assert "leaked" in shown
    assert secret not in shown
    assert "\x1b" not in shown


def test_without_its_store(volati: Volati, tmp_path: Path) -> None:
    """It says that nothing was done where the store cannot be had."""
    away = settings(tmp_path, store={"url": "redis://127.0.0.1:9/0"})
    ended = volati("escalate", "help", "--config", away)
    assert ended.code == 3
    assert "Nothing was done, as far as is known." in ended.err


def test_who_is_on_call(volati: Volati, tmp_path: Path, pager: SimulatedPagerDuty) -> None:
    """It says who is called at each level, by PagerDuty, without any store; and why that cannot be said."""
    ended = volati("oncall", "--config", settings(tmp_path, pagerduty=pager.settings()))
    assert ended.code == 0
    assert "3. the on-call engineer (15 min): Alice Adams" in ended.out
    dead = {**pager.settings(), "api_url": NOBODY}
    ended = volati("oncall", "--config", settings(tmp_path, pagerduty=dead))
    assert ended.code == 3
    assert "PagerDuty gave no answer" in ended.out
    ended = volati("oncall", "--json", "--config", settings(tmp_path))
    assert [one["level"] for one in json.loads(ended.out)] == [1, 2, 3, 4, 5]
    assert ended.code == 0

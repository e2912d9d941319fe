"""Tests of the desk's opening: the team's own catalogue in Slack, and a mistake in it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.bootstrap import open_services
from bot.settings import parse
from bot.slack.poster import Poster
from bot.slack.transport import open_transport
from handlers.afoot import Ground, afoot
from handlers.desk import Desk
from handlers.opening import open_desk
from playground.slack.server import SimulatedSlack
from tests.bot.test_catalogue import ENTRY, write


@asynccontextmanager
async def desk(folder: Path, catalogue: Path | None) -> AsyncIterator[Desk]:
    """The desk of a bot with this folder of the team's own entries."""
    async with SimulatedSlack() as slack:
        here: dict[str, Any] = {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url}
        document: dict[str, Any] = {
            "slack": here | {"channel": "C0123456789"},
            "environments": {"here": {}},
            "data_dir": str(folder),
            "catalogue": catalogue,
        }
        services = open_services(parse(document, "the test"), memory_required=False)
        async with services as opened, open_transport(slack.bot_token, slack.api_url) as transport:
            assert opened.settings.slack is not None
            poster = Poster(transport, opened.redactor)
            ground, me = Ground(opened, opened.settings.slack, transport, poster), await transport.identity()
            async with afoot(ground) as going, open_desk(ground, going, me) as desk:
                yield desk


async def test_the_teams_own_entries(tmp_path: Path) -> None:
    """It matches what is pasted in Slack against the team's own entries, too."""
    (tmp_path / "own").mkdir()
    async with desk(tmp_path / "data", write(tmp_path / "own", "toys.yaml", ENTRY)) as opened:
        answer = await opened.triage("the toy broke")
    assert "The toy is broken." in json.dumps(answer.blocks)
    assert "not matched" not in json.dumps(answer.blocks)


async def test_a_mistake_in_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It names file and entry of a mistake at the start, matches the packaged entries, and says what is missing."""
    (tmp_path / "own").mkdir()
    wrong = {**ENTRY, "severity": "dreadful"}
    try:
        async with desk(tmp_path / "data", write(tmp_path / "own", "toys.yaml", wrong)) as opened:
            answer = await opened.triage("FATAL: password authentication failed for user")
    finally:
        structlog.reset_defaults()
    assert "The team's own entries were not matched" in json.dumps(answer.blocks)
    assert "password" in answer.text.lower()
    told = capsys.readouterr().err
    assert "the team's catalogue cannot be used" in told
    assert f"{tmp_path}/own/toys.yaml, entry 'toy.broken', severity" in told


async def test_no_folder_of_their_own(tmp_path: Path) -> None:
    """It says nothing of a folder that nobody has set."""
    async with desk(tmp_path, None) as opened:
        answer = await opened.triage("FATAL: password authentication failed for user")
    assert "own entries" not in json.dumps(answer.blocks)

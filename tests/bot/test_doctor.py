"""Tests of `volati doctor`, against the simulated platform and Slack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Services, open_services
from bot.checkup import Checkup
from bot.clock import SystemClock
from bot.doctor import checkups, worst
from bot.health import Health, State
from bot.metrics import Metrics, Unrecorded
from bot.settings import ServerSettings, parse
from bot.slack.scopes import OPTIONAL_SCOPES, SCOPES
from diagnostics.redaction import Redactor
from handlers.web import Site, serving
from playground.show import bot_settings
from playground.slack.server import SimulatedSlack
from playground.world.kubernetes.access import grant
from playground.world.pagerduty.server import SimulatedPagerDuty
from playground.world.platform import SimulatedPlatform, running
from playground.world.surroundings import ClusterAndSurroundings
from tests.bot.test_catalogue import ENTRY, write
from tests.postgres_server import PASSWORD, PostgresServer


@asynccontextmanager
async def opened(
    folder: Path, slack: SimulatedSlack, platform: SimulatedPlatform, **changed: Any
) -> AsyncIterator[Services]:
    """The bot's services for a workspace and a platform."""
    document = bot_settings(platform.environment(), slack, folder)
    document["slack"] |= changed
    async with open_services(parse(document, "the test"), memory_required=True) as services:
        yield services


async def looked_at(services: Services) -> dict[str, Checkup]:
    """Every part by its name."""
    return {one.part: one async for one in checkups(services)}


@pytest.fixture
async def platform() -> AsyncIterator[SimulatedPlatform]:
    """A healthy platform."""
    async with running() as platform:
        yield platform


@pytest.fixture
async def slack() -> AsyncIterator[SimulatedSlack]:
    """A workspace in which the bot has just the scopes it asks for."""
    async with SimulatedSlack() as slack:
        slack.switches.scopes = {*SCOPES, *OPTIONAL_SCOPES}
        yield slack


async def test_a_healthy_bot(tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform) -> None:
    """It finds every part well and posts nothing."""
    async with opened(tmp_path, slack, platform) as services:
        found = await looked_at(services)
    away = [one.part for one in found.values() if one.state is not State.WELL]
    assert away == ["escalation path", "pagerduty", "running bot"], "none runs here, and nobody is paged"
    assert worst(found.values()) is State.WELL
    assert {"settings", "slack bot token", "slack scopes", "clock", "slack app token", "store"} <= set(found)
    assert "playground: the realm page" in found
    assert slack.ledger.of("chat.postMessage") == []


async def test_a_healthy_bot_over_http(tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform) -> None:
    """It wants no app token of a bot that Slack posts to: it has none."""
    over_http = {"mode": "http", "signing_secret": slack.signing_secret, "app_token": None}
    async with opened(tmp_path, slack, platform, **over_http) as services:
        found = await looked_at(services)
    assert "slack app token" not in found
    assert worst(found.values()) is State.WELL
    assert slack.ledger.of("apps.connections.open") == []


@pytest.mark.parametrize(("ready", "state"), [(True, State.WELL), (False, State.ILL)])
async def test_the_running_bot(
    tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform, *, ready: bool, state: State
) -> None:
    """It passes on what the running bot says of its sockets."""
    health = Health(SystemClock(), ("slack",))
    if ready:
        health.report("slack", State.WELL, "2 of 2 connections")
    async with serving(Site(health, Metrics(), Redactor()), ServerSettings(port=0), Unrecorded()) as port:
        document = bot_settings(platform.environment(), slack, tmp_path) | {"server": {"port": port}}
        async with open_services(parse(document, "the test"), memory_required=True) as services:
            checkup = (await looked_at(services))["running bot"]
    assert checkup.state is state
    assert ("slack" in checkup.said) is not ready


async def test_a_missing_scope(tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform) -> None:
    """It names the scope, what is lost without it, and where to add it."""
    slack.switches.scopes = {*SCOPES, *OPTIONAL_SCOPES} - {"usergroups:read"}
    async with opened(tmp_path, slack, platform) as services:
        checkup = (await looked_at(services))["slack scopes"]
    assert checkup.state is State.ILL
    assert "usergroups:read (roles from user groups)" in checkup.said
    assert "manifest.yml" in checkup.remedy


async def test_a_scope_too_many(tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform) -> None:
    """It names what the bot does not need; that is no illness."""
    slack.switches.scopes = {*SCOPES, *OPTIONAL_SCOPES, "reactions:write"}
    async with opened(tmp_path, slack, platform) as services:
        checkup = (await looked_at(services))["slack scopes"]
    assert (checkup.state, checkup.said) == (State.AWAY, "more than needed: reactions:write")


async def test_not_in_its_channel(tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform) -> None:
    """It says how to invite the bot."""
    outside = slack.workspace.channel("random")
    assert outside is not None
    async with opened(tmp_path, slack, platform, channel=outside.id) as services:
        checkup = (await looked_at(services))[f"slack channel {outside.id}"]
    assert checkup.state is State.ILL
    assert "/invite @volati" in checkup.remedy


async def test_not_in_the_audits_channel(
    tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks at the channel that keeps the audit's head as well."""
    outside = slack.workspace.channel("random")
    assert outside is not None
    monkeypatch.setenv("VOLATI_AUDIT__CHANNEL", outside.id)
    async with opened(tmp_path, slack, platform) as services:
        found = await looked_at(services)
    assert found[f"slack channel {outside.id}"].state is State.ILL
    assert [part for part in found if part.startswith("slack channel")][1:] == [f"slack channel {outside.id}"]


async def test_a_wrong_token(tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform) -> None:
    """It says what to do, shows no token, and goes on with the other parts."""
    async with opened(tmp_path, slack, platform, bot_token="xoxb-nobody-knows-this-token") as services:
        found = await looked_at(services)
    assert found["slack bot token"].state is State.ILL
    assert found["slack bot token"].remedy
    assert "nobody-knows" not in str(found)
    assert found["store"].state is State.WELL


async def test_a_platform_that_is_away(tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform) -> None:
    """It tells which sources could not be seen, and why."""
    async with opened(tmp_path, slack, platform) as services:
        await platform.switch_on("hanging")
        found = await looked_at(services)
    blind = [name for name, one in found.items() if name.startswith("playground: ") and one.state is not State.WELL]
    assert "playground: the discovery document" in blind
    assert found["slack bot token"].state is State.WELL


async def test_a_platform_that_does_not_answer(
    tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform
) -> None:
    """It ticks no source that nobody answered at, says where it ended, and is ill."""
    async with opened(tmp_path, slack, platform) as services:
        await platform.switch_on("stopped")
        found = await looked_at(services)
    for part in ("playground: the connection to Keycloak", "playground: the realm page"):
        assert found[part].state is State.ILL, part
        assert found[part].said.startswith("no answer: "), part
        assert found[part].remedy == "See volati diagnose keycloak."
    assert worst(found.values()) is State.ILL


async def test_who_does_not_answer_is_told_once(tmp_path: Path) -> None:
    """It tells a source that several areas share once, and names the area that is about it."""
    nowhere = {"url": "http://127.0.0.1:1", "client_secret": "x"}
    backend = {"graphql_url": "http://127.0.0.1:1/query", "health_url": "http://127.0.0.1:1/health"}
    document = {"environments": {"here": {"keycloak": nowhere, "backend": backend}}, "data_dir": str(tmp_path)}
    async with open_services(parse(document, "the test"), memory_required=False) as services:
        found = [one async for one in checkups(services)]
    (realm,) = [one for one in found if one.part == "here: the realm page"]
    assert realm.remedy == "See volati diagnose keycloak."
    (health,) = [one for one in found if one.part == "here: the health endpoint"]
    assert health.remedy == "See volati diagnose graphql."


async def test_a_bot_without_slack(tmp_path: Path) -> None:
    """It says that the bot cannot be started, and what goes on without."""
    document = {"environments": {"here": {}}, "data_dir": str(tmp_path)}
    async with open_services(parse(document, "the test"), memory_required=False) as services:
        checkup = (await looked_at(services))["slack"]
    assert checkup.state is State.ILL
    assert checkup.said == "not configured: `volati serve` will not start; the command line works without it"
    assert "slack.bot_token" in checkup.remedy


async def test_a_data_folder_that_cannot_be_used(tmp_path: Path) -> None:
    """It names the data folder's trouble, what it means and the remedy, and looks at everything else."""
    (tmp_path / "file").write_text("")
    document = {"environments": {"here": {}}, "data_dir": str(tmp_path / "file")}
    async with open_services(parse(document, "the test"), memory_required=False) as services:
        found = await looked_at(services)
    folder = found["data folder"]
    assert folder.state is State.ILL
    assert folder.said.endswith("file cannot be used: File exists")
    assert "Set data_dir" in folder.remedy


async def test_the_database(tmp_path: Path, shared_database: PostgresServer) -> None:
    """It says as whom it logs in to PostgreSQL, or why it cannot; and what it may not see there."""
    for password, expected in (
        (PASSWORD, (State.WELL, f"as volaticloud at 127.0.0.1:{shared_database.port}, by the setting postgres.url, ")),
        ("another", (State.ILL, "no session: password rejected")),
    ):
        url = shared_database.url(password=password)
        document = {"environments": {"here": {"postgres": {"url": url}}}, "data_dir": str(tmp_path / "data")}
        async with open_services(parse(document, "the test"), memory_required=False) as services:
            found = await looked_at(services)
        checkup = found["here: the connection to PostgreSQL"]
        assert (checkup.state, checkup.said[: len(expected[1])]) == expected
        assert PASSWORD not in str(found)
        rights = found.get("here: statements of other users")
        assert (rights is not None and "GRANT pg_monitor" in rights.remedy) is (password == PASSWORD)


async def test_the_teams_catalogue(tmp_path: Path) -> None:
    """It names file and entry of a mistake in the team's own entries, and the command that looks again."""
    (tmp_path / "own").mkdir()
    document = {"environments": {"here": {}}, "data_dir": str(tmp_path), "catalogue": str(tmp_path / "own")}
    async with open_services(parse(document, "the test"), memory_required=False) as services:
        write(tmp_path / "own", "toys.yaml", ENTRY)
        well = (await looked_at(services))["catalogue of known errors"]
        write(tmp_path / "own", "toys.yaml", ENTRY | {"severity": "dreadful"})
        ill = (await looked_at(services))["catalogue of known errors"]
    assert (well.state, ill.state) == (State.WELL, State.ILL)
    assert str(tmp_path / "own") in well.said
    assert "toys.yaml, entry 'toy.broken', severity" in ill.said
    assert f"volati catalogue check --catalogue {tmp_path / 'own'}" in ill.remedy


async def test_a_cluster_of_which_a_part_may_not_be_seen(tmp_path: Path) -> None:
    """Tells each source of a cluster once, the rights that are missing by name, and the parts that are not seen."""
    async with ClusterAndSurroundings("s3cr3t") as around:
        kubernetes = {**around.environment(), "kubeconfig": str(around.cluster.kubeconfig("volaticloud/volati"))}
        rules = [{"apiGroups": ["", "apps", "batch"], "resources": ["*"], "verbs": ["list"]}]
        grant(around.cluster.world.store, "volaticloud/volati", rules, "volaticloud")
        settings = parse({"environments": {"here": {"kubernetes": kubernetes}}, "data_dir": str(tmp_path)}, "the test")
        async with open_services(settings, memory_required=False) as services:
            found = [one async for one in checkups(services) if one.part.startswith("here: ")]
    parts = [one.part for one in found]
    assert len(parts) == len(set(parts))
    told = {one.part: one for one in found}
    rights = told["here: the bot's own rights in the cluster"]
    assert rights.state is State.ILL
    places = dict(place.split(": ", 1) for place in rights.said.split(" missing: ")[1].split("; "))
    assert "list pods" in places["in namespace keycloak"]
    assert "list pods" not in places["in namespace volaticloud"]
    assert "get secrets/api-tls" in places["in namespace volaticloud"]
    assert "list nodes" in places["in the whole cluster"]
    assert told["here: the pods"].state is State.WELL
    assert told["here: pods in namespace keycloak"].state is State.ILL


async def paged(
    folder: Path, slack: SimulatedSlack, platform: SimulatedPlatform, pager: Any, **more: Any
) -> dict[str, Checkup]:
    """Every part, with a PagerDuty."""
    document = {**bot_settings(platform.environment(), slack, folder), "pagerduty": pager, **more}
    async with open_services(parse(document, "the test"), memory_required=True) as services:
        return await looked_at(services)


async def test_pagerduty(tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform) -> None:
    """It says who is on call by each route and how PagerDuty is heard, and pages nobody."""
    async with SimulatedPagerDuty() as world:
        found = await paged(tmp_path, slack, platform, world.settings())
        assert found["pagerduty route oncall"].said.startswith("on call: ")
        assert found["pagerduty's way back"].said == "it is asked every half a minute"
        assert "oncall, infrastructure" in found["escalation path"].said
        await world.suffer("pagerduty-refuses-key")
        ill = (await paged(tmp_path, slack, platform, world.settings()))["pagerduty route oncall"]
        assert ill.state is State.ILL
        assert "pagerduty.api_key" in ill.remedy
        assert world.account.opened == []


async def test_pagerduty_that_is_never_heard(
    tmp_path: Path, slack: SimulatedSlack, platform: SimulatedPlatform
) -> None:
    """It is ill where nothing brings back that somebody acknowledged in PagerDuty."""
    async with SimulatedPagerDuty() as world:
        pager = {"routes": world.settings()["routes"], "events_url": world.settings()["events_url"]}
        found = await paged(tmp_path, slack, platform, pager)
        pager["webhook_secrets"] = world.settings()["webhook_secrets"]
        told = (await paged(tmp_path, slack, platform, pager, server={"port": 0}))["pagerduty's way back"]
        both = (await paged(tmp_path, slack, platform, world.settings(), server={"port": 0}))["pagerduty's way back"]
    assert found["pagerduty's way back"].state is State.ILL
    assert (told.state, "Set api_key and from_email" in told.remedy) == (State.AWAY, True)
    assert both.said == "webhooks, at /pagerduty/webhook, and it is asked every half a minute"
    assert found["pagerduty route oncall"].state is State.AWAY

"""Settings of the escalation path and of PagerDuty: what they give, what is refused, and that no secret is shown."""

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot.bootstrap import open_services
from bot.incidents.path import RUNBOOK_CLIMBS, RUNBOOK_LEVELS, IncidentSeverity
from bot.incidents.path import Path as IncidentPath
from bot.settings import Settings, SettingsError, load, parse

EXAMPLE = Path(__file__).parents[3] / "volati.example.yaml"
KEY = "0123456789abcdef0123456789abcdef"
SECRET = "s3cr3t-canary-9f2"
ROUTES = {"oncall": {"routing_key": KEY}, "infrastructure": {"routing_key": KEY}}
PAGER: dict[str, Any] = {"routes": ROUTES}
NAMES = tuple(level.name for level in RUNBOOK_LEVELS)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests may have a say."""
    for name in [name for name in os.environ if name.upper().startswith("VOLATI_")]:  # noqa: TID251 to empty it
        monkeypatch.delenv(name)


def settings(**parts: Any) -> Settings:
    return parse({"environments": {"production": {}}, **parts}, "volati.yaml")


def refused(**parts: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(**parts)
    assert SECRET not in f"{caught.value}{caught.value.__cause__!r}"
    assert KEY not in f"{caught.value}{caught.value.__cause__!r}"
    return str(caught.value)


def uncommented() -> dict[str, Any]:
    """The example's blocks of the escalation path and of PagerDuty, as who uncomments them has them."""
    text = EXAMPLE.read_text(encoding="utf-8")
    blocks = re.findall(r"(?m)^# (?:escalation|pagerduty):\n(?:#   .*\n)+", text)
    assert len(blocks) == 2
    document = yaml.safe_load("".join(re.sub("(?m)^# ", "", block) for block in blocks))
    assert isinstance(document, dict)
    return document


# The path.


def test_the_default_is_the_runbooks() -> None:
    """It is the runbook's path where nothing is set; nobody is paged."""
    assert settings().incident_path == IncidentPath()
    assert settings().escalation.automatic == ()


def test_the_example_uncommented() -> None:
    """It loads the example's blocks as they stand, and they are the defaults but for whom they reach."""
    path = settings(**uncommented()).incident_path
    assert [(level.name, level.within, level.repeats) for level in path.levels] == [
        (level.name, level.within, level.repeats) for level in RUNBOOK_LEVELS
    ]
    assert path.climbs == RUNBOOK_CLIMBS
    assert [level.page for level in path.levels] == ["", "", "oncall", "infrastructure", ""]
    assert all(level.reaches for level in path.levels)
    assert path.quiet is not None


def test_a_level_pages_the_route_of_its_name() -> None:
    """It pages without more words where a level and a route have one name, unless the level says otherwise."""
    path = settings(pagerduty=PAGER).incident_path
    assert [level.page for level in path.levels] == ["", "", "oncall", "infrastructure", ""]
    routes = {"oncall": {"routing_key": KEY}}
    other = settings(
        pagerduty={"routes": routes}, escalation={"levels": {"cto": {"page": "oncall"}, "oncall": {"page": ""}}}
    )
    assert [level.page for level in other.incident_path.levels] == ["", "", "", "", "oncall"]


def test_a_path_of_ones_own() -> None:
    """It takes other levels in another order; what is not said of a new one has its default."""
    escalation = {
        "path": ["engineering", "night-watch"],
        "levels": {"night-watch": {"mentions": ["S0NIGHT"], "within_minutes": 3, "title": "the night watch"}},
        "severities": {name: {"start": "engineering", "until": "night-watch"} for name in IncidentSeverity},
    }
    path = settings(escalation=escalation).incident_path
    assert [level.title for level in path.levels] == ["#engineering", "the night watch"]
    assert path.level(2).within == timedelta(minutes=3)


def test_quiet_hours() -> None:
    """It reads quiet hours with their zone."""
    quiet = settings(
        escalation={"quiet": {"from": "22:00", "to": "07:00", "zone": "Europe/Berlin"}}
    ).incident_path.quiet
    assert quiet is not None
    berlin = ZoneInfo("Europe/Berlin")
    held = [hour for hour in range(24) if quiet.hold(datetime(2026, 1, 5, hour, tzinfo=berlin))]
    assert held == [0, 1, 2, 3, 4, 5, 6, 22, 23]


def test_a_time_without_quotes(tmp_path: Path) -> None:
    """It does not take 22:00 without quotes for 22 minutes past midnight, which is what YAML makes of it."""
    file = tmp_path / "volati.yaml"
    file.write_text("environments: {production: {}}\nescalation:\n  quiet:\n    from: 22:00\n    to: 07:00\n")
    with pytest.raises(SettingsError, match="must be a time in quotes") as caught:
        load(file)
    assert "it is 1320" in str(caught.value)


@pytest.mark.parametrize(
    ("escalation", "says"),
    [
        ({"levels": {"oncal": {}}}, f"levels.oncal is none of path ({', '.join(NAMES)})"),
        ({"path": ["runbook", "runbook", "engineering"]}, "path names runbook twice"),
        ({"severities": {"P0": {"start": "nowhere"}}}, "severities.P0.start is nowhere"),
        ({"severities": {"P0": {"until": "ct0"}}}, "severities.P0.until is ct0"),
        ({"severities": {"P1": {"start": "cto", "until": "oncall"}}}, "severities.P1 starts at cto"),
        ({"severities": {"P4": {}}}, "escalation.severities.P4"),
        ({"severities": {"P1": {"pace": 0}}}, "escalation.severities.P1.pace"),
        ({"levels": {"cto": {"mentions": ["@cto"]}}}, "must be the id of a person or a user group"),
        ({"levels": {"cto": {"within_minutes": 0}}}, "escalation.levels.cto.within_minutes"),
        ({"levels": {"cto": {"repeats": 99}}}, "escalation.levels.cto.repeats"),
        ({"levels": {"cto": {"whithin_minutes": 5}}}, "there is no such setting"),
        ({"levels": {"cto": {"page": "oncall"}}}, "levels.cto.page is oncall, which is none of pagerduty.routes"),
        ({"quiet": {"from": "22:00"}}, "escalation.quiet.to: it is missing"),
        ({"quiet": {"from": "22:00", "to": "22:00"}}, "from and to are the same"),
        ({"quiet": {"from": "25:00", "to": "22:00"}}, "escalation.quiet.from"),
        ({"quiet": {"from": "22:00", "to": "07:00", "zone": "Mars/Olympus"}}, "must be a time zone"),
        ({"quiet": {"from": "22:00", "to": "07:00", "zone": "../../etc/passwd"}}, "must be a time zone"),
        ({"automatic": ["P9"]}, "escalation.automatic.0: must be 'P0', 'P1', 'P2' or 'P3' (it is 'P9')"),
        ({"automatic": "P0"}, "escalation.automatic: must be a list, such as [one, another] (it is 'P0')"),
        ({"path": ["On Call"]}, "such as night-watch; title is for people (it is 'On Call')"),
        ({"path": []}, "escalation.path: is empty; give at least one"),
        ({"levels": {"oncal": {}}}, "correct its name, or add it to path"),
        ({"levels": {"cto": {"within_minutes": "ten"}}}, "must be a valid number (it is 'ten')"),
        ({"levels": {"cto": {"page": "oncall"}}}, "(there are none); name one of these, or add it there"),
        ({"severities": {"p0": {}}}, "escalation.severities.p0: must be 'P0', 'P1', 'P2' or 'P3' (it is 'p0')"),
        ({"severities": {"P1": {"start": 3}}}, "escalation.severities.P1.start: must be text; put it in quotes"),
        ({"quiet": {"from": 1320, "to": "07:00"}}, 'from: must be a time in quotes, such as "22:00"'),
        ({"quiet": {"from": "22:00+02:00", "to": "07:00"}}, "zone says whose (it is '22:00+02:00')"),
        ({"quiet": {"from": "22:00", "to": "7 am"}}, "escalation.quiet.to: must be a time such as"),
        ({"quiet": {"from": "22:00", "to": "07:00", "zone": "CEST"}}, "known on this machine (it is 'CEST')"),
        ({"quiet": SECRET}, "escalation.quiet: must hold names and values"),
        ({"routing_key": SECRET}, "escalation.routing_key: there is no such setting; check its spelling"),
        ({"soak_minutes": 10}, "escalation.soak_minutes: there is no such setting"),
    ],
)
def test_wrong_paths(escalation: dict[str, Any], says: str) -> None:
    """It names what is wrong with a path, and where."""
    assert says in refused(escalation=escalation)


def test_all_errors_of_a_path_at_once() -> None:
    """It names every error of a path in one go."""
    levels: dict[str, Any] = {"oncal": {}, "ctoo": {}}
    said = refused(escalation={"levels": levels, "severities": {"P0": {"start": "x", "until": "y"}}})
    for word in ("levels.oncal", "levels.ctoo", "severities.P0.start", "severities.P0.until"):
        assert word in said


# PagerDuty.


@pytest.mark.parametrize(
    ("pagerduty", "says"),
    [
        ({}, "pagerduty.routes: it is missing"),
        ({"routes": {}}, "pagerduty.routes"),
        ({"routes": {"oncall": {}}}, "give one of routing_key and routing_key_file"),
        ({"routes": {"oncall": {"routing_key": KEY, "routing_key_file": "/x"}}}, "give one of"),
        ({"routes": {"oncall": {"routing_key": SECRET}}}, "routing_key has 17 characters instead of 32"),
        ({"routes": {"oncall": {"routing_key": KEY, "escalation_policy": "the policy"}}}, "escalation_policy"),
        ({"routes": {**ROUTES, "oncal": {"routing_key": KEY}}}, "pagerduty.routes.oncal is paged by no level"),
        ({**PAGER, "api_key": SECRET}, "from_email is missing"),
        ({**PAGER, "api_key": SECRET, "api_key_file": "/x", "from_email": "a@b.c"}, "both set"),
        ({**PAGER, "webhook_secrets": [SECRET], "webhook_secrets_file": "/x"}, "both set"),
        ({**PAGER, "from_email": "Volati"}, "must be an e-mail address"),
        ({**PAGER, "region": "EU"}, "pagerduty.region: must be 'us' or 'eu' (it is 'EU')"),
        ({"routes": {"oncall": {"routing_key": f"{KEY[:-1]}\u00e9"}}}, "characters other than letters and digits"),
        ({"routes": {"oncall": {"routing_key": f"{KEY[:-1]}\n"}}}, "characters other than letters and digits"),
        ({"routes": {"oncall": {"routing_key": int("1" * 32)}}}, "routing_key: must be text; put it in quotes"),
        ({"routes": {"oncall": {"routing_key": KEY, "schedule": SECRET}}}, "must be its id at PagerDuty"),
        ({**PAGER, "api_key": "", "from_email": "a@b.c"}, "api_key is empty"),
        ({**PAGER, "api_key": f"{SECRET}\nx", "from_email": "a@b.c"}, "api_key has blanks or odd characters"),
        ({**PAGER, "webhook_secrets": SECRET}, "webhook_secrets: must be a list"),
        ({**PAGER, "webhook_secrets": [SECRET, ""]}, "webhook_secrets holds an empty one"),
        ({**PAGER, "api_url": "api.pagerduty.com"}, "pagerduty.api_url"),
    ],
)
def test_wrong_settings_of_pagerduty(pagerduty: dict[str, Any], says: str) -> None:
    """It names what is wrong, where, and what belongs there; it repeats no key."""
    assert says in refused(pagerduty=pagerduty)


@pytest.mark.parametrize(
    ("region", "rest", "events"),
    [
        ("us", "https://api.pagerduty.com", "https://events.pagerduty.com/v2"),
        ("eu", "https://api.eu.pagerduty.com", "https://events.eu.pagerduty.com/v2"),
    ],
)
def test_regions(region: str, rest: str, events: str) -> None:
    """It knows the addresses of both regions, and takes others where they are given."""
    pager = settings(pagerduty={**PAGER, "region": region}).pagerduty
    assert pager is not None
    assert (pager.rest, pager.events) == (rest, events)
    elsewhere = settings(pagerduty={**PAGER, "api_url": "http://127.0.0.1:9/"}).pagerduty
    assert elsewhere is not None
    assert elsewhere.rest == "http://127.0.0.1:9"


def test_secrets_from_files(tmp_path: Path) -> None:
    """It reads keys from files, without the line break that ends them, and several secrets from their lines."""
    for name, text in (("route", f"{KEY}\n"), ("api", "key\r\n"), ("hooks", "one\n\n two \n")):
        (tmp_path / name).write_text(text)
    routes = {"oncall": {"routing_key_file": str(tmp_path / "route")}}
    files = {"api_key_file": str(tmp_path / "api"), "webhook_secrets_file": str(tmp_path / "hooks")}
    pager = settings(pagerduty={"routes": routes, "from_email": "a@b.c", **files}).pagerduty
    assert pager is not None
    assert (pager.routes["oncall"].key(), pager.key(), pager.hook_secrets()) == (KEY, "key", ("one", "two"))
    assert {secret for _, secret in pager.secrets()} == {KEY, "key", "one", "two"}
    (tmp_path / "route").write_text("the service key")
    with pytest.raises(SettingsError, match="holds 15 characters instead of 32"):
        pager.routes["oncall"].key()
    (tmp_path / "api").write_text("two\nlines")
    with pytest.raises(SettingsError, match=r"api_key_file .*api has blanks or odd characters in it"):
        pager.key()
    (tmp_path / "api").unlink()
    with pytest.raises(SettingsError, match=r"api_key_file .*api cannot be read: No such file"):
        pager.key()


async def test_secrets_are_masked_everywhere(tmp_path: Path) -> None:
    """It teaches the one outlet every key and secret of PagerDuty's."""
    pagerduty = {**PAGER, "api_key": SECRET, "from_email": "a@b.c", "webhook_secrets": ["whsec-canary-77"]}
    one = settings(pagerduty=pagerduty, data_dir=str(tmp_path), store={"url": "redis://127.0.0.1:1"})
    assert not {SECRET, KEY} & set(re.findall(r"[\w-]+", repr(one)))
    async with open_services(one, memory_required=False) as services:
        text = services.redactor.text(f"a {SECRET} b {KEY} c whsec-canary-77 d")
    assert not any(secret in text for secret in (SECRET, KEY, "whsec-canary-77"))

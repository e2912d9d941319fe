"""Tests that no secret comes out anywhere: canaries are planted in every source, and searched for in every outlet."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from aiohttp import web

from diagnostics.redaction.sheet import OPEN
from playground.world.keycloak.server import SimulatedKeycloak
from tests.beside import beside
from tests.bot.clients.servers import answering
from tests.canaries import CANARIES, assert_clean, spellings

ROOT = Path(__file__).parents[1]
CLIENT, ADMIN = CANARIES["client secret"], CANARIES["admin secret"]
BEARER, PAGE = CANARIES["bearer token in a page"], CANARIES["password in a page"]
ADDRESS = CANARIES["password in an address"]
CLAIMS = {"sub": "5c6f", "typ": "Bearer", "iss": "https://keycloak.example.com", "preferred_username": "service"}


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


#: A token with a signature that fits nothing; what counts is that it looks like one.
TOKEN = f"{part({'alg': 'RS256', 'kid': 'k1'})}.{part(CLAIMS)}.{'c4naryS1gnature' * 5}"


def gossip() -> str:
    """What a careless server might say: every secret it was ever told, in every spelling."""
    basic = base64.b64encode(f"volaticloud-api:{CLIENT}".encode()).decode()
    told = [spelt for secret in (CLIENT, ADMIN) for spelt in spellings(secret)]
    return " | ".join(
        [
            f"Authorization: Bearer {BEARER}",
            f"Authorization: Basic {basic}",
            f"password={PAGE}",
            f'{{"password": "{PAGE}"}}',
            f"https://admin:{ADDRESS}@db.example.com/x",
            f"Cookie: KEYCLOAK_SESSION={CANARIES['cookie']}; Path=/",
            TOKEN,
            *told,
        ]
    )


HEADERS = {
    "WWW-Authenticate": f'Bearer realm="x", error_description="{BEARER}"',
    "Set-Cookie": f"session={CANARIES['cookie']}",
    "X-Debug": quote(CLIENT),
}
LOCATION = (
    f"https://admin:{ADDRESS}@login.example.com/start?access_token={BEARER}&client_secret={quote(CLIENT, safe='')}"
)


def page(status: int = 200) -> web.Response:
    return web.Response(text=f"<html>{gossip()}</html>", content_type="text/html", status=status, headers=HEADERS)


def oauth_error(status: int = 401) -> web.Response:
    words = {"error": f"invalid_client {CLIENT}", "error_description": gossip()}
    return web.json_response(words, status=status, headers=HEADERS)


def redirect() -> web.Response:
    return web.Response(status=302, headers={**HEADERS, "Location": LOCATION})


Ended = tuple[int, str]
Said = Callable[[], web.Response]


def gossiping(token_endpoint: Said, rest: Said) -> Callable[[web.Request], Any]:
    """A Keycloak whose realm is there, and which gossips at its token endpoint and everywhere behind it."""

    async def handler(request: web.Request) -> web.Response:
        path = request.path
        if path == "/realms/volaticloud":
            return web.json_response({"realm": "volaticloud"}, headers=HEADERS)
        if path.endswith("/openid-configuration"):
            issuer = f"https://admin:{ADDRESS}@keycloak.example.com?password={PAGE}"
            return web.json_response({"issuer": issuer, "token_endpoint": LOCATION, "jwks_uri": LOCATION})
        if path.endswith("/certs"):
            return web.json_response({"keys": [{"kid": "k2", "kty": "RSA", "alg": "RS256", "use": "sig"}]})
        return token_endpoint() if path.endswith("/token") else rest()

    return handler


def always(said: Said) -> Callable[[web.Request], Any]:
    async def handler(_: web.Request) -> web.Response:
        return said()

    return handler


def token(value: str) -> Said:
    return lambda: web.json_response({"access_token": value, "refresh_token": TOKEN})


#: By the name of the environment they stand for.
SCENARIOS: dict[str, Callable[[web.Request], Any]] = {
    "a-page": always(page),
    "an-error-page": always(lambda: page(503)),
    "a-refusal": always(oauth_error),
    "a-redirect": always(redirect),
    "a-refused-login": gossiping(oauth_error, page),
    "a-login-that-breaks": gossiping(lambda: page(500), page),
    "a-token-that-is-none": gossiping(token(CANARIES["opaque access token"]), page),
    "a-protection-api-that-gossips": gossiping(token(TOKEN), lambda: oauth_error(403)),
    "resources-that-gossip": gossiping(
        token(TOKEN),
        lambda: web.json_response(
            [{"_id": gossip(), "name": gossip(), "attributes": {"ownerId": [f"password={PAGE}"]}}]
        ),
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the client's secret in a file, as an orchestrator mounts it."""
    (tmp_path / "secret").write_text(f"{CLIENT}\n")
    yield tmp_path
    assert_clean(everything(tmp_path / "data"), "the data folder")


def everything(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def keycloak_at(folder: Path, url: str, **keycloak: Any) -> dict[str, Any]:
    own = {
        "url": url,
        "base_path": "",
        "client_secret_file": str(folder / "secret"),
        "admin": {"client_secret": ADMIN},
        **keycloak,
    }
    return {"keycloak": own}


def configured(folder: Path, environments: dict[str, Any]) -> str:
    settings = {"environments": environments, "data_dir": str(folder / "data"), "log": {"level": "debug"}}
    path = folder / "volati.yaml"
    path.write_text(yaml.safe_dump(settings))
    return str(path)


#: Runs several commands in one process, since starting one takes most of a second, and ends each with its code.
RUNNER = """
import json, os, sys
from bot.cli.app import main
before = dict(os.environ)
for variables, words in json.loads(sys.argv[1]):
    os.environ.clear()
    os.environ.update({**before, **variables})
    sys.argv = ["volati", *words]
    try:
        main()
    except SystemExit as ended:
        print("ended with", ended.code, flush=True)
"""


def volati(*commands: tuple[str, ...], stdin: str = "", variables: Sequence[dict[str, str]] = ()) -> list[Ended]:
    """Run commands as a program of their own, see that all is clean, and give the code and output of each.

    `variables` are set for one command each, in the order of the commands.
    """
    environment = {
        **os.environ,  # noqa: TID251 a child's own
        "VOLATI_SLACK__BOT_TOKEN": CANARIES["Slack bot token"],
        "VOLATI_SLACK__APP_TOKEN": CANARIES["Slack app token"],
        "VOLATI_SLACK__CHANNEL": "C0123456789",
    }
    told: list[tuple[Any, Any]] = list(zip_longest(variables, commands, fillvalue={}))
    ended = subprocess.run(  # noqa: S603 our own program
        [sys.executable, "-c", RUNNER, json.dumps(told)],
        cwd=ROOT,
        env=environment,
        input=stdin.encode(),
        capture_output=True,
        check=True,
    )
    assert b"Traceback" not in ended.stderr, ended.stderr
    assert_clean(ended.stdout, "stdout")
    assert_clean(ended.stderr, "stderr")
    outputs = re.split(r"ended with (\d+)\n", ended.stdout.decode())
    return [(int(code), output) for output, code in zip(outputs[::2], outputs[1::2], strict=False)]


def run_id(report: str) -> str:
    return report.splitlines()[-1].split()[1].rstrip(",")


def test_servers_that_gossip(folder: Path) -> None:
    """Shows, saves and logs nothing of what a server repeats."""
    with ExitStack() as stack:
        urls = {name: stack.enter_context(beside(answering(handler))) for name, handler in SCENARIOS.items()}
        config = configured(folder, {name: keycloak_at(folder, url) for name, url in urls.items()})
        ended = volati(*(("diagnose", "keycloak", "-e", name, "--config", config) for name in urls))
    kept = everything(folder / "data").decode("utf-8", "replace")
    assert len(ended) == len(SCENARIOS)
    for code, report in ended:
        assert code in {1, 3}
        assert run_id(report) in kept  # the store is on the disk, and is searched
    for name, (_, report) in zip(urls, ended, strict=True):
        assert OPEN in report or name == "a-token-that-is-none", name  # the gossip was heard


@asynccontextmanager
async def sound() -> AsyncIterator[SimulatedKeycloak]:
    """A sound Keycloak."""
    async with SimulatedKeycloak() as keycloak:
        yield keycloak


def test_a_sound_server(folder: Path) -> None:
    """Shows, saves and logs no token where everything works, in any form of the answer."""
    with beside(sound()) as keycloak:
        (folder / "secret").write_text(keycloak.client_secret)
        admin = {"client_id": keycloak.admin_client_id, "client_secret": keycloak.admin_client_secret}
        own = keycloak_at(folder, keycloak.url, admin=admin, ca_file=str(keycloak.ca_file))
        config = ("--config", configured(folder, {"here": own}))
        ((code, report),) = volati(("diagnose", "keycloak", "--deep", *config))
        run = run_id(report)
        ended = volati(
            ("diagnose", "keycloak", "--json", *config),
            ("export", run, *config),
            ("replay", run, *config),
            ("why", "alice", "view", "Default Resource", "--json", *config),
            ("token", "-", *config),
            stdin=TOKEN,
        )
    assert code == 0
    assert len(ended) == 5
    outputs = [report, *(output for _, output in ended), everything(folder / "data").decode("utf-8", "replace")]
    for secret in (keycloak.client_secret, keycloak.admin_client_secret, *keycloak.passwords.values()):
        assert all(secret not in output for output in outputs)


UNUSABLE: tuple[dict[str, str], ...] = (
    {"VOLATI_STORE__URL": f"redis://:{CANARIES['Redis password']}@127.0.0.1:1/0"},
    {"VOLATI_STORE__URL": f"redis://user:{CANARIES['Redis password']}@[bad"},
    {"VOLATI_ENVIRONMENTS": f"{{{CLIENT}"},
    {"VOLATI_ENVIRONMENTS__HERE__KEYCLOAK__URL": f"https://user:{ADDRESS}/x"},
    {"VOLATI_ENVIRONMENTS__HERE__KEYCLOAK__URL": f"http://user:{ADDRESS}@127.0.0.1:1"},
    {"VOLATI_SLACK__CHANNEL": CANARIES["Slack bot token"]},
)


def test_settings_that_fail(folder: Path) -> None:
    """Repeats no secret when a setting cannot be used."""
    config = configured(folder, {"here": keycloak_at(folder, "http://127.0.0.1:1")})
    ended = volati(*[("diagnose", "keycloak", "--config", config)] * len(UNUSABLE), variables=UNUSABLE)
    assert [code for code, _ in ended] == [1, 1, 2, 2, 2, 2]


def test_the_search_finds() -> None:
    """Finds a canary in every spelling; a search that finds nothing would prove nothing."""
    for secret in CANARIES.values():
        for spelt in spellings(secret):
            with pytest.raises(AssertionError, match="came out of the test"):
                assert_clean(f"before {spelt} after".encode(), "the test")
    with pytest.raises(AssertionError, match="a token came out of the test"):
        assert_clean(TOKEN.encode(), "the test")
    assert_clean(b"nothing to see here", "the test")

"""Tests of who may ask the page."""

import aiohttp
import pytest

from playground.page.stage import Stage
from tests.playground.page.conftest import Visitor
from tests.playground.page.stand_ins import FakeBot, FakePlatform

HEAL = b'{"do":"heal"}'


async def _post(visitor: Visitor, **headers: str) -> int:
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    async with visitor.session.post(f"{visitor.address}do", data=HEAL, headers=shown) as response:
        return response.status


async def test_admits_the_page_itself(visitor: Visitor) -> None:
    """It lets a request with the token and the page's own origin through."""
    origin = visitor.address.rstrip("/")
    assert await _post(visitor, **visitor.headers, Origin=origin, Sec_Fetch_Site="same-origin") == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:80", ""])
async def test_refuses_another_host(visitor: Visitor, host: str) -> None:
    """It refuses a name that is not its own: DNS rebinding."""
    async with visitor.session.get(visitor.address, headers={"Host": host}) as response:
        assert response.status in {400, 403}


async def test_refuses_without_the_token(visitor: Visitor, whole: tuple[Stage, FakePlatform, FakeBot]) -> None:
    """It refuses what changes anything without the token or with another one, and nothing changes."""
    assert await _post(visitor) == 403
    assert await _post(visitor, X_Playground_Token="x" * 43) == 403
    assert await _post(visitor, X_Playground_Token="é") == 403
    assert whole[1].healed == 0


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}])
async def test_refuses_another_site(visitor: Visitor, headers: dict[str, str]) -> None:
    """It refuses another site even with the token."""
    assert await _post(visitor, **visitor.headers, **headers) == 403


async def test_another_site_may_only_link(visitor: Visitor) -> None:
    """It lets a link to the page through, and nothing else another site asks for."""
    site = {"Sec-Fetch-Site": "cross-site"}
    for path, status in (("", 200), ("events?person=oncall", 403), ("static/main.js", 403)):
        async with visitor.session.get(visitor.address + path, headers=site) as response:
            assert response.status == status


@pytest.mark.parametrize("path", ["", "static/main.js", "static/page.css", "nowhere", "events?person=nobody"])
async def test_headers_on_everything(address: str, path: str) -> None:
    """It puts the policy on every answer: no script but ours, no frame, no guessing of types."""
    async with aiohttp.request("GET", address + path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_no_file_outside(address: str) -> None:
    """It gives no file but its own."""
    async with aiohttp.ClientSession() as session:
        for path in ("static/..%2fserver.py", "static/%2e%2e/server.py", "static/", "files/..%2f..%2fetc%2fpasswd"):
            async with session.get(address + path) as response:
                assert response.status in {403, 404}, path

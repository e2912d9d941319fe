"""The simulated Keycloak as a server: addresses, certificates, faults on and off."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest

from playground.world.keycloak.realm import Realm
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.keycloak.volaticloud import Secrets, volaticloud
from tests.playground.world.keycloak.simulated import Clock

DEADLINE_S = 5.0  # for an answer from loopback: generous, and reached only when something hangs
IMPATIENT_S = 0.2  # how long a test waits for an answer that must not come


@asynccontextmanager
async def client(keycloak: SimulatedKeycloak, timeout_s: float = DEADLINE_S) -> AsyncIterator[httpx.AsyncClient]:
    """A client that trusts the playground's authority and nobody else."""
    trust: ssl.SSLContext | bool = True
    if keycloak.url.startswith("https"):
        trust = ssl.create_default_context(cafile=str(keycloak.ca_file))
    async with httpx.AsyncClient(base_url=keycloak.url, verify=trust, timeout=timeout_s) as http:
        yield http


async def token(keycloak: SimulatedKeycloak, http: httpx.AsyncClient) -> str:
    """A token of the backend's client."""
    form = {"grant_type": "client_credentials", "client_id": keycloak.client_id}
    path = f"/realms/{keycloak.realm}/protocol/openid-connect/token"
    answer = await http.post(path, data={**form, "client_secret": keycloak.client_secret})
    return str(answer.raise_for_status().json()["access_token"])


async def listed_keys(http: httpx.AsyncClient) -> dict[str, Any]:
    """The signing keys that the realm lists, by id."""
    found = (await http.get("/realms/volaticloud/protocol/openid-connect/certs")).raise_for_status().json()["keys"]
    return {key["kid"]: jwt.PyJWK(key).key for key in found if key["use"] == "sig"}


async def realm_page(keycloak: SimulatedKeycloak) -> httpx.Response:
    """What a fresh connection gets for the realm's page."""
    async with client(keycloak) as http:
        return await http.get("/realms/volaticloud")


async def test_is_trusted_over_tls() -> None:
    """It answers over TLS to whoever trusts its authority."""
    async with SimulatedKeycloak() as keycloak:
        assert keycloak.url.startswith("https://127.0.0.1:")
        assert (await realm_page(keycloak)).json()["realm"] == "volaticloud"


async def test_is_gone_afterwards() -> None:
    """It frees its port and removes its files when it is left."""
    async with SimulatedKeycloak() as keycloak:
        url, ca_file = keycloak.url, keycloak.ca_file
        assert ca_file.exists()
    assert not ca_file.exists()
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(url)


async def test_token_verifies_against_listed_key() -> None:
    """It signs with a key that its key set lists."""
    async with SimulatedKeycloak() as keycloak, client(keycloak) as http:
        text = await token(keycloak, http)
        key = (await listed_keys(http))[jwt.get_unverified_header(text)["kid"]]
        said = jwt.decode(text, key, ["RS256"], audience="account", issuer=f"{keycloak.url}/realms/volaticloud")
    assert said["azp"] == "volaticloud-api"
    assert said["exp"] - said["iat"] == 300


async def test_rotates_keys_properly() -> None:
    """It lists a new key before it signs with it, and still accepts tokens signed with the old one."""
    async with SimulatedKeycloak() as keycloak, client(keycloak) as http:
        before = await token(keycloak, http)
        await keycloak.rotate_keys()
        after = await token(keycloak, http)
        kids = [jwt.get_unverified_header(text)["kid"] for text in (before, after)]
        assert kids[0] != kids[1]
        assert set(kids) <= set(await listed_keys(http))
        bearer = {"Authorization": f"Bearer {before}"}
        assert (await http.get("/realms/volaticloud/authz/protection/resource_set", headers=bearer)).is_success


async def test_keys_rotated_behind_a_cache() -> None:
    """It signs with a key that the key set does not list while `keys-rotated` is on."""
    async with SimulatedKeycloak() as keycloak, client(keycloak) as http:
        await keycloak.switch_on("keys-rotated")
        assert jwt.get_unverified_header(await token(keycloak, http))["kid"] not in await listed_keys(http)
        await keycloak.switch_off("keys-rotated")
        assert jwt.get_unverified_header(await token(keycloak, http))["kid"] in await listed_keys(http)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("certificate-expired", "certificate has expired"),
        ("certificate-not-yet-valid", "not yet valid"),
        ("certificate-wrong-name", "mismatch"),
        ("certificate-untrusted", "unable to get local issuer"),
    ],
)
async def test_shows_a_bad_certificate(fault: str, words: str) -> None:
    """It shows the bad certificate to the next connection, and the good one when mended."""
    async with SimulatedKeycloak() as keycloak:
        await keycloak.switch_on(fault)
        with pytest.raises(httpx.ConnectError, match=words):
            await realm_page(keycloak)
        await keycloak.switch_off(fault)
        assert (await realm_page(keycloak)).is_success


async def test_certificate_that_ends_soon_is_good_today() -> None:
    """It still serves with a certificate that ends in three days, and shows that end."""
    async with SimulatedKeycloak() as keycloak:
        await keycloak.switch_on("certificate-expiring")
        trust = ssl.create_default_context(cafile=str(keycloak.ca_file))
        port = int(keycloak.url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
        shown = writer.get_extra_info("peercert")
        writer.close()
        await writer.wait_closed()
    left_s = ssl.cert_time_to_seconds(shown["notAfter"]) - Clock().now_s
    assert 2 * 86_400 < left_s < 4 * 86_400


async def test_clock_ahead_shows_in_tokens() -> None:
    """It issues tokens in the future, and still takes them itself, when its clock is ahead."""
    clock = Clock()
    async with SimulatedKeycloak(clock=clock) as keycloak, client(keycloak) as http:
        await keycloak.switch_on("clock-skewed")
        text = await token(keycloak, http)
        bearer = {"Authorization": f"Bearer {text}"}
        assert (await http.get("/realms/volaticloud/authz/protection/resource_set", headers=bearer)).is_success
    said = jwt.decode(text, options={"verify_signature": False})
    assert said["iat"] - clock.now_s == pytest.approx(600, abs=1)


async def test_slow_takes_its_time() -> None:
    """It waits two seconds before each answer."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async with SimulatedKeycloak(sleep=sleep) as keycloak:
        await keycloak.switch_on("slow")
        assert (await realm_page(keycloak)).is_success
    assert waited == [2.0]


async def test_hanging_accepts_and_says_nothing() -> None:
    """It takes the connection, answers nothing, and answers again when mended."""
    async with SimulatedKeycloak() as keycloak:
        await keycloak.switch_on("hanging")
        async with client(keycloak, IMPATIENT_S) as http:
            with pytest.raises(httpx.ReadTimeout):
                await http.get("/realms/volaticloud")
        assert list(keycloak.asked) == [("GET", "/realms/volaticloud")]
        await keycloak.switch_off("hanging")
        assert (await realm_page(keycloak)).is_success


async def test_stopped_refuses_and_comes_back_at_the_same_address() -> None:
    """It refuses connections, those kept alive too, and is back at the same port afterwards."""
    async with SimulatedKeycloak() as keycloak, client(keycloak) as http:
        assert (await http.get("/realms/volaticloud")).is_success
        url = keycloak.url
        await keycloak.switch_on("stopped")
        with pytest.raises(httpx.ConnectError):
            await http.get("/realms/volaticloud")
        await keycloak.switch_off("stopped")
        assert keycloak.url == url
        assert (await http.get("/realms/volaticloud")).is_success


async def test_proxies_in_front() -> None:
    """It is hidden by a proxy that has no backend, serves a page of its own, or wants a login."""
    async with SimulatedKeycloak(tls=False) as keycloak:
        await keycloak.switch_on("server-error-503")
        assert (await realm_page(keycloak)).status_code == 503
        await keycloak.heal()
        await keycloak.switch_on("html-instead-of-json")
        page = await realm_page(keycloak)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        await keycloak.heal()
        await keycloak.switch_on("redirect-to-login")
        page = await realm_page(keycloak)
        assert (page.status_code, page.headers["location"]) == (302, "/oauth2/start?rd=%2Frealms%2Fvolaticloud")


async def test_serves_below_auth() -> None:
    """It serves below /auth when told so, and answers elsewhere as the server does then."""
    async with SimulatedKeycloak(tls=False, base_path="/auth") as keycloak, client(keycloak) as http:
        assert (await http.get(f"{keycloak.url}/realms/volaticloud")).is_success
        page = await http.get(keycloak.url.removesuffix("/auth") + "/realms/volaticloud")
        assert (page.status_code, page.text) == (404, "<html><body><h1>Resource not found</h1></body></html>")


@pytest.mark.parametrize("base_path", ["", "/auth"])
async def test_wrong_base_path_swaps_it(base_path: str) -> None:
    """It serves below the other base path than the one that everybody is configured for."""
    async with SimulatedKeycloak(tls=False, base_path=base_path) as keycloak, client(keycloak) as http:
        root = keycloak.url.removesuffix("/auth")
        await keycloak.switch_on("wrong-base-path")
        assert (await http.get(f"{root}{base_path}/realms/volaticloud")).status_code == 404
        assert (await http.get(f"{root}{'' if base_path else '/auth'}/realms/volaticloud")).is_success


async def test_issuer_mismatch_is_everywhere() -> None:
    """It calls itself by the wrong host in discovery, in every address there, and in its tokens."""
    async with SimulatedKeycloak(tls=False) as keycloak, client(keycloak) as http:
        await keycloak.switch_on("issuer-mismatch")
        said = (await http.get("/realms/volaticloud/.well-known/openid-configuration")).json()
        text = await token(keycloak, http)
    wrong = "https://keycloak.old.example.org/realms/volaticloud"
    assert said["issuer"] == wrong
    assert said["jwks_uri"].startswith(wrong)
    assert jwt.decode(text, options={"verify_signature": False})["iss"] == wrong


async def test_faults_combine_and_go_one_by_one() -> None:
    """It has two faults at once and keeps the one when the other is mended."""
    async with SimulatedKeycloak(tls=False) as keycloak:
        await keycloak.switch_on("realm-gone")
        await keycloak.switch_on("server-error-503")
        assert keycloak.faults == ("realm-gone", "server-error-503")
        assert (await realm_page(keycloak)).status_code == 503
        await keycloak.switch_off("server-error-503")
        assert (await realm_page(keycloak)).status_code == 404
        await keycloak.heal()
        assert (await realm_page(keycloak)).is_success


async def test_what_is_registered_outlives_a_fault_and_no_fault_is_written_down() -> None:
    """It keeps what was registered while a fault was on, and nothing of the fault."""
    async with SimulatedKeycloak(tls=False) as keycloak, client(keycloak) as http:
        await keycloak.switch_on("owner-differs")
        bearer = {"Authorization": f"Bearer {await token(keycloak, http)}"}
        path = "/realms/volaticloud/authz/protection/resource_set"
        (await http.post(path, headers=bearer, json={"name": "new", "resource_scopes": ["view"]})).raise_for_status()
        await keycloak.heal()
        things = (await http.get(path, headers=bearer, params={"deep": "true"})).json()
    assert "new" in [thing["name"] for thing in things]
    assert [thing["owner"]["name"] for thing in things].count("bob") == 1


async def test_realm_can_be_amended() -> None:
    """It takes a change of the realm as an administrator makes it."""

    def shorter(realm: Realm) -> Realm:
        return replace(realm, access_token_s=60)

    async with SimulatedKeycloak(tls=False) as keycloak, client(keycloak) as http:
        keycloak.amend(shorter)
        said = jwt.decode(await token(keycloak, http), options={"verify_signature": False})
    assert said["exp"] - said["iat"] == 60


async def test_unknown_fault_is_named() -> None:
    """It refuses a fault that is not in the table, and names those that are."""
    async with SimulatedKeycloak(tls=False) as keycloak:
        with pytest.raises(KeyError, match="no fault 'nonsense'; there are: healthy, realm-gone"):
            await keycloak.switch_on("nonsense")


def test_must_be_running() -> None:
    """It says how it is used when it is asked for what only a running one has."""
    with pytest.raises(RuntimeError, match="use it with `async with`"):
        _ = SimulatedKeycloak().state


def test_shows_no_secret() -> None:
    """It prints no secret of its realm."""
    known = Secrets()
    shown = repr(volaticloud(known)) + repr(known)
    assert not [word for word in (known.api, known.admin, *known.passwords.values()) if word in shown]

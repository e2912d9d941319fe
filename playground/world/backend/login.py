"""How the simulated backend takes logins: it fetches Keycloak's keys for every token, and checks it by them."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import jwt

from playground.world.keycloak.volaticloud import REALM

#: Seconds for Keycloak's answer: the bot waits four for the backend's, and must hear what it says.
PATIENCE_S = 2.5


class LoginError(Exception):
    """The login is not taken; the message is the backend's."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Keycloak as the backend knows it. `url` gives its address, `now` the backend's own time in seconds since 1970."""

    url: Callable[[], str]
    ca_file: Path
    now: Callable[[], float]

    async def trouble(self) -> str:
        """Why Keycloak cannot be used, in the backend's words; nothing when it can."""
        try:
            await self._asked("")
        except LoginError as error:
            return str(error)
        return ""

    async def check(self, token: str, issuer: str) -> None:
        """Take a token or refuse it; `issuer` is the one that is wanted, by default the realm's own.

        Raises:
            LoginError: it is refused, or Keycloak's keys cannot be had.
        """
        if not token:
            raise LoginError("unauthorized: no token")
        document = await self._asked("/protocol/openid-connect/certs")
        keys = {key["kid"]: jwt.PyJWK(key) for key in document.get("keys", ()) if key.get("use") == "sig"}
        try:
            key = keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=issuer or f"{self.url()}/realms/{REALM}",
                options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise LoginError(f"invalid token: {error}") from error
        if claims["exp"] <= self.now():
            raise LoginError("oidc: token is expired")

    async def _asked(self, path: str) -> dict[str, list[dict[str, str]]]:
        trust = ssl.create_default_context(cafile=self.ca_file)
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        url = f"{self.url()}/realms/{REALM}{path}"
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, ssl=trust) as answer:
                if answer.status != 200:  # noqa: PLR2004 OK
                    raise LoginError(f"keycloak unavailable: GET {url}: {answer.status}")
                found: dict[str, list[dict[str, str]]] = await answer.json()
                return found
        except aiohttp.ClientConnectorError as error:
            where = f"dial tcp {error.host}:{error.port}: connect: connection refused"
            raise LoginError(f'keycloak unavailable: Get "{url}": {where}') from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise LoginError(f"keycloak unavailable: {str(error) or 'context deadline exceeded'}") from error

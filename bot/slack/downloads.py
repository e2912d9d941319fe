"""Fetches a file that a person gave the bot in Slack, into memory and up to a bound. It keeps nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from bot.slack.errors import SlackRefused, SlackUnreachable

FETCH_SECONDS = 10.0
"""Longest time for one file; those that are taken have some kilobytes."""

_OK = 200
_SCOPE = "Install the app again with the scopes of manifest.yml: it needs files:read."


class Downloads:
    """Files of the workspace, by the address that Slack gives with each."""

    def __init__(self, token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        self._api = urlsplit(api_url)
        self._session = session

    async def text(self, url: str, most: int) -> str:
        """The file as text.

        Args:
            url: its `url_private`.
            most: bytes that are taken; a larger file is refused, not cut.

        Raises:
            SlackUnreachable: it did not come.
            SlackRefused: Slack does not give it, or it is too large.
        """
        if not self._ours(url):
            raise SlackRefused("Slack gave no address of its own for the file. Paste the text instead.", "no_address")
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                return await self._fetched(url, most)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = type(error).__name__  # its text may repeat the address
            raise SlackUnreachable(f"The file did not come from Slack ({reason}). Try again.", sent=True) from None

    async def _fetched(self, url: str, most: int) -> str:
        async with self._session.get(url, headers=self._headers, allow_redirects=False) as response:
            if response.status != _OK:  # without the right to read it, Slack leads to its sign-in page
                raise SlackRefused(f"Slack does not give the file (HTTP {response.status}). {_SCOPE}", "no_file")
            data = await response.content.read(most + 1)
            while len(data) <= most and (more := await response.content.read(most + 1 - len(data))):
                data += more
        if len(data) > most:
            raise SlackRefused(f"The file has more than {most:,} bytes, which are the most that is read.", "too_large")
        return data.decode("utf-8", "replace")

    def _ours(self, url: str) -> bool:
        """Whether the address is Slack's: the token goes nowhere else."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        at_api = (parts.scheme, parts.netloc) == (self._api.scheme, self._api.netloc)
        host = parts.hostname or ""
        return at_api or (parts.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com")))


@asynccontextmanager
async def open_downloads(token: str, api_url: str) -> AsyncIterator[Downloads]:
    """Downloads with one session, closed at the end."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS)) as session:
        yield Downloads(token, api_url, session)

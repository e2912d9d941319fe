"""Drives a Chromium over its own protocol, with nothing but a web socket: open a page, run a script in it, look.

The protocol is chromedevtools.github.io/devtools-protocol (Page, Runtime, Emulation, Log).
"""

import asyncio
import itertools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--remote-debugging-port=0"),
)
_START_SECONDS = 30.0  # a cold start from a slow disk
_WAIT_SECONDS = 10.0  # for anything a page should come to show


class MissingBrowser(Exception):  # noqa: N818  it names what is missing; nothing erred
    """There is no Chromium on this machine."""


class Page:
    """One page: its errors, and scripts run in it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command of the protocol; gives its result."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async for frame in self._socket:
            heard = json.loads(frame.data)
            if heard.get("id") == number:
                if "error" in heard:
                    raise AssertionError(f"{method}: {heard['error']}")
                result: dict[str, Any] = heard["result"]
                return result
            self._note(heard)
        raise AssertionError("The browser went away.")

    def _note(self, heard: dict[str, Any]) -> None:
        """Keep what the page's console would show in red."""
        details = heard.get("params", {})
        if heard.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(details["exceptionDetails"]))
        elif heard.get("method") == "Log.entryAdded" and details["entry"]["level"] == "error":
            self.complaints.append(f"{details['entry']['text']} {details['entry'].get('url', '')}")

    async def run(self, script: str) -> Any:
        """What an expression gives in the page; a promise is awaited."""
        found = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise AssertionError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    async def until(self, condition: str) -> Any:
        """What the condition gives once it is truthy; the page looks at each of its frames."""
        frames = f"new Promise(done => {{ const look = () => {{ let seen; try {{ seen = {condition}; }} catch {{}} "
        script = f"{frames} seen ? done(seen) : setTimeout(look, 16); }}; look(); }})"
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                return await self.run(script)
        except TimeoutError:
            raise AssertionError(f"The page never came to: {condition}") from None


@asynccontextmanager
async def chromium() -> AsyncIterator[str]:
    """A running Chromium with an empty profile; gives where it is controlled.

    Raises:
        MissingBrowser: there is none on this machine.
    """
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        raise MissingBrowser("chromium is not installed: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="volati-chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program, *_FLAGS, f"--user-data-dir={profile}", stderr=asyncio.subprocess.PIPE
        )
        try:
            yield await _control(process)
        finally:
            process.kill()
            await process.communicate()


async def _control(process: asyncio.subprocess.Process) -> str:
    """The address Chromium says it listens at, as `http://127.0.0.1:port`."""
    assert process.stderr is not None
    async with asyncio.timeout(_START_SECONDS):
        while line := (await process.stderr.readline()).decode("utf-8", "replace"):
            _, found, address = line.partition("DevTools listening on ws://")
            if found:
                return f"http://{address.split('/', 1)[0]}"
    raise AssertionError("Chromium ended at once.")


@asynccontextmanager
async def opened(control: str, address: str, width: int, height: int) -> AsyncIterator[Page]:
    """A page of this size (CSS pixels) in a tab of its own, at this address."""
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{control}/json/new?about:blank") as response:
            where = (await response.json())["webSocketDebuggerUrl"]
        async with session.ws_connect(where, max_msg_size=0) as socket:
            page = Page(socket)
            for domain in ("Page", "Runtime", "Log"):
                await page.call(f"{domain}.enable")
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < height}
            await page.call("Emulation.setDeviceMetricsOverride", **size)
            await page.call("Page.navigate", url=address)
            yield page

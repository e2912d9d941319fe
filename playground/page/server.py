"""The page's server on loopback: the files, the stream of events, the deeds, uploads and downloads."""

import asyncio
import contextlib
import errno
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from aiohttp import web

from bot.errors import VolatiError
from playground.page import deeds
from playground.page.guard import Guard, add_headers
from playground.page.stage import Stage
from playground.page.tabs import Event, Tab, Tabs
from playground.slack.outcomes import NotPossibleError

HOST = "127.0.0.1"
#: The address people come back to; when it is taken, any free one.
PORT = 8765
BODY_LIMIT = 1024 * 1024  # bytes: a file to attach is a pasted log or token; a message is far less
DEED_SECONDS = 30.0  # far above the three seconds Slack gives the app: only a fault of the playground takes longer
QUIET_SECONDS = 15.0  # after this long without an event a comment is sent, so that a lost connection is noticed
STOP_SECONDS = 1.0  # what open requests get when the playground stops
_STATIC = Path(__file__).parent / "static"
_CONFLICT, _BAD, _MISSING, _LATE, _FULL = 409, 400, 404, 504, 503


class Page:
    """The routes of one page."""

    def __init__(self, stage: Stage, tabs: Tabs) -> None:
        self._stage = stage
        self._tabs = tabs
        self._guard = Guard()

    def application(self) -> web.Application:
        """The page as an application of its own."""
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[self._guard.admit])
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(self._close_tabs)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/events", self._events),
                web.post("/do", self._do),
                web.post("/attach", self._attach),
                web.get("/files/{file}", self._file),
                web.static("/static", _STATIC),
            ]
        )
        return app

    async def _close_tabs(self, _app: web.Application) -> None:
        self._tabs.close()

    async def _index(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(_STATIC / "index.html")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-Sent Events: first `hello` with everything, then what changes."""
        person = self._stage.slack.workspace.person(request.query.get("person", ""))
        if person is None:
            return _refused(_MISSING, "There is no such person.")
        if self._tabs.full:
            return _refused(_FULL, "Too many tabs are open; close one.")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        async with self._tabs.open(person.id) as tab:
            with contextlib.suppress(ConnectionResetError):  # the tab was closed while it was told
                await self._tell(tab, response)
        return response

    async def _tell(self, tab: Tab, response: web.StreamResponse) -> None:
        while not tab.closed:
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    events = await tab.take()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            for event in events:
                await response.write(self._framed(event))

    def _framed(self, event: Event) -> bytes:
        kind, body = event
        if kind == "hello":
            body = {**body, "token": self._guard.token}
        return f"event: {kind}\ndata: {json.dumps(body, separators=(',', ':'))}\n\n".encode()

    async def _do(self, request: web.Request) -> web.Response:
        try:
            deed = deeds.read(await request.read())
        except msgspec.DecodeError as error:
            return _refused(_BAD, f"The page asked for something unknown: {error}")
        try:
            async with asyncio.timeout(DEED_SECONDS):
                return web.json_response(await deed.carry_out(self._stage))
        except NotPossibleError as error:
            return _refused(_CONFLICT, str(error))
        except VolatiError as error:
            return _refused(_MISSING, str(error))
        except TimeoutError:
            return _refused(_LATE, f"It did not end within {DEED_SECONDS:g} s.")

    async def _attach(self, request: web.Request) -> web.Response:
        """Put a file into a modal's file input; the body is the file."""
        person, action, name = (request.query.get(key, "")[:255] for key in ("person", "action", "name"))
        data = await request.read()
        try:
            self._stage.slack.person(person).modal.attach(action, name or "file.txt", data)
        except NotPossibleError as error:
            return _refused(_CONFLICT, str(error))
        return web.json_response({"size": len(data)})

    async def _file(self, request: web.Request) -> web.Response:
        """A file of the workspace, as plain text: whatever it is, a browser must not run it."""
        stored = self._stage.slack.core.files.files.get(request.match_info["file"])
        if stored is None or stored.data is None:
            return _refused(_MISSING, "There is no such file.")
        return web.Response(body=stored.data, content_type="text/plain", charset="utf-8")


def _refused(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)


@asynccontextmanager
async def serving(stage: Stage, port: int = PORT) -> AsyncIterator[str]:
    """The page, served until the end of the block; gives its address. A taken port is replaced by a free one."""
    tabs = Tabs(stage)
    async with tabs.telling():
        runner = web.AppRunner(Page(stage, tabs).application(), shutdown_timeout=STOP_SECONDS, access_log=None)
        await runner.setup()
        try:
            await _listen(runner, port)
            yield f"http://{HOST}:{runner.addresses[0][1]}/"
        finally:
            await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        await web.TCPSite(runner, HOST, 0).start()

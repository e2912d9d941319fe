"""Who may ask the page for what: only this page itself, in a browser on this machine.

Loopback is no protection by itself: any web site can make a browser send requests there. So: the Host must be ours
(a foreign name that resolves to loopback is DNS rebinding), other sites may only link to the page, and what changes
anything must bring the token that only the page can read. What a browser then runs is held by the headers.
"""

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

TOKEN_HEADER = "X-Playground-Token"  # noqa: S105  the header's name, no secret
_HOSTS = ("127.0.0.1", "localhost")
_OWN = frozenset({"same-origin", "none"})  # of Sec-Fetch-Site: from the page itself, or typed by the person

#: No script but ours, nothing from anywhere else, no way to turn a text into HTML, no frame around the page.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard:
    """The rules of one page; its `token` is new with every start."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through, or refuse it with a sentence."""
        refusal = self._refusal(request)
        if refusal:
            raise web.HTTPForbidden(text=refusal)
        return await handler(request)

    def _refusal(self, request: web.Request) -> str | None:
        if request.host not in _own_hosts(request):
            return f"This page answers only to its own address, not to {request.host[:100]!r}."
        site = request.headers.get("Sec-Fetch-Site", "none")
        if site not in _OWN and request.path != "/":
            return "Another site asked for this; only the page itself may."
        if request.method not in {"GET", "HEAD"}:
            return self._refusal_to_change(request)
        return None

    def _refusal_to_change(self, request: web.Request) -> str | None:
        if request.headers.get("Origin", f"http://{request.host}") != f"http://{request.host}":
            return "Another site asked for this; only the page itself may."
        shown = request.headers.get(TOKEN_HEADER, "")
        if not secrets.compare_digest(shown.encode(), self.token.encode()):
            return f"The header {TOKEN_HEADER} does not hold this playground's token. Reload the page."
        return None


def _own_hosts(request: web.Request) -> set[str]:
    socket = request.transport.get_extra_info("sockname") if request.transport else None
    return {f"{name}:{socket[1]}" for name in _HOSTS} if socket else set()


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on every answer, files and refusals included (for `on_response_prepare`)."""
    response.headers.update(HEADERS)

"""The Web API's door: finds the method, checks token, scope and rate, calls it, and writes it into the books."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from playground.slack.call import Call, read_arguments
from playground.slack.core import Core
from playground.slack.ledger import Entry
from playground.slack.methods import app, chat, conversations, files, people, views
from playground.slack.refusals import SlackRefusal
from playground.slack.shapes import Json

TOO_MANY = 429
READ_HISTORY = frozenset({"channels:history", "groups:history", "im:history", "mpim:history"})
READ_CHANNELS = frozenset({"channels:read", "groups:read", "im:read", "mpim:read"})
POST = frozenset({"chat:write"})
PEOPLE = frozenset({"users:read"})
GROUPS = frozenset({"usergroups:read"})


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what it does, which scopes allow it (any of them), its tier, which token it takes."""

    run: Callable[[Call], Awaitable[Json]]
    scopes: frozenset[str] = frozenset()
    tier: int | None = None
    app_level: bool = False


# Scopes and tiers as in docs.slack.dev/reference/methods; a tier of None is Slack's "special".
METHODS: dict[str, Method] = {
    "api.test": Method(app.api_test, tier=4),
    "auth.test": Method(app.auth_test),
    "apps.connections.open": Method(app.connections_open, app_level=True),
    "blocks.validate": Method(app.blocks_validate, tier=4),
    "chat.postMessage": Method(chat.post_message, POST),
    "chat.postEphemeral": Method(chat.post_ephemeral, POST, 4),
    "chat.update": Method(chat.update, POST, 3),
    "chat.delete": Method(chat.delete, POST, 3),
    "chat.getPermalink": Method(chat.permalink),
    "reactions.add": Method(chat.react, frozenset({"reactions:write"}), 3),
    "conversations.info": Method(conversations.info, READ_CHANNELS, 3),
    "conversations.members": Method(conversations.members, READ_CHANNELS, 4),
    "conversations.open": Method(conversations.open_direct, frozenset({"im:write", "mpim:write"}), 3),
    "conversations.replies": Method(conversations.replies, READ_HISTORY, 3),
    "conversations.history": Method(conversations.history, READ_HISTORY, 3),
    "users.info": Method(people.info, PEOPLE, 4),
    "users.list": Method(people.everyone, PEOPLE, 2),
    "users.lookupByEmail": Method(people.by_email, frozenset({"users:read.email"}), 3),
    "usergroups.list": Method(people.groups, GROUPS, 2),
    "usergroups.users.list": Method(people.group_users, GROUPS, 2),
    "views.open": Method(views.open_view, tier=4),
    "views.push": Method(views.push, tier=4),
    "views.update": Method(views.update, tier=4),
    "views.publish": Method(views.publish, tier=4),
    "files.getUploadURLExternal": Method(files.upload_url, frozenset({"files:write"}), 4),
    "files.completeUploadExternal": Method(files.complete_upload, frozenset({"files:write"}), 4),
    "files.info": Method(files.info, frozenset({"files:read"}), 4),
    "files.delete": Method(files.delete, frozenset({"files:write"}), 3),
}


def token_of(request: web.Request, arguments: Json) -> str:
    """The token a request shows, in its header or among its arguments."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value if scheme.lower() == "bearer" else str(arguments.get("token") or "")


class WebApi:
    """Answers calls."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call, as Slack does: nearly always with status 200 and `ok`."""
        name, arguments = request.match_info["method"], {}
        try:
            arguments = await read_arguments(request)
            method = self._method(name)
            self._authorise(name, method, token_of(request, arguments))
            body = {"ok": True, **await method.run(Call(self._core, arguments))}
        except SlackRefusal as refusal:
            self._note(name, arguments, refusal)
            return self._refused(name, refusal)
        self._note(name, arguments, None)
        return web.json_response(body, headers=self._scope_headers(name))

    def _method(self, name: str) -> Method:
        method = METHODS.get(name)
        if method is None:
            raise SlackRefusal("unknown_method", req_method=name)
        return method

    def _authorise(self, name: str, method: Method, token: str) -> None:
        self._check_token(method, token)
        self._check_failure(name)
        granted = self._core.switches.scopes
        if not method.app_level and method.scopes and not method.scopes & granted:
            needed = ",".join(sorted(method.scopes))
            raise SlackRefusal("missing_scope", needed=needed, provided=",".join(sorted(granted)))
        self._core.tiers.storm(name)
        self._core.tiers.count(name, method.tier)

    def _check_token(self, method: Method, token: str) -> None:
        credentials = self._core.credentials
        wanted, other = credentials.bot, credentials.app
        if method.app_level:
            wanted, other = other, wanted
        if not token:
            raise SlackRefusal("not_authed")
        if token == other:
            raise SlackRefusal("not_allowed_token_type")
        if token != wanted:
            raise SlackRefusal("invalid_auth")

    def _check_failure(self, name: str) -> None:
        failures = self._core.switches.fail_with
        code = failures.get(name) or failures.get("*")
        if code:
            raise SlackRefusal(code)

    def _refused(self, name: str, refusal: SlackRefusal) -> web.Response:
        headers = self._scope_headers(name)
        if refusal.retry_after is None:
            return web.json_response(refusal.body(), headers=headers)
        headers["Retry-After"] = str(refusal.retry_after)
        return web.json_response(refusal.body(), status=TOO_MANY, headers=headers)

    def _scope_headers(self, name: str) -> dict[str, str]:
        method = METHODS.get(name)
        return {
            "x-oauth-scopes": ",".join(sorted(self._core.switches.scopes)),
            "x-accepted-oauth-scopes": ",".join(sorted(method.scopes)) if method else "",
        }

    def _note(self, name: str, arguments: Json, refusal: SlackRefusal | None) -> None:
        code, detail = (refusal.code, refusal.body()) if refusal else (None, {})
        shown = {key: value for key, value in arguments.items() if key != "token"}
        self._core.ledger.record(Entry(name, shown, self._core.clock.now(), code, detail))
        self._core.feed.stir()

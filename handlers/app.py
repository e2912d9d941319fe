"""The Bolt app: what Slack sends in, each acknowledged at once and handed on. It decides nothing."""

from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.correlation import current_id
from bot.slack.transport import Identity, Transport
from bot.slack.views.answers import failed
from handlers import acts, again, glances, home, incidents, mention, token, triage, why
from handlers.desk import Asked, Desk
from handlers.hear import hear

COMMAND = "/volati"
"""The one slash command, as manifest.yml registers it."""

_log = structlog.get_logger()


def build_app(desk: Desk, transport: Transport, me: Identity) -> AsyncApp:
    """The app with its listeners, for the one workspace of `me`.

    With `process_before_response` the acknowledgement leaves when the listener returns, 1 ms after it came; without
    it Bolt looks for it every 10 ms. So a listener may do no more than acknowledge and hand the job on.
    """

    async def authorize(team_id: str | None) -> AuthorizeResult | None:
        """Only our own workspace; Bolt would ask Slack who we are on the first request instead."""
        return _authorized(me) if team_id == me.team_id else None

    app = AsyncApp(
        name="volati",
        client=transport.client,
        authorize=authorize,  # type: ignore[arg-type] # None is how Bolt is told "not this one", whatever its types say
        process_before_response=True,
    )
    listen(app, desk, me)
    app.error(_failed)
    return app


def listen(app: AsyncApp, desk: Desk, me: Identity) -> None:
    """Hear everything there is to hear, one surface after the other."""

    @app.command(COMMAND)
    async def command(ack: AsyncAck, body: dict[str, Any]) -> None:
        answer = hear(desk, Asked.by_command(body))
        if answer is None:
            await ack()
        else:
            await ack(response_type="ephemeral", **desk.poster.cleaned(answer).as_json())

    mention.listen(app, desk, me.user_id)
    home.listen(app, desk)
    again.listen(app, desk)
    glances.listen(app, desk)
    token.listen(app, desk)
    why.listen(app, desk)
    triage.listen(app, desk)
    acts.listen(app, desk)
    incidents.listen(app, desk)


async def _failed(error: Exception, body: dict[str, Any]) -> BoltResponse:
    """A listener failed before it had acknowledged: the person gets an id, the log the reason."""
    error_id = current_id()
    _log.error("a listener failed", id=error_id, kind=body.get("type") or body.get("command"), exc_info=error)
    return BoltResponse(status=200, body=failed(error_id, "Nothing was begun.").as_json())


def _authorized(me: Identity) -> AuthorizeResult:
    """Who we are; without the token, since nothing leaves through Bolt."""
    return AuthorizeResult(enterprise_id=None, team_id=me.team_id, bot_user_id=me.user_id, bot_id=me.bot_id)

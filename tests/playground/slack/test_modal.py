"""Modals: opening, filling in, sending, pushing, closing, with the vendor's own Bolt app."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.clock import ManualClock
from playground.slack.outcomes import NotPossibleError
from playground.slack.seat import Seat
from playground.slack.server import SimulatedSlack

Connect = Callable[[SimulatedSlack, AsyncApp], Awaitable[AsyncSocketModeHandler]]
Given = dict[str, Any]


def plain(text: str) -> Given:
    return {"type": "plain_text", "text": text}


def asking(block_id: str, element: Given, **more: Any) -> Given:
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **more}


TOKEN = {"type": "plain_text_input", "action_id": "token", "min_length": 3, "max_length": 10}
FILE = {"type": "file_input", "action_id": "file", "filetypes": ["txt"], "max_files": 1}
OPTIONS = [{"text": plain(name), "value": name} for name in ("dev", "prod")]
WHERE = {"type": "static_select", "action_id": "where", "options": OPTIONS, "initial_option": OPTIONS[0]}
REASONS = {"type": "checkboxes", "action_id": "reasons", "options": OPTIONS}
PEEK = {"type": "button", "action_id": "peek", "text": plain("Peek")}
ASKING = {
    "type": "modal",
    "callback_id": "ask",
    "title": plain("Token"),
    "submit": plain("Explain"),
    "close": plain("Close"),
    "notify_on_close": True,
    "blocks": [
        asking("token", TOKEN),
        asking("file", FILE, optional=True),
        asking("where", WHERE),
        asking("reasons", REASONS, optional=True),
        {"type": "actions", "block_id": "acts", "elements": [PEEK]},
    ],
}
TELLING = {
    "type": "modal",
    "callback_id": "tell",
    "title": plain("Answer"),
    "blocks": [{"type": "section", "text": plain("It is valid.")}],
}


class Modals:
    """A Bolt app that opens a modal on a command and answers its submission with what the test sets."""

    def __init__(self, app: AsyncApp, view: Given) -> None:
        self.answer: Given = {}
        self.submitted: list[Given] = []
        self.closed: list[Given] = []
        self.pressed: list[Given] = []
        app.command("/volati")(self._open)
        app.view("ask")(self._take)
        app.view({"type": "view_closed", "callback_id": "ask"})(self._closed)
        app.action("peek")(self._press)
        app.action("token")(self._press)
        app.options("find")(self._suggest)
        self._view = view

    async def _open(self, ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=self._view)

    async def _take(self, ack: Any, body: Any) -> None:
        self.submitted.append(body)
        await ack(**self.answer)

    async def _closed(self, ack: Any, body: Any) -> None:
        self.closed.append(body)
        await ack()

    async def _press(self, ack: Any, body: Any) -> None:
        self.pressed.append(body)
        await ack()

    async def _suggest(self, ack: Any, payload: Any) -> None:
        await ack(options=[{"text": plain(payload["value"]), "value": payload["value"]}])


@pytest.fixture
async def modals(slack: SimulatedSlack, app: AsyncApp, connect: Connect) -> Modals:
    """The app, connected."""
    made = Modals(app, ASKING)
    await connect(slack, app)
    return made


async def opened(slack: SimulatedSlack) -> Seat:
    """A person in front of the modal."""
    person = slack.person("operator")
    await person.command("#engineering", "/volati token")
    await slack.until(lambda: person.modal.view)
    return person


async def test_submit(slack: SimulatedSlack, modals: Modals) -> None:
    """It sends what was filled in, initial values included, and closes."""
    person = await opened(slack)
    await person.modal.fill("token", "abc")
    await person.modal.fill("reasons", ["prod"])
    outcome = await person.modal.submit()
    assert outcome.acknowledged
    assert outcome.view is None
    values = modals.submitted[0]["view"]["state"]["values"]
    assert values["token"]["token"] == {"type": "plain_text_input", "value": "abc"}
    assert values["file"]["file"] == {"type": "file_input", "files": []}
    assert values["where"]["where"]["selected_option"]["value"] == "dev"
    assert values["reasons"]["reasons"]["selected_options"][0]["value"] == "prod"


async def test_errors(slack: SimulatedSlack, modals: Modals) -> None:
    """It shows errors beside the inputs and leaves the modal open."""
    person = await opened(slack)
    await person.modal.fill("token", "abc")
    modals.answer = {"response_action": "errors", "errors": {"token": "That is no token."}}
    outcome = await person.modal.submit()
    assert outcome.errors == {"token": "That is no token."}
    assert outcome.view is not None


async def test_errors_of_no_input(slack: SimulatedSlack, modals: Modals) -> None:
    """It refuses errors for a block that is no input."""
    person = await opened(slack)
    await person.modal.fill("token", "abc")
    modals.answer = {"response_action": "errors", "errors": {"acts": "Not here."}}
    assert (await person.modal.submit()).failure == "invalid_errors"
    assert slack.ledger.rejected[0].method == "ack"


async def test_update_push_clear(slack: SimulatedSlack, modals: Modals) -> None:
    """It does to the stack what the app answers."""
    person = await opened(slack)
    first = person.modal.view
    await person.modal.fill("token", "abc")
    modals.answer = {"response_action": "push", "view": ASKING}
    pushed = (await person.modal.submit()).view
    assert pushed is not None
    assert first is not None
    assert (pushed.previous_id, pushed.root_id) == (first.id, first.id)
    await person.modal.fill("token", "abc")
    modals.answer = {"response_action": "update", "view": TELLING}
    updated = (await person.modal.submit()).view
    assert updated is pushed
    assert updated.body["callback_id"] == "tell"
    await person.modal.close()
    assert person.modal.view is first
    await person.modal.fill("token", "abc")
    modals.answer = {"response_action": "clear"}
    assert (await person.modal.submit()).view is None


async def test_invalid_answer(slack: SimulatedSlack, modals: Modals) -> None:
    """It holds a view in an answer to the limits, and leaves the modal as it was."""
    person = await opened(slack)
    await person.modal.fill("token", "abc")
    modals.answer = {"response_action": "update", "view": {**TELLING, "title": plain("x" * 25)}}
    outcome = await person.modal.submit()
    assert outcome.failure == "invalid_arguments"
    assert outcome.view is not None
    assert outcome.view.body["callback_id"] == "ask"


async def test_what_the_client_does_not_let_through(slack: SimulatedSlack, modals: Modals) -> None:
    """It lets nobody send or fill in what Slack's own client would not."""
    person = await opened(slack)
    with pytest.raises(NotPossibleError, match="token must be filled in"):
        await person.modal.submit()
    with pytest.raises(NotPossibleError, match="takes 10 characters, not 11"):
        await person.modal.fill("token", "x" * 11)
    await person.modal.fill("token", "ab")
    with pytest.raises(NotPossibleError, match="needs 3 characters"):
        await person.modal.submit()
    with pytest.raises(NotPossibleError, match="no option 'moon'"):
        await person.modal.fill("where", "moon")
    with pytest.raises(NotPossibleError, match="takes only txt"):
        person.modal.attach("file", "a.png", b"x")
    person.modal.attach("file", "a.txt", b"x")
    with pytest.raises(NotPossibleError, match="no more files"):
        person.modal.attach("file", "b.txt", b"x")
    with pytest.raises(NotPossibleError, match="has no 'nothing'"):
        await person.modal.press("nothing")
    with pytest.raises(NotPossibleError, match="no modal open"):
        await slack.person("engineer").modal.submit()
    assert modals.submitted == []


async def test_file_input(slack: SimulatedSlack, modals: Modals, client: AsyncWebClient) -> None:
    """It carries a file's description, and gives its bytes to the bot alone."""
    person = await opened(slack)
    await person.modal.fill("token", "abc")
    person.modal.attach("file", "token.txt", b"eyJhbGciOi")
    await person.modal.submit()
    described = modals.submitted[0]["view"]["state"]["values"]["file"]["file"]["files"][0]
    assert (described["name"], described["size"]) == ("token.txt", 10)
    asked = await client.files_info(file=described["id"])
    url = asked["file"]["url_private_download"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as response:
            assert await response.read() == b"eyJhbGciOi"
        async with session.get(url) as response:
            assert response.content_type == "text/html"


async def test_close(slack: SimulatedSlack, modals: Modals) -> None:
    """It tells the app of a closed modal that asked for it."""
    person = await opened(slack)
    outcome = await person.modal.close()
    assert outcome.acknowledged
    assert modals.closed[0]["is_cleared"] is False
    person = await opened(slack)
    await person.modal.close_all()
    assert modals.closed[1]["is_cleared"] is True


async def test_press_in_a_modal(slack: SimulatedSlack, modals: Modals) -> None:
    """It tells the app of a button pressed in a modal, with the modal and what was filled in."""
    person = await opened(slack)
    await person.modal.fill("token", "abc")
    await person.modal.press("Peek")
    payload = modals.pressed[0]
    assert payload["container"]["type"] == "view"
    assert payload["view"]["state"]["values"]["token"]["token"]["value"] == "abc"
    assert "channel" not in payload


async def test_dispatch_and_suggestions(slack: SimulatedSlack, app: AsyncApp, connect: Connect) -> None:
    """It tells the app of an input at once where the block asks for it, and asks it for a menu's options."""
    find = {"type": "external_select", "action_id": "find", "placeholder": plain("Find")}
    blocks = [asking("token", TOKEN, dispatch_action=True), asking("find", find, optional=True)]
    modals = Modals(app, {**ASKING, "blocks": blocks})
    await connect(slack, app)
    person = await opened(slack)
    await person.modal.fill("token", "abc")
    assert modals.pressed[0]["actions"][0]["value"] == "abc"
    assert [one["value"] for one in await person.modal.suggest("find", "key")] == ["key"]


async def refused(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_trigger_once_and_soon(still: SimulatedSlack, still_client: AsyncWebClient, clock: ManualClock) -> None:
    """It takes a trigger once, within three seconds, and only one it gave."""
    triggers = still.core.triggers
    name = triggers.give("U0OPERAT0")
    clock.advance(2.9)
    await still_client.views_open(trigger_id=name, view=TELLING)
    assert await refused(still_client.views_open(trigger_id=name, view=TELLING)) == "exchanged_trigger_id"
    late = triggers.give("U0OPERAT0")
    clock.advance(3.1)
    assert await refused(still_client.views_open(trigger_id=late, view=TELLING)) == "expired_trigger_id"
    assert await refused(still_client.views_open(trigger_id="1.2.3", view=TELLING)) == "invalid_trigger_id"


async def test_bad_view_keeps_the_trigger(still: SimulatedSlack, still_client: AsyncWebClient) -> None:
    """It refuses a view with the place of the fault."""
    name = still.core.triggers.give("U0OPERAT0")
    with pytest.raises(SlackApiError) as caught:
        await still_client.views_open(trigger_id=name, view={**TELLING, "title": plain("x" * 25)})
    assert caught.value.response["error"] == "invalid_arguments"
    messages = caught.value.response["response_metadata"]["messages"]
    assert "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]" in messages
    assert await refused(still_client.api_call("views.open", json={"trigger_id": name})) == "invalid_arguments"


async def test_stack(still: SimulatedSlack, still_client: AsyncWebClient) -> None:
    """It stacks three modals, no more, and only from inside one."""
    give, person = still.core.triggers.give, still.person("operator")
    assert await refused(still_client.views_push(trigger_id=give("U0OPERAT0"), view=TELLING)) == "not_found"
    await still_client.views_open(trigger_id=give("U0OPERAT0"), view=TELLING)
    for _ in range(2):
        assert person.modal.view is not None
        await still_client.views_push(trigger_id=give("U0OPERAT0", person.modal.view.id), view=TELLING)
    assert person.modal.view is not None
    last = give("U0OPERAT0", person.modal.view.id)
    assert await refused(still_client.views_push(trigger_id=last, view=TELLING)) == "push_limit_reached"


async def test_update_by_hash(still: SimulatedSlack, still_client: AsyncWebClient) -> None:
    """It refuses an update that was made for another state of the view, and keeps what was filled in."""
    name = still.core.triggers.give("U0OPERAT0")
    view = (await still_client.views_open(trigger_id=name, view={**ASKING, "external_id": "mine"}))["view"]
    person = still.person("operator")
    await person.modal.fill("token", "abc")
    changed = {**ASKING, "title": plain("Changed"), "external_id": "mine"}
    await still_client.views_update(view_id=view["id"], hash=view["hash"], view=changed)
    assert person.modal.view is not None
    assert person.modal.view.values["token"]["token"]["value"] == "abc"
    again = still_client.views_update(external_id="mine", hash=view["hash"], view=changed)
    assert await refused(again) == "hash_conflict"
    assert await refused(still_client.views_update(view_id="V0NOTHING", view=changed)) == "not_found"
    other = still.core.triggers.give("U0ENGINE0")
    assert await refused(still_client.views_open(trigger_id=other, view=changed)) == "duplicate_external_id"


async def test_home_by_hash(still: SimulatedSlack, still_client: AsyncWebClient) -> None:
    """It publishes a Home tab for a person that exists, and minds the hash."""
    home = {"type": "home", "blocks": TELLING["blocks"]}
    first = (await still_client.views_publish(user_id="U0ONCALL0", view=home))["view"]
    await still_client.views_publish(user_id="U0ONCALL0", view=home, hash=first["hash"])
    late = still_client.views_publish(user_id="U0ONCALL0", view=home, hash=first["hash"])
    assert await refused(late) == "hash_conflict"
    assert await refused(still_client.views_publish(user_id="U0NOBODY", view=home)) == "user_not_found"

"""A person at their Slack client: what they type, press, choose and see in channels."""

from dataclasses import replace

from playground.slack import payloads
from playground.slack.core import Core
from playground.slack.delivery import Courier, Delivery, EventRecord, Receipt
from playground.slack.events import bring_event, unheard
from playground.slack.filling import filled
from playground.slack.inputs import SHAPES, Values, kept_values
from playground.slack.ledger import Entry
from playground.slack.limits import check_message
from playground.slack.markup import as_typed, in_command, in_message, rich_text
from playground.slack.messages import Content, Message
from playground.slack.modal import ModalSeat
from playground.slack.outcomes import NotPossibleError, Outcome, from_receipt
from playground.slack.payloads import Scene
from playground.slack.people import Channel, Person
from playground.slack.refusals import SlackRefusal
from playground.slack.response_urls import Ticket, content_of
from playground.slack.shapes import Json
from playground.slack.views import View

SLACKBOT = "USLACKBOT"


class Seat:
    """One person's client."""

    def __init__(self, core: Core, courier: Courier, person: Person) -> None:
        self._core = core
        self._courier = courier
        self.person = person
        self._choices: dict[str, Values] = {}
        self.modal = ModalSeat(core, courier, person)

    # What they see

    @property
    def private(self) -> list[Message]:
        """What only they see, oldest first."""
        return self._core.workspace.private_to(self.person.id)

    @property
    def home(self) -> View | None:
        """Their Home tab of the app, once the app has published one."""
        return self._core.views.homes.get(self.person.id)

    def sees(self, channel: str) -> list[Message]:
        """All they see in a channel, oldest first."""
        place = self._channel(channel)
        own = [message for message in self.private if message.channel == place.id]
        return sorted([*self._core.workspace.visible(place.id), *own], key=lambda message: message.ts)

    # What they do

    async def command(self, channel: str, line: str) -> Outcome:
        """Type a slash command, such as `/volati diagnose keycloak`, outside of any thread."""
        place = self._channel(channel)
        command, _, rest = line.partition(" ")
        if command not in self._core.switches.commands:
            said = self._complaint(place, f"{command} is not a valid command.")
            return Outcome(acknowledged=False, failure="unknown_command", answer=said)
        scene = self._scene(place)
        read = as_typed if command in self._core.switches.unescaped else in_command
        text = read(rest, self._core.workspace)
        payload = payloads.slash_command(scene, place, command, text)
        receipt = await self._courier.bring(Delivery("slash_commands", payload, wants_answer=True))
        answer = self._answer(place, receipt, command)
        return replace(from_receipt(receipt, payload), answer=answer)

    async def say(self, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a message; nothing is delivered unless it names the app."""
        message = self._write(channel, text, thread_ts)
        if self._names_app(message):
            await self._mentioned(message)
        return message

    async def mention(self, channel: str, text: str, *, thread_ts: str | None = None) -> EventRecord:
        """Write a message that names the app first, and wait for the event's first attempt."""
        message = self._write(channel, f"@{self._core.app.bot_name} {text}", thread_ts)
        return await self._mentioned(message)

    async def click(self, message: Message, name: str, *, value: str | None = None, confirm: bool = True) -> Outcome:
        """Press a button the message shows now, by its action id or its label.

        Raises:
            NotPossibleError: the person does not see the message, or it does not show the button now.

        """
        block, element = self._shown(message, name, value)
        dialog = element.get("confirm")
        if dialog and not confirm:
            return Outcome(acknowledged=False, failure="not_confirmed", dialog=dialog)
        outcome = await self._act(message, block, element, {})
        return replace(outcome, dialog=dialog)

    async def choose(self, message: Message, name: str, option: str) -> Outcome:
        """Choose in a menu the message shows now; `option` is its value or its text, or an id.

        Raises:
            NotPossibleError: as for `click`, or there is no such option.

        """
        block, element = self._shown(message, name, None)
        return await self._act(message, block, element, filled(element, option))

    async def shortcut(self, message: Message, callback_id: str) -> Outcome:
        """Choose a shortcut on a message."""
        self._offered(callback_id, "message")
        place = self._visible(message)
        scene = self._scene(place)  # the answer may not replace a message that is somebody else's
        return await self._interact(payloads.message_shortcut(scene, place, message, callback_id))

    async def global_shortcut(self, callback_id: str) -> Outcome:
        """Choose a shortcut from anywhere."""
        self._offered(callback_id, "global")
        return await self._interact(payloads.global_shortcut(self._scene(None), callback_id))

    async def open_home(self) -> EventRecord:
        """Open the app's Home tab."""
        if not self._core.switches.home_tab:
            raise NotPossibleError("The app has no Home tab: its manifest does not enable one.")
        direct = self._core.workspace.direct(self.person.id)
        return await self._event(payloads.app_home_opened(self._scene(None), direct, self.home))

    async def click_home(self, name: str, *, value: str | None = None) -> Outcome:
        """Press a button on the Home tab.

        Raises:
            NotPossibleError: there is none such.

        """
        if self.home is None:
            raise NotPossibleError("The app has not published a Home tab for this person.")
        return await self.modal.press_in(self.home, name, value)

    # How it is done

    def _channel(self, name: str) -> Channel:
        place = self._core.workspace.channel(name)
        if place is None or self.person.id not in place.members:
            raise NotPossibleError(f"{self.person.name} is not in {name}; add them to its members first.")
        return place

    def _visible(self, message: Message) -> Channel:
        if message.deleted:
            raise NotPossibleError(f"The message {message.ts} was deleted.")
        if message.to not in (None, self.person.id):
            raise NotPossibleError(f"Only {message.to} sees the message {message.ts}.")
        return self._channel(message.channel)

    def _shown(self, message: Message, name: str, value: str | None) -> tuple[Json, Json]:
        self._visible(message)
        found = message.action(name, value)
        if found is None:
            raise NotPossibleError(f"The message {message.ts} does not show {name!r} now: {message.words()!r}")
        only = found[1].get("visible_to_user_ids")
        if only and self.person.id not in only:
            raise NotPossibleError(f"{name!r} is not shown to {self.person.name}.")
        return found

    def _offered(self, callback_id: str, kind: str) -> None:
        shortcuts = self._core.switches.shortcuts
        if shortcuts is not None and shortcuts.get(callback_id) != kind:
            raise NotPossibleError(f"The app has no {kind} shortcut {callback_id!r}; it has {shortcuts}.")

    def _scene(self, place: Channel | None, message: Message | None = None) -> Scene:
        core, person = self._core, self.person
        url = core.response_urls.give(person.id, place.id, message) if place else ""
        return Scene(core.app, person, core.triggers.give(person.id), url, core.workspace.next_ts())

    async def _act(self, message: Message, block: Json, element: Json, extra: Json) -> Outcome:
        place = self._visible(message)
        scene = self._scene(place, message)
        action = payloads.action_json(block, element, extra, scene.at)
        payload = payloads.message_actions(scene, place, message, [action])
        values = kept_values(message.blocks, self._choices.get(message.ts, {}))
        if extra and element["type"] in SHAPES:
            values[block["block_id"]][element["action_id"]] = {"type": element["type"], **extra}
        self._choices[message.ts] = values
        return await self._interact({**payload, "state": {"values": values}})

    async def _interact(self, payload: Json) -> Outcome:
        receipt = await self._courier.bring(Delivery("interactive", payload))
        return from_receipt(receipt, payload)

    def _answer(self, place: Channel, receipt: Receipt, command: str) -> Message | None:
        if receipt.failure:
            return self._complaint(place, f'{command} failed with the error "{receipt.failure}"')
        core, body = self._core, receipt.payload
        if not body.get("text") and not body.get("blocks") and not body.get("attachments"):
            return None
        try:
            content = content_of(body)
            check_message(content)
        except SlackRefusal as refusal:
            core.ledger.record(Entry("ack", body, core.clock.now(), refusal.code, refusal.body()))
            return self._complaint(place, f'{command} failed with the error "{refusal.code}"')
        return core.response_urls.show(Ticket(self.person.id, place.id, core.clock.now()), content, body)

    def _complaint(self, place: Channel, sentence: str) -> Message:
        message = self._core.workspace.write(place.id, SLACKBOT, Content(sentence))
        message.to, message.by_app = self.person.id, False
        return self._core.workspace.post(message)

    def _write(self, channel: str, text: str, thread_ts: str | None) -> Message:
        place = self._channel(channel)
        if place.archived:
            raise NotPossibleError(f"{channel} is archived; nobody can write there.")
        content = Content(in_message(text, self._core.workspace), (rich_text(text, self._core.workspace),))
        message = self._core.workspace.write(place.id, self.person.id, content, thread_ts=thread_ts)
        message.by_app = False
        return self._core.workspace.post(message)

    def _names_app(self, message: Message) -> bool:
        return f"<@{self._core.app.bot_user_id}>" in message.text

    async def _mentioned(self, message: Message) -> EventRecord:
        members = self._core.workspace.channels[message.channel].members
        allowed = "app_mentions:read" in self._core.switches.scopes
        if not allowed or self._core.app.bot_user_id not in members:
            return unheard()
        return await self._event(payloads.app_mention(message, self.person))

    async def _event(self, event: Json) -> EventRecord:
        return await bring_event(self._core, self._courier, event)

"""A person in a modal: filling in, attaching, pressing, sending, closing."""

from dataclasses import replace

from playground.slack import payloads
from playground.slack.core import Core
from playground.slack.delivery import Courier, Delivery
from playground.slack.files import file_json
from playground.slack.filling import check_filled, filled
from playground.slack.inputs import active_elements
from playground.slack.ledger import Entry
from playground.slack.limits import check_view
from playground.slack.messages import find_action
from playground.slack.outcomes import NotPossibleError, Outcome, from_receipt
from playground.slack.payloads import Scene
from playground.slack.people import Person
from playground.slack.refusals import SlackRefusal
from playground.slack.shapes import Json, listing, mapping
from playground.slack.views import View

FILES_MOST = 10


class ModalSeat:
    """One person's modals."""

    def __init__(self, core: Core, courier: Courier, person: Person) -> None:
        self._core = core
        self._courier = courier
        self._person = person

    @property
    def view(self) -> View | None:
        """The modal on top, if one is open."""
        return self._core.views.top(self._person.id)

    async def fill(self, name: str, value: str | list[str]) -> Outcome | None:
        """Fill in or choose; tells the app only where the block says `dispatch_action`.

        Raises:
            NotPossibleError: no modal is open, it has no such input, or the input would not take the value.

        """
        view = self._open()
        block, element = self._find(view, name, None)
        value_json = {"type": element["type"], **filled(element, value)}
        view.values[block["block_id"]][element["action_id"]] = value_json
        self._core.feed.stir()
        if not block.get("dispatch_action"):
            return None
        return await self._press(view, block, element, value_json)

    def attach(self, name: str, file_name: str, data: bytes) -> None:
        """Put a file into a file input.

        Raises:
            NotPossibleError: as for `fill`.

        """
        view = self._open()
        block, element = self._find(view, name, None)
        held = view.values[block["block_id"]][element["action_id"]]["files"]
        kinds = element.get("filetypes")
        if kinds and file_name.rpartition(".")[2] not in kinds:
            raise NotPossibleError(f"{name} takes only {', '.join(kinds)}; {file_name} is none of them.")
        if len(held) >= element.get("max_files", FILES_MOST):
            raise NotPossibleError(f"{name} takes no more files.")
        now = int(self._core.clock.now())
        stored = self._core.files.add(file_name, data, self._person.id, now)
        held.append(file_json(stored, self._core.origin))

    async def press(self, name: str, *, value: str | None = None) -> Outcome:
        """Press a button in the modal on top, by its action id or its label.

        Raises:
            NotPossibleError: there is none such.

        """
        return await self.press_in(self._open(), name, value)

    async def press_in(self, view: View, name: str, value: str | None) -> Outcome:
        """Press a button in a view, the Home tab included."""
        block, element = self._find(view, name, value)
        return await self._press(view, block, element, {})

    async def suggest(self, name: str, typed: str) -> list[Json]:
        """Type into a menu whose options the app gives; what it offers."""
        view = self._open()
        block, element = self._find(view, name, None)
        names = (block["block_id"], element["action_id"])
        payload = payloads.block_suggestion(self._scene(view), view, names, typed)
        receipt = await self._courier.bring(Delivery("interactive", payload, wants_answer=True))
        return listing(receipt.payload.get("options"))

    async def submit(self) -> Outcome:
        """Send the modal; what the app answers is done to it.

        Raises:
            NotPossibleError: nothing is open, it has no submit button, or a required input is empty or too short.

        """
        view = self._open()
        if "submit" not in view.body:
            raise NotPossibleError("This modal has no button to send it.")
        check_filled(view)
        payload = payloads.view_submission(self._scene(view), view)
        receipt = await self._courier.bring(Delivery("interactive", payload, wants_answer=True))
        outcome = from_receipt(receipt, payload)
        if receipt.failure:
            return replace(outcome, view=view)
        return self._obey(view, receipt.payload, outcome)

    async def close(self) -> Outcome:
        """Close the modal on top; the app hears of it only with `notify_on_close`."""
        view = self._open()
        if view.body.get("clear_on_close"):
            return await self.close_all()
        self._core.views.pop(self._person.id)
        return await self._closed(view, cleared=False)

    async def close_all(self) -> Outcome:
        """Close the whole stack at once."""
        view = self._open()
        self._core.views.clear(self._person.id)
        return await self._closed(view, cleared=True)

    async def _closed(self, view: View, *, cleared: bool) -> Outcome:
        if not view.body.get("notify_on_close"):
            return Outcome(acknowledged=False, view=self.view)
        payload = payloads.view_closed(self._scene(view), view, cleared=cleared)
        receipt = await self._courier.bring(Delivery("interactive", payload))
        return replace(from_receipt(receipt, payload), view=self.view)

    def _obey(self, view: View, answer: Json, outcome: Outcome) -> Outcome:
        errors: dict[str, str] = {}
        try:
            errors = self._respond(view, answer)
        except SlackRefusal as refusal:
            core = self._core
            core.ledger.record(Entry("ack", answer, core.clock.now(), refusal.code, refusal.body()))
            return replace(outcome, failure=refusal.code, view=self.view)
        return replace(outcome, errors=errors, view=self.view)

    def _respond(self, view: View, answer: Json) -> dict[str, str]:
        views, person = self._core.views, self._person.id
        action = answer.get("response_action")
        if action == "errors":
            return _errors(view, mapping(answer.get("errors")))
        if action in ("update", "push"):
            body = mapping(answer.get("view"))
            check_view(body, "modal")
            if action == "update":
                views.update(view, body)
            else:
                views.push(person, body)
        elif action == "clear":
            views.clear(person)
        elif action is None:
            views.pop(person)
        else:
            raise SlackRefusal("invalid_response_action")
        return {}

    def _open(self) -> View:
        if self.view is None:
            raise NotPossibleError(f"{self._person.name} has no modal open.")
        return self.view

    def _find(self, view: View, name: str, value: str | None) -> tuple[Json, Json]:
        found = find_action(view.body["blocks"], name, value)
        if found is None:
            names = [item.get("action_id") for _, item in active_elements(view.body["blocks"])]
            raise NotPossibleError(f"The view has no {name!r}; it has {names}.")
        return found

    def _scene(self, view: View) -> Scene:
        core = self._core
        trigger = core.triggers.give(self._person.id, view.id)
        return Scene(core.app, self._person, trigger, at=core.workspace.next_ts())

    async def _press(self, view: View, block: Json, element: Json, extra: Json) -> Outcome:
        scene = self._scene(view)
        action = payloads.action_json(block, element, extra, scene.at)
        payload = payloads.view_actions(scene, view, [action])
        receipt = await self._courier.bring(Delivery("interactive", payload))
        return replace(from_receipt(receipt, payload), view=self.view, dialog=element.get("confirm"))


def _errors(view: View, errors: Json) -> dict[str, str]:
    inputs = {block["block_id"] for block in view.body["blocks"] if block.get("type") == "input"}
    if not errors or not set(errors) <= inputs:
        raise SlackRefusal("invalid_errors", needed=sorted(inputs))
    return {str(block): str(sentence) for block, sentence in errors.items()}

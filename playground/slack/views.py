"""The modals and Home tabs people have open: stacks of at most three, their hashes, and what was filled in."""

import itertools
from dataclasses import dataclass, field

from playground.slack.feed import Feed, Seen
from playground.slack.inputs import Values, initial_values, kept_values
from playground.slack.messages import Content
from playground.slack.people import App
from playground.slack.refusals import SlackRefusal
from playground.slack.shapes import Json, listing, with_defaults
from playground.slack.workspace import Workspace

STACK_LIMIT = 3  # Slack: a modal and at most two pushed onto it


@dataclass(slots=True)
class View:
    """A modal or a Home tab one person sees."""

    id: str
    person: str
    body: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    values: Values = field(default_factory=dict)

    def json(self, app: App) -> Json:
        """The view as Slack reports it."""
        given = {key: value for key, value in self.body.items() if key != "blocks"}
        return {
            "title": None,
            "submit": None,
            "close": None,
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "submit_disabled": False,
            **with_defaults(given),
            "id": self.id,
            "team_id": app.team_id,
            "blocks": with_defaults(self.body["blocks"]),
            "state": {"values": with_defaults(self.values)},
            "hash": self.hash,
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "app_id": app.api_app_id,
            "app_installed_team_id": app.team_id,
            "bot_id": app.bot_id,
        }


class Views:
    """All views, by person."""

    def __init__(self, workspace: Workspace, feed: Feed) -> None:
        self._workspace = workspace
        self._feed = feed
        self._numbers = itertools.count(1)
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def top(self, person: str) -> View | None:
        """The modal a person looks at."""
        stack = self.stacks.get(person)
        return stack[-1] if stack else None

    def open(self, person: str, body: Json) -> View:
        """Open a modal; what was open before is gone."""
        self._check_external_id(body)
        view = self._new(person, body)
        self.stacks[person] = [view]
        return self._tell("view_opened", view)

    def push(self, person: str, body: Json) -> View:
        """Open a modal on top of the one that is open.

        Raises:
            SlackRefusal: `not_found` when none is open, `push_limit_reached` beyond three.

        """
        stack = self.stacks.get(person)
        if not stack:
            raise SlackRefusal("not_found")
        if len(stack) >= STACK_LIMIT:
            raise SlackRefusal("push_limit_reached")
        self._check_external_id(body)
        view = self._new(person, body)
        view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        return self._tell("view_opened", view)

    def update(self, view: View, body: Json) -> View:
        """Show something else in an open view; what was filled in stays where the inputs stay."""
        view.body = self._with_ids(body)
        view.values = kept_values(view.body["blocks"], view.values)
        view.hash = self._fresh_hash()
        return self._tell("view_updated", view)

    def publish(self, person: str, body: Json) -> View:
        """Show a Home tab."""
        home = self.homes.get(person)
        if home is None:
            home = self._new(person, body)
            self.homes[person] = home
        else:
            self.update(home, body)
        return self._tell("home", home)

    def pop(self, person: str) -> None:
        """Close the modal on top."""
        self._tell("view_closed", self.stacks[person].pop())

    def clear(self, person: str) -> None:
        """Close all modals of a person."""
        while self.stacks.get(person):
            self.pop(person)

    def find(self, view_id: str | None, external_id: str | None) -> View:
        """An open view by its id or the app's own id.

        Raises:
            SlackRefusal: `not_found`.

        """
        for view in self._open():
            if view_id == view.id or (external_id and view.body.get("external_id") == external_id):
                return view
        raise SlackRefusal("not_found")

    def _open(self) -> list[View]:
        return [*itertools.chain.from_iterable(self.stacks.values()), *self.homes.values()]

    def _check_external_id(self, body: Json) -> None:
        wanted = body.get("external_id")
        if wanted and any(view.body.get("external_id") == wanted for view in self._open()):
            raise SlackRefusal("duplicate_external_id")

    def _new(self, person: str, body: Json) -> View:
        view_id = f"V0{next(self._numbers):08d}"
        whole = self._with_ids(body)
        values = initial_values(whole["blocks"])
        return View(view_id, person, whole, self._fresh_hash(), view_id, values=values)

    def _with_ids(self, body: Json) -> Json:
        content = Content(blocks=tuple(listing(body["blocks"]))).with_ids(self._workspace.block_ids())
        return {**body, "blocks": list(content.blocks)}

    def _fresh_hash(self) -> str:
        return f"{self._workspace.next_ts().partition('.')[0]}.{next(self._numbers):08x}"

    def _tell(self, kind: str, view: View) -> View:
        shown = view.json(self._workspace.app)
        self._feed.tell(Seen(kind, float(self._workspace.next_ts()), None, view.person, view=shown))
        return view

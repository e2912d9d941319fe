"""The workspace itself: its people and channels, and every message in it, changed only through here."""

import itertools
from collections.abc import Iterator

from playground.slack.clock import Clock
from playground.slack.feed import Feed, Seen
from playground.slack.messages import Content, Message, Version
from playground.slack.people import (
    App,
    Channel,
    Person,
    UserGroup,
    default_channels,
    default_groups,
    default_people,
)


class Workspace:
    """People, channels, groups and messages; what changes is told to the feed."""

    def __init__(self, app: App, clock: Clock, feed: Feed) -> None:
        self.app = app
        self._clock = clock
        self._feed = feed
        self.people: dict[str, Person] = {person.id: person for person in default_people()}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in default_channels()}
        self.groups: dict[str, UserGroup] = {group.id: group for group in default_groups()}
        self.all_messages: list[Message] = []
        self._index: dict[tuple[str, str], Message] = {}
        self._last_ts = (0, 0)
        self._block_numbers = itertools.count(1)

    def next_ts(self) -> str:
        """A message's timestamp: never given twice, always growing, as Slack's `ts`."""
        now = self._clock.now()
        stamp = (int(now), int(now % 1 * 1_000_000))
        last = self._last_ts
        self._last_ts = stamp if stamp > last else (last[0], last[1] + 1)
        return f"{self._last_ts[0]}.{self._last_ts[1]:06d}"

    def block_ids(self) -> Iterator[str]:
        """Block ids for blocks that came without one."""
        return (f"pg{number:04x}" for number in self._block_numbers)

    def channel(self, name: str) -> Channel | None:
        """A channel by id, by name, or by `#name`."""
        bare = name.removeprefix("#")
        found = self.channels.get(bare)
        return found or next((channel for channel in self.channels.values() if channel.name == bare), None)

    def person(self, name: str) -> Person | None:
        """A person by id, by name, or by `@name`."""
        bare = name.removeprefix("@")
        return self.people.get(bare) or next((one for one in self.people.values() if one.name == bare), None)

    def direct(self, person_id: str) -> Channel:
        """The direct conversation between a person and the app, opened if need be."""
        channel_id = "D" + person_id[1:]
        members = {person_id, self.app.bot_user_id}
        return self.channels.setdefault(
            channel_id, Channel(channel_id, "directmessage", members, private=True, direct=True)
        )

    def post(self, message: Message) -> Message:
        """Show a new message."""
        self.all_messages.append(message)
        self._index[(message.channel, message.ts)] = message
        self._tell("ephemeral" if message.ephemeral else "posted", message)
        return message

    def write(self, channel: str, author: str, content: Content, *, thread_ts: str | None = None) -> Message:
        """A new message, with its timestamp and block ids, not yet shown."""
        version = Version(content.with_ids(self.block_ids()), self._clock.now())
        return Message(channel, self.next_ts(), author, [version], thread_ts=thread_ts)

    def edit(self, message: Message, content: Content) -> Message:
        """Let a message say something else."""
        message.versions.append(Version(content.with_ids(self.block_ids()), self._clock.now()))
        self._tell("edited", message)
        return message

    def delete(self, message: Message) -> None:
        """Take a message away; it stays in memory, marked."""
        message.deleted = True
        self._tell("deleted", message)

    def react(self, message: Message, name: str, person: str) -> None:
        """Add a reaction."""
        message.reactions.setdefault(name, []).append(person)
        self._tell("reaction", message)

    def find(self, channel: str, ts: str) -> Message | None:
        """A message everyone sees, by its place; None when there is none or it was deleted."""
        message = self._index.get((channel, ts))
        return message if message and not message.deleted and not message.ephemeral else None

    def any_message(self, channel: str, ts: str) -> Message | None:
        """A message by its place, also one that only one person sees."""
        message = self._index.get((channel, ts))
        return None if message is None or message.deleted else message

    def visible(self, channel: str) -> list[Message]:
        """What everyone sees in a channel, threads included, oldest first."""
        return [one for one in self.all_messages if one.channel == channel and not one.deleted and not one.ephemeral]

    def private_to(self, person: str) -> list[Message]:
        """What only this person sees, oldest first."""
        return [one for one in self.all_messages if one.to == person and not one.deleted]

    def _tell(self, kind: str, message: Message) -> None:
        self._feed.tell(Seen(kind, self._clock.now(), message.channel, message.to, message))

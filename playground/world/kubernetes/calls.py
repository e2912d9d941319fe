"""A request to the API as its handlers see it, and the answer they give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from playground.world.kubernetes import status
from playground.world.kubernetes.address import Address
from playground.world.kubernetes.frozen import Frozen
from playground.world.kubernetes.kinds import Kind, Thing
from playground.world.kubernetes.protobuf import MEDIA_TYPE, UnreadableError, decoded
from playground.world.kubernetes.store import Store

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
_TRUE = {"1", "true", "True", "t", "T", "TRUE"}


@dataclass(frozen=True, slots=True)
class User:
    """Who asks: a name and groups, as a token tells them."""

    name: str
    groups: tuple[str, ...] = ()


#: Why an object may not be made although its asker may make such: "" when it may (what a quota says).
Refuses = Callable[[Kind, Thing], str]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `store` is where it reads and writes: a rehearsal of it where the request is a dry run."""

    verb: str
    at: Address
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    who: User
    store: Store
    refuses: Refuses

    def flag(self, name: str) -> bool:
        """Whether a word of the query says yes."""
        return self.query.get(name, "") in _TRUE

    def number(self, name: str) -> int | None:
        """A number of the query, or None.

        Raises:
            RefusalError: it is no number.
        """
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise status.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    @property
    def dry(self) -> bool:
        """Whether nothing is to be stored. Where a deletion has a body, its query says nothing."""
        if self.verb == "delete" and self.body.strip():
            return bool(self.thing().get("dryRun"))
        return bool(self.query.get("dryRun"))

    def thing(self) -> Thing:
        """The body as an object.

        Raises:
            RefusalError: it is none.
        """
        try:
            thing = _decoded(self.headers.get("Content-Type", ""), self.body)
        except (msgspec.DecodeError, UnreadableError) as error:
            raise status.bad_request(f"the object provided is unrecognized: {error}") from None
        if not isinstance(thing, dict):
            raise status.bad_request("the object provided is unrecognized: it is no object")
        return without_nulls(thing)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    code: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def without_nulls(thing: Thing) -> Thing:
    """The object without fields that say null: a server that reads typed objects takes them as not sent."""
    return {key: _without_nulls(value) for key, value in thing.items() if value is not None}


def told(code: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:  # noqa: ANN401 any JSON
    """An answer in JSON."""
    encoded = body.encoded() if isinstance(body, Frozen) else msgspec.json.encode(body)
    return Reply(code, encoded + b"\n", headers=headers or {})


def refused(error: status.RefusalError) -> Reply:
    """The answer that is a refusal."""
    return told(error.code, error.status, error.headers)


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 any JSON
    if isinstance(value, dict):
        return without_nulls(value)
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _decoded(content_type: str, body: bytes) -> Any:  # noqa: ANN401 any JSON
    return decoded(body) if content_type.startswith(MEDIA_TYPE) else msgspec.json.decode(body)

"""Lists in pages: the token that says where the next page begins, and the page it leads to."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from playground.world.kubernetes import status
from playground.world.kubernetes.calls import Call
from playground.world.kubernetes.frozen import Frozen
from playground.world.kubernetes.selectors import field_selector, label_selector
from playground.world.kubernetes.store import ExpiredError

_VERSION = "meta.k8s.io/v1"
TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list: at which version, and where it goes on. `remaining` is None where it is not known."""

    things: tuple[Frozen, ...]
    version: str
    go_on: str = ""
    remaining: int | None = None

    @property
    def about(self) -> dict[str, object]:
        """The list's metadata."""
        told: dict[str, object] = {"resourceVersion": self.version}
        if self.go_on:
            told["continue"] = self.go_on
        if self.remaining:
            told["remainingItemCount"] = self.remaining
        return told


def page(call: Call) -> Page:
    """The page of the list that a call asks for.

    Raises:
        RefusalError: a selector, the token or the version is wrong, or too old.
    """
    token = call.query.get("continue", "")
    version, start = _unpacked(token) if token else (_asked_version(call), ("", ""))
    things = _from(_at_version(call, version, continued=bool(token)), start)
    selecting = bool(call.query.get("labelSelector") or call.query.get("fieldSelector"))
    chosen = _chosen(call, things) if selecting else things
    shown = str(version or call.store.version)
    limit = call.number("limit") or 0
    if not limit or len(chosen) <= limit:
        return Page(tuple(chosen), shown)
    about = chosen[limit - 1]["metadata"]
    remaining = None if selecting else len(chosen) - limit
    token = _packed(int(shown), about.get("namespace", ""), about["name"])
    return Page(tuple(chosen[:limit]), shown, token, remaining)


def _chosen(call: Call, things: Sequence[Frozen]) -> list[Frozen]:
    by_label = label_selector(call.query.get("labelSelector", ""))
    by_field = field_selector(call.at.kind, call.query.get("fieldSelector", ""))
    return [thing for thing in things if by_label(thing) and by_field(thing)]


def _asked_version(call: Call) -> int:
    """The version that the list must have exactly; 0 for the current one."""
    text = call.query.get("resourceVersion", "")
    if not text or text == "0":
        return 0
    if not text.isdecimal():
        raise status.bad_request(f"invalid resource version: {text}")
    if int(text) > int(call.store.version):
        raise status.too_large_version(int(text), call.store.version)
    return int(text) if call.query.get("resourceVersionMatch") == "Exact" else 0


def _at_version(call: Call, version: int, *, continued: bool) -> tuple[Frozen, ...]:
    if not version:
        return call.store.listed(call.at.kind, call.at.namespace)
    try:
        return call.store.listed_at(call.at.kind, call.at.namespace, version)
    except ExpiredError:
        words = TOO_OLD if continued else "The resourceVersion for the provided list is too old."
        raise status.expired(words) from None


def _from(things: tuple[Frozen, ...], start: tuple[str, str]) -> Sequence[Frozen]:
    """What comes after a place, in the order of namespace and name."""
    if start == ("", ""):
        return things
    low, high = 0, len(things)
    while low < high:
        middle = (low + high) // 2
        about = things[middle]["metadata"]
        if (about.get("namespace", ""), about["name"]) <= start:
            low = middle + 1
        else:
            high = middle
    return things[low:]


def _packed(version: int, namespace: str, name: str) -> str:
    told = {"v": _VERSION, "rv": version, "start": f"{namespace}/{name}\0"}
    return base64.urlsafe_b64encode(msgspec.json.encode(told)).decode().rstrip("=")


def _unpacked(token: str) -> tuple[int, tuple[str, str]]:
    try:
        told = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise _unfit("illegal base64 data at input byte 0") from None
    try:
        decoded = msgspec.json.decode(told)
        namespace, _, name = decoded["start"].rstrip("\0").partition("/")
        return int(decoded["rv"]), (namespace, name)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
        first = told[:1].decode("latin-1")
        shown = first if first.isascii() and first.isprintable() else f"\\x{ord(first or chr(0)):02x}"
        raise _unfit(f"invalid character '{shown}' looking for beginning of value") from None


def _unfit(words: str) -> status.RefusalError:
    return status.bad_request(f"invalid continue token: continue key is not valid: {words}")

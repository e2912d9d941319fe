"""The recordings of a real API server, made comparable: what differs from run to run is mapped to stand-ins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parents[3] / "payloads" / "kubernetes"
#: Who asked: most recordings were made as an administrator, these as others.
ROLES = {
    65: "volati-bot",
    66: "volati-bot",
    67: "",
    68: "volati-bot",
    71: "volati-bot",
    72: "volati-bot",
    73: "volati-bot",
}
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_CURRENT = re.compile(r"current: \d+")
#: Fields whose values are of that run, by their name: they must be there, and no more.
_OF_THE_RUN = {
    "resourceVersion",
    "continue",
    "clusterIP",
    "storageVersionHash",
    "gitVersion",
    "gitCommit",
    "gitTreeState",
}
_OF_THE_RUN |= {"serverAddress", "buildDate", "goVersion"}


@dataclass(frozen=True)
class Recording:
    """One request and its answer."""

    number: int
    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    status: int
    content_type: str
    answer: Any

    @property
    def role(self) -> str:
        """Who asked."""
        return ROLES.get(self.number, "admin")


def every() -> Iterator[Recording]:
    """All of them, in the order in which they were made."""
    for file in sorted(FOLDER.glob("*.json")):
        told = msgspec.json.decode(file.read_bytes())
        asked, answered = told["request"], told["response"]
        yield Recording(
            int(file.name[:2]),
            file.stem,
            asked["method"],
            asked["path"],
            asked["headers"],
            asked["body"],
            answered["status"],
            answered["content_type"],
            answered["body"],
        )


def comparable(value: Any, key: str = "") -> Any:
    """A body without what is of one run: uids, versions, times, addresses; and without who manages which field."""
    if key in _OF_THE_RUN:
        return f"<{key}>"
    if isinstance(value, dict):
        return {
            name: comparable(one, name)
            for name, one in value.items()
            if name not in {"managedFields", "storageVersionHash"}
        }
    if isinstance(value, list):
        return [f"<{key}>"] if key == "clusterIPs" else [comparable(one) for one in value]
    if isinstance(value, str):
        return _CURRENT.sub("current: <version>", _TIME.sub("<time>", _UID.sub("<uid>", value)))
    return value

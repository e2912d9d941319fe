"""Uploaded files: tickets for an upload, their bytes, and their shape in answers."""

import itertools
import mimetypes
from dataclasses import dataclass

from playground.slack.refusals import SlackRefusal
from playground.slack.shapes import Json

SIZE_LIMIT = 1_000_000_000  # bytes; Slack takes files up to one gigabyte


@dataclass(slots=True)
class StoredFile:
    """A file, or the promise of one: `data` is None until its bytes came."""

    id: str
    name: str
    size: int
    owner: str
    created: int
    data: bytes | None = None
    title: str = ""
    complete: bool = False


class Files:
    """All files of the workspace."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.files: dict[str, StoredFile] = {}

    def promise(self, name: str, size: int, owner: str, created: int) -> StoredFile:
        """A place for a file of this many bytes."""
        file_id = f"F0{next(self._numbers):08d}"
        self.files[file_id] = StoredFile(file_id, name, size, owner, created, title=name)
        return self.files[file_id]

    def add(self, name: str, data: bytes, owner: str, created: int) -> StoredFile:
        """A whole file, as a person's client uploads it."""
        stored = self.promise(name, len(data), owner, created)
        stored.data, stored.complete = data, True
        return stored

    def find(self, file_id: str) -> StoredFile:
        """A file by id.

        Raises:
            SlackRefusal: `file_not_found`.

        """
        stored = self.files.get(file_id)
        if stored is None:
            raise SlackRefusal("file_not_found")
        return stored


def file_json(stored: StoredFile, origin: str) -> Json:
    """A file as Slack describes it; `origin` is the address of the simulated Slack."""
    kind = stored.name.rpartition(".")[2] if "." in stored.name else "text"
    return {
        **_ALWAYS,
        **_addresses(stored, origin),
        "id": stored.id,
        "created": stored.created,
        "timestamp": stored.created,
        "name": stored.name,
        "title": stored.title,
        "mimetype": mimetypes.guess_type(stored.name)[0] or "text/plain",
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": stored.owner,
        "size": stored.size,
    }


def _addresses(stored: StoredFile, origin: str) -> Json:
    private = f"{origin}/files-pri/{stored.id}/{stored.name}"
    return {
        "url_private": private,
        "url_private_download": f"{private}?download",
        "permalink": f"{origin}/files/{stored.owner}/{stored.id}/{stored.name}",
    }


# What is the same for every file of a small workspace.
_ALWAYS: Json = {
    "editable": False,
    "mode": "hosted",
    "is_external": False,
    "external_type": "",
    "is_public": False,
    "public_url_shared": False,
    "display_as_bot": False,
    "username": "",
}

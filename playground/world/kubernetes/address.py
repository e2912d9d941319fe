"""An address of the API taken apart: which kind, where, which one, which part of it."""

from dataclasses import dataclass

from playground.world.kubernetes import status
from playground.world.kubernetes.kinds import KINDS, Kind, Subresource, kind_at

_NAMESPACE_PARTS = {"status", "finalize"}
_GROUPS = {(kind.group, kind.version) for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Address:
    """What a path names. An empty namespace means all of them; an empty name the whole list."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: Subresource | None = None

    @property
    def resource(self) -> str:
        """As rights name it: `pods`, `pods/log`."""
        return f"{self.kind.plural}/{self.subresource.name}" if self.subresource else self.kind.plural

    @property
    def verbs(self) -> tuple[str, ...]:
        """What can be done there."""
        return self.subresource.verbs if self.subresource else self.kind.verbs


def address(path: str, extra: tuple[Kind, ...] = ()) -> Address:
    """The address that a path below /api or /apis names. `extra` are the kinds of aggregated APIs.

    Raises:
        NoSuchPageError: it belongs to no API group.
        RefusalError: the group has no such kind, or the kind no such part.
    """
    words = [word for word in path.split("/") if word]
    if words[:1] not in (["api"], ["apis"]):
        raise status.NoSuchPageError(path)
    depth = 2 if words[:1] == ["api"] else 3
    group = words[1] if depth == 3 and len(words) > 1 else ""  # noqa: PLR2004 /apis/group/version
    version = words[depth - 1] if len(words) >= depth else ""
    if (group, version) not in _GROUPS | {(kind.group, kind.version) for kind in extra}:
        raise status.NoSuchPageError(path)
    namespace, rest = _namespace(words[depth:])
    kind = _kind(group, version, rest[0], extra) if rest else None
    if kind is None or len(rest) > 3 or (namespace and not kind.namespaced):  # noqa: PLR2004 kind, name, part
        raise status.no_such_resource()
    name, part = (*rest[1:], "", "")[:2]
    return Address(kind, namespace, name, _part(kind, part))


def _namespace(words: list[str]) -> tuple[str, list[str]]:
    inside = words[:1] == ["namespaces"] and len(words) > 2 and words[2] not in _NAMESPACE_PARTS  # noqa: PLR2004
    return (words[1], words[2:]) if inside else ("", words)


def _kind(group: str, version: str, plural: str, extra: tuple[Kind, ...]) -> Kind | None:
    added = (kind for kind in extra if (kind.group, kind.version, kind.plural) == (group, version, plural))
    return kind_at(group, version, plural) or next(added, None)


def _part(kind: Kind, name: str) -> Subresource | None:
    found = kind.subresource(name) if name else None
    if name and found is None:
        raise status.no_such_resource()
    return found

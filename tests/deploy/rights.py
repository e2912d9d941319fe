"""What rights the bot uses, from what its code asks for; and how a role says them."""

import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.actions.table import ACTIONS
from bot.clients.kubernetes import KubernetesClient
from bot.clients.kubernetes.connection import Question
from bot.clients.kubernetes.rights import split
from diagnostics.evidence.cluster.client import Cluster, LogAsked
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import CouldNotLookError, Reason
from tests.deploy.manifests import Thing

SPACE = "a-namespace"
_NAME = "a-name"
_VALUES: dict[object, Any] = {
    str: SPACE,
    Name: Name(SPACE, _NAME),
    LogAsked: LogAsked(Name(SPACE, "pod"), "container"),
    tuple[Right, ...]: (Right("list", "pods", SPACE),),
}
#: What every account may: to ask what it may, and the server's version (system:basic-user, system:public-info-viewer).
_ANYBODYS = (
    "selfsubjectrulesreviews.authorization.k8s.io",
    "selfsubjectaccessreviews.authorization.k8s.io",
    "the version",
)
Granted = tuple[str, str, str, str]
"""A verb, an API group, a resource, and the one name it is about, or "" for all."""


class _Asked:
    """Stands for a connection: remembers the right that each question needs, and answers none."""

    host = "nowhere"

    def __init__(self) -> None:
        self.rights: set[Right] = set()

    async def ask(self, question: Question) -> bytes:
        self.rights.add(question.right)
        raise CouldNotLookError(Reason.FAILED, "Nobody is asked.")


async def looked() -> set[Right]:
    """The right of every question that the bot's client asks to look at a cluster, each call of it made once."""
    connection = _Asked()
    client: Any = KubernetesClient(connection, SimpleNamespace(secret=None, config=None))  # type: ignore[arg-type]
    for name, call in inspect.getmembers(Cluster, inspect.iscoroutinefunction):
        parameters = list(inspect.signature(call).parameters.values())[1:]
        before = len(connection.rights)
        try:
            await getattr(client, name)(*(_VALUES[one.annotation] for one in parameters))
        except CouldNotLookError:
            assert len(connection.rights) > before or name == "missing", name
    return {right for right in connection.rights if right.resource not in _ANYBODYS}


def acted(*, probing: bool) -> set[Right]:
    """The rights that in-cluster probes need in their namespace, or those of all other guarded acts in any."""
    acts = [act for name, act in ACTIONS.items() if (name == "probe") is probing]
    return {right for act in acts for right in act.rights(SPACE)}


def told(rights: Iterable[Right]) -> set[Granted]:
    """Rights as a role would grant them."""
    found = set()
    for right in rights:
        group, resource, name = split(right)
        found.add((right.verb, group, resource, name))
    return found


def granted(rules: Iterable[Thing]) -> set[Granted]:
    """What a role's rules grant, one by one."""
    return {
        (verb, group, resource, name)
        for rule in rules
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames") or ("",)
    }


def rules(rights: set[Granted]) -> list[Thing]:
    """The rules that grant just this, as few as there are groups and sets of verbs."""
    verbs: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for verb, group, resource, name in sorted(rights):
        verbs[group, resource, name].append(verb)
    merged: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource, name), some in sorted(verbs.items()):
        merged[group, name, tuple(some)].append(resource)
    return [
        {"apiGroups": [group], "resources": resources, **({"resourceNames": [name]} if name else {}), "verbs": [*some]}
        for (group, name, some), resources in merged.items()
    ]


def written(path: Path, kind: str, name: str, about: str, rights: set[Granted]) -> None:
    """Write a role down as this would have it: to be looked at, as golden files are."""
    lines = [f"# {about}", "# Held to the code by tests/deploy/test_rights.py, in both directions.", *_role(kind, name)]
    for rule in rules(rights):
        lines.append(f"  - apiGroups: [{rule['apiGroups'][0] or chr(34) * 2}]")
        lines += [
            f"    {key}: [{', '.join(rule[key])}]" for key in ("resources", "resourceNames", "verbs") if key in rule
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _role(kind: str, name: str) -> Iterator[str]:
    yield from ("apiVersion: rbac.authorization.k8s.io/v1", f"kind: {kind}", "metadata:", f"  name: {name}", "rules:")

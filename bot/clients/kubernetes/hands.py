"""Reads and writes of one cluster for guarded acts, satisfying `bot.actions.hands.ClusterHands`.

It carries out single requests and decides nothing: no plan, no second try. Things are given as the API sends them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec.structs import replace as but

from bot.actions.hands import Kind, Ref, Thing
from bot.clients.kubernetes import paths
from bot.clients.kubernetes.connection import Address, Connection, Question, RefusedError, opened
from bot.clients.kubernetes.logs import log_of
from bot.clients.kubernetes.paging import listed
from bot.clients.kubernetes.rights import split
from bot.clients.kubernetes.writing import Write, written
from bot.errors import WriteRefused, WriteUncertain
from diagnostics.evidence.cluster.client import LogAsked, LogText
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.model import CouldNotLookError, Reason

_NOT_FOUND, _CONFLICT = 404, 409
_MERGE = "application/strategic-merge-patch+json"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
Clean = Callable[[Iterable[str]], tuple[str, ...]]


class KubernetesHands:
    """One cluster, for reading and writing. Made by `opened`."""

    def __init__(self, connection: Connection, clean: Clean) -> None:
        """`clean` takes the secrets out of a log's lines."""
        self._connection = connection
        self._clean = clean

    @classmethod
    @asynccontextmanager
    async def opened(cls, address: Address, clean: Clean) -> AsyncIterator["KubernetesHands"]:
        """Hands on a cluster, let go of at the end of the block.

        Raises:
            CouldNotLookError: the configuration cannot be used.
        """
        async with opened(address) as connection:
            yield cls(connection, clean)

    async def read(self, ref: Ref) -> Thing | None:
        """As `ClusterHands.read`."""
        try:
            return _decoded(await self._connection.ask(_question("get", ref)))
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    async def listed(self, kind: Kind, namespace: str) -> tuple[Thing, ...]:
        """As `ClusterHands.listed`."""
        path = paths.collection(kind.group, _plural(kind), namespace)
        every: tuple[Thing, ...] = await listed(
            self._connection, path, kind.right("list", namespace), dict[str, Any], lambda thing: thing
        )
        return every

    async def missing(self, rights: tuple[Right, ...]) -> tuple[Right, ...]:
        """As `ClusterHands.missing`."""
        answers = await asyncio.gather(*(self._may(right) for right in rights), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return tuple(right for right, may in zip(rights, answers, strict=True) if not may)

    async def patch(self, ref: Ref, change: Thing, *, dry: bool = False) -> Thing:
        """As `ClusterHands.patch`."""
        return _answered(await written(self._connection, _write("PATCH", ref, change, dry=dry)), dry=dry)

    async def replace(self, ref: Ref, thing: Thing, *, dry: bool = False) -> Thing:
        """As `ClusterHands.replace`."""
        return _answered(await written(self._connection, _write("PUT", ref, thing, dry=dry)), dry=dry)

    async def create(self, kind: Kind, thing: Thing, *, dry: bool = False) -> Thing:
        """As `ClusterHands.create`."""
        about = thing["metadata"]
        right = kind.right("create", about["namespace"])
        path = paths.collection(kind.group, _plural(kind), about["namespace"])
        name = about.get("name") or f"{about.get('generateName', '')}…"
        what = f"create {_singular(kind)} {about['namespace']}/{name}"
        write = Write(Question(path, right, _dry(dry), thing, "POST"), what, dry)
        return _answered(await written(self._connection, write), dry=dry)

    async def delete(self, ref: Ref, uid: str, *, dry: bool = False) -> bool:
        """As `ClusterHands.delete`."""
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
            "propagationPolicy": "Background",
            **({"dryRun": ["All"]} if dry else {}),  # of a deletion with a body the server reads no query
        }
        try:
            await written(self._connection, _write("DELETE", ref, options, dry=dry))
        except WriteRefused as error:
            if error.status in {_NOT_FOUND, _CONFLICT}:
                return False
            raise
        return True

    async def log(self, asked: LogAsked) -> LogText:
        """As `ClusterHands.log`; without secrets."""
        text = await log_of(self._connection, asked)
        return but(text, lines=await asyncio.to_thread(self._clean, text.lines))

    async def _may(self, right: Right) -> bool:
        group, resource, name = split(right)
        kind, _, part = resource.partition("/")
        wanted = {"namespace": right.namespace, "verb": right.verb, "group": group, "resource": kind}
        more = {key: value for key, value in (("subresource", part), ("name", name)) if value}
        body = {
            "kind": "SelfSubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "spec": {"resourceAttributes": {**wanted, **more}},
        }
        asking = Right("create", "selfsubjectaccessreviews.authorization.k8s.io")
        review = _decoded(await self._connection.ask(Question(_REVIEWS, asking, body=body)))
        return bool(review.get("status", {}).get("allowed"))


_VERBS: Mapping[str, str] = {"PATCH": "patch", "PUT": "update", "DELETE": "delete"}


def _question(verb: str, ref: Ref) -> Question:
    path = paths.single(ref.kind.group, _plural(ref.kind), ref.name.namespace, ref.name.name, ref.part)
    return Question(path, ref.kind.right(verb, ref.name.namespace, ref.part))


def _write(method: str, ref: Ref, body: Thing, *, dry: bool) -> Write:
    asked, form = _question(_VERBS[method], ref), _MERGE if method == "PATCH" else "application/json"
    question = Question(asked.path, asked.right, _dry(dry), body, method, form)
    part = f"the {ref.part} of " if ref.part else ""
    return Write(question, f"{_VERBS[method]} {part}{_singular(ref.kind)} {ref.name}", dry)


def _dry(dry: bool) -> dict[str, str | int]:  # noqa: FBT001 a word of the query, or none
    return {"dryRun": "All"} if dry else {}


def _plural(kind: Kind) -> str:
    return kind.rpartition("/")[2]


def _singular(kind: Kind) -> str:
    return _plural(kind).removesuffix("s")


def _decoded(body: bytes) -> dict[str, Any]:
    """An answer of one thing. What was in it is not told: it may be a secret."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        detail = "What the API server sent cannot be read. Is it an API server that answers there?"
        raise CouldNotLookError(Reason.FAILED, detail) from error


def _answered(body: bytes, *, dry: bool) -> Thing:
    """What a write was answered with. An answer that cannot be read does not say what was done."""
    try:
        return _decoded(body)
    except CouldNotLookError as error:
        if dry:
            raise
        raise WriteUncertain(f"A write was answered with what cannot be read. {error.detail}") from error

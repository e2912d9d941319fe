"""From a request to its answer: who asks, what page or object is meant, may they, and which handler answers."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from playground.world.kubernetes import (
    discovery,
    evictions,
    logs,
    metrics,
    openapi,
    reading,
    reviews,
    status,
    watch,
    writing,
)
from playground.world.kubernetes.access import Deed, Tokens, decide, refusal, user
from playground.world.kubernetes.address import Address, address
from playground.world.kubernetes.calls import JSON, TEXT, Call, Refuses, Reply, User, told
from playground.world.kubernetes.kinds import Kind, Thing, kind_named
from playground.world.kubernetes.kubelets import Kubelets
from playground.world.kubernetes.paging import TOO_OLD
from playground.world.kubernetes.store import Store
from playground.world.kubernetes.trouble import Trouble

_POD = kind_named("Pod")
_METHODS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_READS = {"get", "list", "watch"}
_EVERYWHERE = {"list", "watch"}  # what can be done with a kind in all namespaces at once
_RUN_NOTHING = {"exec", "attach", "portforward", "proxy"}
Handler = Callable[[Call], Reply]

_HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("get", ""): reading.get,
    ("list", ""): reading.listed,
    ("create", ""): writing.create,
    ("update", ""): writing.replace,
    ("patch", ""): writing.patch,
    ("delete", ""): writing.delete,
    ("deletecollection", ""): writing.delete_collection,
    ("get", "status"): reading.get,
    ("update", "status"): writing.replace,
    ("patch", "status"): writing.patch,
    ("get", "scale"): reading.scale,
    ("update", "scale"): writing.scale,
    ("patch", "scale"): writing.scale,
    ("get", "ephemeralcontainers"): reading.get,
    ("update", "ephemeralcontainers"): writing.ephemeral_containers,
    ("patch", "ephemeralcontainers"): writing.ephemeral_containers,
    ("create", "eviction"): evictions.evict,
}


@dataclass(frozen=True, slots=True)
class Watching:
    """An answer that goes on: a watch."""

    watch: watch.Watch
    content_type: str = JSON


@dataclass(frozen=True, slots=True)
class Following:
    """An answer that goes on: a log that is followed. `lines` is given how time passes."""

    lines: Callable[[Callable[[float], Awaitable[object]]], AsyncIterator[bytes]]
    content_type: str = TEXT


Answer = Reply | Watching | Following


@dataclass(frozen=True)
class Desk:
    """Where requests are answered."""

    store: Store
    kubelets: Kubelets
    tokens: Tokens
    refuses: Refuses

    def answer(self, request: web.Request, body: bytes, trouble: Trouble) -> Answer:
        """The answer to a request.

        Raises:
            RefusalError: it is not done.
            NoSuchPageError: its address belongs to no group.
        """
        who = self.tokens.who(request.headers.get("Authorization", ""))
        added = metrics.KINDS if trouble.metrics != "missing" else ()
        page = _page(request, added)
        at = None if page else _address(request.path, added)
        deed = _deed(request, at)
        who = self._impersonated(request, who, deed)
        if not decide(self.store, who, deed, trouble.forbidden)[0]:
            raise refusal(who, deed)
        if at is not None:
            return self._object(self._call(request, body, who, at), trouble)
        if page is None:
            raise status.NoSuchPageError(request.path)
        return page

    def _call(self, request: web.Request, body: bytes, who: User, at: Address) -> Call:
        verb = _verb(request, at)
        homeless = at.kind.namespaced and not at.namespace and verb not in _EVERYWHERE
        nameless = not at.name and verb in {"update", "patch"}
        if verb not in at.verbs or homeless or nameless:
            raise status.not_allowed()
        call = Call(verb, at, request.query, request.headers, body, who, self.store, self.refuses)
        dry = verb not in _READS and call.dry
        return replace(call, store=self.store.rehearsal()) if dry else call

    def _object(self, call: Call, trouble: Trouble) -> Answer:
        kind, part = call.at.kind, call.at.subresource.name if call.at.subresource else ""
        if kind in metrics.KINDS:
            return self._metrics(call, trouble)
        if kind.verbs == ("create",) and kind.group:
            return _done(lambda asked: reviews.answer(asked, trouble.forbidden), call)
        if part == "log":
            return self._log(call)
        if call.verb == "watch":
            return Watching(watch.begun(call, reading.form(call)))
        if trouble.expired and call.query.get("continue"):
            raise status.expired(TOO_OLD)
        handler = _HANDLERS.get((call.verb, part))
        if handler is None:
            raise _not_simulated(kind, part)
        return _done(handler, call)

    def _metrics(self, call: Call, trouble: Trouble) -> Reply:
        if trouble.metrics == "unavailable":
            raise status.unavailable()
        return metrics.answer(call, self.kubelets)

    def _log(self, call: Call) -> Answer:
        pod = reading.found(call)
        part = logs.wanted(call, pod)
        lines = logs.read(self.kubelets, pod, part)
        if call.flag("follow"):
            return Following(lambda sleep: logs.followed(self.kubelets, call, part, sleep))
        return Reply(200, part.text(lines), TEXT)

    def _impersonated(self, request: web.Request, who: User, deed: Deed) -> User:
        """Who is acted as, where somebody acts as somebody else."""
        other = request.headers.get("Impersonate-User", "")
        if not other:
            return who
        if not decide(self.store, who, Deed("impersonate", "users", name=other))[0]:
            raise refusal(
                who, Deed(f"impersonate-on:user-info:{deed.verb}", deed.resource, deed.group, deed.namespace, deed.name)
            )
        prefix = "system:serviceaccount:"
        role = other.removeprefix(prefix).replace(":", "/") if other.startswith(prefix) else other
        return User(other, user(role).groups if role != "admin" else ("system:authenticated",))


def _deed(request: web.Request, at: Address | None) -> Deed:
    """What is wanted. A list that is chosen by one name counts as a look at that one."""
    if at is None:
        return Deed(request.method.lower(), path=request.path)
    chosen = re.fullmatch(r"metadata\.name==?([^,!=]+)", request.query.get("fieldSelector", ""))
    return Deed.at(_verb(request, at), replace(at, name=chosen[1]) if chosen and not at.name else at)


def _done(handler: Handler, call: Call) -> Reply:
    """What a handler answers. A body with a list where an object belongs, or the like, is refused here.

    A server that reads typed objects refuses it when it decodes them; ours meets it wherever it first matters.
    """
    try:
        return handler(call)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if call.verb in _READS:
            raise
        kind = call.at.kind
        form = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}'
        raise status.bad_request(f"{form}: json: cannot unmarshal: {error!r}") from error


def _address(path: str, added: tuple[Kind, ...]) -> Address | None:
    """What a path names, or None where it belongs to no group."""
    try:
        return address(path, added)
    except status.NoSuchPageError:
        return None


def _verb(request: web.Request, at: Address | None) -> str:
    verb = _METHODS.get(request.method, "")
    if at is None or at.name or not verb:
        return verb
    if verb == "get":
        return "watch" if request.query.get("watch", "") in {"1", "true", "True"} else "list"
    return "deletecollection" if verb == "delete" else verb


def _page(request: web.Request, added: tuple[Kind, ...]) -> Reply | None:
    """The pages that are no objects: health, versions, discovery."""
    words = [word for word in request.path.split("/") if word]
    if words[:1] in (["healthz"], ["livez"], ["readyz"]):
        text = discovery.health(words[0], verbose="verbose" in request.query)
        return Reply(200, text.encode(), TEXT)
    if words == ["version"]:
        return told(200, discovery.VERSION)
    if words in (["api"], ["apis"]):
        return _groups(request, words[0] == "api", added)
    found = _document(words, added)
    return told(200, found) if found else None


def _document(words: list[str], added: tuple[Kind, ...]) -> Thing | None:
    """The pages that describe the API, each named by the words of its path."""
    match words:
        case ["apis", group]:
            return discovery.one_group(group, added)
        case ["apis", group, version]:
            return discovery.resources(group, version, added)
        case ["api", "v1"]:
            return discovery.resources("", "v1")
        case ["openapi", "v3"]:
            return openapi.index()
        case ["openapi", "v3", *place]:
            return openapi.document("/".join(place))
        case _:
            return None


def _groups(request: web.Request, core: bool, added: tuple[Kind, ...]) -> Reply:  # noqa: FBT001 one of two pages
    if "as=APIGroupDiscoveryList" in request.headers.get("Accept", ""):
        body = told(200, discovery.aggregated(core=core, extra=added)).body
        return Reply(200, body, discovery.AGGREGATED)
    return told(200, discovery.versions(request.host) if core else discovery.groups(added))


def _not_simulated(kind: Kind, part: str) -> status.RefusalError:
    if part in _RUN_NOTHING:
        words = f"the simulated cluster runs no processes: {kind.plural}/{part} leads nowhere"
        return status.RefusalError(501, "NotImplemented", words, {})
    return status.no_such_resource()

"""Which workload is meant by what a person typed, among those of the configured namespaces; every other is refused.

How words mean things is told by `diagnostics.glances.meaning`; here they are only found, and refused in words.
"""

import asyncio
from dataclasses import dataclass

from bot.actions.hands import Hands, Kind, Thing
from bot.actions.plan import Request, Target
from bot.actions.things import KINDS, WORDS, name
from bot.errors import CannotAct
from diagnostics.evidence.cluster.names import Name
from diagnostics.glances import meaning
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.words import few, raw_line

_NAMES = {Kind.DEPLOYMENT: "deployments", Kind.STATEFUL_SET: "stateful sets", Kind.DAEMON_SET: "daemon sets"}
#: As the API, and what a diagnosis has read of it, names them.
_KINDS = {Kind.DEPLOYMENT: "Deployment", Kind.STATEFUL_SET: "StatefulSet", Kind.DAEMON_SET: "DaemonSet"}
#: Characters of a person's own text that an answer repeats at most.
_ECHO = 60
#: Why a namespace may be left out: where the bot may not even look, it has no right to act either.
_NO_RIGHT = {Reason.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class Found:
    """The workload that is meant, as it is just now."""

    kind: Kind
    thing: Thing

    @property
    def target(self) -> Target:
        """What it is called."""
        return Target(WORDS[self.kind], name(self.thing))


@dataclass(frozen=True, slots=True)
class _There:
    """What there is, and what could not be looked at, in sentences."""

    found: tuple[Found, ...]
    unseen: tuple[str, ...]


async def found(request: Request, hands: Hands, kinds: tuple[Kind, ...]) -> Found:
    """The workload that the request's target means.

    Raises:
        CannotAct: it means none, or several, or one of a kind that this act does not know, or one elsewhere.
        CouldNotLookError: what there is could not be seen.
    """
    word = request.target
    if not word:
        raise CannotAct(f"Say which workload: {request.action} volaticloud-backend, for example.")
    _within(word, hands)
    there = await _there(hands)
    meant = meaning.meant(word, [_as_meant(one) for one in there.found])
    if isinstance(meant, meaning.Ambiguous):
        raise CannotAct(
            f"“{raw_line(word, _ECHO)}” means several: {few(meant.names)}. Name one with its namespace or kind."
        )
    if isinstance(meant, meaning.Unknown):
        raise CannotAct(_unknown(meant, there, hands))
    one = next(one for one in there.found if _as_meant(one) == meant)
    if one.kind not in kinds:
        able = " and ".join(_NAMES[kind] for kind in kinds)
        raise CannotAct(f"{one.target} is no candidate: {request.action} is for {able} only.")
    return one


def reference(target: Target) -> tuple[Kind, Name]:
    """A plan's target as its kind and name.

    Raises:
        CannotAct: it is no workload: a plan of another version of the bot.
    """
    kind = KINDS.get(target.kind)
    if kind is None:
        raise CannotAct(f"A {target.kind} is no workload that Volati knows; ask for the plan anew.")
    return kind, target.name


def allowed(name: Name, hands: Hands) -> None:
    """Refuse what is outside of the configured namespaces, also where a plan names it.

    Raises:
        CannotAct: it is.
    """
    if not hands.expected.sees(name):
        raise CannotAct(_elsewhere(name.namespace, hands))


def _within(word: str, hands: Hands) -> None:
    """Refuse a namespace that is none of the configured ones, by what stands before the last slash."""
    before, slash, _ = word.rpartition("/")
    namespace = before.partition("/")[0]
    if slash and not meaning.is_kind(before) and namespace not in hands.expected.namespaces:
        raise CannotAct(_elsewhere(namespace, hands))


def _elsewhere(namespace: str, hands: Hands) -> str:
    setting = f"environments.{hands.environment}.kubernetes.namespaces"
    named, those = raw_line(namespace, _ECHO), ", ".join(hands.expected.namespaces)
    return f"Volati does nothing in namespace {named}: it is none of {those}. Add it to {setting} if it should."


async def _there(hands: Hands) -> _There:
    """Every workload of the configured namespaces, all lists at once."""
    places = [(kind, namespace) for namespace in hands.expected.namespaces for kind in WORDS]
    lists = await asyncio.gather(
        *(hands.cluster.listed(kind, namespace) for kind, namespace in places), return_exceptions=True
    )
    seen: list[Found] = []
    unseen: list[CouldNotLookError] = []
    for (kind, _), listed in zip(places, lists, strict=True):
        if isinstance(listed, CouldNotLookError) and listed.reason in _NO_RIGHT:
            unseen.append(listed)
        elif isinstance(listed, BaseException):
            raise listed
        else:
            seen += [Found(kind, thing) for thing in listed]
    if len(unseen) == len(places):
        raise unseen[0]
    return _There(tuple(seen), tuple(error.detail for error in unseen))


def _as_meant(one: Found) -> meaning.Thing:
    return meaning.Thing(_KINDS[one.kind], name(one.thing))


def _unknown(meant: meaning.Unknown, there: _There, hands: Hands) -> str:
    where = f"in {', '.join(hands.expected.namespaces)}"
    names = few(meant.nearest or meant.all)
    hint = f"Did you mean {names}?" if meant.nearest else f"There is {names}." if names else "There is none at all."
    blind = f" Not everything could be seen: {there.unseen[0]}" if there.unseen else ""
    return f"There is no workload “{raw_line(meant.word, _ECHO)}” {where}. {hint}{blind}"

"""What a plan tells people before they say yes: whom it hits, what it costs, what stands against it. Pure."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.actions.hands import Hands, Kind, Thing
from bot.actions.rollout import partition, wanted
from bot.actions.surroundings import Surroundings
from bot.actions.targets import Found
from bot.actions.things import age, annotations, labels, name, over, ready
from diagnostics.words import counted, few

BOT_ID, BOT_NAME = "volaticloud.bot.id", "volaticloud.bot.name"
"""The labels by which the platform marks the containers and pods of trading bots."""

PODS_NAMED = 10
"""Pods named one by one; more are counted: a phone shows so many lines without scrolling."""

_HELM = "meta.helm.sh/release-name"
_MANAGED_BY = "app.kubernetes.io/managed-by"
#: Labels by which those who keep a cluster as a repository says mark what they keep.
_KEEPERS = {"argocd.argoproj.io/instance": "Argo CD", "kustomize.toolkit.fluxcd.io/name": "Flux"}


def hits(found: Found, around: Surroundings, hands: Hands) -> tuple[str, ...]:
    """Whom it touches: each pod with its age; and for the backend the bots that nobody can steer meanwhile."""
    now = hands.clock.now()
    told = [_pod(pod, now) for pod in around.pods[:PODS_NAMED]]
    more = len(around.pods) - PODS_NAMED
    beside = _bots_beside(around) if found.target.name == hands.expected.backend else ()
    return (*told, *([counted(more, "more pod")] if more > 0 else []), *beside)


def live_bot(found: Found) -> str:
    """The trading bot that the target is; empty for what is none."""
    about = {**labels(found.thing), **(found.thing["spec"]["template"].get("metadata") or {}).get("labels", {})}
    return str(about.get(BOT_NAME) or about.get(BOT_ID) or "")


def gap(found: Found, around: Surroundings) -> str:
    """Whether anybody is left unserved while its pods are replaced, and why; empty where nobody is."""
    target = wanted(found.kind, found.thing)
    if target == 0:
        return ""
    stay = _stay(found, target)
    serving = sum(ready(pod) for pod in around.pods)
    if stay <= 0:
        return f"Nobody is served for a while: {_why_all(found, target)}."
    if around.pods and serving < target:
        return f"Only {serving} of {counted(target, 'pod')} serve now, so that fewer than {stay} may be left meanwhile."
    return ""


def downtime(found: Found, around: Surroundings) -> str:
    """What those served will notice, in one sentence."""
    target = wanted(found.kind, found.thing)
    if target == 0:
        return "It has no pods just now, so nobody notices."
    stay = _stay(found, target)
    return gap(found, around) or f"No downtime expected: there are never fewer than {counted(stay, 'pod')} that serve."


def warnings(found: Found, around: Surroundings) -> tuple[str, ...]:
    """What a person should know before pods are replaced."""
    return (*_about_rollout(found, around), *around.unseen)


def kept_by(found: Found, undone: str, kept: str) -> Iterator[str]:
    """What becomes of a change by hand: by Helm, or by whoever keeps the cluster as a repository says.

    Args:
        found: the target.
        undone: what is said where the change is undone, as in "the number of pods".
        kept: what is said instead where Helm lets the change be; empty where it does not.
    """
    release = annotations(found.thing).get(_HELM) or (
        "its release" if labels(found.thing).get(_MANAGED_BY) == "Helm" else ""
    )
    if release:
        by = f"It is managed by Helm (release {release})"
        yield f"{by}: {kept}." if kept else f"{by}: the next helm upgrade sets {undone} back."
    elif manager := labels(found.thing).get(_MANAGED_BY, ""):
        yield f"It is managed by {manager}, which may set {undone} back at any time."
    for label, keeper in _KEEPERS.items():
        if label in labels(found.thing):
            yield f"{keeper} keeps it as its repository says, and may set {undone} back within minutes."


def _about_rollout(found: Found, around: Surroundings) -> Iterator[str]:
    target = wanted(found.kind, found.thing)
    if bot := live_bot(found):
        yield f"It is the trading bot {bot}: it does not trade until it is up again."
    for budget in around.budgets:
        least = int((budget.get("status") or {}).get("desiredHealthy") or 0)
        if target and _stay(found, target) < least:
            yield (
                f"Disruption budget {name(budget).name} wants at least {counted(least, 'healthy pod')}. "
                f"A rollout does not ask it, and may go below."
            )
    if found.kind is Kind.STATEFUL_SET and (first := partition(found.thing)):
        yield f"Its update is partitioned: only pods from number {first} on are replaced."
    if target and not _probed(found.thing):
        yield "It has no readiness probe: a new pod counts as ready at once, whether it serves or not."


def _pod(pod: Thing, now: datetime) -> str:
    state = "ready" if ready(pod) else "not ready"
    return f"pod {name(pod).name}, {age(pod, now)} old, {state}"


def _bots_beside(around: Surroundings) -> Iterator[str]:
    beside = [labels(pod) for pod in around.others if BOT_ID in labels(pod) and not over(pod)]
    bots = dict.fromkeys(about.get(BOT_NAME) or about[BOT_ID] for about in beside)
    if bots:
        yield f"{counted(len(bots), 'live bot')} beside it ({few(bots)}): they go on, and cannot be steered meanwhile"


def _stay(found: Found, target: int) -> int:
    """How many pods are left at least while all are replaced one after another."""
    if found.kind is Kind.STATEFUL_SET:
        return target - 1
    return target - _fewer(found, target)


def _fewer(found: Found, target: int) -> int:
    """How many pods fewer than wanted its strategy lets there be."""
    spec = found.thing["spec"]
    strategy = spec.get("strategy" if found.kind is Kind.DEPLOYMENT else "updateStrategy") or {}
    if strategy.get("type") == "Recreate":
        return target
    rolling = strategy.get("rollingUpdate") or {}
    default: Any = "25%" if found.kind is Kind.DEPLOYMENT else 1
    fewer = _share(rolling.get("maxUnavailable", default), target, up=found.kind is not Kind.DEPLOYMENT)
    surge = _share(rolling.get("maxSurge", "25%" if found.kind is Kind.DEPLOYMENT else 0), target, up=True)
    return min(target, fewer if fewer or surge else 1)


def _share(said: Any, of: int, *, up: bool) -> int:  # noqa: ANN401 a number or a percentage, as the API has it
    """A number of pods, or a share of them: Kubernetes rounds surge up and what a deployment lacks down."""
    if isinstance(said, int):
        return said
    share = float(str(said).removesuffix("%")) / 100 * of
    return math.ceil(share) if up else math.floor(share)


def _why_all(found: Found, target: int) -> str:
    spec: Mapping[str, Any] = found.thing["spec"]
    if (spec.get("strategy") or {}).get("type") == "Recreate":
        return "its strategy is Recreate, so that every pod ends before a new one starts"
    return "its only pod ends before the new one is ready" if target == 1 else "its strategy lets all pods end at once"


def _probed(thing: Thing) -> bool:
    containers = thing["spec"]["template"]["spec"].get("containers") or ()
    return any(one.get("readinessProbe") for one in containers)

"""The words in which tables tell of objects: ages, what state a pod is in, ports, targets."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from playground.world.kubernetes.kinds import Thing

NONE = "<none>"
UNKNOWN = "<unknown>"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def age(since: str | None, now: datetime) -> str:
    """How long ago, as kubectl has it: 5s, 2m30s, 3h4m, 5d."""
    if not since:
        return UNKNOWN
    return duration(int((now - moment_of(since)).total_seconds()))


def moment_of(text: str) -> datetime:
    """The time that an object carries."""
    return datetime.fromisoformat(text).astimezone(UTC)


def duration(seconds: int) -> str:
    """A time in two units at most: the larger it is, the rougher (k8s.io/apimachinery's HumanDuration)."""
    minutes, hours, days = seconds // _MINUTE, seconds // _HOUR, seconds // _DAY
    if seconds < 2 * _MINUTE:
        return f"{max(seconds, 0)}s"
    if minutes < 10:  # noqa: PLR2004 from here on seconds are left out
        return _two(minutes, "m", seconds % _MINUTE, "s")
    if hours < 3:  # noqa: PLR2004 from here on hours are told
        return f"{minutes}m"
    if hours < 8:  # noqa: PLR2004 from here on minutes are left out
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:  # noqa: PLR2004 from here on days are told
        return f"{hours}h"
    return _two(days, "d", hours % 24, "h") if days < 8 else f"{days}d"  # noqa: PLR2004 then hours are left out


def _two(large: int, unit: str, small: int, other: str) -> str:
    return f"{large}{unit}{small}{other}" if small else f"{large}{unit}"


def statuses(pod: Thing, part: str = "containerStatuses") -> list[Thing]:
    """What is told of a pod's containers."""
    told: list[Thing] = pod.get("status", {}).get(part) or []
    return told


def pod_state(pod: Thing) -> str:
    """The word in the column STATUS (kubernetes/pkg/printers, printPod)."""
    told = pod.get("status", {})
    word = told.get("reason") or told.get("phase") or "Unknown"
    starting = _initializing(pod)
    word = starting or _containers_state(pod, word)
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if told.get("reason") == "NodeLost" else "Terminating"
    return word


def _initializing(pod: Thing) -> str:
    """What the first init container that has not finished says, or "" when all have."""
    first = statuses(pod, "initContainerStatuses")
    total = len(pod["spec"].get("initContainers") or ())
    for at, one in enumerate(first):
        state = one.get("state", {})
        ended = state.get("terminated")
        if ended and ended.get("exitCode", 0) == 0:
            continue
        if ended:
            return f"Init:{ended.get('reason') or _exit(ended)}"
        waits = state.get("waiting", {}).get("reason", "")
        return f"Init:{waits}" if waits not in {"", "PodInitializing"} else f"Init:{at}/{total}"
    return ""


def _containers_state(pod: Thing, word: str) -> str:
    runs = False
    for one in reversed(statuses(pod)):
        state = one.get("state", {})
        waiting, ended = state.get("waiting", {}).get("reason"), state.get("terminated")
        if waiting:
            word = waiting
        elif ended:
            word = ended.get("reason") or _exit(ended)
        elif one.get("ready") and state.get("running"):
            runs = True
    return ("Running" if _is_ready(pod) else "NotReady") if word == "Completed" and runs else word


def _exit(ended: Thing) -> str:
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _is_ready(pod: Thing) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions") or ())


def pod_ready(pod: Thing) -> str:
    """The column READY: how many containers are, of how many."""
    ready = sum(1 for one in statuses(pod) if one.get("ready") and one.get("state", {}).get("running"))
    return f"{ready}/{len(pod['spec'].get('containers') or ())}"


def pod_restarts(pod: Thing, now: datetime) -> str:
    """The column RESTARTS: how often, and how long ago the last time."""
    told = statuses(pod) if not _initializing(pod) else statuses(pod, "initContainerStatuses")
    count = sum(one.get("restartCount", 0) for one in told)
    ends = [one.get("lastState", {}).get("terminated", {}).get("finishedAt") for one in told]
    last = max((end for end in ends if end), default=None)
    return f"{count} ({age(last, now)} ago)" if count and last else str(count)


def labels(selector: Thing | None) -> str:
    """A selector in one word: `app=x,component in (a,b)`."""
    if selector is None:
        return NONE
    told = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    words = {"Exists": "{key}", "DoesNotExist": "!{key}", "In": "{key} in ({all})", "NotIn": "{key} notin ({all})"}
    told += [
        words[one["operator"]].format(key=one["key"], all=",".join(one.get("values") or ()))
        for one in selector.get("matchExpressions") or ()
    ]
    return ",".join(told) or NONE


def pairs(told: Thing | None) -> str:
    """A map in one word."""
    return ",".join(f"{key}={value}" for key, value in sorted((told or {}).items())) or NONE


def containers(template: Thing) -> list[str]:
    """The two wide columns of whatever has a template: names and images."""
    listed = template.get("spec", {}).get("containers") or ()
    return [",".join(str(one.get(word)) for one in listed) for word in ("name", "image")]


def joined(words: Iterable[Any], none: str = NONE) -> str:
    """Words in one, or what stands for none of them."""
    return ",".join(str(word) for word in words) or none


def service_ports(service: Thing) -> str:
    """The column PORT(S): 80:30080/TCP."""
    told = []
    for port in service["spec"].get("ports") or ():
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        told.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    return joined(told)


def balancer(thing: Thing) -> list[str]:
    """The addresses that a load balancer gave."""
    given = (thing.get("status", {}).get("loadBalancer") or {}).get("ingress") or ()
    return [one.get("ip") or one.get("hostname", "") for one in given]


def external_ip(service: Thing) -> str:
    """The column EXTERNAL-IP."""
    if service["spec"].get("type") == "LoadBalancer":
        return joined(balancer(service), "<pending>")
    return joined(service["spec"].get("externalIPs") or ())


def endpoints(subsets: list[Thing] | None) -> str:
    """The column ENDPOINTS: three at most, and how many more."""
    told = [
        f"{address['ip']}:{port['port']}"
        for subset in subsets or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(told) - 3} more..." if len(told) > 3 else ""  # noqa: PLR2004 as many as kubectl shows
    return joined(told[:3]) + more


def node_state(node: Thing) -> str:
    """The column STATUS of a node."""
    ready = next(
        (one["status"] for one in node.get("status", {}).get("conditions") or () if one["type"] == "Ready"), ""
    )
    word = {"True": "Ready", "": "Unknown"}.get(ready, "NotReady")
    return f"{word},SchedulingDisabled" if node["spec"].get("unschedulable") else word


def node_address(node: Thing, kind: str) -> str:
    """An address of a node."""
    return next((one["address"] for one in node["status"].get("addresses") or () if one["type"] == kind), NONE)


def target(metric: Thing, current: Thing | None) -> str:
    """One of an autoscaler's targets: cpu: 12%/70%."""
    resource = metric.get("resource") or {}
    wanted = resource.get("target", {}).get("averageUtilization")
    now = (current or {}).get("resource", {}).get("current", {}).get("averageUtilization")
    return f"{resource.get('name', metric.get('type', ''))}: {UNKNOWN if now is None else f'{now}%'}/{wanted}%"


def targets(autoscaler: Thing) -> str:
    """The column TARGETS."""
    now = {one.get("resource", {}).get("name"): one for one in autoscaler["status"].get("currentMetrics") or ()}
    told = autoscaler["spec"].get("metrics") or ()
    return joined(target(one, now.get((one.get("resource") or {}).get("name"))) for one in told).replace(",", ", ")

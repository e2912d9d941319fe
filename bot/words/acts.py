"""Reads the words that propose a guarded act, such as `scale backend 3`: text in, a wish or a refusal out. Pure.

Whether there is such a workload is not known here; the act finds out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from diagnostics.glances.meaning import is_kind

TARGET = re.compile(r"[a-z0-9]([-a-z0-9./:]{0,250}[a-z0-9])?")
"""What may be a workload, as people write it: a name, namespace/name, or kind/name."""

_PLACE = re.compile(r"[\x21-\x7e]{1,300}")  # an address: visible ASCII, no blank; what it means is asked later
_NUMBER = re.compile("[0-9]{1,9}")  # how many there may be, the act says
_PID = re.compile("[0-9]{1,10}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?\+\d\d:\d\d", re.ASCII)
_DURATION = re.compile(r"(?:([0-9]{1,2})h)?(?:([0-9]{1,3})m(?:in)?)?")
PROBES = ("tcp", "http", "dns", "postgres", "route")


@dataclass(frozen=True, slots=True)
class Wish:
    """An act somebody wants: its name, on what, and its own settings; `words` are those it was asked for in."""

    action: str
    environment: str
    target: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    words: str = field(default="", compare=False)


class NotUnderstoodError(Exception):
    """The words are not those of this act.

    Args:
        text: why, in a sentence.
        example: words that would work.
    """

    def __init__(self, text: str, example: str) -> None:
        super().__init__(text)
        self.text = text
        self.example = example


Reader = Callable[[Sequence[str]], tuple[str, dict[str, str]]]


def wish(action: str, words: Sequence[str], environment: str) -> Wish:
    """What the words after an act's name mean.

    Raises:
        NotUnderstoodError: nothing.
    """
    target, settings = READERS[action](words)
    return Wish(action, environment, target, settings, " ".join((action, *words)))


def _workload(action: str) -> Reader:
    def read(words: Sequence[str]) -> tuple[str, dict[str, str]]:
        return _one(words, f"{action} backend"), {}

    return read


def _one(words: Sequence[str], example: str) -> str:
    """The one workload that is named; `deployment x` is `deployment/x`."""
    if not words:
        raise NotUnderstoodError("Say which workload, such as “backend”.", example)
    if len(words) > 1 and (len(words) > 2 or not is_kind(words[0])):  # noqa: PLR2004 a kind and a name
        why = "Name one workload; acts are done one by one. Only its kind may stand before it, as “deployment”."
        raise NotUnderstoodError(why, example)
    name = "/".join(words)
    if not TARGET.fullmatch(name):
        raise NotUnderstoodError("That cannot be the name of a workload.", example)
    return name


def _scale(words: Sequence[str]) -> tuple[str, dict[str, str]]:
    example = "scale backend 3"
    *names, number = [word.removeprefix("--replicas=") for word in words if word != "to"] or [""]
    if not _NUMBER.fullmatch(number):
        raise NotUnderstoodError("Say how many pods there should be, as a number at the end.", example)
    return _one(names, example), {"replicas": str(int(number))}


def _failed_pods(words: Sequence[str]) -> tuple[str, dict[str, str]]:
    if len(words) > 1 or (words and not TARGET.fullmatch(words[0])):
        raise NotUnderstoodError(
            "Name one namespace, or none for the platform's own.", "delete-failed-pods volaticloud"
        )
    return (words[0] if words else ""), {}


def _debug_logs(words: Sequence[str]) -> tuple[str, dict[str, str]]:
    example = "debug-logs backend on 30m"
    switch = next((word for word in words if word in {"on", "off"}), "")
    if not switch:
        raise NotUnderstoodError("Say “on” or “off” after the workload.", example)
    place = list(words).index(switch)
    after = words[place + 1 :]
    settings = {"switch": switch}
    if after:
        settings["for"] = _duration(after, example)
    return _one(words[:place], example), settings


def _duration(words: Sequence[str], example: str) -> str:
    """A time such as 30m or 1h30m, as it was written; which are too short or too long, the act says."""
    text = "".join(words).removeprefix("for")
    if not _DURATION.fullmatch(text) or not text:
        raise NotUnderstoodError("Write for how long as in 30m or 2h.", example)
    return text


def _probe(words: Sequence[str]) -> tuple[str, dict[str, str]]:
    example = "probe tcp volaticloud-backend:8080"
    if len(words) != 2 or words[0] not in PROBES:  # noqa: PLR2004 a kind and a target
        raise NotUnderstoodError(f"Say what to probe and where: {', '.join(PROBES)}, and a target.", example)
    if not _PLACE.fullmatch(words[1]):
        raise NotUnderstoodError("That cannot be an address.", example)
    return words[1], {"way": words[0]}


def _session(action: str) -> Reader:
    """A pid, and when the session began that is meant: a button says so, a person rather not."""

    def read(words: Sequence[str]) -> tuple[str, dict[str, str]]:
        example = f"{action} 4711"
        pid, moment = [*(word for word in words if word != "pid"), "", ""][:2]
        if not _PID.fullmatch(pid) or len(words) > 3:  # noqa: PLR2004 the word pid, the number, the moment
            raise NotUnderstoodError("Say which session by its pid, a number; name one.", example)
        if moment and not _MOMENT.fullmatch(moment):
            raise NotUnderstoodError("After the pid stands nothing, or when its session began.", example)
        return str(int(pid)), {"started": moment} if moment else {}

    return read


READERS: Mapping[str, Reader] = {
    "restart": _workload("restart"),
    "rollback": _workload("rollback"),
    "scale": _scale,
    "delete-failed-pods": _failed_pods,
    "debug-logs": _debug_logs,
    "probe": _probe,
    "cancel-query": _session("cancel-query"),
    "end-session": _session("end-session"),
}
"""Every act that can be asked for in words."""

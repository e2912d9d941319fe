"""The calls on which the simulated Docker must answer as a real daemon, and what is compared of an answer.

A real daemon says more than the simulated one, which tells what the bot reads: the keys of each of its objects must be
among the real one's, with the same types, and the facts named here must be the same.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

V = "/v1.41"
"""The version that is asked for: spoken by Docker 20.10, which Debian has, and by every later one."""

CONTAINERS = (
    *("created", "running", "failed", "stopped", "killed", "out-of-memory", "looping", "paused", "again"),
    *("terminal", "unstartable", "unlogged", "long-line"),
)
"""The containers that stand in both daemons, in the order they were made."""

_STATE = ("Status", "Running", "Paused", "Restarting", "OOMKilled", "Dead", "ExitCode")
_HEADER = struct.Struct(">BxxxL")
_NEVER = "0001-01-01T00:00:00Z"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
_NEWEST = re.compile(r"(?<=API version )is \d\.\d+")
_SINCE = re.compile(r"(?:\d+|Less than a|About an?) (?:second|minute|hour|day|week)s?")


@dataclass(frozen=True)
class Contract:
    """One call, and the name under which its answer is kept."""

    name: str
    path: str
    method: str = "GET"


def _contracts() -> Iterator[Contract]:
    yield Contract("ping", "/_ping")
    yield Contract("ping without a body", "/_ping", "HEAD")
    yield Contract("version", "/version")
    yield Contract("version by a version", f"{V}/version")
    yield Contract("too new", "/v1.99/version")
    yield Contract("no such page", f"{V}/nowhere")
    yield Contract("no such container", f"{V}/containers/nope/json")
    yield Contract("no such container's log", f"{V}/containers/nope/logs?stdout=1")
    yield Contract("no stream", f"{V}/containers/failed/logs")
    yield Contract("no time", f"{V}/containers/failed/logs?stdout=1&since=abc")
    for query in ("", "?all=1", "?all=yes", "?all=0", "?all=no"):
        yield Contract(f"list {query}".strip(), f"{V}/containers/json{query}")
    for name in CONTAINERS:
        yield Contract(f"inspect {name}", f"{V}/containers/{name}/json")
        if name != "looping":  # its log grows with each start
            yield Contract(f"log of {name}", f"{V}/containers/{name}/logs?stdout=1&stderr=1")
    for query in ("stdout=1", "stderr=1", "stdout=yes&stderr=no", "stdout=1&tail=2", "stdout=1&tail=0"):
        yield Contract(f"log by {query}", f"{V}/containers/failed/logs?{query}")
    for query in ("tail=many", "tail=-1", "since=1", "since=1.5", "since=9999999999", "until=1", "timestamps=1"):
        yield Contract(f"log by {query}", f"{V}/containers/failed/logs?stdout=1&{query}")
    yield Contract("long log with times", f"{V}/containers/long-line/logs?stdout=1&timestamps=1")


CONTRACTS = tuple(_contracts())


def seen(answer: httpx.Response) -> dict[str, Any]:
    """What is compared of an answer. Not a log's type: only later daemons than Debian's name it."""
    kind = answer.headers.get("content-type", "")
    found: dict[str, Any] = {"status": answer.status_code}
    if answer.request.url.path.endswith("/logs") and answer.is_success:
        return found | {"log": _log(answer.content, raw="/terminal/" in answer.request.url.path)}
    if kind == "application/json":
        return found | {"type": kind, "facts": _facts(answer.json())}
    return found | {"type": kind, "text": answer.text}


def shape(value: Any, path: str = "") -> dict[str, str]:
    """The type of everything in a JSON value, by its path; an element of a list by the first one."""
    if isinstance(value, dict):
        return {key: kind for name, one in value.items() for key, kind in shape(one, f"{path}/{name}").items()}
    if isinstance(value, list) and value:
        return {path: "list", **shape(value[0], f"{path}/*")}
    return {path: type(value).__name__}


def _facts(body: Any) -> Any:
    if isinstance(body, list):
        return [_listed(one) for one in body]
    if "State" in body:
        return _inspected(body)
    if "message" in body:
        return {"message": _NEWEST.sub("is <newest>", body["message"])}
    return {"Os": body["Os"], "named": "ApiVersion" in body}


def _listed(one: dict[str, Any]) -> dict[str, Any]:
    status = _SINCE.sub("<time>", one["Status"])
    return {"Names": one["Names"], "State": one["State"], "Status": status, "id": len(one["Id"])}


def _inspected(body: dict[str, Any]) -> dict[str, Any]:
    state = body["State"]
    told = {name: state[name] for name in _STATE}
    told |= {name: _when(state[name]) for name in ("StartedAt", "FinishedAt")}
    told |= {"runs": state["Pid"] > 0, "failed to start": bool(state["Error"])}
    rest = {"Name": body["Name"], "Tty": body["Config"]["Tty"], "restarts": body["RestartCount"] > 0}
    return told | rest | {"id": len(body["Id"]), "driver": body["HostConfig"]["LogConfig"]["Type"]}


def _when(moment: str) -> str:
    if moment == _NEVER:
        return "never"
    return "a time" if _TIME.fullmatch(moment) else moment


def _log(body: bytes, *, raw: bool) -> Any:
    """A terminal's text, or the pieces by stream: between streams the daemon keeps no order that one could rely on."""
    if raw:
        return body.decode()
    pieces: dict[str, list[str]] = {}
    while body:
        stream, size = _HEADER.unpack_from(body)
        piece = body[_HEADER.size : _HEADER.size + size].decode()
        pieces.setdefault(str(stream), []).append(_short(_TIME.sub("<time>", piece)))
        body = body[_HEADER.size + size :]
    return pieces


def _short(piece: str) -> str:
    """A long piece by its ends and its length."""
    return piece if len(piece) < 200 else f"{piece[:20]}…{piece[-3:]} ({len(piece)})"

"""The recordings played again: their requests against the simulated server, in order.

What the controllers of the real cluster wrote between two requests is taken from the recordings and written into the
store before the request that shows it; it is what the API server is given, not what it is held to.
"""

import json
import re
from dataclasses import replace
from typing import Any

from playground.world.kubernetes.kinds import Kind, Thing, kind_named
from playground.world.kubernetes.store import Store, draft
from playground.world.kubernetes.trouble import Trouble
from playground.world.kubernetes.watch import Pace
from tests.playground.world.kubernetes.clients import NOW, Answered, Client, client
from tests.playground.world.kubernetes.recordings import Recording, every

_HISTORY = 63  # every change of the pods, in order
#: Which of them show what controllers wrote: their objects are in the store before they are asked for.
_WRITTEN_BY_CONTROLLERS = {16, 29, 30, 36, 44, 45, 52, 55, 57, 81}
_OBSERVED = 35  # the controller had seen the change of 33 before
_POD, _DEPLOYMENT = kind_named("Pod"), kind_named("Deployment")


class Replay:
    """One run through all of them. Gives the answers by number."""

    def __init__(self) -> None:
        self.store = Store(lambda: NOW)
        self.answers: dict[int, Answered] = {}
        self._recordings = list(every())
        self._history = next(one for one in self._recordings if one.number == _HISTORY).answer
        self._versions: dict[str, str] = {}  # recorded -> ours
        self._words: dict[str, str] = {}  # recorded -> ours: uids, names, tokens

    async def run(self) -> dict[int, Answered]:
        """Ask everything."""
        async with client(self.store) as asker:
            asker.cluster.pace = Pace(second_s=0.05)
            asker.cluster.misbehave(Trouble(metrics="missing"))  # the recorded cluster had no metrics server
            for recording in self._recordings:
                self._prepare(recording)
                self.answers[recording.number] = await self._ask(asker, recording)
        return self.answers

    def _prepare(self, recording: Recording) -> None:
        if recording.number in _WRITTEN_BY_CONTROLLERS:
            listed = recording.answer.get("items", [recording.answer])
            kind = kind_named(recording.answer["kind"].removesuffix("List"))
            for thing in listed:
                self._write(kind, thing)
        if recording.number == _OBSERVED:
            self._observe(recording.answer["status"])
        if recording.number == 17:
            self._versions["1"] = self.store.version
        if recording.number in {17, 18, 60}:
            self._pods_until(424 if recording.number == 17 else 428 if recording.number == 18 else 10**9)
        if recording.number == 17:
            self._versions["424"] = self.store.version

    def _observe(self, status: Thing) -> None:
        before = self.store.listed(_DEPLOYMENT)[0]
        self.store.replace_status(_DEPLOYMENT, {**draft(before), "status": status})

    def _pods_until(self, version: int) -> None:
        for event in list(self._history):
            if int(event["object"]["metadata"]["resourceVersion"]) <= version:
                self._write(_POD, event["object"])
                self._history = self._history[1:]

    def _write(self, kind: Kind, thing: Thing) -> None:
        """Bring an object to what it is in a recording; its version stays the store's own."""
        about = thing["metadata"]
        made = json.loads(self._ours(json.dumps(thing)))
        made["metadata"].pop("resourceVersion")
        before = self.store.read(kind, about.get("namespace", ""), about["name"])
        if before is None:
            before = self.store.create(kind, made)
        made["metadata"] = {**draft(before)["metadata"], **made["metadata"]}
        made["metadata"].pop("resourceVersion")
        whole = replace(kind, subresources=())  # a kind without a status of its own is written at once
        self.store.replace(whole, made)

    async def _ask(self, asker: Client, recording: Recording) -> Answered:
        path = re.sub(r"(\?|&)resourceVersion=(1|424)&", self._version, self._ours(recording.path))
        body = json.loads(self._ours(json.dumps(recording.body)))
        answer = await asker.ask(recording.method, path, body, recording.role, recording.headers)
        if answer.content_type == "application/json" and isinstance(recording.answer, dict):
            self._learn(recording.answer.get("metadata", {}), answer.body.get("metadata", {}))
        return answer

    def _version(self, found: re.Match[str]) -> str:
        return f"{found[1]}resourceVersion={self._versions[found[2]]}&"

    def _learn(self, recorded: Thing, ours: Thing) -> None:
        for word in ("uid", "continue"):
            if word in recorded and word in ours:
                self._words[recorded[word]] = ours[word]

    def _ours(self, text: str) -> str:
        for recorded, ours in self._words.items():
            text = text.replace(recorded, ours)
        return text


def lines(text: str) -> list[Any]:
    """A watch's answer."""
    return [json.loads(line) for line in text.splitlines()]

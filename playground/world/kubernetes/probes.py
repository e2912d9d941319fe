"""Probes as the kubelet makes them: when the next is due, how it comes out, and when its threshold is reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from playground.world.kubernetes.programs import HANGS, Run

_FINE = range(200, 400)
_DEFAULTS = {"initialDelaySeconds": 0, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3}


@dataclass
class Probe:
    """One probe of one running container. `due_s` is when it is made next, in seconds since 1970."""

    spec: Mapping[str, Any]
    word: str  # Readiness, Liveness or Startup
    due_s: float = inf
    failures: int = 0
    passed: bool = False

    @classmethod
    def of(cls, container: Mapping[str, Any], word: str) -> "Probe | None":
        """The container's probe of this kind, where it has one."""
        spec = container.get(f"{word.lower()}Probe")
        return cls(spec, word) if spec else None

    def setting(self, name: str) -> int:
        """A setting, or what Kubernetes takes for it."""
        return int(self.spec.get(name, _DEFAULTS[name]))

    def begin(self, now_s: float) -> None:
        """A container has just started."""
        self.failures, self.passed = 0, False
        self.due_s = now_s + max(1, self.setting("initialDelaySeconds"))

    def make(self, now_s: float, started_s: float, run: Run, address: str) -> str:
        """Probe once. Gives what failed, in the kubelet's words, or nothing. A probe rests while it would only pass."""
        failed = self._failure(now_s - started_s, run, address)
        period_s = self.setting("periodSeconds")
        if failed:
            self.failures += 1
            self.due_s = now_s + period_s
            return f"{self.word} probe failed: {failed}"
        self.failures, self.passed = 0, True
        changes_s = started_s + run.changes_after_s
        self.due_s = inf if changes_s <= now_s or changes_s == inf else changes_s + period_s - changes_s % 1
        return ""

    @property
    def spent(self) -> bool:
        """Whether it has failed as often as it may."""
        return self.failures >= self.setting("failureThreshold")

    def _failure(self, after_s: float, run: Run, address: str) -> str:
        if "httpGet" not in self.spec:
            return ""  # commands are not run, and they would be fine
        get = self.spec["httpGet"]
        url = f"{get.get('scheme', 'HTTP').lower()}://{address}{get.get('path', '/')}"
        if after_s < run.listens_after_s:
            return f'Get "{url}": dial tcp {address}: connect: connection refused'
        code = run.answers(get.get("path", "/"), after_s)
        if code == HANGS:
            return f'Get "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        return "" if code in _FINE else f"HTTP probe failed with statuscode: {code}"

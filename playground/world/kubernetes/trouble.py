"""How the API server misbehaves while it runs: one frozen value, to be put in place of the one before."""

from dataclasses import dataclass

from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong. The default is that nothing is.

    - `silent`: connections are accepted, requests are read, nothing is ever answered.
    - `delay_s`: every answer takes so many seconds longer.
    - `throttled_s`: every request gets 429 with this Retry-After, in seconds.
    - `broken`: every request gets 500.
    - `torn`: the connection breaks in place of an answer.
    - `taken`: what is wrong so far comes after the request was done, so that only the answer fails.
    - `pages`: the connection breaks when a page after that many of a list is asked for.
    - `paths`: only requests whose path contains one of these words are met by the above; empty means all.
    - `methods`: only requests of these methods are met by the above; empty means all.
    - `at_most`: only that many requests are met by the above, then all is well; None means all of them.
    - `expired`: every token of a list in pages is too old.
    - `forbidden`: refused although roles allow it.
    - `metrics`: whether there is a metrics server.
    """

    silent: bool = False
    delay_s: float = 0.0
    throttled_s: int | None = None
    broken: bool = False
    torn: bool = False
    taken: bool = False
    pages: int | None = None
    paths: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    at_most: int | None = None
    expired: bool = False
    forbidden: tuple[Forbidden, ...] = ()
    metrics: Metrics = "on"

    def meets(self, method: str, path: str, met: int) -> bool:
        """Whether a request is met by it, after so many that were."""
        meant = not self.paths or any(word in path for word in self.paths)
        return meant and (not self.methods or method in self.methods) and (self.at_most is None or met < self.at_most)

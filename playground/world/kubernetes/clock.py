"""The cluster's clock: the real time, or a moment at which it is held and from which it is moved on at will."""

from collections.abc import Callable
from datetime import UTC, datetime


def _real() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Tells the time. While it is held it stands still, so that minutes of the cluster's life pass in an instant."""

    def __init__(self, real: Callable[[], datetime] = _real) -> None:
        self._real = real
        self._held_s: float | None = None

    @property
    def real_s(self) -> float:
        """The real time, in seconds since 1970."""
        return self._real().timestamp()

    @property
    def now_s(self) -> float:
        """The cluster's time, in seconds since 1970."""
        return self.real_s if self._held_s is None else self._held_s

    @property
    def held(self) -> bool:
        """Whether it stands still, and time passes in leaps."""
        return self._held_s is not None

    def now(self) -> datetime:
        """The cluster's time, with its zone."""
        return datetime.fromtimestamp(self.now_s, UTC)

    def hold(self, at_s: float) -> None:
        """Stand still at a moment, in seconds since 1970, until it is moved on or released."""
        self._held_s = at_s

    def release(self) -> None:
        """Go with the real time again."""
        self._held_s = None

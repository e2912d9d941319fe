"""A store whose past can be moved back: as if everything in it had happened so much earlier."""

import re
from datetime import datetime, timedelta
from typing import Any

from playground.world.kubernetes.frozen import frozen
from playground.world.kubernetes.store import Store

#: A mark that somebody wrote there, and recognises by its text: it is no time at which anything happened.
_MARK = "kubectl.kubernetes.io/restartedAt"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?Z")


class AgeingStore(Store):
    """A store that can age, for faults that came some minutes ago although they are switched on now."""

    def age(self, by_s: float) -> None:
        """Move every time that any object carries back by so many seconds.

        What was watched is forgotten: whoever watches is told that its version is too old, and lists again.
        """
        by = timedelta(seconds=by_s)
        for spaces in self._things.values():
            for named in spaces.values():
                named.update({name: frozen(_aged(thing, by)) for name, thing in named.items()})
        self._sorted.clear()
        self._version += 1
        self.forget()


def _aged(value: Any, by: timedelta) -> Any:  # noqa: ANN401 any JSON
    if isinstance(value, dict):
        return {key: one if key == _MARK else _aged(one, by) for key, one in value.items()}
    if isinstance(value, list):
        return [_aged(one, by) for one in value]
    if isinstance(value, str) and len(value) >= 20 and value[-1] == "Z":  # noqa: PLR2004 the shortest such time
        return _earlier(value, by)
    return value


def _earlier(text: str, by: timedelta) -> str:
    found = _TIME.fullmatch(text)
    if not found or text.startswith("1970"):  # 1970 is how a container says that it never ran
        return text
    at = datetime.fromisoformat(f"{text[:19]}+00:00") - by
    return f"{at:%Y-%m-%dT%H:%M:%S}{text[19:]}"

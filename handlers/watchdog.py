"""Ends the process when its event loop stands still: nothing inside can mend that, and a supervisor starts it again.

A thread counts, and says why. Where the loop holds up even threads (in foreign code that keeps Python's lock), the
interpreter's own timer ends the process later, with the stacks alone.
"""

import faulthandler
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STUCK_SECONDS = 60.0
"""How long the loop may stand still: answers have long been late then."""

STUCK = 70
"""Exit code: something in the program is wrong (EX_SOFTWARE of sysexits(3))."""

_LOOKS = 20
"""Looks in that time. Looks are counted, not seconds: a machine that slept has not stood still."""

_STDERR = 2  # the descriptor: whatever stands in for sys.stderr may have none


class Watchdog:
    """Ends the process unless it hears a beat every `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._silent = 0  # looks since the last beat
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def beat(self) -> None:
        """The loop comes round: put the end off."""
        self._silent = 0
        faulthandler.dump_traceback_later(2 * self._seconds, exit=True, file=_STDERR)

    def start(self) -> None:
        """Begin to watch."""
        self.beat()
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        faulthandler.cancel_dump_traceback_later()
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._seconds / _LOOKS):
            self._silent += 1
            if self._silent > _LOOKS:
                self._end()

    def _end(self) -> None:
        sentence = (
            f"Volati ends itself (exit code {STUCK}): its event loop has stood still for {self._seconds:g} s. What it "
            "was doing stands below, the main thread last; please report that. Its supervisor should start it again.\n"
        )
        os.write(_STDERR, sentence.encode())
        faulthandler.dump_traceback(_STDERR)
        os._exit(STUCK)


@contextmanager
def watchdog(seconds: float = STUCK_SECONDS) -> Iterator[Watchdog]:
    """A watchdog that watches for as long as the block lasts."""
    made = Watchdog(seconds)
    made.start()
    try:
        yield made
    finally:
        made.stop()

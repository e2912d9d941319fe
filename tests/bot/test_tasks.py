"""The work that goes on in the background."""

import asyncio
import errno
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from bot import tasks as module
from bot.tasks import Tasks, TooBusyError, kept_going


class Job:
    """A job that goes on until it is let go, and remembers what became of it."""

    def __init__(self) -> None:
        self.began, self.may_end = asyncio.Event(), asyncio.Event()
        self.ended = self.cancelled = False

    async def __call__(self) -> None:
        """Begin, and go on until let go."""
        self.began.set()
        try:
            await self.may_end.wait()
            self.ended = True
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def test_runs_a_job_to_its_end() -> None:
    """It runs what it is given, and forgets it afterwards."""
    tasks, job = Tasks(), Job()
    tasks.start("one", job)
    assert tasks.count == 1
    job.may_end.set()
    assert await tasks.drain(5) == 0
    assert job.ended
    assert tasks.count == 0


async def test_goes_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins work anew that failed, says why in the log, and ends with it."""
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)
    tries = iter((KeyError("a fault of ours"), RuntimeError("another"), None))

    async def work() -> None:
        if (error := next(tries)) is not None:
            raise error

    with capture_logs() as logs:
        await kept_going("the auditor", work)
    assert [(one["work"], one["log_level"]) for one in logs] == [("the auditor", "error")] * 2
    assert next(tries, "nothing left") == "nothing left"


async def test_goes_on_where_nothing_can_be_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins work anew also where why it failed cannot be written down."""
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_log", SimpleNamespace(exception=full))
    tries = iter((KeyError("a fault of ours"), None))

    async def work() -> None:
        if (error := next(tries)) is not None:
            raise error

    await kept_going("the auditor", work)
    assert next(tries, "nothing left") == "nothing left"


async def test_keeps_going_until_cancelled() -> None:
    """It takes an order to end for no failure."""
    job = Job()
    task = asyncio.create_task(kept_going("the auditor", job))
    await job.began.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert job.cancelled


async def test_runs_only_so_many_at_once() -> None:
    """It lets jobs wait for a place."""
    tasks, first, second = Tasks(at_once=1), Job(), Job()
    tasks.start("first", first)
    tasks.start("second", second)
    await first.began.wait()
    assert not second.began.is_set()
    first.may_end.set()
    await second.began.wait()
    second.may_end.set()
    await tasks.drain(5)
    assert second.ended


async def test_takes_on_only_so_many() -> None:
    """It refuses a job too many, and says so."""
    tasks, job = Tasks(at_once=1, waiting=1), Job()
    tasks.start("one", job)
    tasks.start("two", job)
    with pytest.raises(TooBusyError, match="2 things to do"):
        tasks.start("three", job)
    job.may_end.set()
    await tasks.drain(5)


async def test_cancels_what_is_late() -> None:
    """It waits until the deadline, cancels the rest, and takes on nothing more."""
    tasks, job = Tasks(), Job()
    tasks.start("slow", job)
    await job.began.wait()
    assert await tasks.drain(0.01) == 1
    assert job.cancelled
    with pytest.raises(TooBusyError, match="is stopping"):
        tasks.start("late", job)


async def test_logs_what_escapes() -> None:
    """It logs an error that a job did not handle, by the job's name, and goes on."""
    tasks = Tasks()

    async def broken() -> None:
        raise ValueError("boom")

    with capture_logs() as entries:
        tasks.start("broken", broken)
        await tasks.drain(5)
    assert [(entry["event"], entry["job"]) for entry in entries] == [("a job failed", "broken")]

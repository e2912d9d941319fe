"""The short id that everything of one request bears."""

import asyncio

from bot.correlation import correlated, current_id


def test_is_the_same_within_a_request() -> None:
    """It is one id inside, another for the next request, and a new one each time outside."""
    with correlated() as one:
        assert current_id() == current_id() == one
    with correlated() as other:
        assert current_id() == other != one
    assert current_id() != current_id()


async def test_goes_with_the_jobs_of_a_request() -> None:
    """It is the same in a job that goes on after the request has been answered, beside those of others."""
    going_on = asyncio.Event()

    async def job() -> str:
        await going_on.wait()
        return current_id()

    jobs = []
    for _ in range(3):
        with correlated() as request:
            jobs.append((request, asyncio.create_task(job())))
    going_on.set()
    assert [await task == request for request, task in jobs] == [True, True, True]

"""Tests of the deep look: a marked probe comes, is read, and always goes."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from diagnostics.evidence.http import Answer, Outgoing, Reply
from diagnostics.evidence.keycloak.kinds import KeycloakRegistration, ProbeLeft
from diagnostics.evidence.keycloak.registration import ABANDONED_AFTER_SECONDS, PROBE, Registration
from tests.diagnostics.areas.cases.case import SILENT
from tests.diagnostics.evidence.fakes import GONE, reply

NOW = 1_767_323_045
BASE = "https://keycloak.example.com/realms/volaticloud/authz/protection/resource_set"


class Registry:
    """A protection API that keeps resources by id, and can be told to fail."""

    def __init__(self, *names: str) -> None:
        self.kept = {f"id-{number}": name for number, name in enumerate(names)}
        self.sent: list[Outgoing] = []
        self.refuses: dict[str, Any] = {}
        self.created = asyncio.Event()
        self.hangs_after_creating = False

    async def send(self, request: Outgoing) -> Any:
        """What the registry does with a request."""
        self.sent.append(request)
        if request.method in self.refuses:
            return self.refuses[request.method]
        if request.method == "POST":
            return await self._create(request.body["name"])
        rest = request.url.removeprefix(BASE)
        if request.method == "DELETE":
            return reply(None, 204 if self.kept.pop(rest.removeprefix("/"), None) else 404)
        return self._read(rest)

    async def _create(self, name: str) -> Reply:
        id = f"id-{len(self.sent)}"
        self.kept[id] = name
        if self.hangs_after_creating:
            self.created.set()
            await asyncio.Event().wait()
        return reply({"_id": id, "name": name}, 201)

    def _read(self, rest: str) -> Reply:
        if rest.startswith("?"):
            wanted = parse_qs(urlsplit(rest).query)["name"][0]
            return reply([{"_id": id, "name": name} for id, name in self.kept.items() if wanted in name])
        id = rest.removeprefix("/")
        return reply({"_id": id}) if id in self.kept else reply(None, 404)


async def tried(registry: Registry) -> KeycloakRegistration:
    return await Registration(registry, BASE, "token").try_out("run1", NOW)


def status(exchange: Any) -> int:
    assert isinstance(exchange, Answer)
    return exchange.status


async def test_comes_and_goes() -> None:
    """Creates a marked probe, reads it, removes it."""
    registry = Registry("Alice's bot")
    done = await tried(registry)
    assert (status(done.created), status(done.read), status(done.deleted)) == (201, 200, 204)
    assert done.left_behind == 0
    assert list(registry.kept.values()) == ["Alice's bot"]
    body = next(one.body for one in registry.sent if one.method == "POST")
    assert body == {"name": f"{PROBE}{NOW}-run1", "type": "urn:volati:probe", "resource_scopes": ["view"]}
    assert {one.bearer for one in registry.sent} == {"token"}


async def test_a_refused_creation() -> None:
    """Stops at a refusal, and still looks whether something is there to remove."""
    registry = Registry()
    registry.refuses["POST"] = reply({"error": "forbidden"}, 403)
    done = await tried(registry)
    assert status(done.created) == 403
    assert (done.read, done.deleted) == (None, None)
    assert registry.sent[-1].method == "GET"


async def test_no_answer_to_the_creation() -> None:
    """Removes a probe that was created although its answer was lost."""
    registry = Registry()
    name = f"{PROBE}{NOW}-run1"
    registry.refuses["POST"] = GONE
    registry.kept["late"] = name
    done = await tried(registry)
    assert done.created is GONE
    assert status(done.deleted) == 204
    assert registry.kept == {}


async def test_cancelled_in_the_middle() -> None:
    """Removes its probe also when it is cancelled between the request and its answer."""
    registry = Registry()
    registry.hangs_after_creating = True
    task = asyncio.create_task(tried(registry))
    await registry.created.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert registry.kept == {}


@pytest.mark.parametrize(
    ("age", "removed"),
    [(ABANDONED_AFTER_SECONDS, 0), (ABANDONED_AFTER_SECONDS + 1, 1), (3600, 1), (-5, 0)],
)
async def test_probes_left_behind(age: int, removed: int) -> None:
    """Removes probes that no run can still need, counts them, and leaves young ones to their run."""
    other = f"{PROBE}{NOW - age}-run0"
    registry = Registry(other, "Alice's bot")
    done = await tried(registry)
    assert done.left_behind == removed
    assert (other in registry.kept.values()) is not bool(removed)
    assert "Alice's bot" in registry.kept.values()


async def test_a_probe_with_an_unreadable_name() -> None:
    """Counts a probe whose name tells no time as abandoned."""
    registry = Registry(f"{PROBE}yesterday-x")
    assert (await tried(registry)).left_behind == 1


async def test_what_only_looks_like_a_probe() -> None:
    """Leaves alone what has the mark only in the middle of its name."""
    registry = Registry(f"my {PROBE}1-x")
    assert (await tried(registry)).left_behind == 0
    assert list(registry.kept.values()) == [f"my {PROBE}1-x"]


async def test_a_refused_removal() -> None:
    """Shows a removal that was refused, and counts nothing as removed."""
    registry = Registry(f"{PROBE}1-old")
    registry.refuses["DELETE"] = reply({"error": "forbidden"}, 403)
    done = await tried(registry)
    assert status(done.deleted) == 403
    assert done.left_behind == 0


BROKEN = reply({"error": "unknown_error"}, 500)


class Flaky(Registry):
    """A protection API whose searches fail once something was created, and whose deletions fail so many times."""

    def __init__(self, failing_deletions: int = 0) -> None:
        super().__init__()
        self.failing = failing_deletions
        self.carries_out = False

    async def send(self, request: Outgoing) -> Any:
        """A failure, or what the registry does."""
        if request.method == "GET" and "name=" in request.url and self.kept:
            self.sent.append(request)
            return BROKEN
        if request.method == "DELETE" and self.failing:
            self.failing -= 1
            if not self.carries_out:
                self.sent.append(request)
                return BROKEN
            await super().send(request)
            return GONE
        return await super().send(request)


async def test_a_search_that_fails() -> None:
    """Removes the probe by the id that its creation answered, whatever the search says."""
    registry = Flaky()
    done = await tried(registry)
    assert registry.kept == {}
    assert (status(done.deleted), done.may_remain) == (204, None)


async def test_a_deletion_that_fails_once() -> None:
    """Deletes once more, and shows the first failure."""
    registry = Flaky(failing_deletions=1)
    done = await tried(registry)
    assert registry.kept == {}
    assert (status(done.deleted), done.may_remain) == (500, None)


async def test_a_deletion_whose_answer_was_lost() -> None:
    """Takes "not found" at the second deletion for gone."""
    registry = Flaky(failing_deletions=1)
    registry.carries_out = True
    done = await tried(registry)
    assert registry.kept == {}
    assert (done.deleted, done.may_remain) == (GONE, None)


async def test_a_probe_that_may_remain() -> None:
    """Names the very id of a probe whose removal cannot be confirmed."""
    registry = Flaky(failing_deletions=2)
    done = await tried(registry)
    (id,) = registry.kept
    assert done.may_remain == ProbeLeft(f"{PROBE}{NOW}-run1", id, "its removal gave HTTP 500 unknown_error")


async def test_a_creation_without_an_answer_and_a_failing_search() -> None:
    """Says by its name that a probe may remain when neither its creation nor the search for it was answered."""
    registry = Registry()
    registry.refuses = {"POST": SILENT, "GET": BROKEN}
    done = await tried(registry)
    assert done.may_remain == ProbeLeft(f"{PROBE}{NOW}-run1", "", "the search for it gave HTTP 500 unknown_error")


@pytest.mark.parametrize(("answer", "may_come"), [(SILENT, True), (GONE, False), (reply({"error": "x"}, 403), False)])
async def test_a_creation_that_may_yet_be_carried_out(answer: Any, may_come: bool) -> None:  # noqa: FBT001
    """Counts a creation that was sent and not answered as one that may yet come; one never sent or refused not."""
    registry = Registry()
    registry.refuses["POST"] = answer
    assert bool((await tried(registry)).may_remain) is may_come


async def test_cancelled_again_while_cleaning_up() -> None:
    """Cleans up to the end however often it is cancelled, and is cancelled then."""

    class Slow(Registry):
        cleaning = asyncio.Event()
        go_on = asyncio.Event()

        async def send(self, request: Outgoing) -> Any:
            if request.method == "DELETE":
                self.cleaning.set()
                await self.go_on.wait()
            return await super().send(request)

    registry = Slow()
    task = asyncio.create_task(tried(registry))
    await registry.cleaning.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    registry.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert registry.kept == {}


async def test_cut_off_by_a_deadline() -> None:
    """Tells, although a deadline ended the look, that its probe may remain; and nothing when it is gone."""
    registry = Flaky(failing_deletions=2)
    registry.hangs_after_creating = True
    deep = Registration(registry, BASE, "token")
    task = asyncio.create_task(deep.try_out("run1", NOW))
    await registry.created.wait()
    assert deep.cut_off() is None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = deep.cut_off()
    assert left is not None
    assert left.may_remain is not None
    assert (left.created, left.may_remain.id) == (None, "")

"""What PagerDuty tells is kept once, worked on once and in order, and means nothing where it is not about us."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest
from structlog.testing import capture_logs

from bot.errors import StoreBusy
from bot.incidents import events as e
from bot.incidents import inbox
from bot.incidents.inbox import incident_of
from bot.incidents.incident import Phase
from bot.incidents.kept import Kept
from bot.incidents.webhooks import Hook, Kind
from diagnostics.redaction import KnownSecret, Redactor
from tests.bot.incidents.stage import Stage, stage
from tests.bot.incidents.things import ALICE

CARLA = e.Person("Carla Cruz", pager="PCARL33")
SECRET = "s3cr3t-v4lu3-9f8e7d"


@pytest.fixture
async def one() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


def hook(id: str, kind: Kind, key: str = "", text: str = "", incident: str = "PINC0001") -> Hook:
    """An event of PagerDuty's."""
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    return Hook(id=id, kind=kind, at=at, incident=incident, key=key, by=CARLA, text=text)


async def paged(one: Stage) -> Kept:
    """An incident whose on-call was paged."""
    kept = await one.opened()
    await one.pass_time(601)
    return await one.now(kept)


async def test_a_repeat(one: Stage) -> None:
    """It keeps an event once, also where a repeat comes after it was worked on, or to another replica."""
    kept = await paged(one)
    taken = hook("E1", Kind.ACKNOWLEDGED, f"volati.{kept.id}.3")
    assert await one.bot.inbox.keep(taken)
    assert not await one.bot.inbox.keep(taken)
    await one.settle()
    assert not await one.another("there").inbox.keep(taken)
    await one.settle()
    assert one.seen.said(kept).count("acknowledged by Carla Cruz") == 1


async def test_two_work_at_once(one: Stage) -> None:
    """It counts an event once where two replicas work on it at the same time."""
    kept = await paged(one)
    for number in range(10):
        await one.bot.inbox.keep(hook(f"E{number}", Kind.ANNOTATED, text=f"note {number}"))
    other = one.another("there")
    await asyncio.gather(one.bot.inbox.work(), other.inbox.work())
    await one.settle()
    notes = [line for line in one.seen.said(kept) if line.startswith("note")]
    assert notes == [f"note by Carla Cruz: note {number}" for number in range(10)]


async def test_a_note_finds_its_incident(one: Stage) -> None:
    """It knows a note, which names no key, by PagerDuty's own id, once a page was told of; others it lets pass."""
    kept = await paged(one)
    await one.bot.inbox.keep(hook("E1", Kind.ANNOTATED, text="seen before"))
    await one.bot.inbox.keep(hook("E2", Kind.ANNOTATED, text="not ours", incident="PFOREIGN"))
    await one.bot.inbox.keep(hook("E3", Kind.ACKNOWLEDGED, "another-tool.17"))
    await one.settle()
    notes = [line for line in one.seen.said(kept) if line.startswith("note")]
    assert notes == ["note by Carla Cruz: seen before"]
    assert (await one.now(kept)).incident.phase is Phase.WAITING


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.RESOLVED])
async def test_secrets_in_what_is_told(one: Stage, kind: Kind) -> None:
    """It keeps no secret that somebody wrote into PagerDuty, whatever it tells, and finds its incident all the same."""
    kept = await paged(one)
    one.cleaner = Redactor([KnownSecret("a password", SECRET)])
    one.bot = one.another("cleaning")
    if kind is Kind.UNACKNOWLEDGED:
        await one.happens(kept, e.Acknowledged(at=one_time(), by=ALICE))
    carla = e.Person(f"Carla {SECRET}", pager="PCARL33")
    told = hook("E1", kind, f"volati.{kept.id}.3", text=f"I tried {SECRET}")
    told = msgspec.structs.replace(told, by=carla, to=(carla,), reference=f"#7 https://example.com/{SECRET}")
    with capture_logs() as log:
        assert await one.bot.inbox.keep(told)
        (waiting,) = await one.memory.ask("LRANGE", "volati:_:hooks", 0, -1)
        await one.settle()
    every = [str(await one.memory.ask("DUMP", key)) for key in await one.memory.ask("KEYS", "volati:*")]
    story = await one.bot.incidents.story(kept.id)
    assert not [text for text in (str(waiting), *one.seen.said(kept), str(story), str(log), *every) if SECRET in text]
    assert kind is Kind.REOPENED or "masked: a password" in f"{story[-1]}"  # it is open, so that is refused


async def test_what_cannot_be_read(one: Stage) -> None:
    """It drops what another version wrote, and what is behind it is worked on."""
    kept = await paged(one)
    await one.memory.ask("RPUSH", "volati:_:hooks", '{"kind": "of another version"}')
    await one.bot.inbox.keep(hook("E1", Kind.RESOLVED, f"volati.{kept.id}.3"))
    await one.settle()
    assert (await one.now(kept)).incident.phase is Phase.RESOLVED


async def test_too_many_wait(one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes no more than its bound, and takes the rest when PagerDuty sends it again."""
    monkeypatch.setattr(inbox, "HOOKS_AT_MOST", 2)
    for number in range(2):
        await one.bot.inbox.keep(hook(f"E{number}", Kind.ANNOTATED))
    with pytest.raises(StoreBusy):
        await one.bot.inbox.keep(hook("E3", Kind.ANNOTATED))
    await one.settle()
    assert await one.bot.inbox.keep(hook("E3", Kind.ANNOTATED))


@pytest.mark.parametrize(
    ("key", "incident"),
    [
        ("volati.ab12cd34.3", "ab12cd34"),
        ("volati.ab12cd34.3.2", "ab12cd34"),
        ("volati.ab:12.3", ""),
        ("volati.3", ""),
        ("other.ab12cd34.3", ""),
        ("", ""),
        ("volati.ü.3", ""),
    ],
)
def test_whose_key(key: str, incident: str) -> None:
    """It takes no key for ours that is not made as ours are."""
    assert incident_of(key) == incident


async def test_acknowledged_here_and_echoed(one: Stage) -> None:
    """It knows the same person by their id there: their own echo takes nothing over."""
    kept = await paged(one)
    await one.happens(kept, e.Acknowledged(at=one_time(), by=ALICE))
    await one.bot.inbox.keep(
        Hook(
            id="E9",
            kind=Kind.ACKNOWLEDGED,
            at=one_time(),
            incident="PINC0001",
            key=f"volati.{kept.id}.3",
            by=e.Person("Alice Adams", pager=ALICE.pager),
        )
    )
    await one.settle()
    assert not [line for line in one.seen.said(kept) if line.startswith("taken over")]


def one_time() -> datetime:
    """Some time."""
    return datetime(2026, 1, 5, 12, tzinfo=UTC)

"""From a wish to a plan that is taken: by who may, in time, once."""

import asyncio
from collections import Counter

import msgspec
import pytest

from bot.actions.consent import Click
from bot.actions.journal import Journal, State
from bot.actions.kept import Kept, Turn
from bot.actions.plan import LIFETIME, Risk
from bot.audit.check import verify
from bot.audit.entry import Deed, Entry, Linked
from bot.errors import CannotAct, StoreRefused, StoreUnreachable
from bot.plans import Plans
from bot.store import Store
from tests.bot.actions.toys import Bench, yes

CROWD = 1_000


class Deaf(Plans):
    """Plans whose store takes what it is given, and whose answer never comes."""

    def __init__(self, inner: Plans) -> None:
        self.__dict__.update(inner.__dict__)

    async def record(self, kept: Kept, journal: Journal, turn: Turn, *entries: Entry) -> Kept:
        """Keep it, and do not hear of it."""
        await super().record(kept, journal, turn, *entries)
        raise StoreUnreachable("Redis did not answer within 2 s.")


async def no(right: str) -> str:
    return f"“{right}” needs another role."


async def entries(bench: Bench) -> list[Entry]:
    lines = await bench.store.ask("LRANGE", "volati:_:audit", 0, -1)
    return [msgspec.json.decode(line, type=Linked).entry for line in lines]


async def test_a_thousand_clicks_over_two_replicas(store: Store) -> None:
    """It lets exactly one of a thousand confirmations of one plan win, does it once, and audits every other."""
    here = Bench(store)
    there = Bench(store, lamp=here.lamp, clock=here.clock, owners=100)
    kept = await here.proposed()
    clicks = [
        (here, there)[number % 2].lifecycle.confirm(kept.plan.id, Click(f"U{number}"), yes) for number in range(CROWD)
    ]
    outcomes = await asyncio.gather(*clicks, return_exceptions=True)
    assert Counter(type(one).__name__ for one in outcomes) == {"Kept": 1, "CannotAct": CROWD - 1}
    await here.settle()
    await there.settle()
    assert here.lamp.deeds == ["on", "off"]
    deeds = Counter(entry.deed for entry in await entries(here))
    assert (deeds[Deed.CONFIRMED], deeds[Deed.REFUSED], deeds[Deed.ENDED]) == (1, CROWD - 1, 1)


async def test_refusals_in_their_order(bench: Bench) -> None:
    """It asks for the right only of a plan that is open and in time, and for consent only of who has the right."""
    bench.start()
    kept = await bench.proposed()
    with pytest.raises(CannotAct, match="needs another role"):
        await bench.lifecycle.confirm(kept.plan.id, Click("U1"), no)
    bench.clock.at += LIFETIME
    with pytest.raises(CannotAct, match="too old"):
        await bench.lifecycle.confirm(kept.plan.id, Click("U1"), no)
    await bench.settle()
    with pytest.raises(CannotAct, match="has expired"):
        await bench.lifecycle.confirm(kept.plan.id, Click("U1"), no)
    assert [entry.deed for entry in await entries(bench)].count(Deed.REFUSED) == 3


@pytest.mark.parametrize("id", ["", "0" * 16, "volati:_:audit", "../x", "x" * 10_000, "é"])
async def test_no_such_plan(bench: Bench, id: str) -> None:
    """It knows no plan by an id that nobody made, whatever it looks like."""
    with pytest.raises(CannotAct, match="not there any more"):
        await bench.lifecycle.confirm(id, Click("U1"), yes)


@pytest.mark.parametrize(
    ("click", "refusal"),
    [
        (Click("U1", "lamp"), "takes a second person"),
        (Click("U2"), "To confirm, write lamp"),
        (Click("U2", "Lamp"), "To confirm, write lamp"),
        (Click("U1", "", "nobody answers"), "To confirm, write lamp"),
        (Click("U2", "lamp"), ""),
        (Click("U1", "lamp", "nobody answers"), ""),
    ],
)
async def test_high_risk(store: Store, click: Click, refusal: str) -> None:
    """It wants the name and a second person for a plan of high risk; or broken glass, which is told and audited."""
    bench = Bench(store, risk=Risk.HIGH)
    kept = await bench.proposed("U1")
    if refusal:
        with pytest.raises(CannotAct, match=refusal):
            await bench.lifecycle.confirm(kept.plan.id, click, yes)
        assert bench.lamp.deeds == []
        return
    await bench.lifecycle.confirm(kept.plan.id, click, yes)
    await bench.settle()
    assert bench.lamp.deeds == ["on", "off"]
    broke = [entry.detail for entry in await entries(bench) if entry.deed is Deed.BROKE_GLASS]
    assert broke == ([click.reason] if click.reason else [])
    assert bool(bench.watched.alarms) is bool(click.reason)


async def test_glass_is_not_broken_for_nothing(bench: Bench) -> None:
    """It takes no broken glass where one person is enough."""
    kept = await bench.proposed()
    with pytest.raises(CannotAct, match="without breaking the glass"):
        await bench.lifecycle.confirm(kept.plan.id, Click("U1", "lamp", "why not"), yes)


async def test_one_act_on_a_target_at_a_time(bench: Bench) -> None:
    """It takes no second plan on a target while the first is under way, and does once that is over."""
    first, second, elsewhere = [await bench.proposed(target=name) for name in ("lamp", "lamp", "other")]
    await bench.lifecycle.confirm(first.plan.id, Click("U1"), yes)
    with pytest.raises(CannotAct, match=f"light, plan {first.plan.id}"):
        await bench.lifecycle.confirm(second.plan.id, Click("U1"), yes)
    with pytest.raises(CannotAct, match="Another act is under way"):
        await bench.proposed()
    await bench.lifecycle.confirm(elsewhere.plan.id, Click("U1"), yes)
    await bench.runner.idle()
    for kept in (first, elsewhere):
        await bench.lifecycle.hurry(kept.plan.id, "U1")
    await bench.runner.idle()
    await bench.lifecycle.confirm(second.plan.id, Click("U1"), yes)


async def test_called_off(bench: Bench) -> None:
    """It calls a plan off once, and only before it begins."""
    kept = await bench.proposed()
    await bench.lifecycle.decline(kept.plan.id, "U2")
    with pytest.raises(CannotAct, match="was called off"):
        await bench.lifecycle.decline(kept.plan.id, "U2")
    await bench.runner.idle()
    found = await bench.plans.find(kept.plan.id)
    assert found is not None
    assert found.journal.state is State.DECLINED
    assert [one.journal.state for one in bench.watched.ends] == [State.DECLINED]


async def test_two_replicas_with_much_to_audit(store: Store) -> None:
    """It writes all that both have to say into one chain, though each moves the other's end all the while."""
    here, there = Bench(store), Bench(store, owners=100)
    kept = await here.proposed()
    many = 200
    bots = (here, there) * many
    await asyncio.gather(*(bot.lifecycle.refuse(kept.plan, f"U{number}", "no") for number, bot in enumerate(bots)))
    report = verify(await store.ask("LRANGE", "volati:_:audit", 0, -1))
    assert (report.sound, report.lines) == (True, 2 * many + 1)


async def test_the_answer_to_a_yes_is_lost(bench: Bench) -> None:
    """It says that the yes may have been noted, and carries it out once."""
    kept = await bench.proposed()
    bench.start(Deaf)
    with pytest.raises(StoreUnreachable, match="may have been noted"):
        await bench.lifecycle.confirm(kept.plan.id, Click("U1"), yes)
    bench.start()
    await bench.settle()
    assert bench.lamp.deeds == ["on", "off"]


async def test_every_refusal_is_audited(bench: Bench) -> None:
    """It audits a wish that became no plan, and each word about a plan that came too late, with the reason."""
    kept = await bench.proposed()
    await bench.lifecycle.decline(kept.plan.id, "U2")
    for late in (bench.lifecycle.decline, bench.lifecycle.hurry):
        with pytest.raises(CannotAct):
            await late(kept.plan.id, "U3")
    bench.lamp.lit = True
    with pytest.raises(CannotAct, match="lit already"):
        await bench.proposed("U4", "lamp")
    refused = [one for one in await entries(bench) if one.deed is Deed.REFUSED]
    assert [(one.who, one.plan) for one in refused] == [("U3", kept.plan.id), ("U3", kept.plan.id), ("U4", "")]
    assert (refused[2].action, refused[2].target, refused[2].detail) == ("light", "lamp", "The lamp is lit already.")


async def test_what_is_audited_is_redacted(bench: Bench) -> None:
    """It lets no secret into the audit or the journal that a person gave as a reason."""
    bench = Bench(bench.store, risk=Risk.HIGH)
    kept = await bench.proposed()
    await bench.lifecycle.confirm(kept.plan.id, Click("U1", "lamp", "the password is s3cret"), yes)
    await bench.settle()
    assert "s3cret" not in repr(await bench.store.ask("LRANGE", "volati:_:audit", 0, -1))
    assert "s3cret" not in repr(await bench.plans.find(kept.plan.id))


@pytest.mark.parametrize("harm", [("LPOP", "volati:_:audit"), ("RPUSH", "volati:_:audit", "junk")])
async def test_a_broken_audit(store: Store, harm: tuple[str, ...]) -> None:
    """It adds nothing to an audit that somebody else has changed, and says what to do; a new process sees it, too."""
    bench = Bench(store)
    await bench.proposed(target="one")
    await bench.proposed(target="two")
    await store.ask(*harm)
    for _ in range(2):
        with pytest.raises(StoreRefused, match=r"was changed by somebody else.*volati audit verify"):
            await bench.proposed(target="three")
        bench.start()

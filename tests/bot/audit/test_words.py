"""The audit in words: what was done by whom, what is wrong with the chain, what that means and what to do."""

import pytest
from msgspec.structs import replace

from bot.audit.check import Fault, Kind, Report, verify
from bot.audit.entry import Head
from bot.audit.ledger import Unread
from bot.audit.words import SHOWN, fault_told, line, proved
from tests.bot.audit.audits import chain, entry, lines

CHAIN = chain(12)
HEAD = Head(12, CHAIN[-1].hash)


class TestAnEntry:
    def test_in_a_line(self) -> None:
        """It says when who did what to what, of which plan, and why."""
        assert line(CHAIN[1]) == (
            "#2 2026-11-05 03:00:20Z U0STRANGE refused: restart of deployment volaticloud/volaticloud-backend in "
            "production (plan plan1): “restart” needs the role operator; you have viewer."
        )

    def test_without_what_it_has_not(self) -> None:
        """It leaves out what an entry does not have."""
        bare = replace(CHAIN[0], entry=replace(entry(1), target="", plan="", detail=""))
        assert line(bare) == "#1 2026-11-05 03:00:10Z U0ONCALL0 proposed: restart in production"

    def test_that_cannot_be_read(self) -> None:
        """It does not hide a line that cannot be read."""
        assert "line 7 of the audit cannot be read" in line(Unread(7))


class TestAProof:
    def test_of_a_sound_one(self) -> None:
        """It says that it is sound, up to where that is certain, and the head to keep."""
        told = "\n".join(proved(verify(lines(CHAIN), [Head(10, CHAIN[9].hash)])))
        assert told.startswith("The audit is sound: 12 entries, each follows from the one before it.\n")
        assert "Up to entry 10 a head that was kept elsewhere agrees. 2 newer ones nothing" in told
        assert told.endswith(f"Its head now: {HEAD}")

    def test_without_a_head(self) -> None:
        """It says what would not be noticed, and how to give a head."""
        told = "\n".join(proved(verify(lines(CHAIN))))
        assert "entries lost at the end, or a chain made anew, would not be noticed" in told
        assert "volati audit verify --log FILE" in told

    def test_of_one_with_newer_entries(self) -> None:
        """It says that some are of a newer version."""
        assert "2 entries are whole and of a newer version" in "\n".join(proved(Report(3, HEAD, foreign=2)))

    def test_of_a_broken_one(self) -> None:
        """It says what is wrong, what that means, and what to do next."""
        altered = lines([*CHAIN[:4], replace(CHAIN[4], entry=entry(99)), *CHAIN[5:8]])
        told = list(proved(verify(altered, [HEAD])))
        assert told == [
            "The audit is BROKEN: 2 faults in 8 lines.",
            "  ✗ entry 5 was altered: what it says does not match its hash (line 5)",
            "  ✗ entries 9 to 12 were lost at the end: a head that was kept elsewhere names the last one",
            "",
            "What it means:",
            "  altered: what stands there now is not what Volati wrote; do not rely on it.",
            "  lost at the end: entries were cut off, the store was emptied, or an older copy of it was put back.",
            "",
            "What to do:",
            "  1. Keep what there is, before anything else is written: volati audit export --output audit.jsonl",
            "  2. Find out who can write to Volati's store: its address and password, its data folder, its backups.",
            "  3. Was an older copy of the store put back? Then that is why, and the log has what came after.",
            "  4. Compare with the bot's log and the channel, which tell of each act too. Volati mends nothing here.",
        ]

    def test_of_a_very_broken_one(self) -> None:
        """It tells a screenful, and counts the rest."""
        told = list(proved(verify([b"junk"] * 3_000)))
        assert told[0] == "The audit is BROKEN: 3,000 faults in 3,000 lines."
        assert sum(one.startswith("  ✗") for one in told) == SHOWN
        assert "  and 2,980 more" in told

    @pytest.mark.parametrize("kind", Kind)
    def test_has_words_for_everything(self, kind: Kind) -> None:
        """It has a sentence for each kind of fault, of one entry and of several, and what it means."""
        for last in (5, 6):
            report = Report(9, HEAD, (Fault(kind, 5, last, 7),))
            assert fault_told(report.faults[0])[0] not in "{ "
            assert any(one.startswith(f"  {kind}:") or kind is Kind.INSERTED for one in proved(report))

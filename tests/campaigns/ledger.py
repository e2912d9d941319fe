"""Where the results of the long campaigns are kept: a row each in docs/soak.md, the newest in place of the old."""

from datetime import UTC, datetime
from pathlib import Path

LEDGER = Path(__file__).parents[2] / "docs" / "soak.md"
_HEAD = """# Results of the long campaigns

`make soak` runs them and writes this page. `make test` runs each in a short, seeded form. Property tests have the same
examples in each `make test`; `make soak` tries each on 2,000 others.

| Campaign | Result | Day |
| --- | --- | --- |
"""


def note(campaign: str, result: str) -> None:
    """Write a campaign's result down, in place of its last one."""
    old = LEDGER.read_text(encoding="utf-8").splitlines() if LEDGER.exists() else []
    rows = [line for line in old if line.startswith("| ") and not line.startswith(("| Campaign", "| ---"))]
    kept = [row for row in rows if not row.startswith(f"| {campaign} |")]
    row = f"| {campaign} | {result} | {datetime.now(UTC):%Y-%m-%d} |"
    LEDGER.write_text(_HEAD + "\n".join(sorted([*kept, row])) + "\n", encoding="utf-8")

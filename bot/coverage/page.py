"""The page docs/runbook-coverage.md as it follows from the tables. Run as a program, it prints the page.

A section is added by a table like the others, and its row in STEPS.
"""

import sys
from collections.abc import Iterator

from bot.coverage import database, graphql, performance
from bot.coverage.model import Step
from diagnostics.runbook import Section

#: The sections that are told, in the runbook's order.
STEPS: tuple[Step, ...] = (*graphql.STEPS, *database.STEPS, *performance.STEPS)
_HEAD = """# What covers the runbook

Made from the tables in `bot/coverage` by `make docs`, and held to them by `tests/bot/coverage`. A *check* speaks when
the step finds something; *advice* is the step for a person, with its command filled in; a *known error* is recognised
in logs and pasted text; an *act* is proposed, confirmed, carried out and verified. What is **open** says what fills it.
"""


def page() -> str:
    """The whole page."""
    done = sum(all(cover.there for cover in step.covers) for step in STEPS)
    still = len(STEPS) - done
    count = f"{len(STEPS)} steps: {done} covered by all that is planned for them, {still} with something open.\n"
    return "\n".join([_HEAD, count, *_sections()])


def _sections() -> Iterator[str]:
    for section in dict.fromkeys(step.section for step in STEPS):
        level = "###" if ": " in section.value else "##"
        yield f"{level} {section.value}\n"
        yield from _table(section)
        yield ""


def _table(section: Section) -> Iterator[str]:
    yield "| Step of the runbook | Covered by |"
    yield "| --- | --- |"
    for step in STEPS:
        if step.section is section:
            yield f"| {step.step} | {'; '.join(cover.words for cover in step.covers)} |"


if __name__ == "__main__":
    sys.stdout.write(page())

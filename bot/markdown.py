"""Writes tables in Markdown, for documents that are held to the code. Pure."""

from collections.abc import Sequence


def table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table: its heading, and a line for each row. A bar in a cell is written so that it ends none."""
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

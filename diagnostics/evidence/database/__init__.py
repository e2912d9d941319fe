"""Looking at PostgreSQL: its kinds of evidence, and the sources that gather them."""

from diagnostics.evidence.database.kinds import KINDS

__all__ = ["KINDS"]

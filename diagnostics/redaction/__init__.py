"""Masks secrets in everything that is judged and in everything that leaves: one outlet, pure, in linear time.

It never reads a setting, a file or a clock, and never keeps a text.

    redactor = Redactor([KnownSecret("database password", value)], ordinary=("volaticloud",))
    redactor.text("dial postgresql://api:hunter2@db:5432/x")  # … postgresql://api: masked: password in url @db:5432/x

Known limits, all on the side of what can not be told from ordinary text: a secret broken by a hard line wrap, or with
invisible characters inside it; an unknown secret with blanks in the middle of a line, of which the first word is
masked; an unknown secret beside no secret-like name and of no known form; compressed or encrypted text; two texts that
hold half a secret each. Whoever cuts a text cuts it after redaction. Evidence that has to be bounded before is cut
between two words (`first_words`) and marked with ` …` (`CUT`): the first words of a known secret before that mark are
masked, too.
"""

from diagnostics.redaction.cutting import first_words, first_words_of
from diagnostics.redaction.known import KnownSecret
from diagnostics.redaction.learning import LearningRedactor
from diagnostics.redaction.redactor import Redactor
from diagnostics.redaction.sheet import CUT, Masked, Redacted, mask

__all__ = [
    "CUT",
    "KnownSecret",
    "LearningRedactor",
    "Masked",
    "Redacted",
    "Redactor",
    "first_words",
    "first_words_of",
    "mask",
]

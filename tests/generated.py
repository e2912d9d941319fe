"""Holds generated parts of documents to what the code says."""

import re
from pathlib import Path


def assert_generated(document: Path, name: str, wanted: str) -> None:
    """Hold a part to what it should be. To accept another, empty the part and look at what is written."""
    text = document.read_text(encoding="utf-8")
    found = re.search(f"<!-- generated: {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert found is not None, f"{document.name} has no part {name}"
    if not found[1]:
        document.write_text(text[: found.start(1)] + f"\n{wanted}\n\n" + text[found.end(1) :], encoding="utf-8")
        raise AssertionError("written: look at it")
    assert found[1].strip() == wanted

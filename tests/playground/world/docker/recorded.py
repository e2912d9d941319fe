"""What a real Docker 20.10 answered to each call of the contract; `make live` compares it and renews it."""

import json
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("recorded.json")


def recorded() -> dict[str, Any]:
    """The answers by the name of the call; none before the first recording."""
    return dict(json.loads(RECORDED.read_text(encoding="utf-8"))) if RECORDED.exists() else {}


def record(name: str, answer: dict[str, Any]) -> None:
    """Write one answer down, in its place: one line for each call, sorted."""
    answers = {**recorded(), name: answer}
    lines = [f"{json.dumps(key)}: {json.dumps(answers[key], sort_keys=True)}" for key in sorted(answers)]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

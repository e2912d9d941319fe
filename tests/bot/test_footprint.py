"""Tests of keeping the process small: what is asked of the system's library, of the collector and of imports."""

import ctypes
import gc
import importlib
import subprocess
import sys
from types import SimpleNamespace

import pytest

from bot import footprint


def test_with_glibc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks for two heaps, for big things to stay out of them, and to give back what is free."""
    asked: list[tuple[str, tuple[int, ...]]] = []
    library = SimpleNamespace(
        mallopt=lambda *words: asked.append(("mallopt", words)),
        malloc_trim=lambda *words: asked.append(("malloc_trim", words)),
    )
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    footprint.tight_heaps()
    footprint.give_back()
    assert asked == [("mallopt", (-8, 2)), ("mallopt", (-3, 262_144)), ("malloc_trim", (0,))]


def test_with_another_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does nothing where there is nothing to ask."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    footprint.tight_heaps()
    footprint.give_back()


def test_here() -> None:
    """Can be asked on this system, whatever its library."""
    footprint.tight_heaps()
    footprint.give_back()


def test_settled() -> None:
    """Has the collector pass over what was there before, and only while the block lasts."""
    with footprint.settled():
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0


def test_short_turns() -> None:
    """Has threads give way sooner, and only while the block lasts."""
    before = sys.getswitchinterval()
    with footprint.short_turns():
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == before


def test_without() -> None:
    """Has a module found missing in the block, and found again after it."""
    name = "xdrlib_of_nobody"
    with footprint.without(name), pytest.raises(ModuleNotFoundError):
        importlib.import_module(name)
    assert name not in sys.modules


def test_without_what_is_there() -> None:
    """Leaves alone what is loaded already."""
    with footprint.without("json"):
        assert sys.modules["json"] is not None
    assert sys.modules["json"] is not None


def test_an_idle_bot_is_light() -> None:
    """Loads nothing at the start that only a look, an act or a chart needs."""
    heavy = (
        "cryptography",
        "docker",
        "graphql",
        "jwt",
        "kubernetes",
        "matplotlib",
        "numpy",
        "psycopg",
        "pygments",
        "rich",
    )
    script = (
        "import sys\n"
        "from bot.footprint import without\n"
        "from bot.__main__ import _UNUSED\n"
        "with without(*_UNUSED):\n"
        "    import bot.cli.app, handlers.serve\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)  # noqa: S603 ours
    assert said.stdout.strip() == "[]"


async def test_at_hand() -> None:
    """Loads what is named, and raises as an import does for what is not there."""
    await footprint.at_hand("xml.dom.minidom")
    assert "xml.dom.minidom" in sys.modules
    with pytest.raises(ModuleNotFoundError):
        await footprint.at_hand("xdrlib_of_nobody")

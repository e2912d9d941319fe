"""Tests of keeping the process small: it asks the system's library, and does nothing where that is another one."""

import ctypes
from types import SimpleNamespace

import pytest

from bot import memory


def test_with_glibc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks for two heaps, and to give back what is free."""
    asked: list[tuple[str, tuple[int, ...]]] = []
    library = SimpleNamespace(
        mallopt=lambda *words: asked.append(("mallopt", words)),
        malloc_trim=lambda *words: asked.append(("malloc_trim", words)),
    )
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    memory.few_heaps()
    memory.give_back()
    assert asked == [("mallopt", (-8, 2)), ("malloc_trim", (0,))]


def test_with_another_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does nothing where there is nothing to ask."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    memory.few_heaps()
    memory.give_back()


def test_here() -> None:
    """Can be asked on this system, whatever its library."""
    memory.few_heaps()
    memory.give_back()

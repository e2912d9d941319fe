"""Keeps the process small and its loop free: what the allocator keeps, what the collector follows, what is loaded.

Threads that allocate get heaps of their own from glibc, up to eight for each core, and each keeps what it once had.
What is big comes from the system by itself and goes back at once, but glibc takes "big" for ever bigger (up to 32 MB)
the bigger a thing was given back: the pages of a list of pods then leave their holes in the heaps. A look at 5,000 pods
took 64 MB more than the idle bot, and takes 43 with the mark held where it is here.
"""

import asyncio
import ctypes
import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: M_MMAP_THRESHOLD and M_ARENA_MAX of malloc.h.
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
#: Bytes from which on a thing is big: most texts are far below, a page of a list is far above.
_BIG = 1 << 18
_HEAPS = 2
#: Seconds after which a thread that computes gives way to one that waits; the interpreter's own is 5 ms.
_TURN = 0.0005


def tight_heaps() -> None:
    """Have threads share two heaps, and big things stay out of them. Nothing is done where it is not glibc."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_ARENA_MAX, _HEAPS)
        library.mallopt(_MMAP_THRESHOLD, _BIG)


def give_back() -> None:
    """Give back to the system what is free. It takes some ms: call it in a thread. As above for other libraries."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


@contextmanager
def settled() -> Iterator[None]:
    """Have the collector pass over all there is now, for as long as the block lasts.

    That is mostly the code itself, which stays to the end. To follow it anew in each full collection held the loop up
    for 50 ms, and every thread with it.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def short_turns() -> Iterator[None]:
    """Have threads that compute give way to the loop soon, for as long as the block lasts.

    The loop gives the interpreter's lock away at each read of a socket, a dozen times for a page of a list, and waits
    a turn to have it back while a thread computes.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Have libraries that are imported in the block find these missing, unless they are loaded already.

    For what others load wherever it happens to be installed. After the block it can be imported as ever.
    """
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment] # the import system's own word for "there is none"
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


async def at_hand(*names: str) -> None:
    """Have libraries ready that their modules import on use.

    Some take a tenth of a second, for which the loop would stand still: a thread loads them, before the first use.
    """
    await asyncio.to_thread(lambda: [importlib.import_module(name) for name in names])

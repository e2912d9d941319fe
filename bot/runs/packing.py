"""Saved runs made small for the store: a big cluster's run is 7 MB of JSON, and a twentieth of that packed."""

import zlib

#: Bytes a packed document may become again: what a store that is not ours alone holds is not trusted to be small.
UNPACKED_AT_MOST = 200_000_000
#: Fast rather than small: level 1 takes 7 MB in some 50 ms, and the rest gains a tenth.
_LEVEL = 1
#: How a document that is not packed begins: it is an object in JSON.
_PLAIN = b"{"


def packed(document: bytes) -> bytes:
    """A document, packed. It takes the processor for a while: call it in a thread."""
    return zlib.compress(document, _LEVEL)


def unpacked(kept: bytes) -> bytes:
    """The document again. One that was kept as it was is given as it is.

    Raises:
        ValueError: it is not packed by this module, or becomes too long.
    """
    if kept.startswith(_PLAIN):
        return kept
    opener = zlib.decompressobj()
    try:
        document = opener.decompress(kept, UNPACKED_AT_MOST)
    except zlib.error as error:
        raise ValueError(f"a saved run cannot be unpacked: {error}") from error
    if opener.unconsumed_tail:
        raise ValueError(f"a saved run has more than {UNPACKED_AT_MOST:,} bytes")
    return document

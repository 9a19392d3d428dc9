"""A compact memory of ids: eight bytes for each id that was ever used, so that none is used twice.

Order walk, beside the book: closed orders leave memory, their ids must not. Ids are kept as 64-bit digests; among a
hundred million of them, the chance that a new id is mistaken for an old one is below 1 in 10 ** 11. Never forgets.
"""

import sys
from array import array
from bisect import bisect_left
from hashlib import blake2b

MERGE_MIN = 65_536
"""Digests gathered in a set before they are merged into the sorted array."""


def digest(text: str) -> int:
    """Return the 64-bit digest of an id, equal in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class IdSet:
    """Membership of ids, 8 bytes each."""

    def __init__(self) -> None:
        self._sorted: array[int] = array("Q")
        self._recent: set[int] = set()

    def __len__(self) -> int:
        return len(self._sorted) + len(self._recent)

    def __contains__(self, text: str) -> bool:
        if not self._recent and not self._sorted:
            return False
        key = digest(text)
        if key in self._recent:
            return True
        index = bisect_left(self._sorted, key)
        return index < len(self._sorted) and self._sorted[index] == key

    def add(self, text: str) -> None:
        """Remember an id; adding it again changes nothing."""
        if text in self:
            return
        self._recent.add(digest(text))
        if len(self._recent) >= MERGE_MIN:
            self._merge()

    def state(self) -> bytes:
        """Return the digests, ascending, 8 bytes each, big-endian."""
        self._merge()
        digests = self._sorted[:]
        if sys.byteorder == "little":
            digests.byteswap()
        return digests.tobytes()

    def load(self, state: bytes) -> None:
        """Take the digests of `state` in place of what is held."""
        self._sorted = array("Q")
        self._sorted.frombytes(state)
        if sys.byteorder == "little":
            self._sorted.byteswap()
        self._recent = set()

    def _merge(self) -> None:
        """Put the recent digests in their places; what lies between two of them is copied as a whole."""
        if not self._recent:
            return
        merged: array[int] = array("Q")
        start = 0
        for key in sorted(self._recent):
            at = bisect_left(self._sorted, key, start)
            merged += self._sorted[start:at]
            merged.append(key)
            start = at
        self._sorted = merged + self._sorted[start:]
        self._recent = set()
